"""One step of a run, looked at closely: what it was given, its attempts, its model calls."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from fastapi import Path, Request, Response

from plainwork.api.auth import CallerArg, Permission, Tenant
from plainwork.api.routing import Routes
from plainwork.api.runs import RunStep
from plainwork.api.shapes import Shape
from plainwork.db import run_steps as rows
from plainwork.engine import step_view
from plainwork.errors import Invalid, NotFound

routes = Routes("runs")

StepPath = Annotated[str, Path(min_length=1, max_length=500, description="Like `fetch`, or `each[3].fetch` in a loop.")]


class ModelCall(Shape):
    """One call of a model. ``failure``: its kind, when it failed; ``cost_usd`` null: the price is not known."""

    at: datetime
    provider: str
    model: str
    status: Literal["succeeded", "failed"]
    failure: str | None
    latency_ms: int
    first_token_ms: int | None
    input_tokens: int
    output_tokens: int
    cost_usd: float | None


class StepDetail(Shape):
    """One step of a run. ``kind`` null: its version cannot be read any more.

    ``status``: as in its last row; ``running`` while it is under way, ``pending`` when the run has not come to it.
    ``input``: its settings for the last attempt, all expressions in them worked out (never a secret: those are put in as
    a request leaves); null with the reason in ``input_missing``. ``took_ms``: all attempts together; ``attempts`` and
    ``calls``: the last 1,000; ``cost_usd``: with what is inside it; ``printed``: by a code step."""

    path: str
    node: str
    kind: str | None
    name: str
    status: str
    input: dict[str, Any] | None
    input_missing: str | None
    attempts: list[RunStep]
    calls: list[ModelCall]
    took_ms: float | None
    cost_usd: float
    printed: str | None


@routes.add("GET", "/runs/{run_id}/steps/{path}", Permission.RUNS_READ, response_model=StepDetail)
async def get_step(request: Request, tenant: Tenant, caller: CallerArg, run_id: UUID, path: StepPath) -> Response:
    """One step of a run: what it was given, every attempt with its output or failure, its model calls and their cost."""
    begun = await rows.beginning(tenant, run_id)
    if begun is None:
        raise NotFound("There is no such run.", next_step="GET /api/v1/runs lists them.")
    try:
        version = await request.app.state.versions.get(caller.workspace_id, begun.version_id)
    except Invalid:
        version = None
    view = await step_view.look(tenant, version, run_id, begun, path)
    shown = msgspec.to_builtins(view)
    for call in shown["calls"]:
        call["cost_usd"] = None if call["cost_usd"] is None else float(call["cost_usd"])
    shown["calls"] = [{name: call[name] for name in ModelCall.model_fields} for call in shown["calls"]]
    return Response(msgspec.json.encode(shown), media_type="application/json")
