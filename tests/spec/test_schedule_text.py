from __future__ import annotations

from typing import Any

import pytest
from cron_descriptor import ExpressionDescriptor
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from plainwork.spec.cron import canonical, read_cron
from plainwork.spec.schedule_text import (
    SAMPLES,
    ScheduleError,
    find_problem,
    find_schedule,
    parse_schedule,
    render_schedule,
)
from tests.cases import cases

PHRASES = [
    ("every minute", "* * * * *"),
    ("every 15 minutes", "*/15 * * * *"),
    ("every half hour", "*/30 * * * *"),
    ("every quarter of an hour", "*/15 * * * *"),
    ("4 times an hour", "*/15 * * * *"),
    ("every 60 minutes", "0 * * * *"),
    ("every 120 minutes", "0 */2 * * *"),
    ("every hour", "0 * * * *"),
    ("hourly at :20", "20 * * * *"),
    ("every hour at 5 past and 35 past", "5,35 * * * *"),
    ("every hour at minute 7", "7 * * * *"),
    ("every other hour", "0 */2 * * *"),
    ("every 6 hours at :15", "15 */6 * * *"),
    ("every day at 8", "0 8 * * *"),
    ("every day at 8:30", "30 8 * * *"),
    ("every day at 8am", "0 8 * * *"),
    ("every day at 12am", "0 0 * * *"),
    ("every day at 12 p.m.", "0 12 * * *"),
    ("every day at 17h30", "30 17 * * *"),
    ("every day at half past 8", "30 8 * * *"),
    ("every day at quarter to nine", "45 8 * * *"),
    ("daily at noon", "0 12 * * *"),
    ("every day at midnight", "0 0 * * *"),
    ("at 8:30 every weekday", "30 8 * * 1-5"),
    ("every weekday 8:30", "30 8 * * 1-5"),
    ("each morning at 7", "0 7 * * *"),
    ("every evening at 7:15", "15 19 * * *"),
    ("every night at 11", "0 23 * * *"),
    ("every night at 2", "0 2 * * *"),
    ("every day at 5 in the afternoon", "0 17 * * *"),
    ("every noon", "0 12 * * *"),
    ("every Friday evening at 7", "0 19 * * 5"),
    ("Sunday nights at 11pm every week", "0 23 * * 0"),
    ("every weekday except Friday at 9", "0 9 * * 1-4"),
    ("Mon-Fri at 9am", "0 9 * * 1-5"),
    ("at the end of every month at 18:00", "0 18 L * *"),
    ("at the start of each quarter at 9", "0 9 1 1,4,7,10 *"),
    ("at the end of the year at 9", "0 9 L 12 *"),
    ("every weekend at 10", "0 10 * * 0,6"),
    ("every working day at 9", "0 9 * * 1-5"),
    ("on Mondays and Thursdays at 9 and 17:00", "0 9,17 * * 1,4"),
    ("every Mon, Wed and Fri at 6:15pm", "15 18 * * 1,3,5"),
    ("every Monday to Friday at 9", "0 9 * * 1-5"),
    ("Fri-Mon at 9 every week", None),
    ("every Friday to Monday at 9", "0 9 * * 0,1,5,6"),
    ("every day except Sunday at 9", "0 9 * * 1-6"),
    ("every day but weekends at 9", "0 9 * * 1-5"),
    ("twice a day at 9 and 17", "0 9,17 * * *"),
    ("three times a day at 8, 12 and 18", "0 8,12,18 * * *"),
    ("twice a week on Monday and Friday at 9", "0 9 * * 1,5"),
    ("once a day at 8", "0 8 * * *"),
    ("weekly on Fridays at 16:00", "0 16 * * 5"),
    ("every week on Tuesday at 10:00", "0 10 * * 2"),
    ("every month on the 1st and 15th at 8:00", "0 8 1,15 * *"),
    ("on the 1st of every month at 8", "0 8 1 * *"),
    ("monthly on day 5 at 8", "0 8 5 * *"),
    ("on the last day of the month at 18:00", "0 18 L * *"),
    ("every month on the last working day at 9", "0 9 LW * *"),
    ("every first Monday of the month at 9", "0 9 * * 1#1"),
    ("first and third Tuesday of the month at 10", "0 10 * * 2#1,2#3"),
    ("every last Friday of the month at 9", "0 9 * * 5L"),
    ("every quarter on the 1st at 9", "0 9 1 1,4,7,10 *"),
    ("every quarter on the last day at 9", "0 9 L 3,6,9,12 *"),
    ("every 3 months on the 1st at 9", "0 9 1 1,4,7,10 *"),
    ("every year on March 1st at 9", "0 9 1 3 *"),
    ("every January 15 at 9", "0 9 15 1 *"),
    ("yearly on 24 December at 9", "0 9 24 12 *"),
    ("on the 1st of January and July at 9", "0 9 1 1,7 *"),
    ("every weekday in December at 9", "0 9 * 12 1-5"),
    ("every 3 hours between 9 and 17 on weekdays", "0 9-15/3 * * 1-5"),
    ("every hour between 9am and 5pm", "0 9-17 * * *"),
    ("every 15 minutes between 9 and 17", "*/15 9-16 * * *"),
    ("every hour from 22 to 6", "0 0-6,22,23 * * *"),
    ("every 5 hours between 8 and 20", "0 8-18/5 * * *"),
    ("every hour from 9 until midnight", "0 9-23 * * *"),
]
EXACT = [(phrase, cron) for phrase, cron in PHRASES if cron is not None]


