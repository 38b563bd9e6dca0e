"""The queues side by side, each on a real server on this machine: how soon a ring wakes a worker that waits, and how many
durable runs a second are worked off behind it.

The floor of each is the database as the queue, measured in turn with it in the same run. SQS is moto's server, which is
written in Python: its figures say that the adapter works, not how quick Amazon is.
"""

from __future__ import annotations

import asyncio
import gc
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.queue.servers import AWS_ENVIRONMENT, KINDS, is_installed

from benchmarks.durable_runs import FLOW, GROUP, INPUTS, add_version
from plainwork import db, queue
from plainwork.db import Database
from plainwork.db import queue as entries
from plainwork.engine.start import Start, start, start_many
from plainwork.engine.versions import Version
from plainwork.engine.worker import Worker
from plainwork.queue import Queue
from plainwork.settings import Settings

RUNS = 1000
ROUNDS = 3
RINGS = 15
FLOOR = "postgres"


def run() -> dict[str, dict[str, Any]]:
    """Measures ``queue_<kind>_runs`` and ``queue_<kind>_ring``."""
    os.environ.update(AWS_ENVIRONMENT)
    with tempfile.TemporaryDirectory(prefix="plainwork-bench-") as folder, _servers(Path(folder)) as urls:
        return asyncio.run(_measure(Path(folder), {FLOOR: "postgres:", **urls}))


@contextmanager
def _servers(folder: Path) -> Iterator[dict[str, str]]:
    with ExitStack() as running:
        urls = {}
        for kind, make in KINDS.items():
            if not is_installed(kind):
                continue
            server = make(folder / kind)
            server.start()
            running.callback(server.kill)
            server.ready()
            urls[kind] = server.url("bench")
        yield urls


async def _measure(folder: Path, urls: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    settings = Settings(data_dir=folder / "data")
    runs: dict[str, list[float]] = {kind: [] for kind in urls}
    rings: dict[str, list[float]] = {kind: [] for kind in urls}
    async with await db.open(settings) as database:
        version = await add_version(database, FLOW)
        for turn in range(ROUNDS + 1):
            for kind, url in urls.items():
                bell = await queue.open(Settings(data_dir=settings.data_dir, queue_url=url), database)
                ring_ms = await _ring(database, version, bell)
                gc.collect()
                runs_per_s = RUNS / await _work(database, version, bell)
                await bell.close()
                if turn:  # the first one warms up
                    rings[kind].append(ring_ms)
                    runs[kind].append(runs_per_s)
    return {
        f"queue_{kind}_{name}": _row(statistics.median(found[kind]), statistics.median(found[FLOOR]), unit)
        for name, found, unit in (("runs", runs, "runs/s"), ("ring", rings, "ms"))
        for kind in urls
    }


def _row(value: float, floor: float, unit: str) -> dict[str, Any]:
    return {"value": value, "unit": unit, "floor": floor, "ratio": floor / value if unit == "ms" else value / floor}


async def _ring(database: Database, version: Version, bell: Queue) -> float:
    """The usual time, in milliseconds, from a ring to the end of a wait that was under way."""
    took_ms = []
    for _ in range(RINGS):
        waiting = asyncio.create_task(bell.wait(1, 30))
        await asyncio.sleep(0.02)
        started = await start(database, version, INPUTS)
        rung_at = time.perf_counter()
        await bell.ring([started.run_id])
        await bell.done(await waiting)
        took_ms.append(1000 * (time.perf_counter() - rung_at))
        await _forget(database, version)
    return statistics.median(took_ms)


async def _forget(database: Database, version: Version) -> None:
    """Takes the run that was rung for out of the queue."""
    await entries.claim(database, 1, None, 3600.0)
    async with database.workspace(version.workspace_id) as connection:
        await connection.execute("update queue set due_at = 'infinity'")


async def _work(database: Database, version: Version, bell: Queue) -> float:
    """Seconds to start the runs, in groups, and to have every one of them over in the database."""
    worker = Worker(database, bell)
    working = asyncio.create_task(worker.run())
    began = time.perf_counter()
    for _ in range(0, RUNS, GROUP):
        await start_many(database, version, [Start(INPUTS)] * GROUP, bell=bell)
    while not working.done() and (worker.active or await _is_due(database, version)):  # noqa: ASYNC110
        await asyncio.sleep(0.002)
    took = time.perf_counter() - began
    worker.stop()
    await working
    return took


async def _is_due(database: Database, version: Version) -> bool:
    async with database.workspace(version.workspace_id) as connection:
        return bool(await connection.fetchval("select exists (select from queue where due_at < 'infinity')"))
