"""Moving the live pointer: making a version live, and back to the one before. Every move is audited and kept as history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec

from plainwork.db import agents, audit, live
from plainwork.db.agents import Agent, Version
from plainwork.db.audit import Actor
from plainwork.db.live import Change, Move
from plainwork.db.pool import Connection
from plainwork.errors import Conflict, Finding

_LOOKED_THROUGH = 500


async def point(
    connection: Connection,
    actor: Actor,
    agent_id: UUID,
    version: Version | None,
    *,
    reason: str = "",
    unmet: Sequence[Finding] = (),
) -> Agent:
    """Makes a version live (None: none is live any more). ``unmet``: what it goes live without; somebody has overridden
    that, which is audited with the reason."""
    noted: list[dict[str, str]] = msgspec.to_builtins(unmet)
    change = Change(actor, "set", reason, noted)
    agent = await live.point(connection, agent_id, version.id if version else None, change)
    detail: dict[str, object] = {"number": version.number if version else None}
    if reason:
        detail["reason"] = reason
    if unmet:
        detail["overridden"] = [finding.message for finding in unmet]
    await audit.append(connection, actor, "agent.live", ("agent", agent_id), detail)
    return agent


async def roll_back(connection: Connection, actor: Actor, agent_id: UUID, *, reason: str = "") -> Agent:
    """Makes the version live again that was live before the present one; doing it again goes back further. What it meets is
    not asked: it was live. Raises Conflict when there is none."""
    agent = await agents.get(connection, agent_id)
    moves = await live.history(connection, agent_id, _LOOKED_THROUGH)
    number = before(reversed(moves))
    if number is None:
        raise Conflict(
            f"No other version of {agent.name} was live before.",
            next_step="Choose one of its versions and make it live.",
        )
    version = await agents.version_numbered(connection, agent_id, number)
    rolled = await live.point(connection, agent_id, version.id, Change(actor, "rollback", reason))
    detail = {"number": number, "from": moves[0].number, "reason": reason}
    await audit.append(connection, actor, "agent.rolled_back", ("agent", agent_id), detail)
    return rolled


def before(moves: Iterable[Move]) -> int | None:
    """The number of the version that a rollback makes live, of the moves so far, oldest first; None: there is none.

    Rollbacks take away what they went back from, so that one after the other leads further back.
    """
    were_live: list[int] = []
    now: int | None = None
    for move in moves:
        now = move.number
        if now is None or were_live[-1:] == [now]:
            continue
        if move.how == "rollback" and now in were_live:
            while were_live[-1] != now:
                were_live.pop()
        else:
            were_live.append(now)
    if now is not None:
        del were_live[-1:]
    return were_live[-1] if were_live else None