@pytest.mark.parametrize(("phrase", "cron"), EXACT)
def test_phrases_are_understood_exactly(phrase: str, cron: str) -> None:
    found = parse_schedule(phrase)
    assert (found.cron, found.timezone, found.assumed_time) == (cron, None, False)
    assert parse_schedule(phrase.upper().replace("AM", "am")).cron == cron


@pytest.mark.parametrize(
    ("phrase", "cron"),
    [
        ("daily", "0 9 * * *"),
        ("nightly", "0 2 * * *"),
        ("weekly", "0 9 * * 1"),
        ("monthly", "0 9 1 * *"),
        ("quarterly", "0 9 1 1,4,7,10 *"),
        ("yearly", "0 9 1 1 *"),
        ("every morning", "0 8 * * *"),
        ("every evening", "0 18 * * *"),
        ("every weekday", "0 9 * * 1-5"),
        ("every month at 7", "0 7 1 * *"),
        ("every month on the 15th", "0 9 15 * *"),
        ("every January", "0 9 1 1 *"),
        ("every Friday afternoon", "0 14 * * 5"),
        ("every weekday in the evening", "0 18 * * 1-5"),
        ("every day at night", "0 22 * * *"),
        ("twice a day", "0 9,17 * * *"),
    ],
)
def test_what_a_phrase_leaves_open_is_marked_as_assumed(phrase: str, cron: str) -> None:
    found = parse_schedule(phrase)
    assert (found.cron, found.assumed_time) == (cron, True)


@pytest.mark.parametrize(
    ("phrase", "zone"),
    [
        ("every day at 9 in Europe/Berlin", "Europe/Berlin"),
        ("every day at 9 europe/berlin", "Europe/Berlin"),
        ("every day at 9 (America/Argentina/Buenos_Aires)", "America/Argentina/Buenos_Aires"),
        ("every day at 9 UTC", "UTC"),
        ("every day at 9 GMT", "UTC"),
        ("every day at 9 in New York", "America/New_York"),
        ("every day at 9 Berlin time", "Europe/Berlin"),
        ("every hour in Asia/Kathmandu", "Asia/Kathmandu"),
        ("every day at 9", None),
    ],
)
def test_zones(phrase: str, zone: str | None) -> None:
    assert parse_schedule(phrase).timezone == zone
    assert parse_schedule(phrase, default_zone="Asia/Tokyo").timezone == (zone or "Asia/Tokyo")


