"""Promoting a version from one workspace to another, as from a test environment to the one that counts: the very same content,
so the same content hash, under the agent of the same id in addresses.

Secrets are not taken along. The version uses those of its new workspace by the same names; while one is missing, or is not
bound to the agent, the version waits there and is not live.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from plainwork.db import Database, agents, audit
from plainwork.db.agents import Agent, Version
from plainwork.db.audit import Actor
from plainwork.db.workspaces import Workspace
from plainwork.errors import Conflict, Finding
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
class Wanted:
    """What is to be promoted from where to where: ``agent`` and ``version`` of the workspace ``source``. ``goes_live``: there,
    too, if it is ready."""

    source: Workspace
    target: Workspace
    agent: Agent
    version: Version
    goes_live: bool
    reason: str


async def promote(db: Database, wanted: Wanted, catalogue: Catalogue, actor: Actor, by: UUID | None) -> Promoted:
    """Does it, audited in both workspaces. Raises Conflict when they are one."""
    if wanted.source.id == wanted.target.id:
        raise Conflict("The version is in this workspace already.", next_step="Name another workspace.")
    rehearsed = await gate.rehearse(wanted.version.markdown, catalogue) if wanted.goes_live else None
    async with db.workspace(wanted.target.id) as connection:
        agent = await agents.by_slug(connection, wanted.agent.slug)
        if agent is None:
            declared = spec_from_json(wanted.version.spec)
            agent = await publishing.create(connection, actor, declared, slug=wanted.agent.slug, by=by)
        content = Content(wanted.version.markdown, wanted.version.spec, wanted.version.flow)
        note = wanted.reason or f"Version {wanted.version.number} of {wanted.source.name}"
        version, is_new = await publishing.publish(connection, actor, agent, content, note=note, by=by)
        unmet = await gate.unmet(connection, agent.id, rehearsed) if rehearsed is not None else ()
        if rehearsed is not None and not unmet:
            await live.point(connection, actor, agent.id, version, reason=note)
        agent = await agents.get(connection, agent.id)
        promoted = Promoted(agent, version, is_new, unmet)
        came = {"from": wanted.source.slug, "number": version.number, "live": promoted.is_live}
        await audit.append(connection, actor, "version.received", ("agent", agent.id), came)
    async with db.workspace(wanted.source.id) as connection:
        went = {"to": wanted.target.slug, "number": wanted.version.number, "live": promoted.is_live}
        await audit.append(connection, actor, "version.promoted", ("agent", wanted.agent.id), went)
    return promoted
