"""What a NATS cluster adds: a message that was taken outlives the server that took it."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import pytest

from tests.engine.running import eventually
from tests.queue.conftest import Open, Place
from tests.queue.servers import Cluster


@pytest.mark.parametrize(
    "place", [pytest.param("cluster", marks=pytest.mark.xdist_group("queue-cluster"))], indirect=True
)
async def test_messages_outlive_the_leader(open_bell: Open, place: Place) -> None:
    """The database of this test has no runs: what is delivered was held by the two servers that are left."""
    bell = await open_bell()
    cluster = place.server
    assert isinstance(cluster, Cluster)
    assert (await cluster.stream(place.name)).config.num_replicas == 3
    ids = {uuid4() for _ in range(50)}
    await bell.ring(ids)

    async def all_are_held() -> bool:
        return (await cluster.stream(place.name)).state.messages == len(ids)

    await eventually(all_are_held)
    await asyncio.to_thread(place.fail)
    try:
        seen: set[UUID] = set()
        async with asyncio.timeout(30):
            while seen != ids:
                delivered = await bell.wait(100, 5)
                seen |= {one.run_id for one in delivered}
                await bell.done(delivered)
    finally:
        await asyncio.to_thread(place.recover)
