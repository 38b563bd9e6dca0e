"""What happens while the run before goes on, and what a person fills in later: each time once, in its place."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from plainwork.db import Database, agents, schedules
from plainwork.engine.versions import Version
from plainwork.queue import Queue
from plainwork.scheduler import Scheduler
from plainwork.scheduler.ticks import MOST_WAITING
from tests.engine.flows import node
from tests.engine.running import add_version
from tests.scheduler.clockwork import MONDAY, Clock, end_runs, fired, of, on, states, ticks

DUE = datetime(2026, 3, 2, 8, 31, tzinfo=UTC)


async def begun(database: Database, workspace_id: UUID, bell: Queue, **fields: str) -> tuple[Version, Scheduler, Clock]:
    """An agent that runs every minute, and a scheduler that has planned it."""
    version = await add_version(database, workspace_id, [on("* * * * *", **fields), node("a")])
    clock = Clock()
    scheduler = Scheduler(database, bell, now=clock)
    await scheduler.fire_due()
    return version, scheduler, clock


async def pass_minutes(scheduler: Scheduler, clock: Clock, count: int) -> None:
    for _ in range(count):
        clock.pass_(minutes=1)
        await scheduler.fire_due()


async def test_allowed_runs_go_on_beside_each_other(database: Database, workspace_id: UUID, bell: Queue) -> None:
    version, scheduler, clock = await begun(database, workspace_id, bell)
    await pass_minutes(scheduler, clock, 3)
    assert await states(database, version) == ["08:01 fired", "08:02 fired", "08:03 fired"]
    assert [run["status"] for run in await fired(database, workspace_id)] == ["queued"] * 3


async def test_a_time_is_skipped_while_the_run_before_goes_on(
    database: Database, workspace_id: UUID, bell: Queue
) -> None:
    version, scheduler, clock = await begun(database, workspace_id, bell, overlap="skip")
    await pass_minutes(scheduler, clock, 3)
    await end_runs(database, workspace_id)
    await pass_minutes(scheduler, clock, 1)
    assert await states(database, version) == [
        *("08:01 fired", "08:02 skipped: overlap", "08:03 skipped: overlap", "08:04 fired"),
    ]
    assert len(await fired(database, workspace_id)) == 2


async def test_queued_times_start_one_after_the_other(database: Database, workspace_id: UUID, bell: Queue) -> None:
    version, scheduler, clock = await begun(database, workspace_id, bell, overlap="queue")
    await pass_minutes(scheduler, clock, 3)
    assert await states(database, version) == ["08:01 fired", "08:02 waiting", "08:03 waiting"]
    assert await scheduler.release() == 0
    for count in (2, 3):
        await end_runs(database, workspace_id)
        assert await scheduler.release() == 1
        assert await scheduler.release() == 0
        runs = await fired(database, workspace_id)
        assert [run["status"] for run in runs] == ["succeeded"] * (count - 1) + ["queued"]
        assert runs[-1]["trigger"]["due_at"] == f"2026-03-02T08:0{count}:00Z"


async def test_so_many_times_wait_and_no_more(database: Database, workspace_id: UUID, bell: Queue) -> None:
    version, scheduler, clock = await begun(database, workspace_id, bell, overlap="queue", missed="all up to 1000")
    clock.pass_(minutes=MOST_WAITING + 3)
    await scheduler.fire_due()
    found = [(one.state, one.reason) for one in await ticks(database, version)]
    waiting = [("waiting", None)] * MOST_WAITING
    assert found == [("fired", None), *waiting, *[("skipped", "too_many_waiting")] * 2]


async def test_a_new_run_takes_the_place_of_the_one_before(database: Database, workspace_id: UUID, bell: Queue) -> None:
    _, scheduler, clock = await begun(database, workspace_id, bell, overlap="cancel previous")
    await pass_minutes(scheduler, clock, 3)
    assert [run["status"] for run in await fired(database, workspace_id)] == ["cancelled", "cancelled", "queued"]
    async with database.workspace(workspace_id) as connection:
        assert await connection.fetchval("select count(*) from queue") == 1


@pytest.mark.parametrize("overlap", ["skip", "queue", "cancel previous"])
async def test_many_schedulers_decide_each_time_once(
    database: Database, workspace_id: UUID, bell: Queue, overlap: str
) -> None:
    versions = [
        await add_version(database, workspace_id, [on("* * * * *", overlap=overlap), node("a")]) for _ in range(5)
    ]
    clock = Clock()
    many = [Scheduler(database, bell, now=clock) for _ in range(4)]
    await many[0].fire_due()
    for _ in range(4):
        clock.pass_(minutes=1)
        await asyncio.gather(*(one.fire_due() for one in many), *(one.release() for one in many))
    for version in versions:
        found = await ticks(database, version)
        assert len(found) == 4
        started = [one for one in found if one.state == "fired"]
        assert len(started) == (4 if overlap == "cancel previous" else 1)
    running = [run for run in await fired(database, workspace_id) if run["status"] == "queued"]
    assert len(running) == 5
    await end_runs(database, workspace_id)
    released = await asyncio.gather(*(one.release() for one in many))
    assert sum(released) == (5 if overlap == "queue" else 0)


async def test_a_schedule_is_paused_by_itself(database: Database, workspace_id: UUID, bell: Queue) -> None:
    version = await add_version(database, workspace_id, [on("* * * * *"), on("* * * * *", id="trigger-2"), node("a")])
    clock = Clock()
    scheduler = Scheduler(database, bell, now=clock)
    await scheduler.fire_due()
    first, second = await of(database, version)
    async with database.workspace(workspace_id) as connection:
        assert await schedules.hold(connection, first.id, held=True)
        assert not await schedules.hold(connection, first.id, held=True)
    clock.pass_(minutes=1)
    assert await scheduler.fire_due() == 1
    async with database.workspace(workspace_id) as connection:  # the agent's pause comes and goes; this one stays
        await agents.change(connection, version.agent_id, paused=True)
        await agents.change(connection, version.agent_id, paused=False)
    await scheduler.fire_due()
    clock.pass_(minutes=1)
    assert await scheduler.fire_due() == 1
    async with database.workspace(workspace_id) as connection:
        assert await schedules.hold(connection, first.id, held=False)
    assert await scheduler.fire_due() == 0  # what it missed stays missed
    clock.pass_(minutes=1)
    assert await scheduler.fire_due() == 2
    assert [run["trigger"]["id"] for run in await fired(database, workspace_id)].count(second.trigger_id) == 3


async def filled(database: Database, version: Version, due: list[datetime], *, paced: bool) -> int:
    [schedule] = await of(database, version)
    async with database.workspace(version.workspace_id) as connection:
        return await schedules.backfill(connection, schedule.id, due, paced=paced)


async def test_what_is_filled_in_fires_once_however_often_it_is_asked_for(
    database: Database, workspace_id: UUID, bell: Queue
) -> None:
    version, scheduler, clock = await begun(database, workspace_id, bell)
    await pass_minutes(scheduler, clock, 2)
    past = [MONDAY.replace(second=0) + timedelta(minutes=n) for n in range(-5, 3)]
    assert sum(await asyncio.gather(*(filled(database, version, past, paced=False) for _ in range(4)))) == 6
    many = [Scheduler(database, bell, now=clock) for _ in range(3)]
    assert sum(await asyncio.gather(*(one.release() for one in many))) == 6
    assert await filled(database, version, past, paced=True) == 0
    found = await ticks(database, version)
    assert [one.due_at for one in found] == past
    assert [one.is_backfill for one in found] == [True] * 6 + [False] * 2
    assert len({run["trigger"]["due_at"] for run in await fired(database, workspace_id)}) == 8


async def test_what_was_skipped_can_be_filled_in(database: Database, workspace_id: UUID, bell: Queue) -> None:
    version, scheduler, clock = await begun(database, workspace_id, bell)
    clock.pass_(minutes=3)
    await scheduler.fire_due()
    assert await states(database, version) == ["08:01 skipped: missed", "08:02 skipped: missed", "08:03 fired"]
    assert await filled(database, version, [one.due_at for one in await ticks(database, version)], paced=True) == 2
    assert await scheduler.release() == 0  # the run of 08:03 goes on
    for left in (1, 0):
        await end_runs(database, workspace_id)
        assert await scheduler.release() == 1
        assert (await states(database, version)).count("08:02 waiting") == left
    assert len(await fired(database, workspace_id)) == 3


async def test_what_waits_can_be_called_off_and_waits_while_paused(
    database: Database, workspace_id: UUID, bell: Queue
) -> None:
    version, scheduler, _ = await begun(database, workspace_id, bell)
    [schedule] = await of(database, version)
    await filled(database, version, [DUE, DUE + timedelta(minutes=1)], paced=False)
    async with database.workspace(workspace_id) as connection:
        await schedules.hold(connection, schedule.id, held=True)
    assert await scheduler.release() == 0
    async with database.workspace(workspace_id) as connection:
        assert await schedules.call_off(connection, schedule.id) == 2
        await schedules.hold(connection, schedule.id, held=False)
    assert await scheduler.release() == 0
    assert await states(database, version) == ["08:31 skipped: called_off", "08:32 skipped: called_off"]


async def test_nobody_fills_in_or_calls_off_in_another_workspace(
    database: Database, workspace_id: UUID, bell: Queue
) -> None:
    from tests.conftest import add_workspace

    version, _, _ = await begun(database, workspace_id, bell)
    [schedule] = await of(database, version)
    async with database.workspace(await add_workspace(database, "Other")) as connection:
        assert await schedules.backfill(connection, schedule.id, [DUE], paced=False) == 0
        assert await schedules.call_off(connection, schedule.id) == 0
        assert await schedules.ticks(connection, schedule.id, None, 10) == []
    assert await ticks(database, version) == []
