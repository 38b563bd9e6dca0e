"""From what a clause says to what a step does: an act becomes no, one or several actions.

An action says what is done (``do``), with which service and to what; no step kind is chosen here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from plainwork.drafting import words as w
from plainwork.drafting.apps import App, find_apps
from plainwork.drafting.clauses import Act, split_objects
from plainwork.drafting.data import words
from plainwork.drafting.places import HOLDS, RELATION, Place, Setting, choose, home_for, places_of, related
from plainwork.drafting.text import Token, Tokens, tokenize

Do = Literal[
    "fetch", "call", "send", "llm", "classify", "extract", "filter", "transform", "merge", "wait", "approve", "respond",
    "media", "open",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do. ``object``: what it is done to, as written; ``words``: every word of the clause, for values in it;
    ``channel`` of a send: mail, phone, message, web or "" when the text does not say. ``weak``: only leads to the next one."""

    do: Do
    verb: str
    object: Tokens = ()
    app: App | None = None
    channel: str = ""
    words: Tokens = ()
    weak: bool = False
    named: str = ""


_AGENTS_ALWAYS = words("agents_always")
_MEDIA = w.PICTURES | w.SOUNDS | w.FILMS
_MODEL_WORDS = (
    ("ai",), ("llm",), ("language", "model"), ("ai", "model"), ("ai", "agent"), ("gpt",), ("chat", "model"), ("llms",), ("generative", "ai"),
)  # fmt: skip
_NOMINAL = {
    "summarization": "summarize", "summarisation": "summarise", "summary": "summarize", "analysis": "analyze",
    "translation": "translate", "classification": "classify", "categorization": "categorize", "extraction": "extract",
    "review": "review", "evaluation": "evaluate", "moderation": "moderate", "sentiment": "classify",
}  # fmt: skip


def interpret(act: Act, setting: Setting) -> list[Action]:
    """The actions that an act stands for, in order; none when it only describes the agent itself or its inputs."""
    if describes_agent(act, setting):
        return []
    places = places_of(act)
    if is_model_work(act, places):
        return [_model_action(act, places)]
    read = _READERS.get(act.verb.act)
    actions = read(act, places, setting) if read else []
    for action in actions:
        if action.app:
            setting.meet(action.app)
    return actions


def describes_agent(act: Act, setting: Setting) -> bool:
    """Whether the clause speaks of the agent, its start, its inputs or its limits rather than of something to do."""
    verb, subject = act.verb, {token.lower for token in act.subject}
    head = w.head_noun(act.object)
    lowers = {token.lower for token in act.object}
    if verb.act in ("begin", "goal", "give") or "trigger" in act.goal:
        return True
    if verb.act in ("create", "write") and not act.object and not act.passive and not act.subject:
        return True
    if verb.act in ("create", "write", "update", "fetch", "use", "send") and _names_agent(act, head):
        return True
    if act.modal in ("should", "must", "may", "might", "could") and act.passive and not places_of(act):
        setting.background.append(" ".join(t.text for t in (*act.subject, *act.object)))
        return True
    if (
        subject & {"user", "users", "customer", "customers", "visitor", "person", "i", "you", "they"}
        and verb.act != "approve"
    ):
        asked = {
            "provide",
            "submit",
            "upload",
            "send",
            "post",
            "fill",
            "register",
            "share",
            "present",
            "write",
            "issue",
            "search",
        }
        return verb.lemma in asked or act.modal in ("can", "could", "may")
    return verb.act == "use" and bool(lowers & {"trigger", "webhook", "cron"})


def _names_agent(act: Act, head: str) -> bool:
    first = w.noun_phrase(act.object)
    named = head in _AGENTS_ALWAYS or (head in w.AGENT_NOUNS and not find_apps(first))
    return named or (act.verb.lemma in ("schedule", "run", "execute") and head in ("workflow", "agent", "this"))


