"""What the clauses of a schedule phrase said, and a cursor over its words that takes them back when a clause fails."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field

from plainwork.spec.schedule_words import NUMBERS, Token

Clock = tuple[int, int]
EVERY = ("every", "each")


@dataclass(slots=True)
class Clauses:
    """What the clauses said. ``recurs``: that it happens again and again was said outright."""

    unit: str | None = None
    step: int = 1
    recurs: bool = False
    rate: int | None = None
    part: str | None = None
    nightly: bool = False
    times: list[Clock] = field(default_factory=list)
    unsure_times: bool = False
    offsets: list[int] = field(default_factory=list)
    window: tuple[Clock, Clock] | None = None
    weekdays: frozenset[int] | None = None
    nth: list[tuple[int, int | str]] = field(default_factory=list)
    days: list[int | str] = field(default_factory=list)
    months: frozenset[int] | None = None
    zone: str | None = None
    unsure_zone: str | None = None
    assumed: list[str] = field(default_factory=list)
    trouble: str | None = None


class Cursor:
    """A place among tokens, and what was said so far. ``_take…`` methods move it only when they take something."""

    def __init__(self, tokens: list[Token], spot: int = 0) -> None:
        self.tokens = tokens
        self.spot = spot
        self.said = Clauses()

    def _word(self, ahead: int = 0) -> str:
        spot = self.spot + ahead
        return self.tokens[spot].text if 0 <= spot < len(self.tokens) else ""

    def _kind(self, ahead: int = 0) -> str:
        spot = self.spot + ahead
        return self.tokens[spot].kind if 0 <= spot < len(self.tokens) else ""

    def _take(self, *words: str) -> bool:
        """Take these words in a row, or none of them."""
        if any(self._word(ahead) != word for ahead, word in enumerate(words)):
            return False
        self.spot += len(words)
        return True

    def _take_any(self, *words: str) -> bool:
        return any(self._take(word) for word in words)

    def _attempt(self, read: Callable[[], bool]) -> bool:
        spot, said = self.spot, copy.copy(self.said)
        said.assumed = list(said.assumed)
        if read():
            return True
        self.spot, self.said = spot, said
        return False

    def _number(self) -> int | None:
        word, kind = self._word(), self._kind()
        if kind == "number":
            self.spot += 1
            return int(word)
        if word in NUMBERS:
            self.spot += 1
            return NUMBERS[word]
        return None

    def _take_glue(self) -> bool:
        """Take what stands between the items of a list."""
        return self._take(",", "and") or self._take_any(",", "and", "&")
