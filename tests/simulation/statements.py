"""What the application says to the database, statement by statement, and what the doubled server does about it.

A statement that is not known here stops the simulation: it has to be doubled first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from functools import cache
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from plainwork.db import json
from plainwork.db.agents import Agent
from tests.simulation import decisions, waits
from tests.simulation.machine import EPOCH
from tests.simulation.rows import Address, Entry, RunRow, Step, Tick, Transaction, WaitRow
from tests.simulation.store import moment

if TYPE_CHECKING:
    from tests.simulation.server import Session

Handler = Callable[["Session", Transaction, Sequence[Any]], Any]
_CALL = re.compile(r"select (?:\* from )?(\w+)\(")
_IN_STORE = frozenset(
    {"claim_runs", "claim_run", "renew_leases", "queue_outlook", "keep_claims", "excuse_claims", "sweep_queue"}
    | {"flush_journal"}
)


class Row(tuple[Any, ...]):
    """A row whose columns also have names."""

    __slots__ = ()
    columns: Sequence[str] = ()

    def __getitem__(self, key: Any) -> Any:
        return tuple.__getitem__(self, self.columns.index(key) if isinstance(key, str) else key)


def _named(*names: str) -> type[Row]:
    return type("Named", (Row,), {"columns": names, "__slots__": ()})


_SELECTED = re.compile(r"select (.+?) from ")
_Outlook = _named("run_ids", "next_in_s")
_Dropped = _named("dropped", "strays")
_Key = _named("key")
_KeyRun = _named("key", "run_id")
_Place = _named("depth", "trigger")
_Used = _named("how", "p_run")
_Agent = _named(*(field.name for field in fields(Agent)))


def run_statement(session: Session, transaction: Transaction, sql: str, arguments: Sequence[Any]) -> Any:
    """Does what a statement says; ``Locked`` when it has to wait for another transaction."""
    session.said = sql
    called = _CALL.match(sql)
    if called and called[1] in _IN_STORE:
        function = getattr(session.server.store, called[1])
        result = function(transaction.now, session.process.name, *arguments)
        return [_Outlook(row) for row in result] if called[1] == "queue_outlook" else result
    if called and called[1] in _CALLS:
        return _CALLS[called[1]](session, transaction, arguments)
    for beginning, handler in _STATEMENTS.items():
        if sql.startswith(beginning):
            return handler(session, transaction, arguments)
    session.server.machine.complain(f"the simulated database does not know this statement: {sql[:200]}")
    return None


def _register(session: Session, transaction: Transaction, arguments: Sequence[Any]) -> int:
    number = session.server.store.register_worker(transaction.now, session.process.name, arguments[0])
    session.workers.add(number)
    return number


def _notify(session: Session, transaction: Transaction, arguments: Sequence[Any]) -> None:
    channel, payload = (*arguments, "")[:2]
    transaction.at_commit.append(lambda: session.server.notify(channel, payload))


def _claim_schedules(session: Session, transaction: Transaction, arguments: Sequence[Any]) -> list[Any]:
    now, limit = arguments
    due = session.server.store.claim_due_schedules(transaction, now.timestamp(), limit)
    return [_schedule(one) for one in due]


def _schedule(tick: Tick) -> tuple[Any, ...]:
    return (
        *(tick.workspace_id, tick.id, tick.agent_id, tick.version_id, "trigger-1", None, tick.cron, "UTC", {}),
        *(tick.missed, None, moment(tick.next_at), moment(tick.created_at), "allow", None, {}, {}, None),
        *(moment(tick.next_at), 0, moment(tick.created_at)),
    )


def _fire(session: Session, transaction: Transaction, arguments: Sequence[Any]) -> list[Any]:
    told = zip(*arguments, strict=True)
    rows = [(*row[:2], row[2].timestamp(), *row[6:]) for row in told if row[4] == "fired"]
    return session.server.store.fire_ticks(transaction, rows)


def _set_next(session: Session, transaction: Transaction, arguments: Sequence[Any]) -> None:
    _, schedules, times, *_ = arguments
    session.server.store.set_next_ticks(transaction, schedules, [_seconds(at) for at in times])


def _next_fires_at(session: Session, transaction: Transaction, arguments: Sequence[Any]) -> datetime | None:
    times = [schedule.next_at for schedule in session.server.store.schedules.values() if schedule.next_at is not None]
    return datetime.fromtimestamp(min(times), UTC) if times else None


def _seconds(at: datetime) -> float:
    return float("inf") if at is datetime.max else at.astimezone(UTC).timestamp()


def _take_keys(session: Session, transaction: Transaction, arguments: Sequence[Any]) -> list[Any]:
    _, agent_id, keys, run_ids = arguments
    return [_Key(row) for row in session.server.store.take_keys(transaction, agent_id, keys, run_ids)]


def _read_keys(session: Session, _: Transaction, arguments: Sequence[Any]) -> list[Any]:
    agent_id, keys = arguments
    known = session.server.store.keys
    return [_KeyRun((key, known[agent_id, key][0])) for key in keys if (agent_id, key) in known]


def _insert_runs(session: Session, transaction: Transaction, arguments: Sequence[Any]) -> None:
    workspace, agent, version, deadline_s, ids, inputs, triggers, _ = arguments
    now = transaction.now
    deadline = None if deadline_s is None else now + deadline_s
    session.server.store.insert(
        transaction,
        [
            RunRow(workspace, id, agent, version, json.decode(trigger), json.decode(given), now, deadline)
            for id, given, trigger in zip(ids, inputs, triggers, strict=True)
        ],
    )


def _enqueue(session: Session, transaction: Transaction, arguments: Sequence[Any]) -> None:
    workspace, deadline_s, ids, _, priorities = arguments
    now = transaction.now
    deadline = None if deadline_s is None else now + deadline_s
    entries = [
        Entry(workspace, run_id, now, deadline, priority=priority or 0)
        for run_id, priority in zip_longest(ids, priorities)
    ]
    session.server.store.enqueue(transaction, entries)


def _delete_entry(session: Session, transaction: Transaction, arguments: Sequence[Any]) -> Any:
    return session.server.store.delete_entry(transaction, arguments[0])


def _mark_cancelled(session: Session, transaction: Transaction, arguments: Sequence[Any]) -> None:
    session.server.store.mark_cancelled(transaction, arguments[0])


def _status(session: Session, transaction: Transaction, arguments: Sequence[Any]) -> str | None:
    run = session.server.store.runs.get(arguments[0])
    if run is None:
        return None
    return "cancelled" if run.id in transaction.cancelled else run.status


def _journals(session: Session, _: Transaction, arguments: Sequence[Any]) -> list[Any]:
    found = session.server.store.steps
    columns = _selected(session.said)
    row = _row_of(columns)
    return [
        row(_column(run_id, found[run_id][seq], column) for column in columns)
        for run_id in arguments[0]
        for seq in sorted(found.get(run_id, ()))
    ]


@cache
def _row_of(columns: tuple[str, ...]) -> type[Row]:
    return _named(*columns)


def _column(run_id: Any, step: Step, column: str) -> Any:
    if column in ("at", "wake_at"):
        return moment(getattr(step, column))
    if column == "run_id":
        return run_id
    return getattr(step, {"output_blob": "blob", "idempotency_key": "key"}.get(column, column))


def _attempts(session: Session, _: Transaction, arguments: Sequence[Any]) -> list[Any]:
    """The last rows of one step, newest first; or the rows of a journal after one."""
    run_id, which, limit = arguments
    rows = sorted(session.server.store.steps.get(run_id, {}).values(), key=lambda step: step.seq)
    if isinstance(which, str):
        chosen = [step for step in reversed(rows) if step.path == which]
    else:
        chosen = [step for step in rows if step.seq > which]
    columns = _selected(session.said)
    return [_row_of(columns)(_column(run_id, step, column) for column in columns) for step in chosen[:limit]]


def _run(session: Session, _: Transaction, arguments: Sequence[Any]) -> list[Any]:
    store = session.server.store
    run = store.runs.get(arguments[0])
    if run is None:
        return []
    _, _, slug, number, _ = store.versions[run.version_id]
    columns = tuple(column.removeprefix("r.").partition("::")[0] for column in _selected(session.said))
    named = {"a.name": slug, "a.slug": slug, "v.number": number, "output_blob": None}
    return [_row_of(columns)(named[one] if one in named else _run_column(run, one) for one in columns)]


def _run_column(run: RunRow, column: str) -> Any:
    value = getattr(run, column.removesuffix(" as output"))
    return moment(value) if column.endswith("_at") else value


def _selected(sql: str) -> tuple[str, ...]:
    found = _SELECTED.match(sql)
    assert found is not None
    return tuple(found[1].split(", "))


def _agent(session: Session, _: Transaction, arguments: Sequence[Any]) -> list[Any]:
    store, by = session.server.store, 2 if "slug = $1" in session.said else 1
    version = next(one for one in store.versions.values() if one[by] == arguments[0])
    at = moment(EPOCH)
    return [_Agent((version[1], version[2], version[2], "", [], version[0], version[3], None, None, at, at))]


def _size(session: Session, _: Transaction, arguments: Sequence[Any]) -> list[Any]:
    return [(len(session.server.store.steps.get(arguments[0], ())), 0, 0)]


def _vars(session: Session, transaction: Transaction, arguments: Sequence[Any]) -> Any:
    return {}


def _name_origin(session: Session, transaction: Transaction, arguments: Sequence[Any]) -> None:
    decisions.name_origin(transaction, *arguments)


def _resolve(session: Session, transaction: Transaction, arguments: Sequence[Any]) -> Any:
    return decisions.resolve(session.server.store, transaction, *arguments)


def _carry_over(session: Session, transaction: Transaction, arguments: Sequence[Any]) -> int:
    return decisions.carry_over(session.server.store, transaction, *arguments[1:])


def _note_decision(session: Session, transaction: Transaction, arguments: Sequence[Any]) -> int | None:
    return decisions.note_decision(session.server.store, transaction, *arguments[1:])


def _lock_run(session: Session, transaction: Transaction, arguments: Sequence[Any]) -> int | None:
    return waits.lock_run(session.server.store, transaction, arguments[0])


def _waits(session: Session, _: Transaction, arguments: Sequence[Any]) -> list[Any]:
    """Those of a run that are open, or the one of an attempt."""
    known = session.server.store.waits
    if len(arguments) == 1:
        found = [wait for key, wait in known.items() if key[0] == arguments[0] and wait.closed_at is None]
    else:
        found = [known[tuple(arguments)]] if tuple(arguments) in known else []
    return [_wait(wait) for wait in found]


def _wait(wait: WaitRow) -> tuple[Any, ...]:
    return (
        *(wait.run_id, wait.path, wait.attempt, wait.id, wait.kind, wait.asked, wait.child_run_id, moment(wait.until)),
        *(moment(wait.since), moment(wait.closed_at), wait.status, wait.outcome, wait.output, wait.failure, None),
    )


def _give_up(session: Session, transaction: Transaction, arguments: Sequence[Any]) -> Any:
    run_id, path, attempt = arguments
    return waits.give_up(session.server.store, transaction, run_id, path, attempt)


def _place(session: Session, _: Transaction, arguments: Sequence[Any]) -> list[Any]:
    run = session.server.store.runs[arguments[0]]
    return [_Place((run.depth, run.trigger))]


def _name_parent(session: Session, transaction: Transaction, arguments: Sequence[Any]) -> None:
    run = transaction.made[arguments[0]]
    run.parent_run_id, run.parent_path, run.depth = arguments[1:]


def _adopt(session: Session, transaction: Transaction, arguments: Sequence[Any]) -> Any:
    return moment(waits.adopt(session.server.store, transaction, arguments))


def _count_wait(session: Session, transaction: Transaction, arguments: Sequence[Any]) -> None:
    run = session.server.store.runs[arguments[0]]
    transaction.at_commit.append(lambda: setattr(run, "waits", run.waits + 1))


def _add_address(session: Session, transaction: Transaction, arguments: Sequence[Any]) -> None:
    _, key, run_id, _, token_hash = arguments
    transaction.at_commit.append(
        lambda: session.server.store.callbacks.update({token_hash: Address(key, run_id)}),
    )


def _address(session: Session, _: Transaction, arguments: Sequence[Any]) -> list[Any]:
    run_id, token_hash = arguments
    found = session.server.store.callbacks.get(token_hash)
    return [] if found is None or found.run_id != run_id else [(found.id, found.is_used, found.content)]


def _answer_wait(session: Session, transaction: Transaction, arguments: Sequence[Any]) -> bool:
    return waits.answer_wait(session.server.store, transaction, *arguments[1:])


def _use_callback(session: Session, transaction: Transaction, arguments: Sequence[Any]) -> list[Any]:
    token_hash, content = arguments
    return [_Used(waits.use_callback(session.server.store, transaction, token_hash, content))]


def _settle_waits(session: Session, transaction: Transaction, arguments: Sequence[Any]) -> Any:
    return waits.settle_waits(session.server.store, transaction.now, arguments[0])


def _versions(session: Session, _: Transaction, arguments: Sequence[Any]) -> list[Any]:
    known = session.server.store.versions
    return [known[version_id] for version_id in arguments[0] if version_id in known]


def _nothing(session: Session, transaction: Transaction, arguments: Sequence[Any]) -> None:
    return None


def _no_rows(session: Session, transaction: Transaction, arguments: Sequence[Any]) -> list[Any]:
    return []


def _nothing_dropped(session: Session, transaction: Transaction, arguments: Sequence[Any]) -> list[Any]:
    return [_Dropped((0, 0))]


def _count_queued(session: Session, transaction: Transaction, arguments: Sequence[Any]) -> int:
    entries = session.server.store.queue.values()
    return sum(1 for each in entries if each.worker is None and each.due_at <= transaction.now)


def _none_made(session: Session, transaction: Transaction, arguments: Sequence[Any]) -> int:
    return 0


_CALLS: dict[str, Handler] = {
    "register_worker": _register,
    "pg_notify": _notify,
    "claim_due_schedules": _claim_schedules,
    "fire_ticks": _fire,
    "set_next_ticks": _set_next,
    "next_fires_at": _next_fires_at,
    "claim_waiting_schedules": _no_rows,
    "workspaces_to_prune": _no_rows,
    "prune_rest": _none_made,
    "count_ended_runs": _none_made,
    "drop_partitions": _nothing_dropped,
    "make_partitions": _none_made,
    "settle_waits": _settle_waits,
    "resume_connected": _none_made,
    "answer_wait": _answer_wait,
    "set_config": _nothing,
    "carry_over": _carry_over,
    "note_decision": _note_decision,
    "audit_append": _none_made,
    "claim_failures": _nothing,
}
_STATEMENTS: dict[str, Handler] = {
    "listen": _nothing,
    "delete from sign_in_attempts": _nothing,
    "delete from rates": _nothing,
    "insert into run_keys": _take_keys,
    "select key, run_id from run_keys": _read_keys,
    "insert into runs": _insert_runs,
    "insert into queue": _enqueue,
    "delete from queue where run_id": _delete_entry,
    "update runs set status = 'cancelled'": _mark_cancelled,
    "select status from runs": _status,
    "select runs_at_once, queued_at_most from workspace_limits": _no_rows,
    "select version_id from canary_for": _no_rows,
    "select * from canaries_to_judge": _no_rows,
    "select count(*) from ( select from queue": _count_queued,
    "select run_id, seq, path": _journals,
    "select v.id, v.agent_id": _versions,
    "select r.workspace_id, r.id": _run,
    "select seq, path": _attempts,
    "select * from agents where": _agent,
    "select count(*), coalesce(sum(octet_length": _size,
    "select vars from runs": _vars,
    "select epoch from queue": _lock_run,
    "select w.run_id, w.path": _waits,
    "update waits set closed_at": _give_up,
    "select depth, trigger": _place,
    "update runs set parent_run_id": _name_parent,
    "insert into waits": _adopt,
    "update runs set waits": _count_wait,
    "insert into callbacks": _add_address,
    "select id, used_at is not null": _address,
    "select how, p_run from use_callback": _use_callback,
    "update runs set origin_run_id": _name_origin,
    "update runs set resolved_at": _resolve,
}
