"""Agents and their immutable versions."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request, Response
from pydantic import Field, field_validator, model_validator

from plainwork import spec
from plainwork.api.auth import Caller, CallerArg, Permission, Tenant
from plainwork.api.conditions import IfMatch, require_unchanged
from plainwork.api.routing import Routes
from plainwork.api.shapes import (
    LARGEST_INTEGER,
    MOST_CHARACTERS,
    Body,
    Findings,
    FlowJson,
    Limit,
    Shape,
    SpecJson,
    json_of,
)
from plainwork.db import agents as rows
from plainwork.db import audit
from plainwork.errors import Finding
from plainwork.releases import gate, publishing
from plainwork.releases.live import point
from plainwork.releases.publishing import Content
from plainwork.spec.kinds import Catalogue
from plainwork.spec.markdown import render

routes = Routes("agents")
Tag = Annotated[str, Field(min_length=1, max_length=60)]
VersionNumber = Annotated[int, Path(ge=1, le=LARGEST_INTEGER)]


# ── Bodies ───────────────────────────────────────────────────────────────────────────────────────────────────────────
class Document(Body):
    """A document: its ``markdown``, or the same as ``spec`` (JSON). ``note``: what is new in it."""

    markdown: str | None = Field(default=None, max_length=MOST_CHARACTERS)
    spec: SpecJson | None = None
    note: str = Field(default="", max_length=2000)

    @model_validator(mode="after")
    def _one_of_both(self) -> Document:
        if (self.markdown is None) == (self.spec is None):
            raise ValueError("give either markdown or spec")
        return self


class NewAgent(Document):
    """A document to make an agent of. ``live``: its first version goes live at once, if it is ready to."""

    live: bool = True


class AgentChange(Body):
    """What to change; what is left out, or null, stays."""

    name: str | None = Field(default=None, min_length=1, max_length=200)
    about: str | None = Field(default=None, max_length=20_000)
    tags: list[Tag] | None = Field(default=None, max_length=50)
    paused: bool | None = None


# ── Answers ──────────────────────────────────────────────────────────────────────────────────────────────────────────
class Agent(Shape):
    """A named agent. ``live_version``: the number of its live version; ``last_version``: of its newest (0: none yet)."""

    id: UUID
    slug: str
    name: str
    about: str
    tags: list[str]
    live_version: int | None
    live_version_id: UUID | None
    last_version: int
    paused_at: datetime | None
    created_by: UUID | None
    created_at: datetime
    updated_at: datetime


class VersionHead(Shape):
    """What a list of versions tells. ``content_hash``: SHA-256 over markdown, spec and flow, in hex."""

    id: UUID
    agent_id: UUID
    number: int
    content_hash: str
    note: str
    created_by: UUID | None
    created_at: datetime

    @field_validator("content_hash", mode="before")
    @classmethod
    def _hex(cls, value: bytes | str) -> str:
        return value.hex() if isinstance(value, bytes) else value


class Version(VersionHead):
    """A whole version: the document, the same as JSON, and the flow that it compiles to. It never changes."""

    markdown: str
    spec: SpecJson
    flow: FlowJson


class PublishedVersion(Version):
    """A version that was just sent, with what the checks say about it (warnings; errors would have refused it)."""

    findings: Findings


class NewAgentMade(Agent):
    """A new agent with its first version. ``unmet``: what kept that version from going live, where it was to."""

    version: Version
    findings: Findings
    unmet: Findings


class AgentPage(Shape):
    """Agents, newest first. ``next``: what to send as ``before`` for the next page; null: this is the last one."""

    agents: list[Agent]
    next: UUID | None


class VersionPage(Shape):
    """Versions, newest first. ``next``: what to send as ``before`` for the next page; null: this is the last one."""

    versions: list[VersionHead]
    next: int | None


# ── Agents ───────────────────────────────────────────────────────────────────────────────────────────────────────────
@routes.add("GET", "/agents", Permission.AGENTS_READ)
async def list_agents(tenant: Tenant, before: UUID | None = None, limit: Limit = 50) -> AgentPage:
    """The workspace's agents, newest first; ``before`` the last id of a page gives the next."""
    found = await rows.page(tenant, limit + 1, before)
    page = await shown(tenant, found[:limit])
    return AgentPage(agents=page, next=page[-1].id if len(found) > limit else None)


@routes.add("POST", "/agents", Permission.AGENTS_WRITE, status_code=201, errors=(409,))
async def create_agent(request: Request, caller: CallerArg, body: NewAgent) -> NewAgentMade:
    """Makes an agent with version 1 of a document. 422 with the findings when the document has errors, 409 when an agent
    of that id is there already. A version that is not ready does not go live; ``unmet`` says why."""
    document = await _checked(request, body)
    rehearsed = await gate.rehearse(document.markdown, request.app.state.catalogue) if body.live else None
    declared = document.spec
    unmet: tuple[Finding, ...] = ()
    async with request.app.state.database.workspace(caller.workspace_id) as tenant:
        agent = await publishing.create(tenant, caller.actor, declared, by=caller.user_id)
        version, _ = await _publish(tenant, caller, agent, document, body.note)
        if rehearsed is not None:
            unmet = await gate.unmet(tenant, agent.id, rehearsed)
            if not unmet:
                await point(tenant, caller.actor, agent.id, version)
        [made] = await shown(tenant, [await rows.get(tenant, agent.id)])
    return NewAgentMade(
        **made.model_dump(),
        version=Version.model_validate(version),
        findings=json_of(document.findings),
        unmet=json_of(unmet),
    )


