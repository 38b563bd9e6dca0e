"""What people answer to a draft's questions, read as what the question is about. None: it cannot be read as that."""

from __future__ import annotations

import re

from plainwork.drafting.apps import App, find_apps
from plainwork.drafting.conditions import Test, read_test
from plainwork.drafting.naming import input_name
from plainwork.drafting.text import Tokens, tokenize
from plainwork.spec.expression import parse_expression
from plainwork.spec.meter import ExpressionError
from plainwork.spec.model import Schedule
from plainwork.spec.poll_policy import read_every
from plainwork.spec.schedule_text import ScheduleError, find_schedule, parse_schedule, render_schedule

_TIME = re.compile(r" at \d\d:\d\d")
_LIST = re.compile(r"\s*(?:[,;\n]|\bor\b|\band\b)\s*", re.IGNORECASE)
_MOST_ITEMS = 20
_OPERATOR = re.compile(r"[<>=.(\[]|\b(?:not|in)\b")


def schedule_of(answer: str, zone: str) -> Schedule | None:
    """``every hour`` → a schedule, in ``zone`` unless it names another."""
    found = find_schedule(answer)
    if found is None:
        return None
    used = found.zone or zone
    phrase = render_schedule(found.cron, used)
    return Schedule(phrase=phrase) if phrase else Schedule(cron=found.cron, timezone=used)


def retimed(trigger: Schedule, answer: str, zone: str) -> Schedule | None:
    """The schedule at another time: the answer is a time of day (``7:30``, ``at noon``) or a whole schedule."""
    if trigger.phrase and _TIME.search(trigger.phrase):
        time = re.sub(r"^\s*at\s+", "", answer.strip().rstrip("."), flags=re.IGNORECASE)
        try:
            parse_schedule(phrase := _TIME.sub(lambda _at: f" at {time}", trigger.phrase, count=1))
        except ScheduleError:
            return schedule_of(answer, zone)
        return schedule_of(phrase, zone)
    return schedule_of(answer, zone)


def often_of(answer: str) -> str | None:
    """``ask every 10 minutes`` → how often a poll is made: ``10 minutes``."""
    found = re.search(r"\bevery\s+(\S.{0,60})", answer, re.IGNORECASE)
    often = (found.group(1) if found else answer).strip(" .")
    try:
        read_every("poll", often)
    except ScheduleError:
        return None
    return often


def listed(answer: str) -> list[str]:
    """``billing, outage or question`` → its parts, each once."""
    parts = (part.strip(" .\"'“”") for part in _LIST.split(answer))
    return list(dict.fromkeys(part for part in parts if part))[:_MOST_ITEMS]


def fields_of(answer: str) -> dict[str, str]:
    """The fields that a form asks for: name → what they are called."""
    return {name: part for part in listed(answer) if (name := input_name(part))}


def test_of(answer: str, subject: str) -> Test | None:
    """A condition: an expression, or words that name a field of ``subject``."""
    if _OPERATOR.search(answer):
        try:
            parse_expression(answer.strip())
        except ExpressionError:
            pass
        else:
            return Test(answer.strip())
    found = read_test(tokenize(answer), subject)
    return found if found.sure else None


def app_of(answer: str) -> App | None:
    """The service that an answer names (``in Slack``)."""
    mentions = find_apps(_capitalised(answer))
    return mentions[0].app if mentions else None


def _capitalised(answer: str) -> Tokens:
    """Services are often written small in a short answer; what begins with a capital is read as a name too."""
    tokens = tokenize(answer)
    return tokens if find_apps(tokens) else tokenize(answer.title())
