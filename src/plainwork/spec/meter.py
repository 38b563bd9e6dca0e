"""What an evaluation may cost, and the words for values: the ground of expressions and templates.

Every operation charges a :class:`Frame` before it works, so no expression takes more than about 50 ms or 16 MB,
whatever its data. Counting is exact and repeatable: no clock is read.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, NoReturn

import msgspec

from plainwork.errors import Rejected, Where
from plainwork.spec.durations import format_duration

MAX_STEPS = 100_000
MAX_BYTES = 16_000_000
MAX_INT_BITS = 1_024
MAX_DEPTH = 100
_RESULT_NODES = 250_000
_SHORT_ESCAPES = b'"\\\n\r\t\b\f'
_LONG_ESCAPES = bytes(code for code in range(32) if code not in _SHORT_ESCAPES)


class ExpressionError(Rejected):
    """An expression does not parse, or cannot be evaluated on what is in scope.

    ``source`` is the expression, ``offset`` the 0-based character in it where the trouble lies, ``path`` the key path
    concerned (``("fetch", "body", "titel")``), when there is one.
    """

    status = 422

    def __init__(
        self,
        message: str,
        *,
        next_step: str | None = None,
        offset: int | None = None,
        path: tuple[str | int, ...] = (),
        source: str | None = None,
        where: Where | None = None,
    ) -> None:
        super().__init__(message, next_step=next_step, where=where)
        self.offset = offset
        self.path = path
        self.source = source

    def as_json(self) -> dict[str, Any]:
        """As the base shape, with ``offset``, ``path`` and ``source`` where known."""
        extra = {"offset": self.offset, "path": list(self.path) or None, "source": self.source}
        return super().as_json() | {k: v for k, v in extra.items() if v is not None}


class MissingValue(ExpressionError):
    """A key, an index or a name is not there; ``default(…)`` and ``exists(…)`` take note of it."""


class Frame(msgspec.Struct, eq=False):  # a struct: there is one for each evaluation
    """One evaluation: what is in scope, the loop variables, and what is left of the budgets."""

    scope: Mapping[str, Any]
    locals: list[Any] = []
    steps: int = MAX_STEPS
    bytes: int = MAX_BYTES

    def work(self, steps: int) -> None:
        """Charge ``steps`` units of time (about half a microsecond each)."""
        self.steps -= steps
        if self.steps < 0:
            raise ExpressionError(
                "This expression does too much work.",
                next_step="Work on fewer items, or move the work to a code step.",
            )

    def grow(self, size: int) -> None:
        """Charge ``size`` bytes of new data."""
        self.bytes -= size
        if self.bytes < 0:
            raise ExpressionError(
                f"This expression makes more than {MAX_BYTES // 1_000_000} MB of data.",
                next_step="Take a part of it first, or move the work to a code step.",
            )

    def scan(self, text: str) -> None:
        """Charge one reading of ``text``."""
        self.work(1 + (len(text) >> 7))

    def search(self, whole: str, part: str) -> None:
        """Charge one search for ``part``: CPython's is quadratic below 30,000 characters, and linear above."""
        size = len(whole)
        self.work(2 + (size * min(len(part), size) >> 10 if size < 30_000 else size >> 5))

    def make_list(self, count: int) -> None:
        """Charge a new list of ``count`` small values."""
        self.work(count)
        self.grow(56 + 64 * count)


def text_size(text: str) -> int:
    """Bytes that ``text`` may take in memory (an upper bound)."""
    return 50 + (len(text) if text.isascii() else 4 * len(text))


def kind_of(value: Any) -> str:
    """What ``value`` is, in words for people: "a text", "a list", "nothing (null)" …"""
    if value is None:
        return "nothing (null)"
    for types, words in _KINDS:
        if isinstance(value, types):
            return words
    return "a value of an unknown kind"


_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "a yes/no value"),
    ((int, float), "a number"),
    (str, "a text"),
    ((list, tuple), "a list"),
    (Mapping, "an object"),
    (datetime, "a date with time"),
    (date, "a date"),
    (timedelta, "a duration"),
)


def refuse(message: str, next_step: str | None = None) -> NoReturn:
    """Raise an :class:`ExpressionError` with this message."""
    raise ExpressionError(message, next_step=next_step)


