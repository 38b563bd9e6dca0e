"""Polls of an agent's people: what one would find now, having it done at once, having it begin anew. Their state and their
pauses are with the other triggers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Path, Request

from plainwork.api.auth import CallerArg, Permission, Tenant
from plainwork.api.routing import Routes
from plainwork.api.shapes import Shape
from plainwork.db import Connection, agents, audit, polls
from plainwork.db.polls import Poll
from plainwork.engine.polls import Entry, look, start_of
from plainwork.engine.versions import Version
from plainwork.errors import Rejected

routes = Routes("polls")
_MOST_SHOWN = 20

TriggerId = Annotated[str, Path(max_length=100)]


class PollFailure(Shape):
    """Why the last poll failed. ``kind``: ``retry`` and ``timeout`` may pass, ``auth`` and ``rejected`` need somebody."""

    message: str
    kind: Literal["retry", "auth", "rejected", "timeout"]
    next_step: str | None


class RecentPoll(Shape):
    """One poll: how many items were new, how many runs it started, how many items could start none, or its failure."""

    at: datetime
    found: int
    started: int
    refused: int
    failure: str | None
    took_ms: float


class PollState(Shape):
    """How a poll stands. ``next_at``: null while one is under way, and when none is to come; ``begun_at``: since when what is
    new starts runs (null: the first poll is still to come); ``failures``: how many have failed in a row; ``recent``: the last
    twenty that found something or failed, and the very last, newest first."""

    next_at: datetime | None
    last_at: datetime | None
    begun_at: datetime | None
    is_under_way: bool
    failures: int
    failure: PollFailure | None
    recent: list[RecentPoll]


class FoundItem(Shape):
    """An item that is new. ``trigger`` and ``inputs``: as its run would see them; ``refusal``: why it would have no run."""

    key: str
    trigger: dict[str, Any]
    inputs: dict[str, Any] | None
    refusal: str | None


class Looked(Shape):
    """What a poll would find new now: the newest twenty, newest first, and how many in all. ``is_first``: it would be the
    first, which starts no runs unless ``remember`` says so."""

    items: list[FoundItem]
    count: int
    is_first: bool


@routes.add("POST", "/agents/{agent_id}/polls/{trigger_id}/look", Permission.RUNS_WRITE, errors=(502,))
async def look_at_poll(request: Request, caller: CallerArg, agent_id: UUID, trigger_id: TriggerId) -> Looked:
    """Asks now what the poll would find, paused or not. Nothing is started, and nothing remembered. 502 when the service
    cannot be asked."""
    state = request.app.state
    async with state.database.workspace(caller.workspace_id) as tenant:
        poll = await _found(tenant, agent_id, trigger_id)
    version = await state.versions.get(caller.workspace_id, poll.version_id)
    found = await look(state.database, state.outside, poll)
    shown = [_shown(version, poll, one) for one in reversed(found[-_MOST_SHOWN:])]
    return Looked(items=shown, count=len(found), is_first=poll.is_first)


@routes.add("POST", "/agents/{agent_id}/polls/{trigger_id}/hurry", Permission.RUNS_WRITE)
async def hurry_poll(tenant: Tenant, caller: CallerArg, agent_id: UUID, trigger_id: TriggerId) -> PollState:
    """Has the poll done at once, whatever it waits for, unless it is paused or under way."""
    poll = await _found(tenant, agent_id, trigger_id)
    await polls.hurry(tenant, poll.id)
    await audit.append(tenant, caller.actor, "poll.hurried", ("agent", agent_id), {"trigger": trigger_id})
    return await _state(tenant, poll)


@routes.add("POST", "/agents/{agent_id}/polls/{trigger_id}/forget", Permission.AGENTS_WRITE)
async def forget_poll(tenant: Tenant, caller: CallerArg, agent_id: UUID, trigger_id: TriggerId) -> PollState:
    """Has the poll begin anew, as though it was new: what is there when it is done next is remembered. What had a run in the
    last 30 days gets no other."""
    poll = await _found(tenant, agent_id, trigger_id)
    await polls.forget(tenant, poll.id)
    await audit.append(tenant, caller.actor, "poll.forgotten", ("agent", agent_id), {"trigger": trigger_id})
    return await _state(tenant, poll)


async def _found(tenant: Connection, agent_id: UUID, trigger_id: str) -> Poll:
    await agents.get(tenant, agent_id)
    return await polls.get(tenant, agent_id, trigger_id)


async def _state(tenant: Connection, poll: Poll) -> PollState:
    return PollState.model_validate(await polls.state(tenant, poll.agent_id, poll.trigger_id))


def _shown(version: Version, poll: Poll, one: Entry) -> FoundItem:
    try:
        inputs, refusal = start_of(version, poll, one).inputs, None
    except Rejected as why:
        inputs, refusal = None, str(why)
    return FoundItem(key=one.key, trigger=one.seen, inputs=inputs, refusal=refusal)
