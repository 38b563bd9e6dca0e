"""Runs from start to end: order, branches, loops, retries, waits, limits, failures, secrets, large outputs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from plainwork.db import Database, runs
from plainwork.engine import execution, outputs
from plainwork.engine.outside import Holder, Outside
from plainwork.engine.start import Start, cancel, start, start_many
from plainwork.errors import Invalid, LimitReached, NotFound
from plainwork.net import Client
from plainwork.spec.model import Input, Limits, Output, Retry
from tests.conftest import add_workspace
from tests.engine.flows import chain, edge, loop, node
from tests.engine.running import add_version, ended, eventually, in_state, journal_of, working
from tests.world import Reply, Seen, Web


def get(id: str, web: Web, path: str = "/", **fields: Any) -> Any:
    return node(id, "http", config={"url": web.url + path, **fields.pop("config", {})}, **fields)


def post(id: str, web: Web, path: str = "/", **fields: Any) -> Any:
    return get(id, web, path, config={"method": "POST", **fields.pop("config", {})}, **fields)


FIVE = [
    node("posts", config={"posts": "{{ inputs.posts }}"}),
    node("keep", "filter", config={"items": "{{ posts.posts }}", "where": "item.score > 100"}),
    node("any", "condition"),
    node("shape", config={"text": "{{ keep.count }} posts"}),
    node("answer", "respond", config={"body": "{{ shape.text }}"}),
]
FIVE_EDGES = [
    *chain("posts", "keep", "any"),
    edge("any", "shape", **{"if": "keep.count > 0"}),
    edge("any", "answer", **{"else": True}),
    edge("shape", "answer"),
]


async def test_a_pure_run_ends_with_its_output_and_journal(database: Database, workspace_id: UUID) -> None:
    version = await add_version(database, workspace_id, FIVE, FIVE_EDGES, inputs={"posts": Input(type="list")})
    async with working(database) as running:
        run = await running.finish(version, {"posts": [{"score": 5}, {"score": 500}]})
        many = await start_many(database, version, [Start({"posts": [{"score": 101}] * i}) for i in (1, 2, 3)])
        outputs = [(await ended(database, workspace_id, one.run_id)).output for one in many]
    assert (run.status, run.output, run.cause, run.steps) == ("succeeded", "1 posts", None, 5)
    assert [(row.seq, row.path, row.status) for row in await journal_of(database, run)] == [
        (1, "posts", "succeeded"),
        (2, "keep", "succeeded"),
        (3, "any", "succeeded"),
        (4, "shape", "succeeded"),
        (5, "answer", "succeeded"),
    ]
    assert run.started_at is not None
    assert run.finished_at is not None
    assert outputs == ["1 posts", "2 posts", "3 posts"]
    async with database.workspace(workspace_id) as connection:
        assert await connection.fetchval("select count(*) from queue") == 0


async def test_the_same_key_gives_the_first_run(database: Database, workspace_id: UUID) -> None:
    version = await add_version(database, workspace_id, [node("a")])
    other = await add_version(database, workspace_id, [node("a")])
    first = await start(database, version, {}, key="delivery-1")
    again = await start(database, version, {}, key="delivery-1")
    elsewhere = await start(database, other, {}, key="delivery-1")
    both = await start_many(database, version, [Start({}, key=k) for k in ("x", "delivery-1", "x")])
    racing = await asyncio.gather(*(start(database, version, {}, key="race") for _ in range(5)))
    assert again.run_id == first.run_id
    assert (first.is_new, again.is_new, elsewhere.is_new) == (True, False, True)
    assert [one.is_new for one in both] == [True, False, False]
    assert both[1].run_id == first.run_id
    assert both[2].run_id == both[0].run_id
    assert len({one.run_id for one in racing}) == 1
    assert sum(one.is_new for one in racing) == 1
    async with database.workspace(workspace_id) as connection:
        assert await connection.fetchval("select count(*) from runs") == 4
        assert await connection.fetchval("select count(*) from queue") == 4


async def test_inputs_and_the_days_limit_are_checked_at_the_start(database: Database, workspace_id: UUID) -> None:
    version = await add_version(
        database, workspace_id, [node("a")], inputs={"n": Input(type="number")}, limits=Limits(runs_per_day=2)
    )
    with pytest.raises(Invalid):
        await start(database, version, {"n": "many"})
    await start(database, version, {"n": 1})
    with pytest.raises(LimitReached, match="2 times a day"):
        await start_many(database, version, [Start({"n": 1}), Start({"n": 2})])
    await start(database, version, {"n": 2})
    with pytest.raises(LimitReached):
        await start(database, version, {"n": 3})


async def test_no_race_passes_the_days_limit(database: Database, workspace_id: UUID) -> None:
    version = await add_version(database, workspace_id, [node("a")], limits=Limits(runs_per_day=5))

    async def some(count: int) -> int:
        try:
            return len(await start_many(database, version, [Start({})] * count))
        except LimitReached:
            return 0

    assert sum(await asyncio.gather(*(some(1 + n % 2) for n in range(24)))) == 5
    async with database.workspace(workspace_id) as connection:
        assert await connection.fetchval("select count(*) from runs") == 5


async def test_steps_outside_run_side_by_side_and_see_each_other(
    database: Database, workspace_id: UUID, web: Web, outside: Outside
) -> None:
    web.on("GET", "/a", Reply(json={"n": 1}, delay_s=0.2))
    web.on("GET", "/b", Reply(json={"n": 2}, delay_s=0.2))
    nodes = [
        node("begin"),
        get("a", web, "/a"),
        get("b", web, "/b"),
        node("sum", config={"n": "{{ a.body.n + b.body.n }}"}),
    ]
    edges = [edge("begin", "a"), edge("begin", "b"), edge("a", "sum"), edge("b", "sum")]
    version = await add_version(database, workspace_id, nodes, edges)
    async with working(database, outside) as running:
        began = time.monotonic()
        runs_ = await asyncio.gather(*(running.finish(version) for _ in range(10)))
        took = time.monotonic() - began
    assert [run.output for run in runs_] == [{"n": 3}] * 10
    assert took < 1.9  # one after the other they would take 4 s
    assert {(row.took_ms or 0) > 190 for row in await journal_of(database, runs_[0]) if row.path in "ab"} == {True}


async def test_foreach_keeps_order_and_journals_every_item(
    database: Database, workspace_id: UUID, web: Web, outside: Outside
) -> None:
    web.on("GET", "*", lambda seen: Reply(json=int(seen.path[1:]) * 10))
    each = loop(
        "each",
        "foreach",
        [
            node("fetch", "http", config={"url": web.url + "/{{ item }}"}),
            node("half", config={"n": "{{ fetch.body / 2 }}"}),
        ],
        chain("fetch", "half"),
        items="{{ [3, 1, 2] }}",
        at_once=2,
    )
    version = await add_version(database, workspace_id, [each])
    async with working(database, outside) as running:
        run = await running.finish(version)
    assert run.output["results"] == [{"n": 15}, {"n": 5}, {"n": 10}]
    journal = await journal_of(database, run)
    assert {row.path for row in journal} == {f"each[{i}].{s}" for i in range(3) for s in ("fetch", "half")} | {"each"}
    assert [row.seq for row in journal] == list(range(1, 8))


async def test_a_large_pure_loop_does_not_hold_up_others(database: Database, workspace_id: UUID) -> None:
    each = loop("each", "foreach", [node("x", config={"n": "{{ item }}"})], items="{{ inputs.items }}", at_once=50)
    long = await add_version(database, workspace_id, [each], inputs={"items": Input(type="list")})
    short = await add_version(database, workspace_id, [node("a", config={"done": True})])
    async with working(database) as running:
        slow = await running.start(long, {"items": list(range(4000))})
        run = await running.finish(short)
        other = await ended(database, workspace_id, slow.run_id)
    assert run.status == other.status == "succeeded"
    assert other.output["count"] == 4000
    assert run.finished_at is not None
    assert other.finished_at is not None
    assert run.finished_at < other.finished_at


async def test_a_short_retry_is_held_and_a_long_one_gives_the_run_back(
    database: Database, workspace_id: UUID, web: Web, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution, "HOLD_S", 0.5)
    web.on("GET", "/short", Reply(503), Reply(503), Reply(json="ok"))
    web.on("GET", "/long", Reply(503, headers={"Retry-After": "1"}), Reply(json="ok"))
    short = await add_version(database, workspace_id, [get("a", web, "/short", retry=Retry(times=3, wait="100ms"))])
    long = await add_version(database, workspace_id, [get("a", web, "/long", retry=Retry(times=3, wait="100ms"))])
    async with working(database, outside) as running:
        run = await running.finish(short)
        assert run.status == "succeeded"
        assert [(r.attempt, r.status) for r in await journal_of(database, run)] == [
            (1, "failed"),
            (2, "failed"),
            (3, "succeeded"),
        ]
        parked = await running.start(long)
        waiting = await in_state(database, workspace_id, parked.run_id, "waiting")
        assert not running.worker.active
        assert waiting.wake_at is not None
        done = await ended(database, workspace_id, parked.run_id)
    assert done.status == "succeeded"
    assert done.finished_at is not None
    assert timedelta() <= done.finished_at - waiting.wake_at < timedelta(seconds=1)
    assert len(web.seen("/long")) == 2
    async with database.workspace(workspace_id) as connection:
        assert await connection.fetchval("select count(*) from queue") == 0


async def test_a_failure_that_nothing_handles_fails_the_run(
    database: Database, workspace_id: UUID, web: Web, outside: Outside
) -> None:
    web.on("GET", "/gone", Reply(404, json={"message": "no such page"}))
    nodes = [get("a", web, "/gone"), node("after"), node("alert", lane="errors", config={"why": "{{ error.kind }}"})]
    plain = await add_version(database, workspace_id, nodes[:2], chain("a", "after"))
    handled = await add_version(database, workspace_id, nodes, [edge("a", "after"), edge("a", "alert", on="error")])
    async with working(database, outside) as running:
        failed = await running.finish(plain)
        fine = await running.finish(handled)
    assert (failed.status, failed.cause, failed.failure["kind"]) == ("failed", "step_failed", "rejected")
    assert failed.failure["path"] == "a"
    assert (fine.status, fine.cause, fine.output) == ("succeeded", None, {"why": "rejected"})
    async with database.workspace(workspace_id) as connection:
        assert [run.id for run in await runs.find(connection, runs.Filter(is_in_inbox=True))] == [failed.id]
        assert {run.id for run in await runs.find(connection, runs.Filter(statuses=["failed"]))} == {failed.id}


async def test_a_wait_holds_no_worker_and_goes_on_after_its_time(
    database: Database, workspace_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution, "HOLD_S", 0.3)
    after = node("after", config={"was": "{{ pause.waited_until }}"})
    version = await add_version(
        database, workspace_id, [node("pause", "wait", config={"for": "600ms"}), after], chain("pause", "after")
    )
    short = await add_version(database, workspace_id, [node("pause", "wait", config={"for": "200ms"})])
    hour = await add_version(database, workspace_id, [node("pause", "wait", config={"for": "1 hour"})])
    async with working(database) as running:
        assert (await running.finish(short)).status == "succeeded"
        started, long = await running.start(version), await running.start(hour)
        await in_state(database, workspace_id, started.run_id, "waiting")
        run = await in_state(database, workspace_id, long.run_id, "waiting")
        assert run.wake_at is not None
        assert 3590 < run.wake_at.timestamp() - time.time() < 3601
        assert not running.worker.active
        done = await ended(database, workspace_id, started.run_id)
        assert done.status == "succeeded"
        assert await cancel(database, workspace_id, long.run_id) == "cancelled"
    waited_until = (await journal_of(database, done))[1].output["waited_until"]
    assert done.output == {"was": waited_until}
    assert [row.status for row in await journal_of(database, done)] == ["waiting", "succeeded", "succeeded"]


async def test_a_step_and_a_run_have_time_limits(
    database: Database, workspace_id: UUID, web: Web, outside: Outside
) -> None:
    web.on("GET", "/slow", Reply(json=1, delay_s=5))
    step = await add_version(database, workspace_id, [get("a", web, "/slow", timeout="200ms")])
    whole = await add_version(database, workspace_id, [get("a", web, "/slow")], limits=Limits(time_per_run="300ms"))
    routed = await add_version(
        database,
        workspace_id,
        [get("a", web, "/slow", timeout="200ms"), node("late", config={"late": True})],
        [edge("a", "late", on="timeout")],
    )
    async with working(database, outside) as running:
        began = time.monotonic()
        results = await asyncio.gather(*(running.finish(v) for v in (step, whole, routed)))
        assert time.monotonic() - began < 3
    assert [(run.status, run.cause) for run in results] == [
        ("failed", "timed_out"),
        ("failed", "timed_out"),
        ("succeeded", None),
    ]
    assert "time limit" in results[1].failure["message"]
    assert results[1].steps == 0


async def test_cancel_reaches_a_running_worker_and_is_final(
    database: Database, workspace_id: UUID, web: Web, outside: Outside
) -> None:
    web.on("GET", "/slow", Reply(json=1, delay_s=30))
    version = await add_version(database, workspace_id, [get("a", web, "/slow"), node("b")], chain("a", "b"))
    async with working(database, outside) as running:
        started = await running.start(version)
        await in_state(database, workspace_id, started.run_id, "running")
        began = time.monotonic()
        assert await cancel(database, workspace_id, started.run_id) == "cancelled"
        await eventually(lambda: not running.worker.active)
        assert time.monotonic() - began < 1
        assert await cancel(database, workspace_id, started.run_id) == "cancelled"
        over = await running.finish(await add_version(database, workspace_id, [node("a")]))
        assert await cancel(database, workspace_id, over.id) == "succeeded"
    run = await ended(database, workspace_id, started.run_id)
    assert (run.status, run.steps) == ("cancelled", 0)
    other = await add_workspace(database, "Other")
    with pytest.raises(NotFound):
        await cancel(database, other, over.id)


async def test_a_run_may_take_only_so_many_steps(database: Database, workspace_id: UUID) -> None:
    each = loop("each", "foreach", [node("x")], items="{{ range(100) }}")
    version = await add_version(database, workspace_id, [each], limits=Limits(steps_per_run=20))
    async with working(database) as running:
        run = await running.finish(version)
    assert (run.status, run.cause) == ("failed", "budget_exceeded")
    assert "more than 20 steps" in run.failure["message"]
    assert run.steps == 20


async def test_large_outputs_are_kept_apart_and_too_large_ones_refused(
    database: Database, workspace_id: UUID, web: Web, outside: Outside
) -> None:
    large = "x" * 400_000
    web.on("GET", "/large", Reply(json=large))
    web.on("GET", "/small", Reply(json="y" * 1_000_000))
    version = await add_version(
        database,
        workspace_id,
        [get("a", web, "/large"), node("b", config={"n": "{{ len(a.body) }}", "all": "{{ a.body }}"})],
        chain("a", "b"),
    )
    giant = await add_version(
        database,
        workspace_id,
        [get("a", web, "/small"), node("b", config={"all": ["{{ a.body }}"] * 11})],
        chain("a", "b"),
    )
    async with working(database, outside) as running:
        run = await running.finish(version)
        refused = await running.finish(giant)
    assert run.output == {"n": 400_000, "all": large}
    assert (await journal_of(database, run))[0].output["body"] == large
    async with database.workspace(workspace_id) as connection:
        assert await connection.fetchval("select count(*) from blobs where run_id = $1", run.id) == 3
        kept = await connection.fetchval("select max(length(output::text)) from steps where run_id = $1", run.id)
        assert kept is None
    assert (refused.status, refused.failure["kind"]) == ("failed", "rejected")
    assert "10 MiB at most" in refused.failure["message"]


async def test_opened_secrets_are_never_written_down(database: Database, workspace_id: UUID, web: Web) -> None:
    opened: list[tuple[UUID, str]] = []

    async def open_account(holder: Holder, name: str, *_: object) -> Mapping[str, Any]:
        opened.append((holder.workspace_id, name))
        return {"token": "s3cret-token-value", "username": "reader"}

    def echo(seen: Seen) -> Reply:
        return Reply(json={"sent": seen.headers.get("Authorization"), "user": "reader"})

    web.on("GET", "/echo", echo)
    web.on("GET", "/fail", lambda seen: Reply(422, json={"message": f"bad {seen.headers.get('Authorization')}"}))
    async with Client((web.host,)) as client:
        outside = Outside(net=client, open_account=open_account)
        version = await add_version(
            database,
            workspace_id,
            [get("a", web, "/echo", account="API"), node("b", config={"was": "{{ a.body.sent }}"})],
            chain("a", "b"),
        )
        failing = await add_version(database, workspace_id, [get("a", web, "/fail", account="API")])
        async with working(database, outside) as running:
            run = await running.finish(version)
            failed = await running.finish(failing)
    assert opened == [(workspace_id, "API")] * 2
    assert web.seen("/echo")[0].headers["Authorization"] == "Bearer s3cret-token-value"
    assert run.output == {"was": "Bearer [secret]"}
    assert (await journal_of(database, run))[0].output["body"]["user"] == "reader"
    assert failed.status == "failed"
    async with database.workspace(workspace_id) as connection:
        texts = await connection.fetch(
            "select row_to_json(s)::text as t from steps s union all select row_to_json(r)::text from runs r"
        )
    assert len(texts) == 5
    assert not [row["t"] for row in texts if "s3cret" in str(row["t"])]


def test_which_texts_of_an_account_are_secret() -> None:
    account = {
        "url": "postgresql://reader:pa55word@db/sales",
        "username": "reader",
        "password": "hunter22",
        "pin": "1234",
        "token": None,
    }
    assert outputs.secret_values(account) == {account["url"], "pa55word", "hunter22"}
    assert outputs.secret_values({"url": "http://[broken"}) == {"http://[broken"}
    assert outputs.secret_values({"value": "redis://:p%40ss%2Fword@cache/0"}) >= {"p%40ss%2Fword", "p@ss/word"}
    hook = "https://hooks.example.org/services/T0001/B0002/abcdefghijklmnopqrstuvwx?key=zyxwvutsrqponmlk"
    assert outputs.secret_values({"value": hook}) == {hook, "abcdefghijklmnopqrstuvwx", "zyxwvutsrqponmlk"}
    nested = {"value": {"key": "-----BEGIN KEY-----\nabc", "pins": [12345, "67890"], "is_on": True}}
    assert outputs.secret_values(nested) == {"-----BEGIN KEY-----\nabc", "12345", "67890"}


async def test_a_version_that_cannot_run_here_is_undeliverable(database: Database, workspace_id: UUID) -> None:
    version = await add_version(database, workspace_id, [node("a")])
    async with database.workspace(workspace_id) as connection:
        broken = await connection.fetchval(
            """insert into agent_versions (workspace_id, id, agent_id, number, content_hash, markdown, spec, flow)
               select workspace_id, gen_random_uuid(), agent_id, 2, 'x', '', '{}',
                      '{"nodes": [{"id": "a", "type": "no.such.kind@1"}]}' from agent_versions where id = $1
               returning id""",
            version.id,
        )
    started = await start(database, version, {})
    async with database.workspace(workspace_id) as connection:
        await connection.execute("update runs set version_id = $1 where id = $2", broken, started.run_id)
    async with working(database) as running:
        run = await ended(database, workspace_id, started.run_id)
        assert (await running.finish(version)).status == "succeeded"
    assert (run.status, run.cause) == ("failed", "undeliverable")
    assert "not installed" in run.failure["message"]


async def test_declared_outputs_and_workspace_variables(database: Database, workspace_id: UUID) -> None:
    async with database.workspace(workspace_id) as connection:
        await connection.execute(
            "insert into workspace_variables (workspace_id, name, value) values ($1, 'city', $2)",
            workspace_id,
            "Berlin",
        )
    version = await add_version(
        database,
        workspace_id,
        [node("a", config={"text": "{{ vars.city }} {{ trigger.kind }} {{ run.version }}"})],
        outputs={"greeting": Output(value="{{ a.text }}")},
    )
    async with working(database) as running:
        run = await running.finish(version)
    assert run.output == {"greeting": "Berlin manual 1"}
