"""Approvals: what waits for a person to decide, and the decision."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import Field

from plainwork.api.auth import CallerArg, Permission, Tenant
from plainwork.api.routing import Routes
from plainwork.api.runs import RunAgent, answer
from plainwork.api.shapes import Body, Limit, Shape
from plainwork.db import waits
from plainwork.db.waits import Wait
from plainwork.engine import approvals
from plainwork.engine.approvals import Choice, Person
from plainwork.errors import NotFound

routes = Routes("approvals")
MOST_LOOKED_THROUGH = 1000
"""How many open approvals are looked through, at most, for those that somebody may decide."""

State = Literal["open", "approved", "rejected", "timed_out", "closed"]


class Approval(Shape):
    """One question to a person. ``show``: exactly what it is about; ``who``: the role (that one and those above it) or the
    e-mail addresses that may decide; ``not_author``: neither who wrote the version nor who started the run may; ``until``:
    when its time has passed (null: it waits as long as the run may take); ``state``: ``closed`` when the run was over first;
    ``may_decide``: whether the caller may, ``why_not``: why they may not."""

    id: UUID
    run_id: UUID
    agent: RunAgent
    version: int
    path: str
    attempt: int
    title: str
    show: Any
    who: str | list[str]
    not_author: bool
    since: datetime
    until: datetime | None
    state: State
    closed_at: datetime | None
    decided_by: str | None
    comment: str | None
    may_decide: bool
    why_not: str | None


class ApprovalPage(Shape):
    """Approvals, newest first. ``next``: what to send as ``before`` for the next page; null: the last."""

    approvals: list[Approval]
    next: UUID | None


class ApprovalDecision(Body):
    """What is decided. The comment goes into the run, where later steps see it, and into the audit log."""

    decision: Choice
    comment: str = Field(default="", max_length=2000)


@routes.add("GET", "/approvals", Permission.APPROVALS_READ, response_model=ApprovalPage)
async def list_approvals(
    tenant: Tenant,
    caller: CallerArg,
    state: Annotated[
        Literal["open", "closed", "all"], Query(description="Only those still waited for, or not.")
    ] = "open",
    mine: Annotated[bool, Query(description="Only those that the caller may decide.")] = False,
    before: UUID | None = None,
    limit: Limit = 50,
) -> Response:
    """What people are asked, newest first; without filters, what is still waited for."""
    who = await approvals.person(tenant, caller.user_id if caller.actor.kind == "user" else None, caller.role)
    is_open = None if state == "all" else state == "open"
    found: list[dict[str, Any]] = []
    for _ in range(MOST_LOOKED_THROUGH // 200 if mine else 1):
        asked = 200 if mine else limit + 1
        page = await waits.approvals(tenant, is_open=is_open, before=before, limit=asked)
        shown = await _shown(tenant, page, who)
        found += [one for one in shown if one["may_decide"] or not mine]
        if len(found) > limit or len(page) < asked:
            break
        before = page[-1].id
    return answer({"approvals": found[:limit], "next": found[limit - 1]["id"] if len(found) > limit else None})


@routes.add("GET", "/approvals/{approval_id}", Permission.APPROVALS_READ, response_model=Approval)
async def get_approval(tenant: Tenant, caller: CallerArg, approval_id: UUID) -> Response:
    """One question, with what it is about."""
    wait = await waits.approval(tenant, approval_id)
    if wait is None:
        raise NotFound("There is no such approval.", next_step="GET /api/v1/approvals lists them.")
    who = await approvals.person(tenant, caller.user_id if caller.actor.kind == "user" else None, caller.role)
    return answer((await _shown(tenant, [wait], who))[0])


@routes.add("POST", "/approvals/{approval_id}", Permission.APPROVALS_DECIDE, errors=(409, 410), response_model=Approval)
async def decide_approval(request: Request, caller: CallerArg, approval_id: UUID, body: ApprovalDecision) -> Response:
    """Decides, and the run goes on. 403 for those who may not, 409 when somebody was first, 410 when its time has passed."""
    state = request.app.state
    async with state.database.workspace(caller.workspace_id) as connection:
        who = await approvals.person(connection, caller.user_id if caller.actor.kind == "user" else None, caller.role)
        decided = await approvals.decide(
            connection, caller.workspace_id, approval_id, body.decision, body.comment, who, caller.actor
        )
        shown = (await _shown(connection, [decided], who))[0]
    await state.bell.ring([decided.run_id])
    return answer(shown)


async def _shown(connection: Any, found: Iterable[Wait], who: Person) -> list[dict[str, Any]]:
    """The waits as ``Approval`` says it, for this person."""
    found = list(found)
    of = await waits.runs_of(connection, [one.run_id for one in found])
    authors = await waits.authors(connection, [one.run_id for one in found if one.asked["not_author"]])
    return [_one(one, of[one.run_id], approvals.why_not(one, who, authors.get(one.run_id, ()))) for one in found]


def _one(wait: Wait, of: waits.Of, why_not: str | None) -> dict[str, Any]:
    is_open = wait.closed_at is None
    decided = wait.output or {}
    return {
        **{name: getattr(wait, name) for name in ("id", "run_id", "path", "attempt", "since", "until", "closed_at")},
        **{name: wait.asked[name] for name in ("title", "show", "who", "not_author")},
        "agent": of.agent,
        "version": of.version,
        "state": _state(wait),
        "decided_by": decided.get("by"),
        "comment": decided.get("comment"),
        "may_decide": is_open and why_not is None,
        "why_not": why_not if is_open else None,
    }


def _state(wait: Wait) -> State:
    if wait.closed_at is None:
        return "open"
    if wait.outcome in ("approved", "rejected"):
        return "approved" if wait.outcome == "approved" else "rejected"
    return "timed_out" if wait.until is not None and wait.closed_at >= wait.until else "closed"
