"""Input types in words ⇄ JSON Schema, and values brought into them."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainwork.errors import Invalid
from plainwork.spec.inputs import coerce, coerce_value, inputs_schema, type_schema, type_text
from plainwork.spec.model import Input

WORDS = [
    "text",
    "long text",
    "number",
    "integer",
    "yes/no",
    "date",
    "time",
    "date and time",
    "duration",
    "email",
    "url",
]
WORDS += ["file", "object", "list", "any"]

choices = st.lists(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.integers(-999, 999),
    min_size=1,
    max_size=4,
    unique_by=repr,
)
types = st.recursive(
    st.sampled_from(WORDS).map(type_schema) | choices.map(lambda found: {"enum": found}),
    lambda inner: inner.filter(bool).map(lambda schema: {"type": "array", "items": schema}),
    max_leaves=3,
)


@given(types)
def test_schema_to_words_and_back(schema: dict[str, Any]) -> None:
    assert type_schema(type_text(schema)) == schema


def test_a_list_of_anything_is_a_list() -> None:
    assert type_text({"type": "array", "items": {}}) == "list of any"
    assert type_schema("list of any") == {"type": "array"}


@pytest.mark.parametrize("word", WORDS)
def test_words_stay_themselves(word: str) -> None:
    assert type_text(type_schema(word)) == word


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Text", "text"),
        ("string", "text"),
        ("  list   of  Text ", "list of text"),
        ("list of integers", "list of integer"),
        ("list of list of numbers", "list of list of number"),
        ("array of urls", "list of url"),
        ("bool", "yes/no"),
        ("yes or no", "yes/no"),
        ("e-mail", "email"),
        ("one of [ a,  b ,'c, d']", 'one of [a, b, "c, d"]'),
        ("one of [1, 2.5, yes]", "one of [1, 2.5, yes]"),
        ("list of one of [a, b]", "list of one of [a, b]"),
        ("datetime", "date and time"),
    ],
)
def test_other_ways_to_write_a_type(written: str, meant: str) -> None:
    assert type_text(type_schema(written)) == meant


@pytest.mark.parametrize(
    "text",
    ["", "txt of", "one of []", "one of [a, a]", "one of [a", "one of a, b", "list of", "list of gold", "x" * 9000],
)
def test_what_is_no_type(text: str) -> None:
    with pytest.raises(Invalid):
        type_schema(text)


def test_a_nearly_right_type_is_suggested() -> None:
    with pytest.raises(Invalid) as caught:
        type_schema("nubmer")
    assert (caught.value.next_step or "").startswith("Did you mean “number”?")


def test_endless_lists_are_refused() -> None:
    with pytest.raises(Invalid):
        type_schema("list of " * 100 + "text")


@pytest.mark.parametrize(
    ("kind", "value", "meant"),
    [
        ("text", "a", "a"),
        ("number", 5, 5),
        ("number", 5.5, 5.5),
        ("integer", 5.0, 5),
        ("yes/no", True, True),
        ("yes/no", "no", False),
        ("date", "2026-01-31", "2026-01-31"),
        ("date", date(2026, 1, 31), "2026-01-31"),
        ("time", "7:30", "07:30"),
        ("time", "07:30:15", "07:30:15"),
        ("date and time", "2026-01-31 07:30", "2026-01-31T07:30:00"),
        ("date and time", "2026-01-31T07:30:00Z", "2026-01-31T07:30:00+00:00"),
        ("duration", "1h30m", "1h30m"),
        ("email", " a@example.org ", "a@example.org"),
        ("url", "https://example.org/x?y", "https://example.org/x?y"),
        ("file", {"name": "a.txt", "text": "x"}, {"name": "a.txt", "text": "x"}),
        ("object", {"a": 1}, {"a": 1}),
        ("list of integer", [1, 2.0], [1, 2]),
        ("one of [a, 1]", 1, 1),
        ("any", None, None),
    ],
)
def test_values(kind: str, value: Any, meant: Any) -> None:
    found = coerce({"x": Input(type=kind)}, {"x": value})
    assert found == {"x": meant}
    assert type(found["x"]) is type(meant)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", 5),
        ("text", None),
        ("number", "5"),
        ("number", True),
        ("number", float("nan")),
        ("number", float("inf")),
        ("integer", 5.5),
        ("integer", "x"),
        ("yes/no", 1),
        ("yes/no", "y"),
        ("date", "2026-02-30"),
        ("date", "31.1.2026"),
        ("time", "25:00"),
        ("time", "noon"),
        ("date and time", "2026-01-31"),
        ("duration", "5"),
        ("email", "nobody"),
        ("email", "a b@example.org"),
        ("url", "example.org"),
        ("url", "ftp://example.org"),
        ("url", "https://"),
        ("file", "a.txt"),
        ("file", {"text": "x"}),
        ("file", {"name": "a", "path": "/etc/passwd"}),
        ("object", [1]),
        ("list of integer", [1, "x"]),
        ("list of integer", 1),
        ("one of [a, b]", "c"),
        ("one of [1, 2]", True),
    ],
)
def test_values_of_another_type(kind: str, value: Any) -> None:
    with pytest.raises(Invalid) as caught:
        coerce({"x": Input(type=kind)}, {"x": value})
    (finding,) = caught.value.findings
    assert (finding.code, finding.field) == ("bad-input", "inputs.x")
    assert finding.message.startswith("x")


@pytest.mark.parametrize(
    ("kind", "text", "meant"),
    [
        ("text", "5", "5"),
        ("number", " 5 ", 5),
        ("number", "-2.5e3", -2500.0),
        ("number", "1_000", 1000),
        ("integer", "+7", 7),
        ("yes/no", "Yes", True),
        ("yes/no", "off", False),
        ("list of text", "a, b,c", ["a", "b", "c"]),
        ("list of text", '["a, b", "c"]', ["a, b", "c"]),
        ("list of integer", "1,2", [1, 2]),
        ("list of integer", "[1, 2]", [1, 2]),
        ("list of list of integer", "[[1], [2, 3]]", [[1], [2, 3]]),
        ("list of text", "", []),
        ("object", '{"a": [1]}', {"a": [1]}),
        ("file", '{"name": "a", "base64": "YQ=="}', {"name": "a", "base64": "YQ=="}),
        ("one of [1, 2]", "2", 2),
        ("one of [Red, blue]", "red", "Red"),
    ],
)
def test_values_from_text(kind: str, text: str, meant: Any) -> None:
    found = coerce({"x": Input(type=kind)}, {"x": text}, from_text=True)["x"]
    assert found == meant
    assert type(found) is type(meant)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("number", "five"),
        ("number", "9" * 5000),
        ("integer", "2.5"),
        ("yes/no", "maybe"),
        ("list of integer", "1,x"),
        ("list of text", "[1"),
        ("object", "{a: 1}"),
        ("object", "[1]"),
        ("object", "[" * 100_000),
    ],
)
def test_texts_that_do_not_fit(kind: str, text: str) -> None:
    with pytest.raises(Invalid):
        coerce({"x": Input(type=kind)}, {"x": text}, from_text=True)


def test_defaults_and_what_is_missing() -> None:
    inputs = {
        "a": Input(),
        "b": Input(type="integer", default=5),
        "c": Input(type="integer", required=False),
        "d": Input(default=None),
    }
    assert coerce(inputs, {"a": "x"}) == {"a": "x", "b": 5, "c": None, "d": None}
    assert coerce(inputs, {"a": "x", "b": None, "c": 3}) == {"a": "x", "b": 5, "c": 3, "d": None}
    with pytest.raises(Invalid) as caught:
        coerce(inputs, {"b": "x", "e": 1})
    assert [(f.code, f.field) for f in caught.value.findings] == [
        ("unknown-input", "inputs.e"),
        ("missing-input", "inputs.a"),
        ("bad-input", "inputs.b"),
    ]
    assert "And 2 more." in str(caught.value)


def test_the_nearest_input_is_suggested() -> None:
    with pytest.raises(Invalid) as caught:
        coerce({"subreddits": Input(type="list of text", default=[])}, {"subredits": []})
    assert caught.value.next_step == "Did you mean subreddits?"


def test_a_default_in_the_words_of_its_type_is_a_value_of_it() -> None:
    inputs = {"c": Input(type="yes/no", default="no"), "d": Input(type="list of yes/no", default=["yes", False])}
    assert coerce(inputs, {}) == {"c": False, "d": [True, False]}
    assert [one["default"] for one in inputs_schema(inputs)["properties"].values()] == [False, [True, False]]


def test_a_place_in_a_list_is_named() -> None:
    with pytest.raises(Invalid, match=r"x\[1\]\[0\] should be a whole number"):
        coerce({"x": Input(type="list of list of integer")}, {"x": [[1], ["y"]]})


def test_the_schema_of_all_inputs() -> None:
    inputs = {
        "a": Input(about="First"),
        "b": Input(type="list of integer", default=[1]),
        "c": Input(type="yes/no", required=False),
    }
    schema = inputs_schema(inputs)
    jsonschema_rs.meta.validate(schema)
    assert schema["required"] == ["a"]
    assert schema["properties"]["a"] == {"type": "string", "description": "First"}
    assert jsonschema_rs.is_valid(schema, {"a": "x", "b": [2]})
    assert not jsonschema_rs.is_valid(schema, {"b": [2]})


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(types, ANY, st.booleans())
def test_whatever_comes_is_of_the_type_or_refused(schema: dict[str, Any], value: Any, from_text: bool) -> None:
    try:
        found = coerce_value(schema, value, from_text=from_text)
    except Invalid:
        return
    assert jsonschema_rs.is_valid(schema, found) or found is None
    json.dumps(found)
    assert coerce_value(schema, found) == found
