"""What holds for every flow: random graphs with branches, loops, joins, retries and failures."""

from __future__ import annotations

import hashlib
import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from plainwork.engine.plan import Failure, Graph, Progress, Task, plan
from plainwork.spec.flow import Edge, Node
from tests.cases import cases
from tests.engine.flows import RUN, Drive, edge, graph, loop, node, retry

_KINDS = ("retry", "auth", "rejected", "timeout")
_TESTS = ("true", "false", "inputs.n > 2", "len(inputs.text) == 3", "inputs.gone > 1")


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, Any]:
    choice = draw(st.integers(0, 9))
    if choice < 4:
        return {}
    if choice == 4:
        return {"case": draw(st.sampled_from(["yes", "no"]))}
    if choice == 5:
        return {"else": True}
    if choice == 6:
        return {"on": "timeout"}
    if choice == 7:
        return {"on": "error"} | ({"failure": draw(st.sampled_from(_KINDS))} if draw(st.booleans()) else {})
    return {"if": draw(st.sampled_from(_TESTS))}


@st.composite
def levels(draw: st.DrawFn, prefix: str = "s", depth: int = 0) -> tuple[list[Node], list[Edge]]:
    count = draw(st.integers(1, 6 if depth == 0 else 3))
    nodes = [draw(nodes_(f"{prefix}{i}", depth)) for i in range(count)]
    edges: list[Edge] = []
    for i in range(count):
        targets = draw(st.lists(st.integers(i + 1, count + 1), max_size=3, unique=True)) if i + 1 < count else []
        for target in targets:
            name = nodes[target].id if target < count else ("@stop", "@fail")[target - count]
            edges.append(edge(nodes[i].id, name, **draw(conditions())))
    return nodes, edges


@st.composite
def nodes_(draw: st.DrawFn, id: str, depth: int) -> Node:
    common: dict[str, Any] = {"join": draw(st.sampled_from(["all", "all", "any"]))}
    if draw(st.integers(0, 5)) == 0:
        common["if_"] = draw(st.sampled_from(_TESTS))
    if depth < 2 and draw(st.integers(0, 2)) == 0:
        inner, edges = draw(levels(f"{id}x", depth + 1))
        uses = draw(st.sampled_from(["foreach", "repeat", "group"]))
        return loop(id, uses, inner, edges, **draw(loop_settings(uses)), **common)
    policy = retry(draw(st.integers(1, 2)), "3s") if draw(st.booleans()) else None
    return node(id, config={"n": "{{ inputs.n }}"}, retry=policy, **common)


@st.composite
def loop_settings(draw: st.DrawFn, uses: str) -> dict[str, Any]:
    if uses == "foreach":
        on_error = draw(st.sampled_from(["stop", "skip", "collect"]))
        at_once = 1 if on_error == "stop" else draw(st.integers(1, 3))
        return {
            "items": draw(st.sampled_from([[1, 2, 3], [1, 2, 3], [1], [], 7])),
            "at_once": at_once,
            "on_item_error": on_error,
        }
    if uses == "repeat":
        wait = {"wait": "1 minute"} if draw(st.booleans()) else {}
        return {"until": draw(st.sampled_from([*_TESTS, "index == 1"])), "max": draw(st.integers(1, 3))} | wait
    return {}


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    nodes, edges = draw(levels())
    fields: dict[str, Any] = {}
    if draw(st.booleans()):
        nodes += [node("alert", lane="errors"), node("tidy", lane="errors")]
        edges.append(edge("alert", "tidy"))
        if draw(st.booleans()):
            edges.append(edge(nodes[0].id, "alert", on="error"))
        fields["on_failure"] = "alert"
    return graph(nodes, edges, **fields)


def fate(seed: int) -> Any:
    """A step's end depends on nothing but where it stands and which attempt it is."""

    def behave(task: Task, config: dict[str, Any]) -> Any:
        roll = hashlib.blake2b(f"{seed}/{task.path}/{task.attempt}".encode()).digest()
        if roll[0] < 70:
            return Failure(_KINDS[roll[1] % 4], f"{task.path} broke")
        return {"v": roll[2]}, ("yes", "no", None)[roll[1] % 3]

    return behave


INPUTS = {"n": 3, "text": "abc"}
MODEST = settings(max_examples=cases(60), deadline=None)


