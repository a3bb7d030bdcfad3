"""What SageMaker's two toolkits make of hyperparameters: their own code, called as in a training container.

Arguments: a folder to work in, a seed and how many random values to add to the table. Prints JSON: the values with
their names, and each toolkit's command line and SM_HPS.
"""

import json
import os
import random
import sys
from pathlib import Path

import sagemaker.train

from tagged import tag

TABLE = [
    "1.10", "1.1", "1e5", "007", "true", "True", "None", "null", "nan", "", " ", "-x", "--lr", "-1", "a, b=c", "${x}",
    "[1, 2]", "['a']", '["a"]', '{"a": 1}', '"x"', "it's", '"', "\\", "\\n", "line\nbreak", "é", "\U0001f600", "k=[1]",
    True, False, None, 0, -3, 10**30, 0.1, -0.0, 1e-05, 1e16, 1e22, 5e-324, 1.7976931348623157e308,
    [], {}, [[]], [{}], ["a", "b, c"], ["it's", 'a "quoted" word', "it's \"both\"", "\\", "back\\slash\\"],
    ["\xa0", "\u200b", "\x7f", "\x1b", "\t\r\n", "\U000e0041", "\ue000", "\u0378", "é", "\U0001f600"],
    [1, 1.0, 1e-05, "1", "1.0", True, None, "True", "None"], [64, 32], [0.9, 0.999], ["True"], ["], ["],
    {"k": [1]}, {"a": 1, "b": "x,c=3"}, {"z": {"y": 1, "b": {"d": 1, "c": None}}, "a": [{"z": True, "b": "="}]},
    {"a": None, "b": True, "c": "it's", "d": ""}, {"a": "None", "b": ","}, [{"type": "conv", "size": 3, "act": None}],
]
ALPHABET = ["a", "Z", "0", "1", ".", "-", ",", "=", " ", "'", '"', "\\", "[", "]", "{", "}", ":", "$", "\n", "é", "\xa0",
            "\u200b", "\U0001f600", "True", "None", "null", "1e5"]


def some(random, depth=0):
    """A value, in two of five cases a list or dict as long as it is not deep."""
    kind = random.randrange(10 if depth < 3 else 6)
    if kind < 3:
        return "".join(random.choices(ALPHABET, k=random.randrange(6)))
    if kind == 3:
        return random.choice([True, False, None])
    if kind == 4:
        return random.randrange(-(10 ** random.randrange(25)), 10 ** random.randrange(1, 25))
    if kind == 5:
        return random.uniform(-1, 1) * 10.0 ** random.randrange(-300, 300)
    if kind < 8:
        return [some(random, depth + 1) for _ in range(random.randrange(4))]
    return {name: some(random, depth + 1) for name in random.sample(["b", "a", "z9", "c_d", "e"], random.randrange(4))}


def training_toolkit(sent, folder):
    """sagemaker-training's `train`: it reads hyperparameters.json when it is imported."""
    os.environ["SAGEMAKER_BASE_DIR"] = str(folder)
    config = folder / "input/config"
    config.mkdir(parents=True)
    (config / "hyperparameters.json").write_text(json.dumps(sent))
    (config / "inputdataconfig.json").write_text("{}")
    (config / "resourceconfig.json").write_text(json.dumps({"current_host": "localhost", "hosts": ["localhost"]}))
    from sagemaker_training import environment

    here = environment.Environment()
    return {"arguments": here.to_cmd_args(), "SM_HPS": here.to_env_vars()["SM_HPS"]}


def container_drivers(sent):
    """sagemaker-train's: `environment.py` writes SM_HPS, from which the driver makes the command line."""
    sys.path.insert(0, str(Path(sagemaker.train.__path__[0]) / "container_drivers"))
    from common import utils

    hyperparameters = {name: utils.safe_deserialize(value) for name, value in sent.items()}
    written = utils.safe_serialize(hyperparameters)
    return {"arguments": utils.hyperparameters_to_cli_args(json.loads(written)), "SM_HPS": written}


def main(folder, seed, count):
    """Prints all of it."""
    chooser = random.Random(int(seed))
    values = TABLE + [some(chooser) for _ in range(int(count))]
    # Of one letter as well, which the older toolkit writes with one dash.
    names = ["x", "lr", "learning-rate", *(f"x{n}" for n in range(len(values)))]
    hyperparameters = dict(zip(names, values))
    # As SageMaker's API has them: text.
    sent = {name: json.dumps(value) for name, value in hyperparameters.items()}
    toolkits = {
        "sagemaker-training": training_toolkit(sent, Path(folder)),
        "sagemaker-train": container_drivers(sent),
    }
    for toolkit in toolkits.values():
        kept = json.loads(toolkit["SM_HPS"])
        # The older one sorts the keys of dicts: no application sees another order.
        assert kept == hyperparameters, kept
        toolkit["tags"] = {name: tag(value) for name, value in kept.items()}
    print(json.dumps({"sent": sent, "toolkits": toolkits}))


if __name__ == "__main__":
    main(*sys.argv[1:])