REFUSED = [
    ("every other week", "cannot count weeks"),
    ("every 2 weeks on Monday", "cannot count weeks"),
    ("biweekly", "cannot count weeks"),
    ("every second Monday", "several weeks"),
    ("every other day at 9", "cannot count 2 days"),
    ("every 7 minutes", "does not divide an hour"),
    ("every 45 minutes", "does not divide an hour"),
    ("every 90 minutes", "cannot keep to 90 minutes"),
    ("every 5 hours", "does not divide a day"),
    ("every 0 minutes", "does not divide"),
    ("every 36 hours", "does not divide a day"),
    ("every 30 seconds", "shortest interval"),
    ("every 5 months", "cannot count 5 months"),
    ("every 2 years", "cannot count 2 years"),
    ("every day at 9 and 17:30", "different minutes of different hours"),
    ("every day at 8 and 9 pm", "may mean 08:00 or 20:00"),
    ("every month on the 31st", "Not every month named has a day 31"),
    ("every year on February 29", "Not every month named has a day 29"),
    ("every month on day 40", "no day 40"),
    ("every month on the first weekday at 9", "not the first"),
    ("every month on Monday", "which Monday"),
    ("every Friday the 13th", "cannot be understood"),
    ("every day at 25:00", "not a time of day"),
    ("every day at 13pm", "not a time of day"),
    ("every morning at 19:00", "not in the morning"),
    ("three times a day at 9 and 17", "names 2 times"),
    ("twice a week", "and not when"),
    ("every 15 minutes at 9", "both an interval and a time"),
    ("every day between 9 and 17", "needs an interval"),
    ("every hour between 9:30 and 17", "full hour"),
    ("every hour between 22 and 6 on weekdays", "belongs to two days"),
    ("every day at 9 EST", "EST does not say"),
    ("every day at 9 CET", "CET does not say"),
    ("every day at 9 in Mars/Base", "not a time zone"),
    ("every hour from 9 to 5", "may mean 05:00 or 17:00"),
    ("every day at 7 and 8 in the evening", "may mean 07:00 or 19:00"),
    ("at the end of every week", "not one certain time"),
    ("every day at 9 Eastern time", "Eastern does not say"),
    ("every alternate Friday", "several weeks"),
    ("every blue moon", "cannot be understood"),
    ("whenever a mail arrives", "cannot be understood"),
    ("at 9", "how often"),
    ("", "is empty"),
    ("0 9 * * *", "is a cron expression"),
    ("every day at 9 of course", "cannot be understood from “of” on"),
]


