"""The journal: records of thousands of runs, committed together in groups.

One flusher takes what has come together since its last commit and sends it as one statement; while that is under way the
next group collects. Each run's part carries the run's epoch: what belongs to a lost lease is not written, and the run is
told. Leases are renewed by the same task between commits, so that the two never lock the same rows at once.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol
from uuid import UUID

import msgspec
import orjson

from plainwork import log, meters
from plainwork.db import Database, new_id, queue
from plainwork.db.queue import Claim
from plainwork.engine.plan import Failure
from plainwork.errors import Unavailable

_log = log.get("journal")

LEASE_S = 30.0
RENEW_S = 8.0
GROUP_RUNS = 1000
GROUP_BYTES = 8 * 1024 * 1024
GROUPS_AHEAD = 3
"""How many groups may wait to be committed before no more runs are taken on."""
BLOB_FROM = 256 * 1024
_LONGEST_PAUSE_S = 5.0

StepColumns = tuple[
    int, str, int, str, str | None, bytes | None, UUID | None, bytes | None, float | None, str | None, str | None, float,
    float | None,
]  # fmt: skip
"""seq, path, attempt, status, outcome, output, blob, failure, wake_at, idempotency key, request hash, at, took_ms."""
_STEP_WIDTH = 13


class LeaseLost(Exception):
    """The run is no longer this worker's: another has it, or it was cancelled. Nothing more may be done for it."""


class _Group:
    """Runs whose records are committed together."""

    __slots__ = ("bytes", "done", "is_sealed", "runs", "was_sent")

    def __init__(self) -> None:
        self.runs: list[RunJournal] = []
        self.bytes = 0
        self.is_sealed = False
        self.was_sent = False
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class Owner(Protocol):
    """Whoever works on a run."""

    def lost(self) -> None:
        """The lease is lost: stop at once, nothing more will be written."""

    def committed(self) -> None:
        """All that was submitted before the last commit is durable."""


class _Nobody:
    def lost(self) -> None:
        """Nobody is there to be told."""

    def committed(self) -> None:
        """As above."""


NOBODY = _Nobody()
"""The owner of a run that is done with."""


class RunJournal:
    """One leased run's place in the journal: rows not yet committed, and the state its row is to have.

    ``state``: ``running``, ``waiting``, ``released``, ``succeeded`` or ``failed``; ``touch``: the run's own row changes too.
    """

    __slots__ = (
        "ask",
        "blobs",
        "calls",
        "cause",
        "claim",
        "cost_usd",
        "due",
        "failure",
        "group",
        "is_lost",
        "leased_at",
        "output",
        "output_blob",
        "owner",
        "rows",
        "seq",
        "started_at",
        "state",
        "tokens",
        "touch",
    )

    def __init__(self, claim: Claim, owner: Owner) -> None:
        self.claim = claim
        self.seq = 0
        self.rows: list[StepColumns] = []
        self.blobs: list[tuple[UUID, bytes]] = []
        self.calls: list[dict[str, Any]] = []
        self.group: _Group | None = None
        self.state = "running"
        self.touch = False
        self.due: float | None = None
        self.started_at = (claim.started_at or claim.claimed_at).timestamp()
        self.tokens = claim.tokens
        self.cost_usd = claim.cost_usd
        self.cause: str | None = None
        self.ask: str | None = None
        self.output: bytes | None = None
        self.output_blob: UUID | None = None
        self.failure: bytes | None = None
        self.is_lost = False
        self.owner = owner
        self.leased_at = time.monotonic()

    def add(
        self,
        path: str,
        attempt: int,
        status: str,
        at: float,
        output: bytes | None = None,
        blob: UUID | None = None,
        outcome: str | None = None,
        *,
        failure: bytes | None = None,
        wake_at: float | None = None,
        key: str | None = None,
        request_hash: str | None = None,
        took_ms: float | None = None,
    ) -> None:
        """One more row; it is committed after ``Journal.submit``."""
        self.seq = seq = self.seq + 1
        self.rows.append(
            (seq, path, attempt, status, outcome, output, blob, failure, wake_at, key, request_hash, at, took_ms)
        )

    def apart(self, content: bytes) -> tuple[bytes | None, UUID | None]:
        """How an encoded output goes into its row: itself, or as the id of a blob (committed with the row) when it is
        large."""
        if len(content) <= BLOB_FROM:
            return content, None
        key = new_id()
        self.blobs.append((key, content))
        if self.group is not None and not self.group.is_sealed:
            self.group.bytes += len(content)
        return None, key

    def end(self, state: str, cause: str | None, failure: Failure | None) -> RunJournal:
        """The run is to be over in this state; returns itself, to be submitted."""
        self.state, self.cause, self.touch = state, cause, True
        self.failure = None if failure is None else msgspec.json.encode(failure)
        return self

    def lose(self) -> None:
        """The lease is lost: what is not committed never will be, and whoever works on the run is told."""
        self.is_lost = True
        self.rows.clear()
        self.owner.lost()


