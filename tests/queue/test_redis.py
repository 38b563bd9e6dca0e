"""What Redis alone can show: that nothing is left behind on the server, and that a server that hangs is survived."""

from __future__ import annotations

import asyncio
import signal
import tracemalloc
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis as Client

from plainwork.queue import Delivery
from plainwork.queue.doorbell import MOST_KEPT
from tests.engine.running import eventually
from tests.queue.conftest import Open, Place
from tests.queue.servers import Redis

pytestmark = pytest.mark.parametrize(
    "place", [pytest.param("redis", marks=pytest.mark.xdist_group("queue-redis"))], indirect=True
)


async def test_nothing_is_left_on_the_server(open_bell: Open, place: Place) -> None:
    bells = [await open_bell() for _ in range(2)]
    ids = {uuid4() for _ in range(600)}
    await bells[0].ring(ids)
    async with asyncio.timeout(15):
        while ids:
            for bell in bells:
                delivered = await bell.wait(100, 0.05)
                ids -= {one.run_id for one in delivered}
                await bell.done(delivered)
    assert isinstance(place.server, Redis)
    async with Client(port=place.server.port, password=Redis.password) as client:
        assert await eventually(lambda: _is_empty(client, place.name))
        [group] = await client.xinfo_groups(place.name)
        assert group["consumers"] == 1


async def _is_empty(client: Client, name: str) -> bool:
    pending = await client.xpending(name, "workers")
    return await client.xlen(name) == 0 and pending["pending"] == 0


async def test_a_server_that_hangs_is_survived(open_bell: Open, place: Place) -> None:
    """It takes connections and says nothing: nobody waits for it, and what is kept for it has an end."""
    bell = await open_bell()
    assert isinstance(place.server, Redis)
    wanted, many = uuid4(), 4 * MOST_KEPT
    place.server.signal(signal.SIGSTOP)
    try:
        tracemalloc.start()
        async with asyncio.timeout(10):
            await bell.ring(UUID(int=n) for n in range(many))
            await bell.done(Delivery(UUID(int=n), f"receipt {n}") for n in range(many))
            assert list(await bell.wait(10, 0.2)) == []
        kept_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        place.server.signal(signal.SIGCONT)
    assert kept_bytes < 400 * MOST_KEPT
    async with asyncio.timeout(20):
        while True:  # what was rung meanwhile may have been dropped
            await bell.ring([wanted])
            delivered = await bell.wait(500, 1)
            await bell.done(delivered)
            if wanted in {one.run_id for one in delivered}:
                break
