"""Checks of steps that wait for people and other agents: a decision that changes nothing, one about a step that cannot be
shown yet, an agent that calls itself."""

from __future__ import annotations

from plainwork.spec.check_names import Names
from plainwork.spec.flow import Flow, Node
from plainwork.spec.kinds import Catalogue
from plainwork.spec.levels import Book, Level
from plainwork.spec.names import expression_name, slug
from plainwork.spec.report import Report, listed


def check_waits(flow: Flow, book: Book, catalogue: Catalogue, names: Names, report: Report) -> None:
    """Warnings about steps that run, and probably do not do what was meant; errors about what cannot be shown."""
    own = {flow.id, slug(flow.title)} - {None, ""}
    for level in book.levels:
        for spot, node in enumerate(level.nodes):
            kind = catalogue.get(node.type)
            if kind is None:
                continue
            if kind.outcomes and _goes_on_anyway(node, level):
                message = f"After {node.id} the run goes on whatever is decided."
                ways = " and ".join(f"- When `{outcome}` → …" for outcome in kind.outcomes)
                report.warn("unused-decision", message, f"Write {ways}", node=node.id)
            if kind.id == "approval" and "before" in node.config:
                _check_before(level, spot, str(node.config["before"]), names, report)
            if kind.id == "agent.call" and node.config.get("agent") in own:
                message = f"{node.id} calls this very agent."
                hint = "Make sure that it comes to an end: runs stand ten deep in each other at most."
                report.warn("calls-itself", message, hint, node=node.id, field=f"{report.config}.agent")


def _check_before(level: Level, spot: int, shown: str, names: Names, report: Report) -> None:
    """Whoever decides sees what a later step will do, which has to be settled by then."""
    node, field = level.nodes[spot], f"{report.config}.before"
    target = level.positions.get(shown)
    follows = target is not None and level.upstream is not None and level.upstream[target] >> spot & 1
    if target is None or not follows:
        later = [step.id for at, step in enumerate(level.nodes) if level.upstream and level.upstream[at] >> spot & 1]
        hint = report.did_you_mean(shown, later, f"After it come {listed(later, 'and')}." if later else None)
        report.add("unknown-step", f"No step {shown} comes after {node.id}.", hint, node=node.id, field=field)
    elif unseen := names.unseen(level, spot, target):
        message = f"What {shown} does depends on {listed(unseen, 'and')}, which is not known before {node.id}."
        hint = f"Move {node.id} right before {shown}, or name what is to be decided in `show`."
        report.add("shown-too-early", message, hint, node=node.id, field=field)


def _goes_on_anyway(node: Node, level: Level) -> bool:
    """Whether a step follows in any case, and nothing beside it asks what was decided."""
    leaving = [edge for edge in level.edges if edge.from_ == node.id and edge.to in level.positions]
    if not leaving or any(edge.condition is not None and edge.condition.on is None for edge in leaving):
        return False
    name = expression_name(node.id)
    tests = [other.if_ for other in level.nodes] + [edge.condition.if_ for edge in level.edges if edge.condition]
    return not any(name in test for test in tests if test is not None)
