"""The database goes away and comes back: that is not held against the runs that were claimed meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from plainwork.db import Database, queue, runs
from plainwork.db.queue import Claim
from plainwork.engine import worker as worker_module
from plainwork.engine.journal import LEASE_S, NOBODY, RunJournal
from plainwork.engine.outages import Outages
from plainwork.engine.outside import Outside
from plainwork.engine.start import start
from plainwork.errors import Unavailable
from plainwork.net import Client
from tests.engine.flows import chain, node
from tests.engine.running import add_version, ended, eventually, working
from tests.world import Reply, Web


async def claims_of(database: Database, workspace_id: UUID) -> dict[UUID, tuple[int, bool]]:
    """Of each run in the queue: how many claims count against it, and whether it is due."""
    async with database.workspace(workspace_id) as connection:
        rows = await connection.fetch("select run_id, claims, due_at <= now() as is_due from queue")
    return {row["run_id"]: (row["claims"], row["is_due"]) for row in rows}


async def claimed(database: Database, number: int | None, count: int) -> list[Claim]:
    return await queue.claim(database, count, number, 3600.0)


async def test_runs_stay_with_a_worker_that_loses_its_session(
    database: Database, workspace_id: UUID, database_url: str, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "_RECONNECT_S", 0.05)
    web.on("GET", "/a", Reply(json=1, delay_s=2.5))
    get = node("get", "http", config={"url": web.url + "/a"})
    version = await add_version(database, workspace_id, [node("a"), get], chain("a", "get"))
    owner = await asyncpg.connect(database_url)
    async with Client((web.host,)) as client, working(database, Outside(net=client)) as running:
        started = await running.start(version)
        await eventually(lambda: web.requests)
        await asyncio.sleep(1.1)  # a worker younger than a second is not taken for lost
        before = running.worker._number
        await owner.execute(
            """select pg_terminate_backend(pid) from pg_stat_activity
               where datname = current_database() and pid <> pg_backend_pid()"""
        )
        await eventually(lambda: running.worker._number not in (None, before))
        await queue.sweep(database, 30.0)
        run = await ended(database, workspace_id, started.run_id)
    await owner.close()
    assert run.status == "succeeded"
    assert len(web.requests) == 1, "nobody else began the step again"


async def test_what_a_lost_answer_claimed_is_given_back_uncounted(database: Database, workspace_id: UUID) -> None:
    version = await add_version(database, workspace_id, [node("a")])
    mine, lost = await start(database, version, {}), await start(database, version, {})
    session = await database.dedicated()
    number = await queue.register(session, "test")
    assert len(await claimed(database, number, 2)) == 2
    outages = Outages(database, LEASE_S)
    await outages.settle(number, lambda: {mine.run_id})
    assert await claims_of(database, workspace_id) == {mine.run_id: (1, False), lost.run_id: (1, False)}
    outages.note(is_claim=True)
    await outages.settle(None, lambda: {mine.run_id})  # without a session it cannot be told which they were
    assert (await claims_of(database, workspace_id))[lost.run_id] == (1, False)
    await outages.settle(number, lambda: {mine.run_id})
    assert await claims_of(database, workspace_id) == {mine.run_id: (1, False), lost.run_id: (0, True)}
    await session.close()


async def test_a_lease_that_an_outage_ended_does_not_count(database: Database, workspace_id: UUID) -> None:
    version = await add_version(database, workspace_id, [node("a")])
    for _ in range(2):
        await start(database, version, {})
    outages = Outages(database, LEASE_S)
    stalled, cut = [RunJournal(claim, NOBODY) for claim in await claimed(database, None, 2)]
    stalled.is_lost = True
    outages.excuse_lost(stalled)  # no outage: whoever held it was too busy, which counts
    cut.is_lost = True
    outages.note()
    outages.excuse_lost(cut)
    await outages.settle(None, tuple)
    await outages.settle(None, tuple)
    assert await claims_of(database, workspace_id) == {
        stalled.claim.run_id: (1, False),
        cut.claim.run_id: (0, False),
    }


async def test_an_answer_that_takes_as_long_as_leases_do_is_an_outage(database: Database, workspace_id: UUID) -> None:
    version = await add_version(database, workspace_id, [node("a")])
    for _ in range(2):
        await start(database, version, {})
    outages = Outages(database, lease_s=0.06)
    prompt, slow = [RunJournal(claim, NOBODY) for claim in await claimed(database, None, 2)]
    prompt.is_lost = slow.is_lost = True
    with outages.watching():
        outages.excuse_lost(prompt)
    with outages.watching():
        await asyncio.sleep(0.03)
    outages.excuse_lost(slow)
    await outages.settle(None, tuple)
    assert await claims_of(database, workspace_id) == {prompt.claim.run_id: (1, False), slow.claim.run_id: (0, False)}


def failing(times: int, read: Callable[..., Any]) -> Callable[..., Any]:
    left = iter(range(times))

    async def journals(*arguments: Any) -> Any:
        if next(left, None) is not None:
            raise Unavailable("The database does not answer.")
        return await read(*arguments)

    return journals


@pytest.mark.parametrize("hiccups", [2, 12])
async def test_runs_that_cannot_be_read_at_once_are_no_crashes(
    database: Database, workspace_id: UUID, monkeypatch: pytest.MonkeyPatch, hiccups: int
) -> None:
    """A few failures are waited out under the same lease; after more of them the lease ends, and is not counted."""
    monkeypatch.setattr(worker_module, "_READ_AGAIN_S", 0.1)
    version = await add_version(database, workspace_id, [node("a")])
    started = await start(database, version, {})
    for _ in range(2):
        await queue.claim(database, 1, None, 0.0)  # two workers died
    monkeypatch.setattr(runs, "journals", failing(hiccups, runs.journals))
    async with working(database, lease_s=0.8) as running:
        run = await ended(database, workspace_id, started.run_id)
        assert running.worker.active == {}
    assert (run.status, run.cause) == ("succeeded", None)


async def test_workers_that_die_count_all_the_same(database: Database, workspace_id: UUID) -> None:
    version = await add_version(database, workspace_id, [node("a")])
    started = await start(database, version, {})
    for _ in range(3):
        await queue.claim(database, 1, None, 0.0)
    async with working(database):
        run = await ended(database, workspace_id, started.run_id)
    assert run.cause == "crash_loop"


async def test_a_worker_holds_no_more_runs_than_it_may(database: Database, workspace_id: UUID, web: Web) -> None:
    """Runs that are still being read count too."""
    version = await add_version(database, workspace_id, [node("get", "http", config={"url": web.url + "/a"})])
    web.on("GET", "/a", Reply(json=1, delay_s=0.02))
    started = [await start(database, version, {}) for _ in range(40)]
    most = 0
    async with Client((web.host,)) as client, working(database, Outside(net=client), concurrency=5) as running:
        execute = running.worker._execute

        def counted(*arguments: Any) -> None:
            nonlocal most
            execute(*arguments)
            most = max(most, len(running.worker.active))

        running.worker._execute = counted  # type: ignore[method-assign,assignment]
        for one in started:
            await ended(database, workspace_id, one.run_id)
    assert most == 5
