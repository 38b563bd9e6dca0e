"""From raw English to tokens: bounds, clean-up of markdown marks, and one linear pass that keeps addresses whole.

A token is a word, a literal (address, quoted text, number …) or a mark; nothing is thrown away, so that the words of a
clause can be shown to people as they were written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from plainwork.errors import Finding, Invalid

MAX_CHARACTERS = 20_000
TokenKind = Literal["url", "email", "quoted", "code", "channel", "number", "word", "mark"]

_TOKEN = re.compile(
    r"""
    (?P<url>https?://[^\s<>"'`)\]}|]+)
  | (?P<email>[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8})
  | (?P<code>`[^`\n]{1,300}`|\{\{[^{}\n]{0,300}\}\})
  | (?P<quoted>"[^"\n]{1,300}"|“[^”\n]{1,300}”|«[^»\n]{1,300}»|(?<![\w'])'[^'\n]{1,200}'(?!\w)|‘[^’\n]{1,200}’(?!\w))
  | (?P<channel>(?<![\w&])\#[A-Za-z][\w-]{0,80})
  | (?P<number>(?:[$€£]|(?<!\w)\+)?\d{1,20}(?:[.,:]\d{1,12}){0,6}(?:\s?%|st\b|nd\b|rd\b|th\b)?(?![\w-]))
  | (?P<word>[^\W_](?:[\w'’&/+-]|\.(?=[a-z0-9]))*)
  | (?P<mark>→|[^\w\s])
    """,
    re.VERBOSE,
)
_DOTTED = re.compile(r"\bRocket\.Chat\b")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Token:
    """One word, literal or mark. ``lower`` is what rules compare with; ``text`` what people wrote."""

    text: str
    lower: str
    kind: TokenKind
    start: int = 0

    @property
    def value(self) -> str:
        """The content of a literal: a quoted text without its quotes, code without its backquotes."""
        if self.kind in ("quoted", "code"):
            return self.text[2:-2].strip() if self.text.startswith("{{") else self.text[1:-1].strip()
        return self.text


Tokens = tuple[Token, ...]


def check_bounds(english: str) -> str:
    """The text with clean line ends. Raises Invalid when it is empty, not text, or longer than MAX_CHARACTERS."""
    if len(english) > MAX_CHARACTERS:
        raise _refused(
            "draft-too-long",
            f"This description has {len(english):,} characters; the most that can be drafted at once is {MAX_CHARACTERS:,}.",
            "Describe one agent, and leave out what it does not need.",
        )
    clean = (
        _DOTTED.sub("Rocketchat", english)
        .replace("\r\n", "\n")
        .replace("\r", "\n")
        .replace("\u00a0", " ")
        .replace("\ufeff", "")
    )
    junk = len(_CONTROL.findall(clean)) + sum(clean.count(mark) for mark in ("\ufffd",))
    if junk > 3 and junk * 20 > len(clean):
        raise _refused("draft-not-text", "This is not text.", "Write in English what the agent should do.")
    clean = _CONTROL.sub(" ", clean).encode("utf-8", "ignore").decode()
    if not any(letter.isalpha() for letter in clean):
        raise _refused(
            "draft-empty",
            "There is nothing to draft.",
            "Write in English what the agent should do, such as: every weekday at 9 fetch https://example.com/news.json "
            "and mail a summary to me@example.org.",
        )
    return clean


def _refused(code: str, message: str, next_step: str) -> Invalid:
    finding = Finding(code=code, message=message, next_step=next_step)
    return Invalid(message, findings=(finding,), next_step=next_step)


def tokenize(text: str) -> Tokens:
    """The tokens of ``text``, in order. Linear in its length."""
    found = []
    for match in _TOKEN.finditer(text):
        kind: TokenKind = match.lastgroup  # type: ignore[assignment]
        word = match.group()
        if kind in ("url", "word"):
            word = _without_tail(word, kind)
            rest = match.group()[len(word) :]
        else:
            rest = ""
        found.append(Token(word, word.lower().replace("’", "'"), kind, match.start()))
        found += [Token(mark, mark, "mark", match.start() + len(word) + i) for i, mark in enumerate(rest)]
    return tuple(found)


def _without_tail(word: str, kind: str) -> str:
    if kind == "url":
        return word.rstrip(".,;:!?*…’”")
    return word.rstrip("'’&/+-") or word


def words_of(tokens: Sequence[Token]) -> str:
    """The tokens as a readable text, spaces as in ordinary writing."""
    out = ""
    for token in tokens:
        tight = token.kind == "mark" and token.text in ",.;:!?)]}%…"
        if out and not tight and out[-1] not in "([{":
            out += " "
        out += token.text
    return out.strip()


def find_words(tokens: Sequence[Token], *phrases: str) -> int | None:
    """Where the first of the ``phrases`` (words with single spaces) begins in ``tokens``; None when none is there."""
    lowers = [token.lower for token in tokens]
    best: int | None = None
    for phrase in phrases:
        parts = phrase.split()
        for at in range(len(lowers) - len(parts) + 1):
            if lowers[at : at + len(parts)] == parts:
                best = at if best is None else min(best, at)
                break
    return best


def trimmed(tokens: Sequence[Token], before: frozenset[str], after: frozenset[str]) -> Tokens:
    """``tokens`` without leading words of ``before`` and trailing words of ``after`` (marks count as words)."""
    start, end = 0, len(tokens)
    while start < end and tokens[start].lower in before:
        start += 1
    while end > start and tokens[end - 1].lower in after:
        end -= 1
    return tuple(tokens[start:end])


def without_words(tokens: Tokens, *phrases: str) -> Tokens:
    """``tokens`` without the first of each of the ``phrases``."""
    for phrase in phrases:
        at = find_words(tokens, phrase)
        if at is not None:
            tokens = (*tokens[:at], *tokens[at + len(phrase.split()) :])
    return tokens
