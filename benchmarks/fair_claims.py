"""What a crowded queue costs: the time of a claim when one workspace has three hundred thousand runs queued, when ten thousand
workspaces wait besides, and when ten thousand have runs that are due. The floor is the same claim with nothing else queued.

Each round also starts one run of a workspace of its own; it has to be in the next claim.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks.durable_runs import FLOW, add_version
from plainwork import db
from plainwork.db import Database, queue
from plainwork.engine.start import Start, start, start_many
from plainwork.engine.versions import Version
from plainwork.settings import Settings

GROUP = 500
ROUNDS = 15
QUEUED = 300_000
WORKSPACES = 10_000


def run() -> dict[str, dict[str, Any]]:
    """Measures ``fair_claims_alone`` and, beside it, ``_crowd``, ``_waiting`` and ``_workspaces`` (ms for 500 runs)."""
    return asyncio.run(_measure())


async def _measure() -> dict[str, dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="plainwork-bench-") as folder:
        async with await db.open(Settings(data_dir=Path(folder) / "data")) as database:
            version, other = [await add_version(database, FLOW) for _ in range(2)]
            found = {"alone": await _alone(database, version)}
            for name, fill in (("crowd", _CROWD), ("waiting", _WAITING), ("workspaces", _DUE)):
                await _fill(database, version, fill)
                found[name] = await _claim_times(database, other)
    floor = found["alone"]
    return {
        f"fair_claims_{name}": {"value": took, "unit": "ms", "floor": floor, "ratio": floor / took}
        for name, took in found.items()
    }


async def _alone(database: Database, version: Version) -> float:
    took = []
    for _ in range(ROUNDS):
        await start_many(database, version, [Start(_INPUTS)] * GROUP)
        took.append(await _claim(database))
    return statistics.median(took)


async def _claim_times(database: Database, other: Version) -> float:
    took = []
    for _ in range(ROUNDS):
        first = await start(database, other, _INPUTS)
        began = time.perf_counter()
        claims = await queue.claim(database, GROUP, None, 3600.0)
        took.append((time.perf_counter() - began) * 1000)
        assert len(claims) == GROUP
        due = await _workspaces_due(database)
        assert due > GROUP or first.run_id in {one.run_id for one in claims}, "a crowd delayed another's first run"
    return statistics.median(took)


async def _claim(database: Database) -> float:
    began = time.perf_counter()
    assert len(await queue.claim(database, GROUP, None, 3600.0)) == GROUP
    return (time.perf_counter() - began) * 1000


async def _workspaces_due(database: Database) -> int:
    """More than a claim has room for take turns, so that a claim does not have all of them."""
    assert database.server is not None
    connection = await asyncpg.connect(database.server.url)
    try:
        await connection.execute(_UPKEEP)
        count: int = await connection.fetchval(
            "select count(*) from (select distinct lane from queue where rank_at is not null) lanes"
        )
        return count
    finally:
        await connection.close()


async def _fill(database: Database, version: Version, sql: str) -> None:
    """As the tables' owner, whom nothing checks."""
    assert database.server is not None
    connection = await asyncpg.connect(database.server.url)
    try:
        await connection.execute(_UPKEEP)
        count = QUEUED if sql is _CROWD else WORKSPACES
        await connection.execute(sql, version.workspace_id, version.agent_id, version.id, count, timeout=600)
        await connection.execute("analyze queue")
    finally:
        await connection.close()


_INPUTS = {"topic": "news", "least": 1, "posts": []}
_UPKEEP = "set plainwork.upkeep = 'on'"
_ID = """(lpad(to_hex((extract(epoch from now()) * 1000)::bigint), 12, '0')
         || substr(md5(random()::text || n), 1, 20))::uuid"""
_CROWD = f"""
    with made as (
        insert into runs (workspace_id, id, agent_id, version_id) select $1, {_ID}, $2, $3 from generate_series(1, $4::integer) n
        returning id
    )
    insert into queue (workspace_id, run_id, agent_id, priority, lane, rank_at)
    select $1, id, $2, 0, lane_of($1, $2, false), now() from made"""
_WAITING = """
    insert into queue (workspace_id, run_id, agent_id, due_at)
    select md5(n::text || $1::uuid::text || $3::uuid::text)::uuid, gen_random_uuid(), $2, now() + interval '1 day'
    from generate_series(1, $4::integer) n, generate_series(1, 5)"""
_DUE = f"""
    with made as (
        insert into runs (workspace_id, id, agent_id, version_id)
        select md5(n::text || $1::uuid::text)::uuid, {_ID}, $2, $3
        from generate_series(1, $4::integer) n returning workspace_id, id
    )
    insert into queue (workspace_id, run_id, agent_id, priority, lane, rank_at)
    select workspace_id, id, $2, 0, lane_of(workspace_id, $2, false), now() from made"""
