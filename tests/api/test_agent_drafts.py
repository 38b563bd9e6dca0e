"""The draft of an agent: begun, saved over and over, never lost to a second writer."""

from __future__ import annotations

from typing import Any

import pytest

from plainwork.api.shapes import MOST_CHARACTERS
from plainwork.db import workspaces
from tests.api.support import GREETER, Api, Place

BROKEN = "---\nwhen: [\n---\n# Not yet\r\n"


async def saved(client: Any, agent_id: str, markdown: str, revision: int, **more: Any) -> dict[str, Any]:
    body = {"markdown": markdown, "revision": revision, **more}
    draft: dict[str, Any] = await client.ok("PUT", f"/agents/{agent_id}/draft", 200, json=body)
    return draft


async def test_a_draft_begins_with_what_is_live(place: Place) -> None:
    agent = await place.as_owner.agent(GREETER, "Greeter")
    path = f"/agents/{agent['id']}"
    await place.as_owner.ok("POST", f"{path}/versions", 201, json={"markdown": GREETER.replace("Hello", "Hi")})
    draft = await place.as_owner.ok("GET", f"{path}/draft", 200)
    assert (draft["markdown"], draft["revision"], draft["base_version"]) == (GREETER, 0, 1)
    assert (draft["updated_at"], draft["updated_by"], draft["layout"]) == (None, None, {})
    await place.as_owner.ok("PUT", f"{path}/live", 200, json={"version": None})
    draft = await place.as_owner.ok("GET", f"{path}/draft", 200)
    assert (draft["markdown"], draft["base_version"]) == (GREETER.replace("Hello", "Hi"), 2)


async def test_it_is_saved_as_it_stands_whatever_its_errors(place: Place) -> None:
    agent = await place.as_owner.agent()
    first = await saved(place.as_owner, agent["id"], BROKEN, 0, base_version=1, layout={"greet": {"x": 1.5}})
    assert (first["markdown"], first["revision"], first["base_version"]) == (BROKEN, 1, 1)
    second = await saved(place.as_owner, agent["id"], "", 1)
    assert (second["markdown"], second["revision"], second["base_version"]) == ("", 2, 1)
    assert second["layout"] == {"greet": {"x": 1.5}}
    assert await place.as_owner.ok("GET", f"/agents/{agent['id']}/draft", 200) == second
    large = "é" * MOST_CHARACTERS
    assert (await saved(place.as_owner, agent["id"], large, 2))["markdown"] == large
    too_large = {"markdown": large + "x", "revision": 3}
    await place.as_owner.refused("PUT", f"/agents/{agent['id']}/draft", 422, json=too_large)


async def test_nobodys_edit_is_lost(place: Place) -> None:
    agent = await place.as_owner.agent()
    path = f"/agents/{agent['id']}/draft"
    await saved(place.as_owner, agent["id"], "mine", 0)
    for stale in (0, 2, 2**31 - 1):
        refused = await place.as_owner.refused("PUT", path, 409, json={"markdown": "theirs", "revision": stale})
        assert refused["code"] == "Conflict"
        assert refused["next_step"]
    assert (await place.as_owner.ok("GET", path, 200))["markdown"] == "mine"
    await place.as_owner.refused("DELETE", path, 409, params={"revision": 2})
    await place.as_owner.ok("DELETE", path, 204, params={"revision": 1})
    await place.as_owner.ok("DELETE", path, 204, params={"revision": 1})
    assert (await place.as_owner.ok("GET", path, 200))["revision"] == 0
    assert [entry.action for entry in await place.audited()].count("draft.discarded") == 1


async def test_it_says_who_saved_last(api: Api, place: Place) -> None:
    agent = await place.as_owner.agent()
    editor = await place.member("editor")
    person = await api.signed_in(editor)
    draft = await saved(person, agent["id"], "a", 0)
    assert draft["updated_by"] == {"id": str(editor), "name": "Somebody"}
    assert draft["updated_at"]
    async with api.database.workspace(place.id) as connection:
        await connection.execute("delete from memberships where user_id = $1", editor)
    assert (await place.as_owner.ok("GET", f"/agents/{agent['id']}/draft", 200))["updated_by"] is None
    assert "editor" in workspaces.ROLES


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"markdown": "x"},
        {"revision": 0},
        {"markdown": "x", "revision": -1},
        {"markdown": "x", "revision": 2**31},
        {"markdown": None, "revision": 0},
        {"markdown": "x", "revision": 0, "layout": []},
        {"markdown": "x", "revision": 0, "base_version": 0},
        {"markdown": "x", "revision": 0, "more": 1},
    ],
)
async def test_a_body_that_does_not_fit_is_refused(place: Place, body: dict[str, Any]) -> None:
    agent = await place.as_owner.agent()
    await place.as_owner.refused("PUT", f"/agents/{agent['id']}/draft", 422, json=body)


async def test_there_is_none_without_its_agent(place: Place, other: Place) -> None:
    agent = await place.as_owner.agent()
    path = f"/agents/{agent['id']}/draft"
    missing = {"markdown": "x", "revision": 0, "base_version": 9}
    assert "version 9" in (await place.as_owner.refused("PUT", path, 404, json=missing))["detail"]
    await saved(place.as_owner, agent["id"], "mine", 0)
    for method, more in (("GET", {}), ("PUT", {"json": {"markdown": "x", "revision": 1}}), ("DELETE", {})):
        params = {"revision": 1} if method == "DELETE" else {}
        await other.as_owner.refused(method, path, 404, params=params, **more)
    assert (await place.as_owner.ok("GET", path, 200))["markdown"] == "mine"
    await place.as_owner.ok("DELETE", f"/agents/{agent['id']}", 204)
    await place.as_owner.refused("GET", path, 404)
    await place.as_owner.refused("PUT", path, 404, json={"markdown": "x", "revision": 1})
