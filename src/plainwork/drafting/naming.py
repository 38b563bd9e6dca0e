"""Short readable names for steps and inputs, each once, that can stand as headings and in expressions."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Sequence

from plainwork.drafting import words as w
from plainwork.drafting.apps import App, find_apps
from plainwork.drafting.data import words
from plainwork.drafting.text import Token
from plainwork.drafting.verbs import look_up
from plainwork.spec.model import Step
from plainwork.spec.names import expression_name, is_reserved, slug

LONGEST = 60
_LONGEST_TITLE = 80
_BAD = re.compile(r"[^\w\s'&+#@/-]|_(?!\w)|(?<!\w)[/](?=\w)|[/](?!\w)|#(?![A-Za-z])|(?<=\w)#|@(?!\w)")
_KEPT = re.compile(r"(?<=\w)\.(?=\w)|(?<=\d)\s?%|,(?= \w)")
_COMPARED = words("comparing") | {"more", "less", "greater", "fewer"}
_STOPS = words("name_stops")
_LAST = w.PREPOSITIONS | words("dangling")
_RETURNS = {"it": "it", "them": "them", "this": "it", "these": "them", "those": "them", "that": "it"}

_SPANS = frozenset(["week", "month", "year", "morning", "evening", "afternoon", "time"])


class Names:
    """Gives out names; none is given twice, and none means something else in expressions."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._counts: dict[str, int] = {}

    def take(self, wanted: str) -> tuple[str, str]:
        """(name, id) for a step that should be called ``wanted``."""
        base = clean(wanted) or "Step"
        number = self._counts.get(base, 0) + 1
        while True:
            name = base if number == 1 else f"{base} {number}"
            step_id = slug(name)
            key = expression_name(step_id) if step_id else ""
            if step_id and key not in self._taken and not is_reserved(step_id):
                self._taken.add(key)
                self._counts[base] = number
                return name, step_id
            base, number = (
                (base, number + 1) if step_id and not is_reserved(step_id) else (f"Do {base}".strip(), number)
            )

    def reserve(self, name: str) -> None:
        """Keep ``name`` for something that is no step, such as a loop's item."""
        self._taken.add(name)


def clean(text: str, longest: int = LONGEST) -> str:
    """``text`` as a heading: letters, digits and few marks, a capital first, at most ``longest`` characters."""
    parts = re.split(f"({_KEPT.pattern})", text.replace("’", "'"))
    plain = "".join(part if at % 2 else _BAD.sub(" ", part) for at, part in enumerate(parts))
    plain = " ".join(plain.replace(" 's", "'s").split())
    if len(plain) > longest:
        plain = plain[:longest].rsplit(" ", 1)[0]
    words = plain.split()
    while len(words) > 1 and words[-1].lower() in _LAST:
        words.pop()
    plain = " ".join(words).strip(" -'&+")
    return plain[:1].upper() + plain[1:]


def phrase(tokens: Sequence[Token], instead_of_it: str = "", most: int = 9) -> str:
    """An object as part of a name: without addresses, quotation and what follows a relative word; ``it`` becomes what it
    stands for."""
    kept: list[str] = []
    for at, token in enumerate(tokens):
        if (
            token.lower == "in"
            and at + 1 < len(tokens)
            and tokens[at + 1].lower in ("real-time", "real", "bulk", "parallel", "turn")
        ):
            continue
        if token.lower in ("real-time",):
            continue
        following = tokens[at + 1] if at + 1 < len(tokens) else None
        acts = following is not None and following.kind == "word" and look_up(following.lower, "base")
        if token.lower == "to" and kept and acts:
            break
        if token.lower in _STOPS or token.text in ",;:–—→(":
            break
        if token.kind in ("url", "code") or (token.kind == "email" and "@" in token.text):
            continue
        spans = following is not None and following.lower in _SPANS
        returns = token.lower in _RETURNS and token.text != "IT" and not spans
        if returns and instead_of_it and not (token.lower == "that" and kept):
            kept.append(f"the {instead_of_it}")
        elif token.kind in ("word", "number", "quoted", "channel", "email") and len(kept) < most:
            kept.append(token.value)
    return _without_ends(" ".join(kept))


