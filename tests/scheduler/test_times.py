"""Which times fire, which were missed, and how far they are put off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from plainwork.db.schedules import Schedule
from plainwork.scheduler.times import plan, planned
from plainwork.spec.cron import ScheduleError, next_times
from plainwork.spec.schedule_policy import read_jitter, read_missed
from tests.scheduler.clockwork import schedule

DUE = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def fires(of: Schedule, now: datetime) -> list[str]:
    return [one.due_at.strftime("%H:%M") for one in plan(of, now).fire]


@pytest.mark.parametrize(
    ("cron", "missed", "late", "expected"),
    [
        ("0 * * * *", "last", timedelta(seconds=5), ["08:00"]),
        ("0 * * * *", "last", timedelta(hours=3, minutes=10), ["11:00"]),
        ("0 * * * *", "skip", timedelta(seconds=5), ["08:00"]),
        ("0 * * * *", "skip", timedelta(minutes=10), []),
        ("0 * * * *", "skip", timedelta(hours=3, minutes=10), []),
        ("0 * * * *", "skip", timedelta(hours=3, seconds=10), ["11:00"]),
        ("0 * * * *", "all", timedelta(hours=3, minutes=10), ["08:00", "09:00", "10:00", "11:00"]),
        ("0 * * * *", "all up to 2", timedelta(hours=3, minutes=10), ["10:00", "11:00"]),
        ("0 * * * *", "all", -timedelta(seconds=1), []),
        ("* * * * *", "last", timedelta(days=3, seconds=10), ["08:00"]),
        ("0 8 1 * *", "last", timedelta(days=40), ["08:00"]),
    ],
)
def test_missed_times(cron: str, missed: str, late: timedelta, expected: list[str]) -> None:
    assert fires(schedule(cron, DUE, missed), DUE + late) == expected


@pytest.mark.parametrize(("missed", "made_up"), [("all", 100), ("all up to 7", 7), ("all up to 1000", 1000)])
def test_missed_times_are_made_up_for_as_often_as_is_said(missed: str, made_up: int) -> None:
    now = DUE + timedelta(days=2)
    found = plan(schedule("* * * * *", DUE, missed), now)
    assert [one.due_at for one in found.fire] == [now - timedelta(minutes=n) for n in reversed(range(made_up))]
    assert found.following is not None
    assert found.following.due_at == now + timedelta(minutes=1)


def test_what_is_not_made_up_for_is_told() -> None:
    found = plan(schedule("0 * * * *", DUE, "last"), DUE + timedelta(hours=3, minutes=10))
    assert [one.due_at.hour for one in found.missed] == [8, 9, 10]
    found = plan(schedule("0 * * * *", DUE, "skip"), DUE + timedelta(hours=2, minutes=10))
    assert [one.due_at.hour for one in found.missed] == [8, 9, 10]


@pytest.mark.parametrize(
    ("cron", "zone", "begin", "days", "expected"),
    [
        ("30 2 * * *", "Europe/Berlin", datetime(2026, 3, 27, 1, 30), 5, 6),
        ("30 2 * * *", "Europe/Berlin", datetime(2026, 10, 23, 0, 30), 5, 5),
        ("30 1 * * *", "America/New_York", datetime(2026, 10, 30, 5, 30), 5, 5),
        ("0 * * * *", "Europe/Berlin", datetime(2026, 3, 28, 23, 0), 1, 24),
        ("0 * * * *", "Europe/Berlin", datetime(2026, 10, 24, 22, 0), 1, 24),
        ("0 9 * * *", "Pacific/Apia", datetime(2011, 12, 28, 19, 0), 4, 5),
    ],
)
def test_clocks_that_change_neither_double_nor_lose_a_time(
    cron: str, zone: str, begin: datetime, days: int, expected: int
) -> None:
    """02:30 in Berlin is skipped on 29 March 2026 (and fires at 03:00) and comes twice on 25 October; all of 30 December 2011
    was skipped in Samoa, and its 09:00 fires as the 31st begins."""
    found, next_at = [], begin.replace(tzinfo=UTC)
    until = next_at + timedelta(days=days)
    while next_at < until:
        planned_now = plan(schedule(cron, next_at, "last", zone), next_at)
        found += [one.due_at for one in planned_now.fire]
        assert planned_now.following is not None
        next_at = planned_now.following.due_at
    assert len(found) == len(set(found)) == expected


def test_a_spread_is_the_same_each_time_and_never_reaches_the_next_time() -> None:
    delays = set()
    for minute in range(200):
        due = DUE + timedelta(minutes=minute)
        one = planned(schedule("* * * * *", due, jitter="5 minutes"), due)
        assert one == planned(schedule("* * * * *", due, jitter="5 minutes"), due)
        assert due <= one.planned_at < due + timedelta(minutes=1)
        delays.add(one.planned_at - due)
    assert len(delays) > 190
    assert max(delays) - min(delays) > timedelta(seconds=50)


def test_two_schedules_are_spread_differently() -> None:
    one, other = (schedule("0 * * * *", DUE, jitter="10 minutes", overlap=str(n)) for n in range(2))
    assert planned(one, DUE) == planned(other, DUE)
    moved = msgspec.structs.replace(one, id=UUID(int=2))
    assert planned(moved, DUE) != planned(one, DUE)


def test_a_time_that_is_put_off_waits_and_those_before_it_do_not() -> None:
    of = schedule("* * * * *", DUE, "all", jitter="1 minute")
    second = planned(of, DUE + timedelta(minutes=1))
    before, after = second.planned_at - timedelta(milliseconds=1), second.planned_at
    found = plan(of, max(before, planned(of, DUE).planned_at))
    assert [one.due_at for one in found.fire] == [DUE]
    assert found.following == second
    assert [one.due_at for one in plan(of, after).fire] == [DUE, second.due_at]


@pytest.mark.parametrize("text", ["some", "all up to", "all up to 0", "all up to 1001", "all up to many", ""])
def test_a_policy_that_says_nothing_is_refused(text: str) -> None:
    with pytest.raises(ScheduleError):
        read_missed(text)


@pytest.mark.parametrize("text", ["2", "2 days", "soon"])
def test_a_spread_is_a_duration_of_at_most_a_day(text: str) -> None:
    with pytest.raises(ScheduleError):
        read_jitter(text)


def test_looking_ahead_gives_the_same_times_as_going_step_by_step() -> None:
    """What is kept of a day never hides a time of the next ones."""
    for cron, zone in (("*/7 * * * *", "Europe/Berlin"), ("0 9 * * 1", "Asia/Kolkata"), ("15 3 L * *", "America/Lima")):
        at = datetime(2026, 10, 24, 20, 13, tzinfo=UTC)
        far = next_times(cron, zone, at, 300)
        step: list[datetime] = []
        while len(step) < 300:
            [at] = next_times(cron, zone, at, 1)
            step.append(at)
        assert step == far
