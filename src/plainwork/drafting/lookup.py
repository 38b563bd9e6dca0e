"""Finds a step kind of the catalogue for an action on a service, and fills what it requires from the text or from inputs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from plainwork.drafting import words as w
from plainwork.drafting.actions import Action
from plainwork.drafting.apps import App
from plainwork.drafting.data import words
from plainwork.drafting.desk import Desk
from plainwork.drafting.text import Token
from plainwork.drafting.values import Value
from plainwork.drafting.watched import Watch
from plainwork.spec.kinds import Catalogue, Kind

# Words of a kind's id that say what it does, by what an action does.
_DOES = {
    "fetch": "get list read search find top new latest query fetch lookup retrieve download show comments",
    "create": "create add append insert open new post upload send write put save make comment",
    "update": "update edit change set patch upsert move close assign label",
    "delete": "delete remove archive cancel clear",
    "send": "send post publish message reply notify create append comment",
}
_CHANGES = words("changing_verbs")
_DELETES = words("deleting_verbs")
_SAME_THING = {
    "bug": "issue",
    "ticket": "issue",
    "version": "release",
    "entry": "page",
    "row": "page",
    "record": "page",
    "remark": "comment",
}
_STRICT = ("tracker", "feed", "other")
"""Sorts of services that hold several things: a kind is only taken when the thing it is about is named."""


def verb_class(action: Action) -> str:
    """fetch, create, update, delete or send."""
    if action.do == "fetch":
        return "fetch"
    if action.do == "send":
        return "send"
    if action.verb in _DELETES:
        return "delete"
    return "update" if action.verb in _CHANGES else "create"


def find_kind(catalogue: Catalogue, action: Action, app: App) -> Kind | None:
    """The kind of ``app``'s connector that does the action best; None when there is none."""
    wanted = verb_class(action)
    best: tuple[int, Kind] | None = None
    for kind in _of(catalogue, app):
        if (kind.effect in ("read", "none")) != (wanted == "fetch") or not _about_it(kind, action, app, wanted):
            continue
        score = _score(kind, wanted, action)
        if score >= 3 and (best is None or score > best[0]):
            best = (score, kind)
    return best[1] if best else None


def _of(catalogue: Catalogue, app: App) -> Iterable[Kind]:
    prefixes = {name for base in (app.connector, app.id) for name in (base, base.replace("_", "-"))}
    for name in catalogue:
        if name.partition(".")[0] in prefixes:
            yield catalogue[name]


def _parts(kind: Kind) -> set[str]:
    return {w.singular(part) for part in kind.id.partition(".")[2].replace("-", "_").split("_")}


def _spoken(action: Action) -> set[str]:
    spoken = {w.singular(token.lower) for token in action.object} | {action.verb}
    return spoken | {_SAME_THING[word] for word in spoken if word in _SAME_THING}


def _about_it(kind: Kind, action: Action, app: App, wanted: str) -> bool:
    does = {word for words in _DOES.values() for word in words.split()} - {"comment", "message"}
    things = {part for part in _parts(kind) if part not in does}
    if app.sort == "message" and action.do != "send":
        return bool({"message", "notification", "comment", "post"} & _spoken(action))
    if app.sort not in _STRICT or not things:
        return wanted not in ("update", "delete") or bool(_parts(kind) & set(_DOES[wanted].split()))
    return bool(things & _spoken(action))


def _score(kind: Kind, wanted: str, action: Action) -> int:
    parts, spoken = _parts(kind), _spoken(action)
    described = {word for phrase in (*kind.words, kind.title) for word in phrase.lower().split()}
    fits = 3 * bool(parts & set(_DOES[wanted].split())) + 3 * (action.verb in parts)
    return fits + 2 * len(parts & spoken) + min(3, len(described & spoken)) + (1 if wanted == "fetch" else 0)


def fill_kind(desk: Desk, kind: Kind, action: Action, app: App, content: Value | None, text: str) -> dict[str, Any]:
    """The settings of ``kind``: what it requires, a text for the content at hand, and how many if the words say so.

    ``content`` is the value that is written, ``text`` stands for it when there is none.
    """
    filler = _Filler(desk, kind, action, app, content, text)
    return filler.fill()


_CONTENT = words("content_settings")
_LONG = ("text", "body", "message", "content", "markdown", "description", "comment", "caption", "html", "summary")
_PLACE = frozenset(["channel", "chat", "chat_id", "room", "conversation", "channel_id"])
# Where the services' own events say in which conversation they happened.
_REPLIES = {"slack": "event.channel", "telegram": "message.chat.id", "discord": "channel_id"}
_COUNTED = re.compile(r"\b(?:top|first|last|latest|newest|best|up to)\s+(\d{1,3})\b")


