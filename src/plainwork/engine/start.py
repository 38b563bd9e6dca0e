"""Starting, cancelling and following runs: the doors for the API, the scheduler and the command line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from plainwork.db import Connection, Database, new_id, queue, runs
from plainwork.db.queue import Claim
from plainwork.db.runs import NewRun, Priority, Run, RunStatus
from plainwork.engine import backlog
from plainwork.engine.day import check_day
from plainwork.engine.events import Event, Events
from plainwork.engine.outside import Outside
from plainwork.engine.versions import Version, Versions
from plainwork.engine.worker import Worker
from plainwork.errors import NotFound
from plainwork.spec.inputs import coerce

if TYPE_CHECKING:
    from plainwork.queue import Queue

MANUAL: Mapping[str, Any] = MappingProxyType({"kind": "manual"})


class Started(msgspec.Struct, frozen=True):
    """A run. ``is_new`` False: its key had started this run before, and nothing was started now."""

    run_id: UUID
    is_new: bool


@dataclass(frozen=True, slots=True)
class Start:
    """One run to start. ``trigger``: what started it (``{"kind": "manual"}`` …), in scope as ``trigger``; ``key``: the
    trigger's idempotency key; ``priority`` None: as the agent's live version says."""

    inputs: Mapping[str, Any]
    trigger: Mapping[str, Any] = field(default_factory=lambda: MANUAL)
    key: str | None = None
    priority: Priority | None = None


async def start(
    db: Database,
    version: Version,
    inputs: Mapping[str, Any],
    *,
    trigger: Mapping[str, Any] = MANUAL,
    key: str | None = None,
    priority: Priority | None = None,
    is_canary: bool = False,
    bell: Queue | None = None,
) -> Started:
    """Starts a run of a version (``Versions.get`` gives it) with its queue entry, in one transaction, then rings.

    ``is_canary``: the version is a canary's candidate, and was chosen as such (``db.canaries.choose``). The same ``key``
    again, for the same agent, gives the first run back. Raises Invalid when the inputs do not fit the
    declaration, LimitReached when the agent's ``runs_per_day`` are used up or too many runs of the workspace wait already.
    """
    return (await start_many(db, version, [Start(inputs, trigger, key, priority)], is_canary=is_canary, bell=bell))[0]


async def start_many(
    db: Database, version: Version, starts: Sequence[Start], *, is_canary: bool = False, bell: Queue | None = None
) -> list[Started]:
    """As ``start``, many runs of one version in one transaction: all of them, or none when one is refused."""
    declared = version.graph.flow.inputs
    new = [NewRun(new_id(), coerce(declared, one.inputs), dict(one.trigger), one.key, one.priority) for one in starts]
    async with db.workspace(version.workspace_id) as connection:
        earlier = await _take_keys(connection, version, new)
        fresh = _first_of_each_key([run for run in new if run.key is None or run.key not in earlier])
        if fresh:
            await backlog.check(db, connection, version.workspace_id, len(fresh))
            await check_day(connection, version, len(fresh))
            place = (version.workspace_id, version.agent_id, version.id)
            await runs.insert(connection, *place, fresh, version.time_s, is_canary=is_canary)
    if bell is not None and fresh:
        await bell.ring([run.id for run in fresh])
    if len(fresh) == len(new):
        return [Started(run.id, True) for run in new]
    by_key = {run.key: run.id for run in fresh if run.key is not None} | earlier
    made = {run.id for run in fresh}
    return [Started(run.id if run.id in made else by_key[run.key or ""], run.id in made) for run in new]


async def cancel(db: Database, workspace_id: UUID, run_id: UUID) -> RunStatus:
    """Cancels a run for good; a worker that has it stops within a second. Returns the status from now on: ``cancelled``, or
    how the run had ended before. Raises NotFound."""
    async with db.workspace(workspace_id) as connection:
        status = await runs.cancel(connection, run_id)
    if status is None:
        raise NotFound("There is no such run in this workspace.")
    return status


async def wait_for(events: Events, db: Database, workspace_id: UUID, run_id: UUID, timeout_s: float) -> Run:
    """The run once it is over, or as it stands after ``timeout_s`` seconds. Raises NotFound."""
    try:
        async with asyncio.timeout(timeout_s), aclosing(events.watch(workspace_id, run_id, is_live=False)) as stream:
            async for _ in stream:
                continue
    except TimeoutError:
        pass
    return await read(db, workspace_id, run_id)


async def read(db: Database, workspace_id: UUID, run_id: UUID) -> Run:
    """The run as it stands. Raises NotFound."""
    async with db.workspace(workspace_id) as connection:
        run = await runs.read(connection, run_id)
    if run is None:
        raise NotFound("There is no such run in this workspace.")
    return run


_FOR_OTHERS = ("approval", "callback")


async def _leave(_run_id: UUID, _event: Event) -> bool:
    return False


async def run_here(
    db: Database,
    version: Version,
    inputs: Mapping[str, Any],
    outside: Outside,
    *,
    bell: Queue,
    versions: Versions | None = None,
    trigger: Mapping[str, Any] = MANUAL,
    on_event: Callable[[Event], None] = lambda _: None,
    on_wait: Callable[[UUID, Event], Awaitable[bool]] = _leave,
) -> Run:
    """Starts a run and works on it in this process to its end, telling each event as it happens. No other worker takes it
    meanwhile, also while it waits: it sees this process' secrets and settings from its first step to its last.

    It returns when the run is over, or waits for a person. ``on_wait`` is called with the run and the event when a step waits
    for an approval or an answer; False: nobody here can give it. Cancelled (Ctrl-C), it gives the run back to other workers.
    """
    events = Events(db)
    claimed: asyncio.Future[UUID] = asyncio.get_running_loop().create_future()
    watched = asyncio.Event()

    async def begin(number: int | None, lease_s: float) -> Claim:
        claim = await _start_claimed(db, version, inputs, trigger, number, lease_s)
        claimed.set_result(claim.run_id)
        await watched.wait()
        return claim

    worker = Worker(db, bell, outside, events=events, versions=versions, only=begin, drain_s=0.0)
    working = asyncio.create_task(worker.run())
    try:
        both: list[asyncio.Future[Any]] = [claimed, working]
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if not claimed.done():
            working.result()
        run_id = await claimed
        async with aclosing(_until_broken(events.watch(version.workspace_id, run_id), working)) as stream:
            async for event in stream:
                watched.set()
                on_event(event)
                if event.type == "run" and event.ask is not None:
                    break
                if event.outcome in _FOR_OTHERS and event.status == "waiting" and not await on_wait(run_id, event):
                    break
    finally:
        watched.set()
        worker.stop()
        await asyncio.gather(working, return_exceptions=True)
    return await read(db, version.workspace_id, run_id)


async def _start_claimed(
    db: Database,
    version: Version,
    inputs: Mapping[str, Any],
    trigger: Mapping[str, Any],
    number: int | None,
    lease_s: float,
) -> Claim:
    """Starts a run that is leased to the worker of this number from the moment on that others can see it."""
    run = NewRun(new_id(), coerce(version.graph.flow.inputs, inputs), dict(trigger), None)
    async with db.workspace(version.workspace_id) as connection:
        await check_day(connection, version, 1)
        await runs.insert(connection, version.workspace_id, version.agent_id, version.id, [run], version.time_s)
        claim = await queue.claim_on(connection, version.workspace_id, run.id, number, lease_s)
    assert claim is not None
    return claim


async def _until_broken(
    events: AsyncGenerator[Event, None], working: asyncio.Task[None]
) -> AsyncGenerator[Event, None]:
    """The events, or the worker's exception as soon as it breaks. However it ends, nobody goes on to read the journal."""
    following: asyncio.Future[Event | None] | None = None
    try:
        while True:
            following = asyncio.ensure_future(anext(events, None))
            await asyncio.wait({following, working}, return_when=asyncio.FIRST_COMPLETED)
            if not following.done():
                working.result()
                return
            event = following.result()
            if event is None:
                return
            yield event
    finally:
        if following is not None:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
        await events.aclose()


async def _take_keys(connection: Connection, version: Version, new: Sequence[NewRun]) -> dict[str, UUID]:
    keys: dict[str, UUID] = {}
    for run in new:
        if run.key is not None:
            keys.setdefault(run.key, run.id)
    if not keys:
        return {}
    return await runs.take_keys(connection, version.workspace_id, version.agent_id, keys)


def _first_of_each_key(new: Sequence[NewRun]) -> list[NewRun]:
    seen: set[str] = set()
    first = []
    for run in new:
        if run.key is None or run.key not in seen:
            first.append(run)
        if run.key is not None:
            seen.add(run.key)
    return first
