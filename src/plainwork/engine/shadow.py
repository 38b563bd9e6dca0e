"""Shadow replay: the last runs of an agent, taken through a draft or another version of it before that goes live.

Every run is taken again in memory (``engine.rerun``); nothing is written and nobody outside is asked. The report says of each
run whether anything would have come out otherwise, and what.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from plainwork import log
from plainwork.db import Database, json, llm_calls, replays, run_steps, runs
from plainwork.db.runs import Filter, Run
from plainwork.engine.history import record_of, run_names
from plainwork.engine.plan import Graph, Plan, Progress, Record, Recorded
from plainwork.engine.rerun import Difference, Rerun, compare_steps, ends, plain
from plainwork.engine.versions import Version, Versions
from plainwork.errors import PlainworkError
from plainwork.spec.inputs import coerce

_log = log.get("shadow")

MOST_RUNS = 200
LONGEST_S = 30.0
"""How long all runs together may take; those that are not reached by then are named."""
LONGEST_RUN_S = 10.0
MOST_ROWS = 20_000
MOST_BLOB_BYTES = 64 * 1024 * 1024
MOST_DIFFERENCES = 100
MOST_BYTES = 4000
"""A longer value is told by its beginning."""
_TOLD = 1000

Verdict = Literal["same", "different", "failed"]


class Change(msgspec.Struct, frozen=True):
    """Something that is not as it was."""

    before: Any
    after: Any


class ShadowRun(msgspec.Struct, frozen=True):
    """One run as it would have been. ``verdict``: ``failed`` when it would fail, and did not, or could not be taken at all
    (``reason``); else whether anything differs. ``status``: how it ended (``waiting``: it would wait for something that is
    not on record). ``output`` and ``failure`` null: they are the same. ``cost_usd``: of the model calls on record that were
    asked for, then and now. ``more``: how many differences are left out."""

    run_id: UUID
    version: int
    verdict: Verdict
    reason: str | None = None
    status: Change | None = None
    output: Change | None = None
    failure: Change | None = None
    cost_usd: Change | None = None
    differences: list[Difference] = []
    more: int = 0


class ShadowReport(msgspec.Struct, frozen=True):
    """What came of all of them, newest first. ``not_reached``: runs for which there was no time."""

    runs: list[ShadowRun]
    same: int
    different: int
    failed: int
    not_reached: list[UUID]


@dataclass(frozen=True, slots=True)
class Which:
    """Which runs: the ``last`` so many that ended like this, since a time if one is given."""

    last: int = 20
    statuses: Sequence[str] = ("succeeded", "failed")
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """A run with all that is on record of it. ``brought``: the steps that it did not take itself."""

    run: Run
    version: Version
    vars: Any
    history: Sequence[Record]
    brought: Collection[str]
    costs: dict[str, float]


class _Unfit(Exception):
    """A run that cannot be taken again; the message says why."""


async def shadow(
    db: Database,
    versions: Versions,
    workspace_id: UUID,
    agent_id: UUID,
    graph: Graph,
    which: Which,
    *,
    longest_s: float = LONGEST_S,
) -> ShadowReport:
    """Takes the runs that are asked for through a graph, one after the other, for ``longest_s`` seconds."""
    until = time.monotonic() + longest_s
    only = Filter(agents=[agent_id], statuses=which.statuses, since=which.since)
    async with db.workspace(workspace_id) as connection:
        found = await runs.find(connection, only, limit=min(which.last, MOST_RUNS))
    taken: list[ShadowRun] = []
    for run in found:
        left_s = until - time.monotonic()
        if left_s <= 0:
            break
        taken.append(await _take(db, versions, workspace_id, run, graph, min(left_s, LONGEST_RUN_S)))
    counts = {verdict: sum(one.verdict == verdict for one in taken) for verdict in ("same", "different", "failed")}
    return ShadowReport(taken, **counts, not_reached=[run.id for run in found[len(taken) :]])


async def _take(
    db: Database, versions: Versions, workspace_id: UUID, run: Run, graph: Graph, longest_s: float
) -> ShadowRun:
    try:
        past = await _read(db, versions, workspace_id, run)
        return await asyncio.to_thread(compare, past, graph, longest_s)
    except _Unfit as why:
        reason = str(why)
    except PlainworkError as error:
        reason = f"The run could not be taken again: {error.message}"
    except Exception as error:
        _log.bug(error, run=str(run.id))
        reason = f"The run met an error of ours ({type(error).__name__})."
    return ShadowRun(run.id, run.version, "failed", reason)


async def _read(db: Database, versions: Versions, workspace_id: UUID, run: Run) -> Past:
    async with db.workspace(workspace_id) as connection:
        before = await run_steps.before(connection, run.id, None)
        if before.rows > MOST_ROWS or before.blob_bytes > MOST_BLOB_BYTES:
            raise _Unfit(f"The run's journal is too long ({before.rows} rows).")
        if before.lost:
            raise _Unfit("What an earlier step gave is not kept any more.")
        await versions.read(connection, workspace_id, [run.version_id])
        version = versions.known(workspace_id, run.version_id)
        whole = await runs.read(connection, run.id)
        if version is None or whole is None:
            raise _Unfit("The run is not on record any more.")
        journal = (await runs.journals(connection, [run.id])).get(run.id, [])
        history = [record_of(row) for row in journal]
        brought = {row.path for row in journal if row.source != "taken"}
        costs = await llm_calls.costs_by_step(connection, run.id)
        return Past(whole, version, await replays.vars_of(connection, run.id), history, brought, costs)


# ── One run ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def compare(past: Past, graph: Graph, longest_s: float) -> ShadowRun:
    """Takes one run through a graph and says what differs. Raises ``PlainworkError`` when it cannot be taken."""
    run = past.run
    began_at = run.started_at or run.created_at
    names = (run.trigger, run_names(run.id, began_at, past.version), past.vars)
    recorded = Recorded(past.version.graph, past.history, run.inputs, *names)
    inputs = run.inputs if graph is past.version.graph else coerce(graph.flow.inputs, run.inputs)
    rerun = Rerun(Progress(graph, inputs, *names), recorded, past.brought, began_at.timestamp(), longest_s)
    plan = rerun.run()
    steps = [*rerun.differences, *compare_steps(ends(past.history), rerun.ended)]
    told = _told(past, plan, rerun)
    verdict: Verdict = "same"
    if plan.status == "failed" and run.status != "failed":
        verdict = "failed"
    elif steps or any((told.status, told.output, told.failure, told.cost_usd)):
        verdict = "different"
    shown = [_shown(one) for one in steps[:MOST_DIFFERENCES]]
    return msgspec.structs.replace(told, verdict=verdict, differences=shown, more=len(steps) - len(shown))


def _told(past: Past, plan: Plan, rerun: Rerun) -> ShadowRun:
    """What differs in the run as a whole."""
    run = past.run
    before, after = (run.failure or {}).get("message"), plan.failure.message if plan.failure else None
    then = round(sum(past.costs.values()), 6)
    now = round(sum(cost for path, cost in past.costs.items() if path in rerun.asked), 6)
    return ShadowRun(
        run.id,
        run.version,
        "same",
        status=_change(run.status, plan.status),
        output=_change(run.output, plain(plan.output)),
        failure=_change(before, after),
        cost_usd=_change(then, now),
    )


def _change(before: Any, after: Any) -> Change | None:
    return None if before == after else Change(_short(before), _short(after))


def _shown(one: Difference) -> Difference:
    return msgspec.structs.replace(one, before=_short(one.before), after=_short(one.after))


def _short(value: Any) -> Any:
    """The value, or the beginning of its JSON."""
    text = json.encode(value)
    if len(text) <= MOST_BYTES:
        return plain(value)
    return f"{text[:_TOLD].decode('utf-8', 'ignore')} … ({len(text)} bytes)"
