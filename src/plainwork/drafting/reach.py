"""How far the words of an act reach: the loop they ask for, the condition in a relative clause, the label they name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from plainwork.drafting import words as w
from plainwork.drafting.actions import Action
from plainwork.drafting.apps import find_apps
from plainwork.drafting.clauses import PARALLEL, Act, split_objects
from plainwork.drafting.conditions import read_test
from plainwork.drafting.data import words
from plainwork.drafting.fill_models import labels_of
from plainwork.drafting.naming import url_noun
from plainwork.drafting.nodes import Arm, Do, Each, If, Node
from plainwork.drafting.text import Token, Tokens, find_words, tokenize
from plainwork.drafting.verbs import readings

_RELATIVE = frozenset(["that", "which", "who", "whose", "where", "with", "having"])
_COMPARING = words("comparing")


def reads_of(nodes: Sequence[Node]) -> list[Action]:
    """The actions among the nodes that read something."""
    return [node.action for node in nodes if isinstance(node, Do) and node.action.do == "fetch"]


STATE_VERBS = words("verbs_of_state")


def without_place(tokens: Tokens) -> Tokens:
    """``a customer exists in Stripe`` → ``a customer exists``."""
    place = next((mention for mention in find_apps(tokens) if mention.end == len(tokens)), None)
    exists = place is not None and {"exists", "exist"} & {token.lower for token in tokens}
    return tokens[: place.start - 1] if place and exists and place.start > 2 else tokens


def spread(judged: Action, act: Act) -> list[Act]:
    """``complaints go to Slack, questions to Gmail and the rest to Notion``: one act for each label."""
    if not act.subject or not label_of(judged, act):
        return [act]
    parts = split_objects(act.object)
    link = parts[0][0].lower if parts else ""
    found = [replace(act, object=parts[0])] if link in w.PREPOSITIONS else [act]
    for part in parts[1:] if link in w.PREPOSITIONS else ():
        at = next((at for at, token in enumerate(part) if token.lower == link), 0)
        if not at or not label_of(judged, replace(act, subject=part[:at])):
            return [act]
        found.append(replace(act, subject=part[:at], object=part[at:]))
    return found


_READS = ("fetch", "filter", "transform", "merge")


def comes_first(node: Node, told: Tokens) -> bool:
    """Whether a node comes before a condition at the end of its sentence: it reads, or makes what is asked about."""
    if not isinstance(node, Do):
        return False
    action = node.action
    makes = action.do in ("llm", "classify", "extract") and action.verb in w.content_words(told)
    return action.do in _READS or makes


def nouns_of(action: Action) -> list[str]:
    """What an action reads: its object's head, and the last word of an address."""
    return [w.head_noun(action.object), *(url_noun(token.text) for token in action.words if token.kind == "url")]


def asks_within(act: Act) -> bool:
    """``is checked using the node which determines if …``: the question belongs to a verb inside the object."""
    return bool(act.object) and any(verb.act == "check" for verb in readings(act.object[-1].lower))


def tested(test: Tokens, body: list[Node]) -> list[Node]:
    """The body, under the condition if there is one."""
    return [If([Arm(test, body)])] if test else body


def alike(branch: If, tokens: Sequence[Token]) -> bool:
    """Whether a further condition speaks of what the branch already asks about."""
    if branch.decider:
        return branch.decider.named != "question" and may_judge(branch.decider, tokens)
    says = [token.lower for token in tokens[:2]]
    if says in (["it", "is"], ["it", "equals"], ["they", "are"]) and len(tokens) <= 4:
        return any({"is", "are", "equals"} & {t.lower for t in arm.test} for arm in branch.arms)
    mine = w.content_words(tokens) | _kinds(tokens)
    return any(mine & (w.content_words(arm.test) | _kinds(arm.test)) for arm in branch.arms if arm.test)


_LEVELS = words("priority_levels")


def mood_of(tokens: Tokens) -> Action | None:
    """The judgement that a condition on somebody's mood needs: ``if the review is positive``."""
    lowers = {token.lower for token in tokens}
    if (
        not lowers & w.MOODS
        or any(token.kind == "number" for token in tokens)
        or lowers & {"result", "balance", "test"}
    ):
        return None
    spoken = tuple(token for token in tokens if token.lower not in w.MOODS | {"sentiment", "is", "are", "of", "if"})
    about = tuple(token for token in w.noun_phrase(spoken) if token.lower != "the") or tokenize("text")
    return Action("classify", "classify", (*tokenize("the sentiment of"), *about), words=tokens)


