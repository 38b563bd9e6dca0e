"""Whose runs are claimed first: fairly across workspaces, by priority and age within one, and no more than a limit allows."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from plainwork.db import Database, agents, queue
from plainwork.db.queue import Claim
from plainwork.engine.outside import Outside
from plainwork.engine.start import Start, start, start_many
from plainwork.engine.versions import Version
from plainwork.spec.model import Limits
from tests.conftest import add_workspace
from tests.engine.flows import node
from tests.engine.gauge import Gauge
from tests.engine.running import add_version, ended, eventually, working
from tests.world import Web

CROWD = 20_000
LONG = 3600.0


async def claim(database: Database, limit: int = 500, worker: int | None = 1) -> list[Claim]:
    return await queue.claim(database, limit, worker, 60.0)


def by_workspace(claims: Sequence[Claim]) -> Counter[UUID]:
    return Counter(one.workspace_id for one in claims)


async def age(database: Database, version: Version, seconds: float) -> None:
    """Lets all that is queued have been there for so long already."""
    async with database.workspace(version.workspace_id) as connection:
        await connection.execute(
            "update queue set due_at = due_at - make_interval(secs => $1), rank_at = rank_at - make_interval(secs => $1)",
            seconds,
        )


async def test_a_crowd_does_not_delay_another_workspace(database: Database, workspace_id: UUID) -> None:
    crowd = await add_version(database, workspace_id, [node("a")])
    for _ in range(CROWD // 5000):
        await start_many(database, crowd, [Start({})] * 5000)
    other = await add_version(database, await add_workspace(database), [node("a")])
    started = await start(database, other, {})
    claims = await claim(database)
    assert started.run_id in {one.run_id for one in claims}
    assert by_workspace(claims)[workspace_id] == 499  # what the other leaves over goes to the crowd


async def test_workspaces_with_much_to_do_get_the_same_share(database: Database) -> None:
    crowds = [await add_version(database, await add_workspace(database), [node("a")]) for _ in range(4)]
    for crowd, count in zip(crowds, (400, 300, 200, 3), strict=True):
        await start_many(database, crowd, [Start({})] * count)
    shares = by_workspace(await claim(database, 100))
    assert sorted(shares.values())[:3] == [3, 25, 25]
    assert sum(shares.values()) == 100


async def test_more_workspaces_than_a_claim_has_room_for_all_get_their_turn(database: Database) -> None:
    waiting = set()
    for _ in range(12):
        version = await add_version(database, await add_workspace(database), [node("a")])
        await start_many(database, version, [Start({})] * 30)
        waiting.add(version.workspace_id)
    for _ in range(60):
        waiting -= by_workspace(await claim(database, 4)).keys()
    assert not waiting


async def test_what_wakes_all_at_once_does_not_delay_another_workspace(database: Database, workspace_id: UUID) -> None:
    crowd = await add_version(database, workspace_id, [node("a")])
    await start_many(database, crowd, [Start({})] * 3000)
    async with database.workspace(workspace_id) as connection:
        await connection.execute("update queue set lane = null, rank_at = null, due_at = now() - interval '1 minute'")
    other = await add_version(database, await add_workspace(database), [node("a")])
    started = await start(database, other, {})
    assert started.run_id in {one.run_id for one in await claim(database, 100)}


async def test_several_workers_claim_different_runs(database: Database, workspace_id: UUID) -> None:
    version = await add_version(database, workspace_id, [node("a")])
    await start_many(database, version, [Start({})] * 400)
    parts = await asyncio.gather(*(claim(database, 100, worker) for worker in range(1, 5)))
    claimed = [one.run_id for part in parts for one in part]
    assert len(claimed) == len(set(claimed)) == 400


async def test_priority_goes_before_age_and_age_before_priority_in_the_end(
    database: Database, workspace_id: UUID
) -> None:
    version = await add_version(database, workspace_id, [node("a")])
    low = (await start(database, version, {}, priority="low")).run_id
    normal = (await start(database, version, {})).run_id
    high = (await start(database, version, {}, priority="high")).run_id
    await age(database, version, 21 * 60)  # longer than both head starts together
    late = (await start(database, version, {}, priority="high")).run_id
    order = [one.run_id for _ in range(4) for one in await claim(database, 1)]
    assert order == [high, normal, low, late]


async def test_agents_state_the_priority_of_their_runs(database: Database, workspace_id: UUID) -> None:
    plain = await add_version(database, workspace_id, [node("a")])
    urgent = await add_version(database, workspace_id, [node("a")], limits=Limits(priority="high"))
    first, second = await start(database, plain, {}), await start(database, urgent, {})
    third = await start(database, urgent, {}, priority="low")
    order = [one.run_id for _ in range(3) for one in await claim(database, 1)]
    assert order == [second.run_id, first.run_id, third.run_id]


async def set_workspace_limit(database: Database, workspace_id: UUID, runs_at_once: int) -> None:
    async with database.workspace(workspace_id) as connection:
        await connection.execute(
            "insert into workspace_limits (workspace_id, runs_at_once) values ($1, $2)", workspace_id, runs_at_once
        )


async def test_a_limited_agent_is_in_nobodys_way(database: Database, workspace_id: UUID) -> None:
    limited = await add_version(database, workspace_id, [node("a")], limits=Limits(runs_at_once=3))
    await start_many(database, limited, [Start({})] * 200)
    free = await add_version(database, workspace_id, [node("a")])
    await start_many(database, free, [Start({})] * 200)
    taken = Counter(one.agent_id for one in await claim(database, 100))
    assert taken[limited.agent_id] == 3
    assert taken[free.agent_id] >= 50
    assert limited.agent_id not in {one.agent_id for one in await claim(database, 100)}
    assert (await queue.outlook(database, 10)).run_ids, "the other agent's runs are left"


async def test_claims_at_the_same_time_do_not_pass_a_limit_together(database: Database, workspace_id: UUID) -> None:
    limited = await add_version(database, workspace_id, [node("a")], limits=Limits(runs_at_once=3))
    await start_many(database, limited, [Start({})] * 50)
    parts = await asyncio.gather(*(claim(database, 10, worker) for worker in range(1, 9)))
    parts.append(await claim(database, 10))
    assert sum(map(len, parts)) == 3
    outlook = await queue.outlook(database, 10)
    assert outlook.run_ids == ()
    assert (outlook.next_in_s or LONG) < 1, "it looks again soon"


async def test_the_limit_of_a_workspace_holds_for_its_agents_together(database: Database, workspace_id: UUID) -> None:
    await set_workspace_limit(database, workspace_id, 5)
    for limits in (Limits(runs_at_once=3), Limits(runs_at_once=4), None):
        version = await add_version(database, workspace_id, [node("a")], limits=limits)
        await start_many(database, version, [Start({})] * 20)
    claims = [one for _ in range(5) for one in await claim(database, 100)]
    assert len(claims) == 5
    other = await add_version(database, await add_workspace(database), [node("a")])
    await start_many(database, other, [Start({})] * 20)
    assert by_workspace(await claim(database, 100)) == {other.workspace_id: 20}


async def test_a_limit_follows_the_live_version(database: Database, workspace_id: UUID) -> None:
    version = await add_version(database, workspace_id, [node("a")])
    await start_many(database, version, [Start({})] * 10)

    async def publish(limits: Any) -> None:
        async with database.workspace(workspace_id) as connection:
            flow = {"flow": 1, "nodes": [{"id": "a", "type": "set@1"}], "limits": limits}
            made = await agents.publish(connection, version.agent_id, markdown="", spec={"t": limits}, flow=flow)
            await agents.set_live(connection, version.agent_id, made.id)

    await publish({"runs_at_once": 2})
    assert len(await claim(database)) == 2
    await publish({"runs_at_once": 5})
    assert len(await claim(database)) == 3
    await publish({})
    assert len(await claim(database)) == 5


async def test_slots_of_a_worker_that_died_are_free(database: Database, workspace_id: UUID) -> None:
    limited = await add_version(database, workspace_id, [node("a")], limits=Limits(runs_at_once=2))
    for _ in range(2):
        await start_many(database, limited, [Start({})] * 2)
    session = await database.dedicated()
    number = await queue.register(session, "doomed")
    held = {one.run_id for one in await claim(database, 10, number)}
    assert len(held) == 2
    assert await claim(database, 10) == []
    await session.close()
    await asyncio.sleep(1.1)  # a worker younger than a second is not taken for lost
    await queue.sweep(database, 30.0)
    assert {one.run_id for one in await claim(database, 10)} == held


async def test_many_workers_never_pass_the_limit_of_an_agent(
    database: Database, workspace_id: UUID, outside: Outside, web: Web
) -> None:
    gauge = Gauge(web)
    ask = node("ask", "http", config={"method": "GET", "url": web.url + "/"})
    limited = await add_version(database, workspace_id, [ask], limits=Limits(runs_at_once=3))
    async with working(database, outside) as first, working(database, outside), working(database, outside):
        started = await start_many(database, limited, [Start({})] * 40, bell=first.bell)
        for one in started:
            assert (await ended(database, workspace_id, one.run_id)).status == "succeeded"
    assert gauge.total == 40
    assert gauge.most == 3


async def test_runs_that_wait_hold_no_slot(database: Database, workspace_id: UUID) -> None:
    waits = node("wait", "wait", config={"for": "1 hour"})
    limited = await add_version(database, workspace_id, [waits], limits=Limits(runs_at_once=2))
    async with working(database) as running:
        await start_many(database, limited, [Start({})] * 10, bell=running.bell)

        async def all_wait() -> bool:
            async with database.workspace(workspace_id) as connection:
                return bool(await connection.fetchval("select count(*) = 10 from runs where status = 'waiting'"))

        await eventually(all_wait)
