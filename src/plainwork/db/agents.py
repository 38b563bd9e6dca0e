"""Agents, their immutable versions and the live pointer.

Functions take a connection of ``db.workspace`` and work inside its workspace.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from hashlib import sha256
from typing import Any, TypeVar
from uuid import UUID

import asyncpg

from plainwork.db import json
from plainwork.db.ids import new_id
from plainwork.db.pool import Connection
from plainwork.db.workspaces import checked_name, checked_slug, slug_of
from plainwork.errors import Conflict, NotFound

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Agent:
    """A named agent. ``last_version`` is the number of its newest version (0: none yet)."""

    id: UUID
    slug: str
    name: str
    about: str
    tags: tuple[str, ...]
    live_version_id: UUID | None
    last_version: int
    paused_at: datetime | None
    created_by: UUID | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class VersionHead:
    """What a list of versions tells; ``content_hash`` is SHA-256 over markdown, spec and flow."""

    id: UUID
    agent_id: UUID
    number: int
    content_hash: bytes
    note: str
    created_by: UUID | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Version:
    """A whole version; ``spec`` and ``flow`` are JSON with their keys in the order written."""

    id: UUID
    agent_id: UUID
    number: int
    content_hash: bytes
    markdown: str
    spec: Mapping[str, Any]
    flow: Mapping[str, Any]
    note: str
    created_by: UUID | None
    created_at: datetime


# ── Agents ───────────────────────────────────────────────────────────────────────────────────────────────────────────
async def create(
    connection: Connection,
    name: str,
    *,
    slug: str | None = None,
    about: str = "",
    tags: Sequence[str] = (),
    created_by: UUID | None = None,
) -> Agent:
    """Makes an agent without versions. Conflict when its slug is taken in the workspace."""
    name = checked_name(name, "agent")
    slug = checked_slug(slug) if slug else slug_of(name)
    try:
        row = await connection.fetchrow(
            """insert into agents (workspace_id, id, slug, name, about, tags, created_by)
               values (current_workspace(), $1, $2, $3, $4, $5, $6) returning *""",
            *(new_id(), slug, name, json.clean_text(about), list(tags), created_by),
        )
    except asyncpg.UniqueViolationError:
        raise Conflict(
            f"There is an agent {slug!r} already.", next_step="Choose another id, or open that one."
        ) from None
    return _agent(row)


async def get(connection: Connection, agent_id: UUID) -> Agent:
    """An agent by id; NotFound when the workspace has none such."""
    row = await connection.fetchrow(
        "select * from agents where workspace_id = current_workspace() and id = $1 and deleted_at is null", agent_id
    )
    return _agent(_found(row))


async def lock(connection: Connection, agent_id: UUID) -> None:
    """Keeps the agent as it is for everybody else, until the transaction ends."""
    await connection.execute(
        "select from agents where workspace_id = current_workspace() and id = $1 for no key update", agent_id
    )


async def by_slug(connection: Connection, slug: str) -> Agent | None:
    """An agent by its slug, or None."""
    row = await connection.fetchrow(
        "select * from agents where workspace_id = current_workspace() and slug = $1 and deleted_at is null", slug
    )
    return _agent(row) if row else None


async def page(connection: Connection, limit: int = 50, before: UUID | None = None) -> list[Agent]:
    """Agents, newest first, those made before agent ``before``."""
    rows = await connection.fetch(
        """select * from agents where workspace_id = current_workspace() and deleted_at is null
           and ($2::uuid is null or id < $2) order by id desc limit $1""",
        *(limit, before),
    )
    return [_agent(row) for row in rows]


async def change(
    connection: Connection,
    agent_id: UUID,
    *,
    name: str | None = None,
    about: str | None = None,
    tags: Sequence[str] | None = None,
    paused: bool | None = None,
) -> Agent:
    """Changes what is given. A paused agent's triggers start no runs."""
    row = await connection.fetchrow(
        """update agents set name = coalesce($2, name), about = coalesce($3, about), tags = coalesce($4, tags),
               paused_at = case when $5 then coalesce(paused_at, now()) when not $5 then null else paused_at end,
               updated_at = now()
           where workspace_id = current_workspace() and id = $1 and deleted_at is null returning *""",
        *(agent_id, checked_name(name, "agent") if name is not None else None),
        *(json.clean_text(about) if about is not None else None, list(tags) if tags is not None else None, paused),
    )
    return _agent(_found(row))


async def delete(connection: Connection, agent_id: UUID) -> None:
    """Takes an agent out of use; its versions and runs stay on record, its slug is free again."""
    done = await connection.execute(
        """update agents set deleted_at = now(), updated_at = now(), live_version_id = null
           where workspace_id = current_workspace() and id = $1 and deleted_at is null""",
        agent_id,
    )
    if done == "UPDATE 0":
        raise _no_agent()


# ── Versions ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def content_hash(markdown: str, spec: Mapping[str, Any], flow: Mapping[str, Any]) -> bytes:
    """SHA-256 over the three parts as JSON, in the order in which their keys were written."""
    return sha256(json.encode([markdown, spec, flow])).digest()


