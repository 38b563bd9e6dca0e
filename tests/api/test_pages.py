"""Lists in pages: each thing is shown once, in one order, however short the pages are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from plainwork.db import alarms, schedules
from tests.api.people import somebody
from tests.api.seeded import World
from tests.api.support import Api, Client, Place

Making = Callable[[World], Awaitable[Any]]


async def alarm(world: World) -> None:
    """Two more alarms, raised at the very same moment."""
    agent = UUID(await world.agent())
    async with world.api.database.workspace(world.place.id) as connection:
        [schedule] = await schedules.of_agent(connection, agent)
        faults = [alarms.Fault(schedule, "cannot_be_planned", datetime.now(UTC), "It is at fault.")]
        faults.append(replace(faults[0], kind="cannot_start"))
        assert len(await alarms.note(connection, faults)) == 2


LISTS: dict[str, tuple[str, str, Making]] = {
    "/account/sessions": ("sessions", "before", World.session),
    "/alarms": ("alarms", "before", alarm),
    "/api-keys": ("api_keys", "before", World.key),
    "/connections": ("connections", "after", World.connection),
    "/invitations": ("invitations", "before", World.invitation),
    "/members": ("members", "after", World.member),
    "/secrets": ("secrets", "after", World.secret),
}
"""A list → the name of its things, what the next page is asked for by, and how one more is made."""


@pytest.fixture
async def world(api: Api, place: Place) -> World:
    return World(place, await somebody(api, place))


async def pages(client: Client, path: str, by: str, limit: int) -> list[dict[str, Any]]:
    """Every page, as it was answered."""
    found = [await client.ok("GET", path, params={"limit": limit})]
    while found[-1]["next"] is not None:
        found.append(await client.ok("GET", path, params={"limit": limit, by: found[-1]["next"]}))
        assert len(found) < 20
    return found


@pytest.mark.parametrize("path", LISTS)
async def test_pages_show_each_thing_once(world: World, path: str) -> None:
    things, by, make = LISTS[path]
    for _ in range(4):
        await make(world)
    client = world.person.browser if path.startswith("/account") else world.place.as_owner
    (whole,) = await pages(client, path, by, 200)
    assert len(whole[things]) >= 4
    for limit in (1, 2, len(whole[things])):
        some = await pages(client, path, by, limit)
        keys = [one.get("id", one.get("name")) for page in some for one in page[things]]
        assert keys == [one.get("id", one.get("name")) for one in whole[things]]
        assert all(len(page[things]) == limit for page in some[:-1])
        assert some[-1][things]
    for wrong in ({"limit": 0}, {"limit": 201}, {by: "\0" if by == "after" and path == "/secrets" else "x" * 101}):
        await client.refused("GET", path, 422, params=wrong)
