"""Simulated machines: processes with event loops of their own, on one virtual clock, scheduled by one seeded hand.

Within a process callbacks keep asyncio's order; which process goes next, and when anything from outside arrives, is drawn.
A process can be killed or paused between any two callbacks, which is to say between any two awaits.
"""

from __future__ import annotations

import asyncio
import gc
import heapq
import os
import random
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import Context
from typing import Any

from plainwork.db import ids

EPOCH = 1_780_000_000.0
"""What the clocks say when a simulation begins, epoch seconds."""
_LAST_TURNS = 30
TURN_S = 0.00002
"""What one callback takes of the virtual time."""


class Process(asyncio.AbstractEventLoop):
    """One process: an event loop that the machine turns. ``skew_s``: how wrong its wall clock is."""

    def __init__(self, machine: Machine, name: str, skew_s: float = 0.0) -> None:
        self.machine = machine
        self.name = name
        self.skew_s = skew_s
        self.is_alive = True
        self.paused_until = 0.0
        self.ready: deque[asyncio.Handle] = deque()
        self.tasks: list[asyncio.Task[Any]] = []
        self.main: asyncio.Task[Any] | None = None
        self.on_death: list[Callable[[], None]] = []
        self.stop: Callable[[], None] = lambda: None
        self.stumbles = 0
        """How often it was paused, cut off or killed: then it may lose leases, and act on one that it has lost."""
        self.late_answers = 0
        """How often the database took more than a second to answer, or the answer to a claim was lost."""

    def begin(self, work: Coroutine[Any, Any, Any]) -> None:
        """Starts the process with this as its main task."""
        self.main = self.create_task(work)

    def turn(self) -> None:
        """Runs one callback."""
        handle = self.ready.popleft()
        if not handle.cancelled():
            asyncio._set_running_loop(self)
            self.machine.current = self
            try:
                handle._run()
            finally:
                self.machine.current = None
                asyncio._set_running_loop(None)

    # what asyncio asks of a loop

    def time(self) -> float:
        return self.machine.now

    def call_soon(self, callback: Any, *args: Any, context: Context | None = None) -> asyncio.Handle:  # type: ignore[override]
        handle = asyncio.Handle(callback, args, self, context)
        if self.is_alive:
            self.ready.append(handle)
        return handle

    call_soon_threadsafe = call_soon  # type: ignore[assignment]

    def call_at(  # type: ignore[override]
        self, when: float, callback: Any, *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        self.machine.at(when, self._due, handle)
        return handle

    def call_later(self, delay: float, callback: Any, *args: Any, context: Context | None = None) -> Any:  # type: ignore[override]
        return self.call_at(self.machine.now + delay, callback, *args, context=context)

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        """Threads are not simulated: the work is done in one instant, a moment from now."""
        done = self.create_future()

        def work() -> None:
            if self.is_alive and not done.done():
                try:
                    done.set_result(func(*args))
                except Exception as error:
                    done.set_exception(error)

        self.machine.after(0.001, self.call_soon, work)
        return done

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, *, name: str | None = None, context: Context | None = None) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.Task(coro, loop=self, name=name, context=context)
        self.tasks.append(task)
        if len(self.tasks) > 500:
            self.tasks = [one for one in self.tasks if not one.done()]
        return task

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        if self.is_alive:
            self.machine.complain(f"{self.name}: {context.get('message')}: {context.get('exception')!r}")

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """The entry stays in the machine's heap and is passed over there."""

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return self.is_alive

    def is_closed(self) -> bool:
        return False

    def _due(self, handle: asyncio.TimerHandle) -> None:
        if self.is_alive and not handle.cancelled():
            self.ready.append(handle)


