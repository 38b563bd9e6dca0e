"""The queue: a doorbell. A delivery says that runs are due; which worker gets which run is settled by claims in the
database, so a delivery that is lost, doubled or late does no harm.

``open(settings, db)`` gives the adapter that ``QUEUE_URL`` names; without one the database itself is the queue.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from plainwork.errors import Invalid

if TYPE_CHECKING:
    from plainwork.db import Database
    from plainwork.queue.doorbell import Wire
    from plainwork.settings import Settings

__all__ = ["Delivery", "Queue", "open"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One ring: a run that is due. ``receipt`` is the adapter's own."""

    run_id: UUID
    receipt: str | None = None


class Queue(Protocol):
    """What every adapter does."""

    async def ring(self, run_ids: Iterable[UUID]) -> None:
        """Runs are due. Called after the transaction that made them due; never raises for an unreachable queue, because
        the sweeper covers what is lost."""

    async def wait(self, limit: int, timeout_s: float) -> Sequence[Delivery]:
        """Up to ``limit`` deliveries, as soon as there are any; empty after ``timeout_s`` seconds without one."""

    async def done(self, deliveries: Iterable[Delivery]) -> None:
        """The deliveries were acted on and need not come again."""

    async def close(self) -> None:
        """Lets go of the queue's connections. A second call does nothing."""


async def open(settings: Settings, db: Database) -> Queue:
    """The queue of the settings. Raises Invalid for a ``QUEUE_URL`` that cannot be meant, Unavailable for a server that
    cannot be used. Only the chosen adapter's library is loaded."""
    url = settings.queue_url
    if not url or _scheme(url) in ("postgres", "postgresql"):
        from plainwork.queue.postgres import PostgresQueue

        return await PostgresQueue.open(db)
    from plainwork.queue.doorbell import Doorbell

    return await Doorbell.open(db, wire(url))


def wire(url: str, **options: float) -> Wire:
    """The wire to the server that a URL names; ``options`` are the adapter's. Raises Invalid."""
    match _scheme(url):
        case "redis" | "rediss":
            from plainwork.queue import redis

            return redis.RedisWire(redis.at(url), **options)
        case "nats":
            from plainwork.queue import nats

            return nats.NatsWire(nats.at(url), **options)
        case "sqs":
            try:
                from plainwork.queue import sqs
            except ModuleNotFoundError as error:
                raise Invalid(
                    f"QUEUE_URL asks for SQS, and {error.name} is not installed.",
                    next_step="Install Plainwork with its extra: uv sync --inexact --extra sqs (or plainwork[sqs]).",
                ) from None
            return sqs.SqsWire(sqs.at(url), **options)
        case other:
            raise Invalid(
                f"QUEUE_URL asks for a queue of the kind {other[:40]!r}, and there is no adapter for it here.",
                next_step="There are redis://, rediss://, sqs:// and nats://. Unset QUEUE_URL (or set it to postgres:): "
                "the database is the queue then.",
            )


def _scheme(url: str) -> str:
    return url.partition(":")[0].lower()
