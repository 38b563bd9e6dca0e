"""Several scheduler processes on one database, one of them killed: every time fires once, and none is lost."""

from __future__ import annotations

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
