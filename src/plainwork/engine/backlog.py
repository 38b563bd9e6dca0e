"""The door: no more runs are taken in for a workspace when too many of it wait for a worker already.

Their number is counted every few seconds, and what this process starts meanwhile is added: near enough, and nothing that
every start would have to lock. What other processes start in those seconds may pass the limit.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from uuid import UUID

from plainwork.db import Connection, Database, limits
from plainwork.errors import LimitReached

COUNT_EVERY_S = 5.0
COUNT_AGAIN_S = 1.0
"""How long a workspace is taken to be full before it is counted again."""
_RETRY_AFTER_S = 5.0
_MOST_KNOWN = 10_000


@dataclass(slots=True)
class _Known:
    """What was counted, and what has been started here since."""

    most: int
    queued: int
    at: float

    def has_room(self, more: int) -> bool:
        return self.queued + more <= self.most

    def is_fresh(self, more: int) -> bool:
        return time.monotonic() - self.at < (COUNT_EVERY_S if self.has_room(more) else COUNT_AGAIN_S)


async def check(db: Database, connection: Connection, workspace_id: UUID, more: int) -> None:
    """Raises LimitReached when so many runs more are too many for the workspace (the transaction's) to have waiting."""
    known = _of(db).get(workspace_id)
    if known is None or not known.is_fresh(more):
        known = _of(db)[workspace_id] = await _count(connection)
    if not known.has_room(more):
        raise LimitReached(
            f"This workspace has {known.queued:,} runs that wait for a worker, and may have {known.most:,}.",
            next_step="Try again when workers have caught up; more of them, or a higher `queued_at_most`, help for good.",
            retry_after_s=_RETRY_AFTER_S,
        )
    known.queued += more


def forget(db: Database, workspace_id: UUID) -> None:
    """Count anew at the next start: the limit has changed."""
    _of(db).pop(workspace_id, None)


def _of(db: Database) -> dict[UUID, _Known]:
    known: dict[UUID, _Known] = db.notes.setdefault(_Known, {})
    if len(known) > _MOST_KNOWN:
        known.clear()
    return known


async def _count(connection: Connection) -> _Known:
    most = (await limits.of_workspace(connection)).queued_at_most
    return _Known(most, await limits.queued(connection, most), time.monotonic())
