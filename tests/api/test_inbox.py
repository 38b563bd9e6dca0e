"""The inbox over HTTP: what is in it, and what a person decides."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

import pytest

from plainwork import db
from plainwork.db import replays
from tests.api.support import GREETER, Api, Place
from tests.api.test_replays import TWO
from tests.api.test_runs import FAILING, ended
from tests.engine.running import eventually

ONCE = """# Once

## Steps

### Send it
```yaml step
uses: http
effect: once
with: {url: "https://example.org/{{ 1 + 1 }}", method: POST, json: {to: "you"}}
```
"""


async def inbox(place: Place, **params: Any) -> dict[str, Any]:
    found: dict[str, Any] = await place.as_owner.ok("GET", "/inbox", params=params)
    return found


async def failed(place: Place, document: str = FAILING) -> dict[str, Any]:
    """A run of a new agent, which failed."""
    return await place.as_owner.run((await place.as_owner.agent(document))["id"])


async def uncertain(api: Api, place: Place, document: str = ONCE) -> dict[str, Any]:
    """A run that asks what became of its act, as a worker leaves it that finds an intent without a result."""
    agent = await place.as_owner.agent(document)
    async with api.database.workspace(place.id) as connection:
        await connection.execute(
            """insert into runs (workspace_id, id, agent_id, version_id, status, cause, ask, started_at, steps)
               values ($1, $2, $3, $4, 'waiting', 'effect_uncertain', 'send-it', now(), 1)""",
            *(place.id, run_id := db.new_id(), UUID(agent["id"]), UUID(agent["live_version_id"])),
        )
        await connection.execute(
            "insert into queue (workspace_id, run_id, due_at, epoch) values ($1, $2, 'infinity', 2)", place.id, run_id
        )
    return {"id": str(run_id), "agent_id": agent["id"]}


async def decided(place: Place, run_id: str, action: str, status: int = 200, **more: Any) -> dict[str, Any]:
    body = {"action": action, **more}
    found: dict[str, Any] = await place.as_owner.ok("POST", f"/inbox/{run_id}", status, json=body)
    return found


# ── Looking ──────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_it_lists_what_needs_a_person(api: Api, place: Place) -> None:
    assert await inbox(place) == {"runs": [], "counts": {}, "next": None}
    fine = await place.as_owner.run((await place.as_owner.agent())["id"], name="x")
    first, asked, second = await failed(place), await uncertain(api, place), await failed(place, TWO)
    found = await inbox(place)
    assert [run["id"] for run in found["runs"]] == [second["id"], asked["id"], first["id"]]
    assert fine["id"] not in str(found)
    assert found["counts"] == {"effect_uncertain": 1, "step_failed": 2}
    newest, question, oldest = found["runs"]
    assert newest["step"] == {"path": "give-up", "node": "give-up", "name": "Give up", "kind": "fail"}
    assert (newest["cause"], newest["intent"]) == ("step_failed", None)
    assert newest["actions"] == ["retry", "skip", "answer", "discard"]
    assert question["step"] == {"path": "send-it", "node": "send-it", "name": "Send it", "kind": "http"}
    assert question["actions"] == ["repeat", "skip", "answer", "discard"]
    assert oldest["failure"]["message"] == "This was never going to work"
    assert (await inbox(place, cause="effect_uncertain"))["runs"] == [question]
    assert [run["id"] for run in (await inbox(place, agent=first["agent_id"]))["runs"]] == [first["id"]]
    assert (await inbox(place, agent=first["agent_id"]))["counts"] == {"step_failed": 1}
    assert (await inbox(place, cause="timed_out"))["runs"] == []
    assert (await inbox(place, cause="timed_out"))["counts"] == found["counts"]
    for wrong in ({"cause": "boredom"}, {"agent": "x"}, {"before": "x"}, {"limit": 201}):
        await place.as_owner.refused("GET", "/inbox", 422, params=wrong)


async def test_it_is_paged(place: Place) -> None:
    agent = await place.as_owner.agent(FAILING)
    made = [(await place.as_owner.run(agent["id"]))["id"] for _ in range(5)]
    seen, before = [], None
    for _ in range(3):
        page = await inbox(place, limit=2, **({"before": before} if before else {}))
        assert page["counts"] == {"step_failed": 5}
        seen += [run["id"] for run in page["runs"]]
        before = page["next"]
    assert (seen, before) == (made[::-1], None)


async def test_one_is_shown_with_the_exact_effect(api: Api, place: Place) -> None:
    asked = await uncertain(api, place)
    item = await place.as_owner.ok("GET", f"/inbox/{asked['id']}")
    assert (item["input"]["url"], item["input"]["json"]) == ("https://example.org/2", {"to": "you"})
    assert (item["input_missing"], item["step"]["path"]) == (None, "send-it")
    broken = await failed(place)
    item = await place.as_owner.ok("GET", f"/inbox/{broken['id']}")
    assert (item["input"], item["step"]["kind"]) == ({"message": "This was never going to work"}, "fail")
    await decided(place, broken["id"], "discard", reason="Never mind")
    await place.as_owner.refused("GET", f"/inbox/{broken['id']}", 404)
    fine = await place.as_owner.run((await place.as_owner.agent())["id"], name="x")
    await place.as_owner.refused("GET", f"/inbox/{fine['id']}", 404)


# ── Deciding ─────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("body", "did", "output"),
    [
        ({"action": "retry", "outputs": {"give-up": 1}}, "retried", {"n": 42, "got": 1}),
        ({"action": "skip"}, "skipped", {"n": 42, "got": None}),
        ({"action": "answer", "output": [1, {"two": None}]}, "answered", {"n": 42, "got": [1, {"two": None}]}),
        ({"action": "answer", "output": None}, "answered", {"n": 42, "got": None}),
    ],
)
async def test_a_failed_run_goes_on(place: Place, body: Any, did: str, output: Any) -> None:
    origin = await failed(place, TWO)
    done = await decided(place, origin["id"], **body)
    assert (done["run_id"], done["did"]) == (origin["id"], did)
    run = await eventually(lambda: ended(place, done["next_run_id"]))
    assert (run["status"], run["output"], run["origin_run_id"]) == ("succeeded", output, origin["id"])
    assert (await inbox(place))["runs"] == []
    problem = await place.as_owner.refused("POST", f"/inbox/{origin['id']}", 409, json=body)
    assert did in problem["detail"]
    assert [entry.action for entry in await place.audited()][-1] == f"run.{did}"


@pytest.mark.parametrize(
    ("body", "did"), [({"action": "skip"}, "skipped"), ({"action": "answer", "output": {"status": 200}}, "answered")]
)
async def test_a_question_is_answered(api: Api, place: Place, body: Any, did: str) -> None:
    asked = await uncertain(api, place)
    refused = await place.as_owner.refused("POST", f"/inbox/{asked['id']}", 409, json={"action": "retry"})
    assert "send-it" in refused["detail"]
    done = await decided(place, asked["id"], **body)
    assert done == {"run_id": asked["id"], "did": did, "next_run_id": asked["id"]}
    run = await eventually(lambda: ended(place, asked["id"]))
    assert (run["status"], run["cause"]) == ("succeeded", None)
    assert [(row["path"], row["source"]) for row in run["journal"]] == [("send-it", "given")]
    entry = (await place.audited())[-1]
    assert (entry.action, entry.detail) == (f"step.{did}", {"step": "send-it", "attempt": 1})


async def test_a_question_is_let_go(api: Api, place: Place) -> None:
    asked = await uncertain(api, place)
    done = await decided(place, asked["id"], "discard", reason="By hand")
    assert done == {"run_id": asked["id"], "did": "discarded", "next_run_id": None}
    assert (await place.as_owner.ok("GET", f"/runs/{asked['id']}"))["status"] == "cancelled"
    assert (await place.audited())[-1].detail == {"reason": "By hand", "step": "send-it"}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"action": "forget"},
        {"action": "discard"},
        {"action": "discard", "reason": ""},
        {"action": "answer"},
        {"action": "skip", "reason": "x"},
        {"action": "repeat", "version": "live"},
        {"action": "retry", "from": ""},
    ],
)
async def test_a_decision_that_means_nothing_is_refused(place: Place, body: Any) -> None:
    origin = await failed(place)
    await place.as_owner.refused("POST", f"/inbox/{origin['id']}", 422, json=body)
    assert len((await inbox(place))["runs"]) == 1


async def test_what_is_not_in_the_inbox_is_not_decided(place: Place, other: Place) -> None:
    fine = await place.as_owner.run((await place.as_owner.agent())["id"], name="x")
    await place.as_owner.refused("POST", f"/inbox/{fine['id']}", 409, json={"action": "retry"})
    await place.as_owner.refused("POST", f"/inbox/{db.new_id()}", 404, json={"action": "retry"})
    foreign = await failed(other)
    await place.as_owner.refused("POST", f"/inbox/{foreign['id']}", 404, json={"action": "retry"})
    many = await place.as_owner.ok(
        "POST", "/inbox/bulk", json={"ids": [foreign["id"]], "decision": {"action": "discard", "reason": "x"}}
    )
    assert many["results"][0]["problem"]["code"] == "NotFound"
    assert len((await inbox(other))["runs"]) == 1


# ── Many at once ─────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_many_are_decided_each_by_itself(api: Api, place: Place) -> None:
    one, two, asked = await failed(place, TWO), await failed(place, TWO), await uncertain(api, place)
    gone = str(db.new_id())
    ids = [one["id"], two["id"], one["id"], asked["id"], gone]
    done = await place.as_owner.ok("POST", "/inbox/bulk", json={"ids": ids, "decision": {"action": "retry"}})
    assert done["more"] is False
    first, second, third, fourth = done["results"]
    assert [result["run_id"] for result in done["results"]] == [one["id"], two["id"], asked["id"], gone]
    for result in (first, second):
        assert (result["did"], result["problem"]) == ("retried", None)
        run = await eventually(partial(ended, place, result["next_run_id"]))
        assert run["origin_run_id"] == result["run_id"]
    assert (third["did"], third["next_run_id"], third["problem"]["code"]) == (None, None, "Conflict")
    assert (fourth["did"], fourth["problem"]["code"], fourth["problem"]["status"]) == (None, "NotFound", 404)
    assert [entry.action for entry in await place.audited()].count("run.retried") == 2


async def crashed(api: Api, place: Place) -> str:
    """A run whose workers were lost, all in the middle of its keyed step."""
    asked = await uncertain(api, place, ONCE.replace("effect: once", "effect: keyed"))
    run_id = UUID(asked["id"])
    async with api.database.workspace(place.id) as connection:
        await replays.note_decision(connection, place.id, run_id, "send-it", 1, "started")
        await connection.execute("delete from queue where run_id = $1", run_id)
        await connection.execute(
            "update runs set status = 'failed', cause = 'crash_loop', finished_at = now() where id = $1", run_id
        )
    return str(run_id)


async def test_a_doubt_about_one_keeps_no_other_from_its_retry(api: Api, place: Place) -> None:
    doubtful, clear = await crashed(api, place), (await failed(place, TWO))["id"]
    body: dict[str, Any] = {"filter": {}, "decision": {"action": "retry"}}
    results = (await place.as_owner.ok("POST", "/inbox/bulk", json=body))["results"]
    assert {one["run_id"]: one["did"] for one in results} == {doubtful: None, clear: "retried"}
    [problem] = [one["problem"] for one in results if one["problem"]]
    assert problem["status"] == 409
    assert "retry with `from`: send-it" in problem["next_step"]
    # Whoever has looked says so, of all that stopped there.
    body = {"ids": [doubtful], "decision": {"action": "retry", "from": "send-it"}}
    [again] = (await place.as_owner.ok("POST", "/inbox/bulk", json=body))["results"]
    assert (again["run_id"], again["did"]) == (doubtful, "retried")


async def test_a_filter_chooses(api: Api, place: Place) -> None:
    agent = await place.as_owner.agent(FAILING)
    for _ in range(3):
        await place.as_owner.run(agent["id"])
    kept, asked = await failed(place), await uncertain(api, place)
    decision = {"action": "discard", "reason": "Tidying up"}
    body = {"filter": {"agents": [agent["id"]], "causes": ["step_failed"]}, "decision": decision}
    done = await place.as_owner.ok("POST", "/inbox/bulk", json=body)
    assert [result["did"] for result in done["results"]] == ["discarded"] * 3
    assert [run["id"] for run in (await inbox(place))["runs"]] == [asked["id"], kept["id"]]
    done = await place.as_owner.ok("POST", "/inbox/bulk", json={"filter": {}, "decision": decision})
    assert len(done["results"]) == 2
    assert (await inbox(place))["counts"] == {}


async def test_a_filter_takes_two_hundred_and_says_that_there_are_more(api: Api, place: Place) -> None:
    agent = await place.as_owner.agent(GREETER)
    async with api.database.workspace(place.id) as connection:
        await connection.execute(
            """insert into runs (workspace_id, id, agent_id, version_id, status, cause)
               select $1, uuid, $2, $3, 'failed', 'crash_loop' from unnest($4::uuid[]) uuid""",
            *(place.id, UUID(agent["id"]), UUID(agent["live_version_id"]), [db.new_id() for _ in range(203)]),
        )
    body = {"filter": {}, "decision": {"action": "discard", "reason": "x"}}
    sizes = []
    for _ in range(2):
        done = await place.as_owner.ok("POST", "/inbox/bulk", json=body)
        sizes.append((len(done["results"]), done["more"]))
    assert sizes == [(200, True), (3, False)]
    assert len([one for one in await place.audited() if one.action == "run.discarded"]) == 203


@pytest.mark.parametrize(
    "body",
    [
        {"decision": {"action": "retry"}},
        {"ids": [], "decision": {"action": "retry"}},
        {"ids": [str(db.new_id())], "filter": {}, "decision": {"action": "retry"}},
        {"ids": [str(db.new_id()) for _ in range(201)], "decision": {"action": "retry"}},
        {"filter": {"causes": ["boredom"]}, "decision": {"action": "retry"}},
        {"filter": {"cause": []}, "decision": {"action": "retry"}},
        {"filter": {}},
        {"filter": {}, "action": "retry"},
    ],
)
async def test_a_choice_that_means_nothing_is_refused(place: Place, body: Any) -> None:
    await place.as_owner.refused("POST", "/inbox/bulk", 422, json=body)
