"""English → a drafted document."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
from fastapi import Request
from pydantic import BaseModel, Field

from plainwork.api.auth import CallerArg, Permission, Routes
from plainwork.db import llm_calls, new_id
from plainwork.db.llm_calls import LlmCall
from plainwork.drafting import draft as draft_agent
from plainwork.llm import CallRecord

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
        return _shown(made)
    calls: list[CallRecord] = []
    gateway = request.app.state.outside.gateway(caller.workspace_id, calls.append)
    try:
        made = await draft_agent(body.english, catalogue, gateway=gateway, model=body.model, zone=body.zone)
    finally:
        async with request.app.state.database.workspace(caller.workspace_id) as connection:
            await llm_calls.record(connection, [_row(call) for call in calls])
    return _shown(made)


def _shown(made: Any) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(made)
    return shown


def _row(call: CallRecord) -> LlmCall:
    """The ledger's row of a call that belongs to no run."""
    return LlmCall(
        id=new_id(),
        at=datetime.now(UTC),
        provider=call.provider,
        model=call.model,
        status="failed" if call.failure else "succeeded",
        failure=call.failure,
        latency_ms=round(call.latency_s * 1000),
        first_token_ms=None if call.first_token_s is None else round(call.first_token_s * 1000),
        input_tokens=call.usage.input,
        output_tokens=call.usage.output,
        cached_tokens=call.usage.cached,
        reasoning_tokens=call.usage.reasoning,
        cost_usd=None if call.cost_usd is None else Decimal(str(call.cost_usd)),
    )
