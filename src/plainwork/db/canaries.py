"""Canaries: the candidate that takes a share of an agent's new runs, and how its runs fare beside those of the live version.

Functions that take a connection work inside one workspace; ``to_judge`` looks across all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import asyncpg

from plainwork.db import json
from plainwork.db.audit import Actor
from plainwork.db.ids import new_id
from plainwork.db.pool import Connection, Database
from plainwork.errors import Conflict

MOST_RUNS = 10_000
"""So many of the agent's newest runs are looked at."""

Outcome = Literal["promoted", "stopped", "rolled_back"]


@dataclass(frozen=True, slots=True)
class Tally:
    """How many runs have ended, and how many of them failed: of the candidate, and of the live version meanwhile."""

    ended: int
    failed: int
    live_ended: int
    live_failed: int


@dataclass(frozen=True, slots=True)
class Terms:
    """``share``: how many of a hundred runs the candidate takes; it is judged once ``least_runs`` of them have ended, and is
    rolled back when its share of failures is greater than the live version's by more than ``margin`` (0 to 1)."""

    share: int
    least_runs: int
    margin: float


@dataclass(frozen=True, slots=True)
class Spent:
    """What the tallied runs took: 95 of 100 at most ``p95_s``, and each ``cost_usd`` on average. None: there are none."""

    p95_s: float | None
    cost_usd: float | None


@dataclass(frozen=True, slots=True)
class Canary:
    """One canary of an agent. ``number``, ``live_number``: of the candidate, and of the version it is measured against;
    ``actor``: the kind and id of who began it; ``outcome`` None: it is under way; ``spent``: by the runs of the candidate."""

    id: UUID
    agent_id: UUID
    version_id: UUID
    number: int
    live_number: int
    terms: Terms
    actor: tuple[str, str]
    started_at: datetime
    ended_at: datetime | None
    outcome: Outcome | None
    reason: str
    tally: Tally
    spent: Spent
    live_spent: Spent


_OWN = ("id", "agent_id", "version_id", "number", "live_number", "started_at", "ended_at", "outcome", "reason")


async def begin(
    connection: Connection,
    agent_id: UUID,
    version_id: UUID,
    live_version_id: UUID,
    terms: Terms,
    deadline_s: float | None,
    actor: Actor,
) -> None:
    """Has a candidate take its share from now on. Conflict when another one does, and when the live version is another."""
    try:
        done = await connection.execute(
            """insert into canaries (workspace_id, id, agent_id, version_id, live_version_id, share, least_runs, margin,
                                     deadline_s, actor_kind, actor_id)
               select a.workspace_id, $1, a.id, $3, a.live_version_id, $5, $6, $7, $8, $9, $10 from agents a
               where a.workspace_id = current_workspace() and a.id = $2 and a.live_version_id = $4 for share""",
            *(new_id(), agent_id, version_id, live_version_id, terms.share, terms.least_runs, terms.margin, deadline_s),
            *(actor.kind, actor.id),
        )
    except asyncpg.UniqueViolationError:
        raise Conflict("The agent has a canary already.", next_step="Promote or stop that one first.") from None
    if done == "INSERT 0 0":
        raise Conflict("Another version has gone live meanwhile.", next_step="Look at the agent again.")


async def newest(connection: Connection, agent_id: UUID) -> Canary | None:
    """The agent's newest canary, under way or not."""
    return next(iter(await page(connection, agent_id, 1)), None)


async def page(connection: Connection, agent_id: UUID, limit: int, before: UUID | None = None) -> list[Canary]:
    """An agent's canaries, newest first, those begun before canary ``before``."""
    rows = await connection.fetch(
        """select c.id, c.agent_id, c.version_id, v.number, l.number as live_number, c.share, c.least_runs, c.margin,
                  array[c.actor_kind, c.actor_id] as actor, c.started_at, c.ended_at, c.outcome, c.reason, t.*
           from (select * from canaries
                 where workspace_id = current_workspace() and agent_id = $1 and ($2::uuid is null or id < $2)
                 order by id desc limit $3) c
           cross join lateral (
               select count(*) filter (where is_candidate) as ended,
                      count(*) filter (where is_candidate and has_failed) as failed,
                      percentile_disc(0.95) within group (order by took_s) filter (where is_candidate) as p95_s,
                      avg(cost_usd) filter (where is_candidate) as cost_usd,
                      count(*) filter (where not is_candidate) as live_ended,
                      count(*) filter (where not is_candidate and has_failed) as live_failed,
                      percentile_disc(0.95) within group (order by took_s) filter (where not is_candidate) as live_p95_s,
                      avg(cost_usd) filter (where not is_candidate) as live_cost_usd
               from canary_runs(row(c.*)::canaries, $4)) t
           join agent_versions v on v.workspace_id = c.workspace_id and v.id = c.version_id
           join agent_versions l on l.workspace_id = c.workspace_id and l.id = c.live_version_id
           order by c.id desc""",
        *(agent_id, before, limit, MOST_RUNS),
    )
    return [_canary(row) for row in rows]


def _canary(row: asyncpg.Record) -> Canary:
    return Canary(
        **{name: row[name] for name in _OWN},
        terms=Terms(row["share"], row["least_runs"], row["margin"]),
        actor=tuple(row["actor"]),
        tally=Tally(row["ended"], row["failed"], row["live_ended"], row["live_failed"]),
        spent=Spent(row["p95_s"], row["cost_usd"]),
        live_spent=Spent(row["live_p95_s"], row["live_cost_usd"]),
    )


async def lock(connection: Connection, agent_id: UUID) -> None:
    """Keeps the canary under way as it is for everybody else, until the transaction ends."""
    await connection.execute(
        """select from canaries where workspace_id = current_workspace() and agent_id = $1 and ended_at is null
           for no key update""",
        agent_id,
    )


async def set_share(connection: Connection, agent_id: UUID, share: int) -> bool:
    """Changes the share of the canary under way; False when there is none."""
    done: str = await connection.execute(
        """update canaries set share = $2
           where workspace_id = current_workspace() and agent_id = $1 and ended_at is null""",
        *(agent_id, share),
    )
    return done != "UPDATE 0"


async def end(connection: Connection, canary_id: UUID, outcome: Outcome, reason: str) -> bool:
    """Ends a canary; False when it is not under way (any more)."""
    done: str = await connection.execute(
        """update canaries set ended_at = now(), outcome = $2, reason = $3
           where workspace_id = current_workspace() and id = $1 and ended_at is null""",
        *(canary_id, outcome, json.clean_text(reason)),
    )
    return done != "UPDATE 0"


async def choose(connection: Connection, agent_id: UUID, live_version_id: UUID, word: str) -> UUID | None:
    """The candidate that a new run of the live version falls to, if any. ``word``: the run's key, or anything at random; the
    same word always falls the same way."""
    chosen: UUID | None = await connection.fetchval(
        "select version_id from canary_for(current_workspace(), $1, $2, $3)", agent_id, live_version_id, word
    )
    return chosen


async def to_judge(db: Database) -> list[tuple[UUID, UUID, Terms, Tally]]:
    """The workspace, the agent, the terms and the tally of each canary under way, of all workspaces, whose candidate has ended as
    many runs as it takes to judge it."""
    async with db.connection() as connection:
        rows = await connection.fetch("select * from canaries_to_judge($1)", MOST_RUNS)
    return [(row[0], row[1], Terms(*list(row)[2:5]), Tally(*list(row)[5:])) for row in rows]
