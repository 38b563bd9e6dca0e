"""What a program may use, and the walk that keeps its result within JSON and within bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from plainwork.errors import CallFailed

_LARGEST_INTEGER = 2**63


@dataclass(frozen=True, slots=True)
class Limits:
    """``time_s``: of the program itself. ``memory`` and ``printed``: bytes. ``nodes`` and ``text``: how many values the
    result may hold, and how many bytes of text in all. ``depth``: how deep it may be nested."""

    time_s: float = 5.0
    memory: int = 64 * 1024 * 1024
    printed: int = 64 * 1024
    nodes: int = 200_000
    text: int = 8 * 1024 * 1024
    depth: int = 60


class Walk:
    """Copies a value into plain JSON. Raises ``CallFailed`` (``rejected``) for what is not JSON, and beyond the limits:
    every value counts each time it is met, so a small value that holds itself many times over is refused too."""

    def __init__(self, limits: Limits) -> None:
        self._nodes = limits.nodes
        self._text = limits.text
        self._depth = limits.depth

    def copy(self, value: Any, depth: int = 0) -> Any:
        """The value as JSON: tuples and sets become lists, dates ISO 8601 texts."""
        self._nodes -= 1
        if self._nodes < 0 or depth > self._depth:
            raise _refused("The result is too large, or nested too deep.", "Return less, such as a part of the list.")
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, (int, float)):
            return _number(value)
        if isinstance(value, str):
            return self._string(value)
        if isinstance(value, dict):
            return {self._key(key): self.copy(part, depth + 1) for key, part in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.copy(part, depth + 1) for part in value]
        if isinstance(value, (set, frozenset)):
            return [self.copy(part, depth + 1) for part in sorted(value, key=_set_order)]
        if isinstance(value, (date, datetime)):
            return value.isoformat()
        if isinstance(value, timedelta):
            return value.total_seconds()
        raise _refused(
            f"The result holds {_named(value)}, which is not data.", "Return texts, numbers, lists and dicts."
        )

    def _string(self, value: str) -> str:
        try:
            self._text -= len(value.encode())
        except UnicodeEncodeError:
            raise _refused("The result holds a text that is not Unicode.") from None
        if self._text < 0:
            raise _refused("The result holds too much text.", "Return less.")
        return value

    def _key(self, key: Any) -> str:
        if isinstance(key, str):
            return self._string(key)
        if key is None or isinstance(key, (bool, int, float, date, datetime)):
            return self._string(str(self.copy(key)))
        raise _refused(f"The result holds a dict with {_named(key)} as a key.", "Use texts as keys.")


def _number(value: float) -> float:
    if isinstance(value, int):
        if -_LARGEST_INTEGER <= value < _LARGEST_INTEGER:
            return value
        raise _refused("The result holds a number beyond 64 bits.", "Return it as a text.")
    if math.isfinite(value):
        return value
    raise _refused("The result holds a number that is infinite or not a number.", "Return None instead.")


def _set_order(value: Any) -> tuple[str, Any]:
    return (type(value).__name__, value) if isinstance(value, (str, int, float)) else (type(value).__name__, 0)


def _named(value: Any) -> str:
    name = type(value).__name__
    return "an object of the program's own" if name.startswith("Monty") else f"a value of type {name[:40]}"


def _refused(message: str, next_step: str | None = None) -> CallFailed:
    return CallFailed(message, failure="rejected", next_step=next_step)
