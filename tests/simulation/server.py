"""The database server at the driver's call: connections, transactions, sessions, notifications; and what goes wrong there.

``open_database`` gives the real ``Database`` over a pool of these connections. A statement travels, is executed in one
instant at the server, and its answer travels back; each leg takes its time, and may be the last thing a connection does.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from plainwork.db import Database
from plainwork.db.pool import Login
from tests.simulation.machine import EPOCH, Machine, Process
from tests.simulation.rows import Locked, Transaction
from tests.simulation.statements import run_statement
from tests.simulation.store import Observer, Safeguard, Store

COMMAND_TIMEOUT_S = 60.0


@dataclass(slots=True)
class Weather:
    """How the database and the bell do. Probabilities are of one statement or one notification; times in seconds."""

    slow: float = 0.0
    slowest_s: float = 0.0
    lost_before: float = 0.0
    lost_after: float = 0.0
    lost_rings: float = 0.0
    doubled_rings: float = 0.0
    late_rings: float = 0.0
    lingering: float = 0.0
    """How often the server takes long to notice that a client is gone."""
    dies_after_commit: float = 0.0
    """How often a process dies between what it wrote and the answer to that."""


CALM = Weather()


class Server:
    """One database server. ``weather`` may be changed at any time."""

    def __init__(
        self, machine: Machine, observer: Observer, weather: Weather, *, without: Collection[Safeguard] = ()
    ) -> None:
        self.machine = machine
        self.weather = weather
        self.store = Store(observer, self._is_alive, without=without)
        self.store.notify = self.notify
        self.sessions: list[Session] = []
        self.is_up = True
        self.cut_off: dict[Process, float] = {}
        self.traps: dict[str, float | None] = {}
        """What happens to the next statement that begins like this: its connection breaks before it is executed, or it takes
        so many seconds."""

    def now(self) -> float:
        """The server's own clock, epoch seconds, as exact as it keeps times."""
        return round(EPOCH + self.machine.now, 6)

    def can_reach(self, process: Process) -> bool:
        """Whether a process reaches the server now."""
        return self.is_up and not self.machine.is_over and self.cut_off.get(process, 0.0) <= self.machine.now

    def go_down(self, for_s: float) -> None:
        """The server stops, with every session, and is there again after so long."""
        self.machine.note(f"the database is down for {for_s:.1f} s")
        self.is_up = False
        for session in list(self.sessions):
            session.sever()
        self.machine.after(for_s, self._come_back)

    def cut(self, process: Process, for_s: float) -> None:
        """A process does not reach the server for a while."""
        self.machine.note(f"{process.name} is cut off for {for_s:.1f} s")
        process.stumbles += 1
        self.cut_off[process] = self.machine.now + for_s
        for session in [one for one in self.sessions if one.process is process]:
            session.sever()

    def sprung(self, sql: str) -> str | None:
        """The trap that a statement has stepped into."""
        said = " ".join(sql.split())
        return next((beginning for beginning in self.traps if said.startswith(beginning)), None)

    def notify(self, channel: str, payload: str) -> None:
        """Sends a notification to every session that listens, as well as the weather lets it."""
        hand, weather = self.machine, self.weather
        for session in self.sessions:
            if channel not in session.listeners or hand.chance(weather.lost_rings):
                continue
            for _ in range(2 if hand.chance(weather.doubled_rings) else 1):
                delay_s = hand.random.uniform(0.0, 3.0) if hand.chance(weather.late_rings) else 0.001
                hand.after(delay_s, session.deliver, channel, payload)

    def _come_back(self) -> None:
        self.is_up = True
        self.machine.note("the database is back")

    def _is_alive(self, worker: int) -> bool:
        return any(worker in session.workers for session in self.sessions)


