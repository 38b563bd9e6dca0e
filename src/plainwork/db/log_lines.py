"""Log lines: what failed runs and steps say, and what code steps have printed. They are written when a run is counted
(``db.tallies``), a few seconds after its end. Every function works inside one workspace's transaction."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from plainwork.db.ids import first_id_at
from plainwork.db.pool import Connection

LineKind = Literal["run_failed", "step_failed", "printed"]


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line. ``path``: of the step that it is about, where it is about one."""

    id: UUID
    at: datetime
    run_id: UUID
    agent_id: UUID
    agent: str
    kind: LineKind
    path: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Search:
    """Which lines; what is empty or None asks for nothing. ``text``: words, "phrases", ``or`` and ``-not``, in messages and
    paths; ``since`` inclusive, ``until`` exclusive."""

    text: str | None = None
    agents: Collection[UUID] = ()
    kinds: Collection[str] = ()
    run: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


async def find(connection: Connection, only: Search, *, before: UUID | None = None, limit: int = 50) -> list[LogLine]:
    """Lines, newest first; ``before``: only those older than this one (for the next page)."""
    ends = [one for one in (before, first_id_at(only.until) if only.until else None) if one]
    rows = await connection.fetch(
        """select l.id, l.at, l.run_id, l.agent_id, a.name, l.kind, l.path, l.message
           from log_lines l join agents a on a.workspace_id = l.workspace_id and a.id = l.agent_id
           where l.workspace_id = current_workspace()
             and l.id = any (array(select find_log_lines($1, $2, $3, $4, $5, $6, $7)))
           order by l.id desc""",
        *(only.text, list(only.agents) or None, list(only.kinds) or None, only.run),
        *(first_id_at(only.since) if only.since else None, min(ends, default=None), limit),
    )
    return [LogLine(*row) for row in rows]
