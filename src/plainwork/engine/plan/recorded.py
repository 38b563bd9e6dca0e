"""What a run on record asked for and was given: the settings of each step, worked out again, and how each attempt ended."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from plainwork.engine.plan.frames import State
from plainwork.engine.plan.graph import Graph, GraphStep
from plainwork.engine.plan.progress import PASSED_OVER, Progress
from plainwork.engine.plan.records import Record
from plainwork.errors import PlainworkError

_RESULTS = ("succeeded", "failed", "skipped")


class Recorded(Progress):
    """A run as its history tells it. ``names``: inputs, trigger, run and vars, as for any progress.

    By path: ``results`` are the ends of all attempts, in order, each with its position in the history; ``settings`` what the
    step was given (None: that could not be worked out, then as now), ``steps`` which step of the graph it is. Loops are not
    among them.
    """

    def __init__(self, graph: Graph, history: Iterable[Record], *names: Any) -> None:
        self.results: dict[str, list[tuple[int, Record]]] = {}
        self.settings: dict[str, dict[str, Any] | None] = {}
        self.steps: dict[str, GraphStep] = {}
        self._position = 0
        super().__init__(graph, *names)
        for self._position, record in enumerate(history):
            self.apply(self._of_a_step(record))

    def _of_a_step(self, record: Record) -> Record:
        """A step that was cut off while it acted, and then passed over by the planner, has a result of its own here."""
        state = self._live.get(record.path)
        if record.attempt or state is None or not state.started or record.outcome != PASSED_OVER:
            return record
        return msgspec.structs.replace(record, attempt=state.attempt)

    def _take_in(self, state: State, record: Record) -> None:
        if state.step.body is None:
            if state.path not in self.steps:
                self.steps[state.path] = state.step
                self.settings[state.path] = self._settings(state)
            if record.status in _RESULTS:
                self.results.setdefault(state.path, []).append((self._position, record))
        super()._take_in(state, record)

    def _settings(self, state: State) -> dict[str, Any] | None:
        try:
            return state.step.config.render(self._scope(state))
        except PlainworkError:
            return None
