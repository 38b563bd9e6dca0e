"""Durable runs a second of a five-step pure flow on the embedded Postgres, started and worked off in one process.

The floor writes the same rows in groups of the same size through the same tables and driver, with nothing in between:
no planner, no expressions, no encoding of results, no checks of leases. Both sides take turns in one run; the ratio is the
median of each round's. ``durable_runs_cpu`` is the same in microseconds of processor time, Postgres' included, which says
more than the clock does where the machine is not ours alone.
"""

from __future__ import annotations

import asyncio
import gc
import statistics
import tempfile
import time
from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import uvloop

from benchmarks._usage import Meter, Took
from plainwork import db, queue
from plainwork.db import Connection, Database
from plainwork.db.json import encode
from plainwork.engine.catalogue import load
from plainwork.engine.start import Start, start_many
from plainwork.engine.versions import Version, Versions
from plainwork.engine.worker import Worker
from plainwork.settings import Settings

RUNS = 16_000
GROUP = 500
ROUNDS = 5
INPUTS = {"topic": "news", "least": 100, "posts": [{"title": f"Post {i}", "score": 40 * i} for i in range(6)]}
FLOW: dict[str, Any] = {
    "flow": 1,
    "title": "Five pure steps",
    "nodes": [
        {"id": "posts", "type": "set@1", "config": {"topic": "{{ inputs.topic }}", "posts": "{{ inputs.posts }}"}},
        {
            "id": "keep",
            "type": "filter@1",
            "config": {"items": "{{ posts.posts }}", "where": "item.score > inputs.least"},
        },
        {"id": "any", "type": "condition@1"},
        {"id": "shape", "type": "set@1", "config": {"text": "{{ keep.count }} posts about {{ posts.topic }}"}},
        {"id": "answer", "type": "respond@1", "config": {"body": "{{ shape.text }}"}},
    ],
    "edges": [
        {"from": "posts", "to": "keep"},
        {"from": "keep", "to": "any"},
        {"from": "any", "to": "shape", "condition": {"if": "keep.count > 0"}},
        {"from": "any", "to": "answer", "condition": {"else": True}},
        {"from": "shape", "to": "answer"},
    ],
    "inputs": {"topic": {}, "least": {"type": "number"}, "posts": {"type": "list"}},
}


def run() -> dict[str, dict[str, Any]]:
    """Measures ``durable_runs`` and ``durable_runs_cpu``."""
    return uvloop.run(_measure())


async def _measure() -> dict[str, dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="plainwork-bench-") as folder:
        async with await db.open(Settings(data_dir=Path(folder) / "data")) as database:
            version = await add_version(database, FLOW)
            await work(database, version, GROUP)
            shape = await rows_of_one_run(database, version)
            await write_rows(database, version, shape, GROUP)
            worked, written = [], []
            for _ in range(ROUNDS):
                written.append(await _took(database, write_rows(database, version, shape, RUNS)))
                worked.append(await _took(database, work(database, version, RUNS)))
            await _check_rows(database, version, GROUP * 2 + RUNS * ROUNDS * 2)
            return _rows(worked, written)


async def _took(database: Database, work: Awaitable[float]) -> Took:
    gc.collect()
    meter = Meter(database)
    wall_s = await work
    return replace(meter.read(), wall_s=wall_s)


def _rows(worked: list[Took], written: list[Took]) -> dict[str, dict[str, Any]]:
    rates = [RUNS / took.wall_s for took in worked]
    ratios = sorted(floor.wall_s / took.wall_s for took, floor in zip(worked, written, strict=True))
    cpu = [(took.cpu_s, floor.cpu_s) for took, floor in zip(worked, written, strict=True)]
    value_us, floor_us = (statistics.median(side) / RUNS * 1e6 for side in zip(*cpu, strict=True))
    return {
        "durable_runs": {
            "value": statistics.median(rates),
            "unit": "runs/s",
            "floor": statistics.median(RUNS / took.wall_s for took in written),
            "ratio": statistics.median(ratios),
            "ratios": ratios,
        },
        "durable_runs_cpu": {
            "value": value_us,
            "unit": "µs/run",
            "floor": floor_us,
            "ratio": floor_us / value_us,
            "of_postgres": statistics.median(took.postgres_s for took in worked) / RUNS * 1e6,
            "floor_of_postgres": statistics.median(took.postgres_s for took in written) / RUNS * 1e6,
        },
    }


async def _check_rows(database: Database, version: Version, runs: int) -> None:
    """Both sides have left the same: as many runs as were started, all of them over, with five steps each."""
    async with database.workspace(version.workspace_id) as connection:
        shapes = await connection.fetch(
            """select r.status, s.steps, count(*) from runs r
               join (select run_id, count(*) as steps from steps group by 1) s on s.run_id = r.id group by 1, 2"""
        )
    assert [tuple(row) for row in shapes] == [("succeeded", 5, runs)], shapes


