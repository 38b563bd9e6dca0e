"""What it takes to see one step of a run as it was: the names the run began with, and how much of its journal lies before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from plainwork.db.pool import Connection


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a run began with. ``started_at`` None: no worker has had it yet."""

    version_id: UUID
    status: str
    inputs: Any
    trigger: Any
    vars: Any
    started_at: datetime | None


@dataclass(frozen=True, slots=True)
class Before:
    """How much lies before a place in a journal: rows, bytes of outputs kept apart, and outputs that are gone."""

    rows: int
    blob_bytes: int
    lost: int


@dataclass(frozen=True, slots=True)
class Inside:
    """The first row of the steps inside a loop or group: its ``seq``, and when that step began."""

    seq: int
    began_at: datetime


async def beginning(connection: Connection, run_id: UUID) -> Beginning | None:
    """What the run began with; None when the workspace has no such run."""
    row = await connection.fetchrow(
        "select version_id, status, inputs, trigger, vars, started_at from runs where id = $1", run_id
    )
    return None if row is None else Beginning(*row)


async def before(connection: Connection, run_id: UUID, seq: int | None) -> Before:
    """How much of the journal lies before the row ``seq``; None: all of it."""
    row = await connection.fetchrow(
        """select count(*), coalesce(sum(octet_length(b.content)), 0)::bigint,
                  count(*) filter (where s.output_blob is not null and b.id is null)
           from steps s left join blobs b on b.workspace_id = s.workspace_id and b.id = s.output_blob
           where s.run_id = $1 and ($2::integer is null or s.seq < $2)""",
        *(run_id, seq),
    )
    return Before(*row)


async def inside(connection: Connection, run_id: UUID, path: str) -> Inside | None:
    """Where the steps inside a loop or group begin in the journal; None when there are none."""
    row = await connection.fetchrow(
        """select seq, at - make_interval(secs => coalesce(took_ms, 0)::float8 / 1000) from steps
           where run_id = $1 and (starts_with(path, $2 || '[') or starts_with(path, $2 || '.')) order by seq limit 1""",
        *(run_id, path),
    )
    return None if row is None else Inside(*row)
