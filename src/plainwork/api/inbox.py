"""The dead-letter inbox: runs that need a person, and what the person decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

from fastapi import Request, Response
from pydantic import ConfigDict, Field, WithJsonSchema

from plainwork.api import problems
from plainwork.api.auth import Caller, CallerArg, Permission, Tenant
from plainwork.api.replays import Outputs, StepPath, Which
from plainwork.api.routing import Routes
from plainwork.api.runs import Agents, Cause, Causes, Run, answer, shown
from plainwork.api.shapes import Body, Limit, Shape
from plainwork.db import connections, run_steps, runs
from plainwork.db import inbox as rows
from plainwork.engine import inbox, step_view
from plainwork.engine.plan import step_at
from plainwork.engine.replay import Again
from plainwork.engine.versions import Version, Versions
from plainwork.errors import Invalid, NotFound, PlainworkError

routes = Routes("inbox")
MOST_AT_ONCE = 200

Action = Literal["retry", "skip", "answer", "repeat", "discard"]
ProblemOrNull = Annotated[dict[str, Any] | None, WithJsonSchema({"anyOf": [{"x-struct": "Problem"}, {"type": "null"}]})]


# ── Bodies ───────────────────────────────────────────────────────────────────────────────────────────────────────────
class RetryRun(Body):
    """Take a run that has failed again, as ``POST /runs/{run_id}/retry`` does."""

    model_config = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)

    action: Literal["retry"]
    from_: StepPath | None = Field(default=None, alias="from")
    version: Which = "same"
    outputs: Outputs = Field(default_factory=dict)


class SkipStep(Body):
    """Go on without the step that failed, or that is asked about. ``version``: of the new run, where one has failed."""

    action: Literal["skip"]
    version: Which = "same"


class AnswerStep(Body):
    """Go on as though the step that failed, or that is asked about, had given this output."""

    action: Literal["answer"]
    output: Any
    version: Which = "same"


class RepeatStep(Body):
    """The step that is asked about has not acted: take it again, under the same idempotency key."""

    action: Literal["repeat"]


class DiscardRun(Body):
    """Nothing more is to be done. A run that waits is cancelled. The reason is kept in the audit log."""

    action: Literal["discard"]
    reason: str = Field(min_length=1, max_length=2000)


Decision: TypeAlias = Annotated[
    RetryRun | SkipStep | AnswerStep | RepeatStep | DiscardRun, Field(discriminator="action")
]


class InboxFilter(Body):
    """Which runs of the inbox: of these causes and agents; what is empty asks for nothing."""

    causes: list[Cause] = Field(default_factory=list, max_length=20)
    agents: list[UUID] = Field(default_factory=list, max_length=100)


class ManyDecisions(Body):
    """One decision about many runs: those with these ``ids``, or the newest 200 that pass the ``filter``."""

    ids: list[UUID] | None = Field(default=None, min_length=1, max_length=MOST_AT_ONCE)
    filter: InboxFilter | None = None
    decision: Decision


# ── Answers ──────────────────────────────────────────────────────────────────────────────────────────────────────────
class InboxStep(Shape):
    """A step that failed or is asked about. ``kind`` null: its version cannot be read any more."""

    path: str
    node: str
    name: str
    kind: str | None


class Intent(Shape):
    """What a step was about to do outside in its last attempt, from the row that was written before it began.
    ``request_hash``: of its settings, all expressions in them worked out."""

    attempt: int
    idempotency_key: str | None
    request_hash: str | None
    intended_at: datetime


class InboxItem(Run):
    """A run that needs a person. ``step``: the one that failed, or that is asked about (null: no single one);
    ``intent``: what that was about to do outside, where it does anything; ``connection``: the account that somebody has to
    connect anew; then the run goes on by itself; ``actions``: what can be decided."""

    step: InboxStep | None
    connection: str | None
    intent: Intent | None
    actions: list[Action]


class InboxDetail(InboxItem):
    """The same, with the settings of the step, all expressions in them worked out: the exact effect, where one is in
    doubt (never a secret). Null with the reason in ``input_missing``, where there is a step."""

    input: dict[str, Any] | None
    input_missing: str | None


class InboxPage(Shape):
    """Runs that need a person, newest first. ``counts``: how many of these agents' there are in all, by cause; ``next``:
    what to send as ``before`` for the next page; null: the last."""

    runs: list[InboxItem]
    counts: dict[Cause, int]
    next: UUID | None


class Decided(Shape):
    """What was done about a run. ``next_run_id``: the run that goes on: a new one, or the same that waited; null: none."""

    run_id: UUID
    did: Literal["retried", "skipped", "answered", "repeated", "discarded"]
    next_run_id: UUID | None


class DecidedOrNot(Shape):
    """What was done about one run of many; ``problem``: why nothing was."""

    run_id: UUID
    did: Literal["retried", "skipped", "answered", "repeated", "discarded"] | None
    next_run_id: UUID | None
    problem: ProblemOrNull


class DecidedMany(Shape):
    """One result for each run. ``more``: others pass the filter too; send the same again for those."""

    results: list[DecidedOrNot]
    more: bool


# ── Looking ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@routes.add("GET", "/inbox", Permission.RUNS_READ, response_model=InboxPage)
async def list_inbox(
    request: Request,
    tenant: Tenant,
    caller: CallerArg,
    cause: Causes = None,
    agent: Agents = None,
    before: UUID | None = None,
    limit: Limit = 50,
) -> Response:
    """The runs that need a person: those that failed, with the cause, and those that wait to hear what became of a step."""
    only = runs.Filter(agents=agent or (), causes=cause or (), is_in_inbox=True)
    found = await runs.find(tenant, only, before=before, limit=limit + 1)
    page = found[:limit]
    items = await _items(tenant, request.app.state.versions, caller.workspace_id, page)
    counts = await rows.counts(tenant, agent or ())
    following = page[-1].id if len(found) > limit else None
    return answer({"runs": items, "counts": counts, "next": following})


async def _items(
    connection: Any, versions: Versions, workspace_id: UUID, found: Sequence[runs.Run]
) -> list[dict[str, Any]]:
    paths = {run.id: path for run in found if (path := run.ask or (run.failure or {}).get("path"))}
    intents = await rows.intents(connection, paths)
    expired = [(run.id, run.ask) for run in found if run.ask and run.cause == "connection_expired"]
    waited_for = await connections.waited_for(connection, expired) if expired else {}
    items = []
    for run in found:
        path, intent = paths.get(run.id), intents.get(run.id)
        version = await _version(connection, versions, workspace_id, run.version_id) if path else None
        items.append(
            shown(run)
            | {
                "step": _step(version, path) if path else None,
                "intent": asdict(intent) if intent else None,
                "connection": waited_for.get(run.id),
                "actions": _actions(run, path),
            }
        )
    return items


async def _version(connection: Any, versions: Versions, workspace_id: UUID, version_id: UUID) -> Version | None:
    try:
        await versions.read(connection, workspace_id, [version_id])
    except Invalid:
        return None  # a kind of step is not installed any more
    return versions.known(workspace_id, version_id)


def _step(version: Version | None, path: str) -> dict[str, Any]:
    step = step_at(version.graph, path) if version else None
    node = step.id if step else path.rpartition(".")[2]
    return {"path": path, "node": node, "name": step.title if step else node, "kind": step.kind.id if step else None}


def _actions(run: runs.Run, path: str | None) -> list[Action]:
    if run.status == "waiting":
        return ["repeat", "skip", "answer", "discard"]
    return ["retry", "skip", "answer", "discard"] if path else ["retry", "discard"]


# ── Many at once (before one by itself, whose id would take this address) ────────────────────────────────────────────
@routes.add("POST", "/inbox/bulk", Permission.RUNS_WRITE, response_model=DecidedMany)
async def decide_many(request: Request, caller: CallerArg, body: ManyDecisions) -> Response:
    """Decides about many runs, each by itself: what cannot be for one does not keep the others from it."""
    if (body.ids is None) == (body.filter is None):
        raise Invalid("Either `ids` or `filter` says which runs.", next_step="Send one of the two.")
    ids, more = (list(dict.fromkeys(body.ids)), False) if body.ids else await _passing(request, caller, body.filter)
    results = []
    for run_id in ids:
        result: dict[str, Any] = {"run_id": run_id, "did": None, "next_run_id": None, "problem": None}
        try:
            result |= asdict(await _decide(request, caller, run_id, body.decision))
        except PlainworkError as why:
            result["problem"] = problems.of(why)
        results.append(result)
    return answer({"results": results, "more": more})


async def _passing(request: Request, caller: Caller, asked: InboxFilter | None) -> tuple[list[UUID], bool]:
    only = runs.Filter(is_in_inbox=True)
    if asked is not None:
        only = runs.Filter(agents=asked.agents, causes=asked.causes, is_in_inbox=True)
    async with request.app.state.database.workspace(caller.workspace_id) as connection:
        found = await runs.find(connection, only, limit=MOST_AT_ONCE + 1)
    return [run.id for run in found[:MOST_AT_ONCE]], len(found) > MOST_AT_ONCE


# ── One by itself ────────────────────────────────────────────────────────────────────────────────────────────────────
@routes.add("GET", "/inbox/{run_id}", Permission.RUNS_READ, response_model=InboxDetail)
async def get_inbox_item(request: Request, tenant: Tenant, caller: CallerArg, run_id: UUID) -> Response:
    """One run that needs a person, with the settings of the step that failed or is asked about."""
    run = await runs.read(tenant, run_id)
    if run is None or run.cause is None or run.resolved_at is not None:
        raise NotFound("There is no such run in the inbox.", next_step="GET /api/v1/inbox lists them.")
    versions: Versions = request.app.state.versions
    [item] = await _items(tenant, versions, caller.workspace_id, [run])
    settings, missing = None, None
    begun = await run_steps.beginning(tenant, run_id)
    if item["step"] is not None and begun is not None:
        version = versions.known(caller.workspace_id, run.version_id)
        view = await step_view.look(tenant, version, run_id, begun, item["step"]["path"])
        settings, missing = view.input, view.input_missing
    return answer(item | {"input": settings, "input_missing": missing})


@routes.add("POST", "/inbox/{run_id}", Permission.RUNS_WRITE, errors=(409, 429), response_model=Decided)
async def decide(request: Request, caller: CallerArg, run_id: UUID, body: Decision) -> Response:
    """Decides what becomes of a run that needs a person. 409 when that does not fit it, or somebody else was first."""
    return answer(asdict(await _decide(request, caller, run_id, body)))


async def _decide(request: Request, caller: Caller, run_id: UUID, body: Decision) -> inbox.Decided:
    state = request.app.state
    async with state.database.workspace(caller.workspace_id) as connection:
        place = (connection, state.versions, caller.workspace_id, run_id)
        decided = await inbox.decide(*place, _meant(body), caller.actor)
    if decided.next_run_id is not None:
        await state.bell.ring([decided.next_run_id])
    return decided


def _meant(body: Decision) -> inbox.Decision:
    match body:
        case RetryRun():
            return inbox.Retry(Again(body.from_, body.version, body.outputs))
        case SkipStep():
            return inbox.Skip(body.version)
        case AnswerStep():
            return inbox.Answer(body.output, body.version)
        case RepeatStep():
            return inbox.Repeat()
        case DiscardRun():
            return inbox.Discard(body.reason)
