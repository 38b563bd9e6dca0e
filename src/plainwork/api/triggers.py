"""What starts an agent from outside, for its people: addresses, polls, pauses, tests, the last deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any, ClassVar, Literal
from uuid import UUID

from fastapi import Request, Response
from pydantic import Field

from plainwork.api.auth import Caller, CallerArg, Permission, Tenant
from plainwork.api.conditions import IfMatch, require_unchanged
from plainwork.api.deliveries import received_at
from plainwork.api.links import public_address
from plainwork.api.polls import PollState
from plainwork.api.routing import Routes
from plainwork.api.runs import answer
from plainwork.api.shapes import Body, Shape
from plainwork.db import agents, audit, polls
from plainwork.db import triggers as rows
from plainwork.db.triggers import Trigger as Row
from plainwork.engine import start
from plainwork.engine.triggers import inputs_of
from plainwork.spec.graph import TRIGGER
from plainwork.spec.starts import start_of

routes = Routes("triggers")
_SHOWN_IN_LISTS = 10

Kind = Literal["webhook", "form", "chat", "error", "poll", "email"]


# ── Bodies ───────────────────────────────────────────────────────────────────────────────────────────────────────────
class TriggerChange(Body):
    """What to change."""

    paused: bool


class TriggerTest(Body):
    """A delivery to try. ``payload``: a webhook's body, a form's fields, a chat's ``message`` (with ``session``), a failure
    (``agent``, ``run``, ``failure``), an item that a poll finds, the fields of a mail; ``start``: have it start a run, which
    is marked as a test."""

    payload: Any = None
    query: dict[str, str | list[str]] = Field(default_factory=dict, max_length=100)
    headers: dict[str, str] = Field(default_factory=dict, max_length=100)
    start: bool = False


# ── Answers ──────────────────────────────────────────────────────────────────────────────────────────────────────────
class Delivery(Shape):
    """One delivery. ``status``: what a delivery was answered with that started no run, and ``reason`` why; ``run_status``:
    how the run stands that it started; ``size``: of the body, in bytes; ``took_ms``: until it was refused, or the run
    ended."""

    id: UUID
    at: datetime
    status: int | None
    reason: str | None
    run_id: UUID | None
    run_status: str | None
    address: str | None
    size: int | None
    took_ms: float | None


class Trigger(Shape):
    """One trigger of the live version. ``about``: what it is, in words; ``url``: where to send to (null: nowhere, or not
    for you to start); ``is_on``: it starts runs now; ``paused_at``: it was paused by itself; ``poll``: how
    it stands, when it is one (a mailbox is, too); ``deliveries``: the last ones, newest first."""

    PASSING: ClassVar = frozenset({"poll", "deliveries"})

    id: str
    kind: Kind
    about: str
    url: str | None
    config: dict[str, Any]
    is_on: bool
    paused_at: datetime | None
    poll: PollState | None
    deliveries: list[Delivery]


class Triggers(Shape):
    """The triggers of the live version that something outside reaches, each with its last ten deliveries."""

    triggers: list[Trigger]


class TriggerTested(Shape):
    """What a delivery would come to. ``trigger`` and ``inputs``: as its run sees them; ``run``: the run that it started."""

    trigger: dict[str, Any]
    inputs: dict[str, Any]
    run: UUID | None


# ── Looking ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@routes.add("GET", "/agents/{agent_id}/triggers", Permission.AGENTS_READ, response_model=Triggers)
async def list_triggers(request: Request, tenant: Tenant, caller: CallerArg, agent_id: UUID) -> Response:
    """The webhooks, forms, chats, polls, mailboxes and watched failures that start the agent."""
    await agents.get(tenant, agent_id)
    return await _listed(request, tenant, caller, agent_id)


@routes.add("GET", "/agents/{agent_id}/triggers/{trigger_id}", Permission.AGENTS_READ, response_model=Trigger)
async def get_trigger(request: Request, tenant: Tenant, caller: CallerArg, agent_id: UUID, trigger_id: str) -> Response:
    """One of them, with its last hundred deliveries."""
    await agents.get(tenant, agent_id)
    trigger = await rows.get(tenant, agent_id, trigger_id)
    return answer(await _shown(request, tenant, caller, trigger, rows.KEPT_DELIVERIES))


async def _listed(request: Request, tenant: Any, caller: Caller, agent_id: UUID) -> Response:
    found = await rows.of_agent(tenant, agent_id)
    return answer({"triggers": [await _shown(request, tenant, caller, one, _SHOWN_IN_LISTS) for one in found]})


async def _shown(request: Request, tenant: Any, caller: Caller, trigger: Row, deliveries: int) -> dict[str, Any]:
    url = None
    if caller.may(Permission.RUNS_WRITE) and (token := await rows.token_of(tenant, trigger.agent_id)):
        path = path_of(trigger, token)
        url = path and f"{public_address(request)}{path}"
    return {
        "id": trigger.trigger_id,
        "kind": trigger.kind,
        "about": start_of(f"{TRIGGER}{trigger.kind}", trigger.config),
        "url": url,
        "config": trigger.config,
        "is_on": trigger.takes,
        "paused_at": trigger.paused_at,
        "poll": await polls.state(tenant, trigger.agent_id, trigger.trigger_id) if trigger.is_polled else None,
        "deliveries": await rows.last(tenant, trigger, deliveries),
    }


async def _read(request: Request, tenant: Any, caller: Caller, agent_id: UUID, trigger_id: str) -> Trigger:
    found = await rows.get(tenant, agent_id, trigger_id)
    return Trigger.model_validate(await _shown(request, tenant, caller, found, 0))


def path_of(trigger: Row, token: str) -> str | None:
    """Where a trigger is reached; None for one that nobody sends anything to."""
    match trigger.kind:
        case "webhook":
            return f"/hooks/{token}{trigger.config['path']}"
        case "form":
            return f"/forms/{token}/{trigger.trigger_id}"
        case "chat":
            return f"/chat/{token}"
        case _:
            return None


# ── Changing ─────────────────────────────────────────────────────────────────────────────────────────────────────────
@routes.add("PATCH", "/agents/{agent_id}/triggers/{trigger_id}", Permission.AGENTS_WRITE, response_model=Trigger)
async def change_trigger(
    request: Request,
    tenant: Tenant,
    caller: CallerArg,
    agent_id: UUID,
    trigger_id: str,
    body: TriggerChange,
    if_match: IfMatch = None,
) -> Response:
    """Pauses a trigger, or has it start runs again. It stays so when another version goes live."""
    await agents.get(tenant, agent_id)
    await require_unchanged(
        if_match,
        partial(rows.lock, tenant, agent_id, trigger_id),
        partial(_read, request, tenant, caller, agent_id, trigger_id),
    )
    trigger = await rows.pause(tenant, agent_id, trigger_id, paused=body.paused)
    action = "trigger.paused" if body.paused else "trigger.resumed"
    await audit.append(tenant, caller.actor, action, ("agent", agent_id), {"trigger": trigger_id})
    request.app.state.entrance.doors.forget(await rows.token_of(tenant, agent_id))
    return answer(await _shown(request, tenant, caller, trigger, _SHOWN_IN_LISTS))


@routes.add("POST", "/agents/{agent_id}/address", Permission.AGENTS_WRITE, response_model=Triggers)
async def rotate_address(request: Request, tenant: Tenant, caller: CallerArg, agent_id: UUID) -> Response:
    """Gives the agent's webhooks, forms and chats other addresses. The former ones lead nowhere from now on."""
    await agents.get(tenant, agent_id)
    former = await rows.token_of(tenant, agent_id)
    await rows.rotate(tenant, agent_id)
    await audit.append(tenant, caller.actor, "agent.address_rotated", ("agent", agent_id))
    request.app.state.entrance.doors.forget(former)
    return await _listed(request, tenant, caller, agent_id)


