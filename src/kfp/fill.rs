//! Fills a task's placeholders in, as the SDK's local runner does it
//! (`kfp/local/executor_input_utils.py` and `placeholder_utils.py`, KFP 2.17); only artifacts lie
//! where they lie on Vertex AI: `gs://bucket/x` at `/gcs/bucket/x`.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::artifact::{Artifact, dict, text};
use super::compiled::{Pipeline, Source, Task};
use super::component::{Component, Element, Part, Port};
use super::parameter::{self, Given};
use super::placeholder::{Piece, Placeholder, pieces};
use super::types::PortType;
use crate::error::{Error, Result, quote};
use crate::nearest::nearest;
use crate::value::{self, Value};

/// Where things lie that nobody gave a place.
const ROOT: &str = "gs://bucket/run";

/// The values that a person gave, by the name of the input or output.
#[derive(Clone, Debug, Default)]
pub struct Values(Vec<(String, Given)>);

/// What a task's container is started with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    /// The elements of `command` and `args`.
    pub received: Vec<Received>,
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

    fn get(&self, name: &str) -> Option<&Given> {
        let found = self.0.iter().rev().find(|(given, _)| given == name);
        found.map(|(_, given)| given)
    }

    /// Whether there is something of each name in the pipeline or in one of the tasks.
    ///
    /// # Errors
    /// There is not; the nearest name is the help.
    pub fn check<'a>(&self, pipeline: &'a Pipeline, tasks: &[&'a Task]) -> Result<()> {
        let inputs = tasks.iter().flat_map(|task| &task.component.inputs);
        let mut names: BTreeSet<Cow<'_, str>> =
            inputs.chain(&pipeline.inputs).map(|port| port.name.as_str().into()).collect();
        for task in tasks {
            let outputs = &task.component.outputs;
            names.extend(outputs.iter().map(|port| output_name(pipeline, task, port)));
        }
        match self.0.iter().find(|(name, _)| !names.contains(name.as_str())) {
            Some((name, _)) => Err(unknown("input or output", name, names.iter().map(|n| &**n))),
            None => Ok(()),
        }
    }
}

/// The name by which an output is given a place: its own, or `outputs.NAME` where there is an input
/// of that name.
fn output_name<'a>(pipeline: &Pipeline, task: &Task, output: &'a Port) -> Cow<'a, str> {
    let mut inputs = task.component.inputs.iter().chain(&pipeline.inputs);
    if inputs.any(|input| input.name == output.name) {
        return format!("outputs.{}", output.name).into();
    }
    output.name.as_str().into()
}

/// An error for a name that is none of `names`.
pub fn unknown<'a>(what: &str, name: &str, names: impl Iterator<Item = &'a str>) -> Error {
    const SHOWN: usize = 10;
    let error = Error::refused(format!("there is no {what} {}", quote(name)));
    let names: Vec<&str> = names.collect();
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| quote(name)).collect();
    match nearest(name, names.iter().copied()) {
        Some(near) => error.help(format!("did you mean {}?", quote(near))),
        None if names.is_empty() => error,
        None if names.len() > SHOWN => error.help(format!("there are {}, …", shown.join(", "))),
        None => error.help(format!("there are {}", shown.join(", "))),
    }
}

/// What the container of `task` is started with.
///
/// # Errors
/// A value does not fit its input, a placeholder names no input or output, or nothing here could
/// fill it in.
pub fn fill(pipeline: &Pipeline, task: &Task, values: &Values) -> Result<Filled> {
    let component = &task.component;
    let mut filler = Filler {
        pipeline,
        task,
        inputs: Vec::new(),
        outputs: Vec::new(),
        folder: Artifact::at(&own_folder(pipeline, task)),
    };
    for port in sorted(&component.inputs) {
        filler.inputs.push(input(pipeline, task, port, values)?);
    }
    filler.give_outputs(values)?;
    filler.resolve_references()?;
    let mut samples = BTreeSet::new();
    let mut received = Vec::new();
    for element in component.command.iter().chain(&component.args) {
        filler.element(element, &mut received, &mut samples)?;
    }
    Ok(Filled { received, samples: samples.into_iter().collect() })
}

/// The folder of a task's outputs: one for each task of a pipeline.
fn own_folder(pipeline: &Pipeline, task: &Task) -> String {
    match pipeline.tasks.as_slice() {
        [_] => ROOT.to_owned(),
        _ => format!("{ROOT}/{}", task.name),
    }
}

/// A compiled pipeline lists them by name.
fn sorted(ports: &[Port]) -> Vec<&Port> {
    let mut sorted: Vec<&Port> = ports.iter().collect();
    sorted.sort_by(|a, b| a.id.cmp(&b.id));
    sorted
}

