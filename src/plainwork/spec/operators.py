"""The operators of the expression language on JSON values and dates: metered, total, with errors in plain words."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from plainwork.spec.meter import (
    MAX_DEPTH,
    MAX_INT_BITS,
    ExpressionError,
    Frame,
    MissingValue,
    check_number,
    kind_of,
    nearest,
    refuse,
    text_size,
)

Operator = Callable[[Frame, Any, Any], Any]
Key = str | int
_DATE_PARTS: dict[str, Callable[[Any], Any]] = {
    name: operator.attrgetter(name) for name in ("year", "month", "day", "hour", "minute", "second")
}
_DATE_PARTS["weekday"] = lambda value: value.isoweekday()
_DURATION_PARTS: dict[str, Callable[[timedelta], Any]] = {
    "days": lambda value: value.days,
    "total_seconds": lambda value: value.total_seconds(),
}


def write_path(path: Sequence[Key]) -> str:
    """A key path as expressions write it: ``fetch.body["a b"][0]``."""
    text = ""
    for key in path:
        if isinstance(key, str) and key.isidentifier():
            text += f".{key}" if text else key
        else:
            text += f"[{key}]" if isinstance(key, int) else f'["{key[:80]}"]'
    return text


def walk(value: Any, keys: Sequence[Key], path: tuple[Key, ...]) -> Any:
    """``value`` followed along ``keys``, slowly, with an exact error. ``path`` is how ``value`` itself was reached."""
    for spot, key in enumerate(keys):
        value = look_up(value, key, (*path, *keys[:spot]))
    return value


def look_up(value: Any, key: Any, path: tuple[Key, ...] = ()) -> Any:
    """One key of an object, one index of a list or text, or one part of a date. Raises MissingValue."""
    if isinstance(key, str):
        return _look_up_key(value, key, path)
    if isinstance(key, int) and not isinstance(key, bool):
        return _look_up_index(value, key, path)
    raise ExpressionError(f"A key is a text or a whole number, not {kind_of(key)}.", path=path)


def _look_up_key(value: Any, key: str, path: tuple[Key, ...]) -> Any:
    if isinstance(value, Mapping):
        try:
            return value[key]
        except KeyError:
            raise _missing_key(value, key, path) from None
    parts: Mapping[str, Callable[[Any], Any]] = {}
    if isinstance(value, date):
        parts = _DATE_PARTS
    elif isinstance(value, timedelta):
        parts = _DURATION_PARTS
    if key in parts and (isinstance(value, (datetime, timedelta)) or key not in ("hour", "minute", "second")):
        return parts[key](value)
    name = write_path(path) or "the value"
    hint = None
    if isinstance(value, list):
        hint = f"Take one item with [0], or all of them with [item.{key} for item in {name}]."
    raise MissingValue(f"{name} is {kind_of(value)}, so it has no {key[:80]}.", next_step=hint, path=(*path, key))


def _missing_key(value: Mapping[Any, Any], key: str, path: tuple[Key, ...]) -> MissingValue:
    full = (*path, key)
    near = nearest(key, value)
    if near is not None:
        hint = f"Did you mean {write_path((*path, near))}?"
    elif value:
        names = [str(name)[:40] for _, name in zip(range(8), value, strict=False)]
        hint = f"It has {', '.join(names)}{' …' if len(value) > len(names) else ''}."
    else:
        hint = "It is empty."
    shown = key[:80]
    if not path:
        return MissingValue(f"Nothing here has the key {shown}.", next_step=hint, path=full)
    return MissingValue(f"{write_path(path)} has no {shown}.", next_step=hint, path=full)


def _look_up_index(value: Any, key: int, path: tuple[Key, ...]) -> Any:
    name = write_path(path) or "the value"
    if not isinstance(value, (list, tuple, str)):
        raise MissingValue(f"{name} is {kind_of(value)}, so it has no item {key}.", path=path)
    try:
        return value[key]
    except (IndexError, OverflowError):
        what = "character" if isinstance(value, str) else "item"
        count = f"{len(value)} {what}{'' if len(value) == 1 else 's'}" if value else f"no {what}s"
        hint = f"Counting starts at 0; the last {what} is [-1]." if value else None
        raise MissingValue(
            f"{name} has {count}, so there is no [{str(key)[:20]}].", next_step=hint, path=path
        ) from None


def cut(frame: Frame, value: Any, bounds: slice) -> Any:
    """A slice of a list or a text; ``bounds`` holds whole numbers or None."""
    for bound in (bounds.start, bounds.stop, bounds.step):
        if bound is not None and (isinstance(bound, bool) or not isinstance(bound, int)):
            refuse(f"The bounds of a part are whole numbers, not {kind_of(bound)}.")
    if bounds.step == 0:
        refuse("The step of a part cannot be 0.")
    if not isinstance(value, (list, str)):
        refuse(f"A part [a:b] is taken of a list or a text, not of {kind_of(value)}.")
    count = len(range(*bounds.indices(len(value))))
    frame.work(1 + (count >> 6))
    frame.grow(50 + (4 if isinstance(value, str) else 8) * count)
    return value[bounds]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float))


def _mismatch(sign: str, left: Any, right: Any, hint: str | None = None) -> ExpressionError:
    return ExpressionError(f"{kind_of(left).capitalize()} {sign} {kind_of(right)} has no meaning.", next_step=hint)


def _calculate(sign: str, action: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    check_number(left)
    check_number(right)
    try:
        return check_number(action(left, right))
    except ZeroDivisionError:
        raise ExpressionError("Division by zero.", next_step=f"Test it first: a {sign} b if b != 0 else 0.") from None
    except OverflowError:
        raise ExpressionError("The result is too large a number.") from None


def _add(frame: Frame, left: Any, right: Any) -> Any:
    if _is_number(left) and _is_number(right):
        return _calculate("+", operator.add, left, right)
    if isinstance(left, str) and isinstance(right, str):
        frame.grow(text_size(left) + text_size(right))
        return left + right
    if isinstance(left, list) and isinstance(right, list):
        frame.work((len(left) + len(right)) >> 4)
        frame.grow(56 + 8 * (len(left) + len(right)))
        return left + right
    if isinstance(left, (date, timedelta)) and isinstance(right, (date, timedelta)):
        return _reckon(operator.add, "+", left, right)
    hint = None
    if isinstance(left, str) or isinstance(right, str):
        hint = "Turn the other side into a text with str(…)."
    raise _mismatch("+", left, right, hint)


def _subtract(frame: Frame, left: Any, right: Any) -> Any:
    if _is_number(left) and _is_number(right):
        return _calculate("-", operator.sub, left, right)
    if isinstance(left, (date, timedelta)) and isinstance(right, (date, timedelta)):
        return _reckon(operator.sub, "-", left, right)
    raise _mismatch("-", left, right)


def _reckon(action: Callable[[Any, Any], Any], sign: str, left: Any, right: Any) -> Any:
    if isinstance(left, date) and isinstance(right, timedelta) and not isinstance(left, datetime):
        left = datetime(left.year, left.month, left.day)
        result = _reckon(action, sign, left, right)
        return result.date() if result.time() == datetime.min.time() else result
    try:
        return action(left, right)
    except TypeError:
        hint = "Use datetime(…) on both sides." if isinstance(right, date) else None
        raise _mismatch(sign, left, right, hint) from None
    except OverflowError:
        raise ExpressionError("This date lies outside the years 1 to 9999.") from None


def _multiply(frame: Frame, left: Any, right: Any) -> Any:
    if _is_number(left) and _is_number(right):
        return _calculate("*", operator.mul, left, right)
    if isinstance(left, int) and isinstance(right, (str, list)):
        left, right = right, left
    if isinstance(left, (str, list)) and isinstance(right, int):
        times = max(0, right)
        if isinstance(left, str):
            frame.grow(text_size(left) * times if left else 50)
        else:
            frame.work(len(left) * times >> 4)
            frame.grow(56 + 8 * len(left) * times)
        return left * (times if left else 0)
    if isinstance(left, timedelta) and _is_number(right):
        return _reckon(operator.mul, "*", left, check_number(right))
    raise _mismatch("*", left, right)


def _numeric(sign: str, action: Callable[[Any, Any], Any]) -> Operator:
    def run(frame: Frame, left: Any, right: Any) -> Any:
        if not _is_number(left) or not _is_number(right):
            raise _mismatch(sign, left, right)
        return _calculate(sign, action, left, right)

    return run


def _divide(frame: Frame, left: Any, right: Any) -> Any:
    if isinstance(left, timedelta) and isinstance(right, timedelta):
        if not right:
            refuse("Division by a duration of nothing.")
        return left / right
    if not _is_number(left) or not _is_number(right):
        raise _mismatch("/", left, right)
    return _calculate("/", operator.truediv, left, right)


def _power(base: Any, exponent: Any) -> Any:
    if isinstance(base, int) and isinstance(exponent, int) and base.bit_length() * abs(exponent) > 4 * MAX_INT_BITS:
        if abs(base) > 1:
            raise OverflowError
        exponent = exponent % 2 + (2 if exponent > 0 else -2)
    return base**exponent


ARITHMETIC: dict[str, tuple[str, Operator]] = {
    "Add": ("+", _add),
    "Sub": ("-", _subtract),
    "Mult": ("*", _multiply),
    "Div": ("/", _divide),
    "FloorDiv": ("//", _numeric("//", operator.floordiv)),
    "Mod": ("%", _numeric("%", operator.mod)),
    "Pow": ("**", _numeric("**", _power)),
}
"""Binary operators by the name of their syntax node."""


def negate(frame: Frame, value: Any) -> Any:
    """``-value`` of a number or a duration."""
    if not isinstance(value, (int, float, timedelta)):
        refuse(f"There is no minus of {kind_of(value)}.")
    return -check_number(value)


def affirm(frame: Frame, value: Any) -> Any:
    """``+value`` of a number."""
    if not _is_number(value):
        refuse(f"There is no plus of {kind_of(value)}.")
    return +check_number(value)


def equal(frame: Frame, left: Any, right: Any) -> bool:
    """Whether two values are the same, all the way down. Values of different kinds are different, never an error."""
    return _equal(frame, left, right, 0)


def _equal(frame: Frame, left: Any, right: Any, depth: int) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        if len(left) != len(right):
            return False
        frame.scan(left)
        return left == right
    if not isinstance(left, (list, dict)) or type(left) is not type(right):
        return not isinstance(left, (list, dict)) and not isinstance(right, (list, dict)) and bool(left == right)
    if len(left) != len(right):
        return False
    if depth > MAX_DEPTH:
        refuse(f"This value is nested more than {MAX_DEPTH} levels deep.")
    frame.work(1 + len(left))
    if isinstance(left, list):
        return all(_equal(frame, a, b, depth + 1) for a, b in zip(left, right, strict=True))
    return all(key in right and _equal(frame, part, right[key], depth + 1) for key, part in left.items())


def differ(frame: Frame, left: Any, right: Any) -> bool:
    """Not :func:`equal`."""
    return not _equal(frame, left, right, 0)


def contains(frame: Frame, part: Any, whole: Any) -> bool:
    """``part in whole``: a text in a text, a value in a list, a key in an object."""
    if isinstance(whole, str):
        if not isinstance(part, str):
            refuse(f"Only a text can be in a text, not {kind_of(part)}.", "Turn it into a text with str(…).")
        frame.search(whole, part)
        return part in whole
    if isinstance(whole, list):
        frame.work(1 + len(whole))
        return any(_equal(frame, part, item, 1) for item in whole)
    if isinstance(whole, Mapping):
        return isinstance(part, str) and part in whole
    refuse(f"Nothing can be in {kind_of(whole)}: “in” looks into a text, a list or the keys of an object.")


def _absent(frame: Frame, part: Any, whole: Any) -> bool:
    return not contains(frame, part, whole)


def _ordering(sign: str, action: Callable[[Any, Any], Any]) -> Operator:
    def run(frame: Frame, left: Any, right: Any) -> bool:
        if isinstance(left, (int, float)) and isinstance(right, (int, float)):
            return bool(action(left, right))
        if isinstance(left, str) and isinstance(right, str):
            frame.scan(left)
            return bool(action(left, right))
        if isinstance(left, (date, timedelta)) and isinstance(right, (date, timedelta)):
            return bool(_reckon(action, sign, left, right))
        raise ExpressionError(
            f"{kind_of(left).capitalize()} and {kind_of(right)} have no order, so {sign} cannot compare them.",
            next_step="Turn a text into a number with float(…), or give what may be missing a value: default(x, 0).",
        )

    return run


COMPARISONS: dict[str, Operator] = {
    "Eq": equal,
    "NotEq": differ,
    "Lt": _ordering("<", operator.lt),
    "LtE": _ordering("<=", operator.le),
    "Gt": _ordering(">", operator.gt),
    "GtE": _ordering(">=", operator.ge),
    "In": contains,
    "NotIn": _absent,
}
"""Comparisons by the name of their syntax node."""