def is_model_work(act: Act, places: Sequence[Place]) -> bool:
    """Whether a language model does it: one is named, as the tool or as where things are sent."""
    if act.verb.act in ("receive", "respond", "wait", "approve"):
        return False
    model = any(place.app.sort == "model" and place.relation != "own" for place in places) or _names_model(act)
    return model and not any(place.app.sort != "model" and place.relation == "at" for place in places)


def _names_model(act: Act) -> bool:
    words = [token.lower.strip(".") for token in (*act.tool, *act.subject)]
    after = [t.lower for t in act.object]
    for at, word in enumerate(after):
        if word in ("using", "with", "via", "by", "to") and at + 1 < len(after):
            words += after[at + 1 : at + 4]
    return any(tuple(words[at : at + len(name)]) == name for name in _MODEL_WORDS for at in range(len(words)))


def _model_action(act: Act, places: Sequence[Place]) -> Action:
    do: Do = "classify" if act.verb.act in ("classify", "check") else "extract" if act.verb.act == "extract" else "llm"
    lowers = [token.lower for token in act.object]
    nominal = next((_NOMINAL[word] for word in lowers if word in _NOMINAL and "for" in lowers), None)
    real = act.verb.act in ("write", "classify", "extract", "check") or nominal is not None or _is_text(act.object)
    verb = nominal or act.verb.lemma
    if media_noun(act.object) and act.verb.act in ("create", "write"):
        return Action("media", verb, act.object, None, words=act.tokens)
    model = next((place.app for place in places if place.app.sort == "model"), None)
    return Action(do, verb, act.object, model, words=act.tokens, weak=not real)


def media_noun(tokens: Sequence[Token]) -> bool:
    """Whether the phrase names a picture, a sound or a film (``a podcast audio file``)."""
    phrase = {token.lower for token in w.noun_phrase(tokens)}
    return w.head_noun(tokens) in _MEDIA or (
        w.head_noun(tokens) in ("file", "files", "version") and bool(phrase & _MEDIA)
    )


def _is_text(tokens: Sequence[Token]) -> bool:
    phrase = {token.lower for token in w.noun_phrase(tokens)}
    return w.head_noun(tokens) in w.TEXTS or bool(
        phrase & {"summary", "story", "article", "script"} and not phrase & w.SOUNDS
    )


def _fetch(act: Act, places: Sequence[Place], setting: Setting) -> list[Action]:
    head = w.head_noun(act.object) or w.head_noun(act.subject)
    if (head in setting.inputs or head in ("input", "inputs")) and not places:
        return []
    parts = _parts(act, ("subject", "from", "own", "at", "via"), share=True)
    return [
        Action("fetch", act.verb.lemma, part, app or home_for(part, setting), words=act.tokens) for part, app in parts
    ]


def _check(act: Act, places: Sequence[Place], setting: Setting) -> list[Action]:
    lowers = [token.lower for token in act.object]
    if lowers[:1] == ["with"] or act.verb.lemma == "consult":
        return [Action("approve", "ask", act.object[1:], words=act.tokens)]
    if not lowers and not act.subject:
        return []
    return _fetch(act, places, setting)


def _create(act: Act, places: Sequence[Place], setting: Setting) -> list[Action]:
    target = choose(places, "at", "own", "via", "subject", "from")
    made = act.object if act.object and not act.passive else (*act.subject, *act.object)
    if (
        media_noun(made)
        and target is None
        and act.verb.act == "create"
        and act.verb.lemma not in ("add", "attach", "file", "open")
    ):
        return [Action("media", act.verb.lemma, made, None, words=act.tokens)]
    if target is None and _is_text(made) and not _calls_request(act):
        return [Action("llm", act.verb.lemma, made, words=act.tokens)]
    return _calls(act, places, setting, made)


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


