"""What is asked again and again for what is new: the trigger of the catalogue that an event means, with its settings out of
the text."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from plainwork.drafting import words as w
from plainwork.drafting.apps import App, known
from plainwork.drafting.data import words
from plainwork.drafting.text import Token, tokenize
from plainwork.drafting.triggers import Event
from plainwork.spec.kinds import Catalogue, Kind


@dataclass(frozen=True, slots=True)
class Watch:
    """A trigger that is polled. ``config``: its settings; ``untold``: those among them that the text does not tell, and that a
    word in capitals stands for."""

    kind: Kind
    app: App | None
    config: dict[str, Any]
    untold: tuple[str, ...] = field(default=())

    @property
    def thing(self) -> str:
        """What each item is called: ``post``, ``pull request``."""
        return self.kind.id.partition(".new_")[2].replace("_", " ")

    @property
    def fields(self) -> tuple[str, ...]:
        """What is known of each item."""
        return tuple(self.kind.output.get("properties", {}))

    def told(self, payload: str, spoken: Sequence[Token]) -> str:
        """A text that says of the item ``payload`` what the words name of it (``its title and link``), else what it is; empty
        when nothing is known of what it holds."""
        found = [one for token in spoken for one in self._field(w.singular(token.lower))]
        shown = found or [name for name in _SHOWN if name in self.fields][:2]
        return "\n".join(f"{{{{ {payload}.{name} }}}}" for name in dict.fromkeys(shown))

    def _field(self, word: str) -> list[str]:
        """The field that a word names; none when it is the item itself that is called so."""
        return [name for name in (word, *_CALLED.get(word, ())) if name in self.fields][:1]

    def about(self, name: str) -> str:
        """What a setting means, in words."""
        schema = self.kind.input["properties"][name]
        told = str(schema.get("description", ""))
        return f"{schema.get('title', name)}{f' ({told[:1].lower()}{told[1:]})' if told else ''}."

    def read(self, name: str, told: str) -> str:
        """A setting out of what somebody says it is."""
        read = _READERS.get(name)
        return (read(tokenize(told)) if read and name not in _USUAL else None) or told.strip()

    def takes(self, name: str, value: str) -> bool:
        """Whether a setting may have this value."""
        pattern = self.kind.input["properties"][name].get("pattern")
        return bool(value) and (pattern is None or re.search(pattern, value) is not None)


def watch_of(catalogue: Catalogue, event: Event, text: Sequence[Token]) -> Watch | None:
    """The trigger that finds what the event speaks of; None when nothing here does, or it is told of what changes rather than
    of what is new. ``text``: all that was said."""
    if event.how not in ("app", "web", "watch") or not _tells_of_new(event):
        return None
    kind = _kind_of(catalogue, event, text)
    if kind is None:
        return None
    app = event.app or known().get(kind.account or "")
    config: dict[str, Any] = {}
    untold = []
    for name in kind.input.get("required", ()):
        read = _READERS.get(name)
        value = (read(event.words) or read(text) if read else None) or _USUAL.get(name)
        if value is None:
            untold.append(name)
        config[name] = value or _stands_for(kind, name)
    return Watch(kind, app, config, tuple(untold))


def mail_settings(event: Event, text: Sequence[Token]) -> dict[str, Any]:
    """Which mails of a mailbox are meant."""
    told = event.words
    found: dict[str, Any] = {"from": _sender(told), "subject": _subject(told)}
    lowers = {token.lower for token in text}
    if {token.lower for token in told} & {"unread", "unseen"}:
        found["unseen"] = True
    if lowers & {"attachment", "attachments", "attached"}:
        found["attachments"] = "contents"
    return {name: value for name, value in found.items() if value}


# ── Which trigger ────────────────────────────────────────────────────────────────────────────────────────────────────
_CHANGES = words("later_events")
_HOLDERS = words("holders")
_MEDIA = words("media_sent")
_TALK = words("talk")
_ANYTHING = frozenset(["item", "event", "thing", "entry", "content", "update", "news"])
_FEEDS = frozenset(["feed", "feeds", "rss", "atom", "blog", "podcast", "newsletter"])
_SAME = {
    **dict.fromkeys(("article", "episode", "post", "story"), "item"),
    **dict.fromkeys(("bug", "ticket"), "issue"),
    "version": "release",
    "pr": "pull",
}


def _tells_of_new(event: Event) -> bool:
    lowers = {token.lower for token in event.words}
    return bool(lowers & {"new", "newly", "incoming", "inbound"}) or not lowers & _CHANGES


def _kind_of(catalogue: Catalogue, event: Event, text: Sequence[Token]) -> Kind | None:
    app = event.app
    if app is None:
        return catalogue.triggers.get(_without_app(event))
    prefixes = {name.replace("_", "-") for name in (app.connector, app.id)}
    for name, kind in catalogue.triggers.items():
        is_its = name.partition(".")[0] in prefixes and (app.connector == app.id or kind.account == app.id)
        if is_its and _finds(kind, app, event, text):
            return kind
    return None


def _finds(kind: Kind, app: App, event: Event, text: Sequence[Token]) -> bool:
    """Whether the trigger's items are what the event speaks of."""
    noun, thing = w.singular(event.noun), {*kind.id.partition(".")[2].split("_")} - {"new"}
    if event.how == "watch":
        return app.sort == "feed"
    if app.sort in ("records", "sheet", "database"):
        return noun not in _HOLDERS
    if app.sort == "message":
        spoken = {w.singular(token.lower) for token in text}
        return noun in thing | _ANYTHING | _TALK and not spoken & (_MEDIA | {"slash"})
    if app.sort == "feed":
        return noun in thing | _ANYTHING or _SAME.get(noun) in thing
    return bool({*noun.split(), _SAME.get(noun, "")} & thing)


