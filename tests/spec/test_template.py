from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainwork.spec.expression import ExpressionError
from plainwork.spec.template import parse_template, split_template
from tests.cases import cases

SCOPE: dict[str, Any] = {
    "fetch": {"body": {"n": 3, "items": ["a", "b"], "none": None, "name": "Ada", "yes": True, "f": 1.5}},
    "day": "2026-03-01",
}


def render(value: Any) -> Any:
    return parse_template(value).render(SCOPE)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("no braces } here {", "no braces } here {"),
        ("{{ fetch.body.n }}", 3),
        ("{{fetch.body.items}}", ["a", "b"]),
        ("  {{ fetch.body.none }}\n", None),
        ("n = {{ fetch.body.n }}!", "n = 3!"),
        ("{{ fetch.body.name }}{{ fetch.body.n }}", "Ada3"),
        ("[{{ fetch.body.none }}]", "[]"),
        ("{{ fetch.body.yes }} {{ fetch.body.f }} {{ fetch.body.items }}", 'true 1.5 ["a", "b"]'),
        ('{{ "}}" }}', "}}"),
        ("a {{ '}}' + \"'}}\" }} b", "a }}'}} b"),
        ("{{ 'it\\'s }}' }}", "it's }}"),
        ("{{ {'a': {'b': fetch.body.n}}}}", {"a": {"b": 3}}),
        ("{{ {'a': {'b': 1}}['a']['b'] }}}}", "1}}"),
        ('{"a": {"b": {{ fetch.body.n }}}}', '{"a": {"b": 3}}'),
        ("\\{{ not code }}", "{{ not code }}"),
        ("\\{{ {{ fetch.body.n }}", "{{ 3"),
        ("{{ '{{' }} and {{ 1 }}", "{{ and 1"),
        ("{{\n  fetch.body.n\n  + 1\n}}", 4),
        ("{{ date(day) }}", "2026-03-01"),
        ("{{ [datetime(day), {'d': duration('90m')}] }}", ["2026-03-01T00:00:00+00:00", {"d": "1h30m"}]),
        ("on {{ date(day) }}", "on 2026-03-01"),
        (12, 12),
        (None, None),
        (
            {"a": ["{{ fetch.body.n }}", {"{{ key }}": "x{{ fetch.body.n }}"}], "b": 1},
            {"a": [3, {"{{ key }}": "x3"}], "b": 1},
        ),
        (("{{ 1 }}", 2), [1, 2]),
    ],
)
def test_rendering(template: Any, expected: Any) -> None:
    assert render(template) == expected


def test_what_holds_no_expression_is_passed_on_as_it_is() -> None:
    value = {"a": [1, "x", {"b": None}]}
    template = parse_template(value)
    assert template.is_constant
    assert template.render({}) is value


def test_references_and_places() -> None:
    template = parse_template({"url": "x/{{ inputs.id }}", "items": ["{{ fetch.body.items[0] }}", "{{ inputs.id }}"]})
    assert template.references == {("inputs", "id"), ("fetch", "body", "items")}
    assert [place for place, _ in template.expressions] == [("url",), ("items", 0), ("items", 1)]


@pytest.mark.parametrize(
    ("template", "message", "offset", "path"),
    [
        ({"a": ["x {{ fetch.body"]}, "is never closed", 2, ("a", 0)),
        ("{{ 'abc }}", "is never closed", 0, ()),
        ("abc {{ 1 + }}", "ends too early", 11, ()),
        ({"q": "é {{ uper(1) }}"}, "There is no function uper.", 5, ("q",)),
        ("{{ }}", "The expression is empty.", 2, ()),
    ],
)
def test_a_bad_template_says_where(template: Any, message: str, offset: int, path: tuple[Any, ...]) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_template(template)
    assert message in caught.value.message
    assert (caught.value.offset, caught.value.path) == (offset, path)


def test_a_missing_value_is_an_error_not_an_empty_text() -> None:
    with pytest.raises(ExpressionError, match=r"fetch\.body has no nmae\. Did you mean fetch\.body\.name\?"):
        render("Dear {{ fetch.body.nmae }}")


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**9), 10**9), st.text("ab{}'\" \\n", max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text("ab", max_size=3), inner, max_size=3)),
    max_leaves=8,
)


@given(value=JSON)
@settings(max_examples=cases(150), deadline=None)
def test_a_whole_template_gives_the_value_itself(value: Any) -> None:
    assert parse_template("{{ x }}").render({"x": value}) is value
    mixed = parse_template("<{{ x }}>").render({"x": value})
    shown = "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    assert mixed == f"<{shown}>"


@given(text=st.text("ab{ }\n", max_size=30))
@settings(max_examples=cases(150), deadline=None)
def test_escaping_gives_any_text_back(text: str) -> None:
    assert parse_template(text.replace("{{", "\\{{")).render({}) == text


@given(
    parts=st.lists(
        st.tuples(st.text("xy }", max_size=5), st.sampled_from(["1", "'}}'", "{'a': {}}", "[1][0]"])), max_size=4
    )
)
@settings(max_examples=cases(100), deadline=None)
def test_parts_put_together_are_the_text(parts: list[tuple[str, str]]) -> None:
    text = "".join(f"{plain}{{{{ {code} }}}}" for plain, code in parts)
    again = "".join(f"{{{{{part}}}}}" if is_code else part for part, _, is_code in split_template(text))
    assert again == text
    assert all(text[start : start + len(part)] == part for part, start, _ in split_template(text))
