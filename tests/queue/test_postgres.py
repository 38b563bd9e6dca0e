"""The doorbell: what is rung is delivered, nothing depends on it, other schemes are refused."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

import asyncpg
import pytest

from plainwork import queue
from plainwork.db import Database
from plainwork.db import queue as entries
from plainwork.engine.start import start
from plainwork.queue import Queue
from plainwork.settings import Settings
from tests.engine.flows import node
from tests.engine.running import add_version


@pytest.fixture
async def bell(database: Database, settings: Settings) -> AsyncIterator[Queue]:
    bell = await queue.open(settings, database)
    yield bell
    await bell.close()


async def test_a_due_run_is_delivered_until_it_is_claimed(database: Database, workspace_id: UUID, bell: Queue) -> None:
    version = await add_version(database, workspace_id, [node("a")])
    assert list(await bell.wait(10, 0.05)) == []
    runs = [(await start(database, version, {})).run_id for _ in range(3)]
    delivered = await bell.wait(10, 5)
    assert {d.run_id for d in delivered} == set(runs)
    assert len(await bell.wait(2, 5)) == 2
    await bell.done(delivered)
    assert len(await entries.claim(database, 10, None, 60.0)) == 3
    assert list(await bell.wait(10, 0.05)) == []


async def test_a_ring_wakes_who_waits_here_and_elsewhere(
    database: Database, workspace_id: UUID, bell: Queue, settings: Settings
) -> None:
    version = await add_version(database, workspace_id, [node("a")])
    elsewhere = await queue.open(settings, database)
    await asyncio.sleep(0.2)  # it listens by now
    waiting = [asyncio.create_task(q.wait(10, 20)) for q in (bell, elsewhere)]
    await asyncio.sleep(0.1)
    started = await start(database, version, {})
    rung_at = time.monotonic()
    await bell.ring([started.run_id])
    for delivered in await asyncio.gather(*waiting):
        assert [d.run_id for d in delivered] == [started.run_id]
    assert time.monotonic() - rung_at < 0.5
    await elsewhere.close()


async def test_without_a_ring_due_runs_are_found_all_the_same(
    database: Database, workspace_id: UUID, bell: Queue, settings: Settings
) -> None:
    """Also after the listening connection was cut, and at the very time at which a run is due."""
    version = await add_version(database, workspace_id, [node("a")])
    started = await start(database, version, {})
    async with database.workspace(workspace_id) as connection:
        await connection.execute("update queue set due_at = clock_timestamp() + interval '300 ms'")
    owner = await asyncpg.connect(settings.database_url)
    await owner.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query ilike 'listen%'"
    )
    await owner.close()
    began = time.monotonic()
    delivered = await bell.wait(10, 5)
    assert [d.run_id for d in delivered] == [started.run_id]
    assert 0.1 < time.monotonic() - began < 1.5


async def test_the_postgres_scheme_means_the_database(database: Database, settings: Settings) -> None:
    bell = await queue.open(replace(settings, queue_url="postgres:"), database)
    assert list(await bell.wait(1, 0.01)) == []
    await bell.close()
