"""What loops decide: which turns to begin, and what the loop's result is once they have ended.

A loop object belongs to one run of one loop step. It only decides; the progress opens the turns and reports their end.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol, cast

import msgspec

from plainwork.engine.plan.graph import GraphStep, Scope
from plainwork.engine.plan.records import Failure
from plainwork.errors import Invalid, PlainworkError
from plainwork.spec.durations import parse_duration

_NOTHING: Any = object()


class Turn(msgspec.Struct, frozen=True):
    """One turn to begin: the names its steps see besides those around (None: they share them), and not before when."""

    index: int
    names: dict[str, Any] | None = None
    not_before: float | None = None


class Ended(msgspec.Struct, frozen=True):
    """How a turn ended: its result or failure, when (epoch s), and the names its steps saw and set."""

    index: int
    output: Any
    failure: Failure | None
    at: float
    names: Mapping[str, Any]


class Next(msgspec.Struct, frozen=True):
    """What follows: turns to begin, or the end of the loop with its output or failure."""

    turns: tuple[Turn, ...] = ()
    is_over: bool = False
    output: Any = None
    failure: Failure | None = None


_WAIT = Next()


class Loop(Protocol):
    """A loop in progress."""

    def begin(self) -> Next:
        """The first turns, or the end when there are none."""

    def ended(self, turn: Ended) -> Next:
        """What follows the end of one turn."""


class Foreach:
    """A turn per item, ``at_once`` of them side by side, results in the items' order."""

    def __init__(self, step: GraphStep, config: Mapping[str, Any]) -> None:
        self._items = _items(config.get("items"))
        self._name = str(config.get("as", "item"))
        self._at_once = _count(config, "at_once", 1)
        self._on_error: Literal["stop", "skip", "collect"] = _on_item_error(config)
        self._title = step.title
        self._results: list[Any] = [_NOTHING] * len(self._items)
        self._failures: dict[int, Failure] = {}
        self._next = 0
        self._open = 0

    def begin(self) -> Next:
        """The first ``at_once`` turns."""
        if not self._items:
            return self._over()
        return Next(tuple(self._turn() for _ in range(min(self._at_once, len(self._items)))))

    def ended(self, turn: Ended) -> Next:
        """Begin the next item, or finish when this was the last; after a failure that stops, begin no more."""
        self._open -= 1
        if turn.failure is not None:
            self._failures[turn.index] = turn.failure
        else:
            self._results[turn.index] = turn.output
        stopped = bool(self._failures) and self._on_error == "stop"
        if self._next < len(self._items) and not stopped:
            return Next((self._turn(),))
        if self._open:
            return _WAIT
        return self._stopped() if stopped else self._over()

    def _turn(self) -> Turn:
        index = self._next
        self._next += 1
        self._open += 1
        item = self._items[index]
        return Turn(index, {"item": item, self._name: item, "index": index})

    def _over(self) -> Next:
        collect = self._on_error == "collect"
        errors = [
            {"index": i, "item": self._items[i], "kind": failure.kind, "message": failure.message}
            for i, failure in sorted(self._failures.items())
        ]
        results = [result for result in self._results if result is not _NOTHING]
        return Next(
            is_over=True,
            output={"results": results, "errors": errors if collect else [], "count": len(self._items)},
        )

    def _stopped(self) -> Next:
        index = min(self._failures)
        return Next(is_over=True, failure=_inside(self._failures[index], f"Item {index + 1} of “{self._title}” failed"))


class Repeat:
    """Turn after turn until the condition holds, ``max`` of them at most, with a wait between them."""

    def __init__(self, step: GraphStep, config: Mapping[str, Any]) -> None:
        self._step = step
        self._max = _count(config, "max", 1)
        self._wait_s = _seconds(config.get("wait"))
        self._results: list[Any] = []

    def begin(self) -> Next:
        """The first turn."""
        return Next((self._turn(None, None),))

    def ended(self, turn: Ended) -> Next:
        """Finish when the condition holds, the turns are used up or the turn failed; else begin another."""
        if turn.failure is not None:
            title = f"Round {turn.index + 1} of “{self._step.title}” failed"
            return Next(is_over=True, failure=_inside(turn.failure, title))
        self._results.append(turn.output)
        try:
            enough = self._is_enough(turn)
        except PlainworkError as error:
            message = f"The condition “until” of “{self._step.title}” cannot be worked out: {error.message}"
            return Next(is_over=True, failure=Failure("rejected", message, error.next_step))
        if enough or len(self._results) >= self._max:
            output = {"results": self._results, "last": turn.output, "count": len(self._results)}
            return Next(is_over=True, output=output)
        not_before = turn.at + self._wait_s if self._wait_s else None
        return Next((self._turn(turn.output, not_before),))

    def _turn(self, last: Any, not_before: float | None) -> Turn:
        index = len(self._results)
        return Turn(index, {"index": index, "last": last}, not_before)

    def _is_enough(self, turn: Ended) -> bool:
        if self._step.until is None:
            return False
        known = {"last": turn.output, "index": turn.index, "results": self._results}
        return bool(self._step.until.evaluate(Scope(known, turn.names)))


class Group:
    """A named box: one turn that shares the names around it."""

    def begin(self) -> Next:
        """The only turn."""
        return Next((Turn(0),))

    def ended(self, turn: Ended) -> Next:
        """Over, with what the box's last step gave."""
        return Next(is_over=True, output=turn.output, failure=turn.failure)


def loop_of(step: GraphStep, scope: Mapping[str, Any]) -> Loop:
    """The loop that a step begins. Raises ``Rejected`` when its configuration cannot be worked out for these names."""
    if step.holds == "group":
        return Group()
    config = step.config.render(scope)
    return Foreach(step, config) if step.holds == "foreach" else Repeat(step, config)


def _items(items: Any) -> list[Any]:
    if isinstance(items, (list, tuple)):
        return cast("list[Any]", items)
    kind = {type(None): "nothing", dict: "an object", str: "a text", bool: "a yes/no"}.get(type(items), "a number")
    raise Invalid(f"items: a list is needed, this is {kind}.", next_step="Name a list, such as `fetch.body.posts`.")


def _count(config: Mapping[str, Any], key: str, default: int) -> int:
    value = config.get(key, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 1 or value != int(value):
        raise Invalid(f"{key}: a whole number of at least 1 is needed, this is {value!r}.")
    return int(value)


def _on_item_error(config: Mapping[str, Any]) -> Literal["stop", "skip", "collect"]:
    value = config.get("on_item_error", "stop")
    if value not in ("stop", "skip", "collect"):
        raise Invalid(f"on_item_error: stop, skip or collect is needed, this is {value!r}.")
    return cast('Literal["stop", "skip", "collect"]', value)


def _seconds(wait: Any) -> float:
    if wait is None or (isinstance(wait, (int, float)) and not isinstance(wait, bool)):
        return float(wait or 0)
    try:
        return parse_duration(str(wait))
    except ValueError as error:
        raise Invalid(f"wait: {error}") from error


def _inside(failure: Failure, title: str) -> Failure:
    return msgspec.structs.replace(failure, message=f"{title}: {failure.message}", retry_after_s=None)
