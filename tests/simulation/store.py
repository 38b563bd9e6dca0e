"""The database's tables and its functions (``db/migrations``), doubled in memory. ``test_store`` compares the two.

A function here has the name of the one in SQL and does what that does, in one instant. ``now`` is the time at which its
transaction began, epoch seconds; the wire's own types are turned in ``server``.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any, Literal, Protocol
from uuid import UUID

import asyncpg

from plainwork.db import json
from tests.simulation import waits
from tests.simulation.rows import Address, Entry, Locked, RunRow, Step, Tick, Transaction, WaitRow

FOREVER = math.inf
Safeguard = Literal["fencing", "tick locks", "tick keys"]
"""What keeps epochs that are over from writing, two schedulers from taking a schedule at once, a tick from firing twice."""


class Observer(Protocol):
    """Who is told what becomes true in the database."""

    def claimed(self, entry: Entry, who: str) -> None:
        """A run was leased to this process."""

    def wrote(self, run: RunRow, epoch: int, rows: Sequence[Step], who: str) -> None:
        """A flush was taken for a run."""

    def decided(self, entry: Entry, run: RunRow) -> None:
        """A person has decided about a run, or a new one goes on from another."""


class Store:
    """The tables. ``is_alive`` says whether the session holding a worker's number lives; ``without``: what this database is
    to lack."""

    def __init__(
        self, observer: Observer, is_alive: Callable[[int], bool], *, without: Collection[Safeguard] = ()
    ) -> None:
        self.runs: dict[UUID, RunRow] = {}
        self.queue: dict[UUID, Entry] = {}
        self.steps: dict[UUID, dict[int, Step]] = {}
        self.blobs: dict[UUID, bytes] = {}
        self.keys: dict[tuple[UUID, str], tuple[UUID, Transaction | None]] = {}
        self.versions: dict[UUID, tuple[Any, ...]] = {}
        self.workers: dict[int, float] = {}
        self.schedules: dict[UUID, Tick] = {}
        self.ticks: dict[tuple[UUID, float], UUID] = {}
        self.waits: dict[tuple[UUID, str, int], WaitRow] = {}
        self.callbacks: dict[bytes, Address] = {}
        self.notify: Callable[[str, str], None] = lambda channel, payload: None
        self.deciding: dict[UUID, Transaction] = {}
        self.firing: dict[tuple[UUID, float], Transaction] = {}
        self.observer = observer
        self._is_alive = is_alive
        self._without = without
        self._numbers = 0

    # claims and leases

    def claim_runs(
        self, now: float, who: str, limit: int, suspects: int, worker: int | None, lease_s: float
    ) -> list[Any]:
        due = sorted((e for e in self.queue.values() if e.due_at <= now and e.owner is None), key=self._rank)
        ordinary = _in_turns([e for e in due if e.claims < 2])[:limit]
        suspect = [e for e in due if e.claims >= 2][:suspects]
        return [self._claim(e, now, who, worker, lease_s) for e in ordinary + suspect]

    def _rank(self, entry: Entry) -> float:
        """Its place among those that are due: by age, with a head start of ten minutes for its priority."""
        return self.runs[entry.run_id].created_at - entry.priority * 600

    def claim_run(self, now: float, who: str, _: UUID, run_id: UUID, worker: int | None, lease_s: float) -> list[Any]:
        entry = self.free_entry(run_id)
        return [] if entry is None or entry.due_at > now else [self._claim(entry, now, who, worker, lease_s)]

    def _claim(self, entry: Entry, now: float, who: str, worker: int | None, lease_s: float) -> tuple[Any, ...]:
        entry.due_at, entry.worker = now + lease_s, worker or 0
        entry.epoch += 1
        entry.claims += 1
        self.observer.claimed(entry, who)
        r = self.runs[entry.run_id]
        return (
            *(r.workspace_id, r.id, entry.epoch, entry.claims, r.agent_id, r.version_id, r.trigger, r.inputs, None),
            *(moment(r.started_at), moment(entry.deadline_at), r.tokens, r.cost_usd, moment(now)),
        )

    def renew_leases(
        self, now: float, who: str, _: Any, runs: Sequence[UUID], epochs: Sequence[int], lease_s: float
    ) -> list[int]:
        entries = [self.free_entry(run_id) for run_id in runs]
        held = [i for i, e in enumerate(entries, 1) if e is not None and e.epoch == epochs[i - 1]]
        for i in held:
            entry = entries[i - 1]
            assert entry is not None
            entry.due_at = now + lease_s
        return held

    def queue_outlook(self, now: float, who: str, limit: int) -> list[Any]:
        due = sorted((e for e in self.queue.values() if e.due_at <= now), key=lambda e: e.due_at)
        later = min((e.due_at for e in self.queue.values() if now < e.due_at < FOREVER), default=None)
        return [([e.run_id for e in due[:limit]], None if later is None else later - now)]

    # workers

    def register_worker(self, now: float, who: str, name: str) -> int:
        self._numbers += 1
        self.workers[self._numbers] = now
        return self._numbers

    def keep_claims(self, now: float, who: str, old: int, new: int, held: Sequence[UUID]) -> int:
        given_back = 0
        for entry in [e for e in self.queue.values() if e.worker == old]:
            self.free_entry(entry.run_id)
            if entry.run_id in held:
                entry.worker = new
            else:
                entry.worker, entry.due_at, entry.claims = None, now, max(entry.claims - 1, 0)
                given_back += 1
        return given_back

    def excuse_claims(self, now: float, who: str, _: Any, runs: Sequence[UUID]) -> None:
        for entry in [self.free_entry(run_id) for run_id in dict.fromkeys(runs)]:
            if entry is not None and entry.claims > 0:
                entry.claims -= 1

    def sweep_queue(self, now: float, who: str, grace_s: float) -> list[Any]:
        dead = {n for n, since in self.workers.items() if since < now - 1 and not self._is_alive(n)}
        free = [e for e in self.queue.values() if e.owner is None]
        given_back = [e for e in free if e.worker in dead]
        for entry in given_back:
            entry.due_at, entry.worker = now, None
        left = {e.worker for e in self.queue.values()}
        for number in dead - left:
            del self.workers[number]
        late = [e for e in free if e.deadline_at is not None and e.deadline_at < now - grace_s]
        for entry in late:
            del self.queue[entry.run_id]
            run = self.runs[entry.run_id]
            before, run.status, run.cause, run.finished_at = run.status, "failed", "timed_out", now
            run.failure = {"kind": "timeout", "message": "The run passed its time limit."}
            waits.follow_run(self, run, before, now)
        return [(len(given_back), len(late))]

    # the journal

    def flush_journal(self, now: float, who: str, *columns: Any) -> list[int]:
        heads, rows, blobs, again = _unnested(columns)
        for head in heads:
            self.free_entry(head[1])
        of = {row[0] for row in rows}
        held = [i for i, head in enumerate(heads, 1) if self._holds(head)]
        written = self._new_rows(now, heads, held, rows, again=again)
        before = {i: self.runs[heads[i - 1][1]].status for i in held}
        for i in held:
            self._settle(now, heads[i - 1], has_rows=i in of)
            run = self.runs[heads[i - 1][1]]
            self.steps.setdefault(run.id, {}).update((step.seq, step) for step in written[i])
            self.observer.wrote(run, heads[i - 1][2], written[i], who)
            for step in written[i]:
                waits.note_wait(self, run.id, step, now)
        for i, key, content in blobs:
            if i in written:
                self.blobs.setdefault(key, content)
        for i in held:
            if heads[i - 1][4]:
                waits.follow_run(self, self.runs[heads[i - 1][1]], before[i], now)
        return held

    def _new_rows(
        self, now: float, heads: Sequence[Any], held: Sequence[int], rows: Iterable[Any], *, again: bool
    ) -> dict[int, list[Step]]:
        written: dict[int, list[Step]] = {i: [] for i in held}
        for i, *row in rows:
            if i in written:
                step = _step(row, now, heads[i - 1][2])
                if step.seq not in self.steps.get(heads[i - 1][1], {}):
                    written[i].append(step)
                elif not again:
                    raise asyncpg.UniqueViolationError("duplicate key value violates unique constraint")
        return written

    def _holds(self, head: Sequence[Any]) -> bool:
        entry = self.queue.get(head[1])
        return "fencing" in self._without or (entry is not None and entry.epoch == head[2])

    def _settle(self, now: float, head: Sequence[Any], *, has_rows: bool) -> None:
        """Brings a run and its queue entry to where the head of its part says they are."""
        _, run_id, _, state, touch, due, started, steps, tokens, cost, cause, output, blob, failure, ask = head
        entry = self.queue.get(run_id)
        if state in ("succeeded", "failed"):
            self.queue.pop(run_id, None)
        elif entry is not None and state in ("waiting", "released"):
            until = min(micros(due) if due is not None else FOREVER, entry.deadline_at or FOREVER)
            entry.claims, entry.worker, entry.due_at = 0, None, now if state == "released" else until
        elif entry is not None and has_rows:
            entry.claims = 0
        if not touch:
            return
        run = self.runs[run_id]
        run.status = "queued" if state == "released" else state
        run.cause, run.ask, run.tokens, run.cost_usd = cause, ask, tokens, cost
        run.output = _decoded(self.blobs.get(blob) if blob is not None else output)
        run.failure = _decoded(failure)
        run.started_at = micros(started) if run.started_at is None else run.started_at
        run.finished_at = now if state in ("succeeded", "failed") else None
        run.wake_at = micros(due) if state == "waiting" and due is not None else None
        run.steps = max(run.steps, steps)

    # starting and cancelling, inside one workspace's transaction

    def take_keys(
        self, transaction: Transaction, agent_id: UUID, keys: Sequence[str], run_ids: Sequence[UUID]
    ) -> list[tuple[str]]:
        for key in keys:
            taken = self.keys.get((agent_id, key))
            if taken is not None and taken[1] not in (None, transaction):
                raise Locked
        fresh = [(key, run_id) for key, run_id in zip(keys, run_ids, strict=True) if (agent_id, key) not in self.keys]
        for key, run_id in fresh:
            self.keys[agent_id, key] = (run_id, transaction)
            transaction.at_commit.append(partial(self.keys.update, {(agent_id, key): (run_id, None)}))
            transaction.at_end.append(partial(self._drop_key, (agent_id, key)))
        return [(key,) for key, _ in fresh]

    def _drop_key(self, at: tuple[UUID, str]) -> None:
        if self.keys[at][1] is not None:
            del self.keys[at]

    def insert(self, transaction: Transaction, runs: Iterable[RunRow]) -> None:
        made = {run.id: run for run in runs}
        transaction.made.update(made)
        transaction.at_commit.append(partial(self.runs.update, made))

    def enqueue(self, transaction: Transaction, entries: Iterable[Entry]) -> None:
        queued = {entry.run_id: entry for entry in entries}
        transaction.queued.update(queued)
        transaction.at_commit.append(partial(self.queue.update, queued))

    def delete_entry(self, transaction: Transaction, run_id: UUID) -> UUID | None:
        entry = self.free_entry(run_id, transaction)
        if entry is None:
            return None
        self.lock(entry, transaction)
        transaction.at_commit.append(partial(self._dequeue, run_id))
        return run_id

    def _dequeue(self, run_id: UUID) -> None:
        self.queue.pop(run_id, None)

    def mark_cancelled(self, transaction: Transaction, run_id: UUID) -> None:
        def mark() -> None:
            run = self.runs[run_id]
            before, run.status, run.finished_at = run.status, "cancelled", transaction.now
            run.wake_at = run.cause = run.ask = None
            waits.follow_run(self, run, before, transaction.now, transaction)

        transaction.cancelled.add(run_id)
        transaction.at_commit.append(mark)

    # schedules

    def claim_due_schedules(self, transaction: Transaction, now: float, limit: int) -> list[Tick]:
        free = [s for s in self.schedules.values() if s.owner is None]
        unplanned = [s for s in free if s.next_at is None][:limit]
        due = sorted((s for s in free if s.next_at is not None and s.next_at <= now), key=lambda s: s.next_at or 0)[
            :limit
        ]
        for schedule in () if "tick locks" in self._without else unplanned + due:
            self.lock(schedule, transaction)
        return unplanned + due

    def fire_ticks(self, transaction: Transaction, rows: Iterable[Sequence[Any]]) -> list[UUID]:
        made: list[UUID] = []
        rows = list(rows)
        self._take_ticks(transaction, [(schedule, due) for _, schedule, due, *_ in rows])
        for workspace, schedule, due, run_id, agent, version, trigger, inputs, failure, deadline_s in rows:
            has_fired = (schedule, due) in self.ticks and "tick keys" not in self._without
            if has_fired or schedule not in self.schedules:
                continue
            deadline = None if deadline_s is None else transaction.now + deadline_s
            run = RunRow(workspace, run_id, agent, version, trigger, inputs or {}, transaction.now, deadline)
            transaction.at_commit.append(partial(self.ticks.update, {(schedule, due): run_id}))
            if failure is not None:
                run.status, run.cause, run.failure, run.finished_at = (
                    "failed",
                    "undeliverable",
                    failure,
                    transaction.now,
                )
            else:
                self.enqueue(transaction, [Entry(workspace, run_id, transaction.now, deadline)])
            self.insert(transaction, [run])
            made.append(run_id)
        return made

    def _take_ticks(self, transaction: Transaction, ticks: Collection[tuple[UUID, float]]) -> None:
        """Who would fire a tick that another is about to fire waits until that one has."""
        if "tick keys" in self._without:
            return
        if any(self.firing.get(tick, transaction) is not transaction for tick in ticks):
            raise Locked
        for tick in ticks:
            self.firing[tick] = transaction
            transaction.at_end.append(partial(self.firing.pop, tick, None))

    def set_next_ticks(self, transaction: Transaction, schedules: Sequence[UUID], at: Sequence[float]) -> None:
        for schedule, next_at in zip(schedules, at, strict=True):
            transaction.at_commit.append(partial(setattr, self.schedules[schedule], "next_at", next_at))

    # locks

    def free_entry(self, run_id: UUID, transaction: Transaction | None = None) -> Entry | None:
        """The run's queue entry; the statement waits for whoever has locked it."""
        entry = self.queue.get(run_id)
        if entry is not None and entry.owner not in (None, transaction):
            raise Locked
        return entry

    def lock(self, row: Entry | Tick, transaction: Transaction) -> None:
        row.owner = transaction
        transaction.at_end.append(lambda: setattr(row, "owner", None))


