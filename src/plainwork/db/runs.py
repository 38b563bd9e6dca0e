"""Runs, their journal rows and what is kept beside them. Every function works inside one workspace's transaction.

What crosses workspaces (claims, flushes) is in ``db.queue``. Times are aware UTC.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import msgspec

from plainwork.db import json
from plainwork.db.ids import first_id_at
from plainwork.db.pool import Connection
from plainwork.db.queue import CANCELLED

RunStatus = Literal["queued", "running", "waiting", "succeeded", "failed", "cancelled"]
Priority = Literal["low", "normal", "high"]
Source = Literal["taken", "carried", "given"]
Bounds = tuple[float | None, float | None]
_FEW = 1000
_CLOCKS_DIFFER = timedelta(hours=1)
"""A run's key is made by the clock of whoever starts it, a while before the database notes the time."""
_FIRST_KEY, _LAST_KEY = datetime(1970, 1, 2, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
PRIORITIES: Mapping[Priority, int] = {"low": -1, "normal": 0, "high": 1}
ENDED: frozenset[str] = frozenset({"succeeded", "failed", "cancelled"})


@dataclass(frozen=True, slots=True)
class RunAgent:
    """The agent that a run is of, with the names it has now."""

    id: UUID
    name: str
    slug: str


@dataclass(frozen=True, slots=True)
class Run:
    """One run as people see it. ``version``: the number of its version; ``cause``: why it is in the dead-letter inbox
    (``step_failed``, ``timed_out``, ``crash_loop``, ``effect_uncertain``, ``connection_expired``, ``budget_exceeded``,
    ``undeliverable``);
    ``ask``: the step a person is asked about; ``steps``: how many journal rows it has; ``origin_run_id``: the run that it
    comes of, ``origin_step``: from which step on that one is taken again; ``resolution``: what a person did about it
    (``retried``, ``skipped``, ``answered``, ``discarded``), or that its parent was told (``reported``), so that it is in the
    inbox no longer; ``parent_run_id``: the run that has started it, by its step at ``parent_path``;
    ``canary``: its version was a canary's candidate when it started."""

    workspace_id: UUID
    id: UUID
    agent_id: UUID
    version_id: UUID
    status: RunStatus
    cause: str | None
    trigger: Any
    inputs: Any
    output: Any
    failure: Any
    ask: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    wake_at: datetime | None
    deadline_at: datetime | None
    steps: int
    tokens: int
    cost_usd: float
    origin_run_id: UUID | None
    origin_step: str | None
    resolved_at: datetime | None
    resolution: str | None
    parent_run_id: UUID | None
    parent_path: str | None
    canary: bool
    agent: RunAgent
    version: int

    @property
    def took_ms(self) -> float | None:
        """From its start to its end; None while it has not ended, and when it never began."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds() * 1000

    @property
    def is_over(self) -> bool:
        """Whether nothing will happen in it any more."""
        return self.status in ENDED


@dataclass(frozen=True, slots=True)
class StepRow:
    """One row of a journal: ``seq`` counts from 1 within the run. ``attempt`` 0 marks the planner's own facts. ``source``:
    where it is from: taken by the run itself, carried over from the run that it comes of, or given by a person."""

    seq: int
    path: str
    attempt: int
    status: str
    outcome: str | None
    output: Any
    failure: Any
    wake_at: datetime | None
    idempotency_key: str | None
    at: datetime
    took_ms: float | None
    source: Source = "taken"


@dataclass(frozen=True, slots=True)
class VersionRow:
    """What a run needs of its version: ``agent`` is the agent's slug."""

    id: UUID
    agent_id: UUID
    agent: str
    number: int
    flow: Any


class NewRun(msgspec.Struct, frozen=True):
    """A run to insert. ``key``: the trigger's idempotency key; ``priority`` None: as the agent's live version says."""

    id: UUID
    inputs: Any
    trigger: Any
    key: str | None = None
    priority: Priority | None = None


_RUN = """r.workspace_id, r.id, r.agent_id, r.version_id, r.status, r.cause, r.trigger, r.inputs, {output} as output,
          r.failure, r.ask, r.created_at, r.started_at, r.finished_at, r.wake_at, r.deadline_at, r.steps, r.tokens,
          r.cost_usd::float8, r.origin_run_id, r.origin_step, r.resolved_at, r.resolution, r.parent_run_id, r.parent_path,
          r.canary, a.name, a.slug, v.number"""
_NAMES = """join agents a on a.workspace_id = r.workspace_id and a.id = r.agent_id
            join agent_versions v on v.workspace_id = r.workspace_id and v.id = r.version_id"""
_WHOLE_RUN = f"select {_RUN.format(output='r.output')}, r.output_blob from runs r {_NAMES}"  # noqa: S608
_LISTED_RUN = _RUN.format(output="null::json")
_STEP = (
    "seq, path, attempt, status, outcome, output, failure, wake_at, idempotency_key, at, took_ms, source, output_blob"
)


async def take_keys(
    connection: Connection, workspace_id: UUID, agent_id: UUID, keys: Mapping[str, UUID]
) -> dict[str, UUID]:
    """Reserves idempotency keys for new run ids; returns, for each key that was taken already, the run that has it."""
    taken = await connection.fetch(
        """insert into run_keys (workspace_id, agent_id, key, run_id)
           select $1, $2, u.key, u.run_id from unnest($3::text[], $4::uuid[]) as u(key, run_id) order by u.key
           on conflict do nothing returning key""",
        workspace_id,
        agent_id,
        list(keys),
        list(keys.values()),
    )
    missed = set(keys) - {row["key"] for row in taken}
    if not missed:
        return {}
    rows = await connection.fetch(
        "select key, run_id from run_keys where agent_id = $1 and key = any ($2)", agent_id, list(missed)
    )
    return {row["key"]: row["run_id"] for row in rows}


async def insert(
    connection: Connection,
    workspace_id: UUID,
    agent_id: UUID,
    version_id: UUID,
    runs: Sequence[NewRun],
    deadline_s: float | None = None,
    *,
    is_canary: bool = False,
) -> None:
    """Inserts runs of one version with their queue entries; the workspace's variables are copied into them, so that a
    run sees the same ones to its end. ``deadline_s``: how long each may take, from now; ``is_canary``: the version is a
    canary's candidate."""
    ids = [run.id for run in runs]
    priorities = [None if run.priority is None else PRIORITIES[run.priority] for run in runs]
    await connection.execute(
        """insert into runs (workspace_id, id, agent_id, version_id, canary, inputs, trigger, deadline_at, vars)
           select $1, u.id, $2, $3, $8, convert_from(u.inputs, 'UTF8')::json, convert_from(u.trigger, 'UTF8')::json,
                  now() + make_interval(secs => $4::float8), v.vars
           from unnest($5::uuid[], $6::bytea[], $7::bytea[]) as u(id, inputs, trigger),
                (select coalesce(json_object_agg(name, value), '{}') as vars from workspace_variables) v""",
        workspace_id,
        agent_id,
        version_id,
        deadline_s,
        ids,
        [json.encode(run.inputs) for run in runs],
        [json.encode(run.trigger) for run in runs],
        is_canary,
    )
    await connection.execute(
        """insert into queue (workspace_id, run_id, deadline_at, agent_id, priority, lane, rank_at)
           select $1, u.id, now() + make_interval(secs => $2::float8), $4, p.priority, p.lane, p.rank_at
           from unnest($3::uuid[], $5::smallint[]) as u(id, priority)
           cross join lateral place_of($1, $4, u.priority) p""",
        *(workspace_id, deadline_s, ids, agent_id, [] if priorities.count(None) == len(runs) else priorities),
    )


async def hold_days(connection: Connection, agents: Collection[UUID]) -> None:
    """Has others who count the runs of these agents' day wait until the transaction ends; those who start runs without counting
    them do not."""
    if agents:
        await connection.execute(
            """select pg_advisory_xact_lock(key) from (
                   select hashtextextended('runs of the day ' || agent, 0) as key from unnest($1::uuid[]) agent order by key
               ) in_one_order""",
            list(agents),
        )


async def count_since(connection: Connection, agent_id: UUID, first_id: UUID) -> int:
    """How many runs of an agent have an id from ``first_id`` on (``db.ids.first_id_at`` makes one of a time)."""
    count: int = await connection.fetchval(
        "select count(*) from runs where agent_id = $1 and id >= $2", agent_id, first_id
    )
    return count


async def read(connection: Connection, run_id: UUID) -> Run | None:
    """One run; None when the workspace has no such run."""
    row = await connection.fetchrow(f"{_WHOLE_RUN} where r.id = $1", run_id)
    if row is None:
        return None
    run = _run(tuple(row)[:-1])
    if row["output_blob"] is None:
        return run
    blobs = await _blobs(connection, [row["output_blob"]])
    return replace(run, output=blobs[row["output_blob"]])


@dataclass(frozen=True, slots=True)
class Filter:
    """Which runs to list; what is empty or None asks for nothing. ``since`` and ``until``: when they were made (the end
    exclusive); ``triggers``: the kinds of what started them; ``origin``: the run that they come of; ``is_in_inbox``: they
    need a person; ``causes``: why they need or needed one; ``took_s`` and ``cost_usd``: the least and the most; ``text``:
    what a line of theirs says (``db.log_lines``)."""

    agents: Collection[UUID] = ()
    statuses: Collection[str] = ()
    triggers: Collection[str] = ()
    since: datetime | None = None
    until: datetime | None = None
    origin: UUID | None = None
    is_in_inbox: bool = False
    causes: Collection[str] = ()
    versions: Collection[UUID] = ()
    took_s: Bounds = (None, None)
    cost_usd: Bounds = (None, None)
    text: str | None = None


async def find(
    connection: Connection, only: Filter = Filter(), *, before: UUID | None = None, limit: int = 50
) -> list[Run]:
    """Runs, newest first, without their outputs; ``before``: only those older than this one (for the next page).

    Keys begin with the time at which they were made, so that times also choose the partitions to look into. What is asked
    for is planned for anew each time: what is rare is looked up, and what is common met soon enough on the way back in time.
    """
    agents = list(only.agents)
    await connection.execute("select set_config('plan_cache_mode', 'force_custom_plan', true)")
    few = [
        await _few_from(connection, "took_s", only.took_s[0]),
        await _few_from(connection, "cost_usd", only.cost_usd[0]),
    ]
    return await _newest(
        connection,
        limit,
        # Of one agent the index has them in this order; of several it would have to sort them all.
        ("agent_id = {}", agents[0]) if len(agents) == 1 else ("agent_id = any ({})", agents),
        ("version_id = any ({})", list(only.versions)),
        ("status = any ({})", list(only.statuses)),
        ("trigger_kind = any ({})", list(only.triggers)),
        ("created_at >= {}", only.since),
        ("created_at < {}", only.until),
        ("id >= {}", _key_around(only.since, -_CLOCKS_DIFFER) if only.since else None),
        ("id < {}", _key_around(only.until, _CLOCKS_DIFFER) if only.until else None),
        ("origin_run_id = {}", only.origin),
        ("cause is not null and resolved_at is null and {}", only.is_in_inbox or None),
        ("cause = any ({})", list(only.causes)),
        *(("id = any ({})", tuple(ids)) for ids in few if ids is not None),
        ("took_s >= {}", only.took_s[0]),
        ("took_s <= {}", only.took_s[1]),
        ("cost_usd >= {}", only.cost_usd[0]),
        ("cost_usd <= {}", only.cost_usd[1]),
        ("id in (select runs_saying({}))", only.text),
        ("id < {}", before),
    )


async def _few_from(
    connection: Connection, column: Literal["took_s", "cost_usd"], least: float | None
) -> list[UUID] | None:
    """The runs that reach ``least``, where they are few; None: they are many. Postgres takes the few slowest and dearest runs for
    many more than they are, and would go through all runs for them."""
    if not least:
        return None
    rows = await connection.fetch(
        f"select id from runs where workspace_id = current_workspace() and {column} >= $1 limit {_FEW + 1}",  # noqa: S608
        least,
    )
    return [row["id"] for row in rows] if len(rows) <= _FEW else None


async def _newest(connection: Connection, limit: int, *tests: tuple[str, Any]) -> list[Run]:
    """The newest runs that pass every test which has a value. They are chosen first and named then."""
    asked = [(test, value) for test, value in tests if value is not None and value != []]
    passing = "".join(f" and {test.format(f'${number}')}" for number, (test, _) in enumerate(asked, 2))
    rows = await connection.fetch(
        f"""select {_LISTED_RUN} from (
                select * from runs where workspace_id = current_workspace(){passing} order by id desc limit $1
            ) r {_NAMES} order by r.id desc""",  # noqa: S608
        *(limit, *(value for _, value in asked)),
    )
    return [_run(row) for row in rows]


def _key_around(at: datetime, aside: timedelta) -> UUID:
    """The first key of a time that far from ``at``, as long as keys can tell it."""
    return first_id_at(min(max(at, _FIRST_KEY), _LAST_KEY) + aside)


def _run(row: Sequence[Any]) -> Run:
    *own, name, slug, number = row
    return Run(*(*own, RunAgent(own[2], name, slug), number))


async def steps(connection: Connection, run_id: UUID, after: int = 0, limit: int = 1000) -> list[StepRow]:
    """A run's journal rows with ``seq`` above ``after``, in order, at most ``limit``."""
    rows = await connection.fetch(
        f"select {_STEP} from steps where run_id = $1 and seq > $2 order by seq limit $3",  # noqa: S608
        *(run_id, after, limit),
    )
    blobs = await _blobs(connection, [row["output_blob"] for row in rows if row["output_blob"] is not None])
    return [_step_row(row, blobs) for row in rows]


async def attempts(connection: Connection, run_id: UUID, path: str, limit: int = 1000) -> list[StepRow]:
    """The journal rows of one step, in order: the last ones, at most ``limit``."""
    rows = await connection.fetch(
        f"select {_STEP} from steps where run_id = $1 and path = $2 order by seq desc limit $3",  # noqa: S608
        *(run_id, path, limit),
    )
    blobs = await _blobs(connection, [row["output_blob"] for row in rows if row["output_blob"] is not None])
    return [_step_row(row, blobs) for row in reversed(rows)]


async def journals(connection: Connection, run_ids: Sequence[UUID]) -> dict[UUID, list[StepRow]]:
    """The whole journals of several runs, each in order."""
    rows = await connection.fetch(
        f"select run_id, {_STEP} from steps where run_id = any ($1) order by run_id, seq",  # noqa: S608
        run_ids,
    )
    blobs = await _blobs(connection, [row["output_blob"] for row in rows if row["output_blob"] is not None])
    found: dict[UUID, list[StepRow]] = defaultdict(list)
    for row in rows:
        found[row["run_id"]].append(_step_row(row, blobs))
    return found


async def versions(connection: Connection, version_ids: Sequence[UUID]) -> list[VersionRow]:
    """The flows of versions, with the slug of the agent each belongs to."""
    rows = await connection.fetch(
        """select v.id, v.agent_id, a.slug, v.number, v.flow from agent_versions v
           join agents a on a.workspace_id = v.workspace_id and a.id = v.agent_id where v.id = any ($1)""",
        version_ids,
    )
    return [VersionRow(*row) for row in rows]


async def stop(connection: Connection, run_id: UUID) -> bool:
    """Ends a run for good, whoever has it: its queue entry goes, so no worker can write for it any more, and a worker that
    has it is told. Of several calls one does it; False: it had ended before, or there is none."""
    gone = await connection.fetchval("delete from queue where run_id = $1 returning run_id", run_id)
    if gone is None:
        return False
    await connection.execute(
        "update runs set status = 'cancelled', finished_at = now(), wake_at = null, cause = null, ask = null where id = $1",
        run_id,
    )
    await connection.execute("select pg_notify($1, $2)", CANCELLED, str(run_id))
    return True


async def stop_all(connection: Connection) -> int:
    """As ``stop``, every run of the transaction's workspace that has not ended; how many."""
    rows = await connection.fetch("delete from queue where workspace_id = current_workspace() returning run_id, worker")
    await connection.execute(
        """update runs set status = 'cancelled', finished_at = now(), wake_at = null, cause = null, ask = null
           where workspace_id = current_workspace() and id = any ($1)""",
        [row["run_id"] for row in rows],
    )
    in_hand = [str(row["run_id"]) for row in rows if row["worker"] is not None]
    await connection.execute("select pg_notify($1, run) from unnest($2::text[]) as run", CANCELLED, in_hand)
    return len(rows)


async def cancel(connection: Connection, run_id: UUID) -> RunStatus | None:
    """As ``stop``; the status from then on (``cancelled``, or how the run had ended before). None: no such run."""
    await stop(connection, run_id)
    status: RunStatus | None = await connection.fetchval("select status from runs where id = $1", run_id)
    return status


async def counts(connection: Connection) -> dict[str, int]:
    """How many runs that have not ended there are: ``queued`` (due, not claimed), ``leased``, ``waiting``."""
    row = await connection.fetchrow(
        """select count(*) filter (where due_at <= now()) as queued,
                  count(*) filter (where due_at > now() and worker is not null) as leased,
                  count(*) filter (where due_at > now() and worker is null) as waiting
           from queue"""
    )
    return dict(row)


async def _blobs(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, Any]:
    if not ids:
        return {}
    rows = await connection.fetch("select id, content from blobs where id = any ($1)", ids)
    return {row["id"]: json.decode(row["content"]) for row in rows}


def _step_row(row: Any, blobs: Mapping[UUID, Any]) -> StepRow:
    blob = row["output_blob"]
    return StepRow(
        seq=row["seq"],
        path=row["path"],
        attempt=row["attempt"],
        status=row["status"],
        outcome=row["outcome"],
        output=row["output"] if blob is None else blobs[blob],
        failure=row["failure"],
        wake_at=row["wake_at"],
        idempotency_key=row["idempotency_key"],
        at=row["at"],
        took_ms=row["took_ms"],
        source=row["source"],
    )
