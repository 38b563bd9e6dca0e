"""The schedule that a description names: found sentence by sentence, its words taken out of what is read further."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from plainwork.drafting.outline import Statement
from plainwork.spec.model import Schedule
from plainwork.spec.schedule_text import (
    Match,
    ScheduleError,
    find_problem,
    find_schedule,
    parse_schedule,
    render_schedule,
)

_CRON = re.compile(r"(?<![\w*/,-])((?:[\d*][\d*/,-]{0,40}[ \t]+){4}[\d*A-Za-z][\w*/,#-]{0,40})(?![\w*/])")
_LONGEST = 1000
"""A sentence names its schedule within this many characters."""
_VAGUE = re.compile(
    r"\bcron\b|\bscheduled?\b(?! (?:a|an|the|it|them|meeting|event|call|appointment|post)s?\b)|"
    r"\bperiodically\b|\bregularly\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Timing:
    """When the agent runs: the trigger, and what was taken for granted. ``asked``: the time of day was not said."""

    trigger: Schedule
    assumed: tuple[str, ...] = ()
    asked: bool = False


def find_timing(statements: Iterable[Statement], text: str, zone: str) -> tuple[Timing | None, ScheduleError | None]:
    """The timing, or why the one that was named cannot be kept; (None, None) when nothing is said of time."""
    matches = [
        match for statement in statements if statement.origin != "aside" and (match := schedule_in(statement.text))
    ]
    if matches:
        best = min(matches, key=lambda match: match.assumed_time)
        return _timing(best, zone), None
    written = _CRON.search(text)
    if written and (timing := _from_cron(written.group(1), zone)):
        return timing, None
    problem = find_problem(text[: 4 * _LONGEST])
    if problem is not None:
        return None, problem
    if any(
        _vaguely(s.text) or _VAGUE.search(" ".join(t.text for t in s.label)) for s in statements if s.origin != "aside"
    ):
        trigger = Schedule(phrase=f"every day at 09:00 in {zone}")
        return Timing(
            trigger, ("It runs every day at 09:00; the text says that it is scheduled, not when.",), asked=True
        ), None
    return None, None


def _vaguely(text: str) -> bool:
    """Whether a sentence says that it runs by the clock; ``when a webinar is scheduled`` speaks of something else."""
    match = _VAGUE.search(text)
    told = match and re.search(
        r"\b(?:when|once|whenever|if|after)\b[^.]{0,60}\b(?:is|was|are|gets)\s$", text[: match.start()]
    )
    return match is not None and not told


def schedule_in(text: str) -> Match | None:
    """The schedule that a sentence names; the service Workday (``every Workday worker``) is none."""
    match = find_schedule(text[:_LONGEST])
    named = match is not None and re.search(r"Workdays?$", text[match.start : match.end])
    return None if match and named and re.match(r"\s+[a-z]", text[match.end :]) else match


def _timing(match: Match, zone: str) -> Timing:
    used = match.zone or zone
    phrase = render_schedule(match.cron, used)
    trigger = Schedule(phrase=phrase) if phrase else Schedule(cron=match.cron, timezone=used)
    assumed = list(match.assumed)
    if match.assumed_time:
        assumed.append(f"No time of day is given; it runs {phrase or match.cron}.")
    if match.zone is None:
        assumed.append(f"No time zone is given; {used} is used.")
    return Timing(trigger, tuple(assumed), match.assumed_time)


def _from_cron(written: str, zone: str) -> Timing | None:
    cron = " ".join(written.split())
    try:
        phrase = render_schedule(cron, zone)
    except ScheduleError:
        return None
    trigger = Schedule(phrase=phrase) if phrase else Schedule(cron=cron, timezone=zone)
    return Timing(trigger, (f"No time zone is given; {zone} is used.",))


def cron_of(trigger: Schedule, zone: str) -> tuple[str | None, str | None]:
    """The cron text and the zone of a schedule; (None, None) when its phrase means nothing."""
    if trigger.phrase is None:
        return trigger.cron, trigger.timezone
    try:
        meant = parse_schedule(trigger.phrase, default_zone=trigger.timezone or zone)
    except ScheduleError:
        return None, None
    return meant.cron, meant.timezone


def without_schedule(statement: Statement) -> Statement:
    """The statement without the words that say when it happens."""
    match = schedule_in(statement.text)
    if match is None:
        return statement
    base = statement.tokens[0].start
    gone = [(match.start, match.end), *match.more]
    kept = tuple(t for t in statement.tokens if not any(start <= t.start - base < end for start, end in gone))
    return replace(statement, tokens=kept)
