"""The tasks of a run that have not been handed out yet, and which of those outstanding are not to be taken now."""

from __future__ import annotations

import heapq

from plainwork.engine.plan.frames import State
from plainwork.engine.plan.records import AskCause, Task


class Desk:
    """``outstanding`` counts the steps that are due (not loops); a parked one waits for a time, for something outside,
    or for a person (then it is among ``asks``, with the cause)."""

    __slots__ = ("_alarms", "_parked", "_ready", "asks", "outstanding")

    def __init__(self) -> None:
        self.outstanding = 0
        self.asks: dict[str, AskCause] = {}
        self._ready: dict[str, Task] = {}
        self._parked: dict[str, float | None] = {}
        self._alarms: list[tuple[float, str]] = []

    @property
    def all_parked(self) -> bool:
        """Whether nothing that is due can be taken now."""
        return self.outstanding <= len(self._parked)

    def take(self) -> tuple[Task, ...]:
        """The tasks offered since the last time."""
        if not self._ready:
            return ()
        tasks = tuple(self._ready.values())
        self._ready = {}
        return tasks

    def offer(
        self, state: State, not_before: float | None = None, *, repeats: bool = False, woken: float | None = None
    ) -> None:
        """Hand the step out, in place of an offer that stands; not before a time (epoch s), if one is given."""
        path = state.path
        self._ready[path] = Task(path, state.step, state.attempt, not_before, repeats, woken)
        if not_before is not None:
            self._parked[path] = not_before
            heapq.heappush(self._alarms, (not_before, path))
        elif self._parked:
            self.unpark(path)

    def park(self, path: str, *, ask: AskCause | None = None) -> None:
        """The step waits for something outside, or for a person: it is not handed out."""
        self._ready.pop(path, None)
        self._parked[path] = None
        if ask:
            self.asks[path] = ask

    def expired(self) -> list[str]:
        """The steps that wait until somebody has connected their account anew."""
        return [path for path, cause in self.asks.items() if cause == "connection_expired"]

    def is_parked(self, path: str) -> bool:
        """Whether the step is not to be taken now."""
        return path in self._parked

    def unpark(self, path: str) -> None:
        """The step is being taken."""
        if path in self._parked:
            del self._parked[path]
            self.asks.pop(path, None)

    def remove(self, path: str) -> None:
        """The step is not due any more."""
        self.outstanding -= 1
        self._ready.pop(path, None)
        if self._parked:
            self.unpark(path)

    def next_alarm(self) -> float | None:
        """The earliest time (epoch s) that a parked step waits for."""
        while self._alarms:
            at, path = self._alarms[0]
            if self._parked.get(path) == at:
                return at
            heapq.heappop(self._alarms)
        return None
