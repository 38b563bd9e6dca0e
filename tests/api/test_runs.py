"""Starting, listing, looking at and cancelling runs."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from plainwork import db
from plainwork.db import runs
from tests.api.support import API, GREETER, SLEEPER, Api, Place, titled
from tests.api.test_agents import paged
from tests.engine.running import eventually

TYPED = """---
agentspec: 1
inputs:
  name: {type: text}
  times: {type: integer, default: 1}
  anything: {type: any, required: false, default: null}
---

# Typed

## Steps

### Say
```yaml step
uses: set
with: {name: "{{ inputs.name }}", times: "{{ inputs.times }}", anything: "{{ inputs.anything }}"}
```
"""
FAILING = """# Failing

## Steps

### Give up
```yaml step
uses: fail
with: {message: This was never going to work}
```
"""


async def ended(place: Place, run_id: str) -> dict[str, Any] | None:
    """The run, once it is over."""
    run: dict[str, Any] = await place.as_owner.ok("GET", f"/runs/{run_id}")
    return run if run["finished_at"] else None


# ── Starting ─────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_run_is_started_and_then_looked_at(place: Place) -> None:
    agent = await place.as_owner.agent()
    answer = await place.as_owner.post(f"{API}/agents/{agent['id']}/runs", json={"inputs": {"name": "Ada"}})
    assert answer.status_code == 202
    run = answer.json()
    assert answer.headers["location"] == f"{API}/runs/{run['id']}"
    assert "idempotent-replayed" not in answer.headers
    assert run["trigger"]["kind"] == "manual"
    assert run["trigger"]["by"].startswith("api_key:")
    run = await eventually(lambda: ended(place, run["id"]))
    assert (run["status"], run["output"], run["inputs"]) == ("succeeded", {"text": "Hello Ada"}, {"name": "Ada"})
    assert [(step["path"], step["status"], step["output"]) for step in run["journal"]] == [
        ("greet", "succeeded", {"text": "Hello Ada"})
    ]
    assert run["steps"] == 1
    assert "workspace_id" not in run


async def test_a_run_names_its_agent_and_version_and_how_long_it_took(place: Place) -> None:
    agent = await place.as_owner.agent(GREETER, "Named")
    run = await place.as_owner.run(agent["id"], name="Bo")
    assert run["agent"] == {"id": agent["id"], "name": "Named", "slug": "named"}
    assert run["version"] == 1
    began, ended = (datetime.fromisoformat(run[key]) for key in ("started_at", "finished_at"))
    assert run["took_ms"] == pytest.approx((ended - began).total_seconds() * 1000)
    await place.as_owner.ok("PATCH", f"/agents/{agent['id']}", json={"name": "Renamed"})
    [listed] = (await place.as_owner.ok("GET", "/runs"))["runs"]
    assert (listed["agent"]["name"], listed["took_ms"]) == ("Renamed", run["took_ms"])
    sleeping = await place.as_owner.agent(SLEEPER)
    assert (await place.as_owner.run(sleeping["id"], 202, wait=0.1))["took_ms"] is None
    await place.as_owner.ok("DELETE", f"/agents/{agent['id']}")
    assert (await place.as_owner.ok("GET", f"/runs/{run['id']}"))["agent"]["name"] == "Renamed"


async def test_the_list_is_filtered(api: Api, place: Place, other: Place) -> None:
    first, second, third = [await place.as_owner.agent() for _ in range(3)]
    foreign = await other.as_owner.run((await other.as_owner.agent())["id"], name="x")
    made = [await place.as_owner.run(one["id"], name="x") for one in (first, second, third, first)]
    async with api.database.workspace(place.id) as connection:
        clocked = made[2]["id"]
        await connection.execute("""update runs set trigger = '{"kind": "schedule"}' where id = $1""", UUID(clocked))

    async def listed(**params: Any) -> list[int]:
        found = (await place.as_owner.ok("GET", "/runs", params=params))["runs"]
        return [[run["id"] for run in made].index(run["id"]) for run in found]

    assert await listed() == [3, 2, 1, 0]
    assert await listed(agent=first["id"]) == [3, 0]
    assert await listed(agent=[first["id"], second["id"]]) == [3, 1, 0]
    assert await listed(agent=foreign["agent_id"]) == []
    assert await listed(trigger="schedule") == [2]
    assert await listed(trigger=["schedule", "manual"], limit=2) == [3, 2]
    assert await listed(status="failed") == []
    third_made = made[2]["created_at"]
    assert await listed(since=third_made) == [3, 2]
    assert await listed(until=third_made) == [1, 0]
    assert await listed(since=made[1]["created_at"], until=third_made, agent=second["id"]) == [1]
    assert await listed(since="2199-01-01T00:00:00Z") == []
    assert await listed(agent=first["id"], before=made[3]["id"]) == [0]
    for wrong in ({"agent": "x"}, {"trigger": "moon"}, {"since": "2026-01-01T00:00:00"}, {"until": "soon"}):
        await place.as_owner.refused("GET", "/runs", 422, params=wrong)
    for edge in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1969-12-31T00:00:00+14:00"):
        await place.as_owner.ok("GET", "/runs", 200, params={"since": edge, "until": edge})


async def test_waiting_gives_the_end(place: Place) -> None:
    agent = await place.as_owner.agent()
    run = await place.as_owner.run(agent["id"], name="Bo")
    assert (run["status"], run["output"]) == ("succeeded", {"text": "Hello Bo"})
    failing = await place.as_owner.agent(FAILING)
    failed = await place.as_owner.run(failing["id"])
    assert failed["status"] == "failed"
    assert failed["cause"] == "step_failed"
    assert "never going to work" in failed["failure"]["message"]


async def test_waiting_ends_with_the_time(place: Place) -> None:
    agent = await place.as_owner.agent(SLEEPER)
    began = time.monotonic()
    run = await place.as_owner.run(agent["id"], 202, wait=0.3)
    assert 0.25 < time.monotonic() - began < 10
    assert run["status"] in {"queued", "running", "waiting"}
    assert run["output"] is None
    assert (await place.as_owner.run(agent["id"], 202, wait=0))["status"] in {"queued", "running", "waiting"}


async def test_a_run_without_a_body_has_no_inputs(place: Place) -> None:
    agent = await place.as_owner.agent(FAILING)
    answer = await place.as_owner.post(f"{API}/agents/{agent['id']}/runs")
    assert (answer.status_code, answer.json()["inputs"]) == (202, {})
    assert (await place.as_owner.ok("POST", f"/agents/{agent['id']}/runs", 202, json=None))["inputs"] == {}


async def test_the_version_that_is_named_runs(place: Place) -> None:
    agent = await place.as_owner.agent()
    path = f"/agents/{agent['id']}"
    second = GREETER.replace("Hello", "Good day")
    await place.as_owner.ok("POST", f"{path}/versions", 201, json={"markdown": second})
    texts = []
    for named in ({}, {"version": 2}, {"version": 1}):
        body = {**named, "inputs": {"name": "you"}}
        run = await place.as_owner.ok("POST", f"{path}/runs", 200, params={"wait": 20}, json=body)
        texts.append(run["output"]["text"])
    assert texts == ["Hello you", "Good day you", "Hello you"]
    await place.as_owner.refused("POST", f"{path}/runs", 404, json={"version": 3, "inputs": {"name": "x"}})
    await place.as_owner.ok("PUT", f"{path}/live", json={"version": 2})
    assert (await place.as_owner.run(agent["id"], name="you"))["output"]["text"] == "Good day you"


async def test_the_same_key_gives_the_first_run(place: Place) -> None:
    agent, second = await place.as_owner.agent(), await place.as_owner.agent()

    async def send(key: str, agent_id: str = agent["id"], **inputs: Any) -> tuple[str, bool]:
        answer = await place.as_owner.post(
            f"{API}/agents/{agent_id}/runs", json={"inputs": inputs}, headers={"Idempotency-Key": key}
        )
        assert answer.status_code == 202, answer.text
        return answer.json()["id"], answer.headers.get("idempotent-replayed") == "true"

    first, replayed = await send("one", name="Ada")
    assert not replayed
    assert await send("one", name="Ada") == (first, True)
    assert await send("one", name="Somebody else") == (first, True)
    assert (await place.as_owner.ok("GET", f"/runs/{first}"))["inputs"] == {"name": "Ada"}
    for other in (await send("two", name="Ada"), await send("one", second["id"], name="Ada")):
        assert other[0] != first
        assert not other[1]
    at_once = await asyncio.gather(*(send("many", name="Ada") for _ in range(8)))
    assert len({run for run, _ in at_once}) == 1
    assert sorted(replayed for _, replayed in at_once) == [False] + [True] * 7
    for wrong in ("", "x" * 201):
        path = f"/agents/{agent['id']}/runs"
        await place.as_owner.refused("POST", path, 422, json={}, headers={"Idempotency-Key": wrong})


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({}, "name"),
        ({"name": "x", "tims": 3}, "times"),
        ({"name": "x", "times": "many"}, "times"),
        ({"name": "x", "times": 1.5}, "times"),
        ({"name": ["x"]}, "name"),
    ],
)
async def test_inputs_that_do_not_fit_start_nothing(place: Place, inputs: dict[str, Any], said: str) -> None:
    agent = await place.as_owner.agent(TYPED)
    refused = await place.as_owner.refused("POST", f"/agents/{agent['id']}/runs", 422, json={"inputs": inputs})
    assert said in refused["detail"] + refused.get("next_step", "") + str(refused["findings"])
    assert (await place.as_owner.ok("GET", "/runs"))["runs"] == []


async def test_odd_inputs_come_back_as_they_were(place: Place) -> None:
    agent = await place.as_owner.agent(TYPED)
    deep: Any = "bottom"
    for _ in range(90):
        deep = [deep]
    odd = [10**30, -(10**19), 1e308, 5e-324, "😀", "\u2028", "", {"": None}, {"a.b": {"ü": []}}, deep]
    run = await place.as_owner.run(agent["id"], name="𝔘nicode\t\n", anything=odd)
    assert run["status"] == "succeeded"
    assert run["output"]["anything"] == odd
    assert run["inputs"]["anything"] == odd
    assert run["output"]["name"] == "𝔘nicode\t\n"
    huge = await place.as_owner.run(agent["id"], name="x", times=10**400)
    assert huge["output"]["times"] == 10**400


@pytest.mark.parametrize(
    "body",
    [[], "x", 3, {"inputs": []}, {"inputs": None}, {"version": 0}, {"version": 2**31}, {"version": "x"}, {"input": {}}],
)
async def test_a_body_that_is_no_start_is_refused(place: Place, body: Any) -> None:
    agent = await place.as_owner.agent()
    refused = await place.as_owner.refused("POST", f"/agents/{agent['id']}/runs", 422, json=body)
    assert refused["findings"][0]["field"].startswith("body")


@pytest.mark.parametrize("wait", ["-1", "121", "x", "nan", "inf", ""])
async def test_a_wait_that_cannot_be_is_refused(place: Place, wait: str) -> None:
    agent = await place.as_owner.agent()
    await place.as_owner.refused("POST", f"/agents/{agent['id']}/runs", 422, params={"wait": wait}, json={})


async def test_the_days_runs_are_counted(place: Place) -> None:
    limited = SLEEPER.replace("# Sleeper", "---\nagentspec: 1\nlimits: {runs_per_day: 2}\n---\n\n# Sleeper")
    agent = await place.as_owner.agent(limited)
    path = f"/agents/{agent['id']}/runs"
    for _ in range(2):
        await place.as_owner.ok("POST", path, 202)
    refused = await place.as_owner.post(API + path)
    assert (refused.status_code, refused.json()["code"]) == (429, "LimitReached")
    assert 0 < int(refused.headers["retry-after"]) <= 86_400, "until midnight (UTC)"


# ── Lists ────────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_runs_are_listed_newest_first_and_paged(place: Place) -> None:
    first, second = await place.as_owner.agent(), await place.as_owner.agent(FAILING)
    mine = [(await place.as_owner.run(first["id"], name=str(n)))["id"] for n in range(3)]
    failed = [(await place.as_owner.run(second["id"]))["id"] for n in range(2)]
    newest = list(reversed(mine + failed))
    assert await paged(place, "/runs", "runs", "id", 2) == [newest[0:2], newest[2:4], newest[4:]]
    assert await paged(place, f"/agents/{first['id']}/runs", "runs", "id", 3) == [list(reversed(mine))]

    async def listed(**params: Any) -> list[str]:
        return [run["id"] for run in (await place.as_owner.ok("GET", "/runs", params=params))["runs"]]

    assert await listed(status="failed") == list(reversed(failed))
    assert await listed(status=["failed", "succeeded"]) == newest
    assert await listed(status="waiting") == []
    assert await listed(before=newest[3]) == newest[4:]
    listing = (await place.as_owner.ok("GET", "/runs"))["runs"]
    assert {run["output"] for run in listing} == {None}
    for wrong in ({"status": "odd"}, {"before": "x"}, {"limit": 0}, {"status": ["failed", "'"]}):
        await place.as_owner.refused("GET", "/runs", 422, params=wrong)
    await place.as_owner.refused("GET", f"/agents/{db.new_id()}/runs", 404)


async def test_steps_are_paged_by_seq(place: Place) -> None:
    many = """# Many

