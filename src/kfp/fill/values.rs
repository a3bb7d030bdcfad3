//! The values that a person gave: `--values` and `--set`.

use std::collections::{HashMap, HashSet};

use serde::de::IgnoredAny;

use crate::error::{Error, Result, quote};
use crate::kfp::compiled::{Pipeline, Task};
use crate::kfp::component::Port;
use crate::kfp::parameter::Given;
use crate::nearest::unknown;
use crate::value::{self, Value};

/// The values that a person gave, by the name of the input or output.
#[derive(Clone, Debug, Default)]
pub struct Values(HashMap<String, Given>);

impl Values {
    /// Values from `--values` (a JSON object's text and its file's name) and from `--set`; of several
    /// for one name the last counts, and `--set` more than the file.
    ///
    /// # Errors
    /// The text is not a JSON object, or one of `set` is not NAME=VALUE.
    pub fn read(file: Option<(&str, &str)>, set: &[String]) -> Result<Self> {
        let mut values = HashMap::new();
        if let Some((text, name)) = file {
            let refuse = |why: &str| {
                Error::refused(format!("{}: {why}", quote(name)))
                    .help("write a JSON object, input to value: {\"lr\": 0.1}")
            };
            match value::json(text.trim()) {
                Ok(Some(Value::Dict(entries))) => values
                    .extend(entries.into_iter().map(|(name, value)| (name, Given::Json(value)))),
                Ok(Some(_)) => return Err(refuse("this is not a JSON object")),
                Ok(None) => {
                    let why = serde_json::from_str::<IgnoredAny>(text).err();
                    let why = why.map(|error| error.to_string()).unwrap_or_default();
                    return Err(refuse(&format!("this is not JSON: {why}")));
                }
                Err(error) => return Err(refuse(&format!("the JSON {}", error.message))),
            }
        }
        for setting in set {
            let Some((name, text)) = setting.split_once('=') else {
                return Err(Error::refused(format!("--set {} has no `=`", quote(setting)))
                    .help("write --set NAME=VALUE"));
            };
            values.insert(name.to_owned(), Given::Text(text.to_owned()));
        }
        Ok(Self(values))
    }

    /// What was given for the input or output of that name.
    pub(super) fn get(&self, name: &str) -> Option<&Given> {
        self.0.get(name)
    }

    /// Whether there is something of each name in the pipeline or in one of the tasks.
    ///
    /// # Errors
    /// There is not; the nearest name is the help.
    pub fn check<'a>(&self, pipeline: &'a Pipeline, tasks: &[&'a Task]) -> Result<()> {
        let outer = names(&pipeline.inputs);
        let mut known: Vec<String> = outer.iter().map(|name| (*name).to_owned()).collect();
        for task in tasks {
            let own = names(&task.component.inputs);
            known.extend(own.iter().map(|name| (*name).to_owned()));
            let outputs = task.component.outputs.iter();
            known.extend(outputs.map(|port| output_name([&outer, &own], port)));
        }
        known.sort();
        known.dedup();
        match self.0.keys().filter(|name| known.binary_search(name).is_err()).min() {
            Some(name) => Err(unknown("input or output", name, known.iter().map(String::as_str))),
            None => Ok(()),
        }
    }
}

/// The names of ports.
pub(super) fn names(ports: &[Port]) -> HashSet<&str> {
    ports.iter().map(|port| port.name.as_str()).collect()
}

/// The name by which an output is given a place: its own, or `outputs.NAME` where one of the `inputs`
/// is called so: the pipeline's or the task's.
pub(super) fn output_name(inputs: [&HashSet<&str>; 2], output: &Port) -> String {
    let is_input = inputs.iter().any(|names| names.contains(output.name.as_str()));
    if is_input { format!("outputs.{}", output.name) } else { output.name.clone() }
}
