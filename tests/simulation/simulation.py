"""One simulation: processes at work, faults among them, then calm until all is settled, then the promises are checked."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, lru_cache, partial
from hashlib import blake2b
from io import StringIO
from random import Random
from typing import Any
from uuid import UUID

import msgspec

from plainwork import log
from plainwork.db import Database
from plainwork.db.runs import VersionRow
from plainwork.engine.clock import Clock
from plainwork.engine.outside import Outside
from plainwork.engine.start import cancel, start
from plainwork.engine.versions import Version, Versions
from plainwork.engine.worker import Worker
from plainwork.errors import NotFound, PlainworkError, Unavailable
from plainwork.queue import Queue
from plainwork.queue.doorbell import Doorbell
from plainwork.queue.postgres import PostgresQueue
from plainwork.scheduler import Scheduler
from plainwork.spec.flow import Flow
from tests.simulation.calls import Answers, check_waits
from tests.simulation.flows import LEAVES, random_flow, random_leaf
from tests.simulation.machine import EPOCH, Machine, Process
from tests.simulation.messages import Messages, Post, Wire
from tests.simulation.people import WORKSPACE, Person, check_decisions
from tests.simulation.promises import Watch, check, is_settled
from tests.simulation.rows import Tick
from tests.simulation.server import CALM, Server, Weather, open_database
from tests.simulation.store import Safeguard
from tests.simulation.web import Traffic, Web

FLOWS = 200
"""How many different flows there are; each simulation has two of them."""
CALM_S = 400.0
"""How long after the last fault every run must have ended: waits, retries, leases and limits all fit in."""


@dataclass
class Outcome:
    """What came of a seed. ``broken``: empty when all promises were kept; ``history`` tells what happened."""

    seed: int
    broken: Sequence[str]
    history: Sequence[tuple[float, str]]
    turns: int
    virtual_s: float
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """The same for the same history."""
        return blake2b(repr(self.history).encode(), digest_size=8).hexdigest()


def simulate(seed: int, *, without: Collection[Safeguard] = ()) -> Outcome:
    """Runs a seed; ``without``: on a database that lacks these."""
    simulation = Simulation(seed, without=without)
    with simulation.under_way():
        simulation.run()
    return simulation.outcome()


@lru_cache(maxsize=FLOWS)
def _version(number: int) -> tuple[Version, tuple[Any, ...]]:
    """One of the flows, compiled, and its row."""
    return version_of(random_flow(Random(number)), number)


@cache
def _leaf(number: int) -> tuple[Version, tuple[Any, ...]]:
    """One of the agents that others call."""
    return version_of(random_leaf(Random(number)), FLOWS + number, f"leaf-{number}")


def version_of(flow: Flow, number: int, agent_name: str | None = None) -> tuple[Version, tuple[Any, ...]]:
    """A version with this flow, compiled, and its row."""
    key, agent = UUID(int=1000 + number), UUID(int=5000 + number)
    row = VersionRow(key, agent, agent_name or f"agent-{number}", 1, msgspec.to_builtins(flow))
    built = Versions(None)._build(WORKSPACE, row)  # type: ignore[arg-type]
    return built, (key, agent, row.agent, row.number, row.flow)


class Simulation:
    """One seed's machine, server, web, processes and faults. ``versions``: those to run, instead of drawn ones, and in fair
    weather."""

    def __init__(
        self,
        seed: int,
        *,
        without: Collection[Safeguard] = (),
        versions: Sequence[tuple[Version, tuple[Any, ...]]] = (),
    ) -> None:
        self.seed = seed
        self.machine = Machine(seed)
        self.random = self.machine.random
        self.watch = Watch(self.machine)
        weather, traffic = (CALM, Traffic()) if versions else (_weather(self.random), _traffic(self.random))
        self.server = Server(self.machine, self.watch, weather, without=without)
        self.watch.store = self.server.store
        self.web = Web(self.machine, traffic, self.watch)
        self.messages = None if versions or self.random.random() < 0.6 else Messages(self.machine, _post(self.random))
        self.lease_s = self.random.choice((3.0, 6.0, 12.0))
        self.faults_s = self.random.uniform(10.0, 40.0)
        self.accepted: list[UUID] = []
        self.delivered: dict[int, UUID] = {}
        self.answers: Answers = Counter()
        self.clients_left = 0
        self._finished: set[Process] = set()
        self._is_calm = False
        self._names = 0
        self.versions = versions or [_version(self.random.randrange(FLOWS)) for _ in range(2)]
        for version, row in (*self.versions, *map(_leaf, range(LEAVES))):
            self.watch.versions[version.id] = version
            self.server.store.versions[version.id] = row

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Inside, everything runs on this machine."""
        with _bugs_told_to(self.machine), self.machine.running():
            yield

    def outcome(self) -> Outcome:
        runs = list(self.server.store.runs.values())
        counts = {"runs": len(runs), "acts": sum(len(acts) for acts in self.watch.acts.values())}
        counts["repeated"] = sum(len(acts) - 1 for acts in self.watch.acts.values())
        for run in runs:
            if run.resolution is not None:
                counts[run.resolution] = counts.get(run.resolution, 0) + 1
            end = run.cause or run.status
            counts[end] = counts.get(end, 0) + 1
        machine = self.machine
        broken = [*machine.complaints, *self.watch.broken]
        return Outcome(self.seed, broken, machine.history, machine.turns, machine.now, counts)

    def run(self) -> None:
        """Faults, then calm, then the checks."""
        machine, hand = self.machine, self.random
        for _ in range(hand.randint(1, 3)):
            self.worker()
        for _ in range(hand.randint(1, 2)):
            self.scheduler()
        self.add_schedule()
        for number in range(hand.randint(3, 10)):
            for _ in range(hand.choice((1, 1, 1, 2))):  # the same delivery may come in through two doors
                machine.after(hand.uniform(0.0, self.faults_s * 0.7), self.client, number)
                self.clients_left += 1
        for _ in range(hand.choice((0, 0, 1, 2))):
            machine.after(hand.uniform(0.0, self.faults_s), self.person)
            self.clients_left += 1
        for _ in range(hand.randint(1, 8)):
            machine.after(hand.uniform(0.0, self.faults_s), self._fault)
        machine.at(self.faults_s, self._calm_down)
        machine.run(self.faults_s)
        machine.run(self.faults_s + CALM_S, self._is_settled)
        if not machine.complaints:
            check(self.watch, self.server.store, self.accepted, self._last_counted)
            check_waits(self.watch, self.server.store, self.answers)
            check_decisions(self.watch, self.server.store.runs)
            self._check_ticks()

    # who is at work

    def worker(self, **given: Any) -> None:
        """A worker process; ``given``: options that are not drawn."""
        hand = self.random
        options = {
            "concurrency": hand.choice((1, 2, 50)),
            "drain_s": hand.choice((0.0, 2.0)),
            "lease_s": self.lease_s,
        } | given
        self._start("worker", partial(self._work, options), partial(self.worker, **given))

    def scheduler(self) -> None:
        """A scheduler process."""
        self._start("scheduler", self._schedule, self.scheduler)

    def client(self, number: int) -> None:
        """A process that has one run started, however often it takes, and sometimes twice or cancelled."""
        self._start(f"client {number} ", partial(self._ask, number), lambda: self.client(number))

    def person(self) -> None:
        """A process in which somebody looks after the inbox."""
        self._start("person", lambda process: Person(self, process).work(), self.person)

    def _start(self, role: str, work: Callable[[Process], Any], again: Callable[[], None]) -> None:
        self._names += 1
        skew_s = self.random.choice((0.0, 0.0, self.random.uniform(-40.0, 40.0)))
        process = self.machine.spawn(f"{role}{self._names}", work, skew_s)
        process.on_death.append(lambda: self._succeed(process, again))
        assert process.main is not None
        process.main.add_done_callback(lambda task: self._left(process, task))

    def _succeed(self, process: Process, again: Callable[[], None]) -> None:
        """Another takes the place of a process that is gone, unless that had done all it was there for."""
        if process not in self._finished:
            self.machine.after(self.random.uniform(0.1, 6.0), again)

    def _left(self, process: Process, task: asyncio.Task[Any]) -> None:
        """A process has come to its end; one that falls over with an error is a bug."""
        if not process.is_alive:
            return
        if not task.cancelled() and task.exception() is not None:
            self.machine.complain(f"{process.name} fell over: {task.exception()!r}")
        if process.name.startswith(("client", "person")):
            self._finished.add(process)
            self.clients_left -= 1
        self.machine.at(self.machine.now, self.machine.kill, process, "leaves")

    async def _bell(self, process: Process, database: Database) -> Queue:
        """The process' queue: the database's own, or one on a message server (which has to be there at the start)."""
        while self.messages is not None:
            try:
                return await Doorbell.open(database, Wire(self.messages, process))
            except Unavailable:
                await asyncio.sleep(1.0)
        return await PostgresQueue.open(database)

    async def _work(self, options: dict[str, Any], process: Process) -> None:
        database = open_database(self.server, process)
        bell = await self._bell(process, database)
        clock = Clock(self.machine.wall)
        worker = Worker(database, bell, Outside(net=self.web.client(process)), clock=clock, **options)
        process.stop = worker.stop
        await worker.run()
        await bell.close()

    async def _schedule(self, process: Process) -> None:
        database = open_database(self.server, process)
        bell = await self._bell(process, database)

        def now() -> datetime:
            return datetime.fromtimestamp(EPOCH + self.machine.now, UTC)

        await Scheduler(database, bell, now=now, every_s=1.0).run()

    async def _ask(self, number: int, process: Process) -> None:
        hand = self.random
        database = open_database(self.server, process)
        bell: Queue = await PostgresQueue.open(database)
        version = self.versions[number % len(self.versions)][0]
        for _ in range(hand.choice((1, 1, 2))):
            started = await self._until_done(lambda: start(database, version, {}, key=f"delivery-{number}", bell=bell))
            self.accepted.append(started.run_id)
            if self.delivered.setdefault(number, started.run_id) != started.run_id:
                self.watch.breaks("a key starts one run", started.run_id, f"delivery {number}")
            self.machine.note(f"{process.name}: {str(started.run_id)[-4:]} is accepted")
        if hand.random() < 0.15:
            await asyncio.sleep(hand.uniform(0.0, 5.0))
            await self._until_done(lambda: cancel(database, WORKSPACE, started.run_id))
            self.machine.note(f"{process.name}: {str(started.run_id)[-4:]} is cancelled")

    async def _until_done(self, ask: Callable[[], Any]) -> Any:
        while True:
            try:
                return await ask()
            except NotFound:
                raise
            except (PlainworkError, OSError):
                await asyncio.sleep(1.0)

    # faults

    def _fault(self) -> None:
        hand, machine = self.random, self.machine
        victims = [one for one in machine.processes if not one.name.startswith("client")]
        if not victims:
            return
        if self.messages is not None and self.messages.is_up and hand.random() < 0.15:
            self.messages.go_down(hand.uniform(0.5, 15.0))
            return
        victim = hand.choice(victims)
        kind = hand.choice(("kill", "kill", "pause", "pause", "cut", "down", "stop"))
        if kind == "kill":
            machine.kill(victim)
        elif kind == "pause":
            machine.pause(victim, self.lease_s * hand.choice((0.2, 1.1, 2.5)))
        elif kind == "cut":
            self.server.cut(victim, self.lease_s * hand.choice((0.2, 1.1, 2.5)))
        elif kind == "down" and self.server.is_up:
            self.server.go_down(hand.uniform(0.1, 2.0 * self.lease_s))
        elif victim.name.startswith("worker"):
            machine.note(f"{victim.name} is told to stop")
            victim.call_soon(victim.stop)

    def _calm_down(self) -> None:
        self.machine.note("calm")
        self._is_calm = True
        self.server.weather = CALM
        self.web.traffic = Traffic()
        if self.messages is not None:
            self.messages.post = Post()

    def _is_settled(self) -> bool:
        runs = [run for run in self.server.store.runs.values() if run.created_at <= self._last_counted]
        return self._is_calm and not self.clients_left and all(map(is_settled, runs))

    @property
    def _last_counted(self) -> float:
        """The schedule goes on for ever: its runs from then on are not waited for."""
        return EPOCH + self.faults_s + 60.0

    # schedules

    def add_schedule(self) -> None:
        """A schedule that is due every minute."""
        version = self.versions[0][0]
        key = UUID(int=9)
        self.server.store.schedules[key] = Tick(
            *(WORKSPACE, key, version.agent_id, version.id, "* * * * *", "all", EPOCH)
        )

    def _check_ticks(self) -> None:
        """Every minute that has passed fired, once, and started one run."""
        [schedule] = self.server.store.schedules.values()
        triggers = [run.trigger for run in self.server.store.runs.values() if run.origin_run_id is None]
        for due_at, runs in Counter(one["due_at"] for one in triggers if one["kind"] == "schedule").items():
            if runs > 1:
                self.watch.breaks("every tick fires once", schedule.id, f"{due_at} started {runs} runs")
        fired = sorted(due for _, due in self.server.store.ticks)
        wanted = [fired[0] + 60.0 * i for i in range(len(fired))] if fired else []
        if fired != wanted or len(set(self.server.store.ticks.values())) != len(fired):
            self.watch.breaks("every tick fires once", schedule.id, str([at - EPOCH for at in fired]))


