"""Headings become ids, ids become names in expressions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainwork.spec.names import expression_name, is_id, is_reserved, nearest, slug


@pytest.mark.parametrize(
    ("title", "anchor"),
    [
        ("Fetch the top posts", "fetch-the-top-posts"),
        ("Is there anything to report?", "is-there-anything-to-report"),
        ("  C++ & Rust  ", "c--rust"),
        ("50 % off!", "50--off"),
        ("a_b-c", "a_b-c"),
        ("Être prêt", "être-prêt"),
        ("日本語 メモ", "日本語-メモ"),
        ("!!!", ""),
        ("`code` [x](y)", "code-xy"),
    ],
)
def test_a_slug_is_the_anchor_of_the_heading(title: str, anchor: str) -> None:
    assert slug(title) == anchor


@pytest.mark.parametrize(
    ("step_id", "name"),
    [
        ("fetch-the-top-posts", "fetch_the_top_posts"),
        ("2nd-try", "_2nd_try"),
        ("import", "import"),
        ("if", "if_"),
        ("être", "être"),
        ("ﬁle", "file"),
        ("a", "a"),
    ],
)
def test_an_expression_name_is_an_identifier(step_id: str, name: str) -> None:
    assert expression_name(step_id) == name


@given(st.text(max_size=20))
def test_every_id_has_a_usable_name(text: str) -> None:
    name = expression_name(text)
    assert name.isidentifier()
    assert expression_name(name) == name or name.endswith("_")


@given(st.text(max_size=40))
def test_a_slug_is_an_id_or_nothing(text: str) -> None:
    made = slug(text)
    assert made == "" or is_id(made)
    assert slug(made) == made.lower()


@pytest.mark.parametrize(
    "word", ["stop", "fail", "inputs", "secrets", "item", "index", "run", "trigger", "vars", "trigger-1"]
)
def test_words_with_a_meaning_are_reserved(word: str) -> None:
    assert is_reserved(word)


def test_other_words_are_free() -> None:
    assert not is_reserved("stops")
    assert not is_reserved("trigger-x")
    assert not is_id("a b")
    assert not is_id("")
    assert not is_id("a" * 201)


def test_the_nearest_name_is_found() -> None:
    assert nearest("tiemout", ["timeout", "retry"]) == "timeout"
    assert nearest("zzz", ["timeout", "retry"]) is None
