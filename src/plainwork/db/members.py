"""Who belongs to a workspace. It always keeps an owner: whoever would take the last one away is refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from plainwork.db import workspaces
from plainwork.db.pool import Connection
from plainwork.db.workspaces import Role
from plainwork.errors import Conflict, NotFound


@dataclass(frozen=True, slots=True)
class Member:
    """A person in a workspace. ``joined_at``: since when; ``second_factor_at``: since when they sign in with a code."""

    id: UUID
    email: str
    name: str
    role: Role
    joined_at: datetime
    last_sign_in_at: datetime | None
    second_factor_at: datetime | None


_SELECT = """select u.id, u.email, u.name, m.role, m.created_at as joined_at, u.last_sign_in_at, u.second_factor_at
             from memberships m join users u on u.id = m.user_id
             where m.workspace_id = current_workspace() and u.disabled_at is null"""


async def page(connection: Connection, *, after: UUID | None = None, limit: int) -> list[Member]:
    """Members of the transaction's workspace, the oldest account first, those after this one."""
    rows = await connection.fetch(f"{_SELECT} and ($1::uuid is null or u.id > $1) order by u.id limit $2", after, limit)
    return [Member(**row) for row in rows]


async def get(connection: Connection, user_id: UUID) -> Member:
    """One member; NotFound when that is none."""
    row: asyncpg.Record | None = await connection.fetchrow(f"{_SELECT} and u.id = $1", user_id)
    if row is None:
        raise NotFound("There is no such member.", next_step="GET /api/v1/members lists them.")
    return Member(**row)


async def change_role(connection: Connection, user_id: UUID, role: Role) -> Member:
    """Gives a member another role. NotFound when there is none, Conflict for the last owner."""
    await workspaces.hold(connection)
    member = await get(connection, user_id)
    if role != "owner":
        await _check_not_last(connection, member)
    await connection.execute(
        "update memberships set role = $2 where workspace_id = current_workspace() and user_id = $1", user_id, role
    )
    return await get(connection, user_id)


async def remove(connection: Connection, user_id: UUID) -> Member:
    """Takes a member out of the workspace; who it was. API keys that they made end with that. NotFound when there is
    none, Conflict for the last owner."""
    await workspaces.hold(connection)
    member = await get(connection, user_id)
    await _check_not_last(connection, member)
    await connection.execute(
        "delete from memberships where workspace_id = current_workspace() and user_id = $1", user_id
    )
    return member


async def _check_not_last(connection: Connection, member: Member) -> None:
    if member.role != "owner":
        return
    others = await connection.fetchval(
        """select count(*) from memberships m join users u on u.id = m.user_id
           where m.workspace_id = current_workspace() and m.role = 'owner' and m.user_id <> $1
             and u.disabled_at is null""",
        member.id,
    )
    if not others:
        raise Conflict(
            f"{member.name} is the only owner of the workspace.",
            next_step="Make somebody else an owner first, or delete the workspace.",
        )
