"""What is new somewhere starts an agent by being asked for, where nothing has to be set up at the other side."""

from __future__ import annotations

from typing import Any

import pytest

from plainwork.drafting import Draft
from plainwork.drafting.rules import read
from plainwork.engine.catalogue import load
from plainwork.spec.model import Email, Poll, Webhook
from tests.drafting.support import drafted, shape, step

ISSUE = "When a new issue is opened in the GitHub repo acme/site, post its title and link to #bugs on Slack"
HOW = "How does it learn of each new issue?"


def polled(draft: Draft) -> Poll:
    [trigger] = draft.spec.when
    assert isinstance(trigger, Poll)
    assert [one for one in draft.findings if one.severity == "error"] == []
    return trigger


WATCHED: list[tuple[str, str, dict[str, Any]]] = [
    (ISSUE, "github.new_issue", {"repo": "acme/site"}),
    ("For each new bug reported in acme/app, label it by topic", "github.new_issue", {"repo": "acme/app"}),
    ("If a pull request is opened on acme/api, mail a review of it to dev@example.org", "github.new_pull_request", {"repo": "acme/api"}),
    ("As soon as a release of acme/kit comes out, tell #news on Slack", "github.new_release", {"repo": "acme/kit"}),
    ('For every new row in the Airtable base appAbC123 table "Leads", mail sales@example.org', "airtable.new_record", {"base": "appAbC123", "table": "Leads"}),
    ("Whenever a post appears in r/selfhosted, translate its title to German and mail it to me@example.org", "reddit.new_post", {"subreddit": "selfhosted"}),
    ("Monitor the subreddits r/python and r/django and post each new post to Discord", "reddit.new_post", {"subreddit": "python+django"}),
    ("When a new item appears in the RSS feed https://example.org/feed.xml, post its title to Slack", "rss.new_item", {"url": "https://example.org/feed.xml"}),
    ("Watch https://example.org/jobs/feed.atom for new jobs and mail them to me@example.org", "rss.new_item", {"url": "https://example.org/jobs/feed.atom"}),
    ("Notify #ops on Slack whenever there is a new entry in https://status.example.com/history.rss", "rss.new_item", {"url": "https://status.example.com/history.rss"}),
    ("As soon as there is a new order at https://shop.example.org/orders.json, text the warehouse", "http.new_item", {"url": "https://shop.example.org/orders.json"}),
    ("When there is a new row in the table orders, mail sales@example.org", "sql.new_row", {"query": "select * from orders", "column": "id"}),
    ("When a customer is inserted into the customers table of our Postgres database, send them a welcome mail", "sql.new_row", {"query": "select * from customers", "column": "id"}),
    ("When a lead is added to the Google Sheet https://docs.google.com/spreadsheets/d/1AbCdEfGhIjKlMnOpQrStUvWxYz0123456789/edit, create a contact in HubSpot", "google-sheets.new_row", {"spreadsheet": "1AbCdEfGhIjKlMnOpQrStUvWxYz0123456789", "range": "Sheet1"}),
    ("Whenever a page is added to my Notion database 0123456789abcdef0123456789abcdef, post a message in Slack", "notion.new_page", {"database": "0123456789abcdef0123456789abcdef"}),
    ("Answer messages sent to my Telegram bot with a short poem", "telegram.new_message", {}),
    ("When there is a new message in the Slack channel C0123456789, classify it as bug or question", "slack.new_message", {"channel": "C0123456789"}),
]  # fmt: skip


@pytest.mark.parametrize(("english", "uses", "settings"), WATCHED, ids=[one[0][:40] for one in WATCHED])
def test_what_is_new_is_asked_for(english: str, uses: str, settings: dict[str, Any]) -> None:
    draft = drafted(english)
    trigger = polled(draft)
    assert (trigger.uses, trigger.with_, trigger.every) == (uses, settings, "5 minutes")
    kind = load().triggers[uses]
    assert (trigger.account is not None) == kind.account_required
    assert not any("set that up at" in one.text for one in draft.assumptions)


