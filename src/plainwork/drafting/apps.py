"""Which services a text names: the list in ``apps.yaml``, and names that only look like one (``the Foo API``)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from plainwork.drafting.data import data, words
from plainwork.drafting.text import Token


@dataclass(frozen=True, slots=True)
class App:
    """A service. ``connector`` prefixes its step kinds; ``push`` tells whether it can call a webhook; ``known`` whether
    it stands in the list or was only guessed from its spelling."""

    id: str
    name: str
    connector: str
    sort: str
    push: bool = False
    cased: bool = False
    known: bool = True

    @property
    def account(self) -> str:
        """What its account is called in a draft: GOOGLE_SHEETS."""
        return self.id.upper()


@dataclass(frozen=True, slots=True)
class Mention:
    """An app named by the tokens from ``start`` up to, not including, ``end``."""

    app: App
    start: int
    end: int


# After a service's ordinary-word name in small letters (a "box folder", a "linear issue") these make it a name.
_THINGS = words("service_things")
_MARKERS = words("service_markers")
# Words with a capital that name no service.
_NOT_APPS = words("not_apps")
# Makers whose further services are called by them and a name (Google My Business).
_VENDORS = words("vendors")


@cache
def known() -> dict[str, App]:
    """The listed services by id."""
    apps = {}
    for key, row in data("apps.yaml").items():
        apps[key] = App(
            id=key,
            name=row["name"],
            connector=row.get("connector", key),
            sort=row["sort"],
            push=row.get("push", False),
            cased=row.get("cased", False),
        )
    return apps


@cache
def _spellings() -> dict[tuple[str, ...], App]:
    found: dict[tuple[str, ...], App] = {}
    for key, row in data("apps.yaml").items():
        for name in (row["name"], *row.get("also", ())):
            found.setdefault(_parts(name), known()[key])
    return found


@cache
def _starts() -> dict[str, int]:
    longest: dict[str, int] = {}
    for parts in _spellings():
        longest[parts[0]] = max(longest.get(parts[0], 0), len(parts))
    return longest


def _parts(name: str) -> tuple[str, ...]:
    return tuple(re.sub(r"[()!·]", " ", name.lower()).split())


def find_apps(tokens: Sequence[Token]) -> list[Mention]:
    """Every service that ``tokens`` name, in order; the longest spelling wins."""
    found: list[Mention] = []
    at = 0
    while at < len(tokens):
        mention = _listed(tokens, at) or _guessed(tokens, at)
        if mention:
            found.append(mention)
            at = mention.end
        else:
            at += 1
    return found


def _listed(tokens: Sequence[Token], at: int) -> Mention | None:
    if tokens[at].kind != "word":
        return None
    first = _bare(tokens[at].lower)
    if re.fullmatch(r"r/[a-z0-9_]{2,30}", first):
        return Mention(known()["reddit"], at, at + 1)
    for size in range(min(_starts().get(first, 0), len(tokens) - at), 0, -1):
        parts = (first, *(_bare(token.lower) for token in tokens[at + 1 : at + size]))
        app = _spellings().get(parts)
        if app and (size > 1 or "." in first or not app.cased or _is_name(tokens, at)):
            return Mention(app, at, at + size)
    return _with_version(tokens, at, first)


def _with_version(tokens: Sequence[Token], at: int, first: str) -> Mention | None:
    """``Claude-3.5``, ``GPT4``, ``HubSpot1``: a listed name with a number behind it."""
    stem = re.sub(r"[-\s]?v?[\d.]+[a-z]?(?:-[a-z]+)?$", "", first)
    app = _spellings().get((stem,)) if stem and stem != first else None
    return Mention(app, at, at + 1) if app and (not app.cased or tokens[at].text[:1].isupper()) else None


def _is_name(tokens: Sequence[Token], at: int) -> bool:
    following = tokens[at + 1].lower if at + 1 < len(tokens) else ""
    if tokens[at].text[:1].isupper():
        return at > 0 or following in _THINGS or following in _MARKERS
    return following in _THINGS


def _guessed(tokens: Sequence[Token], at: int) -> Mention | None:
    """A capitalised name that the list does not have, where the words around it say that it is a service."""
    token = tokens[at]
    if token.kind != "word" or not token.text[:1].isupper() or _bare(token.lower) in _NOT_APPS:
        return None
    end = at + 1
    while end < len(tokens) and end - at < 3 and _continues(tokens, end):
        end += 1
    following = tokens[end].lower if end < len(tokens) else ""
    before = tokens[at - 1].lower if at else ""
    vendor = end - at > 1 and token.lower in _VENDORS
    if vendor or following in _MARKERS or (before in ("via", "using", "through") and at > 0):
        name = " ".join(re.sub(r"['’]s?$", "", part.text) for part in tokens[at:end])
        key = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
        if key and key[0].isalpha():
            return Mention(App(key, name, key, "other", known=False), at, end)
    return None


def _continues(tokens: Sequence[Token], at: int) -> bool:
    token = tokens[at]
    return token.kind == "word" and token.text[:1].isupper() and _bare(token.lower) not in _NOT_APPS


def _bare(word: str) -> str:
    """``notion's`` → ``notion``."""
    return re.sub(r"['’](?:s)?$", "", word)
