"""Upkeep: partitions ahead of the clock, and what is older than its workspace keeps it deleted, a bounded piece a turn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from plainwork import log
from plainwork.db import Database, queue, retention

_log = log.get("scheduler")

AT_ONCE = 500
PIECES = 20
"""So many runs, and rows of each other kind, are deleted at once; so many times a turn, in each workspace."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a turn did: months made, runs and other rows deleted, empty months dropped."""

    partitions: int
    runs: int
    rows: int
    dropped: int


async def keep_up(db: Database, now: datetime) -> Kept:
    """One turn. Safe to run anywhere at any time: rows that another scheduler deletes are passed over."""
    made = await queue.make_partitions(db, now)
    runs = 0
    for workspace_id in await retention.limited(db):
        for _ in range(PIECES):
            gone = await retention.prune_runs(db, workspace_id, AT_ONCE)
            runs += gone
            if gone < AT_ONCE:
                break
    rows = 0
    for _ in range(PIECES):
        gone = await retention.prune_rest(db, AT_ONCE)
        rows += gone
        if gone < AT_ONCE:
            break
    dropped = await retention.drop_partitions(db, now)
    if dropped.strays:
        _log.error("rows have no month of their own: is a clock wrong?", rows=dropped.strays)
    if runs or rows or dropped.partitions:
        _log.info("kept up", runs=runs, rows=rows, partitions=dropped.partitions)
    return Kept(made, runs, rows, dropped.partitions)
