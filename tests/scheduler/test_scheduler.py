"""Schedules: they follow the live version, fire each time exactly once, and say what becomes of missed times."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from plainwork.db import Database, agents, schedules
from plainwork.db.queue import make_partitions
from plainwork.db.schedules import Next
from plainwork.queue import Queue
from plainwork.scheduler import Scheduler, inputs_from
from plainwork.spec.flow import Flow, Node
from plainwork.spec.model import Input, Limits
from tests.engine.flows import node
from tests.engine.running import add_version, ended, eventually, working
from tests.scheduler.clockwork import Clock, fired, of, on


async def test_a_schedule_fires_at_its_times_with_its_inputs(
    database: Database, workspace_id: UUID, bell: Queue
) -> None:
    version = await add_version(
        database,
        workspace_id,
        [
            on(map={"due": "{{ trigger.due_at }}"}),
            node("a", config={"text": "{{ inputs.due }} {{ inputs.n }} {{ trigger.kind }}"}),
        ],
        inputs={"due": Input(), "n": Input(type="number", default=7)},
    )
    clock = Clock()
    scheduler = Scheduler(database, bell, now=clock)
    assert await scheduler.fire_due() == 0
    assert (await of(database, version))[0].next_at == datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
    clock.pass_(minutes=29)
    assert await scheduler.fire_due() == 0
    clock.pass_(seconds=31)
    assert await scheduler.fire_due() == 1
    assert await scheduler.fire_due() == 0
    assert (await of(database, version))[0].next_at == datetime(2026, 3, 3, 8, 30, tzinfo=UTC)
    async with working(database):
        async with database.workspace(workspace_id) as connection:
            run_id = await connection.fetchval("select id from runs")
        run = await ended(database, workspace_id, run_id)
    assert run.output == {"text": "2026-03-02T08:30:00Z 7 schedule"}


async def test_many_schedulers_fire_each_time_once(database: Database, workspace_id: UUID, bell: Queue) -> None:
    for _ in range(12):
        await add_version(database, workspace_id, [on("* * * * *"), node("a")])
    clock = Clock()
    many = [Scheduler(database, bell, now=clock) for _ in range(4)]
    await many[0].fire_due()
    for _ in range(3):
        clock.pass_(minutes=1)
        assert sum(await asyncio.gather(*(scheduler.fire_due() for scheduler in many))) == 12
    async with database.workspace(workspace_id) as connection:
        ticks = await connection.fetch("select schedule_id, due_at, run_id from schedule_ticks")
        assert await connection.fetchval("select count(*) from queue") == 36
    assert len(ticks) == 36
    assert len({(t["schedule_id"], t["due_at"]) for t in ticks}) == 36
    assert len({t["run_id"] for t in ticks}) == 36


async def test_a_tick_that_was_fired_is_not_fired_again(database: Database, workspace_id: UUID, bell: Queue) -> None:
    """A scheduler that stopped between firing and planning, or whose clock went back, finds the tick's row."""
    version = await add_version(database, workspace_id, [on("* * * * *"), node("a")])
    clock = Clock()
    scheduler = Scheduler(database, bell, now=clock)
    await scheduler.fire_due()
    clock.pass_(minutes=1)
    assert await scheduler.fire_due() == 1
    (schedule,) = await of(database, version)
    async with database.transaction() as connection:
        again = datetime(2026, 3, 2, 8, 1, tzinfo=UTC)
        await schedules.set_next(connection, [Next(schedule, again, again)])
    assert await scheduler.fire_due() == 0
    assert len(await fired(database, workspace_id)) == 1