class _Filler:
    def __init__(self, desk: Desk, kind: Kind, action: Action, app: App, content: Value | None, text: str) -> None:
        self.desk, self.kind, self.action, self.app, self.content, self.text = desk, kind, action, app, content, text
        self.tokens: Sequence[Token] = (*action.object, *action.words)
        self.properties: dict[str, Any] = kind.input.get("properties", {})

    def fill(self) -> dict[str, Any]:
        config = {name: self._value(name) for name in self.kind.input.get("required", ())}
        writes = self.kind.effect not in ("read", "none")
        optional = next((name for name in _LONG if name in self.properties), None)
        if writes and optional and optional not in config and not any(name in _LONG for name in config):
            config[optional] = self._content(optional)
        limit = _COUNTED.search(" ".join(token.lower for token in self.tokens))
        if limit and "limit" in self.properties:
            config["limit"] = int(limit.group(1))
        return config

    def _schema(self, name: str) -> dict[str, Any]:
        schema = self.properties.get(name, {})
        return schema if isinstance(schema, dict) else {}

    def _value(self, name: str) -> Any:
        schema = self._schema(name)
        if schema.get("enum"):
            spoken = {token.lower for token in self.tokens}
            return next((one for one in schema["enum"] if str(one).lower() in spoken), schema["enum"][0])
        found = self._from_words(name) or self._from_event(name)
        if found is not None:
            return found
        if name in _CONTENT and self.kind.effect not in ("read", "none"):
            return self._content(name)
        about = str(schema.get("title") or name)
        return self.desk.ask(f"{self.app.id}_{name}", _type(name, schema), f"{self.app.name}: {about}", _usual(name))

    def _from_words(self, name: str) -> Any:
        if name in _PLACE:
            return next((token.text for token in self.tokens if token.kind == "channel"), None)
        if name == "subreddit":
            return next((token.text[2:] for token in self.tokens if re.fullmatch(r"r/\w+", token.lower)), None)
        if name in ("url", "address", "feed", "feed_url"):
            return next((token.text for token in self.tokens if token.kind == "url"), None)
        if name in ("query", "q", "search"):
            return next((token.value for token in self.tokens if token.kind == "quoted"), None)
        if name in ("repo", "repository"):
            return next(
                (
                    t.text
                    for t in self.tokens
                    if t.kind == "word" and re.fullmatch(r"[\w.-]+/[\w.-]+", t.text) and t.lower != "and/or"
                ),
                None,
            )
        return None

    def _from_event(self, name: str) -> Any:
        payload, watch = self.desk.payload, self.desk.watch
        if payload is None or self.desk.event_app != self.app:
            return None
        if watch is not None:
            return self._from_item(name, payload, watch)
        if name in _PLACE and self.app.id in _REPLIES:
            return f"{{{{ {payload}.{_REPLIES[self.app.id]} }}}}"
        if name == "number" and self.app.id == "github":
            return f'{{{{ get({payload}, ["issue", "number"], get({payload}, "number")) }}}}'
        if name == "repo" and self.app.id == "github":
            return f"{{{{ {payload}.repository.full_name }}}}"
        return None

    def _from_item(self, name: str, payload: str, watch: Watch) -> Any:
        """What an item says of itself, and where all of them are from, for a step that has to do with the item."""
        if name in watch.fields and name not in _CONTENT:
            return f"{{{{ {payload}.{name} }}}}"
        wanted = {*self.kind.input.get("required", ())}
        is_about_it = name in _PLACE or bool(wanted & {*watch.fields} - _CONTENT)
        return watch.config.get(name) if is_about_it else None

    def _content(self, name: str) -> Any:
        wanted = self._schema(name).get("type", "string")
        x = self.content.expression if self.content else None
        if x is None:
            return _literal(name, wanted, self.text)
        if name in _LONG and wanted == "string" and (told := self.desk.told(self.content, self.tokens)):
            return told
        if name in ("properties",) and self.app.id == "notion":
            return {"Name": {"title": [{"text": {"content": f"{{{{ truncate(str({x}), 2000) }}}}"}}]}}
        if name in ("title", "subject", "name"):
            return f"{{{{ truncate(str({x}), 100) }}}}"
        if wanted == "object":
            return f'{{{{ {x} if type_of({x}) == "object" else {{"Notes": str({x})}} }}}}'
        if wanted == "array" and name == "rows":
            rows = f'({x} if type_of({x}) == "list" else [{x}])'
            return f'{{{{ [values(row) if type_of(row) == "object" else [str(row)] for row in {rows}] }}}}'
        if wanted == "array":
            return f'{{{{ {x} if type_of({x}) == "list" else [{x}] }}}}'
        return f"{{{{ {x} }}}}" if self.content and self.content.shape == "text" else f"{{{{ str({x}) }}}}"


def _literal(name: str, wanted: Any, text: str) -> Any:
    if name == "properties":
        return {"Name": {"title": [{"text": {"content": text}}]}}
    if wanted == "object":
        return {"Notes": text}
    if wanted == "array":
        return [[text]] if name == "rows" else [text]
    return text


def _usual(name: str) -> Any:
    return "Sheet1" if name == "range" else msgspec.UNSET


def _type(name: str, schema: dict[str, Any]) -> str:
    kind = schema.get("type", "string")
    kind = kind[0] if isinstance(kind, list) and kind else kind
    if name in ("url", "address", "feed", "feed_url"):
        return "url"
    return {
        "integer": "integer",
        "number": "number",
        "boolean": "yes/no",
        "object": "object",
        "array": "list of text",
    }.get(str(kind), "text")
