"""Lists by any filter, what runs come to, and the lines that say what went wrong, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from plainwork.db import Database, tallies
from tests.api.support import GREETER, Api, Client, Place

PICKY = """# Picky

## Steps

### Check
```yaml step
uses: code
with:
  code: |
    print("looking at the parcel")
    raise ValueError("the parcel is torn")
```
"""


@dataclass
class Counted:
    """A workspace in which three runs of one agent went well and two of another failed, all of them counted."""

    place: Place
    greeter: dict[str, Any]
    picky: dict[str, Any]

    @property
    def client(self) -> Client:
        return self.place.as_owner


async def count(database: Database) -> None:
    while await tallies.count(database, 500):
        continue


@pytest.fixture(scope="module")
async def counted(api: Api) -> Counted:
    place = await api.place("Counted")
    made = [await place.as_owner.agent(document) for document in (GREETER, PICKY)]
    for _ in range(3):
        await place.as_owner.run(made[0]["id"], name="you")
    for _ in range(2):
        await place.as_owner.run(made[1]["id"])
    await count(api.database)
    return Counted(place, *made)


# ── Metrics ──────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_runs_are_added_up(counted: Counted) -> None:
    [total] = (await counted.client.ok("GET", "/metrics/runs"))["sums"]
    assert (total["runs"], total["succeeded"], total["failed"], total["cancelled"]) == (5, 3, 2, 0)
    assert 0 < total["p50_ms"] <= total["p95_ms"]
    by_agent = (await counted.client.ok("GET", "/metrics/runs", params={"by": "agent", "each": "hour"}))["sums"]
    named = {one["agent"]["name"]: (one["runs"], one["failed"]) for one in by_agent}
    assert named == {counted.greeter["name"]: (3, 0), counted.picky["name"]: (2, 2)}
    assert all(datetime.fromisoformat(one["at"]).minute == 0 for one in by_agent)
    asked = {"by": "version", "agent": counted.picky["id"], "each": "day"}
    [one] = (await counted.client.ok("GET", "/metrics/runs", params=asked))["sums"]
    assert (one["agent"]["id"], one["version"], one["runs"]) == (counted.picky["id"], 1, 2)
    listed = await counted.client.ok("GET", "/runs", params={"version": one["version_id"]})
    assert len(listed["runs"]) == 2
    past = {"until": (datetime.now(UTC) - timedelta(days=1)).isoformat()}
    assert (await counted.client.ok("GET", "/metrics/runs", params=past))["sums"] == []


async def test_steps_are_added_up(counted: Counted) -> None:
    found = (await counted.client.ok("GET", "/metrics/steps"))["sums"]
    nodes = {(one["agent"]["name"], one["node"]): (one["attempts"], one["failed"]) for one in found}
    assert nodes[counted.greeter["name"], "greet"] == (3, 0)
    attempts, failed = nodes[counted.picky["name"], "check"]
    assert attempts == failed >= 2


async def test_costs_are_added_up(counted: Counted, api: Api) -> None:
    assert (await counted.client.ok("GET", "/metrics/costs"))["sums"] == []
    async with api.database.workspace(counted.place.id) as connection:
        await connection.execute(
            """insert into llm_calls (workspace_id, id, at, provider, model, status, latency_ms, cost_usd, input_tokens)
               select current_workspace(), gen_random_uuid(), now(), 'vendor', model, 'succeeded', 200, 0.5, 10
               from unnest(array['small', 'large', 'large']) as model"""
        )
    by_model = (await counted.client.ok("GET", "/metrics/costs", params={"by": "model"}))["sums"]
    assert [(one["model"], one["calls"], one["cost_usd"]) for one in by_model] == [("large", 2, 1.0), ("small", 1, 0.5)]
    [of_none] = (await counted.client.ok("GET", "/metrics/costs", params={"by": "agent"}))["sums"]
    assert (of_none["agent"], of_none["input_tokens"]) == (None, 30)


@pytest.mark.parametrize(
    "asked",
    [
        {"since": "2026-01-01T00:00:00Z", "until": "2026-12-01T00:00:00Z", "each": "hour"},
        {"since": "2026-02-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"},
        {"since": "0001-01-01T00:00:00Z", "until": "0001-01-02T00:00:00Z"},
        {"until": "9999-12-31T23:59:59Z"},
        {"until": "0001-01-01T00:00:00Z"},
        {"each": "minute"},
        {"by": "weather"},
        {"since": "2026-01-01T00:00:00"},
    ],
)
async def test_what_cannot_be_added_up_is_refused(counted: Counted, asked: dict[str, str]) -> None:
    assert (await counted.client.refused("GET", "/metrics/runs", 422, params=asked))["next_step"]


# ── Lines ────────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_lines_are_searched_and_paged(counted: Counted) -> None:
    found = await counted.client.ok("GET", "/logs", params={"text": "torn", "kind": "run_failed"})
    assert len(found["lines"]) == 2
    assert {line["agent"] for line in found["lines"]} == {counted.picky["name"]}
    first = await counted.client.ok("GET", "/logs", params={"limit": 1})
    second = await counted.client.ok("GET", "/logs", params={"limit": 200, "before": first["next"]})
    every = await counted.client.ok("GET", "/logs", params={"limit": 200})
    assert first["lines"] + second["lines"] == every["lines"]
    assert (second["next"], every["next"]) == (None, None)
    line = every["lines"][0]
    of_run = await counted.client.ok("GET", "/logs", params={"run": line["run_id"], "agent": line["agent_id"]})
    assert {one["run_id"] for one in of_run["lines"]} == {line["run_id"]}
    assert (await counted.client.ok("GET", "/logs", params={"until": "1969-01-01T00:00:00Z"}))["lines"] == []
    assert len((await counted.client.ok("GET", "/logs", params={"since": "0001-01-01T00:00:00Z"}))["lines"]) >= 4


async def test_another_workspace_sees_nothing_of_it(counted: Counted, api: Api) -> None:
    other = (await api.place("Elsewhere")).as_owner
    assert (await other.ok("GET", "/logs", params={"text": "torn"}))["lines"] == []
    assert (await other.ok("GET", "/runs", params={"text": "torn"}))["runs"] == []
    for path in ("runs", "steps", "costs"):
        foreign = {"agent": counted.picky["id"]}
        assert (await other.ok("GET", f"/metrics/{path}", params=foreign))["sums"] == []


# ── Lists ────────────────────────────────────────────────────────────────────────────────────────────────────────────
FILTERS: dict[str, tuple[dict[str, Any], Callable[[dict[str, Any]], bool]]] = {
    "status": ({"status": "failed"}, lambda run: run["status"] == "failed"),
    "cause": ({"cause": "step_failed"}, lambda run: run["cause"] == "step_failed"),
    "trigger": ({"trigger": "manual"}, lambda run: True),
    "another trigger": ({"trigger": ["form", "chat"]}, lambda run: False),
    "quick": ({"most_s": 30}, lambda run: run["took_ms"] <= 30_000),
    "slow": ({"least_s": 30}, lambda run: run["took_ms"] >= 30_000),
    "free": ({"most_usd": 0}, lambda run: run["cost_usd"] == 0),
    "costly": ({"least_usd": 0.01}, lambda run: run["cost_usd"] >= 0.01),
    "text": ({"text": "parcel torn"}, lambda run: run["status"] == "failed"),
    "other text": ({"text": "parcel -torn"}, lambda run: False),
}


@pytest.mark.parametrize("name", FILTERS)
async def test_a_filter_lets_through_what_it_names(counted: Counted, name: str) -> None:
    asked, is_meant = FILTERS[name]
    every = (await counted.client.ok("GET", "/runs"))["runs"]
    found = (await counted.client.ok("GET", "/runs", params=asked))["runs"]
    assert [run["id"] for run in found] == [run["id"] for run in every if is_meant(run)]
    both = (await counted.client.ok("GET", "/runs", params=asked | {"version": every[0]["version_id"]}))["runs"]
    assert both == [run for run in found if run["version_id"] == every[0]["version_id"]]
