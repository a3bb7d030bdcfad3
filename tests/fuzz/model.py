"""What an application has to receive for a text, said in Python's words and not in the shim's.

`read(type, texts)` gives the value. It raises `Unfit` for text that is no value of its declared
type, and `Limit` for what the shim does not promise to carry though Hydra might.
"""

import json
import re
import sys
from decimal import Decimal

# The most digits that Python makes an int of, unless it is told otherwise.
MAX_INT_DIGITS = 4300
# The deepest nesting that is promised to arrive.
MAX_DEPTH = 64

JSON_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE]([+-]?)[0-9]+)?")
NUMBER = re.compile(r"([+-]?)([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
SPECIAL = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE | re.ASCII)
TRUE, FALSE = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}


class Unfit(Exception):
    """The text is no value of its declared type."""


class Limit(Exception):
    """A documented limit of the shim."""


class Digits(str):
    """A number of JSON as it was written."""


def read(kind, texts):
    """The value of a flag of that type; several texts only for the lists of `many`."""
    if kind == "null" or kind in ("many", "list") and texts == ["null"]:
        return None  # No list of one null.
    if kind.startswith("many"):
        return [item for text in texts for item in spliced(kind.removeprefix("many"), text)]
    (text,) = texts
    outer, element = re.fullmatch(r"(\w+)(\[\w+\])?", kind).groups()
    if outer == "list":
        return spliced(element or "", text)
    if outer == "dict":
        value = loads(text, element == "[float]")
        if not isinstance(value, dict):
            raise Unfit(kind)
        return {key: fitted(element, item) for key, item in finished(value, keep=True).items()}
    return SCALARS[outer](text)


def spliced(element, text):
    """What a text adds to a list: the items of a JSON array, or itself."""
    value = loads(text, element == "[float]") if text.startswith("[") else None
    if isinstance(value, list):
        return [fitted(element, item) for item in finished(value, keep=True)]
    return [SCALARS[element[1:-1] if element else "auto"](text)]


def auto(text):
    """Undeclared text."""
    if lower(text) in ("true", "false"):
        return lower(text) == "true"
    if text == "null":
        return None
    if is_typed_number(text):
        return number(text)
    if text[:1] in ("[", "{"):
        value = loads(text)
        if value is not None:
            return finished(value)
    return text


def is_typed_number(text):
    """A number of JSON that nobody can have meant as text, and that keeps its digits."""
    found = JSON_NUMBER.fullmatch(text)
    if not found:
        return False
    whole, fraction, exponent, sign = found.groups()
    if not fraction and not exponent:
        return len(whole) <= MAX_INT_DIGITS
    if exponent and not sign and not fraction and len(whole) > 1:
        return False  # 12345e7 is a commit id.
    significant = (whole + (fraction or "")[1:]).strip("0")
    return len(significant) <= 17 and not overflows(text)


def overflows(text):
    """Whether a number is beyond a 64-bit float."""
    mantissa = re.split("[eE]", text)[0]
    value = float(text)
    return value in (float("inf"), float("-inf")) or (
        value == 0 and re.search("[1-9]", mantissa) is not None
    )


def number(text):
    """A number of JSON as Python's JSON reader types it."""
    if re.fullmatch("-?[0-9]+", text):
        if len(text.lstrip("-")) > MAX_INT_DIGITS:
            raise Limit("an integer of over 4300 digits")
        return int(text)
    if overflows(text):
        raise Limit("a number beyond a 64-bit float")
    return float(text)


def integer(text):
    """Declared int: `3.0` and `1e3` are whole, too."""
    if not NUMBER.fullmatch(text):
        raise Unfit("int")
    mantissa = re.split("[eE]", text)[0]
    if not re.search("[1-9]", mantissa):
        return 0
    if re.search("[eE][+-]?0*[1-9][0-9]{6}", text):
        raise Unfit("int")
    value = Decimal(text)
    if value.adjusted() >= MAX_INT_DIGITS or value.adjusted() < 0:
        raise Unfit("int")
    if value.as_tuple().exponent < 0 and not re.fullmatch("[+-]?[0-9]+(\\.0*)?", f"{value:f}"):
        raise Unfit("int")
    return int(f"{value:f}".split(".")[0])


def floating(text):
    """Declared float: `1` is 1.0; nan and inf are allowed."""
    if SPECIAL.fullmatch(text):
        return float(text)
    if not NUMBER.fullmatch(text) or overflows(text):
        raise Unfit("float")
    return float(text)


def boolean(text):
    """Declared bool."""
    if lower(text) in TRUE | FALSE:
        return lower(text) in TRUE
    raise Unfit("bool")


def lower(text):
    """ASCII only: `falſe` is no bool."""
    return text.lower() if text.isascii() else text


SCALARS = {
    "auto": auto,
    "string": str,
    "str": str,
    "path": str,
    "int": integer,
    "float": floating,
    "bool": boolean,
}


def loads(text, floats=False):
    """JSON with its numbers as they were written; None where it is none, or `null`.

    Of floats, with what Python's JSON has for a NaN and the infinities.
    """

    def refuse(word):
        if floats:
            return float(word)
        raise ValueError(f"{word} is no JSON")

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(limit + text.count("[") + text.count("{"))
    try:
        return json.loads(text, parse_constant=refuse, parse_int=Digits, parse_float=Digits)
    except ValueError:
        return None
    finally:
        sys.setrecursionlimit(limit)


def finished(value, keep=False, depth=1):
    """The value with its numbers read; with `keep`, those right inside it stay as written."""
    if isinstance(value, (list, dict)) and depth > MAX_DEPTH:
        raise Limit("deeper than 64 levels")

    def item(item):
        return item if keep and isinstance(item, Digits) else finished(item, depth=depth + 1)

    if isinstance(value, list):
        return [item(each) for each in value]
    if isinstance(value, dict):
        return {key: item(each) for key, each in value.items()}
    return number(value) if isinstance(value, Digits) else value


def fitted(element, item):
    """An item of a list or dict as its declared element type, `[int]` or none."""
    is_number = isinstance(item, Digits)
    if is_number:
        number(item)  # No type lifts its limits.
    if not element:
        return number(item) if is_number else item
    if element == "[int]" and is_number:
        return integer(item)
    if element == "[float]" and is_number:
        return floating(item)
    if element == "[float]" and isinstance(item, float):
        return item
    if element == "[str]" and isinstance(item, str) and not is_number:
        return item
    if element == "[bool]" and isinstance(item, bool):
        return item
    raise Unfit(element)
