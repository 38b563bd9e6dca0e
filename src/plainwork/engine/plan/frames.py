"""The moving parts of a run: the state of each step, and frames: the steps of one level, or of one turn of a loop."""

from __future__ import annotations

import enum
from collections.abc import Iterable, MutableMapping
from typing import Any

from plainwork.engine.plan.graph import GraphStep, Level
from plainwork.engine.plan.loops import Loop
from plainwork.engine.plan.records import Failure


class Status(enum.Enum):
    """Where a step stands. ``PASSED``: passed over on purpose; ``SKIPPED``: no route led to it."""

    IDLE = enum.auto()
    DUE = enum.auto()
    SUCCEEDED = enum.auto()
    FAILED = enum.auto()
    PASSED = enum.auto()
    SKIPPED = enum.auto()


class State:
    """One step in one frame. ``pending``: edges not settled yet; ``sources``: steps whose edge to here was taken."""

    __slots__ = (
        "attempt",
        "error",
        "error_from",
        "failure",
        "frame",
        "loop",
        "outcome",
        "output",
        "path",
        "pending",
        "sources",
        "started",
        "status",
        "step",
    )

    def __init__(self, step: GraphStep, frame: Frame) -> None:
        self.step = step
        self.frame = frame
        self.path = frame.prefix + step.id
        self.status = Status.IDLE
        self.pending = step.incoming
        self.sources: list[int] = []
        self.attempt = 1
        self.started = False
        self.output: Any = None
        self.outcome: str | None = None
        self.failure: Failure | None = None
        self.error: dict[str, Any] | None = None
        self.error_from = -1
        self.loop: Loop | None = None

    def note_error(self, source: int, error: dict[str, Any] | None) -> None:
        """Keep the error that led here; of several, that of the step that stands first."""
        if error is not None and (self.error is None or source < self.error_from):
            self.error, self.error_from = error, source


class Frame:
    """The steps of the run, or of one turn of a loop. ``active``: steps reached whose routes are not followed yet;
    ``at``: the latest time (epoch s) noted in it; ``not_before``: when its first steps may be taken."""

    __slots__ = (
        "active",
        "at",
        "failure",
        "failure_from",
        "index",
        "level",
        "names",
        "not_before",
        "parent",
        "prefix",
        "states",
    )

    def __init__(
        self, level: Level, prefix: str, names: MutableMapping[str, Any], parent: State | None = None, index: int = 0
    ) -> None:
        self.level = level
        self.prefix = prefix
        self.names = names
        self.parent = parent
        self.index = index
        self.states: list[State | None] = [None] * len(level.steps)
        self.active = 0
        self.at = 0.0
        self.not_before: float | None = None
        self.failure: Failure | None = None
        self.failure_from = -1

    def state(self, index: int) -> State:
        """The state of the step at this position, made when first asked for."""
        state = self.states[index]
        if state is None:
            state = self.states[index] = State(self.level.steps[index], self)
        return state

    def fail(self, source: int, failure: Failure) -> None:
        """Note a failure that nothing handles; of several, that of the step that stands first counts."""
        if self.failure is None or source < self.failure_from:
            self.failure, self.failure_from = failure, source

    def lacks(self, names: Iterable[str]) -> bool:
        """Whether one of these names is a step here that has not succeeded."""
        by_name = {step.name: step.index for step in self.level.steps}
        return any(name in by_name and self.state(by_name[name]).status is not Status.SUCCEEDED for name in names)

    def revive(self, first: GraphStep) -> None:
        """Forget that ``first`` and the steps it leads to were skipped, so that they can be reached after all."""
        reset = {first.index}
        for step in self.level.order:
            if step.index in reset:
                reset.update(t for t in step.routes.targets if t is not None and self._may_revive(t))
        for index in reset:
            self.states[index] = None
        for index in reset:
            self.state(index).pending = 0
        for index in reset:
            for target in self.level.steps[index].routes.targets:
                if target in reset:
                    self.state(target).pending += 1

    def _may_revive(self, index: int) -> bool:
        return self.state(index).status in (Status.IDLE, Status.SKIPPED)


def terminals(frame: Frame) -> list[State]:
    """The steps that ended the frame: succeeded, and led to no step that ran. In the order of the document."""
    if len(frame.level.steps) == 1:
        only = frame.states[0]
        return [only] if only is not None and only.status is Status.SUCCEEDED else []
    led_on: set[int] = set()
    for step in reversed(frame.level.order):
        state = frame.states[step.index]
        if state is None:
            continue
        ran = state.status in (Status.SUCCEEDED, Status.FAILED)
        if ran or (state.status is Status.PASSED and step.index in led_on):
            led_on.update(state.sources)
    return [s for s in frame.states if s is not None and s.status is Status.SUCCEEDED and s.step.index not in led_on]


def response_order(state: State) -> tuple[int, ...]:
    """A key that sorts steps of a run, inner ones too, by their place in the document and their turn."""
    order: list[int] = []
    at: State | None = state
    while at is not None:
        order += (at.step.index, at.frame.index)
        at = at.frame.parent
    return tuple(reversed(order))
