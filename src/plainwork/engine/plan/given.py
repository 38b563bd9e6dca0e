"""What a step was given: its settings as they were worked out when it was reached, found again from the history alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from plainwork.engine.plan.frames import State
from plainwork.engine.plan.graph import Graph, GraphStep
from plainwork.engine.plan.paths import walk
from plainwork.engine.plan.progress import Progress
from plainwork.engine.plan.records import Record


def step_at(graph: Graph, path: str) -> GraphStep | None:
    """The step that a path like ``each[3].fetch`` means; None when the flow has none there."""
    way = walk(graph, path)
    return way[-1][2] if way else None


class Given(Progress):
    """A run as far as ``history`` tells, which remembers how it came to the step at ``path``. ``names``: inputs, trigger,
    run and vars, as for any progress."""

    def __init__(self, graph: Graph, path: str, history: Iterable[Record], *names: Any) -> None:
        self._path = path
        self._found: State | None = None
        super().__init__(graph, *names)
        for record in history:
            self.apply(record)
        if self._found is None:
            self.recover()  # a step that an interrupted one is followed by is reached through its recovery

    @property
    def is_reached(self) -> bool:
        """Whether the run came to the step."""
        return self._found is not None

    def settings(self) -> dict[str, Any]:
        """The settings that the step was given, everything in them worked out. Raises ``Invalid`` when that cannot be, as
        it could not then; ``LookupError`` when the run did not come to the step."""
        if self._found is None:
            raise LookupError(self._path)
        return self._found.step.config.render(self._scope(self._found))

    def _reach(self, state: State) -> None:
        if state.path == self._path:
            self._found = state
        super()._reach(state)
