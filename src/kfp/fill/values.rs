//! The values that a person gave: `--values` and `--set`.

use std::borrow::Cow;

use crate::error::{Error, Result, quote};
use crate::kfp::compiled::{Pipeline, Task};
use crate::kfp::component::Port;
use crate::kfp::parameter::Given;
use crate::names;
use crate::nearest::unknown;
use crate::value::{self, Value};

/// The values that a person gave, by the name of the input or output.
#[derive(Clone, Debug, Default)]
pub struct Values(Vec<(String, Given)>);

impl Values {
    /// Values from `--values` (a JSON object's text and its file's name) and from `--set`; of several
    /// for one name the last counts, and `--set` more than the file.
    ///
    /// # Errors
    /// The text is no JSON object, or one of `set` is not NAME=VALUE.
    pub fn read(file: Option<(&str, &str)>, set: &[String]) -> Result<Self> {
        let mut values = Vec::new();
        if let Some((text, name)) = file {
            let refuse = |why: &str| {
                Error::refused(format!("{}: {why}", quote(name)))
                    .help("write a JSON object, input to value: {\"lr\": 0.1}")
            };
            match value::json(text.trim()) {
                Ok(Some(Value::Dict(entries))) => values
                    .extend(entries.into_iter().map(|(name, value)| (name, Given::Json(value)))),
                Ok(_) => return Err(refuse("this is no JSON object")),
                Err(problem) => return Err(refuse(&format!("the JSON {}", problem.clause))),
            }
        }
        for setting in set {
            let Some((name, text)) = setting.split_once('=') else {
                return Err(Error::refused(format!("--set {} has no `=`", quote(setting)))
                    .help("write --set NAME=VALUE"));
            };
            values.push((name.to_owned(), Given::Text(text.to_owned())));
        }
        Ok(Self(values))
    }

    /// What was given for the input or output of that name.
    pub(super) fn get(&self, name: &str) -> Option<&Given> {
        let found = self.0.iter().rev().find(|(given, _)| given == name);
        found.map(|(_, given)| given)
    }

    /// Whether there is something of each name in the pipeline or in one of the tasks.
    ///
    /// # Errors
    /// There is not; the nearest name is the help.
    pub fn check<'a>(&self, pipeline: &'a Pipeline, tasks: &[&'a Task]) -> Result<()> {
        let inputs = tasks.iter().flat_map(|task| &task.component.inputs);
        let inputs = inputs.chain(&pipeline.inputs);
        let mut names: Vec<Cow<'_, str>> = inputs.map(|port| port.name.as_str().into()).collect();
        for task in tasks {
            let outputs = &task.component.outputs;
            names.extend(outputs.iter().map(|port| output_name(pipeline, task, port)));
        }
        let names: Vec<&str> = names.iter().map(|name| &**name).collect();
        let known = names::places(&names);
        match self.0.iter().find(|(name, _)| !known.contains_key(name)) {
            Some((name, _)) => {
                Err(unknown("input or output", name, known.keys().map(String::as_str)))
            }
            None => Ok(()),
        }
    }
}

/// The name by which an output is given a place: its own, or `outputs.NAME` where there is an input
/// of that name.
pub(super) fn output_name<'a>(pipeline: &Pipeline, task: &Task, output: &'a Port) -> Cow<'a, str> {
    let mut inputs = task.component.inputs.iter().chain(&pipeline.inputs);
    if inputs.any(|input| input.name == output.name) {
        return format!("outputs.{}", output.name).into();
    }
    output.name.as_str().into()
}
