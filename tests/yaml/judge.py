"""Reads documents as KFP does, with PyYAML's SafeLoader, and says which were read otherwise.

Each line of stdin is a JSON list of {"text", "read"}: a document, and what was read of it (null where
it was refused). For each line one is printed: the list of those that PyYAML reads otherwise, with what
it reads or why it refuses. What it is asked for is the first of several documents.
"""

import json
import re
import struct
import sys

import yaml


def dot(match):
    whole, fraction, sign, exponent = match.groups()
    return f"{whole}{fraction or '.0'}e{sign or '+'}{exponent}"


STANDARD = "tag:yaml.org,2002:"


def whole(tag, regexp):
    """`$` takes text with a line break behind it, too; and `0x_` has no digits: int() fails."""
    without = "(?![-+]?0[xb]_*$)" if tag == f"{STANDARD}int" else ""
    return re.compile(without + regexp.pattern.replace("$", r"\Z"), re.X)


class Loader(yaml.SafeLoader):
    """With what differs on purpose: see src/yaml.rs."""

    yaml_implicit_resolvers = {
        first: [(tag, whole(tag, regexp)) for tag, regexp in resolvers if tag != f"{STANDARD}timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_scalar(self, node):
        """A mapping is no text, also one with the key `=`."""
        return yaml.constructor.BaseConstructor.construct_scalar(self, node)

    def number(self, node):
        """`!!int` and `!!float` of what is no such number in YAML 1.1, but for `08` and `1e5`."""
        text = self.construct_scalar(node)
        kind = "int" if node.tag.endswith(":int") else "float"
        dotted = re.sub(r"^(-?[0-9][0-9_]*)(\.[0-9_]*)?[eE]([-+]?)(.*)", dot, text)
        candidates = [text] if kind == "int" else [text, text and dotted, text and f"{text}.0"]
        for candidate in candidates:
            if self.resolve(yaml.ScalarNode, candidate, (True, False)).endswith(kind):
                return (self.construct_yaml_int if kind == "int" else self.construct_yaml_float)(node)
        raise ValueError(f"{text} is no {kind}")

    def flatten_mapping(self, node):
        """Asks for the tags of what is merged, too. Of keys that are twice in it the last counts, as in
        PyYAML before 6.0.4, which takes the first or the last as Python shares the strings."""
        for name, value in node.value:
            if name.tag == f"{STANDARD}merge":
                items = value.value if isinstance(value, yaml.SequenceNode) else []
                for source in [value, *items]:
                    kind = {yaml.MappingNode: "map", yaml.SequenceNode: "seq"}.get(type(source))
                    if source.tag != f"{STANDARD}{kind}":
                        raise ValueError(f"{source.tag} is merged")
                    if kind == "map":
                        source.value = list({(k.tag, k.value): (k, v) for k, v in source.value}.values())
        super().flatten_mapping(node)


for kind in ("int", "float"):
    Loader.add_constructor(f"{STANDARD}{kind}", Loader.number)
for kept in ("timestamp", "binary"):
    Loader.add_constructor(f"{STANDARD}{kept}", Loader.construct_yaml_str)


def first_document(text):
    """The root node of the first document; everything up to the second one has to be right."""
    loader = Loader(text)
    # As `get_single_node` does, but for a second document.
    loader.get_event()
    if loader.check_event(yaml.StreamEndEvent):
        raise ValueError("empty")
    root = loader.compose_document()
    loader.check_event(yaml.StreamEndEvent)
    return loader.construct_document(root)


def written(value, depth=0):
    """A value without ambiguities: `read` is written like this."""
    if depth > 900:
        raise ValueError("recursive")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return {"int": str(value)}
    if isinstance(value, float):
        return {"float": "nan" if value != value else struct.pack(">d", value).hex()}
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return [written(item, depth + 1) for item in value]
    if isinstance(value, dict):
        items = value.items()
        return {"dict": [[written(key), written(item, depth + 1)] for key, item in items]}
    return {"other": repr(value)}


def key(value):
    """The Python value of a key that was written."""
    if isinstance(value, dict) and "int" in value:
        return int(value["int"])
    if isinstance(value, dict) and value["float"] != "nan":
        return struct.unpack(">d", bytes.fromhex(value["float"]))[0]
    return float("nan") if isinstance(value, dict) else value


def as_dict(value):
    """What was read, with each mapping's entries as a Python dict keeps them: of equal keys one."""
    if isinstance(value, list):
        return [as_dict(item) for item in value]
    if isinstance(value, dict) and "dict" in value:
        return written_dict({key(name): as_dict(item) for name, item in value["dict"]})
    return value


def written_dict(entries):
    return {"dict": [[written(name), item] for name, item in entries.items()]}


def main():
    sys.set_int_max_str_digits(0)
    for line in sys.stdin:
        differences = []
        for case in json.loads(line):
            try:
                value, why = written(first_document(case["text"])), None
                accepted = True
            except Exception as error:
                value, why, accepted = None, f"{type(error).__name__}: {error}", False
            ours = case["read"]
            same = not accepted if ours is None else accepted and as_dict(ours["value"]) == value
            if not same:
                differences.append({"text": case["text"], "read": ours, "pyyaml": value, "why": why, "error": case["error"]})
        print(json.dumps(differences), flush=True)


main()
