"""Judges what the shim made of many arguments, by the real Hydra.

A list of cases a line on stdin, a list of verdicts a line on stdout, each `[word, text]`:

    whole       every value arrived exactly
    refused     by the shim, and Hydra cannot take it either; the text is the reason
    policy      by the shim, as it is documented to; the text is the rule
    version     this version of Hydra differs from 1.3, which the shim writes for; the text says how
    mismatch    anything else: arrived as something else, or refused though Hydra has a spelling
"""

import functools
import json
import platform
import re
import sys
import time
from pathlib import Path

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra._internal.utils import get_args_parser
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.version import __version__ as hydra_version
from omegaconf import OmegaConf, __version__ as omegaconf_version

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from tagged import tag  # noqa: E402

import model  # noqa: E402

PARSER = OverridesParser.create()
ARGUMENTS = get_args_parser()
VERSION = tuple(map(int, hydra_version.split(".")[:2]))
# What a config may have had at the key.
EARLIER = [None, "???", {"old": {"x": 1}}, "old", 7, False, ["old", 1]]
# ESC in OverrideLexer.g4.
ESCAPABLE = re.compile(r"([\\()\[\]{}:=, \t])")
PLACEHOLDER = re.compile(
    r"\{\{\$.*\}\}|\{\s*[\"']?(input|output)(Value|Path|Uri)[\"']?\s*:.*\}", re.DOTALL
)


def composed(overrides, config, multirun=False):
    """The config after the overrides, applied by the code that Hydra composes with."""
    parsed = PARSER.parse_overrides(overrides)
    if multirun:
        jobs = BasicSweeper.split_arguments(parsed, None)[0]
        if len(jobs) != 1:
            raise ValueError(f"{len(jobs)} jobs: {jobs}")
        parsed = PARSER.parse_overrides(jobs[0])
    cfg = OmegaConf.create(config)
    OmegaConf.set_struct(cfg, True)
    ConfigLoaderImpl._apply_overrides_to_config(parsed, cfg)
    return OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)


def text_of(error):
    """The error with its causes: Hydra's reason is often the cause."""
    text = f"{type(error).__name__}: {error}"
    return text if error.__cause__ is None else f"{text}\n{text_of(error.__cause__)}"


def arrival(overrides, key, config, multirun=False):
    """What the application has at the key, tagged; or the error."""
    try:
        after = composed(overrides, config, multirun)
    except Exception as error:
        return text_of(error)
    if after.keys() != config.keys():
        return f"not only {key} was set: {after}"
    return tag(after[key])


def judge_values(cases):
    """Verdicts on flags with one value each. Those that were sent are applied together first."""
    verdicts, sent = [None] * len(cases), []
    for index, case in enumerate(cases):
        try:
            value, why = model.read(case["type"], [case["text"]]), None
        except model.Unfit:
            value, why = None, "does not fit its declared type"
        except model.Limit as limit:
            value, why = None, str(limit)
        if case["overrides"] is None:
            verdicts[index] = refusal(case, value, why)
        elif why is None:
            sent.append((index, case, value, tag(value)))
        else:
            verdicts[index] = ["mismatch", f"sent as {case['overrides']}, though it {why}"]

    configs = [{case["key"]: earlier(case, value)} for _, case, value, _ in sent]
    together = {key: old for config in configs for key, old in config.items()}
    try:
        after = composed([o for _, case, _, _ in sent for o in case["overrides"]], together)
    except Exception:
        after = None
    for (index, case, value, expected), config in zip(sent, configs):
        key, overrides = case["key"], case["overrides"]
        if after is None or tag(after[key]) != expected:
            arrived = arrival(overrides, key, config)
        else:
            arrived = expected
        if arrived == expected and case["multirun"]:
            arrived = arrival(overrides, key, config, multirun=True)
        if arrived == expected:
            verdicts[index] = ["whole", ""]
        elif VERSION >= (1, 4) and "Could not delete from config. The value of" in arrived:
            # 1.4.0rc3: the basic sweeper writes `~key` as `~key=null`, which has to match.
            verdicts[index] = ["version", "~key fails with --multirun"]
        else:
            text = f"{overrides} over {config} arrives as {arrived}, not as {expected}"
            verdicts[index] = ["mismatch", text]
    if after is not None and after.keys() != together.keys():
        verdicts[0] = ["mismatch", f"other keys were set: {list(after)}"]
    return verdicts


def earlier(case, value):
    """What the config had at the key. A list and a dict do not take each other's place: that is
    an error of Hydra's, whatever the spelling."""
    old = EARLIER[case["earlier"] % len(EARLIER)]
    return None if {type(old), type(value)} == {list, dict} else old


def refusal(case, value, why):
    """The verdict on a value that the shim refused."""
    if why is not None:
        return ["policy", why]
    if case["type"] == "auto" and PLACEHOLDER.fullmatch(case["text"]):
        return ["policy", "a placeholder that was not filled in"]
    reason = next(obstacles(value), None)
    if reason is None:
        return ["mismatch", f"refused without need: {case['refusal']}"]
    return ["refused", reason]


