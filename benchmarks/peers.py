"""The same work beside others: the five steps of ``durable_runs``, each run started by itself and waited for, so many at once,
every step kept in the same Postgres.

DBOS is installed from PyPI into ``build/peers`` when it can be, at one version, and runs with nothing of ours; it is no part
of the project. What cannot be had is said and left out. The floor is Plainwork, in the same run.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import asyncpg
import uvloop

from benchmarks.durable_runs import FLOW, GROUP, INPUTS, add_version, work
from plainwork import db, queue
from plainwork.db import Database
from plainwork.engine.events import Events
from plainwork.engine.start import start, wait_for
from plainwork.engine.versions import Version
from plainwork.engine.worker import Worker
from plainwork.settings import Settings

PEERS = {"dbos": ("dbos==3.4.0",)}
FOLDER = Path("build/peers")
AT_ONCE = 64
RUNS = 400
OUR_RUNS = 4_000
INSTALL_S = 600
LONGEST_S = 300


def run() -> dict[str, dict[str, Any]]:
    """Measures ``peer_<name>`` for each that can be installed."""
    pythons = {name: python for name in PEERS if (python := _installed(name)) is not None}
    if not pythons:
        return {}
    with tempfile.TemporaryDirectory(prefix="plainwork-bench-") as folder:
        return uvloop.run(_measure(Settings(data_dir=Path(folder) / "data"), pythons))


def _installed(name: str) -> Path | None:
    """The Python that has this peer; None when it cannot be installed here."""
    folder = (FOLDER / name).absolute()
    python, stamp = folder / "bin/python", folder / ".installed"
    wanted = " ".join(PEERS[name])
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    try:
        for command in (
            [sys.executable, "-m", "venv", "--clear", str(folder)],
            [str(python), "-m", "pip", "install", "--quiet", *PEERS[name]],
        ):
            subprocess.run(command, check=True, capture_output=True, timeout=INSTALL_S)
    except (subprocess.SubprocessError, OSError) as error:
        print(f" {name} is not installed ({type(error).__name__}) …", end="", flush=True)
        return None
    stamp.write_text(wanted)
    return python


async def _measure(settings: Settings, pythons: dict[str, Path]) -> dict[str, dict[str, Any]]:
    rows = {}
    async with await db.open(settings) as database:
        version = await add_version(database, FLOW)
        await work(database, version, GROUP)
        for name, python in pythons.items():
            theirs = await _peer(database, name, python)
            if theirs is None:
                print(f" {name} did not finish …", end="", flush=True)
                continue
            ours = OUR_RUNS / await _ours(database, version)
            rows[f"peer_{name}"] = {"value": theirs, "unit": "runs/s", "floor": ours, "ratio": theirs / ours}
    return rows


async def _ours(database: Database, version: Version) -> float:
    """Seconds that our runs take, each started in a transaction of its own and waited for."""
    bell = await queue.open(Settings(data_dir=Path()), database)
    events = Events(database)
    worker = Worker(database, bell, events=events)
    working = asyncio.create_task(worker.run())
    room = asyncio.Semaphore(AT_ONCE)

    async def one() -> None:
        async with room:
            started = await start(database, version, INPUTS, bell=bell)
            ended = await wait_for(events, database, version.workspace_id, started.run_id, LONGEST_S)
            assert ended.output == "3 posts about news", ended

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(OUR_RUNS)))
    took = time.perf_counter() - began
    worker.stop()
    await working
    await bell.close()
    return took


async def _peer(database: Database, name: str, python: Path) -> float | None:
    """Runs a second of a peer, in a database of its own on the same server; None when it fails."""
    assert database.server is not None
    owner = await asyncpg.connect(database.server.url)
    await owner.execute(f"create database peer_{name}")
    await owner.close()
    url = database.server.url.replace("@/plainwork?", f"@/peer_{name}?")
    program = Path(__file__).with_name(f"_peer_{name}.py")
    process = await asyncio.create_subprocess_exec(
        *(str(python), str(program), url, str(RUNS), str(AT_ONCE)),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=FOLDER,
    )
    try:
        async with asyncio.timeout(LONGEST_S):
            said, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return None
    return RUNS / float(said.split()[-1]) if process.returncode == 0 else None
