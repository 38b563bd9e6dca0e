"""Order and ancestry in a graph of steps. Pure, without recursion, linear in steps and edges."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from plainwork.errors import Invalid
from plainwork.spec.flow import Edge, Node
from plainwork.spec.model import Part

MAX_DEPTH = 4
"""How many levels of steps there can be: headings of three to six #."""
TRIGGER = "trigger."
"""What the type of every trigger node begins with."""


class Body(Part, frozen=True, kw_only=True):
    """The inner flow of a step that holds others: ``config["flow"]``."""

    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()


def holds_body(config: Mapping[str, Any]) -> bool:
    """Whether a node's configuration carries an inner flow (rather than a setting that is merely called ``flow``)."""
    inner = config.get("flow")
    return (
        isinstance(inner, dict) and isinstance(inner.get("nodes"), (list, tuple)) and inner.keys() <= {"nodes", "edges"}
    )


def body_of(node: Node) -> Body | None:
    """The inner flow of a node, if it has one. Raises Invalid when it is not of that shape."""
    if not holds_body(node.config):
        return None
    try:
        return msgspec.convert(node.config["flow"], Body)
    except (msgspec.ValidationError, RecursionError) as why:
        raise Invalid(f"The steps inside {node.id} are not a flow: {why}.") from None


def plain_body(nodes: Iterable[Node], edges: Iterable[Edge]) -> dict[str, Any]:
    """The value of ``config["flow"]``, as JSON has it: lists, no tuples."""
    return {"nodes": [_plain(node) for node in nodes], "edges": msgspec.to_builtins(list(edges))}


def _plain(node: Node) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(node)
    if isinstance(node.model, tuple):
        fields["model"] = list(node.model)
    if "on" in fields.get("retry", {}):
        fields["retry"]["on"] = list(fields["retry"]["on"])
    return fields


def topological(count: int, edges: Iterable[tuple[int, int]], late: Sequence[bool] | None = None) -> list[int] | None:
    """The positions 0 … ``count`` - 1 so that every edge leads forward; None when the edges form a cycle.

    Whoever is ready and stands first comes first, so an order that is good already stays as it is; positions marked
    ``late`` wait until nothing else is ready.
    """
    following: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count
    for source, target in edges:
        following[source].append(target)
        waiting[target] += 1
    rank = late or [False] * count
    ready = [(rank[spot], spot) for spot in range(count) if not waiting[spot]]
    heapq.heapify(ready)
    order: list[int] = []
    while ready:
        _, spot = heapq.heappop(ready)
        order.append(spot)
        for target in following[spot]:
            waiting[target] -= 1
            if not waiting[target]:
                heapq.heappush(ready, (rank[target], target))
    return order if len(order) == count else None


def find_cycle(count: int, edges: Iterable[tuple[int, int]]) -> list[int]:
    """Positions along one cycle, the first repeated at the end (``[2, 5, 2]``); empty when there is none."""
    following: list[list[int]] = [[] for _ in range(count)]
    for source, target in edges:
        following[source].append(target)
    done = [False] * count
    for start in range(count):
        if not done[start]:
            found = _cycle_from(start, following, done)
            if found:
                return found
    return []


def _cycle_from(start: int, following: list[list[int]], done: list[bool]) -> list[int]:
    trail, on_trail = [start], {start: 0}
    turns = [iter(following[start])]
    while trail:
        target = next(turns[-1], None)
        if target is None:
            turns.pop()
            here = trail.pop()
            del on_trail[here]
            done[here] = True
        elif target in on_trail:
            return [*trail[on_trail[target] :], target]
        elif not done[target]:
            on_trail[target] = len(trail)
            trail.append(target)
            turns.append(iter(following[target]))
    return []


def ancestors(count: int, edges: Sequence[tuple[int, int]]) -> list[int] | None:
    """For each position the set of those before it along the edges, as the bits of a number; None for a cycle."""
    order = topological(count, edges)
    if order is None:
        return None
    before: list[list[int]] = [[] for _ in range(count)]
    for source, target in edges:
        before[target].append(source)
    found = [0] * count
    for spot in order:
        bits = 0
        for source in set(before[spot]):
            bits |= found[source] | (1 << source)
        found[spot] = bits
    return found


def reachable(starts: Iterable[int], count: int, edges: Iterable[tuple[int, int]]) -> list[bool]:
    """Which positions a run that begins at ``starts`` can come to."""
    following: list[list[int]] = [[] for _ in range(count)]
    for source, target in edges:
        following[source].append(target)
    seen = [False] * count
    stack = list(starts)
    while stack:
        spot = stack.pop()
        if not seen[spot]:
            seen[spot] = True
            stack.extend(following[spot])
    return seen