CALLED = [
    "When an issue is closed in acme/site, mail the author",
    "Whenever someone stars acme/site, post it to Discord",
    "When a row is updated in Airtable, update the deal in Pipedrive",
    "When someone sends a photo to my Telegram bot, describe it",
    "When my bot is mentioned in Slack, answer with GPT-4",
    "When a slash command is used in Slack, create a Jira ticket",
    "When a webhook at https://example.org/hook is called, post it to Slack",
]


@pytest.mark.parametrize("english", CALLED)
def test_what_changes_or_cannot_be_listed_calls(english: str) -> None:
    assert not any(isinstance(one, Poll) for one in drafted(english).spec.when)


@pytest.mark.parametrize(
    ("english", "settings"),
    [
        ("When an e-mail arrives from billing@example.org, mail it to me@example.org", {"from": "billing@example.org"}),
        ('When a mail with "invoice" in the subject comes in, post it to Slack', {"subject": "invoice"}),
        ("When an unread email from Amazon arrives, post it to Slack", {"from": "Amazon", "unseen": True}),
        ("When a mail arrives, save its attachments to Dropbox", {"attachments": "contents"}),
    ],
)
def test_a_mailbox_looks_for_the_mails_that_are_meant(english: str, settings: dict[str, Any]) -> None:
    draft = drafted(english)
    [trigger] = draft.spec.when
    assert isinstance(trigger, Email)
    assert trigger.with_ == settings
    assert (draft.needs[0].step, draft.needs[0].account_kind) == ("trigger-1", "imap")


def test_what_an_item_says_is_put_into_texts() -> None:
    draft = drafted(ISSUE)
    assert polled(draft).map == {"issue": "{{ trigger.item }}"}
    [post] = draft.spec.steps
    assert (post.uses, post.with_["text"]) == ("slack.post", "{{ inputs.issue.title }}\n{{ inputs.issue.url }}")
    answer = drafted("Answer messages sent to my Telegram bot with a short poem")
    assert shape(answer.spec.steps) == "llm telegram.send"
    assert answer.spec.steps[1].with_["chat"] == "{{ inputs.message.chat }}"


def test_where_the_service_can_call_that_is_the_other_answer() -> None:
    asked = drafted(ISSUE)
    assert (asked.questions[-1].text, asked.questions[-1].default) == (HOW, "It asks GitHub every 5 minutes")
    often = read(ISSUE, load(), answers={HOW: "ask every 15 minutes"}).draft
    assert polled(often).every == "15 minutes"
    [called] = read(ISSUE, load(), answers={HOW: "a webhook"}).draft.spec.when
    assert isinstance(called, Webhook)
    odd = read(ISSUE, load(), answers={HOW: "by pigeon"}).draft
    assert polled(odd).every == "5 minutes"
    assert any("by pigeon" in one.text for one in odd.assumptions)


def test_what_the_text_does_not_tell_is_asked() -> None:
    english = "When a new issue is opened on GitHub, mail it to me@example.org"
    draft = drafted(english)
    assert polled(draft).with_ == {"repo": "OWNER/REPO"}
    [asked] = [one for one in draft.questions if "OWNER/REPO" in one.default]
    told = read(english, load(), answers={asked.text: "https://github.com/acme/site"}).draft
    assert polled(told).with_ == {"repo": "acme/site"}
    wrong = read(english, load(), answers={asked.text: "the usual one"}).draft
    assert polled(wrong).with_ == {"repo": "OWNER/REPO"}
    assert any("the usual one" in one.text for one in wrong.assumptions)


def test_looking_for_it_is_no_step_and_what_is_asked_of_it_is_a_condition() -> None:
    draft = drafted("Monitor r/startups and mail me@example.org every post that mentions funding")
    assert polled(draft).uses == "reddit.new_post"
    assert shape(draft.spec.steps) == "condition email.send"
    assert step(draft.spec, draft.spec.steps[-1].id).with_["to"] == "me@example.org"
