from __future__ import annotations

import datetime as dt
import pickle
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainwork.spec import expression as door
from plainwork.spec.expression import FUNCTIONS, ExpressionError, MissingValue, parse_expression
from tests.cases import cases

SCOPE: dict[str, Any] = {
    "fetch": {
        "status": 200,
        "body": {
            "items": [
                {"title": "One", "score": 5, "author": {"name": "Ada"}, "tags": ["x", "y"]},
                {"title": "Two", "score": 1, "author": None, "tags": []},
                {"title": "Three", "score": 9, "author": {"name": "Alan"}, "tags": ["y"]},
            ],
            "total results": 3,
            "keys": "a key, not a method",
        },
    },
    "inputs": {"name": "Ada", "limit": 2, "price": 10, "none": None, "date": "2026-03-01"},
    "lines": {"count": 4},
}


def value(source: str, **more: Any) -> Any:
    return parse_expression(source).evaluate(SCOPE | more)


def refusal(source: str, **more: Any) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        parse_expression(source).evaluate(SCOPE | more)
    return caught.value


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("fetch.body.items[0].title", "One"),
        ("fetch.body['total results']", 3),
        ("fetch.body.keys", "a key, not a method"),
        ("fetch.body.items[-1].score", 9),
        ("fetch.body.items[inputs.limit].title", "Three"),
        ("[p.title for p in fetch.body.items[1:]]", ["Two", "Three"]),
        ("inputs.name[::-1]", "adA"),
        ("inputs.price * 1.2", 12.0),
        ("7 // 2 + 7 % 4 - 2 ** 3", -2),
        ("1 < inputs.limit <= 2", True),
        ("1 < 5 < 3", False),
        ("1 == '1' or [1] == {'a': 1}", False),
        ("[1, {'a': [2]}] == [1, {'a': [2]}]", True),
        ("inputs.none is None and not (inputs.name is null)", True),
        ("true and null is not true", True),
        ("'da' in inputs.name and 'z' not in inputs.name", True),
        ("'name' in inputs and 3 in [1, 2, 3]", True),
        ("'big' if inputs.limit > 5 else 'small'", "small"),
        ("inputs.none or 'else'", "else"),
        ("f'{inputs.name}: {inputs.price:.2f} {inputs.none}'", "Ada: 10.00 "),
        ("{'a': 1, inputs.name: [2]}", {"a": 1, "Ada": [2]}),
        ("{p.title: p.score for p in fetch.body.items if p.score > 1}", {"One": 5, "Three": 9}),
        ("[a + b for a in ['x', 'y'] for b in ['1', '2']]", ["x1", "x2", "y1", "y2"]),
        ("[[n * m for m in range(n)] for n in [1, 3]]", [[0], [0, 3, 6]]),
        ("[k + str(v) for k, v in items({'a': 1, 'b': 2})]", ["a1", "b2"]),
        ("sum(p.score for p in fetch.body.items)", 15),
        ("any(p.score > 8 for p in fetch.body.items)", True),
        ("lines.count + len(lines('a\\nb'))", 6),
        ("[x for x in [1, 2] if x > 1][0] + 1", 3),
        ("1 +\n  2", 3),
        ("'a # b' + '}}'", "a # b}}"),
        ("-inputs.price + +1", -9),
        ("'ab' * 2 + 'c'", "ababc"),
        ("[0] * 3 + [1]", [0, 0, 0, 1]),
    ],
)
def test_expressions_mean_what_they_say(source: str, expected: Any) -> None:
    assert value(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("len('abc') + len([1]) + len({})", 4),
        ("str(12) + str(1.5) + str(true) + str(null) + str([1, 'a'])", '121.5true[1, "a"]'),
        ("[int('42'), int(' -7 '), int(3.9), int('2.5')]", [42, -7, 3, 2]),
        ("float('4.25') + float(1)", 5.25),
        ("[bool(''), bool('a'), bool([])]", [False, True, False]),
        (
            "[type_of(x) for x in [null, true, 1, 'a', [], {}, date(0)]]",
            ["null", "boolean", "number", "text", "list", "object", "date"],
        ),
        ("[round(2.5), round(2.345, 2), abs(-3), floor(-1.2), ceil(1.2)]", [2, 2.35, 3, -2, 2]),
        ("format_number(1234567.891) + ' ' + format_number(1234.5, 1, '.', ',')", "1,234,567.89 1.234,5"),
        ("[min(3, 1), max([2, 8]), min(fetch.body.items, by='score').title]", [1, 8, "Two"]),
        ("sorted([3, 1, 2]) + sorted([1, 2], descending=true)", [1, 2, 3, 2, 1]),
        ("[p.title for p in sorted(fetch.body.items, by='score', descending=true)]", ["Three", "One", "Two"]),
        ("[p.title for p in sorted(fetch.body.items, by=['author', 'name'])]", ["One", "Three", "Two"]),
        ("get(inputs, 'nope', 7) + get(fetch, ['body', 'items', 0, 'score'])", 12),
        ("keys({'a': 1}) + values({'a': 1}) + items({'b': 2})", ["a", 1, ["b", 2]]),
        ("merge({'a': 1, 'b': 1}, {'b': 2})", {"a": 1, "b": 2}),
        ("[pick({'a': 1, 'b': 2}, ['a', 'z']), omit({'a': 1, 'b': 2}, ['a'])]", [{"a": 1}, {"b": 2}]),
        ("unique([1, 1.0, '1', true, [1], [1]])", [1, "1", True, [1]]),
        ("len(unique(fetch.body.items, by='author'))", 3),
        ("group_by([{'k': 1}, {'k': 2}, {'k': 1}], 'k')", {"1": [{"k": 1}, {"k": 1}], "2": [{"k": 2}]}),
        ("flatten([[1, 2], 3, [[4]]])", [1, 2, 3, [4]]),
        ("compact([null, '', 0, 'a'])", [0, "a"]),
        ("[first([]), first([1]), last('ab'), first([], 'none')]", [None, 1, "b", "none"]),
        ("[reverse([1, 2]), reverse('ab'), range(3), range(5, 0, -2)]", [[2, 1], "ba", [0, 1, 2], [5, 3, 1]]),
        ("[zip([1, 2], ['a', 'b']), enumerate(['x'], 1)]", [[[1, "a"], [2, "b"]], [[1, "x"]]]),
        ("chunk([1, 2, 3], 2)", [[1, 2], [3]]),
        ("[count([1, 2, 1], 1), count('banana', 'an'), index_of([5, 6], 6), index_of('abc', 'z')]", [2, 2, 1, -1]),
        ("upper('é') + lower('A') + title('a b') + trim('  x ') + trim('--x-', '-')", "ÉaA Bxx"),
        ("[split('a,b,c', ','), split(' a  b '), split('a-b-c', '-', 2)]", [["a", "b", "c"], ["a", "b"], ["a", "b-c"]]),
        ("[lines('a\\r\\nb\\n'), lines(''), words('a  b')]", [["a", "b"], [], ["a", "b"]]),
        ("join(['a', 1, null, [2]], '-')", "a-1--[2]"),
        ("replace('aXbX', 'X', '::')", "a::b::"),
        (
            "[contains('Hello', 'HELL'), contains([1, 2], 2), starts_with('abc', 'ab'), ends_with('abc', 'x')]",
            [True] * 3 + [False],
        ),
        ("truncate('Hello world', 7) + truncate('ab', 7)", "Hello…ab"),
        ("slug('Read the News — Now!')", "read-the-news-now"),
        ("url_encode('a b&ü') + '?' + url_encode({'q': 'x y', 'n': 1})", "a%20b%26%C3%BC?q=x%20y&n=1"),
        ("url_decode('a%20b+c')", "a b c"),
        ("base64('hé') + base64_decode('aMOp')", "aMOphé"),
        ("base64_decode('_-8')[0:0] if false else 'skipped'", "skipped"),
        ("hash('a') == hash('a', method='sha256') and len(hash('a', 'md5'))", 32),
        ("escape_html('<b> & \"')", "&lt;b&gt; &amp; &quot;"),
        ("json({'a': [1, null, 'é']})", '{"a": [1, null, "é"]}'),
        ("parse_json('{\"a\": [1, 2.5, null]}')", {"a": [1, 2.5, None]}),
        ("bullets(['a', 'b']) + bullets([])", "- a\n- b"),
        ("table([{'a': 1, 'b': 'x|y'}, {'a': null}])", "| a | b |\n| --- | --- |\n| 1 | x\\|y |\n|  |  |"),
        ("default(inputs.none, 1) + default(fetch.nope.deeper, 2) + default(fetch.body.items[9].x, 3)", 6),
        (
            "[exists(fetch.body), exists(fetch.nope), exists(inputs.none), exists(gone.away)]",
            [True, False, False, False],
        ),
    ],
)
def test_functions(source: str, expected: Any) -> None:
    assert value(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("date('2026-03-01T23:30:00Z')", dt.date(2026, 3, 1)),
        ("date('2026-03-01T23:30:00Z', zone='Europe/Berlin')", dt.date(2026, 3, 2)),
        ("datetime('2026-03-01')", dt.datetime(2026, 3, 1, tzinfo=dt.UTC)),
        ("datetime(0) + duration('1h30m')", dt.datetime(1970, 1, 1, 1, 30, tzinfo=dt.UTC)),
        ("date('2026-03-01') + duration('2 days')", dt.date(2026, 3, 3)),
        ("datetime('2026-03-02') - datetime('2026-03-01')", dt.timedelta(days=1)),
        ("date('2026-03-02') > date('2026-03-01')", True),
        ("str(add_time('2026-03-01T00:00:00Z', '-1 day'))", "2026-02-28T00:00:00+00:00"),
        (
            "format_date('2026-03-01T09:05:00Z', '%A, %-d %B %Y at %H:%M', zone='Europe/Berlin')",
            "Sunday, 1 March 2026 at 10:05",
        ),
        ("format_date('2026-12-31', '%d.%m.%y %j %I %p %a %b %F %%')", "31.12.26 365 12 AM Thu Dec 2026-12-31 %"),
        ("days_between('2026-03-01', '2026-03-31')", 30),
        ("seconds_between('2026-03-01T00:00:00Z', '2026-03-01T00:01:00+00:00')", 60.0),
        ("timestamp('1970-01-02')", 86400.0),
        ("datetime('2026-03-01').weekday + date('2026-03-01').year", 2033),
        ("duration('1 day') / duration('6 hours')", 4.0),
        ("duration('36h').days + duration('1m').total_seconds", 61.0),
        ("str(in_zone('2026-07-01T12:00:00Z', 'America/New_York'))", "2026-07-01T08:00:00-04:00"),
    ],
)
def test_dates(source: str, expected: Any) -> None:
    assert value(source) == expected