def nearest(word: str, words: Iterable[Any]) -> str | None:
    """The word of ``words`` that ``word`` was most likely meant to be. Looks at the first 200 only."""
    known = [w for _, w in zip(range(200), words, strict=False) if isinstance(w, str) and len(w) <= 60]
    lowered = {w.lower().replace("_", ""): w for w in known}
    found = difflib.get_close_matches(word[:60].lower().replace("_", ""), lowered, n=1, cutoff=0.6)
    return lowered[found[0]] if found else None


def check_number(value: Any) -> Any:
    """``value`` itself, unless it is a number too large to go on with."""
    if isinstance(value, int):
        if value.bit_length() > MAX_INT_BITS:
            refuse("This number is too large (more than 300 digits).")
    elif isinstance(value, float):
        if value - value != 0.0:
            refuse("The result is not a finite number.")
    elif isinstance(value, complex):
        refuse("The result is not a real number.")
    return value


def weigh(frame: Frame, value: Any) -> int:
    """Bytes of ``value`` written as JSON (an upper bound), each shared part visited once. Charges time, not bytes."""
    return _weigh(frame, value, {}, 0)


def _weigh(frame: Frame, value: Any, seen: dict[int, int], depth: int) -> int:
    if isinstance(value, str):
        if len(value) <= 256:
            return 6 * len(value) + 2
        if id(value) not in seen:
            seen[id(value)] = _written_size(frame, value)
        return seen[id(value)]
    if not isinstance(value, (dict, list, tuple)):
        return 8 + value.bit_length() // 3 if isinstance(value, int) else 40
    known = seen.get(id(value))
    if known is not None:
        return known
    if depth > MAX_DEPTH:
        refuse(f"This value is nested more than {MAX_DEPTH} levels deep.")
    frame.work(1 + len(value) // 2)
    total = 2
    if isinstance(value, dict):
        for key, part in value.items():
            total += 4 + (_written_size(frame, key) if isinstance(key, str) else 40)
            total += _weigh(frame, part, seen, depth + 1)
    else:
        for part in value:
            total += 2 + _weigh(frame, part, seen, depth + 1)
    seen[id(value)] = total
    return total


def _written_size(frame: Frame, text: str) -> int:
    if len(text) <= 256:
        return 6 * len(text) + 2
    frame.work(len(text) >> 7)
    escaped = 0
    for start in range(0, len(text), 1_000_000):
        part = text[start : start + 1_000_000].encode("utf-8", "surrogatepass")
        bare = part.translate(None, _SHORT_ESCAPES)
        escaped += len(part) - len(bare) + 5 * (len(bare) - len(bare.translate(None, _LONG_ESCAPES)))
    return (1 if text.isascii() else 4) * (len(text) + escaped) + 2


def check_result(value: Any) -> None:
    """Refuse a result that would be too large once written down, however small it is in memory (``[text] * 1000``)."""
    if isinstance(value, (dict, list)):
        frame = Frame({})
        frame.steps = _RESULT_NODES
        frame.grow(_weigh(frame, value, {}, 0))


def plain_text(value: Any) -> str:
    """The text of a value that is not JSON: ISO 8601 dates, durations as people write them."""
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
        return format_duration(seconds) if seconds >= 0 else "-" + format_duration(-seconds)
    raise TypeError(kind_of(value))


def to_json(frame: Frame, value: Any) -> str:
    """``value`` as JSON text; dates and durations become texts."""
    frame.grow(weigh(frame, value))
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, default=plain_text)
    except (TypeError, ValueError, OverflowError) as error:
        raise ExpressionError("This value cannot be written as JSON.") from error


def to_text(frame: Frame, value: Any) -> str:
    """``value`` as it stands in a text: a text as it is, nothing for null, dates in ISO 8601, anything else as JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, (date, datetime, timedelta)):
        return plain_text(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(check_number(value))
    return to_json(frame, value)


def json_ready(value: Any, depth: int = 0) -> Any:
    """``value`` with its dates and durations as texts, so that it is JSON throughout."""
    if isinstance(value, (date, datetime, timedelta)):
        return plain_text(value)
    if depth > MAX_DEPTH:
        refuse(f"This value is nested more than {MAX_DEPTH} levels deep.")
    if isinstance(value, dict):
        return {key: json_ready(part, depth + 1) for key, part in value.items()}
    if isinstance(value, list):
        return [json_ready(part, depth + 1) for part in value]
    return value
