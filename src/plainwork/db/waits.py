"""What steps wait for outside (approvals, callbacks, runs of other agents), and what has come.

Every function works inside one workspace's transaction, but ``use_callback``, which crosses workspaces by a function of the
dispatcher's role (migrations/0007_waits.sql). A wait is opened by the journal's row that says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from plainwork.db import limits, runs
from plainwork.db.pool import Connection, Database
from plainwork.db.runs import Run, RunAgent

ANSWERED = "plainwork_answered"
"""Channel: something has come for a run that a worker has (payload: the run's id and the step's path)."""

WaitKind = Literal["approval", "callback", "agent"]
Used = Literal["taken", "used", "gone", "unknown"]


@dataclass(frozen=True, slots=True)
class Wait:
    """What one attempt of a step waits for. ``asked``: what it asks (of an approval: title, show, who, not_author);
    ``status``: of the answer: ``succeeded`` or ``failed``; None: there is none (yet); ``closed_at`` without one: its time
    had passed, or the run was over."""

    run_id: UUID
    path: str
    attempt: int
    id: UUID
    kind: WaitKind
    asked: Any
    child_run_id: UUID | None
    until: datetime | None
    since: datetime
    closed_at: datetime | None
    status: str | None
    outcome: str | None
    output: Any
    failure: Any
    decided_by: UUID | None


_WAIT = """w.run_id, w.path, w.attempt, w.id, w.kind, w.asked, w.child_run_id, w.until, w.since, w.closed_at, w.status,
           w.outcome, w.output, w.failure, w.decided_by"""


async def lock_run(connection: Connection, run_id: UUID) -> int | None:
    """Locks the run's queue entry, so that its journal stands still until the transaction ends; its epoch. None: the run is
    over, or there is none."""
    epoch: int | None = await connection.fetchval("select epoch from queue where run_id = $1 for update", run_id)
    return epoch


async def find(connection: Connection, run_id: UUID, path: str, attempt: int) -> Wait | None:
    """What this attempt of a step waits for, or has waited for."""
    row = await connection.fetchrow(
        f"select {_WAIT} from waits w where w.run_id = $1 and w.path = $2 and w.attempt = $3",  # noqa: S608
        *(run_id, path, attempt),
    )
    return Wait(*row) if row else None


async def open_of(connection: Connection, run_id: UUID) -> list[Wait]:
    """What a run waits for now, the oldest first."""
    rows = await connection.fetch(
        f"""select {_WAIT} from waits w where w.workspace_id = current_workspace() and w.run_id = $1
            and w.closed_at is null order by w.since, w.id""",  # noqa: S608
        run_id,
    )
    return [Wait(*row) for row in rows]


async def give_up(connection: Connection, wait: Wait) -> bool:
    """Closes a wait whose time has passed without an answer, and cancels the run that it waited for. False: an answer has
    come after all, or it is not time yet."""
    if wait.child_run_id is not None:
        await lock_run(connection, wait.child_run_id)
    closed = await connection.fetchval(
        """update waits set closed_at = clock_timestamp(), is_settled = true
           where run_id = $1 and path = $2 and attempt = $3 and closed_at is null and until <= clock_timestamp()
           returning id""",
        *(wait.run_id, wait.path, wait.attempt),
    )
    if closed is not None and wait.child_run_id is not None:
        await runs.stop(connection, wait.child_run_id)
    return closed is not None


# ── Approvals ────────────────────────────────────────────────────────────────────────────────────────────────────────
async def approvals(
    connection: Connection, *, is_open: bool | None = None, before: UUID | None = None, limit: int = 50
) -> list[Wait]:
    """Approvals, the newest first: those still waited for (``is_open``), those closed, or all; ``before``: only those older
    than this one."""
    rows = await connection.fetch(
        f"""select {_WAIT} from waits w where w.workspace_id = current_workspace() and w.kind = 'approval'
            and ($2::boolean is null or (w.closed_at is null) = $2)
            and ($3::uuid is null
                 or (w.since, w.id) < (select b.since, b.id from waits b where b.id = $3))
            order by w.since desc, w.id desc limit $1""",  # noqa: S608
        *(limit, is_open, before),
    )
    return [Wait(*row) for row in rows]


async def approval(connection: Connection, approval_id: UUID) -> Wait | None:
    """One approval."""
    row = await connection.fetchrow(
        f"select {_WAIT} from waits w where w.id = $1 and w.kind = 'approval'",  # noqa: S608
        approval_id,
    )
    return Wait(*row) if row else None


async def authors(connection: Connection, run_ids: Sequence[UUID]) -> dict[UUID, set[UUID]]:
    """Who is behind each of these runs: the person who wrote its version, and whoever started it by hand or had it taken
    again, or made the API key that did."""
    rows = await connection.fetch(
        """select r.id, v.created_by, r.trigger, array(
               select l.actor_kind || ':' || l.actor_id from audit_log l where l.workspace_id = r.workspace_id
               and l.target_kind = 'run' and l.target_id = r.origin_run_id::text and l.detail->>'new_run' = r.id::text)
           from runs r join agent_versions v on v.workspace_id = r.workspace_id and v.id = r.version_id
           where r.workspace_id = current_workspace() and r.id = any ($1)""",
        run_ids,
    )
    by_hand = {row[0]: {*row[3], *filter(None, [row[2].get("by")])} for row in rows}
    keys = {one.partition(":")[2] for started in by_hand.values() for one in started if one.startswith("api_key:")}
    made_by = dict(await connection.fetch("select id::text, created_by from api_keys where id::text = any ($1)", keys))
    found = {}
    for run_id, written_by, *_ in rows:
        people = {written_by}
        for one in by_hand[run_id]:
            kind, _, key = one.partition(":")
            people.add(UUID(key) if kind == "user" else made_by.get(key))
        found[run_id] = {person for person in people if person is not None}
    return found


@dataclass(frozen=True, slots=True)
class Of:
    """Which run a wait is of."""

    agent: RunAgent
    version: int


async def runs_of(connection: Connection, run_ids: Sequence[UUID]) -> dict[UUID, Of]:
    """What each of these runs is a run of."""
    rows = await connection.fetch(
        """select r.id, a.id, a.name, a.slug, v.number from runs r
           join agents a on a.workspace_id = r.workspace_id and a.id = r.agent_id
           join agent_versions v on v.workspace_id = r.workspace_id and v.id = r.version_id
           where r.workspace_id = current_workspace() and r.id = any ($1)""",
        run_ids,
    )
    return {row[0]: Of(RunAgent(*tuple(row)[1:4]), row[4]) for row in rows}


async def answer(
    connection: Connection, workspace_id: UUID, wait: Wait, outcome: str, output: bytes, decided_by: UUID | None
) -> bool:
    """Answers an approval; the run goes on. False, and nothing was written: it is not waited for any more."""
    done: bool = await connection.fetchval(
        "select answer_wait($1, $2, $3, $4, $5, $6, $7)",
        *(workspace_id, wait.run_id, wait.path, wait.attempt, outcome, output, decided_by),
    )
    return done


# ── Callbacks ────────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Callback:
    """An address that takes one answer. ``content``: what has come, if something has."""

    id: UUID
    is_used: bool
    content: Any


async def add_callback(
    connection: Connection, workspace_id: UUID, callback_id: UUID, run_id: UUID, path: str, token_hash: bytes
) -> None:
    """Makes an address for a run, by the step at ``path``."""
    await connection.execute(
        "insert into callbacks (workspace_id, id, run_id, path, token_hash) values ($1, $2, $3, $4, $5)",
        *(workspace_id, callback_id, run_id, path, token_hash),
    )


async def callback(connection: Connection, run_id: UUID, token_hash: bytes) -> Callback | None:
    """The address of this run with this word in it."""
    row = await connection.fetchrow(
        "select id, used_at is not null, content from callbacks where run_id = $1 and token_hash = $2",
        *(run_id, token_hash),
    )
    return Callback(*row) if row else None


async def use_callback(db: Database, token_hash: bytes, content: bytes) -> tuple[Used, UUID | None]:
    """Takes in what came to the address with this word in it, once: ``taken``, with the run that may go on; ``used`` before;
    ``gone``: too late; ``unknown``."""
    async with db.connection() as connection:
        row = await connection.fetchrow("select how, p_run from use_callback($1, $2)", token_hash, content)
    return row["how"], row["p_run"]


# ── Runs that runs start ─────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Child:
    """A run that another has started, by its step at ``path``."""

    id: UUID
    path: str
    agent: str
    status: str


async def place_of(connection: Connection, run_id: UUID) -> tuple[int, Any]:
    """How many runs are above a run, and what has started it."""
    row = await connection.fetchrow("select depth, trigger from runs where id = $1", run_id)
    return row["depth"], row["trigger"]


async def adopt(
    connection: Connection,
    child: UUID,
    parent: UUID,
    path: str,
    attempt: int,
    depth: int,
    asked: Any,
    time_s: float | None,
) -> datetime | None:
    """Notes that a step waits for a new run, for so long at most; until when. The caller has locked the parent's entry."""
    await connection.execute(
        "update runs set parent_run_id = $2, parent_path = $3, depth = $4 where id = $1", *(child, parent, path, depth)
    )
    until: datetime | None = await connection.fetchval(
        """insert into waits (workspace_id, run_id, path, attempt, kind, asked, child_run_id, until)
           values (current_workspace(), $1, $2, $3, 'agent', $4, $5, clock_timestamp() + make_interval(secs => $6))
           returning until""",
        *(parent, path, attempt, asked, child, time_s),
    )
    await connection.execute("update runs set waits = waits + 1 where id = $1", parent)
    return until


