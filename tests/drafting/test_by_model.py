"""Drafting with a model, against scripted answers on the wire: what it is asked, what it may mend, when the rules stand in."""

from __future__ import annotations

import json
from typing import Any

import pytest

from plainwork.drafting import draft
from plainwork.drafting.vocabulary import answer_schema, kinds_for
from plainwork.engine.catalogue import load
from plainwork.errors import Invalid
from plainwork.spec.model import Schedule
from tests.drafting.support import drafted, shape
from tests.llm.support import bench

ENGLISH = "Every weekday at 7:00 in Europe/Rome fetch https://example.com/news.json, summarise it and post it to #news on Slack"


def answer(**changes: Any) -> dict[str, Any]:
    steps = [
        {"name": "Fetch the news", "uses": "http", "with": {"url": "https://example.com/news.json"}},
        {
            "name": "Write it up",
            "uses": "llm",
            "with": {"news": "{{ fetch_the_news.body }}", "prompt": "Sum it up.\n\n{{ news }}"},
        },
        {
            "name": "Post it",
            "uses": "slack.post",
            "account": "SLACK",
            "with": {"channel": "#news", "text": "{{ write_it_up.text }}"},
        },
    ]
    return {
        "title": "News to Slack",
        "about": "Posts the news.",
        "steps": steps,
        "assumptions": ["The news is a list."],
    } | changes


async def test_a_good_answer_becomes_the_draft() -> None:
    async with bench() as b:
        b.world.models.say(
            json.dumps(answer(questions=[{"text": "Which news?", "default": "All", "differs": "A filter."}]))
        )
        made = await draft(ENGLISH, load(), gateway=b.gateway, model="openai:gpt-5-mini")
        assert len(b.asked) == 1
    assert made.drafted_by == "openai:gpt-5-mini"
    assert made.findings == ()
    assert shape(made.spec.steps) == "http llm slack.post"
    assert made.spec.when == (Schedule(phrase="every weekday at 07:00 in Europe/Rome"),)
    assert set(made.spec.secrets) == {"SLACK"}
    assert made.assumptions[0].text == "The news is a list."
    assert made.questions[0].default == "All"
    assert [need.step for need in made.needs] == ["fetch-the-news", "write-it-up", "post-it"]


async def test_it_is_asked_with_the_closed_vocabulary_and_the_rules_guess() -> None:
    async with bench() as b:
        b.world.models.say(json.dumps(answer()))
        await draft(ENGLISH, load(), gateway=b.gateway, model="openai:gpt-5-mini")
        asked = b.asked[0]
    schema = asked["response_format"]["json_schema"]["schema"]
    uses = schema["$defs"]["step"]["properties"]["uses"]["enum"]
    assert "slack.post" in uses
    assert len(uses) <= 30
    system = asked["messages"][0]["content"]
    assert "every weekday at 07:00 in Europe/Rome" in system
    assert "fetch-the-news" in system
    assert asked["messages"][1]["content"] == ENGLISH


async def test_findings_go_back_and_are_mended() -> None:
    broken = answer()
    broken["steps"][1]["with"]["news"] = "{{ fetch_the_weather.body }}"
    async with bench() as b:
        b.world.models.say(json.dumps(broken), json.dumps(answer()))
        made = await draft(ENGLISH, load(), gateway=b.gateway, model="openai:gpt-5-mini")
        assert len(b.asked) == 2
        sent_back = b.asked[1]["messages"][-1]["content"]
    assert "fetch_the_weather" in sent_back
    assert made.findings == ()
    assert made.drafted_by == "openai:gpt-5-mini"


async def test_a_fact_that_the_draft_forgot_goes_back_as_a_finding() -> None:
    forgot = answer()
    forgot["steps"] = forgot["steps"][:2]
    async with bench() as b:
        b.world.models.say(json.dumps(forgot), json.dumps(answer()))
        made = await draft(ENGLISH, load(), gateway=b.gateway, model="openai:gpt-5-mini")
        sent_back = b.asked[1]["messages"][-1]["content"]
    assert "You said Slack; no step posts to Slack." in sent_back
    assert shape(made.spec.steps) == "http llm slack.post"


