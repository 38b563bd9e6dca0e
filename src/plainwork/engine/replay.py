"""Taking a run again: from the start, or from one of its steps on with what was done before it.

A new run is made each time; what the first one did stays on record. It has its own idempotency keys: whoever has a step
taken again means it to act again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from plainwork.db import Connection, agents, audit, inbox, json, new_id, replays, run_steps, runs
from plainwork.db.audit import Actor
from plainwork.db.inbox import Resolution
from plainwork.db.runs import NewRun, Run
from plainwork.engine import outputs
from plainwork.engine.day import check_day
from plainwork.engine.history import record_of, run_names
from plainwork.engine.journal import BLOB_FROM
from plainwork.engine.plan import Record, Side, carry_over, step_at
from plainwork.engine.start import Started
from plainwork.engine.versions import Version, Versions
from plainwork.errors import Conflict, LimitReached, NotFound
from plainwork.spec.inputs import coerce

Which = Literal["same", "live"] | int
"""Which version the new run is of: the one that ran, the live one, or one by its number."""

MOST_ROWS = 50_000
MOST_BLOB_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Again:
    """How a run is to be taken again. ``start``: from which step on (None: from what failed); ``outputs``: what steps are
    to have given, in place of what they gave or would give; ``skip``: the step that failed is passed over."""

    start: str | None = None
    version: Which = "same"
    outputs: Mapping[str, Any] = field(default_factory=dict)
    skip: bool = False


async def retry(
    connection: Connection,
    versions: Versions,
    workspace_id: UUID,
    run_id: UUID,
    again: Again,
    actor: Actor,
    *,
    key: str | None = None,
    resolution: Resolution = "retried",
) -> Started:
    """Starts a run that goes on from a step of one that has ended, in the caller's transaction; who calls rings when that
    is committed. The origin leaves the inbox. The same ``key`` again gives the first such run back.

    Raises NotFound; Conflict or Invalid for what cannot be (``plan.carry_over``), or when the inputs do not fit the version;
    LimitReached when the agent's day is over or the journal is too long.
    """
    run = await _read(connection, run_id)
    if not run.is_over:
        raise Conflict(f"The run is still going ({run.status}).", next_step=_next_for(run))
    new_run_id = new_id()
    if (earlier := await _earlier(connection, run, "retry", key, new_run_id)) is not None:
        return earlier
    was = await _version(connection, versions, run, "same")
    now = await _version(connection, versions, run, again.version)
    step = again.start or (run.failure or {}).get("path")
    given = _given(now, again, run)
    is_known = was is now and run.started_at is not None
    new = await _insert(connection, run, now, new_run_id, run.inputs, is_known=is_known)
    await replays.name_origin(connection, new.id, run_id, step)
    rows = await _rows_to_carry(connection, run, was, now, new, given, again.start)
    if rows:
        await replays.carry_over(connection, workspace_id, run_id, new.id, rows)
    for record in given:
        await note(connection, workspace_id, new.id, record)
    await inbox.resolve(connection, run_id, resolution)
    detail = {"new_run": str(new.id), "version": now.number, "step": step, "given": sorted(again.outputs)}
    await audit.append(connection, actor, f"run.{resolution}", ("run", run_id), detail)
    return Started(new.id, True)


async def replay(
    connection: Connection,
    versions: Versions,
    run_id: UUID,
    which: Which,
    inputs: Mapping[str, Any] | None,
    actor: Actor,
    *,
    key: str | None = None,
) -> Started:
    """Starts a run with the inputs (unless others are given) and the trigger that this one had, from the start, in the
    caller's transaction; who calls rings when that is committed. Raises as ``retry``, but the run may still be going."""
    run = await _read(connection, run_id)
    new_run_id = new_id()
    if (earlier := await _earlier(connection, run, "replay", key, new_run_id)) is not None:
        return earlier
    version = await _version(connection, versions, run, which)
    is_known = inputs is None and version.id == run.version_id and run.started_at is not None
    new = await _insert(
        connection, run, version, new_run_id, run.inputs if inputs is None else inputs, is_known=is_known
    )
    await replays.name_origin(connection, new.id, run_id, None)
    detail = {"new_run": str(new.id), "version": version.number}
    await audit.append(connection, actor, "run.replayed", ("run", run_id), detail)
    return Started(new.id, True)


# ── What is asked for ────────────────────────────────────────────────────────────────────────────────────────────────
async def _read(connection: Connection, run_id: UUID) -> Run:
    run = await runs.read(connection, run_id)
    if run is None:
        raise NotFound("There is no such run.", next_step="GET /api/v1/runs lists them.")
    return run