@pytest.mark.parametrize(
    ("text", "pattern", "fits"),
    [
        ("order 4711", r"\\d+", "4711"),
        ("order 4711", "^[a-z]+ [0-9]{4}$", "order 4711"),
        ("a.b@example.org now", r"[\\w.]+@[\\w.]+\\.(org|com)", "a.b@example.org"),
        ("ABC", "(?i)b", "B"),
        ("foobar", r"\\bbar", None),
        ("foo bar", r"\\bbar\\b", "bar"),
        ("aaa", "a{2}", "aa"),
        ("aaaa", "a{2,3}", "aaa"),
        ("xaaaay", "a{2,}", "aaaa"),
        ("colour", "colou?r", "colour"),
        ("x-y", "[x-]+", "x-"),
        ("a]b", "[]a]+", "a]"),
        ("tab\there", r"\\t", "\t"),
        ("line\nnext", "^next", None),
        ("abc", "(?:ab|abc)", "abc"),
        ("caba", "[^c]+", "aba"),
        ("", "^$", ""),
        ("x", r"\\D\\W?", "x"),
    ],
)
def test_patterns(text: str, pattern: str, fits: str | None) -> None:
    assert value(f"find(text, '{pattern}')", text=text) == fits
    assert value(f"matches(text, '{pattern}')", text=text) is (fits is not None)


