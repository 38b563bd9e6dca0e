"""Remembered answers: what an account shows is for the agent that may use it, and for nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from plainwork.db import Database
from plainwork.engine.outside import Holder, Outside
from plainwork.errors import Forbidden
from tests.engine.flows import node
from tests.engine.running import add_version, working
from tests.world import Reply, world_and_client


async def test_an_agent_that_may_not_use_the_account_gets_no_answer_of_it(
    database: Database, workspace_id: UUID
) -> None:
    async with world_and_client() as (world, client):
        world.web.on("GET", "/", Reply(text="private"))
        step = node("a", "http", config={"url": world.web.url + "/"}, account="API", cache="1 minute")
        bound, other = [await add_version(database, workspace_id, [step]) for _ in range(2)]
        opened: list[UUID] = []

        async def open_account(holder: Holder, _name: str, *_: Any) -> Mapping[str, Any]:
            if holder.agent_id != bound.agent_id:
                raise Forbidden("The secret is bound to certain agents.")
            opened.append(holder.agent_id)
            return {"token": "t0p-s3cret"}

        outside = Outside(net=client, open_account=open_account)
        async with working(database, outside) as running:
            ended = [(await running.finish(version)).status for version in (bound, bound, other)]
    assert ended == ["succeeded", "succeeded", "failed"]
    assert (opened, len(world.web.requests)) == ([bound.agent_id], 1)
