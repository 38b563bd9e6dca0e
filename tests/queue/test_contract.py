"""What every queue promises, tried over real servers: what is rung is delivered, and what is lost is found all the same."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import pytest

from plainwork.db import Database
from plainwork.db import queue as entries
from plainwork.engine.start import Start, start_many
from plainwork.engine.versions import Version
from plainwork.engine.worker import Worker
from plainwork.queue import Queue
from tests.engine.flows import chain, node
from tests.engine.running import add_version, ended, journal_of
from tests.queue.conftest import ALL, Open, Place

pytestmark = pytest.mark.parametrize("place", ALL, indirect=True)


@pytest.fixture
async def version(database: Database, workspace_id: UUID) -> Version:
    return await add_version(database, workspace_id, [node("a"), node("b")], chain("a", "b"))


async def begin(database: Database, version: Version, count: int, bell: Queue | None = None) -> list[UUID]:
    return [one.run_id for one in await start_many(database, version, [Start({})] * count, bell=bell)]


@asynccontextmanager
async def working(database: Database, bell: Queue) -> AsyncIterator[Worker]:
    worker = Worker(database, bell, drain_s=0.0)
    task = asyncio.create_task(worker.run())
    yield worker
    worker.stop()
    await asyncio.wait_for(task, 20)


async def all_ended(database: Database, version: Version, run_ids: Sequence[UUID]) -> None:
    for run_id in run_ids:
        run = await ended(database, version.workspace_id, run_id)
        assert run.status == "succeeded"
        assert [step.path for step in await journal_of(database, run)] == ["a", "b"]


async def test_what_is_rung_is_delivered_and_no_more_than_asked_for(
    database: Database, version: Version, open_bell: Open
) -> None:
    bell = await open_bell()
    assert list(await bell.wait(10, 0.05)) == []
    runs = await begin(database, version, 3, bell)
    seen: set[UUID] = set()
    while seen != set(runs):
        delivered = await bell.wait(2, 5)
        assert 1 <= len(delivered) <= 2
        await bell.done(delivered)
        seen.update(one.run_id for one in delivered)
        assert seen <= set(runs)
        await entries.claim(database, len(delivered), None, 60.0)


async def test_a_ring_elsewhere_ends_a_wait_at_once(
    database: Database, version: Version, open_bell: Open, place: Place
) -> None:
    """On a server by the message alone: of that run the database knows nothing."""
    bell, elsewhere = await open_bell(), await open_bell()
    await asyncio.sleep(0.2)  # it listens by now
    waiting = asyncio.create_task(bell.wait(10, 20))
    await asyncio.sleep(0.1)
    runs = [uuid4()] if place.server else await begin(database, version, 1)
    rung_at = time.monotonic()
    await elsewhere.ring(runs)
    assert [one.run_id for one in await waiting] == runs
    assert time.monotonic() - rung_at < (5 if place.server else 0.5)


async def test_a_run_is_found_although_nobody_rings(
    database: Database, workspace_id: UUID, version: Version, open_bell: Open
) -> None:
    """One that is due, and one that becomes due by itself, at its very time."""
    bell = await open_bell()
    runs = await begin(database, version, 1)
    assert [one.run_id for one in await bell.wait(10, 5)] == runs
    async with database.workspace(workspace_id) as connection:
        await connection.execute("update queue set due_at = clock_timestamp() + interval '300 ms'")
    began = time.monotonic()
    assert [one.run_id for one in await bell.wait(10, 5)] == runs
    assert 0.1 < time.monotonic() - began < 1.5


async def test_closing_ends_a_wait(open_bell: Open) -> None:
    bell = await open_bell()
    waiting = asyncio.create_task(bell.wait(10, 30))
    await asyncio.sleep(0.05)
    await bell.close()
    assert list(await asyncio.wait_for(waiting, 2)) == []
    assert list(await bell.wait(10, 1)) == []
    await bell.ring([UUID(int=1)])
    await bell.close()


async def test_doubled_and_foolish_rings_harm_nobody(database: Database, version: Version, open_bell: Open) -> None:
    bell = await open_bell()
    async with working(database, bell):
        runs = await begin(database, version, 5, bell)
        await bell.ring([*runs, *runs, UUID(int=7)])
        await all_ended(database, version, runs)
        await bell.ring(runs)
        await all_ended(database, version, await begin(database, version, 1, bell))


async def test_no_run_is_lost_whatever_the_queue_loses(
    database: Database, version: Version, open_bell: Open, place: Place
) -> None:
    """Messages thrown away, rings while the server is dead, a server that comes back empty, two workers at once."""
    bell, elsewhere = await open_bell(), await open_bell()
    runs = await begin(database, version, 20, bell)
    await asyncio.sleep(0.2)
    await place.lose()
    async with working(database, bell), working(database, elsewhere):
        runs += await begin(database, version, 20, bell)
        await place.lose()
        runs += await begin(database, version, 20, elsewhere)
        await asyncio.to_thread(place.fail)
        runs += await begin(database, version, 20, bell)
        await all_ended(database, version, runs)
        await asyncio.to_thread(place.recover)
        after = await begin(database, version, 20, elsewhere)
        await all_ended(database, version, after)
