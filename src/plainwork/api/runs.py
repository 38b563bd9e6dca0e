"""Runs: list, look at, cancel, watch live. ``POST /agents/{id}/runs`` starts one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from plainwork.api.auth import CallerArg, Permission, Routes, Tenant
from plainwork.db import agents as agent_rows
from plainwork.db import runs as rows
from plainwork.engine import start
from plainwork.engine.events import Event
from plainwork.errors import Conflict, NotFound

routes = Routes(tags=["runs"])
MOST_WAIT_S = 120
HEARTBEAT_S = 15.0


class NewRun(BaseModel):
    """What to start. ``version``: a number; without it the live version runs."""

    inputs: dict[str, Any] = Field(default_factory=dict)
    version: int | None = Field(default=None, ge=1)


def shown(run: rows.Run) -> dict[str, Any]:
    """A run as the API shows it."""
    found: dict[str, Any] = msgspec.to_builtins(run)
    found.pop("workspace_id")
    return found


@routes.add("POST", "/agents/{agent_id}/runs", Permission.RUNS_WRITE, status_code=202)
async def start_run(
    request: Request,
    response: Response,
    caller: CallerArg,
    agent_id: UUID,
    body: NewRun,
    wait: Annotated[
        float | None, Query(ge=0, le=MOST_WAIT_S, description="Seconds to wait for the run to end.")
    ] = None,
    idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
) -> dict[str, Any]:
    """Starts a run: 202 with its id, or with ``?wait=`` 200 with how it ended (202 if it has not by then).

    The same ``Idempotency-Key`` for the same agent gives the first run again.
    """
    state = request.app.state
    async with state.database.workspace(caller.workspace_id) as connection:
        version_id = await _version_to_run(connection, agent_id, body.version)
    version = await state.versions.get(caller.workspace_id, version_id)
    trigger = {"kind": "manual", "by": f"{caller.actor.kind}:{caller.actor.id}"}
    started = await start.start(
        state.database, version, body.inputs, trigger=trigger, key=idempotency_key, bell=state.bell
    )
    run_id = started.run_id
    run = await start.wait_for(state.events, state.database, caller.workspace_id, run_id, wait or 0)
    if run.is_over and wait is not None:
        response.status_code = 200
    response.headers["Location"] = f"/api/v1/runs/{run_id}"
    return shown(run)


async def _version_to_run(connection: Any, agent_id: UUID, number: int | None) -> UUID:
    """The version of that number, or the live one. Raises NotFound, or Conflict when none is live."""
    agent = await agent_rows.get(connection, agent_id)
    if number is not None:
        return (await agent_rows.version_numbered(connection, agent_id, number)).id
    if agent.live_version_id is None:
        raise Conflict(
            f"{agent.name} has no live version.", next_step=f"PUT /api/v1/agents/{agent_id}/live, or name a version."
        )
    return agent.live_version_id


@routes.add("GET", "/agents/{agent_id}/runs", Permission.RUNS_READ)
async def list_agent_runs(
    tenant: Tenant,
    agent_id: UUID,
    status: Annotated[list[str] | None, Query(max_length=6)] = None,
    before: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> dict[str, Any]:
    """The agent's runs, newest first; ``before`` the last id of a page gives the next."""
    return _page(await rows.find(tenant, agent_id=agent_id, statuses=status or (), before=before, limit=limit), limit)


@routes.add("GET", "/runs", Permission.RUNS_READ)
async def list_runs(
    tenant: Tenant,
    status: Annotated[list[str] | None, Query(max_length=6)] = None,
    before: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> dict[str, Any]:
    """The workspace's runs, newest first."""
    return _page(await rows.find(tenant, statuses=status or (), before=before, limit=limit), limit)


def _page(found: list[rows.Run], limit: int) -> dict[str, Any]:
    following = str(found[-1].id) if len(found) == limit else None
    return {"runs": [shown(run) for run in found], "next": following}


async def _read(connection: Any, run_id: UUID) -> rows.Run:
    run = await rows.read(connection, run_id)
    if run is None:
        raise NotFound("There is no such run.", next_step="GET /api/v1/runs lists them.")
    return run


@routes.add("GET", "/runs/{run_id}", Permission.RUNS_READ)
async def get_run(tenant: Tenant, run_id: UUID) -> dict[str, Any]:
    """One run with its steps (the first 1,000 journal rows; ``/runs/{id}/steps`` pages on)."""
    run = await _read(tenant, run_id)
    return shown(run) | {"journal": msgspec.to_builtins(await rows.steps(tenant, run_id))}


@routes.add("GET", "/runs/{run_id}/steps", Permission.RUNS_READ)
async def list_steps(
    tenant: Tenant,
    run_id: UUID,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
) -> dict[str, Any]:
    """A run's journal rows in order; ``after`` the last ``seq`` of a page gives the next."""
    await _read(tenant, run_id)
    return {"steps": msgspec.to_builtins(await rows.steps(tenant, run_id, after, limit))}


@routes.add("POST", "/runs/{run_id}/cancel", Permission.RUNS_WRITE)
async def cancel_run(tenant: Tenant, run_id: UUID) -> dict[str, Any]:
    """Ends a run for good. Raises Conflict (409) when it has ended already."""
    before = await _read(tenant, run_id)
    if before.is_over:
        raise Conflict(f"The run has ended already: {before.status}.", next_step="Start a new run.")
    await rows.cancel(tenant, run_id)
    return shown(await _read(tenant, run_id))


@routes.add("GET", "/runs/{run_id}/events", Permission.RUNS_READ, response_class=StreamingResponse)
async def watch_run(
    request: Request, caller: CallerArg, run_id: UUID, last_event_id: Annotated[str | None, Header()] = None
) -> StreamingResponse:
    """The run as server-sent events: ``step`` (a journal row, ``id:`` its seq) and ``run`` (its state) until it is over.

    ``Last-Event-ID`` goes on after that row, as browsers do when they connect again.
    """
    database = request.app.state.database
    async with database.workspace(caller.workspace_id) as connection:
        await _read(connection, run_id)
    after = int(last_event_id) if last_event_id and last_event_id.isdigit() else 0
    stream = _events(request.app.state.events.watch(caller.workspace_id, run_id, after))
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


async def _events(happening: AsyncIterator[Any]) -> AsyncIterator[bytes]:
    """Server-sent events (WHATWG HTML §9.2), with a comment every 15 s so that proxies keep the connection."""
    following = asyncio.ensure_future(anext(happening, None))
    try:
        while True:
            done, _ = await asyncio.wait([following], timeout=HEARTBEAT_S)
            if not done:
                yield b": still here\n\n"
                continue
            event = following.result()
            if event is None:
                return
            yield _encoded(event)
            following = asyncio.ensure_future(anext(happening, None))
    finally:
        following.cancel()


def _encoded(event: Event) -> bytes:
    number = b"id: %d\n" % event.seq if event.seq else b""
    return b"event: %s\n%sdata: %s\n\n" % (event.type.encode(), number, msgspec.json.encode(event))