def obstacles(value):
    """The reasons for which Hydra's command line cannot carry a value; found out by trial."""
    if isinstance(value, str):
        if "\0" in value:
            yield "a NUL"
        elif re.search("[\ud800-\udfff]", value):
            yield "half a character"
        elif value == "???" and not has_spelling(value):
            yield "the string ???"
    elif isinstance(value, list):
        for item in value:
            yield from obstacles(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if not key_has_spelling(key):
                yield "a dict key"
            yield from obstacles(item)


def spellings(text):
    """The ways in which somebody may try to write a text for Hydra."""
    yield text
    yield ESCAPABLE.sub(r"\\\1", text)
    yield re.sub(r"^[ \t]+|[ \t]+$", lambda found: "".join("\\" + c for c in found[0]), text)
    yield "".join("\\" + c for c in text)
    for quote in "'\"":
        yield quote + text + quote
        yield quote + re.sub(rf"(\\*)({quote}|$)", r"\1\1\\\2", text)[:-1] + quote
        yield quote + "".join("\\" + c for c in text) + quote


@functools.lru_cache(100_000)
def has_spelling(text):
    """Whether Hydra reads a text back from any of its spellings."""
    return any(
        arrival([f"v={spelling}"], "v", {"v": None}) == tag(text) for spelling in spellings(text)
    )


@functools.lru_cache(100_000)
def key_has_spelling(key):
    """Whether Hydra reads a dict's key back, as that str, from any of its spellings."""
    if "\0" in key or re.search("[\ud800-\udfff]", key):
        return False
    return any(
        arrival([f"v={{{spelling}: 1}}"], "v", {"v": None}) == tag({key: 1})
        for spelling in spellings(key)
    )


def judge_name(case):
    """The verdict on a flag's name, given with the value `x1`."""
    name = case["name"]
    if case["overrides"] is None:
        if name.split("@")[0] == "":
            return ["policy", "an empty name"]
        if VERSION >= (1, 4) and re.search(r"[\\\[]", name) and key_of(f"{name}=x1") == name:
            return ["version", "a key with a backslash or a bracket"]
        for spelling in dict.fromkeys(spellings(name)):
            if key_of(f"{spelling}=x1") == name:
                return ["mismatch", f"refused, though {spelling}=x1 has the key {name!r}"]
        return ["refused", "a name that is no key"]
    (override,) = case["overrides"]
    if VERSION < (1, 3) and "-" in name and key_of(override) is None:
        return ["version", "no key with a hyphen"]
    if key_of(override) != name:
        return ["mismatch", f"{override!r} has the key {key_of(override)!r}"]
    if "/" in name or "@" in name:
        return ["whole", ""]  # A config group: what it sets is the config folder's to say.
    config, expected = None, "x1"
    for part in reversed(name.split(".")):
        config, expected = {part: config}, {part: expected}
    try:
        after = composed([override], config)
    except Exception as error:
        after = text_of(error)
    if after != expected:
        return ["mismatch", f"{override!r} makes {after}"]
    return ["whole", ""]


def key_of(override):
    """The key that Hydra reads in an override that changes it to `x1`."""
    try:
        parsed = PARSER.parse_override(override)
        key = parsed.key_or_group
        if parsed.package is not None:
            key = f"{key}@{parsed.package}"
        if parsed.is_delete() or parsed.is_add() or parsed.value() != "x1":
            return None
        # An empty package is as good as none (`db@=x`).
        left = override[: -len("=x1")]
        return f"{key}@" if left.endswith("@") and not key.endswith("@") else key
    except Exception:
        return None


def judge_line(case):
    """The verdict on a whole command line."""
    if case["overrides"] is None:
        if case["rule"] is not None:
            return ["policy", case["rule"]]
        if case["lenient"] is not None:
            return ["policy", case["lenient"]]
        return ["mismatch", f"refused: {case['refusal']}"]
    if case["rule"] is not None:
        return ["mismatch", f"sent as {case['overrides']}, though it is {case['rule']}"]
    expected, config, stand = {}, {}, {}
    for key, kind, texts in case["settings"]:
        expected[key], config[key] = model.read(kind, texts), None
    for key, old, override in case["natives"]:
        if old is not None:
            stand[key] = old
    config.update(stand)
    try:
        arguments = ARGUMENTS.parse_args(case["overrides"])
        alone = composed([override for _, _, override in case["natives"]], stand)
        after = composed(arguments.overrides, config)
    except (Exception, SystemExit) as error:
        return ["mismatch", f"{case['overrides']}: {text_of(error)}"]
    if case["command"] != case["started"]:
        return ["mismatch", f"{case['started']} is started with {case['overrides']}"]
    wanted = ARGUMENTS.parse_args(case["own"])
    wanted.overrides = arguments.overrides
    if vars(arguments) != vars(wanted):
        return ["mismatch", f"{case['overrides']}: Hydra's flags are {arguments}"]
    passed = iter(arguments.overrides)
    if not all(override in passed for _, _, override in case["natives"]):
        return ["mismatch", f"{arguments.overrides}: not all of the overrides, or in another order"]
    expected |= alone
    wrong = {key: after.get(key, "nothing") for key in after.keys() | expected.keys()
             if key not in after or key not in expected or tag(after[key]) != tag(expected[key])}
    if wrong:
        return ["mismatch", f"{arguments.overrides} makes {wrong} of {expected}"]
    return ["whole", ""]


def judge(cases):
    """A verdict for each case, in order. One that cannot be judged is a mistake, too: of ours."""
    try:
        return judged(cases)
    except Exception as error:
        if len(cases) == 1:
            return [["mismatch", f"the judge failed: {text_of(error)}"]]
        return [verdict for case in cases for verdict in judge([case])]


def judged(cases):
    """The verdicts; those on values are found together."""
    values = [case for case in cases if case["kind"] == "value"]
    verdicts = iter(judge_values(values)) if values else iter(())
    single = {"name": judge_name, "line": judge_line}
    return [
        next(verdicts) if case["kind"] == "value" else single[case["kind"]](case)
        for case in cases
    ]


python = platform.python_version()
print(
    json.dumps(
        {
            "judge": f"hydra-core {hydra_version}, omegaconf {omegaconf_version}, Python {python}",
            "hydra": hydra_version,
            "date": time.strftime("%Y-%m-%d %H:%M"),
        }
    ),
    flush=True,
)
for line in sys.stdin:
    print(json.dumps(judge(json.loads(line))), flush=True)
