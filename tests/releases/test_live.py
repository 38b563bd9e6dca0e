"""Which version a rollback makes live."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainwork.db.live import How, Move
from plainwork.releases.live import before

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def moves(text: str) -> list[Move]:
    """``1 2 <1``: version 1, then 2, then back to 1; ``-``: none was live."""
    return [
        Move(seq, None if word == "-" else int(word.strip("<")), how_of(word), "", (), ("system", "plainwork"), NOW)
        for seq, word in enumerate(text.split(), 1)
    ]


def how_of(word: str) -> How:
    return "rollback" if word.startswith("<") else "set"


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ("", None),
        ("1", None),
        ("1 2", 1),
        ("1 2 2", 1),
        ("1 2 3 <2", 1),
        ("1 2 3 <2 <1", None),
        ("1 2 3 <2 4", 2),
        ("1 2 1", 2),
        ("1 2 1 <2", 1),
        ("1 2 -", 2),
        ("1 2 - <2", 1),
        ("-", None),
        ("1 -", 1),
        ("1 - <1", None),
        ("<2 3", 2),
    ],
)
def test_the_version_before(history: str, expected: int | None) -> None:
    assert before(moves(history)) == expected


@given(st.lists(st.integers(1, 4), min_size=1, max_size=12))
def test_rolling_back_again_and_again_comes_to_an_end(numbers: list[int]) -> None:
    words = [str(number) for number in numbers]
    distinct = [number for i, number in enumerate(numbers) if i == 0 or number != numbers[i - 1]]
    seen = []
    while (target := before(moves(" ".join(words)))) is not None:
        seen.append(target)
        words.append(f"<{target}")
        assert len(seen) <= len(numbers)
    assert all(a != b for a, b in zip([numbers[-1], *seen], seen, strict=False))
    assert len(seen) <= len(distinct) - 1
    assert not distinct[1:] or seen


def test_every_way_to_move_is_known() -> None:
    assert set(get_args(How)) == {"set", "rollback", "canary"}
