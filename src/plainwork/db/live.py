"""The live pointer of agents and its history: one row for each move, never changed.

Functions take a connection of ``db.workspace`` and work inside its workspace.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from plainwork.db import agents, json
from plainwork.db.agents import Agent
from plainwork.db.audit import Actor
from plainwork.db.pool import Connection

How = Literal["set", "rollback", "canary"]


@dataclass(frozen=True, slots=True)
class Change:
    """A move of the live pointer that is about to be made. ``unmet``: the findings that the version goes live with."""

    actor: Actor
    how: How = "set"
    reason: str = ""
    unmet: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Move:
    """One move of an agent's live pointer, counted from 1. ``number``: of the version (None: none went live); ``actor``: the
    kind and id of who did it."""

    seq: int
    number: int | None
    how: How
    reason: str
    unmet: Sequence[Mapping[str, Any]]
    actor: tuple[str, str]
    at: datetime


async def point(connection: Connection, agent_id: UUID, version_id: UUID | None, change: Change) -> Agent:
    """Points the agent at one of its versions (None: at none), and notes it. NotFound for another agent's version."""
    agent = await agents.set_live(connection, agent_id, version_id)
    await connection.execute(
        """insert into live_changes (workspace_id, agent_id, seq, version_id, how, reason, unmet, actor_kind, actor_id)
           select current_workspace(), $1, coalesce(max(seq), 0) + 1, $2, $3, $4, $5, $6, $7 from live_changes
           where workspace_id = current_workspace() and agent_id = $1""",
        *(agent_id, version_id, change.how, json.clean_text(change.reason), list(change.unmet)),
        *(change.actor.kind, change.actor.id),
    )
    return agent


async def history(connection: Connection, agent_id: UUID, limit: int = 50, before: int | None = None) -> list[Move]:
    """The moves of an agent's live pointer, newest first, those before move ``before``."""
    rows = await connection.fetch(
        """select c.seq, v.number, c.how, c.reason, c.unmet, array[c.actor_kind, c.actor_id] as actor, c.at
           from live_changes c
           left join agent_versions v on v.workspace_id = c.workspace_id and v.id = c.version_id
           where c.workspace_id = current_workspace() and c.agent_id = $1 and ($3::int is null or c.seq < $3)
           order by c.seq desc limit $2""",
        *(agent_id, limit, before),
    )
    return [
        Move(row["seq"], row["number"], row["how"], row["reason"], row["unmet"], tuple(row["actor"]), row["at"])
        for row in rows
    ]
