"""What going live takes, the override, the history of the live pointer, and the way back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from plainwork.db import agents
from tests.api.support import GREETER, Client, Place, titled

TRIED = (
    GREETER
    + """
## Examples

### A name
```yaml given
inputs: {name: Ada}
```
```yaml expect
ran: [greet]
```
"""
)
WRONG = TRIED.replace("ran: [greet]", "not_ran: [greet]")
SIGNED = """---
agentspec: 1
secrets: {SHOP: The shop's token}
---

# Signed

## Steps

### Ask
```yaml step
uses: http
account: SHOP
with: {url: "https://shop.example.org/orders"}
```
"""


def codes(found: list[dict[str, Any]]) -> list[str]:
    return [one["code"] for one in found]


async def second(place: Place, agent: dict[str, Any], document: str) -> str:
    """Publishes version 2; the agent's path."""
    path = f"/agents/{agent['id']}"
    await place.as_owner.ok("POST", f"{path}/versions", 201, json={"markdown": document})
    return path


@pytest.fixture
async def red(place: Place) -> str:
    """The path of an agent whose version 2 has an Example that fails."""
    return await second(place, await place.as_owner.agent(TRIED), WRONG)


async def live_of(client: Client, path: str) -> int | None:
    number: int | None = (await client.ok("GET", path))["live_version"]
    return number


async def test_green_examples_let_a_version_go_live(place: Place) -> None:
    agent = await place.as_owner.agent(TRIED)
    assert (agent["live_version"], agent["unmet"]) == (1, [])
    ready = await place.as_owner.ok("GET", f"/agents/{agent['id']}/versions/1/readiness")
    assert ready == {"version": 1, "ready": True, "unmet": [], "overridable": False}


async def test_a_red_example_keeps_a_version_from_going_live(place: Place, red: str) -> None:
    refused = await place.as_owner.refused("PUT", f"{red}/live", 409, json={"version": 2})
    assert refused["code"] == "NotReady"
    [finding] = refused["findings"]
    assert finding["code"] == "example-failed"
    assert "A name" in finding["message"]
    ready = await place.as_owner.ok("GET", f"{red}/versions/2/readiness")
    assert (ready["ready"], ready["unmet"], ready["overridable"]) == (False, [finding], True)
    assert await live_of(place.as_owner, red) == 1


async def test_a_new_agent_that_is_not_ready_waits(place: Place) -> None:
    agent = await place.as_owner.agent(WRONG)
    assert (agent["live_version"], agent["last_version"]) == (None, 1)
    assert codes(agent["unmet"]) == ["example-failed"]
    assert "agent.live" not in [entry.action for entry in await place.audited()]
    assert (await place.as_owner.agent(WRONG, live=False))["unmet"] == []


async def test_examples_do_not_count_where_the_workspace_says_so(place: Place, red: str) -> None:
    changed = await place.as_owner.ok("PATCH", "/workspace", json={"requires_green_examples": False})
    assert changed["requires_green_examples"] is False
    assert (await place.as_owner.ok("PUT", f"{red}/live", json={"version": 2}))["live_version"] == 2
    assert (await place.as_owner.ok("GET", f"{red}/versions/2/readiness"))["ready"]
    editor = await place.person("editor")
    await editor.refused("PATCH", "/workspace", 403, json={"requires_green_examples": True})


async def test_an_override_takes_a_reason_and_a_permission_and_is_audited(place: Place, red: str) -> None:
    override = {"version": 2, "override": True, "reason": "The example is last year's"}
    for reason in ("", "  "):
        await place.as_owner.refused("PUT", f"{red}/live", 422, json=override | {"reason": reason})
    for nobody in (await place.person("editor"), await place.program("agents:write")):
        refused = await nobody.refused("PUT", f"{red}/live", 403, json=override)
        assert "agents:override" in refused["detail"]
    assert await live_of(place.as_owner, red) == 1
    admin = await place.person("admin")
    assert (await admin.ok("PUT", f"{red}/live", json=override))["live_version"] == 2
    newest = (await admin.ok("GET", f"{red}/live/history"))["changes"][0]
    assert (newest["version"], newest["how"], newest["reason"]) == (2, "set", "The example is last year's")
    assert (codes(newest["unmet"]), newest["by"]["kind"]) == (["example-failed"], "user")
    detail = [entry for entry in await place.audited() if entry.action == "agent.live"][-1].detail
    assert (detail["number"], detail["reason"]) == (2, "The example is last year's")
    assert "A name" in detail["overridden"][0]


async def test_no_permission_is_asked_for_where_nothing_is_overridden(place: Place) -> None:
    path = await second(place, await place.as_owner.agent(GREETER), TRIED)
    editor = await place.person("editor")
    body = {"version": 2, "override": True, "reason": "To be sure"}
    assert (await editor.ok("PUT", f"{path}/live", json=body))["live_version"] == 2


async def test_secrets_have_to_be_there_and_bound(place: Place) -> None:
    owner = place.as_owner
    agent, other = await owner.agent(SIGNED), await owner.agent(GREETER)
    assert (agent["live_version"], codes(agent["unmet"])) == (None, ["secret-missing"])
    assert (agent["unmet"][0]["node"], "SHOP" in agent["unmet"][0]["message"]) == ("ask", True)
    path = f"/agents/{agent['id']}"
    bindings: list[tuple[dict[str, Any], list[str]]] = [
        ({"agents": [other["id"]]}, ["secret-not-bound"]),
        ({"connector": "slack"}, ["secret-not-bound"]),
        ({"agents": [other["id"], agent["id"]], "connector": "http", "hosts": ["shop.example.org"]}, []),
        ({}, []),
    ]
    for binding, expected in bindings:
        await owner.ok("PUT", "/secrets/SHOP", json={"value": {"token": "t0ken"}, **binding})
        ready = await owner.ok("GET", f"{path}/versions/1/readiness")
        assert (codes(ready["unmet"]), ready["ready"]) == (expected, not expected)
    await owner.ok("PUT", f"{path}/live", json={"version": 1})
    await owner.ok("DELETE", "/secrets/SHOP", 204)
    assert codes((await owner.refused("PUT", f"{path}/live", 409, json={"version": 1}))["findings"]) == [
        "secret-missing"
    ]
    assert await live_of(owner, path) == 1


CALLING = """# Calls

## Steps

### Each
```yaml step
uses: foreach
with: {items: [1]}
```

#### Call
```yaml step
uses: agent.call
with: {agent: OTHER}
```
"""


async def test_secrets_have_to_be_bound_to_all_that_are_called(place: Place) -> None:
    """The one that is called in the end cannot use it; so neither those above it are ready."""
    owner = place.as_owner
    await owner.ok("PUT", "/secrets/SHOP", json={"value": {"token": "t0ken"}})
    last = await owner.agent(SIGNED)
    middle = await owner.agent(CALLING.replace("OTHER", last["slug"]))
    first = await owner.agent(CALLING.replace("OTHER", middle["slug"]))
    assert [one["live_version"] for one in (last, middle, first)] == [1, 1, 1]
    await owner.ok("PUT", "/secrets/SHOP", json={"value": {"token": "t0ken"}, "agents": [first["id"], middle["id"]]})
    for agent in (middle, first):
        [finding] = (await owner.ok("GET", f"/agents/{agent['id']}/versions/1/readiness"))["unmet"]
        assert (finding["code"], finding["node"]) == ("secret-not-bound", "call")
        assert finding["message"].startswith(f"For {last['slug']}, which is called here: The secret 'SHOP' is bound to")
    run = await owner.run(first["id"])
    assert "'SHOP' is bound to certain agents" in run["failure"]["message"], "it is asked again when it is used"
    await owner.ok("PUT", "/secrets/SHOP", json={"value": {"token": "t0ken"}, "agents": [last["id"]]})
    for agent in (last, middle, first):
        assert (await owner.ok("GET", f"/agents/{agent['id']}/versions/1/readiness"))["unmet"] == []


async def test_agents_that_call_in_a_circle_are_looked_at_once(place: Place) -> None:
    owner = place.as_owner
    one = await owner.agent(CALLING.replace("OTHER", "nobody"))
    two = await owner.agent(CALLING.replace("OTHER", one["slug"]))
    path = await second(place, one, titled(one["name"], CALLING.replace("OTHER", two["slug"])))
    assert (await owner.ok("GET", f"{path}/versions/2/readiness"))["unmet"] == []


async def test_a_version_that_cannot_run_any_more_cannot_be_overridden(place: Place) -> None:
    agent = await place.as_owner.agent(GREETER)
    async with place.api.database.workspace(place.id) as connection:
        gone = await agents.publish(
            connection, UUID(agent["id"]), markdown=GREETER.replace("uses: set", "uses: gone.away"), spec={}, flow={}
        )
    body = {"version": gone.number, "override": True, "reason": "I insist"}
    refused = await place.as_owner.refused("PUT", f"/agents/{agent['id']}/live", 409, json=body)
    assert refused["code"] == "NotReady"
    assert "without errors" in refused["next_step"]
    assert not (await place.as_owner.ok("GET", f"/agents/{agent['id']}/versions/2/readiness"))["overridable"]


async def test_rollback_goes_back_and_further_back(place: Place) -> None:
    owner = place.as_owner
    agent = await owner.agent(GREETER)
    path = f"/agents/{agent['id']}"
    refused = await owner.refused("POST", f"{path}/rollback", 409)
    assert "No other version" in refused["detail"]
    for number, document in ((2, titled("Two")), (3, WRONG)):
        await owner.ok("POST", f"{path}/versions", 201, json={"markdown": document})
        await owner.ok("PUT", f"{path}/live", json={"version": number, "override": True, "reason": f"Number {number}"})
    assert (await owner.ok("POST", f"{path}/rollback", json={"reason": "It broke"}))["live_version"] == 2
    assert (await owner.ok("POST", f"{path}/rollback"))["live_version"] == 1
    await owner.refused("POST", f"{path}/rollback", 409)
    await owner.ok("PUT", f"{path}/live", json={"version": None, "reason": "Enough"})
    assert (await owner.ok("POST", f"{path}/rollback"))["live_version"] == 1
    history = (await owner.ok("GET", f"{path}/live/history"))["changes"]
    assert [(one["seq"], one["version"], one["how"], one["reason"]) for one in history] == [
        (7, 1, "rollback", ""),
        (6, None, "set", "Enough"),
        (5, 1, "rollback", ""),
        (4, 2, "rollback", "It broke"),
        (3, 3, "set", "Number 3"),
        (2, 2, "set", "Number 2"),
        (1, 1, "set", ""),
    ]
    assert [one["by"] for one in history] == [history[0]["by"]] * 7
    assert history[0]["by"]["kind"] == "api_key"
    [first, _, _] = [entry for entry in await place.audited() if entry.action == "agent.rolled_back"]
    assert first.detail == {"number": 2, "from": 3, "reason": "It broke"}


async def test_the_history_is_paged_and_the_workspaces_own(place: Place, other: Place) -> None:
    owner = place.as_owner
    path = f"/agents/{(await owner.agent(GREETER))['id']}"
    for version in (None, 1, None):
        await owner.ok("PUT", f"{path}/live", json={"version": version})
    page = await owner.ok("GET", f"{path}/live/history", params={"limit": 3})
    assert ([one["seq"] for one in page["changes"]], page["next"]) == ([4, 3, 2], 2)
    page = await owner.ok("GET", f"{path}/live/history", params={"limit": 3, "before": 2})
    assert ([one["seq"] for one in page["changes"]], page["next"]) == ([1], None)
    stranger = other.as_owner
    await stranger.refused("GET", f"{path}/live/history", 404)
    await stranger.refused("POST", f"{path}/rollback", 404)
    await stranger.refused("GET", f"{path}/versions/1/readiness", 404)
    await stranger.refused("PUT", f"{path}/live", 404, json={"version": 1})
