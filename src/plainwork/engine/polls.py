"""Polls: asking what is new, and starting a run for each new item, once.

What is asked is asked outside of any transaction, under a lease. What comes of it (the runs, the keys of the items, where the
next poll goes on) is one commit: a process that dies before has done nothing, and the next poll finds the same again.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from typing import Any
from uuid import UUID

from plainwork import connectors, log
from plainwork.connectors import Found, Item
from plainwork.db import Connection, Database, json, polls, secrets, triggers
from plainwork.db.polls import Poll
from plainwork.db.triggers import NewDelivery, NewStart
from plainwork.engine import backlog, catalogue, outputs
from plainwork.engine.day import check_day, left_today
from plainwork.engine.kinds import failure_of
from plainwork.engine.outside import OpenAccount, Outside
from plainwork.engine.triggers import inputs_of, short_key
from plainwork.engine.versions import Version, Versions
from plainwork.errors import CallFailed, Invalid, LimitReached, NotFound, PlainworkError, Rejected
from plainwork.spec.kinds import Kind
from plainwork.spec.poll_policy import MAILBOX, seconds_to_next

MOST_STARTS = 100
"""How many runs one poll starts; the rest is found again by the next, which follows at once."""
MOST_ITEMS = 10_000
TIME_S = 60.0
LARGEST_ITEM = 1024 * 1024
_KEPT_BODY = 4096
_SLOT_WAIT_S = 10.0
_FIRST_WAIT_S = 60.0
_LONGEST_WAIT_S = 3600.0
_TRIES = 3
_log = log.get("polls")


class Later(Exception):
    """The account may not be used just now; ``wait_s``: in how many seconds it may."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(wait_s)
        self.wait_s = wait_s


class _Moved(Exception):
    """Another version has gone live meanwhile."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An item with what tells it apart. ``seen``: the trigger as its run sees it."""

    key: str
    seen: dict[str, Any]


# ── Asking ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def kind_of(poll: Poll) -> Kind:
    """The connectors' trigger that is polled. Raises Invalid when it is not installed here."""
    uses = MAILBOX if poll.kind == "email" else str(poll.config.get("uses"))
    kind = catalogue.load().triggers.get(uses)
    if kind is None:
        raise Invalid(f"There is no trigger {uses[:100]} here.", next_step="Name one that is installed under `poll`.")
    return kind


async def ask(outside: Outside, poll: Poll) -> Found:
    """What the trigger finds now, whether it was found before or not, without the secrets that it was asked with: whoever
    calls has bound a redactor. Raises PlainworkError."""
    kind, name = kind_of(poll), poll.config.get("account")
    config = poll.config.get("with") or {}
    if outside.net is None:
        raise CallFailed("This trigger reaches outside, and there is no network here.", failure="rejected")
    try:
        async with asyncio.timeout(TIME_S):
            account, opened = None, None
            if name is not None:
                if outside.open_account is None:
                    raise CallFailed(f"There is no vault here to open {name} with.", failure="auth")
                opened = partial(_open, outside.open_account, poll, name, kind, config)
                account = await opened()
            reach = connectors.Reach(net=outside.net, account=account, timeout_s=TIME_S, renew=opened)
            found = await connectors.poll(kind, config, poll.cursor, reach)
    except PlainworkError as error:
        error.message = log.scrubbed(error.message)
        raise
    except TimeoutError:
        raise CallFailed(f"The poll took longer than {TIME_S:g} s.", failure="timeout") from None
    items = (Item(*map(log.scrubbed, (one.value, one.key, one.order))) for one in found.items)
    return Found(tuple(items), log.scrubbed(found.cursor), found.more)


async def _open(
    open_account: OpenAccount, poll: Poll, name: str, kind: Kind, config: Mapping[str, Any], *refused: str
) -> Mapping[str, Any]:
    account = await open_account(poll, name, kind, config, *refused)
    log.hide(outputs.secret_values(account))
    return account


@asynccontextmanager
async def slot(db: Database, poll: Poll) -> AsyncIterator[None]:
    """Around a poll: its account is not used more often than its limits say. Raises Later."""
    name, holder = poll.config.get("account"), (poll.id, "poll", poll.epoch)
    if name is None:
        yield
        return
    async with db.workspace(poll.workspace_id) as connection:
        is_limited = await secrets.is_limited(connection, name)
        wait_s = await secrets.take_slot(connection, name, holder, _SLOT_WAIT_S) if is_limited else 0.0
    if wait_s < 0:
        raise Later(max(1.0, -wait_s))
    try:
        await asyncio.sleep(wait_s)
        yield
    finally:
        if is_limited:
            async with db.workspace(poll.workspace_id) as connection:
                await secrets.free_slot(connection, name, holder)


