"""Adding versions to agents, audited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from plainwork.db import agents, audit
from plainwork.db.agents import Agent, Version
from plainwork.db.audit import Actor
from plainwork.db.pool import Connection
from plainwork.spec.model import Spec


@dataclass(frozen=True, slots=True)
class Content:
    """What a version holds: the document, the same as JSON, and the flow that it compiles to."""

    markdown: str
    spec: Mapping[str, Any]
    flow: Mapping[str, Any]


async def create(
    connection: Connection, actor: Actor, declared: Spec, *, slug: str | None = None, by: UUID | None = None
) -> Agent:
    """Makes an agent without versions of what a document says of itself. ``slug``: another one than it says. Conflict when
    it is taken in the workspace."""
    agent = await agents.create(
        connection,
        declared.title,
        slug=slug or declared.id,
        about=declared.about,
        tags=declared.tags,
        created_by=by,
    )
    await audit.append(connection, actor, "agent.created", ("agent", agent.id), {"name": agent.name})
    return agent


async def publish(
    connection: Connection, actor: Actor, agent: Agent, content: Content, *, note: str = "", by: UUID | None = None
) -> tuple[Version, bool]:
    """The version of this content, and whether it is new: the newest one is given back when it has the very same."""
    version = await agents.publish(
        connection,
        agent.id,
        markdown=content.markdown,
        spec=content.spec,
        flow=content.flow,
        note=note,
        created_by=by,
    )
    is_new = version.number > agent.last_version
    if is_new:
        detail = {"number": version.number, "content_hash": version.content_hash.hex()}
        await audit.append(connection, actor, "version.published", ("agent", agent.id), detail)
    return version, is_new
