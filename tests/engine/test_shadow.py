"""Past runs taken through other flows: real runs on a real database, and nothing of it outside or on record."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from plainwork.db import Database
from plainwork.db.runs import Run
from plainwork.engine.inbox import Answer
from plainwork.engine.outside import Outside
from plainwork.engine.plan import Graph
from plainwork.engine.shadow import ShadowReport, ShadowRun, Which, shadow
from plainwork.engine.versions import Version, Versions
from plainwork.llm import CallRecord, Credential, Gateway
from plainwork.net import Client
from plainwork.spec.flow import Edge, Node
from plainwork.spec.model import Input
from tests.engine.flows import chain, edge, graph, loop, node, retry
from tests.engine.replaying import decided
from tests.engine.running import add_version, in_state, working
from tests.engine.test_recovery import post
from tests.world import Reply, Web, World

LAST = Which()


async def through(database: Database, version: Version, other: Graph, which: Which = LAST, **how: Any) -> ShadowReport:
    return await shadow(database, Versions(database), version.workspace_id, version.agent_id, other, which, **how)


async def one_through(database: Database, version: Version, nodes: Sequence[Node], edges: Sequence[Edge]) -> ShadowRun:
    [run] = (await through(database, version, graph(nodes, edges))).runs
    return run


def told(run: ShadowRun) -> list[tuple[str, str]]:
    return [(one.path, one.what) for one in run.differences]


async def rows_of(database: Database, workspace_id: UUID) -> list[int]:
    async with database.workspace(workspace_id) as connection:
        return [
            await connection.fetchval(f"select count(*) from {table}")
            for table in ("runs", "steps", "queue", "llm_calls", "blobs", "audit_log")
        ]


FETCH_AND_SEND = chain("fetch", "shape", "send")


def fetch_and_send(web: Web, text: str = "{{ fetch.body.n + 1 }}", path: str = "/send") -> list[Node]:
    fetch = node("fetch", "http", config={"url": web.url + "/fetch"})
    shape = node("shape", config={"n": text})
    send = node("send", "http", config={"url": web.url + path, "method": "POST", "json": {"n": "{{ shape.n }}"}})
    return [fetch, shape, send]


async def fetched(database: Database, workspace_id: UUID, web: Web, outside: Outside, runs: int = 1) -> Version:
    """A version that fetches, adds one and sends, and has run."""
    web.on("GET", "/fetch", *(Reply(json={"n": n}) for n in range(runs)))
    web.on("POST", "/send", Reply(json="sent"))
    version = await add_version(database, workspace_id, fetch_and_send(web), FETCH_AND_SEND)
    async with working(database, outside) as running:
        for _ in range(runs):
            await running.finish(version)
    return version


async def test_the_same_flow_gives_the_same_and_leaves_no_trace(
    database: Database, workspace_id: UUID, web: Web, outside: Outside
) -> None:
    version = await fetched(database, workspace_id, web, outside, 3)
    before, sent = await rows_of(database, workspace_id), len(web.requests)
    report = await through(database, version, version.graph)
    again = await through(database, version, graph(fetch_and_send(web), FETCH_AND_SEND))
    assert (report.same, report.different, report.failed, report.not_reached) == (3, 0, 0, [])
    assert again == report
    assert (await rows_of(database, workspace_id), len(web.requests)) == (before, sent)


async def test_another_request_is_shown_beside_the_one_that_was_sent(
    database: Database, workspace_id: UUID, web: Web, outside: Outside
) -> None:
    version = await fetched(database, workspace_id, web, outside)
    run = await one_through(database, version, fetch_and_send(web, "{{ fetch.body.n + 2 }}"), FETCH_AND_SEND)
    assert (run.verdict, run.status, run.output) == ("different", None, None)
    assert told(run) == [("send", "request"), ("shape", "output")]
    request, shaped = run.differences
    assert (request.before, request.after) == ({"json": {"n": 1}}, {"json": {"n": 2}})
    assert (shaped.before, shaped.after) == ({"n": 1}, {"n": 2})


async def test_what_is_not_on_record_is_made_up_and_said(
    database: Database, workspace_id: UUID, web: Web, outside: Outside
) -> None:
    version = await fetched(database, workspace_id, web, outside)
    fetch, shape, _ = fetch_and_send(web)
    tell = post("tell", web, "/tell")
    run = await one_through(database, version, [fetch, shape, tell], chain("fetch", "shape", "tell"))
    assert told(run) == [("tell", "made_up"), ("send", "gone"), ("tell", "added")]
    assert run.differences[0].after == tell.config | {"json": {"id": "tell"}}
    assert run.verdict == "different"
    assert run.output is not None
    assert not web.seen("/tell")


async def test_a_route_that_goes_elsewhere_changes_which_steps_are_taken(
    database: Database, workspace_id: UUID, web: Web, outside: Outside
) -> None:
    version = await fetched(database, workspace_id, web, outside)
    nodes = [*fetch_and_send(web), node("quiet")]
    edges = [
        edge("fetch", "shape"),
        edge("shape", "send", **{"if": "shape.n > 5"}),
        edge("shape", "quiet", **{"else": True}),
    ]
    run = await one_through(database, version, nodes, edges)
    assert told(run) == [("send", "gone"), ("quiet", "added")]


async def test_attempts_fail_again_as_they_did(
    database: Database, workspace_id: UUID, web: Web, outside: Outside
) -> None:
    web.on("POST", "/send", Reply(503), Reply(json="sent"))
    patient = post("send", web, "/send", retry=retry(times=2, wait="1s"))
    version = await add_version(database, workspace_id, [patient])
    async with working(database, outside) as running:
        assert (await running.finish(version)).status == "succeeded"
    assert (await one_through(database, version, [patient], [])).verdict == "same"
    run = await one_through(database, version, [post("send", web, "/send")], [])
    assert (run.verdict, run.status and run.status.after) == ("failed", "failed")
    assert told(run) == [("send", "ending")]
    assert run.failure is not None
    assert run.failure.before is None
    assert "503" in run.failure.after


async def test_items_are_answered_one_by_one(
    database: Database, workspace_id: UUID, web: Web, outside: Outside
) -> None:
    web.on("POST", "/send", *(Reply(json=n) for n in range(3)))
    each = loop("each", "foreach", [post("send", web, "/send")], items="{{ [1, 2, 3] }}", at_once=1)
    version = await add_version(database, workspace_id, [each])
    async with working(database, outside) as running:
        await running.finish(version)
    assert (await one_through(database, version, [each], [])).verdict == "same"
    more = loop("each", "foreach", [post("send", web, "/send")], items="{{ [1, 2, 3, 4] }}", at_once=1)
    run = await one_through(database, version, [more], [])
    assert told(run) == [("each[3].send", "made_up"), ("each", "output"), ("each[3].send", "added")]


async def test_what_a_person_said_then_is_said_again(
    database: Database, workspace_id: UUID, web: Web, outside: Outside
) -> None:
    web.on("POST", "/pay", Reply(500))
    pay = post("pay", web, "/pay", effect="once")
    nodes, edges = [pay, node("thanks", config={"for": "{{ pay }}"})], chain("pay", "thanks")
    version = await add_version(database, workspace_id, nodes, edges)
    async with working(database, outside) as running:
        started = await running.start(version)
        waiting = await in_state(database, workspace_id, started.run_id, "waiting")
        await decided(running, waiting, Answer("paid"))
        run: Run = await in_state(database, workspace_id, started.run_id, "succeeded")
    assert run.output == {"for": "paid"}
    assert (await one_through(database, version, nodes, edges)).verdict == "same"


async def test_inputs_that_do_not_fit_are_told(database: Database, workspace_id: UUID) -> None:
    version = await add_version(database, workspace_id, [node("a")])
    async with working(database) as running:
        await running.finish(version)
    stricter = graph([node("a")], inputs={"name": Input(type="text")})
    [run] = (await through(database, version, stricter)).runs
    assert (run.verdict, run.status, run.differences) == ("failed", None, [])
    assert run.reason is not None
    assert "name" in run.reason


async def test_which_runs_and_for_how_long(database: Database, workspace_id: UUID) -> None:
    limp = node("a", "fail", config={"message": "{{ inputs.why }}"})
    version = await add_version(database, workspace_id, [limp], inputs={"why": Input(type="text")})
    fine = await add_version(database, workspace_id, [node("a")])
    async with working(database) as running:
        for number in range(3):
            await running.finish(version, {"why": str(number)})
        await running.finish(fine)
    whole = await through(database, version, version.graph)
    assert [run.verdict for run in whole.runs] == ["same"] * 3, "of this agent alone; what failed then fails now"
    assert len((await through(database, version, version.graph, Which(last=2))).runs) == 2
    assert not (await through(database, version, version.graph, Which(statuses=["succeeded"]))).runs
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert not (await through(database, version, version.graph, Which(since=tomorrow))).runs
    late = await through(database, version, version.graph, longest_s=0.0)
    assert (late.runs, late.not_reached) == ([], [run.run_id for run in whole.runs])


async def test_long_values_are_told_by_their_beginning(database: Database, workspace_id: UUID) -> None:
    version = await add_version(database, workspace_id, [node("a", config={"text": "{{ 'x' * 5000 }}"})])
    async with working(database) as running:
        await running.finish(version)
    run = await one_through(database, version, [node("a", config={"text": "short"})], [])
    [difference] = run.differences
    assert difference.before.startswith('{"text":"xxx')
    assert difference.before.endswith("bytes)")
    assert difference.after == {"text": "short"}


# ── Models ───────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
async def models() -> AsyncIterator[tuple[World, Outside]]:
    async def keys(_: str) -> Credential:
        return Credential(key=world.models.key, base_url=world.models.openai_url)

    async with World() as world, Client(world.allow_hosts) as client:

        def gateway(_: UUID, record: Callable[[CallRecord], None]) -> Gateway:
            return Gateway(client, keys, record, base_urls={})

        yield world, Outside(net=client, gateway=gateway)


async def test_a_model_asked_for_something_else_is_not_asked(
    database: Database, workspace_id: UUID, models: tuple[World, Outside]
) -> None:
    world, outside = models
    world.models.say("hello", tokens_in=1_000_000, tokens_out=1_000)

    def ask(prompt: str, id: str = "ask") -> Node:
        return node(id, "llm", config={"prompt": prompt}, model="openai:gpt-4o-mini")

    version = await add_version(database, workspace_id, [ask("Say hello.")])
    async with working(database, outside) as running:
        spent = (await running.finish(version)).cost_usd
    assert spent > 0
    asked = len(world.models.asked)
    assert (await one_through(database, version, [ask("Say hello.")], [])).verdict == "same"
    other = await one_through(database, version, [ask("Say it loudly.")], [])
    [request] = other.differences
    assert (request.before, request.after) == ({"prompt": "Say hello."}, {"prompt": "Say it loudly."})
    assert "asked anew" in request.note
    assert other.cost_usd is None
    gone = await one_through(database, version, [node("quiet")], [])
    assert gone.cost_usd is not None
    assert (gone.cost_usd.before, gone.cost_usd.after) == (pytest.approx(spent, abs=1e-6), 0)
    assert len(world.models.asked) == asked