def each_item(poll: Poll, items: Sequence[Item]) -> list[Entry]:
    """The items, each once, oldest first. One without a key is told apart by all that is in it, and of some that are exactly
    alike by which of them it is."""
    alike: Counter[str] = Counter()
    found: dict[str, Entry] = {}
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    for item in items[-MOST_ITEMS:]:
        if item.key:
            key = short_key(item.key)
        else:
            content = sha256(json.encode(item.value)).hexdigest()[:32]
            alike[content] += 1
            key = f"{content}-{alike[content]}"
        seen: dict[str, Any] = {"kind": poll.kind, "id": poll.trigger_id, "key": key, "found_at": at}
        if poll.kind == "email" and isinstance(item.value, Mapping):
            seen = {**item.value, **seen}
        else:
            seen |= {"uses": poll.config.get("uses", MAILBOX), "item": item.value}
        found.setdefault(key, Entry(key, seen))
    return list(found.values())


# ── Settling ─────────────────────────────────────────────────────────────────────────────────────────────────────────
async def settle(db: Database, versions: Versions, poll: Poll, found: Found, took_ms: float) -> list[UUID]:
    """Starts the runs of what is new and has the next poll go on from there, in one commit; the runs' ids. Nothing comes of a
    poll that was lost, paused or replaced meanwhile. Raises PlainworkError, having done nothing.

    An item that the database refuses, whatever the reason, stops nothing but itself: the others are started one by one.
    """
    for most in (MOST_STARTS, 1):
        try:
            return await _settle_live(db, versions, poll, found, _Settling(most, False, took_ms))
        except (PlainworkError, OSError):
            raise
        except Exception as error:
            _log.bug(error, poll=str(poll.id), agent=str(poll.agent_id))
    return await _settle_live(db, versions, poll, found, _Settling(1, True, took_ms))


@dataclass(frozen=True, slots=True)
class _Settling:
    """How it is gone about: ``most`` runs are started; ``is_hopeless``: what is first in line is refused unseen."""

    most: int
    is_hopeless: bool
    took_ms: float


async def _settle_live(db: Database, versions: Versions, poll: Poll, found: Found, how: _Settling) -> list[UUID]:
    """By the version that is live."""
    current: Poll | None = poll
    for _ in range(_TRIES):
        if current is None or current.source != poll.source:
            return []
        version = await versions.get(poll.workspace_id, current.version_id)
        try:
            async with db.workspace(poll.workspace_id) as connection:
                if not await polls.hold(connection, poll):
                    return []
                return await _settle(db, connection, version, current, found, how)
        except _Moved:
            async with db.workspace(poll.workspace_id) as connection:
                current = await polls.by_id(connection, poll.id)
    raise NotFound("The agent is being changed at this moment.", next_step="The next poll finds the same.")


async def _settle(
    db: Database, connection: Connection, version: Version, poll: Poll, found: Found, how: _Settling
) -> list[UUID]:
    listed = each_item(poll, found.items)
    keys = [one.key for one in listed]
    known = await polls.known(connection, poll.id, keys)
    fresh = [one for one in listed if one.key not in known]
    chosen, silent = await _chosen(connection, version, poll, fresh, how.most)
    starts, refused = _starts(version, poll, chosen, is_hopeless=how.is_hopeless)
    if starts:
        await backlog.check(db, connection, poll.workspace_id, len(starts))
    begun = await triggers.start_on(connection, starts) if starts else []
    if any(one.outcome == "gone" for one in begun):
        raise _Moved
    for delivery in refused:
        await triggers.note(connection, delivery)
    await polls.remember(connection, poll.id, [one.key for one in (*chosen, *silent)], keys)
    is_done = len(chosen) + len(silent) == len(fresh)
    started = [one.run_id for one in begun if one.outcome == "started"]
    next_s = seconds_to_next(poll.kind, poll.config.get("every"), datetime.now(UTC))
    note = _note(how.took_ms, found=len(fresh), started=len(started), refused=len(refused))
    has_more = found.more and found.cursor != poll.cursor
    await polls.succeed(
        *(connection, poll, found.cursor if is_done else poll.cursor, 0.0 if has_more or not is_done else next_s, note),
        begins=not (_only_notes(poll) and has_more),
    )
    return started


def _only_notes(poll: Poll) -> bool:
    """Whether what it finds was there before. It begins when the connector has come to the end of that."""
    return poll.is_first and poll.config.get("remember") != "all"