class Journal:
    """The group-committing writer of one worker. ``held``: the runs whose leases are to be renewed; ``on_outage`` is
    called when the database does not answer; ``watching`` is around every question to it."""

    def __init__(
        self,
        db: Database,
        *,
        lease_s: float = LEASE_S,
        held: Callable[[], Iterable[RunJournal]] = tuple,
        on_outage: Callable[[], None] = lambda: None,
        watching: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._db = db
        self._lease_s = lease_s
        self._renew_s = min(RENEW_S, lease_s / 3)
        self._held = held
        self._groups: deque[_Group] = deque()
        self._last: _Group | None = None
        self._bell = asyncio.Event()
        self._is_closing = False
        self._on_outage = on_outage
        self._watching = watching
        self.commits = 0

    def submit(self, run: RunJournal) -> None:
        """Have the run's rows and state committed with the next group."""
        if run.is_lost:
            return
        if run.group is None or run.group.is_sealed:
            group = self._open_group()
            run.group = group
            group.runs.append(run)
            if run.blobs:
                group.bytes += sum(len(content) for _, content in run.blobs)
        self._bell.set()

    async def durable(self, run: RunJournal) -> None:
        """Waits until all that was submitted for the run is committed. Raises ``LeaseLost``."""
        if run.group is not None:
            await asyncio.shield(run.group.done)
        if run.is_lost:
            raise LeaseLost

    async def run(self) -> None:
        """Flushes and renews until ``close`` was called and nothing is left."""
        renew_at = time.monotonic() + self._renew_s
        while self._groups or not self._is_closing:
            await self._wait(renew_at)
            if time.monotonic() >= renew_at:
                renew_at = time.monotonic() + self._renew_s
                await self._renew()
            if self._groups:
                await self._commit(self._take())

    @property
    def is_behind(self) -> bool:
        """Whether so much waits to be committed, by runs or by bytes, that no more work should be taken on."""
        return len(self._groups) > GROUPS_AHEAD

    def close(self) -> None:
        """Ends ``run`` once everything submitted is committed."""
        self._is_closing = True
        self._bell.set()

    def _open_group(self) -> _Group:
        group = self._last
        if group is None or group.is_sealed or len(group.runs) >= GROUP_RUNS or group.bytes >= GROUP_BYTES:
            group = self._last = _Group()
            self._groups.append(group)
        return group

    def _take(self) -> _Group:
        group = self._groups.popleft()
        group.is_sealed = True
        self._bell.clear()
        if self._groups:
            self._bell.set()
        return group

    async def _wait(self, until: float) -> None:
        try:
            async with asyncio.timeout(max(0.0, until - time.monotonic())):
                await self._bell.wait()
        except TimeoutError:
            pass

    async def _commit(self, group: _Group) -> None:
        runs = [run for run in group.runs if not run.is_lost]
        parts = [_Part(run) for run in runs]
        try:
            await self._send(runs, parts)
        except BaseException:
            for run in runs:
                run.is_lost = True  # nobody knows what was written: who waits for it must not act upon it
            raise
        finally:
            group.runs = []
            if not group.done.done():
                group.done.set_result(None)

    async def _send(self, runs: list[RunJournal], parts: list[_Part]) -> None:
        """Sends parts until they are in; parts that the database refuses are found by halving, and their runs given up."""
        if not runs:
            return
        pause, again = 0.05, False
        while True:
            try:
                began = time.monotonic()
                with self._watching():
                    kept = await queue.flush(self._db, _columns(parts, again))
                meters.FLUSHES.add(time.monotonic() - began)
                break
            except (Unavailable, OSError, TimeoutError) as error:
                _log.warning("waits for the database", error=str(error), runs=len(runs))
                self._on_outage()
                await asyncio.sleep(pause)
                pause, again = min(pause * 2, _LONGEST_PAUSE_S), True
            except Exception as error:
                if len(runs) == 1:
                    _log.bug(error, run=str(runs[0].claim.run_id))
                    runs[0].lose()
                    return
                half = len(runs) // 2
                await self._send(runs[:half], parts[:half])
                await self._send(runs[half:], parts[half:])
                return
        self.commits += 1
        self._settle(runs, kept)

    def _settle(self, runs: list[RunJournal], kept: set[int]) -> None:
        for position, run in enumerate(runs):
            if position not in kept:
                run.lose()
                continue
            if run.group is not None and run.group.is_sealed:
                run.group = None
            run.owner.committed()

    async def _renew(self) -> None:
        now = time.monotonic()
        old = [run for run in self._held() if not run.is_lost and now - run.leased_at >= self._renew_s]
        if not old:
            return
        identities = [(run.claim.workspace_id, run.claim.run_id, run.claim.epoch) for run in old]
        try:
            with self._watching():
                kept = await queue.renew(self._db, identities, self._lease_s)
        except Exception as error:
            _log.warning("leases were not renewed", error=str(error), runs=len(old))
            self._on_outage()
            return
        for position, run in enumerate(old):
            if position in kept:
                run.leased_at = now
            else:
                run.lose()


class _Part:
    """What one run contributes to a group, taken out of it when the group is sent."""

    __slots__ = ("blobs", "calls", "head", "rows")

    def __init__(self, run: RunJournal) -> None:
        claim = run.claim
        self.head = (
            *(claim.workspace_id, claim.run_id, claim.epoch, run.state, run.touch, run.due, run.started_at, run.seq),
            *(run.tokens, run.cost_usd, run.cause, run.output, run.output_blob, run.failure, run.ask),
        )
        self.rows, self.blobs, self.calls = run.rows, run.blobs, run.calls
        run.rows, run.blobs, run.calls = [], [], []
        run.touch = False


_HEAD_WIDTH = 15
_HEAD_IN_TEXT = frozenset({2, 3, 4, 5, 6, 7, 8, 9})
_STEP_IN_TEXT = frozenset({0, 1, 2, 3, 8, 11, 12})
"""The positions of the columns that are sent as text (``db.queue.flush`` says what they are then)."""


def _columns(parts: list[_Part], again: bool) -> list[Any]:
    """The arguments of ``flush_journal``: the columns of the runs, of the rows (each with the position, from 1, of its
    run), of the blobs, the model calls as JSON."""
    rows: list[StepColumns] = []
    of: list[int] = []
    blobs: list[tuple[int, UUID, bytes]] = []
    calls: list[dict[str, Any]] = []
    for position, part in enumerate(parts, 1):
        rows += part.rows
        of += [position] * len(part.rows)
        if part.blobs:
            blobs += [(position, *blob) for blob in part.blobs]
        if part.calls:
            calls += [{"i": position, **call} for call in part.calls]
    return [
        *_in_text(_turned([part.head for part in parts], _HEAD_WIDTH), _HEAD_IN_TEXT),
        _in_one_text(of),
        *_in_text(_turned(rows, _STEP_WIDTH), _STEP_IN_TEXT),
        *_turned(blobs, 3),
        msgspec.json.encode(calls) if calls else None,
        again,
    ]


def _in_text(columns: Iterable[Sequence[Any]], wanted: frozenset[int]) -> Iterable[Any]:
    """The columns, those at the positions ``wanted`` each as the text of an array."""
    return (_in_one_text(column) if at in wanted else column for at, column in enumerate(columns))


def _in_one_text(column: Sequence[str | float | None]) -> str:
    """Numbers or names (no control characters) as the text of an array, which Postgres writes as JSON but for the brackets:
    the driver looks at each value of a list for a long while."""
    return f"{{{orjson.dumps(column)[1:-1].decode()}}}"


def _turned(rows: Sequence[tuple[Any, ...]], width: int) -> Iterable[Sequence[Any]]:
    """Rows as columns. A column of nulls is sent as an empty array, which ``unnest`` fills up: the driver takes a while
    over each null."""
    if not rows:
        return ([],) * width
    return [column if column.count(None) < len(rows) else () for column in zip(*rows, strict=True)]
