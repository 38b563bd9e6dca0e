"""English → a drafted document."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import Request
from pydantic import BaseModel, Field

from plainwork.api.auth import CallerArg, Permission, Routes
from plainwork.drafting import draft as draft_agent

routes = Routes(tags=["drafts"])


class English(BaseModel):
    """What the agent should do. ``model``: ask this model (``provider:model``); without it, rules draft."""

    english: str = Field(min_length=1, max_length=20_000)
    model: str | None = Field(default=None, max_length=200)
    zone: str = Field(default="UTC", max_length=64)


@routes.add("POST", "/drafts", Permission.AGENTS_WRITE, status_code=201)
async def create_draft(request: Request, caller: CallerArg, body: English) -> dict[str, Any]:
    """Drafts a document: ``{markdown, spec, flow, assumptions, questions, needs, findings, drafted_by}``."""
    catalogue = request.app.state.catalogue
    if body.model is None:
        made = await draft_agent(body.english, catalogue, zone=body.zone, rules=True)
    else:
        async with request.app.state.gateway(caller.workspace_id) as gateway:
            made = await draft_agent(body.english, catalogue, gateway=gateway, model=body.model, zone=body.zone)
    found: dict[str, Any] = msgspec.to_builtins(made)
    return found
