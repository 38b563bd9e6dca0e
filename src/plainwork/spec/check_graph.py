"""Checks of the wiring: ids, routes, cycles, branches without an else, steps that nothing leads to."""

from __future__ import annotations

from collections.abc import Sequence

from plainwork.spec.flow import STOP_TARGET, Condition, Edge, Flow, Node
from plainwork.spec.graph import find_cycle, reachable
from plainwork.spec.kinds import Catalogue
from plainwork.spec.levels import ENDS, Book, Level
from plainwork.spec.names import expression_name, is_id, is_reserved
from plainwork.spec.report import Report, listed

FAILURES = ("retry", "auth", "rejected", "timeout", "budget")
"""The kinds of failure that ``On error`` can tell apart."""


def check_graph(flow: Flow, book: Book, catalogue: Catalogue, report: Report) -> None:
    """All findings about ids, edges and their conditions."""
    _check_ids(book, report)
    for level in book.levels:
        _check_ends(level, book, report)
        if level.has_own_ids:
            _check_circle(level, report)
            _check_reach(level, flow.on_failure, report)
            _check_joins(level, report)
        _check_branches(level, flow, catalogue, report)


def _check_ids(book: Book, report: Report) -> None:
    seen: set[str] = set()
    names: dict[str, str] = {}
    for _, _, node in book.steps():
        if node.id in seen:
            report.add("duplicate-id", f"Two steps have the id {node.id}.", _OWN_ID, node=node.id, field="id")
            continue
        seen.add(node.id)
        _check_id(node.id, report)
        name = expression_name(node.id)
        other = names.setdefault(name, node.id)
        if other != node.id:
            message = f"The steps {other} and {node.id} have the same name in expressions, {name}."
            report.add("duplicate-id", message, _OWN_ID, node=node.id, field="id")


_OWN_ID = "Give one of them another heading, or an `id:`."


def _check_id(step_id: str, report: Report) -> None:
    if is_reserved(step_id):
        message = f"A step cannot have the id {step_id}: the word means something else."
        report.add("reserved-id", message, "Choose another heading, or give an `id:`.", node=step_id, field="id")
    elif not is_id(step_id):
        message = f"“{step_id[:60]}” cannot be the id of a step."
        report.add("bad-id", message, "Use letters, digits, - and _.", node=step_id, field="id")


def _check_ends(level: Level, book: Book, report: Report) -> None:
    for edge, place in zip(level.edges, level.places, strict=True):
        if edge.from_ not in level.positions:
            report.add(
                "unknown-step", f"An edge begins at {edge.from_}, which is not there.", node=edge.from_, field=place
            )
        elif edge.to not in level.positions and edge.to not in ENDS:
            _add_lost(edge, place, level, book, report)


def _add_lost(edge: Edge, place: str | None, level: Level, book: Book, report: Report) -> None:
    found = book.by_id.get(edge.to)
    if found is None:
        known = [node_id for node_id in level.positions if node_id != edge.from_]
        hint = report.did_you_mean(edge.to, known, f"The steps here are {listed(known)}." if known else None)
        report.add("unknown-step", f"There is no step {edge.to}.", hint, node=edge.from_, field=place)
        return
    outside = found[0]
    if any(around is outside for around in _arounds(level)):
        code, way = "route-leaves-loop", "out of"
    else:
        code, way = "route-enters-loop", "into"
    report.add(
        code,
        f"The route from {edge.from_} to {edge.to} leads {way} a loop or group.",
        "Let it end with stop, and put the route at the step that holds the others.",
        node=edge.from_,
        field=place,
    )


def _arounds(level: Level) -> list[Level]:
    found: list[Level] = []
    while level.outside is not None:
        level, _ = level.outside
        found.append(level)
    return found


