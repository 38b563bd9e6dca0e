"""Checks of steps that wait for people and other agents: a decision that changes nothing, an agent that calls itself."""

from __future__ import annotations

from plainwork.spec.flow import Flow, Node
from plainwork.spec.kinds import Catalogue
from plainwork.spec.levels import Book, Level
from plainwork.spec.names import expression_name, slug
from plainwork.spec.report import Report


def check_waits(flow: Flow, book: Book, catalogue: Catalogue, report: Report) -> None:
    """Warnings about steps that run, and probably do not do what was meant."""
    own = {flow.id, slug(flow.title)} - {None, ""}
    for level in book.levels:
        for node in level.nodes:
            kind = catalogue.get(node.type)
            if kind is None:
                continue
            if kind.outcomes and _goes_on_anyway(node, level):
                message = f"After {node.id} the run goes on whatever is decided."
                ways = " and ".join(f"- When `{outcome}` → …" for outcome in kind.outcomes)
                report.warn("unused-decision", message, f"Write {ways}", node=node.id)
            if kind.id == "agent.call" and node.config.get("agent") in own:
                message = f"{node.id} calls this very agent."
                hint = "Make sure that it comes to an end: runs stand ten deep in each other at most."
                report.warn("calls-itself", message, hint, node=node.id, field=f"{report.config}.agent")


def _goes_on_anyway(node: Node, level: Level) -> bool:
    """Whether a step follows in any case, and nothing beside it asks what was decided."""
    leaving = [edge for edge in level.edges if edge.from_ == node.id and edge.to in level.positions]
    if not leaving or any(edge.condition is not None and edge.condition.on is None for edge in leaving):
        return False
    name = expression_name(node.id)
    tests = [other.if_ for other in level.nodes] + [edge.condition.if_ for edge in level.edges if edge.condition]
    return not any(name in test for test in tests if test is not None)
