"""Rows of connections: whose account, what it may do, and how it stands; never a token, those are secrets of the vault.

Every function works inside one workspace's transaction, but ``resume``, which crosses workspaces by a function of the
dispatcher's role (migrations/0016_connections.sql).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from plainwork.db.pool import Connection as Transaction
from plainwork.db.pool import Database

START_LIFE = timedelta(minutes=10)
RESUMED_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Connection:
    """One connected account. ``name``: what steps call it, and the secret that holds its tokens; ``app``: the secret with the
    app's id and secret (None: the installation's); ``expires_at``: of the token used now; ``expired_at``: since when nothing
    works until somebody connects it anew, because of ``trouble``. The bindings are those of its secret."""

    name: str
    connector: str
    app: str | None
    scopes: tuple[str, ...]
    whose: str | None
    about: str
    hosts: tuple[str, ...] | None
    agents: tuple[UUID, ...] | None
    connected_by: UUID | None
    connected_at: datetime
    refreshed_at: datetime | None
    expires_at: datetime | None
    expired_at: datetime | None
    trouble: str | None


@dataclass(frozen=True, slots=True)
class Start:
    """Somebody has set out to connect an account, in their session; what it is to be once they come back. An app that speaks
    for itself has nobody."""

    session_id: UUID | None
    user_id: UUID | None
    name: str
    connector: str
    app: str | None
    scopes: tuple[str, ...]
    about: str = ""
    agents: tuple[UUID, ...] | None = None


_COLUMNS = """c.name, c.connector, c.app, c.scopes, c.whose, s.about, s.hosts, s.agents, c.connected_by, c.connected_at,
              c.refreshed_at, c.expires_at, c.expired_at, c.trouble"""
_FROM = "from connections c join secrets s on s.workspace_id = c.workspace_id and s.name = c.name"


async def page(transaction: Transaction, *, after: str = "", limit: int = 50) -> list[Connection]:
    """Connections by name, those after this one."""
    rows = await transaction.fetch(
        f"""select {_COLUMNS} {_FROM} where c.workspace_id = current_workspace() and c.name > $1
            order by c.name limit $2""",
        *(after, limit),
    )
    return [_connection(row) for row in rows]


async def get(transaction: Transaction, name: str) -> Connection | None:
    """One connection."""
    row = await transaction.fetchrow(
        f"select {_COLUMNS} {_FROM} where c.workspace_id = current_workspace() and c.name = $1",
        name,
    )
    return _connection(row) if row else None


async def lock(transaction: Transaction, name: str) -> Connection | None:
    """One connection, which nobody else refreshes, renews or removes until the transaction ends."""
    await transaction.execute(
        "select from connections where workspace_id = current_workspace() and name = $1 for update", name
    )
    return await get(transaction, name)


async def put(
    transaction: Transaction,
    start: Start,
    *,
    scopes: Sequence[str],
    whose: str | None,
    life_s: float | None,
    by: UUID | None,
) -> None:
    """Notes that an account is connected (anew); the secret of its name has been sealed."""
    await transaction.execute(
        """insert into connections (workspace_id, name, connector, app, scopes, whose, connected_by, connected_at, expires_at)
           values (current_workspace(), $1, $2, $3, $4, $5, $6, clock_timestamp(),
                   clock_timestamp() + make_interval(secs => $7))
           on conflict (workspace_id, name) do update set connector = excluded.connector, app = excluded.app,
               scopes = excluded.scopes, whose = excluded.whose, connected_by = excluded.connected_by,
               connected_at = excluded.connected_at, expires_at = excluded.expires_at, refreshed_at = null,
               expired_at = null, trouble = null""",
        *(start.name, start.connector, start.app, list(scopes), whose, by, life_s),
    )


async def note_refresh(transaction: Transaction, name: str, life_s: float | None) -> None:
    """Notes that its tokens have been renewed."""
    await transaction.execute(
        """update connections set refreshed_at = clock_timestamp(), expires_at = clock_timestamp() + make_interval(secs => $2)
           where workspace_id = current_workspace() and name = $1""",
        *(name, life_s),
    )


async def note_expiry(transaction: Transaction, name: str, trouble: str) -> None:
    """Notes that nothing works any more until somebody connects it anew."""
    await transaction.execute(
        """update connections set expired_at = coalesce(expired_at, clock_timestamp()), trouble = $2
           where workspace_id = current_workspace() and name = $1""",
        *(name, trouble),
    )


async def delete(transaction: Transaction, name: str) -> None:
    """Removes a connection; its tokens stay until their secret is removed."""
    await transaction.execute("delete from connections where workspace_id = current_workspace() and name = $1", name)


async def made_with(transaction: Transaction, app: str, limit: int) -> list[str]:
    """The names of the connections whose app is this secret."""
    rows = await transaction.fetch(
        "select name from connections where workspace_id = current_workspace() and app = $1 order by name limit $2",
        *(app, limit),
    )
    return [row["name"] for row in rows]


async def is_taken(transaction: Transaction, name: str) -> bool:
    """Whether there is a secret of this name."""
    return bool(
        await transaction.fetchval(
            "select exists (select from secrets where workspace_id = current_workspace() and name = $1)", name
        )
    )


# ── On their way ─────────────────────────────────────────────────────────────────────────────────────────────────────
async def add_start(transaction: Transaction, state_hash: bytes, start: Start) -> datetime:
    """Notes that somebody sets out; until when they may come back. Those that are over are swept away."""
    await transaction.execute(
        "delete from connection_starts where workspace_id = current_workspace() and expires_at <= now()"
    )
    expires_at: datetime = await transaction.fetchval(
        """insert into connection_starts (workspace_id, state_hash, session_id, user_id, name, connector, app, scopes, about,
                                          agents, expires_at)
           values (current_workspace(), $1, $2, $3, $4, $5, $6, $7, $8, $9, now() + $10) returning expires_at""",
        *(state_hash, start.session_id, start.user_id, start.name, start.connector, start.app, list(start.scopes)),
        *(start.about, start.agents, START_LIFE),
    )
    return expires_at


async def take_start(transaction: Transaction, state_hash: bytes, session_id: UUID) -> Start | None:
    """What somebody set out for, once; None: nobody did in this session, it was used already, or it is too late."""
    row = await transaction.fetchrow(
        """delete from connection_starts where workspace_id = current_workspace() and state_hash = $1 and session_id = $2
           returning session_id, user_id, name, connector, app, scopes, about, agents, expires_at > now() as in_time""",
        *(state_hash, session_id),
    )
    if row is None or not row["in_time"]:
        return None
    named = {key: value for key, value in row.items() if key != "in_time"}
    return Start(**{**named, "scopes": tuple(row["scopes"]), "agents": _tuple(row["agents"])})


# ── Runs that wait ───────────────────────────────────────────────────────────────────────────────────────────────────
async def resume(db: Database, within: timedelta) -> int:
    """Makes the runs due that wait for a connection which was connected anew within this time; how many."""
    async with db.connection() as connection:
        resumed: int = await connection.fetchval("select resume_connected($1, $2)", within, RESUMED_AT_ONCE)
    return resumed


async def waited_for(transaction: Transaction, steps: Sequence[tuple[UUID, str]]) -> dict[UUID, str]:
    """For runs that wait at these steps for an account to be connected anew: the connection's name."""
    rows = await transaction.fetch(
        """select distinct on (s.run_id) s.run_id, s.failure->>'connection' as name
           from unnest($1::uuid[], $2::text[]) as asked(run_id, path)
           join steps s on s.workspace_id = current_workspace() and s.run_id = asked.run_id and s.path = asked.path
           where s.status = 'failed' order by s.run_id, s.seq desc""",
        *([run_id for run_id, _ in steps], [path for _, path in steps]),
    )
    return {row["run_id"]: row["name"] for row in rows if row["name"]}


def _connection(row: asyncpg.Record) -> Connection:
    lists = {name: _tuple(row[name]) for name in ("scopes", "hosts", "agents")}
    return Connection(**{**row, **lists})


def _tuple(values: Sequence[Any] | None) -> tuple[Any, ...] | None:
    return None if values is None else tuple(values)
