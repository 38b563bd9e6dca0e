"""The worker: claims runs, keeps thousands of them going on one event loop, and gives back what it cannot finish.

Any number of workers may run, in one process or many, beside an API on the same loop or alone. A worker that dies loses
nothing: its leases end (at once, when its session with the database does), and another goes on from the journal.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import socket
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from plainwork import log, meters
from plainwork.db import Connection, Database, llm_calls, queue, runs
from plainwork.db.failures import is_outage
from plainwork.db.queue import Claim
from plainwork.db.runs import StepRow
from plainwork.db.waits import ANSWERED
from plainwork.engine import outputs
from plainwork.engine.answers import Answers
from plainwork.engine.clock import Clock
from plainwork.engine.events import Event, Events
from plainwork.engine.execution import Execution
from plainwork.engine.journal import LEASE_S, Journal, RunJournal
from plainwork.engine.kinds import Reach, waits_for_others
from plainwork.engine.outages import Outages
from plainwork.engine.outside import Outside
from plainwork.engine.plan import GraphStep
from plainwork.engine.slots import Slots
from plainwork.engine.undeliverable import give_up
from plainwork.engine.versions import Version, Versions
from plainwork.engine.waiting import Waits
from plainwork.errors import PlainworkError
from plainwork.queue import Queue
from plainwork.spec.kinds import Kind

if TYPE_CHECKING:
    from plainwork.llm import CallRecord, Gateway

_log = log.get("worker")
T = TypeVar("T")

CLAIM_AT_ONCE = 500
_TURN = 25
_LOOK_EVERY_S = 1.0
_RECONNECT_S = 2.0
_READ_AGAIN_S = 0.5
_LAST_ACTS_S = 5.0
_LAST_WORDS_S = 2.0
SWEEP_GRACE_S = 30.0


class Worker:
    """``run`` works until ``stop``.

    ``concurrency``: how many runs it holds at most. ``lease_s``: how long a claim lasts unless it is renewed. ``only``: called
    with the worker's number and the length of a lease, it claims the one run that this worker works on and no other;
    through waits too, so that no other worker takes it. ``drain_s``: how long ``stop`` lets runs go on to their end.
    """

    def __init__(
        self,
        db: Database,
        bell: Queue,
        outside: Outside | None = None,
        *,
        concurrency: int = 2000,
        lease_s: float = LEASE_S,
        events: Events | None = None,
        versions: Versions | None = None,
        only: Callable[[int | None, float], Awaitable[Claim]] | None = None,
        drain_s: float = 10.0,
        clock: Clock | None = None,
    ) -> None:
        self.outages = outages = Outages(db, lease_s)
        self.journal = Journal(db, lease_s=lease_s, held=self._held, on_outage=outages.note, watching=outages.watching)
        self.events = events or Events(db)
        self.versions = versions or Versions(db)
        self.answers = Answers()
        self.slots = Slots(db, self.now)
        self.clock = clock or Clock()
        self.active: dict[UUID, Execution] = {}
        self._db = db
        self._bell = bell
        self._outside = outside or Outside()
        self._concurrency = concurrency
        self._lease_s = lease_s
        self.keeps_waiting = only is not None
        self._claim_first = only
        self._only: tuple[UUID, UUID] | None = None
        self._drain_s = drain_s
        self._number: int | None = None
        self._beginning: set[UUID] = set()
        self._claiming = asyncio.Lock()
        self._suspect: Execution | None = None
        self._gateways: dict[UUID, Gateway] = {}
        self._room = asyncio.Event()
        self._stopping = asyncio.Event()
        self._is_hurried = False
        self.on_left: Callable[[Execution], None] = lambda _: None

    # living

    async def run(self) -> None:
        """Works until ``stop`` is called; then lets runs finish for ``drain_s`` seconds and gives back the others."""
        _collect_rarely()
        journal = asyncio.create_task(self.journal.run())
        journal.add_done_callback(lambda _: self.stop())  # nothing can be done without it
        self.events.sources.append(self._under_way)
        try:
            async with self._session():
                try:
                    await self._work()
                    await self._until_idle(self._drain_s)
                finally:  # still with a session: others take what a worker without one has
                    await asyncio.shield(self._leave(journal))
        finally:
            self.events.sources.remove(self._under_way)
            self.journal.close()

    async def _leave(self, journal: asyncio.Task[None]) -> None:
        """Gives back every run; one that is just acting on the outside may finish that first, for a few seconds."""
        for execution in list(self.active.values()):
            execution.wind_down()
        await self._until_idle(0 if journal.done() else _LAST_ACTS_S)
        for execution in list(self.active.values()):
            execution.release()
        self.journal.close()
        await journal
        with contextlib.suppress(PlainworkError, OSError):
            async with asyncio.timeout(_LAST_WORDS_S):
                await self.outages.settle(None, self._in_hand)

    def stop(self, *, at_once: bool = False) -> None:
        """Take no more runs; ``at_once``: and give back those in hand, whatever they are doing."""
        self._is_hurried |= at_once
        self._stopping.set()
        self._room.set()

    async def _work(self) -> None:
        asked = self.clock.own()
        first = [await self._claim_first(self._number, self._lease_s)] if self._claim_first else []
        async with asyncio.TaskGroup() as group:
            if first:
                self.clock.tell(first[0].claimed_at.timestamp(), asked, self.clock.own())
                self._only = (first[0].workspace_id, first[0].run_id)
                await self._begin(first)
            while not self._stopping.is_set():
                claims = await self._claim()
                if claims:
                    group.create_task(self._begin(claims))

    async def _until_idle(self, most_s: float) -> None:
        """Lets the runs in hand go on, for so long at most."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(most_s):
                while self.active and not self._is_hurried:
                    self._room.clear()
                    await self._room.wait()

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[None]:
        """Around the work: a session that shows the worker lives, and on which it hears of cancelled runs."""
        ready = asyncio.Event()
        keeper = asyncio.create_task(self._keep_session(ready))
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(5):
                    await ready.wait()
            yield
        finally:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)

    async def _keep_session(self, ready: asyncio.Event) -> None:
        while True:
            connection: Connection | None = None
            try:
                connection = await self._db.dedicated()
                lost = asyncio.Event()
                connection.add_termination_listener(lambda _, lost=lost: lost.set())
                await connection.add_listener(queue.CANCELLED, self._hear_cancelled)
                await connection.add_listener(ANSWERED, self._hear_answered)
                number = await queue.register(connection, f"{socket.gethostname()}:{os.getpid()}")
                async with self._claiming:
                    await self.outages.change_number(number, self._in_hand())
                    self._number = number
                await queue.sweep(self._db, SWEEP_GRACE_S)  # what the workers before it held need not wait for a lease
                ready.set()
                await lost.wait()
                _log.warning("the session was lost", worker=self._number)
                self.outages.note()
            except (PlainworkError, OSError) as error:
                _log.warning("no session yet", error=str(error))
            finally:
                # Without a session of its own the worker's leases must run their full time.
                self._number = None
                if connection is not None and not connection.is_closed():
                    connection.terminate()
            await asyncio.sleep(_RECONNECT_S)

    def _hear_cancelled(self, _connection: Any, _pid: int, _channel: str, payload: str) -> None:
        execution = self.active.get(UUID(payload))
        if execution is not None:
            execution.records.lose()

    def _hear_answered(self, _connection: Any, _pid: int, _channel: str, payload: str) -> None:
        run_id, _, path = payload.partition(" ")
        execution = self.active.get(UUID(run_id))
        if execution is not None:
            execution.look_again(path)

    # claiming

    async def _claim(self) -> list[Claim]:
        room = self._free()
        if room <= 0:
            self._room.clear()
            await self._room.wait()
            return []
        try:
            return await (self._claim_any(min(room, CLAIM_AT_ONCE)) if self._only is None else self._claim_only())
        except (PlainworkError, OSError) as error:
            _log.warning("cannot claim runs", error=str(error))
            self.outages.note(is_claim=True)
            await asyncio.sleep(_RECONNECT_S)
            return []

    async def _claim_any(self, limit: int) -> list[Claim]:
        deliveries = await self._until_stopped(self._bell.wait(limit, _LOOK_EVERY_S))
        if not deliveries or self._stopping.is_set():
            return []
        async with self._claiming:
            await self.outages.settle(self._number, self._in_hand)
            if self.outages.is_under_way or self.journal.is_behind:
                await self._until_stopped(asyncio.sleep(_READ_AGAIN_S))  # it could not keep, or write, what it claimed
                return []
            suspects = 1 if self._suspect is None else 0
            claims = await self._watched(queue.claim(self._db, limit, self._number, self._lease_s, suspects))
        await self._bell.done(deliveries)
        meters.CLAIMED.add(times=len(claims))
        if not claims:
            await asyncio.sleep(0.01)
        return claims

    def has_room(self, count: int) -> bool:
        """Whether it can take so many runs more, now."""
        return self._number is not None and not self._stopping.is_set() and count <= self._free()

    async def take(self, claim: Callable[[int | None, float], Awaitable[list[Claim]]]) -> None:
        """Begins runs that somebody in this process starts: ``claim``, called with the worker's number and the length of a
        lease, starts and claims them in one."""
        try:
            async with self._claiming:
                await self.outages.settle(self._number, self._in_hand)
                claims = await self._watched(claim(self._number, self._lease_s))
        except (PlainworkError, OSError):
            self.outages.note(is_claim=True)
            raise
        await self._begin(claims)

    async def _watched(self, claiming: Awaitable[list[Claim]]) -> list[Claim]:
        """The claims, counted as in hand from now on."""
        asked = self.clock.own()
        with self.outages.watching():
            claims = await claiming
        if claims:
            self.clock.tell(claims[0].claimed_at.timestamp(), asked, self.clock.own())
        self._beginning.update(claim.run_id for claim in claims)
        return claims

    def _free(self) -> int:
        return self._concurrency - len(self.active) - len(self._beginning - self.active.keys())

    async def _until_stopped(self, waiting: Coroutine[Any, Any, T]) -> T | None:
        """What is waited for, or None as soon as the worker is to stop."""
        task, stopping = asyncio.create_task(waiting), asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
            return task.result() if task.done() else None
        finally:
            for each in (task, stopping):
                each.cancel()
            await asyncio.gather(task, stopping, return_exceptions=True)

    async def _claim_only(self) -> list[Claim]:
        assert self._only is not None
        claim = None
        if self._only[1] not in self.active:
            async with self._claiming:
                claim = await queue.claim_one(self._db, *self._only, self._number, self._lease_s)
                self._beginning.update([claim.run_id] if claim else ())
        if claim is None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.1):
                    await self._stopping.wait()
        return [claim] if claim else []

    def _in_hand(self) -> set[UUID]:
        return self._beginning | self.active.keys()

    # beginning

    async def _begin(self, claims: list[Claim]) -> None:
        """Begins claimed runs, pausing every few so that the commits of others go on meanwhile."""
        try:
            await self._begin_all(claims)
        finally:
            self._beginning.difference_update(claim.run_id for claim in claims)
            self._room.set()

    async def _begin_all(self, claims: list[Claim]) -> None:
        fresh: list[tuple[Claim, Version]] = []
        others: dict[UUID, list[Claim]] = defaultdict(list)
        for claim in claims:
            version = self.versions.known(claim.workspace_id, claim.version_id)
            if version is not None and claim.epoch == 1:
                fresh.append((claim, version))
            else:
                others[claim.workspace_id].append(claim)
        for turn, (claim, version) in enumerate(fresh, 1):
            self._execute(claim, version, ())
            if not turn % _TURN:
                await asyncio.sleep(0)
        for workspace_id, some in others.items():
            await self._begin_with_history(workspace_id, some)

    async def _begin_with_history(self, workspace_id: UUID, claims: list[Claim]) -> None:
        """Reads what is needed inside the workspace, for as long as the leases last: then others may have the runs."""
        again = [claim.run_id for claim in claims if claim.epoch > 1]
        until = time.monotonic() + self._lease_s / 2
        while True:
            try:
                with self.outages.watching():
                    async with self._db.workspace(workspace_id) as connection:
                        broken = await self._read_versions(connection, workspace_id, claims)
                        journals = await runs.journals(connection, again) if again else {}
                break
            except (PlainworkError, OSError) as error:
                _log.warning("cannot read runs", workspace=str(workspace_id), runs=len(claims), error=str(error))
                self.outages.note()
            if time.monotonic() + _READ_AGAIN_S > until or self._stopping.is_set():
                self.outages.excuse(claims)
                return
            await asyncio.sleep(_READ_AGAIN_S)
        for turn, claim in enumerate(claims, 1):
            version = self.versions.known(workspace_id, claim.version_id)
            if version is not None:
                self._execute(claim, version, journals.get(claim.run_id, ()))
            else:
                give_up(self, claim, broken.get(claim.version_id))
            if not turn % _TURN:
                await asyncio.sleep(0)

    async def _read_versions(
        self, connection: Connection, workspace_id: UUID, claims: Iterable[Claim]
    ) -> dict[UUID, Exception]:
        """Reads what can be read; what cannot, for whatever reason of its own, is broken and harms nobody else."""
        broken: dict[UUID, Exception] = {}
        for version_id in {claim.version_id for claim in claims}:
            try:
                await self.versions.read(connection, workspace_id, [version_id])
            except Exception as error:
                if is_outage(error):
                    raise
                if not isinstance(error, PlainworkError):
                    _log.bug(error, version=str(version_id))
                broken[version_id] = error
        return broken

    def _execute(self, claim: Claim, version: Version, history: Iterable[StepRow]) -> None:
        if self.now() - claim.claimed_at.timestamp() > self._lease_s:
            self.outages.excuse([claim])  # what is known of the run came too late: it may have gone on elsewhere
            return
        try:
            execution = Execution(self, claim, version, tuple(history))
        except Exception as error:
            if not isinstance(error, PlainworkError):
                _log.bug(error, run=str(claim.run_id))
            give_up(self, claim, error)
            return
        if (before := self.active.get(claim.run_id)) is not None:
            before.records.lose()  # its lease ran out, and it is this very worker that has the run again
        self.active[claim.run_id] = execution
        if claim.claims > 2:
            self._suspect = execution
        if not execution.is_crash_loop():
            execution.advance()

    # what executions ask for

    def reach(self, execution: Execution, step: GraphStep) -> Reach:
        """What a step of this run may use outside, and no more than its kind can use: thousands hold theirs at once."""
        outside, claim, waits = self._outside, execution.claim, None
        if waits_for_others(step.kind.id):
            left_usd = execution.budget.left_usd
            waits = Waits(self._db, self._bell, self.versions, claim, outside.public_url, left_usd)
        return Reach(
            net=outside.net,
            llm=self._gateway(claim.workspace_id),
            account=partial(self._open_account, execution) if step.account and outside.open_account else None,
            smtp_url=outside.smtp_url,
            waits=waits,
        )

    async def spent_today(self, execution: Execution) -> float:
        """What the model calls of the run's agent came to since midnight (UTC), in USD, as far as they are on record."""
        await self.journal.durable(execution.records)  # what it has just spent itself is to count
        today = datetime.fromtimestamp(self.now(), UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        async with self._db.workspace(execution.claim.workspace_id) as connection:
            spent = await llm_calls.spent(connection, since=today, agent_id=execution.claim.agent_id)
        return float(spent.cost_usd)

    def left(self, execution: Execution) -> None:
        """The execution is done with its run."""
        self.outages.excuse_lost(execution.records)
        self.on_left(execution)
        if self.active.get(execution.claim.run_id) is execution:
            del self.active[execution.claim.run_id]
        if self._suspect is execution:
            self._suspect = None
        self._room.set()

    def tell(self, execution: Execution, event: Event | None = None) -> None:
        """Passes on to those who watch."""
        if self._suspect is execution and event is None and execution.has_progressed:
            self._suspect = None  # what it has written is durable: the next one may be tried
        self.events.tell(execution.claim.run_id, event, execution.seq)

    def now(self) -> float:
        """The database's time, epoch seconds."""
        return self.clock.now()

    def is_watched(self, execution: Execution) -> bool:
        """Whether anybody in this process watches the run."""
        return self.events.is_watched(execution.claim.run_id)

    def _under_way(self, run_id: UUID) -> Iterable[tuple[int, Event]]:
        execution = self.active.get(run_id)
        return () if execution is None else execution.live.now()

    def _held(self) -> Iterable[RunJournal]:
        return (execution.records for execution in self.active.values())

    async def _open_account(
        self, execution: Execution, name: str, kind: Kind, config: Mapping[str, Any], *refused: str
    ) -> Mapping[str, Any]:
        assert self._outside.open_account is not None
        account = await self._outside.open_account(execution.claim, name, kind, config, *refused)
        log.hide(outputs.secret_values(account))
        return account

    def _gateway(self, workspace_id: UUID) -> Gateway | None:
        if self._outside.gateway is None:
            return None
        gateway = self._gateways.get(workspace_id)
        if gateway is None:
            gateway = self._gateways[workspace_id] = self._outside.gateway(workspace_id, self._book)
        return gateway

    def _book(self, call: CallRecord) -> None:
        execution = self.active.get(UUID(call.run)) if call.run else None
        if execution is not None:
            execution.note_model_call(call)


def _collect_rarely() -> None:
    """Runs are many small objects that live for milliseconds. Python's collector, at its usual threshold, would look through
    all of them over and over: a third of the worker's time."""
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
