"""Queues on servers of their own: who gets a message and how often, what happens while the server is away."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from plainwork import queue
from plainwork.db import Database
from plainwork.queue import Delivery, Queue
from plainwork.queue.doorbell import Doorbell
from tests.queue.conftest import ON_SERVERS, Open, Place
from tests.queue.servers import Sqs

pytestmark = pytest.mark.parametrize("place", [one for one in ON_SERVERS if one.values != ("cluster",)], indirect=True)


async def take(bell: Queue, count: int, timeout_s: float = 10) -> list[Delivery]:
    """So many deliveries, all of which were messages: the database of these tests has no runs."""
    taken: list[Delivery] = []
    async with asyncio.timeout(timeout_s):
        while len(taken) < count:
            taken += await bell.wait(count - len(taken), timeout_s)
    return taken


@pytest.fixture
async def quick(place: Place, database: Database) -> AsyncIterator[Doorbell]:
    """A doorbell whose server gives a delivery to somebody else after one second without ``done``."""
    wire = queue.wire(place.url, redeliver_s=1)
    bell = await Doorbell.open(database, wire)
    yield bell
    await bell.close()


async def test_one_waiter_gets_each_message(open_bell: Open, place: Place) -> None:
    bells = [await open_bell() for _ in range(3)]
    ids = [uuid4() for _ in range(30)]
    seen: list[UUID] = []

    async def work(bell: Queue) -> None:
        while len(set(seen)) < len(ids):
            delivered = await bell.wait(5, 0.2)
            seen.extend(one.run_id for one in delivered)
            await bell.done(delivered)

    await bells[0].ring(ids)
    async with asyncio.timeout(15):
        await asyncio.gather(*map(work, bells))
    assert set(seen) == set(ids)
    assert len(seen) == len(ids) or isinstance(place.server, Sqs)  # which promises at least once


async def test_what_was_not_done_comes_again_and_what_was_done_does_not(quick: Doorbell) -> None:
    done, dropped = uuid4(), uuid4()
    await quick.ring([done, dropped])
    for one in await take(quick, 2):
        if one.run_id == done:
            await quick.done([one])
    [again] = await take(quick, 1)
    assert again.run_id == dropped
    await quick.done([again])
    assert list(await quick.wait(10, 1.3)) == []


async def test_messages_that_are_not_ours_are_thrown_away(quick: Doorbell, place: Place) -> None:
    stranger = queue.wire(place.url)
    await stranger.prepare()
    await stranger.send(["not a run", "0" * 5000, "{}", str(UUID(int=5))])
    assert [one.run_id for one in await take(quick, 1)] == [UUID(int=5)]
    await stranger.close()


async def test_it_reconnects_by_itself(open_bell: Open, place: Place) -> None:
    """Also while the server is away nothing raises, nothing waits, and what is kept has an end."""
    bell = await open_bell()
    await bell.ring([uuid4()])
    await bell.done(await take(bell, 1))
    waiting = asyncio.create_task(bell.wait(10, 0.5))
    await asyncio.to_thread(place.fail)
    await waiting
    many = 60_000
    tracemalloc.start()
    async with asyncio.timeout(10):
        await bell.ring(UUID(int=n) for n in range(many))
        await bell.done(Delivery(UUID(int=n), f"receipt {n}") for n in range(many))
    kept_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept_bytes < many * 40  # keeping all of them would take 150 bytes each, or more
    await asyncio.to_thread(place.recover)
    wanted = uuid4()
    async with asyncio.timeout(25):
        while True:
            await bell.ring([wanted])
            delivered = await bell.wait(500, 0.5)
            await bell.done(delivered)
            if any(one.run_id == wanted for one in delivered):
                break
