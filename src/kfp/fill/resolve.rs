//! The text that a placeholder becomes.

use super::inputs::{Content, FilledPort};
use super::{FilledPorts, Filler, ROOT, Received};
use crate::error::{Result, quote};
use crate::kfp::artifact::{dict, text};
use crate::kfp::parameter;
use crate::kfp::placeholder::{Placeholder, parts};
use crate::kfp::types::PortType;
use crate::value::Value;

impl Filler<'_> {
    /// A placeholder's text. What is absent is `null`, as a path of a parameter is: the local runner
    /// finds nothing there.
    ///
    /// # Errors
    /// It names no input or output, or is one that only an orchestrator fills in.
    pub(super) fn placeholder(&self, placeholder: &Placeholder) -> Result<Received> {
        if *placeholder == Placeholder::ExecutorInput {
            let ports = self.inputs.values().chain(self.outputs.values());
            let text = parameter::python_json(&self.executor_input());
            return Ok(Received { text, samples: ports.flat_map(FilledPort::samples).collect() });
        }
        let written = placeholder.written();
        let inner = written.trim_start_matches("{{$.").trim_end_matches("}}");
        if let Some(text) = self.of_the_run(inner) {
            return Ok(Received { text, samples: vec![written] });
        }
        let refuse = || {
            self.task
                .component
                .source(&written)
                .refuse(format!("nothing fills in {}", quote(&written)))
                .help("the KFP SDK's local runner cannot either; name another task with --task")
        };
        let path = parts(inner);
        let [side @ ("inputs" | "outputs"), kind @ ("parameters" | "artifacts"), id, keys @ ..] =
            path.as_slice()
        else {
            return Err(refuse());
        };
        let (ports, what) =
            if *side == "inputs" { (&self.inputs, "input") } else { (&self.outputs, "output") };
        let port = self.named(ports, what, id)?;
        let value = match (&port.content, *kind, keys) {
            (_, "artifacts", []) => return Err(refuse()),
            (_, _, keys) if keys.contains(&"json_escape") => return Err(refuse()),
            (Content::Parameter(value), "parameters", keys) => inside(value, keys),
            (Content::File(path), "parameters", ["output_file"]) => text(path),
            (Content::File(_), "parameters", _) => return Err(refuse()),
            (Content::Artifact(artifact), "artifacts", keys) => match keys {
                ["uri"] => text(&artifact.uri),
                ["path"] => text(&artifact.path),
                ["name"] => text(&port.port.id),
                ["metadata", keys @ ..] => inside(&artifact.metadata, keys),
                _ => Value::Null,
            },
            _ => Value::Null,
        };
        Ok(Received { text: parameter::text(&value), samples: port.samples().collect() })
    }

    /// What belongs to the run: names and ids that only an orchestrator gives.
    fn of_the_run(&self, name: &str) -> Option<String> {
        Some(match name {
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
            _ => return None,
        })
    }

    /// The file that tells the orchestrator of the outputs.
    fn output_file(&self) -> String {
        self.folder.join("executor_output.json").path
    }

    /// `{{$}}`: all of it, as protobuf's `MessageToDict` has the `ExecutorInput` message, which leaves
    /// out what is empty.
    fn executor_input(&self) -> Value {
        let of = |ports: &FilledPorts<'_>, tree: fn(&FilledPort<'_>) -> Option<Value>| {
            let entries =
                ports.values().filter_map(|port| Some((port.port.id.clone(), tree(port)?)));
            Value::Dict(entries.collect())
        };
        let artifact = |port: &FilledPort<'_>| match &port.content {
            Content::Artifact(artifact) => Some(artifact.tree(port.port)),
            _ => None,
        };
        let value = |port: &FilledPort<'_>| match (&port.content, port.port.ty) {
            (Content::Parameter(value), _) => Some(value.clone()),
            (Content::Absent, PortType::Parameter(_)) => Some(Value::Null),
            _ => None,
        };
        let file = |port: &FilledPort<'_>| match &port.content {
            Content::File(path) => Some(dict([("outputFile", text(path))])),
            _ => None,
        };
        let mut inputs = vec![
            ("artifacts", of(&self.inputs, artifact)),
            ("parameterValues", of(&self.inputs, value)),
        ];
        let mut outputs = vec![
            ("parameters", of(&self.outputs, file)),
            ("artifacts", of(&self.outputs, artifact)),
            ("outputFile", text(&self.output_file())),
        ];
        for entries in [&mut inputs, &mut outputs] {
            entries.retain(|(_, tree)| *tree != Value::Dict(Vec::new()));
        }
        dict([("inputs", dict(inputs)), ("outputs", dict(outputs))])
    }
}

/// What `keys` lead to in `value`; null where they lead nowhere.
fn inside(value: &Value, keys: &[&str]) -> Value {
    keys.iter().try_fold(value, |value, key| value.get(key)).unwrap_or(&Value::Null).clone()
}
