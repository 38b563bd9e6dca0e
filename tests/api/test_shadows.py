"""Shadow replay over HTTP."""

from __future__ import annotations

import asyncio

from tests.api.support import API, GREETER, Place

LOUDER = GREETER.replace("Hello {{ inputs.name }}", "HELLO {{ inputs.name }}!")


async def test_a_text_not_yet_published_is_tried_on_past_runs(place: Place) -> None:
    agent = await place.as_owner.agent()
    for name in ("Ada", "Bo"):
        await place.as_owner.run(agent["id"], name=name)
    before = await place.as_owner.ok("GET", "/runs")
    audited = len(await place.audited())
    report = await place.as_owner.ok("POST", f"/agents/{agent['id']}/shadow", 200, json={"markdown": LOUDER, "last": 5})
    assert (report["same"], report["different"], report["failed"], report["not_reached"]) == (0, 2, 0, [])
    newest = report["runs"][0]
    assert newest["output"] == {"before": {"text": "Hello Bo"}, "after": {"text": "HELLO Bo!"}}
    [difference] = newest["differences"]
    assert (difference["path"], difference["what"]) == ("greet", "output")
    assert await place.as_owner.ok("GET", "/runs") == before
    assert len(await place.audited()) == audited


async def test_a_version_or_the_draft_is_tried_too(place: Place) -> None:
    agent = await place.as_owner.agent()
    path = f"/agents/{agent['id']}"
    await place.as_owner.run(agent["id"], name="Ada")
    assert (await place.as_owner.ok("POST", f"{path}/shadow", 200, json={"version": 1}))["same"] == 1
    assert (await place.as_owner.ok("POST", f"{path}/shadow", 200))["same"] == 1, "nobody has begun a draft"
    await place.as_owner.ok("PUT", f"{path}/draft", 200, json={"markdown": LOUDER, "revision": 0})
    assert (await place.as_owner.ok("POST", f"{path}/shadow", 200, json={}))["different"] == 1


async def test_what_cannot_be_tried_is_refused(place: Place) -> None:
    agent = await place.as_owner.agent()
    path = f"/agents/{agent['id']}/shadow"
    await place.as_owner.refused("POST", path, 422, json={"markdown": LOUDER, "version": 1})
    await place.as_owner.refused("POST", path, 422, json={"last": 201})
    await place.as_owner.refused("POST", path, 404, json={"version": 7})
    problem = await place.as_owner.refused("POST", path, 422, json={"markdown": GREETER.replace("set", "sett")})
    assert problem["findings"]


async def test_who_may_change_agents_but_not_see_runs_sees_none(place: Place) -> None:
    agent = await place.as_owner.agent()
    await place.as_owner.run(agent["id"], name="Ada")
    program = await place.program("agents:write")
    problem = await program.refused("POST", f"/agents/{agent['id']}/shadow", 403, json={"version": 1})
    assert "runs:read" in problem["detail"]


async def test_one_at_a_time(place: Place) -> None:
    agent = await place.as_owner.agent()
    for number in range(5):
        await place.as_owner.run(agent["id"], name=str(number))
    path = f"{API}/agents/{agent['id']}/shadow"
    answers = await asyncio.gather(*(place.as_owner.post(path, json={"markdown": LOUDER}) for _ in range(4)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses[0] == 200
    assert set(statuses) <= {200, 429}
    assert 429 in statuses
    assert (await place.as_owner.post(path, json={"markdown": LOUDER})).status_code == 200
