"""Expressions and templates beside Jinja2's sandbox, in evaluations a second: look-up, condition, template, parsing.

``floor`` is Jinja2's figure in the same process, alternating with ours, each the best of several rounds; ``ratio`` is
ours divided by it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from jinja2.sandbox import SandboxedEnvironment

from plainwork.spec import expression
from plainwork.spec.expression import parse_expression
from plainwork.spec.template import parse_template

SCOPE: dict[str, Any] = {
    "fetch": {"status": 200, "body": {"items": [{"title": f"Post {n}", "score": n} for n in range(25)]}},
    "inputs": {"least": 3, "name": "Ada"},
}
LOOKUP = "fetch.body.items[0].title"
CONDITION = "fetch.status == 200 and len(fetch.body.items) > inputs.least"
TEXT = "Dear {{ inputs.name }}, the first of {{ len(fetch.body.items) }} posts is {{ fetch.body.items[0].title }}."
ROUNDS = 5


def rate(action: Callable[[], object], times: int) -> float:
    """Calls a second of ``action`` over ``times`` calls."""
    started = time.perf_counter()
    for _ in range(times):
        action()
    return times / (time.perf_counter() - started)


def compare(ours: Callable[[], object], theirs: Callable[[], object], times: int) -> dict[str, Any]:
    """The best rate of each over alternating rounds, in the shape of a bench result."""
    best, floor = 0.0, 0.0
    for _ in range(ROUNDS):
        best = max(best, rate(ours, times))
        floor = max(floor, rate(theirs, times))
    return {
        "value": round(best),
        "unit": "evaluations/s",
        "floor": round(floor),
        "ratio": round(best / floor, 2),
        "microseconds": round(1e6 / best, 2),
    }


def run() -> dict[str, dict[str, Any]]:
    """All comparisons: name → {value, unit, floor, ratio, microseconds}."""
    sandbox = SandboxedEnvironment()
    lookup = sandbox.compile_expression("fetch.body['items'][0].title")
    condition = sandbox.compile_expression("fetch.status == 200 and fetch.body['items']|length > inputs.least")
    page = sandbox.from_string(
        "Dear {{ inputs.name }}, the first of {{ fetch.body['items']|length }} posts is {{ fetch.body['items'][0].title }}."
    )
    template = parse_template(TEXT)
    return {
        "expression_lookup": compare(
            lambda: parse_expression(LOOKUP).evaluate(SCOPE), lambda: lookup(**SCOPE), times=20_000
        ),
        "expression_condition": compare(
            lambda: parse_expression(CONDITION).evaluate(SCOPE), lambda: condition(**SCOPE), times=10_000
        ),
        "template_render": compare(lambda: template.render(SCOPE), lambda: page.render(**SCOPE), times=10_000),
        "expression_parse": compare(
            lambda: expression._parse(LOOKUP),
            lambda: sandbox.compile_expression("fetch.body['items'][0].title"),
            times=300,
        ),
    }


if __name__ == "__main__":
    for name, result in run().items():
        print(f"{name:24} {result['value']:>10,} {result['unit']}  Jinja2 {result['floor']:>9,}  ×{result['ratio']}")
