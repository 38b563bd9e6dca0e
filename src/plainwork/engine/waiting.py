"""What steps that wait do in the database: make answer addresses, start runs of other agents, look what has come.

A wait is one row, closed once, by an answer or by the passing of its time. Whether a step that is taken again has its answer
or is out of time is read from there, so that both can never be true.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from plainwork.db import Connection, Database, agents, canaries, new_id, runs, waits
from plainwork.db.queue import Claim
from plainwork.db.runs import NewRun
from plainwork.db.waits import Callback, Wait
from plainwork.engine.day import check_day
from plainwork.engine.journal import LeaseLost
from plainwork.engine.versions import Version, Versions
from plainwork.errors import CallFailed, NotFound, PlainworkError, Unavailable
from plainwork.spec.inputs import coerce

if TYPE_CHECKING:
    from plainwork.queue import Queue

DEEPEST = 10
"""How many runs may stand above one another."""
CALLBACKS = "/api/v1/callbacks/"
_LONGEST_PAUSE_S = 2.0
T = TypeVar("T")


def token_hash(token: str) -> bytes:
    """What is kept of the secret word in an answer address."""
    return hashlib.sha256(token.encode()).digest()


class Waits:
    """The waits of one claimed run. ``public_url``: where this installation is reached from outside; ``left_usd``: what the
    run may still spend (None: without a bound)."""

    __slots__ = ("_bell", "_claim", "_db", "_left_usd", "_public_url", "_versions")

    def __init__(
        self, db: Database, bell: Queue, versions: Versions, claim: Claim, public_url: str, left_usd: float | None
    ) -> None:
        self._db = db
        self._bell = bell
        self._versions = versions
        self._claim = claim
        self._public_url = public_url
        self._left_usd = left_usd

    async def new_address(self, path: str) -> str:
        """A secret address that takes one answer for this run."""
        token, key = secrets.token_urlsafe(32), new_id()

        async def add(connection: Connection) -> None:
            place = (self._claim.workspace_id, key, self._claim.run_id, path)
            await waits.add_callback(connection, *place, token_hash(token))

        await self._patiently(add)
        return f"{self._public_url}{CALLBACKS}{token}"

    async def callback(self, address: str) -> Callback:
        """The answer address that a step of this run has made. Raises CallFailed for any other."""
        token = address.rpartition("/")[2]
        found = await self._patiently(
            lambda connection: waits.callback(connection, self._claim.run_id, token_hash(token))
        )
        if found is None:
            raise CallFailed(
                "`for` is not an answer address that this run has made.",
                failure="rejected",
                next_step="Make one with a step `callback.url`, and write its `url` here.",
            )
        return found

    async def look(self, path: str, attempt: int) -> Wait | None:
        """What a step waits for; closed, when an answer has come or its time has passed just now. None: it waits for
        nothing."""

        async def ask(connection: Connection) -> Wait | None:
            await waits.lock_run(connection, self._claim.run_id)
            wait = await waits.find(connection, self._claim.run_id, path, attempt)
            if wait is None or wait.closed_at is not None:
                return wait
            await waits.give_up(connection, wait)
            return await waits.find(connection, self._claim.run_id, path, attempt)

        return await self._patiently(ask)

    async def output_of(self, run_id: UUID) -> Any:
        """What a run that has succeeded gave."""
        run = await self._patiently(lambda connection: runs.read(connection, run_id))
        return None if run is None else run.output

    async def call(
        self, path: str, attempt: int, agent: str, version: str | int, inputs: Mapping[str, Any], time_s: float | None
    ) -> float | None:
        """Starts a run of another agent for a step, unless this attempt of the step has started one before; until when
        (epoch s) the step waits for it. Raises CallFailed (rejected) for an agent, version or inputs that do not fit, and
        when runs stand too deep in each other; LeaseLost when the run is another worker's, or over."""

        async def begin(connection: Connection) -> tuple[UUID | None, float | None]:
            if await waits.lock_run(connection, self._claim.run_id) != self._claim.epoch:
                raise LeaseLost
            wait = await waits.find(connection, self._claim.run_id, path, attempt)
            if wait is not None:
                return None, None if wait.until is None else wait.until.timestamp()
            depth, trigger = await waits.place_of(connection, self._claim.run_id)
            if depth >= DEEPEST:
                raise _refused(
                    f"Agents call each other more than {DEEPEST} deep.", "Look for agents that call in a circle."
                )
            called, is_canary = await self._find(connection, agent, version)
            child = await self._insert(connection, called, inputs, path, trigger, is_canary=is_canary)
            asked = {"agent": agent, "version": called.number, "run_id": str(child)}
            until = await waits.adopt(connection, child, self._claim.run_id, path, attempt, depth + 1, asked, time_s)
            return child, None if until is None else until.timestamp()

        child, until = await self._patiently(begin)
        if child is not None:
            await self._bell.ring([child])
        return until

    async def _find(self, connection: Connection, agent: str, which: str | int) -> tuple[Version, bool]:
        """The version to call, and whether it is a canary's candidate: all that one run calls falls the same way."""
        found = await agents.by_slug(connection, agent)
        if found is None:
            raise _refused(f"There is no agent {agent[:80]} in this workspace.", "Write its id, as in its address.")
        version_id = found.live_version_id
        if which != "live":
            try:
                version_id = (await agents.version_numbered(connection, found.id, int(which))).id
            except (NotFound, ValueError):
                raise _refused(f"{found.name} has no version {which}.", "Write `live`, or a number it has.") from None
        if version_id is None:
            raise _refused(f"{found.name} has no live version.", "Make one live, or write a number.")
        candidate = None
        if which == "live":
            candidate = await canaries.choose(connection, found.id, version_id, str(self._claim.run_id))
            version_id = candidate or version_id
        await self._versions.read(connection, self._claim.workspace_id, [version_id])
        version = self._versions.known(self._claim.workspace_id, version_id)
        assert version is not None
        return version, candidate is not None

    async def _insert(
        self,
        connection: Connection,
        version: Version,
        inputs: Mapping[str, Any],
        path: str,
        above: Any,
        *,
        is_canary: bool,
    ) -> UUID:
        trigger: dict[str, Any] = {"kind": "call", "run_id": str(self._claim.run_id), "step": path}
        if by := above.get("by"):
            trigger["by"] = by
        if self._left_usd is not None:
            trigger["cost_left_usd"] = self._left_usd
        try:
            new = NewRun(new_id(), coerce(version.graph.flow.inputs, inputs), trigger)
            await check_day(connection, version, 1)
        except Unavailable:
            raise
        except PlainworkError as error:
            raise _refused(f"{version.agent}: {error.message}", error.next_step) from error
        place = (version.workspace_id, version.agent_id, version.id)
        await runs.insert(connection, *place, [new], version.time_s, is_canary=is_canary)
        return new.id

    async def _patiently(self, act: Callable[[Connection], Awaitable[T]]) -> T:
        """Does it in one transaction, as often as it takes: an outage of the database is no answer to a step that waits."""
        pause_s = 0.05
        while True:
            try:
                async with self._db.workspace(self._claim.workspace_id) as connection:
                    return await act(connection)
            except (Unavailable, OSError):
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)


def _refused(message: str, next_step: str | None) -> CallFailed:
    return CallFailed(message, failure="rejected", next_step=next_step)
