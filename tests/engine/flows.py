"""Building flows in a few words, and driving the planner without a worker."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from plainwork.engine.catalogue import load
from plainwork.engine.plan import Failure, Graph, Plan, Progress, Record, Task
from plainwork.spec.flow import Condition, Edge, Flow, Node
from plainwork.spec.model import Output, Retry

RUN = {"id": "run-1", "started_at": "2026-03-01T08:00:00Z", "agent": "test", "version": 1, "date": "2026-03-01"}
START = 1_000_000.0


def node(id: str, uses: str = "set", **fields: Any) -> Node:
    config = fields.pop("config", {})
    return Node(id=id, type=f"{uses}@1", name=id.title(), config=config, **fields)


def edge(source: str, target: str, **condition: Any) -> Edge:
    renamed = {{"if": "if_", "else": "else_"}.get(key, key): value for key, value in condition.items()}
    return Edge(from_=source, to=target, condition=Condition(**renamed) if renamed else None)


def chain(*ids: str) -> list[Edge]:
    return [edge(a, b) for a, b in itertools.pairwise(ids)]


def loop(id: str, uses: str, nodes: Sequence[Node], edges: Sequence[Edge] = (), /, **config: Any) -> Node:
    fields = {key: config.pop(key) for key in ("if_", "join", "lane") if key in config}
    inner = msgspec.to_builtins({"nodes": list(nodes), "edges": list(edges)})
    return node(id, uses, config={**config, "flow": inner}, **fields)


def graph(nodes: Sequence[Node], edges: Sequence[Edge] = (), **fields: Any) -> Graph:
    outputs = {name: Output(value=value) for name, value in fields.pop("outputs", {}).items()}
    return Graph.build(Flow(nodes=tuple(nodes), edges=tuple(edges), outputs=outputs, **fields), load())


def retry(times: int = 2, wait: str = "10s", backoff: float = 2.0, on: tuple[str, ...] = ("retry", "timeout")) -> Retry:
    return Retry(times=times, wait=wait, backoff=backoff, on=on)


Behave = Callable[[Task, dict[str, Any]], Any]
"""What a step does: returns its output, a Failure, or (output, outcome)."""


def echo(task: Task, config: dict[str, Any]) -> Any:
    return config


@dataclass
class Drive:
    """Drives a run to its end (or to where it waits for something outside), with a clock that jumps.

    ``pick`` chooses which of the outstanding tasks ends next. ``history`` has every record in the order a journal would.
    """

    graph: Graph
    behave: Behave = echo
    inputs: Mapping[str, Any] = field(default_factory=dict)
    pick: Callable[[int], int] = lambda count: 0
    journaled: Sequence[Record] = ()

    def __post_init__(self) -> None:
        self.history: list[Record] = list(self.journaled)
        self.taken: list[Task] = []
        self.now = max([START, *(record.at for record in self.history)])
        self.progress = Progress.resume(self.graph, self.history, self.inputs, None, RUN)
        self.plan = Plan()

    def run(self, limit: int = 5000) -> Drive:
        outstanding: list[Task] = []
        for _ in range(limit):
            self.plan = self.progress.take()
            self.history += self.plan.records
            outstanding += self.plan.tasks
            self.taken += self.plan.tasks
            outstanding = [task for task in outstanding if self.progress.is_due(task.path)]
            if self.plan.status in ("succeeded", "failed") or not outstanding:
                return self
            due = [task for task in outstanding if task.not_before is None]
            due = due or [min(outstanding, key=lambda task: task.not_before or 0)]
            task = due[self.pick(len(due))]
            outstanding.remove(task)
            self.end(task)
        raise AssertionError("the run does not end")

    def end(self, task: Task) -> None:
        self.now = max(self.now + 1, task.not_before or 0)
        record = self.result(task)
        self.history.append(record)
        self.progress.apply(record)

    def result(self, task: Task) -> Record:
        try:
            given = self.behave(task, self.progress.config(task))
        except Exception as error:
            given = Failure("rejected", str(getattr(error, "message", error)))
        if isinstance(given, Failure):
            return Record(task.path, task.attempt, "failed", failure=given, at=self.now)
        output, outcome = given if isinstance(given, tuple) else (given, None)
        return Record(task.path, task.attempt, "succeeded", output, outcome, at=self.now)

    @property
    def ran(self) -> set[str]:
        return {record.path for record in self.history if record.status == "succeeded"}

    @property
    def skipped(self) -> set[str]:
        return {record.path for record in self.history if record.status == "skipped"}

    @property
    def end_state(self) -> tuple[Any, ...]:
        outputs = {record.path: record.output for record in self.history if record.status == "succeeded"}
        return self.plan.status, self.plan.output, self.plan.failure, outputs, self.skipped
