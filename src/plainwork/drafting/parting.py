"""Parts and the rest: ``post urgent tickets to #support and mail the rest`` sends one part of the same things one way and
what is left another way. Such clauses are read as conditions, as one judgement, or as filters of one list.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from plainwork.drafting import words as w
from plainwork.drafting.clauses import Act, Cond, Loop, Piece, Unread, split_objects
from plainwork.drafting.conditions import read_test
from plainwork.drafting.data import words
from plainwork.drafting.naming import url_noun
from plainwork.drafting.text import Token, Tokens, tokenize, words_of
from plainwork.drafting.triggers import Event, Reading
from plainwork.drafting.verbs import Verb

_ACTS = words("parting_acts")
_KEEP, _DECIDE = Verb("keep", "filter", "base", False), Verb("decide", "classify", "base", False)
_SEND = Verb("send", "send", "base", False)
_LINKS = frozenset(["to", "into", "onto", "in", "on", "by", "via", "at", "through"])
_RESTRICTING = words("restricting")
_DETERMINERS = words("part_determiners")
_PRONOUNS = frozenset(["it", "them", "its", "their", "him", "her"])
_LEFT = frozenset(["rest", "remainder", "others"])
_NOT_LEFT = words("not_left")
_WHOLE = frozenset(["everything", "anything", "everyone", "anyone", "everybody", "anybody", "all"])
_BEYOND = frozenset(["below", "under", "over", "above", "beyond"])
_UNDONE = words("undone")
_IDLE = frozenset(["nothing", "alone", "untouched"])


@dataclass(frozen=True, slots=True)
class Part:
    """Some of several things: which words pick them out (``test``, as a sentence about one ``thing``), and what one of
    them is called (``label``). ``sure``: a field of the thing tells them apart."""

    test: Tokens
    label: str
    sure: bool


def parted(readings: Sequence[Reading], event: Event | None) -> list[Reading]:
    """The readings, with every act on "the rest" bound to the parts or the condition that it is the rest of."""
    return _Parting(event).read(readings)


def rest_of(tokens: Sequence[Token]) -> int:
    """How many tokens at the beginning mean what is left (``the rest``, ``all other orders``); 0 when none do."""
    lowers = [token.lower for token in tokens[:8]]
    at = 0
    while at < len(lowers) and lowers[at] in ("and", "but", "then", "about", "of", "the", "all", "any", "every"):
        at += 1
    word, follows = (*lowers[at : at + 2], "", "")[:2]
    led = lowers[at - 1] if at else ""
    if word in _LEFT:
        return 0 if follows in _NOT_LEFT or (word == "others" and led == "of") else _with_noun(lowers, at + 1)
    if word in ("other", "remaining"):
        many = w.is_plural(follows) or led in ("any", "every")
        return at + 2 if follows and many and follows not in _NOT_LEFT else 0
    start = at - 1 if led == "all" else at
    whole = lowers[start] if start < len(lowers) else ""
    behind = lowers[start + 1 : start + 3]
    if whole in _WHOLE and behind[:1] == ["else"]:
        return start + 2
    return start + 3 if whole in _WHOLE and behind[:1] and behind[0] in _BEYOND and behind[-1] in ("that", "it") else 0


def _with_noun(lowers: Sequence[str], at: int) -> int:
    """The end of ``the rest of the orders``; that of ``the rest`` when nothing of the kind follows."""
    if lowers[at : at + 1] != ["of"]:
        return at
    end = at + (2 if lowers[at + 1 : at + 2] and lowers[at + 1] in ("the", "these", "those", "my", "our") else 1)
    return 0 if end >= len(lowers) or lowers[end] in _NOT_LEFT else end + 1


def told_of(act: Act) -> Tokens:
    """What an act is done to: its object, or the subject of ``are mailed`` and ``goes``."""
    return act.subject if act.subject and (act.passive or act.verb.lemma in ("go", "get", "receive")) else act.object


def _gapped(act: Act) -> Iterator[Act]:
    """``complaints to care@…, questions to desk@… and the rest to me``: one act for each part that has a place of its own,
    when one of them is the rest."""
    by_subject = told_of(act) is act.subject and bool(act.subject)
    parts = _placed(split_objects(act.object))
    if len(parts) < 2 or not any(rest_of(part) for part in parts[1:]):
        yield act
        return
    yield replace(act, object=parts[0])
    for part in parts[1:]:
        at = next(at for at, token in enumerate(part) if at and token.lower in _LINKS)
        yield replace(act, subject=part[:at], object=part[at:]) if by_subject else replace(act, object=part)


def _placed(parts: Sequence[Tokens]) -> list[Tokens]:
    """The parts that say where they go; others belong to the part before them."""
    found: list[Tokens] = []
    for part in parts:
        placed = any(token.lower in _LINKS for token in part[1:]) and part[0].lower not in _LINKS
        if found and not placed:
            found[-1] = (*found[-1], Token("and", "and", "word"), *part)
        else:
            found.append(part)
    return found


class _Parting:
    """One pass over the pieces of a description."""

    def __init__(self, event: Event | None) -> None:
        polled = event is not None and event.app is not None and not event.app.push and event.how == "app"
        polled = polled and event is not None and event.app is not None and event.app.sort != "forms"
        self._one = w.singular(event.noun) if event and not polled and event.how != "watch" else ""
        self._one = "submission" if self._one == "form" else self._one
        self._listed = w.singular(event.noun) if event and polled else ""
        self._done: list[tuple[int, Piece]] = []

    def read(self, readings: Sequence[Reading]) -> list[Reading]:
        """The readings with their pieces rewritten."""
        for number, reading in enumerate(readings):
            told = [one for piece in reading.pieces for one in (_gapped(piece) if isinstance(piece, Act) else (piece,))]
            for at, piece in enumerate(told):
                self._take(number, piece)
                if at + 1 == len(told) and isinstance(piece, Act) and _says_ones(piece):
                    self._contrast(number)
        return [
            replace(reading, pieces=tuple(piece for at, piece in self._done if at == number))
            for number, reading in enumerate(readings)
        ]

    def _take(self, number: int, piece: Piece) -> None:
        if isinstance(piece, Unread) and _IDLE & {t.lower for t in piece.tokens} and _speaks_of_rest(piece.tokens):
            return
        size = rest_of(told_of(piece)) if isinstance(piece, Act) and piece.verb.act in _ACTS | {"fetch"} else 0
        if not isinstance(piece, Act) or not size:
            self._note_list(piece)
            self._done.append((number, piece))
            return
        start, bound = self._before(number)
        if told_of(piece)[size - 1].lower in ("that", "it"):
            piece, size = _restated(piece, size), 2
        left = _left(piece)
        if bound:
            self._done.append((number, Cond("else")))
            self._done += [(number, one) for one in left]
        elif start is None:
            self._done.append((number, piece))
        else:
            number = self._done[start][0]
            self._done[start:] = [(number, one) for one in self._split(start, told_of(piece)[:size], left)]

    def _contrast(self, number: int) -> None:
        """``summarise long articles and forward short ones``: parts that are told without a rest."""
        start, bound = self._before(number)
        if start is not None and not bound and start + 1 < len(self._done):
            number = self._done[start][0]
            self._done[start:] = [(number, one) for one in self._split(start, (), None)]

    def _note_list(self, piece: Piece) -> None:
        if isinstance(piece, Act) and piece.verb.act == "fetch":
            nouns = (w.head_noun(piece.object), *(url_noun(t.text) for t in piece.object if t.kind == "url"))
            self._listed = next((w.singular(noun) for noun in nouns if noun and w.is_plural(noun)), self._listed)

    def _before(self, number: int) -> tuple[int | None, bool]:
        """Where the parts begin that the rest is the rest of, and whether a condition or a judgement tells them apart."""
        start, near = None, number
        for at in range(len(self._done) - 1, -1, -1):
            told, piece = self._done[at]
            if near - told > 1:
                break
            if isinstance(piece, Cond):
                return start, True
            if not isinstance(piece, Act):
                break
            if _judges(piece):
                return start, True
            if _is_part(piece, self._thing((), None)):
                start, near = at, told
            elif piece.verb.act == "fetch" or (start is not None and not _PRONOUNS & {t.lower for t in piece.object}):
                break
        return start, False

    def _thing(self, rest: Tokens, start: int | None) -> str:
        """What one of the things is called that are parted."""
        known = self._listed or self._one
        if known and known != w.plural(known):
            return known
        spoken = [token.lower for token in rest if token.kind == "word"]
        if len(spoken) > 1 and {"other", "remaining", "of"} & set(spoken) and spoken[-1] not in ("ones", "one"):
            return w.singular(spoken[-1])
        for _, piece in self._done[start:] if start is not None else ():
            if isinstance(piece, Act):
                adjectives, noun, restriction = _taken_apart(piece)
                if noun and noun != "ones" and (restriction or {word.lower() for word in adjectives} & w.QUALITIES):
                    return w.singular(noun.lower())
        return known or "message"

    def _split(self, start: int, rest: Tokens, left: Sequence[Act] | None) -> Iterator[Piece]:
        """The pieces from ``start`` on with what tells the parts apart, and what is done with the rest (``left``; None
        when no rest is spoken of)."""
        thing = self._thing(rest, start)
        acts = [piece for _, piece in self._done[start:] if isinstance(piece, Act)]
        parts = [_part(act, thing) if _is_part(act, thing) else None for act in acts]
        sure = all(part.sure for part in parts if part)
        named = [_renamed(act, thing) for act in acts]
        if acts[0].verb.act == "filter" or (self._listed and sure):
            yield from self._filtered(named, parts)
            if left:
                yield Act(_KEEP, rest, apart="rest")
                yield from left
            return
        if self._listed or not self._one:
            yield Loop(tokenize(thing))
        if not sure:
            *others, last = [part.label for part in parts if part] + (["other"] if left is not None else [])
            yield Act(_DECIDE, tokenize(f"what the {thing} is as {', '.join(others)} or {last}"), apart="part")
        chained = False
        for act, part in zip(named, parts, strict=True):
            if part:
                yield Cond("if", part.test if sure else tokenize(part.label), chained=chained)
                chained = True
            yield replace(act, apart="part")
        if left is not None:
            yield Cond("else")
            yield from left

    def _filtered(self, acts: Sequence[Act], parts: Sequence[Part | None]) -> Iterator[Act]:
        seen = False
        for act, part in zip(acts, parts, strict=True):
            told: Literal["first", "part"] = "part" if seen else "first"
            if act.verb.act == "filter":
                act = replace(act, apart=told)
            elif part:
                yield Act(_KEEP, _before_place(told_of(act)), apart=told)
                act = replace(act, apart="part")
            seen = seen or part is not None
            yield act


def _restated(act: Act, size: int) -> Act:
    """``everything under that goes to Ben`` → the rest goes to Ben."""
    told = (*tokenize("the rest"), *told_of(act)[size:])
    return replace(act, subject=told) if told_of(act) is act.subject else replace(act, object=told)


def _left(act: Act) -> tuple[Act, ...]:
    """The act on the rest; none when it says that nothing is done."""
    lowers = {token.lower for token in act.object}
    if act.verb.lemma in _UNDONE or (act.verb.lemma in ("leave", "keep") and lowers & (_IDLE | {"it", "as", "there"})):
        return ()
    if act.subject and act.verb.lemma in ("get", "receive"):
        act = replace(act, verb=_SEND, subject=())
    return (replace(act, apart="rest"),)


def _says_ones(act: Act) -> bool:
    adjectives, noun, _ = _taken_apart(act)
    return bool(adjectives) and noun.lower() == "ones" and not rest_of(told_of(act))


def _judges(act: Act) -> bool:
    """``classify it as …``, ``sort it into …``: the act itself says which parts there are."""
    sorts = act.verb.lemma in ("sort", "group", "split", "divide") and {"as", "into"} & {t.lower for t in act.object}
    return act.verb.act == "classify" or bool(sorts)


def _speaks_of_rest(tokens: Tokens) -> bool:
    return any(rest_of(tokens[at:]) for at in range(len(tokens)))


def _before_place(tokens: Tokens) -> Tokens:
    """``the orders from Spain to Anna`` → ``the orders from Spain``."""
    end = next((at for at, token in enumerate(tokens) if at and token.lower in ("to", "into", "onto")), None)
    end = end or next((at for at, token in enumerate(tokens) if at and token.lower in ("via", "by")), None)
    end = end or next((at - 1 for at, token in enumerate(tokens) if at > 1 and token.kind == "channel"), None)
    cut = tokens[:end]
    while cut and (cut[-1].kind == "mark" or cut[-1].lower.endswith("ly") or cut[-1].lower in _LINKS):
        cut = cut[:-1]
    return cut


def _taken_apart(act: Act) -> tuple[list[str], str, Tokens]:
    """``the urgent tickets from Spain`` → its adjectives, its noun and what restricts it."""
    tokens = _before_place(told_of(act))
    at = next((at for at, token in enumerate(tokens) if token.lower == "about" and at), 0)
    if at and {token.lower for token in tokens[:at]} & w.PEOPLE:
        tokens = tokens[at + 1 :]
    at = next((at for at, token in enumerate(tokens) if at and token.lower in _RESTRICTING), len(tokens))
    phrase = [token for token in tokens[:at] if token.kind in ("word", "number")]
    phrase = [token for token in phrase if token.lower not in _DETERMINERS]
    if not phrase and tokens and tokens[0].lower in ("those", "all", "any"):
        return [], "ones", tokens[at:]
    if not phrase or any(token.lower in _LINKS for token in phrase):
        return [], "", ()
    return [token.text for token in phrase[:-1]], phrase[-1].text, tokens[at:]


def _is_part(act: Act, thing: str) -> bool:
    """Whether the act is done to some of several things only."""
    if act.verb.act not in _ACTS or rest_of(told_of(act)):
        return False
    adjectives, noun, restriction = _taken_apart(act)
    plural = w.is_plural(noun.lower()) or noun.lower() in w.MASSES
    whole = not adjectives and w.singular(noun.lower()) == thing
    definite = told_of(act)[:1] and told_of(act)[0].lower in ("the", "our", "my", "its", "their")
    return plural and (bool(restriction) or not (whole or (definite and not adjectives)))


def _part(act: Act, thing: str) -> Part:
    adjectives, noun, restriction = _taken_apart(act)
    quality, told = " ".join(adjectives), words_of(restriction)
    own = w.singular(noun.lower()) in (thing, "one")
    one = noun[:-1] if w.singular(noun.lower()) != noun.lower() and noun[:-1].isupper() else w.singular(noun.lower())
    if restriction:
        label = told if own and not quality else f"{quality} {one} {told}".strip()
        said = f"{_as_clause(restriction)}" if not quality else f"is {quality} and {_as_clause(restriction)}"
    else:
        label = quality if own else f"{quality} {one}".strip()
        said = f"is {quality}" if own else f"is {_article(label)} {label}"
    test = tokenize(f"the {thing} {said}")
    moods = {word.lower() for word in adjectives} & w.MOODS
    return Part(test, label.lower(), not moods and read_test(test, "item", noun=thing).sure)


def _as_clause(restriction: Tokens) -> str:
    """``with a score over 5`` → ``has a score over 5``, ``mentioning Rust`` → ``mentions Rust``."""
    first, rest = restriction[0].lower, words_of(restriction[1:])
    if first in ("that", "which", "who"):
        return rest.replace("are ", "is ", 1) if rest.startswith("are ") else rest.replace("have ", "has ", 1)
    if first in ("with", "having"):
        return f"has {rest}"
    if first in ("mentioning", "containing"):
        return f"{first[:-3]}s {rest}"
    return f"is {words_of(restriction)}"


def _article(noun: str) -> str:
    return "an" if noun[:1].lower() in "aeiou" else "a"


def _renamed(act: Act, thing: str) -> Act:
    """``the urgent ones`` → ``the urgent tickets``, ``those from Spain`` → ``orders from Spain``."""
    many = tokenize(thing if w.is_plural(thing) else w.plural(thing))[0]
    told = told_of(act)
    new = tuple(many if token.lower == "ones" else token for token in told)
    if told[:1] and told[0].lower in ("those", "all") and len(told) > 1 and told[1].lower in _RESTRICTING:
        new = (many, *told[1:])
    return replace(act, subject=new) if told is act.subject and told else replace(act, object=new)
