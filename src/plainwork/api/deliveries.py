"""Taking deliveries in, whatever they are: who sends how much, starting their runs, waiting for the answer, and a note of what
was refused. Webhooks, forms and chats share it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID

from starlette.exceptions import HTTPException
from starlette.types import Scope

from plainwork import log
from plainwork.api.answers import Ended, ended_elsewhere, ended_here
from plainwork.api.doors import Door, Doors
from plainwork.api.rates import Rate
from plainwork.db import Database, triggers
from plainwork.db.triggers import NewDelivery, NewStart, Trigger
from plainwork.engine import backlog, start
from plainwork.engine.desk import Desk, Started
from plainwork.engine.events import Events
from plainwork.engine.versions import Version
from plainwork.errors import LimitReached, NotFound, PlainworkError, Rejected, Unavailable

REFUSALS_PER_MINUTE = 60
"""How often one address may ask for what is not there, or prove nothing at one place, before it is not listened to there for a
while."""
_MOST_NOTES = 200
_KEPT_BODY = 4096
_log = log.get("deliveries")


@dataclass(frozen=True, slots=True)
class Rates:
    """How many deliveries a minute one trigger takes, and one address may bring, in one process."""

    per_trigger: int = 30_000
    per_address: int = 30_000


class Changed(Unavailable):
    """The agent has another live version, or is paused, since it was looked up."""


@dataclass(slots=True)
class Arrival:
    """A delivery as it comes in. ``headers`` by their names in small letters; ``reason``: why it is refused, in words for
    the owner of the agent where the sender is told less."""

    method: str
    headers: dict[str, str]
    query: str
    address: str | None
    began: float = field(default_factory=time.perf_counter)
    body: bytes = b""
    reason: str | None = None

    @classmethod
    def of(cls, scope: Scope) -> Arrival:
        """What an ASGI server says of a request."""
        headers: dict[str, str] = {}
        for raw_name, raw_value in scope["headers"]:
            name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        client = scope.get("client")
        return cls(scope["method"], headers, scope["query_string"].decode("latin-1"), client[0] if client else None)


class Entrance:
    """One for each process: the addresses it knows, the desk that starts runs, and how often anything may happen."""

    def __init__(self, db: Database, doors: Doors, desk: Desk, events: Events, rates: Rates) -> None:
        self.doors = doors
        self.desk = desk
        self.events = events
        self._db = db
        self._triggers = Rate("trigger", rates.per_trigger)
        self._addresses = Rate("address", rates.per_address)
        self._refusals = Rate("refusal", REFUSALS_PER_MINUTE)
        self._notes: set[asyncio.Task[None]] = set()

    @property
    def rates(self) -> list[Rate]:
        """What it counts by."""
        return [self._triggers, self._addresses, self._refusals]

    async def door(self, arrival: Arrival, token: str) -> Door:
        """Where the token leads. Raises NotFound; LimitReached for an address that sends too much, or guesses. Services send for
        many people from one address, so who guesses there keeps nobody out of a place that is known."""
        place = (arrival.address, token if self.doors.knows(token) else None)
        wait_s = self._refusals.wait_s(place, take=False) or self._addresses.wait_s(arrival.address)
        if wait_s:
            raise _too_often("This address", wait_s)
        try:
            return await self.doors.find(token)
        except NotFound:
            self._refusals.wait_s((arrival.address, None))
            raise

    def count_refusal(self, arrival: Arrival, door: Door) -> None:
        """Whoever sends this proves nothing, perhaps guesses a secret."""
        self._refusals.wait_s((arrival.address, door.address.token))

    def check_rate(self, trigger: Trigger) -> None:
        """Raises LimitReached when the trigger gets more than it takes."""
        if wait_s := self._triggers.wait_s((trigger.agent_id, trigger.trigger_id)):
            raise _too_often("This trigger", wait_s)

    async def start(self, door: Door, new: NewStart, version: Version, *, is_awaited: bool) -> Started:
        """Starts the run. Raises Changed when the trigger is not what it was taken for, LimitReached when the agent
        may run no more today, or too much waits already."""
        is_limited = version.limits.runs_per_day is not None
        if is_limited or not self.desk.is_free:
            async with self._db.workspace(version.workspace_id) as connection:
                await backlog.check(self._db, connection, version.workspace_id, 1)
        if is_limited:
            started = await self.desk.start_today(new, version)
        else:
            started = await self.desk.start(new, is_awaited=is_awaited)
        if started.begun.outcome == "gone":
            self.doors.forget(door.address.token)
            raise Changed("The agent is being changed at this moment.", next_step="Send it again.")
        return started

    async def end_of(self, started: Started, version: Version, wait_s: float) -> Ended | None:
        """How the run ended; None when it has not within ``wait_s`` seconds."""
        run_id, until = started.begun.run_id, time.monotonic() + wait_s
        if started.end is not None:
            try:
                async with asyncio.timeout(wait_s):
                    end = await started.end
            except TimeoutError:
                return None
            finally:
                self.desk.forget(run_id)
            if end is not None and not end.is_apart:
                return ended_here(run_id, end)
        left_s = max(0.0, until - time.monotonic())
        run = await start.wait_for(self.events, self._db, version.workspace_id, run_id, left_s)
        return await ended_elsewhere(self._db, self.desk.versions, run)

    # noting

    @contextmanager
    def noting(self, door: Door, trigger: Trigger, arrival: Arrival) -> Iterator[None]:
        """Around the work on a delivery: what is refused in it is noted for the agent's people."""
        try:
            yield
        except (Rejected, Unavailable) as why:
            if not isinstance(why, LimitReached) or why.retry_after_s is None:
                self._note(door, trigger, arrival, why.status, arrival.reason or str(why))
            raise
        except HTTPException as why:
            self._note(door, trigger, arrival, why.status_code, f"{why.detail}.")
            raise

    def note_repeat(self, door: Door, trigger: Trigger, arrival: Arrival, status: int, run_id: UUID) -> None:
        """Notes a delivery that had come before, and was answered with its run."""
        self._note(door, trigger, arrival, status, "It had come before.", run_id)

    def _note(
        self,
        door: Door,
        trigger: Trigger,
        arrival: Arrival,
        status: int,
        reason: str,
        run_id: UUID | None = None,
    ) -> None:
        """Nobody waits for it, and where there are too many at once it is left out."""
        if len(self._notes) >= _MOST_NOTES:
            return
        delivery = NewDelivery(
            workspace_id=door.address.workspace_id,
            agent_id=trigger.agent_id,
            trigger_id=trigger.trigger_id,
            status=status,
            reason=reason[:1000],
            address=arrival.address,
            size=len(arrival.body),
            took_ms=(time.perf_counter() - arrival.began) * 1000,
            run_id=run_id,
            body=arrival.body[:_KEPT_BODY] if run_id is None else None,
        )
        task = asyncio.get_running_loop().create_task(self._keep(delivery))
        self._notes.add(task)
        task.add_done_callback(self._notes.discard)

    async def _keep(self, delivery: NewDelivery) -> None:
        try:
            async with self._db.workspace(delivery.workspace_id) as connection:
                await triggers.note(connection, delivery)
        except (PlainworkError, OSError) as error:
            _log.warning("a delivery was not noted", error=str(error))
        except Exception as error:
            _log.bug(error, delivery=str(replace(delivery, body=None)))


def _too_often(what: str, wait_s: float) -> LimitReached:
    return LimitReached(f"{what} sends too often.", retry_after_s=wait_s, next_step="Send less often, or all in one.")


def received_at() -> str:
    """Now, as runs see the time at which a delivery came in."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
