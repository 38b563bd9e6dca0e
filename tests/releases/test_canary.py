"""When a candidate has failed too often."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainwork.db.canaries import Tally, Terms
from plainwork.releases.canary import is_failing

TERMS = Terms(share=10, least_runs=20, margin=0.1)


@pytest.mark.parametrize(
    ("tally", "expected"),
    [
        (Tally(0, 0, 0, 0), False),
        (Tally(19, 19, 100, 0), False),
        (Tally(20, 20, 100, 0), True),
        (Tally(20, 2, 100, 0), False),
        (Tally(20, 3, 100, 0), True),
        (Tally(20, 3, 100, 6), False),
        (Tally(20, 20, 100, 100), False),
        (Tally(20, 3, 0, 0), True),
        (Tally(20, 2, 0, 0), False),
    ],
)
def test_the_margin_above_the_live_versions_rate(tally: Tally, expected: bool) -> None:
    assert is_failing(TERMS, tally) is expected


counts = st.integers(0, 200).flatmap(lambda ended: st.tuples(st.just(ended), st.integers(0, ended)))


@given(counts, counts, st.integers(1, 50), st.floats(0, 1))
def test_a_candidate_that_fails_no_more_often_stays(
    candidate: tuple[int, int], live: tuple[int, int], least: int, margin: float
) -> None:
    verdict = is_failing(Terms(10, least, margin), Tally(*candidate, *live))
    if candidate[0] < least or candidate[1] * max(live[0], 1) <= live[1] * candidate[0]:
        assert verdict is False
    if verdict and candidate[1] < candidate[0]:  # and one failure more does not save it
        assert is_failing(Terms(10, least, margin), Tally(candidate[0], candidate[1] + 1, *live))


@pytest.mark.parametrize(("rate", "fewest", "most"), [(0.05, 0, 4), (0.5, 99, 100)])
def test_a_hundred_canaries_by_chance(rate: float, fewest: int, most: int) -> None:
    """Against a live version that fails once in twenty runs: an equal candidate is seldom rolled back within two hundred
    runs when it is judged at each one from the fiftieth on, a bad one nearly always."""
    chance, terms, rolled_back = random.Random(7), Terms(10, 50, 0.1), 0
    for _ in range(100):
        failed = 0
        for ended in range(1, 201):
            failed += chance.random() < rate
            if is_failing(terms, Tally(ended, failed, 2000, 100)):
                rolled_back += 1
                break
    assert fewest <= rolled_back <= most
