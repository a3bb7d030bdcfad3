"""The pipeline: data_prepare feeds train. `python pipeline.py FILE` compiles it."""

import sys
from pathlib import Path
from typing import List, NamedTuple

from kfp import compiler, components, dsl

HERE = Path(__file__).resolve().parent
TASKS = ["data_prepare", "train"]


class Outputs(NamedTuple):
    data_dir: dsl.Dataset
    model: dsl.Model
    metrics: dsl.Metrics
    accuracy: float


def load(task):
    """The component of a folder, as its file says."""
    return components.load_component_from_file(str(HERE / task / "component.yaml"))


def build(data_prepare, train, images=None, machine=None):
    """The pipeline of these two components.

    images: a pattern for the tasks' images, `{}` where the task's folder stands; without it they
    are those of the component files. machine: what `train` needs, see submit.yaml.
    """

    @dsl.pipeline(name="mnist")
    def mnist(
        source: str = "digits",
        classes: List[int] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        test_fraction: float = 0.25,
        experiment: str = "example",
        trainer: str = "lightning",
        learning_rate: float = 0.001,
        layers: List[int] = [64, 32],
        optimizer_params: dict = {"betas": [0.9, 0.999], "weight_decay": 0.0001},
        batch_size: int = 32,
        normalize: bool = True,
        max_epochs: int = 30,
        seed: int = 0,
        run_name: str = "untitled",
        run_id: str = "",
        tags: List[str] = [],
        note: str = "",
    ) -> Outputs:
        prepared = data_prepare(
            source=source, classes=classes, test_fraction=test_fraction, seed=seed
        )
        trained = train(
            data_dir=prepared.outputs["data_dir"],
            experiment=experiment,
            trainer=trainer,
            learning_rate=learning_rate,
            layers=layers,
            optimizer_params=optimizer_params,
            batch_size=batch_size,
            normalize=normalize,
            max_epochs=max_epochs,
            seed=seed,
            run_name=run_name,
            run_id=run_id,
            tags=tags,
            note=note,
        )
        if images:
            prepared.set_container_image(images.format("data_prepare"))
            trained.set_container_image(images.format("train"))
        if machine:
            place(trained, machine)
        return Outputs(
            prepared.outputs["data_dir"],
            trained.outputs["model"],
            trained.outputs["metrics"],
            trained.outputs["accuracy"],
        )

    return mnist


def place(task, machine):
    task.set_cpu_limit(str(machine["cpu"])).set_memory_limit(machine["memory"])
    if machine["accelerator_count"]:
        task.set_accelerator_type(machine["accelerator_type"])
        task.set_accelerator_limit(machine["accelerator_count"])


if __name__ == "__main__":
    compiler.Compiler().compile(build(*map(load, TASKS)), sys.argv[1])
