"""Taking runs again over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.support import API, GREETER, SLEEPER, Place
from tests.api.test_runs import FAILING, ended
from tests.engine.running import eventually

TWO = """# Two steps

## Steps

### Make it
```yaml step
uses: set
with: {n: "{{ 40 + 2 }}"}
```

### Give up
```yaml step
uses: fail
with: {message: Not today}
```

### Show it
```yaml step
uses: set
with: {n: "{{ make-it.n }}", got: "{{ give-up }}"}
```
""".replace("make-it", "make_it").replace("give-up", "give_up")


async def sent(place: Place, path: str, body: Any = None, **headers: str) -> dict[str, Any]:
    """The run that was started, once it is over."""
    answer = await place.as_owner.post(f"{API}{path}", json=body, headers=headers)
    assert answer.status_code == 202, answer.text
    made = answer.json()
    assert answer.headers["location"] == f"{API}/runs/{made['id']}"
    run: dict[str, Any] = await eventually(lambda: ended(place, made["id"]))
    return run


async def test_a_failed_run_goes_on_from_the_step_that_failed(place: Place) -> None:
    agent = await place.as_owner.agent(TWO)
    failed = await place.as_owner.run(agent["id"])
    assert (failed["origin_run_id"], failed["resolution"]) == (None, None)
    run = await sent(place, f"/runs/{failed['id']}/retry", {"outputs": {"give-up": {"by": "hand"}}})
    assert (run["status"], run["output"]) == ("succeeded", {"n": 42, "got": {"by": "hand"}})
    assert (run["origin_run_id"], run["origin_step"]) == (failed["id"], "give-up")
    assert [(row["path"], row["source"]) for row in run["journal"]] == [
        *(("make-it", "carried"), ("give-up", "given"), ("show-it", "taken"))
    ]
    step = await place.as_owner.ok("GET", f"/runs/{run['id']}/steps/show-it")
    assert step["input"] == run["output"]
    assert [row["source"] for row in step["attempts"]] == ["taken"]
    whole = await sent(place, f"/runs/{failed['id']}/retry", {"from": "make-it"})
    assert [row["source"] for row in whole["journal"] if row["attempt"]] == ["taken"] * 2
    plain = await sent(place, f"/runs/{failed['id']}/retry")
    assert (plain["status"], plain["origin_step"]) == ("failed", "give-up")
    [listed, *_] = others = (await place.as_owner.ok("GET", "/runs", params={"origin": failed["id"]}))["runs"]
    assert [one["id"] for one in others] == [plain["id"], whole["id"], run["id"]]
    assert listed["origin_step"] == "give-up"
    assert (await place.as_owner.ok("GET", f"/runs/{failed['id']}"))["resolution"] == "retried"
    entries = [entry for entry in await place.audited() if entry.action == "run.retried"]
    assert [entry.target_id for entry in entries] == [failed["id"]] * 3
    assert entries[0].detail == {"new_run": run["id"], "version": 1, "step": "give-up", "given": ["give-up"]}


async def test_its_events_say_what_was_carried_over(place: Place) -> None:
    agent = await place.as_owner.agent(TWO)
    failed = await place.as_owner.run(agent["id"])
    run = await sent(place, f"/runs/{failed['id']}/retry")
    answer = await place.as_owner.get(f"{API}/runs/{run['id']}/events")
    carried = [line for line in answer.text.splitlines() if '"source":"carried"' in line]
    assert len(carried) == 1
    assert '"path":"make-it"' in carried[0]


async def test_a_retry_of_another_version(place: Place) -> None:
    agent = await place.as_owner.agent(TWO)
    failed = await place.as_owner.run(agent["id"])
    versions, retry = f"/agents/{agent['id']}/versions", f"/runs/{failed['id']}/retry"
    mended = TWO.replace("uses: fail\nwith: {message: Not today}", "uses: set\nwith: {fine: yes}")
    await place.as_owner.ok("POST", versions, 201, json={"markdown": mended})
    run = await sent(place, retry, {"version": 2})
    assert (run["version"], run["output"]["n"], run["status"]) == (2, 42, "succeeded")
    assert (await sent(place, retry, {"version": "live"}))["version"] == 1
    await place.as_owner.ok("POST", versions, 201, json={"markdown": mended.replace("40", "41")})
    problem = await place.as_owner.refused("POST", retry, 409, json={"version": 3})
    assert "make-it" in problem["detail"]
    assert problem["next_step"]
    assert (await sent(place, retry, {"version": 3, "from": "make-it"}))["output"]["n"] == 43
    await place.as_owner.refused("POST", retry, 404, json={"version": 9})


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"from": "nothing"}, 422),
        ({"from": "show-it"}, 409),
        ({"from": ""}, 422),
        ({"from_": "make-it", "form": "x"}, 422),
        ({"outputs": {"nothing": 1}}, 422),
        ({"outputs": {"": 1}}, 422),
        ({"outputs": {str(n): n for n in range(101)}}, 422),
        ({"version": "newest"}, 422),
        ({"version": 0}, 422),
        ({"version": True}, 422),
        ([], 422),
    ],
)
async def test_what_cannot_be_is_refused(place: Place, body: Any, status: int) -> None:
    agent = await place.as_owner.agent(TWO)
    failed = await place.as_owner.run(agent["id"])
    problem = await place.as_owner.refused("POST", f"/runs/{failed['id']}/retry", status, json=body)
    assert problem["next_step"]
    assert len((await place.as_owner.ok("GET", "/runs"))["runs"]) == 1
    assert (await place.as_owner.ok("GET", f"/runs/{failed['id']}"))["resolution"] is None


async def test_a_run_that_is_still_going_is_left_alone(place: Place) -> None:
    agent = await place.as_owner.agent(SLEEPER)
    run = await place.as_owner.run(agent["id"], 202, wait=0.2)
    problem = await place.as_owner.refused("POST", f"/runs/{run['id']}/retry", 409, json={})
    assert "still going" in problem["detail"]
    await place.as_owner.ok("POST", f"/runs/{run['id']}/cancel")
    again = await place.as_owner.ok("POST", f"/runs/{run['id']}/retry", 202, json={})
    await place.as_owner.ok("POST", f"/runs/{again['id']}/cancel")


async def test_a_run_of_an_agent_out_of_use_is_not_retried(place: Place) -> None:
    agent = await place.as_owner.agent(FAILING)
    failed = await place.as_owner.run(agent["id"])
    await place.as_owner.ok("DELETE", f"/agents/{agent['id']}")
    for how in ("retry", "replay"):
        await place.as_owner.refused("POST", f"/runs/{failed['id']}/{how}", 404, json={})


async def test_the_same_key_gives_the_first_again(place: Place) -> None:
    agent = await place.as_owner.agent(FAILING)
    key = {"Idempotency-Key": "the same for all"}
    failed = await place.as_owner.ok("POST", f"/agents/{agent['id']}/runs", 200, params={"wait": 20}, headers=key)
    for how in ("retry", "replay"):
        path = f"{API}/runs/{failed['id']}/{how}"
        answers = [await place.as_owner.post(path, json={}, headers=key) for _ in range(2)]
        assert len({answer.json()["id"] for answer in answers}) == 1
        assert [answer.headers.get("idempotent-replayed") for answer in answers] == [None, "true"]
    assert len((await place.as_owner.ok("GET", "/runs"))["runs"]) == 3


async def test_a_replay_runs_the_recorded_inputs_from_the_start(place: Place) -> None:
    agent = await place.as_owner.agent()
    first = await place.as_owner.run(agent["id"], name="Ada")
    path = f"/runs/{first['id']}/replay"
    run = await sent(place, path)
    assert (run["output"], run["inputs"], run["origin_run_id"], run["origin_step"]) == (
        *({"text": "Hello Ada"}, {"name": "Ada"}),
        *(first["id"], None),
    )
    assert run["trigger"] == first["trigger"]
    assert [row["source"] for row in run["journal"]] == ["taken"]
    await place.as_owner.ok(
        "POST", f"/agents/{agent['id']}/versions", 201, json={"markdown": GREETER.replace("Hello", "Good day")}
    )
    assert (await sent(place, path, {"version": 2}))["output"] == {"text": "Good day Ada"}
    assert (await sent(place, path, {"inputs": {"name": "Bo"}}))["output"] == {"text": "Hello Bo"}
    await place.as_owner.refused("POST", path, 422, json={"inputs": {"nome": "Bo"}})
    assert [entry.action for entry in await place.audited()].count("run.replayed") == 3
