"""Agents, their versions, the live pointer."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from plainwork import db
from plainwork.spec.markdown import parse
from plainwork.spec.model import spec_from_json, to_json
from tests.api.support import API, GREETER, Api, Place, titled

SCHEDULED = GREETER.replace("agentspec: 1\n", "agentspec: 1\nwhen: every weekday at 07:30 in Europe/Berlin\n").replace(
    "Who is greeted}", "Who is greeted, default: you}"
)
BROKEN = """# Broken

## Steps

### Fetch it
```yaml step
uses: htttp
with: {url: "https://example.org"}
```

### Use it
```yaml step
uses: set
with: {a: "{{ nowhere.body }}"}
```
"""


async def test_an_agent_from_its_document(place: Place) -> None:
    made = await place.as_owner.agent(GREETER.replace("agentspec: 1", "agentspec: 1\nid: hello\ntags: [a, b]"), "Hi")
    assert (made["slug"], made["name"], made["about"], made["tags"]) == ("hello", "Hi", "Says hello.", ["a", "b"])
    assert (made["last_version"], made["live_version"], made["paused_at"]) == (1, 1, None)
    assert made["created_by"] == str(place.owner)
    version = made.pop("version")
    assert (made.pop("findings"), made.pop("unmet")) == ([], [])
    assert await place.as_owner.ok("GET", f"/agents/{made['id']}") == made
    assert await place.as_owner.ok("GET", f"/agents/{made['id']}/versions/1") == version
    assert version["markdown"].startswith("---\nagentspec: 1\nid: hello")
    assert version["spec"]["title"] == "Hi"
    assert [node["type"] for node in version["flow"]["nodes"]] == ["set@1"]
    assert made["live_version_id"] == version["id"]
    assert re.fullmatch("[0-9a-f]{64}", version["content_hash"])
    actions = [(entry.action, entry.actor.kind) for entry in await place.audited()]
    expected = ["agent.created", "version.published", "agent.live"]
    assert actions == [(action, "api_key") for action in expected]


async def test_an_agent_that_is_not_live_yet(place: Place) -> None:
    made = await place.as_owner.agent(live=False)
    assert (made["live_version"], made["last_version"]) == (None, 1)
    refused = await place.as_owner.refused("POST", f"/agents/{made['id']}/runs", 409, json={"inputs": {"name": "x"}})
    assert f"/agents/{made['id']}/live" in refused["next_step"]


async def test_a_spec_as_json_is_the_same_document(place: Place) -> None:
    spec = to_json(parse(GREETER).spec)  # type: ignore[arg-type]
    made = await place.as_owner.ok("POST", "/agents", 201, json={"spec": spec})
    assert spec_from_json(made["version"]["spec"]) == parse(GREETER).spec
    assert parse(made["version"]["markdown"]).spec == parse(GREETER).spec


async def test_the_same_id_is_taken_until_its_agent_is_gone(place: Place) -> None:
    first = await place.as_owner.agent(title="Twin")
    await place.as_owner.refused("POST", "/agents", 409, json={"markdown": titled("Twin")})
    await place.as_owner.ok("DELETE", f"/agents/{first['id']}", 204)
    second = await place.as_owner.agent(title="Twin")
    assert second["slug"] == first["slug"]


@pytest.mark.parametrize(
    "document",
    [BROKEN, "", "no heading", BROKEN + "- Then → [Gone](#gone)\n", "---\na: [\n---\n# X", "\x1b[0m", "#" * 9000],
)
async def test_a_document_with_errors_is_refused_with_its_findings(place: Place, document: str) -> None:
    for path in ("/agents", f"/agents/{(await place.as_owner.agent())['id']}/versions"):
        refused = await place.as_owner.refused("POST", path, 422, json={"markdown": document})
        assert refused["code"] == "Invalid"
        errors = [one for one in refused["findings"] if one.get("severity", "error") == "error"]
        assert errors
        assert all(one["code"] and one["message"] for one in errors)
    assert len((await place.as_owner.ok("GET", "/agents"))["agents"]) == 1


async def test_findings_name_line_step_and_field(place: Place) -> None:
    refused = await place.as_owner.refused("POST", "/agents", 422, json={"markdown": BROKEN})
    by_step: dict[str | None, list[dict[str, Any]]] = {}
    for one in refused["findings"]:
        by_step.setdefault(one.get("node"), []).append(one)
    [kind] = by_step["fetch-it"]
    assert (kind["line"], kind["field"]) == (7, "uses")
    assert "http" in kind["next_step"]
    assert [one["line"] for one in by_step["use-it"]] == [14]
    dangling = BROKEN + "- Then → [Gone](#gone)\n"
    refused = await place.as_owner.refused("POST", "/agents", 422, json={"markdown": dangling})
    assert [one["line"] for one in refused["findings"] if "gone" in one["message"]] == [16]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"markdown": GREETER, "spec": {"title": "x"}},
        {"markdown": 3},
        {"spec": []},
        {"spec": "x"},
        {"spec": {"title": 3}},
        {"spec": {"title": "x", "surplus": 1}},
        {"markdown": GREETER, "live": "perhaps"},
        {"markdown": GREETER, "note": "x" * 2001},
        {"markdown": GREETER, "surplus": 1},
        {"markdown": "# " + "x" * 300 + GREETER.partition("# Greeter")[2]},
        {"markdown": "x" * 1_048_577},
        [],
        "text",
        None,
    ],
)
async def test_a_body_that_is_no_document_is_refused(place: Place, body: Any) -> None:
    refused = await place.as_owner.refused("POST", "/agents", 422, json=body)
    assert refused["findings"] or "characters" in refused["detail"]


async def test_versions_are_added_and_never_changed(place: Place) -> None:
    made = await place.as_owner.agent()
    path = f"/agents/{made['id']}"
    first = made["version"]
    second = await place.as_owner.ok(
        "POST", f"{path}/versions", 201, json={"markdown": titled("New"), "note": "New name"}
    )
    assert (second["number"], second["note"], second["findings"]) == (2, "New name", [])
    agent = await place.as_owner.ok("GET", path)
    assert (agent["last_version"], agent["live_version"]) == (2, 1)
    assert await place.as_owner.ok("GET", f"{path}/versions/1") == first
    listed = await place.as_owner.ok("GET", f"{path}/versions")
    assert [head["number"] for head in listed["versions"]] == [2, 1]
    assert "markdown" not in listed["versions"][0]
    for method in ("PUT", "PATCH", "DELETE", "POST"):
        refused = await place.as_owner.refused(method, f"{path}/versions/1", 405, json={"markdown": GREETER})
        assert "GET" in refused["detail"]


async def test_the_same_content_is_the_same_version(place: Place) -> None:
    made = await place.as_owner.agent(title="Same")
    path = f"/agents/{made['id']}/versions"
    again = await place.as_owner.ok("POST", path, 200, json={"markdown": titled("Same"), "note": "again"})
    assert (again["id"], again["number"]) == (made["version"]["id"], 1)
    other = await place.as_owner.ok("POST", path, 201, json={"markdown": titled("Other")})
    back = await place.as_owner.ok("POST", path, 201, json={"markdown": titled("Same")})
    assert (other["number"], back["number"]) == (2, 3)
    assert back["content_hash"] == made["version"]["content_hash"] != other["content_hash"]
    published = [entry.detail["number"] for entry in await place.audited() if entry.action == "version.published"]
    assert published == [1, 2, 3]


async def test_versions_sent_at_once_are_numbered_apart(place: Place) -> None:
    made = await place.as_owner.agent()
    sent = [
        place.as_owner.ok("POST", f"/agents/{made['id']}/versions", 201, json={"markdown": titled(f"V{n}")})
        for n in range(6)
    ]
    assert sorted(version["number"] for version in await asyncio.gather(*sent)) == [2, 3, 4, 5, 6, 7]


async def test_the_live_pointer(place: Place) -> None:
    made = await place.as_owner.agent(live=False)
    path = f"/agents/{made['id']}"
    await place.as_owner.ok("POST", f"{path}/versions", 201, json={"markdown": titled("Two")})
    assert (await place.as_owner.ok("PUT", f"{path}/live", json={"version": 2}))["live_version"] == 2
    assert (await place.as_owner.ok("PUT", f"{path}/live", json={"version": 1}))["live_version"] == 1
    assert (await place.as_owner.ok("GET", "/agents"))["agents"][0]["live_version"] == 1
    assert (await place.as_owner.ok("PUT", f"{path}/live", json={"version": None}))["live_version"] is None
    pointed = [entry.detail["number"] for entry in await place.audited() if entry.action == "agent.live"]
    assert pointed == [2, 1, None]


async def test_the_live_pointer_takes_only_versions_of_the_agent(place: Place, other: Place) -> None:
    mine, theirs = await place.as_owner.agent(), await place.as_owner.agent()
    await place.as_owner.ok("POST", f"/agents/{theirs['id']}/versions", 201, json={"markdown": titled("Two")})
    foreign = await other.as_owner.agent()
    path = f"/agents/{mine['id']}/live"
    await place.as_owner.refused("PUT", path, 404, json={"version": 2})
    await place.as_owner.refused("PUT", f"/agents/{foreign['id']}/live", 404, json={"version": 1})
    await place.as_owner.refused("PUT", f"/agents/{db.new_id()}/live", 404, json={"version": 1})
    wrong: tuple[Any, ...] = (
        {"version": 0},
        {"version": -1},
        {"version": 2**31},
        {"version": 10**40},
        {"version": "x"},
        {},
    )
    for body in wrong:
        await place.as_owner.refused("PUT", path, 422, json=body)
    assert (await place.as_owner.ok("GET", f"/agents/{mine['id']}"))["live_version"] == 1


async def test_schedules_follow_the_live_version(api: Api, place: Place) -> None:
    made = await place.as_owner.agent(SCHEDULED)

    async def crons() -> list[str]:
        async with api.database.workspace(place.id) as connection:
            rows = await connection.fetch("select cron, timezone from schedules where agent_id = $1", made["id"])
        return [f"{row['cron']} {row['timezone']}" for row in rows]

    assert await crons() == ["30 7 * * 1-5 Europe/Berlin"]
    await place.as_owner.ok("PUT", f"/agents/{made['id']}/live", json={"version": None})
    assert await crons() == []


async def test_changing_an_agent(place: Place) -> None:
    made = await place.as_owner.agent()
    path = f"/agents/{made['id']}"
    changed = await place.as_owner.ok("PATCH", path, json={"name": "  Renamed ", "tags": ["x"], "about": "New"})
    assert (changed["name"], changed["tags"], changed["about"]) == ("Renamed", ["x"], "New")
    assert changed["slug"] == made["slug"]
    paused = await place.as_owner.ok("PATCH", path, json={"paused": True})
    assert paused["paused_at"]
    assert paused["name"] == "Renamed"
    assert (await place.as_owner.ok("PATCH", path, json={"paused": True}))["paused_at"] == paused["paused_at"]
    assert (await place.as_owner.ok("PATCH", path, json={"paused": False}))["paused_at"] is None
    before = len(await place.audited())
    assert (await place.as_owner.ok("PATCH", path, json={}))["name"] == "Renamed"
    assert len(await place.audited()) == before
    last = (await place.audited())[-1]
    assert (last.action, last.target_id, dict(last.detail)) == ("agent.changed", made["id"], {"paused": False})
    for wrong in (
        {"name": ""},
        {"name": "   "},
        {"name": "x" * 201},
        {"tags": [""]},
        {"tags": ["x"] * 51},
        {"slug": "x"},
    ):
        await place.as_owner.refused("PATCH", path, 422, json=wrong)


async def test_an_agent_out_of_use_keeps_its_history(place: Place) -> None:
    made = await place.as_owner.agent()
    ran = await place.as_owner.run(made["id"], name="you")
    path = f"/agents/{made['id']}"
    await place.as_owner.ok("DELETE", path, 204)
    for method, rest in (
        ("GET", ""),
        ("DELETE", ""),
        ("PATCH", ""),
        ("GET", "/versions"),
        ("GET", "/runs"),
        ("POST", "/runs"),
    ):
        await place.as_owner.refused(method, path + rest, 404, json={} if method in {"PATCH", "POST"} else None)
    await place.as_owner.refused("PUT", f"{path}/live", 404, json={"version": 1})
    await place.as_owner.refused("POST", f"{path}/versions", 404, json={"markdown": titled("Late")})
    assert (await place.as_owner.ok("GET", f"{path}/versions/1"))["number"] == 1
    assert [run["id"] for run in (await place.as_owner.ok("GET", "/runs"))["runs"]] == [ran["id"]]


async def test_lists_are_paged(place: Place) -> None:
    ids = [(await place.as_owner.agent())["id"] for _ in range(5)]
    for _ in range(4):
        body = {"markdown": titled(f"N{_}")}
        await place.as_owner.ok("POST", f"/agents/{ids[0]}/versions", 201, json=body)
    assert await paged(place, "/agents", "agents", "id", 2) == [list(reversed(ids))[i : i + 2] for i in (0, 2, 4)]
    assert await paged(place, f"/agents/{ids[0]}/versions", "versions", "number", 2) == [[5, 4], [3, 2], [1]]
    # A full last page says that it is the last.
    assert await paged(place, "/agents", "agents", "id", 5) == [list(reversed(ids))]
    for wrong in ({"limit": 0}, {"limit": 201}, {"limit": "x"}, {"before": "x"}, {"limit": 10**30}):
        await place.as_owner.refused("GET", "/agents", 422, params=wrong)


async def paged(place: Place, path: str, what: str, key: str, limit: int) -> list[list[Any]]:
    """The keys of all pages."""
    pages, before = [], None
    while True:
        params = {"limit": limit} | ({"before": before} if before else {})
        page = await place.as_owner.ok("GET", path, params=params)
        pages.append([one[key] for one in page[what]])
        if page["next"] is None:
            return pages
        before = page["next"]


async def test_ids_that_nothing_has(place: Place) -> None:
    made = await place.as_owner.agent()
    nothing = db.new_id()
    for path in (f"/agents/{nothing}", f"/agents/{nothing}/versions", f"/agents/{nothing}/versions/1"):
        await place.as_owner.refused("GET", path, 404)
    await place.as_owner.refused("GET", f"/agents/{made['id']}/versions/2", 404)
    for number in ("0", "-1", "x", "1.5", str(2**31), "9" * 30):
        await place.as_owner.refused("GET", f"/agents/{made['id']}/versions/{number}", 422)
    for odd in ("x", "1", "%00", "00000000-0000-0000-0000-00000000000g", "' or 1=1 --"):
        await place.as_owner.refused("GET", f"/agents/{odd}", 422)
    assert (await place.as_owner.get(f"{API}/agents/{made['id'].upper()}")).json()["id"] == made["id"]
