"""An action: what one step does, with which service and to what. And how an object is taken apart into several of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from plainwork.drafting import words as w
from plainwork.drafting.apps import App, find_apps
from plainwork.drafting.clauses import Act, split_objects
from plainwork.drafting.places import RELATION, Place, choose, places_of, related
from plainwork.drafting.text import Token, Tokens

Do = Literal[
    "fetch", "call", "send", "llm", "classify", "extract", "filter", "transform", "merge", "wait", "approve", "respond",
    "media", "open",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do. ``object``: what it is done to, as written; ``words``: every word of the clause, for values in it;
    ``channel`` of a send: mail, phone, message, web or "" when the text does not say. ``weak``: only leads to the next."""

    do: Do
    verb: str
    object: Tokens = ()
    app: App | None = None
    channel: str = ""
    words: Tokens = ()
    weak: bool = False
    named: str = ""


_MEDIA = w.PICTURES | w.SOUNDS | w.FILMS


NOMINAL = {
    "summarization": "summarize", "summarisation": "summarise", "summary": "summarize", "analysis": "analyze",
    "translation": "translate", "classification": "classify", "categorization": "categorize", "extraction": "extract",
    "review": "review", "evaluation": "evaluate", "moderation": "moderate", "sentiment": "classify",
}  # fmt: skip


def media_noun(tokens: Sequence[Token]) -> bool:
    """Whether the phrase names a picture, a sound or a film (``a podcast audio file``)."""
    phrase = {token.lower for token in w.noun_phrase(tokens)}
    return w.head_noun(tokens) in _MEDIA or (
        w.head_noun(tokens) in ("file", "files", "version") and bool(phrase & _MEDIA)
    )


def is_text(tokens: Sequence[Token]) -> bool:
    """Whether the phrase names a text that a model can write (a summary, a story)."""
    phrase = {token.lower for token in w.noun_phrase(tokens)}
    return w.head_noun(tokens) in w.TEXTS or bool(
        phrase & {"summary", "story", "article", "script"} and not phrase & w.SOUNDS
    )


def before_target(tokens: Tokens) -> Tokens:
    """The words before the place that something goes to: ``the summary to Slack`` → ``the summary``."""
    for at, token in enumerate(tokens):
        if at and RELATION.get(token.lower) in ("at", "via"):
            return tokens[:at]
    return tokens


def only_app(part: Tokens) -> bool:
    """Whether the words name a service and nothing else."""
    mentions = find_apps(part)
    return bool(mentions) and mentions[0].start <= 1 and mentions[0].end >= len(part)


def channel_of(verb: str, part: Sequence[Token], app: App | None) -> str:
    """How something is sent: by the app, else by the verb, else by the nouns and addresses in its object."""
    if app:
        return {"mail": "mail", "phone": "phone", "message": "message"}.get(app.sort, "app")
    lowers = {token.lower for token in part}
    if verb in ("mail", "email", "e-mail") or any(token.kind == "email" for token in part) or lowers & w.MAILS:
        return "mail"
    if verb in ("text", "sms", "phone", "call") or lowers & w.PHONES or {"text", "message"} <= lowers:
        return "phone"
    if any(token.kind == "url" for token in part) or lowers & {"endpoint", "webhook", "api", "url", "http"}:
        return "web"
    return ""


def parts_of(act: Act, order: Sequence[str], share: bool) -> list[tuple[Tokens, App | None]]:
    """The object's parts, one step each, with the app of each. Parts without an app of their own take a neighbour's."""
    whole_app = choose(places_of(act), *order)
    parts = whole_parts(split_objects(act.object))
    apps = [choose([Place(app, relation) for app, relation in related(part)], *order) for part in parts]
    if len(parts) < 2 or not (all(apps) or (share and _all_things(parts))):
        return [(act.object or act.subject, whole_app)]
    if len(set(apps)) == 1 and apps[0] is not None and not _all_things(parts):
        return [(act.object, whole_app)]
    filled: list[tuple[Tokens, App | None]] = []
    for at, part in enumerate(parts):
        app = apps[at] or next((a for a in reversed(apps[:at]) if a), None) or next((a for a in apps[at:] if a), None)
        filled.append((part, app or whole_app))
    return filled


def whole_parts(parts: list[Tokens]) -> list[Tokens]:
    """``it to S3 and Dropbox``: a part that is only a service takes the beginning of the first part."""
    return [_completed(parts[0], part) if at and only_app(part) else part for at, part in enumerate(parts)]


def _completed(first: Tokens, part: Tokens) -> Tokens:
    link = next((token for token in first if RELATION.get(token.lower)), None)
    return (*before_target(first), *((link,) if link else ()), *part)


def _all_things(parts: Sequence[Tokens]) -> bool:
    """Whether each part is a thing of its own (tickets and users), not a property (name and price) or a lone adjective."""
    for number, part in enumerate(parts):
        if any(
            token.lower in w.PREPOSITIONS and token.lower not in ("of", "from") for token in part[:-1]
        ) and number + 1 < len(parts):
            return False
        head = w.head_noun(part)
        if not head or head in w.ATTRIBUTES or head in w.ADJECTIVES or head in w.VAGUE or len(part) > 9:
            return False
    return True


def before_place(tokens: Tokens, app: App) -> Tokens:
    """The noun phrase in which the service is named: ``a digest of Jira tickets`` → ``Jira tickets``."""
    at = next((mention.start for mention in find_apps(tokens) if mention.app == app), None)
    if at is None:
        return ()
    start, end = at, at
    stops = w.PREPOSITIONS - {"from", "in", "of"}
    while start > 0 and tokens[start - 1].kind == "word" and tokens[start - 1].lower not in stops:
        start -= 1
    while (
        end < len(tokens) and tokens[end].kind == "word" and (end < at + 1 or tokens[end].lower not in w.PREPOSITIONS)
    ):
        end += 1
    return tokens[start:end]
