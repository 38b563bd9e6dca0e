"""Which names an expression of a step can see: earlier steps, those around a loop, loop variables, ``error``."""

from __future__ import annotations

from collections.abc import Iterator

from plainwork.spec.flow import Node
from plainwork.spec.levels import Book, Level
from plainwork.spec.names import expression_name

ALWAYS = ("inputs", "trigger", "run", "vars")
"""The names that every expression has."""
_LOOP_NAMES = {"foreach": ("item", "index"), "repeat": ("index", "last")}


class Visibility:
    """Answers, for one flow, what is in scope where."""

    def __init__(self, book: Book, on_failure: str | None) -> None:
        self._book = book
        self._on_failure = on_failure
        self._failed: dict[int, int] = {}

    def sees(self, level: Level, spot: int, name: str, *, itself: bool = False) -> bool:
        """Whether the step at ``spot`` can use ``name``; ``itself``: also its own result (conditions of its routes)."""
        if name in ALWAYS or (name == "error" and self._has_error(level, spot)):
            return True
        if name in self._loop_names(level):
            return True
        found = self._book.by_name.get(name)
        return found is not None and self.sees_step(level, spot, *found, itself=itself)

    def sees_step(self, level: Level, spot: int, at: Level, target: int, *, itself: bool = False) -> bool:
        """Whether the result of the step at ``target`` of ``at`` is known where the step at ``spot`` runs."""
        shown = _outward(at, target)
        while True:
            if level in shown:
                return self._is_before(level, spot, shown[level], itself=itself)
            if level.outside is None:
                return False
            (level, spot), itself = level.outside, False

    def _is_before(self, level: Level, spot: int, target: int, *, itself: bool) -> bool:
        if spot == target:
            return itself
        if level.upstream is None:
            return True
        if level.is_top and self._handles_failure(level.nodes[spot]):
            return True
        return bool(level.upstream[spot] >> target & 1)

    def _handles_failure(self, node: Node) -> bool:
        return node.lane == "errors" or node.id == self._on_failure

    def _has_error(self, level: Level, spot: int) -> bool:
        while True:
            if level.is_top and self._handles_failure(level.nodes[spot]):
                return True
            if level.upstream is None or (level.upstream[spot] | 1 << spot) & self._failed_bits(level):
                return True
            if level.outside is None:
                return False
            level, spot = level.outside

    def _failed_bits(self, level: Level) -> int:
        """The steps of a level that an edge for errors leads to."""
        known = self._failed.get(id(level))
        if known is None:
            known = 0
            for edge in level.edges:
                if edge.condition is not None and edge.condition.on is not None and edge.to in level.positions:
                    known |= 1 << level.positions[edge.to]
            self._failed[id(level)] = known
        return known

    def _loop_names(self, level: Level) -> list[str]:
        found: list[str] = []
        while level.outside is not None:
            level, holder = level.outside
            found += loop_names(level.nodes[holder])
        return found

    def names(self, level: Level, spot: int, *, itself: bool = False) -> Iterator[str]:
        """Every name that is in scope there, for suggestions."""
        yield from ALWAYS
        yield from self._loop_names(level)
        for name, (at, target) in self._book.by_name.items():
            if self.sees_step(level, spot, at, target, itself=itself):
                yield name


def loop_names(holder: Node) -> list[str]:
    """The names that a loop gives to the steps inside it."""
    kind = holder.type.partition("@")[0]
    names = [*_LOOP_NAMES.get(kind, ())]
    if kind == "foreach" and isinstance(holder.config.get("as"), str):
        names.append(holder.config["as"])
    return names


def _outward(level: Level, spot: int) -> dict[Level, int]:
    """The levels in which a step's result is known, with the position that stands for it: its own, and, as groups
    share their names, those around the groups it is in."""
    shown = {level: spot}
    while level.outside is not None:
        level, spot = level.outside
        if level.nodes[spot].type.partition("@")[0] != "group":
            break
        shown[level] = spot
    return shown


def described(book: Book, name: str) -> str | None:
    """Why a name that exists cannot be seen; None when no step has it."""
    found = book.by_name.get(name)
    if found is None:
        return None
    if found[0].outside is not None:
        around, spot = found[0].outside
        holder = around.nodes[spot]
        if holder.type.partition("@")[0] != "group":
            return f"{name} runs inside {holder.id}; outside, its results are {expression_name(holder.id)}.results."
    return f"{name} does not always come before this step."
