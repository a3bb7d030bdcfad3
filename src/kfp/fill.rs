//! Fills a task's placeholders in, as the SDK's local runner does it
//! (`kfp/local/executor_input_utils.py` and `placeholder_utils.py`, KFP 2.17); only artifacts lie
//! where they lie on Vertex AI: `gs://bucket/x` at `/gcs/bucket/x`.

mod inputs;
mod resolve;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use super::artifact::Artifact;
use super::compiled::{Pipeline, Task};
use super::component::{Component, Element, Part};
use super::items::Start;
use super::parameter::Given;
use super::placeholder::{Piece, pieces};
use super::types::PortType;
use crate::error::{Error, Result};
use crate::nearest::unknown;
use crate::value::Value;
use inputs::{Call, Content, FilledPort};
pub use values::Values;
use values::{names, output_name};

/// Where things lie that nobody gave a place.
const ROOT: &str = "gs://bucket/run";

/// What a task's container is started with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    /// The elements of `command` and `args`.
    pub received: Vec<Received>,
    /// How many of them are the command: the application's arguments follow.
    pub command: usize,
    /// The names of the inputs and outputs in them, and the placeholders, that samples stand for.
    pub samples: Vec<String>,
}

/// An element with its placeholders filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The argument.
    pub text: String,
    /// Whether a sample is in it.
    pub sample: bool,
}

/// What the container of `task` is started with.
///
/// # Errors
/// A value does not fit its input, a placeholder names no input or output, or nothing here could
/// fill it in.
pub fn fill(pipeline: &Pipeline, task: &Task, values: &Values) -> Result<Filled> {
    let component = &task.component;
    let call = Call::new(pipeline, task, values);
    let inputs = component.inputs.iter().map(|port| Ok((port.id.as_str(), call.input(port)?)));
    let mut filler = Filler {
        pipeline,
        task,
        inputs: inputs.collect::<Result<_>>()?,
        outputs: FilledPorts::new(),
        folder: Artifact::at(&own_folder(pipeline, task)),
    };
    filler.give_outputs(values)?;
    filler.resolve_references()?;
    let mut samples = Samples::new();
    let mut received = Vec::new();
    let mut command = 0;
    let start = Start::in_component(component).at;
    for (index, element) in component.command.iter().chain(&component.args).enumerate() {
        for (text, used) in filler.element(element)? {
            received.push(Received { text, sample: !used.is_empty() });
            samples.extend(used);
        }
        if index < start {
            command = received.len();
        }
    }
    let samples = BTreeSet::from_iter(samples).into_iter().collect();
    Ok(Filled { received, command, samples })
}

/// The folder of a task's outputs: one for each task of a pipeline.
fn own_folder(pipeline: &Pipeline, task: &Task) -> String {
    match pipeline.tasks.as_slice() {
        [_] => ROOT.to_owned(),
        _ => format!("{ROOT}/{}", task.name),
    }
}

/// The names of what samples stand for.
type Samples = Vec<String>;

/// Inputs or outputs with what they hold, by their id: a compiled pipeline lists them so.
type FilledPorts<'a> = BTreeMap<&'a str, FilledPort<'a>>;

/// A task with what its inputs and outputs hold.
struct Filler<'a> {
    pipeline: &'a Pipeline,
    task: &'a Task,
    inputs: FilledPorts<'a>,
    outputs: FilledPorts<'a>,
    /// Where the outputs lie.
    folder: Artifact,
}

impl<'a> Filler<'a> {
    /// Outputs lie in one folder: where the first one is that was given.
    fn give_outputs(&mut self, values: &Values) -> Result<()> {
        let component: &'a Component = &self.task.component;
        let mut given = BTreeMap::new();
        let (outer, own) = (names(&self.pipeline.inputs), names(&component.inputs));
        for port in &component.outputs {
            let value = match values.get(&output_name([&outer, &own], port)) {
                Some(value) => Artifact::given(port, &output_file(value))?,
                None => None,
            };
            given.insert(port.id.as_str(), (port, value));
        }
        if let Some(first) = given.values().find_map(|(_, artifact)| artifact.as_ref()) {
            self.folder = first.parent();
        }
        for (id, (port, artifact)) in given {
            let sample = artifact.is_none();
            let artifact = artifact.unwrap_or_else(|| self.folder.join(id));
            let content = match port.ty {
                PortType::Parameter(_) => Content::File(artifact.path),
                PortType::Artifact => Content::Artifact(artifact),
            };
            self.outputs.insert(id, FilledPort { port, content, sample });
        }
        Ok(())
    }

    /// Fills in the placeholders in the values themselves: a pipeline's f-strings.
    fn resolve_references(&mut self) -> Result<()> {
        let ids: Vec<&str> = self.inputs.keys().copied().collect();
        for id in ids {
            let Some(FilledPort {
                content: Content::Parameter(Value::Text(written)), port, ..
            }) = self.inputs.get(id)
            else {
                continue;
            };
            let mut samples = Samples::new();
            let filled = self.pieces(&pieces(written), port.line, &mut samples)?;
            if let Some(slot) = self.inputs.get_mut(id) {
                slot.content = Content::Parameter(Value::Text(filled));
                slot.sample |= !samples.is_empty();
            }
        }
        Ok(())
    }

    /// The arguments that an element becomes.
    fn element(&self, element: &Element) -> Result<Vec<(String, Samples)>> {
        let mut samples = Samples::new();
        let text = match &element.part {
            Part::Text(text) => text.clone(),
            Part::Placeholder(placeholder) => {
                self.placeholder(placeholder, element.line, &mut samples)?
            }
            Part::Template(pieces) => self.pieces(pieces, element.line, &mut samples)?,
            Part::Concat(items) => {
                let mut joined = String::new();
                for (text, used) in self.elements(items)? {
                    joined.push_str(&text);
                    samples.extend(used);
                }
                joined
            }
            Part::If { input, then, otherwise } => {
                let slot = self.slot(&self.inputs, "input", input, element.line)?;
                let branch = if slot.content == Content::Absent { otherwise } else { then };
                return self.elements(branch);
            }
        };
        Ok(vec![(text, samples)])
    }

    fn elements(&self, elements: &[Element]) -> Result<Vec<(String, Samples)>> {
        let each: Vec<_> = elements.iter().map(|e| self.element(e)).collect::<Result<_>>()?;
        Ok(each.into_iter().flatten().collect())
    }

    fn pieces(&self, pieces: &[Piece], line: usize, samples: &mut Samples) -> Result<String> {
        let filled = pieces.iter().map(|piece| match piece {
            Piece::Text(text) => Ok(text.clone()),
            Piece::Placeholder(placeholder) => self.placeholder(placeholder, line, samples),
        });
        filled.collect()
    }

    fn slot<'s>(
        &self,
        slots: &'s FilledPorts<'a>,
        what: &str,
        id: &str,
        line: usize,
    ) -> Result<&'s FilledPort<'a>> {
        slots.get(id).ok_or_else(|| {
            let names = slots.keys().copied();
            let Error { message, help, .. } = unknown(what, id, names);
            let message = format!("a placeholder is wrong: {message}");
            Error { help, ..Error::in_line(&self.task.component.file, line, message) }
        })
    }
}

/// An output parameter is given as a path or `{"output_file": …}`.
fn output_file(given: &Given) -> Given {
    match given {
        Given::Json(Value::Dict(entries)) => match entries.as_slice() {
            [(key, Value::Text(path))] if key == "output_file" => Given::Text(path.clone()),
            _ => given.clone(),
        },
        given => given.clone(),
    }
}
