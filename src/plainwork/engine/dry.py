"""Runs without an outside: the real planner and the real pure steps on a clock that jumps; what the other steps give is
made up, or said by who has the run taken."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import msgspec

from plainwork.engine.fakes import fake
from plainwork.engine.kinds import Call, Done, Waiting, failure_of, is_pure, perform_pure
from plainwork.engine.plan import Failure, Plan, Progress, Record, Task
from plainwork.errors import PlainworkError, Rejected

MOST_STEPS = 10_000
LONGEST_S = 20.0


class DryRun:
    """One run. ``now``: when it begins, epoch seconds; ``longest_s``: how long it may take by the real clock; ``name``: how
    messages call it."""

    name = "The run"

    def __init__(self, progress: Progress, now: float, longest_s: float = LONGEST_S) -> None:
        self.progress = progress
        self.now = now
        self._longest_s = longest_s

    def run(self) -> Plan:
        """Takes step after step until the run ends, or waits for what nobody says. Raises Rejected when it takes too long."""
        until = time.perf_counter() + self._longest_s
        outstanding: list[Task] = []
        for _ in range(MOST_STEPS):
            plan = self.progress.take()
            for record in plan.records:
                self.noted(record)
            outstanding = [task for task in (*outstanding, *plan.tasks) if self.progress.is_due(task.path)]
            if plan.status in ("succeeded", "failed"):
                return plan
            if time.perf_counter() > until:
                raise Rejected(f"{self.name} takes longer than {self._longest_s:g} s.", next_step=self.too_slow)
            if outstanding:
                outstanding.remove(task := min(outstanding, key=self.turn))
                self._take(task)
            elif (heard := self.hear(plan)) is None:
                return plan
            else:
                self._apply(heard)
        raise Rejected(f"{self.name} takes more than {MOST_STEPS} steps.", next_step="Give it fewer items.")

    too_slow = "Look for a step that goes through very much."
    """What to do about a run that takes too long."""

    # what those who have it taken may say

    def answer(self, task: Task, config: dict[str, Any]) -> Any:
        """What a step gives: its output, ``Done``, ``Waiting``, a ``Failure``, or a whole ``Record``."""
        return self.perform(task, config)

    def hear(self, plan: Plan) -> Record | None:
        """What is said to a run that can take no more steps by itself; None: nothing is."""
        return None

    def turn(self, task: Task) -> float:
        """Of the steps that could be taken, that with the smallest is taken first."""
        return task.not_before or 0.0

    def begun(self, task: Task) -> None:
        """A step is about to be taken."""

    def succeeded(self, task: Task, config: dict[str, Any], output: Any) -> None:
        """A step has given something."""

    def noted(self, record: Record) -> None:
        """The run has taken this in: how a step ended, or what the planner found itself."""

    # steps

    def perform(self, task: Task, config: dict[str, Any]) -> Any:
        """What the step gives here: pure steps and code are really carried out, the others made up."""
        call = Call(
            task.node.kind,
            task.node,
            config,
            self.progress.scope(task),
            task.attempt,
            timeout_s=task.node.timeout_s,
            run=self.progress.run,
            woken=task.woken,
            now=self.now,
        )
        if is_pure(call.kind.id):
            return perform_pure(call)
        if call.kind.id == "code":
            from plainwork.engine.kinds.code import run_code_sync

            return run_code_sync(call)
        return fake(call)

    def _take(self, task: Task) -> None:
        self.now = max(self.now, task.not_before or 0.0)
        self.begun(task)
        try:
            config = self.progress.config(task)
            result = self.answer(task, config)
        except (PlainworkError, TimeoutError) as error:
            self._apply(Record(task.path, task.attempt, "failed", failure=failure_of(error)))
        else:
            self._apply(self._record(task, config, result))

    def _record(self, task: Task, config: dict[str, Any], result: Any) -> Record:
        if isinstance(result, Record):
            return result
        if isinstance(result, Waiting):
            return Record(task.path, task.attempt, "waiting", wake_at=result.wake_at)
        if isinstance(result, Failure):
            return Record(task.path, task.attempt, "failed", failure=result)
        output, outcome = (result.output, result.outcome) if isinstance(result, Done) else (result, None)
        self.succeeded(task, config, output)
        return Record(task.path, task.attempt, "succeeded", output, outcome)

    def _apply(self, record: Record) -> None:
        record = msgspec.structs.replace(record, at=self.now)
        self.noted(record)
        self.progress.apply(record)


def cost_of(output: Any) -> float:
    """What a model's answer says that it cost, in USD."""
    cost = output.get("cost_usd") if isinstance(output, Mapping) else None
    return float(cost) if isinstance(cost, int | float) else 0.0
