"""Cron expressions of five fields as sets of numbers: read, written canonically, and turned into instants.

Clock changes: a local time that does not exist fires at the next instant that does; one that occurs twice fires once.
Only a schedule that runs in every hour of the day follows the clock through the repeated hour as well, so that "every
15 minutes" does not pause.
"""

from __future__ import annotations

import bisect
import functools
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from plainwork.errors import Rejected

if TYPE_CHECKING:
    from cronsim import CronSim

DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_HORIZON_DAYS = 366 * 30
_LAST_YEAR = 9_990
_MARGIN = timedelta(hours=26)


class ScheduleError(Rejected):
    """A schedule cannot be understood, or no cron can say it. ``suggestions`` holds three phrases that work."""

    status = 422

    def __init__(self, message: str, suggestions: tuple[str, ...] = (), *, next_step: str | None = None) -> None:
        listed = f"Try “{'”, “'.join(suggestions)}”." if suggestions else None
        super().__init__(message, next_step=next_step or listed)
        self.suggestions = suggestions

    def as_json(self) -> dict[str, Any]:
        """As the base shape, with ``suggestions``."""
        return super().as_json() | {"suggestions": list(self.suggestions)}


@dataclass(frozen=True, slots=True)
class Fields:
    """What a cron expression says. Days of the week count from Sunday = 0; None in ``days`` or ``weekdays`` means any.

    ``days`` holds day numbers, "L" (last day) and "LW" (last working day); ``weekdays`` numbers, and pairs such as
    (1, 2) for the second Monday or (5, "L") for the last Friday of the month.
    """

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int | str] | None
    months: frozenset[int]
    weekdays: frozenset[int | tuple[int, int | str]] | None

    def write(self) -> str:
        """The canonical cron text of these fields: equal schedules give equal texts."""
        return " ".join(
            (
                _write_clock(self.minutes, 60),
                _write_clock(self.hours, 24),
                "*" if self.days is None else _write_days(self.days),
                "*" if len(self.months) == 12 else _write_numbers(set(self.months)),
                "*" if self.weekdays is None else _write_weekdays(self.weekdays),
            )
        )


def _write_clock(numbers: frozenset[int], size: int) -> str:
    ordered = sorted(numbers)
    if len(ordered) == size:
        return "*"
    step = size // len(ordered)
    if len(ordered) > 1 and ordered == list(range(0, size, step)):
        return f"*/{step}"
    gaps = {b - a for a, b in itertools.pairwise(ordered)}
    if len(ordered) > 2 and len(gaps) == 1 and gaps != {1}:
        return f"{ordered[0]}-{ordered[-1]}/{gaps.pop()}"
    return _write_numbers(set(numbers))


def _write_numbers(numbers: set[int]) -> str:
    """Numbers in order, three or more in a row as a range."""
    parts: list[str] = []
    ordered = sorted(numbers)
    while ordered:
        run = 1
        while run < len(ordered) and ordered[run] == ordered[0] + run:
            run += 1
        if run < 3:
            parts.append(str(ordered.pop(0)))
        else:
            parts.append(f"{ordered[0]}-{ordered[run - 1]}")
            del ordered[:run]
    return ",".join(parts)


def _write_days(days: frozenset[int | str]) -> str:
    numbers = _write_numbers({day for day in days if isinstance(day, int)})
    return ",".join([numbers] * bool(numbers) + sorted(day for day in days if isinstance(day, str)))


def _write_weekdays(weekdays: frozenset[int | tuple[int, int | str]]) -> str:
    plain = {day for day in weekdays if isinstance(day, int)}
    numbers = "1-6,0" if plain == {0, 1, 2, 3, 4, 5, 6} else _write_numbers(plain)
    special = sorted((day for day in weekdays if isinstance(day, tuple)), key=str)
    return ",".join([numbers] * bool(numbers) + [f"{day}L" if n == "L" else f"{day}#{n}" for day, n in special])


@functools.lru_cache(maxsize=1024)
def read_cron(text: str) -> Fields:
    """The fields of a five-field cron expression (``L``, ``LW``, ``#`` and names included). Raises ScheduleError."""
    sim = _simulate(text)
    weekdays = frozenset(_weekday(day) for day in sim.weekdays)
    days = frozenset(_month_day(day) for day in sim.days)
    any_day, any_weekday = text.split()[2] == "*", text.split()[4] == "*"
    return Fields(
        minutes=frozenset(sim.minutes),
        hours=frozenset(sim.hours),
        days=None if any_day or (any_weekday and len(days) == 31) else days,
        months=frozenset(sim.months),
        weekdays=None if any_weekday or (any_day and weekdays >= set(range(7))) else weekdays,
    )


def _weekday(day: Any) -> int | tuple[int, int | str]:
    if isinstance(day, tuple):
        return (day[0] % 7, "L" if day[1] < 0 else day[1])
    return int(day) % 7


def _month_day(day: int) -> int | str:
    return {-1000: "L", -1001: "LW"}.get(day, day)


