"""What is promised of steps that wait for people, other systems and other agents: each answer counts once, each child is
started once and ends with its parent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from plainwork.db import json
from plainwork.db.runs import ENDED
from tests.simulation.promises import Watch
from tests.simulation.rows import Step, WaitRow
from tests.simulation.store import Store

Answers = Counter[Any]
"""How often each answer was said to have been taken."""


def check_waits(watch: Watch, store: Store, answers: Mapping[Any, int]) -> None:
    """What holds when all is over."""
    for answered, times in answers.items():
        if times > 1:
            watch.breaks("an answer is taken once", str(answered), f"{times} times")
    waited_for = Counter(wait.child_run_id for wait in store.waits.values() if wait.child_run_id is not None)
    for run in store.runs.values():
        if run.parent_run_id is not None and waited_for[run.id] != 1:
            watch.breaks("a step starts one run", run.id, f"{waited_for[run.id]} steps wait for it")
    for wait in store.waits.values():
        _check_wait(watch, store, wait)


def _check_wait(watch: Watch, store: Store, wait: WaitRow) -> None:
    run = store.runs[wait.run_id]
    results = [step for step in store.steps[run.id].values() if _is_result(step, wait)]
    if run.status in ENDED and wait.closed_at is None:
        watch.breaks("a wait ends with its run", run.id, wait.path)
    if run.status in ENDED and wait.child_run_id is not None and store.runs[wait.child_run_id].status not in ENDED:
        watch.breaks("children end with their parent", run.id, f"{wait.path} is {store.runs[wait.child_run_id].status}")
    if len(results) > 1:
        watch.breaks("what is waited for comes once", run.id, wait.path)
    if run.status == "succeeded" and not results:
        watch.breaks("what is waited for comes", run.id, wait.path)
    for step in results:
        if step.status != (wait.status or "failed"):
            watch.breaks("an answer is what the step gives", run.id, f"{wait.path} {step.status}, not {wait.status}")
        if wait.status == "succeeded" and json.encode(step.output) != json.encode(_came(store, wait)):
            watch.breaks("an answer is what the step gives", run.id, f"{wait.path}: {step.output}")


def _came(store: Store, wait: WaitRow) -> Any:
    return wait.output if wait.child_run_id is None else store.runs[wait.child_run_id].output


def _is_result(step: Step, wait: WaitRow) -> bool:
    is_its = (step.path, step.attempt) == (wait.path, wait.attempt)
    return is_its and step.source != "carried" and step.status in ("succeeded", "failed", "skipped")
