"""One line of text for a value, exact to the type. The tests' applications print with it, too.

    None  True  int:1  float:0.1  "text as JSON writes it"  [int:1, "a"]  {"key": int:1}
"""

import json


def tag(value):
    """What the value is; every digit and every character of it is kept."""
    if value is None or isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return f"int:{value}"
    if isinstance(value, float):
        return f"float:{value!r}"
    if _is_text(value):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return f"[{', '.join(tag(item) for item in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{tag(key)}: {tag(item)}' for key, item in value.items())}}}"
    return f"other:{ascii(value)}"


def _is_text(value):
    """Whether the value is a str without lone surrogates, which UTF-8 cannot carry."""
    try:
        return isinstance(value, str) and value.encode() is not None
    except UnicodeEncodeError:
        return False
