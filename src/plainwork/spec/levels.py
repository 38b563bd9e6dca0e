"""A flow taken apart for checking: one level for the top, one for the inside of each loop and group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from plainwork.errors import Invalid
from plainwork.spec.flow import FAIL_TARGET, STOP_TARGET, Edge, Flow, Node
from plainwork.spec.graph import MAX_DEPTH, TRIGGER, ancestors, body_of
from plainwork.spec.names import expression_name
from plainwork.spec.report import Report

MAX_NODES = 10_000
MAX_EDGES = 100_000
ENDS = (STOP_TARGET, FAIL_TARGET)


class Level:
    """The steps of one level, by position. ``places``: for each edge the field of its source it stands at."""

    __slots__ = ("bodies", "edges", "nodes", "outside", "pairs", "places", "positions", "upstream")

    def __init__(self, nodes: Sequence[Node], edges: Sequence[Edge], outside: tuple[Level, int] | None = None) -> None:
        self.nodes = nodes
        self.edges = edges
        self.places: list[str | None] = [f"edges.{number}" for number in range(len(edges))]
        self.outside = outside
        """The level around this one, and the position there of the step that holds it."""
        self.bodies: dict[int, Level] = {}
        self.positions: dict[str, int] = {}
        for spot, node in enumerate(nodes):
            self.positions.setdefault(node.id, spot)
        known = self.positions
        self.pairs = [(known[e.from_], known[e.to]) for e in edges if e.from_ in known and e.to in known]
        self.upstream = ancestors(len(nodes), self.pairs)
        """For each position the bits of those before it; None while the edges form a cycle."""

    @property
    def is_top(self) -> bool:
        """Whether this is the flow itself, not the inside of a step."""
        return self.outside is None

    @property
    def has_own_ids(self) -> bool:
        """Whether every step has an id of its own; otherwise nobody can say which of them a route means."""
        return len(self.positions) == len(self.nodes)

    def starts(self, on_failure: str | None) -> list[int]:
        """The positions at which a run of this level can begin."""
        led_to = {target for _, target in self.pairs}
        begin = [s for s, node in enumerate(self.nodes) if s not in led_to and (node.lane == "main" or not self.is_top)]
        extra = self.positions.get(on_failure or "")
        return begin if extra is None else [*begin, extra]

    def walk(self) -> Iterator[Level]:
        """This level and all those inside, in the order of the document."""
        yield self
        for body in self.bodies.values():
            yield from body.walk()


class Book:
    """Every level of a flow, and where each id and each expression name is."""

    __slots__ = ("by_id", "by_name", "levels", "top", "triggers")

    def __init__(self, top: Level, triggers: Sequence[Node]) -> None:
        self.top = top
        self.triggers = triggers
        self.levels = list(top.walk())
        self.by_id: dict[str, tuple[Level, int]] = {}
        self.by_name: dict[str, tuple[Level, int]] = {}
        for level in self.levels:
            for spot, node in enumerate(level.nodes):
                self.by_id.setdefault(node.id, (level, spot))
                self.by_name.setdefault(expression_name(node.id), (level, spot))

    def steps(self) -> Iterator[tuple[Level, int, Node]]:
        """Every step with its level and position."""
        for level in self.levels:
            for spot, node in enumerate(level.nodes):
                yield level, spot, node


def read(flow: Flow, report: Report) -> Book | None:
    """The levels of a flow; what cannot be read is reported. None when there is too much of it to look at."""
    triggers = [node for node in flow.nodes if node.type.startswith(TRIGGER)]
    started = {node.id for node in triggers}
    steps = [node for node in flow.nodes if not node.type.startswith(TRIGGER)]
    for edge in flow.edges:
        if edge.to in started:
            report.add(
                "route-to-trigger", f"An edge leads from {edge.from_} to the trigger {edge.to}.", node=edge.from_
            )
    edges = [edge for edge in flow.edges if edge.from_ not in started and edge.to not in started]
    counter = _Counter(report)
    if not counter.takes(steps, flow.edges):
        return None
    top = Level(steps, edges)
    if not _read_bodies(top, 1, counter):
        return None
    _check_trigger_edges(flow.edges, top, started, report)
    return Book(top, triggers)


def _check_trigger_edges(edges: Iterable[Edge], top: Level, started: set[str], report: Report) -> None:
    for edge in edges:
        if edge.from_ in started and edge.to not in top.positions and edge.to not in started:
            report.add(
                "unknown-step", f"The trigger {edge.from_} leads to {edge.to}, which is not there.", node=edge.from_
            )


class _Counter:
    """Says when there is too much."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self._nodes = 0
        self._edges = 0

    def takes(self, nodes: Sequence[Node], edges: Sequence[Edge]) -> bool:
        self._nodes += len(nodes)
        self._edges += len(edges)
        if self._nodes <= MAX_NODES and self._edges <= MAX_EDGES:
            return True
        self.report.add(
            "too-large",
            f"There are more than {MAX_NODES} steps or {MAX_EDGES} edges.",
            "Split the agent into several, with agent.call between them.",
        )
        return False


def _read_bodies(level: Level, depth: int, counter: _Counter) -> bool:
    for spot, node in enumerate(level.nodes):
        try:
            body = body_of(node)
        except Invalid as why:
            counter.report.add("bad-flow", why.message, node=node.id, field=f"{counter.report.config}.flow")
            continue
        if body is None or not (body.nodes or body.edges):
            continue
        if depth >= MAX_DEPTH:
            counter.report.add(
                "too-deep", f"Steps stand more than {MAX_DEPTH} levels deep.", "Use agent.call.", node=node.id
            )
            return False
        if not counter.takes(body.nodes, body.edges):
            return False
        level.bodies[spot] = Level(body.nodes, body.edges, (level, spot))
        if not _read_bodies(level.bodies[spot], depth + 1, counter):
            return False
    return True