def _without_app(event: Event) -> str:
    """What is watched when no service is named: a table, a feed, a list at an address; empty: nothing."""
    lowers = {w.singular(token.lower) for token in event.words}
    if lowers & {"webhook", "endpoint", "request"}:
        return ""
    url = _url(event.words)
    if url is not None and lowers & {"new", "newly", "incoming"}:
        is_feed = lowers & _FEEDS or re.search(r"\.(?:xml|rss|atom)$|/(?:feed|rss|atom)\b", url)
        return "rss.new_item" if is_feed else "http.new_item"
    if lowers & {"feed", "rss"}:
        return "rss.new_item"
    is_row = lowers & {"row", "record", "entry"} or event.noun not in _HOLDERS
    return "sql.new_row" if is_row and lowers & {"table", "database", "sql", "db"} else ""


# ── Its settings ─────────────────────────────────────────────────────────────────────────────────────────────────────
def _stands_for(kind: Kind, name: str) -> Any:
    """What a setting is until somebody tells it: a word that cannot be taken for a real one, of the form that is asked for."""
    schema = kind.input["properties"][name]
    word = name.upper()
    fits = re.search(schema.get("pattern", ""), word)
    return _FORMS.get(name) or (word if fits else f"OWNER/{word}")


_CALLED = {
    "headline": ("title",),
    "subject": ("title",),
    "name": ("title", "tag"),
    "link": ("url",),
    "url": ("link",),
    "body": ("text",),
    "content": ("text",),
    "description": ("text",),
    "note": ("text",),
    "sender": ("from", "user", "author"),
    "writer": ("author",),
}
"""What people call the fields of items."""
_SHOWN = ("title", "name", "tag", "link", "url", "text")
"""What an item is shown by: the first two of these that it has."""
_FORMS = {"url": "https://example.com/ADDRESS", "query": "select * from TABLE"}
_USUAL = {"range": "Sheet1", "column": "id"}
_Reader = Callable[[Sequence[Token]], str | None]


