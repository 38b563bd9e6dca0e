"""Conditions in English as expressions, each evaluated on a value that fulfils it and on one that does not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from plainwork.drafting.conditions import negated, read_test
from plainwork.drafting.text import tokenize
from plainwork.spec.expression import parse_expression

CASES: list[tuple[str, Any, Any]] = [
    ("with score over 100", {"score": 101}, {"score": 100}),
    ("the amount is at least $1,500", {"amount": 1500}, {"amount": 1499}),
    ("the level drops below 5.5", {"level": 5}, {"level": 6}),
    ("at most 3 errors", {"errors": 3}, {"errors": 4}),
    ("10 or more points", {"points": 10}, {"points": 9}),
    ("more than 20 likes", {"likes": 21}, {"likes": 20}),
    ("the price is not over 9", {"price": 9}, {"price": 10}),
    ('the ticket has "high" severity', {"severity": "High"}, {"severity": "low"}),
    ("its priority is urgent", {"priority": "Urgent"}, {"priority": "low"}),
    ("it is a low priority task", {"priority": "low"}, {"priority": "high"}),
    ("urgent", {"priority": "urgent"}, {"priority": "normal"}),
    ("it is overdue", {"status": "overdue"}, {"status": "paid"}),
    ("it isn't paid", {"status": "open"}, {"status": "paid"}),
    ("with status active", {"status": "active"}, {"status": "gone"}),
    ('with the label "bug"', {"labels": [{"name": "bug"}]}, {"labels": []}),
    ("are in the OFFLINE state", {"state": "offline"}, {"state": "online"}),
    ("the country is Spain or Italy", {"country": "italy"}, {"country": "France"}),
    ("the sender is boss@example.org", {"sender": "boss@example.org"}, {"sender": "x@example.org"}),
    ("the subject contains invoice or receipt", {"subject": "Your Receipt"}, {"subject": "Hi"}),
    ("the title does not mention spam", {"title": "news"}, {"title": "spam"}),
    ("the name starts with A", {"name": "Ada"}, {"name": "Bob"}),
    ('that mention "python"', {"text": "Python 3"}, {"text": "Rust"}),
    ("the file is a PDF document", {"name": "a.PDF"}, {"name": "a.png"}),
    ("the title contains go and the score is over 5", {"title": "Go", "score": 6}, {"title": "Go", "score": 5}),
    (
        "published in the last 2 days",
        {"published_at": "2026-02-28T12:00:00Z"},
        {"published_at": "2026-02-01T12:00:00Z"},
    ),
    ("older than 30 days", {"date": "2025-01-01"}, {"date": "2026-02-28"}),
    ("whose birthday is today", {"birthday": "1990-03-01"}, {"birthday": "1990-01-03"}),
    ("whose work anniversary is tomorrow", {"work_anniversary": "2019-03-02"}, {"work_anniversary": "2019-03-01"}),
    ("whose contract ends this week", {"contract_end": "2026-03-08"}, {"contract_end": "2026-02-28"}),
    ("the trial expires tomorrow", {"trial_expiry": "2026-03-02"}, {"trial_expiry": "2026-03-03"}),
    ("the deadline is not today", {"deadline": "2026-03-05"}, {"deadline": "2026-03-01"}),
]
SCOPE = {"run": {"started_at": datetime(2026, 3, 1, tzinfo=UTC)}}


@pytest.mark.parametrize(("english", "yes", "no"), CASES)
def test_the_words_say_the_test(english: str, yes: Any, no: Any) -> None:
    test = read_test(tokenize(english), "item")
    assert test.sure
    expression = parse_expression(test.expression)
    assert expression.evaluate(SCOPE | {"item": yes})
    assert not expression.evaluate(SCOPE | {"item": no})
    assert not parse_expression(negated(test).expression).evaluate(SCOPE | {"item": yes})


@pytest.mark.parametrize(
    ("english", "full", "empty"),
    [
        ("there are any new posts", True, False),
        ("no posts are found", False, True),
        ("there is nothing", False, True),
        ("some posts", True, False),
    ],
)
def test_a_list_may_be_full_or_empty(english: str, full: bool, empty: bool) -> None:
    expression = parse_expression(read_test(tokenize(english), "body", many="body", noun="post").expression)
    assert bool(expression.evaluate({"body": [1]})) is full
    assert bool(expression.evaluate({"body": []})) is empty


@pytest.mark.parametrize(
    "english", ["a reply is really necessary", "the customer seems unhappy with us", "it looks like rain"]
)
def test_what_no_field_decides_is_said_to_be_unsure(english: str) -> None:
    test = read_test(tokenize(english), "item")
    assert not test.sure
    assert parse_expression(test.expression).evaluate({"item": {}}) is False


def test_the_noun_of_the_subject_is_not_a_field() -> None:
    assert read_test(tokenize("the order total is over 9"), "order", noun="order").expression == "order.total > 9"
    assert read_test(tokenize("an order is over $9"), "order", noun="order").expression == "order.total > 9"


def test_enough_compares_with_a_limit_that_can_be_set() -> None:
    test = read_test(tokenize("there is not enough activity"), "body", many="body")
    assert test.expression == "len(body) < inputs.least_activity"
