"""Which edges a settled step takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from plainwork.engine.plan.frames import State, Status
from plainwork.engine.plan.graph import Routes
from plainwork.engine.plan.records import Failure
from plainwork.errors import PlainworkError

Taken = Sequence[int] | None


def taken_edges(state: State, scope: Mapping[str, Any]) -> tuple[Taken, Failure | None]:
    """The edges taken (indices into the routes' targets; None: a failure that nothing handles), and the failure that a
    condition which cannot be worked out makes of a step that had succeeded."""
    routes = state.step.routes
    status = state.status
    if status is Status.SUCCEEDED:
        return _after_success(state, routes, scope)
    if status is Status.PASSED:
        return routes.plain + routes.otherwise, None
    if status is Status.FAILED and state.failure is not None:
        return routes.of_failure(state.failure.kind) or None, None
    return (), None


def _after_success(state: State, routes: Routes, scope: Mapping[str, Any]) -> tuple[Taken, Failure | None]:
    taken = list(routes.plain)
    chosen: list[int] = []
    for source, expression, edges in routes.ifs:
        try:
            if expression.evaluate(scope):
                chosen += edges
                break
        except PlainworkError as error:
            message = f"The condition `{source}` after “{state.step.title}” cannot be worked out: {error.message}"
            failure = Failure("rejected", message, error.next_step, path=state.path)
            return routes.of_failure("rejected") or None, failure
    if state.outcome is not None:
        chosen += routes.cases.get(state.outcome, ())
    return taken + (chosen or routes.otherwise), None


def led_to_fail(state: State) -> Failure:
    """The failure of a run that a route leads to fail: the step's own, when it has one."""
    return state.failure or Failure(
        "rejected", f"A route after “{state.step.title}” ends the run as failed.", path=state.path
    )


def error_names(failure: Failure) -> dict[str, Any]:
    """What expressions see as ``error``."""
    return {"kind": failure.kind, "message": failure.message, "step": failure.path}
