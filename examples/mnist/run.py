"""Runs the pipeline for real, once in each way that leads flags into a Hydra application.

KFP's own local orchestrator runs it: it fills the placeholders in, starts the tasks, reads their
outputs and passes them on. In the way `process` a task is a process of this machine, in its folder,
with the shim as `python3` in PATH; in the other ways it is a container of KFP's DockerRunner.
Every value that was sent must be in the config that Hydra composed, with its type, or this fails.
"""

import argparse
import functools
import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import yaml
from kfp import local
from kfp.local import (
    docker_task_handler,
    executor_output_utils,
    status,
    subprocess_task_handler,
    task_handler_interface,
)
from omegaconf import OmegaConf

import pipeline

ROOT = pipeline.HERE.parent.parent / "target" / "mnist"
LINKS = ROOT / "links"

# For each way in containers: the images' tag, and whether the component keeps its `command`.
WAYS = {
    "process": None,
    "interposed": ("interposed", True),
    "entrypoint": ("entrypoint", False),
    "entrypoint+command": ("entrypoint", True),
}
# Where each flag arrives: a key of the config, or a config group whose option it chooses.
KEYS = {
    "data_prepare": {
        "classes": "classes",
        "test_fraction": "test_fraction",
        "seed": "seed",
        "data_dir": "data_dir",
    },
    "train": {
        "data_dir": "datamodule.data_dir",
        "learning_rate": "model.optimizer.lr",
        "layers": "model.layers",
        "optimizer_params": "model.optimizer.params",
        "batch_size": "datamodule.batch_size",
        "normalize": "datamodule.normalize",
        "max_epochs": "trainer.max_epochs",
        "seed": "seed",
        "run_name": "run.name",
        "run_id": "run.id",
        "tags": "run.tags",
        "note": "run.note",
        "model": "callbacks.model_checkpoint.dirpath",
        "metrics": "outputs.metrics",
        "accuracy": "outputs.accuracy",
    },
}
GROUPS = {"data_prepare": ["source"], "train": ["experiment", "trainer"]}

received = {}   # task to the argv that it was started with, in the way that runs now


def record(image, argv):
    """Keeps a task's argv; returns the task, which is the image's name without path and tag."""
    task = image.rsplit("/", 1)[-1].split(":")[0]
    received[task] = argv
    return task


