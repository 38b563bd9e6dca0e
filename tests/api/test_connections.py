"""Connecting accounts over HTTP and in the browser; runs that wait for their owner and go on by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from plainwork.api.auth import CSRF_HEADER
from plainwork.connections import Held
from plainwork.db import connections
from plainwork.net import Client as NetClient
from tests.api.support import Api, Client, Place, serving
from tests.api.test_runs import ended
from tests.connections.issuer import Issuer
from tests.engine.running import eventually
from tests.people.provider import RealProvider, real_provider
from tests.world import Reply, Seen, World

BACK = "/connections/callback"
ADDER = """---
agentspec: 1
secrets:
  Records: Where people are kept
---

# Adder

## Steps

### Add it
```yaml step
uses: airtable.create
account: Records
with: {base: app1, table: People, fields: {Name: Ada}}
```
"""


@pytest.fixture(scope="module")
async def world() -> AsyncIterator[World]:
    async with World() as world:
        yield world


@pytest.fixture(scope="module")
async def api(tmp_path_factory: pytest.TempPathFactory, module_database_url: str, world: World) -> AsyncIterator[Api]:
    folder = Path(tmp_path_factory.mktemp("api"))
    async with serving(folder, module_database_url, allow_hosts=[*world.allow_hosts, "localhost"]) as api:
        yield api


@pytest.fixture
async def issuer(world: World, place: Place) -> Issuer:
    issuer = Issuer(world.web)
    await place.as_owner.ok("PUT", "/secrets/app", json={"value": issuer.app, "connector": "airtable"})
    return issuer


def wanted(**more: Any) -> dict[str, Any]:
    return {"connector": "airtable", "name": "Records", "app": "app", **more}


async def set_out(person: Client, **more: Any) -> str:
    begun = await person.ok("POST", "/connections", 201, json=wanted(**more))
    assert begun["connection"] is None
    url: str = begun["authorize_url"]
    return url


async def come_back(person: Client, state: str, **more: str) -> tuple[int, str]:
    answer = await person.get(BACK, params={"state": state, **more})
    assert "script-src 'sha256-" in answer.headers["content-security-policy"]
    assert answer.headers["content-type"].startswith("text/html")
    return answer.status_code, answer.text


async def connect(person: Client, issuer: Issuer, **more: Any) -> None:
    state, code = issuer.agree(await set_out(person, **more))
    status, page = await come_back(person, state, code=code)
    assert (status, "<h1>Airtable is connected</h1>" in page) == (200, True), page


async def listed(place: Place) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await place.as_owner.ok("GET", "/connections"))["connections"]
    return found


def takes_good_tokens(issuer: Issuer) -> None:
    """The service itself, which takes what its provider calls good."""

    def answer(seen: Seen) -> Reply:
        if seen.headers.get("Authorization", "").removeprefix("Bearer ") not in issuer.good:
            return Reply(401, json={"error": {"message": "who are you?"}})
        return Reply(json={"id": "rec1", "fields": {"Name": "Ada"}, "createdTime": "2026-01-02T03:04:05.000Z"})

    issuer.web.on("POST", "/v0/app1/People", answer)


# ── Connecting ───────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_an_account_is_connected_listed_and_removed(place: Place, issuer: Issuer) -> None:
    person = await place.person()
    await connect(person, issuer, about="The team's base")
    [one] = await listed(place)
    assert (one["name"], one["connector"], one["status"], one["about"]) == (
        *("Records", "airtable", "connected"),
        "The team's base",
    )
    assert one["scopes"] == ["read", "write"]
    assert one["hosts"] == ["127.0.0.1"]
    secret = next(s for s in (await place.as_owner.ok("GET", "/secrets"))["secrets"] if s["name"] == "Records")
    assert (secret["connector"], secret["is_connection"]) == ("airtable", True)
    uses = await place.as_owner.ok("GET", "/secrets/app/uses")
    assert uses == {"agents": [], "connections": ["Records"]}
    agent = await place.as_owner.agent()
    changed = await place.as_owner.ok("PATCH", "/secrets/Records", json={"about": "Ours", "agents": [agent["id"]]})
    assert (changed["about"], changed["hosts"]) == ("Ours", ["127.0.0.1"])
    for where in ({"hosts": ["127.0.0.1"]}, {"connector": "airtable"}):
        refused = await place.as_owner.refused("PATCH", "/secrets/Records", 409, json=where)
        assert "the connection says" in refused["detail"]
    assert [(one["about"], one["agents"]) for one in await listed(place)] == [("Ours", [agent["id"]])]
    for method, body in (("PUT", {"value": "x"}), ("DELETE", None)):
        refused = await place.as_owner.refused(method, "/secrets/Records", 409, **({"json": body} if body else {}))
        assert "tokens of a connection" in refused["detail"]
    assert await place.as_owner.ok("DELETE", "/connections/Records") == {"revoked": True}
    assert await listed(place) == []
    await place.as_owner.refused("DELETE", "/connections/Records", 404)
    actions = [entry.action for entry in await place.audited() if entry.target_kind == "secret"]
    assert actions == [
        *("secret.sealed", "connection.connected", "secret.bound", "connection.removed", "secret.deleted"),
    ]


async def test_the_way_back_is_for_whoever_set_out(api: Api, place: Place, issuer: Issuer) -> None:
    person, another = await place.person(), await place.person()
    state, code = issuer.agree(await set_out(person))
    status, page = await come_back(api.client(), state, code=code)
    assert (status, "not signed in any more" in page) == (401, True)
    status, page = await come_back(another, state, code=code)
    assert (status, "Nobody has begun this here" in page) == (400, True)
    assert (await come_back(await place.person("editor"), state, code=code))[0] == 403
    assert (await come_back(await (await api.place()).person(), state, code=code))[0] == 403
    assert (await come_back(person, state, code=code))[0] == 200
    assert (await come_back(person, state, code=code))[0] == 400
    assert await listed(place) != []


async def test_who_does_not_agree_has_connected_nothing(place: Place, issuer: Issuer) -> None:
    person = await place.person()
    state = issuer.agree(await set_out(person))[0]
    status, page = await come_back(person, state, error="<script>alert(1)</script>")
    assert (status, "Nobody has agreed at Airtable" in page, "alert(1)" in page) == (200, True, False)
    assert (await come_back(person, state, code="c"))[0] == 400  # the state is used up
    assert (await come_back(person, ""))[0] == 400
    assert await listed(place) == []


async def test_a_role_that_was_lost_meanwhile_connects_nothing(api: Api, place: Place, issuer: Issuer) -> None:
    user = await place.member("admin")
    person = await api.signed_in(user)
    state, code = issuer.agree(await set_out(person))
    async with api.database.workspace(place.id) as connection:
        await connection.execute("update memberships set role = 'viewer' where user_id = $1", user)
    assert (await come_back(person, state, code=code))[0] == 403
    assert await listed(place) == []


async def test_a_program_cannot_agree_but_connects_apps_that_speak_for_themselves(place: Place, issuer: Issuer) -> None:
    assert "API key" in (await place.as_owner.refused("POST", "/connections", 403, json=wanted()))["detail"]
    await place.as_owner.ok("PUT", "/secrets/app", json={"value": issuer.app, "connector": "reddit"})
    made = await place.as_owner.ok("POST", "/connections", 201, json=wanted(connector="reddit"))
    assert (made["authorize_url"], made["connection"]["connector"]) == (None, "reddit")
    issuer.fails_with = Reply(401, json={"error": "invalid_client"})
    await place.as_owner.refused("POST", "/connections", 403, json=wanted(connector="reddit"))
    issuer.fails_with = Reply(500)
    await place.as_owner.refused("POST", "/connections", 502, json=wanted(connector="reddit"))


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"connector": "sms"}, 404),
        ({"app": "nothing"}, 404),
        ({"app": None}, 422),
        ({"name": ""}, 422),
        ({"name": "a\nb"}, 422),
        ({"scopes": ["two words"]}, 422),
        ({"agents": ["00000000-0000-0000-0000-000000000001"]}, 404),
        ({"app": "javascript"}, 422),
        ({"app": "inside"}, 502),
    ],
)
async def test_what_cannot_be_connected_is_explained(
    place: Place, issuer: Issuer, wrong: dict[str, Any], status: int
) -> None:
    bad = issuer.app | {"authorize_url": "javascript:alert(1)"}
    inside = issuer.app | {"token_url": "http://169.254.169.254/token"}
    await place.as_owner.ok("PUT", "/secrets/javascript", json={"value": bad})
    await place.as_owner.ok("PUT", "/secrets/inside", json={"value": inside})
    person = await place.person()
    if wrong == {"app": "inside"}:
        wrong = {"app": "inside", "connector": "reddit"}
    assert (await person.refused("POST", "/connections", status, json=wanted(**wrong)))["detail"]


async def test_services_tell_what_to_register(place: Place) -> None:
    services = (await place.as_owner.ok("GET", "/connections/services"))["services"]
    assert {one["connector"] for one in services} >= {
        "airtable",
        "github",
        "google-sheets",
        "notion",
        "reddit",
        "slack",
    }
    assert {one["redirect_uri"] for one in services} == {f"http://127.0.0.1:8700{BACK}"}
    assert all(one["about"] for one in services)


async def test_pages_of_connections(place: Place, issuer: Issuer) -> None:
    await place.as_owner.ok("PUT", "/secrets/app", json={"value": issuer.app})
    for name in ("b", "a", "c"):
        await place.as_owner.ok("POST", "/connections", 201, json=wanted(connector="reddit", name=name))
    first = await place.as_owner.ok("GET", "/connections", params={"limit": 2})
    assert ([one["name"] for one in first["connections"]], first["next"]) == (["a", "b"], "b")
    rest = await place.as_owner.ok("GET", "/connections", params={"limit": 2, "after": "b"})
    assert ([one["name"] for one in rest["connections"]], rest["next"]) == (["c"], None)


# ── Runs ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_step_uses_it_and_an_old_token_is_renewed_once(place: Place, issuer: Issuer) -> None:
    takes_good_tokens(issuer)
    await connect(await place.person(), issuer)
    issuer.good.clear()  # the service has forgotten the token; the provider still refreshes it
    run = await place.as_owner.run((await place.as_owner.agent(ADDER))["id"])
    assert (run["status"], run["output"]["id"]) == ("succeeded", "rec1")
    assert issuer.grants == ["authorization_code", "refresh_token"]
    assert len([seen for seen in issuer.web.requests if seen.path == "/v0/app1/People"][-2:]) == 2


async def test_a_run_waits_for_its_owner_and_goes_on_when_the_account_is_connected_anew(
    place: Place, issuer: Issuer
) -> None:
    takes_good_tokens(issuer)
    person = await place.person()
    await connect(person, issuer)
    issuer.end()
    agent = await place.as_owner.agent(ADDER)
    run_id = (await place.as_owner.ok("POST", f"/agents/{agent['id']}/runs", 202))["id"]

    async def waits() -> Any:
        found = await place.as_owner.ok("GET", "/inbox")
        return found["runs"] and found

    found = await eventually(waits)
    [item] = found["runs"]
    assert (item["id"], item["cause"], item["connection"]) == (run_id, "connection_expired", "Records")
    assert (item["status"], item["ask"], found["counts"]) == ("waiting", "add-it", {"connection_expired": 1})
    assert item["actions"] == ["repeat", "skip", "answer", "discard"]
    shown = await place.as_owner.ok("GET", f"/runs/{run_id}")
    assert [(one["kind"], one["path"]) for one in shown["waiting"]] == [("connection_expired", "add-it")]
    assert "does not work any more (invalid_grant)" in shown["journal"][-1]["failure"]["message"]
    [one] = await listed(place)
    assert (one["status"], one["trouble"]) == ("expired", "invalid_grant")
    await connect(person, issuer)
    done = await eventually(partial(ended, place, run_id))
    assert (done["status"], done["output"]["id"]) == ("succeeded", "rec1")
    assert (await place.as_owner.ok("GET", "/inbox"))["runs"] == []
    text = str(await place.as_owner.ok("GET", f"/runs/{run_id}"))
    assert "access-token" not in text
    assert "refresh-token" not in text


async def test_a_run_that_is_parked_just_after_its_account_came_back_is_found(
    api: Api, place: Place, issuer: Issuer
) -> None:
    """Who connected it anew saw no run that waits; the scheduler does, and lets it go on once."""
    takes_good_tokens(issuer)
    await connect(await place.person(), issuer)
    issuer.end()
    run_id = (await place.as_owner.ok("POST", f"/agents/{(await place.as_owner.agent(ADDER))['id']}/runs", 202))["id"]

    async def waits() -> Any:
        return (await place.as_owner.ok("GET", f"/runs/{run_id}"))["status"] == "waiting"

    await eventually(waits)
    assert await connections.resume(api.database, timedelta(hours=1)) == 0
    issuer.good.add("a good one")
    held = Held("a good one", None, None, None, issuer.web.url)
    bound: dict[str, Any] = {"connector": "airtable", "hosts": ["127.0.0.1"]}
    await api.app.state.vault.seal(place.id, "Records", held.value, **bound)
    async with api.database.workspace(place.id) as connection:
        await connection.execute("update connections set connected_at = clock_timestamp(), expired_at = null")
    assert await connections.resume(api.database, timedelta(0)) == 0
    assert await connections.resume(api.database, timedelta(hours=1)) == 1
    assert await connections.resume(api.database, timedelta(hours=1)) == 0
    assert (await eventually(partial(ended, place, run_id)))["status"] == "succeeded"


async def test_a_person_may_decide_instead(place: Place, issuer: Issuer) -> None:
    takes_good_tokens(issuer)
    await connect(await place.person(), issuer)
    issuer.end()
    run_id = (await place.as_owner.ok("POST", f"/agents/{(await place.as_owner.agent(ADDER))['id']}/runs", 202))["id"]

    async def waits() -> Any:
        return (await place.as_owner.ok("GET", f"/runs/{run_id}"))["status"] == "waiting"

    await eventually(waits)
    await place.as_owner.ok("POST", f"/inbox/{run_id}", json={"action": "repeat"})
    await asyncio.sleep(0.1)
    await eventually(waits)  # it was tried, and waits again
    await place.as_owner.ok("POST", f"/inbox/{run_id}", json={"action": "answer", "output": {"id": "by hand"}})
    assert (await eventually(partial(ended, place, run_id)))["output"] == {"id": "by hand"}


async def test_a_document_that_handles_it_goes_before_the_owner(place: Place, issuer: Issuer) -> None:
    takes_good_tokens(issuer)
    await connect(await place.person(), issuer)
    issuer.end()
    handled = (
        ADDER
        + '\n- On error `auth` → [Note it](#note-it)\n\n### Note it\n```yaml step\nuses: set\nwith: {why: "{{ error.kind }}"}\n```\n'
    )
    run = await place.as_owner.run((await place.as_owner.agent(handled))["id"])
    assert (run["status"], run["output"]) == ("succeeded", {"why": "auth"})


# ── With a real provider ─────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture(scope="module")
async def provider() -> AsyncIterator[RealProvider]:
    async with real_provider() as provider:
        yield provider


async def test_with_a_real_provider(api: Api, place: Place, provider: RealProvider, world: World) -> None:
    await provider.knows("ada", email="ada@example.org", name="Ada")
    client_id, secret = await provider.register(f"http://127.0.0.1:8700{BACK}")
    app = {
        "client_id": client_id,
        "client_secret": secret,
        "authorize_url": f"{provider.issuer}/oauth2/authorize",
        "token_url": f"{provider.issuer}/oauth2/token",
        "base_url": provider.issuer,
    }
    await place.as_owner.ok("PUT", "/secrets/app", json={"value": app})
    person = await place.person()
    landed = urlsplit(await provider.agree(await set_out(person, scopes=["profile", "email"]), "ada"))
    assert landed.path == BACK
    given = {name: value for name, [value] in parse_qs(landed.query).items()}
    status, page = await come_back(person, given["state"], code=given["code"])
    assert (status, "Airtable is connected" in page) == (200, True), page
    [one] = await listed(place)
    assert (one["status"], one["scopes"]) == ("connected", ["profile", "email"])
    # Its token opens the provider's own service, and so does the one that comes after a refusal.
    accounts = api.app.state.connections
    found = await accounts.vault.read(place.id, "Records")
    assert found is not None
    held = Held.of(found[1])
    assert held is not None
    first = (await accounts.account(place.id, "Records", held))["access_token"]
    second = (await accounts.account(place.id, "Records", held, first))["access_token"]
    assert first != second
    async with NetClient(["localhost"]) as net:
        headers = {"Authorization": f"Bearer {second}"}
        claims = (await net.request("GET", f"{provider.issuer}/userinfo", headers=headers)).json()
    assert claims["sub"] == "ada"


async def test_setting_out_takes_the_csrf_token(place: Place, issuer: Issuer) -> None:
    person = await place.person()
    del person.headers[CSRF_HEADER]
    await person.refused("POST", "/connections", 403, json=wanted())
