"""Runs taken again, with real workers over a real database: what was done stays done, also when workers die."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest

from plainwork.db import Database, agents
from plainwork.db.audit import SYSTEM
from plainwork.engine import replay
from plainwork.engine.outside import Outside
from plainwork.engine.replay import Again
from plainwork.engine.start import Start, cancel, read, start_many
from plainwork.engine.versions import Versions
from plainwork.errors import Conflict, Invalid, LimitReached, NotFound
from plainwork.settings import Settings
from plainwork.spec.model import Input, Limits
from tests.engine.flows import chain, edge, loop, node
from tests.engine.replaying import FAIL, again, all_runs, audited, in_inbox, new_version, retried
from tests.engine.running import add_version, ended, eventually, in_state, journal_of, working
from tests.engine.test_kill9 import Tally, all_ended, kill9, part_process
from tests.engine.test_recovery import make_due, post
from tests.world import Reply, Seen, Web, running_world


# ── From the step that failed ────────────────────────────────────────────────────────────────────────────────────────
async def test_a_retry_repeats_nothing_that_was_done(
    database: Database, workspace_id: UUID, web: Web, outside: Outside
) -> None:
    web.on("POST", "/first", Reply(json="one"))
    web.on("POST", "/second", Reply(400, json="no"), Reply(json="two"))
    last = node("last", config={"all": "{{ first.body + second.body }}", "run": "{{ run.id }}"})
    nodes = [post("first", web, "/first"), post("second", web, "/second"), last]
    version = await add_version(database, workspace_id, nodes, chain("first", "second", "last"))
    async with working(database, outside) as running:
        failed = await running.finish(version)
        run = await retried(running, failed)
    assert (failed.status, failed.cause, failed.failure["path"]) == ("failed", "step_failed", "second")
    assert (run.status, run.output) == ("succeeded", {"all": "onetwo", "run": str(run.id)})
    assert (run.origin_run_id, run.origin_step, run.version) == (failed.id, "second", 1)
    assert len(web.seen("/first")) == 1
    before, after = (seen.headers["Idempotency-Key"] for seen in web.seen("/second"))
    assert before != after
    journal = await journal_of(database, run)
    assert [(row.seq, row.path, row.status, row.source) for row in journal] == [
        (1, "first", "started", "carried"),
        (2, "first", "succeeded", "carried"),
        (3, "second", "started", "taken"),
        (4, "second", "succeeded", "taken"),
        (5, "last", "succeeded", "taken"),
    ]
    old = await journal_of(database, failed)
    assert [(row.output, row.at, row.took_ms) for row in journal[:2]] == [
        (row.output, row.at, row.took_ms) for row in old[:2]
    ]
    assert run.steps == 5
    assert await in_inbox(database, workspace_id) == set()
    origin = await read(database, workspace_id, failed.id)
    assert (origin.status, origin.cause, origin.resolution) == ("failed", "step_failed", "retried")
    assert origin.resolved_at is not None
    assert await audited(database, workspace_id) == ["run.retried"]


async def test_large_outputs_are_carried_whole_and_copied(database: Database, workspace_id: UUID) -> None:
    nodes = [node("big", config={"text": "{{ inputs.text }}"}), node("n", config={"n": "{{ len(big.text) }}"}), FAIL]
    version = await add_version(
        database, workspace_id, nodes, chain("big", "n", "stop"), inputs={"text": Input(type="text")}
    )
    async with working(database) as running:
        failed = await running.finish(version, {"text": "x" * 400_000})
        run = await retried(running, failed, Again(start="n"))
    assert run.status == "failed"
    big, n, _ = await journal_of(database, run)
    assert (len(big.output["text"]), big.source, n.output, n.source) == (400_000, "carried", {"n": 400_000}, "taken")
    async with database.workspace(workspace_id) as connection:
        owners = await connection.fetch("select run_id from blobs where run_id = any ($1)", [failed.id, run.id])
    assert {row["run_id"] for row in owners} == {failed.id, run.id}


async def test_a_loop_goes_on_with_the_item_that_failed(
    database: Database, workspace_id: UUID, web: Web, outside: Outside
) -> None:
    web.on("POST", "/2", Reply(400), Reply(json=2))
    web.on("POST", "*", lambda seen: Reply(json=int(seen.path[1:])))
    act = node("act", "http", config={"url": web.url + "/{{ item }}", "method": "POST"})
    each = loop("each", "foreach", [act], items="{{ range(4) }}")
    total = node("total", config={"n": "{{ [r.body for r in each.results] }}"})
    version = await add_version(database, workspace_id, [each, total], chain("each", "total"))
    async with working(database, outside) as running:
        failed = await running.finish(version)
        run = await retried(running, failed)
    assert (run.origin_step, run.output) == ("each[2].act", {"n": [0, 1, 2, 3]})
    assert [len(web.seen(f"/{i}")) for i in range(4)] == [1, 1, 2, 1]


async def test_a_retry_with_other_outputs(database: Database, workspace_id: UUID) -> None:
    nodes = [node("a", config={"n": 1}), node("b", config={"n": "{{ a.n + 1 }}"}), FAIL]
    after = node("after", config={"n": "{{ [a.n, b.n, stop] }}"})
    version = await add_version(database, workspace_id, [*nodes, after], chain("a", "b", "stop", "after"))
    async with working(database) as running:
        failed = await running.finish(version)
        run = await retried(running, failed, Again(outputs={"a": {"n": 10}, "stop": "fine"}))
        from_b = await retried(running, failed, Again(start="b", outputs={"a": {"n": 10}, "stop": "fine"}))
    assert run.output == {"n": [10, 2, "fine"]}
    assert from_b.output == {"n": [10, 11, "fine"]}
    sources = [(row.path, row.source) for row in await journal_of(database, run)]
    assert sources == [("b", "carried"), ("a", "given"), ("stop", "given"), ("after", "taken")]


async def test_what_a_classifier_is_said_to_have_given_decides_the_route(
    database: Database, workspace_id: UUID
) -> None:
    ask = node("ask", "llm.classify", config={"text": "x", "labels": ["yes", "no"]}, model="gone:model")
    nodes = [ask, node("yes", config={"y": 1}), node("no", config={"n": 1})]
    edges = [edge("ask", "yes", case="yes"), edge("ask", "no", case="no")]
    version = await add_version(database, workspace_id, nodes, edges)
    async with working(database) as running:
        failed = await running.finish(version)
        run = await retried(running, failed, Again(outputs={"ask": {"label": "no"}}))
    assert (failed.failure["path"], run.output) == ("ask", {"n": 1})


async def test_a_retry_of_the_mended_version(database: Database, workspace_id: UUID) -> None:
    first = node("a", config={"id": "{{ run.id }}"})
    version = await add_version(database, workspace_id, [first, node("b", "fail")], chain("a", "b"))
    async with working(database) as running:
        failed = await running.finish(version)
        mended = await new_version(database, version, first, node("b", config={"of": "{{ a.id }}"}))
        run = await retried(running, failed, Again(version="live"))
        other = await new_version(database, version, node("a", config={"id": "x"}), node("b"), live=False)
        with pytest.raises(Conflict, match="What a gave would be carried over, but version 3 has another a"):
            await again(database, run, Again(version=other.number, start="b"))
    assert (run.version, run.output) == (mended.number, {"of": str(failed.id)})


async def test_what_cannot_be_retried(database: Database, workspace_id: UUID) -> None:
    version = await add_version(
        database, workspace_id, [node("a"), FAIL, node("z")], chain("a", "stop", "z"), limits=Limits(runs_per_day=2)
    )
    sleeper = await add_version(database, workspace_id, [node("w", "wait", config={"for": "1h"})])
    async with working(database) as running:
        failed = await running.finish(version)
        asleep = await running.start(sleeper)
        waiting = await in_state(database, workspace_id, asleep.run_id, "waiting")
        for how, error, said in (
            (Again(start="gone"), Invalid, "no step at gone"),
            (Again(start="z"), Conflict, "never came to z"),
            (Again(version=7), NotFound, "no version 7"),
            (Again(outputs={"a[1].b": 1}), Invalid, "no step at a"),
        ):
            with pytest.raises(error, match=said):
                await again(database, failed, how)
        with pytest.raises(Conflict, match="still going"):
            await again(database, waiting)
        assert len(await all_runs(database, workspace_id)) == 2, "what was refused left nothing behind"
        assert await in_inbox(database, workspace_id) == {failed.id}
        second = await retried(running, failed)
        with pytest.raises(LimitReached, match="2 times"):
            await again(database, second)
        async with database.workspace(workspace_id) as connection:
            await agents.set_live(connection, sleeper.agent_id, None)
        await cancel(database, workspace_id, waiting.id)
        with pytest.raises(Conflict, match="no live version"):
            await again(database, waiting, Again(version="live"))


async def test_a_run_that_was_stopped_goes_on_where_it_was(
    database: Database, workspace_id: UUID, web: Web, outside: Outside
) -> None:
    """Also in a step that may have acted: only when somebody says so."""
    web.on("POST", "/a", Reply(json="a"))
    web.on("POST", "/b", Reply(json="b", delay_s=30), Reply(json="b"))
    nodes = [post("a", web, "/a"), post("b", web, "/b", effect="once")]
    version = await add_version(database, workspace_id, nodes, chain("a", "b"))
    async with working(database, outside) as running:
        started = await running.start(version)
        await eventually(lambda: web.seen("/b"))
        await cancel(database, workspace_id, started.run_id)
        stopped = await ended(database, workspace_id, started.run_id)
        await eventually(lambda: not running.worker.active)
        with pytest.raises(Conflict, match="not known whether b has acted"):
            await again(database, stopped)
        run = await retried(running, stopped, Again(start="b"))
    assert run.status == "succeeded"
    assert (len(web.seen("/a")), len(web.seen("/b"))) == (1, 2)


async def test_the_same_key_retries_once(database: Database, workspace_id: UUID) -> None:
    version = await add_version(database, workspace_id, [FAIL])
    async with working(database) as running:
        failed = await running.finish(version)
    many = await asyncio.gather(*(again(database, failed, key="k") for _ in range(5)))
    assert len({one.run_id for one in many}) == 1
    assert sorted(one.is_new for one in many) == [False] * 4 + [True]


async def test_a_retried_run_has_a_budget_of_its_own(database: Database, workspace_id: UUID) -> None:
    nodes = [node(f"s{i}") for i in range(4)]
    ids = [one.id for one in nodes]
    version = await add_version(database, workspace_id, nodes, chain(*ids), limits=Limits(steps_per_run=3))
    async with working(database) as running:
        stopped = await running.finish(version)
        run = await retried(running, stopped)
    assert (stopped.cause, run.status) == ("budget_exceeded", "succeeded")
    assert [row.source for row in await journal_of(database, run)] == ["carried"] * 3 + ["taken"]


# ── From the start ───────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_replay_takes_every_step_anew(database: Database, workspace_id: UUID) -> None:
    declared = {"n": Input(type="number")}
    version = await add_version(
        database, workspace_id, [node("a", config={"n": "{{ inputs.n }}", "by": "{{ trigger.kind }}"})], inputs=declared
    )
    versions = Versions(database)
    async with working(database) as running:
        first = await running.finish(version, {"n": 1}, trigger={"kind": "webhook", "body": {"id": 7}})
        found = []
        for which, inputs in (("same", None), ("live", {"n": 2})):
            async with database.workspace(workspace_id) as connection:
                started = await replay.replay(connection, versions, first.id, which, inputs, SYSTEM)  # type: ignore[arg-type]
            await running.bell.ring([started.run_id])
            found.append(await ended(database, workspace_id, started.run_id))
        async with database.workspace(workspace_id) as connection:
            with pytest.raises(Invalid, match="n should be a number"):
                await replay.replay(connection, versions, first.id, "same", {"n": "many"}, SYSTEM)
    assert [run.output for run in found] == [{"n": 1, "by": "webhook"}, {"n": 2, "by": "webhook"}]
    assert {(run.origin_run_id, run.origin_step) for run in found} == {(first.id, None)}
    assert {row.source for run in found for row in await journal_of(database, run)} == {"taken"}
    assert await audited(database, workspace_id) == ["run.replayed"] * 2


# ── Workers that die ─────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_retried_run_goes_on_after_its_worker_dies(
    database: Database, workspace_id: UUID, web: Web, outside: Outside
) -> None:
    web.on("POST", "/1", Reply(json=1))
    web.on("POST", "/2", Reply(400), Reply(json=2))
    web.on("POST", "/3", Reply(json=3, delay_s=30), Reply(json=3))
    nodes = [post(f"s{i}", web, f"/{i}") for i in (1, 2, 3)]
    version = await add_version(database, workspace_id, nodes, chain("s1", "s2", "s3"))
    async with working(database, outside) as one:
        failed = await one.finish(version)
        started = await again(database, failed)
        await one.bell.ring([started.run_id])
        await eventually(lambda: web.seen("/3"))
        await one.die()
    await make_due(database, workspace_id)
    async with working(database, outside):
        run = await ended(database, workspace_id, started.run_id)
    assert run.status == "succeeded"
    assert [len(web.seen(f"/{i}")) for i in (1, 2, 3)] == [1, 2, 2]
    assert len({seen.headers["Idempotency-Key"] for seen in web.seen("/3")}) == 1
    journal = await journal_of(database, run)
    assert [row.source for row in journal if row.path == "s1"] == ["carried"] * 2
    assert {row.source for row in journal if row.path != "s1"} == {"taken"}


async def test_retried_runs_survive_a_killed_worker_process(
    database: Database, workspace_id: UUID, settings: Settings, tmp_path: Path
) -> None:
    """60 runs fail at their second act; all are retried, and the worker is killed with -9 in the middle of that."""
    count = 60
    with running_world() as world:
        is_mended = False

        def second(seen: Seen) -> Reply:
            return tally._answer(seen) if is_mended else Reply(400)

        tally = Tally(world, delay_s=0.3)
        world.web.on("POST", "/second", second)
        nodes = [
            node(id, "http", config={"url": f"{world.web.url}/{id}", "method": "POST"}) for id in ("first", "second")
        ]
        version = await add_version(database, workspace_id, [*nodes, node("z")], chain("first", "second", "z"))
        started = await start_many(database, version, [Start({}) for _ in range(count)])
        with part_process(settings, world, tmp_path) as worker:
            await eventually(lambda: all_ended(database, workspace_id), 60)
            failed = [await read(database, workspace_id, one.run_id) for one in started]
            assert {run.cause for run in failed} == {"step_failed"}
            is_mended = True
            seconds = partial(_count, tally, "/second")
            retrying = asyncio.gather(*(again(database, run) for run in failed))
            await eventually(lambda: seconds() >= count // 3, 60)
            kill9(worker)
            retries = await retrying
        with part_process(settings, world, tmp_path):
            await eventually(lambda: all_ended(database, workspace_id), 60)
        ends = [await read(database, workspace_id, one.run_id) for one in retries]
        assert {run.status for run in ends} == {"succeeded"}
        assert len([key for key in tally.at if key[0] == "/first"]) == count
        assert all(len(at) == 1 for (path, _), at in tally.at.items() if path == "/first")
        assert len([key for key in tally.at if key[0] == "/second"]) == count
        assert seconds() > count, "nothing was in flight when the worker was killed"
    assert await in_inbox(database, workspace_id) == set()


def _count(tally: Tally, path: str) -> int:
    return sum(len(times) for (at, _), times in tally.at.items() if at == path)
