"""Which services a text names: the list in ``apps.yaml``, and names that only look like one (``the Foo API``)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from plainwork.drafting.text import Token
from plainwork.drafting.verbs import data


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
_THINGS = frozenset(
    "account accounts api app board boards bot card cards channel channels chat contact contacts customer customers database "
    "deal deals file files folder folders group invoice invoices issue issues lead leads list lists message messages note "
    "notes page pages payment payments project projects record records room space task tasks team ticket tickets user "
    "users workspace transaction transactions employee employees worker workers post posts candidate candidates".split()
)
_MARKERS = frozenset("api node nodes service services integration app platform crm account trigger".split())
# Words with a capital that name no service.
_NOT_APPS = frozenset(
    "the a an this that these those it its i we you they he she and or if when then else otherwise for from to in on at by with "
    "api apis json xml csv pdf html http https url urls rest ai a.i. llm id ids sql yaml ui crm erp hr it ceo cto faq seo utc "
    "gmt rss sms email e-mail webhook cron http get post put patch delete set if switch function code merge wait filter "
    "schedule scheduled trigger node workflow markdown word docx ics ocr nlp tts kpi roi sla gdpr usa us uk eu up down yes no "
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september "
    "october november december english german french spanish italian portuguese dutch chinese japanese korean russian arabic "
    "hindi polish turkish swedish data error status subject input output user users customer customers form loop item items "
    "split batch batches edit manual chat execute respond image file files every each all new step note start end stop "
    "graphql oauth smtp imap ftp sftp ssh mp3 mp4 png jpg jpeg text spreadsheet date time todo ok vip b2b saas".split()
)


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
    if following in _MARKERS or (before in ("via", "using", "through") and at > 0):
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
