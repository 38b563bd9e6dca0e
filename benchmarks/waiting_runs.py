"""Ten thousand runs in one worker that all wait for a slow web server: what each costs in memory, and that all finish.

The server answers when every request has come, a few seconds after the last. The floor is a process that waits for the same
requests with the HTTP library alone. Memory is what the process has in use beyond what it had when a few hundred had gone
through it before.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import uvloop

from benchmarks._outside import SlowServer, part
from benchmarks._usage import memory
from benchmarks.durable_runs import GROUP, add_version
from plainwork import db, queue
from plainwork.db import Database
from plainwork.engine.start import Start, start_many
from plainwork.engine.versions import Version
from plainwork.settings import Settings

RUNS = 10_000
WARM = 500
HELD_S = 3.0
LONGEST_S = 180.0
TARGET_KB = 20.0


def flow(url: str) -> dict[str, Any]:
    """Asks the server and keeps what it says."""
    return {
        "flow": 1,
        "title": "Wait for a slow server",
        "nodes": [
            {"id": "ask", "type": "http@1", "config": {"url": url}, "timeout": "300s"},
            {"id": "keep", "type": "set@1", "config": {"news": "{{ ask.body.news }}"}},
        ],
        "edges": [{"from": "ask", "to": "keep"}],
    }


def run() -> dict[str, dict[str, Any]]:
    """Measures ``waiting_runs_memory`` and ``waiting_runs_finished``."""
    with tempfile.TemporaryDirectory(prefix="plainwork-bench-") as folder:
        return uvloop.run(_measure(Path(folder)))


async def _measure(folder: Path) -> dict[str, dict[str, Any]]:
    async with await db.open(Settings(data_dir=folder / "data")) as database, SlowServer() as server:
        floor_kb = await _bare(server)
        options = ("--concurrency", str(RUNS + WARM))
        with part("worker", database, folder, *options, PLAINWORK_ALLOW_HOSTS="127.0.0.1") as worker:
            version = await add_version(database, flow(server.url))
            await start_runs(database, version, WARM)
            await _let_go(server, WARM)
            await all_over(database, version)
            before = memory(worker)
            began = time.perf_counter()
            await start_runs(database, version, RUNS)
            await until(lambda: server.waiting == RUNS)
            waiting_s = time.perf_counter() - began
            await asyncio.sleep(HELD_S)
            each_kb = (memory(worker) - before) / RUNS / 1024
            opened = time.perf_counter()
            server.gate.set()
            await all_over(database, version)
            finished_s = time.perf_counter() - opened
            await check_all_succeeded(database, version, WARM + RUNS)
    return {
        "waiting_runs_memory": {
            "value": each_kb,
            "unit": "KB/run",
            "floor": floor_kb,
            "ratio": floor_kb / each_kb,
            "target": TARGET_KB,
        },
        "waiting_runs_finished": {"value": RUNS / finished_s, "unit": "runs/s", "until_all_wait_s": waiting_s},
    }


async def _bare(server: SlowServer) -> float:
    """Kilobytes of memory of a request that waits, with nothing of ours around it."""
    client = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks._bare_requests", server.url, str(WARM), str(RUNS)),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    assert client.stdin is not None
    process = psutil.Process(client.pid)
    await _let_go(server, WARM)
    await asyncio.sleep(1)
    before = memory(process)
    client.stdin.write(b"\n")
    await until(lambda: server.waiting == RUNS)
    await asyncio.sleep(HELD_S)
    each = (memory(process) - before) / RUNS
    await _let_go(server, RUNS)
    client.kill()
    await client.wait()
    return each / 1024


async def _let_go(server: SlowServer, count: int) -> None:
    """Answers once so many wait, and closes the gate again."""
    await until(lambda: server.waiting == count)
    server.gate.set()
    await until(lambda: server.waiting == 0)
    server.gate.clear()


async def start_runs(database: Database, version: Version, count: int) -> None:
    """Starts so many runs, in groups, as an API would."""
    bell = await queue.open(Settings(data_dir=Path()), database)
    for _ in range(0, count, GROUP):
        await start_many(database, version, [Start({})] * min(GROUP, count), bell=bell)
    await bell.close()


async def until(holds: Callable[[], bool]) -> None:
    """Waits until it holds."""
    async with asyncio.timeout(LONGEST_S):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def all_over(database: Database, version: Version) -> None:
    """Waits until no run of the workspace is left to be worked on."""
    async with asyncio.timeout(LONGEST_S):
        while True:
            async with database.workspace(version.workspace_id) as connection:
                if not await connection.fetchval("select exists (select from queue)"):
                    return
            await asyncio.sleep(0.05)


async def check_all_succeeded(database: Database, version: Version, count: int) -> None:
    """So many runs there are, and each has succeeded."""
    async with database.workspace(version.workspace_id) as connection:
        ended = await connection.fetch("select status, count(*) from runs group by 1")
    assert [tuple(row) for row in ended] == [("succeeded", count)], ended
