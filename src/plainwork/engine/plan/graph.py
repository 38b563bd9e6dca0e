"""A flow made ready to run: steps wired by position, templates and expressions parsed once.

A graph is built once per version, is immutable, and is shared by every run of that version.
"""

from __future__ import annotations

import graphlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

import msgspec

from plainwork.errors import Invalid, PlainworkError, Where
from plainwork.spec.durations import parse_duration
from plainwork.spec.expression import Expression, parse_expression
from plainwork.spec.flow import FAIL_TARGET, STOP_TARGET, Edge, Flow, Node
from plainwork.spec.json_text import json_settings
from plainwork.spec.kinds import Catalogue, Kind
from plainwork.spec.model import Defaults, Effect, Limits, Retry
from plainwork.spec.names import expression_name
from plainwork.spec.template import Template, parse_template

Holds = Literal["", "foreach", "repeat", "group"]
_LOOPS = ("foreach", "repeat", "group")


class Scope(dict[str, Any]):
    """Names of one level on top of the names around it; nothing is copied."""

    __slots__ = ("around",)

    def __init__(self, names: Mapping[str, Any], around: Mapping[str, Any]) -> None:
        super().__init__(names)
        self.around = around

    def __missing__(self, name: str) -> Any:
        return self.around[name]

    def __contains__(self, name: object) -> bool:
        return dict.__contains__(self, name) or name in self.around

    def get(self, name: str, default: Any = None) -> Any:
        """As for any mapping, looking through to the names around."""
        return self[name] if name in self else default  # noqa: SIM401 - the hint would call itself


class ConfigPlan:
    """How to render a step's configuration: constants as they are, templates in order, block texts last because they
    may use the step's other keys as names."""

    __slots__ = ("_base", "_first", "_last")

    def __init__(self, given: Mapping[str, Any], blocks: Mapping[str, str], kind: Kind) -> None:
        properties = kind.input.get("properties", {})
        config = json_settings(given, blocks, kind.blocks)
        first: dict[str, Any] = {}
        last: dict[str, Any] = {}
        self._base = {key: value for key, value in config.items() if not (kind.holds and key == "flow")}
        for key, value in self._base.items():
            schema = properties.get(key, {})
            if schema.get("x-expression") or schema.get("x-no-template") or not _has_template(value):
                continue
            (last if "*" in schema.get("x-names", ()) else first)[key] = value
        self._first = _parsed_fields(first)
        self._last = _parsed_fields(last)

    def render(self, scope: Mapping[str, Any]) -> dict[str, Any]:
        """The configuration for these names. Raises ``Invalid`` whose message begins with the field."""
        config = dict(self._base)
        if self._first is not None:
            config.update(_rendered(self._first, scope))
        if self._last is not None:
            config.update(_rendered(self._last, Scope(config, scope)))
        return config


def _parsed_fields(fields: dict[str, Any]) -> Template | None:
    for key, value in fields.items():
        _parsed_template(value, key)
    return parse_template(fields) if fields else None


def _rendered(template: Template, scope: Mapping[str, Any]) -> dict[str, Any]:
    try:
        rendered: dict[str, Any] = template.render(scope)
    except PlainworkError as error:
        field = _failing_field(template.value, scope)
        raise Invalid(f"{field}{error.message}", next_step=error.next_step) from error
    return rendered


def _failing_field(fields: Mapping[str, Any], scope: Mapping[str, Any]) -> str:
    """The first field that cannot be rendered by itself, as a prefix for a message."""
    for key, value in fields.items():
        try:
            parse_template(value).render(scope)
        except PlainworkError:
            return f"{key}: "
    return ""


def _has_template(value: Any) -> bool:
    if isinstance(value, str):
        return "{{" in value
    if isinstance(value, dict):
        return any(_has_template(v) for v in value.values()) or any("{{" in str(k) for k in value)
    return isinstance(value, (list, tuple)) and any(_has_template(v) for v in value)


def _parsed_template(value: Any, field: str) -> Template:
    try:
        return parse_template(value)
    except PlainworkError as error:
        raise Invalid(f"{field}: {error.message}", next_step=error.next_step) from error


class RetryPlan(msgspec.Struct, frozen=True):
    """A retry policy with its durations in seconds."""

    times: int
    wait_s: float
    backoff: float
    on: tuple[str, ...]


