"""An outside oracle: with ``a.b`` rewritten to ``a["b"]`` an expression is Python, and pydantic-monty, a Python of its own
make, has to give the same value or refuse as well."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import pydantic_monty
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plainwork.spec.expression import ExpressionError, parse_expression
from tests.cases import cases

SCOPE: dict[str, Any] = {
    "fetch": {
        "count": 3,
        "price": 2.5,
        "title": "Weekly digest",
        "empty": "",
        "nothing": None,
        "ready": True,
        "tags": ["a", "b", "a"],
        "numbers": [4, -1, 0, 7],
        "posts": [
            {"title": "one", "score": 10, "tags": ["x"]},
            {"title": "two", "score": -3, "tags": []},
            {"title": "three", "score": 0, "tags": ["x", "y"]},
        ],
        "meta": {"items": 2, "keys": "k", "deep": {"name": "n"}},
    },
    "inputs": {"limit": 2, "name": "Ada"},
}


class _Rewrite(ast.NodeTransformer):
    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        return ast.Subscript(self.visit(node.value), ast.Constant(node.attr), ast.Load())


def as_python(source: str) -> str:
    return ast.unparse(ast.fix_missing_locations(_Rewrite().visit(ast.parse(source, mode="eval"))))


def _paths(*names: str) -> st.SearchStrategy[str]:
    return st.sampled_from(names)


NUMBER_LEAVES = st.one_of(
    st.integers(-5, 20).map(lambda n: f"({n})"),
    st.sampled_from(
        ["1.5", "0.25", "fetch.price", "fetch.count", "inputs.limit", "fetch.meta.items", "fetch.numbers[1]"]
    ),
    _paths("fetch.posts[0].score", "fetch.posts[-1].score", "fetch.posts[5].score", "fetch.nothing", "fetch.missing"),
)
TEXT_LEAVES = _paths(
    "fetch.title", "fetch.empty", "inputs.name", "fetch.meta.deep.name", "fetch.tags[0]", "'a'", "'one'"
)
LIST_LEAVES = _paths("fetch.numbers", "[]", "[1, 2, 3]", "[p.score for p in fetch.posts]", "fetch.numbers[1:]")
TEXT_LISTS = _paths("fetch.tags", "[p.title for p in fetch.posts]", "fetch.tags[::-1]", "sorted(fetch.tags)")


def _extend_numbers(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    lists = st.one_of(LIST_LEAVES, st.lists(inner, max_size=3).map(lambda parts: f"[{', '.join(parts)}]"))
    return st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "//", "%"]), inner).map(
            lambda t: f"({t[0]} {t[1]} {t[2]})"
        ),
        st.tuples(st.sampled_from(["abs", "int", "round", "float"]), inner).map(lambda t: f"{t[0]}({t[1]})"),
        st.tuples(st.sampled_from(["sum", "max", "min", "len"]), lists).map(lambda t: f"{t[0]}({t[1]})"),
        st.tuples(inner, _booleans(inner), inner).map(lambda t: f"({t[0]} if {t[1]} else {t[2]})"),
        st.tuples(inner, inner).map(lambda t: f"sum(x * {t[0]} for x in fetch.numbers if x > {t[1]})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(lists, st.integers(-3, 3)).map(lambda t: f"sorted({t[0]})[{t[1]}]"),
        inner.map(lambda n: f"(-{n})"),
    )


def _booleans(numbers: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(numbers, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), numbers).map(
            lambda t: f"({t[0]} {t[1]} {t[2]})"
        ),
        st.tuples(numbers, numbers, numbers).map(lambda t: f"({t[0]} < {t[1]} <= {t[2]})"),
        st.tuples(TEXT_LEAVES, st.sampled_from(["in", "not in"]), TEXT_LISTS).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(TEXT_LEAVES, st.sampled_from(["in", "==", "<"]), TEXT_LEAVES).map(
            lambda t: f"({t[0]} {t[1]} {t[2]})"
        ),
        st.tuples(TEXT_LEAVES, numbers).map(lambda t: f"({t[0]} == {t[1]})"),
        numbers.map(lambda n: f"(not {n})"),
        numbers.map(lambda n: f"(fetch.ready and {n} is not None)"),
        numbers.map(lambda n: f"any(p.score > {n} for p in fetch.posts)"),
        numbers.map(lambda n: f"all(p.score > {n} for p in fetch.posts if len(p.tags) > 0)"),
    )


NUMBERS = st.recursive(NUMBER_LEAVES, _extend_numbers, max_leaves=8)
EXPRESSIONS = st.one_of(
    NUMBERS,
    _booleans(NUMBERS),
    st.tuples(TEXT_LEAVES, TEXT_LEAVES).map(lambda t: f"{t[0]} + ' ' + {t[1]}"),
    st.tuples(TEXT_LEAVES, st.integers(-2, 4)).map(lambda t: f"({t[0]} * {t[1]})[0:7]"),
    st.tuples(NUMBERS, TEXT_LEAVES).map(lambda t: f"{{'a': {t[0]}, {t[1]}: [{t[1]}]}}"),
    st.tuples(NUMBERS, NUMBERS).map(lambda t: f"[p.title for p in fetch.posts if p.score >= {t[0]} or {t[1]} > 2]"),
    st.tuples(TEXT_LISTS, TEXT_LISTS).map(lambda t: f"[x + y for x in {t[0]} for y in {t[1]} if x != y]"),
    st.tuples(TEXT_LISTS).map(lambda t: f"{{t: len(t) for t in {t[0]}}}"),
    st.tuples(TEXT_LEAVES, st.integers(-9, 9)).map(lambda t: f'f"{{{t[0]}}}: {{{t[1]}}} {{{t[1]}:>5d}}"'),
    st.tuples(TEXT_LISTS, TEXT_LISTS).map(lambda t: f"({t[0]} + {t[1]})[1:-1]"),
)


@pytest.fixture(scope="module")
def monty() -> Iterator[pydantic_monty.MontySession]:
    with pydantic_monty.Monty(request_timeout=20) as pool, pool.checkout() as session:
        yield session


def _same(ours: Any, theirs: Any) -> bool:
    """Equal in value and in kind, all the way down."""
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(_same, ours, theirs))
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return list(ours) == list(theirs) and all(_same(ours[key], theirs[key]) for key in ours)
    return type(ours) is type(theirs) and bool(ours == theirs)


@given(source=EXPRESSIONS)
@settings(max_examples=cases(400), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_monty_agrees(source: str, monty: pydantic_monty.MontySession) -> None:
    try:
        ours = parse_expression(source).evaluate(SCOPE)
    except ExpressionError:
        with pytest.raises(pydantic_monty.MontyRuntimeError):
            monty.feed_run(as_python(source), inputs=SCOPE)
        return
    theirs = monty.feed_run(as_python(source), inputs=SCOPE)
    assert _same(ours, theirs), (source, ours, theirs)


def test_the_rewriting_is_what_it_says() -> None:
    assert as_python("fetch.meta.items + len(a.b)") == "fetch['meta']['items'] + len(a['b'])"
