"""What people see of an agent's polls, and do about them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from plainwork.db import Database
from plainwork.engine.outside import Outside
from plainwork.net import Client
from plainwork.scheduler import Poller
from tests.api.sending import step
from tests.api.support import Api, Place, serving
from tests.scheduler.polling import Shelf, make_due
from tests.world import Reply, Web


@pytest.fixture(scope="module")
async def web() -> AsyncIterator[Web]:
    web = Web()
    await web.start()
    yield web
    await web.stop()


@pytest.fixture(scope="module")
async def api(tmp_path_factory: pytest.TempPathFactory, module_database_url: str, web: Web) -> AsyncIterator[Api]:
    """The API, which may ask the web."""
    folder = Path(tmp_path_factory.mktemp("api"))
    async with serving(folder, module_database_url, works=False, allow_hosts=[web.host]) as api:
        yield api


@dataclass
class Watched:
    """An agent that polls a shelf."""

    place: Place
    agent: dict[str, Any]
    shelf: Shelf
    poller: Poller

    @property
    def path(self) -> str:
        return f"/agents/{self.agent['id']}"

    @property
    def database(self) -> Database:
        return self.place.api.database

    async def poll(self) -> int:
        await make_due(self.database, self.place.id)
        return await self.poller.poll_due()

    async def trigger(self) -> dict[str, Any]:
        found: dict[str, Any] = await self.place.as_owner.ok("GET", f"{self.path}/triggers/trigger-1")
        return found

    async def act(self, what: str) -> Any:
        return await self.place.as_owner.ok("POST", f"{self.path}/polls/trigger-1/{what}")


@pytest.fixture
async def watched(place: Place, web: Web) -> AsyncIterator[Watched]:
    shelf = Shelf(web)
    document = (
        f'---\nagentspec: 1\nwhen: {{poll: http.new_item, every: 10 minutes, with: {{url: "{shelf.url}"}}, '
        'map: {n: "{{ trigger.item.id }}"}}\ninputs: {n: integer, title: text}\n---\n\n# Watcher\n\n## Steps\n\n'
        + step("Say", "set", '{said: "{{ inputs.title }}"}')
    )
    agent = await place.as_owner.agent(document)
    async with Client((web.host,)) as net:
        yield Watched(place, agent, shelf, Poller(place.api.database, place.api.bell, Outside(net=net)))


async def test_a_poll_tells_how_it_stands(watched: Watched, web: Web) -> None:
    before = await watched.trigger()
    assert (before["kind"], before["about"], before["url"]) == (
        "poll",
        "a new item in http, asked every 10 minutes",
        None,
    )
    assert before["is_on"] is True
    assert before["poll"] | {"next_at": None} == {
        **{"next_at": None, "last_at": None, "begun_at": None, "is_under_way": False},
        **{"failures": 0, "failure": None, "recent": []},
    }
    await watched.poll()
    watched.shelf.put(7)
    watched.shelf.items.insert(0, {"id": "eight", "title": "Odd"})
    assert await watched.poll() == 1
    after = await watched.trigger()
    assert [(one["found"], one["started"], one["refused"]) for one in after["poll"]["recent"]] == [(2, 1, 1)]
    refused, begun = after["deliveries"]
    assert (refused["status"], refused["run_id"]) == (422, None)
    assert "n" in refused["reason"]
    run = await watched.place.as_owner.ok("GET", f"/runs/{begun['run_id']}")
    assert (run["inputs"], run["trigger"]["kind"]) == ({"n": 7, "title": "Thing 7"}, "poll")
    web.on("GET", "/things", Reply(401))
    await watched.poll()
    failed = (await watched.trigger())["poll"]
    assert (failed["failures"], failed["failure"]["kind"]) == (1, "auth")


async def test_what_a_poll_would_find_is_told_and_starts_nothing(watched: Watched) -> None:
    watched.shelf.put(1, 2)
    first = await watched.act("look")
    assert (first["count"], first["is_first"], [one["inputs"]["n"] for one in first["items"]]) == (2, True, [2, 1])
    await watched.poll()
    watched.shelf.put(3, "x")
    for _ in range(2):
        looked = await watched.act("look")
        assert (looked["count"], looked["is_first"]) == (2, False)
        odd, fine = looked["items"]
        assert (odd["inputs"], odd["trigger"]["item"]["id"]) == (None, "x")
        assert "n" in odd["refusal"]
        assert (fine["inputs"], fine["refusal"]) == ({"n": 3, "title": "Thing 3"}, None)
    assert (await watched.place.as_owner.ok("GET", "/runs"))["runs"] == []
    watched.shelf.items = {"not": "a list"}  # type: ignore[assignment]
    refused = await watched.place.as_owner.refused("POST", f"{watched.path}/polls/trigger-1/look", 502)
    assert "is not a list" in refused["detail"]


async def test_a_poll_can_be_hurried_paused_and_begun_anew(watched: Watched) -> None:
    await watched.poll()
    watched.shelf.put(1)
    assert await watched.poller.poll_due() == 0
    await watched.act("hurry")
    assert await watched.poller.poll_due() == 1
    owner = watched.place.as_owner
    paused = await owner.ok("PATCH", f"{watched.path}/triggers/trigger-1", json={"paused": True})
    assert (paused["is_on"], paused["poll"]["next_at"]) == (False, None)
    watched.shelf.put(2)
    await watched.act("hurry")
    assert await watched.poller.poll_due() == 0
    await owner.ok("PATCH", f"{watched.path}/triggers/trigger-1", json={"paused": False})
    assert (await watched.act("forget"))["begun_at"] is None
    assert await watched.poller.poll_due() == 0, "what is there is remembered"
    watched.shelf.put(3)
    assert await watched.poll() == 1
    assert {"poll.hurried", "trigger.paused", "trigger.resumed", "poll.forgotten"} <= {
        one.action for one in await watched.place.audited()
    }


async def test_an_item_is_tried_by_hand(watched: Watched) -> None:
    tried = await watched.place.as_owner.ok(
        "POST", f"{watched.path}/triggers/trigger-1/test", json={"payload": {"id": 4, "title": "Four"}, "start": True}
    )
    assert tried["inputs"] == {"n": 4, "title": "Four"}
    run = await watched.place.as_owner.ok("GET", f"/runs/{tried['run']}")
    assert run["trigger"]["item"] == {"id": 4, "title": "Four"}


async def test_what_is_no_poll_is_not_found(place: Place) -> None:
    agent = await place.as_owner.agent(
        "---\nagentspec: 1\nwhen: {webhook: /go}\n---\n\n# Hook\n\n## Steps\n\n" + step("Say", "set", "{a: 1}")
    )
    for what in ("look", "hurry", "forget"):
        await place.as_owner.refused("POST", f"/agents/{agent['id']}/polls/trigger-1/{what}", 404)


async def test_triggers_are_listed_with_the_kinds(place: Place) -> None:
    listed = await place.as_owner.ok("GET", "/kinds")
    assert {"http.new_item", "reddit.new_post"} <= {one["id"] for one in listed["triggers"]}
    assert not {one["id"] for one in listed["triggers"]} & {one["id"] for one in listed["kinds"]}