def canonical(text: str) -> str:
    """One writing for every cron expression of the same meaning. Raises ScheduleError."""
    fields = read_cron(text)
    return " ".join(text.split()) if fields.days is not None and fields.weekdays is not None else fields.write()


def _simulate(text: str) -> CronSim:
    from cronsim import CronSim, CronSimError

    samples = ("every day at 09:00", "every weekday at 08:30", "every 15 minutes")
    if len(text) > 200 or len(text.split()) != 5:
        raise ScheduleError("A cron expression has five fields: minute, hour, day, month, day of the week.", samples)
    try:
        return CronSim(text, datetime(2000, 1, 1))
    except (CronSimError, ValueError) as error:
        raise ScheduleError(f"“{text}” is not a cron expression: {str(error).lower()}.", samples) from None


@functools.lru_cache(maxsize=64)
def zone_named(name: str | None) -> tzinfo:
    """The time zone of an IANA name (None: UTC). Raises ScheduleError."""
    if name is None or name in ("UTC", "Etc/UTC"):
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ScheduleError(
            f"“{name[:60]}” is not a time zone.", next_step="Write it like Europe/Berlin, America/New_York or UTC."
        ) from None


def next_times(cron: str, timezone: str | None, after: datetime, n: int) -> list[datetime]:
    """The next ``n`` instants (UTC, aware) strictly later than ``after`` (aware); fewer when thirty years hold no more.

    See the head of the module for what happens when clocks change. Raises ScheduleError for a bad cron or zone.
    """
    if after.tzinfo is None:
        raise ValueError("next_times needs an aware time")
    zone = zone_named(timezone)
    day = after.astimezone(zone).date()
    soon = _soon(cron, timezone, day)
    spot = bisect.bisect_right(soon, after)
    if len(soon) - spot >= n:
        return list(soon[spot : spot + n])
    found: list[datetime] = []
    for instant in _instants(cron, zone, day - timedelta(days=2)):
        if len(found) >= n:
            break
        if instant > after:
            found.append(instant)
    return found


@functools.lru_cache(maxsize=128)
def _soon(cron: str, timezone: str | None, day: date) -> tuple[datetime, ...]:
    """The instants of a day and the one after, without a gap: what a scheduler asks for again and again."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    instants = _instants(cron, zone_named(timezone), day - timedelta(days=2))
    near = itertools.takewhile(lambda instant: instant < midnight + timedelta(days=2), instants)
    return tuple(instant for instant in near if instant > midnight - timedelta(days=1))


def _instants(cron: str, zone: tzinfo, first: date) -> Iterator[datetime]:
    """All instants in order, each once, from about ``first`` on."""
    fields, sim = read_cron(cron), _simulate(cron)
    every_hour = len(fields.hours) == 24
    pending: set[datetime] = set()
    last: datetime | None = None
    for number in range(_HORIZON_DAYS):
        day = first + timedelta(days=number)
        if day.year > _LAST_YEAR:
            break
        if day.month in sim.months and sim.match_day(day):
            pending |= _instants_of_day(day, fields, zone, every_hour)
        if not pending:
            continue
        safe = datetime(day.year, day.month, day.day, tzinfo=UTC) - _MARGIN
        for instant in sorted(one for one in pending if one < safe):
            pending.discard(instant)
            if last is None or instant > last:
                yield instant
                last = instant
    yield from sorted(pending)


def _instants_of_day(day: date, fields: Fields, zone: tzinfo, every_hour: bool) -> set[datetime]:
    found: set[datetime] = set()
    midnight = resolve(datetime(day.year, day.month, day.day), zone)
    if _is_plain(day, midnight, zone):
        return {midnight + timedelta(hours=hour, minutes=m) for hour in fields.hours for m in fields.minutes}
    for hour in fields.hours:
        for minute in fields.minutes:
            local = datetime(day.year, day.month, day.day, hour, minute)
            found.add(resolve(local, zone))
            if every_hour:
                found.add(_second_time(local, zone))
    return found


def _is_plain(day: date, midnight: datetime, zone: tzinfo) -> bool:
    """Whether no clock is changed on this day, so that its hours can simply be counted."""
    start, end = midnight.astimezone(zone), (midnight + timedelta(hours=24)).astimezone(zone)
    return (
        start.date() == day
        and (start.hour, start.minute) == (end.hour, end.minute) == (0, 0)
        and start.fold == 0
        and not _second_time(datetime(day.year, day.month, day.day), zone) > midnight
    )


def resolve(local: datetime, zone: tzinfo) -> datetime:
    """The instant (UTC) of a local time without zone: the first of two, or the next that exists."""
    late = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if zone is UTC or late.astimezone(zone).replace(tzinfo=None) == local:
        return late
    early = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    before = early.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        if middle.astimezone(zone).utcoffset() == before:
            early = middle
        else:
            late = middle
    return (late + timedelta(milliseconds=500)).replace(microsecond=0) if late.microsecond else late


def _second_time(local: datetime, zone: tzinfo) -> datetime:
    """The later instant of a local time that occurs twice; else the same as :func:`resolve`."""
    second = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    exists = second.astimezone(zone).replace(tzinfo=None) == local
    return second if exists else resolve(local, zone)
