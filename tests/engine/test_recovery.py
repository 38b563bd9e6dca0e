"""What happens to runs whose worker is lost: takeover, fencing, effects in doubt, crash loops, the sweeper."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any
from uuid import UUID

import pytest

from plainwork.db import Database, queue
from plainwork.engine import execution
from plainwork.engine.events import Event
from plainwork.engine.outside import Outside
from plainwork.engine.start import read, run_here, start
from plainwork.engine.versions import Versions
from plainwork.engine.worker import Worker
from plainwork.errors import Invalid
from plainwork.queue.postgres import PostgresQueue
from plainwork.spec.flow import Node
from plainwork.spec.model import Input, Limits, Retry
from tests.engine.flows import chain, loop, node
from tests.engine.running import add_version, ended, eventually, in_state, journal_of, working
from tests.world import Reply, Seen, Web


def post(id: str, web: Web, path: str, **fields: Any) -> Node:
    return node(id, "http", config={"url": web.url + path, "method": "POST", "json": {"id": id}}, **fields)


async def make_due(database: Database, workspace_id: UUID) -> None:
    """The leases of all runs end now."""
    async with database.workspace(workspace_id) as connection:
        await connection.execute("update queue set due_at = now() where due_at < 'infinity'")


async def test_another_worker_goes_on_and_takes_no_journaled_step_again(
    database: Database, workspace_id: UUID, web: Web, outside: Outside
) -> None:
    web.on("POST", "/first", Reply(json="one"))
    web.on("POST", "/second", Reply(json="never", delay_s=30), Reply(json="two"))
    nodes = [
        post("first", web, "/first"),
        post("second", web, "/second"),
        node("last", config={"all": "{{ first.body + second.body }}"}),
    ]
    version = await add_version(database, workspace_id, nodes, chain("first", "second", "last"))
    async with working(database, outside) as one:
        started = await one.start(version)
        await eventually(lambda: web.seen("/second"))
        await one.die()
    await make_due(database, workspace_id)
    async with working(database, outside):
        run = await ended(database, workspace_id, started.run_id)
    assert (run.status, run.output) == ("succeeded", {"all": "onetwo"})
    assert len(web.seen("/first")) == 1
    keys = [seen.headers["Idempotency-Key"] for seen in web.seen("/second")]
    assert len(keys) == 2
    assert keys[0] == keys[1] != web.seen("/first")[0].headers["Idempotency-Key"]
    journal = await journal_of(database, run)
    assert [(row.path, row.status) for row in journal] == [
        ("first", "started"),
        ("first", "succeeded"),
        ("second", "started"),
        ("second", "succeeded"),
        ("last", "succeeded"),
    ]
    async with database.workspace(workspace_id) as connection:
        effects = await connection.fetch("select path, idempotency_key, result from effects order by intended_at")
    assert [(e["path"], e["idempotency_key"], e["result"]) for e in effects] == [
        ("first", web.seen("/first")[0].headers["Idempotency-Key"], "succeeded"),
        ("second", keys[0], "succeeded"),
    ]


async def test_an_intent_is_durable_before_the_act(
    database: Database, workspace_id: UUID, web: Web, outside: Outside
) -> None:
    """While the journal cannot commit, steps that only look go on, and steps that act do not begin."""
    seen_rows: list[list[tuple[str, str]]] = []

    async def look(_: object) -> Reply:
        async with database.workspace(workspace_id) as connection:
            rows = await connection.fetch("select path, status from steps order by seq")
        seen_rows.append([tuple(row) for row in rows])
        return Reply(json="ok")

    web.on("GET", "/read", Reply(json="ok", delay_s=0.2))
    web.on("POST", "/act", look)
    read_ = node("read", "http", config={"url": web.url + "/read"})
    version = await add_version(database, workspace_id, [read_, post("act", web, "/act")], chain("read", "act"))
    async with working(database, outside) as running:
        started = await running.start(version)
        await eventually(lambda: web.seen("/read"))
        await in_state(database, workspace_id, started.run_id, "running")
        async with database.workspace(workspace_id) as connection:
            await connection.execute("select from queue for update")
            await asyncio.sleep(0.6)
            assert web.seen("/act") == []
        assert (await ended(database, workspace_id, started.run_id)).status == "succeeded"
    assert seen_rows == [[("read", "succeeded"), ("act", "started")]]


async def test_a_once_step_in_doubt_is_put_to_a_person(
    database: Database, workspace_id: UUID, web: Web, outside: Outside
) -> None:
    web.on("POST", "*", Reply(json="sent", delay_s=30), Reply(json="sent"))
    asks = await add_version(database, workspace_id, [post("mail", web, "/asks", effect="once")])
    skips = await add_version(database, workspace_id, [post("mail", web, "/skips", effect="once", on_uncertain="skip")])
    repeats = await add_version(
        database, workspace_id, [post("mail", web, "/repeats", effect="once", on_uncertain="repeat")]
    )
    for path in ("/asks", "/skips", "/repeats"):
        web.on("POST", path, Reply(json="sent", delay_s=30), Reply(json="sent"))
    async with working(database, outside) as one:
        started = [await one.start(version) for version in (asks, skips, repeats)]
        await eventually(lambda: len(web.requests) == 3)
        await one.die()
    await make_due(database, workspace_id)
    async with working(database, outside):
        asked = await in_state(database, workspace_id, started[0].run_id, "waiting")
        skipped, repeated = [await ended(database, workspace_id, one.run_id) for one in started[1:]]
    assert (asked.cause, asked.ask, asked.wake_at) == ("effect_uncertain", "mail", None)
    assert (skipped.status, repeated.status) == ("succeeded", "succeeded")
    assert [len(web.seen(path)) for path in ("/asks", "/skips", "/repeats")] == [1, 1, 2]


async def test_a_once_call_that_broke_off_is_not_repeated(
    database: Database, workspace_id: UUID, web: Web, outside: Outside
) -> None:
    web.on("POST", "/once", Reply(json="sent", drop=0))
    web.on("POST", "/keyed", Reply(json="sent", drop=0), Reply(json="sent"))
    again = Retry(times=3, wait="10ms")
    once = await add_version(database, workspace_id, [post("mail", web, "/once", effect="once", retry=again)])
    keyed = await add_version(database, workspace_id, [post("mail", web, "/keyed", retry=again)])
    async with working(database, outside) as running:
        assert (await running.finish(keyed)).status == "succeeded"
        started = await running.start(once)
        asked = await in_state(database, workspace_id, started.run_id, "waiting")
    assert asked.cause == "effect_uncertain"
    assert (len(web.seen("/once")), len(web.seen("/keyed"))) == (1, 2)


async def test_a_lost_lease_writes_nothing_more(
    database: Database, workspace_id: UUID, web: Web, outside: Outside
) -> None:
    gate = asyncio.Event()

    async def held(_: object) -> Reply:
        await gate.wait()
        return Reply(json="late")

    web.on("GET", "/held", held)
    nodes = [node("a", "http", config={"url": web.url + "/held"}), node("b", config={"n": 1})]
    version = await add_version(database, workspace_id, nodes, chain("a", "b"))
    async with working(database, outside) as one:
        started = await one.start(version)
        await eventually(lambda: web.requests)
        await in_state(database, workspace_id, started.run_id, "running")
        await make_due(database, workspace_id)
        taken = await eventually(lambda: queue.claim(database, 5, None, 30.0))
        assert [(claim.run_id, claim.epoch) for claim in taken] == [(started.run_id, 2)]
        gate.set()
        await eventually(lambda: not one.worker.active)
    run = await read(database, workspace_id, started.run_id)
    assert run.status == "running"
    assert await journal_of(database, run) == []


async def test_renewal_keeps_a_run_and_notices_a_loss(
    database: Database, workspace_id: UUID, web: Web, outside: Outside
) -> None:
    web.on("GET", "/slow", Reply(json=1, delay_s=1.6))
    web.on("GET", "/never", Reply(json=1, delay_s=30))
    slow = await add_version(database, workspace_id, [node("a", "http", config={"url": web.url + "/slow"})])
    never = await add_version(database, workspace_id, [node("a", "http", config={"url": web.url + "/never"})])
    async with working(database, outside, lease_s=0.9) as running:
        run = await running.finish(slow)
        started = await running.start(never)
        await in_state(database, workspace_id, started.run_id, "running")
        async with database.workspace(workspace_id) as connection:
            await connection.execute("update queue set epoch = epoch + 1, due_at = now() + interval '1 hour'")
        await eventually(lambda: not running.worker.active)
    assert run.status == "succeeded"
    assert len(web.seen("/slow")) == 1


async def test_a_dead_workers_leases_are_given_back_at_once(database: Database, workspace_id: UUID) -> None:
    version = await add_version(database, workspace_id, [node("a")])
    started = await start(database, version, {})
    session = await database.dedicated()
    number = await queue.register(session, "doomed")
    assert len(await queue.claim(database, 5, number, 3600.0)) == 1
    assert (await queue.sweep(database, 30.0)).given_back == 0
    session.terminate()
    swept = await eventually(lambda: _swept(database))
    assert swept.given_back == 1
    again = await queue.claim(database, 5, None, 30.0)
    assert [(claim.run_id, claim.epoch, claim.claims) for claim in again] == [(started.run_id, 2, 2)]


async def _swept(database: Database) -> queue.Swept | None:
    swept = await queue.sweep(database, 30.0)
    return swept if swept.given_back else None


async def test_the_sweeper_ends_overdue_runs_that_no_worker_has(database: Database, workspace_id: UUID) -> None:
    version = await add_version(database, workspace_id, [node("a")], limits=Limits(time_per_run="1s"))
    plain = await add_version(database, workspace_id, [node("a")])
    late = await start(database, version, {})
    other = await start(database, plain, {})
    assert (await queue.sweep(database, 0.0)).timed_out == 0
    async with database.workspace(workspace_id) as connection:
        await connection.execute("update queue set deadline_at = now() - interval '10 s' where deadline_at is not null")
    assert (await queue.sweep(database, 60.0)).timed_out == 0
    assert (await queue.sweep(database, 5.0)).timed_out == 1
    run = await read(database, workspace_id, late.run_id)
    assert (run.status, run.cause, run.failure["kind"]) == ("failed", "timed_out", "timeout")
    assert (await read(database, workspace_id, other.run_id)).status == "queued"


async def test_a_run_that_kills_its_workers_ends_in_the_inbox(database: Database, workspace_id: UUID) -> None:
    version = await add_version(database, workspace_id, [node("a")])
    poison, innocent = await start(database, version, {}), await start(database, version, {})
    for _ in range(2):
        assert len(await queue.claim(database, 5, None, 0.0)) == 2
    alone = await queue.claim(database, 5, None, 0.0)  # after two losses they are handed out one by one
    assert len(alone) == 1
    assert await queue.claim(database, 5, None, 3600.0, suspects=0) == []
    async with database.workspace(workspace_id) as connection:
        await connection.execute("update queue set claims = 3 where run_id = $1", poison.run_id)
        await connection.execute("update queue set claims = 2 where run_id = $1", innocent.run_id)
    async with working(database):
        ends = [await ended(database, workspace_id, one.run_id) for one in (poison, innocent)]
    assert [(run.status, run.cause) for run in ends] == [("failed", "crash_loop"), ("succeeded", None)]
    assert "3 workers were lost" in ends[0].failure["message"]


async def test_progress_clears_suspicion(database: Database, workspace_id: UUID, web: Web, outside: Outside) -> None:
    web.on("GET", "/slow", Reply(json=1, delay_s=30))
    nodes = [node("a"), node("b", "http", config={"url": web.url + "/slow"})]
    version = await add_version(database, workspace_id, nodes, chain("a", "b"))
    stuck = await add_version(database, workspace_id, nodes[1:])
    moved, unmoved = await start(database, version, {}), await start(database, stuck, {})
    async with working(database, outside) as running:
        await in_state(database, workspace_id, moved.run_id, "running")
        await in_state(database, workspace_id, unmoved.run_id, "running")
        async with database.workspace(workspace_id) as connection:
            rows = await connection.fetch("select run_id, claims from queue")
        await running.die()
    assert {row["run_id"]: row["claims"] for row in rows} == {moved.run_id: 0, unmoved.run_id: 1}


async def test_an_orderly_stop_gives_runs_back_without_doubt(
    database: Database, workspace_id: UUID, web: Web, outside: Outside
) -> None:
    web.on("GET", "/slow", Reply(json=1, delay_s=30), Reply(json=1))
    web.on("POST", "/mail", Reply(json="sent", delay_s=0.5))
    reads = await add_version(database, workspace_id, [node("a", "http", config={"url": web.url + "/slow"})])
    mails = await add_version(
        database, workspace_id, [post("mail", web, "/mail", effect="once"), node("after")], chain("mail", "after")
    )
    async with working(database, outside) as one:
        started = [await one.start(version) for version in (reads, mails)]
        await eventually(lambda: len(web.requests) == 2)
    states = [(await read(database, workspace_id, run.run_id)).status for run in started]
    assert states == ["queued", "queued"]
    async with working(database, outside):
        ends = [await ended(database, workspace_id, run.run_id) for run in started]
    assert [run.status for run in ends] == ["succeeded", "succeeded"]
    assert (len(web.seen("/slow")), len(web.seen("/mail"))) == (2, 1)


async def test_a_loop_resumes_in_the_middle(database: Database, workspace_id: UUID, web: Web, outside: Outside) -> None:
    web.on("POST", "/3", Reply(json=3, delay_s=30), Reply(json=3))
    web.on("POST", "*", lambda seen: Reply(json=int(seen.path[1:])))
    fetch = node("fetch", "http", config={"url": web.url + "/{{ item }}", "method": "POST"})
    each = loop("each", "foreach", [fetch], items="{{ range(6) }}")
    total = node("total", config={"n": "{{ len(each.results) }}"})
    version = await add_version(database, workspace_id, [each, total], chain("each", "total"))
    async with working(database, outside) as one:
        started = await one.start(version)
        await eventually(lambda: web.seen("/3"))
        await one.die()
    await make_due(database, workspace_id)
    async with working(database, outside):
        run = await ended(database, workspace_id, started.run_id)
    assert run.output == {"n": 6}
    assert [len(web.seen(f"/{i}")) for i in range(6)] == [1, 1, 1, 2, 1, 1]
    assert [row.seq for row in await journal_of(database, run)] == list(range(1, run.steps + 1))


async def test_two_workers_share_and_never_double(
    database: Database, workspace_id: UUID, web: Web, outside: Outside
) -> None:
    both_at_work = asyncio.Event()

    async def answer(_: Seen) -> Reply:
        await both_at_work.wait()  # or one of them might be done with everything before the other looks
        return Reply(json="ok")

    web.on("POST", "*", answer)
    act = node("act", "http", config={"url": web.url + "/{{ run.id }}", "method": "POST"})
    version = await add_version(database, workspace_id, [node("a"), act], chain("a", "act"))
    async with working(database, outside, concurrency=5) as one, working(database, outside, concurrency=5) as two:
        started = [await one.start(version) for _ in range(100)]
        await eventually(lambda: [len(running.worker.active) for running in (one, two)] == [5, 5])
        both_at_work.set()
        ends = [await ended(database, workspace_id, run.run_id) for run in started]
    assert {run.status for run in ends} == {"succeeded"}
    assert sorted(seen.path for seen in web.requests) == sorted(f"/{run.run_id}" for run in started)


async def test_run_here_tells_each_event_and_ends(
    database: Database, workspace_id: UUID, web: Web, outside: Outside
) -> None:
    web.on("GET", "/a", Reply(json=7, delay_s=0.1))
    nodes = [node("a", "http", config={"url": web.url + "/a"}), node("b", config={"n": "{{ a.body }}"})]
    version = await add_version(database, workspace_id, nodes, chain("a", "b"))
    bell = await PostgresQueue.open(database)
    events: list[Event] = []
    run = await run_here(database, version, {}, outside, bell=bell, on_event=events.append)
    await bell.close()
    assert (run.status, run.output) == ("succeeded", {"n": 7})
    journaled = [(e.path, e.status, e.seq) for e in events if e.type == "step" and e.seq]
    assert journaled == [("a", "succeeded", 1), ("b", "succeeded", 2)]
    assert ("a", "running", 0) in [(e.path, e.status, e.seq) for e in events]
    assert [e.status for e in events if e.type == "run"][-1] == "succeeded"
    assert events[-1].output == {"n": 7}


async def test_run_here_keeps_its_run_from_other_workers(
    database: Database, workspace_id: UUID, web: Web, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server at work on the same database has other settings: from the first step to the last, across waits that are
    long enough to be given back, the run is not taken by it."""
    monkeypatch.setattr(execution, "HOLD_S", 0.05)
    web.on("GET", "/a", Reply(json=1))
    nodes = [
        node("a", "http", config={"url": web.url + "/a"}),
        node("w", "wait", config={"for": "1300ms"}),
        node("b", "http", config={"url": web.url + "/a"}),
    ]
    version = await add_version(database, workspace_id, nodes, chain("a", "w", "b"))
    bell = await PostgresQueue.open(database)
    async with working(database, Outside()):  # it may reach nothing
        many = [run_here(database, version, {}, outside, bell=bell) for _ in range(8)]
        ends = await asyncio.gather(*many)
    await bell.close()
    assert [run.failure for run in ends] == [None] * 8
    assert {run.status for run in ends} == {"succeeded"}


