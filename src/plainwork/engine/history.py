"""What the planner is given of a run that is on record: the names its expressions see, and its journal as facts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec

from plainwork.db.runs import StepRow
from plainwork.engine.plan import Failure, Record
from plainwork.engine.versions import Version


def run_names(run_id: UUID, started_at: datetime, version: Version) -> Mapping[str, Any]:
    """What expressions see as ``run``: id, started_at, date, agent, version."""
    moment = _moment(started_at)
    return {
        "id": str(run_id),
        "started_at": moment,
        "date": moment[:10],
        "agent": version.agent,
        "version": version.number,
    }


@lru_cache(maxsize=256)  # the runs of one claim begin at the same moment
def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def record_of(row: StepRow) -> Record:
    """A journal row as the planner takes it in."""
    return Record(
        row.path,
        row.attempt,
        row.status,  # type: ignore[arg-type]
        row.output,
        row.outcome,
        None if row.failure is None else msgspec.convert(row.failure, Failure),
        None if row.wake_at is None else row.wake_at.timestamp(),
        row.at.timestamp(),
    )
