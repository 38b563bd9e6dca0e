"""Real processes killed with -9: workers with 500 runs in flight, and the Postgres under them. Counted at the receiving
server, nothing is lost, no journaled step runs again, and what may happen once happens once."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from plainwork import db
from plainwork.db import Database
from plainwork.engine.start import Start, Started, start_many
from plainwork.engine.versions import Version
from plainwork.settings import Settings
from plainwork.spec.flow import Node
from plainwork.spec.model import Limits, Retry
from tests.conftest import add_workspace
from tests.engine.flows import chain, node
from tests.engine.gauge import Gauge
from tests.engine.running import add_version, eventually
from tests.world import Reply, Seen, World, running_world

RUNS = 500


class Tally:
    """What arrived, by path and idempotency key, with the time (epoch s) of each request."""

    def __init__(self, world: World, delay_s: float) -> None:
        self.at: dict[tuple[str, str], list[float]] = defaultdict(list)
        self._delay_s = delay_s
        world.web.on("POST", "*", self._answer)

    @property
    def total(self) -> int:
        return sum(len(times) for times in self.at.values())

    def reaches(self, total: int) -> bool:
        return self.total >= total

    def _answer(self, seen: Seen) -> Reply:
        self.at[(seen.path, seen.headers["Idempotency-Key"])].append(time.time())
        return Reply(json={"n": len(self.at)}, delay_s=self._delay_s)


@contextmanager
def part_process(
    settings: Settings, world: World, folder: Path, part: str = "worker"
) -> Iterator[subprocess.Popen[bytes]]:
    """``plainwork worker``, or another part, on the same database."""
    environment = os.environ | {
        "PLAINWORK_DATA_DIR": str(settings.data_dir),
        "PLAINWORK_ALLOW_HOSTS": ",".join(world.allow_hosts),
        "PYTHONWARNINGS": "ignore",
    }
    if settings.database_url:
        environment["DATABASE_URL"] = settings.database_url
    with (folder / "worker.log").open("ab") as log:
        process = subprocess.Popen([sys.executable, "-m", "plainwork", part], env=environment, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def kill9(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


async def add_acting_version(database: Database, workspace_id: UUID, world: World) -> Version:
    """A pure step, a keyed act, a pure step, an act that may happen once, a keyed act."""

    def act(id: str, **fields: Any) -> Node:
        return node(
            id, "http", config={"url": f"{world.web.url}/{id}", "method": "POST", "json": "{{ inputs }}"}, **fields
        )

    nodes = [
        node("begin"),
        act("first"),
        node("between"),
        act("once", effect="once"),
        act("last", retry=Retry(times=3)),
    ]
    ids = ("begin", "first", "between", "once", "last")
    return await add_version(database, workspace_id, nodes, chain(*ids))


async def all_ended(database: Database, workspace_id: UUID) -> bool:
    """Every run is over, or waits for a person."""
    async with database.workspace(workspace_id) as connection:
        return bool(await connection.fetchval("select not exists (select from queue where due_at < 'infinity')"))


async def states(database: Database, workspace_id: UUID) -> Counter[tuple[str, str | None]]:
    async with database.workspace(workspace_id) as connection:
        rows = await connection.fetch("select status, cause, count(*) as n from runs group by 1, 2")
    return Counter({(row["status"], row["cause"]): row["n"] for row in rows})


async def check_promises(database: Database, workspace_id: UUID, counter: Tally, started: Sequence[Started]) -> None:
    async with database.workspace(workspace_id) as connection:
        rows = await connection.fetch(
            "select run_id, path, status, idempotency_key, extract(epoch from at)::float8 as at from steps"
        )
        asked = await connection.fetch("select id, ask from runs where cause = 'effect_uncertain'")
    done: dict[tuple[UUID, str], float] = {}
    keys: dict[str, tuple[UUID, str]] = {}
    for row in rows:
        if row["status"] == "succeeded":
            assert (row["run_id"], row["path"]) not in done, "a step succeeded twice"
            done[row["run_id"], row["path"]] = row["at"]
        elif row["status"] == "started":
            keys[row["idempotency_key"]] = (row["run_id"], row["path"])
    # Nothing is lost: every run is there, and has ended or waits for a person about its step that may happen once.
    ended = await states(database, workspace_id)
    assert sum(ended.values()) == len(started)
    assert set(ended) <= {("succeeded", None), ("waiting", "effect_uncertain")}, ended
    assert {row["ask"] for row in asked} <= {"once"}
    # Every act was announced; none began again after its result was journaled; what may happen once did.
    for (path, key), times in counter.at.items():
        run_id, step = keys[key]
        assert path == f"/{step}"
        if step == "once":
            assert len(times) == 1
        if (run_id, step) in done:
            assert times[-1] <= done[run_id, step] + 0.01
    acts = Counter(path for path, _ in counter.at)
    assert acts["/first"] == len(started)
    assert acts["/last"] == ended["succeeded", None]


async def test_workers_killed_with_500_runs_in_flight(
    database: Database, workspace_id: UUID, settings: Settings, tmp_path: Path
) -> None:
    with running_world() as world, part_process(settings, world, tmp_path, "scheduler"):
        counter = Tally(world, delay_s=0.4)
        version = await add_acting_version(database, workspace_id, world)
        started = await start_many(database, version, [Start({}) for _ in range(RUNS)])
        for share in (0.25, 1.2):
            with part_process(settings, world, tmp_path) as worker:
                await eventually(partial(counter.reaches, int(RUNS * share)), 40)
                kill9(worker)
        with part_process(settings, world, tmp_path):
            await eventually(lambda: all_ended(database, workspace_id), 60)
        await check_promises(database, workspace_id, counter, started)
        assert counter.total > 2 * RUNS
        repeated = sum(len(times) - 1 for times in counter.at.values())
        assert repeated > 0, "nothing was in flight when the workers were killed"


async def test_slots_of_a_killed_worker_are_free_and_the_limit_holds_for_the_next_ones(
    database: Database, workspace_id: UUID, settings: Settings, tmp_path: Path
) -> None:
    with running_world() as world, part_process(settings, world, tmp_path, "scheduler"):
        gauge = Gauge(world.web, takes_s=0.15)
        ask = node("ask", "http", config={"method": "GET", "url": f"{world.web.url}/"})
        version = await add_version(database, workspace_id, [ask], limits=Limits(runs_at_once=3))
        await start_many(database, version, [Start({})] * 40)
        with part_process(settings, world, tmp_path) as worker:
            await eventually(lambda: gauge.total >= 6 and gauge.now == 3, 40)
            kill9(worker)
        with part_process(settings, world, tmp_path), part_process(settings, world, tmp_path):
            await eventually(lambda: all_ended(database, workspace_id), 60)
        assert await states(database, workspace_id) == {("succeeded", None): 40}
        assert gauge.total > 40, "nothing was in flight when the worker was killed"
        assert gauge.most == 3


@asynccontextmanager
async def embedded(settings: Settings) -> AsyncIterator[Database]:
    async with await db.open(settings) as database:
        yield database


@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_postgres_killed_under_a_worker(data_dir: Path, tmp_path: Path) -> None:
    """The embedded server dies with -9 in the middle; whoever opens it next starts it again, and the runs go on."""
    settings = Settings(data_dir=data_dir)
    count = 100
    with running_world() as world:
        counter = Tally(world, delay_s=0.3)
        async with embedded(settings) as database:
            workspace_id = await add_workspace(database)
            version = await add_acting_version(database, workspace_id, world)
            started = await start_many(database, version, [Start({}) for _ in range(count)])
            with part_process(settings, world, tmp_path):
                await eventually(lambda: counter.total >= count // 2, 40)
                assert database.server is not None
                pid = int((database.server.folder / "postmaster.pid").read_text().split()[0])
                os.kill(pid, signal.SIGKILL)
                await asyncio.sleep(0.3)
                async with embedded(settings) as again:  # starts the server; it recovers from its log
                    await eventually(lambda: all_ended(again, workspace_id), 60)
                    await check_promises(again, workspace_id, counter, started)
