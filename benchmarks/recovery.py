"""What a killed worker costs: ten thousand runs are in its hands when it is killed with -9, and another process takes over.

All runs wait for a slow web server. ``recovery_taken_over``: seconds from the kill until the other worker has every one of
them again, their journals read and their requests sent anew. ``recovery_ended``: seconds until all are over; the server
answers from the moment the last request has come. The floor is what the same runs took when they were started first.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

import asyncpg
import uvloop

from benchmarks._outside import SlowServer, part
from benchmarks.durable_runs import add_version
from benchmarks.waiting_runs import all_over, check_all_succeeded, flow, start_runs, until
from plainwork import db
from plainwork.db import Database
from plainwork.settings import Settings

RUNS = 10_000
_LOCAL = {"PLAINWORK_ALLOW_HOSTS": "127.0.0.1"}


def run() -> dict[str, dict[str, Any]]:
    """Measures ``recovery_taken_over`` and ``recovery_ended``."""
    with tempfile.TemporaryDirectory(prefix="plainwork-bench-") as folder:
        return uvloop.run(_measure(Path(folder)))


async def _measure(folder: Path) -> dict[str, dict[str, Any]]:
    options = ("--concurrency", str(RUNS))
    async with await db.open(Settings(data_dir=folder / "data")) as database, SlowServer() as server:
        version = await add_version(database, flow(server.url))
        with part("scheduler", database, folder), part("worker", database, folder, *options, **_LOCAL) as first:
            began = time.perf_counter()
            await start_runs(database, version, RUNS)
            await until(lambda: server.waiting == RUNS)
            begun_s = time.perf_counter() - began
            with part("worker", database, folder, *options, **_LOCAL):
                await _two_workers(database)
                killed = time.perf_counter()
                first.kill()
                await until(lambda: server.asked == 2 * RUNS)
                taken_over_s = time.perf_counter() - killed
                server.gate.set()
                await all_over(database, version)
                ended_s = time.perf_counter() - killed
        await check_all_succeeded(database, version, RUNS)
    row = {"unit": "s", "floor": begun_s}
    return {
        "recovery_taken_over": {"value": taken_over_s, "ratio": begun_s / taken_over_s, **row},
        "recovery_ended": {"value": ended_s, "unit": "s"},
    }


async def _two_workers(database: Database) -> None:
    """Waits until the second worker is at work too."""
    assert database.server is not None
    owner = await asyncpg.connect(database.server.url)
    try:
        async with asyncio.timeout(60):
            while await owner.fetchval("select count(*) from workers") < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    finally:
        await owner.close()