def drive(built: Graph, seed: int, **more: Any) -> Drive:
    return Drive(built, fate(seed), INPUTS, **more).run()


@MODEST
@given(graphs(), st.integers(0, 999))
def test_every_run_ends_and_takes_no_step_twice(built: Graph, seed: int) -> None:
    done = drive(built, seed)
    assert done.plan.status in ("succeeded", "failed")
    assert (done.plan.status == "failed") == (done.plan.failure is not None)
    taken = [(task.path, task.attempt) for task in done.taken]
    assert len(taken) == len(set(taken))
    successes = [record.path for record in done.history if record.status == "succeeded"]
    assert len(successes) == len(set(successes))


@MODEST
@given(graphs(), st.integers(0, 999))
def test_no_step_runs_before_what_leads_to_it(built: Graph, seed: int) -> None:
    done = drive(built, seed)
    settled: set[str] = set()
    sources: dict[str, list[str]] = {step.id: [] for step in built.level.steps}
    for step in built.level.steps:
        for target in step.routes.targets:
            if target is not None:
                sources[built.level.steps[target].id].append(step.id)
    by_id = {step.id: step for step in built.level.steps}
    last = {record.path: i for i, record in enumerate(done.history)}
    for i, record in enumerate(done.history):
        ran = by_id.get(record.path)
        if ran is not None and record.status in ("succeeded", "failed") and record.attempt and sources[ran.id]:
            before = [source for source in sources[ran.id] if source in settled]
            revived = ran.id == "alert"
            assert revived or before == sources[ran.id] or (ran.join_any and before), f"{record.path} came too early"
        if last[record.path] == i:
            settled.add(record.path)


@MODEST
@given(graphs(), st.integers(0, 999), st.integers(0, 999))
def test_the_order_in_which_steps_end_changes_nothing(built: Graph, seed: int, shuffle: int) -> None:
    dice = random.Random(shuffle)
    assert drive(built, seed, pick=dice.randrange).end_state == drive(built, seed).end_state


@MODEST
@given(graphs(), st.integers(0, 999), st.randoms(use_true_random=False))
def test_a_run_carries_on_from_any_point_of_its_history(built: Graph, seed: int, dice: random.Random) -> None:
    whole = drive(built, seed)
    for _ in range(4):
        prefix = whole.history[: dice.randint(0, len(whole.history))]
        carried_on = drive(built, seed, journaled=prefix)
        assert carried_on.end_state == whole.end_state
        done_before = {(record.path, record.attempt) for record in prefix if record.attempt}
        assert done_before.isdisjoint((task.path, task.attempt) for task in carried_on.taken)


@MODEST
@given(graphs(), st.integers(0, 999), st.randoms(use_true_random=False))
def test_the_fold_of_a_history_is_what_was_seen_live(built: Graph, seed: int, dice: random.Random) -> None:
    whole = drive(built, seed)
    history = list(whole.history)
    folded = plan(built, history, INPUTS, None, RUN)
    assert (folded.status, folded.output, folded.failure) == (whole.plan.status, whole.plan.output, whole.plan.failure)
    assert folded == plan(built, history, INPUTS, None, RUN)
    dice.shuffle(history)
    shuffled = plan(built, history, INPUTS, None, RUN)
    assert (shuffled.status, shuffled.output, shuffled.failure) == (folded.status, folded.output, folded.failure)


@MODEST
@given(graphs(), st.integers(0, 999), st.integers(0, 40))
def test_a_live_plan_and_its_fold_have_the_same_tasks(built: Graph, seed: int, steps: int) -> None:
    live = Drive(built, fate(seed), INPUTS)
    outstanding: dict[str, Task] = {}
    for _ in range(steps):
        given_ = live.progress.take()
        outstanding.update((task.path, task) for task in given_.tasks)
        outstanding = {path: task for path, task in outstanding.items() if live.progress.is_due(path)}
        if not outstanding:
            break
        path = min(outstanding, key=lambda p: (outstanding[p].not_before or 0, p))
        live.end(outstanding.pop(path))
    given_ = live.progress.take()
    outstanding.update((task.path, task) for task in given_.tasks)
    folded = Progress.resume(built, live.history, INPUTS, None, RUN).take()
    assert {task.path: task for task in folded.tasks} == outstanding
    assert (folded.status, folded.wake_at, folded.ask) == (given_.status, given_.wake_at, given_.ask)