class Session:
    """The server's side of one connection."""

    def __init__(self, server: Server, process: Process, connection: Connection) -> None:
        self.server = server
        self.process = process
        self.connection = connection
        self.transaction: Transaction | None = None
        self.listeners: dict[str, Callable[..., None]] = {}
        self.workers: set[int] = set()
        self.is_open = True
        self.said = ""
        self.sent = 0
        self.executed = 0
        server.sessions.append(self)

    def receive(
        self, number: int, sql: str, arguments: Sequence[Any], answer: Callable[[Any], None], began_at: float
    ) -> None:
        """Executes a statement that has arrived, after those sent before it (nobody may wait for their answers any more) and
        when the rows it needs are free."""
        if not self.is_open:
            return
        try:
            if number > self.executed + 1:
                raise Locked
            result = self._execute(" ".join(sql.split()), arguments, began_at)
        except Locked:
            self.server.machine.after(0.01, self.receive, number, sql, arguments, answer, began_at)
            return
        except asyncpg.PostgresError as error:
            result = error
        self.executed = number
        answer(result)

    def _execute(self, sql: str, arguments: Sequence[Any], now: float) -> Any:
        if sql == "begin":
            self.transaction = Transaction(now)
            return None
        if sql in ("commit", "rollback"):
            self.end_transaction(commits=sql == "commit")
            return None
        transaction = self.transaction or Transaction(now)
        result = run_statement(self, transaction, sql, arguments)
        if self.transaction is None:
            transaction.end(commits=True)
        return result

    def end_transaction(self, *, commits: bool) -> None:
        """Ends the open transaction, if there is one."""
        transaction, self.transaction = self.transaction, None
        if transaction is not None:
            transaction.end(commits=commits)

    def deliver(self, channel: str, payload: str) -> None:
        """A notification arrives at the client."""
        if self.is_open and channel in self.listeners:
            self.process.call_soon(self.listeners[channel], self.connection, 0, channel, payload)

    def close(self) -> None:
        """The server sees that the client is gone."""
        if self.is_open:
            self.is_open = False
            self.server.sessions.remove(self)
            self.end_transaction(commits=False)

    def sever(self) -> None:
        """The connection breaks: the client sees it at once, the server at once or later."""
        machine, weather = self.server.machine, self.server.weather
        if self.server.is_up and machine.chance(weather.lingering):
            self.listeners.clear()
            machine.after(machine.random.uniform(0.0, 20.0), self.close)
        else:
            self.close()
        self.connection.drop()


class Connection:
    """The client's side, as far as asyncpg's is used."""

    def __init__(self, server: Server, process: Process) -> None:
        self._server = server
        self._process = process
        self._session = Session(server, process, self)
        self._pending: asyncio.Future[Any] | None = None
        self._on_end: list[Callable[[Any], None]] = []
        self._is_closed = False

    def drop(self) -> None:
        """The connection is gone: what waits for an answer fails, and listeners are told."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._pending is not None and not self._pending.done():
            error = asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")
            self._process.call_soon(_settle, self._pending, error)
        for act in self._on_end:
            self._process.call_soon(act, self)

    async def fetch(self, sql: str, *arguments: Any) -> list[Any]:
        return list(await self._ask(sql, arguments) or ())

    async def fetchrow(self, sql: str, *arguments: Any) -> Any:
        rows = await self._ask(sql, arguments)
        return rows[0] if rows else None

    async def fetchval(self, sql: str, *arguments: Any) -> Any:
        return await self._ask(sql, arguments)

    async def execute(self, sql: str, *arguments: Any) -> str:
        await self._ask(sql, arguments)
        return ""

    def transaction(self) -> _Block:
        return _Block(self)

    async def add_listener(self, channel: str, callback: Callable[..., None]) -> None:
        await self._ask("listen", ())
        self._session.listeners[channel] = callback

    def add_termination_listener(self, callback: Callable[[Any], None]) -> None:
        self._on_end.append(callback)

    def is_closed(self) -> bool:
        return self._is_closed

    def terminate(self) -> None:
        self._is_closed = True
        self._session.close()

    async def close(self) -> None:
        self.terminate()

    async def _ask(self, sql: str, arguments: Sequence[Any]) -> Any:
        """Sends a statement and awaits its answer. Each of the two ways may be where the connection breaks."""
        if self._is_closed:
            raise asyncpg.InterfaceError("connection is closed")
        if not self._server.can_reach(self._process):
            self._session.sever()
            raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")
        machine, weather, session = self._server.machine, self._server.weather, self._session
        future = self._pending = self._process.create_future()

        asked_at = machine.now

        def executed(result: Any) -> None:
            back_s = self._travel_s()
            self._process.late_answers += machine.now + back_s - asked_at > 1.0
            if machine.chance(weather.lost_after):
                machine.note(f"{self._process.name}: the answer to {_named(sql)} is lost")
                self._process.late_answers += "claim_runs" in sql
                session.sever()
            elif not sql.startswith("listen") and machine.chance(weather.dies_after_commit):
                machine.kill(self._process, f"dies after {_named(sql)}")
            else:
                machine.after(back_s, self._process.call_soon, _settle, future, result)

        session.sent += 1
        trap = self._server.sprung(sql) if self._server.traps else None
        slow_s = self._server.traps.pop(trap) if trap else 0.0
        if slow_s is None or machine.chance(weather.lost_before):
            machine.note(f"{self._process.name}: {_named(sql)} is lost")
            machine.after(self._travel_s(), session.sever)
        else:
            machine.after(slow_s + self._travel_s(), self._arrive, session.sent, sql, arguments, executed)
        timer = self._process.call_later(COMMAND_TIMEOUT_S, _settle, future, TimeoutError())
        try:
            return await future
        finally:
            timer.cancel()

    def _arrive(self, number: int, sql: str, arguments: Sequence[Any], answer: Callable[[Any], None]) -> None:
        """The server begins: from now on the statement's ``now()`` stands, also while it is slow or waits for a row."""
        session, machine, weather = self._session, self._server.machine, self._server.weather
        began_at = session.transaction.now if session.transaction else self._server.now()
        if machine.chance(weather.slow):
            slow_s = machine.random.uniform(0.0, weather.slowest_s)
            machine.after(slow_s, session.receive, number, sql, arguments, answer, began_at)
        else:
            session.receive(number, sql, arguments, answer, began_at)

    def _travel_s(self) -> float:
        machine, weather = self._server.machine, self._server.weather
        if weather.slow and machine.chance(weather.slow):
            return machine.random.uniform(0.0, weather.slowest_s)
        return machine.random.uniform(0.0001, 0.002)