class Routes:
    """The edges that leave one step, by what takes them. Targets are positions in the level; every edge of the step has
    one place in ``targets``, and the other fields hold indices into it."""

    __slots__ = ("cases", "error", "fails", "ifs", "otherwise", "plain", "simple", "targets", "timeout", "typed")

    def __init__(self, edges: Iterable[Edge], positions: Mapping[str, int]) -> None:
        targets: list[int | None] = []
        self.fails: frozenset[int] = frozenset()
        self.plain: list[int] = []
        self.ifs: list[tuple[str, Expression, list[int]]] = []
        self.cases: dict[str, list[int]] = {}
        self.otherwise: list[int] = []
        self.typed: dict[str, list[int]] = {}
        self.error: list[int] = []
        self.timeout: list[int] = []
        fails = []
        for i, edge in enumerate(edges):
            targets.append(positions.get(edge.to))
            if edge.to == FAIL_TARGET:
                fails.append(i)
            self._file(edge, i)
        self.targets = tuple(targets)
        self.fails = frozenset(fails)
        self.simple = len(self.plain) == len(targets) and not fails

    def _file(self, edge: Edge, i: int) -> None:
        condition = edge.condition
        if condition is None:
            self.plain.append(i)
        elif condition.if_ is not None:
            self._file_if(condition.if_, i)
        elif condition.case is not None:
            self.cases.setdefault(condition.case, []).append(i)
        elif condition.else_:
            self.otherwise.append(i)
        elif condition.on == "timeout":
            self.timeout.append(i)
        elif condition.failure is not None:
            self.typed.setdefault(condition.failure, []).append(i)
        else:
            self.error.append(i)

    def _file_if(self, source: str, i: int) -> None:
        for text, _, edges in self.ifs:
            if text == source:
                edges.append(i)
                return
        self.ifs.append((source, parse_expression(source), [i]))

    def of_failure(self, kind: str) -> list[int]:
        """The edges a failure of this kind takes: those that name it, else those for any error."""
        if kind == "timeout" and self.timeout:
            return self.timeout
        return self.typed.get(kind) or self.error


class GraphStep:
    """One node of a flow with everything resolved that no run decides. ``body``: the inner level of a loop; ``cache_s``:
    for how long an equal call may be answered from memory, which only those that look may."""

    __slots__ = (
        "account",
        "before",
        "body",
        "cache_s",
        "config",
        "effect",
        "holds",
        "id",
        "if_",
        "incoming",
        "index",
        "join_any",
        "kind",
        "lane",
        "model",
        "name",
        "node",
        "on_uncertain",
        "retry",
        "routes",
        "timeout_s",
        "title",
        "until",
    )

    def __init__(self, node: Node, index: int, kind: Kind, flow: Flow) -> None:
        defaults = flow.defaults or Defaults()
        self.node = node
        self.id = node.id
        self.index = index
        self.name = expression_name(node.id)
        self.title = node.name or node.id
        self.kind = kind
        self.lane = node.lane
        self.holds: Holds = kind.id if kind.id in _LOOPS else ""  # type: ignore[assignment]
        self.config = ConfigPlan(node.config, node.blocks, kind)
        self.effect: Effect = node.effect or _effect(kind, node.config)
        self.on_uncertain = node.on_uncertain
        self.join_any = node.join == "any"
        self.if_ = parse_expression(node.if_) if node.if_ is not None else None
        self.until = _until(node, kind)
        self.retry = _retry(node.retry or defaults.retry)
        timeout = node.timeout or (None if kind.waits else defaults.timeout)
        self.timeout_s = parse_duration(timeout) if timeout else None
        looks = self.effect in ("none", "read")
        self.cache_s = parse_duration(node.cache) if node.cache and looks else None
        self.account = node.account or (defaults.account if kind.account else None)
        self.model = node.model or flow.model
        self.incoming = 0
        self.routes: Routes
        self.body: Level | None = None
        self.before: GraphStep | None = None
        """The later step of the same level that an approval shows."""


def _effect(kind: Kind, config: Mapping[str, Any]) -> Effect:
    """What the configuration says, unless a template decides it only at run time: then the stronger effect counts."""
    decided = not any(_has_template(config.get(key)) for key in kind.reads_when)
    return kind.effect_of(config) if decided else kind.effect


def _until(node: Node, kind: Kind) -> Expression | None:
    source = node.config.get("until")
    return parse_expression(source) if kind.id == "repeat" and isinstance(source, str) else None


