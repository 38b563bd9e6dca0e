"""API keys: shown once, stored as a hash, scoped, revocable. A key names its workspace: no look-up crosses any.

Form: ``pwk_`` + workspace id + ``_`` + secret, both in hex: easy to find for scanners of leaked secrets.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

import asyncpg

from plainwork.db.ids import new_id
from plainwork.db.pool import Connection, Database
from plainwork.db.workspaces import checked_name
from plainwork.errors import Invalid, NotFound

PREFIX = "pwk_"
SEEN_EVERY = timedelta(minutes=5)
_FORM = re.compile(r"pwk_([0-9a-f]{32})_[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is known of a key; ``hint`` are its last four characters."""

    id: UUID
    name: str
    hint: str
    scopes: tuple[str, ...]
    created_by: UUID | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


async def create(
    connection: Connection,
    name: str,
    scopes: Sequence[str],
    *,
    created_by: UUID | None = None,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """Makes a key in the transaction's workspace; the key itself, which is shown here and never again."""
    if not scopes:
        raise Invalid("An API key needs a scope.", next_step="Name what it may do.")
    workspace_id = await connection.fetchval("select current_workspace()")
    token = f"{PREFIX}{workspace_id.hex}_{secrets.token_hex(32)}"
    row = await connection.fetchrow(
        """insert into api_keys (workspace_id, id, name, hint, token_hash, scopes, created_by, expires_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8) returning *""",
        *(workspace_id, new_id(), checked_name(name, "API key"), token[-4:], _hash(token)),
        *(sorted(set(scopes)), created_by, expires_at),
    )
    return _record(row), token


async def find(database: Database, token: str) -> tuple[UUID, ApiKey] | None:
    """The workspace and the key that a text is; None when it is unknown, expired or revoked."""
    form = _FORM.fullmatch(token)
    if form is None:
        return None
    workspace_id = UUID(form[1])
    async with database.workspace(workspace_id) as connection:
        row = await connection.fetchrow(
            """select * from api_keys where workspace_id = $1 and token_hash = $2
                and revoked_at is null and (expires_at is null or expires_at > now())""",
            *(workspace_id, _hash(token)),
        )
        if row is None:
            return None
        await connection.execute(
            """update api_keys set last_used_at = now() where workspace_id = $1 and id = $2
               and (last_used_at is null or last_used_at < now() - $3::interval)""",
            *(workspace_id, row["id"], SEEN_EVERY),
        )
    return workspace_id, _record(row)


async def page(connection: Connection, *, before: UUID | None = None, limit: int) -> list[ApiKey]:
    """Keys of the workspace, newest first, revoked ones too, those made before this one."""
    rows = await connection.fetch(
        """select * from api_keys where workspace_id = current_workspace() and ($1::uuid is null or id < $1)
           order by id desc limit $2""",
        *(before, limit),
    )
    return [_record(row) for row in rows]


async def revoke(connection: Connection, key_id: UUID) -> ApiKey:
    """Ends a key at once. NotFound when there is none; revoking twice is fine."""
    row = await connection.fetchrow(
        """update api_keys set revoked_at = coalesce(revoked_at, now())
            where workspace_id = current_workspace() and id = $1 returning *""",
        key_id,
    )
    if row is None:
        raise NotFound("There is no such API key.")
    return _record(row)


def _record(row: asyncpg.Record) -> ApiKey:
    return ApiKey(**{**{f.name: row[f.name] for f in fields(ApiKey)}, "scopes": tuple(row["scopes"])})


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()