# ── Trying ───────────────────────────────────────────────────────────────────────────────────────────────────────────
@routes.add(
    "POST",
    "/agents/{agent_id}/triggers/{trigger_id}/test",
    Permission.RUNS_WRITE,
    errors=(429,),
    response_model=TriggerTested,
)
async def test_trigger(
    request: Request, caller: CallerArg, agent_id: UUID, trigger_id: str, body: TriggerTest
) -> Response:
    """Says what inputs a delivery would give a run of the live version, or why it would be refused (422); starts such a
    run if asked to, paused or not. Signatures are not looked at."""
    state = request.app.state
    async with state.database.workspace(caller.workspace_id) as tenant:
        await agents.get(tenant, agent_id)
        row = await rows.get(tenant, agent_id, trigger_id)
    version = await state.versions.get(caller.workspace_id, row.version_id)
    trigger = _sample(row, body)
    inputs = inputs_of(version, row.config.get("map", {}), trigger, from_text=row.kind == "form")
    run_id = None
    if body.start:
        started = await start.start(state.database, version, inputs, trigger=trigger, bell=state.bell)
        run_id = started.run_id
    return answer({"trigger": trigger, "inputs": inputs, "run": run_id})


def _sample(row: Row, test: TriggerTest) -> dict[str, Any]:
    """What the run of a delivery would see."""
    seen = {"kind": row.kind, "id": row.trigger_id, "test": True, "received_at": received_at()}
    given = test.payload if isinstance(test.payload, Mapping) else {}
    match row.kind:
        case "webhook":
            headers = {name.lower(): value for name, value in test.headers.items()}
            method, path = row.config.get("method", "POST"), row.config["path"]
            request = {"method": method, "path": path, "query": test.query, "headers": headers, "body": test.payload}
            return {**seen, **request}
        case "form":
            return {**seen, "fields": given}
        case "poll":
            return {**seen, "uses": row.config.get("uses"), "key": "test", "item": test.payload}
        case "chat":
            return {**seen, "session": "test", "history": [], **given}
        case _:
            return {**seen, **given}
