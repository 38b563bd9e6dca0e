"""Secrets are written and never read back; API keys are shown once."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from plainwork import db
from plainwork.db import audit
from plainwork.vault import Use
from tests.api.support import API, Api, Place

VALUE = "s3cr3t-valuÉ-🔑"
USING = """---
agentspec: 1
secrets:
  KEY: What the shop asks for
---

# Ask the shop

## Steps

### Ask the shop
```yaml step
uses: http
account: KEY
with: {url: "https://shop.example/orders"}
```
"""


# ── Secrets ──────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_secret_is_sealed_and_shown_nowhere(api: Api, place: Place) -> None:
    said = []

    async def ask(method: str, path: str, **more: Any) -> Any:
        answer = await place.as_owner.request(method, API + path, **more)
        said.append(answer.text + str(answer.headers))
        return answer.json() if answer.content else None

    sealed = await ask(
        "PUT", "/secrets/MAIL", json={"value": VALUE, "about": "The mail server", "hosts": ["a.example"]}
    )
    assert (sealed["name"], sealed["about"], sealed["hosts"]) == ("MAIL", "The mail server", ["a.example"])
    assert (sealed["connector"], sealed["agents"], sealed["current_version"]) == (None, None, 1)
    fields = {"value": {"username": "u", "password": VALUE}, "connector": "smtp"}
    again = await ask("PUT", "/secrets/MAIL", json=fields)
    assert (again["current_version"], again["hosts"], again["connector"]) == (2, None, "smtp")
    listed = (await ask("GET", "/secrets"))["secrets"]
    assert listed == [again]
    assert (await ask("GET", "/secrets/MAIL")) == again
    await ask("PUT", "/secrets/MAIL", json={"value": VALUE, "surplus": VALUE})
    await ask("PUT", "/secrets/" + "x" * 200, json={"value": VALUE})
    await ask("PUT", "/secrets/MAIL", json={"value": [VALUE]})
    await ask("PUT", "/secrets/MAIL", json={"value": VALUE, "hosts": ["not a host"]})
    assert await api.app.state.vault.open(place.id, "MAIL", Use(connector="smtp")) == fields["value"]
    for text in (*said, str(await place.audited())):
        assert VALUE not in text
        assert json.dumps(VALUE).strip('"') not in text
    await ask("DELETE", "/secrets/MAIL")
    assert (await ask("GET", "/secrets")) == {"secrets": [], "next": None}
    await place.as_owner.refused("DELETE", "/secrets/MAIL", 404)
    actions = [(entry.action, entry.target_id) for entry in await place.audited()]
    assert actions == [("secret.sealed", "MAIL"), ("secret.sealed", "MAIL"), ("secret.deleted", "MAIL")]


async def test_a_secret_is_limited_and_stays_so_when_it_is_sealed_again(place: Place, other: Place) -> None:
    await place.as_owner.refused("PUT", "/secrets/KEY/limits", 404, json={"at_once": 2})
    await place.as_owner.ok("PUT", "/secrets/KEY", 200, json={"value": VALUE})
    limited = await place.as_owner.ok("PUT", "/secrets/KEY/limits", 200, json={"at_once": 2, "per_minute": 60})
    assert (limited["at_once"], limited["per_minute"], limited["in_use"]) == (2, 60, 0)
    again = await place.as_owner.ok("PUT", "/secrets/KEY", 200, json={"value": "another"})
    assert (again["at_once"], again["per_minute"]) == (2, 60)
    assert (await place.as_owner.ok("GET", "/secrets"))["secrets"] == [again]
    await other.as_owner.refused("PUT", "/secrets/KEY/limits", 404, json={})
    unlimited = await place.as_owner.ok("PUT", "/secrets/KEY/limits", 200, json={})
    assert (unlimited["at_once"], unlimited["per_minute"]) == (None, None)
    for wrong in ({"at_once": 0}, {"per_minute": -1}, {"at_once": "x"}, {"often": 1}):
        await place.as_owner.refused("PUT", "/secrets/KEY/limits", 422, json=wrong)
    limits = [entry.detail for entry in await place.audited() if entry.action == "secret.limited"]
    assert limits == [{"at_once": 2, "per_minute": 60}, {"at_once": None, "per_minute": None}]


async def test_of_a_secret_that_is_not_there_nothing_is_told(place: Place, other: Place) -> None:
    await place.as_owner.ok("PUT", "/secrets/KEY", 200, json={"value": VALUE})
    await other.as_owner.refused("GET", "/secrets/KEY", 404)
    await place.as_owner.refused("GET", "/secrets/OTHER", 404)
    await place.as_owner.refused("PUT", "/secrets/OTHER", 404, json={"value": "x"}, headers={"If-Match": "*"})


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"value": ""}, 422),
        ({"value": {}}, 422),
        ({"value": None}, 422),
        ({"value": 3}, 422),
        ({"value": "x" * 65_537}, 429),
        ({"value": "x", "hosts": ["not a host"]}, 422),
        ({"value": "x", "hosts": ["x"] * 101}, 422),
        ({"value": "x", "agents": ["x"]}, 422),
        ({"value": "x", "about": "x" * 2001}, 422),
    ],
)
async def test_what_cannot_be_a_secret_is_refused(place: Place, body: dict[str, Any], status: int) -> None:
    await place.as_owner.refused("PUT", "/secrets/KEY", status, json=body)
    assert (await place.as_owner.ok("GET", "/secrets"))["secrets"] == []


async def test_a_secret_can_be_bound_to_own_agents_only(place: Place, other: Place) -> None:
    mine, theirs = await place.as_owner.agent(), await other.as_owner.agent()
    for agents in ([theirs["id"]], [mine["id"], theirs["id"]], [str(db.new_id())]):
        body = {"value": VALUE, "agents": agents}
        refused = await place.as_owner.refused("PUT", "/secrets/KEY", 404, json=body)
        assert agents[-1] in refused["detail"]
    bound = await place.as_owner.ok("PUT", "/secrets/KEY", 200, json={"value": VALUE, "agents": [mine["id"]]})
    assert bound["agents"] == [mine["id"]]


async def test_secrets_come_in_pages_by_name(place: Place) -> None:
    for name in ("C", "A", "B"):
        await place.as_owner.ok("PUT", f"/secrets/{name}", 200, json={"value": VALUE})
    first = await place.as_owner.ok("GET", "/secrets", params={"limit": 2})
    assert ([one["name"] for one in first["secrets"]], first["next"]) == (["A", "B"], "B")
    last = await place.as_owner.ok("GET", "/secrets", params={"limit": 2, "after": "B"})
    assert ([one["name"] for one in last["secrets"]], last["next"]) == (["C"], None)


async def test_bindings_change_without_the_value_and_only_keep_it_closer(api: Api, place: Place, other: Place) -> None:
    mine, theirs = await place.as_owner.agent(), await other.as_owner.agent()
    await place.as_owner.refused("PATCH", "/secrets/KEY", 404, json={"about": "x"})
    await place.as_owner.ok("PUT", "/secrets/KEY", 200, json={"value": VALUE, "about": "Shop", "agents": [mine["id"]]})
    narrowed = await place.as_owner.ok("PATCH", "/secrets/KEY", json={"hosts": ["*.Shop.example"], "connector": "http"})
    assert (narrowed["hosts"], narrowed["connector"], narrowed["about"]) == (["*.shop.example"], "http", "Shop")
    assert (narrowed["agents"], narrowed["current_version"]) == ([mine["id"]], 1)
    closer = {"hosts": ["api.shop.example", "*.eu.shop.example"], "agents": None, "about": "The shop"}
    narrowed = await place.as_owner.ok("PATCH", "/secrets/KEY", json=closer)
    assert {key: narrowed[key] for key in closer} == closer
    further = (
        *({"hosts": None}, {"hosts": ["shop.example"]}, {"hosts": ["api.shop.example", "evil.example"]}),
        *({"hosts": ["*.shop.example"]}, {"connector": None}, {"connector": "slack"}),
    )
    for change in further:
        refused = await place.as_owner.refused("PATCH", "/secrets/KEY", 403, json=change | {"about": "taken"})
        assert "sent where it may not go now" in refused["detail"]
    await place.as_owner.refused("PATCH", "/secrets/KEY", 404, json={"agents": [theirs["id"]]})
    await place.as_owner.refused("PATCH", "/secrets/KEY", 422, json={"hosts": ["not a host"]})
    await place.as_owner.refused("PATCH", "/secrets/KEY", 422, json={"value": "x"})
    await other.as_owner.refused("PATCH", "/secrets/KEY", 404, json={"about": "taken"})
    assert (await place.as_owner.ok("GET", "/secrets"))["secrets"] == [narrowed]
    use = Use(connector="http", host="api.shop.example")
    assert await api.app.state.vault.open(place.id, "KEY", use) == VALUE
    bound = [entry.detail for entry in await place.audited() if entry.action == "secret.bound"]
    assert [one["agents"] for one in bound] == [1, None]


async def test_who_would_miss_a_secret(place: Place, other: Place) -> None:
    await place.as_owner.ok("PUT", "/secrets/KEY", 200, json={"value": VALUE})
    unused: dict[str, Any] = {"agents": [], "connections": []}
    assert await place.as_owner.ok("GET", "/secrets/KEY/uses") == unused
    live = await place.as_owner.agent(USING, "B")
    idle = await place.as_owner.agent(USING, "A", live=False)
    gone = await place.as_owner.agent(USING, "C")
    await place.as_owner.ok("DELETE", f"/agents/{gone['id']}", 204)
    await place.as_owner.agent(USING.replace("KEY", "OTHER"))
    assert (await place.as_owner.ok("GET", "/secrets/KEY/uses"))["agents"] == [
        {"agent_id": idle["id"], "name": "A", "is_live": False},
        {"agent_id": live["id"], "name": "B", "is_live": True},
    ]
    await other.as_owner.refused("GET", "/secrets/KEY/uses", 404)


async def test_the_last_use_is_shown(api: Api, place: Place) -> None:
    await place.as_owner.ok("PUT", "/secrets/KEY", 200, json={"value": VALUE})
    vault = api.app.state.vault
    before = datetime.now(UTC)
    for _ in range(2):
        await vault.open(place.id, "KEY", Use())
        await vault.uses.flush()
    [shown] = (await place.as_owner.ok("GET", "/secrets"))["secrets"]
    assert before - timedelta(seconds=1) < datetime.fromisoformat(shown["last_used_at"]) < datetime.now(UTC)
    await place.as_owner.ok("DELETE", "/secrets/KEY", 204)
    made_anew = await place.as_owner.ok("PUT", "/secrets/KEY", 200, json={"value": VALUE})
    assert made_anew["last_used_at"] is None


async def test_workspaces_have_secrets_of_the_same_name(api: Api, place: Place, other: Place) -> None:
    await place.as_owner.ok("PUT", "/secrets/KEY", 200, json={"value": "mine"})
    await other.as_owner.ok("PUT", "/secrets/KEY", 200, json={"value": "theirs"})
    await other.as_owner.ok("DELETE", "/secrets/KEY", 204)
    assert await api.app.state.vault.open(place.id, "KEY", Use()) == "mine"


@pytest.mark.parametrize("name", ["%00", "%0a", "%20", "x" * 101, "%E2%80%AE"])
async def test_odd_names(place: Place, name: str) -> None:
    await place.as_owner.refused("PUT", f"/secrets/{name}", 422, json={"value": "x"})
    answer = await place.as_owner.delete(f"{API}/secrets/{name}")
    assert answer.status_code in {404, 422}


# ── API keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_key_is_shown_once(api: Api, place: Place) -> None:
    body = {"name": "CI", "scopes": ["runs:write", "runs:read", "runs:read"], "expires_in_days": 30}
    made = await place.as_owner.ok("POST", "/api-keys", 201, json=body)
    token = made.pop("key")
    assert (made["name"], made["scopes"], made["hint"]) == ("CI", ["runs:read", "runs:write"], token[-4:])
    until = datetime.fromisoformat(made["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=29) < until < timedelta(days=31)
    program = api.client(token=token)
    await program.ok("GET", "/runs")
    await program.refused("GET", "/agents", 403)
    answer = await place.as_owner.get(f"{API}/api-keys")
    assert token not in answer.text
    listed = {key["id"]: key for key in answer.json()["api_keys"]}[made["id"]]
    assert listed["last_used_at"]
    assert listed | {"last_used_at": None} == made

    revoked = await place.as_owner.ok("DELETE", f"/api-keys/{made['id']}", 200)
    assert revoked["revoked_at"]
    await program.refused("GET", "/runs", 401)
    again = await place.as_owner.ok("DELETE", f"/api-keys/{made['id']}", 200)
    assert again["revoked_at"] == revoked["revoked_at"]
    entries = await place.audited()
    assert [entry.action for entry in entries][:2] == ["api_key.created", "api_key.revoked"]
    assert token not in str(entries)


async def test_a_key_gives_only_what_its_maker_has(api: Api, place: Place) -> None:
    manager = await place.program("keys:manage", "runs:read")
    for scopes in (["runs:write"], ["runs:read", "secrets:write"]):
        refused = await manager.refused("POST", "/api-keys", 403, json={"name": "more", "scopes": scopes})
        assert scopes[-1] in refused["detail"]
    made = await manager.ok("POST", "/api-keys", 201, json={"name": "less", "scopes": ["runs:read"]})
    assert made["created_by"] == str(place.owner)
    await api.client(token=made["key"]).ok("GET", "/runs")
    [created] = [entry for entry in await place.audited() if entry.action == "api_key.created"]
    assert isinstance(created, audit.Entry)
    assert created.actor.kind == "api_key"


@pytest.mark.parametrize(
    "wrong",
    [
        {"scopes": []},
        {"scopes": ["everything"]},
        {"scopes": ["public"]},
        {"scopes": ["account"]},
        {"scopes": "runs:read"},
        {"name": ""},
        {"name": " "},
        {"name": "x" * 201},
        {"expires_in_days": 0},
        {"expires_in_days": 10**30},
        {"expires_in_days": -5},
        {"surplus": 1},
    ],
)
async def test_what_cannot_be_a_key_is_refused(place: Place, wrong: dict[str, Any]) -> None:
    before = len((await place.as_owner.ok("GET", "/api-keys"))["api_keys"])
    await place.as_owner.refused("POST", "/api-keys", 422, json={"name": "k", "scopes": ["runs:read"]} | wrong)
    assert len((await place.as_owner.ok("GET", "/api-keys"))["api_keys"]) == before


async def test_a_key_of_another_workspace_stays(place: Place, other: Place) -> None:
    made = await place.as_owner.ok("POST", "/api-keys", 201, json={"name": "k", "scopes": ["runs:read"]})
    await other.as_owner.refused("DELETE", f"/api-keys/{made['id']}", 404)
    await place.as_owner.refused("DELETE", f"/api-keys/{db.new_id()}", 404)
    listed = (await place.as_owner.ok("GET", "/api-keys"))["api_keys"]
    assert all(key["revoked_at"] is None for key in listed)
