"""What steps wait for, as the doubled database keeps it: the functions and triggers of db/migrations/0007, and the statements
of ``db.waits``.

A wait changes at once and is put back when its transaction is not committed: until then it is locked, and who would change it
passes it over, as the functions do.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from plainwork.db import json
from plainwork.db.runs import ENDED
from tests.simulation.rows import RunRow, Step, Transaction, WaitRow

if TYPE_CHECKING:
    from tests.simulation.store import Store

_RESULTS = ("succeeded", "failed", "skipped")


# ── Inside ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def deliver_answers(store: Store, run: RunRow, now: float) -> int:
    """Writes the answers that have come into the journal of a parked run."""
    delivered = 0
    answered = [wait for wait in _of(store, run.id) if wait.status is not None and not wait.is_settled]
    steps = store.steps.setdefault(run.id, {})
    for wait in sorted(answered, key=lambda one: one.closed_at or 0.0):
        wait.is_settled = True
        if any(_is_result(step, wait) for step in steps.values()):
            continue
        if wait.child_run_id is not None and wait.status == "succeeded":
            wait.output = store.runs[wait.child_run_id].output
        place = max(steps, default=0) + 1
        source = "given" if wait.kind == "approval" else "taken"
        steps[place] = Step(
            *(
                place,
                wait.path,
                wait.attempt,
                str(wait.status),
                wait.outcome,
                wait.output,
                None,
                wait.failure,
                None,
                None,
            ),
            *(now, None, now, 0, source),
        )
        delivered += 1
    if delivered:
        entry = store.queue[run.id]
        entry.epoch, entry.worker, entry.claims, entry.due_at = entry.epoch + 1, None, 0, now
        run.steps, run.status, run.cause, run.ask, run.wake_at = max(steps), "queued", None, None, None
        store.observer.decided(entry, run)
        store.notify("plainwork_ring", "")
    return delivered


def _is_result(step: Step, wait: WaitRow) -> bool:
    return (step.path, step.attempt) == (wait.path, wait.attempt) and step.status in _RESULTS


def hand_over(store: Store, run: RunRow, path: str, now: float) -> None:
    """Into the journal of a parked run, or a word to the worker that has it."""
    if run.status == "waiting":
        deliver_answers(store, run, now)
    else:
        store.notify("plainwork_answered", f"{run.id} {path}")


def stop_child(store: Store, run_id: UUID, now: float, by: Transaction | None) -> bool:
    """Cancels a child run, unless somebody is writing for it just now."""
    entry = store.queue.get(run_id)
    if entry is None:
        return True
    if entry.owner not in (None, by):
        return False
    del store.queue[run_id]
    run = store.runs[run_id]
    before, run.status, run.finished_at = run.status, "cancelled", now
    run.wake_at = run.cause = run.ask = None
    store.notify("plainwork_cancelled", str(run_id))
    follow_run(store, run, before, now, by)
    return True


def close_waits(store: Store, run: RunRow, now: float, by: Transaction | None) -> None:
    """The run is over: it waits for nothing any more, and its children are cancelled."""
    for wait in _of(store, run.id):
        if wait.is_settled or wait.owner not in (None, by):
            continue
        wait.closed_at = now if wait.closed_at is None else wait.closed_at
        is_alone = wait.child_run_id is None or wait.status is not None
        wait.is_settled = is_alone or stop_child(store, _known(wait.child_run_id), now, by)


def tell_parent(store: Store, child: RunRow, now: float, by: Transaction | None) -> None:
    """The step that has started a run gets what came of it."""
    wait = next((one for one in store.waits.values() if one.child_run_id == child.id and one.closed_at is None), None)
    if wait is None or wait.owner not in (None, by):
        return
    wait.closed_at, wait.status = now, "succeeded" if child.status == "succeeded" else "failed"
    if child.status == "cancelled":
        wait.failure = {"kind": "rejected", "message": "The run of the other agent was cancelled."}
    elif child.status == "failed":
        wait.failure = {key: value for key, value in (child.failure or {}).items() if key != "path"}
    entry = store.queue.get(wait.run_id)
    if entry is not None and entry.owner in (None, by):
        hand_over(store, store.runs[wait.run_id], wait.path, now)


# ── What happens by itself ───────────────────────────────────────────────────────────────────────────────────────────
def note_wait(store: Store, run_id: UUID, step: Step, now: float) -> None:
    """A step begins to wait for something outside."""
    if step.status != "waiting" or step.outcome is None or step.source != "taken":
        return
    if (run_id, step.path, step.attempt) in store.waits:
        return
    key = UUID(step.output["callback"]) if step.outcome == "callback" else None
    wait = _open(store, run_id, step.path, step.attempt, step.outcome, step.output, now, step.wake_at, callback_id=key)
    store.runs[run_id].waits += 1
    address = next((one for one in store.callbacks.values() if one.id == key), None)
    if address is not None and address.is_used:
        wait.closed_at, wait.status, wait.output = now, "succeeded", address.content


def _open(
    store: Store,
    run_id: UUID,
    path: str,
    attempt: int,
    kind: str,
    asked: Any,
    now: float,
    until: float | None,
    **more: Any,
) -> WaitRow:
    key = UUID(int=10**9 + len(store.waits))
    wait = store.waits[run_id, path, attempt] = WaitRow(run_id, path, attempt, key, kind, asked, now, until, **more)
    return wait


def follow_run(store: Store, run: RunRow, before: str, now: float, by: Transaction | None = None) -> None:
    """A run that waits for something, or that something waits for, is parked or over."""
    if not run.waits and run.parent_run_id is None:
        return
    if run.status == "waiting":
        deliver_answers(store, run, now)
    elif run.status in ENDED and before not in ENDED:
        if run.waits:
            close_waits(store, run, now, by)
        if run.parent_run_id is not None:
            tell_parent(store, run, now, by)


# ── What the application calls ───────────────────────────────────────────────────────────────────────────────────────
def answer_wait(
    store: Store,
    transaction: Transaction,
    run_id: UUID,
    path: str,
    attempt: int,
    outcome: str,
    output: bytes,
    by: UUID | None,
) -> bool:
    """Answers the step that waits."""
    entry = store.free_entry(run_id, transaction)
    wait = store.waits.get((run_id, path, attempt))
    if entry is None or wait is None or wait.closed_at is not None or not _is_in_time(wait, transaction.now):
        return False
    store.lock(entry, transaction)
    _change(wait, transaction, outcome=outcome, output=json.decode(output))
    transaction.at_commit.append(partial(_answered, store, wait, transaction.now))
    return True


def use_callback(store: Store, transaction: Transaction, token_hash: bytes, content: bytes) -> tuple[str, UUID | None]:
    """What came to an address, once."""
    address = store.callbacks.get(token_hash)
    if address is None:
        return "unknown", None
    entry = store.free_entry(address.run_id, transaction)
    if address.is_used:
        return "used", None
    if entry is None:
        return "gone", None
    waits = [one for one in store.waits.values() if one.callback_id == address.id]
    wait = min(waits, key=lambda one: (one.closed_at is not None, -one.since), default=None)
    if wait is not None and (wait.closed_at is not None or not _is_in_time(wait, transaction.now)):
        return "gone", None
    address.is_used, address.content = True, json.decode(content)
    if wait is not None:
        wait.output = address.content
        _answered(store, wait, transaction.now)
    return "taken", address.run_id


def _answered(store: Store, wait: WaitRow, now: float) -> None:
    wait.closed_at, wait.status, wait.owner = now, "succeeded", None
    hand_over(store, store.runs[wait.run_id], wait.path, now)


def settle_waits(store: Store, now: float, limit: int) -> int:
    """What others had to pass over."""
    settled = 0
    open_ends = [one for one in store.waits.values() if one.closed_at is not None and not one.is_settled]
    for wait in sorted(open_ends, key=lambda one: one.closed_at or 0.0)[:limit]:
        if wait.owner is not None:
            continue
        entry = store.queue.get(wait.run_id)
        if wait.status is None:
            is_done = stop_child(store, _known(wait.child_run_id), now, None)
        elif entry is not None and entry.owner is None:
            run = store.runs[wait.run_id]
            settled += run.status == "waiting" and deliver_answers(store, run, now) > 0
            continue
        else:
            is_done = entry is None
        if is_done:
            wait.is_settled = True
            settled += 1
    return settled


# ── Statements of one workspace's transaction ────────────────────────────────────────────────────────────────────────
def lock_run(store: Store, transaction: Transaction, run_id: UUID) -> int | None:
    """Locks a run's queue entry; its epoch."""
    entry = store.free_entry(run_id, transaction)
    if entry is None:
        return None
    if entry.owner is None:
        store.lock(entry, transaction)
    return entry.epoch


