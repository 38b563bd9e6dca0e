"""What the people of an agent see of its triggers, and do about them."""

from __future__ import annotations

import asyncio

import pytest

from tests.api.sending import DOUBLER, Sender, doubler, refused, sending, step
from tests.api.support import Place
from tests.engine.running import eventually


@pytest.fixture
async def sender(place: Place) -> Sender:
    """Of an agent with every sort of webhook."""
    return Sender(place, await doubler(place))


async def test_triggers_are_listed_with_their_addresses(sender: Sender) -> None:
    found = await sender.triggers()
    assert [one["about"] for one in found] == [
        f"webhook /{path}" for path in ("double", "later", "ask", "mapped", "signed", "watch")
    ]
    assert all(one["is_on"] for one in found)
    assert found[0]["url"] == f"http://plainwork.test{await sender.address()}/double"
    viewer = await sender.place.program("agents:read")
    hidden = await viewer.ok("GET", f"/agents/{sender.agent['id']}/triggers")
    assert {one["url"] for one in hidden["triggers"]} == {None}


async def test_a_paused_trigger_starts_nothing_and_stays_paused(sender: Sender) -> None:
    owner, path = sender.place.as_owner, f"/agents/{sender.agent['id']}"
    paused = await owner.ok("PATCH", f"{path}/triggers/trigger-1", json={"paused": True})
    assert (paused["is_on"], paused["paused_at"] is None) == (False, False)
    assert "paused" in refused(await sender.post("/double", json={"n": 1}), 503)["detail"]
    assert (await sender.post("/later", json={"n": 1})).status_code == 202
    version = await owner.ok("POST", f"{path}/versions", json={"markdown": DOUBLER.replace("n * 2", "n * 3")})
    await owner.ok("PUT", f"{path}/live", json={"version": version["number"]})
    refused(await sender.post("/double", json={"n": 1}), 503)
    await owner.ok("PATCH", f"{path}/triggers/trigger-1", json={"paused": False})
    assert (await sender.post("/double", json={"n": 1})).json()["n"] == 3
    assert [one.action for one in await sender.place.audited() if one.action.startswith("trigger.")] == [
        "trigger.paused",
        "trigger.resumed",
    ]


async def test_another_process_pauses_and_publishes_and_nothing_starts_by_what_was_known(sender: Sender) -> None:
    assert (await sender.post("/double", json={"n": 1})).json()["n"] == 2
    async with sender.place.api.database.workspace(sender.place.id) as connection:
        await connection.execute("update triggers set paused_at = now() where trigger_id = 'trigger-1'")
    refused(await sender.post("/double", json={"n": 1}), 503)
    assert len(await sender.runs()) == 1


async def test_a_new_version_is_live_for_the_next_delivery(sender: Sender) -> None:
    owner, path = sender.place.as_owner, f"/agents/{sender.agent['id']}"
    before = await sender.address()
    for factor in (3, 4):
        version = await owner.ok(
            "POST", f"{path}/versions", json={"markdown": DOUBLER.replace("n * 2", f"n * {factor}")}
        )
        await owner.ok("PUT", f"{path}/live", json={"version": version["number"]})
        assert (await sender.post("/double", json={"n": 1})).json()["n"] == factor
    assert await sender.address() == before
    await owner.ok("PATCH", path, json={"paused": True})
    refused(await sender.post("/double", json={"n": 1}), 503)
    await owner.ok("PATCH", path, json={"paused": False})
    await owner.ok("DELETE", path, 204)
    assert (await sender.client.post(f"{before}/double", json={"n": 1})).status_code == 404


async def test_a_rotated_address_leads_nowhere(sender: Sender) -> None:
    before = await sender.address()
    await sender.place.as_owner.ok("POST", f"/agents/{sender.agent['id']}/address")
    after = await sender.address()
    assert before != after
    refused(await sender.client.post(f"{before}/double", json={"n": 1}), 404)
    assert (await sender.client.post(f"{after}/double", json={"n": 1})).status_code == 201
    assert "agent.address_rotated" in [one.action for one in await sender.place.audited()]


async def test_a_trigger_is_tried_without_a_run_or_with_one(sender: Sender) -> None:
    owner, path = sender.place.as_owner, f"/agents/{sender.agent['id']}/triggers"
    tried = await owner.ok("POST", f"{path}/trigger-1/test", json={"payload": {"n": 2}, "headers": {"X-A": "1"}})
    assert (tried["inputs"], tried["run"]) == ({"n": 2, "note": None}, None)
    assert tried["trigger"]["headers"] == {"x-a": "1"}
    problem = await owner.refused("POST", f"{path}/trigger-1/test", 422, json={"payload": {"n": "two"}})
    assert problem["findings"][0]["field"] == "inputs.n"
    started = await owner.ok(
        "POST", f"{path}/trigger-4/test", json={"payload": {"order": {"n": 2, "id": 1}}, "start": True}
    )
    assert (await sender.run(started["run"]))["trigger"]["test"] is True
    await owner.refused("POST", f"{path}/trigger-9/test", 404, json={})


async def test_the_last_hundred_refusals_are_kept(sender: Sender) -> None:
    async with sender.place.api.database.workspace(sender.place.id) as connection:
        await connection.execute(
            """insert into deliveries (workspace_id, id, agent_id, trigger_id, status, reason, size, took_ms)
               select $1, uuid7_at(now() - make_interval(mins => n)), $2, 'trigger-1', 401, 'Old.', 0, 0
               from generate_series(1, 150) n""",
            *(sender.place.id, sender.agent["id"]),
        )
    refused(await sender.post("/double", json={"n": "x"}), 422)

    async def kept() -> int | None:
        async with sender.place.api.database.workspace(sender.place.id) as connection:
            count: int = await connection.fetchval("select count(*) from deliveries")
        return count if count <= 100 else None

    assert await eventually(kept) == 100
    assert (await sender.deliveries())[0]["status"] == 422


async def test_a_limit_of_runs_a_day_is_told_with_429(place: Place) -> None:
    document = sending("Rare", step("Say", "set", "{a: 1}")).replace("inputs: {}", "limits: {runs per day: 1}")
    sender = Sender(place, await place.as_owner.agent(document))
    answers = await asyncio.gather(*(sender.post("/go") for _ in range(12)))
    assert sorted(answer.status_code for answer in answers) == [200, *[429] * 11]
    refused(await sender.post("/go"), 429)
