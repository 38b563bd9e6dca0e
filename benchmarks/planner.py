"""Planner: steps a second through a pure five-step flow, a loop of 10,000 items, and the fold of a history.

The floor does the same work by hand: the same templates rendered in a plain Python loop, with no graph, no records and
no state. What the planner adds is the difference. The best of several rounds counts on both sides.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from plainwork.engine.catalogue import load
from plainwork.engine.plan import Graph, Progress, Record
from plainwork.spec.flow import Edge, Flow, Node
from plainwork.spec.template import parse_template

_RUN = {"id": "bench", "started_at": "2026-01-01T00:00:00Z"}
_ITEMS = 10_000
_ROUNDS = 5


def run() -> dict[str, dict[str, Any]]:
    """Rates with their floors; microseconds of planner time for a whole five-step run."""
    chain, each = _chain(), _each()
    runs = 2_000
    best = _best(lambda: [_drive(chain, {"n": i}) for i in range(runs)])
    floor = _best(lambda: [_chain_by_hand(i) for i in range(runs)])
    loop = _best(lambda: _drive(each, {"items": list(range(_ITEMS))}))
    loop_floor = _best(_loop_by_hand)
    history = _history(each, {"items": list(range(_ITEMS))})
    fold = _best(lambda: Progress.resume(each, history, {"items": list(range(_ITEMS))}, None, _RUN).take())
    return {
        "planner_steps": _row(runs * 5 / best, runs * 5 / floor, "steps/s"),
        "planner_run": {
            "value": best / runs * 1e6,
            "unit": "µs/5 steps",
            "floor": floor / runs * 1e6,
            "ratio": floor / best,
        },
        "planner_loop": _row(_ITEMS / loop, _ITEMS / loop_floor, "items/s"),
        "planner_fold": _row(len(history) / fold, _ITEMS / loop_floor, "records/s"),
    }


def _row(value: float, floor: float, unit: str) -> dict[str, Any]:
    return {"value": value, "unit": unit, "floor": floor, "ratio": value / floor}


def _best(work: Callable[[], Any]) -> float:
    took = []
    for _ in range(_ROUNDS):
        begin = time.perf_counter()
        work()
        took.append(time.perf_counter() - begin)
    return min(took)


def _configs() -> list[dict[str, Any]]:
    first = {"v": "{{ inputs.n }}", "label": "start"}
    return [first, *({"v": f"{{{{ s{i}.v + 1 }}}}", "label": f"step {i} of {{{{ run.id }}}}"} for i in range(4))]


def _chain() -> Graph:
    nodes = tuple(Node(id=f"s{i}", type="set@1", config=config) for i, config in enumerate(_configs()))
    edges = tuple(Edge(from_=f"s{i}", to=f"s{i + 1}") for i in range(4))
    return Graph.build(Flow(nodes=nodes, edges=edges), load())


def _each() -> Graph:
    inner = {"nodes": [{"id": "x", "type": "set@1", "config": {"n": "{{ item + index }}"}}], "edges": []}
    config = {"items": "{{ inputs.items }}", "at_once": 10, "flow": inner}
    return Graph.build(Flow(nodes=(Node(id="each", type="foreach@1", config=config),)), load())


def _drive(graph: Graph, inputs: dict[str, Any], history: list[Record] | None = None) -> Any:
    progress = Progress(graph, inputs, None, _RUN)
    plan = progress.take()
    while plan.status == "running":
        for task in plan.tasks:
            record = Record(task.path, task.attempt, "succeeded", progress.config(task), None, None, None, 1.0)
            if history is not None:
                history.append(record)
            progress.apply(record)
        plan = progress.take()
    assert plan.status == "succeeded"
    return plan.output


def _history(graph: Graph, inputs: dict[str, Any]) -> list[Record]:
    history: list[Record] = []
    _drive(graph, inputs, history)
    return history


_TEMPLATES = [parse_template(config) for config in _configs()]
_ITEM = parse_template({"n": "{{ item + index }}"})


def _chain_by_hand(n: int) -> Any:
    scope: dict[str, Any] = {"inputs": {"n": n}, "trigger": None, "run": _RUN, "vars": {}}
    for i, template in enumerate(_TEMPLATES):
        scope[f"s{i}"] = template.render(scope)
    return scope["s4"]


def _loop_by_hand() -> Any:
    around: dict[str, Any] = {"inputs": {}, "trigger": None, "run": _RUN, "vars": {}}
    return [_ITEM.render({**around, "item": item, "index": index}) for index, item in enumerate(range(_ITEMS))]