@given(
    text=st.text("abc", max_size=12),
    pattern=st.recursive(
        st.sampled_from(["a", "b", "[ab]", ".", "c"]),
        lambda inner: st.one_of(
            st.tuples(inner, inner).map("".join),
            st.tuples(inner, inner).map(lambda t: f"(?:{t[0]}|{t[1]})"),
            st.tuples(inner, st.sampled_from("*+?")).map(lambda t: f"(?:{t[0]}){t[1]}"),
            st.tuples(inner, st.integers(1, 3)).map(lambda t: f"(?:{t[0]}){{{t[1]},{t[1] + 1}}}"),
        ),
        max_leaves=6,
    ),
)
@settings(max_examples=cases(150), deadline=None)
def test_patterns_are_found_where_python_finds_them(text: str, pattern: str) -> None:
    import re

    wanted = re.search(pattern, text)
    found = value("find(text, pattern)", text=text, pattern=pattern)
    assert (found is None) is (wanted is None)
    if wanted is not None:
        assert text.find(found, 0) <= wanted.start()
        assert re.fullmatch(pattern, found)
        assert len(found) >= len(wanted.group())


@pytest.mark.parametrize(
    ("source", "message", "next_step"),
    [
        ("fetch.bdy", "fetch has no bdy.", "Did you mean fetch.body?"),
        ("fetch.body.items.title", "fetch.body.items is a list", "[item.title for item in fetch.body.items]"),
        ("fetch.body.items[1].author.name", "fetch.body.items[1].author is nothing (null)", None),
        ("fetch.body.items[9]", "fetch.body.items has 3 items", "the last item is [-1]"),
        ("fech.body", "There is no fech here.", "Did you mean fetch?"),
        ("upper", "There is no upper here.", "upper is a function"),
        ("inputs.name + 1", "A text + a number has no meaning.", "str("),
        ("inputs.none < 1", "have no order", "default(x, 0)"),
        ("'a' < 1", "have no order", "float("),
        ("1 / 0", "Division by zero.", "if b != 0"),
        ("uper('a')", "There is no function uper.", "Did you mean upper(text)?"),
        ("length('a')", "There is no function length.", "Write len(x)."),
        ("now()", "There is no function now.", "run.started_at"),
        ("inputs.name.upper()", "Values have no methods to call.", "Write upper("),
        ("items.map(1)", "Values have no methods to call.", "for item in x"),
        ("len()", "len is called with the wrong arguments.", "It takes len(value)."),
        ("sorted([1], reverse=true)", "sorted is called with the wrong arguments.", "descending"),
        ("a && b", "cannot be read", "Write “and”"),
        ("a ? b : c", "cannot be read", "a if test else b"),
        ("a === b", "cannot be read", "two signs"),
        ("!a", "cannot be read", "Write “not”"),
        ("$json.x", "cannot be read", "no $"),
        ("a = 1", "cannot be read", "=="),
        ("'abc", "A quote is never closed", None),
        ("(1 + 2", "The brackets do not match", None),
        ("{{ a }}", "braces have no meaning", None),
        ("a & b", "& has no meaning here.", "and"),
        ("lambda x: x", "Functions cannot be written here.", None),
        ("[x for x in 5]", "A loop runs over a list, not over a number.", None),
        ("[x for x in inputs.none]", "not over nothing (null)", "default(x, [])"),
        ("[a for a, b in [[1]]]", "takes lists of 2 values apart", None),
        ("{1: 2}", "A key is a text, not a number.", None),
        ("sorted([1, 'a'])", "cannot order a number and a text together", None),
        ("sorted([1, null])", "nothing (null) in it", "compact"),
        ("sorted([{}])", "cannot order objects", "by="),
        ("max([])", "needs at least one value", None),
        ("int('four')", "“four” is not a number.", None),
        ("date('tomorrow')", "“tomorrow” is not a date.", "2026-03-01"),
        ("datetime('2026-01-01', zone='Berlin')", "“Berlin” is not a time zone.", "Europe/Berlin"),
        ("parse_json('{')", "This text is not JSON", None),
        ("matches('a', '(?=a)')", "cannot be read", "Look-around"),
        ("format_date('2026-01-01', '%Q')", "%Q is not a part of a date.", None),
    ],
)
def test_errors_say_what_and_what_to_do(source: str, message: str, next_step: str | None) -> None:
    error = refusal(source)
    assert message in error.message
    assert error.source == source
    assert error.offset is not None
    if next_step is not None:
        assert next_step in (error.next_step or "")


