"""What a workspace is made of, as it is exported: its agents with the document of each, and what of them is paused.

Functions take a connection of ``db.workspace`` and work inside its workspace.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from plainwork.db.pool import Connection


@dataclass(frozen=True, slots=True)
class ExportedAgent:
    """An agent with its live version, else its newest. ``paused_triggers``: the ids of those that are paused by themselves."""

    id: UUID
    slug: str
    name: str
    is_live: bool
    is_paused: bool
    version_id: UUID
    markdown: str
    paused_triggers: tuple[str, ...]


async def agents(connection: Connection, limit: int) -> list[ExportedAgent]:
    """The agents that have versions, by slug."""
    rows = await connection.fetch(
        """select a.id, a.slug, a.name, a.live_version_id is not null as is_live, a.paused_at is not null as is_paused,
                  v.id as version_id, v.markdown,
                  array(select s.trigger_id from schedules s where s.workspace_id = a.workspace_id and s.agent_id = a.id
                        and s.held_at is not null
                        union select t.trigger_id from triggers t where t.workspace_id = a.workspace_id
                        and t.agent_id = a.id and t.paused_at is not null order by 1) as paused_triggers
           from agents a
           join agent_versions v on v.workspace_id = a.workspace_id and v.agent_id = a.id
                and case when a.live_version_id is null then v.number = a.last_version else v.id = a.live_version_id end
           where a.workspace_id = current_workspace() and a.deleted_at is null
           order by a.slug limit $1""",
        limit,
    )
    return [ExportedAgent(**{**row, "paused_triggers": tuple(row["paused_triggers"])}) for row in rows]