async def children(connection: Connection, run_id: UUID, limit: int = 100) -> list[Child]:
    """The runs that a run has started, the newest first."""
    rows = await connection.fetch(
        """select r.id, r.parent_path, a.slug, r.status from runs r
           join agents a on a.workspace_id = r.workspace_id and a.id = r.agent_id
           where r.workspace_id = current_workspace() and r.parent_run_id = $1 order by r.id desc limit $2""",
        *(run_id, limit),
    )
    return [Child(*row) for row in rows]


# ── Why a run waits ──────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that a run waits for. ``kind``: ``approval``, ``callback``, ``agent``, ``time`` (a wait step), ``retry`` (the
    next attempt), ``effect_uncertain`` (a person is to say whether the step has acted), ``connection_expired``
    (somebody is to connect the step's account anew), ``agent_limit`` or ``workspace_limit`` (a queued run, kept back as
    long as so many others are under way); ``id``: of the approval; ``run_id``: of the other agent's run."""

    kind: str
    path: str
    since: datetime | None
    until: datetime | None = None
    id: UUID | None = None
    run_id: UUID | None = None


async def reasons(connection: Connection, run: Run) -> list[Reason]:
    """What a run waits for, the oldest first; empty for one that goes on, or waits for a worker only."""
    if run.status == "queued":
        whose = await limits.holding_back(connection, run.id)
        return [Reason(f"{whose}_limit", "", run.created_at)] if whose else []
    if run.status != "waiting":
        return []
    found = [
        Reason(one.kind, one.path, one.since, one.until, one.id if one.kind == "approval" else None, one.child_run_id)
        for one in await open_of(connection, run.id)
    ]
    if run.ask is not None:
        found.append(Reason(run.cause or "effect_uncertain", run.ask, None))
    timed = await connection.fetch(
        """select distinct on (s.path) s.path, s.status, s.at, s.wake_at from steps s
           where s.run_id = $1 and s.attempt > 0 and s.path <> all ($2) order by s.path, s.seq desc""",
        *(run.id, [one.path for one in found]),
    )
    pauses = [Reason("time", row["path"], row["at"], row["wake_at"]) for row in timed if row["status"] == "waiting"]
    if run.wake_at is not None and run.wake_at not in {one.until for one in (*found, *pauses)}:
        failed = [row for row in timed if row["status"] == "failed"]
        last = max(failed, key=lambda row: row["at"], default=None)
        pauses += [Reason("retry", last["path"], last["at"], run.wake_at)] if last else []
    return [*found, *pauses]
