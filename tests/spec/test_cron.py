from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from plainwork.spec.cron import ScheduleError, canonical, next_times, read_cron
from tests.cases import cases
from tests.spec.test_schedule_text import CRONS


@given(cron=CRONS)
@settings(max_examples=cases(200), deadline=None)
def test_the_canonical_writing_means_the_same(cron: str) -> None:
    try:
        again = canonical(cron)
    except ScheduleError:
        assume(False)
    start = datetime(2026, 1, 30, 22, 10)
    mine, theirs = (list(itertools.islice(CronSim(text, start), 20)) for text in (again, cron))
    assert mine == theirs


ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Havana",
    "Africa/Cairo",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "America/St_Johns",
    "Pacific/Chatham",
)


def _local_times(cron: str, zone: str, start: datetime, hours: int) -> list[datetime]:
    """Oracle: walk every minute of real time and keep those whose local time the cron names, each local time once."""
    fields, tz, found, seen = read_cron(cron), ZoneInfo(zone), [], set()
    for minute in range(1, hours * 60 + 1):
        instant = start + timedelta(minutes=minute)
        local = instant.astimezone(tz).replace(tzinfo=None)
        if local.minute in fields.minutes and local.hour in fields.hours and local not in seen:
            seen.add(local)
            found.append(instant)
    return found


@given(
    zone=st.sampled_from(ZONES),
    start=st.datetimes(datetime(2005, 1, 1), datetime(2030, 1, 1)).map(
        lambda d: d.replace(second=0, microsecond=0, tzinfo=UTC)
    ),
    minute=st.integers(0, 59),
    hours=st.lists(st.integers(0, 23), min_size=1, max_size=3, unique=True),
)
@settings(max_examples=cases(60), deadline=None)
def test_times_of_day_fire_once_and_never_fail_to(zone: str, start: datetime, minute: int, hours: list[int]) -> None:
    cron = f"{minute} {','.join(map(str, sorted(hours)))} * * *"
    tz = ZoneInfo(zone)
    found = next_times(cron, zone, start, 4 * len(hours))
    assert found == sorted(set(found))
    assert all(one > start and one.tzinfo is UTC and not one.second for one in found)
    wanted = [one for one in _local_times(cron, zone, start, 110) if one <= found[-1]]
    first_day = start.astimezone(tz).date() + timedelta(days=1)
    extra = [one for one in found if one not in wanted]
    assert all(one in found for one in wanted if one.astimezone(tz).date() >= first_day)
    for one in extra:
        before = (one - timedelta(minutes=1)).astimezone(tz).utcoffset()
        assert before != one.astimezone(tz).utcoffset(), "an instant that is not named has to end a gap of the clock"


def _times(cron: str, zone: str, start: str, n: int) -> list[str]:
    return [
        one.astimezone(ZoneInfo(zone)).isoformat()
        for one in next_times(cron, zone, datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone)), n)
    ]


def test_a_time_that_does_not_exist_fires_at_the_next_that_does() -> None:
    assert _times("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00", 2) == [
        "2026-03-29T03:00:00+02:00",
        "2026-03-30T02:30:00+02:00",
    ]
    assert _times("0 0 * * *", "America/Havana", "2026-03-07T12:00", 2)[0] == "2026-03-08T01:00:00-04:00"
    assert _times("*/15 2 * * *", "Europe/Berlin", "2026-03-28T12:00", 2)[:2] == [
        "2026-03-29T03:00:00+02:00",
        "2026-03-30T02:00:00+02:00",
    ]


def test_a_time_that_occurs_twice_fires_once() -> None:
    assert _times("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00", 2) == [
        "2026-10-25T02:30:00+02:00",
        "2026-10-26T02:30:00+01:00",
    ]
    assert _times("0 */6 * * *", "America/Havana", "2026-10-31T22:00", 2) == [
        "2026-11-01T00:00:00-04:00",
        "2026-11-01T06:00:00-05:00",
    ]


def test_every_15_minutes_does_not_pause_when_the_clock_goes_back() -> None:
    start = datetime(2026, 10, 24, 23, 0, tzinfo=UTC)
    found = next_times("*/15 * * * *", "Europe/Berlin", start, 20)
    assert found == [start + timedelta(minutes=15 * n) for n in range(1, 21)]
    spring = datetime(2026, 3, 29, 0, 0, tzinfo=UTC)
    assert next_times("*/15 * * * *", "Europe/Berlin", spring, 8) == [
        spring + timedelta(minutes=15 * n) for n in range(1, 9)
    ]


def test_a_day_that_a_zone_left_out_fires_when_the_next_begins() -> None:
    assert _times("0 9 30 12 *", "Pacific/Apia", "2011-12-01T00:00", 1) == ["2011-12-31T00:00:00+14:00"]


def test_far_and_never() -> None:
    after = datetime(2026, 1, 1, tzinfo=UTC)
    assert [one.year for one in next_times("0 9 29 2 *", None, after, 3)] == [2028, 2032, 2036]
    with pytest.raises(ScheduleError, match="not a cron expression"):
        next_times("0 9 30 2 *", None, after, 1)
    with pytest.raises(ScheduleError, match="not a time zone"):
        next_times("0 9 * * *", "Mars/Base", after, 1)
    with pytest.raises(ValueError, match="aware"):
        next_times("0 9 * * *", None, datetime(2026, 1, 1), 1)
    assert next_times("0 9 1 1 *", None, datetime(9990, 12, 31, 10, tzinfo=UTC), 1) == []


@pytest.mark.parametrize("cron", ["", "* * * *", "* * * * * *", "61 * * * *", "a b c d e", "*/0 * * * *", "1" * 300])
def test_what_is_no_cron_is_refused(cron: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        read_cron(cron)
    assert len(caught.value.suggestions) == 3