/// An input or output with what it holds.
#[derive(Clone, Debug)]
struct Slot<'a> {
    port: &'a Port,
    content: Content,
    sample: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum Content {
    Absent,
    Parameter(Value),
    Artifact(Artifact),
    /// Where to write an output parameter.
    File(String),
}

/// What an input holds: what was given, else what the pipeline passes, else its default; else
/// nothing if it is optional, and a sample if it is not.
fn input<'a>(
    pipeline: &'a Pipeline,
    task: &'a Task,
    port: &'a Port,
    values: &Values,
) -> Result<Slot<'a>> {
    let file = &task.component.file;
    let slot = |content, sample| Slot { port, content, sample };
    let outer = |id: &str| pipeline.inputs.iter().find(|input| input.id == id);
    let is_pipelines = pipeline.inputs.iter().any(|input| input.name == port.name);
    if let (false, Some(given)) = (is_pipelines, values.get(&port.name)) {
        return Ok(slot(content(port, port, given)?, false));
    }
    let (found, sample) = match task.source(&port.id) {
        Some(Source::Constant(value)) => (Some(value.clone()), false),
        Some(Source::Input(id)) => match outer(id) {
            Some(input) => match values.get(&input.name) {
                Some(given) => return Ok(slot(content(input, port, given)?, false)),
                None if input.default.is_none() && !input.optional => {
                    return Ok(slot(sample_of(port, ROOT, &input.id), true));
                }
                None => (parameter::default(input, file)?, false),
            },
            None => return Ok(slot(sample_of(port, ROOT, id), true)),
        },
        Some(Source::Output(task, output)) => {
            let folder = format!("{ROOT}/{task}");
            return Ok(slot(sample_of(port, &folder, output), true));
        }
        Some(Source::AtRunTime(Some(value))) => (Some(value.clone()), true),
        Some(Source::AtRunTime(None)) => return Ok(slot(sample_of(port, ROOT, &port.id), true)),
        None => (None, false),
    };
    let found = match found {
        Some(value) => Some(value),
        None => parameter::default(port, file)?,
    };
    match (found, port.ty) {
        (Some(Value::Text(place)), PortType::Artifact) => {
            Ok(slot(Content::Artifact(Artifact::at(&place)), sample))
        }
        (Some(value), PortType::Parameter(parameter)) => {
            let value = parameter::through_protobuf(value, parameter, &port.name)?;
            Ok(slot(Content::Parameter(value), sample))
        }
        _ if port.optional => Ok(slot(Content::Absent, false)),
        _ => Ok(slot(sample_of(port, ROOT, &port.id), true)),
    }
}

/// What was given for `input`, as `port` holds it: a pipeline's input, or the port itself.
fn content(input: &Port, port: &Port, given: &Given) -> Result<Content> {
    let found = match (input.ty, port.ty) {
        (PortType::Parameter(outer), PortType::Parameter(inner)) => {
            match parameter::given(input, outer, given)? {
                Some(value) => {
                    let value = parameter::through_protobuf(value, inner, &input.name)?;
                    Some(Content::Parameter(value))
                }
                None => None,
            }
        }
        _ => Artifact::given(input, given)?.map(Content::Artifact),
    };
    match found {
        Some(content) => Ok(content),
        None if input.optional => Ok(Content::Absent),
        None => Err(Error::refused(format!(
            "the value of {}, `null`, is none: it is not optional",
            quote(&input.name)
        ))),
    }
}

fn sample_of(port: &Port, folder: &str, name: &str) -> Content {
    match port.ty {
        PortType::Parameter(parameter) => Content::Parameter(parameter::sample(parameter)),
        PortType::Artifact => Content::Artifact(Artifact::at(folder).join(name)),
    }
}

struct Filler<'a> {
    pipeline: &'a Pipeline,
    task: &'a Task,
    inputs: Vec<Slot<'a>>,
    outputs: Vec<Slot<'a>>,
    /// Where the outputs lie.
    folder: Artifact,
}

impl<'a> Filler<'a> {
    /// Outputs lie in one folder: where the first one is that was given.
    fn give_outputs(&mut self, values: &Values) -> Result<()> {
        let component: &'a Component = &self.task.component;
        let mut given = Vec::new();
        for port in sorted(&component.outputs) {
            let value = match values.get(&output_name(self.pipeline, self.task, port)) {
                Some(value) => Artifact::given(port, &output_file(value))?,
                None => None,
            };
            given.push((port, value));
        }
        if let Some(first) = given.iter().find_map(|(_, artifact)| artifact.as_ref()) {
            self.folder = first.parent();
        }
        for (port, artifact) in given {
            let sample = artifact.is_none();
            let artifact = artifact.unwrap_or_else(|| self.folder.join(&port.id));
            let content = match port.ty {
                PortType::Parameter(_) => Content::File(artifact.path),
                PortType::Artifact => Content::Artifact(artifact),
            };
            self.outputs.push(Slot { port, content, sample });
        }
        Ok(())
    }

