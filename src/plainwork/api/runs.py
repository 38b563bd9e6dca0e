"""Runs: start, list, look at, cancel, watch live."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from fastapi import Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, Field

from plainwork.api import problems
from plainwork.api.auth import Caller, CallerArg, Permission, Tenant, admit
from plainwork.api.routing import Routes
from plainwork.api.shapes import LARGEST_INTEGER, Body, Limit, Number, Shape
from plainwork.db import agents as agent_rows
from plainwork.db import audit, canaries, new_id, waits
from plainwork.db import runs as rows
from plainwork.engine import start
from plainwork.engine.events import Event
from plainwork.errors import Conflict, Forbidden, NotFound, PlainworkError

routes = Routes("runs")
MOST_WAIT_S = 120
_FROM = re.compile(r"(\d{1,9})(-end)?", re.ASCII)

Status = Literal["queued", "running", "waiting", "succeeded", "failed", "cancelled"]
Kind = Literal["manual", "schedule", "webhook", "poll", "form", "chat", "email", "error", "call"]
ContentHash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Statuses = Annotated[list[Status] | None, Query(max_length=20, description="Only runs with one of these.")]
Agents = Annotated[list[UUID] | None, Query(max_length=100, description="Only runs of these agents.")]
Kinds = Annotated[list[Kind] | None, Query(max_length=20, description="Only runs that one of these started.")]
Origin = Annotated[UUID | None, Query(description="Only runs that come of this one.")]
Versions = Annotated[list[UUID] | None, Query(max_length=100, description="Only runs of these versions (their ids).")]
Cause = Literal[
    "step_failed",
    "timed_out",
    "crash_loop",
    "effect_uncertain",
    "connection_expired",
    "budget_exceeded",
    "undeliverable",
]
Causes = Annotated[list[Cause] | None, Query(max_length=20, description="Only runs with one of these causes.")]
Seconds = Annotated[float | None, Query(ge=0, le=1e9, description="Only runs that took so long, from start to end.")]
Dollars = Annotated[float | None, Query(ge=0, le=1e9, description="Only runs whose model calls cost so much.")]
Words = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=200,
        pattern=r"^[^\x00]*$",
        description='What a line of theirs says (`GET /logs`): words, "phrases", `or`, `-not`.',
    ),
]
Since = Annotated[AwareDatetime | None, Query(description="Only runs made at this time or later.")]
Until = Annotated[AwareDatetime | None, Query(description="Only runs made before this time.")]


# ── Bodies ───────────────────────────────────────────────────────────────────────────────────────────────────────────
class NewRun(Body):
    """What to start. ``version``: a number, or a content hash; without it the live version runs, or its canary.
    ``priority``: before or after the workspace's other runs; without it as the agent says."""

    inputs: dict[str, Any] = Field(default_factory=dict)
    version: Number | ContentHash | None = None
    priority: rows.Priority | None = None


# ── Answers ──────────────────────────────────────────────────────────────────────────────────────────────────────────
class RunAgent(Shape):
    """The agent that a run is of, with the names it has now."""

    id: UUID
    name: str
    slug: str


class Run(Shape):
    """One run. ``version``: the number of the version it runs; ``cause``: why it needs a person; ``ask``: the step
    that a person is asked about; ``failure``: its kind, a message and the next step; ``wake_at``: when a waiting
    run goes on; ``steps``: how many journal rows it has; ``took_ms``: from its start to its end; ``origin_run_id``:
    the run that it was made of by a retry or a replay, ``origin_step``: from which of its steps on (null: from the
    start, or from where it stopped); ``parent_run_id``: the run of another agent that has started it, by its step
    at ``parent_path``; ``canary``: its version was a canary's candidate when it started; ``resolution``: how a person
    dealt with the cause, at ``resolved_at``, so that it left the inbox; ``reported``: the run that had started it was
    told."""

    id: UUID
    agent_id: UUID
    agent: RunAgent
    version_id: UUID
    version: int
    status: Status
    cause: str | None
    trigger: dict[str, Any]
    inputs: dict[str, Any]
    output: Any
    failure: Any
    ask: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    wake_at: datetime | None
    deadline_at: datetime | None
    steps: int
    tokens: int
    cost_usd: float
    took_ms: float | None
    origin_run_id: UUID | None
    origin_step: str | None
    parent_run_id: UUID | None
    parent_path: str | None
    canary: bool
    resolved_at: datetime | None
    resolution: Literal["retried", "skipped", "answered", "discarded", "reported"] | None


