"""The value of JSON that is still arriving: what is open is closed, what is half there is left out."""

from __future__ import annotations

import json
import re
from typing import Any

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|["{}\[\],]', re.DOTALL)
_CLOSING = {"{": "}", "[": "]"}


def begun_json(text: str) -> Any:
    """The value so far; None while there is none. A member counts once what follows it shows that it is whole."""
    start = min((at for at in (text.find("{"), text.find("[")) if at >= 0), default=-1)
    if start < 0:
        return None
    opened: list[str] = []
    whole = start  # at every point where it moves, ``opened`` is what is open there
    for found in _TOKEN.finditer(text, start):
        mark = found[0]
        if mark == '"':
            break  # a text that has not ended yet
        if mark in "{[":
            opened.append(_CLOSING[mark])
            whole = found.end()
        elif mark in "}]":
            if not opened or opened.pop() != mark:
                return None
            whole = found.end()
            if not opened:
                break
        elif mark == ",":
            whole = found.start()
    try:
        return json.loads(text[start:whole] + "".join(reversed(opened)))
    except (ValueError, RecursionError):
        return None
