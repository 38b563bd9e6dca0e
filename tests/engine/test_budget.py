"""Model calls of runs: each is booked with the step it belongs to, and a run stops before the call above its budget."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from uuid import UUID

import pytest

from plainwork.db import Database, llm_calls
from plainwork.engine.outside import Outside
from plainwork.llm import CallRecord, Credential, Gateway
from plainwork.net import Client
from plainwork.spec.flow import Node
from plainwork.spec.model import Limits
from tests.engine.flows import chain, edge, loop, node
from tests.engine.running import add_version, working
from tests.world import World

MODEL = "openai:gpt-4o-mini"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with World() as world:
        yield world


@pytest.fixture
async def outside(world: World) -> AsyncIterator[Outside]:
    async def keys(_: str) -> Credential:
        return Credential(key=world.models.key, base_url=world.models.openai_url)

    async with Client(world.allow_hosts) as client:

        def gateway(_: UUID, record: Callable[[CallRecord], None]) -> Gateway:
            return Gateway(client, keys, record, base_urls={})

        yield Outside(net=client, gateway=gateway)


def ask(id: str = "ask") -> Node:
    return node(id, "llm", config={"prompt": "Say hello."}, model=MODEL)


async def test_calls_are_booked_with_run_and_step(
    database: Database, workspace_id: UUID, world: World, outside: Outside
) -> None:
    world.models.say("hello", tokens_in=1_000_000, tokens_out=1_000)
    each = loop("each", "foreach", [ask()], items="{{ range(3) }}")
    version = await add_version(database, workspace_id, [each])
    async with working(database, outside) as running:
        run = await running.finish(version)
    assert run.status == "succeeded"
    assert run.tokens == 3 * 1_001_000
    async with database.workspace(workspace_id) as connection:
        rows = await connection.fetch("select * from llm_calls order by id")
        spent = await llm_calls.spent(connection, run_id=run.id)
    assert [row["step_path"] for row in rows] == [f"each[{i}].ask" for i in range(3)]
    assert {(row["agent_id"], row["version_id"], row["status"]) for row in rows} == {
        (version.agent_id, version.id, "succeeded")
    }
    assert spent.calls == 3
    assert run.cost_usd == pytest.approx(float(spent.cost_usd))
    assert run.cost_usd > 0.3


@pytest.mark.parametrize("limits", [Limits(cost_per_run_usd=0.2), Limits(tokens_per_run=1_500_000)])
async def test_a_run_stops_before_the_call_above_its_budget(
    database: Database, workspace_id: UUID, world: World, outside: Outside, limits: Limits
) -> None:
    world.models.say("hello", tokens_in=1_000_000, tokens_out=1_000)
    nodes = [
        ask("one"),
        ask("two"),
        ask("three"),
        node("after"),
        node("alert", lane="errors", config={"why": "{{ error.kind }}"}),
    ]
    plain = await add_version(database, workspace_id, nodes[:4], chain("one", "two", "three", "after"), limits=limits)
    routed = await add_version(
        database,
        workspace_id,
        nodes,
        [*chain("one", "two", "three", "after"), edge("three", "alert", on="error")],
        limits=limits,
    )
    async with working(database, outside) as running:
        stopped = await running.finish(plain)
        assert len(world.models.asked) == 2
        handled = await running.finish(routed)
    assert (stopped.status, stopped.cause) == ("failed", "budget_exceeded")
    assert stopped.failure["path"] == "three"
    assert "used up" in stopped.failure["message"]
    assert (handled.status, handled.output) == ("succeeded", {"why": "budget"})
    assert len(world.models.asked) == 4