def give_up(store: Store, transaction: Transaction, run_id: UUID, path: str, attempt: int) -> UUID | None:
    """Closes a wait whose time has passed."""
    wait = store.waits[run_id, path, attempt]
    if wait.closed_at is not None or wait.until is None or wait.until > transaction.now:
        return None
    _change(wait, transaction, closed_at=transaction.now, is_settled=True)
    return wait.id


def adopt(store: Store, transaction: Transaction, arguments: Any) -> float | None:
    """A step waits for a new run."""
    run_id, path, attempt, asked, child, time_s = arguments
    until = None if time_s is None else transaction.now + time_s
    act: Callable[[], object] = partial(
        _open, store, run_id, path, attempt, "agent", asked, transaction.now, until, child_run_id=child
    )
    transaction.at_commit.append(act)
    return until


def _change(wait: WaitRow, transaction: Transaction, **fields: Any) -> None:
    before = {name: getattr(wait, name) for name in fields}
    wait.owner = transaction
    transaction.at_end.append(partial(setattr, wait, "owner", None))
    for name, value in fields.items():
        setattr(wait, name, value)
        transaction.at_rollback.append(partial(setattr, wait, name, before[name]))


def _is_in_time(wait: WaitRow, now: float) -> bool:
    return wait.until is None or wait.until > now


def _of(store: Store, run_id: UUID) -> list[WaitRow]:
    return [wait for key, wait in store.waits.items() if key[0] == run_id]


def _known(run_id: UUID | None) -> UUID:
    assert run_id is not None
    return run_id