def test_errors_never_speak_python() -> None:
    jargon = ("traceback", "nonetype", "attribute", "iterable", "subscript", "syntaxerror", "operand", "unsupported")
    for source in (
        "1 + null",
        "null.x",
        "5[0]",
        "len(5)",
        "[x for x in 5]",
        "'a'['b']",
        "a b",
        "1 1",
        "(",
        "-'a'",
        "x[[]]",
    ):
        error = refusal(source, x=[1])
        assert not any(word in str(error).lower() for word in jargon), error


@pytest.mark.parametrize(
    ("source", "offset"),
    [
        ("1 + fetch.nope", 4),
        ("  fetch.nope", 2),
        ("'ü' + fetch.nope", 6),
        ("'🙂' +\n fetch.nope", 7),
        ("upper(1)", 0),
        ("[p.nope for p in fetch.body.items]", 1),
        ("1 +", 3),
    ],
)
def test_offsets_point_at_the_trouble(source: str, offset: int) -> None:
    error = refusal(source)
    assert error.offset is not None
    assert error.offset == offset


def test_a_missing_value_names_its_path() -> None:
    error = refusal("fetch.body.items[0].titel")
    assert isinstance(error, MissingValue)
    assert error.path == ("fetch", "body", "items", 0, "titel")
    assert error.next_step == "Did you mean fetch.body.items[0].title?"
    assert error.as_json()["path"] == ["fetch", "body", "items", 0, "titel"]


