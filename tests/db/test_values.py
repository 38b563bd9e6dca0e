"""Keys and JSON: what goes into the database comes out as it was."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any
from uuid import RFC_4122

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plainwork import db
from plainwork.db import ids, json


def test_keys_are_version_7_and_increase() -> None:
    made = [ids.new_id() for _ in range(5000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert {(key.version, key.variant) for key in made} == {(7, RFC_4122)}


def test_a_key_tells_when_it_was_made() -> None:
    before = datetime.now(UTC)
    key = ids.new_id()
    assert abs((ids.made_at(key) - before).total_seconds()) < 1
    assert ids.first_id_at(before) <= key
    assert ids.made_at(ids.first_id_at(before)).replace(microsecond=0) == before.replace(microsecond=0)


_texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
    max_leaves=8,
)


@given(value=_json)
@settings(max_examples=150, deadline=None)
def test_json_comes_back_the_same(value: Any) -> None:
    assert json.decode(json.encode(value)) == value
    assert json.decode_jsonb(json.encode_jsonb(value)) == value


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("a\0b", "a\ufffdb"),
        ({"k\0": ["\0"]}, {"k\ufffd": ["\ufffd"]}),
        ("half \ud800 pair", "half \ufffd pair"),
        ("whole \ud83d\ude00 pair", "whole 😀 pair"),
        ("literal \\u0000", "literal \\u0000"),
        ([math.nan, math.inf, 1.5], [None, None, 1.5]),
        ({1: "x", None: 2}, {"1": "x", "null": 2}),
        ((1, 2), [1, 2]),
        ([math.nan, 2**70], [None, 2**70]),
    ],
)
async def test_what_jsonb_cannot_hold_is_mended(database: db.Database, value: Any, stored: Any) -> None:
    async with database.connection() as connection:
        assert await connection.fetchval("select $1::jsonb", value) == stored


async def test_json_columns_keep_the_order_of_keys_and_nul(database: db.Database) -> None:
    value = {"zeta": 1, "alpha": {"y": 1, "x": "\0"}, "b": 2**70}
    async with database.connection() as connection:
        read = await connection.fetchval("select $1::json", value)
    assert read == value
    assert [list(read), list(read["alpha"])] == [["zeta", "alpha", "b"], ["y", "x"]]


async def test_deep_nesting(database: db.Database) -> None:
    deep: Any = "bottom"
    for _ in range(300):
        deep = [deep]
    async with database.connection() as connection:
        assert await connection.fetchval("select $1::jsonb", deep) == deep
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(TypeError, match="nested too deeply"):
        json.encode(deep)
    while isinstance(deep, list):  # taken apart by hand: freeing it at once would recurse
        deep = deep[0]


@pytest.mark.parametrize("value", [object(), {"x": {1, 2}}, b"bytes"])
def test_what_is_not_json_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        json.encode(value)


@given(text=st.text(max_size=20))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_cleaned_text_can_always_be_stored(text: str) -> None:
    cleaned = json.clean_text(text + "\0\ud800")
    assert "\0" not in cleaned
    assert cleaned.encode()
    assert json.clean_text(cleaned) == cleaned
