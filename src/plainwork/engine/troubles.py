"""What is put on record of an error that a step met."""

from __future__ import annotations

from uuid import UUID

import msgspec

from plainwork import log
from plainwork.engine import outputs
from plainwork.engine.budget import Stopped
from plainwork.engine.kinds import failure_of
from plainwork.engine.plan import Failure, Task
from plainwork.errors import CallFailed, PlainworkError

_log = log.get("engine")


def failure_on_record(error: Exception, task: Task, redactor: log.Redactor, run_id: UUID) -> Failure:
    """The failure as the journal keeps it, without secrets. What nobody meant to raise is logged."""
    if not isinstance(error, PlainworkError | TimeoutError | Stopped):
        with log.bound(redactor=redactor, run=str(run_id), step=task.path):
            _log.bug(error)
    failure = error.failure if isinstance(error, Stopped) else failure_of(error)
    if task.node.effect == "once" and isinstance(error, CallFailed) and error.uncertain:
        # Nobody knows whether it was done: to the planner that is what a passed time limit is.
        failure = msgspec.structs.replace(failure, kind="timeout")
    return outputs.presentable(failure, redactor)
