"""Every use of a secret on record in the audit log, without holding up the use.

Uses are counted in this process and written a few seconds later: one entry for all uses of a secret by one agent through one
connector to the same hosts, with the runs it was used in. So a secret that is used a thousand times a second makes an entry
now and then. Where the database is away, they are kept until it is back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg

from plainwork import log
from plainwork.db import audit
from plainwork.db.pool import Database
from plainwork.errors import PlainworkError
from plainwork.vault.binding import Use

EVERY_S = 5.0
MOST_RUNS = 200
"""So many runs are named in one entry; further ones make another."""
_log = log.get("vault")


@dataclass(frozen=True, slots=True)
class _Kind:
    """What uses are counted together."""

    name: str
    action: str
    connector: str | None
    agent: UUID | None
    hosts: tuple[str, ...]


@dataclass(slots=True)
class _Count:
    first_at: datetime
    last_at: datetime
    uses: int = 0
    runs: dict[UUID, None] = field(default_factory=dict)

    def detail(self, kind: _Kind) -> dict[str, Any]:
        return {
            "connector": kind.connector,
            "agent": kind.agent and str(kind.agent),
            "hosts": list(kind.hosts),
            "uses": self.uses,
            "runs": [str(run) for run in self.runs],
            "first_at": self.first_at.isoformat(timespec="milliseconds"),
            "last_at": self.last_at.isoformat(timespec="milliseconds"),
        }


class Uses:
    """The uses that are not on record yet."""

    def __init__(self, database: Database, every_s: float = EVERY_S) -> None:
        self._database = database
        self._every_s = every_s
        self._counts: dict[UUID, dict[_Kind, _Count]] = {}
        self._full: list[tuple[UUID, _Kind, _Count]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None

    def note(
        self, workspace_id: UUID, name: str, use: Use, hosts: Iterable[str] = (), *, refused: bool = False
    ) -> None:
        """A secret was opened for this use, which sends it to these hosts; or ``refused``, because it is not bound to it."""
        action = "secret.refused" if refused else "secret.used"
        to = tuple(sorted(hosts)) or ((use.host,) if use.host else ())
        kind, now = _Kind(name, action, use.connector, use.agent, to), datetime.now(UTC)
        counts = self._counts.setdefault(workspace_id, {})
        count = counts.get(kind)
        if count is not None and len(count.runs) >= MOST_RUNS:
            self._full.append((workspace_id, kind, count))
            count = None
        if count is None:
            count = counts[kind] = _Count(now, now)
        count.uses += 1
        count.last_at = now
        if use.run is not None:
            count.runs[use.run] = None
        self._write_later()

    async def flush(self) -> None:
        """Puts on record what is not. What cannot be written now is kept, and tried again."""
        waiting = [
            *self._full,
            *((ws, kind, count) for ws, counts in self._counts.items() for kind, count in counts.items()),
        ]
        self._full, self._counts = [], {}
        for workspace_id in dict.fromkeys(workspace_id for workspace_id, _, _ in waiting):
            own = [one for one in waiting if one[0] == workspace_id]
            try:
                async with self._database.workspace(workspace_id) as connection:
                    for _, kind, count in own:
                        target = ("secret", kind.name)
                        await audit.append(connection, audit.SYSTEM, kind.action, target, count.detail(kind))
            except (PlainworkError, OSError, asyncpg.PostgresError) as error:
                _log.warning("uses of secrets are not on record yet", error=str(error))
                self._full += own
                self._write_later()

    def _write_later(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._every_s, self._begin)

    def _begin(self) -> None:
        self._timer = None
        self._writing = asyncio.create_task(self.flush())
