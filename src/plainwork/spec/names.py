"""How headings become step ids, and step ids the names that expressions use. Pure text to text, the same everywhere."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable

RESERVED = frozenset({"stop", "fail", "inputs", "secrets", "item", "index", "run", "trigger", "vars"})
"""Expression names that no step may take: they mean something else in expressions or routes."""

EXPRESSION_WORDS = frozenset({"and", "or", "not", "in", "is", "if", "else", "for", "True", "False", "None", "lambda"})
"""Words of the expression language itself; Python's other keywords are names like any other there."""

ID_LIMIT = 200
NAME_LIMIT = 300
_TRIGGER_NODE = re.compile(r"trigger-\d+\Z")


def slug(title: str) -> str:
    """The anchor GitHub gives a heading: lower case, blanks to hyphens, punctuation dropped.

    ``Fetch the top posts`` → ``fetch-the-top-posts``. Empty when nothing of the title can stand in an anchor.
    """
    lowered = title.strip().lower()
    if lowered.isascii():
        return _NOT_ANCHOR_ASCII.sub("", lowered).replace(" ", "-")
    return "".join("-" if c == " " else c for c in lowered if c == " " or _stands_in_anchor(c))


_NOT_ANCHOR_ASCII = re.compile(r"[^a-z0-9_\- ]")


def _stands_in_anchor(char: str) -> bool:
    return char.isalnum() or char in "-_" or unicodedata.category(char)[0] == "M" or unicodedata.category(char) == "Pc"


def expression_name(step_id: str) -> str:
    """The name under which expressions and Examples know a step: always a usable identifier.

    ``fetch-the-top-posts`` → ``fetch_the_top_posts``, ``2nd-try`` → ``_2nd_try``, ``not`` → ``not_``.
    """
    text = step_id.replace("-", "_")
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).replace("-", "_")
        text = unicodedata.normalize("NFKC", "".join(c for c in text if f"a{c}".isidentifier()))
    else:
        text = _NOT_NAME_ASCII.sub("", text)
    if not text.isidentifier():
        text = f"_{text}"
    return f"{text}_" if text in EXPRESSION_WORDS else text


_ID_ASCII = re.compile(r"[A-Za-z0-9_-]+\Z")
_NOT_NAME_ASCII = re.compile(r"[^A-Za-z0-9_]")


def is_id(text: str) -> bool:
    """Whether the text can be a step id: what an anchor can hold, in upper or lower case, at most ``ID_LIMIT`` long."""
    if text.isascii():
        return len(text) <= ID_LIMIT and _ID_ASCII.match(text) is not None
    return len(text) <= ID_LIMIT and all(_stands_in_anchor(c) for c in text)


def is_reserved(step_id: str) -> bool:
    """Whether the id would be mistaken for something else in expressions, routes or the flow."""
    return expression_name(step_id) in RESERVED or step_id in RESERVED or _TRIGGER_NODE.match(step_id) is not None


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like ``name``, for "did you mean"; None when nothing is close."""
    close = difflib.get_close_matches(name[:ID_LIMIT], list(known), n=1, cutoff=0.6)
    return close[0] if close else None
