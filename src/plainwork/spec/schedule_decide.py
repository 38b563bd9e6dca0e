"""Decides what the clauses of a schedule phrase mean as cron fields, or refuses with a reason and three phrases.

A cadence that cron cannot keep (every 7 minutes, every other week) is refused, never rounded silently.
"""

from __future__ import annotations

from typing import NoReturn

from plainwork.spec.cron import DAYS, Fields, ScheduleError
from plainwork.spec.schedule_cursor import Clauses, Clock
from plainwork.spec.schedule_words import AMBIGUOUS_ZONES, PARTS_OF_DAY

DEFAULT_TIME: Clock = (9, 0)
"""Without a time: 9:00; in the morning 8:00, afternoon 14:00, evening 18:00, at night 22:00, ``nightly`` 2:00."""

NIGHTLY: Clock = (2, 0)
_RATES: dict[int, tuple[int, ...]] = {2: (9, 17), 3: (8, 13, 18), 4: (8, 12, 16, 20)}
_ALL_MONTHS = frozenset(range(1, 13))
_QUARTERS = frozenset({1, 4, 7, 10})
_MONTH_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def clock_text(time: Clock) -> str:
    """``08:30``."""
    return f"{time[0]:02d}:{time[1]:02d}"


def zone_word(word: str) -> str:
    """``EST``, ``Eastern``."""
    return word.upper() if len(word) < 5 else word.title()


def refuse(reason: str, *suggestions: str) -> NoReturn:
    """Raise a ScheduleError with these suggestions."""
    raise ScheduleError(reason, suggestions)


def decide(said: Clauses) -> tuple[Fields, bool]:
    """The fields, and whether a time or day was assumed that the phrase does not name. Raises ScheduleError."""
    at = clock_text(said.times[0] if said.times else DEFAULT_TIME)
    _refuse_doubts(said, at)
    if said.unit is None and said.weekdays is None and not said.nth and not said.days and said.months is None:
        refuse("It does not say how often.", f"every day at {at}", f"every weekday at {at}", f"every Monday at {at}")
    if said.rate is not None:
        _apply_rate(said, at)
    if said.unit == "minute" and said.step and said.step % 60 == 0:
        said.unit, said.step = "hour", said.step // 60
    if said.unit == "hour" and said.step == 24:
        said.unit, said.step = "day", 1
    if said.unit in ("minute", "hour"):
        return _interval(said, at), False
    return _calendar(said, at)


def _refuse_doubts(said: Clauses, at: str) -> None:
    if said.trouble is not None:
        refuse(f"{said.trouble[0].upper()}{said.trouble[1:]}.", *_near_trouble(said, at))
    if said.unsure_zone is not None:
        places = (*AMBIGUOUS_ZONES[said.unsure_zone], "UTC", "Europe/London")[:3]
        refuse(
            f"{zone_word(said.unsure_zone)} does not say which place's clock changes apply.",
            *(f"every day at {at} in {place}" for place in places),
        )
    if said.unsure_times:
        early, late = (said.times[0][0] % 12, said.times[0][0] % 12 + 12)
        refuse(
            f"{said.times[0][0]} may mean {early:02d}:00 or {late:02d}:00.",
            f"every day at {early:02d}:00",
            f"every day at {late:02d}:00",
            f"every day at {early:02d}:00 and {late:02d}:00",
        )
    if said.unit == "second":
        refuse("A minute is the shortest interval.", "every minute", "every 2 minutes", "every 5 minutes")
    if said.unit == "fortnight":
        _refuse_weeks(said, at)


def _near_trouble(said: Clauses, at: str) -> tuple[str, str, str]:
    if said.window is not None:
        return (
            "every hour between 09:00 and 17:00",
            "every hour between 09:00 and 17:00 on weekdays",
            "every 15 minutes between 09:00 and 17:00",
        )
    if said.unit == "week":
        return f"every Monday at {at}", f"every month on the first and third Monday at {at}", f"every weekday at {at}"
    if said.days or said.unit in ("month", "quarter"):
        return (
            f"every month on the last weekday at {at}",
            f"every month on the 1st at {at}",
            f"every month on the first Monday at {at}",
        )
    return f"every day at {at}", "every hour at :20", f"every weekday at {at}"


def _refuse_weeks(said: Clauses, at: str) -> NoReturn:
    day = DAYS[min(said.weekdays)] if said.weekdays and len(said.weekdays) == 1 else "Monday"
    refuse(
        "Cron knows the calendar, but cannot count weeks.",
        f"every {day} at {at}",
        f"every month on the first and third {day} at {at}",
        f"every month on the 1st and 15th at {at}",
    )


