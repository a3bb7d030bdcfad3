//! The component that a task of a compiled pipeline calls: `components` has its inputs and outputs,
//! `deploymentSpec` its container.

use std::sync::Arc;

use serde::Deserialize;

use crate::declarations::{Source, SourceFile};
use crate::error::{Error, Result, quote};
use crate::kfp::component::{Component, Element, Port};
use crate::kfp::spec::{
    Branch, ComponentSpec, Container, Definition, Definitions, Placeholder, StructPlaceholder,
    Written,
};
use crate::kfp::types::PortType;
use crate::value;

/// The component `reference`. `passed` are the inputs that its task gives it.
///
/// # Errors
/// A type is not a parameter's, or a placeholder not one.
pub(super) fn read<'i>(
    source: &Arc<SourceFile>,
    reference: &str,
    (component, container): (&ComponentSpec, &Container),
    passed: impl Iterator<Item = &'i String>,
) -> Result<Component> {
    let mut inputs = ports(&component.input_definitions, source)?;
    // What an f-string of the pipeline refers to is passed without being declared.
    for id in passed {
        if !inputs.iter().any(|port| port.id == *id) {
            inputs.push(port(id, "STRING", &Definition::default()));
        }
    }
    Ok(Component {
        name: reference.trim_start_matches("comp-").to_owned(),
        file: Arc::clone(source),
        inputs,
        outputs: ports(&component.output_definitions, source)?,
        image: container.image.clone(),
        command: elements(container.command.as_deref(), source)?,
        args: elements(container.args.as_deref(), source)?,
    })
}

/// Inputs or outputs.
///
/// # Errors
/// A type is not a parameter's.
pub(super) fn ports(definitions: &Definitions, source: &Arc<SourceFile>) -> Result<Vec<Port>> {
    let mut ports = Vec::new();
    for (name, definition) in &definitions.parameters.0 {
        let type_text = &definition.parameter_type;
        let PortType::Parameter(_) = PortType::parse(type_text) else {
            let message = format!("{} is not a parameter's type", quote(type_text));
            return Err(Source::word(source, type_text).refuse(message));
        };
        ports.push(port(name, type_text, definition));
    }
    for (name, definition) in &definitions.artifacts.0 {
        let ty = &definition.artifact_type;
        let title = ty.schema_title.as_deref().unwrap_or("system.Artifact");
        let version = ty.schema_version.as_deref().unwrap_or("0.0.1");
        ports.push(port(name, &format!("{title}@{version}"), definition));
    }
    Ok(ports)
}

fn port(name: &str, type_text: &str, definition: &Definition) -> Port {
    Port {
        name: name.to_owned(),
        id: name.to_owned(),
        ty: PortType::parse(type_text),
        type_text: type_text.to_owned(),
        optional: definition.is_optional || definition.default_value.is_some(),
        default: definition.default_value.clone(),
    }
}

/// `command` or `args`.
fn elements(
    written: Option<&[Written<Placeholder>]>,
    source: &Arc<SourceFile>,
) -> Result<Vec<Element>> {
    let element = |element: &Written<Placeholder>| {
        let Written::Text(text) = element else {
            let message = "an element of a compiled pipeline is text";
            return Err(Error::refused(format!("{}: {message}", source.name)));
        };
        if !text.starts_with("{\"Concat\": ") && !text.starts_with("{\"IfPresent\": ") {
            return Ok(Element::of_text(text));
        }
        let refuse = |why: String| {
            let message = format!("{}: the placeholder {} {why}", source.name, quote(text));
            Error::refused(message)
        };
        let Ok(Some(value)) = value::json(text) else {
            return Err(refuse("is not JSON".to_owned()));
        };
        let placeholder = Written::deserialize(&value);
        placeholder
            .map(structure)
            .map_err(|misfit| refuse(format!("is wrong: {}", misfit.error.message)))
    };
    written.unwrap_or_default().iter().map(element).collect()
}

fn structure(written: Written<StructPlaceholder>) -> Element {
    let all = |Branch(written)| written.into_iter().map(structure).collect();
    match written {
        Written::Text(text) => Element::of_text(&text),
        Written::Placeholder(StructPlaceholder::Concat(elements)) => {
            Element::Concat(all(Branch(elements)))
        }
        Written::Placeholder(StructPlaceholder::IfPresent { input_name, then, otherwise }) => {
            Element::If { input: input_name, then: all(then), otherwise: all(otherwise) }
        }
    }
}