## Steps

### Each
```yaml step
uses: foreach
with: {items: [1, 2, 3]}
```

#### Keep
```yaml step
uses: set
with: {n: "{{ item }}"}
```
"""
    agent = await place.as_owner.agent(many)
    run = await place.as_owner.run(agent["id"])
    path = f"/runs/{run['id']}/steps"
    whole = (await place.as_owner.ok("GET", path))["steps"]
    assert len(whole) == run["steps"] >= 4
    assert [step["seq"] for step in whole] == sorted(step["seq"] for step in whole)
    found: list[Any] = []
    after: int | None = 0
    while after is not None:
        page = await place.as_owner.ok("GET", path, params={"after": after, "limit": 2})
        found += page["steps"]
        after = page["next"]
    assert found == whole
    assert (await place.as_owner.ok("GET", path, params={"after": 2**31 - 1}))["steps"] == []
    for wrong in ({"after": -1}, {"after": 2**31}, {"limit": 0}, {"limit": 1001}, {"after": "9" * 40}):
        await place.as_owner.refused("GET", path, 422, params=wrong)


async def test_large_and_deep_outputs_are_shown_whole(api: Api, place: Place) -> None:
    """What a step gave may nest deeper than what people may send, and be kept as a blob."""
    agent = await place.as_owner.agent(TYPED)
    run = await place.as_owner.run(agent["id"], name="x" * 400_000)
    assert len(run["output"]["name"]) == 400_000
    shown = await place.as_owner.ok("GET", f"/runs/{run['id']}")
    assert shown["journal"][0]["output"] == run["output"]
    deep: Any = 1
    for _ in range(400):
        deep = [deep]
    async with api.database.workspace(place.id) as connection:
        await connection.execute("update runs set output = $2, output_blob = null where id = $1", run["id"], deep)
    assert (await place.as_owner.ok("GET", f"/runs/{run['id']}"))["output"] == deep


async def test_runs_that_nobody_has(place: Place) -> None:
    nothing = db.new_id()
    for method, rest in (("GET", ""), ("GET", "/steps"), ("GET", "/events"), ("POST", "/cancel")):
        refused = await place.as_owner.refused(method, f"/runs/{nothing}{rest}", 404)
        assert refused["code"] == "NotFound"
        await place.as_owner.refused(method, f"/runs/nonsense{rest}", 422)


# ── Cancelling ───────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_cancelling_is_final(api: Api, place: Place) -> None:
    agent = await place.as_owner.agent(SLEEPER)
    run = await place.as_owner.run(agent["id"], 202, wait=0.2)
    cancelled = await place.as_owner.ok("POST", f"/runs/{run['id']}/cancel", 200)
    assert cancelled["status"] == "cancelled"
    assert cancelled["finished_at"]
    assert cancelled["wake_at"] is None
    refused = await place.as_owner.refused("POST", f"/runs/{run['id']}/cancel", 409)
    assert "cancelled" in refused["detail"]
    await asyncio.sleep(0.1)
    assert (await place.as_owner.ok("GET", f"/runs/{run['id']}"))["status"] == "cancelled"
    last = (await place.audited())[-1]
    assert (last.action, last.target_kind, last.target_id) == ("run.cancelled", "run", run["id"])
    done = await place.as_owner.run((await place.as_owner.agent())["id"], name="x")
    refused = await place.as_owner.refused("POST", f"/runs/{done['id']}/cancel", 409)
    assert "succeeded" in refused["detail"]
    assert len([entry for entry in await place.audited() if entry.action == "run.cancelled"]) == 1


async def test_of_many_who_cancel_one_does(place: Place) -> None:
    agent = await place.as_owner.agent(SLEEPER)
    run = await place.as_owner.run(agent["id"], 202, wait=0.2)
    answers = await asyncio.gather(*(place.as_owner.post(f"{API}/runs/{run['id']}/cancel") for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 5


async def test_a_cancelled_run_answers_whoever_waits(place: Place) -> None:
    agent = await place.as_owner.agent(SLEEPER)
    waiting = asyncio.create_task(place.as_owner.run(agent["id"], wait=60))

    async def started() -> Any:
        return (await place.as_owner.ok("GET", "/runs"))["runs"]

    found = await eventually(started)
    await place.as_owner.ok("POST", f"/runs/{found[0]['id']}/cancel", 200)
    assert (await asyncio.wait_for(waiting, 10))["status"] == "cancelled"


async def test_a_run_of_an_older_version_keeps_it(api: Api, place: Place) -> None:
    agent = await place.as_owner.agent(SLEEPER)
    run = await place.as_owner.run(agent["id"], 202, wait=0.1)
    newer = {"markdown": titled("Newer", SLEEPER)}
    await place.as_owner.ok("POST", f"/agents/{agent['id']}/versions", 201, json=newer)
    await place.as_owner.ok("PUT", f"/agents/{agent['id']}/live", json={"version": 2})
    shown = await place.as_owner.ok("GET", f"/runs/{run['id']}")
    assert shown["version_id"] == agent["version"]["id"]
    async with api.database.workspace(place.id) as connection:
        assert await runs.cancel(connection, shown["id"]) == "cancelled"
