"""One route line (``- If `x > 1` → [Mail it](#mail-it)``) to a route and back, with the place of everything in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from plainwork.spec.model import FAIL, STOP, Lead, Route

ARROW = "→"
MAX_LINE = 20_000
LEADS: Final[dict[str, Lead]] = {
    "if": "if",
    "when": "when",
    "otherwise": "otherwise",
    "then": "then",
    "on error": "error",
    "on timeout": "timeout",
}
WORDS: Final[dict[Lead, str]] = {lead: word.capitalize() for word, lead in LEADS.items()}
NEEDS_TEST: Final = frozenset({"if", "when"})
MAY_TEST: Final = frozenset({"if", "when", "error"})

_LEAD = re.compile(r" {0,3}[-*+][ \t]+(if|when|otherwise|then|on[ \t]+error|on[ \t]+timeout)(?![\w-])[ \t]*", re.I)
_TICKS = re.compile(r"`+")
_ARROW = re.compile(r"[ \t]*(?:→|->)[ \t]*")
_ANY_ARROW = re.compile(r"→|->|=>|⇒|➔|➜|⟶")
_WORD = re.compile(r"(stop|fail)[ \t]*\Z", re.I)
_LINK = re.compile(r"\[((?:\\.|[^\\])*?)\]\(#([^()\s]+)\)")
_AND = re.compile(r"[ \t]*,[ \t]*(?:and[ \t]+)?|[ \t]+and[ \t]+", re.I)
_BARE_TARGET = re.compile(r"[:,]?[ \t]*(?:stop|fail)[ \t]*[.]?\Z|.*\]\(#", re.I)
_SLOPPY_LEAD = re.compile(r" {0,3}[-*+][ \t]+(if|when|otherwise|else|then|on[ \t]+error|on[ \t]+timeout)\b", re.I)


@dataclass(frozen=True, slots=True)
class Target:
    """One target in a route line: its id, and where the link (or the word), and its title, stand in the line."""

    id: str
    start: int
    end: int
    title_start: int = 0
    title_end: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """A route line that was read. ``test`` is the span between lead and arrow (backquotes included), if it has one."""

    route: Route
    targets: tuple[Target, ...]
    test: tuple[int, int] | None


class NotARoute(Exception):
    """The line looks like a route but cannot be read as one: code, message, next step, column offset."""

    def __init__(self, code: str, message: str, next_step: str, offset: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.next_step = next_step
        self.offset = offset


def read(line: str) -> Line | None:
    """The route that a bullet states; None when the bullet is plain prose. Raises ``NotARoute`` for what lies between."""
    lead = _LEAD.match(line)
    if lead is None:
        if _SLOPPY_LEAD.match(line) and _ANY_ARROW.search(line) and "](#" in line:
            raise NotARoute("bad-route", "This looks like a route but starts with no known word.", _HELP)
        return None
    if len(line) > MAX_LINE:
        raise NotARoute("bad-route", f"This line has more than {MAX_LINE:,} characters.", "Shorten it.")
    kind = LEADS[" ".join(lead.group(1).lower().split())]
    code, after = _code(line, lead.end())
    arrow = _ARROW.match(line, after)
    if arrow is None:
        _refuse_lookalike(line, lead.end(), code is not None, kind in NEEDS_TEST)
        return None
    _require_test(kind, code, lead.end())
    targets = tuple(_targets(line, arrow.end()))
    route = Route(lead=kind, test=code, to=tuple(t.id for t in targets))
    return Line(route, targets, (lead.end(), after) if code is not None else None)


_HELP = "Write - If `condition` → [Step](#step), - When `label` → …, - Otherwise → …, - Then → …, or - On error → …."


def _require_test(kind: Lead, code: str | None, offset: int) -> None:
    if kind in NEEDS_TEST and code is None:
        word = WORDS[kind]
        raise NotARoute(
            "bad-route",
            f"{word} needs a condition in backquotes.",
            f"Write - {word} `condition` → [Step](#step).",
            offset,
        )
    if kind not in MAY_TEST and code is not None:
        raise NotARoute(
            "bad-route", f"{WORDS[kind]} takes no condition.", "Remove it, or start the line with If.", offset
        )


def _refuse_lookalike(line: str, at: int, has_code: bool, needs_code: bool) -> None:
    if has_code:
        raise NotARoute("bad-route", "This route has no arrow after its condition.", _HELP, at)
    if _ANY_ARROW.search(line, at) and not needs_code:
        raise NotARoute(
            "bad-route", "This looks like a route, but the arrow does not follow its first word.", _HELP, at
        )
    if _ANY_ARROW.search(line, at):
        raise NotARoute("condition-without-backquotes", "A route's condition has to stand in backquotes.", _HELP, at)
    if _BARE_TARGET.match(line, at):
        raise NotARoute("bad-route", "This route has no arrow before its target.", _HELP, at)


def _code(line: str, at: int) -> tuple[str | None, int]:
    """The code span at a position (as CommonMark reads one), and where it ends."""
    ticks = _TICKS.match(line, at)
    if ticks is None:
        return None, at
    fence = ticks.group()
    for closing in _TICKS.finditer(line, ticks.end()):
        if closing.group() == fence:
            code = line[ticks.end() : closing.start()]
            if len(code) > 1 and code[0] == code[-1] == " " and code.strip(" "):
                code = code[1:-1]
            if not code.strip():
                raise NotARoute("bad-route", "This route's condition is empty.", _HELP, at)
            return code, closing.end()
    raise NotARoute("bad-route", "This route's backquotes are not closed.", _HELP, at)


def _targets(line: str, at: int) -> list[Target]:
    line = line.rstrip()
    word = _WORD.match(line, at)
    if word:
        return [Target(word.group(1).lower(), at, word.end(1))]
    found: list[Target] = []
    while True:
        link = _LINK.match(line, at)
        if link is None:
            raise NotARoute("bad-route", "A route leads to a link, to stop or to fail.", "Write → [Step](#step).", at)
        found.append(Target(unquote(link.group(2)), at, link.end(), link.start(1), link.end(1)))
        if link.end() == len(line):
            return found
        joint = _AND.match(line, link.end())
        if joint is None:
            message = "Behind a route's target only further targets may stand."
            raise NotARoute(
                "bad-route", message, "Write → [One](#one) and [Two](#two), and nothing after it.", link.end()
            )
        at = joint.end()


def code_text(test: str) -> str:
    """A condition in backquotes: as many as it takes."""
    longest = max((len(run) for run in _TICKS.findall(test)), default=0)
    fence = "`" * next(n for n in range(1, longest + 2) if n not in {len(run) for run in _TICKS.findall(test)})
    padded = test[:1] == "`" or test[-1:] == "`" or test[:1] == test[-1:] == " "
    return f"{fence} {test} {fence}" if padded else f"{fence}{test}{fence}"


def title_text(title: str) -> str:
    """A step's name as a link's text."""
    return re.sub(r"([\\\[\]])", r"\\\1", title)


def target_text(target: str, name_of: Callable[[str], str]) -> str:
    """One target as the line has it; ``name_of`` gives a step's name by id."""
    return target if target in (STOP, FAIL) else f"[{title_text(name_of(target))}](#{target})"


def line_text(route: Route, name_of: Callable[[str], str]) -> str:
    """The route's canonical line."""
    test = f" {code_text(route.test)}" if route.test is not None else ""
    return f"- {WORDS[route.lead]}{test} {ARROW} " + " and ".join(target_text(t, name_of) for t in route.to)