async def add_version(database: Database, flow: dict[str, Any]) -> Version:
    """A workspace with one agent and one version of it."""
    workspace_id, agent_id, version_id = db.new_id(), db.new_id(), db.new_id()
    async with database.workspace(workspace_id) as connection:
        await connection.execute(
            "insert into workspaces (id, slug, name) values ($1, $2, 'Bench')", workspace_id, str(workspace_id)
        )
        await connection.execute(
            "insert into agents (workspace_id, id, slug, name, last_version) values ($1, $2, 'bench', 'Bench', 1)",
            workspace_id,
            agent_id,
        )
        await connection.execute(
            """insert into agent_versions (workspace_id, id, agent_id, number, content_hash, markdown, spec, flow)
               values ($1, $2, $3, 1, '', '', '{}', $4)""",
            workspace_id,
            version_id,
            agent_id,
            flow,
        )
    return await Versions(database, load()).get(workspace_id, version_id)


async def work(database: Database, version: Version, count: int) -> float:
    """Seconds to start ``count`` runs, in groups, and to have every one of them over in the database."""
    bell = await queue.open(Settings(data_dir=Path()), database)
    worker = Worker(database, bell, versions=_having(database, version))
    working = asyncio.create_task(worker.run())
    began = time.perf_counter()
    for _ in range(0, count, GROUP):
        await start_many(database, version, [Start(INPUTS)] * min(GROUP, count), bell=bell)
    while not working.done() and (worker.active or await _unfinished(database, version)):  # noqa: ASYNC110
        await asyncio.sleep(0.002)
    took = time.perf_counter() - began
    worker.stop()
    await working
    await bell.close()
    return took


def _having(database: Database, version: Version) -> Versions:
    versions = Versions(database, load())
    versions.keep(version)
    return versions


async def _unfinished(database: Database, version: Version) -> bool:
    async with database.workspace(version.workspace_id) as connection:
        return bool(await connection.fetchval("select exists (select from queue)"))


class Shape:
    """The rows that one run leaves behind: its own, and its journal."""

    def __init__(self, run: Any, steps: list[Any]) -> None:
        self.output = encode(run["output"])
        self.steps = [(s["seq"], s["path"], s["attempt"], s["status"], encode(s["output"])) for s in steps]


async def rows_of_one_run(database: Database, version: Version) -> Shape:
    """Read back from a run that the engine has worked on."""
    async with database.workspace(version.workspace_id) as connection:
        run = await connection.fetchrow("select id, output from runs where status = 'succeeded' limit 1")
        assert run is not None
        steps = await connection.fetch("select * from steps where run_id = $1 order by seq", run["id"])
        assert [s["path"] for s in steps] == ["posts", "keep", "any", "shape", "answer"]
        return Shape(run, steps)


async def write_rows(database: Database, version: Version, shape: Shape, count: int) -> float:
    """Seconds to write the rows of ``count`` runs: those of a start, of a claim, and of the end; a group is a commit each.

    As the tables' owner, whom nothing checks.
    """
    assert database.server is not None
    connection = await asyncpg.connect(database.server.url)
    inputs = encode(INPUTS)
    try:
        began = time.perf_counter()
        for _ in range(0, count, GROUP):
            ids = [db.new_id() for _ in range(min(GROUP, count))]
            async with connection.transaction():
                await _write_start(connection, version, ids, inputs)
            await connection.fetch(_CLAIM, ids)
            async with connection.transaction():
                await _write_end(connection, version, ids, shape)
        return time.perf_counter() - began
    finally:
        await connection.close()


_CLAIM = """update queue set due_at = now() + interval '30 s', epoch = epoch + 1, claims = claims + 1, worker = 1
            where run_id = any ($1) returning run_id"""


async def _write_start(connection: Connection, version: Version, ids: list[UUID], inputs: bytes) -> None:
    await connection.execute(
        """insert into runs (workspace_id, id, agent_id, version_id, inputs, trigger)
           select $1, u.id, $2, $3, convert_from(u.inputs, 'UTF8')::json, '{"kind":"manual"}'
           from unnest($4::uuid[], $5::bytea[]) as u(id, inputs)""",
        version.workspace_id,
        version.agent_id,
        version.id,
        ids,
        [inputs] * len(ids),
    )
    await connection.execute(
        "insert into queue (workspace_id, run_id) select $1, u.id from unnest($2::uuid[]) as u(id)",
        version.workspace_id,
        ids,
    )


async def _write_end(connection: Connection, version: Version, ids: list[UUID], shape: Shape) -> None:
    rows = [(run_id, *step, 1e9, 0.1) for run_id in ids for step in shape.steps]
    await connection.execute(
        """insert into steps (workspace_id, run_id, seq, path, attempt, status, output, at, took_ms)
           select $1, u.run_id, u.seq, u.path, u.attempt, u.status, convert_from(u.output, 'UTF8')::json,
                  to_timestamp(u.at), u.took_ms
           from unnest($2::uuid[], $3::int[], $4::text[], $5::smallint[], $6::text[], $7::bytea[], $8::float8[],
                       $9::real[]) as u(run_id, seq, path, attempt, status, output, at, took_ms)""",
        version.workspace_id,
        *zip(*rows, strict=True),
    )
    await connection.execute(
        """update runs r set status = 'succeeded', output = convert_from(u.output, 'UTF8')::json, started_at = now(),
                  finished_at = now(), steps = 5
           from unnest($2::uuid[], $3::bytea[]) as u(id, output) where r.workspace_id = $1 and r.id = u.id""",
        version.workspace_id,
        ids,
        [shape.output] * len(ids),
    )
    await connection.execute(
        "delete from queue where workspace_id = $1 and run_id = any ($2)", version.workspace_id, ids
    )
