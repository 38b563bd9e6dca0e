"""Entity tags: what has not changed is not sent again, and what has changed meanwhile is not written over."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from plainwork.api.conditions import is_named, tag_of
from tests.api.support import API, Client, Place


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


async def tag(client: Client, path: str) -> str:
    answer = await client.get(API + path)
    assert answer.headers["etag"] == tag_of(answer.content)
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


@pytest.mark.parametrize(
    ("path", "method", "bodies"),
    [
        ("/agents/AGENT", "PATCH", ({"about": "One"}, {"about": "Two"})),
        ("/workspace", "PATCH", ({"name": "One"}, {"name": "Two"})),
        ("/retention", "PUT", ({"days": 100}, {"days": 200})),
    ],
)
async def test_nobody_writes_over_what_they_have_not_seen(place: Place, path: str, method: str, bodies: Any) -> None:
    path = path.replace("AGENT", (await place.as_owner.agent())["id"])
    person, known = await place.person("owner"), await tag(place.as_owner, path)
    first = await put(person, method, path, bodies[0], known)
    assert first.status_code == 200
    late = await put(place.as_owner, method, path, bodies[1], known)
    assert (late.status_code, late.json()["code"]) == (412, "PreconditionFailed")
    audited = len(await place.audited())
    assert (await place.as_owner.get(API + path)).json() == first.json()
    # The answer to a change names what it is now.
    assert first.headers["etag"] == await tag(person, path)
    assert (await put(place.as_owner, method, path, bodies[1], first.headers["etag"])).status_code == 200
    assert len(await place.audited()) == audited + 1


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
    changes = [put(place.as_owner, "PATCH", path, {"about": f"By {number}"}, known) for number in range(8)]
    statuses = [answer.status_code for answer in await asyncio.gather(*changes)]
    assert sorted(statuses) == [200, *[412] * 7]


async def test_a_move_of_the_live_pointer_counts_as_a_change(place: Place) -> None:
    agent = await place.as_owner.agent()
    path = f"/agents/{agent['id']}"
    known = await tag(place.as_owner, path)
    await place.as_owner.ok("PUT", f"{path}/live", json={"version": None})
    assert (await put(place.as_owner, "PATCH", path, {"paused": True}, known)).status_code == 412