def _weather(hand: Random) -> Weather:
    if hand.random() < 0.2:
        return Weather()
    return Weather(
        slow=hand.choice((0.0, 0.02, 0.2)),
        slowest_s=hand.choice((0.5, 5.0, 20.0)),
        lost_before=hand.choice((0.0, 0.01, 0.04)),
        lost_after=hand.choice((0.0, 0.01, 0.04)),
        lost_rings=hand.choice((0.0, 0.3, 1.0)),
        doubled_rings=hand.choice((0.0, 0.3)),
        late_rings=hand.choice((0.0, 0.3)),
        lingering=hand.choice((0.0, 0.5)),
        dies_after_commit=hand.choice((0.0, 0.0, 0.01)),
    )


def _post(hand: Random) -> Post:
    return Post(hand.choice((0.0, 0.3, 1.0)), hand.choice((0.0, 0.3)), hand.random() < 0.5)


def _traffic(hand: Random) -> Traffic:
    if hand.random() < 0.3:
        return Traffic()
    names = ("unreachable", "cut_before", "cut_after", "hangs", "refuses", "fails")
    troubles = {name: hand.choice((0.0, 0.05)) for name in names}
    return Traffic(**troubles, slow=hand.choice((0.0, 0.3)), slowest_s=hand.choice((1.0, 10.0)))


@contextmanager
def _bugs_told_to(machine: Machine) -> Iterator[None]:
    """Inside, what the engine logs as a bug of its own is a complaint, and nothing else is written."""
    before = dict(log._settings)
    log.configure("error", as_json=True, stream=_Complaints(machine))
    try:
        yield
    finally:
        log._settings.update(before)


class _Complaints(StringIO):
    """A stream whose every line is a complaint."""

    def __init__(self, machine: Machine) -> None:
        super().__init__()
        self._machine = machine

    def write(self, text: str) -> int:
        if text.strip():
            told = msgspec.json.decode(text)
            self._machine.complain(f"{told.get('event')} in {told.get('logger')}: {told.get('traceback', '')}")
        return len(text)