@pytest.mark.parametrize(
    ("source", "paths"),
    [
        ("fetch.body.items[0].title", {("fetch", "body", "items")}),
        ("fetch['body'].x + inputs.name", {("fetch", "body", "x"), ("inputs", "name")}),
        ("[p.title for p in fetch.items if p.score > limit.min]", {("fetch", "items"), ("limit", "min")}),
        ("[p for p in p.items]", {("p", "items")}),
        ("[q for p in a for q in p.b] + [p.c]", {("a",), ("p", "c")}),
        ("{k: v for k, v in items(x.y)}", {("x", "y")}),
        ("len(x) + upper(y.z)", {("x",), ("y", "z")}),
        ("a[b.c].d", {("a",), ("b", "c")}),
        ("f'{a.b:.2f}'", {("a", "b")}),
        ("true and null is None and false", set()),
        ("default(a.b, c)", {("a", "b"), ("c",)}),
        ("a.b[1:n]", {("a", "b"), ("n",)}),
        ("upper(x).y", {("x",)}),
    ],
)
def test_references_are_found_statically(source: str, paths: set[tuple[str, ...]]) -> None:
    assert parse_expression(source).references == paths


def test_default_hides_only_what_is_missing() -> None:
    with pytest.raises(ExpressionError, match="has no meaning"):
        value("default(1 + 'a', 0)")


def test_results_are_bounded_by_what_they_would_write() -> None:
    page = {"text": "x" * 1_000_000}
    assert value("[page.text, page.text]", page=page)[0] is page["text"]
    assert "16 MB" in refusal("[page.text for n in range(100)]", page=page).message


def test_large_data_of_the_scope_passes_through_untouched() -> None:
    rows = [{"id": n, "text": "y" * 100, "deep": {"a": [n] * 10}} for n in range(30_000)]
    assert value("step.rows", step={"rows": rows}) is rows
    assert value("step.rows if true else null", step={"rows": rows}) is rows
    assert len(value("[row for row in step.rows[0:20000] if row.id % 2 == 0]", step={"rows": rows})) == 10_000


def test_budgets_are_exact_and_the_same_every_time() -> None:
    messages = {str(refusal("[a * b for a in range(1000) for b in range(1000)]")) for _ in range(3)}
    assert len(messages) == 1