def kind_of(tokens: Tokens, spoken_of: str) -> Action | None:
    """The judgement that ``if the email is a question`` needs: what a text is, no field of it says. ``spoken_of``: what
    "it" stands for."""
    lowers = [token.lower for token in tokens]
    at = next((at for at, word in enumerate(lowers[:6]) if at and word in _JUDGED_BY), 0)
    noun = w.singular(w.head_noun(tokens[:at])) if at else ""
    noun = spoken_of if not noun or noun in w.VAGUE else noun
    told = [word for word in lowers[at + 1 :] if word != "not"]
    judged = lowers[at] not in ("is", "are") or (told[:1] and (told[0] in ("a", "an", "about") or told[0] in w.MASSES))
    if not at or not judged or noun not in _READ_BY_PEOPLE or "or" in lowers or read_test(tokens, "it", noun=noun).sure:
        return None
    return Action("classify", "decide", tuple(t for t in tokens if t.lower != "not"), words=tokens, named="question")


def kinds_of(branch: If, tokens: Tokens, spoken_of: str) -> Action | None:
    """``if it is about a refund …; if it is about a bug …``: one judgement that knows every kind that is told."""
    if branch.decider is None or branch.decider.words[:1] != branch.arms[0].test[:1]:
        return None
    spoken_of = spoken_of or w.singular(w.head_noun(branch.arms[0].test))
    if kind_of(tokens, spoken_of) is None or any(arm.negated or not arm.test for arm in branch.arms):
        return None
    labels = [_kind_told(test) for test in (*(arm.test for arm in branch.arms), tokens)]
    return replace(
        branch.decider,
        named="",
        object=tokenize(f"what it is as {', '.join(labels)} or other"),
        words=branch.arms[0].test,
    )


def _kind_told(tokens: Tokens) -> str:
    at = next((at for at, token in enumerate(tokens) if token.lower in _JUDGED_BY), -1)
    told = [token.text for token in tokens[at + 1 :]]
    while len(told) > 1 and told[0].lower() in ("about", "a", "an", "the", "not"):
        told.pop(0)
    return " ".join(told[:4])


_JUDGED_BY = frozenset(["is", "are", "asks", "complains", "sounds", "seems", "praises", "criticises", "criticizes"])
_READ_BY_PEOPLE = words("read_by_people")


def _kinds(tokens: Sequence[Token]) -> set[str]:
    lowers = {token.lower for token in tokens}
    return {name for name, of in (("priority", _LEVELS), ("sentiment", w.MOODS)) if lowers & of}


def without_relative(act: Act) -> tuple[Act, Tokens]:
    """``mail those sites that are down``: a relative clause behind what is written is a condition of its own."""
    if act.verb.act not in ("send", "create", "update", "respond"):
        return act, ()
    for at, token in enumerate(act.object):
        relative = token.lower in ("that", "which", "who", "whose") and at > 0
        if relative and at + 1 < len(act.object) and act.object[at + 1].lower in _TOLD_OF:
            return replace(act, object=_without_for(act.object[:at])), act.object[at + 1 :]
    return act, ()


_TOLD_OF = frozenset(
    (
        "are",
        "is",
        "have",
        "has",
        "had",
        "were",
        "was",
        "contain",
        "contains",
        "match",
        "mention",
        "mentions",
        "ask",
        "asks",
    )
)


def _without_for(tokens: Tokens) -> Tokens:
    for at in range(len(tokens) - 1, -1, -1):
        if tokens[at].lower in ("for", "about") and len(tokens) - at < 5:
            return tokens[:at]
    return tokens


def each_subject(act: Act) -> Tokens:
    """``Each website is checked``: a loop over the subject."""
    each = act.passive and act.subject and act.subject[0].lower in ("each", "every")
    return act.subject[1:] if each else ()


