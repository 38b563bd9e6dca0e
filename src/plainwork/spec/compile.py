"""Spec → flow: writes out what the document leaves unsaid (the next step, the cron of a phrase, the kind's version).

The same spec gives the same flow byte for byte, whatever is installed: nothing here looks at the catalogue, and
nothing is refused, so that the canvas can draw a document that still has errors.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from plainwork.spec.flow import FAIL_TARGET, STOP_TARGET, Condition, Edge, Flow, Node
from plainwork.spec.graph import TRIGGER, plain_body
from plainwork.spec.model import FAIL, STOP, Route, Schedule, Spec, Step, Trigger

SHARED: tuple[str, ...] = (
    *("title", "about", "id", "inputs", "outputs", "secrets", "model", "limits", "defaults", "on_failure"),
    *("enabled", "tags", "owner"),
)
"""The fields that a spec and its flow have in common."""
STEP_FIELDS: tuple[str, ...] = (
    *("about", "blocks", "account", "model", "retry", "timeout", "join", "if_", "limits", "cache", "effect"),
    *("on_uncertain", "note"),
)
"""The fields that a step and its node have in common, besides id and name."""
_TARGETS = {STOP: STOP_TARGET, FAIL: FAIL_TARGET}
_ELSE = Condition(else_=True)
_TIMEOUT = Condition(on="timeout")
Link = tuple[Edge, int | None]
"""An edge, and the route of its step that says so (None: it is the silent "continue with the next step")."""


def compile(spec: Spec) -> Flow:
    """The flow of a spec.

    Nodes: triggers (``trigger-1`` …), the steps, then those of "When things go wrong" (lane ``errors``). Edges: from
    each trigger to the first step, then step by step in the order its routes stand. ``Then → stop`` is no edge at all.
    """
    triggers = [trigger_node(number, trigger) for number, trigger in enumerate(spec.when, 1)]
    nodes = [*triggers]
    edges = [Edge(from_=node.id, to=spec.steps[0].id) for node in triggers if spec.steps]
    _add_level(spec.steps, nodes, edges)
    first_error = len(nodes)
    _add_level(spec.errors, nodes, edges)
    nodes[first_error:] = [msgspec.structs.replace(node, lane="errors") for node in nodes[first_error:]]
    shared = {name: getattr(spec, name) for name in SHARED}
    return Flow(nodes=tuple(nodes), edges=tuple(edges), **shared)


def _add_level(steps: tuple[Step, ...], nodes: list[Node], edges: list[Edge]) -> None:
    for step, following in with_following(steps):
        nodes.append(_node(step))
        edges.extend(edge for edge, _ in links(step, following))


def with_following(steps: tuple[Step, ...]) -> Iterator[tuple[Step, str | None]]:
    """Each step of a level with the id of the next one (None for the last)."""
    for spot, step in enumerate(steps, 1):
        yield step, steps[spot].id if spot < len(steps) else None


def links(step: Step, following: str | None) -> list[Link]:
    """The edges that leave a step, each once, in the order they are tried, with the routes they come from."""
    found: dict[Edge, int | None] = {}
    if following is not None and not any(route.lead in ("if", "when", "otherwise", "then") for route in step.routes):
        found[Edge(from_=step.id, to=following)] = None
    for number, route in enumerate(step.routes):
        condition = _condition(route)
        for name in route.to:
            target = _TARGETS.get(name, name)
            if condition is not None or target != STOP_TARGET:
                found.setdefault(Edge(from_=step.id, to=target, condition=condition), number)
    return list(found.items())


def _condition(route: Route) -> Condition | None:
    match route.lead:
        case "then":
            return None
        case "if":
            return Condition(if_=route.test or "")
        case "when":
            return Condition(case=route.test or "")
        case "otherwise":
            return _ELSE
        case "timeout":
            return _TIMEOUT
        case _:
            return Condition(on="error", failure=route.test)


def _node(step: Step) -> Node:
    config = step.with_
    if step.steps:
        nodes: list[Node] = []
        edges: list[Edge] = []
        _add_level(step.steps, nodes, edges)
        config = {**config, "flow": plain_body(nodes, edges)}
    shared = {name: getattr(step, name) for name in STEP_FIELDS}
    return Node(id=step.id, name=step.name, type=versioned(step.uses), config=config, **shared)


def versioned(uses: str) -> str:
    """The type of a node for what a step ``uses``: ``http`` → ``http@1``; a version that is given stays."""
    return uses if "@" in uses else f"{uses}@1"


def trigger_node(number: int, trigger: Trigger) -> Node:
    """The node of the ``number``-th trigger (from 1): its fields are the configuration, its name says what it is."""
    fields: dict[str, Any] = msgspec.to_builtins(trigger)
    kind = fields.pop("kind")
    if isinstance(trigger, Schedule):
        fields = _timed(trigger, fields)
    return Node(id=f"trigger-{number}", name=_trigger_name(kind, fields), type=f"{TRIGGER}{kind}@1", config=fields)


def _timed(trigger: Schedule, fields: dict[str, Any]) -> dict[str, Any]:
    """The schedule's fields with the cron and the zone its phrase means; as they are when nobody can tell."""
    if trigger.phrase is None:
        return fields
    from plainwork.spec.schedule_text import ScheduleError, parse_schedule

    try:
        meant = parse_schedule(trigger.phrase, default_zone=trigger.timezone)
    except ScheduleError:
        return fields
    zone = {"timezone": meant.timezone} if meant.timezone else {}
    return {**fields, "cron": meant.cron, **zone}


def _trigger_name(kind: str, fields: dict[str, Any]) -> str:
    text = fields.get("phrase") or fields.get("cron") or fields.get("path") or fields.get("title") or fields.get("uses")
    return str(text or fields.get("agent") or kind)