def _calls(act: Act, places: Sequence[Place], setting: Setting, made: Tokens | None = None) -> list[Action]:
    made = made if made is not None else (act.object if act.object and not act.passive else (*act.subject, *act.object))
    several = act.verb.act in ("create", "delete", "store", "update")
    parts = _parts(replace(act, object=made, passive=False), ("at", "own", "via", "subject", "from"), share=several)
    found = []
    for part, app in parts:
        where = app or home_for(part, setting) or _again(act, part, setting)
        found.append(Action("call", act.verb.lemma, part, where, words=act.tokens))
    return [*_source(places, found, setting), *found]


def _again(act: Act, part: Tokens, setting: Setting) -> App | None:
    """An update without a place of its own is about a service spoken of before: the one that holds such things, else the latest."""
    lowers = {token.lower for token in part}
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


def _source(places: Sequence[Place], found: Sequence[Action], setting: Setting) -> list[Action]:
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
            return [Action("fetch", "get", _before_target(object_), app, words=object_)]
    return []


def _before_target(tokens: Tokens) -> Tokens:
    for at, token in enumerate(tokens):
        if at and RELATION.get(token.lower) in ("at", "via"):
            return tokens[:at]
    return tokens


def _store(act: Act, places: Sequence[Place], setting: Setting) -> list[Action]:
    return _calls(act, places, setting)


def _update(act: Act, places: Sequence[Place], setting: Setting) -> list[Action]:
    if act.verb.lemma in ("enrich", "complete") and places:
        return [
            Action(
                "fetch",
                act.verb.lemma,
                act.object,
                choose(places, "via", "at", "own", "subject", "from"),
                words=act.tokens,
            )
        ]
    if act.verb.lemma.startswith("sync"):
        return _sync(act, places, setting)
    return _calls(act, places, setting)


def _sync(act: Act, places: Sequence[Place], setting: Setting) -> list[Action]:
    source = next((place.app for place in places if place.relation in ("from", "own")), None)
    target = next((place.app for place in reversed(places) if place.relation in ("at", "via")), None)
    found = []
    if source and source != target:
        found.append(Action("fetch", "get", _before_target(act.object), source, words=act.tokens))
    return [
        *found,
        Action("call", act.verb.lemma, act.object, target or (None if source else setting.last), words=act.tokens),
    ]


def _send(act: Act, places: Sequence[Place], setting: Setting) -> list[Action]:
    lowers = [token.lower for token in act.object]
    nominal = next((_NOMINAL[word] for word in lowers if word in _NOMINAL), None)
    if act.verb.lemma == "pass" and not places and nominal is None:
        return []
    made = act.object if not act.passive else (*act.subject, *act.object)
    found: list[Action] = []
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
        channel = channel_of(act.verb.lemma, part, app)
        found.append(Action("send", act.verb.lemma, part, app, channel, words=(*part, *act.tool)))
    return [*_source(places, found, setting), *found]


def _send_parts(act: Act, made: Tokens, places: Sequence[Place]) -> list[tuple[Tokens, App | None]]:
    target = choose([place for place in places if place.relation != "from"], "at", "via", "own", "subject")
    parts = split_objects(made)
    named = [(part, _own_target(part)) for part in parts]
    distinct = [channel_of("", part, app) for part, app in named]
    if len(parts) > 1 and all(distinct):
        first = parts[0]
        whole = [
            (part if w.head_noun(part) and not _only_app(part) else (*_before_target(first), *part), app)
            for part, app in named
        ]
        return whole
    if target is None and (lone := _own_target(made)):
        target = lone
    return [(made, target if target is None or target.sort != "model" else None)]


def _only_app(part: Tokens) -> bool:
    mentions = find_apps(part)
    return bool(mentions) and mentions[0].start <= 1 and mentions[0].end >= len(part)


def _own_target(part: Tokens) -> App | None:
    bound = [place for place in related(part) if place[0].sort != "model"]
    for order in (("at", "via"), ("own",)):
        for app, relation in bound:
            if relation in order:
                return app
    return None


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


