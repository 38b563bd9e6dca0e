"""The sentence every newcomer tries, held to the letter, and drafts that are run with their outside mocked."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from plainwork.drafting.schedule import cron_of
from plainwork.engine.catalogue import load
from plainwork.engine.examples import run_examples
from plainwork.spec import Loaded
from plainwork.spec.compile import compile as compile_spec
from plainwork.spec.model import Example, Schedule, Spec
from tests.drafting.support import drafted, shape, step

MORNING = (
    "Every weekday at 8:30 in Europe/Berlin fetch http://127.0.0.1:8123/posts.json, keep posts with score over 100, "
    "summarise them and mail the summary to team@example.org"
)


def rehearse(spec: Spec, given: dict[str, Any], expect: dict[str, Any]) -> None:
    """Run a drafted spec with this example; every expectation must hold."""
    spec = msgspec.structs.replace(spec, examples=(Example(name="One", given=given, expect=expect),))
    report = run_examples(Loaded(spec, compile_spec(spec), [], None), load())
    assert report.failed == 0, report


def test_the_morning_summary_is_four_steps_on_weekdays() -> None:
    draft = drafted(MORNING)
    (when,) = draft.spec.when
    assert isinstance(when, Schedule)
    assert cron_of(when, "UTC") == ("30 8 * * 1-5", "Europe/Berlin")
    assert shape(draft.spec.steps) == "http filter llm email.send"
    assert draft.findings == ()
    assert draft.questions == ()
    fetch, keep, summarise, mail = draft.spec.steps
    assert fetch.with_ == {"url": "http://127.0.0.1:8123/posts.json"}
    assert keep.with_["where"] == "item.score > 100"
    assert "keep_posts_with_score_over_100.items" in str(summarise.with_)
    assert mail.with_["to"] == "team@example.org"
    assert mail.with_["body"] == "{{ summarise_the_posts.text }}"
    assert mail.account is None
    assert draft.spec.defaults is not None
    assert draft.spec.defaults.retry is not None
    assert draft.drafted_by == "rules"


@pytest.mark.parametrize("wrapped", [False, True])
def test_it_takes_a_bare_list_and_one_under_its_name(wrapped: bool) -> None:
    posts = [{"title": "a", "score": 7}, {"title": "b", "score": 700}]
    body = {"posts": posts} if wrapped else posts
    mocks = {
        "fetch_the_posts": {"status": 200, "headers": {}, "body": body},
        "summarise_the_posts": {"text": "b is liked"},
    }
    sent = [{"to": "team@example.org", "body": "b is liked"}]
    rehearse(drafted(MORNING).spec, {"mock": mocks}, {"sent": sent})


def test_the_zone_of_the_workspace_is_written_out() -> None:
    draft = drafted("Every day at 9 fetch https://example.com/a.json and mail it to a@example.org", zone="Asia/Tokyo")
    assert draft.spec.when == (Schedule(phrase="every day at 09:00 in Asia/Tokyo"),)
    assert any("Asia/Tokyo" in one.text for one in draft.assumptions)


@pytest.mark.parametrize(
    ("total", "ran", "not_ran"),
    [(900, "email_the_boss", "add_the_order_to_notion"), (5, "add_the_order_to_notion", "email_the_boss")],
)
def test_a_branch_takes_the_way_its_condition_says(total: int, ran: str, not_ran: str) -> None:
    draft = drafted(
        "When an order is placed in Shopify: if the total is over 100, email the boss, otherwise add the order to Notion"
    )
    given = {"inputs": {"order": {"total": total}, "send_to": "b@example.org", "notion_database": "d"}}
    rehearse(draft.spec, given, {"ran": [ran], "not_ran": [not_ran]})


def test_a_loop_mails_each_person_at_the_address_of_the_item() -> None:
    draft = drafted(
        "Fetch https://example.com/users.json and for each user with status inactive send an email to the user"
    )
    users = [{"status": "inactive", "email": "a@example.org"}, {"status": "active", "email": "b@example.org"}]
    given = {"mock": {"fetch_the_users": {"status": 200, "headers": {}, "body": users}}}
    rehearse(draft.spec, given, {"sent": [{"to": "a@example.org"}]})
    assert any("email of user" in one.text for one in draft.assumptions)


def test_labels_lead_to_their_steps() -> None:
    draft = drafted(
        "When a new email arrives, classify it as outage or question. If it is an outage, text me, otherwise reply with a greeting."
    )
    given = {
        "inputs": {"email": {"subject": "down!", "from": "c@example.org"}, "phone": "+15550100"},
        "mock": {"classify_the_email": {"label": "outage"}},
    }
    rehearse(draft.spec, given, {"ran": ["text_me"]})


def test_hard_facts_are_copied_to_the_letter() -> None:
    draft = drafted(
        "Fetch https://example.com/x?y=1&z=2, then post 'It is done, really' to #ops on Slack and mail boss@example.org"
    )
    text = draft.markdown
    for fact in ("https://example.com/x?y=1&z=2", "It is done, really", "#ops", "boss@example.org"):
        assert fact in text


def test_a_service_without_a_connector_is_asked_for_and_not_invented() -> None:
    draft = drafted("Create a Jira issue when a webhook arrives")
    issue = step(draft.spec, "create-a-jira-issue")
    assert issue.uses == "http"
    assert issue.account == "JIRA"
    assert issue.with_["method"] == "POST"
    assert draft.spec.inputs["jira_issue_url"].type == "url"
    (need,) = [one for one in draft.needs if one.step == issue.id]
    assert (need.account, need.effect, need.sends) == ("JIRA", "keyed", ("data",))


def test_needs_and_costs_are_told_per_step() -> None:
    draft = drafted(MORNING)
    assert draft.needs[0].hosts == ("127.0.0.1",)
    assert draft.needs[-1].effect == "once"
    assert draft.estimate.model_calls_per_run == 1
    assert draft.estimate.runs_per_month == 22
    assert draft.estimate.cost_per_run_usd == 0.0


def test_a_model_that_is_named_is_used_and_its_price_left_open() -> None:
    draft = drafted("Have GPT-4o write a haiku and mail it to a@example.org")
    assert str(draft.spec.model).startswith("openai:")
    assert draft.estimate.cost_per_run_usd is None


def test_inputs_and_outputs_by_their_variable_names() -> None:
    draft = drafted(
        "The user provides a paper (variable paper) and several keywords (variable words). Summarise the paper. "
        "The summary must be short. The workflow outputs the summary (variable digest)."
    )
    assert draft.spec.inputs["paper"].about == "Paper"
    assert draft.spec.inputs["words"].type == "list of text"
    assert draft.spec.outputs["digest"].value == "{{ summarise_the_paper.text }}"
    assert "The summary must be short" in draft.spec.steps[0].with_["prompt"]


def test_what_happens_on_failure_goes_to_its_own_section() -> None:
    draft = drafted("Fetch https://example.com/a.json and save it to Notion. If it fails, email ops@example.org.")
    assert shape(draft.spec.steps) == "http notion.create_page"
    assert shape(draft.spec.errors) == "email.send"
    assert draft.spec.on_failure == draft.spec.errors[0].id
