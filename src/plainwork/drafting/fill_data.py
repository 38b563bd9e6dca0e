"""Data steps: filters, and what ``set`` can say with the expression language (sort, count, format, join)."""

from __future__ import annotations

import json
from collections.abc import Callable

from plainwork.drafting import words as w
from plainwork.drafting.actions import Action
from plainwork.drafting.answers import test_of
from plainwork.drafting.conditions import negated, read_test
from plainwork.drafting.data import words
from plainwork.drafting.desk import Desk, Filled, Parting
from plainwork.drafting.naming import input_name, phrase
from plainwork.drafting.snippets import SNIPPETS, Snippet
from plainwork.drafting.text import Tokens, tokenize
from plainwork.drafting.values import Shape, Value

_DROPS = frozenset(["exclude", "drop", "ignore", "discard", "remove", "skip", "omit", "eliminate"])
_TESTS = words("test_leads")
_DETERMINERS = words("part_determiners")


def as_filter(desk: Desk, action: Action, step: str) -> Filled:
    """A ``filter`` step: by a test, to the first few, what other filters left, or without repetitions."""
    again = desk.parting if action.named in ("part", "rest") else None
    value = again.source if again else desk.values.best(action.object, "list") or desk.values.last
    items = f"{{{{ {value.items} }}}}" if value else desk.ask("items", "list of object", "The list that is filtered")
    noun = value.noun if value and value.shape == "list" else _noun(action)
    gives = Value(f"{step}.items", noun, "list", frozenset((noun, w.singular(noun), *(value.names if value else ()))))
    if action.named == "rest" and again:
        left = " or ".join(again.tests)
        return Filled("filter", {"items": items, "where": f"not ({left})" if left else "false"}, gives)
    lowers = {token.lower for token in action.object}
    if lowers & {"duplicates", "duplicate"} or action.verb.startswith("dedup"):
        source = value.items if value else "inputs.items"
        return Filled("set", {"items": f"{{{{ unique({source}) }}}}"}, gives)
    config: dict[str, object] = {"items": items}
    limit = _limit(action.object)
    if limit is not None:
        config["limit"] = limit
        order = _order(action.object)
        if order:
            config["sort_by"], config["descending"] = f"item.{order}", True
    tested = _test_words(action.object)
    if tested or limit is None:
        config["where"] = _where(desk, action, tested, noun, step)
    if action.named:
        told = f"item in {step}.items" if limit is not None else str(config["where"])
        desk.parting = Parting(value, (*(again.tests if again else ()), told))
    return Filled("filter", config, gives)


def _where(desk: Desk, action: Action, tested: Tokens, noun: str, step: str) -> str:
    """The test of a filter; one that the words leave open is asked for."""
    where = read_test(tested or _quality(action.object) or action.object, "item", noun=w.singular(noun))
    if not where.sure:
        answer = desk.question(
            f"How can it tell which {noun} to {action.verb} (“{phrase(action.object)}”)?",
            where.expression,
            "Another field, or a model's judgement, needs another test.",
            step,
        )
        chosen = test_of(answer, "item") if answer else None
        if answer and chosen is None:
            desk.cannot_use(answer, step)
        where = chosen or where
    return (negated(where) if action.verb in _DROPS else where).expression


def _quality(tokens: Tokens) -> Tokens:
    """``the urgent tickets`` → ``urgent``; ``PDFs`` → ``is a PDF``, for things that are of a kind."""
    told = tuple(token for token in w.noun_phrase(tokens) if token.lower not in _DETERMINERS)
    if len(told) > 1:
        return told[:-1]
    text = told[0].text if told else ""
    return tokenize(f"it is a {text[:-1] if text.endswith('s') else text}") if text and told[0].kind == "word" else ()


def _noun(action: Action) -> str:
    noun = w.head_noun(action.object)
    return noun if noun and noun not in w.VAGUE else "items"


def _limit(tokens: Tokens) -> int | None:
    """``the top 5``, ``first 10 posts``, ``5 newest``."""
    for at, token in enumerate(tokens):
        before = tokens[at - 1].lower if at else ""
        after = tokens[at + 1].lower if at + 1 < len(tokens) else ""
        number = token.text.isdigit() and len(token.text) < 5
        if number and (
            before in ("top", "first", "last", "latest", "best", "to", "newest")
            or after in ("most", "best", "newest", "latest", "highest")
        ):
            return int(token.text)
    return None


def _order(tokens: Tokens) -> str:
    lowers = [token.lower for token in tokens]
    if "by" in lowers[:-1]:
        return input_name(lowers[lowers.index("by") + 1])
    return ""


def _test_words(tokens: Tokens) -> Tokens:
    for at, token in enumerate(tokens):
        if token.lower in _TESTS and at + 1 < len(tokens):
            skip = token.lower in ("that", "which", "who", "where", "from", "in", "by") and tokens[
                at + 1
            ].lower not in ("the", "last")
            return tokens[at + 1 :] if skip and token.lower != "from" else tokens[at:]
    return ()


_COUNTS = {"three": 3, "3": 3, "four": 4, "4": 4, "five": 5, "5": 5, "all": 6, "everything": 6, "translations": 6}


