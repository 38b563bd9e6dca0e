"""A queue on a message server of its own. What the servers differ in is their ``Wire``; all that makes a doorbell of a
wire is here.

Rings and receipts leave in the background, in batches, from buffers of a fixed size; deliveries are fetched only while
somebody waits. Whatever gets lost, and every run that becomes due by itself, is found in the database within
``LOOK_EVERY_S``. Therefore rings that cannot be sent are dropped, not kept: by the time the server is back the run has been
found.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import NamedTuple, Protocol, Self, TypeVar
from uuid import UUID

from plainwork import log
from plainwork.db import Database
from plainwork.db import queue as entries
from plainwork.errors import Unavailable
from plainwork.queue import Delivery
from plainwork.queue.addresses import Address

_log = log.get("queue")
S = TypeVar("S")
T = TypeVar("T")

LOOK_EVERY_S = 1.0
REDELIVER_S = 30
"""How long a delivery may go without ``done`` until the server gives it to somebody else."""
MOST_KEPT = 10_000
"""How many rings, and how many receipts, wait to be sent at most; older ones make room."""
MOST_ON_SERVER = 100_000
"""How many messages a server keeps at most, where it can be told."""
_ANSWER_S = 5.0
_PREPARE_S = 5.0
_LAST_RINGS_S = 1.0
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0


class Message(NamedTuple):
    """A run's id as text, and what the server wants to hear when it was acted on."""

    body: str
    receipt: str


class Wire(Protocol):
    """One message server. Every verb but ``close`` raises Unavailable when the server does not do as it is asked."""

    address: Address
    poll_s: float
    """For how long one ``receive`` is to wait."""
    at_once: int
    """How many messages one ``send`` or ``acknowledge`` is given at most: what a slow server does within seconds."""

    async def prepare(self) -> None:
        """Connects and makes what is needed on the server. Called at first, and again after every failure."""

    async def send(self, bodies: Sequence[str]) -> None:
        """Hands over messages."""

    async def receive(self, limit: int, timeout_s: float) -> Sequence[Message]:
        """Up to ``limit`` messages, as soon as there is one; none after ``timeout_s`` seconds."""

    async def acknowledge(self, receipts: Sequence[str]) -> None:
        """Has these messages not come again."""

    async def close(self) -> None:
        """Disconnects."""


