"""Acts on services: what is fetched, written, changed and sent, where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from plainwork.drafting import words as w
from plainwork.drafting.actions import (
    NOMINAL,
    Action,
    before_place,
    before_target,
    channel_of,
    is_text,
    media_noun,
    parts_of,
    whole_parts,
)
from plainwork.drafting.apps import App, find_apps, known
from plainwork.drafting.clauses import Act, split_objects
from plainwork.drafting.data import words
from plainwork.drafting.places import HOLDS, Place, Setting, choose, home_for, related
from plainwork.drafting.text import Token, Tokens, tokenize


def read_fetch(act: Act, places: Sequence[Place], setting: Setting) -> list[Action]:
    """Reading from a service or an address; one step for each thing that is read."""
    head = w.head_noun(act.object) or w.head_noun(act.subject)
    if (head in setting.inputs or head in ("input", "inputs")) and not places:
        return []
    lowers = {token.lower for token in act.object}
    if act.verb.lemma in ("load", "import") and "into" in lowers and any(place.relation == "at" for place in places):
        return calls(act, places, setting)
    if act.verb.lemma in ("get", "receive") and _is_notice(act):
        return read_send(act, places, setting)
    thinks = act.verb.lemma in ("find", "list", "discover", "examine", "identify", "inspect") and setting.inputs
    if thinks and not places and not lowers & _OUTSIDE and not any(token.kind == "url" for token in act.object):
        return [Action("llm", act.verb.lemma, act.object or act.subject, words=act.tokens)]
    parts = parts_of(act, ("subject", "from", "own", "at", "via"), share=True)
    return [
        Action("fetch", act.verb.lemma, part, app or home_for(part, setting), words=act.tokens) for part, app in parts
    ]


_OUTSIDE = words("outside_places")


def _is_notice(act: Act) -> bool:
    """``Get a text message when …``: the one who speaks wants to be written to."""
    phrase = w.noun_phrase(act.object)
    article = bool(phrase) and phrase[0].lower in ("a", "an") and not act.subject
    return article and w.head_noun(phrase) in _NOTICES and len(act.object) <= len(phrase) + 3


_NOTICES = words("message_nouns") - {"update", "call"} | w.MAILS | w.PHONES


def read_check(act: Act, places: Sequence[Place], setting: Setting) -> list[Action]:
    """Checking something by reading it; ``check with somebody`` asks."""
    lowers = [token.lower for token in act.object]
    if act.verb.lemma == "compare" and not places and setting.inputs:
        return [Action("llm", "compare", act.object or act.subject, words=act.tokens)]
    if lowers[:1] == ["with"] or act.verb.lemma == "consult":
        return [Action("approve", "ask", act.object[1:], words=act.tokens)]
    if not lowers and not act.passive:
        return []
    return read_fetch(act, places, setting)


def read_create(act: Act, places: Sequence[Place], setting: Setting) -> list[Action]:
    """Making something: a record, a picture, or a text."""
    target = choose(places, "at", "own", "via", "subject", "from")
    made = act.object if act.object and not act.passive else (*act.subject, *act.object)
    if (
        media_noun(made)
        and target is None
        and act.verb.act == "create"
        and act.verb.lemma not in ("add", "attach", "file", "open")
    ):
        return [Action("media", act.verb.lemma, made, None, words=act.tokens)]
    if target is None and is_text(made) and not _calls_request(act):
        return [Action("llm", act.verb.lemma, made, words=act.tokens)]
    return calls(act, places, setting, made)


def _calls_request(act: Act) -> bool:
    return act.verb.lemma in (
        "add",
        "append",
        "insert",
        "register",
        "file",
        "open",
        "log",
        "record",
        "raise",
        "comment",
        "attach",
    )


def calls(act: Act, places: Sequence[Place], setting: Setting, made: Tokens | None = None) -> list[Action]:
    """Writing to services; one step for each thing that is written."""
    lowers = {token.lower for token in act.object}
    if act.verb.lemma in ("execute", "run") and lowers & {"code", "script", "python", "javascript"} and not places:
        return [Action("transform", act.verb.lemma, act.object, words=act.tokens)]
    made = made if made is not None else (act.object if act.object and not act.passive else (*act.subject, *act.object))
    several = act.verb.act in ("create", "delete", "store", "update")
    parts = parts_of(replace(act, object=made, passive=False), ("at", "own", "via", "subject", "from"), share=several)
    found = []
    for part, app in parts:
        where = app or home_for(part, setting) or _again(act, part, setting)
        found.append(Action("call", act.verb.lemma, part, where, words=act.tokens))
    return [*source_of_places(places, found, setting), *found]


def _again(act: Act, part: Tokens, setting: Setting) -> App | None:
    """An update without a place of its own is about one spoken of before: which holds such things, else the latest."""
    lowers = {token.lower.removesuffix("'s") for token in part}
    for app in reversed(setting.apps):
        if lowers & HOLDS.get(app.sort, frozenset()) and act.verb.act in ("update", "delete", "store", "create"):
            return app
    if act.verb.act not in ("update", "delete", "store") or not _speaks_back(act.object):
        return None
    return next(
        (
            app
            for app in reversed(setting.apps)
            if app.sort not in ("feed", "media", "model", "message", "mail", "phone")
        ),
        None,
    )


def _speaks_back(tokens: Sequence[Token]) -> bool:
    return (
        any(token.lower in ("it", "them", "its", "the", "this", "these", "their") for token in tokens[:6]) or not tokens
    )


def source_of_places(places: Sequence[Place], found: Sequence[Action], setting: Setting) -> list[Action]:
    """``send Mailchimp subscribers to HubSpot``: what is named as the source and was not read yet is read first."""
    used = {action.app.id for action in found if action.app}
    for place in places:
        app = place.app
        elsewhere = any(other.relation in ("at", "via") for other in places if other.app != app)
        sent = any(action.do == "send" for action in found)
        loose = (place.relation in ("own", "from") and elsewhere) or (place.relation == "from" and sent)
        if loose and app.id not in used | setting.seen and app.sort != "model":
            setting.seen.add(app.id)
            object_ = next((action.object for action in found), ())
            object_ = object_[1:] if object_ and object_[0].lower in ("up", "out") else object_
            read = before_target(object_)
            named = {mention.app.id for mention in find_apps(read)}
            if named != {app.id}:
                read = before_place(object_, app)
            return [Action("fetch", "get", read or before_target(object_), app, words=object_)]
    return []


def read_store(act: Act, places: Sequence[Place], setting: Setting) -> list[Action]:
    """Saving something somewhere."""
    return calls(act, places, setting)


def read_update(act: Act, places: Sequence[Place], setting: Setting) -> list[Action]:
    """Changing something; enriching reads."""
    if act.verb.lemma in ("enrich", "complete") and places:
        return [
            Action(
                "fetch",
                act.verb.lemma,
                act.object,
                choose(places, "via", "from", "at", "own", "subject"),
                words=act.tokens,
            )
        ]
    if act.verb.lemma.startswith("sync"):
        return _sync(act, places, setting)
    return calls(act, places, setting)


def _sync(act: Act, places: Sequence[Place], setting: Setting) -> list[Action]:
    source = next((place.app for place in places if place.relation in ("from", "own")), None)
    target = next((place.app for place in reversed(places) if place.relation in ("at", "via")), None)
    found = []
    if source and source != target:
        found.append(Action("fetch", "get", before_target(act.object), source, words=act.tokens))
    return [
        *found,
        Action("call", act.verb.lemma, act.object, target or (None if source else setting.last), words=act.tokens),
    ]


def read_send(act: Act, places: Sequence[Place], setting: Setting) -> list[Action]:
    """Sending; one step for each way that is named, after reading what is sent when its place is named."""
    lowers = [token.lower for token in act.object]
    nominal = next((NOMINAL[word] for word in lowers if word in NOMINAL), None)
    if act.verb.lemma == "pass" and not places and nominal is None:
        return []
    if act.verb.lemma == "go":
        act = replace(act, verb=replace(act.verb, lemma="send"), object=(*act.subject, *act.object), subject=())
    made = act.object if not act.passive else (*act.subject, *act.object)
    if not places and ("for", "approval") in pairwise(lowers):
        return [Action("approve", act.verb.lemma, made[: lowers.index("for")] or made, words=act.tokens)]
    found: list[Action] = []
    written = _written_by_model(act, places)
    if act.verb.lemma == "ping" and not places and not set(lowers) & w.PEOPLE:
        return [Action("fetch", "ping", act.object, words=act.tokens)]
    if (
        not places
        and home_for(made, setting)
        and {t.lower for t in made} & {"comment", "comments", "review", "reviews", "issue", "discussion"}
    ):
        return [
            Action(
                "call",
                "comment" if "comment" in " ".join(lowers) else act.verb.lemma,
                made,
                setting.home,
                words=act.tokens,
            )
        ]
    for part, app in _send_parts(act, made, places):
        if app is None and any(token.kind == "channel" for token in part):
            app = setting.channel or known()["slack"]
        channel = channel_of(act.verb.lemma, part, app)
        if not channel and setting.channel:
            app, channel = setting.channel, channel_of("", (), setting.channel)
        found.append(Action("send", act.verb.lemma, part, app, channel, words=(*part, *act.tool)))
    return [*source_of_places(places, found, setting), *written, *found]


def _written_by_model(act: Act, places: Sequence[Place]) -> list[Action]:
    """``an email with a summary written by Claude``: the summary is a step of its own."""
    model = next((place.app for place in places if place.app.sort == "model"), None)
    noun = next(
        (
            token.lower
            for token in act.object
            if token.lower in ("summary", "digest", "report", "translation", "analysis")
        ),
        None,
    )
    return [Action("llm", "write", tokenize(f"a {noun}"), model, words=act.tokens)] if model and noun else []


def _send_parts(act: Act, made: Tokens, places: Sequence[Place]) -> list[tuple[Tokens, App | None]]:
    target = choose([place for place in places if place.relation != "from"], "at", "via", "own", "subject")
    parts = whole_parts(split_objects(made))
    named = [(part, _own_target(part)) for part in parts]
    distinct = [channel_of("", part, app) for part, app in named]
    if len(parts) > 1 and all(distinct):
        first = parts[0]
        whole = [
            (part if w.head_noun(part) or part[:1] == first[:1] else (*before_target(first), *part), app)
            for part, app in named
        ]
        return whole
    if target is None and (lone := _own_target(made)):
        target = lone
    return [(made, target if target is None or target.sort != "model" else None)]


def _own_target(part: Tokens) -> App | None:
    bound = [place for place in related(part) if place[0].sort != "model"]
    for order in (("at", "via"), ("own",)):
        for app, relation in bound:
            if relation in order:
                return app
    return None


def read_receive(act: Act, places: Sequence[Place], setting: Setting) -> list[Action]:
    """``receive the news in Telegram``: a person gets it, so it is sent; else it is read."""
    target = choose(places, "via", "at", "own", "from", "subject")
    wanted = bool(act.goal) or not act.subject or bool({t.lower for t in act.subject} & {"i", "you", "we", "users"})
    if wanted and target:
        return [Action("send", "send", before_target(act.object), target, channel_of("", (), target), words=act.tokens)]
    if wanted and {t.lower for t in act.object} & w.MAILS and act.goal:
        return [Action("send", "send", act.object, None, "mail", words=act.tokens)]
    if not act.subject and not target and w.head_noun(act.object) not in w.MAILS:
        return [Action("fetch", "get", act.object, words=act.tokens)]
    return []


def read_use(act: Act, places: Sequence[Place], setting: Setting) -> list[Action]:
    """Using a service says nothing of what it does, but ``invoke`` calls it."""
    target = choose(places, "own", "via", "at", "from", "subject")
    return (
        [Action("fetch", "call", act.object, target, words=act.tokens)] if target and act.verb.lemma == "invoke" else []
    )


def read_unlisted(act: Act, places: Sequence[Place], setting: Setting) -> list[Action]:
    """A verb that the list does not have: a message where people are written to, a call at the service that is named."""
    target = choose([place for place in places if place.relation in ("at", "via", "from")], "at", "via", "from")
    lowers = {token.lower for token in act.object}
    addressed = any(token.kind == "email" for token in act.object) or bool(lowers & w.MAILS)
    if target and target.sort != "message":
        return calls(act, places, setting)
    if target or addressed:
        return read_send(act, places, setting)
    said = " ".join((*(t.text for t in act.subject), act.verb.lemma, *(t.text for t in act.object)))
    setting.background.append(said[:1].upper() + said[1:])
    return []