    /// Fills in the placeholders in the values themselves: a pipeline's f-strings.
    fn resolve_references(&mut self) -> Result<()> {
        for index in 0..self.inputs.len() {
            let Some(Slot { content: Content::Parameter(Value::Text(written)), port, .. }) =
                self.inputs.get(index)
            else {
                continue;
            };
            let mut samples = BTreeSet::new();
            let filled = self.pieces(&pieces(written), port.line, &mut samples)?;
            if let Some(slot) = self.inputs.get_mut(index) {
                slot.content = Content::Parameter(Value::Text(filled));
                slot.sample |= !samples.is_empty();
            }
        }
        Ok(())
    }

    fn element(
        &self,
        element: &Element,
        received: &mut Vec<Received>,
        samples: &mut BTreeSet<String>,
    ) -> Result<()> {
        let mut used = BTreeSet::new();
        let text = match &element.part {
            Part::Text(text) => text.clone(),
            Part::Placeholder(placeholder) => {
                self.placeholder(placeholder, element.line, &mut used)?
            }
            Part::Template(pieces) => self.pieces(pieces, element.line, &mut used)?,
            Part::Concat(items) => {
                let mut parts = Vec::new();
                for item in items {
                    self.element(item, &mut parts, &mut used)?;
                }
                parts.into_iter().map(|part| part.text).collect()
            }
            Part::If { input, then, otherwise } => {
                let slot = self.slot(&self.inputs, "input", input, element.line)?;
                let branch = if slot.content == Content::Absent { otherwise } else { then };
                return branch.iter().try_for_each(|item| self.element(item, received, samples));
            }
        };
        received.push(Received { text, sample: !used.is_empty() });
        samples.extend(used);
        Ok(())
    }

    fn pieces(
        &self,
        pieces: &[Piece],
        line: usize,
        samples: &mut BTreeSet<String>,
    ) -> Result<String> {
        let filled = pieces.iter().map(|piece| match piece {
            Piece::Text(text) => Ok(text.clone()),
            Piece::Placeholder(placeholder) => self.placeholder(placeholder, line, samples),
        });
        filled.collect()
    }

