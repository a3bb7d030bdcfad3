"""Compiles, with the real KFP SDK, pipelines that use what a dry run has to follow."""

import sys
from typing import Dict, List, Optional

from kfp import compiler, dsl
from kfp.dsl import ConcatPlaceholder, ContainerSpec, Dataset, IfPresentPlaceholder, Input, Model, Output


@dsl.container_component
def train(
    project: str,
    dataset: Input[Dataset],
    model: Output[Model],
    score: dsl.OutputPath(float),
    lr: float = 1e-05,
    epochs: int = 10,
    layers: List[int] = [64, 32],
    params: Dict[str, float] = {"b": 0.1, "a": 1},
    debug: bool = False,
    note: Optional[str] = None,
    extra: Optional[str] = None,
):
    return ContainerSpec(
        image="example/train:1",
        command=["python3", "main.py"],
        args=[
            "--project", project,
            "--dataset", dataset.path,
            "--dataset-uri", dataset.uri,
            "--lr", lr,
            "--epochs", epochs,
            "--layers", layers,
            "--params", params,
            "--debug", debug,
            "--note", note,
            IfPresentPlaceholder("extra", ["--extra", extra], ["--no-extra", "true"]),
            IfPresentPlaceholder("extra", f"--tag={extra}"),
            "--out",
            ConcatPlaceholder(
                [model.path, "/", project, IfPresentPlaceholder("note", then=note, else_="-none")]
            ),
            "--model", model.path,
            "--model-uri", model.uri,
            "--score", score,
            f"--both={project}-{dataset.metadata['k']}",
            "--meta", dataset.metadata,
        ],
    )


@dsl.container_component
def prepare(source: str, data: Output[Dataset], rows: dsl.OutputPath(int)):
    return ContainerSpec(
        image="example/prepare:1",
        command=["python3", "prepare.py"],
        args=["--source", source, "--data", data.path, "--rows", rows, "--input", "{{$}}"],
    )


@dsl.container_component
def either(
    limit: Optional[float] = None,
    rate: Optional[float] = None,
    tag: Optional[str] = None,
):
    return ContainerSpec(
        image="example/either:1",
        command=["python3", "main.py"],
        args=[
            IfPresentPlaceholder("limit", ["--limit", limit], ["--limit", "none"]),
            IfPresentPlaceholder("rate", ["--rate", rate], ["--rate", "0"]),
            IfPresentPlaceholder("tag", ["--tag", tag], ["--tag", "7"]),
        ],
    )


@dsl.component
def light(a: str) -> str:
    return a


@dsl.container_component
def report(status: dsl.PipelineTaskFinalStatus, text: str):
    return ContainerSpec(
        image="example/report:1",
        command=["python3", "report.py"],
        args=["--status", status, "--text", text, "--job", "{{$.pipeline_job_uuid}}-{{$.pipeline_task_uuid}}"],
    )


@dsl.pipeline(name="inner")
def inner(project: str, dataset: Input[Dataset], epochs: int = 7, note: Optional[str] = None):
    train(project=project, dataset=dataset, epochs=epochs, note=note)


@dsl.pipeline(name="every-kind")
def every_kind(
    project: str,
    source: str = "gs://bucket/é,🚀.csv",
    lr: float = 0.001,
    flags: dict = {"z": 1, "a": [1, 2.5]},
    go: bool = True,
    small: float = 1e-05,
):
    imported = dsl.importer(artifact_uri="gs://bucket/old", artifact_class=Dataset)
    with dsl.ExitHandler(report(text="done: x")):
        prepared = prepare(source=f"{source}/part")
        data = prepared.outputs["data"]
        train(
            project=project, dataset=data, lr=lr, epochs=prepared.outputs["rows"],
            note="a, b=c", params=flags, extra="{{$.inputs.parameters['note']}}!",
        )
        with dsl.If(go == True):  # noqa: E712, the SDK compiles the comparison
            train(project="constant", dataset=imported.output, debug=True, layers=[], lr=small)
        with dsl.ParallelFor([{"x": "1", "y": "q"}, {"x": "2", "y": "r"}]) as item:
            train(project=item.y, dataset=data, note=item.x)
        with dsl.ParallelFor(["l1", "l2"]) as item:
            light(a=item)
            train(project=f"{item}-{project}", dataset=data)
    inner(project="in a pipeline", dataset=imported.output)
    inner(project=project, dataset=imported.output, epochs=3, note="")


folder = sys.argv[1]
for made, names in [
    (every_kind, ["every-kind.yaml", "every-kind.json"]),
    (train, ["train.yaml", "train.json"]),
    (either, ["either.yaml", "either.json"]),
]:
    for name in names:
        compiler.Compiler().compile(made, f"{folder}/{name}")