class Process(task_handler_interface.ITaskHandler):
    """A task as a process; KFP's SubprocessRunner refuses components that have an image."""

    def __init__(self, image, full_command, pipeline_root, runner, env_vars=None):
        self.folder = pipeline.HERE / record(image, full_command)
        self.argv = full_command

    def run(self):
        # The folders of an image's PATH: the shim's first, then the one with the real Python.
        path = [str(LINKS), str(Path(sys.executable).parent), os.environ["PATH"]]
        process = subprocess.Popen(
            self.argv,
            cwd=self.folder,
            env={**os.environ, "PATH": os.pathsep.join(path), "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for line in process.stdout:
            print(line, end="", flush=True)
        return status.Status.FAILURE if process.wait() else status.Status.SUCCESS


class Container(docker_task_handler.DockerTaskHandler):
    def __init__(self, image, full_command, **rest):
        record(image, full_command)
        super().__init__(image=image, full_command=full_command, **rest)


def outputs_of(executor_input, component_spec):
    """A task's outputs. An artifact is one without an entry in the executor's output file, as it is
    to the backend's launcher; kfp 2.17's local runner forgets it, and the next task misses it.
    """
    written = executor_output_utils.load_executor_output(executor_input.outputs.output_file)
    for name, artifacts in executor_input.outputs.artifacts.items():
        if name not in written.artifacts:
            written.artifacts[name].CopyFrom(artifacts)
    return executor_output_utils.get_outputs_from_executor_output(
        executor_output=written, executor_input=executor_input, component_spec=component_spec
    )


subprocess_task_handler.SubprocessTaskHandler = Process
docker_task_handler.DockerTaskHandler = Container
executor_output_utils.get_outputs_for_task = outputs_of


def run(way, parameters):
    """Runs the pipeline in that way and returns what it left, for each task."""
    received.clear()
    components = {task: pipeline.load(task) for task in pipeline.TASKS}
    if way == "process":
        runner, images = local.SubprocessRunner(use_venv=False), None
    else:
        tag, keeps_command = WAYS[way]
        runner, images = local.DockerRunner(), "mnist/{}:" + tag
        for component in components.values():
            if not keeps_command:
                component.component_spec.implementation.container.command = None
    local.init(runner=runner, pipeline_root=str(ROOT / way))
    outputs = pipeline.build(*components.values(), images=images)(**parameters).outputs
    folders = {"data_prepare": outputs["data_dir"].path, "train": outputs["model"].path}
    return {
        "accuracy": outputs["accuracy"],
        "tasks": {
            task: record_of(task, Path(folder), parameters) for task, folder in folders.items()
        },
    }


def record_of(task, folder, parameters):
    """A task's flags, each with what Hydra itself wrote down of it in the task's folder."""
    record = folder / ".hydra"
    overrides = yaml.safe_load((record / "overrides.yaml").read_text())
    choices = OmegaConf.load(record / "hydra.yaml").hydra.runtime.choices
    config = OmegaConf.to_container(OmegaConf.load(record / "config.yaml"), resolve=True)
    argv = received[task]
    flags = {}
    for place, flag in enumerate(argv):
        if not flag.startswith("--"):
            continue
        name, text = flag.removeprefix("--"), argv[place + 1]
        key = KEYS[task].get(name, name)
        flags[name] = {
            "received": f"{flag} {shlex.quote(text)}",
            "overrides": " ".join(o for o in overrides if o.split("=")[0].lstrip("+~") == key),
            # The orchestrator chooses the paths; everything else is a parameter.
            "sent": parameters.get(name, text),
            "arrived": choices[name] if name in GROUPS[task] else select(config, key),
        }
    assert flags.keys() == {*KEYS[task], *GROUPS[task]}, argv
    return {"flags": flags, "folder": folder}


def select(config, key):
    return functools.reduce(dict.__getitem__, key.split("."), config)


def exact(flag):
    """Equal with the types: JSON keeps 1, 1.0, true and "1" apart."""
    return json.dumps(flag["sent"], sort_keys=True) == json.dumps(flag["arrived"], sort_keys=True)


def failures(way, done):
    for task, record in done["tasks"].items():
        for name, flag in record["flags"].items():
            if not exact(flag):
                yield f"{way}: {task}: {name}: sent {flag['sent']!r}, arrived {flag['arrived']!r}"
    if done["accuracy"] <= 0.9:
        yield f"{way}: the accuracy is {done['accuracy']}, not above 0.9"


def shorten(text, width):
    return (text if len(text) <= width else text[: width - 1] + "…").ljust(width)


def report(runs):
    """Prints what each task received and what became of it, and in which ways it is exact."""
    columns = ("received", 50), ("override", 50), ("type", 5)
    for task in pipeline.TASKS:
        records = {way: done["tasks"][task] for way, done in runs.items()}
        first = next(iter(records.values()))
        root = str(first["folder"].parents[1])
        heads = [shorten(*column) for column in columns]
        print(f"\n{task}\n  " + "  ".join([*heads, *runs]))
        for name, flag in first["flags"].items():
            cells = flag["received"], flag["overrides"], type(flag["arrived"]).__name__
            cells = [cell.replace(root, "…") for cell in cells]
            line = [shorten(cell, width) for cell, (_, width) in zip(cells, columns)]
            for way, record in records.items():
                line.append(("exact" if exact(record["flags"][name]) else "WRONG").ljust(len(way)))
            print("  " + "  ".join(line).rstrip())
    print()
    for way, done in runs.items():
        print(f"accuracy {done['accuracy']:.4f}  {way}")
        for record in done["tasks"].values():
            print(f"  {os.path.relpath(record['folder'])}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ways", nargs="+", choices=WAYS, metavar="way", help=", ".join(WAYS))
    parser.add_argument("--trainer", choices=["lightning", "sklearn"])
    parser.add_argument("--shim", type=Path, help="hydra-shim, for the way `process`")
    arguments = parser.parse_args()
    parameters = json.loads((pipeline.HERE / "parameters.json").read_text())
    if arguments.trainer:
        parameters["trainer"] = arguments.trainer
    if "process" in arguments.ways:
        shim = arguments.shim or shutil.which("hydra-shim")
        if not shim:
            parser.error("hydra-shim is not in PATH: name it by --shim")
        subprocess.run([shim, "install", LINKS], check=True, stdout=subprocess.DEVNULL)
    runs = {way: run(way, parameters) for way in arguments.ways}
    report(runs)
    wrong = [failure for way, done in runs.items() for failure in failures(way, done)]
    for failure in wrong:
        print(f"error: {failure}", file=sys.stderr)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
