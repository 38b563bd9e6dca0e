"""The draft of an agent: the text that is being edited, saved over and over. Versions are what becomes of it.

Functions take a connection of ``db.workspace`` and work inside its workspace.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from plainwork.db import json
from plainwork.db.pool import Connection
from plainwork.errors import Conflict, NotFound


@dataclass(frozen=True, slots=True)
class Draft:
    """``revision`` grows with each save; 0: nobody has begun one, and the text is the live version's, else the newest's.
    ``layout`` holds the canvas' positions. ``base_version``: the version that the text goes back to."""

    agent_id: UUID
    revision: int
    markdown: str
    layout: Mapping[str, Any]
    base_version: int | None
    updated_at: datetime | None
    updated_by: UUID | None
    updated_by_name: str | None


async def read(connection: Connection, agent_id: UUID) -> Draft:
    """The agent's draft, or what one would begin with. Raises NotFound when there is no such agent."""
    row = await connection.fetchrow(
        """select a.id, coalesce(d.revision, 0), coalesce(d.markdown, v.markdown, ''), coalesce(d.layout, '{}'::json),
                  case when d.revision is null then v.number else b.number end, d.updated_at, d.updated_by, u.name
           from agents a
           left join agent_drafts d on d.workspace_id = a.workspace_id and d.agent_id = a.id
           left join agent_versions b on b.workspace_id = a.workspace_id and b.id = d.base_version_id
           left join agent_versions v on d.revision is null and v.workspace_id = a.workspace_id and v.agent_id = a.id
                and case when a.live_version_id is null then v.number = a.last_version else v.id = a.live_version_id end
           left join users u on u.id = d.updated_by
           where a.workspace_id = current_workspace() and a.id = $1 and a.deleted_at is null""",
        agent_id,
    )
    if row is None:
        raise _no_agent()
    return Draft(*row)


async def save(
    connection: Connection,
    agent_id: UUID,
    markdown: str,
    *,
    revision: int,
    layout: Mapping[str, Any] | None = None,
    base_version: int | None = None,
    updated_by: UUID | None = None,
) -> Draft:
    """Saves over revision ``revision`` (0: there was none). What is None of ``layout`` and ``base_version`` stays.

    Raises Conflict when the draft is no longer at that revision, so that nobody's edit is lost; NotFound when there is
    no such agent or version.
    """
    base = await _base(connection, agent_id, base_version)
    try:
        saved = await connection.fetchval(
            """insert into agent_drafts (workspace_id, agent_id, revision, markdown, layout, base_version_id, updated_by)
               select current_workspace(), $1, 1, $2, coalesce($3::json, '{}'), $4, $5 where $6 = 0
               on conflict (workspace_id, agent_id) do nothing returning revision"""
            if revision == 0
            else """update agent_drafts set revision = revision + 1, markdown = $2, layout = coalesce($3::json, layout),
                   base_version_id = coalesce($4, base_version_id), updated_by = $5, updated_at = now()
               where workspace_id = current_workspace() and agent_id = $1 and revision = $6 returning revision""",
            *(agent_id, json.clean_text(markdown), layout, base, updated_by, revision),
        )
    except asyncpg.ForeignKeyViolationError:
        raise _no_agent() from None
    if saved is None:
        raise _changed()
    return await read(connection, agent_id)


async def discard(connection: Connection, agent_id: UUID, *, revision: int) -> bool:
    """Removes the draft; False: there was none. Raises Conflict when it is at another revision."""
    done = await connection.execute(
        "delete from agent_drafts where workspace_id = current_workspace() and agent_id = $1 and revision = $2",
        *(agent_id, revision),
    )
    if done == "DELETE 0" and (await read(connection, agent_id)).revision:
        raise _changed()
    return bool(done != "DELETE 0")


async def _base(connection: Connection, agent_id: UUID, number: int | None) -> UUID | None:
    if number is None:
        return None
    found: UUID | None = await connection.fetchval(
        "select id from agent_versions where workspace_id = current_workspace() and agent_id = $1 and number = $2",
        *(agent_id, number),
    )
    if found is None:
        raise NotFound(f"The agent has no version {number}.")
    return found


def _changed() -> Conflict:
    return Conflict(
        "Somebody else has changed this draft in the meantime.",
        next_step="Load it again and apply your edit to that.",
    )


def _no_agent() -> NotFound:
    return NotFound("There is no such agent.")
