"""Watching a run: its journal as it grows, for the command line and for server-sent events.

The journal itself is the source, so it does not matter which process works on the run and nothing is missed: a watcher
reads the rows it has not seen. Commits in this process wake it at once; otherwise it looks a few times a second.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator
from typing import Any, Literal
from uuid import UUID

import msgspec

from plainwork.db import Database, runs
from plainwork.db.runs import Run, StepRow
from plainwork.errors import NotFound

_QUICKEST_S = 0.05
_SLOWEST_S = 1.0
_KEPT_LIVE = 1000
_ROWS = 1000


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that happened. ``step``: a journal row, or with ``seq`` 0 something passing that is not journaled (a step
    has begun, a piece of a model's answer: ``delta``); ``run``: the run's own state has changed. ``seq`` is where to go
    on from; times are ISO 8601."""

    type: Literal["step", "run"]
    status: str
    seq: int = 0
    path: str | None = None
    attempt: int | None = None
    outcome: str | None = None
    output: Any = None
    failure: Any = None
    delta: str | None = None
    at: str | None = None
    took_ms: float | None = None
    wake_at: str | None = None
    ask: str | None = None
    cost_usd: float | None = None


class _Watcher:
    def __init__(self) -> None:
        self.bell = asyncio.Event()
        self.live: deque[Event] = deque(maxlen=_KEPT_LIVE)


class Events:
    """The watchers of one process. The worker tells it what happens; ``watch`` follows a run wherever it is worked on."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._watchers: dict[UUID, set[_Watcher]] = {}

    def tell(self, run_id: UUID, event: Event | None = None) -> None:
        """Wakes those who watch the run; ``event`` is passed on to them as it is."""
        watchers = self._watchers.get(run_id)
        if watchers is None:
            return
        for watcher in watchers:
            if event is not None:
                watcher.live.append(event)
            watcher.bell.set()

    def is_watched(self, run_id: UUID) -> bool:
        """Whether anybody in this process watches the run."""
        return run_id in self._watchers

    async def watch(self, workspace_id: UUID, run_id: UUID, after: int = 0) -> AsyncGenerator[Event, None]:
        """The run's events from ``seq`` above ``after`` on, then live, to the event that says it is over.

        Raises NotFound when the workspace has no such run.
        """
        watcher = _Watcher()
        self._watchers.setdefault(run_id, set()).add(watcher)
        try:
            async for event in self._follow(watcher, workspace_id, run_id, after):
                yield event
        finally:
            self._watchers[run_id].discard(watcher)
            if not self._watchers[run_id]:
                del self._watchers[run_id]

    async def _follow(
        self, watcher: _Watcher, workspace_id: UUID, run_id: UUID, after: int
    ) -> AsyncGenerator[Event, None]:
        told: tuple[Any, ...] | None = None
        pause = _QUICKEST_S
        while True:
            watcher.bell.clear()
            while watcher.live:
                yield watcher.live.popleft()
            run, rows = await self._look(workspace_id, run_id, after)
            for row in rows:
                after = row.seq
                yield step_event(row)
            if len(rows) == _ROWS:
                continue
            state = (run.status, run.wake_at, run.ask)
            if state != told:
                told = state
                yield run_event(run, after)
                if run.is_over:
                    return
            pause = _QUICKEST_S if rows else min(pause * 1.5, _SLOWEST_S)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await watcher.bell.wait()

    async def _look(self, workspace_id: UUID, run_id: UUID, after: int) -> tuple[Run, list[StepRow]]:
        async with self._db.workspace(workspace_id) as connection:
            run = await runs.read(connection, run_id)
            if run is None:
                raise NotFound("There is no such run in this workspace.")
            return run, await runs.steps(connection, run_id, after, _ROWS)


def step_event(row: StepRow) -> Event:
    """The event of a journal row."""
    return Event(
        type="step",
        status=row.status,
        seq=row.seq,
        path=row.path,
        attempt=row.attempt,
        outcome=row.outcome,
        output=row.output,
        failure=row.failure,
        at=row.at.isoformat(),
        took_ms=row.took_ms,
        wake_at=row.wake_at.isoformat() if row.wake_at else None,
    )


def run_event(run: Run, seq: int = 0) -> Event:
    """The event of a run's state."""
    moment = run.finished_at or run.started_at or run.created_at
    return Event(
        type="run",
        status=run.status,
        seq=seq,
        output=run.output,
        failure=run.failure,
        at=moment.isoformat(),
        wake_at=run.wake_at.isoformat() if run.wake_at else None,
        ask=run.ask,
        cost_usd=run.cost_usd,
    )
