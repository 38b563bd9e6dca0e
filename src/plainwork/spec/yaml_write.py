"""Writes JSON values as YAML the way the house reads it: flow style where it fits the line, else block style.

Every text that YAML (1.1 or 1.2) could take for something else is quoted, so any reader gives back the same value.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

WIDTH = 120

_START = r"(?:[A-Za-z0-9_/($]|[^\x00-\x7f])"
_FLOW_REST = r"[A-Za-z0-9 _\-./()+@%$^~;=<>&!?*'\"|\\]|[^\x00-\x7f]"
_FLOW_PLAIN = re.compile(rf"{_START}(?:{_FLOW_REST})*\Z")
_BLOCK_PLAIN = re.compile(rf"{_START}(?:{_FLOW_REST}|[,\[\]]|:(?=[^ ]))*\Z")
_NUMBER_LIKE = re.compile(r"[0-9][0-9_:.,+\-eExXoOa-fA-F TZtz]*\Z")
_TAKEN = frozenset({"", "null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf"})
_SHORT = {"\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\", "\0": "\\0"}
_SHOWN_THOUGH_INVISIBLE = frozenset("‌‍")
_BROKEN_TEMPLATE = re.compile(r"\{\{[^}]*\n")
_LITERAL_LINE = re.compile(r"\S.*\Z")


def inline(value: Any, *, flow: bool = False) -> str:
    """The value on one line; ``flow`` tells that it will stand inside brackets, where fewer texts can go unquoted."""
    if isinstance(value, str):
        return value if _is_plain(value, flow) else quoted(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key_text(k)}: {inline(v, flow=True)}" for k, v in value.items()) + "}"
    if isinstance(value, Sequence):
        return "[" + ", ".join(inline(v, flow=True) for v in value) + "]"
    return number_text(value)


def number_text(value: Any) -> str:
    """A number, a boolean or null, as JSON writes it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value)


def key_text(key: str) -> str:
    """A mapping key: bare where every reader takes it for the same text."""
    return key if _is_plain(key, True) else quoted(key)


def quoted(text: str) -> str:
    """The text in double quotes; what is invisible or breaks lines is escaped."""
    if text.isprintable():
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return '"' + "".join(_escaped(c) for c in text) + '"'


def _escaped(char: str) -> str:
    if char in _SHORT:
        return _SHORT[char]
    if char.isprintable() or char in _SHOWN_THOUGH_INVISIBLE:
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _is_plain(text: str, flow: bool) -> bool:
    if text.lower() in _TAKEN or text[-1] == " " or _NUMBER_LIKE.match(text) or not text.isprintable():
        return False
    return (_FLOW_PLAIN if flow else _BLOCK_PLAIN).match(text) is not None


def block(mapping: Mapping[str, Any], *, indent: int = 0, spread: Collection[str] = ()) -> list[str]:
    """The mapping as lines, one key a line or more; ``spread`` names keys whose mappings never go on one line."""
    lines: list[str] = []
    for key, value in mapping.items():
        lines += entry(key, value, indent=indent, spread=key in spread)
    return lines


def entry(key: str, value: Any, *, indent: int = 0, spread: bool = False) -> list[str]:
    """``key: value`` as lines at an indentation."""
    head = " " * indent + key_text(key) + ":"
    first, *rest = _value(value, indent, WIDTH - len(head) - 1, spread and isinstance(value, Mapping) and bool(value))
    return [f"{head} {first}" if first else head, *rest]


def _value(value: Any, indent: int, width: int, spread: bool) -> list[str]:
    """What follows ``key:``: the rest of its line ("" when the value starts below), then the lines below."""
    if isinstance(value, str):
        return _text(value, indent)
    if not isinstance(value, Mapping | Sequence) or not value:
        return [inline(value)]
    if not spread and not _has_lines(value):
        line = inline(value)
        if len(line) <= width:
            return [line]
    if isinstance(value, Mapping):
        return ["", *block(value, indent=indent + 2)]
    return ["", *(line for item in value for line in list_item(item, indent + 2))]


def list_item(item: Any, indent: int) -> list[str]:
    """``- item`` as lines at an indentation."""
    first, *rest = _value(item, indent, WIDTH - indent - 2, False)
    if not first:  # a mapping or list below: its first line moves up beside the dash
        first, *rest = rest if rest[0].startswith(" " * (indent + 2)) else [f"  {line}" for line in rest]
        first = first[indent + 2 :]
    return [f"{' ' * indent}- {first}", *rest]


def _text(text: str, indent: int) -> list[str]:
    body = text[:-1] if text.endswith("\n") else text
    lines = body.split("\n")
    if (
        "\n" not in body
        or not lines[-1]
        or not _LITERAL_LINE.match(lines[0])
        or not all(_may_be_literal(line) for line in lines)
    ):
        return [inline(text)]
    return ["|" if body is not text else "|-", *(" " * (indent + 2) + line if line else "" for line in lines)]


def _may_be_literal(line: str) -> bool:
    return not line or (bool(line.strip()) and line.isprintable())


def _has_lines(value: Any) -> bool:
    if isinstance(value, str):
        return "\n" in value
    if isinstance(value, Mapping):
        return any(_has_lines(v) for v in value.values())
    return isinstance(value, Sequence) and any(_has_lines(v) for v in value)
