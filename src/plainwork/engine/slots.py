"""Slots of secrets with a limit: how many steps may use one at the same time, and how often a minute. All workers share them.

A step waits for its slot for a few seconds in its worker; then its run is given back, and comes again. Of the steps of one
worker that wait for the same secret, one at a time asks the database. A slot lasts as long as the lease of its run: what a
worker that died had taken is free when the run is given back.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from uuid import UUID

from plainwork import log
from plainwork.db import Database, secrets
from plainwork.db.queue import Claim
from plainwork.engine.kinds import Waiting
from plainwork.engine.plan import Task
from plainwork.errors import PlainworkError

_log = log.get("slots")

HOLD_S = 5.0
"""How long a step waits in its worker."""
KNOWN_S = 5.0
"""For how long it is known whether a secret has a limit."""
_ASK_AGAIN_S = 0.1
_LONGEST_S = 300.0
_EACH_S = 0.1
_MOST_KNOWN = 10_000
_FREE = nullcontext()
"""The slot of every step without an account: one for all the thousands that wait."""


@dataclass(slots=True)
class _Line:
    """The steps of this worker that want to use one secret. The first of them asks; ``freed`` tells it of a slot given back
    here."""

    first: asyncio.Lock = field(default_factory=asyncio.Lock)
    freed: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: int = 0
    is_limited: bool = False
    known_until: float = 0.0


class Slots:
    """The slots that one worker takes. ``now``: the database's time, epoch seconds."""

    def __init__(self, db: Database, now: Callable[[], float]) -> None:
        self._db = db
        self._now = now
        self._lines: dict[tuple[UUID, str], _Line] = {}
        self._giving_back: set[asyncio.Task[None]] = set()

    def slot(self, claim: Claim, task: Task) -> AbstractAsyncContextManager[Waiting | None]:
        """Around what a step does with its account: None when it may begin; what it waits for when there is no slot."""
        name = task.node.account
        return _FREE if name is None else self._held(claim, task, name)

    @asynccontextmanager
    async def _held(self, claim: Claim, task: Task, name: str) -> AsyncIterator[Waiting | None]:
        try:
            line = await self._line(claim.workspace_id, name)
            holder = (claim.run_id, task.path, claim.epoch)
            wait_s = await self._take(line, claim.workspace_id, name, holder) if line.is_limited else None
        except (PlainworkError, OSError) as error:
            _log.warning("cannot ask for a slot", secret=name, error=str(error))
            yield Waiting(self._now() + HOLD_S * random.uniform(1, 2))
            return
        if wait_s is None:
            yield None
        elif wait_s < 0:
            yield Waiting(self._now() + self._pause_s(line, -wait_s))
        else:
            try:
                await asyncio.sleep(wait_s)
                yield None
            finally:
                self._give_back(line, claim.workspace_id, name, holder)

    async def _line(self, workspace_id: UUID, name: str) -> _Line:
        if len(self._lines) > _MOST_KNOWN:
            self._lines = {key: line for key, line in self._lines.items() if line.waiting}
        line = self._lines.setdefault((workspace_id, name), _Line())
        if time.monotonic() >= line.known_until:
            async with self._db.workspace(workspace_id) as connection:
                line.is_limited = await secrets.is_limited(connection, name)
            line.known_until = time.monotonic() + KNOWN_S
        return line

    async def _take(self, line: _Line, workspace_id: UUID, name: str, holder: tuple[UUID, str, int]) -> float:
        """In how many seconds the slot may be used; less than 0: there was none, and is none for that long."""
        until = time.monotonic() + HOLD_S
        line.waiting += 1
        try:
            async with asyncio.timeout(HOLD_S):
                await line.first.acquire()
            try:
                return await self._ask(line, workspace_id, name, holder, until)
            finally:
                line.first.release()
        except TimeoutError:
            return -HOLD_S
        finally:
            line.waiting -= 1

    async def _ask(
        self, line: _Line, workspace_id: UUID, name: str, holder: tuple[UUID, str, int], until: float
    ) -> float:
        while True:
            line.freed.clear()
            left_s = until - time.monotonic()
            async with self._db.workspace(workspace_id) as connection:
                wait_s = await secrets.take_slot(connection, name, holder, max(left_s, 0.0))
            if wait_s >= 0 or -wait_s >= left_s:
                return wait_s
            try:
                async with asyncio.timeout(max(-wait_s, _ASK_AGAIN_S)):
                    await line.freed.wait()
            except TimeoutError:
                pass

    def _pause_s(self, line: _Line, least_s: float) -> float:
        """How long a run goes away for: longer when many wait, and never all for the same time."""
        return min(max(least_s, HOLD_S) + line.waiting * _EACH_S, _LONGEST_S) * random.uniform(1, 2)

    def _give_back(self, line: _Line, workspace_id: UUID, name: str, holder: tuple[UUID, str, int]) -> None:
        """In the background: the step has ended, and whatever becomes of this, the lease ends some time."""
        giving = asyncio.create_task(self._free(line, workspace_id, name, holder))
        self._giving_back.add(giving)
        giving.add_done_callback(self._giving_back.discard)

    async def _free(self, line: _Line, workspace_id: UUID, name: str, holder: tuple[UUID, str, int]) -> None:
        try:
            async with self._db.workspace(workspace_id) as connection:
                await secrets.free_slot(connection, name, holder)
        except (PlainworkError, OSError) as error:
            _log.warning("a slot was not given back", secret=name, error=str(error))
        line.freed.set()
