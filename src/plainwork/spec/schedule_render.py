"""Writes cron fields as the phrase that reads back to them."""

from __future__ import annotations

from collections.abc import Sequence

from plainwork.spec.cron import DAYS, MONTHS, Fields
from plainwork.spec.schedule_decide import clock_text
from plainwork.spec.schedule_words import WEEKEND, WORKDAYS

_MOST_TIMES = 12
_NTH = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", "L": "last"}


def _listed(words: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


def _ordinal(day: int) -> str:
    ending = "th" if day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


def phrases(fields: Fields) -> list[str]:
    """Candidates, the best first; the caller keeps the first that reads back to the same fields."""
    found: list[str] = []
    interval = _interval(fields)
    times = _times(fields)
    if times:
        found.append(f"{_recurring_days(fields)} at {times}")
    if interval:
        suffix = _suffix_days(fields)
        found.insert(0 if _prefers_interval(fields) else len(found), f"{interval} {suffix}".strip())
    return found


def _prefers_interval(fields: Fields) -> bool:
    return len(fields.hours) * len(fields.minutes) > 3 and (len(fields.hours) == 24 or len(fields.hours) > 3)


def _interval(fields: Fields) -> str | None:
    hours = sorted(fields.hours)
    minutes = sorted(fields.minutes)
    every = _minute_step(minutes)
    if every is not None:
        return every + _window(hours, exact=False, step=1)
    step = _step(hours)
    if step is None:
        return None
    base = "every hour" if step == 1 else f"every {step} hours"
    if minutes != [0]:
        base += f" at {_listed([f':{minute:02d}' for minute in minutes])}"
    return base + _window(hours, exact=minutes == [0], step=step)


def _minute_step(minutes: list[int]) -> str | None:
    if len(minutes) == 60:
        return "every minute"
    step = 60 // len(minutes)
    return f"every {step} minutes" if len(minutes) > 1 and minutes == list(range(0, 60, step)) else None


def _step(hours: list[int]) -> int | None:
    if len(hours) == 1:
        return None
    step = hours[1] - hours[0]
    if hours == list(range(hours[0], hours[-1] + 1, step)):
        return step
    return 1 if _wraps(hours) else None


def _wraps(hours: list[int]) -> bool:
    missing = sorted(set(range(24)) - set(hours))
    return bool(missing) and missing == list(range(missing[0], missing[-1] + 1)) and 0 in hours and 23 in hours


def _window(hours: list[int], exact: bool, step: int) -> str:
    if hours == list(range(0, 24, step)):
        return ""
    first, last = hours[0], hours[-1]
    if _wraps(hours):
        missing = sorted(set(range(24)) - set(hours))
        first, last = missing[-1] + 1, missing[0] - 1
    end = last if exact else (last + 1) % 24
    return f" between {first:02d}:00 and {end:02d}:00"


def _times(fields: Fields) -> str | None:
    if len(fields.hours) * len(fields.minutes) > _MOST_TIMES:
        return None
    return _listed([clock_text((hour, minute)) for hour in sorted(fields.hours) for minute in sorted(fields.minutes)])


def _week(weekdays: list[int], plural: bool) -> str:
    end = "s" if plural else ""
    if set(weekdays) == WORKDAYS:
        return f"weekday{end}"
    if set(weekdays) == WEEKEND:
        return f"weekend{end}"
    names = [f"{DAYS[day]}{end}" for day in sorted(weekdays, key=lambda day: (day - 1) % 7)]
    order = sorted((day - 1) % 7 for day in weekdays)
    if len(order) > 2 and order == list(range(order[0], order[-1] + 1)):
        return f"{names[0]} to {names[-1]}"
    return _listed(names)


def _month_names(fields: Fields) -> list[str]:
    return [MONTHS[month - 1] for month in sorted(fields.months)] if len(fields.months) < 12 else []


def _recurring_days(fields: Fields) -> str:
    """The days in front of a time: ``every weekday``, ``every month on the 1st``."""
    months = _month_names(fields)
    date = _date(fields)
    if date is not None:
        if fields.days == frozenset({1}) and fields.months == frozenset({1, 4, 7, 10}):
            return "every quarter on the 1st"
        if not months:
            return f"every month on the {date}"
        if len(months) == 1 and fields.days and len(fields.days) == 1 and isinstance(min(fields.days, key=str), int):
            return f"every year on {months[0]} {date}"
        return f"every year on the {date} of {_listed(months)}"
    plain = [day for day in fields.weekdays or () if isinstance(day, int)]
    days = f"every {_week(plain, plural=False)}" if plain else "every day"
    return f"{days} in {_listed(months)}" if months else days


def _suffix_days(fields: Fields) -> str:
    """The days behind an interval: ``on weekdays``, ``on the 1st of every month``."""
    months = _month_names(fields)
    date = _date(fields)
    if date is not None:
        return f"on the {date} of {_listed(months) if months else 'every month'}"
    plain = [day for day in fields.weekdays or () if isinstance(day, int)]
    days = f"on {_week(plain, plural=True)}" if plain else ""
    return f"{days} in {_listed(months)}".strip() if months else days


def _date(fields: Fields) -> str | None:
    """``1st and 15th``, ``last day``, ``first and third Monday``; None when any day of the month will do."""
    if fields.days is not None:
        return _month_days(fields.days)
    special = sorted((day for day in fields.weekdays or () if isinstance(day, tuple)), key=str)
    if not special:
        return None
    return f"{_listed([_NTH[number] for _, number in special])} {DAYS[special[0][0]]}"


def _month_days(days: frozenset[int | str]) -> str:
    if days == {"L"}:
        return "last day"
    if days == {"LW"}:
        return "last weekday"
    return _listed([_ordinal(day) for day in sorted(day for day in days if isinstance(day, int))] or ["none"])
