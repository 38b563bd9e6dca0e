"""The loops of the expression language (``[item.name for item in list if item.ready]``), each turn charged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from plainwork.spec.meter import ExpressionError, Frame, kind_of

Closure = Callable[[Frame], Any]
Assign = Callable[[Frame, Any], None]
Emit = Callable[[Frame], None]
Loop = Callable[[Frame, Emit], None]
Round = tuple[Closure, Assign, list[Closure], int | None]
"""One ``for … in … if …``: its source, how it names an item, its tests, and its place in the text."""

_ELEMENT_BYTES = 72


def build_loop(rounds: list[Round], cost: int) -> Loop:
    """A closure that calls ``emit`` for each turn that passes all tests, charging ``cost`` steps for every turn."""

    def innermost(frame: Frame, emit: Emit) -> None:
        emit(frame)

    loop: Loop = innermost
    for one in reversed(rounds):
        loop = _wrap(one, loop, cost)
    return loop


def _wrap(one: Round, inner: Loop, cost: int) -> Loop:
    source, assign, tests, offset = one

    def run(frame: Frame, emit: Emit) -> None:
        for item in _iterate(source(frame), offset):
            frame.steps -= cost
            frame.bytes -= _ELEMENT_BYTES
            if frame.steps < 0 or frame.bytes < 0:
                frame.work(0)
                frame.grow(0)
            assign(frame, item)
            if all(test(frame) for test in tests):
                inner(frame, emit)

    return run


def _iterate(value: Any, offset: int | None) -> Any:
    if isinstance(value, (list, tuple, str, dict)):
        return value
    hint = "Use default(x, []) where it may be missing." if value is None else None
    raise ExpressionError(f"A loop runs over a list, not over {kind_of(value)}.", next_step=hint, offset=offset)


def collect_list(loop: Loop, element: Closure) -> Closure:
    """The closure of a list comprehension."""

    def run(frame: Frame) -> list[Any]:
        result: list[Any] = []
        loop(frame, lambda inner: result.append(element(inner)))
        return result

    return run


def collect_object(loop: Loop, key: Closure, value: Closure) -> Closure:
    """The closure of an object comprehension."""

    def run(frame: Frame) -> dict[str, Any]:
        result: dict[str, Any] = {}

        def emit(inner: Frame) -> None:
            name = key(inner)
            if not isinstance(name, str):
                raise ExpressionError(
                    f"A key is a text, not {kind_of(name)}.", next_step="Turn it into one with str(…)."
                )
            result[name] = value(inner)

        loop(frame, emit)
        return result

    return run