class RunStep(Shape):
    """One row of a run's journal: one attempt at one step. ``path``: the step's id, inside loops like ``each[3].fetch``;
    ``attempt`` counts from 1 (0: a fact that the planner derived); ``seq`` counts the rows; ``source``: where the row is
    from: taken by the run itself, carried over from the run that it comes of, or given by a person."""

    seq: int
    path: str
    attempt: int
    status: str
    outcome: str | None
    output: Any
    failure: Any
    wake_at: datetime | None
    idempotency_key: str | None
    at: datetime
    took_ms: float | None
    source: Literal["taken", "carried", "given"]


class Waiting(Shape):
    """One thing that a run waits for, since when and until when at most. ``kind``: ``effect_uncertain`` asks a person in the
    inbox; ``connection_expired`` waits until somebody connects the step's account anew; ``agent_limit`` and
    ``workspace_limit`` keep a queued run back; ``id``: of the approval; ``run_id``: of the other agent's run."""

    kind: Literal[
        "approval",
        "callback",
        "agent",
        "time",
        "retry",
        "effect_uncertain",
        "connection_expired",
        "agent_limit",
        "workspace_limit",
    ]
    path: str
    since: datetime | None
    until: datetime | None
    id: UUID | None
    run_id: UUID | None


class ChildRun(Shape):
    """A run that this one has started, by its step at ``path``. ``agent``: its id in addresses."""

    id: UUID
    path: str
    agent: str
    status: Status


class RunDetail(Run):
    """A run with the first 1,000 rows of its journal, what it waits for, and the newest runs it has started (100)."""

    journal: list[RunStep]
    waiting: list[Waiting]
    children: list[ChildRun]


class RunPage(Shape):
    """Runs, newest first, without their outputs. ``next``: what to send as ``before`` for the next page; null: the last."""

    runs: list[Run]
    next: UUID | None


class StepPage(Shape):
    """Journal rows in order. ``next``: what to send as ``after`` for the next page; null: these are the last for now."""

    steps: list[RunStep]
    next: int | None


def answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """The JSON of records as they are: what steps gave may nest deeper than pydantic writes."""
    return Response(msgspec.json.encode(value), status, headers, media_type="application/json")


def shown(run: rows.Run) -> dict[str, Any]:
    """The run as ``Run`` says it."""
    return {name: getattr(run, name) for name in Run.model_fields}


# ── Starting ─────────────────────────────────────────────────────────────────────────────────────────────────────────
@routes.add(
    "POST",
    "/agents/{agent_id}/runs",
    Permission.RUNS_WRITE,
    status_code=202,
    errors=(409, 429),
    response_model=Run,
    responses={200: {"model": Run, "description": "The run has ended within the time to wait."}},
)
async def start_run(
    request: Request,
    caller: CallerArg,
    agent_id: UUID,
    body: NewRun | None = None,
    wait: Annotated[
        float | None, Query(ge=0, le=MOST_WAIT_S, description="Seconds to wait for the run to end.")
    ] = None,
    idempotency_key: Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200)] = None,
) -> Response:
    """Starts a run: 202 with its id, or with ``?wait=`` 200 with how it ended (202 if it has not by then).

    The same ``Idempotency-Key`` for the same agent gives the first run again, and the header ``Idempotent-Replayed``.
    """
    body, state = body or NewRun(), request.app.state
    async with state.database.workspace(caller.workspace_id) as connection:
        version_id, is_canary = await _version_to_run(connection, agent_id, body.version, idempotency_key)
    version = await state.versions.get(caller.workspace_id, version_id)
    trigger = {"kind": "manual", "by": f"{caller.actor.kind}:{caller.actor.id}"}
    how: dict[str, Any] = {"trigger": trigger, "key": idempotency_key, "priority": body.priority}
    started = await start.start(state.database, version, body.inputs, **how, is_canary=is_canary, bell=state.bell)
    place = (state.database, caller.workspace_id, started.run_id)
    run = await start.wait_for(state.events, *place, wait) if wait else await start.read(*place)
    headers = {"Location": f"/api/v1/runs/{run.id}"}
    if not started.is_new:
        headers["Idempotent-Replayed"] = "true"
    return answer(shown(run), 200 if run.is_over and wait is not None else 202, headers)


