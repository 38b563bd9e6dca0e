"""Regular expressions that cannot run away: the usual syntax without look-around, back-references and lazy repetition,
run on all alternatives at once (Thompson 1968), so that time grows with text × pattern and never faster.

Of several fits that begin at the same place the longest one counts.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Literal

from plainwork.spec.meter import Frame, refuse

MAX_PATTERN = 300
MAX_STATES = 600
_MAX_GROUPS = 30
Test = Callable[[str], bool]
Assertion = Literal["^", "$", "b", "B"]
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v"}
_HINT = "Look-around, back-references and lazy repetition (*?) are not part of this language."


def _is_word(letter: str) -> bool:
    return letter.isalnum() or letter == "_"


_CLASSES: dict[str, Test] = {"d": str.isdecimal, "w": _is_word, "s": str.isspace}


def _class_of(letter: str) -> Test | None:
    test = _CLASSES.get(letter.lower())
    if test is None or letter.islower():
        return test
    return lambda c: not test(c)


class _State:
    """One state: reads a character that passes ``test``, or goes on for free when ``check`` holds."""

    __slots__ = ("check", "next", "other", "test")

    def __init__(self, test: Test | None = None, check: Assertion | None = None) -> None:
        self.test = test
        self.check = check
        self.next: _State | None = None
        self.other: _State | None = None


Piece = tuple[_State, _State]
"""A part of the machine: where it begins, and the free state at which it ends."""


class _Parser:
    """Reads one pattern by recursive descent; depth and states are bounded."""

    def __init__(self, source: str) -> None:
        self.fold = source.startswith("(?i)")
        self.source = source[4:] if self.fold else source
        self.spot = 0
        self.states = 0
        self.depth = 0

    def state(self, test: Test | None = None, check: Assertion | None = None) -> _State:
        self.states += 1
        if self.states > MAX_STATES:
            refuse("This pattern is too large.", "Use fewer or smaller repetitions.")
        return _State(test, check)

    def peek(self) -> str:
        return self.source[self.spot : self.spot + 1]

    def take(self) -> str:
        letter = self.peek()
        self.spot += 1
        return letter

    def fail(self, why: str) -> None:
        refuse(f"The pattern {self.source[:60]} cannot be read: {why}.", _HINT)

    def either(self) -> Piece:
        pieces = [self.sequence()]
        while self.peek() == "|":
            self.take()
            pieces.append(self.sequence())
        start, end = pieces[0]
        for other_start, other_end in pieces[1:]:
            fork, join = self.state(), self.state()
            fork.next, fork.other = start, other_start
            end.next = other_end.next = join
            start, end = fork, join
        return start, end

    def sequence(self) -> Piece:
        start = end = self.state()
        while self.peek() not in ("", "|", ")"):
            first, last = self.repeated()
            end.next, end = first, last
        return start, end

    def repeated(self) -> Piece:
        began = self.spot
        piece = self.atom()
        least, most = self.bounds()
        if (least, most) == (1, 1):
            return piece
        if self.peek() and self.peek() in "*+?{":
            self.fail("a repetition of a repetition")
        ended = self.spot
        copies = [piece] + [self.copy(began) for _ in range(max(least, most or least + 1) - 1)]
        self.spot = ended
        return self.chain(copies, least, most)

    def copy(self, began: int) -> Piece:
        self.spot = began
        return self.atom()

    def chain(self, copies: list[Piece], least: int, most: int | None) -> Piece:
        start = end = self.state()
        final = self.state()
        for number, (first, last) in enumerate(copies):
            fork = self.state()
            end.next, end = fork, last
            fork.next = first
            if number >= least:
                fork.other = final
            if most is None and number == len(copies) - 1:
                last.next = fork
                return start, final
        end.next = final
        return start, final

    def bounds(self) -> tuple[int, int | None]:
        sign = self.peek()
        simple: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        if sign in simple:
            self.take()
            return simple[sign]
        end = self.source.find("}", self.spot)
        inner = self.source[self.spot + 1 : end] if sign == "{" and end > 0 else ""
        low, comma, high = inner.partition(",")
        if not (low.isdecimal() and (not high or high.isdecimal())) or len(inner) > 9:
            return 1, 1
        self.spot = end + 1
        least = int(low)
        most = least if not comma else int(high) if high else None
        if least > 200 or (most or 0) > 200 or (most is not None and most < least):
            self.fail("a repetition beyond 200, or backwards")
        if most == 0:
            self.fail("a repetition of nothing")
        return least, most

    def atom(self) -> Piece:
        letter = self.take()
        if letter == "(":
            return self.group()
        if letter in "^$":
            return self.single(check="^" if letter == "^" else "$")
        if letter in "*+?":
            self.fail(f"{letter} has nothing to repeat")
        if letter == ".":
            return self.single(lambda c: c != "\n")
        if letter == "[":
            return self.single(self.letter_class())
        if letter == "\\":
            return self.escape()
        return self.literal(letter)

    def single(self, test: Test | None = None, check: Assertion | None = None) -> Piece:
        start, end = self.state(test, check), self.state()
        start.next = end
        return start, end

    def literal(self, letter: str) -> Piece:
        return self.single(self.folded(lambda c: c == letter))

    def folded(self, test: Test) -> Test:
        if not self.fold:
            return test
        return lambda c: test(c) or test(c.lower()) or test(c.upper())

    def group(self) -> Piece:
        self.depth += 1
        if self.depth > _MAX_GROUPS:
            self.fail("groups are nested too deep")
        if self.peek() == "?":
            if self.source[self.spot : self.spot + 2] != "?:":
                self.fail("(?…) is not supported")
            self.spot += 2
        piece = self.either()
        if self.take() != ")":
            self.fail("a ( is never closed")
        self.depth -= 1
        return piece

    def escape(self) -> Piece:
        letter = self.take()
        if letter in ("b", "B"):
            return self.single(check="b" if letter == "b" else "B")
        test = _class_of(letter) if letter else None
        return self.single(test) if test else self.literal(self.escaped(letter))

    def escaped(self, letter: str) -> str:
        if letter in _ESCAPED:
            return _ESCAPED[letter]
        if not letter or letter.isalnum():
            self.fail(f"\\{letter} is not supported")
        return letter

    def letter_class(self) -> Test:
        negative = self.peek() == "^"
        self.spot += negative
        tests: list[Test] = []
        first = True
        while self.peek() != "]" or first:
            first = False
            tests.append(self.class_part())
        self.take()
        self.states += len(tests) // 2
        any_test = self.folded(lambda c: any(test(c) for test in tests))
        return (lambda c: not any_test(c)) if negative else any_test

    def class_part(self) -> Test:
        low = self.take()
        if not low:
            self.fail("a [ is never closed")
        if low == "\\":
            letter = self.take()
            test = _class_of(letter) if letter else None
            if test:
                return test
            low = self.escaped(letter)
        if self.peek() != "-" or self.source[self.spot + 1 : self.spot + 2] in ("]", ""):
            return lambda c: c == low
        self.take()
        high = self.take()
        if high == "\\":
            high = self.escaped(self.take())
        if high < low:
            self.fail(f"the range {low}-{high} is backwards")
        return lambda c: low <= c <= high


class Pattern:
    """A pattern ready to run."""

    def __init__(self, start: _State, end: _State) -> None:
        self._start = start
        self._end = end

    def find(self, frame: Frame, text: str, begin: int) -> tuple[int, int] | None:
        """Start and end of the first fit at or after ``begin``, the longest at its place; None when there is none."""
        best: tuple[int, int] | None = None
        alive: dict[_State, int] = {}
        frame.work(2)
        for spot in range(begin, len(text) + 1):
            if best is None:
                alive.setdefault(self._start, spot)
            elif not alive:
                break
            reached = self._spread(frame, alive, text, spot)
            since = reached.get(self._end)
            if since is not None and (best is None or since <= best[0]):
                best = (since, spot)
            limit = best[0] if best else spot
            letter = text[spot : spot + 1]
            alive = self._read(reached, letter, limit) if letter else {}
        return best

    def _spread(self, frame: Frame, alive: dict[_State, int], text: str, spot: int) -> dict[_State, int]:
        """All states that can be reached for free, each with the earliest place at which its fit began."""
        reached: dict[_State, int] = {}
        for state, since in sorted(alive.items(), key=lambda entry: entry[1]):
            stack = [state]
            while stack:
                here = stack.pop()
                if here in reached:
                    continue
                reached[here] = since
                if here.test is None and (here.check is None or _holds(here.check, text, spot)):
                    stack.extend(way for way in (here.other, here.next) if way is not None)
        frame.work(2 + 3 * len(reached) // 2)
        return reached

    def _read(self, reached: dict[_State, int], letter: str, limit: int) -> dict[_State, int]:
        alive: dict[_State, int] = {}
        for state, since in reached.items():
            if state.test is not None and since <= limit and state.next is not None and state.test(letter):
                alive[state.next] = min(since, alive.get(state.next, since))
        return alive


def _holds(check: Assertion, text: str, spot: int) -> bool:
    if check == "^":
        return spot == 0
    if check == "$":
        return spot == len(text) or (spot == len(text) - 1 and text[spot] == "\n")
    before = spot > 0 and _is_word(text[spot - 1])
    after = spot < len(text) and _is_word(text[spot])
    return (before != after) == (check == "b")


@functools.lru_cache(maxsize=256)
def compile_pattern(source: str) -> Pattern:
    """The machine of a pattern of at most 300 characters. Raises ExpressionError when it cannot be read."""
    if len(source) > MAX_PATTERN:
        refuse(f"A pattern has at most {MAX_PATTERN} characters.")
    parser = _Parser(source)
    start, end = parser.either()
    if parser.spot < len(parser.source):
        parser.fail("a ) too many")
    return Pattern(start, end)
