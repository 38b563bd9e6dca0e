"""Finds a step kind of the catalogue for an action on a service, and fills what it requires from the text or from inputs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from plainwork.drafting.apps import App
from plainwork.drafting.meaning import Action
from plainwork.drafting.text import Token
from plainwork.spec.kinds import Catalogue, Kind

# Words of a kind's id that say what it does, by what an action does.
_DOES = {
    "fetch": "get list read search find top new latest query fetch lookup retrieve download comments show items rows records",
    "create": "create add append insert open new post upload send write put save make",
    "update": "update edit change set patch upsert move close assign label add_labels",
    "delete": "delete remove archive cancel clear",
    "send": "send post publish message reply notify create comment",
}
_VERB_CLASS = {
    "delete": "delete", "remove": "delete", "erase": "delete", "archive": "delete", "cancel": "delete", "clear": "delete", "purge": "delete",
    "update": "update", "change": "update", "edit": "update", "modify": "update", "set": "update", "move": "update", "mark": "update",
    "label": "update", "assign": "update", "close": "update", "tag": "update", "rename": "update", "flag": "update", "merge": "update",
}  # fmt: skip


def verb_class(action: Action) -> str:
    """fetch, create, update, delete or send."""
    if action.do == "fetch":
        return "fetch"
    if action.do == "send":
        return "send"
    return _VERB_CLASS.get(action.verb, "create")


def find_kind(catalogue: Catalogue, action: Action, app: App) -> Kind | None:
    """The kind of ``app``'s connector that does the action best; None when there is none."""
    wanted = verb_class(action)
    best: tuple[int, Kind] | None = None
    for kind in _of(catalogue, app):
        reads = kind.effect in ("read", "none")
        if reads != (wanted == "fetch"):
            continue
        score = _score(kind, wanted, action)
        if score > 0 and (best is None or score > best[0]):
            best = (score, kind)
    return best[1] if best else None


def _of(catalogue: Catalogue, app: App) -> Iterable[Kind]:
    for name in catalogue:
        if name.startswith(f"{app.connector}.") or name.startswith(f"{app.id}."):
            yield catalogue[name]


def _score(kind: Kind, wanted: str, action: Action) -> int:
    action_name = kind.id.partition(".")[2].replace("-", "_")
    parts = set(action_name.split("_"))
    spoken = {token.lower for token in (*action.object, *action.words)} | {action.verb}
    does = set(_DOES[wanted].split())
    described = {word for phrase in (*kind.words, kind.title) for word in phrase.lower().split()}
    fits = 3 * bool(parts & does) + 3 * bool(action.verb in parts)
    return fits + 2 * len(parts & spoken) + len(described & spoken) + (1 if wanted == "fetch" else 0)


Ask = Callable[[str, str, str], str]
"""Declares an input (name, type, about) and gives the template that reads it."""


def fill_required(kind: Kind, tokens: Sequence[Token], content: str, ask: Ask, app: App) -> dict[str, Any]:
    """Values for what ``kind`` requires: from the words, the content at hand, or a new input."""
    properties: dict[str, Any] = kind.input.get("properties", {})
    required = list(kind.input.get("required", ()))
    config: dict[str, Any] = {}
    for name in required:
        schema = properties.get(name, {})
        config[name] = _value(name, schema if isinstance(schema, dict) else {}, tokens, content, ask, app)
    if content and not any(_is_content(name) for name in required):
        wanted = next((name for name in properties if _is_content(name)), None)
        if wanted and kind.effect not in ("read", "none"):
            config[wanted] = content
    return config


_CONTENT = frozenset(
    "text body message content markdown description comment title subject summary value values row rows record fields properties data items html caption name".split()
)
_PLACE = frozenset("channel chat chat_id room conversation channel_id".split())


def _is_content(name: str) -> bool:
    return name in _CONTENT


def _value(name: str, schema: dict[str, Any], tokens: Sequence[Token], content: str, ask: Ask, app: App) -> Any:
    if "enum" in schema and schema["enum"]:
        return next((one for one in schema["enum"] if str(one).lower() in {t.lower for t in tokens}), schema["enum"][0])
    if name in _PLACE:
        channel = next((token.text for token in tokens if token.kind == "channel"), None)
        if channel:
            return channel
    if name == "subreddit":
        found = next((token.text[2:] for token in tokens if re.fullmatch(r"r/\w+", token.lower)), None)
        if found:
            return found
    if name in ("url", "address", "feed", "feed_url"):
        found = next((token.text for token in tokens if token.kind == "url"), None)
        if found:
            return found
    if name in ("query", "q", "search") and (quoted := next((t.value for t in tokens if t.kind == "quoted"), None)):
        return quoted
    if _is_content(name) and content:
        return content
    return ask(f"{app.id}_{name}", _type(name, schema), str(schema.get("title") or schema.get("description") or f"{app.name}: {name}"))


def _type(name: str, schema: dict[str, Any]) -> str:
    kind = schema.get("type", "string")
    kind = kind[0] if isinstance(kind, list) and kind else kind
    if name in ("url", "address", "feed", "feed_url"):
        return "url"
    return {"integer": "integer", "number": "number", "boolean": "yes/no", "object": "object", "array": "list of text"}.get(str(kind), "text")
