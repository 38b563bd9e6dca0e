"""Polls: triggers that are asked again and again for what is new. The rows follow the triggers of live versions, in the
database (migrations/0014_polls.sql).

``claim_due`` crosses workspaces; everything else works inside one workspace's transaction. A claim is a lease with a number
(``epoch``): who has lost it can settle nothing, so each item is settled once however many processes poll.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from plainwork.db.pool import Connection, Database
from plainwork.errors import NotFound

KEPT_KEYS = 10_000
"""How many of the items that a poll has settled are remembered, beside those that are listed still."""
KEPT_RECENT = 20


_POLLS = """
    select p.workspace_id, p.id, p.agent_id, p.trigger_id, t.version_id, t.kind, t.config, p.source, p.cursor,
           p.begun_at is null, p.epoch, p.failures
    from polls p join triggers t on t.workspace_id = p.workspace_id and t.agent_id = p.agent_id
         and t.trigger_id = p.trigger_id
    where p.workspace_id = current_workspace()"""


@dataclass(frozen=True, slots=True)
class Poll:
    """A poll that was claimed. ``kind``: ``poll`` or ``email``; ``config``: what the document says of the trigger;
    ``source``: what stands for what it asks whom; ``is_first``: none has succeeded before; ``failures``: how many have failed
    in a row."""

    workspace_id: UUID
    id: UUID
    agent_id: UUID
    trigger_id: str
    version_id: UUID
    kind: str
    config: Any
    source: str
    cursor: Any
    is_first: bool
    epoch: int
    failures: int


@dataclass(frozen=True, slots=True)
class State:
    """How a poll stands. ``next_at``: None while one is under way, or none is to come; ``begun_at``: since when it starts
    runs; ``failure``: why the last one failed (``message``, ``kind``, ``next_step``), ``failures``: how many in a row;
    ``recent``: the last ones that found something, started something or failed, and the very last, newest first."""

    next_at: datetime | None
    last_at: datetime | None
    begun_at: datetime | None
    is_under_way: bool
    failures: int
    failure: Any
    recent: Any


# ── The poller's ─────────────────────────────────────────────────────────────────────────────────────────────────────
async def claim_due(db: Database, limit: int, each: int, lease_s: float) -> list[Poll]:
    """Up to ``limit`` polls that are due, of each workspace no more than ``each`` at once in all processes."""
    async with db.connection() as connection:
        rows = await connection.fetch("select * from claim_polls($1, $2, $3)", limit, each, lease_s)
    return [Poll(*row) for row in rows]


async def hold(connection: Connection, poll: Poll) -> bool:
    """Keeps others from the poll until the transaction ends. False: it is lost, paused or gone, and nothing may be settled."""
    found = await connection.fetchval(
        """select true from polls where workspace_id = current_workspace() and id = $1 and epoch = $2
           and claimed_at is not null and is_on for update""",
        *(poll.id, poll.epoch),
    )
    return bool(found)


async def by_id(connection: Connection, poll_id: UUID) -> Poll | None:
    """The poll as it stands; None: there is no such trigger any more."""
    row = await connection.fetchrow(f"{_POLLS} and p.id = $1", poll_id)
    return Poll(*row) if row else None


async def known(connection: Connection, poll_id: UUID, keys: Collection[str]) -> set[str]:
    """Those of the keys that were settled before."""
    rows = await connection.fetch(
        """select key from poll_keys where workspace_id = current_workspace() and poll_id = $1 and key = any ($2)""",
        *(poll_id, list(keys)),
    )
    return {row[0] for row in rows}


async def remember(connection: Connection, poll_id: UUID, keys: Collection[str], listed: Collection[str]) -> None:
    """Notes keys as settled, and forgets the oldest that are neither among the newest nor listed now."""
    await connection.execute(
        """insert into poll_keys (workspace_id, poll_id, key) select current_workspace(), $1, unnest($2::text[])
           on conflict do nothing""",
        *(poll_id, list(keys)),
    )
    await connection.execute(
        """delete from poll_keys k where k.workspace_id = current_workspace() and k.poll_id = $1 and k.key <> all ($2)
           and k.noted_at < (select o.noted_at from poll_keys o where o.workspace_id = current_workspace()
                             and o.poll_id = $1 order by o.noted_at desc offset $3 limit 1)""",
        *(poll_id, list(listed), KEPT_KEYS - 1),
    )


async def succeed(
    connection: Connection, poll: Poll, cursor: Any, next_s: float, note: dict[str, Any], *, begins: bool
) -> None:
    """Ends a poll that is held: where the next goes on, and in how many seconds it does. ``begins``: what the next one finds
    new was not there before."""
    await connection.execute(
        """update polls set cursor = $2, begun_at = coalesce(begun_at, case when $5 then now() end),
               due_at = now() + make_interval(secs => $3), not_before = null, claimed_at = null, last_at = now(),
               failures = 0, failure = null, recent = $4
           where workspace_id = current_workspace() and id = $1""",
        *(poll.id, cursor, next_s, await _noted(connection, poll, note), begins),
    )


async def fail(
    connection: Connection,
    poll: Poll,
    failure: dict[str, Any],
    next_s: float,
    wish_s: float | None,
    note: dict[str, Any],
    *,
    counts: bool = True,
) -> None:
    """Ends a poll that is held and has failed. ``wish_s``: the other side wants to be left alone for so long, by everything
    that uses the same account. ``counts``: as one more failure in a row."""
    await connection.execute(
        """update polls set due_at = now() + make_interval(secs => $3), not_before = now() + make_interval(secs => $4),
               claimed_at = null, last_at = now(), failures = failures + $6,
               failure = $2, recent = $5
           where workspace_id = current_workspace() and id = $1""",
        *(poll.id, failure, next_s, wish_s, await _noted(connection, poll, note), int(counts)),
    )
    if wish_s is not None and poll.config.get("account"):
        await connection.execute(
            """update polls p set due_at = greatest(p.due_at, now() + make_interval(secs => $3)),
                   not_before = greatest(p.not_before, now() + make_interval(secs => $3))
               from (select id from polls where workspace_id = current_workspace() and account = $2 and id <> $1
                     and claimed_at is null for update skip locked) o
               where p.workspace_id = current_workspace() and p.id = o.id""",
            *(poll.id, poll.config["account"], wish_s),
        )


async def put_off(connection: Connection, poll: Poll, next_s: float) -> None:
    """Gives a poll back that has come to nothing, to be done in so many seconds."""
    await connection.execute(
        """update polls set due_at = now() + make_interval(secs => $3), claimed_at = null
           where workspace_id = current_workspace() and id = $1 and epoch = $2 and claimed_at is not null""",
        *(poll.id, poll.epoch, next_s),
    )


async def _noted(connection: Connection, poll: Poll, note: dict[str, Any]) -> list[dict[str, Any]]:
    """The last polls with this one. One that came to nothing makes room for the next."""
    recent: list[dict[str, Any]] = await connection.fetchval(
        "select recent from polls where workspace_id = current_workspace() and id = $1", poll.id
    )
    if recent and not (recent[0]["found"] or recent[0]["failure"]):
        recent = recent[1:]
    return [note, *recent][:KEPT_RECENT]


# ── For people ───────────────────────────────────────────────────────────────────────────────────────────────────────
async def state(connection: Connection, agent_id: UUID, trigger_id: str) -> State | None:
    """How the poll of a trigger stands; None when it has none."""
    row = await connection.fetchrow(
        """select case when is_on and claimed_at is null then due_at end, last_at, begun_at, claimed_at is not null,
                  failures, failure, recent
           from polls where workspace_id = current_workspace() and agent_id = $1 and trigger_id = $2""",
        *(agent_id, trigger_id),
    )
    return State(*row) if row else None


async def get(connection: Connection, agent_id: UUID, trigger_id: str) -> Poll:
    """The poll of a trigger, as though it was claimed. Raises NotFound when it has none."""
    row = await connection.fetchrow(f"{_POLLS} and p.agent_id = $1 and p.trigger_id = $2", agent_id, trigger_id)
    if row is None:
        raise NotFound("The live version has no such trigger that is polled.")
    return Poll(*row)


async def hurry(connection: Connection, poll_id: UUID) -> None:
    """Has a poll that waits done at once, whatever it waits for."""
    await connection.execute(
        """update polls set due_at = now() where workspace_id = current_workspace() and id = $1 and claimed_at is null""",
        poll_id,
    )


async def forget(connection: Connection, poll_id: UUID) -> None:
    """Has a poll begin anew: what the next one finds is remembered, as in a first one."""
    await connection.execute("delete from poll_keys where workspace_id = current_workspace() and poll_id = $1", poll_id)
    await connection.execute(
        """update polls set cursor = null, begun_at = null, epoch = epoch + 1, claimed_at = null, due_at = now()
           where workspace_id = current_workspace() and id = $1""",
        poll_id,
    )
