"""Readers from YAML values to typed fields. Each takes (reading, holder, key, path) and gives the value or ``SKIP``.

Texts take any scalar as it was written (``note: 2024`` is the text "2024"); everything else must have its own type. What
cannot be read is reported with its path and left out, so one wrong value never hides the next.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from plainwork.spec import model
from plainwork.spec.names import nearest
from plainwork.spec.yaml_read import Path, Reading

Report = Callable[[str, Path, str, "str | None"], None]
SKIP: Final[Any] = object()

_COST = re.compile(r"\$?\s*(-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)\s*(?:USD|usd|\$)?\Z")
_YES_NO = {word: yes for yes, words in ((True, "yes on"), (False, "no off")) for word in words.split()}


class Fields:
    """One block's reading, and where to report what is wrong with it."""

    __slots__ = ("raw", "report")

    def __init__(self, reading: Reading, report: Report) -> None:
        self.raw = reading.raw
        self.report = report

    def wrong(self, path: Path, expected: str, value: Any, next_step: str | None = None) -> Any:
        """Reports a value of the wrong type; gives ``SKIP``."""
        message = f"{spoken(path)} {_described(value)}, but has to be {expected}."
        self.report("wrong-type", path, message, next_step or "Correct it, or remove the key.")
        return SKIP

    def unknown(self, path: Path, known: Iterable[str]) -> None:
        """Reports a key that means nothing here."""
        names = list(known)
        close = nearest(str(path[-1]), names)
        hint = f'Did you mean "{close}"?' if close else f"Known here: {', '.join(names)}."
        self.report("unknown-key", path, f'"{str(path[-1])[:80]}" is not a known key.', hint)

    def all(self, holder: Mapping[str, Any], path: Path, table: Table) -> dict[str, Any]:
        """The fields that a mapping holds, by their names in the model. An empty value counts as absent."""
        found: dict[str, Any] = {}
        for written, value in holder.items():
            known = table.get(written) or table.get(spaced(written))
            if known is None:
                self.unknown((*path, written), table)
            elif known[0] in found:
                self.report(
                    "duplicate-key", (*path, written), f"{spoken((written,))} is written twice.", "Keep one of them."
                )
            elif value is not None or known[1] is json:
                made = known[1](self, holder, written, (*path, written))
                if made is not SKIP:
                    found[known[0]] = made
        return found


Reader = Callable[[Fields, Any, Any, Path], Any]
Table = Mapping[str, tuple[str, Reader]]
"""Key as written (words separated by blanks) → name in the model, and how the value is read."""


def spaced(key: str) -> str:
    """``on_failure`` → ``on failure``: a key may be written either way."""
    return key.replace("_", " ")


def spoken(path: Path) -> str:
    """A path as messages show it: ``retry.times``."""
    return ".".join(str(part)[:80] for part in path) or "This"


def _described(value: Any) -> str:
    if value is None:
        return "is empty"
    if isinstance(value, dict):
        return "is a mapping"
    if isinstance(value, list):
        return "is a list"
    return f'is "{str(value)[:80]}"'


def _finite(value: float) -> bool:
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def text(f: Fields, holder: Any, key: Any, path: Path) -> Any:
    """A text, as written."""
    value = holder[key]
    if type(value) is str:
        return value
    if isinstance(value, dict | list):
        return f.wrong(path, "a text", value, "Put it in quotes.")
    if value is None:
        return f.wrong(path, "a text", value)
    return f.raw.get((id(holder), key), str(value))


def texts(f: Fields, holder: Any, key: Any, path: Path) -> Any:
    """A list of texts, as a tuple."""
    value = holder[key]
    if not isinstance(value, list):
        return f.wrong(path, "a list", value, "Write [one, two].")
    found = (text(f, value, i, (*path, i)) for i in range(len(value)))
    return tuple(t for t in found if t is not SKIP)


def text_or_texts(f: Fields, holder: Any, key: Any, path: Path) -> Any:
    """One text, or several in order of preference."""
    return (texts if isinstance(holder[key], list) else text)(f, holder, key, path)


def boolean(f: Fields, holder: Any, key: Any, path: Path) -> Any:
    """True or false; the words yes, no, on and off will do."""
    value = holder[key]
    found = value if isinstance(value, bool) else _YES_NO.get(str(value).lower())
    return found if found is not None else f.wrong(path, "true or false", value)


def integer(f: Fields, holder: Any, key: Any, path: Path) -> Any:
    """A whole number."""
    value = holder[key]
    return value if type(value) is int else f.wrong(path, "a whole number", value)


def number(f: Fields, holder: Any, key: Any, path: Path) -> Any:
    """A number, as a float."""
    value = holder[key]
    if type(value) in (int, float) and _finite(value):
        return float(value)
    return f.wrong(path, "a number", value)


def cost(f: Fields, holder: Any, key: Any, path: Path) -> Any:
    """An amount in US dollars: ``0.05 USD``, ``$0.05`` or ``0.05``."""
    value = holder[key]
    match = _COST.match(value) if isinstance(value, str) and len(value) < 400 else None
    amount = float(match.group(1)) if match else value
    if type(amount) in (int, float) and _finite(amount):
        return float(amount)
    return f.wrong(path, "an amount in US dollars", value, "Write it like 0.05 USD.")


def json(f: Fields, holder: Any, key: Any, path: Path) -> Any:
    """Any value."""
    return holder[key]


def mapping(f: Fields, holder: Any, key: Any, path: Path) -> Any:
    """Names and values; an empty value is an empty mapping."""
    value = holder[key]
    if isinstance(value, dict):
        return value
    return {} if value is None else f.wrong(path, "a mapping", value, "Write name: value, one a line or in { }.")


def text_map(f: Fields, holder: Any, key: Any, path: Path) -> Any:
    """Names and texts."""
    value = mapping(f, holder, key, path)
    if value is SKIP:
        return SKIP
    found = {name: text(f, value, name, (*path, name)) for name in value}
    return {name: t for name, t in found.items() if t is not SKIP}


def struct(kind: type[model.Part], table: Table) -> Reader:
    """A reader of mappings that hold the fields of ``kind``."""

    def read(f: Fields, holder: Any, key: Any, path: Path) -> Any:
        value = holder[key]
        if not isinstance(value, dict):
            return f.wrong(path, f"a mapping ({', '.join(table)})", value, "Write { } with those keys.")
        return kind(**f.all(value, path, table))

    return read


def choice(*allowed: str) -> Reader:
    """A reader of one word out of several."""

    def read(f: Fields, holder: Any, key: Any, path: Path) -> Any:
        value = text(f, holder, key, path)
        if value is SKIP or value in allowed:
            return value
        close = nearest(value, allowed)
        return f.wrong(path, f"one of {', '.join(allowed)}", value, f"Did you mean {close}?" if close else None)

    return read
