"""From what a clause says to what a step does: an act becomes no, one or several actions. No step kind is chosen here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from plainwork.drafting import words as w
from plainwork.drafting.actions import NOMINAL, Action, Do, before_place, is_text, media_noun
from plainwork.drafting.apps import find_apps
from plainwork.drafting.clauses import Act
from plainwork.drafting.data import words
from plainwork.drafting.data_work import (
    read_analyse,
    read_approve,
    read_classify,
    read_extract,
    read_filter,
    read_merge,
    read_respond,
    read_transform,
    read_wait,
    read_write,
)
from plainwork.drafting.places import Place, Setting, places_of
from plainwork.drafting.services import (
    calls,
    read_check,
    read_create,
    read_fetch,
    read_receive,
    read_send,
    read_store,
    read_unlisted,
    read_update,
    read_use,
)
from plainwork.drafting.verbs import look_up

_USERS = frozenset(("user", "users", "visitor", "visitors"))


_OWN_STARTS = words("own_starts")


_AGENTS_ALWAYS = words("agents_always")


_MODEL_WORDS = (
    ("ai",),
    ("llm",),
    ("language", "model"),
    ("ai", "model"),
    ("ai", "agent"),
    ("gpt",),
    ("chat", "model"),
    ("llms",),
    ("generative", "ai"),
)


def interpret(act: Act, setting: Setting) -> list[Action]:
    """The actions that an act stands for, in order; none when it only describes the agent itself or its inputs."""
    if act.object and act.object[0].lower == "nothing":
        return []
    act = _performed(act)
    if describes_agent(act, setting):
        return []
    places = places_of(act)
    if is_model_work(act, places):
        return [_model_action(act, places)]
    read = _READERS.get(act.verb.act)
    actions = read(act, places, setting) if read else []
    actions = [*_unread_source(act, actions, places, setting), *actions]
    for action in actions:
        if action.app:
            setting.meet(action.app)
    return actions


def _performed(act: Act) -> Act:
    """``run a sentiment analysis`` → analyse."""
    if act.verb.lemma not in _PERFORMING:
        return act
    noun = next((token.lower for token in w.noun_phrase(act.object) if token.lower in NOMINAL), "")
    found = look_up(NOMINAL[noun], "base") if noun else None
    return replace(act, verb=found) if found else act


_PERFORMING = frozenset(["run", "perform", "conduct", "do", "execute"])


def _unread_source(act: Act, actions: Sequence[Action], places: Sequence[Place], setting: Setting) -> list[Action]:
    """``summarise the open Jira tickets``: what a model works on is read first when the clause names its place."""
    if not actions or actions[0].do not in ("llm", "classify", "extract") or actions[0].app:
        return []
    for place in places:
        app = place.app
        apart = place.relation in ("own", "from") and app.sort not in ("model", "media")
        if apart and app.id not in setting.seen and not any(action.app == app for action in actions):
            read = before_place(act.object, app)
            return [Action("fetch", "get", read, app, words=act.object)] if read else []
    return []


def describes_agent(act: Act, setting: Setting) -> bool:
    """Whether the clause speaks of the agent, its start, its inputs or its limits rather than of something to do."""
    verb, subject = act.verb, {token.lower for token in act.subject}
    head = w.head_noun(act.subject if act.passive and act.subject else act.object)
    lowers = {token.lower for token in act.object}
    if verb.act == "begin" and not _starts_other(act, head):
        return True
    if verb.act == "goal" or "trigger" in act.goal or (verb.act == "give" and not _gives_text(act)):
        return True
    if verb.act in ("create", "write") and not act.object and not act.passive and not act.subject:
        return True
    if verb.act in ("create", "write", "update", "fetch", "use", "send") and _names_agent(act, head):
        return True
    if act.modal in ("should", "must", "may", "might", "could") and act.passive and not places_of(act):
        setting.background.append(" ".join(t.text for t in (*act.subject, *act.object)))
        return True
    if subject & _USERS and not act.passive and verb.act not in ("approve", "receive"):
        return True
    if subject & {"i", "you", "they"} and verb.act != "approve" and act.modal in ("can", "could", "may"):
        return True
    return verb.act == "use" and bool(lowers & {"trigger", "webhook", "cron"})


def _gives_text(act: Act) -> bool:
    """``give a score and some advice``: the agent writes it; what a user gives is an input."""
    return not act.passive and verb_gives(act) and (is_text(act.object) or w.head_noun(act.object) in _GIVEN)


def verb_gives(act: Act) -> bool:
    """Whether somebody else than a user gives something."""
    return act.verb.lemma == "give" and not {token.lower for token in act.subject} & (_USERS | w.PEOPLE)


_GIVEN = frozenset(["score", "scores", "rating", "comment", "comments", "evaluation", "grade", "reasons", "examples"])


def _starts_other(act: Act, head: str) -> bool:
    """``run the tests``, ``trigger a deployment``: something else than the agent is started."""
    lowers = {token.lower for token in act.object}
    definite = act.object[:1] and act.object[0].lower in ("a", "an", "the", "my", "our", "another", "its")
    own = head in w.AGENT_NOUNS and not find_apps(act.object)
    return bool(definite) and act.verb.form in ("base", "s") and not own and not lowers & _OWN_STARTS


def _names_agent(act: Act, head: str) -> bool:
    first = w.noun_phrase(act.object)
    named = head in _AGENTS_ALWAYS or (head in w.AGENT_NOUNS and not find_apps(first))
    return named or (act.verb.lemma in ("schedule", "run", "execute") and head in ("workflow", "agent", "this"))


def is_model_work(act: Act, places: Sequence[Place]) -> bool:
    """Whether a language model does it: one is named, as the tool or as where things are sent."""
    if act.verb.act in ("receive", "respond", "wait", "approve"):
        return False
    if act.verb.act == "send":
        return any(place.app.sort == "model" and place.relation == "at" for place in places) or _names_model(act)
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
    scores = act.verb.lemma in ("score", "rate", "rank", "grade")
    do: Do = (
        "classify"
        if act.verb.act in ("classify", "check") and not scores
        else "extract"
        if act.verb.act == "extract"
        else "llm"
    )
    lowers = [token.lower for token in act.object]
    nominal = next((NOMINAL[word] for word in lowers if word in NOMINAL and "for" in lowers), None)
    real = (
        scores
        or act.verb.act in ("write", "classify", "extract", "check")
        or nominal is not None
        or is_text(act.object)
    )
    verb = nominal or act.verb.lemma
    if media_noun(act.object) and act.verb.act in ("create", "write"):
        return Action("media", verb, act.object, None, words=act.tokens)
    model = next((place.app for place in places if place.app.sort == "model"), None)
    return Action(do, verb, act.object, model, words=act.tokens, weak=not real)


_Reader = Callable[[Act, Sequence[Place], Setting], list[Action]]


_READERS: dict[str, _Reader] = {
    "fetch": read_fetch,
    "check": read_check,
    "create": read_create,
    "update": read_update,
    "delete": calls,
    "send": read_send,
    "store": read_store,
    "write": read_write,
    "analyse": read_analyse,
    "classify": read_classify,
    "extract": read_extract,
    "filter": read_filter,
    "transform": read_transform,
    "merge": read_merge,
    "wait": read_wait,
    "approve": read_approve,
    "respond": read_respond,
    "receive": read_receive,
    "begin": calls,
    "give": read_write,
    "do": read_unlisted,
    "use": read_use,
}
