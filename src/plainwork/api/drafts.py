"""English → a drafted document."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fastapi import Request
from pydantic import Field

from plainwork.api.auth import CallerArg, Permission
from plainwork.api.routing import Routes
from plainwork.api.shapes import Body, DraftJson, json_of
from plainwork.db import llm_calls, new_id
from plainwork.db.llm_calls import LlmCall
from plainwork.errors import Invalid

if TYPE_CHECKING:
    from plainwork.llm import CallRecord

routes = Routes("drafts")


class English(Body):
    """What the agent should do. ``model``: ask this model (``provider:model``); without it, rules draft. ``zone``: the
    time zone of times that name none."""

    english: str = Field(min_length=1, max_length=20_000)
    model: str | None = Field(default=None, min_length=1, max_length=200)
    zone: str = Field(default="UTC", min_length=1, max_length=64)


@routes.add("POST", "/drafts", Permission.AGENTS_WRITE, status_code=201, errors=(402, 429, 502))
async def create_draft(request: Request, caller: CallerArg, body: English) -> DraftJson:
    """Drafts a document. Nothing is stored: ``POST /agents`` with the ``markdown`` makes the agent."""
    from plainwork.drafting import draft, draft_by_rules

    _check_zone(body.zone)
    catalogue = request.app.state.catalogue
    if body.model is None:
        return _shown(await asyncio.to_thread(draft_by_rules, body.english, catalogue, body.zone))
    calls: list[CallRecord] = []
    gateway = request.app.state.outside.gateway(caller.workspace_id, calls.append)
    try:
        return _shown(await draft(body.english, catalogue, gateway=gateway, model=body.model, zone=body.zone))
    finally:
        async with request.app.state.database.workspace(caller.workspace_id) as connection:
            await llm_calls.record(connection, [_row(call) for call in calls])


def _check_zone(name: str) -> None:
    from plainwork.spec.cron import ScheduleError, zone_named

    try:
        zone_named(name)
    except ScheduleError as why:
        raise Invalid(why.message, next_step=why.next_step) from None


def _shown(made: Any) -> DraftJson:
    shown: DraftJson = json_of(made)
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
