"""Cuts markdown into the pieces that can mean something: headings, fences, comments, bullets. All between is prose."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

MAX_TEXT = 1_000_000
"""Characters a document may have."""
MAX_PIECES = 20_000
"""Headings, fences, comments and bullets it may have."""

_PIECE = re.compile(
    r"^(?:(?P<level>#{1,6})(?:[ \t]+(?P<title>[^\n]*))?$"
    r"|(?P<indent> {0,3})(?P<ticks>`{3,}|~{3,})(?P<info>[^\n]*)$"
    r"|(?P<comment> {0,3}<!--)"
    r"|(?P<bullet> {0,3}[-*+][ \t][^\n]*)$)",
    re.M,
)
_CLOSING = re.compile(r"^ {0,3}(`{3,}|~{3,})[ \t]*$", re.M)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_BLANK_HEAD = re.compile(r"(?:[ \t]*\n)+")
_BLOCK_KEY = re.compile(r"[^\W\d][\w-]*\Z")
_LANGUAGE = re.compile(r"[\w.+#-]+\Z")

PARTS: Final = {
    "steps": "steps",
    "what happens": "steps",
    "flow": "steps",
    "when things go wrong": "errors",
    "error handling": "errors",
    "examples": "examples",
    "tests": "examples",
}

ORDER: Final = ("steps", "errors", "examples", "end")
"""Section titles that are structure (whatever their case), and the part of the spec they hold."""
STEP_BLOCK: Final = ("yaml", "step")
GIVEN: Final = ("yaml", "given")
EXPECT: Final = ("yaml", "expect")


@dataclass(slots=True)
class Piece:
    """One piece. ``kind``: ``heading`` (``level``, ``text`` its title), ``fence`` (``text`` its info line), ``comment``,
    ``bullet`` (``text`` the line). ``start``/``end`` hold the whole piece with its last line break; ``inner`` a fence's
    content; ``closed`` is False when a fence or comment runs to the end of the document."""

    kind: str
    start: int
    end: int
    text: str = ""
    level: int = 0
    inner: tuple[int, int] = (0, 0)
    indent: int = 0
    closed: bool = True


def pieces(text: str, at: int = 0) -> Iterator[Piece]:
    """The pieces of a text with LF line ends, in order, from an offset on."""
    while match := _PIECE.search(text, at):
        kind = match.lastgroup
        if match["level"]:
            piece = Piece(
                "heading",
                match.start(),
                _past(text, match.end()),
                (match["title"] or "").strip(" \t"),
                len(match["level"]),
            )
        elif match["ticks"]:
            if match["ticks"][0] == "`" and "`" in match["info"]:  # an inline code span, says CommonMark
                at = match.end()
                continue
            piece = _fence(text, match)
        elif kind == "comment":
            close = text.find("-->", match.end())
            end = len(text) if close < 0 else _line_end(text, close)
            piece = Piece("comment", match.start(), _past(text, end), closed=close >= 0)
        else:
            piece = Piece("bullet", match.start(), _past(text, match.end()), match["bullet"])
        yield piece
        at = piece.end
        if at >= len(text):
            return


def _fence(text: str, match: re.Match[str]) -> Piece:
    ticks, inner = match["ticks"], _past(text, match.end())
    info, indent = match["info"].strip(" \t"), len(match["indent"])
    for close in _CLOSING.finditer(text, inner):
        if close[1][0] == ticks[0] and len(close[1]) >= len(ticks):
            return Piece(
                "fence", match.start(), _past(text, close.end()), info, inner=(inner, close.start()), indent=indent
            )
    return Piece("fence", match.start(), len(text), info, inner=(inner, len(text)), indent=indent, closed=False)


def _past(text: str, end: int) -> int:
    return min(end + 1, len(text))


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def block_info(info: str) -> tuple[str, str] | None:
    """Language and key of a fence that is a text block (``text prompt``); None for any other fence."""
    words = info.split()
    if len(words) != 2 or not _LANGUAGE.match(words[0]) or not is_block_key(words[1]):
        return None
    return words[0], words[1]


def is_block_key(key: str) -> bool:
    """Whether a configuration key can name a text block."""
    return len(key) <= 100 and _BLOCK_KEY.match(key) is not None


def is_language(language: str) -> bool:
    """Whether a word can be a text block's language."""
    return len(language) <= 100 and _LANGUAGE.match(language) is not None


def prose(*segments: str) -> str:
    """Prose as the model holds it: outer blank lines and trailing blanks gone, segments a blank line apart."""
    return "\n\n".join(filter(None, (_trim(s) for s in segments)))


def _trim(segment: str) -> str:
    head = _BLANK_HEAD.match(segment)
    return segment[head.end() if head else 0 :].rstrip(" \t\n")


def unreadable(text: str) -> int | None:
    """The offset of the first character that no document may hold (controls but tab and line feed; half characters)."""
    bad = _CONTROL.search(text) or _SURROGATE.search(text)
    return bad.start() if bad else None


def is_broken(text: str) -> bool:
    """Whether a text holds half of a character pair, which no encoding can write."""
    return not text.isascii() and _SURROGATE.search(text) is not None


def ticks_for(content: str) -> str:
    """A fence that the content cannot close."""
    longest = max((len(m[1]) for m in _CLOSING.finditer(content) if m[1][0] == "`"), default=2)
    return "`" * max(3, longest + 1)