class Doorbell:
    """See ``plainwork.queue.Queue``. Make it with ``open``."""

    def __init__(self, db: Database, wire: Wire) -> None:
        self._db = db
        self._wire = wire
        self._rung: deque[str] = deque(maxlen=MOST_KEPT)
        self._acted_on: deque[str] = deque(maxlen=MOST_KEPT)
        self._to_send = asyncio.Event()
        self._arrived: deque[Delivery] = deque()
        self._news = asyncio.Event()
        self._wanted = asyncio.Event()
        self._waiting = 0
        self._limit = 1
        self._look_at = 0.0
        self._mending = asyncio.Lock()
        self._mended_at = 0.0
        self._is_away = False
        self._is_closed = False
        self._tasks: tuple[asyncio.Task[None], ...] = ()

    @classmethod
    async def open(cls, db: Database, wire: Wire) -> Self:
        """A doorbell on this wire. Raises Unavailable when the server cannot be used from the start."""
        bell = cls(db, wire)
        try:
            await bell._within(_PREPARE_S, wire.prepare())
        except BaseException:
            await wire.close()
            raise
        bell._tasks = (
            asyncio.create_task(bell._keep_on(bell._send, "rings cannot be sent")),
            asyncio.create_task(bell._keep_on(bell._receive, "deliveries cannot be fetched")),
        )
        return bell

    async def ring(self, run_ids: Iterable[UUID]) -> None:
        """Sends a message for each run, soon."""
        if not self._is_closed and not self._is_away:
            self._rung.extend(map(str, run_ids))
            self._to_send.set()

    async def wait(self, limit: int, timeout_s: float) -> Sequence[Delivery]:
        """What was rung; now and then also what is due in the database without a message."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        self._waiting += 1
        try:
            while not self._is_closed:
                self._news.clear()
                if self._arrived:
                    return [self._arrived.popleft() for _ in range(min(limit, len(self._arrived)))]
                self._limit = limit
                self._wanted.set()
                if loop.time() >= self._look_at and (due := await self._look(limit)):
                    return due
                now = loop.time()
                if now >= deadline:
                    break
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(min(deadline, self._look_at) - now):
                        await self._news.wait()
            return ()
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._wanted.clear()

    async def done(self, deliveries: Iterable[Delivery]) -> None:
        """Sends the receipts, soon. Those that get lost make a message come again, which harms nobody."""
        if not self._is_closed and not self._is_away:
            self._acted_on.extend(one.receipt for one in deliveries if one.receipt is not None)
            self._to_send.set()

    async def close(self) -> None:
        """Lets the last rings out for a moment, then disconnects; a ``wait`` under way returns."""
        if self._is_closed:
            return
        self._is_closed = True
        self._news.set()
        self._to_send.set()
        if not self._is_away:
            await asyncio.wait(self._tasks[:1], timeout=_LAST_RINGS_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._wire.close()

    async def _look(self, limit: int) -> list[Delivery]:
        outlook = await entries.outlook(self._db, limit)
        soon_s = LOOK_EVERY_S if outlook.next_in_s is None else min(LOOK_EVERY_S, outlook.next_in_s + 0.001)
        self._look_at = asyncio.get_running_loop().time() + (0.0 if outlook.run_ids else soon_s)
        return [Delivery(run_id) for run_id in outlook.run_ids]

    # the two tasks

    async def _send(self) -> None:
        await self._to_send.wait()
        self._to_send.clear()
        while self._rung or self._acted_on:
            for kept, send in ((self._rung, self._wire.send), (self._acted_on, self._wire.acknowledge)):
                batch = [kept.popleft() for _ in range(min(self._wire.at_once, len(kept)))]
                if batch:
                    await self._within(_ANSWER_S, send(batch))

    async def _receive(self) -> None:
        await self._wanted.wait()
        poll_s = self._wire.poll_s
        for message in await self._within(poll_s + _ANSWER_S, self._wire.receive(self._limit, poll_s)):
            try:
                self._arrived.append(Delivery(UUID(message.body), message.receipt))
            except ValueError:  # not from us
                await self.done([Delivery(UUID(int=0), message.receipt)])
        if self._arrived:
            self._wanted.clear()
            self._news.set()

    async def _keep_on(self, turn: Callable[[], Awaitable[None]], trouble: str) -> None:
        """Does one turn after the other until the queue is closed; after one that failed, prepares the server anew."""
        pause_s = 0.0
        while not self._is_closed or self._rung or self._acted_on:
            began_at = asyncio.get_running_loop().time()
            try:
                await turn()
                if pause_s:
                    _log.info("the queue is back", queue=str(self._wire.address))
                pause_s = 0.0
            except Unavailable as error:
                if not pause_s:
                    _log.warning(f"{trouble}; due runs are looked for in the database", error=error.message)
                pause_s = min(max(2 * pause_s, _FIRST_PAUSE_S), _LONGEST_PAUSE_S)
                await self._mend(began_at, pause_s)
            except Exception as error:
                _log.bug(error, queue=str(self._wire.address))
                await asyncio.sleep(_LONGEST_PAUSE_S)

    async def _mend(self, failed_at: float, pause_s: float) -> None:
        """Prepares the server anew, ever less often, until it is there; unless that was done since ``failed_at``."""
        async with self._mending:
            while self._mended_at < failed_at:
                self._is_away = True
                self._rung.clear()
                self._acted_on.clear()
                await asyncio.sleep(pause_s * random.uniform(0.5, 1.0))
                with contextlib.suppress(Unavailable):
                    await self._within(_PREPARE_S, self._wire.prepare())
                    self._mended_at = asyncio.get_running_loop().time()
                    self._is_away = False
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def _within(self, seconds: float, work: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(seconds):
                return await work
        except TimeoutError:
            raise self._wire.address.unavailable(f"it did not answer within {seconds:.0f} seconds") from None


async def all_of(ask: Callable[[S], Awaitable[T]], items: Iterable[S], at_once: int = 8) -> list[T]:
    """What is answered for each item. A few are asked for at a time; the first failure is raised when nothing is under way
    any more."""
    room = asyncio.Semaphore(at_once)

    async def one(item: S) -> T:
        async with room:
            return await ask(item)

    answers = await asyncio.gather(*map(one, items), return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return [answer for answer in answers if not isinstance(answer, BaseException)]
