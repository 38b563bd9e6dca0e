"""Documents without storing them: parse, edit, diff, drafts, kinds, schemas."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema_rs
import pytest

from plainwork.engine import catalogue
from tests.api.support import API, GREETER, Api, Place, description, serving
from tests.world import World

EXAMPLES = {p.stem: p.read_text() for p in sorted((Path(__file__).parents[2] / "examples" / "agents").glob("*.md"))}


# ── Parse ────────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("text", EXAMPLES.values(), ids=EXAMPLES)
async def test_the_examples_parse(api: Api, place: Place, text: str) -> None:
    parsed = await place.as_owner.ok("POST", "/specs/parse", 200, json={"markdown": text})
    assert parsed["valid"] is True
    for name in ("spec", "flow"):
        schema = await api.client().ok("GET", f"/schemas/{name}.json", 200)
        jsonschema_rs.Draft202012Validator(schema).validate(parsed[name])


async def test_a_document_with_errors_is_told_and_not_refused(place: Place) -> None:
    parsed = await place.as_owner.ok("POST", "/specs/parse", 200, json={"markdown": "---\na: [\n---\n# X\n"})
    assert (parsed["valid"], parsed["spec"], parsed["flow"]) == (False, None, None)
    assert parsed["findings"][0]["line"]
    drawn = await place.as_owner.ok("POST", "/specs/parse", 200, json={"markdown": GREETER.replace("set", "sett")})
    assert drawn["valid"] is False
    assert drawn["flow"]["nodes"]


async def test_it_says_where_each_step_stands(place: Place) -> None:
    text = EXAMPLES["website-watch"]
    parsed = await place.as_owner.ok("POST", "/specs/parse", 200, json={"markdown": text})
    lines, places = text.split("\n"), parsed["places"]
    named = {step_id: lines[one["name_line"] - 1].lstrip("# ") for step_id, one in places.items()}
    assert named["look-at-each-site"] == "Look at each site"
    assert named["is-any-site-down"] == "Is any site down?"
    outer, inner = places["look-at-each-site"], places["note-that-it-is-silent"]
    assert (outer["holder"], inner["holder"], inner["lane"]) == (None, "look-at-each-site", "main")
    assert outer["line"] < outer["end_line"] < inner["line"] <= inner["end_line"] == outer["tree_end_line"]
    for one in places.values():
        assert one["line"] == one["name_line"]
        assert lines[one["end_line"] - 1].strip()
        assert [route["index"] for route in one["routes"]] == list(range(len(one["routes"])))
        for route in one["routes"]:
            assert lines[route["line"] - 1].startswith("- ")
    windows = await place.as_owner.ok("POST", "/specs/parse", 200, json={"markdown": text.replace("\n", "\r\n")})
    assert windows["places"] == places
    errors = await place.as_owner.ok("POST", "/specs/parse", 200, json={"markdown": EXAMPLES["reading-list"]})
    assert {one["lane"] for one in errors["places"].values()} == {"main", "errors"}


async def test_it_says_what_starts_it_and_when(place: Place) -> None:
    parsed = await place.as_owner.ok("POST", "/specs/parse", 200, json={"markdown": EXAMPLES["weekly-sales-report"]})
    [trigger] = parsed["triggers"]
    assert (trigger["node"], trigger["text"]) == ("trigger-1", "every Monday at 07:00 in Europe/Berlin")
    times = [datetime.fromisoformat(at).astimezone(ZoneInfo("Europe/Berlin")) for at in trigger["next"]]
    assert len(times) == 5
    assert times == sorted(times)
    assert times[0] > datetime.now(UTC)
    assert {(at.weekday(), at.hour, at.minute) for at in times} == {(0, 7, 0)}
    several = "---\nwhen: [{webhook: /a}, every blue moon, {form: Ask}]\n---\n" + GREETER.partition("---\n\n")[2]
    parsed = await place.as_owner.ok("POST", "/specs/parse", 200, json={"markdown": several})
    assert parsed["valid"] is False
    assert [(one["text"], one["next"]) for one in parsed["triggers"]] == [
        ("webhook /a", []),
        ("every blue moon", []),
        ("form “Ask”", []),
    ]


async def test_a_large_document_does_not_hold_up_the_others(place: Place) -> None:
    body = "".join(f"\n### Step {n}\n```yaml step\nuses: set\nwith: {{a: {n}}}\n```\n" for n in range(1500))
    large = {"markdown": GREETER + body}
    parsing = asyncio.create_task(place.as_owner.ok("POST", "/specs/parse", 200, json=large))
    await asyncio.sleep(0.05)
    began = time.monotonic()
    await place.as_owner.ok("GET", "/agents")
    quick = time.monotonic() - began
    began = time.monotonic()
    parsed = await parsing
    assert len(parsed["flow"]["nodes"]) == 1501
    assert quick < max(1.0, (time.monotonic() - began) / 2)


# ── Edit ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_change_of_the_canvas_changes_only_its_lines(place: Place) -> None:
    change = {"op": "set", "node": "greet", "path": "with.text", "value": "Good day"}
    edited = await place.as_owner.ok("POST", "/specs/edit", 200, json={"markdown": GREETER, "change": change})
    assert edited["markdown"] == GREETER.replace("Hello {{ inputs.name }}", "Good day")
    [span] = edited["changed"]
    assert span["line"] == span["end_line"] == 16
    assert edited["markdown"][span["start"] : span["end"]] in '{text: "Good day"}'
    assert edited["node"] == "greet"
    parsed = await place.as_owner.ok("POST", "/specs/parse", 200, json={"markdown": edited["markdown"]})
    assert edited["parsed"] == parsed


async def test_an_edit_says_which_step_it_was_about(place: Place) -> None:
    async def edited(markdown: str, **change: Any) -> tuple[str, str | None]:
        body = {"markdown": markdown, "change": change}
        found = await place.as_owner.ok("POST", "/specs/edit", 200, json=body)
        return found["markdown"], found["node"]

    text, node = await edited(GREETER, op="add", step={"name": "Say more", "uses": "set"}, after="greet")
    assert node == "say-more"
    text, node = await edited(text, op="duplicate", node="greet")
    assert node == "greet-copy"
    text, node = await edited(text, op="connect", **{"from": "greet", "to": "say-more"})
    assert node == "greet"
    text, node = await edited(text, op="set", node=None, path="title", value="Other")
    assert (node, "# Other\n" in text) == (None, True)
    assert (await edited(text, op="delete", node="greet"))[1] is None


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"op": "explode"},
        {"op": ["set"]},
        {"op": "set", "node": "nowhere", "path": "with.text", "value": 1},
        {"op": "set", "node": "greet"},
        {"op": "rename", "node": "greet"},
        {"op": "rename", "node": "greet", "name": 3},
        {"op": "delete"},
        {"op": "add"},
        {"op": "add", "step": {"uses": 3}},
        {"op": "connect", "from": "greet", "to": "nowhere"},
        {"op": "connect"},
        {"op": "disconnect", "from": {}, "to": []},
        {"op": "move", "node": None},
        {"op": "condition", "from": "greet"},
        {"op": None, "node": {"a": [[[]]]}},
    ],
)
async def test_a_change_that_cannot_be_is_refused(place: Place, change: dict[str, Any]) -> None:
    refused = await place.as_owner.refused("POST", "/specs/edit", 422, json={"markdown": GREETER, "change": change})
    assert refused["code"] == "Invalid"


async def test_a_document_that_cannot_be_read_cannot_be_edited(place: Place) -> None:
    change = {"op": "rename", "node": "greet", "name": "Hail"}
    broken = {"markdown": "---\na: [\n---\n# X", "change": change}
    assert (await place.as_owner.refused("POST", "/specs/edit", 422, json=broken))["findings"]
    for body in ({"markdown": GREETER}, {"change": change}, {"markdown": GREETER, "change": []}):
        await place.as_owner.refused("POST", "/specs/edit", 422, json=body)


# ── Diff ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_what_changed(place: Place) -> None:
    after = GREETER.replace("Hello", "Good day")
    found = await place.as_owner.ok("POST", "/specs/diff", 200, json={"before": GREETER, "after": after})
    [step] = found["changed"]
    assert step["id"] == "greet"
    assert step["fields"] == [
        {"field": "with.text", "before": "Hello {{ inputs.name }}", "after": "Good day {{ inputs.name }}"}
    ]
    assert found["summary"]
    same = await place.as_owner.ok("POST", "/specs/diff", 200, json={"before": GREETER, "after": GREETER})
    assert not any(same.values())
    refused = await place.as_owner.refused(
        "POST", "/specs/diff", 422, json={"before": GREETER, "after": "---\na: [\n---"}
    )
    assert "after" in refused["detail"]


# ── Kinds and schemas ────────────────────────────────────────────────────────────────────────────────────────────────
async def test_the_kinds(place: Place) -> None:
    listed = (await place.as_owner.ok("GET", "/kinds"))["kinds"]
    assert [kind["id"] for kind in listed] == list(catalogue.load())
    for kind in listed:
        assert await place.as_owner.ok("GET", f"/kinds/{kind['id']}") == kind
    http = await place.as_owner.ok("GET", "/kinds/http@1")
    assert http["input"]["required"] == ["url"]
    assert "http" in (await place.as_owner.refused("GET", "/kinds/htp", 404))["next_step"]
    for odd in ("http@2", "%00", "x" * 3000, "é"):
        await place.as_owner.refused("GET", f"/kinds/{odd}", 404)


async def test_the_accounts_that_kinds_sign_with(place: Place) -> None:
    accounts = {one["kind"]: one for one in (await place.as_owner.ok("GET", "/accounts"))["accounts"]}
    kinds = (await place.as_owner.ok("GET", "/kinds"))["kinds"]
    assert {kind["account"] for kind in kinds if kind.get("account")} == set(accounts)
    assert accounts["slack"]["main"] == "token"
    assert accounts["slack"]["fields"]["properties"]["token"]["x-secret"] is True


async def test_the_schemas(api: Api) -> None:
    nobody = api.client()
    for name in ("spec", "flow"):
        schema = await nobody.ok("GET", f"/schemas/{name}.json", 200)
        jsonschema_rs.meta.validate(schema)
    await nobody.refused("GET", "/schemas/nothing.json", 422)
    await nobody.refused("GET", "/schemas/spec", 404)


# ── Drafts ───────────────────────────────────────────────────────────────────────────────────────────────────────────
SENTENCE = (
    "Every weekday at 8:30 fetch https://example.org/posts.json, keep posts with score over 100, summarise them and mail "
    "the summary to team@example.org"
)


async def test_a_draft_by_rules_becomes_an_agent(place: Place) -> None:
    body = {"english": SENTENCE, "zone": "Europe/Berlin"}
    draft = await place.as_owner.ok("POST", "/drafts", 201, json=body)
    assert draft["drafted_by"] == "rules"
    trigger, *steps = draft["flow"]["nodes"]
    assert (trigger["config"]["cron"], trigger["config"]["timezone"]) == ("30 8 * * 1-5", "Europe/Berlin")
    assert [step["type"] for step in steps] == ["http@1", "filter@1", "llm@1", "email.send@1"]
    assert {"markdown", "spec", "flow", "assumptions", "questions", "needs", "findings"} <= set(draft)
    assert (await place.as_owner.ok("GET", "/agents"))["agents"] == []
    made = await place.as_owner.ok("POST", "/agents", 201, json={"markdown": draft["markdown"]})
    assert made["version"]["spec"] == draft["spec"]
    assert made["version"]["flow"] == draft["flow"]


async def streamed(client: Any, body: dict[str, Any], status: int = 200) -> list[tuple[str, Any]]:
    """The events of a draft that is watched."""
    answer = await client.post(f"{API}/drafts", json=body, headers={"Accept": "text/event-stream"})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    told = []
    for block in answer.text.strip().split("\n\n"):
        name, data = block.split("\n")
        told.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return told


async def test_a_draft_is_told_as_it_grows(api: Api, place: Place) -> None:
    body = {"english": SENTENCE, "zone": "Europe/Berlin"}
    *texts, (last, draft) = await streamed(place.as_owner, body)
    assert {name for name, _ in texts} == {"text"}
    grown = [data["markdown"] for _, data in texts]
    assert len(grown) >= len(draft["spec"]["steps"])
    for before, after in pairwise(grown):
        assert after.startswith(before)
        assert len(after) > len(before)
    assert last == "draft"
    assert grown[-1] == draft["markdown"]
    assert draft == await place.as_owner.ok("POST", "/drafts", 201, json=body)
    description().validate({"$ref": "#/components/schemas/Draft"}, draft)


async def test_what_cannot_be_drafted_is_told_in_the_stream_too(api: Api, place: Place) -> None:
    [(name, problem)] = await streamed(place.as_owner, {"english": "   \n"})
    assert (name, problem["code"], problem["status"]) == ("problem", "Invalid", 422)
    description().validate({"$ref": "#/components/schemas/Problem"}, problem)


async def test_answers_change_the_draft(place: Place) -> None:
    english = "Every day fetch https://example.org/posts.json and mail the posts to team@example.org"
    first = await place.as_owner.ok("POST", "/drafts", 201, json={"english": english})
    [question] = first["questions"]
    answers = [{"question": question["text"], "answer": "at 7:30"}]
    second = await place.as_owner.ok("POST", "/drafts", 201, json={"english": english, "answers": answers})
    assert second["questions"] == []
    assert second["spec"]["when"][0]["phrase"] == "every day at 07:30 in UTC"
    assert second["spec"]["steps"] == first["spec"]["steps"]
    for wrong in (answers * 21, [{"question": "x"}], [{"question": "", "answer": "x"}], answers[0]):
        await place.as_owner.refused("POST", "/drafts", 422, json={"english": english, "answers": wrong})


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"english": ""},
        {"english": "   \n"},
        {"english": "x" * 20_001},
        {"english": SENTENCE, "zone": "Mars/Olympus"},
        {"english": SENTENCE, "zone": "../../etc/passwd"},
        {"english": SENTENCE, "zone": ""},
        {"english": SENTENCE, "model": ""},
        {"english": [SENTENCE]},
    ],
)
async def test_what_cannot_be_drafted_is_refused(place: Place, body: dict[str, Any]) -> None:
    assert (await place.as_owner.refused("POST", "/drafts", 422, json=body))["detail"]


@pytest.mark.parametrize(
    "english", ["hello", "?", "😀" * 50, "{{ x }} $(rm -rf /) '; drop table agents; --", "a\u202eb " * 400]
)
async def test_any_text_drafts_something_valid_or_says_why_not(place: Place, english: str) -> None:
    answer = await place.as_owner.post(f"{API}/drafts", json={"english": english})
    assert answer.status_code in {201, 422}
    if answer.status_code == 201:
        parsed = await place.as_owner.ok("POST", "/specs/parse", 200, json={"markdown": answer.json()["markdown"]})
        assert parsed["valid"] is True


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with World() as world:
        yield world


async def test_a_model_drafts_and_its_calls_are_booked(tmp_path: Path, database_url: str, world: World) -> None:
    world.models.say("this is no draft")
    async with serving(tmp_path, database_url, works=False, allow_hosts=world.allow_hosts) as api:
        place = await api.place()
        account = {"key": world.models.key, "base_url": world.models.openai_url}
        await place.as_owner.ok("PUT", "/secrets/openai", 200, json={"value": account})
        answer = await place.as_owner.post(f"{API}/drafts", json={"english": SENTENCE, "model": "openai:gpt-4o"})
        assert answer.status_code == 201, answer.text
        assert answer.json()["drafted_by"] == "rules"
        assert any("gpt-4o" in one["text"] for one in answer.json()["assumptions"])
        assert world.models.key not in answer.text
        assert SENTENCE in str(world.models.asked[0])
        async with api.database.workspace(place.id) as connection:
            booked = await connection.fetch("select provider, model, run_id from llm_calls")
        assert len(booked) == len(world.models.asked)
        assert {tuple(row) for row in booked} == {("openai", "gpt-4o", None)}


async def test_a_models_draft_grows_while_it_writes(tmp_path: Path, database_url: str, world: World) -> None:
    steps = [
        {"name": "Fetch the posts", "uses": "http", "with": {"url": "https://example.org/posts.json"}},
        {
            "name": "Mail them",
            "uses": "email.send",
            "with": {"to": "team@example.org", "subject": "Posts", "body": "x"},
        },
    ]
    world.models.say(json.dumps({"title": "Posts by mail", "steps": steps}))
    async with serving(tmp_path, database_url, works=False, allow_hosts=world.allow_hosts) as api:
        place = await api.place()
        account = {"key": world.models.key, "base_url": world.models.openai_url}
        await place.as_owner.ok("PUT", "/secrets/openai", 200, json={"value": account})
        told = await streamed(place.as_owner, {"english": SENTENCE, "model": "openai:gpt-4o"})
        async with api.database.workspace(place.id) as connection:
            assert await connection.fetchval("select count(*) from llm_calls") == len(world.models.asked) == 1
    *texts, (last, draft) = told
    grown = [data["markdown"] for _, data in texts]
    assert ["### Fetch the posts" in text for text in grown[:2]] == [False, True]
    assert "### Mail them" not in grown[1]
    assert "### Mail them" in grown[-1]
    assert (last, draft["drafted_by"]) == ("draft", "openai:gpt-4o")


async def test_a_model_that_nobody_has_leaves_it_to_the_rules(place: Place) -> None:
    draft = await place.as_owner.ok("POST", "/drafts", 201, json={"english": SENTENCE, "model": "nobody:nothing"})
    assert draft["drafted_by"] == "rules"
    assert any("nobody" in one["text"] for one in draft["assumptions"])