def condition_phrase(tokens: Sequence[Token], noun: str) -> str:
    """A condition as the end of a name that begins with "Check whether"."""
    first = tokens[0].lower if tokens else ""
    if first in ("whose", "who", "which", "that"):
        return condition_phrase(tokens[1:], noun)
    if first in _COMPARED:
        return f"it is {phrase(tokens, noun, most=9)}"
    if tokens and tokens[-1].lower in ("also", "too"):
        return condition_phrase(tokens[:-1], noun)
    opening = {
        "with": "it has",
        "having": "it has",
        "has": "it has",
        "have": "it has",
        "is": "it is",
        "are": "it is",
    }.get(first)
    if opening:
        return f"{opening} {phrase(tokens[1:], noun, most=9)}".strip()
    return phrase(tokens, noun, most=10)


def _without_ends(text: str) -> str:
    words = text.split()
    while words and words[-1].lower() in _LAST:
        words.pop()
    while words and words[0].lower() in ("both", "also", "out"):
        words.pop(0)
    return " ".join(words)


def with_app(text: str, app: App | None, link: str) -> str:
    """``text`` with the app's name behind it, unless it is named there already."""
    if app is None:
        return text
    from plainwork.drafting.text import tokenize

    if any(mention.app == app for mention in find_apps(tokenize(f"to {text}"))):
        return text
    return f"{_without_ends(clean(text, LONGEST - len(app.name) - 6))} {link} {app.name}"


def url_noun(url: str) -> str:
    """What an address is about: the last word of its path, or its host."""
    parts = urllib.parse.urlsplit(url)
    last = parts.path.rstrip("/").rsplit("/", 1)[-1].split(".")[0].lower()
    if re.fullmatch(r"[a-z][a-z_-]{2,30}", last):
        return last.replace("_", " ").replace("-", " ")
    return ""


def input_name(*parts: str) -> str:
    """An input's name of words: ``jira``, ``issue url`` → ``jira_issue_url``."""
    text = re.sub(r"[^a-z0-9]+", "_", "_".join(part.lower() for part in parts if part)).strip("_")
    text = text[:50].strip("_") or "value"
    return text if text[0].isalpha() else f"the_{text}"


def title_of(steps: Sequence[Step]) -> str:
    """A document's title of its steps' names: what it begins with and what it ends with, or the ways it chooses from."""
    acts = _acting(steps)
    names = [step.name for step in acts] or [step.name for step in steps]
    if not names:
        return "New agent"
    ways = _ways(steps)
    first, last, link = (*ways, "or") if ways else (names[0], names[-1], "and")
    if first == last:
        return last
    same = first.split()[0] == last.split()[0] and ways
    title = f"{first} {link} {last.split(' ', 1)[1] if same and ' ' in last else last[:1].lower() + last[1:]}"
    return title if len(title) <= _LONGEST_TITLE else last


def _acting(steps: Sequence[Step]) -> list[Step]:
    """The steps that do something, those of loops instead of the loops."""
    found: list[Step] = []
    for step in steps:
        found += _acting(step.steps) if step.steps else [step] if step.uses != "condition" else []
    return found


def _ways(steps: Sequence[Step]) -> tuple[str, str] | None:
    """The first and the last way of a branch with which everything ends; None when it ends otherwise."""
    last = steps[-1]
    if last.steps:
        return _ways(last.steps)
    named = {step.id: step.name for step in steps}
    for step in reversed(steps):
        leads = {route.lead for route in step.routes}
        targets = [named[route.to[0]] for route in step.routes if route.to[0] in named]
        if "otherwise" in leads and leads & {"if", "when"}:
            ends = targets[-1:] == [last.name] or any(route.to == ("stop",) for one in steps for route in one.routes)
            return (targets[0], targets[-1]) if len(targets) > 1 and ends else None
    return None
