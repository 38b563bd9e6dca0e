"""Flow → spec, so that compiling the result gives the flow again.

``compile(decompile(flow)) == canonical(flow)`` for every flow that can be written down, and ``canonical(flow) == flow``
for everything that ``compile`` makes. What the document says without words (going on to the next step) is left unsaid.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

import msgspec

from plainwork.errors import Invalid, Where
from plainwork.spec.compile import SHARED, STEP_FIELDS, trigger_node
from plainwork.spec.flow import FAIL_TARGET, STOP_TARGET, Condition, Edge, Flow, Node
from plainwork.spec.graph import MAX_DEPTH, TRIGGER, Body, body_of, find_cycle, plain_body, topological
from plainwork.spec.model import FAIL, STOP, Route, Schedule, Spec, Step, Trigger
from plainwork.spec.scan import prose

UNTITLED = "Untitled agent"
_TRIGGER_ID = re.compile(r"trigger-\d+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_WORDS = {STOP_TARGET: STOP, FAIL_TARGET: FAIL}


def decompile(flow: Flow) -> Spec:
    """The spec of a flow; one from elsewhere is made canonical first. Raises Invalid as ``canonical`` does."""
    flow = canonical(flow)
    triggers = tuple(trigger_of(node) for node in flow.nodes if node.type.startswith(TRIGGER))
    steps = [node for node in flow.nodes if not node.type.startswith(TRIGGER)]
    lanes = {lane: [node for node in steps if node.lane == lane] for lane in ("main", "errors")}
    graph = _Wiring(flow.edges)
    shared = {name: getattr(flow, name) for name in SHARED}
    main, errors = (tuple(graph.steps(lanes[lane])) for lane in ("main", "errors"))
    return Spec(when=triggers, steps=main, errors=errors, **shared)


class _Wiring:
    """The edges of one level, looked up by source and by target."""

    def __init__(self, edges: Iterable[Edge]) -> None:
        self._leaving: dict[str, list[Edge]] = {}
        self._branches: dict[str, set[str]] = {}
        for edge in edges:
            self._leaving.setdefault(edge.from_, []).append(edge)
            if edge.condition is not None:
                self._branches.setdefault(edge.to, set()).add(edge.from_)

    def steps(self, nodes: Sequence[Node]) -> Iterable[Step]:
        for spot, node in enumerate(nodes, 1):
            following = nodes[spot].id if spot < len(nodes) else None
            yield _step(node, self._routes(node.id, following))

    def _routes(self, source: str, following: str | None) -> tuple[Route, ...]:
        edges = self._leaving.get(source, [])
        onward = [edge for edge in edges if edge.condition is None or edge.condition.on is None]
        routes = []
        if not onward:
            if following is not None:
                routes.append(Route(lead="then", to=(STOP,)))
        elif onward == edges[:1] and self._goes_without_saying(onward[0], following):
            edges = edges[1:]
        for (condition, word), group in groupby(edges, key=lambda edge: (edge.condition, _WORDS.get(edge.to))):
            routes.append(_route(condition, (word,) if word else tuple(edge.to for edge in group)))
        return tuple(routes)

    def _goes_without_saying(self, edge: Edge, following: str | None) -> bool:
        """Whether this is simply the next step, and no other step branches there."""
        return edge.condition is None and edge.to == following and self._branches.get(edge.to, set()) <= {edge.from_}


def _route(condition: Condition | None, to: tuple[str, ...]) -> Route:
    if condition is None:
        return Route(lead="then", to=to)
    if condition.if_ is not None:
        return Route(lead="if", test=condition.if_, to=to)
    if condition.case is not None:
        return Route(lead="when", test=condition.case, to=to)
    if condition.else_:
        return Route(lead="otherwise", to=to)
    if condition.on == "timeout":
        return Route(lead="timeout", to=to)
    return Route(lead="error", test=condition.failure, to=to)


def _step(node: Node, routes: tuple[Route, ...]) -> Step:
    body = body_of(node)
    config = node.config if body is None else {key: value for key, value in node.config.items() if key != "flow"}
    inner = tuple(_Wiring(body.edges).steps(body.nodes)) if body else ()
    shared = {name: getattr(node, name) for name in STEP_FIELDS}
    uses = node.type.removesuffix("@1")
    return Step(id=node.id, name=node.name, uses=uses, with_=config, routes=routes, steps=inner, **shared)


def trigger_of(node: Node) -> Trigger:
    """The trigger that a node stands for. Raises Invalid when its type or its configuration is none of a trigger."""
    kind = node.type.removeprefix(TRIGGER).removesuffix("@1")
    try:
        trigger = msgspec.convert({**node.config, "kind": kind}, Trigger)
    except msgspec.ValidationError as why:
        raise Invalid(f"The trigger {node.id} cannot be read: {why}.", where=Where(node=node.id)) from None
    return _untimed(trigger) if isinstance(trigger, Schedule) else trigger


def _untimed(trigger: Schedule) -> Schedule:
    """Without what the phrase says itself. Where the phrase does not mean the cron beside it, the cron counts."""
    if trigger.phrase is None or trigger.cron is None:
        return trigger
    for zone in (None, trigger.timezone):
        shorter = msgspec.structs.replace(trigger, cron=None, timezone=zone)
        meant = trigger_node(1, shorter).config
        if (meant.get("cron"), meant.get("timezone")) == (trigger.cron, trigger.timezone):
            return shorter
    return msgspec.structs.replace(trigger, phrase=None)


def canonical(flow: Flow) -> Flow:
    """The one way to write this flow.

    Triggers come first, numbered, each leading to the first step; then the steps, each after those that lead to it and
    otherwise as they stood; then the errors lane likewise. Edges are grouped by source and stand once; an unconditional
    edge to ``@stop`` is left out, as it says nothing. Missing names are made from ids.

    Raises Invalid when it cannot be written down: a cycle, two nodes of one id, a step called stop, fail or trigger-1,
    an edge from or to nowhere, a condition with two tests, a trigger of no known kind, more than four levels.
    """
    triggers = [trigger_of(node) for node in flow.nodes if node.type.startswith(TRIGGER)]
    numbered = [trigger_node(number, trigger) for number, trigger in enumerate(triggers, 1)]
    ignored = {node.id for node in flow.nodes if node.type.startswith(TRIGGER)}
    rest = [node for node in flow.nodes if node.id not in ignored]
    steps, edges = _canonical_level(rest, flow.edges, ignored, 1)
    first = next((node.id for node in steps if node.lane == "main"), None)
    starts = [Edge(from_=node.id, to=first) for node in numbered if first is not None]
    title = _one_line(flow.title) or UNTITLED
    return msgspec.structs.replace(
        flow, title=title, about=_clean(flow.about), nodes=(*numbered, *steps), edges=(*starts, *edges)
    )


def _clean(text: str) -> str:
    return prose(text.replace("\r\n", "\n"))


def _one_line(text: str) -> str:
    """What can stand in a heading."""
    return _CONTROL.sub(" ", text).strip(" ")


def _canonical_level(
    nodes: Sequence[Node], edges: Iterable[Edge], ignored: set[str], depth: int
) -> tuple[list[Node], list[Edge]]:
    positions = {node.id: spot for spot, node in enumerate(nodes)}
    if len(positions) < len(nodes):
        twice = next(node.id for spot, node in enumerate(nodes) if positions[node.id] != spot)
        raise Invalid(f"Two steps have the id {twice}.", where=Where(node=twice), next_step="Give each its own.")
    taken = next((name for name in positions if name in (STOP, FAIL) or _TRIGGER_ID.fullmatch(name)), None)
    if taken is not None:
        raise Invalid(f"A step cannot have the id {taken}: it means something else.", where=Where(node=taken))
    kept = _kept_edges(edges, positions, ignored)
    pairs = [(positions[edge.from_], positions[edge.to]) for edge in kept if edge.to in positions]
    ordered = [_canonical_node(nodes[spot], depth) for spot in lanes_in_order(nodes, pairs)]
    by_source: dict[str, list[Edge]] = {node.id: [] for node in ordered}
    for edge in kept:
        by_source[edge.from_].append(edge)
    return ordered, [edge for leaving in by_source.values() for edge in leaving]


def _kept_edges(edges: Iterable[Edge], positions: dict[str, int], ignored: set[str]) -> list[Edge]:
    kept: dict[Edge, None] = {}
    for edge in edges:
        if edge.from_ in ignored or edge.to in ignored:
            continue
        if edge.from_ not in positions or (edge.to not in positions and edge.to not in _WORDS):
            raise Invalid(f"The edge from {edge.from_} to {edge.to} has an end that is not there.")
        condition = _canonical_condition(edge)
        if condition is not None or edge.to != STOP_TARGET:
            kept[Edge(from_=edge.from_, to=edge.to, condition=condition)] = None
    return list(kept)


def _canonical_condition(edge: Edge) -> Condition | None:
    condition = edge.condition
    if condition is None:
        return None
    tests = (condition.if_ is not None, condition.case is not None, bool(condition.else_), condition.on is not None)
    if sum(tests) > 1 or (condition.failure is not None and condition.on != "error"):
        raise Invalid(
            f"The condition of the edge from {edge.from_} to {edge.to} says two things.", where=Where(node=edge.from_)
        )
    if not any(tests):
        return None
    return msgspec.structs.replace(condition, else_=condition.else_ or None)


def lanes_in_order(nodes: Sequence[Node], pairs: list[tuple[int, int]]) -> list[int]:
    """The main steps, then the errors lane. Each lane is sorted with the other one out of the way (a step of the other
    lane never holds anything up longer than needed), so that a lane that is in order already stays as it is."""
    in_errors = [node.lane == "errors" for node in nodes]
    main = topological(len(nodes), pairs, late=[not late for late in in_errors])
    errors = topological(len(nodes), pairs, late=in_errors)
    if main is None or errors is None:
        circle = " → ".join(nodes[spot].id for spot in find_cycle(len(nodes), pairs))
        raise Invalid(f"The flow goes round in a circle: {circle}.", next_step="Use a repeat step.")
    return [s for s in main if not in_errors[s]] + [s for s in errors if in_errors[s]]


def _canonical_node(node: Node, depth: int) -> Node:
    changes: dict[str, Any] = {"name": _one_line(node.name) or _name_of(node.id), "about": _clean(node.about)}
    if "@" not in node.type:
        changes["type"] = f"{node.type}@1"
    body = body_of(node)
    if body is not None:
        changes["config"] = _canonical_config(node, body, depth)
    return msgspec.structs.replace(node, **changes)


def _canonical_config(node: Node, body: Body, depth: int) -> dict[str, Any]:
    if body.nodes and depth >= MAX_DEPTH:
        raise Invalid(f"Steps stand more than {MAX_DEPTH} levels deep at {node.id}.", where=Where(node=node.id))
    config = {key: value for key, value in node.config.items() if key != "flow"}
    inner = [msgspec.structs.replace(step, lane="main") for step in body.nodes]
    nodes, edges = _canonical_level(inner, body.edges, set(), depth + 1)
    if nodes:
        config["flow"] = plain_body(nodes, edges)
    return config


def _name_of(node_id: str) -> str:
    """A heading for a step that has none: ``fetch-posts`` → ``Fetch posts``."""
    words = " ".join(node_id.replace("-", " ").replace("_", " ").split())
    return words[:1].upper() + words[1:] or node_id
