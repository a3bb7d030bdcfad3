"""Answers what a Hydra application would receive, by asking Hydra itself.

One JSON object a line on stdin, one JSON object a line on stdout. A request has an `op` and what
the function of that name takes; the answer is `{"ok": …}`, or `{"error": "…"}` with Hydra's own
text. Operations on many items answer with a list of such answers. Values are written by `tag`.
"""

import functools
import json
import re
import runpy
import sys

from hydra import compose, initialize_config_dir
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.version import __version__
from omegaconf import OmegaConf

from tagged import tag

PARSER = OverridesParser.create()
# The deepest nesting that is promised to arrive.
MAX_DEPTH = 64
# The most digits that Python makes an int of, unless it is told otherwise.
MAX_INT_DIGITS = 4300


def each(items, function):
    """The answer of `function` for each item; an error is an answer, too."""
    answers = []
    for item in items:
        try:
            answers.append({"ok": function(item)})
        except Exception as error:
            answers.append({"error": text_of(error)})
    return answers


def text_of(error):
    """The error with its causes: Hydra's reason is often the cause."""
    text = f"{type(error).__name__}: {error}"
    return text if error.__cause__ is None else f"{text}\n{text_of(error.__cause__)}"


def version():
    """The version of Hydra that answers."""
    return __version__


def from_json(text):
    """What JSON means in Python. Python's own NaN and Infinity are no JSON."""

    def refuse(word):
        raise ValueError(f"{word} is no JSON")

    def integer(digits):
        # One that a repeated key replaces is harmless.
        return int(digits) if len(digits.lstrip("-")) <= MAX_INT_DIGITS else "not an int"

    return json.loads(text, parse_constant=refuse, parse_int=integer)


def loads(texts):
    """For each JSON text: the value that Python reads from it."""
    return each(texts, lambda text: tag(from_json(text)))


def apply(cases, multirun=False):
    """For each key with its overrides: the value at the key, in a config that had null there.

    The overrides are applied by the code that Hydra composes with. With `multirun`, they go
    through the basic sweeper first, which parses them and writes them anew for the job; they have
    to stay one job.
    """

    def one(case):
        key, overrides = case
        if multirun:
            jobs = BasicSweeper.split_arguments(PARSER.parse_overrides(overrides), None)[0]
            if len(jobs) != 1:
                raise ValueError(f"{len(jobs)} jobs: {jobs}")
            overrides = jobs[0]
        cfg = OmegaConf.create({key: None})
        OmegaConf.set_struct(cfg, True)
        ConfigLoaderImpl._apply_overrides_to_config(PARSER.parse_overrides(overrides), cfg)
        container = OmegaConf.to_container(cfg, resolve=True)
        if list(container) != [key]:
            raise ValueError(f"more than {key} was set: {container}")
        return tag(container[key])

    return each(cases, one)


def composed(directory, name, overrides, key=None):
    """The config that an application of that folder composes: all of it, or what is at `key`."""
    with initialize_config_dir(directory, version_base=None):
        container = OmegaConf.to_container(compose(name, overrides=overrides), resolve=True)
    for part in [] if key is None else key.split("."):
        container = container[part]
    return tag(container)


def store(path):
    """Has a Python file `register` its structured configs in Hydra's ConfigStore."""
    runpy.run_path(path)["register"]()


def obstacles(text):
    """The reasons for which the value of a JSON text cannot reach a Hydra application."""

    def number(digits):
        is_zero = not re.search("[1-9]", re.split("[eE]", digits)[0])
        if float(digits) in (float("inf"), float("-inf")) or (float(digits) == 0 and not is_zero):
            found.append("a number beyond a 64-bit float")
        return float(digits)

    def integer(digits):
        if len(digits.lstrip("-")) > MAX_INT_DIGITS:
            found.append("an integer that Python does not read")
        return 0

    found = []
    value = json.loads(text, parse_float=number, parse_int=integer)
    _walk(value, 1, found)
    return found


def _walk(value, depth, found):
    if isinstance(value, str):
        if value == "???":
            found.append("OmegaConf's mark of a missing value")
        if "\0" in value:
            found.append("a NUL")
        if re.search("[\ud800-\udfff]", value):
            found.append("half a character")
    elif isinstance(value, list):
        for item in value:
            _walk(item, depth + 1, found)
    elif isinstance(value, dict):
        for key, item in value.items():
            if not _has_spelling(key):
                found.append("a key that Hydra cannot spell")
            _walk(item, depth + 1, found)
    if isinstance(value, (list, dict)) and depth > MAX_DEPTH:
        found.append("too deep")


@functools.cache
def _has_spelling(key):
    """Whether Hydra reads the key back, as that str, from any of its spellings.

    Tried are the key as it is, and with a backslash in front of what Hydra's grammar can escape
    (ESC in OverrideLexer.g4): everywhere, or only where a blank would be stripped.
    """
    everywhere = re.sub(r"([\\()\[\]{}:=, \t])", r"\\\1", key)
    at_the_ends = re.sub(r"^[ \t]+|[ \t]+$", lambda found: "".join("\\" + c for c in found[0]), key)
    return any(_reads_as(spelling, key) for spelling in {key, everywhere, at_the_ends})


def _reads_as(spelling, key):
    try:
        value = PARSER.parse_override(f"v={{{spelling}: 1}}").value()
    except Exception:
        return False
    return isinstance(value, dict) and [(type(k), k) for k in value] == [(str, key)]


OPERATIONS = {f.__name__: f for f in (version, loads, apply, composed, store, obstacles)}

for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = {"ok": OPERATIONS[request.pop("op")](**request)}
    except Exception as error:
        answer = {"error": text_of(error)}
    print(json.dumps(answer), flush=True)