def _write(act: Act, places: Sequence[Place], setting: Setting) -> list[Action]:
    target = choose(places, "at", "via", "own", "subject", "from")
    made = media_noun(act.object) or w.head_noun(act.object) in w.PAPERS
    if made and act.verb.lemma in ("generate", "compose", "design", "craft", "draft"):
        return [Action("media", act.verb.lemma, act.object, target, words=act.tokens)]
    if target and target.sort == "media":
        return [Action("fetch", act.verb.lemma, act.object, target, words=act.tokens)]
    placed = any(place.relation == "at" and place.app.sort != "model" for place in places)
    files = act.verb.lemma in ("write", "generate", "draft", "improve") and target is not None
    if files and (placed or not _is_text(act.object)) and act.verb.lemma != "improve":
        text = (
            [Action("llm", act.verb.lemma, _before_target(act.object), words=act.tokens)]
            if _is_text(act.object)
            else []
        )
        return [*text, *_calls(act, places, setting)]
    object_ = act.object if act.object and not act.passive else (*act.subject, *act.object)
    sent = _posted(act, places)
    written = _before_target(object_) if sent else object_
    return [Action("llm", act.verb.lemma, written, words=act.tokens), *sent]


def _posted(act: Act, places: Sequence[Place]) -> list[Action]:
    """``write a summary to Slack``: what is written is also sent, when a place for it is named."""
    for place in places:
        if place.relation == "at" and place.app.sort in ("message", "mail"):
            channel = channel_of("", (), place.app)
            return [
                Action("send", "post" if channel == "message" else "send", (), place.app, channel, words=act.tokens)
            ]
    return []


def _analyse(act: Act, places: Sequence[Place], setting: Setting) -> list[Action]:
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


def _classify(act: Act, places: Sequence[Place], setting: Setting) -> list[Action]:
    target = choose(places, "at", "via", "own", "subject", "from")
    if target and act.verb.lemma in ("label", "flag", "moderate", "route", "triage", "rate"):
        return _calls(act, places, setting)
    do: Do = "llm" if act.verb.lemma in ("score", "rate", "rank", "grade") else "classify"
    return [
        Action(do, act.verb.lemma, act.object if not act.passive else (*act.subject, *act.object), words=act.tokens)
    ]


def _extract(act: Act, places: Sequence[Place], setting: Setting) -> list[Action]:
    target = choose(places, "via", "subject", "own", "at", "from")
    lowers = {token.lower for token in act.subject}
    if "merge" in lowers and "node" in lowers:
        return [Action("merge", "merge", act.object, words=act.tokens)]
    if target and (
        target.sort in ("media", "feed") or any(p.relation in ("via", "subject") and p.app == target for p in places)
    ):
        return [Action("fetch", act.verb.lemma, act.object, target, words=act.tokens)]
    if act.verb.lemma == "transcribe":
        return [Action("media", act.verb.lemma, act.object, target, words=act.tokens)]
    return [Action("extract", act.verb.lemma, act.object or act.subject, words=act.tokens)]


def _filter(act: Act, places: Sequence[Place], setting: Setting) -> list[Action]:
    lowers = {token.lower for token in act.object}
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
        return _calls(act, places, setting)
    if act.passive and act.modal:
        return []
    return [
        Action(
            "filter", act.verb.lemma, act.object if not act.passive else (*act.subject, *act.object), words=act.tokens
        )
    ]


def _transform(act: Act, places: Sequence[Place], setting: Setting) -> list[Action]:
    target = choose(places, "via", "at", "subject", "own", "from")
    lowers = {token.lower for token in act.object}
    if target and target.sort == "media":
        return [Action("fetch", act.verb.lemma, act.object, target, words=act.tokens)]
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
    if act.verb.lemma == "prepare" and _is_text(act.object):
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