def _check_circle(level: Level, report: Report) -> None:
    if level.upstream is not None:
        return
    if report.is_document and any(f.code == "backward-route" for f in report.findings):
        return  # the circle's way back has been named already, with its line
    circle = [level.nodes[spot].id for spot in find_cycle(len(level.nodes), level.pairs)]
    if circle:
        back = next((p for e, p in zip(level.edges, level.places, strict=True) if [e.from_, e.to] == circle[-2:]), None)
        message = f"The steps go round in a circle: {' → '.join(circle[:8])}{' …' if len(circle) > 8 else ''}."
        report.add("cycle", message, _USE_REPEAT, node=circle[-2], field=back)


_USE_REPEAT = "To do steps again, put them under a step with `uses: repeat` and say `until` when."


def check_order(level: Level, order: Sequence[int], report: Report) -> None:
    """Routes that lead up the page (documents only). ``order``: the positions as they can be carried out, if they can."""
    for edge, place in zip(level.edges, level.places, strict=True):
        source, target = level.positions.get(edge.from_), level.positions.get(edge.to)
        if source is None or target is None or level.nodes[source].lane != level.nodes[target].lane:
            continue
        if target <= source:
            message = f"The route from {edge.from_} leads back up to {edge.to}."
            report.add("backward-route", message, _USE_REPEAT, node=edge.from_, field=place)
    if order and level.upstream is not None:
        moved = next((spot for spot, wanted in enumerate(order) if spot != wanted), None)
        if moved is not None and not any(f.code == "backward-route" for f in report.findings):
            message = f"{level.nodes[moved].id} stands above steps that lead to it."
            report.add("backward-route", message, "Move it below them.", node=level.nodes[moved].id)


def _check_reach(level: Level, on_failure: str | None, report: Report) -> None:
    if level.upstream is None or not level.nodes:
        return
    starts = set(level.starts(on_failure if level.is_top else None))
    came = reachable(starts, len(level.nodes), level.pairs)
    first = next((spot for spot, node in enumerate(level.nodes) if node.lane == "main" or not level.is_top), None)
    for spot, node in enumerate(level.nodes):
        if not came[spot]:
            hint = "Route to it (On error → …), or name it under `on failure`." if node.lane == "errors" else None
            report.warn("unreachable", f"No run can come to {node.id}.", hint, node=node.id)
        elif report.is_document and spot in starts and spot != first and node.id != on_failure:
            message = f"Nothing leads to {node.id}, so it starts together with the first step."
            report.warn("starts-by-itself", message, "Let the step before it route there.", node=node.id)


def _check_joins(level: Level, report: Report) -> None:
    incoming = [0] * len(level.nodes)
    for _, target in level.pairs:
        incoming[target] += 1
    for spot, node in enumerate(level.nodes):
        if node.join == "any" and incoming[spot] < 2:
            leads = "only one step leads" if incoming[spot] else "nothing leads"
            message = f"`join: any` of {node.id} has no effect: {leads} there."
            report.warn("needless-join", message, "Leave it out.", node=node.id, field="join")


def _check_branches(level: Level, flow: Flow, catalogue: Catalogue, report: Report) -> None:
    leaving: dict[str, list[tuple[Edge, str | None]]] = {}
    for edge, place in zip(level.edges, level.places, strict=True):
        if _is_clear(edge, place, report) and edge.condition is not None:
            leaving.setdefault(edge.from_, []).append((edge, place))
    for source, edges in leaving.items():
        spot = level.positions.get(source)
        if spot is not None:
            node = level.nodes[spot]
            _check_labels(node, edges, catalogue, report)
            _check_failures(node, edges, _time_limit(node, flow, catalogue), report)


def _time_limit(node: Node, flow: Flow, catalogue: Catalogue) -> str | None:
    """The step's own, or the one for all steps, which does not bound what waits for people."""
    kind = catalogue.get(node.type)
    if node.timeout is not None or flow.defaults is None or (kind is not None and kind.waits):
        return node.timeout
    return flow.defaults.timeout


def _is_clear(edge: Edge, place: str | None, report: Report) -> bool:
    condition = edge.condition
    if condition is None:
        return True
    tests = (condition.if_ is not None, condition.case is not None, bool(condition.else_), condition.on is not None)
    if sum(tests) == 1 and (condition.failure is None or condition.on == "error"):
        return True
    if any(tests) or condition.failure is not None:
        message = f"The condition of the edge from {edge.from_} to {edge.to} says two things."
        report.add("bad-condition", message, "Set one of if, case, else and on.", node=edge.from_, field=place)
    return not any(tests)


