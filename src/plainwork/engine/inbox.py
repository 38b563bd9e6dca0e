"""What a person does about a run in the dead-letter inbox.

A run that has failed is taken again (``Retry``), without the step that failed (``Skip``) or with an output for it
(``Answer``); a new run does that, and the old one leaves the inbox. A run that waits because it cannot know whether a step
has acted goes on itself: the step is taken again (``Repeat``), passed over (``Skip``), or has given something (``Answer``).
``Discard`` ends the matter either way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from plainwork.db import Connection, audit, inbox, runs
from plainwork.db.audit import Actor
from plainwork.db.inbox import Resolution
from plainwork.db.runs import Run
from plainwork.engine import replay
from plainwork.engine.plan import REPEAT, Failure, Record
from plainwork.engine.replay import Again, Which
from plainwork.engine.versions import Versions
from plainwork.errors import Conflict, NotFound


@dataclass(frozen=True, slots=True)
class Retry:
    """Take the run again."""

    again: Again


@dataclass(frozen=True, slots=True)
class Skip:
    """Go on as though the step had been passed over."""

    version: Which = "same"


@dataclass(frozen=True, slots=True)
class Answer:
    """Go on as though the step had given this output: it has acted, and somebody looked what came of it."""

    output: Any
    version: Which = "same"


@dataclass(frozen=True, slots=True)
class Repeat:
    """It has not acted: take the step again, under the same idempotency key."""


@dataclass(frozen=True, slots=True)
class Discard:
    """Nothing more is to be done; a run that waits is cancelled."""

    reason: str


Did = Resolution | Literal["repeated"]
Decision = Retry | Skip | Answer | Repeat | Discard


@dataclass(frozen=True, slots=True)
class Decided:
    """What was done. ``next_run_id``: the run that goes on: a new one, or the same that waited; None: none does."""

    run_id: UUID
    did: Did
    next_run_id: UUID | None


async def decide(
    connection: Connection, versions: Versions, workspace_id: UUID, run_id: UUID, decision: Decision, actor: Actor
) -> Decided:
    """Carries a decision out, with its entry in the audit log, in the caller's transaction; who calls rings when that is
    committed. Raises NotFound, Conflict when the run is not in the inbox (any more) or the decision does not fit it, and
    what ``replay.retry`` raises."""
    run = await runs.read(connection, run_id)
    if run is None:
        raise NotFound("There is no such run.", next_step=_LIST)
    if run.cause is None or run.resolved_at is not None:
        raise _gone(run)
    if run.status == "waiting":
        return await _answer(connection, versions, workspace_id, run, decision, actor)
    return await _deal(connection, versions, workspace_id, run, decision, actor)


# ── Runs that have failed ────────────────────────────────────────────────────────────────────────────────────────────
async def _deal(
    connection: Connection, versions: Versions, workspace_id: UUID, run: Run, decision: Decision, actor: Actor
) -> Decided:
    match decision:
        case Retry(again):
            resolution: Resolution = "retried"
        case Skip(version):
            again, resolution = Again(version=version, skip=True), "skipped"
        case Answer(output, version):
            again, resolution = Again(version=version, outputs={replay.failed_step(run): output}), "answered"
        case Discard(reason):
            await _take_out(connection, run, "discarded")
            await audit.append(connection, actor, "run.discarded", ("run", run.id), {"reason": reason})
            return Decided(run.id, "discarded", None)
        case Repeat():
            raise Conflict("The run has ended: no step waits to be repeated.", next_step="Retry it instead.")
    await _take_out(connection, run, resolution)
    started = await replay.retry(connection, versions, workspace_id, run.id, again, actor, resolution=resolution)
    return Decided(run.id, resolution, started.run_id)


async def _take_out(connection: Connection, run: Run, resolution: Resolution) -> None:
    if not await inbox.resolve(connection, run.id, resolution):
        raise _gone(run)


# ── Runs that wait ───────────────────────────────────────────────────────────────────────────────────────────────────
async def _answer(
    connection: Connection, versions: Versions, workspace_id: UUID, run: Run, decision: Decision, actor: Actor
) -> Decided:
    path = run.ask or ""
    rows = await runs.attempts(connection, run.id, path, 1)
    attempt = rows[-1].attempt if rows else 1
    did: Did
    match decision:
        case Repeat():
            again = Failure(REPEAT, "Somebody looked: it had not acted. It is taken again.")
            record, did = Record(path, attempt, "failed", failure=again), "repeated"
        case Skip():
            record, did = Record(path, attempt, "skipped"), "skipped"
        case Answer(output):
            await versions.read(connection, workspace_id, [run.version_id])
            version = versions.known(workspace_id, run.version_id)
            assert version is not None
            record, did = replay.said(version, path, output, attempt), "answered"
        case Discard(reason):
            if not await runs.stop(connection, run.id):
                raise _gone(run)
            await audit.append(connection, actor, "run.discarded", ("run", run.id), {"reason": reason, "step": path})
            return Decided(run.id, "discarded", None)
        case Retry():
            raise Conflict(
                f"The run waits to hear what became of {path}.", next_step="Repeat or skip the step, or answer for it."
            )
    if await replay.note(connection, workspace_id, run.id, record) is None:
        raise _gone(run)
    detail = {"step": path, "attempt": attempt}
    await audit.append(connection, actor, f"step.{did}", ("run", run.id), detail)
    return Decided(run.id, did, run.id)


def _gone(run: Run) -> Conflict:
    how = f": it was {run.resolution}" if run.resolution else ""
    return Conflict(f"The run does not need anybody (any more){how}.", next_step=_LIST)


_LIST = "GET /api/v1/inbox lists the runs that do."
