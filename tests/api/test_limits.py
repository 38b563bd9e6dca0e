"""What a workspace may have under way and waiting: shown, changed, kept to. No worker runs here: claims are made by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from plainwork.db import queue
from plainwork.engine import backlog
from tests.api.support import API, GREETER, Api, Place, serving

LIMITED = GREETER.replace("inputs:\n  name: {type: text, about: Who is greeted}", "limits: {runs at once: 2}")
LIMITED = LIMITED.replace("Hello {{ inputs.name }}", "Hello")


@pytest.fixture(scope="module")
async def api(tmp_path_factory: pytest.TempPathFactory, module_database_url: str) -> AsyncIterator[Api]:
    async with serving(Path(tmp_path_factory.mktemp("api")), module_database_url, works=False) as api:
        yield api


async def start(place: Place, agent: dict[str, Any], times: int = 1, **body: Any) -> list[str]:
    path = f"/agents/{agent['id']}/runs"
    body = {"inputs": {} if "Limited" in agent["name"] else {"name": "Ada"}} | body
    return [(await place.as_owner.ok("POST", path, 202, json=body))["id"] for _ in range(times)]


async def claimed(api: Api, limit: int = 100) -> set[str]:
    return {str(one.run_id) for one in await queue.claim(api.database, limit, None, 60.0)}


async def test_limits_and_their_use_are_shown(api: Api, place: Place) -> None:
    limits = await place.as_owner.ok("GET", "/limits")
    assert limits == {"runs_at_once": None, "running": 0, "queued_at_most": 100_000, "queued": 0, "agents": []}
    agent = await place.as_owner.agent(LIMITED, "Limited")
    started = await start(place, agent, 3)
    assert len(await claimed(api)) == 2
    limits = await place.as_owner.ok("GET", "/limits")
    assert (limits["running"], limits["queued"]) == (2, 1)
    known = {key: limits["agents"][0][key] for key in ("agent_id", "runs_at_once", "running")}
    assert known == {"agent_id": agent["id"], "runs_at_once": 2, "running": 2}
    waiting = [(await place.as_owner.ok("GET", f"/runs/{run_id}"))["waiting"] for run_id in started]
    assert sorted(reason["kind"] for reasons in waiting for reason in reasons) == ["agent_limit"]


async def test_a_workspace_has_no_more_under_way_than_it_may(api: Api, place: Place) -> None:
    changed = await place.as_owner.ok("PATCH", "/limits", json={"runs_at_once": 3})
    assert (changed["runs_at_once"], changed["queued_at_most"]) == (3, 100_000)
    started = await start(place, await place.as_owner.agent(), 5)
    taken = await claimed(api)
    assert len(taken) == 3
    [left, _] = [run_id for run_id in started if run_id not in taken]
    [reason] = (await place.as_owner.ok("GET", f"/runs/{left}"))["waiting"]
    assert reason["kind"] == "workspace_limit"
    await place.as_owner.ok("PATCH", "/limits", json={"runs_at_once": None})
    assert len(await claimed(api)) == 2
    assert [entry.detail for entry in await place.audited() if entry.action == "limits.changed"] == [
        {"runs_at_once": 3},
        {"runs_at_once": None},
    ]


async def test_a_full_workspace_takes_no_more_until_there_is_room(
    api: Api, place: Place, other: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = await place.as_owner.agent()
    await place.as_owner.ok("PATCH", "/limits", json={"queued_at_most": 3})
    await start(place, agent, 3)
    refused = await place.as_owner.post(f"{API}/agents/{agent['id']}/runs", json={"inputs": {"name": "Ada"}})
    assert (refused.status_code, refused.json()["code"]) == (429, "LimitReached")
    assert "3 runs that wait for a worker, and may have 3" in refused.json()["detail"]
    assert int(refused.headers["retry-after"]) == 5
    await start(other, await other.as_owner.agent())
    assert len(await claimed(api)) == 4
    monkeypatch.setattr(backlog, "COUNT_AGAIN_S", 0.0)  # a second has passed
    await start(place, agent)


async def test_a_run_that_was_started_before_is_given_back_by_a_full_workspace(place: Place) -> None:
    agent = await place.as_owner.agent()
    await place.as_owner.ok("PATCH", "/limits", json={"queued_at_most": 1})
    how: dict[str, Any] = {"json": {"inputs": {"name": "Ada"}}, "headers": {"Idempotency-Key": "one"}}
    first = await place.as_owner.ok("POST", f"/agents/{agent['id']}/runs", 202, **how)
    again = await place.as_owner.ok("POST", f"/agents/{agent['id']}/runs", 202, **how)
    assert first["id"] == again["id"]


async def test_a_run_of_high_priority_goes_first(api: Api, place: Place) -> None:
    await claimed(api)
    agent = await place.as_owner.agent()
    [first] = await start(place, agent)
    [urgent] = await start(place, agent, priority="high")
    assert [*await claimed(api, 1), *await claimed(api, 1)] == [urgent, first]
    await place.as_owner.refused("POST", f"/agents/{agent['id']}/runs", 422, json={"priority": "highest"})


@pytest.mark.parametrize(
    "change", [{"runs_at_once": 0}, {"queued_at_most": -1}, {"runs_at_once": "x"}, {"runs": 1}, {"runs_at_once": 1e12}]
)
async def test_a_limit_that_cannot_be_is_refused(place: Place, change: dict[str, Any]) -> None:
    await place.as_owner.refused("PATCH", "/limits", 422, json=change)


async def test_another_workspace_sees_and_changes_only_its_own(place: Place, other: Place) -> None:
    await place.as_owner.ok("PATCH", "/limits", json={"runs_at_once": 7})
    await other.as_owner.ok("PATCH", "/limits", json={"queued_at_most": 8})
    mine, theirs = [await each.as_owner.ok("GET", "/limits") for each in (place, other)]
    assert (mine["runs_at_once"], mine["queued_at_most"]) == (7, 100_000)
    assert (theirs["runs_at_once"], theirs["queued_at_most"]) == (None, 8)
    await (await place.person("editor")).refused("PATCH", "/limits", 403, json={})
