"""Watching a run over a real connection: server-sent events to the end, resumed, kept alive, and only for who may."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from plainwork.db import api_keys, workspaces
from tests.api.support import API, GREETER, SLEEPER, Api, Client, Place, description, listening, serving
from tests.engine.running import eventually
from tests.world import World

BEAT_S = 0.15
THREE = """# Three

## Steps

### One
```yaml step
uses: set
with: {n: 1}
```

### Pause
```yaml step
uses: wait
with: {for: 300ms}
```

### Two
```yaml step
uses: set
with: {n: 2}
```
"""


@dataclass
class Sent:
    """One event as it came over the wire."""

    type: str
    id: str | None
    data: Any


@dataclass
class Stream:
    """An open event stream."""

    response: httpx.Response
    lines: AsyncIterator[str]
    comments: int = 0

    async def next(self) -> Sent | None:
        """The next event; None at the end of the stream."""
        fields: dict[str, str] = {}
        async for line in self.lines:
            if line.startswith(":"):
                self.comments += 1
            elif line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "data" in fields:
                return Sent(fields["event"], fields.get("id"), json.loads(fields["data"]))
            else:
                fields = {}
        return None

    async def rest(self) -> list[Sent]:
        """Everything to the end."""
        found = []
        while (sent := await self.next()) is not None:
            found.append(sent)
        return found


@pytest.fixture(scope="module")
async def api(tmp_path_factory: pytest.TempPathFactory, module_database_url: str) -> AsyncIterator[Api]:
    """The API with a quick heart-beat."""
    async with serving(Path(tmp_path_factory.mktemp("api")), module_database_url, beat_s=BEAT_S) as api:
        yield api


@pytest.fixture
async def address(api: Api) -> AsyncIterator[str]:
    """Where the API listens."""
    async with listening(api.app) as address:
        yield address


@asynccontextmanager
async def watching(address: str, caller: Client, run_id: str, last: str | None = None) -> AsyncIterator[Stream]:
    headers = dict(caller.headers) | {"Cookie": "; ".join(f"{c.name}={c.value}" for c in caller.cookies.jar)}
    if last is not None:
        headers["Last-Event-ID"] = last
    async with (
        asyncio.timeout(20),
        httpx.AsyncClient(timeout=15, trust_env=False) as client,
        client.stream("GET", f"{address}{API}/runs/{run_id}/events", headers=headers) as response,
    ):
        yield Stream(response, aiter(response.aiter_lines()))


async def started(place: Place, document: str, **inputs: Any) -> str:
    agent = await place.as_owner.agent(document)
    run = await place.as_owner.ok("POST", f"/agents/{agent['id']}/runs", 202, json={"inputs": inputs})
    return str(run["id"])


def described(api: Api, sent: list[Sent]) -> list[tuple[Any, ...]]:
    """The events in short, each held against its schema."""
    for one in sent:
        description().validate({"$ref": "#/components/schemas/Event"}, one.data)
        assert one.type == one.data["type"]
    return [(one.type, one.data.get("path"), one.data["status"]) for one in sent]


async def test_a_run_is_told_from_beginning_to_end(api: Api, place: Place, address: str) -> None:
    run_id = await started(place, THREE)
    async with watching(address, place.as_owner, run_id) as stream:
        assert stream.response.status_code == 200
        assert stream.response.headers["content-type"].startswith("text/event-stream")
        assert stream.response.headers["cache-control"] == "no-store"
        assert stream.response.headers["x-content-type-options"] == "nosniff"
        sent = await stream.rest()
    told = described(api, sent)
    assert told[-1] == ("run", None, "succeeded")
    assert sent[-1].data["output"] == {"n": 2}
    done = [path for type_, path, status in told if type_ == "step" and status == "succeeded"]
    assert done == ["one", "pause", "two"]
    journaled = [int(one.id) for one in sent if one.type == "step" and one.id is not None]
    assert journaled == sorted(set(journaled))


async def test_a_stream_that_broke_goes_on_where_it_was(api: Api, place: Place, address: str) -> None:
    run_id = await started(place, THREE)
    async with watching(address, place.as_owner, run_id) as stream:
        while (sent := await stream.next()) is not None:
            if sent.type == "step" and sent.id is not None:
                break
    assert sent is not None
    async with watching(address, place.as_owner, run_id, last=sent.id) as stream:
        later = await stream.rest()
    assert all(int(str(one.id)) > int(str(sent.id)) for one in later if one.type == "step" and one.id is not None)
    async with watching(address, place.as_owner, run_id) as stream:
        whole = await stream.rest()
    seen = [one.data for one in [sent, *later] if one.type == "step" and one.id is not None]
    assert seen == [one.data for one in whole if one.type == "step"]
    # Whoever has had the last event is told not to come back; whoever lost it gets it.
    last, before = whole[-1].id, [one for one in whole if one.type == "step"][-1].id
    assert last == f"{before}-end"
    async with watching(address, place.as_owner, run_id, last=last) as stream:
        assert stream.response.status_code == 204
    async with watching(address, place.as_owner, run_id, last=before) as stream:
        assert described(api, await stream.rest()) == [("run", None, "succeeded")]


@pytest.mark.parametrize("last", ["", "x", "-1", "²", "9" * 30, "9" * 5000, "1;drop", "1-end-end", "0"])
async def test_an_odd_last_event_id_begins_at_the_beginning(api: Api, place: Place, address: str, last: str) -> None:
    run = await place.as_owner.run((await place.as_owner.agent(GREETER))["id"], name="you")
    headers = httpx.Headers({"Last-Event-ID": last}, encoding="utf-8")
    answer = await place.as_owner.get(f"{API}/runs/{run['id']}/events", headers=headers)
    assert answer.status_code == 200
    assert answer.text.count("event: step") == 1
    assert answer.text.count("event: run") == 1


async def test_a_quiet_stream_shows_that_it_lives(place: Place, address: str) -> None:
    run_id = await started(place, SLEEPER)
    async with watching(address, place.as_owner, run_id) as stream:
        while (sent := await stream.next()) is not None and (sent.type, sent.data["status"]) != ("run", "waiting"):
            continue
        before = stream.comments
        reading = asyncio.create_task(stream.next())
        await eventually(lambda: stream.comments >= before + 2, 10)
        assert not reading.done()
        await place.as_owner.ok("POST", f"/runs/{run_id}/cancel")
        last = await reading
        while last is not None and last.data["status"] != "cancelled":
            last = await stream.next()
        assert last is not None
        assert await stream.next() is None


async def test_a_stream_ends_when_its_reader_goes(api: Api, place: Place, address: str) -> None:
    run_id = await started(place, SLEEPER)
    async with watching(address, place.as_owner, run_id) as stream:
        await stream.next()
        assert api.events._watchers
    await eventually(lambda: not api.events._watchers, 10)


async def test_signing_out_ends_the_streams_of_the_session(api: Api, place: Place, address: str) -> None:
    run_id = await started(place, SLEEPER)
    person = await place.person("viewer")
    async with watching(address, person, run_id) as stream:
        await stream.next()
        await person.ok("DELETE", "/session", 204)
        rest = await stream.rest()
    assert rest[-1].type == "problem"
    description().validate({"$ref": "#/components/schemas/Problem"}, rest[-1].data)
    assert rest[-1].data["code"] == "SignInNeeded"


async def test_losing_the_key_or_the_role_ends_the_stream(api: Api, place: Place, address: str) -> None:
    run_id = await started(place, SLEEPER)
    program = api.client(token=await place.key("runs:read"))
    async with watching(address, program, run_id) as stream:
        await stream.next()
        async with api.database.workspace(place.id) as connection:
            key = next(key for key in await api_keys.page(connection, limit=50) if key.scopes == ("runs:read",))
            await api_keys.revoke(connection, key.id)
        assert (await stream.rest())[-1].data["code"] == "SignInNeeded"
    member = await place.member("viewer")
    person = await api.signed_in(member)
    async with watching(address, person, run_id) as stream:
        await stream.next()
        async with api.database.workspace(place.id) as connection:
            await connection.execute("delete from memberships where user_id = $1", member)
        assert (await stream.rest())[-1].data["code"] == "Forbidden"
    assert "viewer" in workspaces.ROLES


async def test_who_is_left_with_another_workspace_sees_no_more_of_this_one(
    api: Api, place: Place, other: Place, address: str
) -> None:
    """A request that names no workspace goes to the person's first, and that changes when they leave it."""
    first, second = sorted((place, other), key=lambda one: one.id)
    run_id = await started(first, SLEEPER)
    member = await first.member("viewer")
    async with api.database.workspace(second.id) as connection:
        await workspaces.add_member(connection, member, "owner")
    person = await api.signed_in(member)
    async with watching(address, person, run_id) as stream:
        await stream.next()
        async with api.database.workspace(first.id) as connection:
            await connection.execute("delete from memberships where user_id = $1", member)
        assert (await stream.rest())[-1].data["code"] == "Forbidden"


