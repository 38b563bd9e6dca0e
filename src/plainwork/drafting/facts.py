"""The hard facts of a description, which no draft may contradict: addresses, apps, quoted text, numbers, declared inputs
and outputs, limits on the result.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from plainwork.drafting import words as w
from plainwork.drafting.apps import App, find_apps
from plainwork.drafting.clauses import Act, split_objects
from plainwork.drafting.data import words
from plainwork.drafting.naming import input_name
from plainwork.drafting.outline import Statement
from plainwork.drafting.text import Tokens, tokenize, words_of
from plainwork.drafting.triggers import Reading
from plainwork.spec.model import Input

_VARIABLE = re.compile(
    r"[(,]\s{0,3}(?:the\s)?variables?(?:\sname)?\s{0,3}[:=]?\s{0,3}[\"'‘“`]?(?P<name>[A-Za-z_]\w{0,40})", re.IGNORECASE
)
_USERS = frozenset(["user", "users", "customer", "visitor", "person", "me"])
_CONSENT = words("consent")
_BEGINS = words("phrase_begins")
_GIVES = re.compile(r"\b(?:output|outputs|return|returns|result|produce|produces|deliver)\b", re.IGNORECASE)
_TAKES = re.compile(
    r"\b(?:provides?|input|inputs|enters?|uploads?|supplies|supply|submits?|gives?|given|sends?|types?|inputting)\b",
    re.IGNORECASE,
)
_LIMIT = re.compile(
    r"\b(?:must|should|needs? to|has to|have to|at most|no more than|not exceed|keep it|limited to|in the style|tone)\b",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Facts:
    """What the text says outright."""

    urls: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    apps: tuple[App, ...] = ()
    quoted: tuple[str, ...] = ()
    inputs: dict[str, Input] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    limits: list[str] = field(default_factory=list)


def read_facts(text: str, readings: Sequence[Reading], statements: Sequence[Statement]) -> Facts:
    """The facts of a text that was read into ``readings``."""
    told = [statement for statement in statements if statement.origin != "aside"]
    tokens = tuple(token for statement in told for token in (*statement.label, *statement.tokens))
    facts = Facts(
        urls=_each(token.text for token in tokens if token.kind == "url"),
        emails=_each(token.text for token in tokens if token.kind == "email"),
        quoted=_each(token.value for token in tokens if token.kind == "quoted"),
        apps=tuple({mention.app.id: mention.app for mention in find_apps(tokens)}.values()),
    )
    for reading in readings:
        _read_variables(reading, facts)
        _read_limits(reading, facts)
    return facts


def _each(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _read_variables(reading: Reading, facts: Facts) -> None:
    text = reading.statement.text
    found = [
        (_called(text[max(0, match.start() - 80) : match.start()]), match["name"]) for match in _VARIABLE.finditer(text)
    ]
    gives = bool(_GIVES.search(text)) and not (_TAKES.search(text) and "as input" in text.lower())
    for about, name in found:
        if gives:
            facts.outputs[input_name(name)] = about
        else:
            facts.inputs[input_name(name)] = Input(type=type_of(about, name), about=about[:1].upper() + about[1:])
    if not found:
        _read_given(reading, facts)


def _called(before: str) -> str:
    """What stands before ``(variable name)``: the noun phrase that it names."""
    found: list[str] = []
    for word in reversed(before.split()[-8:]):
        clean = word.strip("\"'“”‘’")
        bound = clean.lower() in _BEGINS or (word[-1:] in ",;:()" and found)
        if bound or not clean:
            break
        found.append(clean.rstrip(",;:"))
    return " ".join(reversed(found)) or "Input"


def _read_given(reading: Reading, facts: Facts) -> None:
    """``The user provides a topic and a language``: inputs without variable names."""
    for piece in reading.pieces:
        if isinstance(piece, Act):
            _read_asked(piece, facts)
        if not isinstance(piece, Act) or piece.verb.lemma not in (
            "provide",
            "enter",
            "supply",
            "input",
            "give",
            "upload",
            "submit",
            "type",
            "fill",
        ):
            continue
        if not {token.lower for token in piece.subject} & {
            "user",
            "users",
            "customer",
            "person",
            "visitor",
            "i",
            "you",
            "someone",
        }:
            continue
        for part in split_objects(_until_as(piece.object))[:8]:
            noun = [
                token.lower for token in w.noun_phrase(part) if token.kind == "word" and token.lower not in w.STOP_WORDS
            ]
            if noun:
                about = words_of(part)
                facts.inputs[input_name(*noun[-3:])] = Input(
                    type=type_of(" ".join(noun), ""), about=about[:1].upper() + about[1:]
                )


def _read_asked(act: Act, facts: Facts) -> None:
    """``ask the user for a city`` and ``take a list of links``: inputs as well."""
    lowers = [token.lower for token in act.object]
    asked = act.verb.lemma == "ask" and "for" in lowers and bool(set(lowers[: lowers.index("for")]) & _USERS)
    taken = act.verb.lemma in ("take", "accept") and not act.subject and lowers[:1] in (["a"], ["an"], ["some"])
    if not asked and not taken:
        return
    told = act.object[lowers.index("for") + 1 :] if asked else act.object
    for part in split_objects(_until_as(told))[:8]:
        about = words_of(part)
        noun = w.head_noun(part)
        if noun and noun not in _CONSENT:
            kind = type_of(about, "") if "list" not in about else "list of text"
            facts.inputs[input_name(noun)] = Input(type=kind, about=about[:1].upper() + about[1:])


def _until_as(tokens: Tokens) -> Tokens:
    for at, token in enumerate(tokens):
        if token.lower in ("as", "in", "through", "via", "using", "on", "to", "for", "by"):
            return tokens[:at]
    return tokens


def type_of(about: str, name: str) -> str:
    """An input's type by what it is called."""
    spoken = {token.lower for token in tokenize(f"{about} {name.replace('_', ' ')}")}
    if spoken & {"list", "several", "multiple"} and not about.startswith("list of list"):
        return f"list of {type_of(' '.join(sorted(spoken - {'list', 'several', 'multiple'})), '')}"
    if spoken & (w.PICTURES | {"file", "document", "pdf", "attachment", "audio", "video", "recording"}):
        return "file"
    if spoken & {"url", "link", "website"}:
        return "url"
    if spoken & {"email", "e-mail"} and "address" in spoken:
        return "email"
    if spoken & {"number", "count", "amount", "quantity", "age"}:
        return "number"
    return "date" if "date" in spoken else "text"


def _read_limits(reading: Reading, facts: Facts) -> None:
    acts = [piece for piece in reading.pieces if isinstance(piece, Act)]
    text = reading.statement.text
    constrains = _LIMIT.search(text) and all(
        act.modal in ("must", "should") or act.verb.act in ("goal", "filter", "respond") for act in acts
    )
    if constrains and not find_apps(reading.statement.tokens) and not _VARIABLE.search(text) and len(text) < 400:
        facts.limits.append(text.strip())