def test_parsing_is_cached_and_the_cache_is_bounded() -> None:
    assert parse_expression("fetch.status + 1") is parse_expression("fetch.status + 1")
    for number in range(400):
        parse_expression(f"'{'x' * 1_900}' + '{number}'")
    assert sum(20 + len(source) for source in door._cache) <= door._CACHE_CHARACTERS
    assert value("fetch.status + 1") == 201


def test_expressions_may_be_shared_between_threads() -> None:
    expression = parse_expression("sum(n * k for n in xs for k in [1, 2])")
    wrong: list[int] = []

    def work(size: int) -> None:
        sums = {expression.evaluate({"xs": list(range(size))}) for _ in range(200)}
        wrong.extend(sums - {3 * size * (size - 1) // 2})

    threads = [threading.Thread(target=work, args=(size,)) for size in (3, 30, 60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_expressions_survive_pickling_and_compare_by_source() -> None:
    expression = parse_expression("1 + 1")
    again = pickle.loads(pickle.dumps(expression))
    assert again == expression
    assert hash(again) == hash(expression)
    assert again.evaluate({}) == 2


def test_every_function_is_documented_by_its_signature() -> None:
    assert len(FUNCTIONS) >= 30
    for name, entry in FUNCTIONS.items():
        assert entry.signature.startswith(f"{name}(")
        assert entry.doc.endswith(".")
        assert callable(entry.call)


def test_a_lookup_is_quick() -> None:
    started = time.perf_counter()
    for _ in range(20_000):
        parse_expression("fetch.body.items[0].title").evaluate(SCOPE)
    assert (time.perf_counter() - started) / 20_000 < 50e-6


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=4), inner, max_size=4)),
    max_leaves=12,
)


@given(name=st.sampled_from(sorted(FUNCTIONS)), values=st.lists(JSON, max_size=3))
@settings(max_examples=cases(400), deadline=None)
def test_no_function_fails_in_its_own_way(name: str, values: list[Any]) -> None:
    source = f"{name}({', '.join(f'v{n}' for n in range(len(values)))})"
    scope = {f"v{n}": part for n, part in enumerate(values)}
    unforeseen = None
    try:
        parse_expression(source).evaluate(scope)
    except ExpressionError as error:
        unforeseen = error.__cause__ if "cannot work on these values" in error.message else None
    assert unforeseen is None


@given(source=st.text(max_size=60))
@settings(max_examples=cases(300), deadline=None)
def test_any_text_is_read_or_refused(source: str) -> None:
    offset: int | None = None
    try:
        parse_expression(source)
    except ExpressionError as error:
        offset = error.offset
    assert offset is None or 0 <= offset <= len(source)


@given(left=JSON, right=JSON)
@settings(max_examples=cases(150), deadline=None)
def test_equality_never_fails_and_is_symmetric(left: Any, right: Any) -> None:
    assert value("a == b", a=left, b=right) is value("b == a", a=left, b=right)
    assert value("a != b", a=left, b=right) is not value("a == b", a=left, b=right)


def test_the_documentation_lists_every_function_as_it_is() -> None:
    written = (Path(__file__).parents[2] / "docs" / "expressions.md").read_text()
    for entry in FUNCTIONS.values():
        assert f"| `{entry.signature}` | {entry.doc} |" in written


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("mail.from", "a@example.org"),
        ("mail.in + mail.class", "xy"),
        ("import.rows[0] if mail.is else 0", 7),
        ("'x.from import ' + mail.from", "x.from import a@example.org"),
        ("[row for row in import.rows if row in import.rows and not row == 0]", [7]),
    ],
)
def test_keys_and_steps_may_be_called_like_words_of_python(source: str, value: Any) -> None:
    scope = {"mail": {"from": "a@example.org", "in": "x", "class": "y", "is": True}, "import": {"rows": [7]}}
    expression = parse_expression(source)
    assert expression.evaluate(scope) == value
    assert all(part.isascii() for path in expression.references for part in path)


def test_the_place_of_an_error_after_such_a_word_is_right() -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_expression("mail.from").evaluate({"mail": {"to": 1}})
    assert caught.value.path is None or "from" in str(caught.value)
