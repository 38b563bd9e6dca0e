from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainwork.spec.durations import MAX_SECONDS, format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10s", 10),
        ("250ms", 0.25),
        ("5 minutes", 300),
        ("1h30m", 5400),
        ("1h 30m", 5400),
        ("2 days", 172800),
        ("1 hour 30 minutes", 5400),
        ("1 hour, 30 minutes and 5 seconds", 5405),
        ("an hour", 3600),
        ("half an hour", 1800),
        ("two weeks", 1209600),
        ("1.5h", 5400),
        ("  90 SEC ", 90),
        ("0s", 0),
        ("PT5M", 300),
        ("P1DT2H", 93600),
        ("pt0.5s", 0.5),
        ("P1W", 604800),
        ("1m500ms", 60.5),
    ],
)
def test_durations_are_read(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "short text"),
        ("10", "no unit"),
        ("2 months", "no fixed length"),
        ("1 year", "no fixed length"),
        ("5 parsecs", "not a unit"),
        ("-5s", "not a duration"),
        ("30m1h", "largest unit first"),
        ("1h1h", "each unit once"),
        ("P", "not a duration"),
        ("PT", "not a duration"),
        ("P1Y", "not a duration"),
        ("5 minutes ago", "not a duration"),
        ("11000 days", "longer than ten years"),
        ("9" * 60 + "s", "not a duration"),
        ("1s" * 80, "short text"),
        ("٣s", "not a duration"),
        (10, "text with a unit"),
        (None, "text with a unit"),
    ],
)
def test_what_is_no_duration_is_refused_with_a_reason(text: object, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 seconds"),
        (0.25, "250ms"),
        (1, "1 second"),
        (90, "1m30s"),
        (300, "5 minutes"),
        (5400, "1h30m"),
        (86400, "1 day"),
        (604800, "1 week"),
        (90061.5, "1d1h1m1.5s"),
    ],
)
def test_durations_are_written(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@given(st.integers(0, int(MAX_SECONDS) * 1000))
def test_writing_and_reading_agree_to_the_millisecond(millis: int) -> None:
    assert round(parse_duration(format_duration(millis / 1000)) * 1000) == millis


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf"), MAX_SECONDS * 2])
def test_what_cannot_be_written_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="ten years"):
        format_duration(seconds)
