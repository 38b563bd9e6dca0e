"""Where the words that ``if``, ``when`` or ``for each`` govern end, and what is done under them begins."""

from __future__ import annotations

from plainwork.drafting.data import words
from plainwork.drafting.heads import ARTICLES, BE, MODALS, find_head, is_compound, object_follows
from plainwork.drafting.text import Tokens
from plainwork.drafting.verbs import Verb, readings

_SUBJECTS = words("act_subjects")
_LONG_SUBJECTS = frozenset(["workflow", "agent", "system", "bot", "automation"])
_LEADS = frozenset(["if", "when", "unless", "for", "otherwise", "else"])
# Words behind which a base form is a noun or belongs to the condition itself.
_NOT_BEFORE = MODALS | words("no_verb_behind")


def ends_condition(tokens: Tokens, start: int, trailing: bool) -> int:
    """The end of the condition, event or loop that begins at ``start``; ``trailing``: its acts stand before it."""
    at = start
    while at < len(tokens):
        word = tokens[at].lower
        if word in (",", ":", "→", ";", "–", "—") and _act_comes(tokens, at + 1):
            return at
        if word == "then" and at > start:
            return at
        if word == "and" and trailing and _act_comes(tokens, at + 1, near=True):
            return at
        found = _without_comma(tokens, at, start)
        if found is not None:
            return found
        at += 1
    return len(tokens)


def _act_comes(tokens: Tokens, at: int, near: bool = False) -> bool:
    """Whether a clause with a head comes before the next comma."""
    end = at
    while end < len(tokens) and end - at < (3 if near else 16) and tokens[end].lower not in (",", ";"):
        end += 1
    part = tokens[at:end]
    skip = 1 if part and part[0].lower in ("and", "or", "then", "please", "but", "we", "just") else 0
    if part[skip : skip + 1] and part[skip].lower in _LEADS:
        return not near
    return any(find_head(tokens[: end + 3], spot, at + skip, (), near) for spot in range(at + skip, end))


def _without_comma(tokens: Tokens, at: int, start: int) -> int | None:
    """``if it is over 100 post it`` and ``… it will post it``: the act follows with no comma between."""
    if at <= start or tokens[at].kind != "word":
        return None
    before = tokens[at - 1].lower
    if tokens[at].lower in MODALS and before in _SUBJECTS and at > start + 1:
        return at - (2 if before in _LONG_SUBJECTS and at - 2 > start else 1)
    if before not in _NOT_BEFORE and tokens[at].lower in ("the", "a", "an") and _passive_comes(tokens, at, start):
        return at
    return next(
        (end for verb in readings(tokens[at].lower) if (end := _at_verb(tokens, at, start, verb)) is not None), None
    )


def _passive_comes(tokens: Tokens, at: int, start: int) -> bool:
    """``if it has over 100 users the lead is assigned``: a passive act behind a condition that is complete."""
    if at - start < 3 or tokens[at - 1].lower in _NOT_BEFORE or not {t.lower for t in tokens[start:at]} & _STATE:
        return False
    for spot in range(at + 2, min(at + 5, len(tokens) - 1)):
        if tokens[spot].lower in ("is", "are"):
            return any(verb.form == "ed" and verb.act in _DONE for verb in readings(tokens[spot + 1].lower))
    return False


_STATE = frozenset(["is", "are", "has", "have", "was", "exceeds", "contains", "equals"])
_DONE = ("create", "send", "update", "store", "delete")


def _at_verb(tokens: Tokens, at: int, start: int, verb: Verb) -> int | None:
    before = tokens[at - 1].lower
    if is_compound(tokens, at):
        return None
    if verb.noisy and before.endswith("s") and at == start + 1:
        return None
    if verb.form == "s" and before in ("it", "workflow", "system", "agent") and at - 1 > start + 1 and not verb.noisy:
        return at - (2 if before != "it" else 1)
    follows = tokens[at + 1] if at + 1 < len(tokens) else None
    compound = follows is None or follows.lower in BE | {"of", ",", "and", "or"}
    article = follows is not None and follows.lower in ARTICLES
    sure = article or before in ("also", "then", "please", "just", "immediately")
    bare = verb.form == "base" and (not verb.noisy or (sure and object_follows(tokens, at)))
    return at if bare and before not in _NOT_BEFORE and not compound else None