class _Block:
    """A transaction at the client."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def __aenter__(self) -> None:
        await self._connection.execute("begin")

    async def __aexit__(self, kind: Any, error: Any, trace: Any) -> None:
        if not self._connection.is_closed():
            await self._connection.execute("commit" if kind is None else "rollback")
        elif kind is None:
            raise asyncpg.InterfaceError("connection is closed")


class Pool:
    """A process' pool of connections."""

    def __init__(self, server: Server, process: Process) -> None:
        self._server = server
        self._process = process
        self._idle: list[Connection] = []
        process.on_death.append(self._abandon)
        self._all: list[Connection] = []

    def get_max_size(self) -> int:
        return 16

    async def acquire(self, timeout: float) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        return await self.connect()

    async def release(self, connection: Connection) -> None:
        if not connection.is_closed():
            self._idle.append(connection)

    async def connect(self) -> Connection:
        """A connection of one's own."""
        arrived = self._process.create_future()
        self._server.machine.after(0.003, self._process.call_soon, _settle, arrived, None)
        await arrived
        if not self._server.can_reach(self._process):
            raise ConnectionRefusedError("connection refused")
        connection = Connection(self._server, self._process)
        self._all = [one for one in self._all if not one.is_closed()] + [connection]
        return connection

    def _abandon(self) -> None:
        """The process has died: its system closes the connections, unless the whole machine has gone."""
        for connection in self._all:
            connection._session.sever()


class SimulatedDatabase(Database):
    """The real one, but for where its dedicated connections come from."""

    __slots__ = ()

    async def dedicated(self) -> Any:
        return await self.pool.connect()


def open_database(server: Server, process: Process) -> Database:
    """A process' door to the server."""
    login = Login("postgresql://simulated/plainwork", "DATABASE_URL")
    return SimulatedDatabase(Pool(server, process), "simulated", login)


def _settle(future: asyncio.Future[Any], result: Any) -> None:
    if future.done():
        return
    if isinstance(result, BaseException):
        future.set_exception(result)
    else:
        future.set_result(result)


def _named(sql: str) -> str:
    found = re.match(r"\s*select (?:\* from )?(\w+)\(|\s*(\w+ \w+ \w+|\w+)", sql)
    return (found[1] or found[2] if found else None) or sql[:30]
