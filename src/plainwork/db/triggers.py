"""What starts agents from outside: their addresses, their triggers (rows that follow the live versions by a trigger in the
database), and the deliveries that come in.

Functions that take a connection work inside one workspace; ``start_delivered`` and ``claim_failures`` cross workspaces
through the dispatcher's functions, which check every row themselves (migrations/0008_triggers.sql).
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from plainwork.db import json
from plainwork.db.ids import made_at, new_id
from plainwork.db.pool import Connection, Database
from plainwork.errors import NotFound

KEPT_DELIVERIES = 100
"""How many deliveries of a trigger are told, and how many of those that started nothing are kept."""
KEPT_TURNS = 200
_LOOKED_THROUGH = 1000
_TOKEN = re.compile(r"[A-Za-z0-9_-]{48}")

Outcome = Literal["started", "repeated", "replayed", "gone"]


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger of a live version. ``kind``: ``webhook``, ``form``, ``chat``, ``error``, ``poll`` or ``email``; ``config``:
    what the document says of it; ``is_on``: its agent is neither paused nor switched off; ``paused_at``: it was paused by
    itself."""

    agent_id: UUID
    trigger_id: str
    version_id: UUID
    kind: str
    config: Any
    is_on: bool
    paused_at: datetime | None

    @property
    def takes(self) -> bool:
        """Whether it starts runs now."""
        return self.is_on and self.paused_at is None

    @property
    def is_polled(self) -> bool:
        """Whether it is asked, where others are sent to."""
        return self.kind in ("poll", "email")


@dataclass(frozen=True, slots=True)
class Address:
    """Where an agent is reached, with the triggers of its live version in the order of the document."""

    workspace_id: UUID
    agent_id: UUID
    token: str = field(repr=False)
    triggers: tuple[Trigger, ...]


@dataclass(frozen=True, slots=True)
class NewStart:
    """A run that a delivery is to start. ``version_id``: the live version; ``key``: the same one gives the first run again;
    ``seal``: what was signed, which starts a run once."""

    workspace_id: UUID
    agent_id: UUID
    version_id: UUID
    trigger_id: str
    trigger: Any
    inputs: Any
    deadline_s: float | None = None
    key: str | None = None
    seal: str | None = None
    run_id: UUID = field(default_factory=new_id)


@dataclass(frozen=True, slots=True)
class Begun:
    """What became of a ``NewStart``. ``run_id`` is the first run when it was ``repeated``; ``is_leased``: the run is the
    worker's already, else it is queued; ``version_id``: what it runs, which may be a canary's candidate; ``at``: the
    database's time."""

    outcome: Outcome
    run_id: UUID
    version_id: UUID
    is_leased: bool
    vars: Any
    deadline_at: datetime | None
    at: datetime


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A delivery that started no run. ``body``: the beginning of what was sent."""

    workspace_id: UUID
    agent_id: UUID
    trigger_id: str
    status: int
    reason: str
    address: str | None
    size: int
    took_ms: float
    run_id: UUID | None = None
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery of a trigger. ``status``: of the answer, None while a run has not ended that it is answered with;
    ``reason``: why it started no run; ``run_status``: how its run stands; ``took_ms``: until it was refused, or its run
    ended."""

    id: UUID
    at: datetime
    status: int | None
    reason: str | None
    run_id: UUID | None
    run_status: str | None
    address: str | None
    size: int | None
    took_ms: float | None


