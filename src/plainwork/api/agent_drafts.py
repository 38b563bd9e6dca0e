"""The draft of an agent: what its editor saves by itself, guarded by a revision against two writers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import Field

from plainwork.api.auth import CallerArg, Permission, Tenant
from plainwork.api.routing import Routes
from plainwork.api.shapes import LARGEST_INTEGER, MOST_CHARACTERS, Body, Number, Shape
from plainwork.db import agent_drafts as rows
from plainwork.db import agents, audit

routes = Routes("agent-drafts")
Revision = Annotated[int, Field(ge=0, le=LARGEST_INTEGER)]


class DraftToSave(Body):
    """The text as it is now, whatever its errors. ``revision``: the one it was made from (0: there was no draft).
    ``base_version`` and ``layout`` (the canvas' positions) stay as they are where they are left out."""

    markdown: str = Field(max_length=MOST_CHARACTERS)
    revision: Revision
    base_version: Number | None = None
    layout: dict[str, Any] | None = None


class Editor(Shape):
    """Who saved last."""

    id: UUID
    name: str


class AgentDraft(Shape):
    """The text that is being edited. ``revision`` 0: there is no draft, and this is the live version's text, else the
    newest's. ``base_version``: the version it goes back to; ``updated_by``: null for a program, or who has left."""

    agent_id: UUID
    markdown: str
    revision: int
    layout: dict[str, Any]
    base_version: int | None
    updated_at: datetime | None
    updated_by: Editor | None


def _shown(draft: rows.Draft) -> AgentDraft:
    editor = None
    if draft.updated_by is not None and draft.updated_by_name is not None:
        editor = Editor(id=draft.updated_by, name=draft.updated_by_name)
    return AgentDraft(
        agent_id=draft.agent_id,
        markdown=draft.markdown,
        revision=draft.revision,
        layout=dict(draft.layout),
        base_version=draft.base_version,
        updated_at=draft.updated_at,
        updated_by=editor,
    )


@routes.add("GET", "/agents/{agent_id}/draft", Permission.AGENTS_READ)
async def get_agent_draft(tenant: Tenant, agent_id: UUID) -> AgentDraft:
    """The agent's draft; where there is none, what one would begin with (revision 0)."""
    return _shown(await rows.read(tenant, agent_id))


@routes.add("PUT", "/agents/{agent_id}/draft", Permission.AGENTS_WRITE, errors=(409,))
async def save_agent_draft(tenant: Tenant, caller: CallerArg, agent_id: UUID, body: DraftToSave) -> AgentDraft:
    """Saves the draft. 409 when somebody else has saved since ``revision``; a document with errors is no error."""
    await agents.get(tenant, agent_id)
    saved = await rows.save(
        tenant,
        agent_id,
        body.markdown,
        revision=body.revision,
        layout=body.layout,
        base_version=body.base_version,
        updated_by=caller.user_id,
    )
    return _shown(saved)


@routes.add("DELETE", "/agents/{agent_id}/draft", Permission.AGENTS_WRITE, status_code=204, errors=(409,))
async def discard_agent_draft(
    tenant: Tenant,
    caller: CallerArg,
    agent_id: UUID,
    revision: Annotated[int, Query(ge=0, le=LARGEST_INTEGER, description="The revision that is meant.")],
) -> None:
    """Discards the draft. 409 when it is at another revision; fine when there is none."""
    await agents.get(tenant, agent_id)
    if await rows.discard(tenant, agent_id, revision=revision):
        await audit.append(tenant, caller.actor, "draft.discarded", ("agent", agent_id), {"revision": revision})