async def test_run_here_says_what_is_wrong_with_the_inputs(
    database: Database, workspace_id: UUID, outside: Outside
) -> None:
    declared = {"n": Input(type="number")}
    version = await add_version(database, workspace_id, [node("a")], inputs=declared)
    bell = await PostgresQueue.open(database)
    with pytest.raises(Invalid, match="n should be a number"):
        await run_here(database, version, {"n": "many"}, outside, bell=bell)
    await bell.close()
    async with database.workspace(workspace_id) as connection:
        assert await connection.fetchval("select count(*) from runs") == 0


async def test_run_here_gives_the_run_back_when_it_is_stopped(
    database: Database, workspace_id: UUID, web: Web, outside: Outside
) -> None:
    web.on("GET", "/a", Reply(json=1, delay_s=30), Reply(json=1))
    version = await add_version(database, workspace_id, [node("a", "http", config={"url": web.url + "/a"})])
    bell = await PostgresQueue.open(database)
    before = asyncio.all_tasks()
    here = asyncio.create_task(run_here(database, version, {}, outside, bell=bell))
    await eventually(lambda: web.requests)
    here.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await here
    left = [task for task in asyncio.all_tasks() - before if "async_generator" in repr(task)]
    assert not left, "nobody follows the run any more, on a connection that is soon closed"
    async with database.workspace(workspace_id) as connection:
        run_id = await connection.fetchval("select id from runs")
    assert (await read(database, workspace_id, run_id)).status == "queued"
    async with working(database, outside):
        assert (await ended(database, workspace_id, run_id)).status == "succeeded"
    await bell.close()


async def test_a_bug_in_one_run_ends_that_run_only(
    database: Database, workspace_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planner broke for one run: it is failed with a message for the operator, the worker goes on."""
    bad = await add_version(database, workspace_id, [node("a")])
    good = await add_version(database, workspace_id, [node("a")])
    take = execution.Execution._take_tasks

    def broken(self: execution.Execution, plan: object) -> bool:
        if self.version.id == bad.id:
            raise ZeroDivisionError("division by zero")
        return take(self, plan)  # type: ignore[arg-type,return-value]

    monkeypatch.setattr(execution.Execution, "_take_tasks", broken)
    async with working(database) as running:
        failed, fine = await running.finish(bad), await running.finish(good)
    assert (failed.status, failed.failure["kind"]) == ("failed", "rejected")
    assert "ZeroDivisionError" in failed.failure["message"]
    assert fine.status == "succeeded"


async def test_stop_can_be_called_before_anything_began(database: Database) -> None:
    bell = await PostgresQueue.open(database)
    worker = Worker(database, bell, versions=Versions(database))
    worker.stop()
    async with asyncio.timeout(10):
        await worker.run()
    await bell.close()