def _next_for(run: Run) -> str:
    return f"Say what became of {run.ask} (POST /api/v1/inbox/{run.id})." if run.ask else "Cancel it first."


async def _earlier(connection: Connection, run: Run, how: str, key: str | None, new: UUID) -> Started | None:
    if key is None:
        return None
    own = f"{how} {run.id} {key}"  # the same word may be a key for starts, and for other runs
    taken = await runs.take_keys(connection, run.workspace_id, run.agent_id, {own: new})
    return Started(taken[own], False) if taken else None


async def _version(connection: Connection, versions: Versions, run: Run, which: Which) -> Version:
    agent = await agents.get(connection, run.agent_id)
    version_id: UUID | None = run.version_id
    if which == "live":
        version_id = agent.live_version_id
        if version_id is None:
            raise Conflict(f"{agent.name} has no live version.", next_step="Name a version, or make one live.")
    elif which != "same":
        version_id = (await agents.version_numbered(connection, agent.id, which)).id
    assert version_id is not None
    await versions.read(connection, run.workspace_id, [version_id])
    version = versions.known(run.workspace_id, version_id)
    if version is None:
        raise NotFound("The version that ran is not there any more.", next_step="Name another one.")
    return version


def _given(version: Version, again: Again, run: Run) -> list[Record]:
    """What a person says about steps, as records."""
    given = [said(version, path, value) for path, value in again.outputs.items()]
    if again.skip:
        given.append(Record(failed_step(run), 1, "skipped"))
    return given


def failed_step(run: Run) -> str:
    """The step that made a run fail. Raises Conflict when it was none: a time limit, say."""
    step: str | None = (run.failure or {}).get("path")
    if step is None:
        raise Conflict("No single step made this run fail.", next_step="Retry or discard it.")
    return step


def said(version: Version, path: str, output: Any, attempt: int = 1) -> Record:
    """That a step gave this output; one that names an outcome names it in there."""
    step = step_at(version.graph, path)
    outcome = step.kind.outcome_of(output) if step is not None else None
    return Record(path, attempt, "succeeded", output, outcome and json.clean_text(outcome))


# ── The new run ──────────────────────────────────────────────────────────────────────────────────────────────────────
async def _insert(
    connection: Connection, run: Run, version: Version, new: UUID, inputs: Mapping[str, Any], *, is_known: bool
) -> NewRun:
    """``is_known``: the version has taken these very inputs before."""
    taken = inputs if is_known else coerce(version.graph.flow.inputs, inputs)
    made = NewRun(new, taken, run.trigger)
    await check_day(connection, version, 1)
    await runs.insert(connection, run.workspace_id, run.agent_id, version.id, [made], version.time_s)
    return made


async def _rows_to_carry(
    connection: Connection, run: Run, was: Version, now: Version, new: NewRun, given: list[Record], start: str | None
) -> list[int]:
    """The ``seq`` of the rows that the new run begins with."""
    before = await run_steps.before(connection, run.id, None)
    if before.rows > MOST_ROWS or before.blob_bytes > MOST_BLOB_BYTES:
        raise LimitReached(f"The run's journal is too long to go on from ({before.rows} rows).", next_step=_REPLAY)
    if before.lost:
        raise Conflict("What an earlier step gave is not kept any more.", next_step=_REPLAY)
    journal = (await runs.journals(connection, [run.id])).get(run.id, [])
    began = run_names(run.id, run.started_at or run.created_at, was)
    begins = run_names(new.id, datetime.now(UTC), now)
    then, today = await replays.vars_of(connection, run.id), await replays.vars_of(connection, new.id)
    positions = await asyncio.to_thread(
        carry_over,
        Side(was.graph, (run.inputs, run.trigger, began, then), f"version {was.number}"),
        Side(now.graph, (new.inputs, run.trigger, begins, today), f"version {now.number}"),
        [record_of(row) for row in journal],
        given,
        start,
    )
    return [journal[position].seq for position in positions]


async def note(connection: Connection, workspace_id: UUID, run_id: UUID, record: Record) -> int | None:
    """Adds what a person says about a step to the run's journal; None when the run does not wait for that (any more)."""
    content = outputs.encode(record.output) if record.status == "succeeded" else None
    return await replays.note_decision(
        connection,
        workspace_id,
        run_id,
        record.path,
        record.attempt,
        record.status,
        outcome=record.outcome,
        output=content,
        blob=new_id() if content is not None and len(content) > BLOB_FROM else None,
        failure=None if record.failure is None else msgspec.json.encode(record.failure),
    )


_REPLAY = "Take it again from the start (POST /api/v1/runs/{run_id}/replay)."
