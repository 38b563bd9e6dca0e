"""Paths such as ``each[3].box.fetch``, taken apart along a graph."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from plainwork.engine.plan.graph import Graph, GraphStep, Level

_PART = re.compile(r"(.+?)(?:\[(\d+)\])?")


class Place(NamedTuple):
    """One step on the way that a path goes: ``path`` leads to it, ``prefix`` to those beside it; ``turn``: which turn of
    it the rest of the way is in (None: it is no loop, or the way ends here)."""

    path: str
    prefix: str
    id: str
    turn: int | None


def places(path: str) -> Iterator[Place]:
    """The steps on the way to a step, from the outermost loop or group around it to itself."""
    prefix = ""
    for part in path.split("."):
        found = _PART.fullmatch(part)
        step_id, turn = (found[1], found[2]) if found else (part, None)
        yield Place(f"{prefix}{step_id}", prefix, step_id, None if turn is None else int(turn))
        prefix = f"{prefix}{part}."


def walk(graph: Graph, path: str) -> list[tuple[Place, Level, GraphStep]] | None:
    """The same with the steps that they are in this graph; None when it has none there."""
    level: Level | None = graph.level
    found = []
    way = list(places(path))
    for place in way:
        step = next((step for step in level.steps if step.id == place.id), None) if level else None
        is_last = place is way[-1]
        if level is None or step is None or (place.turn is not None) != (not is_last and step.holds in _TURNS):
            return None
        found.append((place, level, step))
        level = step.body
    return found


_TURNS = ("foreach", "repeat")