def _in_turns(entries: Iterable[Entry]) -> list[Entry]:
    """One of each workspace after the other, each in its own order."""
    turns: dict[UUID, Iterator[int]] = defaultdict(count)
    return sorted(entries, key=lambda each: next(turns[each.workspace_id]))


def micros(at: float) -> float:
    """A time as the database keeps it: to the microsecond."""
    return round(at, 6)


def moment(at: float | None) -> Any:
    """A time as the driver gives it."""
    from datetime import UTC, datetime

    return None if at is None else datetime.fromtimestamp(at, UTC)


def _decoded(content: bytes | None) -> Any:
    return None if content is None else json.decode(content)


_HEAD, _ROW, _BLOB = slice(0, 15), slice(15, 29), slice(29, 32)


def _unnested(columns: Sequence[Any]) -> tuple[list[Any], list[Any], list[Any], bool]:
    """The arguments of ``flush_journal`` as rows: of the runs, the steps, the blobs; and ``p_again``."""
    assert len(columns) == 34, "flush_journal has other columns now: bring its double up to date"
    return _rows(columns[_HEAD]), _rows(columns[_ROW]), _rows(columns[_BLOB]), columns[33]


def _rows(columns: Sequence[Any]) -> list[Any]:
    """Columns as rows, like ``unnest``: a shorter one is filled up with nulls; some come as the text of an array."""
    read = [json.decode(f"[{column[1:-1]}]") if isinstance(column, str) else list(column) for column in columns]
    most = max(map(len, read))
    return list(zip(*(column + [None] * (most - len(column)) for column in read), strict=True))


def _step(row: Sequence[Any], now: float, epoch: int) -> Step:
    seq, path, attempt, status, outcome, output, blob, failure, wake, key, _, at, took = row
    wake_at = None if wake is None else micros(wake)
    return Step(
        *(
            seq,
            path,
            attempt,
            status,
            outcome,
            _decoded(output),
            blob,
            _decoded(failure),
            wake_at,
            key,
            micros(at),
            took,
        ),
        *(now, epoch),
    )


@dataclass
class Silent:
    """An observer to whom it is all the same."""

    seen: list[str] = field(default_factory=list)

    def claimed(self, entry: Entry, who: str) -> None:
        self.seen.append(who)

    def wrote(self, run: RunRow, epoch: int, rows: Sequence[Step], who: str) -> None:
        self.seen.append(who)

    def decided(self, entry: Entry, run: RunRow) -> None:
        self.seen.append(run.status)
