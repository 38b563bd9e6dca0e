"""What a new run may begin with when another is to be taken again from one of its steps on: the records that stay true.

Kept is every step that has come to its end and does not depend on a step that is taken again: what lies before it, and
branches beside it, so that nothing outside is done a second time without need. Taken again are the step itself, those whose
failure doomed the run, and all that follows from either. What the planner derives it will derive anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from plainwork.engine.plan.given import step_at
from plainwork.engine.plan.graph import Graph, GraphStep, Level
from plainwork.engine.plan.paths import places, walk
from plainwork.engine.plan.records import Record
from plainwork.engine.plan.stand import Stand
from plainwork.errors import Conflict, Invalid
from plainwork.spec.flow import Edge, Flow, Node


@dataclass(frozen=True, slots=True)
class Side:
    """A version that a run is of, and the names that its expressions see. ``name``: how messages call the version."""

    graph: Graph
    names: tuple[Any, ...]
    name: str


def carry_over(
    was: Side, now: Side, history: Sequence[Record], given: Sequence[Record] = (), start: str | None = None
) -> list[int]:
    """The positions in ``history`` of the records that a run like ``now`` begins with when the one like ``was``, which has
    ended, is taken again from the step at ``start`` on (None: from those that doomed it; where none did, from where it
    stopped). ``given``: what is said about steps in place of what is on record, or before they are reached.

    Raises Invalid when a path means nothing in the new version; Conflict when the run never came to the step, when what
    would be kept is not the same step any more, or when it is not known whether a step that would be taken again has acted.
    """
    stand = Stand(was.graph, history, *was.names)
    _check_paths(now, stand, given, start)
    _check_doubt(was, stand, history, given, start)
    again = stand.failed() if start is None else [start, *stand.failed()]
    cut = Cut(now.graph, history)
    for path in again:
        cut.add(path)
    for record in given:
        cut.add_alone(record.path)
    kept = [record for record in stand.settled() if not cut.holds(record.path)]
    if was.graph is not now.graph:
        kept = _unchanged(was, now, kept, history, again)
    after = Stand(now.graph, [*kept, *given], *now.names)
    chosen = {id(record) for record in (*after.settled(), *_still_to_come(now.graph, after))}
    return [position for position, record in enumerate(history) if id(record) in chosen]


def _still_to_come(graph: Graph, after: Stand) -> list[Record]:
    """What the new run will come to; not steps for a failed run, which are to be taken should it fail too."""
    for_failures = Cut(graph, ())
    if graph.on_failure is not None:
        for_failures.add(graph.on_failure.id)
    return [record for record in after.ahead() if not for_failures.holds(record.path)]


class Cut:
    """What depends on steps that are taken again. ``history`` tells which steps had begun before others ended."""

    def __init__(self, graph: Graph, history: Iterable[Record]) -> None:
        self._graph = graph
        self._whole: set[str] = set()
        self._own: set[str] = set()
        self._turns: dict[str, int] = {}
        self._began: dict[str, int] = {}
        self._ended: dict[str, int] = {}
        for position, record in enumerate(history):
            for place in places(record.path):
                self._began.setdefault(place.path, position)
                self._ended[place.path] = position

    def add(self, path: str) -> None:
        """The step is taken again, and with it what follows it: inside the loop it stands in, and after that loop."""
        way = walk(self._graph, path)
        self.add_alone(path)
        for depth, (place, level, step) in enumerate(reversed(way or ())):
            if depth:
                self._own.add(place.path)
            if depth and place.turn is not None and step.holds == "repeat":
                self._turns[place.path] = min(place.turn, self._turns.get(place.path, place.turn))
            self._add_after(level, step, place.prefix)

    def add_alone(self, path: str) -> None:
        """What is on record of the step, and of all inside it, does not count any more."""
        self._whole.add(path)

    def holds(self, path: str) -> bool:
        """Whether the step is taken again."""
        for place in places(path):
            if place.path in self._whole:
                return True
            if place.turn is not None and place.turn > self._turns.get(place.path, place.turn):
                return True
        return path in self._own

    def _add_after(self, level: Level, first: GraphStep, prefix: str) -> None:
        found, waiting = {first.index}, [first]
        while waiting:
            step = waiting.pop()
            for index in step.routes.targets:
                if index is None or index in found or self._went_ahead(level.steps[index], step, prefix):
                    continue
                found.add(index)
                waiting.append(level.steps[index])
                self._whole.add(prefix + level.steps[index].id)

    def _went_ahead(self, step: GraphStep, of: GraphStep, prefix: str) -> bool:
        """Whether the step, which takes the first route that leads to it, had begun before the other one ended."""
        began, ended = self._began.get(prefix + step.id), self._ended.get(prefix + of.id)
        return step.join_any and began is not None and (ended is None or began < ended)


# ── What cannot be ───────────────────────────────────────────────────────────────────────────────────────────────────
def _check_paths(now: Side, stand: Stand, given: Sequence[Record], start: str | None) -> None:
    for record in given:
        step = step_at(now.graph, record.path)
        if step is None:
            raise Invalid(f"{_capital(now.name)} has no step at {record.path}.", next_step=_PATHS)
        if step.holds == "group" and record.status == "succeeded":
            raise Invalid(
                f"“{step.title}” is a group: what it gives is what its last step gives.",
                next_step="Name that step instead.",
            )
    for path in stand.failed() if start is None else [start]:
        if step_at(now.graph, path) is None:
            raise Invalid(f"{_capital(now.name)} has no step at {path}.", next_step=_PATHS)
    if start is not None and start not in stand.reached:
        raise Conflict(
            f"The run never came to {start}.", next_step="Leave `from` out, and it goes on from where it stopped."
        )


def _check_doubt(
    was: Side, stand: Stand, history: Sequence[Record], given: Sequence[Record], start: str | None
) -> None:
    """Who names a step says that it, and what follows it, may be done again; nobody has said so of others."""
    settled = Cut(was.graph, history)
    if start is not None:
        settled.add(start)
    for record in given:
        settled.add_alone(record.path)
    for path in stand.in_doubt():
        if not settled.holds(path):
            raise Conflict(
                f"It is not known whether {path} has acted before the run ended.",
                next_step=f"Look there. If it has, send its output in `outputs`; if not, retry with `from`: {path}.",
            )


def _unchanged(
    was: Side, now: Side, kept: Sequence[Record], history: Sequence[Record], again: Collection[str]
) -> list[Record]:
    """Those of steps that the new version has. Raises Conflict for one that it has changed, or lacks though it is needed."""
    stays: dict[str, bool] = {}
    for path in dict.fromkeys(record.path for record in kept):
        before, after = _definition(was.graph, path), _definition(now.graph, path)
        stays[path] = after is not None
        if after == before:
            continue
        if after is None:
            ahead = Cut(was.graph, history)
            ahead.add(path)
            if not any(ahead.holds(step) for step in again):
                continue
        what = "does not have" if after is None else "has another"
        raise Conflict(
            f"What {path} gave would be carried over, but {now.name} {what} {path}.",
            next_step="Retry the version that ran, or from an earlier step"
            + ("." if after is None else f", or send the output of {path} in `outputs`."),
        )
    return [record for record in kept if stays[record.path]]


_PATHS = "The run's journal names its steps; in loops they are like each[3].fetch."


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


# ── Whether a step is still the same ─────────────────────────────────────────────────────────────────────────────────
def _definition(graph: Graph, path: str) -> list[Any] | None:
    """All that decides whether the step at a path is reached and what it gives, with the loops around it."""
    way = walk(graph, path)
    if way is None:
        return None
    nodes, edges = graph.flow.nodes, graph.flow.edges
    parts: list[Any] = []
    for _, _, step in way:
        parts.append(_own_definition(step, nodes, edges))
        if step.holds:
            inner = msgspec.convert(step.node.config.get("flow") or {}, Flow)
            nodes, edges = inner.nodes, inner.edges
    return parts


def _own_definition(step: GraphStep, nodes: Sequence[Node], edges: Sequence[Edge]) -> list[Any]:
    node, steps = step.node, {node.id for node in nodes if not node.type.startswith("trigger.")}
    leading = [(edge.from_, msgspec.to_builtins(edge.condition)) for edge in edges if edge.to == node.id]
    config = {key: value for key, value in node.config.items() if not (step.holds and key == "flow")}
    model = step.model if step.kind.id.startswith("llm") else None
    own = [node.type, config, node.blocks, node.if_, node.join, step.effect, step.account, model]
    return [*own, sorted((edge for edge in leading if edge[0] in steps), key=str)]
