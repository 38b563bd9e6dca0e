"""A schedule that does not fire is noticed, by any process, and said once; so is one that cannot, and a poll that fails."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from plainwork.db import Database, agents, alarms, schedules, users, workspaces
from plainwork.db.alarms import Alarm
from plainwork.engine.outside import Outside
from plainwork.net import Client
from plainwork.queue import Queue
from plainwork.scheduler import AlarmWatch, Poller, Scheduler, mailer
from plainwork.spec.model import Input, Limits
from tests.engine.flows import node
from tests.engine.running import add_version
from tests.scheduler.clockwork import Clock, of, on
from tests.scheduler.polling import Shelf, make_due, polling, state
from tests.world import Reply, Web, World


async def open_alarms(database: Database, workspace_id: UUID, *, is_open: bool = True) -> list[Alarm]:
    async with database.workspace(workspace_id) as connection:
        return await alarms.page(connection, is_open=is_open, limit=100)


async def test_a_schedule_that_nobody_fires_is_noticed_until_it_fires(
    database: Database, workspace_id: UUID, bell: Queue
) -> None:
    version = await add_version(database, workspace_id, [on("*/10 * * * *"), node("a")])
    clock = Clock()
    scheduler, watch = Scheduler(database, bell, now=clock), AlarmWatch(database, now=clock)
    await scheduler.fire_due()
    clock.pass_(minutes=10, seconds=30)
    assert await watch.look() == []
    clock.pass_(seconds=45)
    [alarm] = await watch.look()
    assert (alarm.kind, alarm.agent_id, alarm.due_at.minute) == ("did_not_fire", version.agent_id, 10)
    assert await watch.look() == []
    assert [one.id for one in await open_alarms(database, workspace_id)] == [alarm.id]
    await scheduler.fire_due()
    assert await open_alarms(database, workspace_id) == []
    [cleared] = await open_alarms(database, workspace_id, is_open=False)
    assert cleared.cleared_at is not None


async def test_many_watchers_raise_one_alarm(database: Database, workspace_id: UUID, bell: Queue) -> None:
    for _ in range(5):
        await add_version(database, workspace_id, [on("* * * * *"), node("a")])
    clock = Clock()
    await Scheduler(database, bell, now=clock).fire_due()
    clock.pass_(minutes=5)
    looks = await asyncio.gather(*(AlarmWatch(database, now=clock).look() for _ in range(6)))
    assert sum(map(len, looks)) == 5
    assert len(await open_alarms(database, workspace_id)) == 5


async def test_a_new_schedule_that_no_scheduler_has_seen_is_noticed(database: Database, workspace_id: UUID) -> None:
    await add_version(database, workspace_id, [on(), node("a")])
    assert await AlarmWatch(database).look() == []
    [alarm] = await AlarmWatch(database, now=lambda: datetime.now(UTC) + timedelta(minutes=2)).look()
    assert "worked out" in alarm.message


@pytest.mark.parametrize("how", ["paused", "held", "gone"])
async def test_an_alarm_ends_with_what_it_is_about(
    database: Database, workspace_id: UUID, bell: Queue, how: str
) -> None:
    version = await add_version(database, workspace_id, [on("* * * * *"), node("a")])
    clock = Clock()
    await Scheduler(database, bell, now=clock).fire_due()
    clock.pass_(minutes=5)
    watch = AlarmWatch(database, now=clock)
    assert len(await watch.look()) == 1
    [schedule] = await of(database, version)
    async with database.workspace(workspace_id) as connection:
        if how == "paused":
            await agents.change(connection, version.agent_id, paused=True)
        elif how == "held":
            await schedules.hold(connection, schedule.id, held=True)
        else:
            await agents.set_live(connection, version.agent_id, None)
    assert await watch.look() == []
    assert await open_alarms(database, workspace_id) == []


async def test_a_schedule_that_cannot_be_worked_out_is_said_once_and_tried_again(
    database: Database, workspace_id: UUID, bell: Queue
) -> None:
    version = await add_version(database, workspace_id, [on("0 9 * * *", zone="Mars/Base"), node("a")])
    clock = Clock()
    scheduler = Scheduler(database, bell, now=clock)
    for _ in range(3):
        assert await scheduler.fire_due() == 0
    [alarm] = await open_alarms(database, workspace_id)
    assert alarm.kind == "cannot_be_planned"
    assert "Mars/Base" in alarm.message
    [schedule] = await of(database, version)
    assert schedule.next_at is None
    assert schedule.fires_at == clock.at + timedelta(hours=1)
    async with database.workspace(workspace_id) as connection:  # the zone has become known
        await connection.execute("update schedules set timezone = 'UTC'")
    clock.pass_(minutes=61)
    await scheduler.fire_due()
    [schedule] = await of(database, version)
    assert schedule.next_at == datetime(2026, 3, 3, 9, 0, tzinfo=UTC) - timedelta(days=1) * (clock.at.hour < 9)
    assert await open_alarms(database, workspace_id) == []


async def test_runs_that_cannot_be_started_three_times_raise_an_alarm(
    database: Database, workspace_id: UUID, bell: Queue
) -> None:
    version = await add_version(database, workspace_id, [on("* * * * *"), node("a")], inputs={"topic": Input()})
    clock = Clock()
    scheduler = Scheduler(database, bell, now=clock)
    await scheduler.fire_due()
    found = []
    for _ in range(5):
        clock.pass_(minutes=1)
        await scheduler.fire_due()
        found.append([one.kind for one in await open_alarms(database, workspace_id)])
    assert found == [[], [], ["cannot_start"], ["cannot_start"], ["cannot_start"]]
    async with database.workspace(workspace_id) as connection:
        await connection.execute(
            'update schedules set map = \'{"topic": "news"}\' where id = $1', (await of(database, version))[0].id
        )
    clock.pass_(minutes=1)
    assert await scheduler.fire_due() == 1
    assert await open_alarms(database, workspace_id) == []


async def test_a_poll_that_keeps_failing_is_said_until_it_works_again(
    database: Database, workspace_id: UUID, bell: Queue, outside: Outside, web: Web
) -> None:
    version = await add_version(database, workspace_id, [polling(web.url + "/things"), node("a")])
    web.on("GET", "/things", Reply(503), Reply(503), Reply(401), Reply(401), Reply(json=[]))
    poller, watch, found = Poller(database, bell, outside), AlarmWatch(database), []
    for _ in range(5):
        await make_due(database, workspace_id)
        await poller.poll_due()
        raised = await watch.look()
        found.append((len(raised), [one.kind for one in await open_alarms(database, workspace_id)]))
    assert found == [(0, []), (0, []), (1, ["keeps_failing"]), (0, ["keeps_failing"]), (0, [])]
    [alarm] = await open_alarms(database, workspace_id, is_open=False)
    assert (alarm.agent_id, alarm.trigger_id, alarm.schedule_id) == (version.agent_id, "trigger-1", None)
    assert alarm.message.startswith("It has failed 3 times in a row: ")
    assert "401" in alarm.message


async def test_a_poll_that_waits_for_tomorrow_is_not_failing(
    database: Database, workspace_id: UUID, bell: Queue, outside: Outside, web: Web
) -> None:
    shelf, limits = Shelf(web), Limits(runs_per_day=1)
    version = await add_version(database, workspace_id, [polling(shelf.url), node("a")], limits=limits)
    poller = Poller(database, bell, outside)
    await poller.poll_due()
    for name in range(5):
        shelf.put(name)
        await make_due(database, workspace_id)
        await poller.poll_due()
    now = await state(database, version)
    assert "1 times a day" in now.failure["message"]
    assert (now.failures, await AlarmWatch(database).look()) == (0, [])


async def test_a_poll_that_nobody_makes_is_noticed_until_somebody_does(
    database: Database, workspace_id: UUID, bell: Queue, outside: Outside, web: Web
) -> None:
    version = await add_version(database, workspace_id, [polling(Shelf(web).url), node("a")])
    assert await AlarmWatch(database).look() == []
    later = AlarmWatch(database, now=lambda: datetime.now(UTC) + timedelta(minutes=2))
    [alarm] = await later.look()
    assert (alarm.kind, alarm.agent_id) == ("did_not_fire", version.agent_id)
    assert await later.look() == []
    await Poller(database, bell, outside).poll_due()
    assert await later.look() == []
    assert await open_alarms(database, workspace_id) == []


@pytest.mark.parametrize("how", ["paused", "gone"])
async def test_an_alarm_of_a_poll_ends_with_it(
    database: Database, workspace_id: UUID, bell: Queue, outside: Outside, web: Web, how: str
) -> None:
    version = await add_version(database, workspace_id, [polling(web.url + "/nothing"), node("a")])
    for _ in range(3):
        await make_due(database, workspace_id)
        await Poller(database, bell, outside).poll_due()
    assert len(await AlarmWatch(database).look()) == 1
    async with database.workspace(workspace_id) as connection:
        if how == "paused":
            await agents.change(connection, version.agent_id, paused=True)
        else:
            await agents.set_live(connection, version.agent_id, None)
    await AlarmWatch(database).look()
    assert await open_alarms(database, workspace_id) == []


async def test_the_owners_are_told_by_mail_once(database: Database, workspace_id: UUID, bell: Queue) -> None:
    owner = await users.create(database, email="ada@example.org", name="Ada", password="a long enough password")
    viewer = await users.create(database, email="bob@example.org", name="Bob", password="a long enough password")
    async with database.workspace(workspace_id) as connection:
        await workspaces.add_member(connection, owner.id, "owner")
        await workspaces.add_member(connection, viewer.id, "viewer")
    for _ in range(2):
        await add_version(database, workspace_id, [on("* * * * *"), node("a")])
    clock = Clock(datetime.now(UTC))
    await Scheduler(database, bell, now=clock).fire_due()
    clock.pass_(minutes=5)
    async with World() as world, Client(world.allow_hosts) as client:
        watch = AlarmWatch(database, mailer(client, world.post.url), now=clock)
        await watch.look()
        await watch.look()
        [mail] = world.post.mails
    assert mail.recipients == ["ada@example.org"]
    assert mail.text.count("Test agent (trigger-1)") == 2


async def test_a_mail_server_that_is_away_stops_nothing(database: Database, workspace_id: UUID, bell: Queue) -> None:
    owner = await users.create(database, email="ada@example.org", name="Ada", password="a long enough password")
    async with database.workspace(workspace_id) as connection:
        await workspaces.add_member(connection, owner.id, "owner")
    await add_version(database, workspace_id, [on("* * * * *"), node("a")])
    clock = Clock(datetime.now(UTC))
    await Scheduler(database, bell, now=clock).fire_due()
    clock.pass_(minutes=5)
    async with Client(()) as client:
        assert len(await AlarmWatch(database, mailer(client, "smtp://127.0.0.1:1"), now=clock).look()) == 1
    assert len(await open_alarms(database, workspace_id)) == 1
