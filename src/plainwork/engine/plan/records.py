"""What the planner is told and what it answers: records of history, tasks to take, and the plan itself.

Times are epoch seconds. Everything here is immutable and holds only JSON values, so that a journal can keep it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

if TYPE_CHECKING:
    from plainwork.engine.plan.graph import GraphStep

RecordStatus = Literal["started", "succeeded", "failed", "skipped", "waiting"]
PlanStatus = Literal["running", "waiting", "succeeded", "failed"]

AskCause = Literal["effect_uncertain", "connection_expired"]
"""Why a person is asked about a step: nobody knows whether it has acted, or its account has to be connected anew."""
REPEAT = "repeat"
"""The failure kind that stands for a person's answer "take it again" to a question about an uncertain effect."""


class Failure(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a step or a run failed. ``kind``: ``retry | auth | rejected | timeout`` (or ``repeat``: a person asked for
    another attempt). ``path``: the step it began in. ``retry_after_s``: how long the other side asks to be left
    alone. ``connection``: the account that its owner has to connect anew before another attempt is of use."""

    kind: str
    message: str
    next_step: str | None = None
    retry_after_s: float | None = None
    path: str | None = None
    connection: str | None = None

    def settled(self, path: str) -> Failure:
        """The failure as others see it once the step at ``path`` is not tried again: whom it waited for is none of theirs."""
        if self.path and self.connection is None:
            return self
        return msgspec.structs.replace(self, path=self.path or path, connection=None)


class Record(msgspec.Struct, frozen=True, omit_defaults=True):
    """One fact of a run's history.

    ``path``: ``step``, ``each[3].fetch``, ``loop[0].poll`` or ``box.step``. ``attempt`` counts from 1; it is 0 in the
    planner's own ``skipped`` records (``outcome`` is ``passed over`` when the step's ``if`` was false), while a skip
    with an attempt is a decision from outside. ``waiting`` without ``wake_at`` waits for a record from outside.
    """

    path: str
    attempt: int
    status: RecordStatus
    output: Any = None
    outcome: str | None = None
    failure: Failure | None = None
    wake_at: float | None = None
    at: float = 0.0


class Task(msgspec.Struct, frozen=True):
    """One step to take now, or at ``not_before``. ``node`` is its place in the graph (kind, effect …).

    ``repeat_of_uncertain``: an earlier process started this very attempt and its result is unknown; act with the same
    idempotency key. ``woken``: the step waited (until this time) and is taken again to be finished.
    """

    path: str
    node: GraphStep
    attempt: int = 1
    not_before: float | None = None
    repeat_of_uncertain: bool = False
    woken: float | None = None


class Plan(msgspec.Struct, frozen=True):
    """What to do next.

    ``tasks``: each is handed out once. ``records``: facts the planner derived (loops finished, steps skipped), already
    applied; the journal keeps them for people to see. ``status``: ``waiting`` when all that is left is delayed tasks
    (the earliest at ``wake_at``), outside answers, or a person about the step named by ``ask``, for this ``cause``.
    """

    tasks: tuple[Task, ...] = ()
    records: tuple[Record, ...] = ()
    status: PlanStatus = "running"
    output: Any = None
    failure: Failure | None = None
    wake_at: float | None = None
    ask: str | None = None
    cause: AskCause | None = None
