"""Versions taken from one workspace to another by people who may act in both."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.support import GREETER, Client, Place
from tests.api.test_live import SIGNED, WRONG, codes


@pytest.fixture
async def editor(place: Place, other: Place) -> Client:
    """Somebody who is an editor in both, and acts in the first."""
    person = await place.member("editor")
    await other.admit(person, "editor")
    client = await place.api.signed_in(person)
    client.headers["Plainwork-Workspace"] = str(place.id)
    return client


async def promoted(client: Client, agent: dict[str, Any], to: Place, **more: Any) -> dict[str, Any]:
    body = {"workspace": str(to.id)} | more
    return dict(await client.ok("POST", f"/agents/{agent['id']}/promotions", 201, json=body))


async def test_the_same_content_goes_live_in_the_other_workspace(editor: Client, place: Place, other: Place) -> None:
    agent = await place.as_owner.agent(GREETER, "Greets")
    slug = (await other.as_owner.ok("GET", "/workspace"))["slug"]
    done = await promoted(editor, agent, other, workspace=slug, reason="Tested")
    assert (done["live"], done["new"], done["unmet"]) == (True, True, [])
    assert done["version"]["content_hash"] == agent["version"]["content_hash"]
    assert (done["workspace"], done["agent"]["slug"], done["agent"]["live_version"]) == (str(other.id), "greets", 1)
    theirs = done["agent"]["id"]
    assert theirs != agent["id"]
    assert (await other.as_owner.run(theirs, name="Ada"))["status"] == "succeeded"
    await place.as_owner.refused("GET", f"/agents/{theirs}", 404)
    history = await other.as_owner.ok("GET", f"/agents/{theirs}/live/history")
    assert [one["reason"] for one in history["changes"]] == ["Tested"]
    went = [one for one in await place.audited() if one.action == "version.promoted"]
    came = [one for one in await other.audited() if one.action == "version.received"]
    assert [one.detail["to"] for one in went] == [slug]
    assert [(one.detail["live"], one.actor.kind) for one in came] == [(True, "user")]


async def test_again_it_is_the_same_version_and_another_is_the_next(editor: Client, place: Place, other: Place) -> None:
    agent = await place.as_owner.agent(GREETER, "Greets")
    first = await promoted(editor, agent, other)
    again = await promoted(editor, agent, other)
    assert (again["new"], again["version"]) == (False, first["version"])
    louder = {"markdown": GREETER.replace("Hello", "HELLO")}
    await place.as_owner.ok("POST", f"/agents/{agent['id']}/versions", 201, json=louder)
    second = await promoted(editor, agent, other, version=2, live=False)
    assert (second["version"]["number"], second["live"], second["agent"]["live_version"]) == (2, False, 1)
    assert (await promoted(editor, agent, other))["live"]  # what is live here
    assert (await promoted(editor, agent, other, version=2))["agent"]["live_version"] == 4


async def test_a_secret_that_is_missing_there_keeps_it_waiting(editor: Client, place: Place, other: Place) -> None:
    await place.as_owner.ok("PUT", "/secrets/SHOP", json={"value": "of the first"})
    agent = await place.as_owner.agent(SIGNED)
    assert agent["live_version"] == 1
    done = await promoted(editor, agent, other)
    assert (done["live"], done["agent"]["live_version"], codes(done["unmet"])) == (False, None, ["secret-missing"])
    assert (await other.as_owner.ok("GET", "/secrets"))["secrets"] == []
    body = {"value": "of the second", "agents": [done["agent"]["id"]]}
    await other.as_owner.ok("PUT", "/secrets/SHOP", json=body)
    assert (await promoted(editor, agent, other))["live"]
    red = await place.as_owner.agent(WRONG, "Red")
    assert codes((await promoted(editor, red, other, version=1))["unmet"]) == ["example-failed"]


async def test_what_it_would_come_to_is_said_before(editor: Client, place: Place, other: Place) -> None:
    await place.as_owner.ok("PUT", "/secrets/SHOP", json={"value": "of the first"})
    agent = await place.as_owner.agent(SIGNED)

    async def planned() -> dict[str, Any]:
        body = {"workspace": str(other.id), "version": 1}
        return dict(await editor.ok("POST", f"/agents/{agent['id']}/promotions/plan", json=body))

    first = await planned()
    assert (first["workspace"], first["version"], first["agent"], first["new"]) == (str(other.id), 1, None, True)
    assert codes(first["unmet"]) == ["secret-missing"]
    assert (await other.as_owner.ok("GET", "/agents"))["agents"] == []
    done = await promoted(editor, agent, other)
    await other.as_owner.ok("PUT", "/secrets/SHOP", json={"value": "of the second"})
    then = await planned()
    assert (then["agent"]["id"], then["new"], then["unmet"]) == (done["agent"]["id"], False, [])
    assert then["agent"]["live_version"] is None
    await editor.refused("POST", f"/agents/{agent['id']}/promotions/plan", 409, json={"workspace": str(place.id)})


async def test_it_takes_a_person_who_may_in_both(place: Place, other: Place) -> None:
    agent = await place.as_owner.agent(GREETER)
    path, body = f"/agents/{agent['id']}/promotions", {"workspace": str(other.id)}
    await place.as_owner.refused("POST", path, 403, json=body)  # a key, though it has every scope
    await (await place.person("editor")).refused("POST", f"{path}/plan", 403, json=body)
    await (await place.person("editor")).refused("POST", path, 403, json=body)  # who does not belong there
    for here, there, status in (("editor", "runner", 403), ("viewer", "owner", 403), ("editor", "editor", 201)):
        person = await place.member(here)  # type: ignore[arg-type]
        await other.admit(person, there)  # type: ignore[arg-type]
        client = await place.api.signed_in(person)
        answer = await client.request(
            "POST", f"/api/v1{path}", json=body, headers={"Plainwork-Workspace": str(place.id)}
        )
        assert answer.status_code == status, answer.text
    assert len((await other.as_owner.ok("GET", "/agents"))["agents"]) == 1


async def test_what_cannot_be_promoted(editor: Client, place: Place, other: Place) -> None:
    asleep = await place.as_owner.agent(GREETER, live=False)
    path = f"/agents/{asleep['id']}/promotions"
    assert "no live version" in (await editor.refused("POST", path, 409, json={"workspace": str(other.id)}))["detail"]
    await editor.refused("POST", path, 404, json={"workspace": str(other.id), "version": 9})
    body = {"workspace": str(place.id), "version": 1}
    assert "already" in (await editor.refused("POST", path, 409, json=body))["detail"]
    await editor.refused("POST", path, 403, json={"workspace": "nowhere", "version": 1})
    theirs = await other.as_owner.agent(GREETER)
    await editor.refused("POST", f"/agents/{theirs['id']}/promotions", 404, json=body)
