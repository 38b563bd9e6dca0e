"""Clauses without a verb as clauses with one: ``Daily digest of posts sent to me`` → ``write a digest of posts, send it
to me``, ``Slack notification`` → ``send a Slack notification``.
"""

from __future__ import annotations

from collections.abc import Sequence

from plainwork.drafting import words as w
from plainwork.drafting.data import data, words
from plainwork.drafting.text import Token, Tokens, tokenize
from plainwork.drafting.verbs import readings

_NOUNS: dict[str, str] = data("nominal.yaml")
_DECORATION = words("decoration") | w.ADJECTIVES
_FARTHEST = 6


def with_verb(tokens: Tokens) -> Tokens:
    """The clause with the verb that its noun stands for; no tokens when no noun of the list opens it."""
    at = _noun_at(tokens)
    if at is None:
        return ()
    verb = _NOUNS[tokens[at].lower]
    before = tuple(token for token in tokens[:at] if token.lower not in _DECORATION and token.kind != "mark")
    after = _sent_on(tokens[at + 1 :])
    if verb.endswith(" a"):
        return (*tokenize(verb), *before, tokens[at], *after)
    of = bool(after) and after[0].lower in ("of", "for", "on")
    return (*tokenize(verb), *(after[1:] if of else (*before, *after)))


def _noun_at(tokens: Sequence[Token]) -> int | None:
    for at, token in enumerate(tokens[:_FARTHEST]):
        if at and token.lower in w.PREPOSITIONS:
            return None
        follows = tokens[at + 1].lower if at + 1 < len(tokens) else ""
        if token.lower in _NOUNS and follows in w.PREPOSITIONS:
            return at
    return None


def _sent_on(tokens: Tokens) -> Tokens:
    """``posts sent to me`` → ``posts, send it to me``."""
    for at, token in enumerate(tokens):
        following = tokens[at + 1].lower if at + 1 < len(tokens) else ""
        for verb in readings(token.lower):
            if (
                at
                and verb.form == "ed"
                and verb.act in ("send", "store")
                and following in ("to", "in", "via", "by", "on")
            ):
                return (*tokens[:at], *tokenize(f", {verb.lemma} it"), *tokens[at + 1 :])
    return tokens
