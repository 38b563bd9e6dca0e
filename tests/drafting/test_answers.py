"""Answers to a draft's questions: each changes what the question was about, and what is not understood is said."""

from __future__ import annotations

import json
from typing import Any

import pytest

from plainwork.drafting import Draft, draft
from plainwork.drafting.begun_json import begun_json
from plainwork.drafting.rules import read
from plainwork.engine.catalogue import load
from plainwork.spec.model import Schedule, to_json
from tests.drafting.support import shape, step
from tests.drafting.test_by_model import ENGLISH, answer
from tests.llm.support import bench

DAILY = "Every day fetch https://example.org/posts.json and mail the posts to team@example.org"
WATCH = "Watch https://example.org/price for changes and mail me at a@b.org"
SORT = (
    "Fetch https://example.org/tickets.json, categorize each ticket and mail a summary to a@b.org every monday at 9:00"
)
NOTIFY = "Notify me when a new issue is created in Jira"
WAIT = "Wait and then send a mail to a@b.org"
FORM = "When somebody submits the form, mail it to a@b.org"
KEEP = "Fetch https://example.org/orders.json, keep the weird orders and mail them to a@b.org"
BRANCH = "Fetch https://example.org/orders.json. If the order looks suspicious, mail a@b.org"


def answered(english: str, told: str) -> Draft:
    """The draft of a description after its first question was answered."""
    first = read(english, load()).draft
    again = read(english, load(), "UTC", {first.questions[0].text: told}).draft
    assert first.questions[0].text not in {question.text for question in again.questions}
    assert not [finding for finding in again.findings if finding.severity == "error"]
    return again


def not_understood(made: Draft) -> bool:
    return any("was not understood" in one.text for one in made.assumptions)


@pytest.mark.parametrize(
    ("english", "told", "phrase"),
    [
        (DAILY, "at 7:30", "every day at 07:30 in UTC"),
        (DAILY, "half past six in the evening", "every day at 18:30 in UTC"),
        (DAILY, "every weekday at 6 pm", "every weekday at 18:00 in UTC"),
        (DAILY, "every day at 09:00 in UTC", "every day at 09:00 in UTC"),
        (WATCH, "every hour", "every hour in UTC"),
        (WATCH, "every 15 minutes", "every 15 minutes in UTC"),
    ],
)
def test_when_it_runs(english: str, told: str, phrase: str) -> None:
    made = answered(english, told)
    assert made.spec.when == (Schedule(phrase=phrase),)
    assert not not_understood(made)
    assert shape(made.spec.steps) == shape(read(english, load()).draft.spec.steps)


@pytest.mark.parametrize(
    ("told", "uses"),
    [("In Slack", "slack.post"), ("by telegram", "telegram.send"), ("sms", "sms.send"), ("mail", "email.send")],
)
def test_how_a_message_goes(told: str, uses: str) -> None:
    made = answered(NOTIFY, told)
    assert shape(made.spec.steps) == uses
    assert not not_understood(made)


def test_the_categories() -> None:
    made = answered(SORT, "billing, outage or question")
    [sort] = [one for one in step(made.spec, "for-each-ticket").steps if one.uses == "llm.classify"]
    assert sort.with_["labels"] == ["billing", "outage", "question"]


def test_how_long_it_waits() -> None:
    assert answered(WAIT, "2 hours").spec.steps[0].with_ == {"for": "2 hours"}


def test_what_a_form_asks_for() -> None:
    made = answered(FORM, "name, e-mail and phone number")
    assert list(made.spec.inputs) == ["name", "e_mail", "phone_number"]
    assert "{{ inputs }}" in str(to_json(made.spec)["steps"]) or "str(inputs)" in str(to_json(made.spec)["steps"])


@pytest.mark.parametrize("told", ["item.total > 100", "total over 100"])
def test_which_items_are_kept(told: str) -> None:
    assert step(answered(KEEP, told).spec, "keep-the-weird-orders").with_["where"] == "item.total > 100"


def test_which_way_it_goes() -> None:
    test = answered(BRANCH, "fetch_the_orders.body.flagged == True").spec.steps[1].routes[0].test
    assert test == "fetch_the_orders.body.flagged == True"


