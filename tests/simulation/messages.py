"""A message server for ``queue.doorbell``: it loses, doubles and reorders messages, gives them again, and goes away."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Sequence
from dataclasses import dataclass

from plainwork.queue.addresses import Address
from plainwork.queue.doorbell import REDELIVER_S, Message
from tests.simulation.machine import Machine, Process


@dataclass(slots=True)
class Post:
    """How the messages do: probabilities of one message."""

    lost: float = 0.0
    doubled: float = 0.0
    is_orderly: bool = True


class Messages:
    """The server: what it has, and from when on each may be given to somebody (again)."""

    def __init__(self, machine: Machine, post: Post) -> None:
        self.machine = machine
        self.post = post
        self.is_up = True
        self._kept: dict[str, tuple[str, float]] = {}
        self._count = 0

    def go_down(self, for_s: float) -> None:
        """The server is away for a while, and comes back with nothing."""
        self.machine.note(f"the message server is down for {for_s:.1f} s")
        self.is_up = False
        self._kept.clear()
        self.machine.after(for_s, self._come_back)

    def take_in(self, body: str) -> None:
        """A message arrives."""
        if self.machine.chance(self.post.lost):
            return
        for _ in range(2 if self.machine.chance(self.post.doubled) else 1):
            self._count += 1
            self._kept[str(self._count)] = (body, 0.0)

    def give(self, limit: int) -> list[Message]:
        """Messages that nobody is busy with."""
        free = [receipt for receipt, (_, at) in self._kept.items() if at <= self.machine.now]
        if not self.post.is_orderly:
            self.machine.random.shuffle(free)
        given = [Message(self._kept[receipt][0], receipt) for receipt in free[:limit]]
        for message in given:
            self._kept[message.receipt] = (message.body, self.machine.now + REDELIVER_S)
        return given

    def forget(self, receipts: Sequence[str]) -> None:
        """These were acted on."""
        for receipt in receipts:
            self._kept.pop(receipt, None)

    def _come_back(self) -> None:
        self.is_up = True


class Wire:
    """A process' connection: ``queue.doorbell.Wire``."""

    address = Address("simulated", (("messages", 0),))
    poll_s = 0.5
    at_once = 100

    def __init__(self, server: Messages, process: Process) -> None:
        self._server = server
        self._process = process

    async def prepare(self) -> None:
        await self._travel()

    async def send(self, bodies: Sequence[str]) -> None:
        await self._travel()
        for body in bodies:
            self._server.take_in(body)
        await self._travel()

    async def receive(self, limit: int, timeout_s: float) -> Sequence[Message]:
        until = self._process.time() + timeout_s
        while True:
            await self._travel()
            given = self._server.give(limit)
            if given or self._process.time() >= until:
                return given

    async def acknowledge(self, receipts: Sequence[str]) -> None:
        await self._travel()
        self._server.forget(receipts)

    async def close(self) -> None:
        """Nothing is open."""

    async def _travel(self) -> None:
        """One way; Unavailable when nobody is at its end."""
        arrived = self._process.create_future()
        machine = self._server.machine
        machine.after(machine.random.uniform(0.001, 0.1), self._process.call_soon, _arrive, arrived)
        await arrived
        if not self._server.is_up or machine.is_over:
            raise self.address.unavailable("it is away")


def _arrive(future: Future[None]) -> None:
    if not future.done():
        future.set_result(None)
