"""One sentence as a row of pieces: what is done (Act), under which condition (Cond), for each of what (Loop), and when
(When). It finds verbs by their form and their neighbours; it does not know any step kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from plainwork.drafting.apps import find_apps
from plainwork.drafting.heads import ADVERBS, ARTICLES, ASKING, SEPARATORS, Head, find_head, is_light
from plainwork.drafting.spans import ends_condition
from plainwork.drafting.text import Token, Tokens, trimmed, without_words
from plainwork.drafting.verbs import Verb, readings
from plainwork.drafting.words import MASSES, QUALITIES, is_plural


@dataclass(frozen=True, slots=True)
class Act:
    """Something that is done: the verb, what it is done to (``object``), who does it, and with what (``tool``).

    ``goal`` holds the lighter verbs that lead to it (allow, use); ``by`` marks "by doing so" after another act.
    ``apart``: it is done to one of several parts of the same things (the first, a further one, what is left).
    """

    verb: Verb
    object: Tokens
    subject: Tokens = ()
    passive: bool = False
    tool: Tokens = ()
    goal: tuple[str, ...] = ()
    by: bool = False
    modal: str = ""
    apart: Literal["", "first", "part", "rest"] = ""

    @property
    def tokens(self) -> Tokens:
        """Subject, tool and object: all words but the verb."""
        return (*self.subject, *self.tool, *self.object)


@dataclass(frozen=True, slots=True)
class Cond:
    """A condition; ``else`` has no tokens. ``trailing``: it stands behind what it governs. ``asked``: it is the question
    of a verb before it (determine if …). ``chained``: it stands behind ``else`` (else if …)."""

    kind: Literal["if", "unless", "else"]
    tokens: Tokens = ()
    trailing: bool = False
    asked: bool = False
    chained: bool = False


@dataclass(frozen=True, slots=True)
class Loop:
    """``for each lead that …``: the words after for each."""

    tokens: Tokens
    trailing: bool = False


@dataclass(frozen=True, slots=True)
class When:
    """``when a new order arrives``: an event, or a condition told by ``when``."""

    tokens: Tokens
    trailing: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """``if it fails``: what follows (``trailing``: what stands before it) happens when a step cannot be done. ``said``:
    what the words mean where nothing is done before them that could fail (``if the payment failed``)."""

    trailing: bool = False
    said: Cond | When | None = None


@dataclass(frozen=True, slots=True)
class Unread:
    """Words in which no verb was found."""

    tokens: Tokens


Piece: TypeAlias = Act | Cond | Loop | When | Failure | Unread

PARALLEL = ("in parallel", "simultaneously", "concurrently", "at the same time")
"""Words that say that things are done side by side."""
_ADJECTIVAL = ("ical", "ive", "ful", "less", "ous", "able", "ible", "ed", "ing")
MOST_WORDS = 400
"""A sentence is read up to here."""
_SKIPPED = (
    SEPARATORS
    | ADVERBS
    | {"please", "afterwards", "afterward", "that", "which", "after", "before", "in", "order", "by"}
)
_EVENT_LEADS = (
    "as soon as",
    "every time",
    "each time",
    "any time",
    "whenever",
    "when",
    "once",
    "upon",
    "in response to",
)
_LOOP_LEADS = (
    "for each",
    "for every",
    "for all",
    "for any",
    "foreach",
    "for each of",
    "for every one of",
    "for all of",
)
_IF_LEADS = (
    "only if",
    "if",
    "in case",
    "in the case that",
    "provided that",
    "as long as",
    "assuming",
    "whether",
    "where",
)
_UNLESS_LEADS = ("unless", "except when", "except if")
_ELSE_LEADS = (
    "otherwise",
    "else",
    "if not",
    "if no",
    "in all other cases",
    "in any other case",
    "for all others",
    "for everything else",
)
_PURPOSES = {
    ("so", "that"),
    ("so", "they"),
    ("so", "you"),
    ("so", "i"),
    ("so", "we"),
    ("in", "order"),
    ("such", "that"),
}
_FAILURES = frozenset(["fails", "failed", "fail", "failure", "error", "errors"])


def read_sentence(tokens: Tokens) -> list[Piece]:
    """The pieces of one sentence, in the order in which they stand."""
    tokens = _without_purpose(_without_asides(without_words(tokens, *PARALLEL)))[:MOST_WORDS]
    pieces: list[Piece] = []
    at, otherwise = 0, False
    while at < len(tokens):
        lead = _lead_at(tokens, at)
        if lead is None:
            end = _next_lead(tokens, at + 1)
            pieces += _acts(tokens[at:end], bool(pieces))
            at = end
            continue
        kind, size = lead
        asked = _asks(tokens, at)
        trailing = any(isinstance(p, Act) for p in pieces) and not _opens_clause(tokens, at)
        piece, at = _governed(tokens, at + size, kind, trailing=trailing)
        if isinstance(piece, Cond):
            piece = replace(piece, asked=asked, chained=otherwise)
        if piece is not None:
            pieces.append(piece)
        otherwise = kind == "else" and piece is None
    return pieces


def _without_asides(tokens: Tokens) -> Tokens:
    """Without what stands in brackets, unless it names an example (``i.e. Gmail``)."""
    kept: list[Token] = []
    depth, wanted = 0, False
    for at, token in enumerate(tokens):
        if token.text == "(":
            depth += 1
            following = {t.lower.rstrip(".") for t in tokens[at + 1 : at + 3]}
            wanted = bool(following & {"i.e", "e.g", "via", "using", "through", "like"})
        elif token.text == ")":
            depth = max(0, depth - 1)
        elif depth == 0 or (wanted and token.kind == "word" and token.lower.rstrip(".") not in ("i.e", "e.g")):
            kept.append(token)
    return tuple(kept)


def _without_purpose(tokens: Tokens) -> Tokens:
    """Without ``so that they can help you``: why something is done is not done itself."""
    for at, token in enumerate(tokens[:-1]):
        if at and ((token.lower, tokens[at + 1].lower) in _PURPOSES or token.lower == "because"):
            return tokens[:at]
    return tokens


def _lead_at(tokens: Tokens, at: int) -> tuple[str, int] | None:
    """What kind of lead begins here, and how many words it has."""
    if at + 1 < len(tokens) and tokens[at + 1].lower in ("node", "nodes"):
        return None
    if _sorts(tokens, at):
        return "if", 1
    if _several(tokens, at):
        return "loop", 1
    lowers = [token.lower for token in tokens[at : at + 5]]
    for kind, leads in (
        ("else", _ELSE_LEADS),
        ("unless", _UNLESS_LEADS),
        ("if", _IF_LEADS),
        ("loop", _LOOP_LEADS),
        ("when", _EVENT_LEADS),
    ):
        sizes = [len(lead.split()) for lead in leads if lowers[: len(lead.split())] == lead.split()]
        if sizes and _really_leads(tokens, at, kind, max(sizes)):
            return kind, max(sizes)
    if (
        lowers[:1] == ["on"]
        and at + 1 < len(tokens)
        and lowers[1] in ("new", "each", "every", "receipt", "receiving", "incoming")
    ):
        return "when", 1
    return None


def _sorts(tokens: Tokens, at: int) -> bool:
    """``For negative reviews, write …``: a condition on what was just judged."""
    if tokens[at].lower != "for" or (at and tokens[at - 1].text not in (";", ",", "and")):
        return False
    words = [token.lower for token in tokens[at + 1 : at + 6]]
    comma = words.index(",") if "," in words else 0
    plain = not {"each", "every", "all", "any", "the", "a", "an", "this", "example", "instance", "more"} & set(
        words[:comma]
    )
    return 1 < comma <= 4 and plain and words[comma - 1].endswith("s")


def _several(tokens: Tokens, at: int) -> bool:
    """``for new orders send …``, ``for new orders, send …``: what is done with each of them."""
    if tokens[at].lower != "for" or (at and tokens[at - 1].text not in (";", ",", "and", ":")):
        return False
    if at + 1 >= len(tokens) or tokens[at + 1].lower not in ("new", "incoming", "unread", "overdue", "open", "failed"):
        return False
    for end in range(at + 3, min(at + 6, len(tokens))):
        plural = tokens[end - 1].lower.endswith("s")
        acts = any(v.form == "base" and not v.noisy for v in readings(tokens[end].lower))
        if plural and (tokens[end].text == "," or acts):
            return True
    return False


def _really_leads(tokens: Tokens, at: int, kind: str, size: int) -> bool:
    following = tokens[at + size].lower if at + size < len(tokens) else ""
    word = tokens[at].lower
    if word == "once":
        unit = tokens[at + 2].lower if at + 2 < len(tokens) else ""
        if following == "a":
            return unit not in ("day", "week", "month", "hour", "minute", "year", "quarter", "night", "fortnight")
        return following not in ("per", "every", "daily", "weekly", "monthly", "hourly", "again", "more", "in", "")
    if word == "whether":
        return _asks(tokens, at)
    if word == "where":
        return at > 0 and tokens[at - 1].lower not in ("to", "know", "see", "determine")
    if kind == "when":
        return following not in ("done", "finished", "ready", "complete", "possible", "needed", "necessary", "")
    if word == "if" and following in ("necessary", "needed", "possible", "required", "applicable", "available"):
        return False
    if word == "if" and following == "any":
        return at + 2 < len(tokens) and tokens[at + 2].kind != "mark"
    if kind == "loop" and word == "for" and following in ("day", "week", "hour", "month", "minute"):
        return False
    if kind == "else" and word == "else":
        return at == 0 or tokens[at - 1].lower not in (
            "everything",
            "anything",
            "someone",
            "nothing",
            "what",
            "something",
        )
    return not (kind == "else" and following in ("than", "longer"))


def _opens_clause(tokens: Tokens, at: int) -> bool:
    """Whether a lead in the middle of a sentence governs what follows it: ``…, and if it is late, tell me``."""
    before = tokens[at - 1].lower if at else ""
    if before in ("and", "then", "but", ";", ":", "–", "—", "else", "otherwise"):
        return True
    if before != ",":
        return False
    lead = _lead_at(tokens, at)
    end = ends_condition(tokens, at + (lead[1] if lead else 1), trailing=False)
    rest = [token.lower for token in tokens[end : end + 2] if token.text != ","]
    return end < len(tokens) and rest[:1] != ["and"]


def _asks(tokens: Tokens, at: int) -> bool:
    """Whether the word before is a verb of asking: ``check if``, ``decides whether``."""
    before = tokens[at - 1].lower if at else ""
    if any(token.lower in ("ask", "asks", "let", "have") for token in tokens[max(0, at - 4) : at]):
        return True
    return before in ("know", "knows", "tell", "tells", "asks", "ask", "asking", "on") or any(
        v.act == "check" for v in readings(before)
    )


def _next_lead(tokens: Tokens, at: int) -> int:
    while at < len(tokens) and _lead_at(tokens, at) is None:
        at += 1
    return at


def _governed(tokens: Tokens, at: int, kind: str, trailing: bool) -> tuple[Piece | None, int]:
    """The piece that a lead opens at ``at``, and where reading goes on."""
    if kind == "else":
        lead = _lead_at(tokens, at) if at < len(tokens) else None
        if lead and lead[0] in ("if", "unless"):
            return None, at
        return Cond("else"), at
    end = ends_condition(tokens, at, trailing)
    words = trimmed(tokens[at:end], frozenset((",", ":")), frozenset((",", ":", "and", "then", "→")))
    failed = len(words) <= 6 and _FAILURES & {t.lower for t in words} and words[0].lower not in ("a", "an", "new")
    plainly = len(words) <= 3 and {"it", "failure", "anything", "something", "error", "errors"} & {
        t.lower for t in words
    }
    if kind in ("if", "when") and failed and (not trailing or plainly):
        named = words[0].lower in ("the", "my", "our") and not trailing
        said = When(words) if kind == "when" else Cond("if", words)
        return Failure(trailing, said if named else None), end
    if not words:
        return (Loop((Token("one", "one", "word"),), trailing) if kind == "loop" and trailing else None), max(end, at)
    if kind == "loop":
        return Loop(words, trailing), end
    if kind == "when":
        return When(words, trailing), end
    return Cond("unless" if kind == "unless" else "if", words, trailing), end


def _acts(tokens: Tokens, continues: bool) -> list[Piece]:
    """The acts in a run of words that holds no lead."""
    heads = _heads(tokens, continues)
    if not heads:
        rest = trimmed(tokens, frozenset(_SKIPPED), SEPARATORS)
        return [Unread(rest)] if rest else []
    pieces: list[Piece] = []
    tool: Tokens = ()
    goals: tuple[str, ...] = ()
    for number, head in enumerate(heads):
        following = heads[number + 1] if number + 1 < len(heads) else None
        act = replace(_act(tokens, head, following), tool=tool, goal=goals)
        light = is_light(head.verb) or (head.verb.lemma in ASKING and following is not None and following.infinitive)
        if light and following and (following.infinitive or following.by):
            used = head.verb.act == "use" or head.passive or head.verb.lemma in ASKING
            tool = (*tool, *(act.subject if head.verb.act == "use" else ()), *(act.object if used else ()))
            goals = (*goals, head.verb.lemma)
            continue
        pieces.append(act)
        if not (following and following.infinitive):
            tool, goals = (), ()
    return _by_first(_sharing_objects(pieces))


def _act(tokens: Tokens, head: Head, following: Head | None) -> Act:
    end = following.start if following else len(tokens)
    words = tokens[head.at + 1 : end]
    shown = trimmed(words, frozenset((",", ":", "–", "—", "-")), SEPARATORS | {"to", "by", "also", "which", "that"})
    subject = tokens[head.start : head.subject_end]
    subject = small_first(subject) if head.start == 0 else subject
    return Act(head.verb, shown, subject, head.passive, by=head.by, modal=head.modal)


def small_first(tokens: Tokens) -> Tokens:
    """The subject that begins a sentence, with the small letter it has elsewhere; names keep theirs."""
    first = tokens[0] if tokens else None
    if first is None or first.kind != "word" or first.text[1:] != first.lower[1:]:
        return tokens
    common = first.lower in ARTICLES | QUALITIES | MASSES or is_plural(first.lower) or first.lower.endswith(_ADJECTIVAL)
    named = any(mention.start <= 1 for mention in find_apps((*tokens[:1], *tokens[:3])))
    return (replace(first, text=first.lower), *tokens[1:]) if common and not named else tokens


def _sharing_objects(pieces: list[Piece]) -> list[Piece]:
    """``read and summarise the mail``: a verb without an object takes that of the next one."""
    found: list[Piece] = []
    for at, piece in enumerate(pieces):
        after = pieces[at + 1] if at + 1 < len(pieces) else None
        if (
            isinstance(piece, Act)
            and not piece.object
            and not piece.passive
            and isinstance(after, Act)
            and not after.subject
        ):
            piece = replace(piece, object=after.object)
        found.append(piece)
    return found


def _heads(tokens: Tokens, continues: bool) -> list[Head]:
    heads: list[Head] = []
    start = 0
    for at in range(len(tokens)):
        head = find_head(tokens, at, start, heads, continues)
        if head:
            heads.append(head)
            start = at + 1
    return heads


def _by_first(pieces: list[Piece]) -> list[Piece]:
    """``do A by doing B``: B comes first when it reads, stands for A when both say the same, else is a detail of A."""
    found: list[Piece] = []
    for piece in pieces:
        before = found[-1] if found else None
        if isinstance(piece, Act) and piece.by and isinstance(before, Act):
            if piece.verb.act == before.verb.act:
                found[-1] = piece
            elif piece.verb.act in ("fetch", "check", "extract", "analyse"):
                found.insert(-1, piece)
            else:
                found[-1] = replace(before, object=(*before.object, *piece.object))
        else:
            found.append(piece)
    return found


def split_objects(tokens: Sequence[Token]) -> list[Tokens]:
    """The parts of an object joined by commas, ``and``, ``as well as``: candidates for one step each."""
    parts: list[list[Token]] = [[]]
    at = 0
    while at < len(tokens):
        size = _joint(tokens, at)
        if size:
            parts.append([])
        else:
            parts[-1].append(tokens[at])
        at += size or 1
    clean = [trimmed(part, frozenset(("both", "either", "also", "and")), frozenset(("both", ","))) for part in parts]
    return [part for part in clean if part]


def _joint(tokens: Sequence[Token], at: int) -> int:
    for phrase in ("as well as", "along with", "and also", "and", "&", "plus", ",", "or"):
        parts = phrase.split()
        if [token.lower for token in tokens[at : at + len(parts)]] == parts:
            return len(parts)
    return 0