async def test_a_fact_that_stays_forgotten_is_told_to_the_reader() -> None:
    forgot = answer()
    forgot["steps"] = forgot["steps"][:2]
    async with bench() as b:
        b.world.models.say(json.dumps(forgot))
        made = await draft(ENGLISH, load(), gateway=b.gateway, model="openai:gpt-5-mini")
        assert len(b.asked) == 3
    assert [finding.code for finding in made.findings] == ["draft-contradiction"]
    assert made.drafted_by == "openai:gpt-5-mini"


async def test_what_stays_invalid_gives_the_rules_draft_with_a_note() -> None:
    broken = answer()
    broken["steps"][2]["with"]["text"] = "{{ nothing_there.text }}"
    async with bench() as b:
        b.world.models.say(json.dumps(broken))
        made = await draft(ENGLISH, load(), gateway=b.gateway, model="openai:gpt-5-mini")
        assert len(b.asked) == 3
    assert made.drafted_by == "rules"
    assert "still not valid" in made.assumptions[0].text
    assert made.spec == drafted(ENGLISH).spec


@pytest.mark.parametrize(
    "said",
    ["I would rather not.", "{}", json.dumps({"title": "x", "steps": [{"name": "a", "uses": "magic", "with": {}}]})],
)
async def test_an_answer_outside_the_vocabulary_never_becomes_a_draft(said: str) -> None:
    async with bench() as b:
        b.world.models.say(said)
        made = await draft(ENGLISH, load(), gateway=b.gateway, model="openai:gpt-5-mini")
    assert made.drafted_by == "rules"
    assert "could not be asked" in made.assumptions[0].text


async def test_a_refused_key_gives_the_rules_draft_with_the_reason() -> None:
    async with bench("openai") as b:
        made = await draft(ENGLISH, load(), gateway=b.gateway, model="openai:gpt-5-mini")
    assert made.drafted_by == "rules"
    assert "key" in made.assumptions[0].text.lower()


async def test_names_that_clash_and_routes_are_settled() -> None:
    steps = [
        {"name": "Read", "uses": "http", "with": {"url": "https://example.com/news.json"}},
        {
            "name": "Stop",
            "uses": "condition",
            "with": {},
            "routes": [
                {"lead": "if", "test": "read.status == 200", "to": ["post"]},
                {"lead": "otherwise", "to": ["stop"]},
            ],
        },
        {
            "name": "Post",
            "uses": "slack.post",
            "account": "SLACK",
            "with": {"channel": "#news", "text": "{{ read.body }}"},
        },
    ]
    async with bench() as b:
        b.world.models.say(json.dumps(answer(steps=steps)))
        made = await draft(ENGLISH, load(), gateway=b.gateway, model="openai:gpt-5-mini")
    assert [step.id for step in made.spec.steps] == ["read", "do-stop", "post"]
    assert made.spec.steps[1].routes[1].to == ("stop",)
    assert made.findings == ()


async def test_rules_alone_never_ask() -> None:
    async with bench() as b:
        made = await draft(ENGLISH, load(), gateway=b.gateway, rules=True)
        small = await draft(ENGLISH, load(), gateway=b.gateway, model="local:smollm2-135m")
        assert b.asked == []
    assert made == small
    assert made.drafted_by == "rules"


async def test_the_bounds_hold_before_any_model_is_asked() -> None:
    async with bench() as b:
        with pytest.raises(Invalid, match="nothing to draft"):
            await draft("   ", load(), gateway=b.gateway, model="openai:gpt-5-mini")
        assert b.asked == []


def test_the_kinds_that_are_named_are_in_the_vocabulary() -> None:
    kinds = [kind.id for kind in kinds_for("put the top reddit posts into a notion database", load())]
    assert {"reddit.top", "notion.create_page", "http", "todo"} <= set(kinds)
    assert answer_schema(kinds_for("x", load()))["$defs"]["step"]["properties"]["uses"]["enum"][0] == "http"
