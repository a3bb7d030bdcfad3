//! The component that a task of a compiled pipeline calls: `components` has its inputs and outputs,
//! `deploymentSpec` its container.

use crate::error::{Result, quote};
use crate::kfp::component::{Component, Element, Part, Port};
use crate::kfp::document::Document;
use crate::kfp::types::PortType;
use crate::value::{self, Value};
use crate::yaml::{Node, Scalar};

/// Reads the component `reference`. `passed` are the inputs that its task gives it.
///
/// # Errors
/// Something is missing or of another kind than it has to be.
pub(super) fn read<'i>(
    document: Document<'_>,
    reference: &str,
    (component, container): (&Node, &Node),
    passed: impl Iterator<Item = &'i String>,
) -> Result<Component> {
    let mut inputs = ports(document, component, "inputDefinitions")?;
    // What an f-string of the pipeline refers to is passed without being declared.
    for id in passed {
        if !inputs.iter().any(|port| port.id == *id) {
            inputs.push(Port {
                name: id.clone(),
                id: id.clone(),
                ty: PortType::parse("String"),
                type_text: "STRING".to_owned(),
                optional: false,
                default: None,
                line: component.line,
            });
        }
    }
    Ok(Component {
        name: reference.trim_start_matches("comp-").to_owned(),
        file: document.file.to_owned(),
        inputs,
        outputs: ports(document, component, "outputDefinitions")?,
        image: document.text(container, &["image"])?.to_owned(),
        command: elements(document, container, "command")?,
        args: elements(document, container, "args")?,
    })
}

/// `inputDefinitions` or `outputDefinitions`.
///
/// # Errors
/// A type is no parameter's, or something is of another kind than it has to be.
pub(super) fn ports(
    document: Document<'_>,
    component: &Node,
    definitions: &str,
) -> Result<Vec<Port>> {
    let mut ports = Vec::new();
    for (name, node) in document.entries(component, &[definitions, "parameters"])? {
        let written = node.get("parameterType").or_else(|| node.get("type"));
        let type_text = written.and_then(Node::text).unwrap_or_default();
        let PortType::Parameter(_) = PortType::parse(type_text) else {
            let message = format!("{} is not a parameter's type", quote(type_text));
            return Err(document.error(node, message));
        };
        ports.push(port(name, type_text, node));
    }
    for (name, node) in document.entries(component, &[definitions, "artifacts"])? {
        let part = |key: &str| node.path(&["artifactType", key]).and_then(Node::text);
        let title = part("schemaTitle").unwrap_or("system.Artifact");
        let version = part("schemaVersion").unwrap_or("0.0.1");
        ports.push(port(name, &format!("{title}@{version}"), node));
    }
    Ok(ports)
}

fn elements(document: Document<'_>, container: &Node, key: &str) -> Result<Vec<Element>> {
    let Some(node) = container.get(key) else {
        return Ok(Vec::new());
    };
    let element = |item: &Node| {
        let Some(text) = item.text() else {
            let message = format!("an element is text, not {}", item.describe());
            return Err(document.error(item, message));
        };
        if !text.starts_with("{\"Concat\": ") && !text.starts_with("{\"IfPresent\": ") {
            return Ok(of_part(Part::of_text(text), item));
        }
        match value::json(text) {
            Ok(Some(value)) => structure(document, &value, item),
            _ => Err(document.error(item, "this placeholder is not JSON")),
        }
    };
    document.items(node, key)?.iter().map(element).collect()
}

/// `{"Concat": […]}` or `{"IfPresent": {"InputName": …, "Then": …, "Else": …}}`, at any depth
/// (`resolve_struct_placeholders` in `kfp/local/placeholder_utils.py`).
fn structure(document: Document<'_>, value: &Value, item: &Node) -> Result<Element> {
    let several = |value: Option<&Value>| match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::List(items)) => items.iter().map(|v| structure(document, v, item)).collect(),
        Some(single) => structure(document, single, item).map(|element| vec![element]),
    };
    let part = match (value, value.get("Concat"), value.get("IfPresent")) {
        (Value::Text(text), ..) => Part::of_text(text),
        (_, Some(items @ Value::List(_)), _) => Part::Concat(several(Some(items))?),
        (_, _, Some(condition)) => {
            let Some(Value::Text(input)) = condition.get("InputName") else {
                return Err(document.error(item, "`IfPresent` needs `InputName`"));
            };
            Part::If {
                input: input.clone(),
                then: several(condition.get("Then"))?,
                otherwise: several(condition.get("Else"))?,
            }
        }
        _ => {
            let message = "this is not a placeholder: `Concat` or `IfPresent` is expected";
            return Err(document.error(item, message));
        }
    };
    Ok(of_part(part, item))
}

fn of_part(part: Part, item: &Node) -> Element {
    Element { part, line: item.line, span: item.span.clone() }
}

fn port(name: &str, type_text: &str, node: &Node) -> Port {
    let default = node.get("defaultValue");
    let is = |key: &str| node.get(key).map(Node::scalar) == Some(Scalar::Bool(true));
    Port {
        name: name.to_owned(),
        id: name.to_owned(),
        ty: PortType::parse(type_text),
        type_text: type_text.to_owned(),
        optional: is("isOptional") || default.is_some(),
        default: default.cloned(),
        line: node.line,
    }
}
