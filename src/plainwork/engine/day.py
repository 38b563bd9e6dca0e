"""How often an agent may run in a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from plainwork.db import Connection, runs
from plainwork.db.ids import first_id_at
from plainwork.engine.versions import Version
from plainwork.errors import LimitReached


async def left_today(connection: Connection, version: Version) -> int | None:
    """How many runs more the agent may begin today (UTC); None: any number."""
    most = version.limits.runs_per_day
    return None if most is None else max(0, most - await runs.count_since(connection, version.agent_id, _first_today()))


async def check_day(connection: Connection, version: Version, more: int) -> None:
    """Raises LimitReached when so many runs more are too many for the agent today."""
    most, left = version.limits.runs_per_day, await left_today(connection, version)
    if most is None or left is None or more <= left:
        return
    now = datetime.now(UTC)
    tomorrow = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    raise LimitReached(
        f"{version.agent} may run {most} times a day and has run {most - left} times today (UTC).",
        next_step="Wait for tomorrow, or raise `runs per day`.",
        retry_after_s=(tomorrow - now).total_seconds(),
    )


def _first_today() -> UUID:
    return first_id_at(datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0))