class Machine:
    """The clock, the hand that chooses, and the processes. ``history`` is what was noted, in order; ``complaints`` are
    errors that nobody caught."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.now = 0.0
        self.turns = 0
        self.is_over = False
        self.current: Process | None = None
        self.processes: list[Process] = []
        self.history: list[tuple[float, str]] = []
        self.complaints: list[str] = []
        self._dead: list[Process] = []
        self._timers: list[tuple[float, int, Callable[..., object], tuple[Any, ...]]] = []
        self._count = 0

    def note(self, words: str) -> None:
        """Writes down what happened."""
        self.history.append((self.now, words))

    def complain(self, words: str) -> None:
        """Something happened that never should."""
        if not self.is_over:
            self.note(words)
            self.complaints.append(words)

    def chance(self, probability: float) -> bool:
        """True that often."""
        return self.random.random() < probability

    def at(self, when: float, act: Callable[..., object], *arguments: Any) -> None:
        """Does something at a time, outside every process."""
        self._count += 1
        heapq.heappush(self._timers, (max(when, self.now), self._count, act, arguments))

    def after(self, delay_s: float, act: Callable[..., object], *arguments: Any) -> None:
        """The same, in so many seconds."""
        self.at(self.now + delay_s, act, *arguments)

    # processes

    @property
    def everyone(self) -> list[Process]:
        """All processes that there were."""
        return self.processes + self._dead

    def spawn(self, name: str, work: Callable[[Process], Coroutine[Any, Any, Any]], skew_s: float = 0.0) -> Process:
        """A new process that does this."""
        process = Process(self, name, skew_s)  # type: ignore[abstract]
        self.processes.append(process)
        process.begin(work(process))
        self.note(f"{name} starts")
        return process

    def kill(self, process: Process, why: str = "is killed") -> None:
        """Ends a process between two of its callbacks: nothing of it runs any more."""
        if process.is_alive:
            self.note(f"{process.name} {why}")
            process.is_alive = False
            process.stumbles += 1
            self.processes.remove(process)
            self._dead.append(process)
            for act in process.on_death:
                act()

    def pause(self, process: Process, for_s: float) -> None:
        """Stops a process for a while; its clock, its timers and what is sent to it do not wait."""
        self.note(f"{process.name} is paused for {for_s:.1f} s")
        process.stumbles += 1
        process.paused_until = self.now + for_s
        self.at(process.paused_until, self.note, f"{process.name} goes on")

    # time

    def run(self, until: float, is_over: Callable[[], bool] = lambda: False) -> None:
        """Goes on to that time, or until it is over."""
        while not self.complaints and not is_over():
            self._ring_due()
            able = [p for p in self.processes if p.ready and p.paused_until <= self.now]
            if able:
                self.turns += 1
                self.now += TURN_S
                (able[0] if len(able) == 1 else able[int(self.random.random() * len(able))]).turn()
            elif not self._timers or self._timers[0][0] > until:
                self.now = max(self.now, until)
                return
            else:
                self.now = self._timers[0][0]

    def _ring_due(self) -> None:
        timers = self._timers
        while timers and timers[0][0] <= self.now:
            _, _, act, arguments = heapq.heappop(timers)
            act(*arguments)

    # clocks

    def monotonic(self) -> float:
        """``time.monotonic`` of whoever asks."""
        return self.now

    def wall(self) -> float:
        """``time.time`` of whoever asks."""
        return EPOCH + self.now + (self.current.skew_s if self.current else 0.0)

    def wall_ns(self) -> int:
        """``time.time_ns`` of whoever asks."""
        return int(self.wall() * 1e9)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Inside, the modules ``time``, ``os`` and ``random`` are this machine's; at the end its processes are gone."""
        saved = time.time, time.time_ns, time.monotonic, time.perf_counter, os.urandom
        state, collecting = random.getstate(), gc.get_threshold()
        time.time, time.time_ns, time.monotonic, time.perf_counter = (
            self.wall,
            self.wall_ns,
            self.monotonic,
            self.monotonic,
        )
        os.urandom = self.random.randbytes
        random.seed(self.random.random())
        ids._last[0] = 0
        try:
            yield
        finally:
            self._bury()
            time.time, time.time_ns, time.monotonic, time.perf_counter, os.urandom = saved
            random.setstate(state)
            gc.unfreeze()  # a worker freezes what it finds, and changes the thresholds
            gc.set_threshold(*collecting)
            ids._last[0] = 0

    def _bury(self) -> None:
        """Lets every process end, dead or alive, each await of it cancelled, so that nothing is left to be collected."""
        self.is_over = True
        for process in self.everyone:
            process.is_alive = True
            for _ in range(_LAST_TURNS):
                for task in process.tasks:
                    task.cancel()
                while process.ready:
                    process.turn()
            process.is_alive = False
        self._timers.clear()
