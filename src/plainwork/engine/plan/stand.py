"""Where a run stands by its history: what it has taken in, which steps doomed it, and what it may have done unseen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from plainwork.engine.plan.frames import Frame, State
from plainwork.engine.plan.graph import Graph
from plainwork.engine.plan.progress import Progress
from plainwork.engine.plan.records import Record
from plainwork.engine.plan.routing import taken_edges


class Stand(Progress):
    """A history taken in by a run that comes to no end: steps for a failed run are not begun by it. ``names``: inputs,
    trigger, run and vars, as for any progress. ``reached``: the paths of all steps that the run came to."""

    def __init__(self, graph: Graph, history: Iterable[Record], *names: Any) -> None:
        self.reached: set[str] = set()
        self._taken_in: list[Record] = []
        self._frames: dict[str, list[Frame]] = {}
        super().__init__(graph, *names)
        for record in history:
            self.apply(record)

    def settled(self) -> list[Record]:
        """The records of steps that have come to their end, in the order in which they were taken in."""
        return [record for record in self._taken_in if record.path not in self._live]

    def ahead(self) -> list[Record]:
        """The records of steps that the run has not come to: items of a loop whose turn is later, say."""
        return [record for records in self._early.values() for record in records]

    def failed(self) -> list[str]:
        """The steps whose failure nothing handled; where a loop failed, the steps inside that made it fail."""
        return list(self._failed_in(self._root))

    def in_doubt(self) -> list[str]:
        """The steps that have begun to act on the outside, with nothing on record of what became of it. Those whose document
        says that they may be repeated are left out."""
        return [
            state.path
            for state in self._live.values()
            if state.started and state.step.effect in ("keyed", "once") and state.step.on_uncertain != "repeat"
        ]

    def _failed_in(self, frame: Frame) -> Iterator[str]:
        for state in frame.states:
            if state is None or not self._is_doomed_by(state):
                continue
            inside = [turn for turn in self._frames.get(state.path, ()) if turn.failure is not None]
            if not inside:
                yield state.path
            for turn in inside:
                yield from self._failed_in(turn)

    def _is_doomed_by(self, state: State) -> bool:
        taken, _ = taken_edges(state, self._scope(state))
        return taken is None or bool(state.step.routes.fails.intersection(taken))

    def _take_in(self, state: State, record: Record) -> None:
        if record.attempt >= state.attempt:
            self._taken_in.append(record)
        super()._take_in(state, record)

    def _reach(self, state: State) -> None:
        self.reached.add(state.path)
        super()._reach(state)

    def _begin(self, frame: Frame) -> None:
        self._frames.setdefault(frame.parent.path if frame.parent else "", []).append(frame)
        super()._begin(frame)

    def _close_run(self, root: Frame) -> None:
        """The run goes on."""
