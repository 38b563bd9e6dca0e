"""What stored history costs: durable runs a second beside a thousand, a hundred thousand and a million runs that are over,
and how long it takes to list runs among a million.

Three databases on one server, each with months of runs of twenty agents and all their steps, take turns. The floor of each
is the smallest. Lists are read as the API reads a page; their floor is the same page of the smallest database.
"""

from __future__ import annotations

import gc
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import uvloop

from benchmarks.durable_runs import FLOW, GROUP, INPUTS, Shape, add_version, rows_of_one_run, work
from plainwork import db
from plainwork.db import Connection, Database, runs
from plainwork.db.json import encode
from plainwork.db.runs import Filter
from plainwork.engine.versions import Version
from plainwork.settings import Settings

STORED = (1_000, 100_000, 1_000_000)
RUNS = 4_000
ROUNDS = 5
AGENTS = 20
MONTHS = 6
PAGES = 200


@dataclass(frozen=True, slots=True)
class Store:
    """A database with so many runs that are over, the version that new ones are of, and all its agents."""

    size: int
    database: Database
    version: Version
    agents: Sequence[UUID]


def run() -> dict[str, dict[str, Any]]:
    """Measures ``stored_runs_<size>`` (runs/s) and ``list_runs_<page>_p50`` and ``_p99`` (ms)."""
    with tempfile.TemporaryDirectory(prefix="plainwork-bench-") as folder:
        return uvloop.run(_measure(Settings(data_dir=Path(folder) / "data")))


async def _measure(settings: Settings) -> dict[str, dict[str, Any]]:
    async with await db.open(settings) as server, AsyncExitStack() as opened:
        stores = [await opened.enter_async_context(store_of(server, size)) for size in STORED]
        rates: dict[int, list[float]] = {size: [] for size in STORED}
        for _ in range(ROUNDS):
            for store in stores:
                gc.collect()
                rates[store.size].append(RUNS / await work(store.database, store.version, RUNS))
        return _rates(rates) | await _lists(stores[0], stores[-1])


def _rates(rates: dict[int, list[float]]) -> dict[str, dict[str, Any]]:
    least = rates[STORED[0]]
    return {
        f"stored_runs_{size}": {
            "value": statistics.median(found),
            "unit": "runs/s",
            "floor": statistics.median(least),
            "ratio": statistics.median(one / other for one, other in zip(found, least, strict=True)),
        }
        for size, found in rates.items()
    }


# The databases


@asynccontextmanager
async def store_of(server: Database, size: int) -> AsyncIterator[Store]:
    assert server.server is not None
    name = f"stored_{size}"
    owner = await asyncpg.connect(server.server.url)
    await owner.execute(f"create database {name}")
    await owner.close()
    url = server.server.url.replace("@/plainwork?", f"@/{name}?")
    async with await db.open(Settings(data_dir=Path(), database_url=url)) as database:
        version = await add_version(database, FLOW)
        await work(database, version, GROUP)
        owner = await asyncpg.connect(url)
        try:
            agents = await _fill(owner, version, await rows_of_one_run(database, version), size - GROUP)
        finally:
            await owner.close()
        yield Store(size, database, version, agents)


async def _fill(owner: Connection, version: Version, shape: Shape, count: int) -> list[UUID]:
    """History: of each hundred runs three have failed, and one of these still needs a person."""
    others = [db.new_id() for _ in range(AGENTS - 1)]
    async with owner.transaction():
        await owner.execute(_AGENTS, version.workspace_id, others)
        await owner.execute("select make_partitions(now() - make_interval(months => $1), $1)", MONTHS)
        await owner.execute(_RUNS, version.workspace_id, count, MONTHS * 30, encode(INPUTS), shape.output)
        seq, path, attempt, status, output = zip(*shape.steps, strict=True)
        await owner.execute(_STEPS, version.workspace_id, seq, path, attempt, status, output)
    await owner.execute("vacuum analyze runs")
    await owner.execute("vacuum analyze steps")
    return [version.agent_id, *others]


_AGENTS = """with made as (
        insert into agents (workspace_id, id, slug, name, last_version)
        select $1, u.id, 'agent-' || u.n, 'Agent ' || u.n, 1 from unnest($2::uuid[]) with ordinality u(id, n) returning id
    )
    insert into agent_versions (workspace_id, id, agent_id, number, content_hash, markdown, spec, flow)
    select $1, gen_random_uuid(), made.id, 1, '', '', '{}', '{}' from made"""

_RUNS = """insert into runs (workspace_id, id, agent_id, version_id, status, cause, trigger, inputs, output, created_at,
                             started_at, finished_at, steps, resolved_at, resolution)
    select $1, uuidv7(-made.age), v.agent_id, v.id, case when n % 100 < 3 then 'failed' else 'succeeded' end,
           case when n % 100 < 3 then 'step_failed' end, '{"kind":"schedule"}', convert_from($4::bytea, 'UTF8')::json,
           convert_from($5::bytea, 'UTF8')::json, now() - made.age, now() - made.age, now() - made.age, 5,
           case when n % 100 < 2 then now() end, case when n % 100 < 2 then 'discarded' end
    from generate_series(1, $2::int) n
    cross join lateral (select make_interval(secs => $3::int * 86400.0 * ($2 - n) / $2) as age) made
    join (select agent_id, id, row_number() over () - 1 as place from agent_versions) v
         on v.place = n % (select count(*) from agent_versions)"""

_STEPS = """insert into steps (workspace_id, run_id, seq, path, attempt, status, output, at, took_ms)
    select $1, r.id, s.seq, s.path, s.attempt, s.status, convert_from(s.output, 'UTF8')::json, r.created_at, 0.1
    from runs r
    cross join unnest($2::int[], $3::text[], $4::smallint[], $5::text[], $6::bytea[])
               as s(seq, path, attempt, status, output)
    where not exists (select from steps t where t.workspace_id = r.workspace_id and t.run_id = r.id)"""


# Lists


async def _lists(least: Store, most: Store) -> dict[str, dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for page in ("newest", "agent", "failed", "inbox", "old"):
        took, floor = [sorted(await _pages(store, page)) for store in (most, least)]
        for name, place in (("p50", PAGES // 2), ("p99", PAGES * 99 // 100)):
            row = {"value": took[place], "unit": "ms", "floor": floor[place], "ratio": floor[place] / took[place]}
            rows[f"list_runs_{page}_{name}"] = row
    return rows


async def _pages(store: Store, page: str) -> list[float]:
    """Milliseconds of each of many readings of one page of fifty runs."""
    took = []
    for number in range(PAGES):
        only, before = await _asked(store, page, number)
        began = time.perf_counter()
        async with store.database.workspace(store.version.workspace_id) as connection:
            found = await runs.find(connection, only, before=before)
        took.append((time.perf_counter() - began) * 1000)
        assert found
    return took


async def _asked(store: Store, page: str, number: int) -> tuple[Filter, UUID | None]:
    if page == "agent":
        return Filter(agents=[store.agents[number % AGENTS]]), None
    if page == "failed":
        return Filter(statuses=["failed"]), None
    if page == "inbox":
        return Filter(is_in_inbox=True), None
    if page == "old":
        async with store.database.workspace(store.version.workspace_id) as connection:
            days = MONTHS * 30 * number / (PAGES + 20)
            return Filter(), await connection.fetchval("select uuidv7(make_interval(secs => $1))", -days * 86400)
    return Filter(), None
