"""Agents, their immutable versions, and the live pointer."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import Query, Request
from pydantic import BaseModel, Field, model_validator

from plainwork import spec
from plainwork.api.auth import CallerArg, Permission, Routes, Tenant
from plainwork.db import agents as rows
from plainwork.db import audit
from plainwork.errors import Finding, Invalid
from plainwork.spec.markdown import render

routes = Routes(tags=["agents"])


class Document(BaseModel):
    """A document: its ``markdown``, or the same as ``spec`` (JSON)."""

    markdown: str | None = Field(default=None, max_length=1_048_576)
    spec: dict[str, Any] | None = None
    note: str = Field(default="", max_length=2000)

    @model_validator(mode="after")
    def _one_of_both(self) -> Document:
        if (self.markdown is None) == (self.spec is None):
            raise ValueError("give either markdown or spec")
        return self


class NewAgent(Document):
    """A document to make an agent of; ``live``: its first version goes live at once."""

    live: bool = True


class Change(BaseModel):
    """What to change; what is left out stays."""

    name: str | None = Field(default=None, min_length=1, max_length=200)
    about: str | None = Field(default=None, max_length=20_000)
    tags: list[str] | None = Field(default=None, max_length=50)
    paused: bool | None = None


class Live(BaseModel):
    """The version to point at; null: none."""

    version: int | None = Field(ge=1)


def _loaded(request: Request, body: Document) -> spec.Loaded:
    """The document, parsed and compiled. Raises Invalid with the findings when one is an error."""
    catalogue = request.app.state.catalogue
    loaded = spec.load(body.markdown, catalogue) if body.markdown is not None else spec.load_json(body.spec, catalogue)
    errors = [f for f in loaded.findings if f.severity == "error"]
    if errors or loaded.spec is None or loaded.flow is None:
        raise Invalid("The document has errors.", findings=tuple(errors), next_step="Mend them and send it again.")
    return loaded


async def _publish(
    tenant: Any, caller: Any, agent_id: UUID, loaded: spec.Loaded, body: Document
) -> tuple[rows.Version, list[Finding]]:
    if loaded.spec is None or loaded.flow is None:
        raise Invalid("The document has errors.", findings=tuple(loaded.findings))
    markdown = body.markdown if body.markdown is not None else render(loaded.spec)
    version = await rows.publish(
        tenant,
        agent_id,
        markdown=markdown,
        spec=msgspec.to_builtins(loaded.spec),
        flow=msgspec.to_builtins(loaded.flow),
        note=body.note,
        created_by=caller.user_id,
    )
    detail = {"number": version.number, "content_hash": version.content_hash.hex()}
    await audit.append(tenant, caller.actor, "version.published", ("agent", agent_id), detail)
    return version, loaded.findings


def _shown(value: Any) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(value)
    if isinstance(value, rows.Version | rows.VersionHead):
        shown["content_hash"] = value.content_hash.hex()
    return shown


async def _with_live(tenant: Any, agent: rows.Agent) -> dict[str, Any]:
    live = await rows.version(tenant, agent.live_version_id) if agent.live_version_id else None
    return _shown(agent) | {"live_version": live.number if live else None}


@routes.add("GET", "/agents", Permission.AGENTS_READ)
async def list_agents(
    tenant: Tenant, before: UUID | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> dict[str, Any]:
    """The workspace's agents, newest first; ``before`` the last id of a page gives the next."""
    found = await rows.page(tenant, limit, before)
    following = str(found[-1].id) if len(found) == limit else None
    return {"agents": [_shown(agent) for agent in found], "next": following}


