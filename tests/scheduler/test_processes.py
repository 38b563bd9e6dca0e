"""Several scheduler processes on one database, some of them killed: every time fires once, every new item starts one run,
and none is lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from plainwork.db import Database
from plainwork.settings import Settings
from tests.engine.flows import node
from tests.engine.running import add_version, eventually
from tests.processes.programs import installation
from tests.scheduler.clockwork import on
from tests.scheduler.polling import Shelf, make_due, polling, started
from tests.world import running_world

SCHEDULES = 30
BEHIND = 50
"""So many minutes each schedule has to make up for."""


async def test_each_time_fires_once(database: Database, workspace_id: UUID, settings: Settings, tmp_path: Path) -> None:
    for _ in range(SCHEDULES):
        await add_version(database, workspace_id, [on("* * * * *", missed="all up to 1000"), node("a")])
    first = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=BEHIND)
    with running_world() as world, installation(settings, world, tmp_path) as here:
        schedulers = [here.start("scheduler") for _ in range(3)]
        for rounds in range(1, 4):
            async with database.workspace(workspace_id) as connection:  # behind again, though most of it has fired
                await connection.execute("update schedules set next_at = $1, fires_at = $1", first)
            if rounds == 2:
                schedulers[0].kill()
                schedulers[0] = here.start("scheduler")

            async def caught_up() -> bool:
                async with database.workspace(workspace_id) as connection:
                    late: int = await connection.fetchval("select count(*) from schedules where fires_at <= now()")
                return not late

            await eventually(caught_up, 30)
        assert all(one.is_alive for one in schedulers), [one.said() for one in schedulers]
    async with database.workspace(workspace_id) as connection:
        rows = await connection.fetch("select schedule_id, due_at, run_id, state from schedule_ticks")
        runs = await connection.fetch("select agent_id, trigger->>'due_at' as due_at from runs")
        assert await connection.fetchval("select count(*) from queue") == len(runs)
    assert {row["state"] for row in rows} == {"fired"}
    assert len({row["run_id"] for row in rows}) == len(rows) == len(runs)
    started = Counter((run["agent_id"], run["due_at"]) for run in runs)
    assert set(started.values()) == {1}
    for agent_id in {run["agent_id"] for run in runs}:
        times = sorted(datetime.fromisoformat(due) for agent, due in started if agent == agent_id)
        assert times == [first + timedelta(minutes=n) for n in range(len(times))]
        assert len(times) > BEHIND


POLLS = 8
ROUNDS = 3


async def test_each_new_item_starts_one_run(
    database: Database, workspace_id: UUID, settings: Settings, tmp_path: Path
) -> None:
    with running_world() as world, installation(settings, world, tmp_path) as here:
        shelves = [Shelf(world.web, f"/shelf/{n}") for n in range(POLLS)]
        for shelf in shelves:
            await add_version(database, workspace_id, [polling(shelf.url), node("a")])
        schedulers = [here.start("scheduler").ready() for _ in range(2)]

        async def all_begun() -> bool:
            async with database.workspace(workspace_id) as connection:
                return not await connection.fetchval("select count(*) from polls where begun_at is null")

        await eventually(all_begun, 30)
        names: list[str] = []

        async def all_started() -> bool:
            await make_due(database, workspace_id)  # leases end too: those who poll still can settle nothing
            return len(await started(database, workspace_id)) >= len(names)

        for round_ in range(ROUNDS):
            for at, shelf in enumerate(shelves):
                fresh = [f"{at}: {round_}.{n}" for n in range(30)]
                shelf.put(*fresh)
                names += fresh
            await make_due(database, workspace_id)
            await asyncio.sleep(0.2 + 0.11 * round_)  # they are in the midst of it
            schedulers[round_ % 2].kill()
            schedulers[round_ % 2] = here.start("scheduler")
            await eventually(all_started, 30)
        await make_due(database, workspace_id)
        await asyncio.sleep(1.0)
        assert all(one.is_alive for one in schedulers), [one.said() for one in schedulers]
    assert sorted(await started(database, workspace_id)) == sorted(names)
    async with database.workspace(workspace_id) as connection:
        assert await connection.fetchval("select count(*) from queue") == len(names)
        assert await connection.fetchval("select count(*) from poll_keys") == len(names)
