"""Runs that cannot even begin: they end as failed, with what is known of the reason."""

from __future__ import annotations

from typing import Protocol

from plainwork.db.queue import Claim
from plainwork.engine.events import Events
from plainwork.engine.journal import Journal, RunJournal
from plainwork.engine.plan import Failure
from plainwork.errors import PlainworkError


class Host(Protocol):
    """The worker that has claimed the run."""

    journal: Journal
    events: Events


def give_up(host: Host, claim: Claim, error: Exception | None) -> None:
    """Ends a claimed run; without an ``error`` its version is not there any more."""
    message = "The version of this run is not there any more."
    if error is not None:
        is_ours = not isinstance(error, PlainworkError)
        message = f"The run met an error of ours ({type(error).__name__})." if is_ours else str(error)
    ended = _NotBegun(host, claim)
    host.journal.submit(ended.records.end("failed", "undeliverable", Failure("rejected", message)))


class _NotBegun:
    """Stands in for an execution where there is none."""

    def __init__(self, host: Host, claim: Claim) -> None:
        self.records = RunJournal(claim, self)
        self._host = host

    def lost(self) -> None:
        """Somebody else has the run; they will find the same."""

    def committed(self) -> None:
        """The run has ended."""
        self._host.events.tell(self.records.claim.run_id)