@pytest.mark.parametrize(
    ("english", "told"),
    [
        (DAILY, "purple"),
        (WATCH, "sometimes"),
        (SORT, "x"),
        (NOTIFY, "pigeon"),
        (WAIT, "a while"),
        (KEEP, "the bad ones"),
    ],
)
def test_an_answer_that_means_nothing_is_said_and_the_default_stays(english: str, told: str) -> None:
    made = answered(english, told)
    assert not_understood(made)
    assert made.spec == read(english, load()).draft.spec


def test_an_answer_to_a_question_that_is_not_asked_is_said() -> None:
    made = read(DAILY, load(), "UTC", {"What colour?": "blue"}).draft
    assert any("What colour?" in one.text for one in made.assumptions)


def test_the_default_as_an_answer_only_settles_the_question() -> None:
    for english in (DAILY, WATCH, SORT, NOTIFY, WAIT, FORM, KEEP, BRANCH):
        first = read(english, load()).draft
        again = answered(english, first.questions[0].default)
        assert again.spec == first.spec
        assert not not_understood(again)


# ── With a model ─────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_model_is_told_the_answers() -> None:
    async with bench() as b:
        b.world.models.say(json.dumps(answer()))
        told = {"Which news?": "Only those about trains"}
        await draft(ENGLISH, load(), gateway=b.gateway, model="openai:gpt-5-mini", answers=told)
        said = b.asked[0]["messages"][1]["content"]
    assert said.startswith(ENGLISH)
    assert "- Which news?\n  Only those about trains" in said


@pytest.mark.parametrize("model", ["openai:gpt-5-mini", "gemini:gemini-2.5-flash", "anthropic:claude-haiku-4-5"])
async def test_the_text_grows_while_a_model_writes(model: str) -> None:
    grown: list[str] = []
    async with bench() as b:
        b.world.models.say(json.dumps(answer(), indent=1))
        made = await draft(ENGLISH, load(), gateway=b.gateway, model=model, watch=grown.append)
        assert len(b.asked) == 1
    counts = [text.count("\n### ") for text in grown]
    assert counts == sorted(counts)
    assert set(counts) == {0, 1, 2, 3}
    assert len(set(grown)) == len(grown)
    assert all(text.startswith("---\nagentspec: 1\nwhen: every weekday at 07:00 in Europe/Rome") for text in grown)
    assert made == await _unwatched(model)


async def _unwatched(model: str) -> Draft:
    async with bench() as b:
        b.world.models.say(json.dumps(answer(), indent=1))
        return await draft(ENGLISH, load(), gateway=b.gateway, model=model)


async def test_a_model_that_writes_nonsense_is_watched_without_harm() -> None:
    grown: list[str] = []
    nonsense = '{"title": ["x"], "steps": [{"name": 3, "uses": {}, "with": {}}, 7, {"with": []}], "title": "T"}'
    async with bench() as b:
        b.world.models.say(nonsense)
        made = await draft(ENGLISH, load(), gateway=b.gateway, model="openai:gpt-5-mini", watch=grown.append)
    assert made.drafted_by == "rules"
    assert all("###" not in text for text in grown)


# ── JSON that is still arriving ──────────────────────────────────────────────────────────────────────────────────────
WHOLE: Any = {
    "title": 'A "title", [so] {to} say\\',
    "n": [1, 2.5, None, True],
    "steps": [{"with": {"a": "b"}}, {}],
    "z": [],
}


def test_every_beginning_of_json_has_a_value() -> None:
    text = json.dumps(WHOLE)
    found = [begun_json(text[:at]) for at in range(len(text) + 1)]
    assert found[0] is None
    assert found[-1] == WHOLE
    sizes = [len(json.dumps(one)) for one in found[1:]]
    assert sizes == sorted(sizes)
    assert {"title": WHOLE["title"]} in found
    assert {"title": WHOLE["title"], "n": [1, 2.5]} in found
    assert not any(isinstance(one, dict) and "" in one for one in found)


def test_what_is_no_json_has_none() -> None:
    assert begun_json("certainly! here it is") is None
    assert begun_json("here: " + json.dumps(WHOLE) + " as you wished") == WHOLE
    assert begun_json("[}") is None
    assert begun_json('{"a": nonsense, ') is None
    assert begun_json("[" * 100_000) is None