def as_merge(desk: Desk, action: Action, step: str) -> Filled:
    """A ``set`` of several lists as one, or a ``filter`` for what only one of them has."""
    lowers = {token.lower for token in action.object}
    count = next((number for word, number in _COUNTS.items() if word in lowers), 2)
    known = desk.values.latest(count)
    if len(known) > 1 and all(value.shape == "text" for value in known):
        texts = ", ".join(value.expression for value in known)
        names = frozenset(("text", "result", "texts", "all", known[-1].noun))
        return Filled(
            "set", {"text": f'{{{{ join([{texts}], "\\n\\n") }}}}'}, Value(f"{step}.text", "text", "text", names)
        )
    noun = _noun(action)
    gives = Value(f"{step}.items", noun, "list", frozenset((noun, w.singular(noun), "item", "items", "list", "result")))
    if len(known) == 2 and lowers & {"unique", "uniquely", "only", "missing", "new", "difference"}:
        first, second = known
        desk.assume(
            f"The {first.noun} and {second.noun} are compared by their field email. Name another one if they share another.",
            step,
        )
        config: dict[str, object] = {
            "items": f"{{{{ {first.items} }}}}",
            "where": f'get(item, "email") not in [get(other, "email") for other in {second.items}]',
        }
        return Filled("filter", config, gives)
    parts = " + ".join(value.items for value in known if value.shape == "list") or (
        known[-1].expression if known else "[]"
    )
    return Filled("set", {"items": f"{{{{ {parts} }}}}"}, gives)


def as_transform(desk: Desk, action: Action, step: str) -> Filled:
    """What can be said in expressions is a ``set``; a change of format that cannot is ``code``."""
    value = desk.values.best(action.object, "list", "data", "text", "item")
    source = value.items if value and value.shape == "list" else value.expression if value else "inputs.data"
    if value is None:
        desk.ask("data", "object", "What is transformed", {})
    lowers = [token.lower for token in action.object]
    noun = value.noun if value else "data"
    snippet = _snippet(lowers)
    if snippet and "code" in desk.catalogue:
        config = {snippet.variable: f"{{{{ {source} }}}}", "code": snippet.code}
        return Filled(
            "code",
            config,
            Value(f"{step}.result", noun, "data", frozenset((noun, w.singular(noun), snippet.gives, "data", "result"))),
        )
    for named, make in _FORMS:
        if action.verb in named or set(lowers) & named:
            key, expression = make(source, lowers)
            shape: Shape = "list" if key == "items" else "text" if key == "text" else "data"
            return Filled(
                "set",
                {key: f"{{{{ {expression} }}}}"},
                Value(f"{step}.{key}", noun, shape, frozenset((noun, w.singular(noun), key, "result"))),
            )
    desk.assume(
        f"“{action.verb} {phrase(action.object)}” passes the data on as it is. Write under the step what it should change.",
        step,
    )
    return Filled(
        "set",
        {"data": f"{{{{ {source} }}}}"},
        Value(
            f"{step}.data",
            noun,
            value.shape if value else "data",
            frozenset((noun, w.singular(noun), "data", "result")),
        ),
    )


_Form = Callable[[str, list[str]], tuple[str, str]]


def _sorted(source: str, lowers: list[str]) -> tuple[str, str]:
    by = input_name(lowers[lowers.index("by") + 1]) if "by" in lowers[:-1] else ""
    down = bool({"descending", "newest", "highest", "latest", "largest", "desc"} & set(lowers))
    key = f", by={json.dumps(by)}" if by else ""
    return "items", f"sorted({source}{key}{', descending=true' if down else ''})"


def _grouped(source: str, lowers: list[str]) -> tuple[str, str]:
    by = input_name(lowers[lowers.index("by") + 1]) if "by" in lowers[:-1] else "type"
    return "groups", f"group_by({source}, {json.dumps(by)})"


def _summed(source: str, lowers: list[str]) -> tuple[str, str]:
    nouns = [
        w.singular(word)
        for word in lowers
        if word.isidentifier() and word not in w.STOP_WORDS | {"total", "sum", "average"}
    ]
    field = input_name(nouns[0]) if nouns else "amount"
    total = f"sum([item.{field} for item in {source}])"
    return ("average", f"{total} / max(1, len({source}))") if "average" in lowers else ("total", total)


_FORMS: tuple[tuple[frozenset[str], _Form], ...] = (
    (frozenset(("sort", "order", "arrange", "organise", "organize")), _sorted),
    (frozenset(("group",)), _grouped),
    (frozenset(("count",)), lambda source, lowers: ("count", f"len({source})")),
    (frozenset(("sum", "total", "average")), _summed),
    (frozenset(("split", "chunk", "batches")), lambda source, lowers: ("batches", f"chunk({source}, 10)")),
    (frozenset(("flatten",)), lambda source, lowers: ("items", f"flatten({source})")),
    (
        frozenset(("html",)),
        lambda source, lowers: ("text", f'"<p>" + replace(escape_html(str({source})), "\\n", "<br>") + "</p>"'),
    ),
    (frozenset(("table",)), lambda source, lowers: ("text", f"table({source})")),
    (
        frozenset(("markdown", "bullets", "bullet")),
        lambda source, lowers: ("text", f'bullets({source}) if type_of({source}) == "list" else str({source})'),
    ),
    (
        frozenset(("json", "stringify", "serialize")),
        lambda source, lowers: ("data", f'parse_json({source}) if type_of({source}) == "text" else {source}'),
    ),
    (frozenset(("text", "string")), lambda source, lowers: ("text", f"str({source})")),
    (frozenset(("base64", "encode")), lambda source, lowers: ("text", f"base64(str({source}))")),
    (frozenset(("decode",)), lambda source, lowers: ("text", f"base64_decode(str({source}))")),
)


def _snippet(lowers: list[str]) -> Snippet | None:
    for snippet in SNIPPETS:
        if snippet.fits(lowers):
            return snippet
    return None
