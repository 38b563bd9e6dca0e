"""How long runs are kept, and what goes when that has passed. Every call does a bounded piece and may be made by any number
of processes at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from plainwork.db.pool import Connection, Database


@dataclass(frozen=True, slots=True)
class Dropped:
    """How many empty partitions of past months went, and how many rows have no month of their own."""

    partitions: int
    strays: int


async def days(connection: Connection) -> int | None:
    """How many days the workspace keeps runs that have ended; None: for ever."""
    kept: int | None = await connection.fetchval("select retention_days from workspaces where id = current_workspace()")
    return kept


async def set_days(connection: Connection, kept: int | None) -> None:
    """Sets how many days the workspace keeps runs that have ended."""
    await connection.execute(
        "update workspaces set retention_days = $1, updated_at = now() where id = current_workspace()", kept
    )


async def limited(db: Database) -> list[UUID]:
    """The workspaces that do not keep their runs for ever."""
    async with db.transaction() as connection:
        return [row[0] for row in await connection.fetch("select * from workspaces_to_prune()")]


async def prune_runs(db: Database, workspace_id: UUID, most: int) -> int:
    """Deletes runs that ended longer ago than their workspace keeps them, with all that belongs to them; returns how many."""
    async with db.transaction() as connection:
        gone: int = await connection.fetchval("select prune_runs($1, $2)", workspace_id, most)
    return gone


async def prune_rest(db: Database, most: int) -> int:
    """Deletes trigger keys, ticks, alarms and model calls that nobody needs any more; returns how many. So go failed sign-ins,
    and buckets of rates that have long been full again."""
    async with db.transaction() as connection:
        gone: int = await connection.fetchval("select prune_rest($1)", most)
        await connection.execute(
            """delete from sign_in_attempts
               where first_at < now() - interval '1 day' and coalesce(locked_until, first_at) < now()"""
        )
        await connection.execute("delete from rates where at < now() - interval '1 hour'")
    return gone


async def to_remove(db: Database, grace: timedelta) -> list[UUID]:
    """The workspaces that were deleted so long ago, and of which something is left."""
    async with db.transaction() as connection:
        return [row[0] for row in await connection.fetch("select * from workspaces_to_remove($1)", grace)]


async def remove(db: Database, workspace_id: UUID, grace: timedelta, most: int) -> int | None:
    """Deletes some rows of such a workspace; how many. 0: nothing is left of it. None: it is not to be removed, or another
    process is at it."""
    async with db.transaction() as connection:
        gone: int | None = await connection.fetchval("select remove_workspace($1, $2, $3)", workspace_id, grace, most)
    return gone


async def drop_partitions(db: Database, now: datetime) -> Dropped:
    """Drops the months that have passed and hold nothing any more."""
    async with db.transaction() as connection:
        row = await connection.fetchrow("select * from drop_partitions($1)", now)
    return Dropped(row["dropped"], row["strays"])
