"""Runs that need a person, and what a person decides about them, with real workers over a real database."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from plainwork.db import Database, audit, inbox, new_id, replays, runs
from plainwork.db.runs import Run
from plainwork.engine.inbox import Answer, Decided, Decision, Discard, Repeat, Retry, Skip
from plainwork.engine.outside import Outside
from plainwork.engine.replay import Again
from plainwork.engine.start import read
from plainwork.errors import Conflict
from plainwork.spec.model import Limits
from tests.engine.flows import chain, node
from tests.engine.replaying import FAIL, again, all_runs, audited, decided, in_inbox
from tests.engine.running import Running, add_version, ended, eventually, in_state, journal_of, working
from tests.engine.test_recovery import make_due, post
from tests.world import Reply, Web


# ── What a person decides ────────────────────────────────────────────────────────────────────────────────────────────
class TestFailedRuns:
    async def failed(self, running: Running, workspace_id: UUID) -> Run:
        nodes = [node("a", config={"n": 1}), FAIL, node("z", config={"got": "{{ stop }}"})]
        version = await add_version(running.database, workspace_id, nodes, chain("a", "stop", "z"))
        return await running.finish(version)

    @pytest.mark.parametrize(
        ("decision", "did", "output"),
        [
            (Skip(), "skipped", {"got": None}),
            (Answer({"by": "hand"}), "answered", {"got": {"by": "hand"}}),
            (Retry(Again(outputs={"stop": 1})), "retried", {"got": 1}),
        ],
    )
    async def test_it_goes_on(
        self, database: Database, workspace_id: UUID, decision: Decision, did: str, output: Any
    ) -> None:
        async with working(database) as running:
            failed = await self.failed(running, workspace_id)
            done = await decided(running, failed, decision)
            assert done.next_run_id is not None
            run = await ended(database, workspace_id, done.next_run_id)
            with pytest.raises(Conflict, match=f"it was {did}"):
                await decided(running, failed, decision)
        assert (done.did, run.status, run.output, run.origin_run_id) == (did, "succeeded", output, failed.id)
        assert (await read(database, workspace_id, failed.id)).resolution == did
        assert await audited(database, workspace_id) == [f"run.{did}"]
        assert await in_inbox(database, workspace_id) == set()

    async def test_it_is_let_go(self, database: Database, workspace_id: UUID) -> None:
        async with working(database) as running:
            failed = await self.failed(running, workspace_id)
            with pytest.raises(Conflict, match="no step waits"):
                await decided(running, failed, Repeat())
            done = await decided(running, failed, Discard("A test run"))
        assert (done.did, done.next_run_id) == ("discarded", None)
        run = await read(database, workspace_id, failed.id)
        assert (run.status, run.cause, run.resolution) == ("failed", "step_failed", "discarded")
        async with database.workspace(workspace_id) as connection:
            [entry] = await audit.page(connection)
        assert (entry.action, entry.target_id, entry.detail) == (
            *("run.discarded", str(failed.id)),
            {"reason": "A test run"},
        )

    async def test_of_many_one_decides(self, database: Database, workspace_id: UUID) -> None:
        async with working(database) as running:
            failed = await self.failed(running, workspace_id)
            many = await asyncio.gather(
                *(decided(running, failed, Retry(Again())) for _ in range(6)), return_exceptions=True
            )
        assert sorted(type(one) is Decided for one in many) == [False] * 5 + [True]
        assert all(isinstance(one, Decided | Conflict) for one in many)
        assert len(await all_runs(database, workspace_id)) == 2

    async def test_no_step_to_skip(self, database: Database, workspace_id: UUID) -> None:
        version = await add_version(database, workspace_id, [node("a")], limits=Limits(steps_per_run=1))
        async with database.workspace(workspace_id) as connection:
            new = runs.NewRun(new_id(), {}, {})
            await runs.insert(connection, workspace_id, version.agent_id, version.id, [new])
            await connection.execute("delete from queue")
            await connection.execute("update runs set status = 'failed', cause = 'timed_out', finished_at = now()")
        async with working(database) as running:
            run = await read(database, workspace_id, new.id)
            for decision in (Skip(), Answer(1)):
                with pytest.raises(Conflict, match="No single step"):
                    await decided(running, run, decision)
            assert await in_inbox(database, workspace_id) == {run.id}
            done = await decided(running, run, Retry(Again()))
            assert done.next_run_id is not None
            assert (await ended(database, workspace_id, done.next_run_id)).status == "succeeded"


class TestQuestions:
    """A worker dies while a step acts that may act once: nobody knows whether it did."""

    async def asked(self, database: Database, workspace_id: UUID, web: Web, outside: Outside) -> Run:
        web.on("POST", "/once", Reply(json={"n": 1}, delay_s=30), Reply(json={"n": 2}))
        nodes = [node("a"), post("once", web, "/once", effect="once"), node("z", config={"got": "{{ once }}"})]
        version = await add_version(database, workspace_id, nodes, chain("a", "once", "z"))
        async with working(database, outside) as one:
            started = await one.start(version)
            await eventually(lambda: web.seen("/once"))
            await one.die()
        await make_due(database, workspace_id)
        async with working(database, outside):
            run = await in_state(database, workspace_id, started.run_id, "waiting")
        assert (run.cause, run.ask) == ("effect_uncertain", "once")
        return run

    @pytest.mark.parametrize(
        ("decision", "did", "got", "acted"),
        [
            (Repeat(), "repeated", 2, 2),
            (Skip(), "skipped", None, 1),
            (Answer({"body": {"n": 9}}), "answered", 9, 1),
        ],
    )
    async def test_the_same_run_goes_on(
        self,
        database: Database,
        workspace_id: UUID,
        web: Web,
        outside: Outside,
        decision: Any,
        did: str,
        got: Any,
        acted: int,
    ) -> None:
        asked = await self.asked(database, workspace_id, web, outside)
        async with working(database, outside) as running:
            with pytest.raises(Conflict, match="waits to hear what became of once"):
                await decided(running, asked, Retry(Again()))
            done = await decided(running, asked, decision)
            run = await ended(database, workspace_id, asked.id)
            with pytest.raises(Conflict, match="does not need anybody"):
                await decided(running, asked, decision)
        assert (done.did, done.next_run_id) == (did, asked.id)
        assert (run.status, run.cause, run.ask) == ("succeeded", None, None)
        assert (run.output["got"] and run.output["got"]["body"]["n"]) == got
        assert len({seen.headers["Idempotency-Key"] for seen in web.seen("/once")}) == 1
        assert len(web.seen("/once")) == acted
        journal = await journal_of(database, run)
        assert [row.seq for row in journal] == list(range(1, run.steps + 1))
        [given] = [row for row in journal if row.source == "given"]
        assert (given.path, given.attempt) == ("once", 1)
        assert await audited(database, workspace_id) == [f"step.{did}"]

    async def test_it_is_let_go(self, database: Database, workspace_id: UUID, web: Web, outside: Outside) -> None:
        asked = await self.asked(database, workspace_id, web, outside)
        async with working(database, outside) as running:
            done = await decided(running, asked, Discard("It was sent by hand"))
            with pytest.raises(Conflict, match="not known whether once has acted"):
                await again(database, asked)
        assert (done.did, (await read(database, workspace_id, asked.id)).status) == ("discarded", "cancelled")
        assert await in_inbox(database, workspace_id) == set()

    async def test_of_many_one_answers(
        self, database: Database, workspace_id: UUID, web: Web, outside: Outside
    ) -> None:
        asked = await self.asked(database, workspace_id, web, outside)
        async with working(database, outside) as running:
            answers = [Answer({"body": {"n": n}}) for n in range(6)]
            many = await asyncio.gather(*(decided(running, asked, one) for one in answers), return_exceptions=True)
            run = await ended(database, workspace_id, asked.id)
        assert sum(isinstance(one, Decided) for one in many) == 1
        assert all(isinstance(one, Decided | Conflict) for one in many)
        given = [row for row in await journal_of(database, run) if row.source == "given"]
        assert [row.output for row in given] == [run.output["got"]]

    async def test_a_worker_that_has_just_claimed_it_writes_nothing_more(
        self, database: Database, workspace_id: UUID, web: Web, outside: Outside
    ) -> None:
        asked = await self.asked(database, workspace_id, web, outside)
        async with database.workspace(workspace_id) as connection:
            before = await connection.fetchval("select epoch from queue where run_id = $1", asked.id)
            await connection.execute("update queue set due_at = now() + interval '1 minute', worker = 7")
        async with working(database, outside) as running:
            await decided(running, asked, Skip())
            run = await ended(database, workspace_id, asked.id)
        assert run.status == "succeeded"
        async with database.workspace(workspace_id) as connection:
            assert await connection.fetchval("select count(*) from queue") == 0
        assert before >= 2


# ── The database's own guard ────────────────────────────────────────────────────────────────────────────────────────────
async def test_counts_and_intents(database: Database, workspace_id: UUID, web: Web, outside: Outside) -> None:
    asked = await TestQuestions().asked(database, workspace_id, web, outside)
    async with working(database, outside) as running:
        failed = await TestFailedRuns().failed(running, workspace_id)
    async with database.workspace(workspace_id) as connection:
        assert await inbox.counts(connection) == {"effect_uncertain": 1, "step_failed": 1}
        assert await inbox.counts(connection, [failed.agent_id]) == {"step_failed": 1}
        found = await inbox.intents(connection, {asked.id: "once", failed.id: "stop"})
    assert set(found) == {asked.id}
    assert found[asked.id].idempotency_key == web.seen("/once")[0].headers["Idempotency-Key"]


async def test_decisions_are_noted_only_where_they_are_asked_for(database: Database, workspace_id: UUID) -> None:
    version = await add_version(database, workspace_id, [node("w", "wait", config={"for": "1h"})])
    async with working(database) as running:
        started = await running.start(version)
        await in_state(database, workspace_id, started.run_id, "waiting")
    async with database.workspace(workspace_id) as connection:
        place = (connection, workspace_id, started.run_id)
        assert await replays.note_decision(*place, "w", 1, "succeeded", output=b"1") is None
        await connection.execute("update runs set ask = 'w'")
        assert await replays.note_decision(*place, "other", 1, "succeeded", output=b"1") is None
        assert await replays.note_decision(connection, workspace_id, version.id, "w", 1, "skipped") is None
        assert await replays.note_decision(*place, "w", 1, "skipped") == 2
