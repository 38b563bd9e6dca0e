"""The audit log: appended only, each workspace's entries chained by hashes, so that a change afterwards shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from plainwork.db.pool import Connection


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: a signed-in user, an API key, or the program itself (``system``)."""

    kind: Literal["user", "api_key", "system"]
    id: str
    address: str | None = None


SYSTEM = Actor("system", "plainwork")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry; ``seq`` counts from 1 without gaps inside the workspace."""

    seq: int
    at: datetime
    actor: Actor
    action: str
    target_kind: str
    target_id: str
    detail: Mapping[str, Any]
    hash: bytes


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verifying found: how many entries there are, and the first that is not as it was written (None: all are)."""

    entries: int
    broken_at: int | None = None
    reason: str | None = None


async def append(
    connection: Connection,
    actor: Actor,
    action: str,
    target: tuple[str, str | UUID],
    detail: Mapping[str, Any] | None = None,
) -> int:
    """Adds one entry (action ``agent.published``, target ``("agent", id)``) in the caller's transaction; its number.

    Appends of one workspace wait for each other until their transactions end: keep those short.
    """
    seq: int = await connection.fetchval(
        "select audit_append($1, $2, $3, $4, $5, $6, $7)",
        *(actor.kind, actor.id, action, target[0], str(target[1]), dict(detail or {}), actor.address),
    )
    return seq


async def page(connection: Connection, limit: int = 50, before: int | None = None) -> list[Entry]:
    """The newest entries first, those before number ``before``."""
    rows = await connection.fetch(
        """select seq, at, actor_kind, actor_id, address, action, target_kind, target_id, detail, hash from audit_log
           where workspace_id = current_workspace() and ($2::bigint is null or seq < $2) order by seq desc limit $1""",
        *(limit, before),
    )
    return [
        Entry(
            *(r["seq"], r["at"], Actor(r["actor_kind"], r["actor_id"], r["address"]), r["action"]),
            *(r["target_kind"], r["target_id"], r["detail"], r["hash"]),
        )
        for r in rows
    ]


async def verify(connection: Connection) -> Verdict:
    """Checks the whole chain of the workspace: edited, missing, reordered, and cut-off entries."""
    row = await connection.fetchrow(
        """with chain as (
               select seq, hash = audit_hash(e) as whole, prev_hash,
                      lag(hash, 1, '\\x'::bytea) over w as expected, lag(seq, 1, 0::bigint) over w as before
               from audit_log e where workspace_id = current_workspace() window w as (order by seq))
           select count(*) as entries,
                  min(seq) filter (where not whole) as edited,
                  min(seq) filter (where seq <> before + 1 or prev_hash <> expected) as unchained from chain"""
    )
    found = [(row["edited"], "was edited"), (row["unchained"], "does not follow the one before it")]
    broken = min(((seq, reason) for seq, reason in found if seq is not None), default=None)
    if broken:
        return Verdict(row["entries"], *broken)
    return await _compare_head(connection, row["entries"])


async def _compare_head(connection: Connection, entries: int) -> Verdict:
    """The chain's last entry against the head kept beside it: entries cut off the end show here."""
    row = await connection.fetchrow(
        """select h.seq, l.hash is not distinct from h.hash as same from audit_heads h
           left join audit_log l on l.workspace_id = h.workspace_id and l.seq = h.seq
           where h.workspace_id = current_workspace()"""
    )
    if row is None and entries == 0:
        return Verdict(0)
    if row is None or not row["same"] or row["seq"] != entries:
        return Verdict(entries, entries + 1, "is missing")
    return Verdict(entries)
