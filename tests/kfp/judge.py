"""Asks the real KFP SDK what a container would be started with.

Reads a JSON list of requests, prints a JSON list of answers: {task: argv}, or {"error": text}.
The SDK binds, defaults and fills in; only places are given to it: artifacts lie in gs://bucket/run
and are seen at /gcs/bucket/run, and outputs of other tasks are the samples of `Samples`.
"""

import json
import os
import re
import sys

# The C implementation of protobuf has no order of a Struct's keys.
os.environ["PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION"] = "python"

import yaml
from google.protobuf import json_format
from kfp import components, dsl
from kfp.dsl import utils
from kfp.local import executor_input_utils, io, placeholder_utils
from kfp.local.orchestrator.orchestrator_utils import OrchestratorUtils
from kfp.pipeline_spec import pipeline_spec_pb2

ROOT = "gs://bucket/run"
TYPES = pipeline_spec_pb2.ParameterType
SAMPLES = {
    TYPES.STRING: "sample",
    TYPES.NUMBER_INTEGER: 1,
    TYPES.NUMBER_DOUBLE: 0.5,
    TYPES.BOOLEAN: True,
    TYPES.LIST: ["sample"],
    TYPES.STRUCT: {"sample": "sample"},
}
placeholder_utils.make_random_id = lambda: "12345678"


def mounted(uri):
    return uri.replace("gs://", "/gcs/", 1)


def artifact(name, kind, given):
    given = {"uri": given} if isinstance(given, str) else given
    made = dsl.Artifact(name=name, uri=given["uri"], metadata=given.get("metadata", {}))
    made.schema_title = kind.schema_title
    made.schema_version = kind.schema_version
    return made


def resolve(spec, name, component, container, arguments, root):
    """The SDK's `run_single_task_implementation` up to the command."""
    inputs = component.input_definitions.artifacts
    arguments = {
        key: artifact(key, inputs[key].artifact_type, value) if key in inputs else value
        for key, value in arguments.items()
        if value is not None
    }
    executor_input = executor_input_utils.construct_executor_input(
        component_spec=component, arguments=arguments, task_root=root, block_input_artifact=False
    )
    tree = executor_input_utils.executor_input_to_dict(executor_input, component)
    outputs = tree["outputs"]
    outputs["outputFile"] = mounted(outputs["outputFile"])
    for output in outputs.get("parameters", {}).values():
        output["outputFile"] = mounted(output["outputFile"])

    def path(match):
        found = tree[match[1]].get("artifacts", {}).get(match[2])
        return mounted(found["artifacts"][0]["uri"]) if found else match[0]

    command = [
        re.sub(r"\{\{\$\.(inputs|outputs)\.artifacts\['([^']*)'\]\.path\}\}", path, element)
        for element in [*container.get("command", []), *container.get("args", [])]
    ]
    # The compiler lists a component's inputs and outputs by name.
    for ports in (tree["inputs"], outputs):
        for key in {"parameterValues", "artifacts", "parameters"} & ports.keys():
            ports[key] = dict(sorted(ports[key].items()))
    return placeholder_utils.replace_placeholders(
        full_command=command,
        executor_input_dict=tree,
        pipeline_resource_name=spec.pipeline_info.name,
        task_resource_name=name,
        pipeline_root=ROOT,
        unique_pipeline_id="1234",
    )


class Samples(io.IOStore):
    """Every task around has run, and its outputs are samples."""

    def __init__(self, spec, dag, prefix, inputs):
        super().__init__()
        self.spec, self.dag, self.prefix, self.inputs = spec, dag, prefix, inputs

    def get_parent_input(self, key):
        return self.inputs.get(key)

    def get_task_output(self, task, key):
        component = self.spec.components[self.dag.tasks[task].component_ref.name]
        parameters = component.output_definitions.parameters
        if key in parameters:
            return SAMPLES[parameters[key].parameter_type]
        return {"uri": f"{ROOT}/{self.prefix}{task}/{key}"}


def defaults(component):
    return {
        key: json_format.MessageToDict(parameter.default_value)
        for key, parameter in component.input_definitions.parameters.items()
        if parameter.default_value.WhichOneof("kind")
    }


def walk(spec, component, inputs, prefix=""):
    """Yields each task with a container: its name, component, container and arguments."""
    store = Samples(spec, component.dag, prefix, inputs)
    for name, task in component.dag.tasks.items():
        arguments = OrchestratorUtils.make_task_arguments(task.inputs, store)
        called = spec.components[task.component_ref.name]
        if task.HasField("parameter_iterator"):
            iterator = task.parameter_iterator
            arguments[iterator.item_input] = json.loads(iterator.items.raw)[0]
        if called.HasField("dag"):
            inner = {**defaults(called), **arguments}
            yield from walk(spec, called, inner, f"{prefix}{name}/")
            continue
        executor = json_format.MessageToDict(
            spec.deployment_spec["executors"][called.executor_label]
        )
        if "container" in executor:
            yield prefix + name, called, executor["container"], arguments


def answer(request):
    with open(request["file"], encoding="utf-8") as file:
        text = file.read()
    values = request["values"]
    if "\nimplementation:" in text:
        loaded = components.load_component_from_text(text)
        spec = loaded.pipeline_spec
        values = {utils.sanitize_input_name(key): value for key, value in values.items()}
    else:
        is_json = request["file"].endswith(".json")
        document = json.loads(text) if is_json else next(yaml.safe_load_all(text))
        spec = json_format.ParseDict(document, pipeline_spec_pb2.PipelineSpec())
    tasks = list(walk(spec, spec.root, {**defaults(spec.root), **values}))
    return {
        name: resolve(
            spec, name, component, container, arguments,
            ROOT if len(tasks) == 1 else f"{ROOT}/{name}",
        )
        for name, component, container, arguments in tasks
    }


answers = []
for request in json.load(sys.stdin):
    try:
        answers.append(answer(request))
    except Exception as error:  # Said in the test's own words.
        answers.append({"error": f"{type(error).__name__}: {error}"})
json.dump(answers, sys.stdout)