def _apply_rate(said: Clauses, at: str) -> None:
    """``three times a day``: the times, days of the week or of the month have to be as many."""
    count = said.rate or 1
    if said.unit == "hour" and 60 % count == 0 and not said.offsets:
        said.unit, said.step = "minute", 60 // count
    elif said.unit == "day":
        if not said.times and count in _RATES and said.window is None:
            said.times, said.assumed = [(hour, 0) for hour in _RATES[count]], [*said.assumed, "times"]
        if len(said.times) != count:
            refuse(
                f"It says {count} times a day, and names {len(said.times)} times.",
                "every day at 09:00 and 17:00",
                "every day at 08:00, 13:00 and 18:00",
                "every 6 hours",
            )
    elif said.unit == "week" and said.weekdays and len(said.weekdays) == count:
        return
    elif said.unit != "month" or len(said.days) != count:
        refuse(
            f"It says {count} times a {said.unit}, and not when.",
            f"every Monday and Thursday at {at}",
            f"every month on the 1st and 15th at {at}",
            f"every day at {at}",
        )


# Intervals


def _interval(said: Clauses, at: str) -> Fields:
    if said.times:
        refuse(
            "It names both an interval and a time of day.",
            f"every day at {at}",
            "every hour at :20",
            "every hour between 09:00 and 17:00",
        )
    days, months, weekdays = _days_of(said, at)
    if said.unit == "minute":
        return Fields(frozenset(_minutes(said)), _hours(said, 1, exact=False), days, months, weekdays)
    offsets = frozenset(said.offsets or [0])
    return Fields(offsets, _hours(said, said.step, exact=offsets == {0}), days, months, weekdays)


