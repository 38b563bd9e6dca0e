"""Functions on dates, times and durations for the expression table. None reads a clock: "now" is ``run.started_at``."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from plainwork.spec.durations import parse_duration
from plainwork.spec.functions import function, want_number, want_text
from plainwork.spec.meter import ExpressionError, Frame, kind_of, refuse

_MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()  # noqa: SIM905
_MARK = re.compile(r"%(-?)([A-Za-z%])")


def zone_of(name: Any) -> tzinfo:
    """The time zone of an IANA name."""
    text = want_text(name, "A time zone")
    if text in ("UTC", "Z", "GMT"):
        return UTC
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise ExpressionError(f"“{text[:60]}” is not a time zone.", next_step="Write it like Europe/Berlin.") from None


def read_datetime(value: Any, zone: tzinfo = UTC) -> datetime:
    """An aware date with time of an ISO 8601 text, a date, or seconds since 1970. ``zone`` is for those without one."""
    try:
        moment = _read(value, zone)
    except (ValueError, OverflowError, OSError):
        shown = f"“{value[:40]}”" if isinstance(value, str) else "This number"
        raise ExpressionError(f"{shown} is not a date.", next_step="Write it like 2026-03-01T08:30:00Z.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _read(value: Any, zone: tzinfo) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=zone)
    if isinstance(value, str):
        if len(value) > 60:
            raise ValueError
        return datetime.fromisoformat(value.strip())
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return datetime.fromtimestamp(value, UTC)
    refuse(f"{kind_of(value).capitalize()} is not a date.", "Give a text such as 2026-03-01, or seconds since 1970.")


def read_span(value: Any) -> timedelta:
    """A duration of a text such as ``2 days``, of seconds, or of a duration."""
    if isinstance(value, timedelta):
        return value
    try:
        if isinstance(value, str):
            negative = value.strip().startswith("-")
            seconds = parse_duration(value.strip().lstrip("-") if negative else value)
            return timedelta(seconds=-seconds if negative else seconds)
        return timedelta(seconds=want_number(value, "duration"))
    except (ValueError, OverflowError) as error:
        raise ExpressionError(str(error) or "This duration is too long.") from None


@function("date(value, zone='UTC')")
def to_date(frame: Frame, value: Any, zone: Any = None) -> date:
    """The calendar day of a text, a date with time or seconds since 1970; in a zone when one is given."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    moment = read_datetime(value)
    return (moment if zone is None else _shift(moment, zone_of(zone))).date()


@function("datetime(value, zone='UTC')")
def to_datetime(frame: Frame, value: Any, zone: Any = "UTC") -> datetime:
    """A date with time of a text, a date or seconds since 1970; zone is for a text that names none."""
    return read_datetime(value, zone_of(zone))


@function("in_zone(value, zone)")
def in_zone(frame: Frame, value: Any, zone: Any) -> datetime:
    """The same moment on the clocks of another time zone."""
    return _shift(read_datetime(value), zone_of(zone))


def _shift(moment: datetime, zone: tzinfo) -> datetime:
    try:
        return moment.astimezone(zone)
    except OverflowError:
        raise ExpressionError("This date lies outside the years 1 to 9999.") from None


@function("timestamp(value)")
def timestamp(frame: Frame, value: Any) -> float:
    """Seconds since the start of 1970 (UTC)."""
    return read_datetime(value).timestamp()


@function("duration(value)")
def to_duration(frame: Frame, value: Any) -> timedelta:
    """A span of time of a text such as "2 days" or "1h30m", or of seconds."""
    return read_span(value)


@function("add_time(value, duration)")
def add_time(frame: Frame, value: Any, span: Any) -> datetime:
    """The moment so much later; earlier with a minus: add_time(run.started_at, "-2 days")."""
    try:
        return read_datetime(value) + read_span(span)
    except OverflowError:
        raise ExpressionError("This date lies outside the years 1 to 9999.") from None


@function("seconds_between(start, end)")
def seconds_between(frame: Frame, start: Any, end: Any) -> float:
    """Seconds from one moment to another; negative when the second is earlier."""
    return (read_datetime(end) - read_datetime(start)).total_seconds()


@function("days_between(start, end)")
def days_between(frame: Frame, start: Any, end: Any) -> int:
    """Calendar days from one day to another; negative when the second is earlier."""
    return int((to_date(frame, end) - to_date(frame, start)).days)


@function("format_date(value, pattern='%Y-%m-%d', zone=null)")
def format_date(frame: Frame, value: Any, pattern: Any = "%Y-%m-%d", zone: Any = None) -> str:
    """The date as people write it, in English: "%A, %-d %B %Y at %H:%M"."""
    moment = read_datetime(value)
    local = moment if zone is None else _shift(moment, zone_of(zone))
    text = want_text(pattern, "format_date")
    if len(text) > 200:
        refuse("A date pattern has at most 200 characters.")
    return _MARK.sub(lambda mark: _written(local, mark[1], mark[2]), text)


def _written(moment: datetime, bare: str, letter: str) -> str:
    numbers = {
        "Y": (4, moment.year),
        "y": (2, moment.year % 100),
        "m": (2, moment.month),
        "d": (2, moment.day),
        "H": (2, moment.hour),
        "I": (2, moment.hour % 12 or 12),
        "M": (2, moment.minute),
        "S": (2, moment.second),
        "j": (3, moment.timetuple().tm_yday),
        "V": (2, moment.isocalendar().week),
        "u": (1, moment.isoweekday()),
    }
    if letter in numbers:
        width, number = numbers[letter]
        return str(number) if bare else f"{number:0{width}d}"
    words = {
        "A": _DAYS[moment.weekday()],
        "a": _DAYS[moment.weekday()][:3],
        "B": _MONTHS[moment.month - 1],
        "b": _MONTHS[moment.month - 1][:3],
        "p": "AM" if moment.hour < 12 else "PM",
        "Z": moment.tzname() or "",
        "z": moment.strftime("%z"),
        "F": f"{moment.year:04d}-{moment.month:02d}-{moment.day:02d}",
        "T": f"{moment.hour:02d}:{moment.minute:02d}:{moment.second:02d}",
        "%": "%",
    }
    if letter not in words:
        refuse(f"%{letter} is not a part of a date.", "Use %Y %m %d %H %M %S %A %B %b %j %p %Z.")
    return words[letter]