async def publish(
    connection: Connection,
    agent_id: UUID,
    *,
    markdown: str,
    spec: Mapping[str, Any],
    flow: Mapping[str, Any],
    note: str = "",
    created_by: UUID | None = None,
) -> Version:
    """Adds a version, numbered after the last; when the newest has the very same content, gives that one back."""
    last = await connection.fetchval(
        """select last_version from agents where workspace_id = current_workspace() and id = $1
           and deleted_at is null for update""",
        agent_id,
    )
    if last is None:
        raise _no_agent()
    hashed = content_hash(markdown, spec, flow)
    if (newest := await _same(connection, agent_id, last, hashed)) is not None:
        return newest
    row = await connection.fetchrow(
        """insert into agent_versions
               (workspace_id, id, agent_id, number, content_hash, markdown, spec, flow, note, created_by)
           values (current_workspace(), $1, $2, $3, $4, $5, $6, $7, $8, $9) returning *""",
        *(new_id(), agent_id, last + 1, hashed, markdown, spec, flow, json.clean_text(note), created_by),
    )
    await connection.execute(
        """update agents set last_version = $2, updated_at = now()
           where workspace_id = current_workspace() and id = $1""",
        *(agent_id, last + 1),
    )
    return _record(Version, row)


async def _same(connection: Connection, agent_id: UUID, number: int, hashed: bytes) -> Version | None:
    row = await connection.fetchrow(
        """select * from agent_versions where workspace_id = current_workspace() and agent_id = $1 and number = $2
           and content_hash = $3""",
        *(agent_id, number, hashed),
    )
    return _record(Version, row) if row else None


async def version(connection: Connection, version_id: UUID) -> Version:
    """A version by id; NotFound when the workspace has none such."""
    row = await connection.fetchrow(
        "select * from agent_versions where workspace_id = current_workspace() and id = $1", version_id
    )
    if row is None:
        raise NotFound("There is no such version.")
    return _record(Version, row)


async def version_numbered(connection: Connection, agent_id: UUID, number: int) -> Version:
    """An agent's version by number; NotFound when it has none such."""
    row = await connection.fetchrow(
        "select * from agent_versions where workspace_id = current_workspace() and agent_id = $1 and number = $2",
        *(agent_id, number),
    )
    if row is None:
        raise NotFound(f"The agent has no version {number}.")
    return _record(Version, row)


async def version_hashed(connection: Connection, agent_id: UUID, content_hash: bytes) -> Version:
    """The newest of an agent's versions with this content; NotFound when it has none such."""
    row = await connection.fetchrow(
        """select * from agent_versions where workspace_id = current_workspace() and agent_id = $1 and content_hash = $2
           order by number desc limit 1""",
        *(agent_id, content_hash),
    )
    if row is None:
        raise NotFound("The agent has no version with this content.")
    return _record(Version, row)


async def numbers(connection: Connection, version_ids: Sequence[UUID]) -> dict[UUID, int]:
    """The numbers of versions, by their ids."""
    rows = await connection.fetch(
        "select id, number from agent_versions where workspace_id = current_workspace() and id = any ($1)", version_ids
    )
    return {row["id"]: row["number"] for row in rows}


async def unknown(connection: Connection, agent_ids: Sequence[UUID]) -> list[UUID]:
    """Those of the ids that no agent of the workspace has."""
    rows = await connection.fetch(
        """select id from unnest($1::uuid[]) as given(id) where not exists (
               select from agents a where a.workspace_id = current_workspace() and a.id = given.id
               and a.deleted_at is null)""",
        agent_ids,
    )
    return [row["id"] for row in rows]


async def versions(
    connection: Connection, agent_id: UUID, limit: int = 50, before: int | None = None
) -> list[VersionHead]:
    """An agent's versions, newest first, those before number ``before``."""
    rows = await connection.fetch(
        """select id, agent_id, number, content_hash, note, created_by, created_at from agent_versions
           where workspace_id = current_workspace() and agent_id = $1 and ($3::int is null or number < $3)
           order by number desc limit $2""",
        *(agent_id, limit, before),
    )
    return [_record(VersionHead, row) for row in rows]


async def set_live(connection: Connection, agent_id: UUID, version_id: UUID | None) -> Agent:
    """Points the agent at one of its versions (None: at none). NotFound for another agent's version."""
    try:
        row = await connection.fetchrow(
            """update agents set live_version_id = $2, updated_at = now()
               where workspace_id = current_workspace() and id = $1 and deleted_at is null returning *""",
            *(agent_id, version_id),
        )
    except asyncpg.ForeignKeyViolationError:
        raise NotFound("The agent has no such version.", next_step="Choose one of its own versions.") from None
    return _agent(_found(row))


def _record(kind: type[T], row: asyncpg.Record) -> T:
    return kind(**{f.name: row[f.name] for f in fields(kind)})  # type: ignore[arg-type]


def _agent(row: asyncpg.Record) -> Agent:
    return Agent(**{f.name: row[f.name] for f in fields(Agent)} | {"tags": tuple(row["tags"])})


def _found(row: asyncpg.Record | None) -> asyncpg.Record:
    if row is None:
        raise _no_agent()
    return row


def _no_agent() -> NotFound:
    return NotFound("There is no such agent.")
