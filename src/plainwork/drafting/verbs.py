"""The verbs that steps are made of: any form of a verb to its lemma, what it does (its act), and which form it is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from plainwork.drafting.data import data

Form = Literal["base", "s", "ing", "ed"]
_VOWELS = "aeiou"


@dataclass(frozen=True, slots=True)
class Verb:
    """One reading of a word as a verb. ``noisy``: the word is as often a noun, so its neighbours must say more."""

    lemma: str
    act: str
    form: Form
    noisy: bool


@cache
def table() -> dict[str, tuple[Verb, ...]]:
    """Every known form, in small letters, with its readings."""
    known: dict[str, list[Verb]] = {}
    source = data("verbs.yaml")
    for act, words in source["acts"].items():
        for word in words.split():
            lemma, noisy = word.lstrip("~"), word.startswith("~")
            for form, text in _forms(lemma, source["irregular"].get(lemma)):
                known.setdefault(text, []).append(Verb(lemma, act, form, noisy))
    return {word: tuple(verbs) for word, verbs in known.items()}


def look_up(word: str, *forms: Form) -> Verb | None:
    """The reading of ``word`` (small letters) as a verb, in one of ``forms`` when any is given."""
    for verb in readings(word):
        if not forms or verb.form in forms:
            return verb
    return None


def readings(word: str) -> tuple[Verb, ...]:
    """Every reading of ``word`` as a verb; a longer word with two letters swapped (recieves) counts as well."""
    found = table().get(word)
    if found is not None or not 6 <= len(word) <= 20 or not word.isalpha():
        return found or ()
    swaps = (word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(1, len(word) - 1))
    return next((table()[swap] for swap in swaps if swap in table()), ())


def _forms(lemma: str, irregular: list[str] | None) -> list[tuple[Form, str]]:
    if irregular:
        others = [word for word in irregular if not word.endswith(("s", "ing"))]
        forms: list[tuple[Form, str]] = [("base", lemma), ("s", irregular[0])]
        forms += [("ing", word) for word in irregular if word.endswith("ing")]
        return forms + [("ed", word) for word in others]
    return [("base", lemma), ("s", _third(lemma)), ("ing", _stem(lemma, "ing")), ("ed", _stem(lemma, "ed"))]


def _third(lemma: str) -> str:
    if lemma.endswith(("s", "x", "z", "ch", "sh")):
        return lemma + "es"
    if lemma.endswith("y") and lemma[-2] not in _VOWELS:
        return lemma[:-1] + "ies"
    return lemma + "s"


def _stem(lemma: str, ending: str) -> str:
    if lemma.endswith("e") and not lemma.endswith("ee"):
        return lemma[:-1] + ending
    if lemma.endswith("y") and lemma[-2] not in _VOWELS and ending == "ed":
        return lemma[:-1] + "ied"
    return lemma + ending