def _merge(act: Act, places: Sequence[Place], setting: Setting) -> list[Action]:
    target = choose(places, "at", "own", "via", "subject", "from")
    requests = {token.lower for token in act.object} & {"pr", "pull", "branch", "request"}
    if requests and (target or setting.home):
        return [Action("call", "merge", act.object, target or setting.home, words=act.tokens)]
    if act.verb.lemma == "aggregate" and any(place.app.sort == "feed" for place in places):
        return _fetch(act, places, setting)
    read = [place.app for place in places if place.app.id not in setting.seen and place.relation in ("from", "own")]
    sources = [
        Action("fetch", "get", tokenize(f"the {w.head_noun_of_lists(act.object)}"), app, words=act.tokens)
        for app in read
    ]
    return [*sources, Action("merge", act.verb.lemma, act.object, words=act.tokens)]


def _wait(act: Act, places: Sequence[Place], setting: Setting) -> list[Action]:
    lowers = {token.lower for token in act.object}
    if lowers & {"approval", "confirmation", "approve", "sign-off", "approved", "review", "decision"}:
        return [Action("approve", "wait", act.object, words=act.tokens)]
    return [Action("wait", act.verb.lemma, act.object, words=act.tokens)]


def _approve(act: Act, places: Sequence[Place], setting: Setting) -> list[Action]:
    channel = choose(places, "via", "at", "own", "from", "subject")
    lowers = {token.lower for token in act.object}
    if channel and act.verb.lemma == "ask" and not lowers & {"approval", "approve", "confirmation", "permission"}:
        return [Action("send", "ask", act.object, channel, channel_of("", (), channel), words=act.tokens)]
    return [Action("approve", act.verb.lemma, (*act.subject, *act.object), words=act.tokens)]


def _respond(act: Act, places: Sequence[Place], setting: Setting) -> list[Action]:
    bound = [
        place for place in places if place.relation in ("via", "at") or (place.relation == "own" and not act.passive)
    ]
    target = choose(bound, "via", "at", "own")
    lowers = {token.lower for token in act.tokens}
    if target and target.sort != "forms":
        return _send(act, places, setting)
    if act.verb.lemma in ("reply", "respond") and lowers & (w.MAILS | {"sender"}):
        return [Action("send", "reply", act.object, None, "mail", words=act.tokens)]
    if setting.answers:
        return [Action("respond", act.verb.lemma, act.object or act.subject, words=act.tokens)]
    if act.verb.lemma == "provide" and _is_text(act.object):
        return [Action("llm", "write", act.object, words=act.tokens)]
    return []


def _receive(act: Act, places: Sequence[Place], setting: Setting) -> list[Action]:
    target = choose(places, "via", "at", "own", "from", "subject")
    wanted = bool(act.goal) or not act.subject or bool({t.lower for t in act.subject} & {"i", "you", "we", "users"})
    if wanted and target:
        return [
            Action("send", "send", _before_target(act.object), target, channel_of("", (), target), words=act.tokens)
        ]
    if wanted and {t.lower for t in act.object} & w.MAILS and act.goal:
        return [Action("send", "send", act.object, None, "mail", words=act.tokens)]
    return []


def _use(act: Act, places: Sequence[Place], setting: Setting) -> list[Action]:
    target = choose(places, "own", "via", "at", "from", "subject")
    return (
        [Action("fetch", "call", act.object, target, words=act.tokens)] if target and act.verb.lemma == "invoke" else []
    )


_Reader = Callable[[Act, Sequence[Place], Setting], list[Action]]
_READERS: dict[str, _Reader] = {
    "fetch": _fetch, "check": _check, "create": _create, "update": _update, "delete": _calls, "send": _send, "store": _store,
    "write": _write, "analyse": _analyse, "classify": _classify, "extract": _extract, "filter": _filter, "transform": _transform,
    "merge": _merge, "wait": _wait, "approve": _approve, "respond": _respond, "receive": _receive, "use": _use,
}  # fmt: skip


def _parts(act: Act, order: Sequence[str], share: bool) -> list[tuple[Tokens, App | None]]:
    """The object's parts, one step each, with the app of each. Parts without an app of their own take a neighbour's."""
    whole_app = choose(places_of(act), *order)
    parts = split_objects(act.object)
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
