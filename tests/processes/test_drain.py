"""A worker that is stopped: it lets runs end, gives back what takes too long, and loses and doubles nothing by it."""

from __future__ import annotations

import asyncio
import signal
import time
from functools import partial
from pathlib import Path
from uuid import UUID

from plainwork.db import Database
from plainwork.engine.journal import LEASE_S
from plainwork.engine.start import Start, start_many
from plainwork.settings import Settings
from plainwork.spec.flow import Node
from tests.engine.flows import node
from tests.engine.running import add_version, eventually
from tests.engine.test_kill9 import Tally, add_acting_version, all_ended, check_promises, states
from tests.processes.programs import Program, installation
from tests.world import Reply, Seen, World, running_world

RUNS = 200


async def ended_in(worker: Program, most_s: float) -> float:
    """After how many seconds the worker has ended, by itself and in peace."""
    began = time.monotonic()
    await eventually(lambda: not worker.is_alive, most_s)
    assert worker.wait() == 0, worker.said()
    return time.monotonic() - began


async def test_runs_in_hand_come_to_their_end(
    database: Database, workspace_id: UUID, settings: Settings, tmp_path: Path
) -> None:
    with running_world() as world, installation(settings, world, tmp_path) as here:
        tally = Tally(world, delay_s=0.3)
        version = await add_acting_version(database, workspace_id, world)
        started = await start_many(database, version, [Start({}) for _ in range(RUNS)])
        worker = here.start("worker", "--drain", "60s")
        await eventually(partial(tally.reaches, RUNS + RUNS // 4), 40)
        worker.signal()
        assert await ended_in(worker, 70) < 50, "it did not end with its last run"
        assert await all_ended(database, workspace_id), "it left runs behind"
        await check_promises(database, workspace_id, tally, started)
        assert tally.total == 3 * RUNS
        assert await states(database, workspace_id) == {("succeeded", None): RUNS}


async def test_what_takes_too_long_is_given_back(
    database: Database, workspace_id: UUID, settings: Settings, tmp_path: Path
) -> None:
    """What only reads goes on elsewhere at once; what is just acting ends first, so that nobody has to ask whether it did."""
    with running_world() as world, installation(settings, world, tmp_path) as here:
        asked = script(world, slow=1, act_s=1.5)
        await start_many(database, await add_version(database, workspace_id, [read(world)]), [Start({})])
        await start_many(database, await add_version(database, workspace_id, [act(world)]), [Start({})])
        leaving = here.start("worker", "--drain", "0s")
        await eventually(lambda: asked and world.web.seen("/act"), 40)
        staying = here.start("worker").ready()
        leaving.signal()
        signalled_at = time.time()
        assert await ended_in(leaving, LEASE_S) > 0.5
        await eventually(partial(all_ended, database, workspace_id), 20)
        assert asked[1] - signalled_at < LEASE_S / 2, "it was not given back, its lease has ended"
        assert await states(database, workspace_id) == {("succeeded", None): 2}
        assert len(world.web.seen("/act")) == 1
        staying.signal()
        await ended_in(staying, 20)


async def test_a_second_signal_ends_it_at_once(
    database: Database, workspace_id: UUID, settings: Settings, tmp_path: Path
) -> None:
    with running_world() as world, installation(settings, world, tmp_path) as here:
        script(world, slow=0, act_s=60)
        version = await add_version(database, workspace_id, [act(world)])
        await start_many(database, version, [Start({}) for _ in range(3)])
        leaving = here.start("worker")
        await eventually(lambda: len(world.web.seen("/act")) == 3, 40)
        staying = here.start("worker").ready()
        leaving.signal(signal.SIGINT)
        await asyncio.sleep(0.3)
        assert leaving.is_alive
        assert "In hand: 3 runs" in leaving.said()
        leaving.signal()
        assert await ended_in(leaving, 10) < 10, "it went on for as long as it may after the first"
        await eventually(partial(all_ended, database, workspace_id), LEASE_S / 2)
        assert await states(database, workspace_id) == {("waiting", "effect_uncertain"): 3}
        staying.signal()
        await ended_in(staying, 20)


def read(world: World) -> Node:
    return node("read", "http", config={"url": f"{world.web.url}/slow"})


def act(world: World) -> Node:
    config = {"url": f"{world.web.url}/act", "method": "POST", "json": {}}
    return node("act", "http", config=config, effect="once")


def script(world: World, *, slow: int, act_s: float) -> list[float]:
    """A page that takes a minute for the first few who ask, and an act that takes time. Returns when the page is asked."""
    asked: list[float] = []

    def page(_seen: Seen) -> Reply:
        asked.append(time.time())
        return Reply(json={}, delay_s=60 if len(asked) <= slow else 0)

    world.web.on("GET", "/slow", page)
    world.web.on("POST", "/act", Reply(json={}, delay_s=act_s))
    return asked