@dataclass(frozen=True, slots=True)
class FailureNotice:
    """A failed run, and a trigger of an agent that watches for it. ``failed_version_id``: what failed; ``started_by``: the
    kind of what had started it."""

    workspace_id: UUID
    run_id: UUID
    failed_version_id: UUID
    failure: Any
    cause: str | None
    started_by: str | None
    finished_at: datetime
    watcher_id: UUID
    version_id: UUID
    trigger_id: str
    config: Any


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a chat: what was said, and what was answered (None: not yet, or nothing)."""

    run_id: UUID
    message: str
    status: str
    output: Any


# ── Addresses and triggers ───────────────────────────────────────────────────────────────────────────────────────────
def workspace_of(token: str) -> UUID | None:
    """The workspace that a token belongs to, if it is a token; whether it was ever given out only its rows can say."""
    return UUID(bytes=urlsafe_b64decode(token)[:16]) if _TOKEN.fullmatch(token) else None


async def reach(connection: Connection, token: str) -> Address | None:
    """The agent that this token is the address of."""
    row = await connection.fetchrow(
        "select workspace_id, agent_id from agent_addresses where workspace_id = current_workspace() and token = $1",
        token,
    )
    if row is None:
        return None
    return Address(row["workspace_id"], row["agent_id"], token, tuple(await of_agent(connection, row["agent_id"])))


async def of_agent(connection: Connection, agent_id: UUID) -> list[Trigger]:
    """The triggers of the agent's live version, in the order of the document."""
    rows = await connection.fetch(
        """select agent_id, trigger_id, version_id, kind, config, is_on, paused_at from triggers
           where workspace_id = current_workspace() and agent_id = $1 order by length(trigger_id), trigger_id""",
        agent_id,
    )
    return [Trigger(*row) for row in rows]


async def get(connection: Connection, agent_id: UUID, trigger_id: str) -> Trigger:
    """One trigger. Raises NotFound."""
    found = [one for one in await of_agent(connection, agent_id) if one.trigger_id == trigger_id]
    if not found:
        raise NotFound("The live version has no such trigger.", next_step=f"GET /api/v1/agents/{agent_id}/triggers.")
    return found[0]


async def token_of(connection: Connection, agent_id: UUID) -> str | None:
    """The agent's token; None when no version of it had anything to reach."""
    token: str | None = await connection.fetchval(
        "select token from agent_addresses where workspace_id = current_workspace() and agent_id = $1", agent_id
    )
    return token


async def rotate(connection: Connection, agent_id: UUID) -> str:
    """Gives the agent another token; the former one leads nowhere from now on. Raises NotFound when it has none."""
    token: str | None = await connection.fetchval(
        """update agent_addresses set token = new_address(workspace_id), rotated_at = now()
           where workspace_id = current_workspace() and agent_id = $1 returning token""",
        agent_id,
    )
    if token is None:
        raise NotFound("The agent has no address.", next_step="Publish a version with a webhook, a form or a chat.")
    return token


async def lock(connection: Connection, agent_id: UUID, trigger_id: str) -> None:
    """Keeps a trigger as it is for everybody else, until the transaction ends."""
    await connection.execute(
        """select from triggers where workspace_id = current_workspace() and agent_id = $1 and trigger_id = $2
           for no key update""",
        *(agent_id, trigger_id),
    )


async def pause(connection: Connection, agent_id: UUID, trigger_id: str, *, paused: bool) -> Trigger:
    """Pauses a trigger, or has it start runs again. Raises NotFound."""
    await connection.execute(
        """update triggers set paused_at = case when $3 then coalesce(paused_at, now()) end
           where workspace_id = current_workspace() and agent_id = $1 and trigger_id = $2""",
        *(agent_id, trigger_id, paused),
    )
    await connection.execute("select follow_polls(current_workspace(), $1)", agent_id)
    return await get(connection, agent_id, trigger_id)


# ── Deliveries ───────────────────────────────────────────────────────────────────────────────────────────────────────
async def note(connection: Connection, delivery: NewDelivery) -> None:
    """Keeps a delivery that started no run, and as many of those before it as are told."""
    await connection.execute(
        """insert into deliveries (workspace_id, id, agent_id, trigger_id, status, reason, run_id, address, size, took_ms,
                                   body)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)""",
        *(delivery.workspace_id, new_id(), delivery.agent_id, delivery.trigger_id, delivery.status),
        *(json.clean_text(delivery.reason), delivery.run_id, delivery.address, delivery.size, delivery.took_ms),
        delivery.body,
    )
    await connection.execute(
        """delete from deliveries d where d.workspace_id = current_workspace() and d.agent_id = $1 and d.trigger_id = $2
           and d.id <= (select o.id from deliveries o where o.workspace_id = current_workspace() and o.agent_id = $1
                        and o.trigger_id = $2 order by o.id desc offset $3 limit 1)""",
        *(delivery.agent_id, delivery.trigger_id, KEPT_DELIVERIES),
    )


