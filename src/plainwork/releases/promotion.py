"""Promoting a version from one workspace to another, as from a test environment to the one that counts: the very same content,
so the same content hash, under the agent of the same id in addresses.

Secrets are not taken along. The version uses those of its new workspace by the same names; while one is missing, or is not
bound to the agent, the version waits there and is not live.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from plainwork.db import Database, agents, audit, new_id
from plainwork.db.agents import Agent, Version
from plainwork.db.audit import Actor
from plainwork.db.workspaces import Workspace
from plainwork.errors import Finding
from plainwork.releases import gate, live, publishing
from plainwork.releases.publishing import Content
from plainwork.spec.kinds import Catalogue
from plainwork.spec.model import spec_from_json


@dataclass(frozen=True, slots=True)
class Promoted:
    """What became of it. ``agent``, ``version``: those of the other workspace; ``is_new``: the version was not its newest
    before; ``unmet``: what keeps it from going live."""

    agent: Agent
    version: Version
    is_new: bool
    unmet: tuple[Finding, ...]

    @property
    def is_live(self) -> bool:
        """Whether it is what runs there now."""
        return self.agent.live_version_id == self.version.id


@dataclass(frozen=True, slots=True)
class Planned:
    """What would become of it. ``agent``: the one in the other workspace that would get the version, None: it would be made."""

    agent: Agent | None
    is_new: bool
    unmet: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """What is to be promoted from where to where: ``agent`` and ``version`` are of ``source``; ``target`` is another."""

    source: Workspace
    target: Workspace
    agent: Agent
    version: Version


@dataclass(frozen=True, slots=True)
class Going:
    """``live``: it goes live there, too, if it is ready."""

    live: bool
    reason: str


async def plan(db: Database, route: Route, catalogue: Catalogue) -> Planned:
    """What promoting would come to, without doing it."""
    rehearsed = await gate.rehearse(route.version.markdown, catalogue)
    async with db.workspace(route.target.id) as connection:
        agent = await agents.by_slug(connection, route.agent.slug)
        newest = (await agents.versions(connection, agent.id, 1))[:1] if agent else []
        is_new = [head.content_hash for head in newest] != [route.version.content_hash]
        unmet = await gate.unmet(connection, agent.id if agent else new_id(), rehearsed)
    return Planned(agent, is_new, unmet)


async def promote(
    db: Database, route: Route, going: Going, catalogue: Catalogue, actor: Actor, by: UUID | None
) -> Promoted:
    """Does it, audited in both workspaces."""
    rehearsed = await gate.rehearse(route.version.markdown, catalogue) if going.live else None
    async with db.workspace(route.target.id) as connection:
        agent = await agents.by_slug(connection, route.agent.slug)
        if agent is None:
            declared = spec_from_json(route.version.spec)
            agent = await publishing.create(connection, actor, declared, slug=route.agent.slug, by=by)
        content = Content(route.version.markdown, route.version.spec, route.version.flow)
        note = going.reason or f"Version {route.version.number} of {route.source.name}"
        version, is_new = await publishing.publish(connection, actor, agent, content, note=note, by=by)
        unmet = await gate.unmet(connection, agent.id, rehearsed) if rehearsed is not None else ()
        if rehearsed is not None and not unmet:
            await live.point(connection, actor, agent.id, version, reason=note)
        agent = await agents.get(connection, agent.id)
        promoted = Promoted(agent, version, is_new, unmet)
        came = {"from": route.source.slug, "number": version.number, "live": promoted.is_live}
        await audit.append(connection, actor, "version.received", ("agent", agent.id), came)
    async with db.workspace(route.source.id) as connection:
        went = {"to": route.target.slug, "number": route.version.number, "live": promoted.is_live}
        await audit.append(connection, actor, "version.promoted", ("agent", route.agent.id), went)
    return promoted
