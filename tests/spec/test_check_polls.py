"""Findings about what is polled, and what it reaches."""

from __future__ import annotations

import pytest

from plainwork.spec.reach import reach_of
from tests.spec.documents import only, read
from tests.spec.kinds import CATALOGUE

FRONTS: dict[str, tuple[str, str, str, str, str]] = {
    "an interval": (
        'when: {poll: rss.new_item, every: blue moon, with: {url: "https://example.org"}}',
        "bad-schedule",
        "error",
        "when.0.every",
        "blue",
    ),
    "an interval out of bounds": (
        'when: {poll: rss.new_item, every: 2s, with: {url: "https://example.org"}}',
        "bad-schedule",
        "error",
        "when.0.every",
        "2s",
    ),
    "a trigger that is not there": (
        "when: {poll: rss.new_items}",
        "unknown-trigger",
        "error",
        "when.0.poll",
        "rss.new_items",
    ),
    "a poll without its setting": (
        "when: {poll: rss.new_item}",
        "missing-setting",
        "error",
        "when.0.with.url",
        "rss.new_item",
    ),
    "a poll with a wrong setting": (
        "when: {poll: rss.new_item, with: {url: x, most: many}}",
        "bad-setting",
        "error",
        "when.0.with.most",
        "many",
    ),
    "a poll with a template": (
        'when: {poll: rss.new_item, with: {url: "{{ inputs.url }}"}}',
        "bad-expression",
        "error",
        "when.0.with.url",
        "url",
    ),
    "a poll without an account": (
        "when: {poll: slack.new_message}",
        "needs-account",
        "warning",
        "when.0.account",
        "slack",
    ),
    "a mailbox without an account": ("when: email", "needs-account", "warning", "when.0.account", "email"),
}
"""What is wrong: the front matter, the finding's code, severity and field, and what stands in its line."""


@pytest.mark.parametrize("what", FRONTS)
def test_one_finding_where_it_stands(what: str) -> None:
    front, code, severity, field, holds = FRONTS[what]
    loaded = read("A | uses: set", front=front)
    found = only(loaded, code)
    assert (found.severity, found.field) == (severity, field)
    assert loaded.source is not None
    assert found.line is not None
    assert holds in loaded.source.text.splitlines()[found.line - 1]


def test_the_nearest_trigger_is_named() -> None:
    assert "rss.new_item" in (
        only(read("A | uses: set", front="when: {poll: rss.new_items}"), "unknown-trigger").next_step or ""
    )


def test_a_poll_that_is_in_order_reaches_its_hosts() -> None:
    front = (
        'when: [{poll: rss.new_item, every: 1 hour, remember: all, with: {url: "https://feeds.example.org/a"}}, '
        "{poll: slack.new_message, account: TEAM}]\nsecrets: {TEAM: The team's Slack}"
    )
    loaded = read("A | uses: set", front=front)
    assert loaded.findings == []
    assert loaded.spec is not None
    reached = reach_of(loaded.spec, CATALOGUE)
    assert (reached.hosts, reached.secrets) == (("feeds.example.org", "slack.com"), ("TEAM",))