@pytest.mark.parametrize(("phrase", "why"), REFUSED)
def test_what_cron_cannot_say_is_refused_with_three_ways_out(phrase: str, why: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse_schedule(phrase)
    error = caught.value
    assert why in error.message
    assert error.next_step
    assert len(error.suggestions) == len(set(error.suggestions)) == 3
    for suggestion in error.suggestions:
        assert not parse_schedule(suggestion).assumed_time


def test_samples_say_all_they_mean() -> None:
    for sample in SAMPLES:
        if "quarter" not in sample:
            assert not parse_schedule(sample).assumed_time, sample


def test_an_overlong_phrase_is_refused() -> None:
    with pytest.raises(ScheduleError, match="at most 200"):
        parse_schedule("every day " * 100)


# Rendering


@pytest.mark.parametrize(
    ("cron", "phrase"),
    [
        ("30 7 * * 1-5", "every weekday at 07:30"),
        ("*/15 9-16 * * 1-5", "every 15 minutes between 09:00 and 17:00 on weekdays"),
        ("0 9 1,15 * *", "every month on the 1st and 15th at 09:00"),
        ("0 9 * * 1#1", "every month on the first Monday at 09:00"),
        ("0 9 L * *", "every month on the last day at 09:00"),
        ("20 * * * *", "every hour at :20"),
        ("00 08 * * MON-FRI", "every weekday at 08:00"),
        ("0 9 1 3 *", "every year on March 1st at 09:00"),
        ("0 9 13 * 5", None),
        ("*/7 * * * *", "every hour at :00, :07, :14, :21, :28, :35, :42, :49 and :56"),
        ("0 9 31 * *", None),
    ],
)
def test_crons_are_rendered(cron: str, phrase: str | None) -> None:
    assert render_schedule(cron) == phrase


@pytest.mark.parametrize("cron", [cron for _, cron in EXACT])
@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_every_cron_a_phrase_gives_has_a_phrase(cron: str, zone: str | None) -> None:
    phrase = render_schedule(cron, zone)
    assert phrase is not None
    again = parse_schedule(phrase)
    assert (again.cron, again.timezone) == (cron, zone)


def _field(low: int, high: int) -> st.SearchStrategy[str]:
    number = st.integers(low, high)
    return st.one_of(
        st.just("*"),
        st.just("*"),
        number.map(str),
        st.lists(number, min_size=1, max_size=3, unique=True).map(lambda ns: ",".join(map(str, sorted(ns)))),
        st.tuples(number, number).filter(lambda t: t[0] < t[1]).map(lambda t: f"{t[0]}-{t[1]}"),
        st.integers(1, 30).map(lambda n: f"*/{n}"),
    )


CRONS = st.tuples(
    _field(0, 59),
    _field(0, 23),
    st.one_of(st.just("*"), _field(1, 31), st.sampled_from(["L", "LW"])),
    st.one_of(st.just("*"), _field(1, 12)),
    st.one_of(st.just("*"), _field(0, 6), st.sampled_from(["1#1", "5L", "MON-FRI", "0,6", "2#1,2#3", "7"])),
).map(" ".join)


@given(cron=CRONS, zone=st.sampled_from([None, "UTC", "Europe/Berlin", "America/New_York"]))
@settings(max_examples=cases(400), deadline=None)
def test_rendering_reads_back_to_the_same_schedule(cron: str, zone: str | None) -> None:
    try:
        phrase = render_schedule(cron, zone)
    except ScheduleError:
        assume(False)
    if phrase is not None:
        again = parse_schedule(phrase)
        assert (again.cron, again.timezone) == (canonical(cron), zone)


@pytest.mark.parametrize(("phrase", "cron"), EXACT)
def test_an_outside_description_agrees(phrase: str, cron: str) -> None:
    """cron-descriptor writes the same cron in its own words: times, weekdays and months of ours have to be in them."""
    said = str(ExpressionDescriptor(cron, use_24hour_time_format=True)).lower()
    ours = (render_schedule(cron) or "").lower()
    for word in ("monday", "tuesday", "thursday", "january", "march", "december", "weekday"):
        named = word in said if word != "weekday" else "monday through friday" in said or "weekday" in said
        assert named or word not in ours or " to " in ours, (said, ours)
    fields = read_cron(cron)
    if len(fields.hours) <= 2 and len(fields.minutes) == 1:
        assert all(f"{hour:02d}:{min(fields.minutes):02d}" in said for hour in fields.hours), said


# Inside longer texts


@pytest.mark.parametrize(
    ("text", "cron", "zone", "assumed"),
    [
        ("Every weekday at 8:30 in Europe/Berlin fetch the news", "30 8 * * 1-5", "Europe/Berlin", False),
        ("Send it each morning at 7 to me", "0 7 * * *", None, False),
        ("run daily at 6 pm", "0 18 * * *", None, False),
        ("Poll the feed every 5 minutes and tell me", "*/5 * * * *", None, False),
        ("do it each day", "0 9 * * *", None, True),
        ("Cron node triggers this workflow every day at 7:00", "0 7 * * *", None, False),
        ("Send a daily digest at 8:00 to bob@example.org", "0 8 * * *", None, False),
        ("Every Monday, fetch the report at 9 and mail it", "0 9 * * 1", None, False),
        ("On the first Monday of each month at 10am, summarise", "0 10 * * 1#1", None, False),
        ("at 9:00 every weekday get the top 5 posts", "0 9 * * 1-5", None, False),
        ("each day at 8 the weather in London", "0 8 * * *", None, False),
        ("Every hour, check https://a.example/b and if it is down, mail me", "0 * * * *", None, False),
        ("weekly, on Fridays at 16:00, send the numbers", "0 16 * * 5", None, False),
        ("Check every 10 minutes between 8am and 6pm in Europe/London", "*/10 8-17 * * *", "Europe/London", False),
        ("A weekly report. Actually, make it every Tuesday at 8.", "0 8 * * 2", None, False),
        ("every day at 9 EST send the list", "0 9 * * *", "America/New_York", False),
    ],
)
def test_a_schedule_is_found_in_a_sentence(text: str, cron: str, zone: str | None, assumed: bool) -> None:
    found = find_schedule(text)
    assert found is not None
    assert (found.cron, found.zone, found.assumed_time) == (cron, zone, assumed)
    assert parse_schedule(found.phrase).cron == cron
    assert 0 <= found.start < found.end <= len(text)


def test_the_place_of_a_schedule_is_exact() -> None:
    text = "Please, every weekday at 8:30 in Europe/Berlin fetch the news"
    found = find_schedule(text)
    assert found is not None
    assert text[found.start : found.end] == "every weekday at 8:30 in Europe/Berlin"
    apart = "Send a daily digest at 8:00 to bob"
    joined = find_schedule(apart)
    assert joined is not None
    assert [apart[start:end] for start, end in ((joined.start, joined.end), *joined.more)] == ["daily", "at 8:00"]


def test_what_a_schedule_leaves_out_is_said() -> None:
    found = find_schedule("every weekday at 9 except public holidays, send it")
    assert found is not None
    assert found.assumed == ("“except public holidays …” is not part of the schedule.",)


def test_an_ambiguous_zone_in_a_sentence_is_settled_aloud() -> None:
    found = find_schedule("every day at 9 EST send it")
    assert found is not None
    assert found.assumed == ("EST is taken as the time in America/New_York.",)


@pytest.mark.parametrize(
    "text",
    [
        "When a mail arrives, answer it",
        "read the best posts of the last day",
        "For every item in the list, write at most 5 lines",
        "Invite 5 people at 9 Main Street",
        "each row becomes a record",
        "Summarise the last month",
        "",
    ],
)
def test_no_schedule_is_seen_where_there_is_none(text: str) -> None:
    assert find_schedule(text) is None
    assert find_problem(text) is None


def test_a_schedule_that_cannot_be_kept_is_reported() -> None:
    problem = find_problem("Every other week send me a report")
    assert problem is not None
    assert "cannot count weeks" in problem.message
    assert find_schedule("Every other week send me a report") is None
    assert find_problem("Every week on Monday at 9 send me a report") is None


WORDS = (
    "every each on at the of month day Monday 9 17:30 :20 am pm twice a in Berlin UTC EST and , to last first 1st 31st "
    "between 15 minutes hour other week except during hours noon - ( ) ."
)


@given(text=st.lists(st.sampled_from(WORDS.split()), max_size=14))
@settings(max_examples=cases(300), deadline=None)
def test_any_words_are_understood_or_refused_with_three_phrases(text: list[str]) -> None:
    phrase = " ".join(text)
    try:
        found = parse_schedule(phrase)
    except ScheduleError as error:
        assume(len(phrase) > 0)
        parses: list[Any] = [parse_schedule(suggestion) for suggestion in error.suggestions]
        complete = len(parses) == 3
    else:
        complete = canonical(found.cron) == found.cron
        find_schedule(phrase)
    assert complete


def test_long_texts_are_searched_quickly() -> None:
    assert find_schedule("every blue item of the day and " * 3_000) is None
