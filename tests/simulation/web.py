"""The web as the steps of simulated runs meet it: one server behind the real client's session, and what goes wrong there.

Each request says in its body which step of which run it comes from; the server hands out a fresh number for each act, so
that whoever carries on with one can be held to it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp
import msgspec
from aiohttp.client_reqrep import ConnectionKey
from yarl import URL

from plainwork.net import Client
from tests.simulation.machine import Machine, Process

HOST = "world.test"


@dataclass(slots=True)
class Traffic:
    """How the web does: probabilities of one request."""

    unreachable: float = 0.0
    """It cannot be connected to."""
    cut_before: float = 0.0
    """The connection breaks off before the server has read the request …"""
    cut_after: float = 0.0
    """… or after it has acted."""
    hangs: float = 0.0
    """It acts, or not, and never answers."""
    refuses: float = 0.0
    """503: it has not acted."""
    fails: float = 0.0
    """500: it may have acted."""
    slow: float = 0.0
    slowest_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Act:
    """A request that was acted on."""

    run: str
    step: str
    given: Mapping[str, Any]
    key: str | None
    method: str
    number: int
    sent_by: Process


class Onlooker(Protocol):
    """Who is told what steps do outside."""

    def sends(self, run: str, step: str, sent_by: Process) -> None:
        """A step's request leaves its process."""

    def acted(self, act: Act) -> None:
        """A request was acted on."""


class Web:
    """The server."""

    def __init__(self, machine: Machine, traffic: Traffic, watch: Onlooker) -> None:
        self.machine = machine
        self.traffic = traffic
        self.watch = watch
        self._acts = 0

    def client(self, process: Process) -> Client:
        """A process' client: the real one, on a session that leads here."""
        client = Client((HOST,))
        client._session = Session(self, process)  # type: ignore[assignment]
        return client

    def act(self, method: str, headers: Mapping[str, str], body: bytes, sent_by: Process) -> int:
        """Acts on a request; the number of the act."""
        told = msgspec.json.decode(body)
        self._acts += 1
        key = headers.get("Idempotency-Key")
        self.watch.acted(Act(told["run"], told["step"], told.get("given") or {}, key, method, self._acts, sent_by))
        return self._acts


class Session:
    """What ``net.Client`` asks of an aiohttp session."""

    def __init__(self, web: Web, process: Process) -> None:
        self._web = web
        self._process = process

    async def request(
        self, method: str, url: URL, *, headers: Mapping[str, str], data: bytes | None, **_: Any
    ) -> Response:
        machine = self._web.machine
        answer: asyncio.Future[Any] = self._process.create_future()
        told = msgspec.json.decode(data or b"{}")
        self._web.watch.sends(told["run"], told["step"], self._process)
        does, result = self._fate()

        def arrive() -> None:
            number = self._web.act(method, headers, data or b"{}", self._process) if does else 0
            if result is not None:
                reply = Response(method, result, number) if isinstance(result, int) else result
                machine.after(self._travel_s(), self._process.call_soon, _settle, answer, reply)

        machine.after(self._travel_s(), arrive)
        reply: Response = await answer
        return reply

    def _fate(self) -> tuple[bool, int | Exception | None]:
        """Whether a request is acted on, and what comes back: a status, a broken connection, or nothing ever."""
        machine, traffic = self._web.machine, self._web.traffic
        key = ConnectionKey(HOST, 80, False, True, None, None, None)
        refused = aiohttp.ClientConnectorError(key, ConnectionRefusedError(111, "refused"))
        cut = aiohttp.ServerDisconnectedError()
        fates: list[tuple[float, bool, int | Exception | None]] = [
            (traffic.unreachable, False, refused),
            (traffic.cut_before, False, cut),
            (traffic.cut_after, True, cut),
            (traffic.hangs, machine.chance(0.5), None),
            (traffic.refuses, False, 503),
            (traffic.fails, machine.chance(0.5), 500),
        ]
        drawn = machine.random.random()
        for probability, does, result in fates:
            drawn -= probability
            if drawn < 0:
                return does, result
        return True, 200

    async def close(self) -> None:
        """Nothing is open."""

    def _travel_s(self) -> float:
        machine, traffic = self._web.machine, self._web.traffic
        if machine.chance(traffic.slow):
            return machine.random.uniform(0.0, traffic.slowest_s)
        return machine.random.uniform(0.005, 0.2)


class Response:
    """What ``net.Client`` asks of an aiohttp response."""

    def __init__(self, method: str, status: int, number: int) -> None:
        self.method = method
        self.status = status
        self.headers = {"Content-Type": "application/json"}
        self.content = self
        self._left = msgspec.json.encode({"n": number})

    async def readany(self) -> bytes:
        left, self._left = self._left, b""
        return left

    def release(self) -> None:
        """Nothing is held."""

    close = release


def _settle(answer: asyncio.Future[Any], result: Any) -> None:
    if answer.done():
        return
    if isinstance(result, BaseException):
        answer.set_exception(result)
    else:
        answer.set_result(result)