def _minutes(said: Clauses) -> range:
    step = said.step
    if step and 60 % step == 0 and step < 60:
        return range(0, 60, step)
    near = sorted((n for n in (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30)), key=lambda n: (abs(n - step), n))[:3]
    if step > 45:
        hours = max(1, step // 60)
        choices = [n for n in (1, 2, 3, 4, 6, 8, 12) if n >= hours][:2] or [12]
        phrases = ["every hour" if n == 1 else f"every {n} hours" for n in choices]
        spare = ["every 30 minutes", f"every day at {clock_text(DEFAULT_TIME)}"]
        refuse(f"Cron starts anew every hour and cannot keep to {step} minutes.", *(phrases + spare)[:3])
    refuse(
        f"{step} does not divide an hour, and cron starts anew every hour.",
        *("every minute" if n == 1 else f"every {n} minutes" for n in near),
    )


def _hours(said: Clauses, step: int, exact: bool) -> frozenset[int]:
    """The hours of the window. Its end belongs to it only where the schedule runs on the full hour (``exact``)."""
    if said.window is None:
        if not step or 24 % step:
            near = sorted((n for n in (1, 2, 3, 4, 6, 8, 12)), key=lambda n: (abs(n - step), n))[:3]
            refuse(
                f"{step} does not divide a day, and cron starts anew every midnight.",
                *("every hour" if n == 1 else f"every {n} hours" for n in near),
            )
        return frozenset(range(0, 24, step))
    (start, start_minute), (end, end_minute) = said.window
    if start_minute or end_minute:
        _refuse_window("A window begins and ends on the full hour.", start, end)
    if not step:
        _refuse_window("Nothing happens every 0 hours.", start, end)
    length = (end - start) % 24 or 24
    if start + length > 24 and (said.weekdays is not None or said.days or said.nth or said.months is not None):
        _refuse_window("A window over midnight belongs to two days.", start, 23)
    if end == 0 or start == end:
        exact = False
    return frozenset((start + ahead) % 24 for ahead in range(0, length + exact, step))


def _refuse_window(reason: str, start: int, end: int) -> NoReturn:
    first, last = (start, end) if start < end else (9, 17)
    refuse(
        reason,
        f"every hour between {first:02d}:00 and {last:02d}:00",
        f"every 15 minutes between {first:02d}:00 and {last:02d}:00",
        f"every hour between {first:02d}:00 and {last:02d}:00 on weekdays",
    )


# The calendar


def _calendar(said: Clauses, at: str) -> tuple[Fields, bool]:
    if said.window is not None or said.offsets:
        refuse(
            "A window needs an interval inside it.",
            "every hour between 09:00 and 17:00",
            "every 30 minutes between 09:00 and 17:00",
            f"every day at {at}",
        )
    named_day = bool(said.weekdays or said.nth or said.days) or said.unit in ("day", None)
    times, named_time = _times(said)
    days, months, weekdays = _days_of(said, at)
    hours, minutes = frozenset(hour for hour, _ in times), frozenset(minute for _, minute in times)
    if len(hours) * len(minutes) != len(set(times)):
        _refuse_times(times)
    rates_assumed = "times" in said.assumed
    said.assumed = [text for text in said.assumed if text != "times"]
    if said.months is not None and not (said.days or said.nth or said.weekdays):
        named_day = named_day and said.unit == "day"
    return Fields(minutes, hours, days, months, weekdays), rates_assumed or not (named_time and named_day)


def _refuse_times(times: list[Clock]) -> NoReturn:
    hours = sorted({hour for hour, _ in times})
    rounded = [f"{hour:02d}:00" for hour in hours][:4]
    listed = " and ".join((", ".join(rounded[:-1]), rounded[-1])) if len(rounded) > 1 else rounded[0]
    refuse(
        "One cron cannot run at different minutes of different hours. List two schedules under “when”.",
        f"every day at {clock_text(times[0])}",
        f"every day at {clock_text(times[-1])}",
        f"every day at {listed}",
    )


def _times(said: Clauses) -> tuple[list[Clock], bool]:
    if said.part in ("noon", "midday", "midnight") and said.times:
        refuse(
            f"It names {said.part} and another time.",
            f"every day at {said.part}",
            f"every day at {clock_text(said.times[0])}",
            "every day at 12:00 and 18:00",
        )
    if said.times:
        return [_in_part(said, time) for time in said.times], True
    if said.part is not None:
        return [(PARTS_OF_DAY[said.part], 0)], said.part in ("noon", "midday", "midnight")
    return [NIGHTLY if said.nightly else DEFAULT_TIME], False


def _in_part(said: Clauses, time: Clock) -> Clock:
    """``every evening at 7`` is 19:00."""
    hour, minute = time
    if said.part is None or _fits(said.part, hour):
        return time
    later = (hour + 12) % 24 if 0 < hour <= 12 else hour
    if said.part == "morning" or later == hour or not _fits(said.part, later):
        at = clock_text(time)
        refuse(
            f"{at} is not in the {said.part}.", f"every day at {at}", f"every weekday at {at}", f"every weekend at {at}"
        )
    return later, minute


def _fits(part: str, hour: int) -> bool:
    if part == "night":
        return hour < 6 or hour >= 18
    return {"morning": hour < 12, "afternoon": 12 <= hour < 18, "evening": hour >= 16}[part]


Days = tuple[frozenset[int | str] | None, frozenset[int], frozenset[int | tuple[int, int | str]] | None]


def _days_of(said: Clauses, at: str) -> Days:
    """The day, month and weekday fields."""
    if said.unit in ("day", "week"):
        _refuse_counted_days(said, at)
    months = _months(said, at)
    if said.nth:
        return None, months, frozenset(said.nth)
    if said.days:
        _check_days(said.days, months, at)
        return frozenset(said.days), months, None
    if said.unit in ("month", "quarter", "year") and said.weekdays is not None:
        day = DAYS[min(said.weekdays)]
        refuse(
            f"It does not say which {day} of the {said.unit}.",
            f"every month on the first {day} at {at}",
            f"every month on the last {day} at {at}",
            f"every {day} at {at}",
        )
    if said.weekdays is not None:
        plain = None if len(said.weekdays) == 7 else frozenset[int | tuple[int, int | str]](said.weekdays)
        return None, months, plain
    if said.unit == "week":
        return None, months, frozenset({1})
    is_date = said.unit in ("month", "quarter", "year") or (said.unit is None and said.months is not None)
    return (frozenset({1}) if is_date else None), months, None


def _refuse_counted_days(said: Clauses, at: str) -> None:
    if said.step != 1 and said.unit == "week":
        _refuse_weeks(said, at)
    if said.step != 1:
        refuse(
            f"Cron starts anew every month and cannot count {said.step} days.",
            f"every day at {at}",
            f"every Monday, Wednesday and Friday at {at}",
            f"every month on the 1st and 15th at {at}",
        )
    if said.days or said.nth:
        refuse(
            f"It says both every {said.unit} and certain days of the month.",
            f"every month on the 1st at {at}",
            f"every {said.unit} at {at}",
            f"every month on the last day at {at}",
        )


def _months(said: Clauses, at: str) -> frozenset[int]:
    ends = "L" in said.days or "LW" in said.days or any(number == "L" for _, number in said.nth)
    if said.unit == "quarter" and said.step == 1 and said.months is None:
        return frozenset({3, 6, 9, 12}) if ends else _QUARTERS
    if said.unit == "year" and said.step == 1:
        return said.months or (frozenset({12}) if ends and said.days else frozenset({1}))
    if said.unit in ("quarter", "year") or (said.unit == "month" and (not said.step or 12 % said.step)):
        refuse(
            f"Cron starts anew every year and cannot count {said.step} {said.unit}s.",
            f"every 3 months on the 1st at {at}",
            f"every 6 months on the 1st at {at}",
            f"every year on January 1st at {at}",
        )
    if said.unit == "month" and said.step > 1 and said.months is None:
        return frozenset(range(1, 13, said.step))
    return said.months or _ALL_MONTHS


def _check_days(days: list[int | str], months: frozenset[int], at: str) -> None:
    shortest = min(_MONTH_LENGTHS[month - 1] for month in months)
    for day in days:
        if isinstance(day, int) and not 1 <= day <= shortest:
            reason = (
                f"There is no day {day} in a month."
                if not 1 <= day <= 31
                else f"Not every month named has a day {day}."
            )
            refuse(
                reason,
                f"every month on the last day at {at}",
                f"every month on the 28th at {at}",
                f"every month on the 1st at {at}",
            )