async def _chosen(
    connection: Connection, version: Version, poll: Poll, fresh: list[Entry], most: int
) -> tuple[list[Entry], list[Entry]]:
    """What runs are started for, and what is only remembered."""
    if _only_notes(poll):
        return [], fresh
    if not fresh:
        return [], []
    left = await left_today(connection, version)
    if left == 0:
        await check_day(connection, version, 1)
    room = most if left is None else min(most, left)
    if poll.is_first:  # the newest of what has been there for who knows how long
        return fresh[-MOST_STARTS:][:room], fresh[:-MOST_STARTS]
    return fresh[:room], []


def _starts(
    version: Version, poll: Poll, chosen: Iterable[Entry], *, is_hopeless: bool
) -> tuple[list[NewStart], list[NewDelivery]]:
    starts: list[NewStart] = []
    refused: list[NewDelivery] = []
    for one in chosen:
        try:
            if is_hopeless:
                raise Invalid("A run of this item cannot be recorded.")
            starts.append(start_of(version, poll, one))
        except Rejected as why:
            refused.append(_refusal(poll, one, why))
    return starts, refused


def start_of(version: Version, poll: Poll, one: Entry) -> NewStart:
    """The run of an item. Raises Rejected when its inputs do not fit, or it is too large."""
    if len(json.encode(one.seen)) > LARGEST_ITEM:
        raise LimitReached("The item is larger than 1 MiB.", next_step="Have the service list less of each.")
    return NewStart(
        workspace_id=poll.workspace_id,
        agent_id=poll.agent_id,
        version_id=version.id,
        trigger_id=poll.trigger_id,
        trigger=one.seen,
        inputs=inputs_of(version, poll.config.get("map", {}), one.seen),
        deadline_s=version.time_s,
        key=f"poll {poll.source}: {one.key}",
    )


def _refusal(poll: Poll, one: Entry, why: PlainworkError) -> NewDelivery:
    body = json.encode(one.seen.get("item", one.seen))
    return NewDelivery(
        workspace_id=poll.workspace_id,
        agent_id=poll.agent_id,
        trigger_id=poll.trigger_id,
        status=why.status,
        reason=str(why)[:1000],
        address=None,
        size=len(body),
        took_ms=0.0,
        body=body[:_KEPT_BODY],
    )


async def fail(db: Database, poll: Poll, error: BaseException, took_ms: float) -> None:
    """Notes that a poll has failed. The next one waits longer each time, and as long as the other side wishes. One that a
    limit of ours has held up does not count: nothing is wrong with it."""
    failure = failure_of(error)
    wish_s = min(failure.retry_after_s, _LONGEST_WAIT_S) if failure.retry_after_s else None
    next_s = min(_FIRST_WAIT_S * 2.0 ** min(poll.failures, 12), max(_usual_wait_s(poll), _LONGEST_WAIT_S))
    is_limit = isinstance(error, LimitReached)
    if isinstance(error, LimitReached) and error.retry_after_s is not None:
        next_s = min(error.retry_after_s, _LONGEST_WAIT_S)
    seen = {"message": failure.message, "kind": failure.kind, "next_step": failure.next_step}
    async with db.workspace(poll.workspace_id) as connection:
        if await polls.hold(connection, poll):
            note = _note(took_ms, failure=failure.message)
            await polls.fail(connection, poll, seen, max(next_s, wish_s or 0.0), wish_s, note, counts=not is_limit)
    _log.warning("a poll failed", poll=str(poll.id), agent=str(poll.agent_id), error=failure.message)


def _usual_wait_s(poll: Poll) -> float:
    try:
        return seconds_to_next(poll.kind, poll.config.get("every"), datetime.now(UTC))
    except PlainworkError:
        return _LONGEST_WAIT_S


def _note(took_ms: float, *, found: int = 0, started: int = 0, refused: int = 0, failure: str | None = None) -> Any:
    return {
        "at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "found": found,
        "started": started,
        "refused": refused,
        "failure": failure,
        "took_ms": round(took_ms, 1),
    }


# ── Looking ──────────────────────────────────────────────────────────────────────────────────────────────────────────
async def look(db: Database, outside: Outside, poll: Poll) -> list[Entry]:
    """What a poll would find new now, oldest first. Nothing is started or remembered. Raises PlainworkError."""
    with log.bound(redactor=log.Redactor(), poll=str(poll.id)):
        found = await ask(outside, poll)
    entries = each_item(poll, found.items)
    async with db.workspace(poll.workspace_id) as connection:
        known = await polls.known(connection, poll.id, [one.key for one in entries])
    return [one for one in entries if one.key not in known]
