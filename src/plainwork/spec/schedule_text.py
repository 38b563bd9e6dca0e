"""Schedule phrases ⇄ cron with a time zone: ``every weekday at 08:30 in Europe/Berlin`` ⇄ ``30 8 * * 1-5``.

A phrase is either exactly understood or refused with a reason and three phrases that work. What a phrase leaves open is
settled as :data:`plainwork.spec.schedule_decide.DEFAULT_TIME` says, and marked as assumed.
"""

from __future__ import annotations

import difflib
import functools
from dataclasses import dataclass, replace
from typing import NoReturn

from plainwork.spec.cron import ScheduleError, canonical, next_times, read_cron, zone_named
from plainwork.spec.schedule_cursor import Clauses
from plainwork.spec.schedule_decide import clock_text, decide, zone_word
from plainwork.spec.schedule_reader import Reader
from plainwork.spec.schedule_render import phrases
from plainwork.spec.schedule_words import AMBIGUOUS_ZONES, Token, tokens

MAX_PHRASE = 200
MAX_TEXT = 20_000
SAMPLES = (
    "every minute",
    "every 5 minutes",
    "every 15 minutes",
    "every 15 minutes between 09:00 and 17:00 on weekdays",
    "every hour",
    "every hour at :20",
    "every 2 hours",
    "every day at 09:00",
    "every day at 08:30",
    "every day at 09:00 and 17:00",
    "every night at 02:00",
    "every weekday at 09:00",
    "every weekend at 10:00",
    "every Monday at 09:00",
    "every Monday and Thursday at 09:00",
    "every Monday to Friday at 09:00",
    "every month on the 1st at 09:00",
    "every month on the 1st and 15th at 09:00",
    "every month on the last day at 09:00",
    "every month on the first Monday at 09:00",
    "every quarter at 09:00",
    "every year on March 1st at 09:00",
)


@dataclass(frozen=True, slots=True)
class Cron:
    """A schedule: canonical cron text, an IANA zone (None: none was named), and whether a time or day was assumed."""

    cron: str
    timezone: str | None = None
    assumed_time: bool = False
    assumed: tuple[str, ...] = ()
    """What else was taken for granted, as sentences for people."""


@dataclass(frozen=True, slots=True)
class Match:
    """A schedule inside a longer text: where it stands (``more``: further places that belong to it), and what it is."""

    start: int
    end: int
    phrase: str
    cron: str
    zone: str | None
    assumed_time: bool = False
    assumed: tuple[str, ...] = ()
    more: tuple[tuple[int, int], ...] = ()


def parse_schedule(phrase: str, default_zone: str | None = None) -> Cron:
    """The cron of an English phrase. ``default_zone`` is taken when the phrase names no zone.

    Raises ScheduleError with a reason and three phrases that work.
    """
    found = _parse(phrase)
    if found.timezone is not None or default_zone is None:
        return found
    zone_named(default_zone)
    return replace(found, timezone=default_zone)


@functools.lru_cache(maxsize=1024)
def _parse(phrase: str) -> Cron:
    if len(phrase) > MAX_PHRASE:
        raise ScheduleError(f"A schedule phrase has at most {MAX_PHRASE} characters.", SAMPLES[7:10])
    words = tokens(phrase.strip().rstrip("."))
    reader = Reader(words)
    end = reader.read()
    if end < len(words) and reader.said.trouble is None:
        _refuse_word(phrase, words[end])
    if not words:
        raise ScheduleError("The schedule is empty.", SAMPLES[7:10])
    return _decided(reader.said)


def _decided(said: Clauses) -> Cron:
    fields, assumed_time = decide(said)
    return Cron(fields.write(), said.zone, assumed_time, tuple(said.assumed))


def _refuse_word(phrase: str, word: Token) -> NoReturn:
    plain = " ".join(phrase.lower().split())[:MAX_PHRASE]
    lowered = {sample.lower(): sample for sample in SAMPLES}
    near = [lowered[found] for found in difflib.get_close_matches(plain, lowered, n=3, cutoff=0.3)]
    near += [sample for sample in ("every day at 09:00", "every weekday at 09:00", "every hour") if sample not in near]
    try:
        written = render_schedule(phrase)
    except ScheduleError:
        written = None
    if written is not None:
        raise ScheduleError(
            f"“{phrase}” is a cron expression.",
            (written, *[one for one in near if one != written][:2]),
            next_step="Write it after “cron:”.",
        )
    if "/" in word.text or word.text == "in":
        reason = f"“{phrase[word.start :].strip()[:60]}” is not a time zone that I know."
    else:
        reason = f"“{phrase}” cannot be understood from “{word.original}” on."
    raise ScheduleError(reason, tuple(near[:3]))