def _matching(pattern: str, in_url: str = "") -> _Reader:
    """Reads a word of such a form, or what an address has behind ``in_url``."""

    def read(tokens: Sequence[Token]) -> str | None:
        for token in tokens:
            if token.kind == "url" and in_url and (found := re.search(rf"{in_url}({pattern})", token.text)):
                return found.group(1)
            if token.kind in ("word", "quoted", "code") and re.fullmatch(pattern, token.value):
                return token.value
        return None

    return read


def _url(tokens: Sequence[Token]) -> str | None:
    return next((token.text for token in tokens if token.kind == "url"), None)


def _subreddits(tokens: Sequence[Token]) -> str | None:
    """``r/python and r/django`` → ``python+django``; ``the selfhosted subreddit``."""
    found = [token.text[2:] for token in tokens if re.fullmatch(r"r/\w{2,50}", token.lower)]
    found += [m.group(1) for t in tokens if t.kind == "url" and (m := re.search(r"reddit\.com/r/(\w{2,50})", t.text))]
    return "+".join(dict.fromkeys(found))[:200] or _named(tokens, "subreddit")


def _named(tokens: Sequence[Token], *things: str) -> str | None:
    """The name of a thing: ``the table "Leads"``, ``table orders``, ``the orders table``."""
    for at, token in enumerate(tokens):
        if token.lower not in things:
            continue
        behind = [*tokens[at + 1 : at + 3]]
        if behind and behind[0].lower in ("called", "named"):
            behind.pop(0)
        around = (behind[:1], tokens[at - 1 : at])
        quoted = [one[0].value for one in around if one and one[0].kind in ("quoted", "code")]
        if quoted:
            return quoted[0]
        for one in around:
            if one and _is_name(one[0]):
                return one[0].text
    return None


def _is_name(token: Token) -> bool:
    common = w.STOP_WORDS | w.PREPOSITIONS | w.ADJECTIVES | _NO_NAMES
    return token.kind == "word" and token.lower not in common and token.lower not in known()


_NO_NAMES = words("no_names")


def _table(tokens: Sequence[Token]) -> str | None:
    return _named(tokens, "table")


def _query(tokens: Sequence[Token]) -> str | None:
    table = _table(tokens)
    if not table or not re.fullmatch(r"[A-Za-z_][\w.]{0,100}", table):
        return None
    return f"select * from {table}"  # noqa: S608 - a name of letters and digits


_READERS: dict[str, _Reader] = {
    "repo": _matching(r"(?!and/or$|r/)[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+", r"github\.com/"),
    "subreddit": _subreddits,
    "url": _url,
    "base": _matching(r"app[A-Za-z0-9]{5,30}", r"airtable\.com/"),
    "table": _table,
    "spreadsheet": _matching(r"[A-Za-z0-9_-]{25,100}", r"/spreadsheets/d/"),
    "range": lambda tokens: _named(tokens, "tab", "worksheet"),
    "database": _matching(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", r"notion\.so/\S*?"),
    "channel": _matching(r"[CGD][A-Z0-9]{8,29}", r"/archives/"),
    "query": _query,
    "column": lambda tokens: _named(tokens, "column"),
}
"""The settings of triggers that a text may tell, by their names, each with how it is read."""


def _sender(tokens: Sequence[Token]) -> str | None:
    """``an e-mail arrives from billing@example.org``, ``a mail from Amazon``."""
    for at, token in enumerate(tokens[:-1]):
        behind = tokens[at + 1]
        if token.lower == "from" and (behind.kind in ("email", "quoted") or behind.text[:1].isupper()):
            end = at + 2
            while behind.kind == "word" and end < len(tokens) and tokens[end].text[:1].isupper():
                end += 1
            return " ".join(one.value for one in tokens[at + 1 : end])
    return None


def _subject(tokens: Sequence[Token]) -> str | None:
    """``with "invoice" in the subject``, ``whose subject contains "invoice"``."""
    lowers = [token.lower for token in tokens]
    if "subject" not in lowers:
        return None
    at = lowers.index("subject")
    return next((token.value for token in tokens[max(0, at - 4) : at + 5] if token.kind == "quoted"), None)
