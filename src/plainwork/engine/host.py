"""What an execution needs of its worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from plainwork.engine.answers import Answers
    from plainwork.engine.events import Event
    from plainwork.engine.execution import Execution
    from plainwork.engine.journal import Journal
    from plainwork.engine.kinds import Reach
    from plainwork.engine.plan import GraphStep
    from plainwork.engine.slots import Slots


class Host(Protocol):
    """What an execution needs of its worker."""

    journal: Journal
    answers: Answers
    slots: Slots
    keeps_waiting: bool
    """Whether it keeps its runs through waits of any length, rather than giving them back until their time comes."""

    def reach(self, execution: Execution, step: GraphStep) -> Reach:
        """What a step of the run may use outside."""

    async def spent_today(self, execution: Execution) -> float:
        """What the model calls of the run's agent came to since midnight (UTC), in USD, as far as they are on record."""

    def left(self, execution: Execution) -> None:
        """The run is over, waits, or is lost; the worker has it no longer."""

    def tell(self, execution: Execution, event: Event | None = None) -> None:
        """Those who watch the run are to look again; ``event``: something only they see (it is not journaled)."""

    def is_watched(self, execution: Execution) -> bool:
        """Whether anybody in this process watches the run."""

    def now(self) -> float:
        """The database's time, epoch seconds."""
