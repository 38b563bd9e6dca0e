"""Takes out of a tree what a description says twice: verbs that only lead to the next act, a summary that the details
repeat, a hand-over to a service that the next act describes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from plainwork.drafting import words as w
from plainwork.drafting.actions import Action
from plainwork.drafting.apps import find_apps
from plainwork.drafting.clauses import Act, Loop
from plainwork.drafting.data import words
from plainwork.drafting.meaning import interpret
from plainwork.drafting.nodes import Do, Each, Fork, If, Node
from plainwork.drafting.places import Setting
from plainwork.drafting.text import Tokens, tokenize
from plainwork.drafting.tree import DEEPEST_LOOPS
from plainwork.drafting.triggers import Reading

_STUDIES = words("study_verbs")
_MODEL = ("llm", "classify", "extract")


def simplify(nodes: list[Node], loops: int = 0) -> list[Node]:
    """The same level with redundant actions, empty branches and empty loops left out, and loops that are too deep opened.
    ``loops``: how many are around it."""
    found: list[Node] = []
    for node in nodes:
        for kept in _inner(node, loops):
            _join(found, kept)
    return _without_weak(found)


def _inner(node: Node, loops: int) -> list[Node]:
    if isinstance(node, Each):
        body = simplify(node.body, loops + 1)
        if loops >= DEEPEST_LOOPS:
            return body
        return [Each(node.over, body, node.leading)] if body else []
    if isinstance(node, If):
        arms = [replace(arm, body=simplify(arm.body, loops)) for arm in node.arms]
        if not any(arm.body for arm in arms):
            return [Do(node.decider)] if node.decider else []
        return [If(arms, node.decider)]
    return [node]


def _join(found: list[Node], node: Node) -> None:
    before = found[-1] if found else None
    if isinstance(node, Each) and isinstance(before, Each) and _same_words(node, before):
        before.body += node.body
        return
    if isinstance(node, Do) and isinstance(before, Do):
        joined = _joined(before.action, node.action, before.statement == node.statement)
        if joined is not None:
            found[-1] = Do(joined, node.statement)
            return
    if isinstance(node, If) and isinstance(before, Do) and before.action.do == "respond" and _answers(node):
        found.pop()
    if isinstance(node, Do) and node.action.do == "classify" and _merge_label(found, node):
        return
    found.append(node)


def _answers(branch: If) -> bool:
    return any(isinstance(node, Do) and node.action.do == "respond" for arm in branch.arms for node in arm.body)


def _same_words(one: Each, other: Each) -> bool:
    return w.singular(w.head_noun(one.over)) == w.singular(w.head_noun(other.over)) and not other.leading


def _joined(first: Action, second: Action, same: bool) -> Action | None:
    """One action for two neighbours that say the same thing; None when both stay."""
    studied = same and first.do == "llm" and first.verb in _STUDIES
    if (first.weak or studied) and second.do in _MODEL:
        return replace(second, app=second.app or first.app, object=second.object or first.object)
    if first.do == "send" and first.channel == "app" and second.app == first.app and second.do in ("call", "fetch"):
        return second
    calls = same and first.do == second.do == "call"
    if calls and first.verb == second.verb == "comment" and first.app == second.app:
        return second
    either = calls and first.verb in ("update", "change") and second.verb in ("create", "add")
    if either and second.app in (None, first.app) and {"one", "new"} & {t.lower for t in second.object}:
        return first
    repeated = first.do == second.do and first.app == second.app and first.app is not None and not same
    if repeated and first.verb == second.verb and w.head_noun(first.object) == w.head_noun(second.object):
        return first
    return None


def _merge_label(found: list[Node], node: Do) -> bool:
    """Several judgements in one sentence (detects spam, selects labels) are one classification."""
    for earlier in found:
        if isinstance(earlier, Do) and earlier.action.do == "classify" and earlier.statement == node.statement:
            earlier.action = replace(earlier.action, words=(*earlier.action.words, *node.action.words))
            return True
    return False


def _without_weak(nodes: list[Node]) -> list[Node]:
    """A weak model step before which or behind which a real one stands adds nothing."""
    real = any(isinstance(node, Do) and node.action.do in _MODEL and not node.action.weak for node in nodes)
    nested = any(isinstance(node, If) and node.decider for node in nodes)
    acts = sum(1 for node in nodes if not (isinstance(node, Do) and node.action.weak))
    kept: list[Node] = []
    for node in nodes:
        weak = isinstance(node, Do) and node.action.weak
        if weak and (
            real
            or nested
            or (acts and isinstance(node, Do) and node.action.verb in ("process", "consider", "understand"))
        ):
            continue
        kept.append(node)
    return kept


def details_only(readings: Sequence[Reading], setting: Setting) -> list[Reading]:
    """The statements without those that only sum up what later ones say in detail."""
    told = [_signs(reading, setting) for reading in readings]
    kept = []
    for at, reading in enumerate(readings):
        later = [signs for signs in told[at + 1 :] if signs]
        if not (_may_sum_up(readings, at, told) and _covered(told[at], later, reading)):
            kept.append(reading)
    return kept


def _may_sum_up(readings: Sequence[Reading], at: int, told: Sequence[Sequence[Action]]) -> bool:
    reading = readings[at]
    if reading.statement.origin != "prose" or any(
        r.statement.origin == "prose" and told[n] for n, r in enumerate(readings[:at])
    ):
        return False
    listed = any(r.statement.origin == "item" and told[n] for n, r in enumerate(readings) if n > at)
    return listed or _speaks_of_agent(reading)


def _speaks_of_agent(reading: Reading) -> bool:
    first = [token.lower for token in reading.statement.tokens[:6]]
    goals = any(isinstance(piece, Act) and piece.goal for piece in reading.pieces)
    return bool(set(first) & {"workflow", "template", "automation", "agent", "flow", "assistant"}) or goals


def _covered(signs: Sequence[Action], later: Sequence[Sequence[Action]], reading: Reading) -> bool:
    flat = [action for row in later for action in row]
    if not signs or not flat or any(isinstance(piece, Loop) for piece in reading.pieces):
        return False
    if len(flat) < len(signs) and len(flat) < 2 and reading.statement.origin == "prose" and len(later) < 1:
        return False
    return all(_repeated(action, flat) for action in signs)


def _repeated(action: Action, later: Sequence[Action]) -> bool:
    if action.app is not None and action.app.sort != "model":
        return any(other.app == action.app for other in later)
    if action.do == "call":
        return any(
            other.verb == action.verb or w.head_noun(other.object) == w.head_noun(action.object) for other in later
        )
    alike = {"llm", "classify", "extract"} if action.do in _MODEL else {action.do}
    return any(other.verb == action.verb or other.do in alike for other in later)


def _signs(reading: Reading, setting: Setting) -> list[Action]:
    trial = Setting(setting.answers, setting.home, inputs=setting.inputs)
    return [action for piece in reading.pieces if isinstance(piece, Act) for action in interpret(piece, trial)]


def source_of(nodes: Sequence[Node]) -> list[Node]:
    """The step that reads what the first node speaks of, when nothing before it has done so: ``if the temperature in
    Berlin is below 0 …`` and ``send me the latest posts`` begin with reading them."""
    first = nodes[0] if nodes else None
    if isinstance(first, If) and first.decider is None and first.arms[0].test:
        told = first.arms[0].test
        there = told[2:] if [token.lower for token in told[:2]] in (["there", "is"], ["there", "are"]) else ()
        named = there if find_apps(there) else _until_verb(told)
        return _reading_of(named, None, told)
    if isinstance(first, Each) and not find_apps(first.over):
        return []
    if isinstance(first, Do) and first.action.do == "send" and _is_message(first.action):
        about = _content_of(first.action.object)
        return _reading_of(about, first.action, about) if about else []
    if isinstance(first, Do) and first.action.do == "send":
        return _reading_of(_without_person(first.action.object), first.action, first.action.object)
    return []


def _reading_of(tokens: Tokens, action: Action | None, whole: Tokens) -> list[Node]:
    noun = w.head_noun(tokens)
    if tokens[:1] and tokens[0].lower == "to":
        return []
    if not noun or noun in w.VAGUE or noun in w.PEOPLE or (action and _text_of(action)):
        return []
    app = next(
        (
            mention.app
            for mention in find_apps(whole)
            if mention.app.sort != "model" and (action is None or mention.app != action.app)
        ),
        None,
    )
    return [Do(Action("fetch", "get", tokens, app, words=tokens))]


def _content_of(tokens: Tokens) -> Tokens:
    """``a text message with the weather forecast`` → ``the weather forecast``: what has to be read first."""
    for at, token in enumerate(tokens[:-1]):
        following = tokens[at + 1].lower
        told = following in ("the", "today's", "current", "latest", "yesterday's", "tomorrow's", "upcoming")
        plural = token.lower == "about" and w.is_plural(w.head_noun(tokens[at + 1 :]))
        if at and token.lower in ("with", "about", "containing", "including") and (told or plural):
            return tuple(w.noun_phrase(tokens[at + 1 :]))
    return ()


def with_texts(nodes: list[Node], written: bool = False) -> list[Node]:
    """The same level where a summary or a joke that is sent, and that nothing before it writes, is written first."""
    found: list[Node] = []
    for node in nodes:
        if isinstance(node, Do):
            text = () if written or node.action.do != "send" else _text_of(node.action)
            if text:
                found.append(Do(Action("llm", "write", text, words=node.action.words), node.statement))
            written = written or bool(text) or node.action.do in ("llm", "extract", "media")
        elif isinstance(node, Each):
            node = Each(node.over, with_texts(node.body, written), node.leading)
            written = written or _writes(node.body)
        elif isinstance(node, Fork):
            written = written or _writes(node.branches)
        else:
            for arm in node.arms:
                arm.body = with_texts(arm.body, written)
            written = written or any(_writes(arm.body) for arm in node.arms)
        found.append(node)
    return found


def _writes(nodes: Sequence[Node]) -> bool:
    return any(isinstance(node, Do) and node.action.do in ("llm", "extract", "media") for node in nodes)


def _text_of(action: Action) -> Tokens:
    phrase = tuple(w.noun_phrase(_without_person(action.object)))
    head = w.head_noun(phrase)
    article = bool(phrase) and phrase[0].lower in ("a", "an", "one")
    if any(token.kind == "quoted" for token in action.object):
        return ()
    if action.verb in ("reply", "respond") and action.channel == "mail":
        return () if {"with", "that"} & {token.lower for token in action.object} else tokenize("a reply")
    return phrase if head in _RECAPPED or (head in _CREATIVE and article) else ()


def _until_verb(tokens: Tokens) -> Tokens:
    for at, token in enumerate(tokens):
        if at and token.lower in _VERBS_OF_STATE:
            return tokens[:at]
    return ()


def _without_person(tokens: Tokens) -> Tokens:
    rest = tokens[1:] if tokens and tokens[0].lower in ("me", "us", "them") else tokens
    for at, token in enumerate(rest):
        if at and token.lower in ("to", "via", "on", "by") and not find_apps(rest[at + 1 : at + 2]):
            return rest[:at]
    return rest


def _is_message(action: Action) -> bool:
    tokens = _without_person(action.object)
    head = w.head_noun(tokens)
    quoted = any(token.kind == "quoted" for token in tokens)
    return (
        quoted
        or not head
        or head in _MESSAGES
        or head in w.PEOPLE
        or head in w.MAILS | w.PHONES
        or head in w.VAGUE
        or any(m.end >= len(tokens) and m.start <= 1 for m in find_apps(tokens))
    )


_VERBS_OF_STATE = words("verbs_of_state")
_MESSAGES = words("message_nouns")
_RECAPPED, _CREATIVE = words("recapped"), words("creative")
