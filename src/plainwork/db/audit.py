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
    prev_hash: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries are meant; None: any. ``action`` may end in a dot, which means all that begin so (``secret.``);
    ``actor`` and ``target`` are (kind, id), where the id may be None; ``since`` is inclusive, ``until`` is not."""

    action: str | None = None
    actor: tuple[str, str | None] | None = None
    target: tuple[str, str | None] | None = None
    since: datetime | None = None
    until: datetime | None = None


EVERYTHING = Filter()


@dataclass(frozen=True, slots=True)
class Mark:
    """An entry's number and hash, as noted down somewhere out of reach of whoever could rewrite the whole chain."""

    seq: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verifying found: how many entries there are, the first that is not as it was written (None: all are), and the
    mark of the last one."""

    entries: int
    broken_at: int | None = None
    reason: str | None = None
    head: Mark | None = None


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


_COLUMNS = "seq, at, actor_kind, actor_id, address, action, target_kind, target_id, detail, prev_hash, hash"
_MATCHES = """workspace_id = current_workspace()
    and ($1::text is null or action = $1 or $1 like '%.' and starts_with(action, $1))
    and ($2::text is null or actor_kind = $2) and ($3::text is null or actor_id = $3)
    and ($4::text is null or target_kind = $4) and ($5::text is null or target_id = $5)
    and ($6::timestamptz is null or at >= $6) and ($7::timestamptz is null or at < $7)"""


async def page(
    connection: Connection, only: Filter = EVERYTHING, *, limit: int = 50, before: int | None = None
) -> list[Entry]:
    """The newest entries first, those before number ``before``."""
    rows = await connection.fetch(
        f"""select {_COLUMNS} from audit_log where {_MATCHES} and ($8::bigint is null or seq < $8)
            order by seq desc limit $9""",  # noqa: S608 - constants of this module
        *(*_arguments(only), before, limit),
    )
    return [_entry(row) for row in rows]


async def after(connection: Connection, only: Filter, seq: int, limit: int) -> list[Entry]:
    """The oldest entries first, those after number ``seq``."""
    rows = await connection.fetch(
        f"select {_COLUMNS} from audit_log where {_MATCHES} and seq > $8 order by seq limit $9",  # noqa: S608
        *(*_arguments(only), seq, limit),
    )
    return [_entry(row) for row in rows]


def _arguments(only: Filter) -> tuple[Any, ...]:
    return (only.action, *(only.actor or (None, None)), *(only.target or (None, None)), only.since, only.until)


def _entry(row: Any) -> Entry:
    return Entry(
        *(row["seq"], row["at"], Actor(row["actor_kind"], row["actor_id"], row["address"]), row["action"]),
        *(row["target_kind"], row["target_id"], row["detail"], row["prev_hash"], row["hash"]),
    )


async def verify(connection: Connection, mark: Mark | None = None) -> Verdict:
    """Checks the whole chain of the workspace: edited, missing, reordered, and cut-off entries; with a ``mark`` also that the
    chain still goes through it, which one that was written anew from somewhere before does not."""
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
    if mark is not None and not await _goes_through(connection, mark):
        return Verdict(row["entries"], mark.seq, "is not the one whose hash was noted")
    return await _compare_head(connection, row["entries"])


async def _goes_through(connection: Connection, mark: Mark) -> bool:
    found: bytes | None = await connection.fetchval(
        "select hash from audit_log where workspace_id = current_workspace() and seq = $1", mark.seq
    )
    return found == mark.hash


async def _compare_head(connection: Connection, entries: int) -> Verdict:
    """The chain's last entry against the head kept beside it: entries cut off the end show here."""
    row = await connection.fetchrow(
        """select h.seq, h.hash, l.hash is not distinct from h.hash as same from audit_heads h
           left join audit_log l on l.workspace_id = h.workspace_id and l.seq = h.seq
           where h.workspace_id = current_workspace()"""
    )
    if row is None and entries == 0:
        return Verdict(0)
    if row is None or not row["same"] or row["seq"] != entries:
        return Verdict(entries, entries + 1, "is missing")
    return Verdict(entries, head=Mark(row["seq"], row["hash"]))
