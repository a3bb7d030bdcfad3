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


def first_document(text):
    """The root node of the first document; everything up to the second one has to be right."""
    loader = Loader(text)
    # As `get_single_node` does, but for a second document.
    loader.get_event()
    if loader.check_event(yaml.StreamEndEvent):
        return None
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


def key_text(key):
    """A key of PyYAML's as the text that is read of it."""
    if isinstance(key, bool):
        return "true" if key else "false"
    return key if isinstance(key, str) else str(key)


def same_key(ours, key):
    """Null may be written in several ways, and so may a float."""
    if key is None:
        return ours in ("", "~", "null", "Null", "NULL")
    if isinstance(key, float):
        return ours[-4:].lower() == ".nan" if key != key else float(ours.replace(".inf", "inf")) == key
    return ours == key_text(key)


def same(ours, value):
    """Whether what was read is what PyYAML reads: see `written` in main.rs."""
    if isinstance(ours, list):
        return isinstance(value, list) and len(ours) == len(value) and all(map(same, ours, value))
    if isinstance(ours, dict) and "dict" in ours:
        pairs = ours["dict"]
        if not isinstance(value, dict):
            return False
        if len(pairs) != len(value):
            # A dict of Python's has one of 1, 1.0 and true.
            return len({key in (1, 0) or key for key in value}) < len(pairs)
        return all(same_key(name, key) and same(item, value[key]) for (name, item), key in zip(pairs, value))
    return ours == written(value)


def main():
    sys.set_int_max_str_digits(0)
    for line in sys.stdin:
        differences = []
        for case in json.loads(line):
            try:
                value, why = first_document(case["text"]), None
                accepted = True
            except Exception as error:
                value, why, accepted = None, f"{type(error).__name__}: {error}", False
            ours = case["read"]
            if accepted == (ours is None) or (ours and not same(ours["value"], value)):
                differences.append({"text": case["text"], "read": ours, "pyyaml": repr(value), "why": why, "error": case["error"]})
        print(json.dumps(differences), flush=True)


main()
