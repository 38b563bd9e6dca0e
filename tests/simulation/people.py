"""People who look after the dead-letter inbox while all sorts of things go wrong: they answer for steps that nobody knows
of, retry, skip and discard.

They look at the web before they say what a step has done, so what they say is true; that a step has not acted they say only
once no request can be under way any more.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import TYPE_CHECKING
from uuid import UUID

from plainwork.db import Database, json, waits
from plainwork.db.audit import SYSTEM
from plainwork.engine.inbox import Answer, Decision, Discard, Repeat, Retry, Skip, decide
from plainwork.engine.replay import Again
from plainwork.engine.versions import Versions
from plainwork.errors import PlainworkError, Rejected
from plainwork.queue.postgres import PostgresQueue
from tests.simulation.calls import Answers
from tests.simulation.machine import Process
from tests.simulation.promises import Watch
from tests.simulation.rows import RunRow, WaitRow
from tests.simulation.server import open_database

if TYPE_CHECKING:
    from tests.simulation.simulation import Simulation

WORKSPACE = UUID(int=1)
WORKS_S = 100.0
"""How long after the last fault people go on looking."""
QUIET_S = 45.0
"""So long after the last fault nobody is paused or under way any more."""


class Person:
    """Somebody who looks into the inbox every few seconds."""

    def __init__(self, simulation: Simulation, process: Process) -> None:
        self._simulation = simulation
        self._process = process
        self._hand: Random = simulation.random

    async def work(self) -> None:
        """Looks, and decides, until nothing has gone wrong for a while."""
        simulation = self._simulation
        database = open_database(simulation.server, self._process)
        bell = await PostgresQueue.open(database)
        versions = Versions(database)
        while simulation.machine.now < simulation.faults_s + WORKS_S:
            await asyncio.sleep(self._hand.uniform(3.0, 15.0))
            for wait in [one for one in simulation.server.store.waits.values() if one.closed_at is None]:
                if self._hand.random() < 0.5:
                    await self._answer(database, wait)
                    await bell.ring([wait.run_id])
            for run in list(self._inbox()):
                decision = self._choose(run)
                if decision is not None:
                    await self._decide(database, versions, run, decision)
                    await bell.ring([run.id])

    async def _answer(self, database: Database, wait: WaitRow) -> None:
        """Says what a step waits for, if it is a person or another system that it waits for; sometimes twice."""
        for _ in range(self._hand.choice((1, 1, 2))):
            try:
                if wait.kind == "approval":
                    await self._approve(database, wait)
                elif wait.kind == "callback":
                    await self._call_back(database, wait)
            except (PlainworkError, OSError) as error:
                self._simulation.machine.note(f"{self._process.name} is not heard about {wait.path}: {error}")

    async def _approve(self, database: Database, wait: WaitRow) -> None:
        outcome = self._hand.choice(("approved", "rejected"))
        said = json.encode({"decision": outcome, "by": self._process.name})
        taken: Answers = Counter()
        async with database.workspace(WORKSPACE) as connection:
            for one in await waits.open_of(connection, wait.run_id):
                if one.kind == "approval" and await waits.answer(connection, WORKSPACE, one, outcome, said, None):
                    taken[one.run_id, one.path, one.attempt] += 1
        self._simulation.answers += taken

    async def _call_back(self, database: Database, wait: WaitRow) -> None:
        known = self._simulation.server.store.callbacks
        token_hash = next(key for key, address in known.items() if address.id == wait.callback_id)
        how, _ = await waits.use_callback(database, token_hash, json.encode({"said": self._process.name}))
        self._simulation.answers[token_hash] += how == "taken"

    def _inbox(self) -> Iterator[RunRow]:
        for run in self._simulation.server.store.runs.values():
            if run.cause is not None and run.resolved_at is None:
                yield run

    def _choose(self, run: RunRow) -> Decision | None:
        """What to do about a run; None: leave it for now."""
        if run.ask is None:
            return self._choose_for_failed()
        acts = self._simulation.watch.acts.get((run.id, run.ask))
        drawn = self._hand.random()
        if acts and drawn < 0.7:
            return Answer({"body": {"n": acts[-1].number}})
        if not acts and drawn < 0.7:
            is_quiet = self._simulation.machine.now > self._simulation.faults_s + QUIET_S
            return Repeat() if is_quiet else None
        return Skip() if drawn < 0.9 else Discard("Not needed.")

    def _choose_for_failed(self) -> Decision:
        drawn = self._hand.random()
        if drawn < 0.5:
            return Retry(Again(version=self._hand.choice(("same", "live"))))
        if drawn < 0.7:
            return Skip()
        return Answer({"body": {"n": -1}}) if drawn < 0.9 else Discard("Not needed.")

    async def _decide(self, database: Database, versions: Versions, run: RunRow, decision: Decision) -> None:
        """Says it as often as it takes until the database has answered."""
        machine, name = self._simulation.machine, f"{self._process.name}: {type(decision).__name__} {str(run.id)[-4:]}"
        while True:
            try:
                async with database.workspace(run.workspace_id) as connection:
                    decided = await decide(connection, versions, run.workspace_id, run.id, decision, SYSTEM)
            except Rejected as error:
                machine.note(f"{name} is refused: {error}")
                return
            except (PlainworkError, OSError) as error:
                machine.note(f"{name} is not heard: {error}")
                await asyncio.sleep(1.0)
            else:
                machine.note(f"{name} is done: {decided.did}, {str(decided.next_run_id)[-4:]} goes on")
                return


def check_decisions(watch: Watch, runs: dict[UUID, RunRow]) -> None:
    """Of each run at most one comes, when somebody said so; none is left between what was decided and what was done."""
    following: dict[UUID, list[RunRow]] = {}
    for run in runs.values():
        if run.origin_run_id is not None:
            following.setdefault(run.origin_run_id, []).append(run)
    for run in runs.values():
        wanted = int(run.resolution in ("retried", "skipped", "answered"))
        if len(following.get(run.id, ())) != wanted:
            watch.breaks(
                "a decision is carried out once", run.id, f"{run.resolution}: {len(following.get(run.id, ()))}"
            )
