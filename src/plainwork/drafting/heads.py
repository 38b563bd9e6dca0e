"""Where a verb heads a clause: by its form (send, sends, sending, is sent) and by what stands before and behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from plainwork.drafting.apps import find_apps
from plainwork.drafting.data import words
from plainwork.drafting.text import Token, Tokens
from plainwork.drafting.verbs import Verb, readings
from plainwork.drafting.words import ADJECTIVES, ATTRIBUTES, PEOPLE, PREPOSITIONS, STOP_WORDS, is_plural, singular

SEPARATORS = words("separators")
ADVERBS = words("adverbs")
BE = words("be")
MODALS = words("modals")
_PERSONS = frozenset(["i", "we", "you", "they", "users", "people", "customers", "who"])
_SPOKEN_OF = frozenset(["rest", "others", "else", "ones"])
_AGENTS = words("agents")
ASKING = frozenset(("ask", "tell", "prompt", "instruct", "let", "have"))
"""Verbs that hand what follows to somebody else: ``ask Claude to write``."""
_PERSON = words("singular_persons")
_MANY = words("agents_plural")
_MAKERS = words("agents_that")
ARTICLES = words("articles")
_DETERMINERS = ARTICLES | words("determiners")
_NODE_WORDS = frozenset(["node", "nodes"])
_NOMINAL = words("compound_heads")
_NOT_SUBJECTS = words("not_subjects")
_FALSE_ADVERBS = words("false_adverbs")
_COMPOUNDS = frozenset(tuple(pair.split("-")) for pair in words("compounds"))
_PERFORMED = frozenset(["analysis", "classification", "checks", "detection", "moderation", "extraction", "validation"])
_PARTICLES = frozenset(["on", "off", "up", "out", "down", "in", "back", "over", "away"])
_OBJECT_STARTS = frozenset(
    [
        "the",
        "a",
        "an",
        "it",
        "them",
        "him",
        "her",
        "me",
        "us",
        "my",
        "our",
        "their",
        "its",
        "his",
        "each",
        "every",
        "all",
        "this",
        "these",
        "those",
        "any",
    ]
)
_NEVER_VERBS = (
    words("never_verbs")
    | STOP_WORDS
    | PREPOSITIONS
    | PEOPLE
    | ATTRIBUTES
    | ADJECTIVES
    | ARTICLES
    | MODALS
    | BE
    | ADVERBS
)


@dataclass(frozen=True, slots=True)
class Head:
    """A verb that heads a clause, at token ``at``. The clause begins at ``start``; its subject ends at ``subject_end``.

    ``infinitive``: it completes a light verb before it (uses a model *to read*, allows you *to send*).
    """

    at: int
    verb: Verb
    start: int
    subject_end: int
    passive: bool = False
    infinitive: bool = False
    by: bool = False
    modal: str = ""


@dataclass(frozen=True, slots=True)
class _Spot:
    """One reading of one word, with what the rules look at. ``before``: the nearest token that is no adverb."""

    tokens: Tokens
    at: int
    start: int
    verb: Verb
    heads: Sequence[Head]
    continues: bool
    before: int | None

    @property
    def word(self) -> str:
        return "" if self.before is None else self.tokens[self.before].lower

    @property
    def last(self) -> Head | None:
        return self.heads[-1] if self.heads else None

    @property
    def after(self) -> str:
        return self.tokens[self.at + 1].lower if self.at + 1 < len(self.tokens) else ""

    def subject_before(self) -> Head:
        """The head whose subject ends with the token before it."""
        assert self.before is not None
        return Head(self.at, self.verb, clause_start(self.tokens, self.before, self.start), self.before + 1)

    def bare(self, start: int, *, infinitive: bool = False, by: bool = False) -> Head:
        """The head that has no subject and begins at ``start``."""
        return Head(self.at, self.verb, start, start, infinitive=infinitive, by=by)


def is_light(verb: Verb) -> bool:
    """Whether the verb only leads to another one (allow, use, start)."""
    return verb.act in ("goal", "use", "begin")


def find_head(tokens: Tokens, at: int, start: int, heads: Sequence[Head] = (), continues: bool = False) -> Head | None:
    """The head at ``at``, if the word there is a verb that heads a clause. ``start``: where the last clause's verb ended;
    ``heads``: those found before in these tokens; ``continues``: another clause of the sentence came before them."""
    verbs = readings(tokens[at].lower) if tokens[at].kind == "word" else ()
    after = tokens[at + 1].lower if at + 1 < len(tokens) else ""
    verbs = verbs or unlisted(tokens, at)
    if verbs and verbs[0].lemma == "get" and any(verb.form == "ed" for verb in readings(after)):
        return None
    if (
        not verbs
        or after in _NODE_WORDS
        or (verbs[0].noisy and after == "of")
        or (verbs[0].lemma == "back" and after != "up")
        or (verbs[0].lemma == "go" and after not in ("to", "into"))
        or is_compound(tokens, at)
    ):
        return None
    before = skip_back(tokens, at, start)
    for verb in verbs:
        head = _AS[verb.form](_Spot(tokens, at, start, verb, heads, continues, before))
        if head:
            return head
    return None


def is_compound(tokens: Sequence[Token], at: int) -> bool:
    """Whether the word ends a fixed name of a thing: ``pull request``, ``blog post``."""
    return at > 0 and (tokens[at - 1].lower, singular(tokens[at].lower)) in _COMPOUNDS


def unlisted(tokens: Sequence[Token], at: int) -> tuple[Verb, ...]:
    """A word that the list of verbs does not have, read as one because of what follows it: ``thank them``, ``archive a``."""
    token = tokens[at]
    if token.kind != "word" or not token.lower.isalpha() or not 3 <= len(token.lower) <= 20:
        return ()
    behind = at + 2 if at + 1 < len(tokens) and tokens[at + 1].lower in _PARTICLES else at + 1
    follows = tokens[behind].lower if behind < len(tokens) else ""
    capital = token.text[:1].isupper() and at > 0
    if capital or follows not in _OBJECT_STARTS or token.lower in _NEVER_VERBS or _is_adverb(token.lower):
        return ()
    if token.lower.endswith(("ing", "ed", "ion", "ness", "ment", "ity")):
        return ()
    third = token.lower.endswith("s") and not token.lower.endswith("ss")
    return (Verb(token.lower.removesuffix("s") if third else token.lower, "do", "s" if third else "base", True),)


def skip_back(tokens: Sequence[Token], at: int, start: int) -> int | None:
    """The nearest token before ``at`` that is no adverb; None when there is none from ``start`` on."""
    at -= 1
    while at >= start and (tokens[at].lower in ADVERBS or _is_adverb(tokens[at].lower)):
        word = tokens[at].lower
        subject = at > start and (tokens[at - 1].lower in _AGENTS | _PERSONS | MODALS | BE or _ends_app(tokens, at - 1))
        if word in ("then", "next", "finally") and not subject:
            return at
        at -= 1
    return at if at >= start else None


def _is_adverb(word: str) -> bool:
    return len(word) > 4 and word.endswith("ly") and word not in _FALSE_ADVERBS


def _as_base(spot: _Spot) -> Head | None:
    verb, word = spot.verb, spot.word
    if spot.before is None:
        opens = not spot.heads and (not verb.noisy or _opens(spot.tokens, spot.at))
        return spot.bare(spot.start) if opens else None
    if word == "to":
        return _infinitive(spot)
    if word in MODALS:
        start = clause_start(spot.tokens, spot.before, spot.start)
        return Head(spot.at, verb, start, spot.before, modal=word)
    if word in SEPARATORS:
        return _joined_base(spot)
    model = _ends_model(spot.tokens, spot.before) or (verb.lemma == "go" and word not in _NOT_SUBJECTS)
    subject = model or word in _PERSONS | _MANY | _SPOKEN_OF | {"it", "workflow", "agent", "bot", "model", "llm", "ai"}
    told = _told_to(spot)
    if told is not None and not model:
        return spot.bare(told)
    return spot.subject_before() if subject and (not verb.noisy or object_follows(spot.tokens, spot.at)) else None


def _told_to(spot: _Spot) -> int | None:
    """Where ``have a judge`` begins, before the verb that the judge is to do."""
    for at in range(spot.at - 1, max(spot.start, spot.at - 5) - 1, -1):
        if spot.tokens[at].lower in ("have", "let"):
            return at if not spot.verb.noisy and spot.word not in _NOT_SUBJECTS else None
    return None


def _joined_base(spot: _Spot) -> Head | None:
    assert spot.before is not None
    parallel = not spot.heads or any(head.verb.form == "base" for head in spot.heads)
    if _in_list(spot):
        return None
    parallel = parallel or spot.word in ("so", "then")
    if not parallel or (spot.verb.noisy and not object_follows(spot.tokens, spot.at)):
        return None
    return spot.bare(spot.before + 1, infinitive=bool(spot.last and spot.last.infinitive))


def _in_list(spot: _Spot) -> bool:
    """``extract the number, the date and total from …``: the last of several things, though the word may be a verb."""
    assert spot.before is not None
    if not spot.heads or not spot.verb.noisy or spot.tokens[spot.before].lower not in ("and", "or", ","):
        return False
    between = [token.lower for token in spot.tokens[spot.heads[-1].at + 1 : spot.before]]
    enumerates = "," in between[1:-1] and spot.heads[-1].verb.act in (
        "extract",
        "fetch",
        "write",
        "analyse",
        "give",
        "create",
    )
    if spot.after in ("from", "of", "for", "with", "in", "into", ",", "and", "or", ""):
        return enumerates and not (spot.verb.act == "send" and spot.after == "in")
    return False


def _infinitive(spot: _Spot) -> Head | None:
    assert spot.before is not None
    earlier = spot.tokens[spot.before - 1].lower if spot.before else ""
    asked = (
        spot.last is not None
        and spot.last.verb.lemma in ASKING
        and names_model(spot.tokens[spot.last.at + 1 : spot.before])
    )
    leads = asked or (
        spot.last is None
        or is_light(spot.last.verb)
        or earlier in ("is", "able", "going", "used", "task", "goal", "step")
    )
    if not leads or (spot.verb.noisy and not object_follows(spot.tokens, spot.at)):
        return None
    return spot.bare(spot.before, infinitive=spot.last is not None)


def names_model(tokens: Sequence[Token]) -> bool:
    """Whether the tokens name a language model."""
    named = any(mention.app.sort == "model" for mention in find_apps((*tokens[:1], *tokens)))
    return named or bool({token.lower for token in tokens} & {"ai", "llm", "model", "gpt"})


def _as_third(spot: _Spot) -> Head | None:
    tokens, at, noisy = spot.tokens, spot.at, spot.verb.noisy
    if spot.before is None:
        opens = not spot.heads and (not noisy or object_follows(tokens, at) or _opens(tokens, at))
        opens = opens and not (noisy and _is_subject(tokens, at))
        return spot.bare(spot.start) if opens else None
    if spot.word in SEPARATORS:
        return _joined_third(spot)
    relative = spot.word in ("which", "that", "who") and not _made_by(spot) and not _compared(spot)
    if spot.after in BE or relative:
        return None
    starts = spot.verb.act == "begin" and spot.word in _AGENTS
    if noisy and spot.last and spot.last.verb.form == "base" and _ends_app(tokens, spot.before):
        return None
    if (
        noisy
        and not starts
        and spot.verb.lemma != "go"
        and not (object_follows(tokens, at) and (spot.word in _AGENTS or spot.after in ARTICLES | {"to"}))
    ):
        return None
    named = spot.word in _AGENTS | _PERSON | _SPOKEN_OF or spot.verb.lemma == "go" or _ends_app(tokens, spot.before)
    return spot.subject_before() if named or _plain_subject(spot) else None


def _is_subject(tokens: Tokens, at: int) -> bool:
    """``Orders from Spain are mailed``, ``posts about Rust go to``: a finite verb follows, so the word is its subject."""
    for spot in range(at + 1, min(at + 10, len(tokens) - 1)):
        word, after = tokens[spot].lower, tokens[spot + 1].lower
        if tokens[spot].kind == "mark" or word in ("and", "or", "that", "which", "who", "where", "if", "when"):
            return False
        if word in ("go", "goes") or (word in ("is", "are") and any(verb.form == "ed" for verb in readings(after))):
            return True
    return False


def _joined_third(spot: _Spot) -> Head | None:
    assert spot.before is not None
    alike = sum(head.verb.form == "s" or head.passive for head in spot.heads)
    if not alike and not (spot.continues or spot.word in ("then", ":")):
        return None
    sure = not spot.verb.noisy or object_follows(spot.tokens, spot.at) or _shares_object(spot)
    in_a_row = alike >= 2 and spot.word == "," and spot.after.isalpha()
    return spot.bare(spot.before + 1) if sure or in_a_row else None


def _shares_object(spot: _Spot) -> bool:
    """``processes and formats the content``: two verbs with one object."""
    second = spot.tokens[spot.at + 2].lower if spot.at + 2 < len(spot.tokens) else ""
    return spot.after == "and" and any(verb.form == spot.verb.form for verb in readings(second))


def _compared(spot: _Spot) -> bool:
    """``everything under that goes``: the word stands for what was said, and does not begin a clause."""
    assert spot.before is not None
    earlier = spot.tokens[spot.before - 1].lower if spot.before else ""
    return earlier in ("under", "below", "over", "above", "beyond")


def _made_by(spot: _Spot) -> bool:
    """``a workflow that sends``: the relative clause tells what the agent itself does."""
    assert spot.before is not None
    opening = {token.lower for token in spot.tokens[:3]}
    definite = opening & {"the", "our", "your", "my", "this"}
    first = not spot.heads and spot.word in ("that", "which") and bool(opening & _MAKERS) and not definite
    return first or (spot.before > 0 and spot.tokens[spot.before - 1].lower in _MAKERS)


def _plain_subject(spot: _Spot) -> bool:
    assert spot.before is not None
    named = spot.tokens[spot.before].kind == "word" and spot.word not in _NOT_SUBJECTS
    return (
        named
        and not spot.verb.noisy
        and spot.after in {"a", "an", "the", "it", "them", "if", "whether", "each", "every", "all", "its"}
    )


def _as_ing(spot: _Spot) -> Head | None:
    last, word = spot.last, spot.word
    if spot.before is None:
        return spot.bare(spot.start, infinitive=last is not None) if last is None or is_light(last.verb) else None
    if word in ("by", "through"):
        return spot.bare(spot.before, by=last is not None)
    if word in ("after", "while"):
        return spot.bare(spot.before)
    if word in ("and", "or", "then", ",", "&"):
        parallel = last is not None and (last.verb.form == "ing" or (word == "," and not spot.verb.noisy))
        if not parallel or spot.verb.act in ("use", "goal"):
            return None
        return spot.bare(spot.before + 1, infinitive=bool(last and last.infinitive))
    earlier = spot.tokens[spot.before - 1].lower if spot.before else ""
    responsible = word == "for" and earlier in {"responsible", "used", "agent", "workflow", "tool", "bot", "automation"}
    progressive = word in BE and last is None
    return Head(spot.at, spot.verb, spot.start, spot.before) if responsible or progressive else None


def _as_past(spot: _Spot) -> Head | None:
    end = spot.at - 1
    while end >= spot.start and (spot.tokens[end].lower in ADVERBS or _is_adverb(spot.tokens[end].lower)):
        end -= 1
    if end < spot.start or spot.tokens[end].lower not in BE:
        return None
    helpers = BE | MODALS | ADVERBS | {"has", "have", "had"}
    modal = ""
    while end > spot.start and spot.tokens[end - 1].lower in helpers:
        end -= 1
        modal = spot.tokens[end].lower if spot.tokens[end].lower in MODALS else modal
    if end > spot.start and spot.tokens[end - 1].lower in ("that", "which", "who") and spot.heads:
        return None
    start = clause_start(spot.tokens, end, spot.start)
    return Head(spot.at, spot.verb, start, end, passive=True, modal=modal)


_AS = {"base": _as_base, "s": _as_third, "ing": _as_ing, "ed": _as_past}


def clause_start(tokens: Sequence[Token], at: int, start: int) -> int:
    """Where the subject that ends before ``at`` begins: behind the nearest comma or other clause boundary."""
    joined = False
    while at > start:
        word = tokens[at - 1].lower
        if word in (",", ";", ":", "→", "then", "but", "–", "—", "which", "while"):
            return at
        if word in ("and", "or"):
            # "an e-mail and a message are sent": one subject when nothing but the subject is there.
            if joined or start > 0:
                return at
            joined = True
        at -= 1
    return start


def object_follows(tokens: Sequence[Token], at: int) -> bool:
    """Whether what follows can be the object of a verb here, rather than make it part of a compound noun."""
    at += 1
    while at < len(tokens) and _is_adverb(tokens[at].lower):
        at += 1
    if at >= len(tokens):
        return False
    token = tokens[at]
    if token.lower in _DETERMINERS or token.kind in ("url", "email", "quoted", "code", "channel", "number"):
        return True
    near = {token.lower for token in tokens[at : at + 3]}
    if (
        token.lower in ("over", "off", "back")
        or (tokens[at - 1].lower == "run" and near & _PERFORMED)
        or _adjective_and_plural(tokens, at)
    ):
        return True
    plural = token.kind == "word" and token.lower.endswith("s") and len(token.lower) > 3
    after = tokens[at + 1].lower if at + 1 < len(tokens) else ""
    verbs = readings(token.lower)
    return plural and (not verbs or (all(verb.noisy for verb in verbs) and after not in ARTICLES))


def _adjective_and_plural(tokens: Sequence[Token], at: int) -> bool:
    """``urgent tickets``, ``negative ones``: what is done to them is said before."""
    following = tokens[at + 1] if at + 1 < len(tokens) else None
    if following is None or following.kind != "word":
        return False
    return following.lower == "ones" or (tokens[at].lower in ADJECTIVES and is_plural(following.lower))


def _opens(tokens: Tokens, at: int) -> bool:
    """Whether a noun-like verb at the beginning of a sentence is one: ``Post new items``, not ``Issue triage assistant``."""
    if tokens[at].lower == "report" and tokens[at + 1 : at + 2] and tokens[at + 1].lower in ("on", "of", "about"):
        return False
    if object_follows(tokens, at):
        return True
    near = {token.lower for token in tokens[at + 1 : at + 4]}
    alone = at + 1 >= len(tokens) or tokens[at + 1].kind == "mark"
    return not alone and not near & _NOMINAL and tokens[at + 1].lower not in BE | MODALS


def _ends_model(tokens: Sequence[Token], at: int) -> bool:
    window = tokens[max(0, at - 2) : at + 1]
    return any(mention.end == len(window) and mention.app.sort == "model" for mention in find_apps(window))


def _ends_app(tokens: Sequence[Token], at: int) -> bool:
    window = tokens[max(0, at - 2) : at + 1]
    return any(mention.end == len(window) and mention.app.known for mention in find_apps(window))
