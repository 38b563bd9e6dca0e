"""One step of a run as a person wants to see it: what it was given, what it did in each attempt, and what that cost.

The settings a step was given are not stored: they are worked out again from the version and the journal before it, by the
planner that worked them out then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from plainwork.db import Connection, llm_calls, run_steps, runs
from plainwork.db.llm_calls import LlmCall
from plainwork.db.run_steps import Beginning
from plainwork.db.runs import StepRow
from plainwork.engine.history import record_of, run_names
from plainwork.engine.plan import Given, GraphStep, Record, step_at
from plainwork.engine.versions import Version
from plainwork.errors import Invalid, NotFound

MOST_ROWS = 20_000
MOST_BLOB_BYTES = 64 * 1024 * 1024
_NOT_YET = "The run has not come to this step yet."
_NEVER = "The run ended before it came to this step."


@dataclass(frozen=True, slots=True)
class StepView:
    """``status``: of the last row of the journal; ``running`` when the step is under way, ``pending`` when the run has not
    come to it. ``input``: None with the reason in ``input_missing``. ``took_ms``: all attempts together, of a loop from the
    beginning of its first step to its end. ``cost_usd``: of a loop with all inside it. ``printed``: by a code step."""

    path: str
    node: str
    kind: str | None
    name: str
    status: str
    input: dict[str, Any] | None
    input_missing: str | None
    attempts: Sequence[StepRow] = ()
    calls: Sequence[LlmCall] = field(default=())
    took_ms: float | None = None
    cost_usd: float = 0.0
    printed: str | None = None


async def look(connection: Connection, version: Version | None, run_id: UUID, begun: Beginning, path: str) -> StepView:
    """The step at ``path`` of a run of this version (None: it cannot be read, as a kind of step is not installed any
    more). Raises NotFound when the version has no such step."""
    step = step_at(version.graph, path) if version else None
    rows = await runs.attempts(connection, run_id, path)
    if step is None and (version is not None or not rows):
        raise NotFound(f"The version that ran has no step at {path}.", next_step="The run's journal names its steps.")
    inner = await run_steps.inside(connection, run_id, path)
    given, missing, is_reached = await _given(connection, version, run_id, begun, path, _place(rows, inner))
    node = step.id if step else path.rpartition(".")[2]
    return StepView(
        path=path,
        node=node,
        kind=step.kind.id if step else None,
        name=step.title if step else node,
        status=_status(rows, is_reached=is_reached, is_over=begun.status in runs.ENDED),
        input=given,
        input_missing=missing,
        attempts=rows,
        calls=await llm_calls.of_step(connection, run_id, path),
        took_ms=_took_ms(rows, inner),
        cost_usd=float(await llm_calls.cost_of_step(connection, run_id, path)),
        printed=_printed(step, rows),
    )


def _place(rows: Sequence[StepRow], inner: run_steps.Inside | None) -> int | None:
    """Before which row of the journal the last attempt began; None when it has left none."""
    if inner is not None:
        return inner.seq
    return next((row.seq for row in rows if row.attempt == rows[-1].attempt), None)


async def _given(
    connection: Connection, version: Version | None, run_id: UUID, begun: Beginning, path: str, place: int | None
) -> tuple[dict[str, Any] | None, str | None, bool]:
    """The settings, or why there are none; and whether the run came to the step."""
    is_over = begun.status in runs.ENDED
    if version is None:
        return None, "The version that ran cannot be read any more.", place is not None
    if begun.started_at is None:
        return None, _NEVER if is_over else _NOT_YET, False
    before = await run_steps.before(connection, run_id, place)
    if before.rows > MOST_ROWS or before.blob_bytes > MOST_BLOB_BYTES:
        return None, "Too much came before this step for it to be worked out again.", place is not None
    if before.lost:
        return None, "What an earlier step gave is not kept any more.", place is not None
    rows = await runs.steps(connection, run_id, 0, before.rows) if before.rows else []
    past = [record_of(row) for row in rows if row.attempt]
    names = (begun.inputs, begun.trigger, run_names(run_id, begun.started_at, version), begun.vars)
    settings, problem = await asyncio.to_thread(_settings, version, path, past, names)
    if settings is None and problem is None:
        return None, _NEVER if is_over else _NOT_YET, False
    return settings, problem, True


def _settings(
    version: Version, path: str, past: Sequence[Record], names: tuple[Any, ...]
) -> tuple[dict[str, Any] | None, str | None]:
    given = Given(version.graph, path, past, *names)
    if not given.is_reached:
        return None, None
    try:
        return given.settings(), None
    except Invalid as error:
        return None, f"It could not be worked out: {error.message}"


def _status(rows: Sequence[StepRow], *, is_reached: bool, is_over: bool) -> str:
    if not rows:
        return "running" if is_reached and not is_over else "pending"
    last = rows[-1].status
    return "running" if last == "started" and not is_over else last


def _took_ms(rows: Sequence[StepRow], inner: run_steps.Inside | None) -> float | None:
    if inner is not None:
        return (rows[-1].at - inner.began_at).total_seconds() * 1000 if rows else None
    took = [row.took_ms for row in rows if row.took_ms is not None]
    return sum(took) if took else None


def _printed(step: GraphStep | None, rows: Sequence[StepRow]) -> str | None:
    output = rows[-1].output if rows else None
    return output.get("printed") if step and step.kind.id == "code" and isinstance(output, dict) else None
