"""Shadow replay: what the last runs of an agent would have come to with another version, or with a text not yet published."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Request
from pydantic import AwareDatetime, Field, model_validator

from plainwork import spec
from plainwork.api.auth import CallerArg, Permission
from plainwork.api.routing import Routes
from plainwork.api.shapes import MOST_CHARACTERS, Body, Number, Shape
from plainwork.db import Connection, agent_drafts, agents
from plainwork.engine import shadow
from plainwork.engine.plan import Graph
from plainwork.engine.versions import Versions
from plainwork.errors import Forbidden, LimitReached
from plainwork.spec.kinds import Catalogue

routes = Routes("agents")
_under_way: set[UUID] = set()


class NewShadow(Body):
    """What to take which runs through: the document in ``markdown``, or a ``version``; without either, the text that is being
    edited. The ``last`` so many runs that ended as in ``statuses``, since a time if one is given."""

    markdown: str | None = Field(default=None, max_length=MOST_CHARACTERS)
    version: Number | None = None
    last: Annotated[int, Field(strict=True, ge=1, le=shadow.MOST_RUNS)] = 20
    statuses: list[Literal["succeeded", "failed", "cancelled"]] = Field(
        default=["succeeded", "failed"], min_length=1, max_length=3
    )
    since: AwareDatetime | None = None

    @model_validator(mode="after")
    def _not_both(self) -> NewShadow:
        if self.markdown is not None and self.version is not None:
            raise ValueError("give either markdown or version")
        return self


class BeforeAfter(Shape):
    """Something that is not as it was. A long value is told by the beginning of its JSON."""

    before: Any
    after: Any


class StepDifference(Shape):
    """One step that is not as it was. ``what``: it is taken now and was not (``added``), or the other way round (``gone``); it
    asks for something else (``request``); nothing on record answers it, so its answer is made up (``made_up``); it gives
    something else (``output``) or ends in another way (``ending``). ``note`` says so in words."""

    path: str
    what: Literal["added", "gone", "request", "made_up", "output", "ending"]
    before: Any
    after: Any
    note: str


class ShadowRun(Shape):
    """One run as it would have been. ``verdict``: ``failed`` when it would fail and did not, or could not be taken at all
    (``reason``); else whether anything differs. ``version``: that which ran; ``status``, ``output``, ``failure`` and
    ``cost_usd`` (of the model calls on record) are null where they are the same; ``more``: differences left out."""

    run_id: UUID
    version: int
    verdict: Literal["same", "different", "failed"]
    reason: str | None
    status: BeforeAfter | None
    output: BeforeAfter | None
    failure: BeforeAfter | None
    cost_usd: BeforeAfter | None
    differences: list[StepDifference]
    more: int


class ShadowReport(Shape):
    """What came of all of them, newest first. ``not_reached``: runs for which there was no time."""

    runs: list[ShadowRun]
    same: int
    different: int
    failed: int
    not_reached: list[UUID]


@routes.add("POST", "/agents/{agent_id}/shadow", Permission.AGENTS_WRITE, errors=(409, 429))
async def shadow_runs(
    request: Request, caller: CallerArg, agent_id: UUID, body: NewShadow | None = None
) -> ShadowReport:
    """Takes past runs through another version in memory. Nothing is written and nobody outside is asked: what steps asked for
    is answered from the record. It takes half a minute at most. 422 with the findings when the document has errors."""
    asked, state = body or NewShadow(), request.app.state
    async with state.database.workspace(caller.workspace_id) as connection:
        await agents.get(connection, agent_id)
        if not caller.may(Permission.RUNS_READ):
            raise Forbidden("This needs the permission runs:read too.", next_step="Ask an owner of the workspace.")
        wanted = await _wanted(connection, state.versions, caller.workspace_id, agent_id, asked)
    graph = await asyncio.to_thread(_built, wanted, state.catalogue) if isinstance(wanted, str) else wanted
    which = shadow.Which(asked.last, asked.statuses, asked.since)
    if caller.workspace_id in _under_way:
        raise LimitReached("Another shadow replay is under way.", next_step="Wait for it.", retry_after_s=5)
    _under_way.add(caller.workspace_id)
    try:
        report = await shadow.shadow(state.database, state.versions, caller.workspace_id, agent_id, graph, which)
    finally:
        _under_way.discard(caller.workspace_id)
    return ShadowReport.model_validate(report)


async def _wanted(
    connection: Connection, versions: Versions, workspace_id: UUID, agent_id: UUID, asked: NewShadow
) -> Graph | str:
    """The graph of the version that is asked for; else the text of which one is to be made."""
    if asked.markdown is not None:
        return asked.markdown
    if asked.version is None:
        return (await agent_drafts.read(connection, agent_id)).markdown
    version = await agents.version_numbered(connection, agent_id, asked.version)
    await versions.read(connection, workspace_id, [version.id])
    known = versions.known(workspace_id, version.id)
    assert known is not None
    return known.graph


def _built(markdown: str, catalogue: Catalogue) -> Graph:
    return Graph.build(spec.load(markdown, catalogue).valid_flow(), catalogue)
