"""Values as people read them: what a mail shows when its body is a list or a table instead of a text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MOST_DEPTH = 12


def readable(value: Any, depth: int = 0) -> str:
    """A text stands as it is; mappings become ``name: value`` lines, lists become items; nothing is left out."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if depth >= _MOST_DEPTH or not isinstance(value, Mapping | list | tuple) or not value:
        return "" if value in ({}, [], ()) else str(value)
    if isinstance(value, Mapping):
        return "\n".join(_field(str(name), part, depth) for name, part in value.items())
    if any(isinstance(item, Mapping) for item in value):
        return "\n\n".join(readable(item, depth + 1) for item in value)
    return "\n".join(f"- {_indented(readable(item, depth + 1))}" for item in value)


def _field(name: str, value: Any, depth: int) -> str:
    shown = readable(value, depth + 1)
    return f"{name}:\n  {_indented(shown)}" if "\n" in shown else f"{name}: {shown}".rstrip()


def _indented(text: str) -> str:
    return text.replace("\n", "\n  ")