async def _version_to_run(
    connection: Any, agent_id: UUID, which: int | str | None, key: str | None
) -> tuple[UUID, bool]:
    """The version of that number or content hash, or the live one, or the candidate of its canary; and whether it is that.
    Raises NotFound, or Conflict when none is live."""
    agent = await agent_rows.get(connection, agent_id)
    if isinstance(which, int):
        return (await agent_rows.version_numbered(connection, agent_id, which)).id, False
    if which is not None:
        return (await agent_rows.version_hashed(connection, agent_id, bytes.fromhex(which))).id, False
    if agent.live_version_id is None:
        raise Conflict(
            f"{agent.name} has no live version.", next_step=f"PUT /api/v1/agents/{agent_id}/live, or name a version."
        )
    candidate = await canaries.choose(connection, agent_id, agent.live_version_id, key or str(new_id()))
    return candidate or agent.live_version_id, candidate is not None


# ── Looking ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@routes.add("GET", "/agents/{agent_id}/runs", Permission.RUNS_READ, response_model=RunPage)
async def list_agent_runs(
    tenant: Tenant, agent_id: UUID, status: Statuses = None, before: UUID | None = None, limit: Limit = 50
) -> Response:
    """The agent's runs, newest first; ``before`` the last id of a page gives the next."""
    await agent_rows.get(tenant, agent_id)
    only = rows.Filter(agents=[agent_id], statuses=status or ())
    return _page(await rows.find(tenant, only, before=before, limit=limit + 1), limit)


@routes.add("GET", "/runs", Permission.RUNS_READ, response_model=RunPage)
async def list_runs(
    tenant: Tenant,
    agent: Agents = None,
    status: Statuses = None,
    trigger: Kinds = None,
    since: Since = None,
    until: Until = None,
    origin: Origin = None,
    version: Versions = None,
    cause: Causes = None,
    least_s: Seconds = None,
    most_s: Seconds = None,
    least_usd: Dollars = None,
    most_usd: Dollars = None,
    text: Words = None,
    before: UUID | None = None,
    limit: Limit = 50,
) -> Response:
    """The workspace's runs, newest first, those of agents out of use too. Filters that name several take any of them."""
    only = rows.Filter(
        *(agent or (), status or (), trigger or (), since, until, origin),
        causes=cause or (),
        versions=version or (),
        took_s=(least_s, most_s),
        cost_usd=(least_usd, most_usd),
        text=text,
    )
    return _page(await rows.find(tenant, only, before=before, limit=limit + 1), limit)


def _page(found: list[rows.Run], limit: int) -> Response:
    page = found[:limit]
    return answer({"runs": [shown(run) for run in page], "next": page[-1].id if len(found) > limit else None})


@routes.add("GET", "/runs/{run_id}", Permission.RUNS_READ, response_model=RunDetail)
async def get_run(tenant: Tenant, run_id: UUID) -> Response:
    """One run with its journal (the first 1,000 rows; ``/runs/{run_id}/steps`` pages on)."""
    run = await _read(tenant, run_id)
    around = {"waiting": await waits.reasons(tenant, run), "children": await waits.children(tenant, run_id)}
    return answer(shown(run) | around | {"journal": await rows.steps(tenant, run_id)})