def each_object(act: Act) -> Tokens:
    """``Enrich each row``: a loop over the object, unless a further word says it already."""
    each = (
        bool(act.object)
        and act.object[0].lower in ("each", "every")
        and act.verb.act not in ("filter", "merge", "wait")
    )
    if each and len(act.object) == 1:
        return tokenize("one")
    phrase = tuple(w.noun_phrase(act.object[1:])) if each else ()
    rest = act.object[1 + len(phrase) :]
    if phrase and rest[:1] and rest[0].lower in ("whose", "who"):
        return (*phrase, *rest)
    placed = bool(phrase) and rest[:1] and rest[0].lower in ("in", "from") and find_apps(rest[:4])
    return (*phrase, *rest[: find_apps(rest)[0].end]) if placed else phrase


def each_of(act: Act, inside: Tokens, relative: Tokens) -> tuple[Tokens, Tokens]:
    """What the act is done to each of (with the condition that a relative clause behind that sets), and the clause when it
    is about something else. ``inside``: what stands in the middle of the object."""
    whole = each_subject(act) or each_owner(act)
    over = each_object(act)
    if over and relative and not whole:
        return (*over, *tokenize("who"), *relative), ()
    return whole or over or inside, relative


def each_person(act: Act, listed: Tokens) -> Act:
    """``congratulate everyone whose …``, ``a card to those who …``: each one, of those ``listed`` last."""
    for at, (token, behind) in enumerate(pairwise(act.object)):
        if token.lower in ("everyone", "everybody", "anyone", "anybody", "those") and behind.lower in ("whose", "who"):
            one = w.singular(listed[0].lower) if listed else "person"
            return replace(act, object=(*act.object[:at], *tokenize(f"each {one}"), *act.object[at + 1 :]))
    return act


def each_owner(act: Act) -> Tokens:
    """``delete all folders that belong to any of the users``: a loop over the users."""
    if act.verb.act not in ("fetch", "delete", "update", "create", "send", "store"):
        return ()
    at = find_words(
        act.object,
        "belong to any of the",
        "belong to each of the",
        "belonging to each",
        "belong to each",
        "belong to the",
        "of each",
    )
    if at is None:
        return ()
    rest = tuple(
        token
        for token in act.object[at:]
        if token.lower not in ("belong", "belonging", "to", "any", "of", "the", "each")
    )
    return tuple(w.noun_phrase(rest))


def loop_parts(tokens: Tokens) -> tuple[Tokens, Tokens]:
    """What a loop goes over, and the condition its items must fulfil: ``lead that has a "hot" rating``."""
    for at, token in enumerate(tokens):
        if at and token.lower in _COMPARING:
            return tokens[:at], tokens[at:]
        if at and token.lower in _RELATIVE:
            test = tokens[at:] if token.lower in ("with", "whose", "having") else tokens[at + 1 :]
            return tokens[:at], test
    return tokens, ()


def source_of(over: Tokens) -> Act | None:
    """``each lead retrieved from Salesforce`` says where the leads come from."""
    for at, token in enumerate(over):
        for verb in readings(token.lower):
            if at and verb.form == "ed" and verb.act in ("fetch", "receive"):
                plural = tuple(
                    replace(t, text=w.plural(t.text), lower=w.plural(t.lower)) if i == at - 1 else t
                    for i, t in enumerate(over[:at])
                )
                return Act(replace(verb, act="fetch"), (*tokenize("all"), *plural, *over[at + 1 :]))
    return None


def each_inside(act: Act) -> tuple[Act, Tokens]:
    """``a greeting to each customer whose …``: the act for one of them, and what the loop goes over."""
    lowers = [token.lower for token in act.object]
    if act.verb.act not in ("send", "create", "update", "write", "store", "do"):
        return act, ()
    for at in range(1, len(lowers) - 2):
        if lowers[at] in ("to", "for", "in", "of") and lowers[at + 1] in ("each", "every"):
            over = act.object[at + 2 :] if lowers[at + 2] != "of" else act.object[at + 3 :]
            if {"them", "these", "those"} & {token.lower for token in over[:1]}:
                return replace(act, object=act.object[:at]), over[:1]
            one = (*act.object[: at + 1], *tokenize("the"), *w.noun_phrase(over))
            return replace(act, object=one), over
    return act, ()


def goes_on_within(act: Act) -> bool:
    """Whether an act after ``fetch every page`` still speaks of one item: of ``it``, or of what is taken out of it."""
    lowers = {token.lower for token in act.object}
    if act.verb.act in ("respond", "merge"):
        return False
    taken = act.verb.act in ("extract", "classify") or act.verb.lemma in ("summarise", "summarize", "score", "rate")
    return bool({"it", "its", "their"} & lowers) or (act.verb.act != "send" and "them" in lowers) or taken


