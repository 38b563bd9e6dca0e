"""What has been produced so far, as expressions, so that "it", "the posts" and "the summary" find their source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from plainwork.drafting import words as w
from plainwork.drafting.text import Token

Shape = Literal["text", "list", "data", "item"]


@dataclass(frozen=True, slots=True)
class Value:
    """A value under ``expression``. ``noun``: what people call it; ``names``: every word that means it; ``key``: for an
    answer whose list may lie under a key of the same name (``{posts: […]}``)."""

    expression: str
    noun: str
    shape: Shape
    names: frozenset[str] = frozenset()
    key: str = ""
    labels: tuple[str, ...] = ()
    """What it is one of, when a classification gives it."""
    scored: bool = False
    """Whether it holds a ``score`` under whatever name people give it (rating, grade)."""
    title: str = ""
    """What it is, told in full (``translation of the titles``), where the text tells it."""
    aside: bool = False
    """Only meant when it is named: "it" never stands for a label."""

    @property
    def items(self) -> str:
        """Its list: the value itself, or what lies under its key."""
        return f'get({self.expression}, "{self.key}", {self.expression})' if self.key else self.expression


class Values:
    """The values known at a place of the flow, the latest last."""

    def __init__(self, known: Sequence[Value] = ()) -> None:
        self._known = list(known)

    def add(self, value: Value) -> None:
        """A further value."""
        self._known.append(value)

    def restate(self, expression: str, instead: str) -> None:
        """The value under ``expression`` is found under ``instead`` from now on."""
        self._known = [replace(v, expression=instead) if v.expression == expression else v for v in self._known]

    def under(self, expression: str) -> Value | None:
        """The value with exactly this expression."""
        return next((value for value in self._known if value.expression == expression), None)

    def mark(self) -> int:
        """A place to go back to with ``forget``."""
        return len(self._known)

    def since(self, mark: int) -> list[Value]:
        """What was added since ``mark``."""
        return self._known[mark:]

    def forget(self, mark: int) -> None:
        """Drop what was added since ``mark``: it is not known on every way that leads on."""
        del self._known[mark:]

    @property
    def last(self) -> Value | None:
        """The latest value."""
        return next((value for value in reversed(self._known) if not value.aside), None)

    def latest(self, count: int, *, asides: bool = False) -> list[Value]:
        """The latest ``count`` values (or as many as there are), the oldest of them first."""
        return [value for value in self._known if asides or not value.aside][-count:]

    def named(self, tokens: Sequence[Token], *shapes: Shape) -> Value | None:
        """The latest value that the words name."""
        nouns = {w.singular(token.lower) for token in tokens if token.kind == "word"} - w.STOP_WORDS
        for value in reversed(self._known):
            if (value.names & nouns or w.singular(value.noun) in nouns) and (not shapes or value.shape in shapes):
                return value
        return None

    def best(self, tokens: Sequence[Token], *shapes: Shape) -> Value | None:
        """The value the words mean: the one they name, else the latest of one of the ``shapes``, else the latest."""
        named = self.named(tokens, *shapes) or self.named(tokens)
        if named:
            return named
        fitting = [value for value in self._known if not value.aside and (not shapes or value.shape in shapes)]
        return fitting[-1] if fitting else self.last
