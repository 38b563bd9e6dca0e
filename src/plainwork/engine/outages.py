"""What a worker that lives has to say about claims that came to nothing: the database was away, the run killed nobody."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from uuid import UUID

from plainwork.db import Database, queue
from plainwork.db.queue import Claim
from plainwork.engine.journal import RunJournal


class Outages:
    """The outages that one worker has seen, and the claims that are not to count because of them. Times are monotonic; a
    claim lasts ``lease_s`` seconds."""

    def __init__(self, db: Database, lease_s: float) -> None:
        self._db = db
        self._lease_s = lease_s
        self._last_at = float("-inf")
        self._asked_at: list[float] = []
        self._is_in_doubt = False
        self._excused: list[tuple[UUID, UUID]] = []
        self._number: int | None = None

    def note(self, *, is_claim: bool = False) -> None:
        """The database did not answer just now; ``is_claim``: a claim, which may have been made all the same."""
        self._last_at = time.monotonic()
        self._is_in_doubt |= is_claim

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Around a question to the database: an answer that takes so long that leases run out meanwhile is an outage."""
        asked_at = time.monotonic()
        self._asked_at.append(asked_at)
        try:
            yield
        finally:
            if time.monotonic() - asked_at > self._lease_s / 3:
                self.note()
            self._asked_at.remove(asked_at)

    @property
    def is_under_way(self) -> bool:
        """Whether a question has been waiting for so long already: no lease is safe until it is answered."""
        return any(time.monotonic() - asked_at > self._lease_s / 3 for asked_at in self._asked_at)

    def excuse(self, claims: Iterable[Claim]) -> None:
        """These claims could not even be begun."""
        self._excused += [(claim.workspace_id, claim.run_id) for claim in claims]

    def excuse_lost(self, run: RunJournal) -> None:
        """A lease was lost: to an outage, if there was one since shortly before it was last renewed, or the run begun."""
        if run.is_lost and (self.is_under_way or self._last_at >= run.leased_at - self._lease_s):
            self.excuse([run.claim])

    async def settle(self, number: int | None, held: Callable[[], Collection[UUID]]) -> None:
        """Tells the database, as soon as it can be told. ``number``: the worker's, if it has a session; ``held`` gives the
        runs that it has in hand."""
        if self._is_in_doubt and number is not None:
            await queue.keep_claims(self._db, number, number, held())
            self._is_in_doubt = False
        if self._excused:
            excused = list(self._excused)
            await queue.excuse_claims(self._db, excused)
            del self._excused[: len(excused)]

    async def change_number(self, number: int, held: Collection[UUID]) -> None:
        """A new session: what the worker has in hand stays with it."""
        if self._number is not None:
            await queue.keep_claims(self._db, self._number, number, held)
            self._is_in_doubt = False
        self._number = number
