"""Watching a run: its journal as it grows, for the command line and for server-sent events.

The journal itself is the source, so it does not matter which process works on the run and nothing is missed: a watcher
reads the rows it has not seen. Commits in this process wake it at once; otherwise it looks a few times a second. What is
not journaled (a step has begun, a piece of a model's answer) is passed on within the process that works on the run.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
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
    """One thing that happened. ``step``: a journal row, or with ``seq`` 0 something passing that is not journaled, its
    status ``running``: a step has begun (``at``), or its model has said one more piece of its answer (``delta``). A begun
    step that was told of before begins its answer anew. ``source``: a row was carried over from the run that this one
    comes of, or given by a person. ``run``: the run's own state has changed. ``seq`` is where to go
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
    source: runs.Source | None = None


class _Watcher:
    """``live``: what has happened and is not journaled, the pieces of one answer as one. ``is_behind``: there is news in
    the journal; ``look_at``: when to look for some anyway (the loop's time)."""

    def __init__(self, *, is_live: bool) -> None:
        self.is_live = is_live
        self.is_behind = False
        self.is_new = True
        self.look_at = 0.0
        self._pause_s = _QUICKEST_S
        self.bell = asyncio.Event()
        self.live: dict[tuple[str | None, int | None, bool], tuple[int, Event]] = {}

    def take_in(self, event: Event, after: int) -> None:
        """Keeps an event, told when the journal had ``after`` rows, until the watcher comes to it; of one who is slow the
        oldest go."""
        key = (event.path, event.attempt, event.delta is not None)
        if event.delta is None:
            self.live.pop((event.path, event.attempt, True), None)
        elif key in self.live:
            after, before = self.live[key]
            event = msgspec.structs.replace(before, delta=f"{before.delta}{event.delta}")
        self.live[key] = (after, event)
        if len(self.live) > _KEPT_LIVE:
            del self.live[next(iter(self.live))]

    def take_live(self, seq: int) -> Iterator[Event]:
        """What was told before the journal's row after ``seq`` was written: that and no more, so that a step begins before
        it ends, and a second attempt after the first has failed."""
        while self.live:
            key = next(iter(self.live))
            after, event = self.live[key]
            if after > seq:
                return
            del self.live[key]
            yield event

    def rest(self, now: float, *, found: bool) -> None:
        """Sets the time of the next look: soon after one that found something, then less and less often."""
        self._pause_s = _QUICKEST_S if found else min(self._pause_s * 1.5, _SLOWEST_S)
        self.look_at = now + self._pause_s


Source = Callable[[UUID], Iterable[tuple[int, Event]]]
"""What somebody who begins to watch a run is told of what is under way in it, each with how many rows the journal had."""


class Events:
    """The watchers of one process. Workers tell it what happens; ``watch`` follows a run wherever it is worked on.
    ``sources``: those who know what is under way now."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._watchers: dict[UUID, set[_Watcher]] = {}
        self.sources: list[Source] = []

    def tell(self, run_id: UUID, event: Event | None = None, after: int = 0) -> None:
        """Wakes those who watch the run: for ``event``, which is passed on as it is once they have seen the journal's row
        ``after``, or for news in the journal."""
        watchers = self._watchers.get(run_id)
        if watchers is None:
            return
        for watcher in watchers:
            if event is None:
                watcher.is_behind = True
            elif watcher.is_live:
                watcher.take_in(event, after)
            watcher.bell.set()

    def is_watched(self, run_id: UUID) -> bool:
        """Whether anybody in this process watches the run as it goes on."""
        watchers = self._watchers.get(run_id)
        return watchers is not None and any(watcher.is_live for watcher in watchers)

    async def watch(
        self, workspace_id: UUID, run_id: UUID, after: int = 0, *, is_live: bool = True
    ) -> AsyncGenerator[Event, None]:
        """The run's events from ``seq`` above ``after`` on, then live, to the event that says it is over; not ``is_live``:
        only what is journaled, for who waits for the end.

        Raises NotFound when the workspace has no such run.
        """
        watcher = _Watcher(is_live=is_live)
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
        clock = asyncio.get_running_loop().time
        while True:
            watcher.bell.clear()
            if watcher.is_behind or clock() >= watcher.look_at:
                run, rows = await self._look(watcher, workspace_id, run_id, after)
                for row in rows:
                    for event in watcher.take_live(row.seq - 1):
                        yield event
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
                watcher.rest(clock(), found=bool(rows))
            for event in watcher.take_live(after):
                yield event
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(watcher.look_at):
                    await watcher.bell.wait()

    async def _look(self, watcher: _Watcher, workspace_id: UUID, run_id: UUID, after: int) -> tuple[Run, list[StepRow]]:
        watcher.is_behind = False
        async with self._db.workspace(workspace_id) as connection:
            run = await runs.read(connection, run_id)
            if run is None:
                raise NotFound("There is no such run in this workspace.")
            rows = await runs.steps(connection, run_id, after, _ROWS)
        if watcher.is_live and watcher.is_new:
            watcher.is_new = False
            self._catch_up(watcher, run_id)
        return run, rows

    def _catch_up(self, watcher: _Watcher, run_id: UUID) -> None:
        """Tells a watcher what is under way; the others hear of it what they have not heard yet."""
        told = [one for source in self.sources for one in source(run_id)]
        watcher.live.clear()
        for after, event in told:
            watcher.take_in(event, after)


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
        source=None if row.source == "taken" else row.source,
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
