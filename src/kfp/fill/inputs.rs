//! What each input of a task holds, and what it comes from.

use std::collections::{HashMap, HashSet};

use super::values::names;
use super::{ROOT, Values};
use crate::error::{Error, Result, quote};
use crate::kfp::artifact::Artifact;
use crate::kfp::compiled::{Pipeline, Source, Task};
use crate::kfp::component::Port;
use crate::kfp::items::by_id;
use crate::kfp::parameter::{self, Given};
use crate::kfp::types::PortType;
use crate::value::Value;

/// An input or output with what it holds.
#[derive(Clone, Debug)]
pub(super) struct FilledPort<'a> {
    pub(super) port: &'a Port,
    pub(super) content: Content,
    /// Whether a sample stands for it.
    pub(super) sample: bool,
}

impl FilledPort<'_> {
    /// Its name, if a sample stands for it.
    pub(super) fn samples(&self) -> impl Iterator<Item = String> {
        self.sample.then(|| self.port.name.clone()).into_iter()
    }
}

/// What an input or output holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Content {
    /// Nothing: it is optional.
    Absent,
    /// A parameter's value.
    Parameter(Value),
    /// Where an artifact lies.
    Artifact(Artifact),
    /// Where to write an output parameter.
    File(String),
}

/// A task with what is passed to its inputs.
pub(super) struct Call<'a> {
    task: &'a Task,
    values: &'a Values,
    /// The pipeline's inputs, by their id.
    outer: HashMap<&'a str, &'a Port>,
    /// And their names.
    outer_names: HashSet<&'a str>,
    /// Where the task's inputs come from, by their id.
    sources: HashMap<&'a str, &'a Source>,
}

impl<'a> Call<'a> {
    pub(super) fn new(pipeline: &'a Pipeline, task: &'a Task, values: &'a Values) -> Self {
        let sources = task.bindings.iter().map(|(id, source)| (id.as_str(), source));
        Self {
            task,
            values,
            outer: by_id(&pipeline.inputs),
            outer_names: names(&pipeline.inputs),
            sources: sources.rev().collect(),
        }
    }

    /// What an input holds: what was given, else what the pipeline passes, else its default; else
    /// nothing if it is optional, and a sample if it is not.
    ///
    /// # Errors
    /// A value does not fit the input's type, or is null though the input is not optional.
    pub(super) fn input(&self, port: &'a Port) -> Result<FilledPort<'a>> {
        let (content, sample) = self.content(port)?;
        Ok(FilledPort { port, content, sample })
    }

    /// What an input holds, and whether that is a sample.
    fn content(&self, port: &Port) -> Result<(Content, bool)> {
        let sample = |folder: &str, name: &str| Ok((sample_of(port, folder, name), true));
        let is_pipelines = self.outer_names.contains(port.name.as_str());
        if let (false, Some(given)) = (is_pipelines, self.values.get(&port.name)) {
            return Ok((given_content(port, port, given)?, false));
        }
        let (passed, is_sample) = match self.sources.get(port.id.as_str()) {
            None => (None, false),
            Some(Source::Constant(value)) => (Some(value.clone()), false),
            Some(Source::AtRunTime(Some(value))) => (Some(value.clone()), true),
            Some(Source::AtRunTime(None)) => return sample(ROOT, &port.id),
            Some(Source::Output(task, output)) => return sample(&format!("{ROOT}/{task}"), output),
            Some(Source::Input(id)) => match self.outer.get(id.as_str()) {
                None => return sample(ROOT, id),
                Some(input) => match self.values.get(&input.name) {
                    Some(given) => return Ok((given_content(input, port, given)?, false)),
                    None if input.default.is_none() && !input.optional => return sample(ROOT, id),
                    None => (parameter::default(input, &self.task.component)?, false),
                },
            },
        };
        let value = match passed {
            Some(value) => Some(value),
            None => parameter::default(port, &self.task.component)?,
        };
        match (value, port.ty) {
            (Some(Value::Text(place)), PortType::Artifact) => {
                Ok((Content::Artifact(Artifact::at(&place)), is_sample))
            }
            (Some(value), PortType::Parameter(parameter)) => {
                let value = parameter::through_protobuf(value, parameter, &port.name)?;
                Ok((Content::Parameter(value), is_sample))
            }
            _ if port.optional => Ok((Content::Absent, false)),
            _ => sample(ROOT, &port.id),
        }
    }
}

/// What was given for `input`, as `port` holds it: a pipeline's input, or the port itself.
fn given_content(input: &Port, port: &Port, given: &Given) -> Result<Content> {
    let found = match (input.ty, port.ty) {
        (PortType::Parameter(outer), PortType::Parameter(inner)) => {
            let value = parameter::given(input, outer, given)?;
            let passed = value.map(|value| parameter::through_protobuf(value, inner, &input.name));
            passed.transpose()?.map(Content::Parameter)
        }
        _ => Artifact::given(input, given)?.map(Content::Artifact),
    };
    found.or(input.optional.then_some(Content::Absent)).ok_or_else(|| {
        Error::refused(format!(
            "the value of {} is `null`, and the input is not optional",
            quote(&input.name)
        ))
    })
}

fn sample_of(port: &Port, folder: &str, name: &str) -> Content {
    match port.ty {
        PortType::Parameter(parameter) => Content::Parameter(parameter::sample(parameter)),
        PortType::Artifact => Content::Artifact(Artifact::at(folder).join(name)),
    }
}
