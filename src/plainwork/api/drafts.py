"""English → a drafted document, whole or as it grows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from plainwork.api import problems
from plainwork.api.auth import CallerArg, Permission
from plainwork.api.routing import Routes
from plainwork.api.shapes import Body, DraftJson
from plainwork.db import llm_calls, new_id
from plainwork.db.llm_calls import LlmCall
from plainwork.errors import Invalid, PlainworkError

if TYPE_CHECKING:
    from uuid import UUID

    from plainwork.drafting import Draft
    from plainwork.llm import CallRecord

routes = Routes("drafts")
_STREAM = "text/event-stream"
_EVENTS = {"type": "string", "contentMediaType": "application/json", "contentSchema": {"x-struct": "Draft"}}


class AnsweredQuestion(Body):
    """A question that a draft asked, and what it was answered."""

    question: str = Field(min_length=1, max_length=2000)
    answer: str = Field(min_length=1, max_length=2000)


class English(Body):
    """What the agent should do. ``model``: ask this model (``provider:model``); without it, rules draft. ``zone``: the
    time zone of times that name none. ``answers``: to questions of an earlier draft; they count as part of the text."""

    english: str = Field(min_length=1, max_length=20_000)
    model: str | None = Field(default=None, min_length=1, max_length=200)
    zone: str = Field(default="UTC", min_length=1, max_length=64)
    answers: list[AnsweredQuestion] = Field(default_factory=list, max_length=20)


@routes.add(
    "POST",
    "/drafts",
    Permission.AGENTS_WRITE,
    status_code=201,
    errors=(402, 429, 502),
    response_model=DraftJson,
    responses={
        200: {
            "description": "With `Accept: text/event-stream`: server-sent events. `text` (`markdown`: the whole text so "
            "far) again and again, then `draft` (a `Draft`), or `problem`.",
            "content": {_STREAM: {"schema": _EVENTS}},
        }
    },
)
async def create_draft(request: Request, caller: CallerArg, body: English) -> Response:
    """Drafts a document. Nothing is stored: ``POST /agents`` with the ``markdown`` makes the agent.

    Who accepts ``text/event-stream`` is told the text as it grows.
    """
    _check_zone(body.zone)
    if _STREAM not in request.headers.get("accept", ""):
        made = await _draft(request, caller.workspace_id, body)
        return Response(msgspec.json.encode(made), 201, media_type="application/json")
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(request, caller.workspace_id, body), 200, headers, _STREAM)


async def _events(request: Request, workspace_id: UUID, body: English) -> AsyncIterator[bytes]:
    """The draft as it grows. A reader who goes takes the draft with them: no model is asked on for nobody."""
    told: asyncio.Queue[str | None] = asyncio.Queue()
    drafting = asyncio.ensure_future(_draft(request, workspace_id, body, told.put_nowait))
    drafting.add_done_callback(lambda _done: told.put_nowait(None))
    try:
        while (text := await told.get()) is not None:
            yield _event("text", {"markdown": text})
        yield _event("draft", drafting.result())
    except PlainworkError as why:
        yield _event("problem", problems.of(why))
    finally:
        drafting.cancel()
        await asyncio.gather(drafting, return_exceptions=True)


def _event(name: str, data: Any) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), msgspec.json.encode(data))


async def _draft(
    request: Request, workspace_id: UUID, body: English, watch: Callable[[str], None] | None = None
) -> Draft:
    from plainwork.drafting import draft

    told: dict[str, Any] = {
        "answers": {one.question: one.answer for one in body.answers},
        "zone": body.zone,
        "watch": watch,
    }
    if body.model is None:
        return await draft(body.english, request.app.state.catalogue, **told)
    calls: list[CallRecord] = []
    gateway = request.app.state.outside.gateway(workspace_id, calls.append)
    try:
        return await draft(body.english, request.app.state.catalogue, gateway=gateway, model=body.model, **told)
    finally:
        async with request.app.state.database.workspace(workspace_id) as connection:
            await llm_calls.record(connection, [_row(call) for call in calls])


def _check_zone(name: str) -> None:
    from plainwork.spec.cron import ScheduleError, zone_named

    try:
        zone_named(name)
    except ScheduleError as why:
        raise Invalid(why.message, next_step=why.next_step) from None


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
