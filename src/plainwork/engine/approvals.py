"""What a person decides about a step that asks for approval, and whether they may."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from plainwork.db import Connection, Database, audit, json, users, waits
from plainwork.db.audit import SYSTEM, Actor
from plainwork.db.waits import Wait
from plainwork.engine.kinds.people import ROLES
from plainwork.errors import Conflict, Forbidden, Gone, NotFound

Choice = Literal["approved", "rejected"]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may decide, or may not. ``id`` None: a program."""

    id: UUID | None
    email: str | None
    role: str


async def person(connection: Connection, user_id: UUID | None, role: str) -> Person:
    """The member of the workspace with this role."""
    return Person(user_id, await users.email_of(connection, user_id) if user_id else None, role)


def why_not(wait: Wait, who: Person, authors: Collection[UUID]) -> str | None:
    """Why somebody may not decide this, in one sentence; None when they may. ``authors``: who is behind the run."""
    if who.id is None:
        return "A person has to decide this, with a session of their own."
    asked = wait.asked["who"]
    if isinstance(asked, str):
        if who.role not in ROLES or ROLES.index(who.role) > ROLES.index(asked):
            return f"This is for the role {asked} and those above it."
    elif who.email not in asked:
        return f"This is for {', '.join(asked[:5])}{' …' if len(asked) > 5 else ''}."
    if wait.asked["not_author"] and who.id in authors:
        return "Whoever wrote this version of the agent, or started the run, may not decide this."
    return None


async def decide(
    connection: Connection,
    workspace_id: UUID,
    approval_id: UUID,
    choice: Choice,
    comment: str,
    who: Person,
    actor: Actor,
) -> Wait:
    """Carries a decision out, with its entry in the audit log, in the caller's transaction; who calls rings when that is
    committed. Raises NotFound; Forbidden for those who may not decide; Conflict when it is decided, Gone when its time has
    passed or the run is over."""
    found = await waits.approval(connection, approval_id)
    if found is None:
        raise NotFound("There is no such approval.", next_step=_LIST)
    await waits.lock_run(connection, found.run_id)
    wait = await waits.approval(connection, approval_id)
    assert wait is not None
    behind = await waits.authors(connection, [wait.run_id]) if wait.asked["not_author"] else {}
    if (reason := why_not(wait, who, behind.get(wait.run_id, ()))) is not None:
        raise Forbidden(reason, next_step="Ask somebody who may.")
    assert who.id is not None
    output = {"decision": choice, "by": who.email, "at": _now(), "comment": json.clean_text(comment)}
    if wait.status is not None:
        raise Conflict(f"It was {wait.outcome} already.", next_step=_LIST)
    if not await waits.answer(connection, workspace_id, wait, choice, json.encode(output), who.id):
        raise Gone("It is not waited for any more: its time has passed, or the run is over.", next_step=_LIST)
    detail = {"step": wait.path, "attempt": wait.attempt, "approval": str(wait.id), "comment": output["comment"]}
    await audit.append(connection, actor, f"step.{choice}", ("run", wait.run_id), detail)
    decided = await waits.approval(connection, approval_id)
    assert decided is not None
    return decided


async def decide_here(
    database: Database, workspace_id: UUID, run_id: UUID, path: str, attempt: int, choice: Choice
) -> None:
    """Carries out what whoever works at the command line decides about a run of theirs. Raises Gone when it does not wait
    for that any more."""
    async with database.workspace(workspace_id) as connection:
        wait = await waits.find(connection, run_id, path, attempt)
        output = {"decision": choice, "by": "command line", "at": _now(), "comment": ""}
        if wait is None or not await waits.answer(connection, workspace_id, wait, choice, json.encode(output), None):
            raise Gone("It is not waited for any more: its time has passed, or the run is over.")
        detail = {"step": path, "attempt": attempt, "approval": str(wait.id)}
        await audit.append(connection, SYSTEM, f"step.{choice}", ("run", run_id), detail)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


_LIST = "GET /api/v1/approvals lists what waits."
