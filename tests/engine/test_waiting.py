"""Runs that wait for people, other systems and other agents."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from plainwork.db import Database, agents, new_id, runs, waits
from plainwork.db import queue as entries
from plainwork.db.runs import Run
from plainwork.db.waits import Child, Wait
from plainwork.engine.outside import Outside
from plainwork.engine.start import cancel
from plainwork.engine.versions import Version
from plainwork.engine.waiting import token_hash
from plainwork.spec.model import Limits
from tests.conftest import add_workspace
from tests.engine.flows import chain, edge, node
from tests.engine.running import add_version, ended, eventually, in_state, journal_of, working
from tests.world import Reply, Web

ASK = node("ask", "approval", config={"title": "Pay?", "show": "{{ first }}"})


@dataclass
class Stage:
    database: Database
    workspace_id: UUID

    async def version(self, *nodes: Any, edges: Any = None, **fields: Any) -> Version:
        links = chain(*(one.id for one in nodes)) if edges is None else edges
        return await add_version(self.database, self.workspace_id, nodes, links, **fields)

    async def open(self, run_id: UUID) -> list[Wait]:
        async with self.database.workspace(self.workspace_id) as connection:
            return await waits.open_of(connection, run_id)

    async def wait(self, run_id: UUID) -> Wait:
        """What the run waits for, once it does."""
        found = await eventually(lambda: self.open(run_id))
        one: Wait = found[0]
        return one

    async def decide(self, wait: Wait, decision: str = "approved") -> bool:
        output = b'{"decision": "%s", "by": "a@example.org", "at": "2026-01-01T00:00:00Z", "comment": ""}'
        async with self.database.workspace(self.workspace_id) as connection:
            by = new_id()
            return await waits.answer(connection, self.workspace_id, wait, decision, output % decision.encode(), by)

    async def status(self, run_id: UUID, status: str) -> Run:
        return await in_state(self.database, self.workspace_id, run_id, status)

    async def ended(self, run_id: UUID) -> Run:
        return await ended(self.database, self.workspace_id, run_id)

    async def children(self, run_id: UUID) -> list[Child]:
        async with self.database.workspace(self.workspace_id) as connection:
            return await waits.children(connection, run_id)

    async def slug(self, version: Version) -> str:
        async with self.database.workspace(self.workspace_id) as connection:
            return (await agents.get(connection, version.agent_id)).slug

    async def unsettled(self) -> int:
        async with self.database.workspace(self.workspace_id) as connection:
            count: int = await connection.fetchval(
                "select count(*) from waits where closed_at is not null and not is_settled"
            )
            return count


@pytest.fixture
async def stage(database: Database) -> Stage:
    return Stage(database, await add_workspace(database))


def routed(on_timeout: str | None = None) -> list[Any]:
    found = [edge("first", "ask"), edge("ask", "yes", case="approved"), edge("ask", "no", case="rejected")]
    return [*found, edge("ask", on_timeout, on="timeout")] if on_timeout else found


FIRST = node("first", config={"amount": 1200})
YES, NO = node("yes", config={"went": "yes"}), node("no", config={"went": "no"})


# ── Approvals ────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(("decision", "way"), [("approved", "yes"), ("rejected", "no")])
async def test_a_decision_leads_on(stage: Stage, decision: str, way: str) -> None:
    version = await stage.version(FIRST, ASK, YES, NO, edges=routed())
    async with working(stage.database) as running:
        started = await running.start(version)
        run = await stage.status(started.run_id, "waiting")
        wait = await stage.wait(run.id)
        assert (wait.kind, wait.path, wait.asked["title"], wait.asked["show"]) == (
            "approval",
            "ask",
            "Pay?",
            {"amount": 1200},
        )
        assert not running.worker.active
        assert await stage.decide(wait, decision)
        assert (await stage.ended(run.id)).output == {"went": way}
        assert not await stage.decide(wait, decision)
    rows = await journal_of(stage.database, run)
    assert [(row.path, row.status, row.source) for row in rows if row.path == "ask"] == [
        ("ask", "waiting", "taken"),
        ("ask", "succeeded", "given"),
    ]
    assert await stage.unsettled() == 0


async def test_what_a_later_step_is_about_to_do_is_shown_as_it_will_be_done(
    stage: Stage, web: Web, outside: Outside
) -> None:
    """Also when the worker that asked has died: what was shown and what is sent are the same."""
    web.on("POST", "/pay", Reply(json={}))
    ask = node("ask", "approval", config={"title": "Pay?", "show": "As ordered", "before": "pay"})
    body = {"amount": "{{ first.amount * 2 }}", "to": "{{ first.to }}"}
    pay = node("pay", "http", config={"url": web.url + "/pay", "method": "POST", "body": body})
    edges = [edge("first", "ask"), edge("ask", "pay", case="approved"), edge("ask", "no", case="rejected")]
    first = node("first", config={"amount": 1200, "to": "ACME"})
    version = await stage.version(first, ask, pay, NO, edges=edges)
    async with working(stage.database, outside) as running:
        started = await running.start(version)
        wait = await stage.wait(started.run_id)
        await stage.status(started.run_id, "waiting")
        await running.die()
    shown = wait.asked["show"]
    assert (shown["about"], shown["step"], shown["uses"]) == ("As ordered", "Pay", "http")
    assert shown["with"]["body"] == {"amount": 2400, "to": "ACME"}
    assert await stage.decide(wait)
    async with working(stage.database, outside):
        assert (await stage.ended(started.run_id)).status == "succeeded"
    (sent,) = web.seen("/pay")
    assert json.loads(sent.body) == shown["with"]["body"]


async def test_a_decision_survives_the_death_of_every_worker(stage: Stage) -> None:
    version = await stage.version(FIRST, ASK, YES, NO, edges=routed())
    async with working(stage.database) as running:
        started = await running.start(version)
        wait = await stage.wait(started.run_id)
        await stage.status(started.run_id, "waiting")
        await running.die()
    assert await stage.decide(wait)
    async with working(stage.database):
        assert (await stage.ended(started.run_id)).output == {"went": "yes"}


async def test_what_nobody_decides_in_time_is_out_of_time(stage: Stage) -> None:
    ask = node("ask", "approval", config={"title": "Pay?"}, timeout="0.3s")
    version = await stage.version(FIRST, ask, YES, NO, node("late"), edges=routed("late"))
    async with working(stage.database) as running:
        run = await running.finish(version)
    assert run.status == "succeeded"
    rows = await journal_of(stage.database, run)
    assert [row.failure["kind"] for row in rows if row.status == "failed"] == ["timeout"]
    assert not await stage.open(run.id)
    assert not [row for row in rows if row.path in ("yes", "no") and row.attempt]


async def test_a_decision_reaches_a_run_that_has_other_things_to_do(stage: Stage, web: Web, outside: Outside) -> None:
    web.on("GET", "/slow", Reply(delay_s=30))
    other = node("other", "http", config={"url": f"{web.url}/slow"})
    version = await stage.version(FIRST, ASK, YES, NO, other, edges=routed())
    async with working(stage.database, outside) as running:
        started = await running.start(version)
        wait = await stage.wait(started.run_id)
        assert await stage.decide(wait)

        async def went() -> bool:
            rows = await journal_of(stage.database, version, started.run_id)
            return any(row.path == "yes" and row.status == "succeeded" for row in rows)

        await eventually(went, 5)
        assert started.run_id in running.worker.active
        await cancel(stage.database, stage.workspace_id, started.run_id)
        await eventually(lambda: not running.worker.active)


async def test_one_of_many_decisions_at_once_counts(stage: Stage) -> None:
    version = await stage.version(FIRST, ASK, YES, NO, edges=routed())
    async with working(stage.database) as running:
        started = await running.start(version)
        wait = await stage.wait(started.run_id)
        done = await asyncio.gather(*(stage.decide(wait, way) for way in ["approved", "rejected"] * 4))
        assert done.count(True) == 1
        run = await stage.ended(started.run_id)
    assert run.output == {"went": "yes" if done.index(True) % 2 == 0 else "no"}


async def test_a_run_that_is_over_waits_for_nobody(stage: Stage) -> None:
    version = await stage.version(FIRST, ASK, YES, NO, edges=routed())
    async with working(stage.database) as running:
        started = await running.start(version)
        wait = await stage.wait(started.run_id)
        await cancel(stage.database, stage.workspace_id, started.run_id)
    assert not await stage.open(started.run_id)
    assert not await stage.decide(wait)


# ── Callbacks ────────────────────────────────────────────────────────────────────────────────────────────────────────
LINK = node("link", "callback.url")
HEAR = node("hear", "callback", config={"for": "{{ link.url }}"})


async def token_of(stage: Stage, version: Version, run_id: UUID) -> bytes:
    async def made() -> str | None:
        rows = await journal_of(stage.database, version, run_id)
        return next((row.output["url"] for row in rows if row.path == "link" and row.status == "succeeded"), None)

    url: str = await eventually(made)
    assert url.startswith("http://127.0.0.1:8700/api/v1/callbacks/")
    return token_hash(url.rpartition("/")[2])


async def test_a_callback_is_taken_once(stage: Stage) -> None:
    version = await stage.version(LINK, HEAR)
    async with working(stage.database) as running:
        started = await running.start(version)
        token = await token_of(stage, version, started.run_id)
        await stage.wait(started.run_id)
        used = await asyncio.gather(*(waits.use_callback(stage.database, token, b'{"body": %d}' % i) for i in range(6)))
        how = [one[0] for one in used]
        assert sorted(how) == ["taken"] + ["used"] * 5
        run = await stage.ended(started.run_id)
    assert run.output == {"body": how.index("taken")}
    assert (await waits.use_callback(stage.database, token, b"{}"))[0] == "used"
    assert (await waits.use_callback(stage.database, token_hash("other"), b"{}"))[0] == "unknown"


async def test_an_answer_that_comes_early_is_kept(stage: Stage) -> None:
    version = await stage.version(LINK, node("pause", "wait", config={"for": "0.4s"}), HEAR)
    async with working(stage.database) as running:
        started = await running.start(version)
        token = await token_of(stage, version, started.run_id)
        assert (await waits.use_callback(stage.database, token, b'{"body": "early"}'))[0] == "taken"
        assert (await stage.ended(started.run_id)).output == {"body": "early"}


async def test_an_answer_that_comes_late_is_refused(stage: Stage) -> None:
    hear = node("hear", "callback", config={"for": "{{ link.url }}"}, timeout="0.2s")
    version = await stage.version(
        LINK,
        hear,
        node("late"),
        node("pause", "wait", config={"for": "20s"}),
        edges=[edge("link", "hear"), edge("hear", "late", on="timeout"), edge("late", "pause")],
    )
    async with working(stage.database) as running:
        started = await running.start(version)
        token = await token_of(stage, version, started.run_id)
        await asyncio.sleep(0.3)
        assert (await waits.use_callback(stage.database, token, b"{}"))[0] == "gone"
        await cancel(stage.database, stage.workspace_id, started.run_id)
    assert (await waits.use_callback(stage.database, token, b"{}"))[0] == "gone"


async def test_an_address_of_another_run_is_refused(stage: Stage) -> None:
    version = await stage.version(node("hear", "callback", config={"for": "https://x.example/api/v1/callbacks/abc"}))
    async with working(stage.database) as running:
        run = await running.finish(version)
    assert run.failure["kind"] == "rejected"
    assert "answer address" in run.failure["message"]


# ── Agents that call agents ──────────────────────────────────────────────────────────────────────────────────────────
async def caller(stage: Stage, called: Version, **fields: Any) -> Version:
    config = {"agent": await stage.slug(called), "inputs": fields.pop("given", {})}
    return await stage.version(node("call", "agent.call", config=config, **fields))


async def test_an_agent_gets_what_the_other_gives(stage: Stage) -> None:
    called = await stage.version(node("only", config={"said": "x" * 300_000}))
    version = await caller(stage, called)
    async with working(stage.database) as running:
        run = await running.finish(version)
        assert run.output == {"said": "x" * 300_000}
        (child,) = await stage.children(run.id)
        assert (child.path, child.status) == ("call", "succeeded")
        one = await stage.ended(child.id)
    assert (one.trigger["kind"], one.trigger["run_id"], one.parent_run_id, one.parent_path) == (
        "call",
        str(run.id),
        run.id,
        "call",
    )
    assert await stage.unsettled() == 0


async def test_the_failure_of_the_other_is_the_steps(stage: Stage) -> None:
    called = await stage.version(node("stop", "fail", config={"message": "no stock left"}))
    async with working(stage.database) as running:
        run = await running.finish(await caller(stage, called))
    assert run.status == "failed"
    assert "no stock" in run.failure["message"]
    assert (run.failure["kind"], run.failure["path"]) == ("rejected", "call")
    (child,) = await stage.children(run.id)
    assert (await stage.ended(child.id)).resolution == "reported"
    async with stage.database.workspace(stage.workspace_id) as connection:
        assert [one.id for one in await runs.find(connection, runs.Filter(is_in_inbox=True))] == [run.id]


async def test_many_calls_at_once_all_come_back(stage: Stage) -> None:
    called = await stage.version(node("pause", "wait", config={"for": "0.05s"}))
    each = node(
        "each",
        "foreach",
        config={
            "items": list(range(20)),
            "at_once": 20,
            "flow": {
                "nodes": [{"id": "call", "type": "agent.call@1", "config": {"agent": await stage.slug(called)}}],
                "edges": [],
            },
        },
    )
    version = await stage.version(each)
    async with working(stage.database) as running, working(stage.database):
        found = await asyncio.gather(*(running.finish(version) for _ in range(5)))
    assert [run.output["count"] for run in found] == [20] * 5
    for run in found:
        assert len(await stage.children(run.id)) == 20
    assert await stage.unsettled() == 0


async def test_a_worker_that_dies_around_the_start_starts_no_second(stage: Stage) -> None:
    called = await stage.version(node("ask", "approval", config={"title": "Go on?"}))
    version = await caller(stage, called)
    async with working(stage.database, lease_s=0.6) as running:
        started = await running.start(version)
        await eventually(lambda: stage.children(started.run_id))
        await running.die()
    async with working(stage.database, lease_s=0.6):
        (child,) = await stage.children(started.run_id)
        assert await stage.decide(await stage.wait(child.id))
        run = await stage.ended(started.run_id)
    assert run.output["decision"] == "approved"
    assert len(await stage.children(run.id)) == 1


async def test_a_child_that_is_over_before_its_parent_parks_is_not_missed(
    stage: Stage, web: Web, outside: Outside
) -> None:
    called = await stage.version(node("only", config={"n": 1}))
    config = {"agent": await stage.slug(called)}
    web.on("GET", "/slow", Reply(delay_s=0.5))
    slow = node("slow", "http", config={"url": f"{web.url}/slow"})
    version = await stage.version(node("call", "agent.call", config=config), slow, edges=[])
    async with working(stage.database, outside) as running:
        run = await running.finish(version)
    assert run.output["call"] == {"n": 1}


async def test_who_is_cancelled_cancels_what_it_has_started(stage: Stage) -> None:
    deepest = await stage.version(node("ask", "approval", config={"title": "Go on?"}))
    middle = await caller(stage, deepest)
    version = await caller(stage, middle)
    async with working(stage.database) as running:
        started = await running.start(version)
        (child,) = await eventually(lambda: stage.children(started.run_id))
        (grandchild,) = await eventually(lambda: stage.children(child.id))
        await stage.wait(grandchild.id)
        await cancel(stage.database, stage.workspace_id, started.run_id)
        assert (await stage.ended(child.id)).status == "cancelled"
        assert (await stage.ended(grandchild.id)).status == "cancelled"
    assert await stage.unsettled() == 0


async def test_a_call_that_takes_too_long_is_cancelled(stage: Stage) -> None:
    called = await stage.version(node("ask", "approval", config={"title": "Go on?"}))
    async with working(stage.database) as running:
        run = await running.finish(await caller(stage, called, timeout="0.5s"))
        (child,) = await stage.children(run.id)
        assert (await stage.ended(child.id)).status == "cancelled"
    assert (run.failure["kind"], run.status) == ("timeout", "failed")


async def test_the_sweeper_hands_over_what_nobody_could(stage: Stage) -> None:
    async with working(stage.database) as running:
        started = await running.start(await stage.version(node("ask", "approval", config={"title": "Go?"})))
        wait = await stage.wait(started.run_id)
        await stage.status(started.run_id, "waiting")
        async with stage.database.workspace(stage.workspace_id) as connection:
            await connection.execute(
                """update waits set closed_at = now(), status = 'succeeded', outcome = 'approved', output = '{"decision": "approved"}'
                   where id = $1""",
                wait.id,
            )
        await entries.sweep(stage.database, 30)
        assert (await stage.ended(started.run_id)).output == {"decision": "approved"}


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"agent": "nobody"}, "no agent nobody"),
        ({"agent": "SELF", "version": 7}, "no version 7"),
        ({"agent": "SELF", "inputs": [1]}, "inputs"),
        ({"agent": "OTHER"}, "no agent"),
    ],
)
async def test_a_call_that_cannot_be_says_why(stage: Stage, config: dict[str, Any], says: str) -> None:
    called = await stage.version(node("only"))
    foreign = await Stage(stage.database, await add_workspace(stage.database, "Other")).version(node("only"))
    slugs = {"SELF": await stage.slug(called), "OTHER": foreign.agent}
    version = await stage.version(
        node("call", "agent.call", config=config | {"agent": slugs.get(config["agent"], config["agent"])})
    )
    async with working(stage.database) as running:
        run = await running.finish(version)
    assert run.failure["kind"] == "rejected"
    assert says in run.failure["message"]


async def test_agents_that_call_in_a_circle_come_to_an_end(stage: Stage) -> None:
    version = await stage.version(node("call", "agent.call", config={"agent": "{{ run.agent }}"}))
    async with working(stage.database) as running:
        run = await running.finish(version)
    assert "10 deep" in run.failure["message"]
    async with stage.database.workspace(stage.workspace_id) as connection:
        assert len(await runs.find(connection, limit=100)) == 11


async def test_a_child_spends_no_more_than_its_parent_has_left(stage: Stage) -> None:
    called = await stage.version(
        node("ask", "approval", config={"title": "Go on?"}), limits=Limits(cost_per_run_usd=5.0)
    )
    version = await caller(stage, called)
    limited = await stage.version(
        node("call", "agent.call", config={"agent": await stage.slug(called)}), limits=Limits(cost_per_run_usd=0.25)
    )
    async with working(stage.database) as running:
        left = []
        for one in (version, limited):
            started = await running.start(one)
            (child,) = await eventually(partial(stage.children, started.run_id))
            await stage.wait(child.id)
            left.append((await stage.status(child.id, "waiting")).trigger.get("cost_left_usd"))
    assert left == [None, 0.25]
