"""Entity tags: what has not changed is not sent again, and what has changed meanwhile is not written over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from plainwork.api.conditions import is_named, is_unchanged, tag_of
from tests.api.people import somebody
from tests.api.seeded import World
from tests.api.support import API, Api, Client, Place


@pytest.mark.parametrize(
    ("header", "holds"),
    [
        ('"a"', True),
        ('W/"a"', True),
        ('"b", "a"', True),
        ("*", True),
        (" * ", True),
        ('"b"', False),
        ("a", False),
        ("", False),
    ],
)
def test_a_list_names_a_tag(header: str, holds: bool) -> None:
    assert is_named(header, '"a"') is holds


def test_what_passes_by_stands_in_the_second_half_of_a_tag() -> None:
    before, after = (tag_of(body, ["runs"]) for body in (b'{"runs":1,"name":"A"}', b'{"name":"A","runs":2}'))
    renamed = tag_of(b'{"runs":1,"name":"B"}', ["runs"])
    assert len({before, after, renamed}) == 3
    assert not is_named(before, after)
    assert is_unchanged(f'"x", W/{before}', after)
    assert is_unchanged("*", after)
    assert not is_unchanged(renamed, after)


PASSING = {"runs", "live_runs", "next", "waiting", "poll", "deliveries", "running", "queued", "agents", "in_use"}


@pytest.fixture
async def world(api: Api, place: Place) -> World:
    return World(place, await somebody(api, place))


async def tag(client: Client, path: str) -> str:
    answer = await client.get(API + path)
    assert answer.status_code == 200, answer.text
    return str(answer.headers["etag"])


async def put(client: Client, method: str, path: str, body: Any, if_match: str) -> httpx.Response:
    return await client.request(method, API + path, json=body, headers={"If-Match": if_match})


@pytest.mark.parametrize(
    "path", ["/agents", "/runs", "/agents/summaries", "/kinds", "/workspace", "/limits", "/secrets"]
)
async def test_what_is_known_is_not_sent_again(place: Place, path: str) -> None:
    await place.as_owner.agent()
    await place.as_owner.ok("PUT", "/secrets/KEY", json={"value": "x"})
    known = await tag(place.as_owner, path)
    for method in ("GET", "HEAD"):
        again = await place.as_owner.request(method, API + path, headers={"If-None-Match": f'"other", {known}'})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", known)
    other = await place.as_owner.get(API + path, headers={"If-None-Match": '"other"'})
    assert other.status_code == 200
    assert other.content


async def test_what_has_changed_is_sent(place: Place) -> None:
    before = await tag(place.as_owner, "/agents")
    await place.as_owner.agent()
    answer = await place.as_owner.get(API + "/agents", headers={"If-None-Match": before})
    assert answer.status_code == 200
    assert len(answer.json()["agents"]) == 1


async def test_a_tag_lets_nobody_in(place: Place, other: Place) -> None:
    agent = await place.as_owner.agent()
    known = {"If-None-Match": await tag(place.as_owner, f"/agents/{agent['id']}")}
    assert (await other.as_owner.get(f"{API}/agents/{agent['id']}", headers=known)).status_code == 404
    assert (await place.api.client().get(f"{API}/agents/{agent['id']}", headers=known)).status_code == 401


@dataclass(frozen=True)
class Change:
    """A change to a thing of ``seeded.World``: ``path`` is where it is read, ``at`` below it where it is changed."""

    path: str
    method: str
    bodies: tuple[Any, Any]
    of: Callable[[World], Awaitable[str]] | None = None
    at: str = ""


CHANGES = [
    Change("/agents/{}", "PATCH", ({"about": "One"}, {"about": "Two"}), World.agent),
    Change("/agents/{}/canary", "PATCH", ({"share": 20}, {"share": 30}), World.agent_with_a_canary),
    Change("/agents/{}/schedules/trigger-2", "PATCH", ({"paused": True}, {"paused": False}), World.agent),
    Change("/agents/{}/triggers/trigger-1", "PATCH", ({"paused": True}, {"paused": False}), World.agent),
    Change("/agents/{}/triggers/trigger-3", "PATCH", ({"paused": True}, {"paused": False}), World.agent),
    Change("/limits", "PATCH", ({"runs_at_once": 100}, {"queued_at_most": 200})),
    Change("/members/{}", "PATCH", ({"role": "editor"}, {"role": "admin"}), World.member),
    Change("/retention", "PUT", ({"days": 100}, {"days": 200})),
    Change("/secrets/{}", "PUT", ({"value": "one"}, {"value": "two", "about": "Mine"}), World.secret),
    Change("/secrets/{}", "PATCH", ({"about": "one"}, {"about": "two"}), World.secret),
    Change("/secrets/{}", "PUT", ({"at_once": 1}, {"per_minute": 60}), World.secret, "/limits"),
    Change("/workspace", "PATCH", ({"name": "One"}, {"name": "Two"})),
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda one: one.method + one.path + one.at)
async def test_nobody_writes_over_what_they_have_not_seen(world: World, change: Change) -> None:
    place = world.place
    path = change.path.format(await change.of(world)) if change.of else change.path
    person, known = await place.person("owner"), await tag(place.as_owner, path)
    first = await put(place.as_owner, change.method, path + change.at, change.bodies[0], known)
    assert first.status_code == 200
    audited = len(await place.audited())
    late = await put(person, change.method, path + change.at, change.bodies[1], known)
    assert (late.status_code, late.json()["code"]) == (412, "PreconditionFailed")
    now = (await place.as_owner.get(API + path)).json()
    assert {name: now[name] for name in first.json() if name not in PASSING} == {
        name: value for name, value in first.json().items() if name not in PASSING
    }
    assert len(await place.audited()) == audited
    # The answer to a change names what it is now.
    known = first.headers["etag"]
    assert (await put(person, change.method, path + change.at, change.bodies[1], known)).status_code == 200
    assert len(await place.audited()) == audited + 1


@pytest.mark.parametrize(
    ("path", "of", "change", "answers"),
    [
        ("/connections/{}", World.connection, ("DELETE", ""), 200),
        ("/members/{}", World.member, ("DELETE", ""), 204),
        ("/secrets/{}", World.secret, ("DELETE", ""), 204),
        ("/agents/{}/canary", World.agent_with_a_canary, ("POST", "/stop"), 200),
        ("/agents/{}/canary", World.agent_with_a_canary, ("POST", "/promote"), 200),
    ],
)
async def test_nobody_ends_what_they_have_not_seen(
    world: World, path: str, of: Any, change: tuple[str, str], answers: int
) -> None:
    path, (method, at) = path.format(await of(world)), change
    owner = world.place.as_owner
    audited = len(await world.place.audited())
    for other in ('"other"', '"other.other"', tag_of(b"{}", ["x"])):
        assert (await put(owner, method, path + at, {} if at else None, other)).status_code == 412
    assert len(await world.place.audited()) == audited
    assert (await put(owner, method, path + at, {} if at else None, await tag(owner, path))).status_code == answers


async def test_what_passes_by_is_no_change(world: World) -> None:
    owner, agent = world.place.as_owner, await world.agent()
    path = f"/agents/{agent}/triggers/trigger-1"
    known = await tag(owner, path)
    address = (await owner.ok("GET", path))["url"].removeprefix("http://plainwork.test")
    assert (await owner.post(address, json={})).status_code == 202
    assert (await owner.get(API + path, headers={"If-None-Match": known})).status_code == 200
    assert (await put(owner, "PATCH", path, {"paused": True}, known)).status_code == 200


async def test_what_others_use_by_now_is_not_deleted(place: Place) -> None:
    agent = await place.as_owner.agent()
    path = f"/agents/{agent['id']}"
    known = await tag(place.as_owner, path)
    await place.as_owner.ok("PATCH", path, json={"about": "Needed by everybody"})
    assert (await put(place.as_owner, "DELETE", path, None, known)).status_code == 412
    assert (await put(place.as_owner, "DELETE", path, None, await tag(place.as_owner, path))).status_code == 204


async def test_of_many_at_once_one_is_first(place: Place) -> None:
    agent = await place.as_owner.agent()
    path = f"/agents/{agent['id']}"
    known = await tag(place.as_owner, path)
    assert known == tag_of((await place.as_owner.get(API + path)).content)
    changes = [put(place.as_owner, "PATCH", path, {"about": f"By {number}"}, known) for number in range(8)]
    statuses = [answer.status_code for answer in await asyncio.gather(*changes)]
    assert sorted(statuses) == [200, *[412] * 7]


async def test_a_move_of_the_live_pointer_counts_as_a_change(place: Place) -> None:
    agent = await place.as_owner.agent()
    path = f"/agents/{agent['id']}"
    known = await tag(place.as_owner, path)
    await place.as_owner.ok("PUT", f"{path}/live", json={"version": None})
    assert (await put(place.as_owner, "PATCH", path, {"paused": True}, known)).status_code == 412
