"""Starting runs for those who wait at the door: many requests, one commit; and the ends of those runs, told as soon as they
are durable.

What comes in while a group is being committed makes the next group. When a worker lives in this process, the runs are its
own from the moment they exist: no queue, no second look into the database, and their ends are known here first.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from plainwork.db import Database, triggers
from plainwork.db.queue import Claim
from plainwork.db.runs import ENDED
from plainwork.db.triggers import Begun, NewStart
from plainwork.engine import day
from plainwork.engine.execution import Execution
from plainwork.engine.versions import Version, Versions
from plainwork.engine.worker import Worker
from plainwork.errors import PlainworkError
from plainwork.queue import Queue

MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class End:
    """How a run ended that was worked on here. ``output``: encoded; None when it is kept apart, or there is none;
    ``response``: what its last ``respond`` step gave."""

    status: str
    output: bytes | None
    is_apart: bool
    response: Any


@dataclass(frozen=True, slots=True)
class Started:
    """A start that was settled. ``end``: told once the run leaves this process' worker: its end, or None when it waits or
    goes on elsewhere; no future at all when another process has it."""

    begun: Begun
    end: asyncio.Future[End | None] | None = None


@dataclass(slots=True)
class _Request:
    new: NewStart
    is_awaited: bool
    settled: asyncio.Future[Started]


class Desk:
    """One for each process that takes deliveries in. ``worker``: the one of this process, if it has any."""

    def __init__(self, db: Database, bell: Queue, versions: Versions, worker: Worker | None = None) -> None:
        self._db = db
        self._bell = bell
        self._worker = worker
        self.versions = worker.versions if worker else versions
        self._waiting: deque[_Request] = deque()
        self._sending: asyncio.Task[None] | None = None
        self._ends: dict[UUID, asyncio.Future[End | None]] = {}
        if worker is not None:
            worker.on_left = self._note_end

    @property
    def is_free(self) -> bool:
        """Whether this process works on what it starts at once."""
        return self._worker is not None and self._worker.has_room(1)

    async def version(self, workspace_id: UUID, version_id: UUID) -> Version:
        """The version, ready to run. Raises NotFound."""
        return self.versions.known(workspace_id, version_id) or await self.versions.get(workspace_id, version_id)

    async def start(self, new: NewStart, *, is_awaited: bool = False) -> Started:
        """Settles a start; ``is_awaited``: somebody waits for the end. ``new.inputs`` and ``new.trigger`` are plain JSON.
        Raises Unavailable when the database is away: the run may have been started all the same, which is what keys are
        for."""
        request = _Request(new, is_awaited, asyncio.get_running_loop().create_future())
        self._waiting.append(request)
        if self._sending is None:
            self._sending = asyncio.create_task(self._send_all())
        return await asyncio.shield(request.settled)

    async def start_today(self, new: NewStart, version: Version) -> Started:
        """Settles the start of a run whose agent may run only so often a day, by itself. Raises LimitReached when it has, and as
        ``start``."""
        begun = await day.start_today(self._db, version, new)
        if begun.outcome == "started":
            await self._bell.ring([begun.run_id])
        return Started(begun)

    def forget(self, run_id: UUID) -> None:
        """Nobody waits for the run's end any more."""
        self._ends.pop(run_id, None)

    async def _send_all(self) -> None:
        try:
            while self._waiting:
                count = min(len(self._waiting), MOST_AT_ONCE)
                await self._send([self._waiting.popleft() for _ in range(count)])
        finally:
            self._sending = None

    async def _send(self, group: Sequence[_Request]) -> None:
        """Starts a group. One that the database refuses is sent again one by one, so that nobody pays for another."""
        try:
            if self._worker is not None and self._worker.has_room(len(group)):
                await self._worker.take(partial(self._start_claimed, group))
            else:
                await self._start_queued(group)
        except (PlainworkError, OSError) as error:
            _fail(group, error)
        except Exception as error:
            if len(group) == 1 or any(request.settled.done() for request in group):
                _fail(group, error)
                return
            for request in group:
                await self._send([request])

    async def _start_claimed(self, group: Sequence[_Request], number: int | None, lease_s: float) -> list[Claim]:
        begun = await triggers.start_delivered(self._db, [request.new for request in group], number, lease_s)
        claims = []
        for request, one in zip(group, begun, strict=True):
            end = None
            if one.is_leased:
                claims.append(_claim_of(request.new, one))
                if request.is_awaited:
                    end = self._ends[one.run_id] = asyncio.get_running_loop().create_future()
            _settle(request, Started(one, end))
        queued = [one.run_id for one in begun if one.outcome == "started" and not one.is_leased]
        if queued:
            await self._bell.ring(queued)
        return claims

    async def _start_queued(self, group: Sequence[_Request]) -> None:
        begun = await triggers.start_delivered(self._db, [request.new for request in group])
        await self._bell.ring([one.run_id for one in begun if one.outcome == "started"])
        for request, one in zip(group, begun, strict=True):
            _settle(request, Started(one))

    def _note_end(self, execution: Execution) -> None:
        end = self._ends.pop(execution.claim.run_id, None)
        if end is None or end.done():
            return
        records = execution.records
        is_over = records.state in ENDED and not records.is_lost
        response = execution.progress.response
        end.set_result(
            End(records.state, records.output, records.output_blob is not None, response) if is_over else None
        )


def _claim_of(new: NewStart, begun: Begun) -> Claim:
    return Claim(
        workspace_id=new.workspace_id,
        run_id=new.run_id,
        epoch=1,
        claims=1,
        agent_id=new.agent_id,
        version_id=begun.version_id,
        trigger=new.trigger,
        inputs=new.inputs,
        vars=begun.vars,
        started_at=None,
        deadline_at=begun.deadline_at,
        tokens=0,
        cost_usd=0.0,
        claimed_at=begun.at,
    )


def _settle(request: _Request, started: Started) -> None:
    if not request.settled.done():
        request.settled.set_result(started)


def _fail(group: Sequence[_Request], error: Exception) -> None:
    for request in group:
        if not request.settled.done():
            request.settled.set_exception(error)
