"""Acts on texts and data: writing, judging, extracting, filtering, reshaping; and on the run: waiting, asking, answering."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from plainwork.drafting import words as w
from plainwork.drafting.actions import Action, Do, before_target, channel_of, is_text, media_noun
from plainwork.drafting.apps import find_apps
from plainwork.drafting.clauses import Act, split_objects
from plainwork.drafting.data import words
from plainwork.drafting.fill_models import labels_of
from plainwork.drafting.places import Place, Setting, choose
from plainwork.drafting.services import calls, read_fetch, read_send
from plainwork.drafting.text import Tokens, find_words, tokenize

_CONSENT = words("consent")
_KNOWN = frozenset(["their", "the", "its", "them", "it", "these", "those", "all", "his", "her"])


def read_write(act: Act, places: Sequence[Place], setting: Setting) -> list[Action]:
    """Writing a text, and putting it where the clause says."""
    target = choose(places, "at", "via", "own", "subject", "from")
    into = find_words(act.object, "into") if act.verb.lemma == "turn" else None
    behind = [mention.app for mention in find_apps(act.object[into:])] if into else []
    if behind and behind[0].sort not in ("media", "model"):
        target = behind[0]
        source = next((place.app for place in places if place.app != target and place.app.sort != "model"), None)
        found = [Action("call", "turn", act.object, target, words=act.tokens)]
        if source is None or source.id in setting.seen:
            return found
        return [Action("fetch", "get", act.object[:into], source, words=act.tokens), *found]
    lowers = [token.lower for token in act.object]
    if (
        act.verb.lemma == "write"
        and target is None
        and w.head_noun(act.object) in w.VAGUE
        and {"into", "to"} & set(lowers)
    ):
        return [Action("transform", act.verb.lemma, act.object, words=act.tokens)]
    several = split_objects(act.object)
    pictured = [bool(media_noun(part)) for part in several]
    if len(several) > 1 and any(pictured) and not all(pictured) and target is None:
        return [action for part in several for action in read_write(replace(act, object=part), places, setting)]
    made = media_noun(act.object) or w.head_noun(act.object) in w.PAPERS
    if made and act.verb.lemma in ("generate", "compose", "design", "craft", "draft", "draw", "paint", "illustrate"):
        return [Action("media", act.verb.lemma, act.object, target, words=act.tokens)]
    if target and target.sort == "media":
        return [Action("fetch", act.verb.lemma, act.object, target, words=act.tokens)]
    placed = any(place.relation == "at" and place.app.sort != "model" for place in places)
    files = act.verb.lemma in ("write", "generate", "draft", "improve") and target is not None
    if files and (placed or not is_text(act.object)) and act.verb.lemma != "improve":
        new = is_text(act.object) and act.object[0].lower not in _KNOWN
        text = [Action("llm", act.verb.lemma, before_target(act.object), words=act.tokens)] if new else []
        return [*text, *calls(act, places, setting)]
    object_ = act.object if act.object and not act.passive else (*act.subject, *act.object)
    sent = _posted(act, places)
    written = before_target(object_) if sent else object_
    return [Action("llm", act.verb.lemma, written, words=act.tokens), *sent]


def _posted(act: Act, places: Sequence[Place]) -> list[Action]:
    """``write a summary to Slack``: what is written is also sent, when a place for it is named."""
    lowers = [token.lower for token in act.object]
    if act.verb.lemma == "answer" and lowers[-2:-1] in (["by"], ["via"]) and lowers[-1] in w.MAILS:
        return [Action("send", "reply", (*tokenize("to"), *act.object[:-2]), None, "mail", words=act.tokens)]
    for place in places:
        if place.relation == "at" and place.app.sort in ("message", "mail"):
            channel = channel_of("", (), place.app)
            return [
                Action("send", "post" if channel == "message" else "send", (), place.app, channel, words=act.tokens)
            ]
    return []


def read_analyse(act: Act, places: Sequence[Place], setting: Setting) -> list[Action]:
    """A study by a service that is named, else by a model."""
    target = choose(places, "via", "at", "subject", "own", "from")
    if target and (target.sort == "media" or any(place.relation in ("via", "subject") for place in places)):
        return [Action("fetch", act.verb.lemma, act.object, target, words=act.tokens)]
    return [
        Action(
            "llm",
            act.verb.lemma,
            act.object or act.subject,
            words=act.tokens,
            weak=act.verb.lemma in ("process", "consider", "understand"),
        )
    ]


def read_classify(act: Act, places: Sequence[Place], setting: Setting) -> list[Action]:
    """Labelling a thing at a service, else judging with a model."""
    target = choose(places, "at", "via", "own", "subject", "from")
    if target and act.verb.lemma in ("label", "flag", "moderate", "route", "triage"):
        return calls(act, places, setting)
    do: Do = "llm" if act.verb.lemma in ("score", "rate", "rank", "grade") else "classify"
    return [
        Action(do, act.verb.lemma, act.object if not act.passive else (*act.subject, *act.object), words=act.tokens)
    ]


def read_extract(act: Act, places: Sequence[Place], setting: Setting) -> list[Action]:
    """Taking data out: with a service for documents, else with a model."""
    target = choose(places, "via", "subject", "own", "at", "from")
    lowers = {token.lower for token in act.subject}
    if "merge" in lowers and "node" in lowers:
        return [Action("merge", "merge", act.object, words=act.tokens)]
    if target and (
        target.sort in ("media", "feed") or any(p.relation in ("via", "subject") and p.app == target for p in places)
    ):
        return [Action("fetch", act.verb.lemma, act.object, target, words=act.tokens)]
    held = target is not None and target.sort in ("database", "records", "sheet", "tracker")
    if held and any(place.app == target and place.relation == "from" for place in places):
        return read_fetch(act, places, setting)
    if act.verb.lemma == "transcribe":
        return [Action("media", act.verb.lemma, act.object, target, words=act.tokens)]
    return [Action("extract", act.verb.lemma, act.object or act.subject, words=act.tokens)]


def read_filter(act: Act, places: Sequence[Place], setting: Setting) -> list[Action]:
    """Keeping or leaving out items of a list."""
    lowers = {token.lower for token in act.object}
    if act.verb.lemma == "keep" and "sync" in lowers and places:
        return calls(replace(act, verb=replace(act.verb, lemma="sync", act="update")), places, setting)
    if act.verb.lemma == "keep" and lowers & {"sync", "track", "informed", "updated", "up-to-date", "posted", "date"}:
        return []
    target = choose(places, "from", "at", "own", "via", "subject")
    if act.verb.lemma in ("select", "choose", "pick", "identify") and lowers & {
        "label",
        "labels",
        "category",
        "type",
        "priority",
    }:
        return [Action("classify", act.verb.lemma, act.object, words=act.tokens)]
    if target and act.verb.lemma in ("remove", "drop", "archive") and "duplicates" not in lowers:
        return calls(act, places, setting)
    if act.passive and act.modal:
        return []
    return [
        Action(
            "filter",
            act.verb.lemma,
            act.object if not act.passive else (*act.subject, *act.object),
            words=act.tokens,
            named=act.apart,
        )
    ]


def read_transform(act: Act, places: Sequence[Place], setting: Setting) -> list[Action]:
    """Changing form: in expressions, or with a service for files."""
    target = choose(places, "via", "at", "subject", "own", "from")
    lowers = {token.lower for token in act.object}
    if target and target.sort == "media":
        return [Action("fetch", act.verb.lemma, act.object, target, words=act.tokens)]
    if act.verb.lemma == "order" and "more" in lowers:
        return read_send(act, places, setting) if lowers & w.MAILS else calls(act, places, setting)
    if act.verb.lemma in ("sort", "group", "organise", "organize") and lowers & {"as", "into"}:
        sorting = Action("classify", act.verb.lemma, act.object, words=act.tokens)
        if labels_of(sorting)[1]:
            return [sorting]
    if lowers & w.PAPERS and act.verb.lemma in ("convert", "render", "transform", "compress", "format", "unzip", "zip"):
        return [
            Action(
                "media",
                act.verb.lemma,
                act.object,
                setting.last if not lowers - {"to", "pdf"} else None,
                words=act.tokens,
            )
        ]
    if lowers & (w.SOUNDS | w.FILMS) and act.verb.lemma in ("convert", "transform", "render"):
        return [Action("media", act.verb.lemma, act.object, target, words=act.tokens)]
    if act.verb.lemma == "prepare" and is_text(act.object):
        return [Action("llm", act.verb.lemma, act.object, words=act.tokens)]
    if lowers & w.PICTURES and act.verb.lemma in ("resize", "compress", "crop", "trim", "convert"):
        return [Action("media", act.verb.lemma, act.object, target, words=act.tokens)]
    return [
        Action(
            "transform",
            act.verb.lemma,
            act.object if not act.passive else (*act.subject, *act.object),
            words=act.tokens,
        )
    ]


def read_merge(act: Act, places: Sequence[Place], setting: Setting) -> list[Action]:
    """Bringing lists together, reading those that were not read yet."""
    target = choose(places, "at", "own", "via", "subject", "from")
    requests = {token.lower for token in act.object} & {"pr", "pull", "branch", "request"}
    if requests and (target or setting.home):
        return [Action("call", "merge", act.object, target or setting.home, words=act.tokens)]
    if act.verb.lemma == "aggregate" and any(place.app.sort == "feed" for place in places):
        return read_fetch(act, places, setting)
    read = [place.app for place in places if place.app.id not in setting.seen and place.relation in ("from", "own")]
    sources = [
        Action("fetch", "get", tokenize(f"the {w.head_noun_of_lists(act.object)}"), app, words=act.tokens)
        for app in read
    ]
    return [*sources, Action("merge", act.verb.lemma, act.object, words=act.tokens)]


def read_wait(act: Act, places: Sequence[Place], setting: Setting) -> list[Action]:
    """Waiting for time to pass, or for a person."""
    lowers = {token.lower for token in act.object}
    if lowers & {"approval", "confirmation", "approve", "sign-off", "approved", "review", "decision"}:
        return [Action("approve", "wait", act.object, words=act.tokens)]
    return [Action("wait", act.verb.lemma, act.object, words=act.tokens)]


def read_approve(act: Act, places: Sequence[Place], setting: Setting) -> list[Action]:
    """Asking a person to decide."""
    channel = choose(places, "via", "at", "own", "from", "subject")
    lowers = {token.lower for token in act.object}
    if "automatically" in lowers and not act.subject:
        return calls(replace(act, object=tuple(t for t in act.object if t.lower != "automatically")), places, setting)
    if channel and act.verb.lemma == "ask" and not lowers & {"approval", "approve", "confirmation", "permission"}:
        return [Action("send", "ask", act.object, channel, channel_of("", (), channel), words=act.tokens)]
    if act.verb.lemma == "ask" and (lowers & w.MAILS or "for" in lowers) and not lowers & _CONSENT:
        return read_send(act, places, setting) if lowers & w.MAILS else []
    return [Action("approve", act.verb.lemma, _asked_person((*act.subject, *act.object)), words=act.tokens)]


def _asked_person(tokens: Tokens) -> Tokens:
    """``the finance manager for approval first`` → ``the finance manager``."""
    for at, token in enumerate(tokens):
        if at and token.lower in ("for", "to", "before", "first", "whether", "if"):
            return tokens[:at]
    return tokens


def read_respond(act: Act, places: Sequence[Place], setting: Setting) -> list[Action]:
    """Answering: in a service, by mail, to the caller, or not at all when it is the agent's own output."""
    bound = [
        place for place in places if place.relation in ("via", "at") or (place.relation == "own" and not act.passive)
    ]
    target = choose(bound, "via", "at", "own")
    lowers = {token.lower for token in act.tokens}
    if target and target.sort != "forms":
        return read_send(act, places, setting)
    if act.verb.lemma in ("reply", "respond") and (setting.mailed or lowers & (w.MAILS | {"sender"})):
        return [Action("send", "reply", act.object, None, "mail", words=act.tokens)]
    if not setting.answers and setting.home and act.verb.lemma in ("reply", "respond") and not act.passive:
        return [Action("call", "comment", act.object, setting.home, words=act.tokens)]
    if setting.answers:
        return [Action("respond", act.verb.lemma, act.object or act.subject, words=act.tokens)]
    if act.verb.lemma == "provide" and is_text(act.object):
        return [Action("llm", "write", act.object, words=act.tokens)]
    return []
