"""What people decide about runs, as the doubled database carries it out: db/migrations/0006 and the statements of
``db.inbox`` and ``db.replays``. Inside one workspace's transaction; what it has made itself it sees."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg

from plainwork.db import json
from tests.simulation.rows import Entry, Locked, RunRow, Step, Transaction
from tests.simulation.store import Store


def name_origin(transaction: Transaction, run_id: UUID, origin: UUID, step: str | None) -> None:
    """Notes which run a new one comes of."""
    run = transaction.made[run_id]
    run.origin_run_id, run.origin_step = origin, step


def resolve(store: Store, transaction: Transaction, run_id: UUID, how: str) -> UUID | None:
    """Takes a failed run out of the inbox; None: it was not there any more."""
    owner = store.deciding.get(run_id)
    if owner not in (None, transaction):
        raise Locked
    run = store.runs.get(run_id)
    if (
        run is None
        or owner is transaction
        or run.status != "failed"
        or run.cause is None
        or run.resolved_at is not None
    ):
        return None
    store.deciding[run_id] = transaction
    transaction.at_end.append(partial(store.deciding.pop, run_id))
    transaction.at_commit.append(partial(_take_out, run, transaction.now, how))
    return run_id


def _take_out(run: RunRow, now: float, how: str) -> None:
    run.resolved_at, run.resolution = now, how


def carry_over(store: Store, transaction: Transaction, origin: UUID, run_id: UUID, rows: Collection[int]) -> int:
    """Begins a new run's journal with rows of its origin's."""
    run, entry = transaction.made.get(run_id), transaction.queued.get(run_id)
    if run is None or entry is None or run.origin_run_id != origin or entry.epoch or run.steps:
        raise asyncpg.InsufficientPrivilegeError("rows are carried over into a new run of that origin, and once")
    entry.epoch = 1
    chosen = [step for seq, step in sorted(store.steps.get(origin, {}).items()) if seq in rows]
    assert all(step.blob is None for step in chosen), "outputs kept apart are not carried over by this double"
    for place, step in enumerate(chosen, 1):
        _add(store, transaction, run, replace(step, seq=place, source="carried", written_at=transaction.now, epoch=0))
    run.steps = len(chosen)
    transaction.at_commit.append(partial(store.observer.decided, entry, run))
    return len(chosen)


def note_decision(
    store: Store,
    transaction: Transaction,
    run_id: UUID,
    path: str,
    attempt: int,
    status: str,
    outcome: str | None,
    output: bytes | None,
    blob: UUID | None,
    failure: bytes | None,
) -> int | None:
    """Adds what a person says about a step to the journal of a run that asks about it, or of a new one of another."""
    entry = transaction.queued.get(run_id) or store.free_entry(run_id, transaction)
    if entry is None:
        return None
    run = transaction.made.get(run_id) or store.runs[run_id]
    is_asking = run.status == "waiting" and run.ask == path
    if not is_asking and not (run.status == "queued" and run.started_at is None and run.origin_run_id is not None):
        return None
    if run_id not in transaction.queued:
        store.lock(entry, transaction)
    assert blob is None, "outputs kept apart are not given in this double"
    known = [*store.steps.get(run_id, ()), *(step.seq for step in transaction.written.get(run_id, ()))]
    place = max(known, default=0) + 1
    step = Step(
        *(place, path, attempt, status, outcome, _decoded(output), None, _decoded(failure), None, None),
        *(transaction.now, None, transaction.now, entry.epoch, "given"),
    )
    _add(store, transaction, run, step)
    transaction.at_commit.append(partial(_go_on, store, entry, run, place, transaction.now))
    return place


def _add(store: Store, transaction: Transaction, run: RunRow, step: Step) -> None:
    transaction.written.setdefault(run.id, []).append(step)
    transaction.at_commit.append(lambda: store.steps.setdefault(run.id, {}).update({step.seq: step}))


def _go_on(store: Store, entry: Entry, run: RunRow, steps: int, now: float) -> None:
    entry.epoch, entry.worker, entry.claims, entry.due_at = entry.epoch + 1, None, 0, now
    run.steps, run.status, run.cause, run.ask, run.wake_at = steps, "queued", None, None, None
    store.observer.decided(entry, run)


def _decoded(content: bytes | None) -> Any:
    return None if content is None else json.decode(content)
