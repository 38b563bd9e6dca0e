"""Everything that can be known to be wrong with a spec or a flow before it runs: the findings, sorted by line.

Nothing here raises, and the work is bounded whatever the document holds (``MAX_NODES``, ``MAX_EDGES``, ``MAX_FINDINGS``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from plainwork.errors import Finding, Invalid
from plainwork.spec import levels
from plainwork.spec.check_config import check_config
from plainwork.spec.check_document import Placed, check_document, check_examples
from plainwork.spec.check_graph import check_falls, check_graph, check_order
from plainwork.spec.check_names import Names
from plainwork.spec.check_waits import check_waits
from plainwork.spec.compile import compile, links, with_following
from plainwork.spec.decompile import lanes_in_order, trigger_of
from plainwork.spec.flow import Flow, Node
from plainwork.spec.graph import MAX_DEPTH
from plainwork.spec.kinds import Catalogue
from plainwork.spec.levels import Book
from plainwork.spec.model import Spec, Step, Trigger
from plainwork.spec.report import Enough, Report, Spot

if TYPE_CHECKING:
    from plainwork.spec.source import SourceMap


def check_spec(spec: Spec, catalogue: Catalogue, source: SourceMap | None = None) -> list[Finding]:
    """The findings about a document; with ``source`` each names its line. Fields are paths as the text has them
    (``with.url``, ``routes.0``, ``inputs.topic``). Never raises."""
    report = Report("with", _locator(spec, source) if source is not None else None)
    return _run(report, lambda: _check_document(spec, catalogue, report))


def check_flow(flow: Flow, catalogue: Catalogue) -> list[Finding]:
    """The findings about a flow. Fields are paths inside the node (``config.url``, ``edges.3``). Never raises."""
    report = Report("config")
    return _run(report, lambda: _check_flow(flow, catalogue, report))


def _run(report: Report, work: Callable[[], None]) -> list[Finding]:
    try:
        work()
    except Enough:
        pass
    except RecursionError:
        report.findings.append(Finding(code="too-deep", message="Something in here is nested too deep to be read."))
    return report.sorted()


def _check_document(spec: Spec, catalogue: Catalogue, report: Report) -> None:
    _check_depth(spec, report)
    if not spec.steps:
        report.warn("no-steps", "This agent has no steps.", "Add one under ## Steps.", field="title")
    flow = compile(spec)
    book = levels.read(flow, report)
    if book is None:
        return
    _place_routes(spec, book)
    for level in book.levels:
        if level.has_own_ids:
            order = lanes_in_order(level.nodes, level.pairs) if level.is_top and level.upstream is not None else []
            check_order(level, order, report)
            check_falls(level, report)
    triggers: Placed = [(trigger, None, f"when.{spot}") for spot, trigger in enumerate(spec.when)]
    _check_all(flow, triggers, book, catalogue, report)
    check_examples(spec, book, report)


def _check_depth(spec: Spec, report: Report) -> None:
    """Stops before compiling what is nested so deep that nothing could walk it."""
    layer = [*spec.steps, *spec.errors]
    for _ in range(MAX_DEPTH):
        layer = [inner for step in layer for inner in step.steps]
    if layer:
        report.add("too-deep", f"Steps stand more than {MAX_DEPTH} levels deep.", "Use agent.call.", node=layer[0].id)
        raise Enough


def _check_flow(flow: Flow, catalogue: Catalogue, report: Report) -> None:
    book = levels.read(flow, report)
    if book is not None:
        _check_all(flow, list(_triggers(book.triggers, report)), book, catalogue, report)


def _triggers(nodes: Sequence[Node], report: Report) -> Iterator[tuple[Trigger, str | None, str | None]]:
    for node in nodes:
        try:
            yield trigger_of(node), node.id, "config"
        except Invalid as why:
            report.add("bad-trigger", why.message, why.next_step, node=node.id)


def _check_all(flow: Flow, triggers: Placed, book: Book, catalogue: Catalogue, report: Report) -> None:
    check_document(flow, triggers, book, catalogue, report)
    check_graph(flow, book, catalogue, report)
    check_config(flow, book, catalogue, report)
    names = Names(flow, book, catalogue, report)
    check_waits(flow, book, catalogue, names, report)
    names.check()


def _place_routes(spec: Spec, book: Book) -> None:
    """Says of each edge which route of its step it comes from; None for going on to the next step without a word."""
    routes = {step.id: fields for step, fields in _routes_of((*spec.steps,)) + _routes_of((*spec.errors,))}
    for level in book.levels:
        turn: dict[str, int] = {}
        for number, edge in enumerate(level.edges):
            spot = turn.get(edge.from_, 0)
            turn[edge.from_] = spot + 1
            fields = routes.get(edge.from_, [])
            level.places[number] = fields[spot] if spot < len(fields) else None


def _routes_of(steps: tuple[Step, ...]) -> list[tuple[Step, list[str | None]]]:
    found = []
    for step, following in with_following(steps):
        fields = [None if number is None else f"routes.{number}" for _, number in links(step, following)]
        found.append((step, fields))
        found += _routes_of(step.steps)
    return found


def _locator(spec: Spec, source: SourceMap) -> Callable[[str | None, str | None], Spot | None]:
    def locate(node: str | None, field: str | None) -> Spot | None:
        if node is not None and field is not None and field.startswith("routes."):
            return source.route(node, int(field.removeprefix("routes.")))
        if node is not None and field is None:
            return source.field(node, "name")
        if field is not None and field.startswith("examples."):
            return _example(spec, source, int(field.split(".")[1]))
        return source.field(node, field or "title")

    return locate


def _example(spec: Spec, source: SourceMap, number: int) -> Spot | None:
    heading = re.search(rf"^###[ \t]+{re.escape(spec.examples[number].name)}[ \t#]*$", source.text, re.MULTILINE)
    return source.span(heading.start(), heading.end()) if heading is not None else source.field(None, "title")


__all__ = ["check_flow", "check_spec"]
