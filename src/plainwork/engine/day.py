"""How often an agent may run in a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from plainwork.db import Connection, runs
from plainwork.db.ids import first_id_at
from plainwork.engine.versions import Version
from plainwork.errors import LimitReached


async def check_day(connection: Connection, version: Version, more: int) -> None:
    """Raises LimitReached when so many runs more are too many for the agent today."""
    most = version.limits.runs_per_day
    if most is None:
        return
    now = datetime.now(UTC)
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    had = await runs.count_since(connection, version.agent_id, first_id_at(today))
    if had + more > most:
        raise LimitReached(
            f"{version.agent} may run {most} times a day and has run {had} times today (UTC).",
            next_step="Wait for tomorrow, or raise `runs per day`.",
            retry_after_s=(today + timedelta(days=1) - now).total_seconds(),
        )
