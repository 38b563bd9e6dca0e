"""Stopping a process by signals, and many processes of one command: begun, begun again when they die, stopped together."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from plainwork import log
from plainwork.errors import Unavailable

_log = log.get("processes")

_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 10.0
_SOUND_AFTER_S = 30.0
"""Having been at work for so long, a process that dies is begun again at once."""
_LAST_S = 15.0
"""How much longer than it was given a process may take to end, before it is killed."""
_AT_WORK, _HURRY = b"w", b"h"


class Stop:
    """What a process is told from outside. ``asked``: take nothing new and end when all is done; ``hurried``: end now."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.hurried = asyncio.Event()

    def listen(self, *, is_kept: bool) -> None:
        """SIGINT and SIGTERM ask; a second one hurries, but not a process that is kept: it may well get the first one twice,
        from its keeper and from whoever stops the whole group."""
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self.asked.set if is_kept else self._hear)

    def _hear(self) -> None:
        (self.hurried if self.asked.is_set() else self.asked).set()


async def first(*awaited: asyncio.Event | asyncio.Future[Any], timeout_s: float | None = None) -> None:
    """Waits until one of the events is set or one of the futures is done, or for ``timeout_s``. Futures go on."""
    waits = [asyncio.ensure_future(one.wait()) for one in awaited if isinstance(one, asyncio.Event)]
    futures = [one for one in awaited if not isinstance(one, asyncio.Event)]
    try:
        await asyncio.wait([*waits, *futures], timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


class Keeper:
    """The link of a process to the one that keeps it, which is its standard input. When that is gone, it stops too."""

    def __init__(self) -> None:
        self._link = socket.socket(fileno=0)
        self._link.setblocking(False)

    def tell_at_work(self, stop: Stop) -> None:
        """The process has all it needs. From now on it looks whether its keeper lives."""
        with suppress(OSError):
            self._link.send(_AT_WORK)
        asyncio.get_running_loop().add_reader(self._link, self._hear, stop)

    def _hear(self, stop: Stop) -> None:
        try:
            told = self._link.recv(1)
        except BlockingIOError:
            return
        except ConnectionError:  # killed before it had read that this process is at work
            told = b""
        asyncio.get_running_loop().remove_reader(self._link)
        stop.asked.set()
        if told:
            stop.hurried.set()


class Processes:
    """Keeps ``count`` processes of a ``plainwork`` command alive. They share this one's output and environment."""

    def __init__(self, command: Sequence[str], count: int, stop: Stop, drain_s: float) -> None:
        self._command = (sys.executable, "-m", "plainwork", *command)
        self._count = count
        self._stop = stop
        self._drain_s = drain_s
        self.begun = asyncio.Event()
        """One of them has been at work: what they need is there."""

    async def run(self) -> None:
        """Works until the stop, then until all have ended. The others begin once the first is at work; raises Unavailable
        when that one dies before."""
        leader = asyncio.ensure_future(self._keep())
        try:
            await first(self.begun, leader, self._stop.asked)
            others = [asyncio.ensure_future(self._keep()) for _ in range(self._count - 1) if self.begun.is_set()]
            await asyncio.gather(leader, *others)
        finally:
            leader.cancel()

    async def _keep(self) -> None:
        """One process after the other in one place."""
        pause_s = _FIRST_PAUSE_S
        while not self._stop.asked.is_set():
            began = time.monotonic()
            pid, code = await self._live()
            if self._stop.asked.is_set():
                return
            if not self.begun.is_set():
                raise Unavailable(
                    f"A process of {' '.join(self._command[2:4])} ended before it was at work ({_ending(code)}).",
                    next_step="What it said is above. Mend that, then start again.",
                )
            if time.monotonic() - began > _SOUND_AFTER_S:
                pause_s = _FIRST_PAUSE_S
            _log.warning("a process ended and is begun again", pid=pid, ended=_ending(code), pause_s=round(pause_s, 1))
            await first(self._stop.asked, timeout_s=pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def _live(self) -> tuple[int, int]:
        """One process from its beginning to its end: its number and exit code."""
        ours, theirs = socket.socketpair()
        with ours:
            ours.setblocking(False)
            with theirs:
                # In a session of its own, Ctrl-C in a terminal reaches it once: by way of us.
                process = await asyncio.create_subprocess_exec(
                    *self._command, stdin=theirs.fileno(), start_new_session=True
                )
            ending = asyncio.ensure_future(process.wait())
            hearing = asyncio.ensure_future(self._hear(ours))
            await first(ending, self._stop.asked)
            hearing.cancel()
            if not ending.done():
                await self._end(process, ending, ours)
            return process.pid, await ending

    async def _hear(self, link: socket.socket) -> None:
        with suppress(ConnectionError):
            if await asyncio.get_running_loop().sock_recv(link, 1):
                self.begun.set()

    async def _end(self, process: asyncio.subprocess.Process, ending: asyncio.Future[int], link: socket.socket) -> None:
        """Passes the stop on to a process."""
        with suppress(ProcessLookupError):
            process.terminate()
        await first(ending, self._stop.hurried, timeout_s=self._drain_s + _LAST_S)
        with suppress(OSError):
            link.send(_HURRY)
        await first(ending, timeout_s=_LAST_S)
        if not ending.done():
            _log.error("a process did not end and is killed", pid=process.pid)
            with suppress(ProcessLookupError):
                process.kill()


def _ending(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"