    fn slot<'s>(
        &self,
        slots: &'s [Slot<'a>],
        what: &str,
        id: &str,
        line: usize,
    ) -> Result<&'s Slot<'a>> {
        let found = slots.iter().find(|slot| slot.port.id == id);
        found.ok_or_else(|| {
            let names = slots.iter().map(|slot| slot.port.id.as_str());
            let mut error = unknown(what, id, names);
            error.message = format!(
                "{}:{line}: a placeholder is wrong: {}",
                self.task.component.file, error.message
            );
            error
        })
    }

    /// A placeholder's text. What is absent is `null`.
    fn placeholder(
        &self,
        placeholder: &Placeholder,
        line: usize,
        samples: &mut BTreeSet<String>,
    ) -> Result<String> {
        let (slots, what, id) = match placeholder {
            Placeholder::InputValue(id)
            | Placeholder::InputPath(id)
            | Placeholder::InputUri(id) => (&self.inputs, "input", id),
            Placeholder::OutputPath(id)
            | Placeholder::OutputUri(id)
            | Placeholder::OutputFile(id) => (&self.outputs, "output", id),
            Placeholder::ExecutorInput => {
                let slots = self.inputs.iter().chain(&self.outputs);
                samples.extend(slots.filter(|s| s.sample).map(|s| s.port.name.clone()));
                return Ok(parameter::python_json(&self.executor_input()));
            }
            Placeholder::Other(written) => return self.other(written, line, samples),
        };
        let slot = self.slot(slots, what, id, line)?;
        if slot.sample {
            samples.insert(slot.port.name.clone());
        }
        let is_path = matches!(placeholder, Placeholder::InputPath(_) | Placeholder::OutputPath(_));
        Ok(match (&slot.content, placeholder) {
            (Content::Parameter(value), Placeholder::InputValue(_)) => parameter::text(value),
            (Content::Artifact(artifact), Placeholder::InputUri(_) | Placeholder::OutputUri(_)) => {
                artifact.uri.clone()
            }
            (Content::Artifact(artifact), _) if is_path => artifact.path.clone(),
            (Content::File(path), Placeholder::OutputFile(_)) => path.clone(),
            // The local runner finds nothing there: a path of a parameter, a value of an artifact.
            _ => "null".to_owned(),
        })
    }

    /// Metadata, and what belongs to the run: names and ids that only an orchestrator gives.
    fn other(&self, written: &str, line: usize, samples: &mut BTreeSet<String>) -> Result<String> {
        let inner = written.trim_start_matches("{{$.").trim_end_matches("}}");
        let sample = match inner {
            "outputs.output_file" | "outputMetadataUri" => self.output_file(),
            "pipeline_job_name" => self.pipeline.name.clone(),
            "pipeline_job_resource_name" => {
                format!("projects/project/locations/location/pipelineJobs/{}", self.pipeline.name)
            }
            "pipeline_job_uuid" => "1234".to_owned(),
            "pipeline_task_name" => self.task.name.clone(),
            "pipeline_task_uuid" => "12345678".to_owned(),
            "pipeline_root" => ROOT.to_owned(),
            "pipeline_job_create_time_utc" | "pipeline_job_schedule_time_utc" => {
                "2024-11-23T00:00:00Z".to_owned()
            }
            "workspace_path" => "/kfp-workspace".to_owned(),
            _ => return self.part(inner, written, line, samples),
        };
        samples.insert(written.to_owned());
        Ok(sample)
    }

    /// A part of an input or output: `inputs.artifacts['x'].metadata['key']`.
    fn part(
        &self,
        inner: &str,
        written: &str,
        line: usize,
        samples: &mut BTreeSet<String>,
    ) -> Result<String> {
        let parts: Vec<&str> =
            inner.split(['.', '[', ']', '\'', '"']).filter(|part| !part.is_empty()).collect();
        let refuse = || {
            let file = &self.task.component.file;
            Error::refused(format!("{file}:{line}: nothing fills in {}", quote(written)))
                .help("the KFP SDK's local runner cannot either; name another task with --task")
        };
        let (slots, what, id, keys) = match parts.as_slice() {
            ["inputs", "parameters" | "artifacts", id, keys @ ..] => {
                (&self.inputs, "input", id, keys)
            }
            ["outputs", "artifacts", id, keys @ ..] => (&self.outputs, "output", id, keys),
            _ => return Err(refuse()),
        };
        let slot = self.slot(slots, what, id, line)?;
        if slot.sample {
            samples.insert(slot.port.name.clone());
        }
        let tree = match (&slot.content, keys) {
            (_, []) => return Err(refuse()),
            (_, keys) if keys.contains(&"json_escape") => return Err(refuse()),
            (Content::Artifact(artifact), ["metadata", ..]) => {
                dict([("metadata", artifact.metadata.clone())])
            }
            (Content::Artifact(_), ["name"]) => dict([("name", text(&slot.port.id))]),
            (Content::Parameter(value), _) => value.clone(),
            _ => Value::Null,
        };
        let found = keys.iter().try_fold(&tree, |value, key| match value {
            Value::Dict(entries) => entries.iter().find(|(k, _)| k == key).map(|(_, v)| v),
            _ => None,
        });
        Ok(parameter::text(found.unwrap_or(&Value::Null)))
    }

    /// The file that tells the orchestrator of the outputs.
    fn output_file(&self) -> String {
        self.folder.join("executor_output.json").path
    }

    /// `{{$}}`: all of it, as protobuf's `MessageToDict` has the `ExecutorInput` message.
    fn executor_input(&self) -> Value {
        let collect = |slots: &[Slot<'_>], tree: &dyn Fn(&Slot<'_>) -> Option<Value>| {
            let entries = slots.iter().filter_map(|slot| Some((slot.port.id.clone(), tree(slot)?)));
            Value::Dict(entries.collect())
        };
        let artifact = |slot: &Slot<'_>| match &slot.content {
            Content::Artifact(artifact) => Some(artifact.tree(slot.port)),
            _ => None,
        };
        let value = |slot: &Slot<'_>| match (&slot.content, slot.port.ty) {
            (Content::Parameter(value), _) => Some(value.clone()),
            (Content::Absent, PortType::Parameter(_)) => Some(Value::Null),
            _ => None,
        };
        let file = |slot: &Slot<'_>| match &slot.content {
            Content::File(path) => Some(dict([("outputFile", text(path))])),
            _ => None,
        };
        let without_empty = |tree: Value| match tree {
            Value::Dict(mut entries) => {
                entries.retain(|(_, value)| *value != Value::Dict(Vec::new()));
                Value::Dict(entries)
            }
            tree => tree,
        };
        dict([
            (
                "inputs",
                without_empty(dict([
                    ("artifacts", collect(&self.inputs, &artifact)),
                    ("parameterValues", collect(&self.inputs, &value)),
                ])),
            ),
            (
                "outputs",
                without_empty(dict([
                    ("parameters", collect(&self.outputs, &file)),
                    ("artifacts", collect(&self.outputs, &artifact)),
                    ("outputFile", text(&self.output_file())),
                ])),
            ),
        ])
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
