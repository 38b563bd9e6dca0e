"""Worker processes under one that keeps them: begun again when they die, stopped together, never left behind."""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path
from uuid import UUID

import psutil

from plainwork.db import Database
from plainwork.engine.start import Start, start_many
from plainwork.settings import Settings
from tests.engine.flows import node
from tests.engine.running import add_version, eventually
from tests.engine.test_kill9 import states
from tests.journeys.server import free_port
from tests.processes.programs import Program, installation
from tests.world import Reply, running_world

PROCESSES = 3


async def test_workers_are_begun_again_and_stopped_together(
    database: Database, workspace_id: UUID, settings: Settings, tmp_path: Path
) -> None:
    with running_world() as world, installation(settings, world, tmp_path) as here:
        keeper = here.start("worker", "--processes", str(PROCESSES)).ready()
        before = await family(keeper)
        before[0].kill()
        after = await eventually(lambda: set(keeper.children()) - set(before) and keeper.children())
        assert "a process ended and is begun again" in keeper.said()
        assert "killed by SIGKILL" in keeper.said()
        assert len(after) == PROCESSES
        version = await add_version(database, workspace_id, [node("only")])
        await start_many(database, version, [Start({}) for _ in range(50)])
        await eventually(lambda: states_are(database, workspace_id, 50))
        after = await family(keeper)
        keeper.signal()
        assert keeper.wait(15) == 0
        assert not any(is_running(child) for child in after)


async def test_a_second_stop_reaches_workers_that_have_much_to_do(
    database: Database, workspace_id: UUID, settings: Settings, tmp_path: Path
) -> None:
    """Told twice themselves, by whoever stops a whole group, they go on: only their keeper may hurry them."""
    with running_world() as world, installation(settings, world, tmp_path) as here:
        world.web.on("GET", "/slow", Reply(delay_s=60))
        page = node("page", "http", config={"url": f"{world.web.url}/slow"})
        version = await add_version(database, workspace_id, [page])
        await start_many(database, version, [Start({})])
        keeper = here.start("worker", "--processes", "2").ready()
        await eventually(lambda: world.web.seen("/slow"))
        children = keeper.children()
        keeper.signal()
        for child in children:
            child.terminate()
        await asyncio.sleep(0.5)
        assert keeper.is_alive
        keeper.signal()
        assert keeper.wait(10) == 0
        assert await states(database, workspace_id) == {("queued", None): 1}


async def test_no_worker_outlives_its_keeper(settings: Settings, database_url: str, tmp_path: Path) -> None:
    with running_world() as world, installation(settings, world, tmp_path) as here:
        keeper = here.start("worker", "--processes", "2").ready()
        children = keeper.children()
        keeper.kill()
        await eventually(lambda: not any(is_running(child) for child in children))


def test_what_cannot_begin_is_said_once(settings: Settings, tmp_path: Path) -> None:
    nowhere = f"postgresql://nobody@127.0.0.1:{free_port()}/nothing"
    with running_world() as world, installation(settings, world, tmp_path, DATABASE_URL=nowhere) as here:
        keeper = here.start("worker", "--processes", "4")
        began = time.monotonic()
        assert keeper.wait() == 3
        assert time.monotonic() - began < 20
        assert keeper.said().count("cannot be reached") == 1, keeper.said()
        assert "ended before it was at work (exit code 3)" in keeper.said()


async def test_everything_in_more_processes(
    database: Database, workspace_id: UUID, settings: Settings, tmp_path: Path
) -> None:
    with running_world() as world, installation(settings, world, tmp_path) as here:
        up = here.start("up", "--port", str(free_port()), "--processes", "2").ready()
        [child] = await eventually(up.children)
        up.signal(signal.SIGINT)
        assert up.wait(15) == 0
        assert not is_running(child)


async def family(keeper: Program) -> list[psutil.Process]:
    """All its processes."""
    found: list[psutil.Process] = await eventually(lambda: len(keeper.children()) == PROCESSES and keeper.children())
    return found


def is_running(child: psutil.Process) -> bool:
    return bool(child.is_running() and child.status() != psutil.STATUS_ZOMBIE)


async def states_are(database: Database, workspace_id: UUID, succeeded: int) -> bool:
    return await states(database, workspace_id) == {("succeeded", None): succeeded}
