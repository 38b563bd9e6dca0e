"""How late ticks are when 10,000 schedules of as many agents are due at the same instant, with one scheduler.

Lateness is the database's clock when the tick is written, less the planned time. The floor is how long the bare rows of so
many ticks take to be written in batches of the same size, through the same tables and driver, with nothing in between:
half of them are written by the middle of it, all at its end. ``spread``: the same schedules, spread over a minute's jitter.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from plainwork import db, queue
from plainwork.db import Database
from plainwork.scheduler import Scheduler
from plainwork.scheduler.loop import AT_ONCE
from plainwork.settings import Settings

SCHEDULES = 10_000
WORKSPACES = 100
AHEAD_S = 8.0
"""How long before they are due the scheduler begins: it has to plan them all first."""
SPREAD_S = 20
DUE = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
TIMES = (
    *(("* * * * *", "UTC"), ("*/5 * * * *", "Europe/Berlin"), ("30 * * * *", "America/New_York")),
    *(("30 8 * * *", "UTC"), ("30 9 * * 1-5", "Europe/Berlin"), ("0 14 * * *", "Asia/Kolkata"), ("30 8 2 * *", "UTC")),
)
"""Schedules that are all due at ``DUE``."""


def run() -> dict[str, dict[str, Any]]:
    """Measures ``schedule_lateness_p50``, ``_p99`` and ``_spread_p99``."""
    return asyncio.run(_measure())


async def _measure() -> dict[str, dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="plainwork-bench-") as folder:
        settings = Settings(data_dir=Path(folder) / "data")
        async with await db.open(settings) as database:
            assert database.server is not None
            owner = await asyncpg.connect(database.server.url)
            await owner.execute("select set_config('plainwork.upkeep', 'on', false)")
            await _add_agents(owner)
            floor_s = await _write_rows(owner)
            at_once = await _lateness(database, owner, settings, 0)
            spread = await _lateness(database, owner, settings, SPREAD_S)
            await owner.close()
    rows = {"p50": (at_once[0], floor_s / 2), "p99": (at_once[1], floor_s), "spread_p99": (spread[1], None)}
    return {
        f"schedule_lateness_{name}": {
            "value": value,
            "unit": "s",
            "floor": floor,
            "ratio": None if floor is None else floor / value,
        }
        for name, (value, floor) in rows.items()
    }


async def _add_agents(owner: asyncpg.Connection) -> None:
    """Workspaces with agents whose live version runs by the clock."""
    await owner.execute(
        "insert into workspaces (id, slug, name) select gen_random_uuid(), 'w' || i, 'W' from generate_series(1, $1) i",
        WORKSPACES,
    )
    await owner.execute(
        """insert into agents (workspace_id, id, slug, name)
           select w.id, gen_random_uuid(), 'a' || i, 'Agent' from workspaces w, generate_series(1, $1) i""",
        SCHEDULES // WORKSPACES,
    )
    await owner.execute(
        """insert into agent_versions (workspace_id, id, agent_id, number, content_hash, markdown, spec, flow)
           select a.workspace_id, gen_random_uuid(), a.id, 1, '', '', '{}', json_build_object(
               'inputs', json_build_object('since', json_build_object('type', 'text')),
               'nodes', json_build_array(json_build_object('id', 'trigger-1', 'type', 'trigger.schedule@1', 'config',
                   json_build_object('cron', ($1::text[])[1 + n % cardinality($1)],
                                     'timezone', ($2::text[])[1 + n % cardinality($2)],
                                     'map', json_build_object('since', '{{ trigger.due_at }}')))))
           from (select *, row_number() over () as n from agents) a""",
        *([cron for cron, _ in TIMES], [zone for _, zone in TIMES]),
    )
    await owner.execute("update agents a set live_version_id = v.id from agent_versions v where v.agent_id = a.id")
    await owner.execute("analyze")


async def _lateness(
    database: Database, owner: asyncpg.Connection, settings: Settings, spread_s: int
) -> tuple[float, float]:
    """The median and the 99th percentile of one burst, at a clock that shows some seconds before it."""
    await owner.execute("delete from schedule_ticks")
    await owner.execute(
        "update schedules set next_at = null, fires_at = null, jitter = $1", f"{spread_s} seconds" if spread_s else None
    )
    await owner.execute("vacuum analyze")
    ahead = datetime.now(UTC) - (DUE - timedelta(seconds=AHEAD_S))
    bell = await queue.open(settings, database)
    scheduling = asyncio.create_task(Scheduler(database, bell, now=lambda: datetime.now(UTC) - ahead).run())
    await asyncio.sleep(AHEAD_S + spread_s)
    late: list[float] = []
    while len(late) < SCHEDULES:
        await asyncio.sleep(0.2)
        rows = await owner.fetch("select fired_at, planned_at from schedule_ticks where due_at = $1", DUE)
        late = sorted((row["fired_at"] - ahead - row["planned_at"]).total_seconds() for row in rows)
    scheduling.cancel()
    await asyncio.gather(scheduling, return_exceptions=True)
    await bell.close()
    return late[SCHEDULES // 2], late[SCHEDULES * 99 // 100]


async def _write_rows(owner: asyncpg.Connection) -> float:
    """Seconds to write the rows of as many ticks, a batch a commit, as the tables' owner, whom nothing checks."""
    keys = await owner.fetch("select workspace_id, id, agent_id, version_id from schedules")
    due = datetime.now(UTC)
    began = time.perf_counter()
    for start in range(0, len(keys), AT_ONCE):
        batch = keys[start : start + AT_ONCE]
        columns: list[list[UUID]] = [list(column) for column in zip(*batch, strict=True)]
        run_ids = [db.new_id() for _ in batch]
        async with owner.transaction():
            await owner.execute(
                """insert into schedule_ticks (workspace_id, schedule_id, due_at, run_id, fired_at)
                   select w, s, $1, r, clock_timestamp() from unnest($2::uuid[], $3::uuid[], $4::uuid[]) as u(w, s, r)""",
                *(due, columns[0], columns[1], run_ids),
            )
            await owner.execute(
                """insert into runs (workspace_id, id, agent_id, version_id, inputs, trigger)
                   select w, r, a, v, '{"since": "2026-03-02T08:30:00Z"}', '{"kind": "schedule"}'
                   from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[]) as u(w, r, a, v)""",
                *(columns[0], run_ids, columns[2], columns[3]),
            )
            await owner.execute(
                "insert into queue (workspace_id, run_id) select * from unnest($1::uuid[], $2::uuid[])",
                *(columns[0], run_ids),
            )
            await owner.execute(
                """update schedules s set next_at = $1, fires_at = $1 from unnest($2::uuid[], $3::uuid[]) as u(w, i)
                   where s.workspace_id = u.w and s.id = u.i""",
                *(due, columns[0], columns[1]),
            )
    return time.perf_counter() - began