@routes.add("POST", "/agents", Permission.AGENTS_WRITE, status_code=201)
async def create_agent(request: Request, tenant: Tenant, caller: CallerArg, body: NewAgent) -> dict[str, Any]:
    """Makes an agent with version 1 of a document. 422 with the findings when the document has errors."""
    loaded = _loaded(request, body)
    document = loaded.spec
    if document is None:
        raise Invalid("The document has errors.", findings=tuple(loaded.findings))
    agent = await rows.create(
        tenant,
        document.title,
        slug=document.id,
        about=document.about,
        tags=document.tags,
        created_by=caller.user_id,
    )
    await audit.append(tenant, caller.actor, "agent.created", ("agent", agent.id), {"name": agent.name})
    version, findings = await _publish(tenant, caller, agent.id, loaded, body)
    if body.live:
        await _point(tenant, caller, agent.id, version)
    shown = await _with_live(tenant, await rows.get(tenant, agent.id))
    return shown | {"version": _shown(version), "findings": msgspec.to_builtins(findings)}


@routes.add("GET", "/agents/{agent_id}", Permission.AGENTS_READ)
async def get_agent(tenant: Tenant, agent_id: UUID) -> dict[str, Any]:
    """One agent, with the number of its live version."""
    return await _with_live(tenant, await rows.get(tenant, agent_id))


@routes.add("PATCH", "/agents/{agent_id}", Permission.AGENTS_WRITE)
async def change_agent(tenant: Tenant, caller: CallerArg, agent_id: UUID, body: Change) -> dict[str, Any]:
    """Changes its name, description or tags, or pauses it (a paused agent's triggers start nothing)."""
    changed = body.model_dump(exclude_none=True)
    agent = await rows.change(tenant, agent_id, **changed)
    await audit.append(tenant, caller.actor, "agent.changed", ("agent", agent_id), changed)
    return await _with_live(tenant, agent)


@routes.add("DELETE", "/agents/{agent_id}", Permission.AGENTS_WRITE, status_code=204)
async def delete_agent(tenant: Tenant, caller: CallerArg, agent_id: UUID) -> None:
    """Takes it out of use; its versions and runs stay on record."""
    await rows.delete(tenant, agent_id)
    await audit.append(tenant, caller.actor, "agent.deleted", ("agent", agent_id))


@routes.add("GET", "/agents/{agent_id}/versions", Permission.AGENTS_READ)
async def list_versions(
    tenant: Tenant,
    agent_id: UUID,
    before: Annotated[int | None, Query(ge=1)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> dict[str, Any]:
    """Its versions, newest first, without their documents."""
    await rows.get(tenant, agent_id)
    found = await rows.versions(tenant, agent_id, limit, before)
    following = found[-1].number if len(found) == limit else None
    return {"versions": [_shown(head) for head in found], "next": following}


@routes.add("POST", "/agents/{agent_id}/versions", Permission.AGENTS_WRITE, status_code=201)
async def create_version(
    request: Request, tenant: Tenant, caller: CallerArg, agent_id: UUID, body: Document
) -> dict[str, Any]:
    """Adds a version. The same content as the newest gives that one; ``PUT …/live`` makes a version live."""
    version, findings = await _publish(tenant, caller, agent_id, _loaded(request, body), body)
    return _shown(version) | {"findings": msgspec.to_builtins(findings)}


@routes.add("GET", "/agents/{agent_id}/versions/{number}", Permission.AGENTS_READ)
async def get_version(tenant: Tenant, agent_id: UUID, number: int) -> dict[str, Any]:
    """One version with its document, spec and flow."""
    return _shown(await rows.version_numbered(tenant, agent_id, number))


@routes.add("PUT", "/agents/{agent_id}/live", Permission.AGENTS_WRITE)
async def set_live(tenant: Tenant, caller: CallerArg, agent_id: UUID, body: Live) -> dict[str, Any]:
    """Points the agent at one of its versions, or at none."""
    await rows.get(tenant, agent_id)
    version = await rows.version_numbered(tenant, agent_id, body.version) if body.version else None
    return await _with_live(tenant, await _point(tenant, caller, agent_id, version))


async def _point(tenant: Any, caller: Any, agent_id: UUID, version: rows.Version | None) -> rows.Agent:
    agent = await rows.set_live(tenant, agent_id, version.id if version else None)
    detail = {"number": version.number if version else None}
    await audit.append(tenant, caller.actor, "agent.live", ("agent", agent_id), detail)
    return agent
