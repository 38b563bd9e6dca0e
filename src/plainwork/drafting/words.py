"""Nouns and small words by what they tell the drafter. The sets are in ``words.yaml``."""

from __future__ import annotations

from collections.abc import Sequence

from plainwork.drafting.data import words
from plainwork.drafting.text import Token

TEXTS = words("texts")
PICTURES = words("pictures")
SOUNDS = words("sounds")
FILMS = frozenset(["video", "videos", "clip", "clips", "animation", "film", "movie", "reel"])
PAPERS = words("papers")
MAILS = words("mails")
PHONES = frozenset(["sms", "text-message", "texts", "phone"])
MAIL_BOXES = frozenset(["mailbox", "inbox", "imap"])
AGENT_NOUNS = words("agent_nouns")
ATTRIBUTES = words("attributes")
VAGUE = words("vague")
ADJECTIVES = words("adjectives")
STOP_WORDS = words("stop_words")
PREPOSITIONS = words("prepositions")
PEOPLE = words("people")
MOODS = words("moods")
MASSES = words("masses")
"""Nouns of what is not counted."""
QUALITIES = ADJECTIVES | MOODS | words("state_adjectives") | words("priority_levels")
"""Adjectives that tell some things from others of their kind."""


_ENDS = words("be") | words("modals") | frozenset(("has", "have", "had", "sent", "made", "found", "kept", "given"))


def singular(noun: str) -> str:
    """The singular of an English noun, by its ending: ``stories`` → ``story``, ``boxes`` → ``box``."""
    if len(noun) > 4 and noun.endswith("ies"):
        return noun[:-3] + "y"
    if noun.endswith(("sses", "xes", "ches", "shes", "zes")):
        return noun[:-2]
    if noun.endswith("s") and not noun.endswith(("ss", "us", "is", "news", "series")) and len(noun) > 3:
        return noun[:-1]
    return noun


def plural(noun: str) -> str:
    """The plural of a noun; what is one already stays."""
    if is_plural(noun.lower()):
        return noun
    if noun.lower() == "person":
        return "people"
    return noun[:-1] + "ies" if noun.endswith("y") and noun[-2:-1] not in "aeiou" else noun + "s"


def is_plural(noun: str) -> bool:
    """Whether a noun looks like several."""
    return singular(noun) != noun or noun in ("people", "news", "data", "feedback", "children")


def noun_phrase(tokens: Sequence[Token]) -> list[Token]:
    """The tokens up to the first preposition or clause mark: the phrase whose last word is its head."""
    phrase: list[Token] = []
    for at, token in enumerate(tokens):
        following = tokens[at + 1].lower if at + 1 < len(tokens) else ""
        if phrase and token.lower in _ENDS:
            break
        if phrase and token.lower.endswith("ed") and following in PREPOSITIONS and len(token.lower) > 4:
            break
        stops = token.lower in PREPOSITIONS or token.lower in (
            "that",
            "which",
            "who",
            "whose",
            "where",
            "if",
            "when",
            "and",
            "or",
        )
        if phrase and (stops or token.kind == "mark"):
            break
        if not stops and token.kind != "mark":
            phrase.append(token)
    return phrase


def head_noun(tokens: Sequence[Token]) -> str:
    """The head of the first noun phrase, small letters; ``list of urls`` gives ``urls``; empty when there is none."""
    phrase = [token for token in noun_phrase(tokens) if token.kind == "word"]
    while len(phrase) > 1 and (phrase[-1].lower in STOP_WORDS or phrase[-1].lower.endswith(("ly", "ible", "able"))):
        phrase.pop()
    word = phrase[-1].lower if phrase and phrase[-1].lower not in STOP_WORDS else ""
    lowers = [token.lower for token in tokens]
    if (
        word
        in (
            "list",
            "lists",
            "number",
            "set",
            "bits",
            "copy",
            "details",
            "content",
            "contents",
            "batch",
            "all",
            "each",
            "any",
        )
        and "of" in lowers
    ):
        return head_noun(tokens[lowers.index("of") + 1 :]) or word
    return word.removesuffix("'s").removesuffix("'")


def head_noun_of_lists(tokens: Sequence[Token]) -> str:
    """The noun of what lists hold: ``the two lists of customers`` → ``customers``; ``items`` when there is none."""
    noun = head_noun(tokens)
    return noun if noun and noun not in VAGUE else "items"


def content_words(tokens: Sequence[Token]) -> set[str]:
    """The words that carry meaning, as singulars."""
    return {singular(t.lower) for t in tokens if t.kind == "word" and t.lower not in STOP_WORDS}


def head_noun_of(text: str) -> str:
    """As :func:`head_noun`, of a text."""
    from plainwork.drafting.text import tokenize

    return head_noun(tokenize(text))
