"""JSON written by hand: what filling it in can never change."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainwork.errors import Invalid
from plainwork.spec.json_text import json_settings, parse_json_text
from plainwork.spec.template import parse_template

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60)
@given(value=VALUES)
def test_a_value_stays_one_value(value: Any) -> None:
    for text in ('{"a": "{{ x }}", "b": [1]}', '{"a": {{ x }}, "b": [1]}', '{"a": {{x}},"b":[1]}'):
        assert parse_template(parse_json_text(text)).render({"x": value}) == {"a": value, "b": [1]}


@settings(max_examples=60)
@given(data=VALUES.filter(lambda value: isinstance(value, dict | list) and "{{" not in json.dumps(value)))
def test_json_without_templates_is_what_it_is(data: Any) -> None:
    for text in (json.dumps(data), json.dumps(data, ensure_ascii=False, indent=2)):
        assert parse_template(parse_json_text(text)).render({}) == data


@pytest.mark.parametrize(
    "text", ["", "{", "{a: 1}", '{"a": Infinity}', '{"{{ x }}": 1}', '["{{ x }}" "y"]', "x {{ y }}"]
)
def test_what_is_not_json(text: str) -> None:
    with pytest.raises(Invalid):
        parse_json_text(text)


def test_only_settings_that_are_json_are_read() -> None:
    config = {"json": '{"a": 1}', "body": '{"a": 1}', "url": "{}", "other": "[1]"}
    read = json_settings(config, {"json": "json", "body": "json"}, {"json": "json", "body": "text", "other": "json"})
    assert read == {"json": {"a": 1}, "body": '{"a": 1}', "url": "{}", "other": [1]}
    assert json_settings({"json": "just a text"}, {}, {"json": "json"}) == {"json": "just a text"}
    with pytest.raises(Invalid, match=r"^json: This is not JSON: line \d"):
        json_settings({"json": "[1,\n]"}, {"json": "json"}, {"json": "json"})
