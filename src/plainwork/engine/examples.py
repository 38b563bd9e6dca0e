"""Runs the Examples of a document: the real planner and the real pure steps, mocks and fakes for the rest.

No network, no keys, no waiting (the clock jumps): milliseconds an example. The result says what differed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec

from plainwork.engine.dry import LONGEST_S, DryRun, cost_of
from plainwork.engine.expectations import problems
from plainwork.engine.kinds import Done
from plainwork.engine.plan import Failure, Graph, Progress, Record, Task
from plainwork.errors import Invalid, PlainworkError, Rejected
from plainwork.spec.flow import Flow
from plainwork.spec.inputs import coerce
from plainwork.spec.kinds import Catalogue
from plainwork.spec.model import Example, Spec
from plainwork.spec.names import expression_name

_START = "2026-01-05T08:00:00Z"
_ACTS = ("keyed", "once")
_FAILURE_KEYS = {"error", "kind", "retry_after_s"}


class Seen(msgspec.Struct, frozen=True):
    """What happened in an example: names of the steps that ran (as expressions write them, in order, once each), what
    would have been sent (a step's settings with ``step``), how the run ended, and what it would have cost."""

    ran: list[str]
    sent: list[dict[str, Any]]
    status: str
    output: Any
    failure: Failure | None
    cost_usd: float


class ExampleResult(msgspec.Struct, frozen=True):
    """One example: whether it passed, and in one line each what was not as expected."""

    name: str
    passed: bool
    problems: list[str]
    took_ms: float
    seen: Seen | None = None


class ExampleReport(msgspec.Struct, frozen=True):
    """All examples of a document."""

    examples: list[ExampleResult]
    passed: int
    failed: int


class Document(Protocol):
    """What is needed of a loaded document."""

    @property
    def spec(self) -> Spec | None:
        """The spec, when there is one."""

    @property
    def flow(self) -> Flow | None:
        """The flow, when there is one."""


def run_examples(loaded: Document, catalogue: Catalogue, *, longest_s: float | None = None) -> ExampleReport:
    """Runs every example of a document that ``spec.load`` found valid; those that are not reached within ``longest_s``
    seconds have not passed. Raises ``Invalid`` for a document that cannot run."""
    if loaded.spec is None or loaded.flow is None:
        raise Invalid("The document has errors, so its examples cannot run.", next_step="Check it first.")
    graph = Graph.build(loaded.flow, catalogue)
    until = math.inf if longest_s is None else time.perf_counter() + longest_s
    results = [_run(example, graph, until) for example in loaded.spec.examples]
    passed = sum(result.passed for result in results)
    return ExampleReport(results, passed, len(results) - passed)


def _run(example: Example, graph: Graph, until: float) -> ExampleResult:
    begin = time.perf_counter()
    if begin > until:
        return ExampleResult(example.name, False, ["There was no time left for it."], 0.0)
    seen = None
    try:
        seen = Rehearsal(graph, example.given, min(LONGEST_S, until - begin)).see()
        found = problems(example.expect, seen, _step_names(graph))
    except PlainworkError as error:
        found = [str(error)]
    return ExampleResult(example.name, not found, found, (time.perf_counter() - begin) * 1000, seen)


class Rehearsal(DryRun):
    """One run without an outside. ``given``: ``inputs``, ``mock``, ``trigger``, ``vars`` and ``now`` of an example;
    ``longest_s``: how long it may take by the real clock."""

    name = "The example"
    too_slow = "Mock the slow step."

    def __init__(self, graph: Graph, given: Mapping[str, Any], longest_s: float = LONGEST_S) -> None:
        self._mocks = _mocks(given.get("mock"), _step_names(graph))
        self._used: dict[str, int] = {}
        started, now = _moment(given.get("now", _START))
        inputs = coerce(graph.flow.inputs, _mapping(given, "inputs"))
        run = {
            "id": "example",
            "started_at": started,
            "date": started[:10],
            "agent": graph.flow.id or graph.flow.title,
            "version": 1,
            "attempt": 1,
        }
        super().__init__(Progress(graph, inputs, given.get("trigger"), run, _mapping(given, "vars")), now, longest_s)
        self._ran: dict[str, None] = {}
        self._sent: list[dict[str, Any]] = []
        self._cost_usd = 0.0

    def see(self) -> Seen:
        """Takes step after step until the run ends, or waits for something outside."""
        plan = self.run()
        return Seen(list(self._ran), self._sent, plan.status, plan.output, plan.failure, round(self._cost_usd, 6))

    def answer(self, task: Task, config: dict[str, Any]) -> Any:
        """What the example says, or else what any dry run gives."""
        return self._mocked(task) if task.node.name in self._mocks else self.perform(task, config)

    def begun(self, task: Task) -> None:
        """It counts as having run from here on."""
        self._note(task.path)

    def succeeded(self, task: Task, config: dict[str, Any], output: Any) -> None:
        """Keeps what would have been sent, and what it would have cost."""
        if task.node.effect in _ACTS:
            self._sent.append({"step": task.node.name} | config)
        self._cost_usd += cost_of(output)

    def noted(self, record: Record) -> None:
        """Loops count as having run once they are over."""
        if record.attempt == 0 and record.status != "skipped":
            self._note(record.path)

    def _mocked(self, task: Task) -> Any:
        """What the example says the step gives; of several ``in turn``, the next (the last goes on)."""
        name = task.node.name
        value = self._mocks[name]
        if isinstance(value, Mapping) and set(value) == {"in turn"} and value["in turn"]:
            turn = self._used.get(name, 0)
            self._used[name] = turn + 1
            value = value["in turn"][min(turn, len(value["in turn"]) - 1)]
        if isinstance(value, Mapping) and "error" in value and set(value) <= _FAILURE_KEYS:
            return Failure(str(value.get("kind", "rejected")), str(value["error"]), None, value.get("retry_after_s"))
        outcome = task.node.kind.outcome_of(value)
        return value if outcome is None else Done(value, outcome)

    def _note(self, path: str) -> None:
        self._ran[expression_name(path.rpartition(".")[2])] = None


def _mapping(given: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = given.get(key)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise Rejected(f"given.{key} has to be a mapping of names to values.")
    return value


def _mocks(given: Any, known: set[str]) -> dict[str, Any]:
    mocks = {expression_name(str(name)): value for name, value in _mapping({"mock": given}, "mock").items()}
    for name in mocks:
        if name not in known:
            raise Rejected(
                f"given.mock names {name}, and there is no such step.", next_step=f"Steps: {_listed(known)}."
            )
    return mocks


def _step_names(graph: Graph) -> set[str]:
    names: set[str] = set()
    levels = [graph.level]
    for level in levels:
        names.update(step.name for step in level.steps)
        levels += [step.body for step in level.steps if step.body is not None]
    return names


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names)[:20])


def _moment(value: Any) -> tuple[str, float]:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        raise Rejected(f"given.now: {str(value)[:40]!r} is not a moment like {_START}.") from None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z"), moment.timestamp()