@routes.add("GET", "/runs/{run_id}/steps", Permission.RUNS_READ, response_model=StepPage)
async def list_steps(
    tenant: Tenant,
    run_id: UUID,
    after: Annotated[int, Query(ge=0, le=LARGEST_INTEGER)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
) -> Response:
    """A run's journal rows in order; ``after`` the last ``seq`` of a page gives the next."""
    await _read(tenant, run_id)
    found = await rows.steps(tenant, run_id, after, limit + 1)
    page = found[:limit]
    return answer({"steps": page, "next": page[-1].seq if len(found) > limit else None})


async def _read(connection: Any, run_id: UUID) -> rows.Run:
    run = await rows.read(connection, run_id)
    if run is None:
        raise NotFound("There is no such run.", next_step="GET /api/v1/runs lists them.")
    return run


@routes.add("POST", "/runs/{run_id}/cancel", Permission.RUNS_WRITE, response_model=Run, errors=(409,))
async def cancel_run(tenant: Tenant, caller: CallerArg, run_id: UUID) -> Response:
    """Ends a run for good; whoever works on it stops within a second. 409 when it has ended already."""
    await _read(tenant, run_id)
    is_done = await rows.stop(tenant, run_id)
    run = await _read(tenant, run_id)
    if not is_done:
        raise Conflict(f"The run has ended already: {run.status}.", next_step="Start a new run.")
    await audit.append(tenant, caller.actor, "run.cancelled", ("run", run_id))
    return answer(shown(run))


# ── Watching ─────────────────────────────────────────────────────────────────────────────────────────────────────────
@routes.add(
    "GET",
    "/runs/{run_id}/events",
    Permission.RUNS_READ,
    stream=True,
    response_class=StreamingResponse,
    responses={204: {"description": "The run is over and Last-Event-ID was its last event: do not connect again."}},
)
async def watch_run(
    request: Request,
    tenant: Tenant,
    caller: CallerArg,
    run_id: UUID,
    last_event_id: Annotated[str, Header(alias="Last-Event-ID")] = "",
) -> Response:
    """The run as server-sent events: ``step`` (a journal row) and ``run`` (its state) until it is over.

    ``Last-Event-ID`` goes on after that event, as browsers do when they connect again. A comment now and then keeps
    the connection open; an event ``problem`` says why the stream ends before the run does.
    """
    run = await _read(tenant, run_id)
    known = _FROM.fullmatch(last_event_id)
    if known and known[2] and run.is_over:
        return Response(status_code=204)
    happening = request.app.state.events.watch(caller.workspace_id, run_id, int(known[1]) if known else 0)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_stream(request, caller, happening), media_type="text/event-stream", headers=headers)


async def _stream(request: Request, caller: Caller, happening: AsyncGenerator[Event, None]) -> AsyncIterator[bytes]:
    """Server-sent events (WHATWG HTML §9.2). At every beat it looks whether the caller may still see this."""
    beat_s: float = request.app.state.beat_s
    clock = asyncio.get_running_loop().time
    next_beat = clock() + beat_s
    yield b"retry: 1000\n\n"
    following = asyncio.ensure_future(anext(happening, None))
    try:
        while True:
            done, _ = await asyncio.wait([following], timeout=max(0.0, next_beat - clock()))
            if clock() >= next_beat:
                await _admit_again(request, caller)
                next_beat = clock() + beat_s
                yield b": still here\n\n"
            if done:
                event = following.result()
                if event is None:
                    return
                following = asyncio.ensure_future(anext(happening, None))
                yield _encoded(event)
    except PlainworkError as why:
        yield b"event: problem\ndata: %s\n\n" % msgspec.json.encode(problems.of(why))
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await happening.aclose()


async def _admit_again(request: Request, caller: Caller) -> None:
    """Raises when the caller may no longer see runs of this workspace. Who names none is let into the first that is left
    to them, which may be another."""
    await admit(request, Permission.RUNS_READ)
    if request.state.caller.workspace_id != caller.workspace_id:
        raise Forbidden("You do not belong to this workspace.", next_step="Ask one of its owners to invite you.")


def _encoded(event: Event) -> bytes:
    is_last = event.type == "run" and event.status in rows.ENDED
    number = b"id: %d%s\n" % (event.seq, b"-end" if is_last else b"") if event.seq or is_last else b""
    return b"event: %s\n%sdata: %s\n\n" % (event.type.encode(), number, msgspec.json.encode(event))
