"""Where the checks write down what they find: places, "did you mean", and an end to endless lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from plainwork.errors import Finding
from plainwork.spec.names import nearest

MAX_FINDINGS = 500
MAX_GUESSES = 60
MAX_KNOWN = 500
MAX_MESSAGE = 600


class Spot(Protocol):
    """A place in the text; lines and columns count from 1."""

    @property
    def line(self) -> int:
        """Where it begins."""

    @property
    def column(self) -> int:
        """Where it begins in that line."""

    @property
    def end_line(self) -> int:
        """Where it ends."""


Locate = Callable[[str | None, str | None], Spot | None]
"""From a step id and a field path (either may be None) to the place in the text."""


class Enough(Exception):
    """So much is wrong that more findings would help nobody."""


@dataclass(slots=True)
class Report:
    """Collects findings. ``config`` is what the document calls a step's configuration: ``with`` or ``config``."""

    config: Literal["with", "config"] = "config"
    locate: Locate | None = None
    findings: list[Finding] = field(default_factory=list)
    _guesses: int = MAX_GUESSES

    @property
    def is_document(self) -> bool:
        """Whether a document is checked, where order on the page matters, rather than a flow."""
        return self.config == "with"

    def add(
        self,
        code: str,
        message: str,
        next_step: str | None = None,
        *,
        node: str | None = None,
        field: str | None = None,
        severity: Literal["error", "warning"] = "error",
    ) -> None:
        """Adds a finding. Raises Enough when there are too many."""
        spot = self.locate(node, field) if self.locate is not None else None
        place = {"line": spot.line, "column": spot.column, "end_line": spot.end_line} if spot is not None else {}
        if len(message) > MAX_MESSAGE:
            message = f"{message[:MAX_MESSAGE]}…"
        self.findings.append(
            Finding(code=code, message=message, severity=severity, next_step=next_step, node=node, field=field, **place)
        )
        if len(self.findings) >= MAX_FINDINGS:
            raise Enough

    def warn(
        self,
        code: str,
        message: str,
        next_step: str | None = None,
        *,
        node: str | None = None,
        field: str | None = None,
    ) -> None:
        """Adds a warning. Raises Enough when there are too many findings."""
        self.add(code, message, next_step, node=node, field=field, severity="warning")

    def guess(self, name: str, known: Iterable[str]) -> str | None:
        """The known name most like ``name``. Searching costs time, so there are only so many guesses in a report."""
        if self._guesses <= 0:
            return None
        self._guesses -= 1
        among = [one for _, one in zip(range(MAX_KNOWN), known, strict=False)]
        return nearest(name, among)

    def did_you_mean(self, name: str, known: Iterable[str], otherwise: str | None = None) -> str | None:
        """The next step for an unknown name: the nearest known one, or the advice given."""
        guess = self.guess(name, known)
        return f"Did you mean {guess}?" if guess is not None else otherwise

    def sorted(self) -> list[Finding]:
        """The findings by line, errors before warnings on one line, each once; what has no line comes first."""
        unique = dict.fromkeys(self.findings)
        return sorted(unique, key=lambda one: (one.line or 0, one.severity == "warning", one.column or 0))


def listed(names: Iterable[str], word: str = "or") -> str:
    """Names for a sentence: ``a, b or c``; long lists are cut."""
    shown = [str(name) for name in names]
    if len(shown) > 12:
        return f"{', '.join(shown[:12])} …"
    return f"{', '.join(shown[:-1])} {word} {shown[-1]}" if len(shown) > 1 else "".join(shown)