def _retry(retry: Retry | None) -> RetryPlan | None:
    if retry is None or retry.times <= 0:
        return None
    return RetryPlan(retry.times, parse_duration(retry.wait), retry.backoff, retry.on)


class Level:
    """The steps of a run, or of one loop's body. ``order`` is topological; ``starts`` begin when the level begins."""

    __slots__ = ("order", "starts", "steps")

    def __init__(self, nodes: Iterable[Node], edges: Iterable[Edge], flow: Flow, catalogue: Catalogue) -> None:
        real = [node for node in nodes if not node.type.startswith("trigger.")]
        positions = {node.id: i for i, node in enumerate(real)}
        outgoing: dict[str, list[Edge]] = {node.id: [] for node in real}
        for edge in edges:
            if edge.from_ not in outgoing:
                continue
            if edge.to not in positions and edge.to not in (STOP_TARGET, FAIL_TARGET):
                raise Invalid(f"An edge leads from {edge.from_} to {edge.to}, which is not there.")
            outgoing[edge.from_].append(edge)
        self.steps = tuple(_step(node, i, flow, catalogue) for i, node in enumerate(real))
        for step in self.steps:
            step.routes = _routes(outgoing[step.id], positions, step)
            for target in step.routes.targets:
                if target is not None:
                    self.steps[target].incoming += 1
        for step in self.steps:
            if step.kind.id == "approval" and (target := positions.get(step.node.config.get("before", ""))) is not None:
                step.before = self.steps[target]
        self.starts = tuple(s for s in self.steps if not s.incoming and s.lane != "errors")
        self.order = _topological(self.steps)


def _step(node: Node, index: int, flow: Flow, catalogue: Catalogue) -> GraphStep:
    kind = catalogue.get(node.type)
    if kind is None:
        raise Invalid(f"It uses {node.type}, which is not installed.", where=Where(node=node.id))
    try:
        step = GraphStep(node, index, kind, flow)
        if kind.holds:
            inner = msgspec.convert(node.config.get("flow") or {}, Flow)
            step.body = Level(inner.nodes, inner.edges, flow, catalogue)
    except PlainworkError as error:
        raise Invalid(error.message, next_step=error.next_step, where=Where(node=node.id)) from error
    except ValueError as error:
        raise Invalid(str(error), where=Where(node=node.id)) from error
    return step


def _routes(edges: list[Edge], positions: Mapping[str, int], step: GraphStep) -> Routes:
    try:
        return Routes(edges, positions)
    except PlainworkError as error:
        message = f"A condition after it cannot be read: {error.message}"
        raise Invalid(message, next_step=error.next_step, where=Where(node=step.id)) from error


def _topological(steps: tuple[GraphStep, ...]) -> tuple[GraphStep, ...]:
    sorter = graphlib.TopologicalSorter[int]()
    for step in steps:
        sorter.add(step.index)
        for target in step.routes.targets:
            if target is not None:
                sorter.add(target, step.index)
    try:
        return tuple(steps[i] for i in sorter.static_order())
    except graphlib.CycleError as error:
        names = " → ".join(steps[i].id for i in error.args[1])
        raise Invalid(f"The flow goes round in a circle: {names}.", next_step="Use a repeat step.") from error


def _limits(level: Level) -> Iterator[tuple[str, Limits]]:
    for step in level.steps:
        if step.node.limits is not None:
            yield step.id, step.node.limits
        if step.body is not None:
            yield from _limits(step.body)


class Graph:
    """A whole flow, ready to run. Build it with ``Graph.build`` and keep it with the version. ``limits``: those of steps,
    by their ids."""

    __slots__ = ("flow", "level", "limits", "on_failure", "outputs")

    def __init__(self, flow: Flow, catalogue: Catalogue) -> None:
        self.flow = flow
        self.level = Level(flow.nodes, flow.edges, flow, catalogue)
        self.outputs = {name: _parsed_template(out.value, f"outputs.{name}") for name, out in flow.outputs.items()}
        self.limits = dict(_limits(self.level))
        by_id = {step.id: step for step in self.level.steps}
        self.on_failure = by_id.get(flow.on_failure) if flow.on_failure else None

    @classmethod
    def build(cls, flow: Flow, catalogue: Catalogue) -> Graph:
        """The graph of a checked flow. Raises ``Invalid`` for what cannot be run at all: a kind that is not installed,
        a cycle, an edge to nowhere, a text that does not parse."""
        return cls(flow, catalogue)
