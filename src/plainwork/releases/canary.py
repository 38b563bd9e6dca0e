"""Canaries: a candidate takes a share of an agent's new runs until somebody promotes or stops it, or it fails too often.

Which runs fall to it the database chooses as they start (``canary_for``). Here it is begun, ended and judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
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
from plainwork.errors import Conflict, Finding, Invalid, NotFound
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
    """Has a version take a share of the agent's new runs. Raises Invalid for terms by which it would never be judged; Conflict
    when no version is live, or this one is; when it takes other inputs than the live one, which callers and triggers would
    not know of; and when there is a canary already."""
    _check_terms(terms)
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
    """Gives the candidate another share of the runs. NotFound when no canary is under way, Invalid for a share by which it
    would never be judged."""
    _check_terms(replace((await under_way(connection, agent_id)).terms, share=share))
    if not await canaries.set_share(connection, agent_id, share):
        raise _none()
    await audit.append(connection, actor, "canary.changed", ("agent", agent_id), {"share": share})
    return await _newest(connection, agent_id)


async def stop(connection: Connection, actor: Actor, agent_id: UUID, reason: str) -> Canary:
    """Ends the canary; the live version takes all new runs again. NotFound when none is under way."""
    canary = await under_way(connection, agent_id)
    if not await canaries.end(connection, canary.id, "stopped", reason):
        raise _none()
    await audit.append(connection, actor, "canary.stopped", ("agent", agent_id), {"reason": reason})
    return await _newest(connection, agent_id)


async def promote(
    connection: Connection, actor: Actor, canary: Canary, *, reason: str = "", unmet: Sequence[Finding] = ()
) -> Agent:
    """Makes the candidate live. ``unmet``: what it goes live without; somebody has overridden that. NotFound when the canary
    is not under way any more."""
    if not await canaries.end(connection, canary.id, "promoted", reason):
        raise _none()
    change = Change(actor, "canary", reason, msgspec.to_builtins(unmet))
    agent = await live.point(connection, canary.agent_id, canary.version_id, change)
    detail = {"number": canary.number, "reason": reason} | msgspec.to_builtins(canary.tally)
    if unmet:
        detail["overridden"] = [finding.message for finding in unmet]
    await audit.append(connection, actor, "canary.promoted", ("agent", canary.agent_id), detail)
    return agent


async def judge(db: Database) -> int:
    """Rolls back the canaries, of all workspaces, whose candidates fail too often; how many. Safe to run anywhere at any time:
    each is ended once."""
    rolled_back = 0
    for workspace_id, agent_id, terms, tally in await canaries.to_judge(db):
        if is_failing(terms, tally):
            rolled_back += await roll_back(db, workspace_id, agent_id)
    return rolled_back


def is_failing(terms: Terms, tally: Tally) -> bool:
    """Whether a candidate has ended enough runs, and a greater share of them failed than of the live version's, by more than
    the margin. A live version without runs has failed in none."""
    if tally.ended < terms.least_runs:
        return False
    live_rate = tally.live_failed / tally.live_ended if tally.live_ended else 0.0
    return tally.failed / tally.ended - live_rate > terms.margin


async def roll_back(db: Database, workspace_id: UUID, agent_id: UUID) -> bool:
    """Rolls an agent's canary back if it is failing now; whether it was. Since one was judged, another may be under way."""
    async with db.workspace(workspace_id) as connection:
        canary = await _newest(connection, agent_id)
        tally = canary.tally
        reason = (
            f"{tally.failed} of {tally.ended} runs of the candidate failed; "
            f"of the live version, {tally.live_failed} of {tally.live_ended}."
        )
        is_over = canary.ended_at is not None or not is_failing(canary.terms, tally)
        if is_over or not await canaries.end(connection, canary.id, "rolled_back", reason):
            return False
        detail = {"number": canary.number, "live": canary.live_number, "reason": reason}
        await audit.append(connection, SYSTEM, "canary.rolled_back", ("agent", agent_id), detail)
    _log.warning("a canary was rolled back", agent=str(agent_id), version=canary.number, reason=reason)
    return True


async def under_way(connection: Connection, agent_id: UUID) -> Canary:
    """The agent's canary. NotFound when none is under way."""
    canary = await _newest(connection, agent_id)
    if canary.ended_at is not None:
        raise _none()
    return canary


async def _newest(connection: Connection, agent_id: UUID) -> Canary:
    canary = await canaries.newest(connection, agent_id)
    if canary is None:
        raise _none()
    return canary


def _check_terms(terms: Terms) -> None:
    """Raises Invalid when fewer runs of the candidate are looked at together than it takes to judge it; counted by half,
    because shares vary, and runs that were taken again do not count."""
    most = terms.share * canaries.MOST_RUNS // 200
    if terms.least_runs > most:
        raise Invalid(
            f"With {terms.share} of a hundred runs the candidate can be judged by {most} runs at most.",
            next_step="Give it a greater share, or have it judged by fewer runs.",
        )


def _none() -> NotFound:
    return NotFound(
        "No canary of this agent is under way.", next_step="POST /api/v1/agents/{agent_id}/canary begins one."
    )


def _inputs(version: Version) -> Mapping[str, Any]:
    return version.flow.get("inputs") or {}


def _time_s(version: Version) -> float | None:
    limit = (version.flow.get("limits") or {}).get("time_per_run")
    return parse_duration(limit) if limit else None
