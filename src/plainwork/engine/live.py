"""What goes on in one run right now and is not journaled: which steps are under way, and what models are saying in them.

A run that nobody watches pays a dictionary entry a step for it. Who joins in the middle is told what is under way and
what was said so far.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from plainwork.engine.events import Event

if TYPE_CHECKING:
    from plainwork.engine.plan import Task
    from plainwork.log import Redactor

PIECE_EVERY_S = 0.05
"""How often what a model says is passed on, at most."""

DERIVED = 0
"""The attempt of what the planner does by itself, as in the journal: loops and groups."""

Hear = Callable[[str | None], None]
"""Takes in a piece of a model's answer; None: what it said so far does not count, another model begins."""


class Stage(Protocol):
    """The run that is watched."""

    @property
    def redactor(self) -> Redactor | None:
        """What takes the secrets out that the run has used."""

    @property
    def seq(self) -> int:
        """How many rows its journal has."""

    def is_watched(self) -> bool:
        """Whether anybody here watches the run."""

    def is_listened_to(self) -> bool:
        """Whether anybody does, or is about to."""

    def tell(self, event: Event) -> None:
        """Passes something on to those who watch."""


class _Dark:
    redactor: Redactor | None = None
    seq = 0

    def is_watched(self) -> bool:
        return False

    is_listened_to = is_watched

    def tell(self, event: Event) -> None:
        """Nobody is there."""


_DARK = _Dark()
"""The stage once the play is over: a run that is done with must leave no circles behind."""


class Live:
    """The steps of one run that are under way. Times are epoch seconds."""

    __slots__ = ("_loops", "_stage", "_steps")

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._steps: dict[str, _Step] = {}
        self._loops: dict[str, None] = {}

    def begin(self, task: Task, at: float) -> None:
        """A step begins that takes its time."""
        self._steps[task.path] = _Step(self._stage, task, at)
        if self._stage.is_watched():
            self.tell_begun(task, at)

    def tell_begun(self, task: Task, at: float) -> None:
        """Tells that a step begins, and the loops and groups it is the first of."""
        for path in _around(task.path):
            if path not in self._loops:
                self._loops[path] = None
                self._stage.tell(_begun(path, DERIVED, at))
        self._stage.tell(_begun(task.path, task.attempt, at))

    def listener(self, task: Task) -> Hear | None:
        """Who is to be told what a model says in a step that is under way; None: nobody wants to know."""
        step = self._steps.get(task.path)
        return step.hear if step is not None and self._stage.is_listened_to() else None

    def end(self, path: str) -> None:
        """The step is not under way any more; what its model said to the end is passed on."""
        step = self._steps.pop(path, None)
        if step is not None:
            step.end()

    def close(self) -> None:
        """Nothing is under way any more, or ever will be."""
        if self._steps:
            for path in list(self._steps):
                self.end(path)
        self._stage = _DARK

    def now(self) -> Iterator[tuple[int, Event]]:
        """What somebody who joins has missed: each step under way, and what was said in it so far, with how many rows the
        journal had when the step began."""
        seen: dict[str, None] = {}
        for step in self._steps.values():
            for path in _around(step.path):
                if path not in seen:
                    seen[path] = None
                    yield step.seq, _begun(path, DERIVED, step.at)
            yield step.seq, _begun(step.path, step.attempt, step.at)
            if said := step.told():
                yield step.seq, step.piece(said)
        self._loops |= seen


class _Step:
    """One step under way, and what its model has said."""

    __slots__ = ("_last", "_said", "_stage", "_timer", "_told", "at", "attempt", "path", "seq")

    def __init__(self, stage: Stage, task: Task, at: float) -> None:
        self.path, self.attempt, self.at = task.path, task.attempt, at
        self.seq = stage.seq
        self._stage = stage
        self._said = ""
        self._told = 0
        self._last = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def hear(self, piece: str | None) -> None:
        """Takes in a piece of an answer; it is passed on at once, or with others when the last one was just before."""
        if piece is None:
            self._said, self._told = "", 0
            self._stage.tell(_begun(self.path, self.attempt, self.at))
            return
        self._said += piece
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(max(loop.time(), self._last + PIECE_EVERY_S), self._pass_on)

    def told(self) -> str:
        """What was passed on so far, with what has come together since."""
        self._pass_on()
        return self._presentable()[: self._told]

    def piece(self, text: str) -> Event:
        """The event of a piece of what is said."""
        return Event("step", "running", path=self.path, attempt=self.attempt, delta=text)

    def end(self) -> None:
        """Passes on what is left; what is said from now on is not heard."""
        self._pass_on()
        self._stage = _DARK

    def _pass_on(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if len(self._said) == self._told or not self._stage.is_watched():
            return
        said = self._presentable()
        if len(said) > self._told:
            self._stage.tell(self.piece(said[self._told :]))
            self._told = len(said)
            self._last = asyncio.get_running_loop().time()

    def _presentable(self) -> str:
        """What was said, without secrets; the end is held back for as long as a secret may have begun in it."""
        redactor = self._stage.redactor
        return redactor.settle(self._said)[0] if redactor else self._said


def is_by_a_person(trigger: Any) -> bool:
    """Whether somebody signed in has started the run by hand."""
    return isinstance(trigger, Mapping) and str(trigger.get("by")).startswith("user:")


def _begun(path: str, attempt: int, at: float) -> Event:
    return Event("step", "running", path=path, attempt=attempt, at=datetime.fromtimestamp(at, UTC).isoformat())


def _around(path: str) -> Iterator[str]:
    """The loops and groups around a step: of ``each[3].box.fetch`` ``each`` and ``each[3].box``."""
    end = path.find(".")
    while end >= 0:
        yield path[:end].rpartition("[")[0] if path[end - 1] == "]" else path[:end]
        end = path.find(".", end + 1)