@functools.lru_cache(maxsize=1024)
def render_schedule(cron: str, timezone: str | None = None) -> str | None:
    """The phrase of a cron expression; None when there is none. It parses back to the same schedule and zone.

    Raises ScheduleError when ``cron`` is not a cron expression.
    """
    fields, wanted = read_cron(cron), canonical(cron)
    if fields.days is not None and fields.weekdays is not None:
        return None
    for base in phrases(fields):
        phrase = f"{base} in {timezone}" if timezone else base
        try:
            found = _parse(phrase)
        except ScheduleError:
            continue
        if found.cron == wanted and found.timezone == timezone and not found.assumed_time:
            return phrase
    return None


def find_schedule(text: str) -> Match | None:
    """The schedule that an English text names, if it names one that cron can keep; the surest and longest of several.

    An ambiguous zone (``EST``) is settled and listed in ``assumed``. A time that stands apart in the same sentence
    (``a daily digest at 8:00``) is joined to it. :func:`find_problem` tells of one that had to be refused.
    """
    found, _ = _search(text)
    return found


def find_problem(text: str) -> ScheduleError | None:
    """Why the schedule that a text names is refused (``every other week``), when it names only such ones."""
    found, problem = _search(text)
    return problem if found is None else None


@functools.lru_cache(maxsize=16)
def _search(text: str) -> tuple[Match | None, ScheduleError | None]:
    words = tokens(text[:MAX_TEXT])
    best: tuple[tuple[bool, int], Match] | None = None
    problem: ScheduleError | None = None
    spot = 0
    while spot < len(words):
        reader = Reader(words, spot)
        end = reader.read()
        spot += 1
        if end == spot - 1 or not reader.said.recurs:
            continue
        try:
            match = _matched(text, words, spot - 1, end, reader.said)
        except ScheduleError as error:
            problem = problem or error
        else:
            rank = (not match.assumed_time, match.end - match.start)
            if best is None or rank > best[0]:
                best = (rank, match)
        spot = end
    return (best[1] if best else None), problem


def _matched(text: str, words: list[Token], start: int, end: int, said: Clauses) -> Match:
    assumed: list[str] = []
    if said.unsure_zone is not None:
        said.zone = AMBIGUOUS_ZONES[said.unsure_zone][0]
        assumed.append(f"{zone_word(said.unsure_zone)} is taken as the time in {said.zone}.")
        said.unsure_zone = None
    if end < len(words) and words[end].text in ("except", "excluding", "unless"):
        rest = text[words[end].start : words[min(end + 2, len(words) - 1)].end]
        assumed.append(f"“{rest} …” is not part of the schedule.")
    more: tuple[tuple[int, int], ...] = ()
    if not said.times and said.unit not in ("minute", "hour"):
        more = _join_time(words, start, end, said)
    cron = _decided(said)
    phrase = render_schedule(cron.cron, cron.timezone) or text[words[start].start : words[end - 1].end]
    return Match(
        words[start].start,
        words[end - 1].end,
        phrase,
        cron.cron,
        cron.timezone,
        cron.assumed_time,
        (*cron.assumed, *assumed),
        more,
    )


def _join_time(words: list[Token], start: int, end: int, said: Clauses) -> tuple[tuple[int, int], ...]:
    """Give the schedule the one ``at 8:00`` that stands elsewhere in its sentence; say where that is."""
    first, last = start, end
    while first and words[first - 1].text not in (".", "!", "?", ";"):
        first -= 1
    while last < len(words) and words[last].text not in (".", "!", "?", ";"):
        last += 1
    found: list[tuple[Reader, int, int]] = []
    for spot in (*range(first, start), *range(end, last)):
        if words[spot].text != "at":
            continue
        reader = Reader(words[:last], spot)
        stop = reader.read()
        if stop > spot and reader.said.times and reader.said.unit is None and not reader.said.recurs:
            found.append((reader, spot, stop))
    if len(found) != 1:
        return ()
    reader, spot, stop = found[0]
    said.times, said.unsure_times = reader.said.times, reader.said.unsure_times
    said.zone = said.zone or reader.said.zone
    return ((words[spot].start, words[stop - 1].end),)


__all__ = [
    "SAMPLES",
    "Cron",
    "Match",
    "ScheduleError",
    "clock_text",
    "find_problem",
    "find_schedule",
    "next_times",
    "parse_schedule",
    "render_schedule",
]
