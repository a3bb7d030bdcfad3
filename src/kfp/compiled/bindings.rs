//! Where the inputs of a task come from.

use super::component::ports;
use super::{Source, typed_constant};
use crate::error::Result;
use crate::kfp::document::Document;
use crate::kfp::parameter;
use crate::value::{self, Value};
use crate::yaml::Node;

/// Inputs of a task, or of the pipeline around it, and what each is given.
pub(super) type Bindings = Vec<(String, Source)>;

/// The pipeline around a task.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) document: Document<'a>,
    /// Its inputs.
    pub(super) inputs: &'a Bindings,
    /// What stands in front of its tasks' names: nothing, or `condition-1/`.
    pub(super) prefix: &'a str,
}

impl Scope<'_> {
    /// Where the inputs of `task` come from.
    ///
    /// # Errors
    /// Something is missing or of another kind than it has to be.
    pub(super) fn bindings(&self, task: &Node) -> Result<Bindings> {
        let mut bindings = Bindings::new();
        for kind in ["parameters", "artifacts"] {
            for (input, node) in self.document.entries(task, &["inputs", kind])? {
                if let Some(source) = self.source(node)? {
                    bindings.push((input.to_owned(), source));
                }
            }
        }
        let iterator =
            ["parameterIterator", "artifactIterator"].iter().find_map(|kind| task.get(kind));
        if let Some(iterator) = iterator {
            let item = self.document.text(iterator, &["itemInput"])?.to_owned();
            let raw = iterator.path(&["items", "raw"]).and_then(Node::text);
            let first = match raw.map(value::json) {
                Some(Ok(Some(Value::List(items)))) => items.into_iter().next(),
                _ => None,
            };
            bindings.push((item, Source::AtRunTime(first)));
        }
        Ok(bindings)
    }

    /// `None` for an input of the pipeline around that was itself not passed.
    fn source(&self, node: &Node) -> Result<Option<Source>> {
        if let Some(value) = node.get("runtimeValue") {
            return self.runtime_value(value).map(Some);
        }
        for (kind, key) in [
            ("taskOutputParameter", "outputParameterKey"),
            ("taskOutputArtifact", "outputArtifactKey"),
        ] {
            if let Some(output) = node.get(kind) {
                let producer = self.document.text(output, &["producerTask"])?;
                let task = format!("{}{producer}", self.prefix);
                let key = self.document.text(output, &[key])?.to_owned();
                return Ok(Some(Source::Output(task, key)));
            }
        }
        let outer = ["componentInputParameter", "componentInputArtifact"]
            .iter()
            .find_map(|kind| node.get(kind));
        let Some(outer) = outer.and_then(Node::text) else {
            return Ok(Some(Source::AtRunTime(None)));
        };
        let found = self.inputs.iter().find(|(id, _)| id == outer);
        let selector = node.get("parameterExpressionSelector").and_then(Node::text);
        Ok(match (found.map(|(_, source)| source), selector) {
            (Some(source), None) => Some(source.clone()),
            (Some(Source::AtRunTime(Some(item)) | Source::Constant(item)), Some(selector)) => {
                Some(Source::AtRunTime(select(item, selector)))
            }
            (Some(_), Some(_)) => Some(Source::AtRunTime(None)),
            (None, _) => None,
        })
    }

    /// A `runtimeValue`: a constant, or KFP 1.8's reference to an input of the pipeline.
    fn runtime_value(&self, value: &Node) -> Result<Source> {
        let typed = || value.get("constantValue").and_then(typed_constant);
        if let Some(constant) = value.get("constant").or_else(typed) {
            return Ok(Source::Constant(parameter::of_node(constant)));
        }
        match value.get("runtimeParameter").and_then(Node::text) {
            Some(name) => Ok(Source::Input(name.to_owned())),
            None => Err(self.document.error(value, "`runtimeValue` has no constant")),
        }
    }
}

/// Adds the defaults of an inner pipeline's inputs.
///
/// # Errors
/// As [`ports`].
pub(super) fn inherit(
    document: Document<'_>,
    component: &Node,
    bindings: &mut Bindings,
) -> Result<()> {
    for port in ports(document, component, "inputDefinitions")? {
        if let (false, Some(node)) = (bindings.iter().any(|(id, _)| *id == port.id), &port.default)
        {
            bindings.push((port.id, Source::Constant(parameter::of_node(node))));
        }
    }
    Ok(())
}

/// `parseJson(string_value)["key"]` of a loop's item.
fn select(item: &Value, selector: &str) -> Option<Value> {
    let key = selector.strip_prefix("parseJson(string_value)[\"")?.strip_suffix("\"]")?;
    item.get(key).cloned()
}
