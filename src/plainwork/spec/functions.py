"""The fixed list of pure functions that expressions may call: :data:`FUNCTIONS`, a table that also documents them.

Each takes the evaluation's :class:`Frame` first and charges it before it works.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from plainwork.spec.meter import (
    ExpressionError,
    Frame,
    check_number,
    kind_of,
    refuse,
    to_text,
)

Action = Callable[..., Any]
_Any = TypeVar("_Any", bound=Action)


class Function(NamedTuple):
    """One entry of the table: what runs, one sentence about it, and how it is called."""

    call: Action
    doc: str
    signature: str
    selects: bool
    """The result holds parts of the first argument, each once: no larger than what was given."""


FUNCTIONS: dict[str, Function] = {}
"""Every function by name. The compiler lets ``default`` and ``exists`` see a missing value as null."""


def function(signature: str, selects: bool = False) -> Callable[[_Any], _Any]:
    """Enter the decorated function into the table under the name in ``signature``; its docstring documents it."""

    def enter(call: _Any) -> _Any:
        name = signature.partition("(")[0]
        FUNCTIONS[name] = Function(call, " ".join((call.__doc__ or "").split()), signature, selects)
        return call

    return enter


def want_text(value: Any, name: str) -> str:
    """``value`` if it is a text; else an error naming the function."""
    if isinstance(value, str):
        return value
    refuse(f"{name} works on a text, and got {kind_of(value)}.", "Turn it into a text with str(…)." if value else None)


def want_list(value: Any, name: str) -> list[Any]:
    """``value`` if it is a list; else an error naming the function."""
    if isinstance(value, list):
        return value
    if isinstance(value, tuple):
        return list(value)
    hint = "Use keys(…), values(…) or items(…) for an object." if isinstance(value, dict) else None
    refuse(f"{name} works on a list, and got {kind_of(value)}.", hint)


def want_object(value: Any, name: str) -> dict[str, Any]:
    """``value`` if it is an object; else an error naming the function."""
    if isinstance(value, dict):
        return value
    refuse(f"{name} works on an object, and got {kind_of(value)}.")


def want_number(value: Any, name: str) -> Any:
    """``value`` if it is a number; else an error naming the function."""
    if isinstance(value, (int, float)):
        return check_number(value)
    refuse(f"{name} works on a number, and got {kind_of(value)}.", "Turn a text into a number with float(…).")


def want_count(value: Any, name: str, top: int = 10_000_000) -> int:
    """``value`` if it is a whole number from 0 to ``top``; else an error naming the function."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= top:
        return value
    refuse(f"{name} needs a whole number from 0 to {top}.")


# Kinds and numbers


@function("len(value)")
def length(frame: Frame, value: Any) -> int:
    """How many characters, items or keys there are."""
    if isinstance(value, (str, list, dict, tuple)):
        return len(value)
    refuse(f"{kind_of(value).capitalize()} has no length.", "Use default(x, []) where it may be missing.")


@function("str(value)")
def to_str(frame: Frame, value: Any) -> str:
    """The value as text, as it would stand in a mixed text: null is empty, lists and objects are JSON."""
    return to_text(frame, value)


@function("int(value)")
def to_int(frame: Frame, value: Any) -> int:
    """A whole number of a number (cut towards zero) or of a text such as "42"."""
    number = value
    if isinstance(value, str):
        number = _read_number(value, int if value.strip().lstrip("+-").isdigit() else float)
    if not isinstance(number, (int, float)):
        refuse(f"int works on a number or a text, and got {kind_of(value)}.")
    return int(check_number(number))


@function("float(value)")
def to_float(frame: Frame, value: Any) -> float:
    """A number of a number or of a text such as "4.2"."""
    if isinstance(value, str):
        return float(check_number(_read_number(value, float)))
    return _as_float(want_number(value, "float"))


def _as_float(value: Any) -> float:
    try:
        return float(check_number(float(value)))
    except OverflowError:
        raise ExpressionError("This number is too large.") from None


def _read_number(text: str, read: Callable[[str], Any]) -> Any:
    clean = text.strip()
    try:
        if len(clean) > 300 or "_" in clean:
            raise ValueError
        return check_number(read(clean))
    except ValueError:
        shown = clean if len(clean) <= 40 else clean[:39] + "…"
        raise ExpressionError(
            f"“{shown}” is not a number.", next_step="Write digits with a point, such as 4.2."
        ) from None


@function("bool(value)")
def to_bool(frame: Frame, value: Any) -> bool:
    """Whether there is something: false for null, false, 0, and empty texts, lists and objects."""
    return bool(value)


@function("type_of(value)")
def type_of(frame: Frame, value: Any) -> str:
    """The kind of a value: null, boolean, number, text, list, object, date, datetime or duration."""
    words = kind_of(value)
    return _TYPE_NAMES.get(words, "unknown")


_TYPE_NAMES = {
    "nothing (null)": "null",
    "a yes/no value": "boolean",
    "a number": "number",
    "a text": "text",
    "a list": "list",
    "an object": "object",
    "a date with time": "datetime",
    "a date": "date",
    "a duration": "duration",
}


@function("round(number, digits=0)")
def round_to(frame: Frame, number: Any, digits: Any = None) -> Any:
    """The number rounded, halves to the even side; a whole number unless digits are given."""
    want_number(number, "round")
    if digits is None:
        return round(number)
    if isinstance(digits, bool) or not isinstance(digits, int) or abs(digits) > 300:
        refuse("round needs digits between -300 and 300.")
    return check_number(round(number, digits))


@function("abs(number)")
def absolute(frame: Frame, number: Any) -> Any:
    """The number without its sign."""
    return abs(want_number(number, "abs"))


@function("floor(number)")
def floor(frame: Frame, number: Any) -> int:
    """The next whole number down."""
    whole: int = math.floor(want_number(number, "floor"))
    return whole


@function("ceil(number)")
def ceiling(frame: Frame, number: Any) -> int:
    """The next whole number up."""
    whole: int = math.ceil(want_number(number, "ceil"))
    return whole


@function("format_number(number, digits=2, thousands=',', point='.')")
def format_number(frame: Frame, number: Any, digits: Any = 2, thousands: Any = ",", point: Any = ".") -> str:
    """The number as people write it: 1,234.50."""
    value = want_number(number, "format_number")
    text = f"{value:,.{want_count(digits, 'format_number digits', 20)}f}"
    marks = {",": want_text(thousands, "format_number"), ".": want_text(point, "format_number")}
    if any(len(mark) > 3 for mark in marks.values()):
        refuse("format_number takes marks of at most three characters.")
    return "".join(marks.get(letter, letter) for letter in text)


@function("default(value, fallback)")
def default(frame: Frame, value: Any, fallback: Any) -> Any:
    """The value, and the fallback when it is null or any part of its path is not there."""
    return fallback if value is None else value


@function("exists(value)")
def exists(frame: Frame, value: Any) -> bool:
    """Whether there is a value: false when it is null or any part of its path is not there."""
    return value is not None
