"""Invitations: a link for one e-mail address that makes its holder a member, once, within seven days.

Only a hash of the link's token is stored. A new invitation of the same address takes the place of the one before.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

import asyncpg

from plainwork.db import passwords, users, workspaces
from plainwork.db.ids import new_id
from plainwork.db.pool import Connection, Database
from plainwork.db.workspaces import Role
from plainwork.errors import Conflict, Forbidden, LimitReached, NotFound

LIFE = timedelta(days=7)
MOST_OPEN = 500
_COLUMNS = "workspace_id, id, email, role, invited_by, created_at, expires_at"


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation that nobody has taken yet. ``invited_by`` None: an API key that nobody made."""

    workspace_id: UUID
    id: UUID
    email: str
    role: Role
    invited_by: UUID | None
    created_at: datetime
    expires_at: datetime


async def create(connection: Connection, email: str, role: Role, *, invited_by: UUID | None) -> tuple[Invitation, str]:
    """Invites an e-mail address into the transaction's workspace; the link's token, which is shown here and never again.

    Raises Conflict for a member, Invalid for what is no e-mail, LimitReached when too many invitations are open.
    """
    email = users.normal_email(email)
    await workspaces.hold(connection)
    if await connection.fetchval(
        """select exists (select from memberships m join users u on u.id = m.user_id
                          where m.workspace_id = current_workspace() and u.email = $1)""",
        email,
    ):
        raise Conflict(f"{email} is a member already.", next_step="Change their role instead.")
    await connection.execute(f"update invitations set revoked_at = now() where {_OPEN} and email = $1", email)  # noqa: S608
    if await connection.fetchval(f"select count(*) from invitations where {_OPEN}") >= MOST_OPEN:  # noqa: S608 - ours
        raise LimitReached(f"{MOST_OPEN} invitations are open.", next_step="Revoke some of them first.")
    token = secrets.token_urlsafe(32)
    row = await connection.fetchrow(
        f"""insert into invitations (workspace_id, id, email, role, token_hash, invited_by, expires_at)
            values (current_workspace(), $1, $2, $3, $4, $5, now() + $6) returning {_COLUMNS}""",  # noqa: S608 - ours
        *(new_id(), email, role, _hash(token), invited_by, LIFE),
    )
    return Invitation(**row), token


_OPEN = "workspace_id = current_workspace() and accepted_at is null and revoked_at is null"


async def page(connection: Connection, *, before: UUID | None = None, limit: int) -> list[Invitation]:
    """The invitations of the transaction's workspace that can still be accepted, newest first, those made before this one."""
    rows = await connection.fetch(
        f"""select {_COLUMNS} from invitations where {_OPEN} and expires_at > now() and ($1::uuid is null or id < $1)
            order by id desc limit $2""",  # noqa: S608 - ours
        *(before, limit),
    )
    return [Invitation(**row) for row in rows]


async def revoke(connection: Connection, invitation_id: UUID) -> Invitation:
    """Ends an invitation before somebody accepts it. NotFound when there is none that is open."""
    row = await connection.fetchrow(
        f"update invitations set revoked_at = now() where {_OPEN} and id = $1 returning {_COLUMNS}",  # noqa: S608 - ours
        invitation_id,
    )
    if row is None:
        raise NotFound("There is no such invitation, or it is over.")
    return Invitation(**row)


async def find(database: Database, token: str) -> tuple[Invitation, str]:
    """The invitation that a token opens, and the workspace's name. NotFound when it is not valid (any more)."""
    token_hash = _hash(token)
    async with database.person(token_hash=token_hash) as connection:
        row: asyncpg.Record | None = await connection.fetchrow(
            f"""select {_COLUMNS} from invitations where token_hash = $1
                and accepted_at is null and revoked_at is null and expires_at > now()""",  # noqa: S608 - ours
            token_hash,
        )
        if row is None:
            raise _over()
        await connection.execute("select set_config('plainwork.workspace', $1, true)", str(row["workspace_id"]))
        name = await connection.fetchval(
            "select name from workspaces where id = current_workspace() and deleted_at is null"
        )
    if name is None:
        raise _over()
    return Invitation(**row), name


async def accept(connection: Connection, invitation: Invitation, user_id: UUID, email: str) -> None:
    """Makes a person a member by their invitation, which is used up; the transaction has declared its workspace and the
    person. NotFound when it is over by now, Forbidden when it is for another address, Conflict for a member."""
    if invitation.email != email:
        raise Forbidden(
            f"This invitation is for {invitation.email}.", next_step="Sign in as that, or ask for one of your own."
        )
    done = await connection.execute(
        f"""update invitations set accepted_at = now(), accepted_by = $2
            where {_OPEN} and id = $1 and expires_at > now()""",  # noqa: S608 - ours
        *(invitation.id, user_id),
    )
    if done == "UPDATE 0":
        raise _over()
    if await workspaces.role_of(connection, user_id):
        raise Conflict("You are a member already.", next_step="Ask for another role, if you need one.")
    await passwords.forget_handed_over(connection, user_id)
    await workspaces.add_member(connection, user_id, invitation.role)


def _over() -> NotFound:
    return NotFound("This invitation is not valid (any more).", next_step="Ask for a new one.")


def _hash(token: str) -> bytes:
    return sha256(token.encode(errors="replace")).digest()
