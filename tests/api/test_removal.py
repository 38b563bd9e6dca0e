"""A workspace that people worked in is deleted and then removed, with all that came of their work."""

from __future__ import annotations

from datetime import timedelta

import asyncpg

from plainwork.scheduler import Remover
from tests.api import seeded
from tests.api.support import Api
from tests.db.test_tenants import TABLES, rows_of


async def test_a_workspace_full_of_work_is_removed(api: Api, module_database_url: str) -> None:
    world, stays = await seeded.seed(api), await seeded.seed(api)
    for one in (world, stays):
        for make in {*seeded.THINGS.values(), *seeded.OTHER_THINGS.values()}:
            if callable(make):
                await make(one)
    owner = await asyncpg.connect(module_database_url)
    await owner.execute("select set_config('plainwork.upkeep', 'on', false)")
    tables = [row["name"] for row in await owner.fetch(TABLES) if row["of_tenant"] and not row["partition"]]
    held = await rows_of(owner, tables, world.place.id)
    assert len([table for table in tables if held[table]]) > 20
    everything = await world.place.as_owner.ok("GET", "/runs", params={"limit": 200})
    assert {"waiting", "failed", "succeeded"} <= {run["status"] for run in everything["runs"]}

    await world.person.browser.refused("DELETE", "/workspace", 422, params={"name": "another"})
    await world.place.as_owner.ok("DELETE", "/workspace", 204, params={"name": "Standing"})
    remover = Remover(api.database, api.app.state.vault, timedelta())
    assert await remover.remove() == 1
    assert await rows_of(owner, tables, world.place.id) == {table: [] for table in tables}
    assert await owner.fetchval("select removed_at from workspaces where id = $1", world.place.id) is not None
    await world.place.as_owner.refused("GET", "/agents", 401)

    # People keep their accounts, and other workspaces all they have.
    assert world.place.id not in {
        one["id"] for one in (await world.person.browser.ok("GET", "/workspaces"))["workspaces"]
    }
    assert (await stays.place.as_owner.ok("GET", "/audit/verify"))["broken_at"] is None
    assert len((await stays.place.as_owner.ok("GET", "/agents"))["agents"]) > 5
    ran = await stays.place.as_owner.run((await stays.place.as_owner.agent())["id"], name="you")
    assert ran["status"] == "succeeded"
    await owner.close()