@routes.add("GET", "/agents/{agent_id}", Permission.AGENTS_READ)
async def get_agent(tenant: Tenant, agent_id: UUID) -> Agent:
    """One agent, with the number of its live version."""
    [made] = await shown(tenant, [await rows.get(tenant, agent_id)])
    return made


@routes.add("PATCH", "/agents/{agent_id}", Permission.AGENTS_WRITE)
async def change_agent(
    tenant: Tenant, caller: CallerArg, agent_id: UUID, body: AgentChange, if_match: IfMatch = None
) -> Agent:
    """Changes its name, description or tags, or pauses it (a paused agent's triggers start nothing)."""
    await require_unchanged(if_match, partial(rows.lock, tenant, agent_id), partial(get_agent, tenant, agent_id))
    changed = body.model_dump(exclude_none=True)
    if changed:
        agent = await rows.change(tenant, agent_id, **changed)
        await audit.append(tenant, caller.actor, "agent.changed", ("agent", agent_id), changed)
    else:
        agent = await rows.get(tenant, agent_id)
    [made] = await shown(tenant, [agent])
    return made


@routes.add("DELETE", "/agents/{agent_id}", Permission.AGENTS_WRITE, status_code=204)
async def delete_agent(tenant: Tenant, caller: CallerArg, agent_id: UUID, if_match: IfMatch = None) -> None:
    """Takes it out of use; its versions and runs stay on record."""
    await require_unchanged(if_match, partial(rows.lock, tenant, agent_id), partial(get_agent, tenant, agent_id))
    await rows.delete(tenant, agent_id)
    await audit.append(tenant, caller.actor, "agent.deleted", ("agent", agent_id))


async def shown(tenant: Any, agents: Collection[rows.Agent]) -> list[Agent]:
    """Agents as they are answered, with the numbers of their live versions."""
    numbers = await rows.numbers(tenant, [a.live_version_id for a in agents if a.live_version_id])
    return [
        Agent(**asdict(a), live_version=numbers.get(a.live_version_id) if a.live_version_id else None) for a in agents
    ]


# ── Versions ─────────────────────────────────────────────────────────────────────────────────────────────────────────
@routes.add("GET", "/agents/{agent_id}/versions", Permission.AGENTS_READ)
async def list_versions(
    tenant: Tenant,
    agent_id: UUID,
    before: Annotated[int | None, Query(ge=1, le=LARGEST_INTEGER)] = None,
    limit: Limit = 50,
) -> VersionPage:
    """Its versions, newest first, without their documents."""
    await rows.get(tenant, agent_id)
    found = await rows.versions(tenant, agent_id, limit + 1, before)
    page = [VersionHead.model_validate(head) for head in found[:limit]]
    return VersionPage(versions=page, next=page[-1].number if len(found) > limit else None)


@routes.add(
    "POST",
    "/agents/{agent_id}/versions",
    Permission.AGENTS_WRITE,
    status_code=201,
    responses={200: {"model": PublishedVersion, "description": "The newest version has this very content."}},
)
async def create_version(
    request: Request, response: Response, caller: CallerArg, agent_id: UUID, body: Document
) -> PublishedVersion:
    """Adds a version. The same content as the newest gives that one (200); ``PUT …/live`` makes a version live."""
    document = await _checked(request, body)
    async with request.app.state.database.workspace(caller.workspace_id) as tenant:
        agent = await rows.get(tenant, agent_id)
        version, is_new = await _publish(tenant, caller, agent, document, body.note)
    if not is_new:
        response.status_code = 200
    return PublishedVersion.model_validate(asdict(version) | {"findings": json_of(document.findings)})


@routes.add("GET", "/agents/{agent_id}/versions/{number}", Permission.AGENTS_READ)
async def get_version(tenant: Tenant, agent_id: UUID, number: VersionNumber) -> Version:
    """One version with its document, spec and flow; also of an agent that is out of use."""
    return Version.model_validate(await rows.version_numbered(tenant, agent_id, number))


class _Checked:
    """A document without errors."""

    def __init__(self, body: Document, catalogue: Catalogue) -> None:
        text, data = body.markdown, body.spec
        loaded = spec.load(text, catalogue) if text is not None else spec.load_json(data, catalogue)
        self.flow = loaded.valid_flow()
        self.spec = _present(loaded.spec)
        self.findings = loaded.findings
        self.markdown = text if text is not None else render(self.spec)


def _present(loaded: spec.Spec | None) -> spec.Spec:
    assert loaded is not None, "a document with a flow has a spec"
    return loaded


async def _checked(request: Request, body: Document) -> _Checked:
    """The document, parsed and compiled off the event loop and outside any transaction. Raises Invalid with the findings
    when one is an error."""
    return await asyncio.to_thread(_Checked, body, request.app.state.catalogue)


async def _publish(
    tenant: Any, caller: Caller, agent: rows.Agent, document: _Checked, note: str
) -> tuple[rows.Version, bool]:
    """The version of this content, and whether it is new."""
    content = Content(document.markdown, json_of(document.spec), json_of(document.flow))
    return await publishing.publish(tenant, caller.actor, agent, content, note=note, by=caller.user_id)
