"""Failures that start other agents: each failed run starts each agent that watches for it, once.

The database notes such failures in the very commit in which the runs fail, so none is missed, whoever fails them.
"""

from __future__ import annotations

from datetime import UTC

from plainwork import log
from plainwork.db import Database, triggers
from plainwork.db.triggers import Begun, FailureNotice, NewStart
from plainwork.engine.day import start_today
from plainwork.engine.triggers import inputs_of, key_of
from plainwork.engine.versions import Version, Versions
from plainwork.errors import PlainworkError, Unavailable
from plainwork.queue import Queue

_AT_ONCE = 200
_log = log.get("failures")


async def tell(db: Database, versions: Versions, bell: Queue) -> int:
    """Starts the runs of those who watch for the failures that were noted; how many. Any number of processes may."""
    async with db.transaction() as connection:
        notices = await triggers.claim_failures(connection, _AT_ONCE)
        begun: list[Begun] = []
        starts: list[NewStart] = []
        for notice in notices:
            found = await _start_of(db, versions, notice)
            if isinstance(found, Begun):
                begun.append(found)
            elif found is not None:
                starts.append(found)
        begun += await triggers.start_on(connection, starts) if starts else []
    started = [one.run_id for one in begun if one.outcome == "started"]
    await bell.ring(started)
    return len(started)


async def _start_of(db: Database, versions: Versions, notice: FailureNotice) -> NewStart | Begun | None:
    """The run to start, or what it has begun as where the agent may run only so often a day; None when it cannot be, which is
    noted with the trigger's deliveries."""
    failed = await _version(versions, notice)
    seen = {
        "kind": "error",
        "id": notice.trigger_id,
        "agent": failed.agent if failed else None,
        "version": failed.number if failed else None,
        "run": str(notice.run_id),
        "failure": notice.failure,
        "cause": notice.cause,
        "started_by": notice.started_by,
        "failed_at": notice.finished_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    try:
        version = await versions.get(notice.workspace_id, notice.version_id)
        new = NewStart(
            workspace_id=notice.workspace_id,
            agent_id=notice.watcher_id,
            version_id=notice.version_id,
            trigger_id=notice.trigger_id,
            trigger=seen,
            inputs=inputs_of(version, notice.config.get("map", {}), seen),
            deadline_s=version.time_s,
            key=key_of(notice.trigger_id, None, seen, f"failure of {notice.run_id}"),
        )
        return new if version.limits.runs_per_day is None else await start_today(db, version, new)
    except Unavailable:
        raise  # it can wait for the database
    except PlainworkError as error:
        await _note(db, notice, error)
        return None


async def _version(versions: Versions, notice: FailureNotice) -> Version | None:
    """What failed; None when that it cannot be read is why it did."""
    try:
        return await versions.get(notice.workspace_id, notice.failed_version_id)
    except Unavailable:
        raise
    except PlainworkError:
        return None


async def _note(db: Database, notice: FailureNotice, error: PlainworkError) -> None:
    _log.warning("a failure could not be told", run=str(notice.run_id), error=str(error))
    refused = triggers.NewDelivery(
        workspace_id=notice.workspace_id,
        agent_id=notice.watcher_id,
        trigger_id=notice.trigger_id,
        status=error.status,
        reason=str(error),
        address=None,
        size=0,
        took_ms=0.0,
        run_id=notice.run_id,
    )
    async with db.workspace(notice.workspace_id) as connection:
        await triggers.note(connection, refused)
