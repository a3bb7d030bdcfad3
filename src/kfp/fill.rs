//! Fills a task's placeholders in, as the SDK's local runner does it
//! (`kfp/local/executor_input_utils.py` and `placeholder_utils.py`, KFP 2.17); only artifacts lie
//! where they lie on Vertex AI: `gs://bucket/x` at `/gcs/bucket/x`.

mod inputs;
mod resolve;
mod values;

use std::collections::BTreeMap;

use super::artifact::Artifact;
use super::compiled::{Pipeline, Task};
use super::component::{Component, Element, Port};
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
}

impl Filled {
    /// The names of all that samples stand for.
    pub fn samples(&self) -> Vec<&str> {
        let each = self.received.iter().flat_map(|received| &received.samples);
        let mut names: Vec<&str> = each.map(String::as_str).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// Text with its placeholders filled in: an argument, or a part of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// The text.
    pub text: String,
    /// The names of the inputs and outputs in it, and the placeholders, that samples stand for.
    pub samples: Vec<String>,
}

impl Received {
    /// Text without placeholders.
    fn literal(text: &str) -> Self {
        Self { text: text.to_owned(), samples: Vec::new() }
    }
}

/// Parts, joined.
impl FromIterator<Received> for Received {
    fn from_iter<T: IntoIterator<Item = Self>>(parts: T) -> Self {
        parts.into_iter().fold(Self::default(), |mut whole, part| {
            whole.text.push_str(&part.text);
            whole.samples.extend(part.samples);
            whole
        })
    }
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
    let start =
        Start::in_component(component).at.min(component.command.len() + component.args.len());
    let elements: Vec<&Element> = component.command.iter().chain(&component.args).collect();
    let (command, arguments) = elements.split_at(start);
    let mut received = filler.elements(command.iter().copied())?;
    let command = received.len();
    received.extend(filler.elements(arguments.iter().copied())?);
    Ok(Filled { received, command })
}

/// The folder of a task's outputs: one for each task of a pipeline.
fn own_folder(pipeline: &Pipeline, task: &Task) -> String {
    match pipeline.tasks.as_slice() {
        [_] => ROOT.to_owned(),
        _ => format!("{ROOT}/{}", task.name),
    }
}

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
        let (outer, own) = (names(&self.pipeline.inputs), names(&component.inputs));
        let content = |port: &Port, artifact: Artifact| match port.ty {
            PortType::Parameter(_) => Content::File(artifact.path),
            PortType::Artifact => Content::Artifact(artifact),
        };
        let mut first: Option<(&str, Artifact)> = None;
        for port in &component.outputs {
            let Some(given) = values.get(&output_name([&outer, &own], port)) else { continue };
            let Some(artifact) = Artifact::given(port, &output_file(given))? else { continue };
            if first.as_ref().is_none_or(|(id, _)| port.id.as_str() < *id) {
                first = Some((&port.id, artifact.parent()));
            }
            let content = content(port, artifact);
            self.outputs.insert(&port.id, FilledPort { port, content, sample: false });
        }
        if let Some((_, folder)) = first {
            self.folder = folder;
        }
        for port in &component.outputs {
            let content = content(port, self.folder.join(&port.id));
            self.outputs.entry(&port.id).or_insert(FilledPort { port, content, sample: true });
        }
        Ok(())
    }

    /// Fills in the placeholders in the values themselves: a pipeline's f-strings.
    fn resolve_references(&mut self) -> Result<()> {
        let ids: Vec<&str> = self.inputs.keys().copied().collect();
        for id in ids {
            if let Some(input) = self.inputs.get(id)
                && let Content::Parameter(Value::Text(written)) = &input.content
            {
                let Received { text, samples } = self.pieces(&pieces(written))?;
                let content = Content::Parameter(Value::Text(text));
                let sample = input.sample || !samples.is_empty();
                self.inputs.insert(id, FilledPort { content, sample, ..*input });
            }
        }
        Ok(())
    }

    /// The arguments that an element becomes.
    fn element(&self, element: &Element) -> Result<Vec<Received>> {
        let argument = match element {
            Element::Text(text) => Received::literal(text),
            Element::Placeholder(placeholder) => self.placeholder(placeholder)?,
            Element::Template(pieces) => self.pieces(pieces)?,
            Element::Concat(items) => self.elements(items)?.into_iter().collect(),
            Element::If { input, then, otherwise } => {
                let input = self.named(&self.inputs, "input", input)?;
                return self.elements(if input.content == Content::Absent {
                    otherwise
                } else {
                    then
                });
            }
        };
        Ok(vec![argument])
    }

    fn elements<'e>(
        &self,
        elements: impl IntoIterator<Item = &'e Element>,
    ) -> Result<Vec<Received>> {
        let each = elements.into_iter().map(|element| self.element(element));
        Ok(each.collect::<Result<Vec<_>>>()?.concat())
    }

    fn pieces(&self, pieces: &[Piece]) -> Result<Received> {
        let filled = pieces.iter().map(|piece| match piece {
            Piece::Text(text) => Ok(Received::literal(text)),
            Piece::Placeholder(placeholder) => self.placeholder(placeholder),
        });
        filled.collect()
    }

    /// The one of `ports`, which are each a `what`, that a placeholder names.
    fn named<'s>(
        &self,
        ports: &'s FilledPorts<'a>,
        what: &str,
        id: &str,
    ) -> Result<&'s FilledPort<'a>> {
        ports.get(id).ok_or_else(|| {
            let Error { message, help, .. } = unknown(what, id, ports.keys().copied());
            let message = format!("a placeholder is wrong: {message}");
            Error { help, ..self.task.component.source(id).refuse(message) }
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