async def test_another_workspace_cannot_watch(api: Api, place: Place, other: Place, address: str) -> None:
    run_id = await started(place, SLEEPER)
    for caller, status in ((other.as_owner, 404), (await api.signed_in(other.owner), 404), (api.client(), 401)):
        for last in (None, "1", "1-end"):
            async with watching(address, caller, run_id, last) as stream:
                assert stream.response.status_code == status
                assert stream.response.headers["content-type"] == "application/problem+json"


async def test_a_stream_cannot_be_asked_for_its_head(place: Place) -> None:
    run_id = await started(place, SLEEPER)
    answer = await place.as_owner.head(f"{API}/runs/{run_id}/events")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, OPTIONS")


STORYTELLER = """# Storyteller

## Steps

### Tell a story
```yaml step
uses: llm
with: {prompt: Tell a story.}
model: openai:gpt-4o-mini
```
"""
STORY = "Once upon a time there was a model that spoke slowly so that all could follow."


async def test_who_starts_a_run_hears_its_model_speak(tmp_path: Path, database_url: str) -> None:
    """From the first word on, which came before anybody could connect."""
    async with World() as world, serving(tmp_path, database_url, allow_hosts=world.allow_hosts) as api:
        world.models.say(STORY, pause_s=0.1)
        place = await api.place()
        key = {"key": world.models.key, "base_url": world.models.openai_url}
        await place.as_owner.ok("PUT", "/secrets/openai", json={"value": key})
        agent = await place.as_owner.agent(STORYTELLER)
        person = await place.person()
        async with listening(api.app) as address:
            run = await person.ok("POST", f"/agents/{agent['id']}/runs", 202, json={})
            await eventually(lambda: world.models.asked)
            async with watching(address, person, run["id"]) as stream:
                sent = await stream.rest()
        step = await person.ok("GET", f"/runs/{run['id']}/steps/tell-a-story")
    described(api, sent)
    assert "".join(one.data.get("delta", "") for one in sent) == STORY
    assert all(one.id is None and one.data["status"] == "running" for one in sent if "delta" in one.data)
    assert sent[-1].data["output"]["text"] == STORY
    assert (step["input"], step["status"]) == ({"prompt": "Tell a story."}, "succeeded")
    assert [(call["model"], call["output_tokens"], call["status"]) for call in step["calls"]] == [
        ("gpt-4o-mini", 5, "succeeded")
    ]
    assert step["cost_usd"] == step["calls"][0]["cost_usd"] > 0
