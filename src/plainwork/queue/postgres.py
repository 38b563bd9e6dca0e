"""The database as the queue: a run's queue entry is its message, LISTEN and NOTIFY are the bell.

Rings of a moment are sent as one notification. Without the listening connection (it was lost, or the database is behind
a pooler that cannot carry it) the due entries are looked for once a second.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from typing import Any, Self
from uuid import UUID

from plainwork import log
from plainwork.db import Connection, Database
from plainwork.db import queue as entries
from plainwork.errors import PlainworkError
from plainwork.queue import Delivery

_log = log.get("queue")

LOOK_EVERY_S = 1.0
_RING_TOGETHER_S = 0.002
_RECONNECT_S = 2.0


class PostgresQueue:
    """See ``plainwork.queue.Queue``. Make it with ``open``."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._bell = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None
        self._ringing: asyncio.Task[None] | None = None
        self._is_closed = False

    @classmethod
    async def open(cls, db: Database) -> Self:
        """A queue on this database; it begins to listen in the background."""
        queue = cls(db)
        queue._listening = asyncio.create_task(queue._listen())
        return queue

    async def ring(self, run_ids: Iterable[UUID]) -> None:
        """Wakes the workers of this process at once, and those of others with the next notification."""
        if self._is_closed or not any(True for _ in run_ids):
            return
        self._bell.set()
        if self._ringing is None or self._ringing.done():
            self._ringing = asyncio.create_task(self._notify())

    async def wait(self, limit: int, timeout_s: float) -> Sequence[Delivery]:
        """The entries that are due, oldest first; sleeps until there are some."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        while True:
            self._bell.clear()
            outlook = await entries.outlook(self._db, limit)
            if outlook.run_ids:
                return [Delivery(run_id) for run_id in outlook.run_ids]
            left_s = deadline - loop.time()
            if left_s <= 0 or self._is_closed:
                return ()
            soon_s = LOOK_EVERY_S if outlook.next_in_s is None else min(LOOK_EVERY_S, outlook.next_in_s + 0.001)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(left_s, max(soon_s, 0.001))):
                    await self._bell.wait()

    async def done(self, deliveries: Iterable[Delivery]) -> None:
        """Nothing to do: a claim moves an entry's due time, the end of its run removes it."""

    async def close(self) -> None:
        """Stops listening; a ``wait`` under way returns."""
        self._is_closed = True
        self._bell.set()
        if self._ringing is not None:
            await asyncio.gather(self._ringing, return_exceptions=True)
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)

    async def _notify(self) -> None:
        await asyncio.sleep(_RING_TOGETHER_S)
        try:
            await entries.ring(self._db)
        except (PlainworkError, OSError) as error:
            _log.warning("could not ring", error=str(error))

    async def _listen(self) -> None:
        while True:
            connection: Connection | None = None
            try:
                connection = await self._db.dedicated()
                lost = asyncio.Event()
                connection.add_termination_listener(lambda _, lost=lost: lost.set())
                await connection.add_listener(entries.RING, self._rung)
                self._bell.set()
                await lost.wait()
                _log.warning("the listening connection was lost")
            except (PlainworkError, OSError) as error:
                _log.warning("not listening yet", error=str(error))
            finally:
                if connection is not None and not connection.is_closed():
                    connection.terminate()
            await asyncio.sleep(_RECONNECT_S)

    def _rung(self, *_: Any) -> None:
        self._bell.set()
