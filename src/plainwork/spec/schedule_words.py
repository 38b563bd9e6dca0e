"""The words of schedule phrases, and their tokens with places in the text."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from plainwork.spec.cron import DAYS, MONTHS

_TOKEN = re.compile(
    r"""(?P<zone>[A-Za-z]{2,}(?:/[A-Za-z0-9_+\-]{1,30}){1,2})
    |(?P<clock>\d{1,2}[:.]\d{2}(?![\d:.]\d))
    |(?P<minute>:\d{2}(?!\d))
    |(?P<ordinal>\d{1,2}(?:st|nd|rd|th)(?![a-z]))
    |(?P<hour24>\d{1,2}h(?:\d{2})?(?![a-z0-9]))
    |(?P<number>\d{1,5}(?![\d]|\.\d))
    |(?P<half>[ap]\.m\.|[ap]\.?m(?![a-z]))
    |(?P<word>[^\W\d_]+(?:['’][a-z]{1,10})?)
    |(?P<dash>[-–—])
    |(?P<other>\S)""",
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """One word or sign: its kind, its text in small letters, and where it stands."""

    kind: str
    text: str
    start: int
    end: int
    original: str


def tokens(text: str) -> list[Token]:
    """The tokens of ``text``, in order."""
    return [
        Token(match.lastgroup or "other", match.group().lower().replace("’", "'"), *match.span(), match.group())
        for match in _TOKEN.finditer(text)
    ]


def _named(names: tuple[str, ...], first: int, short: int = 3) -> dict[str, int]:
    table: dict[str, int] = {}
    for number, name in enumerate(names, first):
        table[name.lower()] = table[name.lower()[:short]] = number
    return table


WEEKDAYS = _named(DAYS, 0) | {"tues": 2, "thur": 4, "thurs": 4, "weds": 3}
WEEKDAYS_MANY = {f"{name}s": number for name, number in WEEKDAYS.items() if len(name) > 5}
MONTH_NUMBERS = _named(MONTHS, 1) | {"sept": 9}
WORKDAYS = frozenset({1, 2, 3, 4, 5})
WEEKEND = frozenset({6, 0})
WORKING = ("working", "work", "business", "office")
NUMBERS = {
    word: number
    for number, word in enumerate(
        ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), 1
    )
} | {"fifteen": 15, "twenty": 20, "thirty": 30, "forty-five": 45, "sixty": 60}
TIMES_WORDS = {"once": 1, "twice": 2, "thrice": 3}
ORDINALS = {
    word: number
    for number, word in enumerate(
        ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"), 1
    )
} | {"fifteenth": 15, "twentieth": 20}
UNITS = {
    **dict.fromkeys(("second", "seconds", "sec", "secs"), "second"),
    **dict.fromkeys(("minute", "minutes", "min", "mins"), "minute"),
    **dict.fromkeys(("hour", "hours", "hr", "hrs"), "hour"),
    **dict.fromkeys(("day", "days"), "day"),
    **dict.fromkeys(("week", "weeks"), "week"),
    **dict.fromkeys(("fortnight", "fortnights"), "fortnight"),
    **dict.fromkeys(("month", "months"), "month"),
    **dict.fromkeys(("quarter", "quarters"), "quarter"),
    **dict.fromkeys(("year", "years"), "year"),
}
ADVERBS = {
    "minutely": "minute",
    "hourly": "hour",
    "daily": "day",
    "nightly": "day",
    "weekly": "week",
    "fortnightly": "fortnight",
    "biweekly": "fortnight",
    "monthly": "month",
    "quarterly": "quarter",
    "yearly": "year",
    "annually": "year",
}
PARTS_OF_DAY = {"morning": 8, "afternoon": 14, "evening": 18, "night": 22, "noon": 12, "midday": 12, "midnight": 0}
"""A part of the day, and the hour it means when no other is given."""

AMBIGUOUS_ZONES = {
    "est": ("America/New_York",),
    "edt": ("America/New_York",),
    "et": ("America/New_York",),
    "cst": ("America/Chicago", "Asia/Shanghai"),
    "cdt": ("America/Chicago",),
    "mst": ("America/Denver", "America/Phoenix"),
    "mdt": ("America/Denver",),
    "pst": ("America/Los_Angeles",),
    "pdt": ("America/Los_Angeles",),
    "pt": ("America/Los_Angeles",),
    "cet": ("Europe/Berlin", "Europe/Paris"),
    "cest": ("Europe/Berlin", "Europe/Paris"),
    "eet": ("Europe/Helsinki", "Europe/Athens"),
    "bst": ("Europe/London", "Asia/Dhaka"),
    "wet": ("Europe/Lisbon",),
    "msk": ("Europe/Moscow",),
    "ist": ("Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"),
    "jst": ("Asia/Tokyo",),
    "eastern": ("America/New_York",),
    "central": ("America/Chicago",),
    "mountain": ("America/Denver", "America/Phoenix"),
    "pacific": ("America/Los_Angeles",),
    "aest": ("Australia/Sydney", "Australia/Brisbane"),
}
"""Abbreviations that do not say which place's clock changes apply, with the places they may mean."""


@functools.cache
def zones() -> dict[str, str]:
    """IANA names by their small-letter form."""
    from zoneinfo import available_timezones

    return {name.lower(): name for name in available_timezones() if not name.startswith(("posix", "right", "System"))}


@functools.cache
def cities() -> dict[str, str]:
    """IANA names by their city in small letters ("new york"), where exactly one continent has it."""
    found: dict[str, set[str]] = {}
    for name in zones().values():
        area, _, city = name.partition("/")
        if city and "/" not in city and area in _AREAS:
            found.setdefault(city.lower().replace("_", " "), set()).add(name)
    return {city: names.pop() for city, names in found.items() if len(names) == 1}


_AREAS = ("Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