def asks_first(act: Act) -> bool:
    """Whether the act says that it comes before what was told earlier: ``ask the manager first``."""
    return bool({token.lower for token in act.object} & {"first", "beforehand"})


def says_ones(act: Act) -> bool:
    """Whether the act picks some of several things: ``the urgent ones``."""
    return bool({token.lower for token in act.object} & {"ones", "those"})


def says_parallel(tokens: Sequence[Token]) -> bool:
    """Whether a sentence wants things done side by side."""
    return find_words(tokens, *PARALLEL) is not None


def side_by_side(act: Act) -> list[Act]:
    """``it into French, German and Spanish in parallel``: one act for each."""
    told = act.object
    link = next((n for n, token in enumerate(told) if token.lower in ("into", "to", "in", "for", "with")), None)
    parts = split_objects(told[link + 1 :]) if link is not None else []
    if link is None or len(parts) < 2 or any(len(part) > 4 for part in parts) or act.verb.act not in _MODEL_ACTS:
        return [replace(act, object=told)]
    return [replace(act, object=(*told[: link + 1], *part)) for part in parts[:6]]


_MODEL_ACTS = frozenset(["write", "analyse", "extract"])


def picked_ones(act: Act) -> Tokens:
    """``push the qualified ones``: the words that say which; none when all are meant."""
    picks, definite = _ones(act)
    return (*tokenize("those that are"), *picks) if picks and definite and act.verb.act != "filter" else ()


def _ones(act: Act) -> tuple[Tokens, bool]:
    """The words before ``ones``, and whether a ``the``, ``only`` or ``all`` stands before them."""
    at = next((n for n, token in enumerate(act.object) if token.lower == "ones"), 0)
    bounds = w.PREPOSITIONS | {"the", "only", "all"}
    start = next((n for n in range(at - 1, -1, -1) if act.object[n].lower in bounds), -1)
    picks = act.object[start + 1 : at]
    return (picks if 0 < len(picks) < 4 else ()), start >= 0 and act.object[start].lower in ("the", "only", "all")


_LABELLED_THINGS = words("labelled_things")


def last_judgement(nodes: list[Node]) -> tuple[list[Node], int, Action] | None:
    """The latest classification at the end of a level, or in its last loop: its level, its place and its action."""
    for at in range(len(nodes) - 1, max(-1, len(nodes) - 4), -1):
        node = nodes[at]
        if isinstance(node, Do) and node.action.do == "classify":
            return nodes, at, node.action
        if isinstance(node, If) and node.decider:
            return nodes, at, node.decider
        if isinstance(node, Each) and (found := last_judgement(node.body)):
            return found
    return None


def label_in(labels: Sequence[str], tokens: Sequence[Token]) -> str:
    """The longest label all of whose words are spoken (in any number); "" when none is."""
    spoken = {w.singular(token.lower) for token in tokens}
    fitting = [label for label in labels if {w.singular(word) for word in label.split()} <= spoken]
    return max(fitting, key=len, default="")


def may_judge(judged: Action, tokens: Sequence[Token]) -> bool:
    """Whether a condition after a classification can mean one of its labels."""
    labels, sure = labels_of(judged)
    return not sure or bool(label_in(labels, tokens)) or not any(token.kind == "number" for token in tokens)


def label_of(judged: Action, act: Act) -> Tokens:
    """The label of ``judged`` that the act is about, as tokens; none when it is about everything."""
    labels, sure = labels_of(judged)
    if not sure or judged.named == "question":
        return ()
    if find_words(act.subject, "rest", "others", "everything else", "anything else") is not None:
        return tokenize("otherwise")
    phrase = act.subject or _ones(act)[0] or tuple(w.noun_phrase(act.object))
    label = label_in(labels, phrase)
    others = w.content_words(phrase) - {w.singular(word) for word in label.split()} - _LABELLED_THINGS
    others -= w.content_words(judged.object)
    plural = says_ones(act) or bool(act.subject) or (bool(phrase) and w.is_plural(phrase[-1].lower))
    return tokenize(label) if label and plural and not others else ()
