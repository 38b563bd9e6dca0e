"""The poller: claims polls that are due, many at once, and does them. Any number of processes may."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from uuid import UUID

from plainwork import log
from plainwork.db import Database, polls
from plainwork.db.polls import Poll
from plainwork.engine.outside import Outside
from plainwork.engine.polls import TIME_S, Later, ask, fail, settle, slot
from plainwork.engine.versions import Versions
from plainwork.errors import PlainworkError
from plainwork.queue import Queue

AT_ONCE = 100
EACH_AT_ONCE = 20
"""How many polls of one workspace are under way at once, in all processes."""
LOOK_EVERY_S = 0.5
LEASE_S = TIME_S + 30.0
_GIVE_BACK_S = 2.0
_log = log.get("poller")


class Poller:
    """``run`` polls until it is cancelled. ``outside``: what polls may use."""

    def __init__(self, db: Database, bell: Queue, outside: Outside, *, at_once: int = AT_ONCE) -> None:
        self._db = db
        self._bell = bell
        self._outside = outside
        self._versions = Versions(db)
        self._at_once = at_once
        self._held: dict[UUID, Poll] = {}

    async def run(self) -> None:
        """Polls what is due; what fails is tried again. Cancelled, it gives back what it holds, for others to go on at once."""
        try:
            async with asyncio.TaskGroup() as group:
                while True:
                    for poll in await self._claim():
                        group.create_task(self._poll(poll))
                    await asyncio.sleep(LOOK_EVERY_S)
        finally:
            await asyncio.gather(*(self._put_off(poll, 0.0) for poll in [*self._held.values()]))

    async def poll_due(self) -> int:
        """Does all polls that are due now, each once; how many runs were started."""
        return sum(await asyncio.gather(*(self._poll(poll) for poll in await self._claim())))

    async def _claim(self) -> list[Poll]:
        room = self._at_once - len(self._held)
        if room <= 0:
            return []
        claiming = asyncio.ensure_future(self._claim_some(room))
        try:
            return await asyncio.shield(claiming)
        except asyncio.CancelledError:
            with suppress(Exception):  # what it has claimed is held, whatever becomes of the wait
                await asyncio.wait_for(claiming, _GIVE_BACK_S)
            raise
        except (PlainworkError, OSError) as error:
            _log.warning("failed, will try again", error=str(error))
        except Exception as error:
            _log.bug(error)
        return []

    async def _claim_some(self, most: int) -> list[Poll]:
        claimed = await polls.claim_due(self._db, most, EACH_AT_ONCE, LEASE_S)
        self._held |= {poll.id: poll for poll in claimed}
        return claimed

    async def _poll(self, poll: Poll) -> int:
        """Does one poll, and says what it came to; how many runs were started. Cancelled, it is held still."""
        with log.bound(redactor=log.Redactor(), poll=str(poll.id)):
            started = await self._asked(poll)
        if self._held.get(poll.id) is poll:
            del self._held[poll.id]
        return started

    async def _asked(self, poll: Poll) -> int:
        began = time.perf_counter()
        try:
            async with slot(self._db, poll):
                found = await ask(self._outside, poll)
            started = await settle(self._db, self._versions, poll, found, (time.perf_counter() - began) * 1000)
            await self._bell.ring(started)
            return len(started)
        except Later as later:
            await self._put_off(poll, later.wait_s)
        except Exception as error:
            if not isinstance(error, (PlainworkError, OSError)):
                _log.bug(error, poll=str(poll.id))
            await self._fail(poll, error, (time.perf_counter() - began) * 1000)
        return 0

    async def _fail(self, poll: Poll, error: Exception, took_ms: float) -> None:
        try:
            await fail(self._db, poll, error, took_ms)
        except (PlainworkError, OSError) as why:  # its lease ends some time
            _log.warning("a failure was not noted", poll=str(poll.id), error=str(why))

    async def _put_off(self, poll: Poll, wait_s: float) -> None:
        with suppress(PlainworkError, OSError, TimeoutError):  # as above
            async with asyncio.timeout(_GIVE_BACK_S), self._db.workspace(poll.workspace_id) as connection:
                await polls.put_off(connection, poll, wait_s)