async def last(connection: Connection, trigger: Trigger, limit: int = KEPT_DELIVERIES) -> list[Delivery]:
    """The trigger's last deliveries, newest first: the runs that it started (of the agent's newest thousand), and those
    that started none."""
    rows = await connection.fetch(
        """select id, id as run_id, null::integer as status, null as reason, status as run_status,
                  trigger->>'address' as address, (trigger->>'size')::integer as size,
                  extract(epoch from finished_at - created_at)::float8 * 1000 as took_ms
           from (select id, status, trigger, created_at, finished_at from runs
                 where workspace_id = current_workspace() and agent_id = $1 order by id desc limit $4) r
           where trigger->>'id' = $2 and trigger->>'kind' = $5
           union all
           select id, run_id, status, reason, null, address, size, took_ms from deliveries
           where workspace_id = current_workspace() and agent_id = $1 and trigger_id = $2
           order by id desc limit $3""",
        *(trigger.agent_id, trigger.trigger_id, limit, _LOOKED_THROUGH, trigger.kind),
    )
    return [Delivery(at=made_at(row["id"]), **row) for row in rows]


async def start_delivered(
    db: Database, starts: Sequence[NewStart], worker: int | None = None, lease_s: float | None = None
) -> list[Begun]:
    """Starts runs of whichever workspaces in one commit; with ``lease_s`` leased to ``worker`` from the first moment on."""
    async with db.connection() as connection:
        return await start_on(connection, starts, worker, lease_s)


async def start_on(
    connection: Connection, starts: Sequence[NewStart], worker: int | None = None, lease_s: float | None = None
) -> list[Begun]:
    """As ``start_delivered``, in a transaction of the caller's."""
    rows = await connection.fetch(
        "select * from start_delivered($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        [one.workspace_id for one in starts],
        [one.agent_id for one in starts],
        [one.version_id for one in starts],
        [one.trigger_id for one in starts],
        [one.run_id for one in starts],
        [one.key for one in starts],
        [one.seal for one in starts],
        [json.encode(one.trigger) for one in starts],
        [json.encode(one.inputs) for one in starts],
        [one.deadline_s for one in starts],
        *(worker, lease_s),
    )
    return [Begun(*row) for row in rows]


async def claim_failures(connection: Connection, limit: int) -> list[FailureNotice]:
    """Failed runs with the triggers that watch for them; they are not told again once the transaction commits."""
    rows = await connection.fetch("select * from claim_failures($1)", limit)
    return [FailureNotice(*row) for row in rows]


# ── Chats ────────────────────────────────────────────────────────────────────────────────────────────────────────────
async def add_turn(connection: Connection, agent_id: UUID, session: str, run_id: UUID) -> None:
    """Notes that a run belongs to a session, and forgets what is too long ago to be told."""
    await connection.execute(
        """insert into chat_turns (workspace_id, agent_id, session, run_id)
           values (current_workspace(), $1, $2, $3)""",
        *(agent_id, session, run_id),
    )
    await connection.execute(
        """delete from chat_turns t where t.workspace_id = current_workspace() and t.agent_id = $1 and t.session = $2
           and t.run_id <= (select o.run_id from chat_turns o where o.workspace_id = current_workspace()
                            and o.agent_id = $1 and o.session = $2 order by o.run_id desc offset $3 limit 1)""",
        *(agent_id, session, KEPT_TURNS),
    )


async def turns(connection: Connection, agent_id: UUID, session: str, limit: int) -> list[Turn]:
    """The last turns of a session, oldest first. Answers that are kept apart because they are large are left out."""
    rows = await connection.fetch(
        """select r.id, r.trigger->>'message', r.status, r.output from chat_turns t
           join runs r on r.workspace_id = t.workspace_id and r.id = t.run_id
           where t.workspace_id = current_workspace() and t.agent_id = $1 and t.session = $2
           order by t.run_id desc limit $3""",
        *(agent_id, session, limit),
    )
    return [Turn(*row) for row in reversed(rows)]