async def test_schedules_follow_the_live_version(database: Database, workspace_id: UUID, bell: Queue) -> None:
    version = await add_version(database, workspace_id, [on(), on("0 * * * *", id="trigger-2"), node("a")])
    clock = Clock()
    scheduler = Scheduler(database, bell, now=clock)
    await scheduler.fire_due()
    first = await of(database, version)
    assert [s.trigger_id for s in first] == ["trigger-1", "trigger-2"]

    async def publish(nodes: list[Node], **fields: Any) -> None:
        flow = msgspec.to_builtins(Flow(nodes=tuple(nodes), **fields))
        async with database.workspace(workspace_id) as connection:
            made = await agents.publish(connection, version.agent_id, markdown=str(flow), spec={}, flow=flow)
            await agents.set_live(connection, version.agent_id, made.id)

    await publish([on(), on("5 * * * *", id="trigger-3"), node("b")])
    second = await of(database, version)
    assert [(s.trigger_id, s.next_at is None) for s in second] == [("trigger-1", False), ("trigger-3", True)]
    assert second[0].id == first[0].id
    assert second[0].version_id != version.id
    async with database.workspace(workspace_id) as connection:
        await agents.change(connection, version.agent_id, paused=True)
    clock.pass_(days=1)
    assert await scheduler.fire_due() == 0
    async with database.workspace(workspace_id) as connection:
        await agents.change(connection, version.agent_id, paused=False)
    assert await scheduler.fire_due() == 0  # what was missed while it was paused stays missed
    assert {s.next_at for s in await of(database, version)} == {
        datetime(2026, 3, 3, 8, 5, tzinfo=UTC),
        datetime(2026, 3, 3, 8, 30, tzinfo=UTC),
    }
    await publish([on(), node("b")], enabled=False)
    assert await of(database, version) == []
    async with database.workspace(workspace_id) as connection:
        await agents.set_live(connection, version.agent_id, version.id)
        await agents.set_live(connection, version.agent_id, None)
    assert await of(database, version) == []


async def test_what_cannot_be_started_is_recorded_as_undeliverable(
    database: Database, workspace_id: UUID, bell: Queue
) -> None:
    await add_version(database, workspace_id, [on("* * * * *"), node("a")], inputs={"topic": Input()})
    clock = Clock()
    scheduler = Scheduler(database, bell, now=clock)
    await scheduler.fire_due()
    clock.pass_(minutes=1)
    await scheduler.fire_due()
    (run,) = await fired(database, workspace_id)
    assert (run["status"], run["cause"]) == ("failed", "undeliverable")
    assert "topic" in run["failure"]["message"]
    async with database.workspace(workspace_id) as connection:
        assert await connection.fetchval("select count(*) from queue") == 0


async def test_the_days_limit_holds_for_schedules_too(database: Database, workspace_id: UUID, bell: Queue) -> None:
    await add_version(database, workspace_id, [on("* * * * *"), node("a")], limits=Limits(runs_per_day=1))
    clock = Clock(datetime.now(UTC).replace(hour=12, minute=0, second=30))
    scheduler = Scheduler(database, bell, now=clock)
    await scheduler.fire_due()
    for _ in range(2):
        clock.pass_(minutes=1)
        await scheduler.fire_due()
    assert [(run["status"], run["cause"]) for run in await fired(database, workspace_id)] == [
        ("queued", None),
        ("failed", "undeliverable"),
    ]


def test_inputs_are_mapped_from_the_trigger() -> None:
    declared = {"day": Input(), "n": Input(default="x")}
    assert inputs_from(declared, {"day": "{{ trigger.due_at }}"}, {"due_at": "2026"}) == {"day": "2026", "n": "x"}


async def test_partitions_are_made_ahead(database: Database, bell: Queue) -> None:
    scheduler = Scheduler(database, bell, now=Clock(datetime(2031, 5, 20, tzinfo=UTC)))
    assert (await scheduler.keep_up()).partitions == 6
    assert (await scheduler.keep_up()).partitions == 0
    assert await make_partitions(database, datetime(2031, 7, 31, 23, 59, tzinfo=UTC), 2) == 2


async def test_it_runs_until_it_is_cancelled(database: Database, workspace_id: UUID, bell: Queue) -> None:
    await add_version(database, workspace_id, [on("* * * * *"), node("a")])
    clock = Clock()
    running = asyncio.create_task(Scheduler(database, bell, now=clock, every_s=0.05).run())
    await asyncio.sleep(0.3)
    clock.pass_(minutes=1)
    await eventually(lambda: fired(database, workspace_id))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert len(await fired(database, workspace_id)) == 1
