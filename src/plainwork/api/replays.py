"""Taking runs again: from the start, or from a step on with what was done before it."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Header, Request, Response
from pydantic import ConfigDict, Field

from plainwork.api.auth import Caller, CallerArg, Permission
from plainwork.api.routing import Routes
from plainwork.api.runs import Run, answer, shown
from plainwork.api.shapes import LARGEST_INTEGER, Body
from plainwork.engine import replay, start
from plainwork.engine.replay import Again
from plainwork.engine.start import Started

routes = Routes("runs")

StepPath = Annotated[
    str, Field(min_length=1, max_length=500, description="Like `fetch`, or `each[3].fetch` in a loop.")
]
Which = Annotated[
    Literal["same", "live"] | Annotated[int, Field(strict=True, ge=1, le=LARGEST_INTEGER)],
    Field(description="The version to run: the one that ran, the agent's live one, or one by its number."),
]
Outputs = Annotated[
    dict[StepPath, Any],
    Field(max_length=100, description="What steps are to have given, in place of what they gave or would give."),
]
Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200)]


class NewRetry(Body):
    """How to go on. ``from``: the step to begin with; without it, those that failed, or where the run stopped."""

    model_config = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)

    from_: StepPath | None = Field(default=None, alias="from")
    version: Which = "same"
    outputs: Outputs = Field(default_factory=dict)


class NewReplay(Body):
    """What to run. ``inputs``: in place of those on record."""

    version: Which = "same"
    inputs: dict[str, Any] | None = None


@routes.add(
    "POST", "/runs/{run_id}/retry", Permission.RUNS_WRITE, status_code=202, errors=(409, 429), response_model=Run
)
async def retry_run(
    request: Request, caller: CallerArg, run_id: UUID, body: NewRetry | None = None, idempotency_key: Key = None
) -> Response:
    """Starts a run that takes a run which has ended again from one of its steps on. What that step does not follow from
    stays done: its journal rows are carried over, and nothing outside happens twice for them. 409 when that cannot be.

    Steps that are taken again act under new idempotency keys. The same ``Idempotency-Key`` gives the first retry again.
    """
    asked, state = body or NewRetry(), request.app.state
    again = Again(asked.from_, asked.version, asked.outputs)
    async with state.database.workspace(caller.workspace_id) as connection:
        place = (connection, state.versions, caller.workspace_id, run_id)
        started = await replay.retry(*place, again, caller.actor, key=idempotency_key)
    return await _started(request, caller, started)


@routes.add(
    "POST", "/runs/{run_id}/replay", Permission.RUNS_WRITE, status_code=202, errors=(409, 429), response_model=Run
)
async def replay_run(
    request: Request, caller: CallerArg, run_id: UUID, body: NewReplay | None = None, idempotency_key: Key = None
) -> Response:
    """Starts a run with the inputs and the trigger that this one had, from the start; every step is taken anew.

    The same ``Idempotency-Key`` gives the first replay again.
    """
    asked, state = body or NewReplay(), request.app.state
    async with state.database.workspace(caller.workspace_id) as connection:
        place = (connection, state.versions, run_id)
        started = await replay.replay(*place, asked.version, asked.inputs, caller.actor, key=idempotency_key)
    return await _started(request, caller, started)


async def _started(request: Request, caller: Caller, started: Started) -> Response:
    state = request.app.state
    if started.is_new:
        await state.bell.ring([started.run_id])
    run = await start.read(state.database, caller.workspace_id, started.run_id)
    headers = {"Location": f"/api/v1/runs/{run.id}"}
    return answer(shown(run), 202, headers if started.is_new else headers | {"Idempotent-Replayed": "true"})
