//! The text that a placeholder becomes.

use super::inputs::{Content, FilledPort};
use super::{FilledPorts, Filler, ROOT, Samples};
use crate::error::{Error, Result, quote};
use crate::kfp::artifact::{dict, text};
use crate::kfp::parameter;
use crate::kfp::placeholder::{Placeholder, parts};
use crate::kfp::types::PortType;
use crate::value::Value;

impl Filler<'_> {
    /// A placeholder's text. What is absent is `null`. The names of what samples stand for are added
    /// to `samples`.
    ///
    /// # Errors
    /// It names no input or output, or is one that only an orchestrator fills in.
    pub(super) fn placeholder(
        &self,
        placeholder: &Placeholder,
        line: usize,
        samples: &mut Samples,
    ) -> Result<String> {
        let (slots, what, id) = match placeholder {
            Placeholder::InputValue(id)
            | Placeholder::InputPath(id)
            | Placeholder::InputUri(id) => (&self.inputs, "input", id),
            Placeholder::OutputPath(id)
            | Placeholder::OutputUri(id)
            | Placeholder::OutputFile(id) => (&self.outputs, "output", id),
            Placeholder::ExecutorInput => {
                let slots = self.inputs.values().chain(self.outputs.values());
                samples.extend(slots.filter(|s| s.sample).map(|s| s.port.name.clone()));
                return Ok(parameter::python_json(&self.executor_input()));
            }
            Placeholder::Other(written) => return self.other(written, line, samples),
        };
        let slot = self.slot(slots, what, id, line)?;
        if slot.sample {
            samples.push(slot.port.name.clone());
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
    fn other(&self, written: &str, line: usize, samples: &mut Samples) -> Result<String> {
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
        samples.push(written.to_owned());
        Ok(sample)
    }

    /// A part of an input or output: `inputs.artifacts['x'].metadata['key']`.
    fn part(
        &self,
        inner: &str,
        written: &str,
        line: usize,
        samples: &mut Samples,
    ) -> Result<String> {
        let refuse = || {
            let message = format!("nothing fills in {}", quote(written));
            Error::in_line(&self.task.component.file, line, message)
                .help("the KFP SDK's local runner cannot either; name another task with --task")
        };
        let parts = parts(inner);
        let (slots, what, id, keys) = match parts.as_slice() {
            ["inputs", "parameters" | "artifacts", id, keys @ ..] => {
                (&self.inputs, "input", id, keys)
            }
            ["outputs", "artifacts", id, keys @ ..] => (&self.outputs, "output", id, keys),
            _ => return Err(refuse()),
        };
        let slot = self.slot(slots, what, id, line)?;
        if slot.sample {
            samples.push(slot.port.name.clone());
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
        let found = keys.iter().try_fold(&tree, |value, key| value.get(key));
        Ok(parameter::text(found.unwrap_or(&Value::Null)))
    }

    /// The file that tells the orchestrator of the outputs.
    fn output_file(&self) -> String {
        self.folder.join("executor_output.json").path
    }

    /// `{{$}}`: all of it, as protobuf's `MessageToDict` has the `ExecutorInput` message.
    fn executor_input(&self) -> Value {
        let collect = |slots: &FilledPorts<'_>, tree: &dyn Fn(&FilledPort<'_>) -> Option<Value>| {
            let entries =
                slots.values().filter_map(|slot| Some((slot.port.id.clone(), tree(slot)?)));
            Value::Dict(entries.collect())
        };
        let artifact = |slot: &FilledPort<'_>| match &slot.content {
            Content::Artifact(artifact) => Some(artifact.tree(slot.port)),
            _ => None,
        };
        let value = |slot: &FilledPort<'_>| match (&slot.content, slot.port.ty) {
            (Content::Parameter(value), _) => Some(value.clone()),
            (Content::Absent, PortType::Parameter(_)) => Some(Value::Null),
            _ => None,
        };
        let file = |slot: &FilledPort<'_>| match &slot.content {
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
