//! Where the inputs of a task come from.

use super::Source;
use crate::kfp::component::Port;
use crate::kfp::spec::{InputSpec, RuntimeValue, TaskIterator, TaskSpec, untyped};
use crate::value::{self, Value};

/// Inputs of a task, or of the pipeline around it, and what each is given.
pub(super) type Bindings = Vec<(String, Source)>;

/// The pipeline around a task.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    /// Its inputs.
    pub(super) inputs: &'a Bindings,
    /// What is in front of its tasks' names: nothing, or `condition-1/`.
    pub(super) prefix: &'a str,
}

impl Scope<'_> {
    /// Where the inputs of `task` come from.
    pub(super) fn bindings(&self, task: &TaskSpec) -> Bindings {
        let inputs = task.inputs.parameters.0.iter().chain(&task.inputs.artifacts.0);
        let passed = inputs.filter_map(|(id, input)| Some((id.clone(), self.source(input)?)));
        let item = |iterator: &TaskIterator| {
            let first = match iterator.items.raw.as_deref().map(value::json) {
                Some(Ok(Some(Value::List(items)))) => items.into_iter().next(),
                _ => None,
            };
            (iterator.item_input.clone(), Source::AtRunTime(first))
        };
        passed.chain(task.parameter_iterator.as_ref().map(item)).collect()
    }

    /// `None` for an input of the pipeline around that was itself not passed.
    fn source(&self, input: &InputSpec) -> Option<Source> {
        if let Some(value) = &input.runtime_value {
            return Some(runtime_value(value));
        }
        if let Some(output) = &input.task_output_parameter {
            let task = format!("{}{}", self.prefix, output.producer_task);
            return Some(Source::Output(task, output.output_parameter_key.clone()));
        }
        let Some(outer) = &input.component_input_parameter else {
            return Some(Source::AtRunTime(None));
        };
        let (_, found) = self.inputs.iter().find(|(id, _)| id == outer)?;
        Some(match (found, &input.parameter_expression_selector) {
            (source, None) => source.clone(),
            (Source::AtRunTime(Some(item)) | Source::Constant(item), Some(selector)) => {
                Source::AtRunTime(select(item, selector))
            }
            _ => Source::AtRunTime(None),
        })
    }
}

/// A constant, or KFP 1.8's reference to an input of the pipeline.
fn runtime_value(value: &RuntimeValue) -> Source {
    let constant = value.constant.as_ref().or(value.constant_value.as_ref().map(untyped));
    match (constant, &value.runtime_parameter) {
        (Some(constant), _) => Source::Constant(constant.clone()),
        (None, Some(name)) => Source::Input(name.clone()),
        (None, None) => Source::Constant(Value::Null),
    }
}

/// Adds the defaults of an inner pipeline's `inputs`.
pub(super) fn inherit(inputs: Vec<Port>, bindings: &mut Bindings) {
    for port in inputs {
        if let Some(default) =
            port.default.filter(|_| !bindings.iter().any(|(id, _)| *id == port.id))
        {
            bindings.push((port.id, Source::Constant(default)));
        }
    }
}

/// `parseJson(string_value)["key"]` of a loop's item.
fn select(item: &Value, selector: &str) -> Option<Value> {
    let key = selector.strip_prefix("parseJson(string_value)[\"")?.strip_suffix("\"]")?;
    item.get(key).cloned()
}