def _check_labels(node: Node, edges: list[tuple[Edge, str | None]], catalogue: Catalogue, report: Report) -> None:
    conditions = [(edge.condition, place) for edge, place in edges if edge.condition is not None]
    cases = [(condition.case, place) for condition, place in conditions if condition.case is not None]
    labels = _outcomes(node, catalogue)
    for case, place in cases:
        if labels is not None and case not in labels:
            if labels:
                hint = report.did_you_mean(case, labels, f"The outcomes are {listed(labels)}.")
                report.add("unknown-label", f"{node.id} has no outcome {case}.", hint, node=node.id, field=place)
            else:
                message = f"{node.id} uses {node.type.partition('@')[0]}, which has no named outcomes."
                report.add("unknown-label", message, "Write If with an expression.", node=node.id, field=place)
    _check_else(node, [condition for condition, _ in conditions], {case for case, _ in cases}, labels, report)


def _outcomes(node: Node, catalogue: Catalogue) -> list[str] | None:
    """The named outcomes of a step; None when they cannot be known before it runs."""
    kind = catalogue.get(node.type)
    if kind is None:
        return None
    if kind.outcomes_from is None:
        return list(kind.outcomes)
    field = kind.input.get("properties", {}).get(kind.outcomes_from, {})
    labels = node.config.get(kind.outcomes_from, field.get("default"))
    if not isinstance(labels, (list, dict)) or any(not isinstance(one, str) or "{{" in one for one in labels):
        return None
    return list(labels)


def _check_else(
    node: Node, conditions: list[Condition], cases: set[str], labels: list[str] | None, report: Report
) -> None:
    branches = any(condition.if_ is not None or condition.case is not None for condition in conditions)
    has_else = any(condition.else_ for condition in conditions)
    covered = bool(labels) and cases >= set(labels or ())
    if branches and not has_else and not covered:
        message = f"{node.id} does not say what happens when no condition holds; the run ends there."
        report.warn("no-otherwise", message, "Add - Otherwise → …", node=node.id)
    if has_else and not branches:
        message = f"{node.id} has an Otherwise without an If or a When."
        report.warn("lonely-otherwise", message, "Write Then instead.", node=node.id)


def _check_failures(node: Node, edges: list[tuple[Edge, str | None]], time_limit: str | None, report: Report) -> None:
    for edge, place in edges:
        condition = edge.condition
        if condition is None or condition.on is None:
            continue
        if condition.failure is not None and condition.failure not in FAILURES:
            hint = report.did_you_mean(condition.failure, FAILURES, f"The kinds are {listed(FAILURES)}.")
            report.warn("unknown-failure", f"There is no failure {condition.failure}.", hint, node=node.id, field=place)
        if condition.on == "timeout" and time_limit is None:
            message = f"{node.id} has an On timeout, but no time limit."
            report.warn("no-timeout", message, "Add `timeout: 30s`, or another limit.", node=node.id, field=place)


def check_falls(level: Level, report: Report) -> None:
    """Steps that silently continue into a step where another one branches to (documents only)."""
    branches: dict[str, str] = {}
    several: set[str] = set()
    for edge in level.edges:
        if edge.condition is not None and branches.setdefault(edge.to, edge.from_) != edge.from_:
            several.add(edge.to)
    for edge, place in zip(level.edges, level.places, strict=True):
        if place is not None or edge.to == STOP_TARGET or edge.to not in branches:
            continue
        if edge.to in several or branches[edge.to] != edge.from_:
            report.add(
                "falls-into-branch",
                f"After {edge.from_} the run would fall into {edge.to}, which {branches[edge.to]} branches to.",
                f"Say where {edge.from_} goes: - Then → stop, or - Then → [the next step](#{edge.to}).",
                node=edge.from_,
            )
