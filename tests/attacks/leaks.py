"""Looks in calls that closed mode let through for what their component does not allow.

A list of calls on stdin, as `translate --format json` prints them, with `tokens` (what the shim was
called with), `started` (the component's command) and `own` (all words of it); a list of complaints on
stdout. Decided from `argv` by the real Hydra's own parsers, and by nothing that the shim says of it.
"""

import json
import re
import sys

from hydra._internal.utils import get_args_parser
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException

PARSER = OverridesParser.create()
ARGUMENTS = get_args_parser()
FLAGS = ["mode", "prompt", "items", "steps", "extra", "data", "flag", "rate", "quiet", "run"]
# A dict is three overrides.
KEYS = {sign + key for key in [*FLAGS, "options"] for sign in ["", "~", "+"]}
NATIVES = {"+author=here", "model=tiny", "hydra.run.dir=/x"}
INSTANTIATE = {"_target_", "_args_", "_partial_", "_recursive_", "_convert_"}


def visible(call):
    """What the application sees of its command line, and the command before it."""
    argv, started = call["argv"], call["started"]
    count = len(argv) - len(call["overrides"])
    if argv[: len(started)] == started and count == len(started):
        return started, argv[len(started) :]
    return argv[:count], argv[count:]


def leaks(call):
    """What is in a call and is not allowed."""
    command, arguments = visible(call)
    # CPython's own options and a script's name are not the application's.
    is_python = command[0] == "python3" and not {"-c", "torch.distributed.run"} & {*command}
    for word in [] if is_python else command[1:]:
        looks_native = word.startswith("-") or re.match(r"[+~]|[^=]*=", word)
        if looks_native and word not in call["own"]:
            yield f"{word!r} in the command {command}"
    try:
        read = vars(ARGUMENTS.parse_args(arguments))
    except SystemExit:
        yield "no command line of Hydra's"
        return
    for name, value in vars(ARGUMENTS.parse_args([])).items():
        allowed = ["prod"] if name == "config_name" else []
        if name != "overrides" and read[name] != value and read[name] not in allowed:
            yield f"Hydra's {name}: {read[name]!r}"
    for text in read["overrides"]:
        if text not in NATIVES:
            yield from leaks_of_override(text, call["tokens"])


def leaks_of_override(text, tokens):
    """What is not allowed in an override that the component does not write itself."""
    try:
        override = PARSER.parse_override(text)
    except HydraException:
        yield f"{text!r}, which is no override"
        return
    sign = "~" if override.is_delete() else "+" if override.is_add() else ""
    key = sign + override.get_key_element().lstrip("~+")
    if key not in KEYS or override.is_force_add() or override.is_sweep_override():
        yield f"the override {text!r}"
        return
    if sign != "~":
        yield from leaks_of_value(override.value(), key, text)
        value = override.value()
        if isinstance(value, str) and not any(
            token == value or token.endswith(f"={value}") for token in tokens
        ):
            yield f"{text!r} was not sent"


def leaks_of_value(value, key, text):
    """What is not allowed in a value."""
    if isinstance(value, dict):
        for name, item in value.items():
            if str(name) in INSTANTIATE:
                yield f"the key {name} in {text!r}"
            yield from leaks_of_value(item, key, text)
    elif isinstance(value, list):
        for item in value:
            yield from leaks_of_value(item, key, text)
    elif isinstance(value, str) or not isinstance(value, (int, float, bool, type(None))):
        if "${" in str(value):
            yield f"an interpolation in {text!r}"
        if key != "data" and ".." in str(value).split("/"):
            yield f"a way out of the config folder in {text!r}"


print(
    json.dumps(
        [
            f"{call['tokens']}\n  -> {call['argv']}\n  {found[0]}"
            for call in json.load(sys.stdin)
            if (found := list(leaks(call)))
        ]
    )
)
