"""Agents at a glance, the templates to begin with, and the models that can be asked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from plainwork.api import templates
from plainwork.db import llm_calls, new_id
from plainwork.db.agent_summaries import LAST_RUNS
from plainwork.db.llm_calls import LlmCall
from plainwork.engine.catalogue import load
from plainwork.spec import load as load_document
from tests.api.support import GREETER, SLEEPER, Api, Place
from tests.api.test_agents import paged
from tests.api.test_runs import FAILING

CLOCKED = GREETER.replace("agentspec: 1", "agentspec: 1\nwhen: every weekday at 08:30 in Europe/Berlin")
HOOKED = GREETER.replace(
    "agentspec: 1", "agentspec: 1\nwhen: [{webhook: /alerts}, {cron: 0 9 * * 1, timezone: Europe/Berlin}]"
)


async def summary(place: Place, agent_id: str) -> dict[str, Any]:
    listed = (await place.as_owner.ok("GET", "/agents/summaries", 200))["agents"]
    found: dict[str, Any] = next(one for one in listed if one["id"] == agent_id)
    return found


async def test_an_agent_that_nobody_ran(place: Place) -> None:
    agent = await place.as_owner.agent(GREETER)
    told, of_making = await summary(place, agent["id"]), {"version", "findings", "unmet"}
    assert {key: told[key] for key in agent if key not in of_making} == {
        key: value for key, value in agent.items() if key not in of_making
    }
    assert (told["starts"], told["last_runs"], told["next_run_at"]) == ("by hand", [], None)
    assert (told["cost_month_usd"], told["has_draft"]) == (0, False)


async def test_what_starts_it_and_when_next(api: Api, place: Place) -> None:
    clocked = await place.as_owner.agent(CLOCKED)
    assert (await summary(place, clocked["id"]))["starts"] == "every weekday at 08:30 in Europe/Berlin"
    at = datetime(2031, 5, 5, 6, 30, tzinfo=UTC)
    async with api.database.workspace(place.id) as connection:
        await connection.execute("update schedules set next_at = $1", at)
    assert datetime.fromisoformat((await summary(place, clocked["id"]))["next_run_at"]) == at
    await place.as_owner.ok("PATCH", f"/agents/{clocked['id']}", json={"paused": True})
    assert (await summary(place, clocked["id"]))["next_run_at"] is None
    hooked = await place.as_owner.agent(HOOKED)
    assert (await summary(place, hooked["id"]))["starts"] == "webhook /alerts or every Monday at 09:00 in Europe/Berlin"
    unseen = await place.as_owner.agent(CLOCKED, live=False)
    told = await summary(place, unseen["id"])
    assert (told["starts"], told["next_run_at"]) == ("every weekday at 08:30 in Europe/Berlin", None)


async def test_the_last_runs_and_the_draft(place: Place) -> None:
    agent, failing, sleeping = [await place.as_owner.agent(text) for text in (GREETER, FAILING, SLEEPER)]
    for number in range(LAST_RUNS + 2):
        ran = await place.as_owner.run(agent["id"], name=str(number))
    await place.as_owner.run(failing["id"])
    asleep = await place.as_owner.run(sleeping["id"], 202, wait=0.2)
    await place.as_owner.ok("PUT", f"/agents/{failing['id']}/draft", json={"markdown": "# X", "revision": 0})
    told = await summary(place, agent["id"])
    assert len(told["last_runs"]) == LAST_RUNS
    newest = told["last_runs"][0]
    assert (newest["id"], newest["status"]) == (ran["id"], "succeeded")
    assert newest["took_ms"] == pytest.approx(ran["took_ms"])
    times = [run["created_at"] for run in told["last_runs"]]
    assert times == sorted(times, reverse=True)
    told = await summary(place, failing["id"])
    assert [run["status"] for run in told["last_runs"]] == ["failed"]
    assert told["has_draft"] is True
    [run] = (await summary(place, sleeping["id"]))["last_runs"]
    assert (run["id"], run["took_ms"]) == (asleep["id"], None)


def _call(agent_id: str, at: datetime, cost: str | None) -> LlmCall:
    price = None if cost is None else Decimal(cost)
    return LlmCall(
        id=new_id(), at=at, provider="openai", model="m", status="succeeded", latency_ms=1, agent_id=UUID(agent_id),
        cost_usd=price,
    )  # fmt: skip


async def test_the_costs_are_those_of_this_month_and_of_today(api: Api, place: Place) -> None:
    agent, second = await place.as_owner.agent(), await place.as_owner.agent()
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    month = today.replace(day=1)
    calls = [
        _call(agent["id"], month, "0.25"),
        _call(agent["id"], datetime.now(UTC), "0.5"),
        _call(agent["id"], datetime.now(UTC), None),
        _call(agent["id"], month - timedelta(seconds=1), "4"),
        _call(second["id"], month, "8"),
    ]
    async with api.database.workspace(place.id) as connection:
        await llm_calls.record(connection, calls)
    told = await summary(place, agent["id"])
    assert (told["cost_month_usd"], told["cost_today_usd"]) == (0.75, 0.75 if today == month else 0.5)
    assert (await summary(place, second["id"]))["cost_month_usd"] == 8


async def test_what_an_agent_may_spend_in_a_day_is_that_of_its_live_version(place: Place) -> None:
    limited = GREETER.replace("agentspec: 1", "agentspec: 1\nlimits: {cost per day: 0.5 USD}")
    live, unseen = await place.as_owner.agent(limited), await place.as_owner.agent(limited, live=False)
    assert (await summary(place, live["id"]))["cost_per_day_usd"] == 0.5
    assert (await summary(place, unseen["id"]))["cost_per_day_usd"] is None


async def test_they_come_in_pages_and_from_one_workspace(place: Place, other: Place) -> None:
    made = [await place.as_owner.agent() for _ in range(5)]
    await other.as_owner.agent()
    pages = await paged(place, "/agents/summaries", "agents", "id", 2)
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [one for page in pages for one in page] == [one["id"] for one in reversed(made)]


async def test_many_agents_take_as_many_statements_as_one(api: Api, place: Place) -> None:
    from plainwork.db import agent_summaries

    ids = [UUID((await place.as_owner.agent())["id"]) for _ in range(6)]
    asked: list[Any] = []
    async with api.database.workspace(place.id) as connection:
        await agent_summaries.summaries(connection, ids, datetime.now(UTC))  # from now on both are prepared
        connection.add_query_logger(asked.append)
        counts = []
        for few in (ids[:1], ids):
            asked.clear()
            found = await agent_summaries.summaries(connection, few, datetime.now(UTC))
            await asyncio.sleep(0.01)  # the log is told from the loop
            counts.append(len(asked))
            assert set(found) == set(few)
        connection.remove_query_logger(asked.append)
    assert counts == [2, 2]


# ── Templates ────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_the_templates_are_the_examples(place: Place) -> None:
    listed = (await place.as_owner.ok("GET", "/templates", 200))["templates"]
    folder = Path(__file__).parents[2] / "examples" / "agents"
    assert {one["id"]: one["markdown"] for one in listed} == {p.stem: p.read_text() for p in folder.glob("*.md")}
    known = load()
    for one in listed:
        assert load_document(one["markdown"], known).is_valid
        assert set(one["kinds"]) <= set(known)
        assert len(one["kinds"]) == len(set(one["kinds"]))
        assert one["title"]
        assert one["about"]
        assert 20 < len(one["english"]) < 400
    assert {one["id"]: one["starts"] for one in listed}["alert-by-text"] == "webhook /alerts"


def test_an_installed_package_has_them_inside() -> None:
    """A wheel puts the examples beside the package's modules, and they are looked for there first."""
    import tomllib

    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    package = Path(templates.__file__).parents[1]
    assert package / Path(included["examples/agents"]).relative_to("plainwork") == templates.FOLDERS[0]


# ── Models ───────────────────────────────────────────────────────────────────────────────────────────────────────────
async def models(place: Place) -> Sequence[dict[str, Any]]:
    listed: Sequence[dict[str, Any]] = (await place.as_owner.ok("GET", "/models", 200))["models"]
    return listed


async def test_the_models_are_those_with_a_key(place: Place, other: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI", "GEMINI", "GOOGLE", "ANTHROPIC", "MISTRAL", "DEEPSEEK"):
        for kind in ("API_KEY", "BASE_URL"):
            monkeypatch.delenv(f"{name}_{kind}", raising=False)
    [local] = await models(place)
    assert (local["id"], local["local"]) == ("local:smollm2-135m", True)
    await place.as_owner.ok("PUT", "/secrets/anthropic", 200, json={"value": "sk-x", "hosts": ["api.anthropic.com"]})
    monkeypatch.setenv("MISTRAL_API_KEY", "operators")
    found = await models(place)
    assert [one["id"].partition(":")[0] for one in found] == ["anthropic", "mistral", "local"]
    assert [one["local"] for one in found] == [False, False, True]
    assert [one["id"].partition(":")[0] for one in await models(other)] == ["mistral", "local"]
    assert not [entry for entry in await place.audited() if "opened" in entry.action]
