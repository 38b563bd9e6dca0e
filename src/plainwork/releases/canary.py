"""Canaries: a candidate takes a share of an agent's new runs until somebody promotes or stops it, or it fails too often.

Which runs fall to it the database chooses as they start (``canary_for``). Here it is begun, ended and judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from plainwork import log
from plainwork.db import Database, agents, audit, canaries, live
from plainwork.db.agents import Agent, Version
from plainwork.db.audit import SYSTEM, Actor
from plainwork.db.canaries import Canary, Tally, Terms
from plainwork.db.live import Change
from plainwork.db.pool import Connection
from plainwork.errors import Conflict, Finding, NotFound
from plainwork.spec.durations import parse_duration

_log = log.get("releases")


async def begin(
    connection: Connection,
    actor: Actor,
    agent_id: UUID,
    version: Version,
    terms: Terms,
    *,
    reason: str = "",
    unmet: Sequence[Finding] = (),
) -> Canary:
    """Has a version take a share of the agent's new runs. Raises Conflict when no version is live, or this one is; when it
    takes other inputs than the live one, which callers and triggers would not know of; and when there is a canary already."""
    agent = await agents.get(connection, agent_id)
    if agent.live_version_id is None:
        raise Conflict(f"{agent.name} has no live version to measure it against.", next_step="Make one live first.")
    live_version = await agents.version(connection, agent.live_version_id)
    if live_version.id == version.id:
        raise Conflict(f"Version {version.number} is live.", next_step="Choose another version.")
    if _inputs(version) != _inputs(live_version):
        raise Conflict(
            f"Version {version.number} takes other inputs than version {live_version.number}, which is live.",
            next_step="Make it live, or give it the same inputs.",
        )
    await canaries.begin(connection, agent_id, version.id, live_version.id, terms, _time_s(version), actor)
    detail: dict[str, Any] = {"number": version.number, "live": live_version.number} | {
        "share": terms.share,
        "least_runs": terms.least_runs,
        "margin": terms.margin,
    }
    if unmet:
        detail |= {"reason": reason, "overridden": [finding.message for finding in unmet]}
    await audit.append(connection, actor, "canary.started", ("agent", agent_id), detail)
    return await _newest(connection, agent_id)


async def change_share(connection: Connection, actor: Actor, agent_id: UUID, share: int) -> Canary:
    """Gives the candidate another share of the runs. NotFound when no canary is under way."""
    if not await canaries.set_share(connection, agent_id, share):
        raise _none()
    await audit.append(connection, actor, "canary.changed", ("agent", agent_id), {"share": share})
    return await _newest(connection, agent_id)


async def stop(connection: Connection, actor: Actor, agent_id: UUID, reason: str) -> Canary:
    """Ends the canary; the live version takes all new runs again. NotFound when none is under way."""
    if not await canaries.end(connection, agent_id, "stopped", reason):
        raise _none()
    await audit.append(connection, actor, "canary.stopped", ("agent", agent_id), {"reason": reason})
    return await _newest(connection, agent_id)


async def promote(connection: Connection, actor: Actor, agent_id: UUID, reason: str) -> Agent:
    """Makes the candidate live. NotFound when no canary is under way."""
    if not await canaries.end(connection, agent_id, "promoted", reason):
        raise _none()
    canary = await _newest(connection, agent_id)
    agent = await live.point(connection, agent_id, canary.version_id, Change(actor, "canary", reason))
    detail = {"number": canary.number, "reason": reason} | msgspec.to_builtins(canary.tally)
    await audit.append(connection, actor, "canary.promoted", ("agent", agent_id), detail)
    return agent


async def judge(db: Database) -> int:
    """Rolls back the canaries, of all workspaces, whose candidates fail too often; how many. Safe to run anywhere at any time:
    each is ended once."""
    rolled_back = 0
    for workspace_id, agent_id, terms, tally in await canaries.to_judge(db):
        if is_failing(terms, tally):
            rolled_back += await _roll_back(db, workspace_id, agent_id, tally)
    return rolled_back


def is_failing(terms: Terms, tally: Tally) -> bool:
    """Whether a candidate has ended enough runs, and a greater share of them failed than of the live version's, by more than
    the margin. A live version without runs has failed in none."""
    if tally.ended < terms.least_runs:
        return False
    live_rate = tally.live_failed / tally.live_ended if tally.live_ended else 0.0
    return tally.failed / tally.ended - live_rate > terms.margin


async def _roll_back(db: Database, workspace_id: UUID, agent_id: UUID, tally: Tally) -> bool:
    reason = (
        f"{tally.failed} of {tally.ended} runs of the candidate failed; "
        f"of the live version, {tally.live_failed} of {tally.live_ended}."
    )
    async with db.workspace(workspace_id) as connection:
        if not await canaries.end(connection, agent_id, "rolled_back", reason):
            return False
        canary = await _newest(connection, agent_id)
        detail = {"number": canary.number, "live": canary.live_number, "reason": reason}
        await audit.append(connection, SYSTEM, "canary.rolled_back", ("agent", agent_id), detail)
    _log.warning("a canary was rolled back", agent=str(agent_id), version=canary.number, reason=reason)
    return True


async def _newest(connection: Connection, agent_id: UUID) -> Canary:
    canary = await canaries.newest(connection, agent_id)
    if canary is None:
        raise _none()
    return canary


def _none() -> NotFound:
    return NotFound(
        "No canary of this agent is under way.", next_step="POST /api/v1/agents/{agent_id}/canary begins one."
    )


def _inputs(version: Version) -> Mapping[str, Any]:
    return version.flow.get("inputs") or {}


def _time_s(version: Version) -> float | None:
    limit = (version.flow.get("limits") or {}).get("time_per_run")
    return parse_duration(limit) if limit else None
