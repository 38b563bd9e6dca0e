"""The doubled database against the real one: the same random statements to both give the same answers and the same rows."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from plainwork.db import Database, inbox, new_id, queue, replays, runs, waits
from plainwork.db.queue import Claim
from plainwork.db.runs import NewRun
from plainwork.db.waits import Wait
from plainwork.engine.journal import NOBODY, RunJournal, _columns, _Part
from plainwork.engine.plan import Failure
from plainwork.errors import Conflict
from tests.engine.flows import node
from tests.engine.running import add_version
from tests.simulation import decisions
from tests.simulation import waits as doubled_waits
from tests.simulation.rows import Entry, RunRow, Transaction
from tests.simulation.store import Silent, Store

_GIVEN = ({"kind": "manual"}, {"n": 1})
LONG, NONE_LEFT = 3600.0, -1.0
"""Leases in seconds: one that lasts, one that is over at once."""


@dataclass
class Pair:
    """The two databases, and who has what."""

    real: Database
    double: Store
    hand: Random
    workspace_id: UUID
    version: Any
    claims: list[Claim]
    seqs: dict[UUID, int]

    async def start(self, deadline_s: float | None) -> None:
        run = NewRun(new_id(), {"n": 1}, {"kind": "manual"})
        async with self.real.workspace(self.workspace_id) as connection:
            await runs.insert(connection, self.workspace_id, self.version.agent_id, self.version.id, [run], deadline_s)
        now = time.time()
        deadline = None if deadline_s is None else now + deadline_s
        transaction = Transaction(now)
        row = RunRow(
            *(self.workspace_id, run.id, self.version.agent_id, self.version.id, run.trigger, run.inputs, now, deadline)
        )
        self.double.insert(transaction, [row])
        self.double.enqueue(transaction, [Entry(self.workspace_id, run.id, now, deadline)])
        transaction.end(commits=True)

    async def claim(self, worker: int | None) -> None:
        suspects, lease_s = self.hand.choice((0, 100)), self.hand.choice((LONG, NONE_LEFT))
        claims = await queue.claim(self.real, 100, worker, lease_s, suspects)
        doubled = [Claim(*row) for row in self.double.claim_runs(time.time(), "", 100, suspects, worker, lease_s)]
        assert seen(claims) == seen(doubled)
        self.claims += claims

    async def claim_one(self, worker: int | None) -> None:
        if self.double.runs:
            run_id, lease_s = self.hand.choice(list(self.double.runs)), self.hand.choice((LONG, NONE_LEFT))
            claim = await queue.claim_one(self.real, self.workspace_id, run_id, worker, lease_s)
            rows = self.double.claim_run(time.time(), "", self.workspace_id, run_id, worker, lease_s)
            assert seen([claim] if claim else []) == seen([Claim(*row) for row in rows])
            self.claims += [claim] if claim else []

    async def renew(self) -> None:
        chosen = self.some()
        if chosen:
            lease_s = self.hand.choice((LONG, NONE_LEFT))
            held = [(one.workspace_id, one.run_id, one.epoch) for one in chosen]
            kept = await queue.renew(self.real, held, lease_s)
            _, run_ids, epochs = zip(*held, strict=True)
            doubled = self.double.renew_leases(time.time(), "", None, run_ids, epochs, lease_s)
            assert kept == {position - 1 for position in doubled}

    async def keep(self, old: int, new: int) -> None:
        held = [one.run_id for one in self.some()]
        given_back = await queue.keep_claims(self.real, old, new, held)
        assert given_back == self.double.keep_claims(time.time(), "", old, new, held)

    async def excuse(self) -> None:
        if chosen := self.some():
            await queue.excuse_claims(self.real, [(one.workspace_id, one.run_id) for one in chosen])
            self.double.excuse_claims(time.time(), "", None, [one.run_id for one in chosen])

    async def flush(self) -> None:
        parts = [self.part(claim) for claim in self.some()]
        if not parts:
            return
        columns = list(_columns(parts, self.hand.random() < 0.5))
        columns = [
            column if isinstance(column, str | bool | bytes) or column is None else list(column) for column in columns
        ]
        real: Any
        doubled: Any
        try:
            real = await queue.flush(self.real, columns)
        except Conflict:
            real = "conflict"
        try:
            doubled = {position - 1 for position in self.double.flush_journal(time.time(), "", *columns)}
        except asyncpg.UniqueViolationError:
            doubled = "conflict"
        assert real == doubled

    def part(self, claim: Claim) -> _Part:
        """Something that a worker with this claim might write."""
        hand = self.hand
        journal = RunJournal(claim, NOBODY)
        journal.seq = max(0, self.seqs.get(claim.run_id, 0) - hand.choice((0, 0, 0, 1)))
        for _ in range(hand.choice((0, 1, 2))):
            status = hand.choice(("started", "succeeded", "failed", "waiting"))
            output = b'{"n":1}' if status in ("succeeded", "waiting") else None
            outcome = hand.choice((None, "approval")) if status == "waiting" else None
            failure = b'{"kind":"retry","message":"No."}' if status == "failed" else None
            wake_at = time.time() + LONG if status == "waiting" else None
            key = hand.choice((None, "k"))
            journal.add(
                *("a", 1, status, time.time(), output, None, outcome), failure=failure, wake_at=wake_at, key=key
            )
        self.seqs[claim.run_id] = max(self.seqs.get(claim.run_id, 0), journal.seq)
        journal.state = hand.choice(("running", "running", "waiting", "released", "succeeded", "failed"))
        journal.touch = journal.state != "running" or hand.random() < 0.3
        journal.due = hand.choice((None, time.time() - 5, time.time() + LONG))
        if journal.state == "failed":
            journal.end("failed", "step_failed", Failure("rejected", "No."))
        if journal.state == "succeeded":
            journal.output = b'"done"'
        journal.ask = hand.choice((None, "a")) if journal.state == "waiting" else None
        return _Part(journal)

    async def cancel(self) -> None:
        if self.double.runs:
            run_id = self.hand.choice(list(self.double.runs))
            async with self.real.workspace(self.workspace_id) as connection:
                status = await runs.cancel(connection, run_id)
            transaction = Transaction(time.time())
            if self.double.delete_entry(transaction, run_id):
                self.double.mark_cancelled(transaction, run_id)
            transaction.end(commits=True)
            assert status == self.double.runs[run_id].status

    async def answer(self) -> None:
        """A person answers a step, which may wait for it."""
        if self.double.runs:
            wait = Wait(self.hand.choice(list(self.double.runs)), "a", 1, *[None] * 12)  # type: ignore[arg-type]
            async with self.real.workspace(self.workspace_id) as connection:
                is_taken = await waits.answer(connection, self.workspace_id, wait, "approved", b'{"n":3}', None)
            transaction = Transaction(time.time())
            said = (wait.run_id, wait.path, wait.attempt, "approved", b'{"n":3}', None)
            assert is_taken == doubled_waits.answer_wait(self.double, transaction, *said)
            transaction.end(commits=True)

    async def note(self) -> None:
        """A person says something about a step, of a run that asks about it or of one that does not."""
        if self.double.runs:
            said = self.said(self.hand.choice(list(self.double.runs)))
            async with self.real.workspace(self.workspace_id) as connection:
                place = await replays.note_decision(connection, self.workspace_id, *said[:4], output=said[5])
            transaction = Transaction(time.time())
            assert place == decisions.note_decision(self.double, transaction, *said, None, None)
            transaction.end(commits=True)

    def said(self, run_id: UUID) -> tuple[UUID, str, int, str, str | None, bytes | None]:
        status = self.hand.choice(("succeeded", "skipped"))
        return run_id, self.hand.choice("aab"), 1, status, None, b'{"n":2}' if status == "succeeded" else None

    async def go_on(self) -> None:
        """A new run begins with rows of one that there was, which leaves the inbox if it was there."""
        if not self.double.runs:
            return
        origin, new, now = self.hand.choice(list(self.double.runs)), new_id(), time.time()
        rows = [seq for seq in self.double.steps.get(origin, ()) if self.hand.random() < 0.7]
        inserted = NewRun(new, {"n": 1}, {"kind": "manual"})
        said = self.said(new) if self.hand.random() < 0.5 else None
        async with self.real.workspace(self.workspace_id) as connection:
            await runs.insert(connection, self.workspace_id, self.version.agent_id, self.version.id, [inserted])
            await replays.name_origin(connection, new, origin, "a")
            carried = await replays.carry_over(connection, self.workspace_id, origin, new, rows)
            if said is not None:
                await replays.note_decision(connection, self.workspace_id, *said[:4], output=said[5])
            is_resolved = await inbox.resolve(connection, origin, "retried")
        transaction = Transaction(now)
        agent, version = self.version.agent_id, self.version.id
        self.double.insert(transaction, [RunRow(self.workspace_id, new, agent, version, *_GIVEN, now)])
        self.double.enqueue(transaction, [Entry(self.workspace_id, new, now, None)])
        decisions.name_origin(transaction, new, origin, "a")
        assert carried == decisions.carry_over(self.double, transaction, origin, new, rows)
        if said is not None:
            decisions.note_decision(self.double, transaction, *said, None, None)
        assert is_resolved == (decisions.resolve(self.double, transaction, origin, "retried") is not None)
        transaction.end(commits=True)

    async def sweep(self) -> None:
        swept = await queue.sweep(self.real, 30.0)
        assert [(swept.given_back, swept.timed_out)] == self.double.sweep_queue(time.time(), "", 30.0)

    async def compare(self) -> None:
        """The rows are the same."""
        async with self.real.workspace(self.workspace_id) as connection:
            entries = await connection.fetch(
                "select run_id, epoch, claims, worker, due_at <= now(), due_at = 'infinity' from queue order by run_id"
            )
            states = await connection.fetch(
                """select id, status, cause, ask, steps, output, failure, started_at is null, finished_at is null,
                          wake_at is null, origin_run_id, resolution from runs order by id"""
            )
            rows = await connection.fetch(
                """select run_id, seq, path, attempt, status, output, failure, wake_at is null, idempotency_key, source
                   from steps order by run_id, seq"""
            )
            waited = await connection.fetch(
                """select run_id, path, attempt, kind, closed_at is null, status, outcome, output, is_settled from waits
                   order by run_id, path, attempt"""
            )
            known = await connection.fetch("select id, waits from runs order by id")
        now, double = time.time(), self.double
        assert [tuple(row) for row in waited] == [
            (w.run_id, w.path, w.attempt, w.kind, w.closed_at is None, w.status, w.outcome, w.output, w.is_settled)
            for _, w in sorted(double.waits.items())
        ]
        assert [tuple(row) for row in known] == [(r.id, r.waits) for _, r in sorted(double.runs.items())]
        assert [tuple(row) for row in entries] == [
            (e.run_id, e.epoch, e.claims, e.worker, e.due_at <= now, e.due_at == float("inf"))
            for e in sorted(double.queue.values(), key=lambda e: e.run_id)
        ]
        assert [tuple(row) for row in states] == [
            (
                *(r.id, r.status, r.cause, r.ask, r.steps, r.output, r.failure),
                *(r.started_at is None, r.finished_at is None, r.wake_at is None),
                *(r.origin_run_id, r.resolution),
            )
            for r in sorted(double.runs.values(), key=lambda r: r.id)
        ]
        assert [tuple(row) for row in rows] == [
            (run_id, s.seq, s.path, s.attempt, s.status, s.output, s.failure, s.wake_at is None, s.key, s.source)
            for run_id in sorted(double.steps)
            for s in sorted(double.steps[run_id].values(), key=lambda s: s.seq)
        ]

    def some(self) -> list[Claim]:
        """A few claims, of different runs; the latest of a run or an earlier one, whose epoch is over."""
        chosen = self.hand.sample(self.claims, min(len(self.claims), self.hand.randint(1, 4)))
        return list({one.run_id: one for one in chosen}.values())


def seen(claims: list[Claim]) -> list[tuple[Any, ...]]:
    """What is the same in both: all but the exact times."""
    return sorted(
        (one.run_id, one.epoch, one.claims, one.version_id, one.inputs, one.started_at is None, one.tokens)
        for one in claims
    )


@pytest.mark.parametrize("seed", range(4))
async def test_the_double_does_what_the_database_does(database: Database, workspace_id: UUID, seed: int) -> None:
    hand = Random(seed)
    version = await add_version(database, workspace_id, [node("a")])
    living: set[int] = set()
    double = Store(Silent(), lambda number: number in living)
    pair = Pair(database, double, hand, workspace_id, version, [], {})
    sessions = {}
    for _ in range(3):
        session = await database.dedicated()
        number = await queue.register(session, "test")
        assert number == double.register_worker(time.time(), "", "test")
        living.add(number)
        sessions[number] = session
    for _ in range(60):
        worker = hand.choice((None, *sessions))
        pace = hand.choice(
            (
                "start",
                "claim",
                "claim_one",
                "flush",
                "flush",
                "flush",
                "renew",
                "keep",
                "excuse",
                "cancel",
                "note",
                "go_on",
                "answer",
            )
        )
        if pace == "start":
            await pair.start(hand.choice((None, None, LONG, -100.0)))
        elif pace == "keep":
            await pair.keep(hand.choice(list(sessions)), hand.choice(list(sessions)))
        elif pace in ("claim", "claim_one"):
            await getattr(pair, pace)(worker)
        else:
            await getattr(pair, pace)()
        await pair.compare()
    await pair.claim(1)
    await sessions[1].close()
    living.discard(1)
    await asyncio.sleep(1.2)  # a worker younger than a second is not taken for lost
    await pair.sweep()
    await pair.compare()
    for session in (sessions[2], sessions[3]):
        await session.close()
