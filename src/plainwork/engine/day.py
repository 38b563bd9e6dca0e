"""How often an agent may run in a day. Whoever counts its runs holds the agent's day until the transaction ends in which new ones
are written down, so that many who start some at the same moment do not pass the limit together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from plainwork.db import Connection, Database, runs, triggers
from plainwork.db.ids import first_id_at
from plainwork.db.triggers import Begun, NewStart
from plainwork.engine.versions import Version
from plainwork.errors import LimitReached


async def left_today(connection: Connection, version: Version) -> int | None:
    """How many runs more the agent may begin today (UTC), in this transaction; None: any number."""
    most = version.limits.runs_per_day
    if most is None:
        return None
    await runs.hold_days(connection, [version.agent_id])
    return max(0, most - await runs.count_since(connection, version.agent_id, _first_today()))


async def check_day(connection: Connection, version: Version, more: int) -> None:
    """Raises LimitReached when so many runs more, begun in this transaction, are too many for the agent today."""
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


async def start_today(db: Database, version: Version, new: NewStart) -> Begun:
    """Settles the start of a run whose agent has a limit. Raises as ``check_day``."""
    async with db.workspace(version.workspace_id) as connection:
        await check_day(connection, version, 1)
        [begun] = await triggers.start_on(connection, [new])
    return begun


def _first_today() -> UUID:
    return first_id_at(datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0))
