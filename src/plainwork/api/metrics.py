"""What runs, steps and models' calls come to: how many, how long, how much; by hour or day, agent, version, node or model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from pydantic import AwareDatetime

from plainwork.api.auth import Permission, Tenant
from plainwork.api.routing import Routes
from plainwork.api.runs import Agents, RunAgent
from plainwork.api.shapes import Shape
from plainwork.db import tallies
from plainwork.db.tallies import Question, Span, Sum, Table
from plainwork.errors import Invalid

routes = Routes("metrics")

USUAL = timedelta(days=7)
LONGEST: Mapping[Span | None, timedelta] = {
    "hour": timedelta(days=31),
    "day": timedelta(days=800),
    None: timedelta(3700),
}
MOST_SUMS = 5000
_FIRST, _LAST = datetime(1970, 1, 10, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)

Since = Annotated[AwareDatetime | None, Query(description="From when on; without it, seven days before `until`.")]
Until = Annotated[AwareDatetime | None, Query(description="Until when; without it, now.")]
Each = Annotated[Span | None, Query(description="Add up each hour or each day (UTC) apart.")]
Groups = Mapping[str | None, Sequence[str]]

_AGENT, _VERSION = ("agent_id",), ("agent_id", "version_id")
_RUNS: Groups = {None: (), "agent": _AGENT, "version": _VERSION}
_STEPS: Groups = {"node": ("agent_id", "node"), "version": (*_VERSION, "node")}
_CALLS: Groups = {
    **_RUNS,
    "node": ("agent_id", "node"),
    "model": ("provider", "model"),
}


class _Group(Shape):
    """What is added up. ``at``: the beginning of the hour or day; null where it was not asked for, as are the others.
    ``version``: its number, ``version_id``: what lists of runs are filtered by."""

    at: datetime | None
    agent: RunAgent | None
    version: int | None
    version_id: UUID | None


class _Timed(_Group):
    p50_ms: float | None
    p95_ms: float | None


class RunSum(_Timed):
    """Runs that ended in this time. ``p50_ms``, ``p95_ms``: how long half of them, and 95 of 100, took at most (within 5 %);
    null when none of them had begun."""

    runs: int
    succeeded: int
    failed: int
    cancelled: int
    tokens: int
    cost_usd: float


class StepSum(_Timed):
    """Attempts at the step ``node``, in any round of its loops, of runs that ended in this time."""

    node: str
    attempts: int
    failed: int


class CallSum(_Timed):
    """Calls of models by runs that ended in this time, and by drafts. ``agent`` null with ``by=agent``: calls of no run;
    ``unpriced``: calls whose price is not known."""

    node: str | None
    provider: str | None
    model: str | None
    calls: int
    failed: int
    unpriced: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    cost_usd: float


class _Sums(Shape):
    """From when to when, in whole hours (UTC)."""

    since: datetime
    until: datetime


class RunMetrics(_Sums):
    """Runs in a time."""

    sums: list[RunSum]


class StepMetrics(_Sums):
    """Attempts at steps in a time."""

    sums: list[StepSum]


class CostMetrics(_Sums):
    """Calls of models in a time, and what they cost."""

    sums: list[CallSum]


@routes.add("GET", "/metrics/runs", Permission.RUNS_READ)
async def run_metrics(
    tenant: Tenant,
    since: Since = None,
    until: Until = None,
    each: Each = None,
    by: Literal["agent", "version"] | None = None,
    agent: Agents = None,
) -> RunMetrics:
    """How many runs ended, how, how long they took and what they cost; for all together, or each agent or version. They are
    counted a few seconds after their end, and stay when the runs themselves are deleted."""
    found = await _found(tenant, _question("run_tallies", since, until, each, _RUNS[by], agent))
    return RunMetrics.model_validate(found)


@routes.add("GET", "/metrics/steps", Permission.RUNS_READ)
async def step_metrics(
    tenant: Tenant,
    since: Since = None,
    until: Until = None,
    each: Each = None,
    by: Literal["node", "version"] = "node",
    agent: Agents = None,
) -> StepMetrics:
    """How often each step was taken, how often it failed, and how long it took; of each agent, or of each of its versions."""
    found = await _found(tenant, _question("step_tallies", since, until, each, _STEPS[by], agent))
    return StepMetrics.model_validate(found)


@routes.add("GET", "/metrics/costs", Permission.RUNS_READ)
async def cost_metrics(
    tenant: Tenant,
    since: Since = None,
    until: Until = None,
    each: Each = None,
    by: Literal["agent", "version", "node", "model"] | None = None,
    agent: Agents = None,
) -> CostMetrics:
    """What models were asked, and what that cost; for all together, or each agent, version, step or model."""
    found = await _found(tenant, _question("call_tallies", since, until, each, _CALLS[by], agent))
    return CostMetrics.model_validate(found)


def _question(
    table: Table,
    since: datetime | None,
    until: datetime | None,
    each: Span | None,
    by: Sequence[str],
    agents: Sequence[UUID] | None,
) -> Question:
    until = until or datetime.now(UTC)
    since = since or max(until, _FIRST) - USUAL
    if not _FIRST < since < until < _LAST or until - since > LONGEST[each]:
        raise Invalid(
            f"The time is none, or longer than {LONGEST[each].days} days.",
            next_step="Send since before until, and ask for each day, or for all together, over long times.",
        )
    return Question(table, since, until, each, tuple(by), agents or ())


async def _found(tenant: Any, asked: Question) -> dict[str, Any]:
    sums = await tallies.add_up(tenant, asked, MOST_SUMS + 1)
    if len(sums) > MOST_SUMS:
        raise Invalid(
            f"The answer would have more than {MOST_SUMS} lines.",
            next_step="Ask for a shorter time, for days instead of hours, or for some agents only.",
        )
    since, until = tallies.whole_hours(asked.since, asked.until)
    groups = [dict(zip(asked.by, one.key, strict=True)) for one in sums]
    agents, versions = ({group[key] for group in groups if key in group} for key in _VERSION)
    named = await tallies.names(tenant, agents, versions)
    shown = [_shown(group, one, *named) for group, one in zip(groups, sums, strict=True)]
    return {"since": since, "until": until, "sums": shown}


def _shown(
    group: dict[str, Any], one: Sum, agents: Mapping[UUID, tuple[str, str]], versions: Mapping[UUID, int]
) -> dict[str, Any]:
    agent, version = group.pop("agent_id", None), group.pop("version_id", None)
    name, slug = agents.get(agent, (None, None))
    return {
        **{"node": None, "provider": None, "model": None, "at": one.at, "p50_ms": one.p50_ms, "p95_ms": one.p95_ms},
        "agent": None if name is None else {"id": agent, "name": name, "slug": slug},
        "version": versions.get(version),
        "version_id": version if version in versions else None,
        **group,
        **one.measures,
    }
