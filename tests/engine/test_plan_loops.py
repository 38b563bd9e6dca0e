"""Loops: for each item, again and again, and boxes; alone, inside each other, and after a crash."""

from __future__ import annotations

import time
from typing import Any

import pytest

from plainwork.engine.plan import Failure, Progress, Record, Task
from tests.engine.flows import RUN, START, Drive, chain, edge, graph, loop, node, retry


def each(**config: Any) -> Any:
    inner = [
        node("fetch", config={"n": "{{ item * 10 }}", "at": "{{ index }}"}),
        node("keep", config={"n": "{{ fetch.n + 1 }}"}),
    ]
    return loop("each", "foreach", inner, chain("fetch", "keep"), **{"items": "{{ inputs.list }}"} | config)


def results(drive: Drive, path: str = "each") -> Any:
    return next(record.output for record in drive.history if record.path == path)


def test_results_keep_the_order_of_the_items() -> None:
    after = node("after", config={"sum": "{{ sum([r.n for r in each.results]) }}"})
    done = Drive(
        graph([each(at_once=3), after], chain("each", "after")), inputs={"list": [3, 1, 2]}, pick=lambda n: n - 1
    ).run()
    assert results(done) == {"results": [{"n": 31}, {"n": 11}, {"n": 21}], "errors": [], "count": 3}
    assert done.plan.output == {"sum": 63}
    assert {"each[0].fetch", "each[2].keep"} <= done.ran


@pytest.mark.parametrize(("at_once", "most"), [(1, 1), (3, 3), (50, 7)])
def test_at_once_bounds_how_many_run(at_once: int, most: int) -> None:
    drive = Drive(graph([each(at_once=at_once)]), inputs={"list": list(range(7))})
    tasks = list(drive.progress.take().tasks)
    seen = len(tasks)
    while tasks:
        drive.end(tasks.pop(0))
        tasks += drive.progress.take().tasks
        seen = max(seen, len(tasks))
    assert seen == most


def test_an_empty_list_is_done_at_once() -> None:
    done = Drive(graph([each()]), inputs={"list": []}).run()
    assert (done.plan.output, done.taken) == ({"results": [], "errors": [], "count": 0}, [])


def test_the_item_has_the_name_it_is_given() -> None:
    inner = [node("x", config={"who": "{{ person.name }} {{ index }} {{ outer.v }}"})]
    nodes = [
        node("outer", config={"v": 7}),
        loop("each", "foreach", inner, items="{{ inputs.people }}", **{"as": "person"}),
    ]
    done = Drive(graph(nodes, chain("outer", "each")), inputs={"people": [{"name": "Ada"}]}).run()
    assert results(done)["results"] == [{"who": "Ada 0 7"}]


def broken(*paths: str) -> Any:
    return lambda task, config: Failure("rejected", "no") if task.path in paths else config


def test_an_items_failure_stops_the_loop() -> None:
    done = Drive(graph([each()]), broken("each[1].keep"), inputs={"list": [1, 2, 3]}).run()
    assert done.plan.status == "failed"
    assert done.plan.failure == Failure("rejected", "Item 2 of “Each” failed: no", path="each[1].keep")
    assert not any(path.startswith("each[2]") for path in done.ran)


def test_with_several_at_once_what_runs_may_finish_first() -> None:
    drive = Drive(graph([each(at_once=2)]), broken("each[0].fetch"), inputs={"list": [1, 2, 3]})
    done = drive.run()
    assert done.plan.failure is not None
    assert done.plan.failure.message.startswith("Item 1 of")
    assert {"each[1].fetch", "each[1].keep"} <= done.ran
    assert not any(path.startswith("each[2]") for path in done.ran)


def test_an_items_failure_may_be_skipped_or_collected() -> None:
    skip = Drive(graph([each(on_item_error="skip")]), broken("each[1].keep"), inputs={"list": [1, 2, 3]}).run()
    assert results(skip) == {"results": [{"n": 11}, {"n": 31}], "errors": [], "count": 3}
    collect = Drive(graph([each(on_item_error="collect")]), broken("each[1].keep"), inputs={"list": [1, 2, 3]}).run()
    assert results(collect)["errors"] == [{"index": 1, "item": 2, "kind": "rejected", "message": "no"}]
    assert collect.plan.status == "succeeded"


def test_a_failure_inside_may_be_handled_inside() -> None:
    inner = [node("fetch"), node("instead", config={"n": "{{ error.message }}"})]
    nodes = [loop("each", "foreach", inner, [edge("fetch", "instead", on="error")], items=[1, 2])]
    done = Drive(graph(nodes), broken("each[1].fetch")).run()
    assert results(done)["results"] == [{}, {"n": "no"}]


def test_a_failed_loop_has_error_routes() -> None:
    done = Drive(
        graph([each(), node("alert")], [edge("each", "alert", on="error")]),
        broken("each[0].fetch"),
        inputs={"list": [1]},
    ).run()
    assert (done.plan.status, "alert" in done.ran) == ("succeeded", True)


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"items": "{{ inputs.list }}"}, "items: a list is needed, this is a number"),
        ({"items": "text"}, "a text"),
        ({"items": {"a": 1}}, "an object"),
        ({"items": "{{ inputs.gone }}"}, "items: .*gone"),
        ({"items": [1], "at_once": 0}, "at_once: a whole number"),
        ({"items": [1], "at_once": "{{ 'two' }}"}, "at_once"),
        ({"items": [1], "on_item_error": "maybe"}, "on_item_error"),
    ],
)
def test_settings_that_make_no_loop_fail_the_step(config: dict[str, Any], says: str) -> None:
    done = Drive(graph([each(**config)]), inputs={"list": 5}).run()
    assert done.plan.status == "failed"
    assert done.plan.failure is not None
    assert done.plan.failure.path == "each"
    with pytest.raises(AssertionError, match=says):
        raise AssertionError(done.plan.failure.message)


def repeat(**config: Any) -> Any:
    inner = [node("poll", config={"n": "{{ index }}"})]
    return loop("again", "repeat", inner, **{"until": "poll.n >= 2", "max": 10} | config)


def test_repeat_goes_on_until_its_condition_holds() -> None:
    done = Drive(graph([repeat()])).run()
    assert results(done, "again") == {"results": [{"n": 0}, {"n": 1}, {"n": 2}], "last": {"n": 2}, "count": 3}
    assert done.ran >= {"again[0].poll", "again[2].poll"}


def test_repeat_has_a_bound() -> None:
    assert results(Drive(graph([repeat(until="false", max=4)])).run(), "again")["count"] == 4


def test_repeat_knows_its_last_result() -> None:
    inner = [node("grow", config={"n": "{{ 1 if last == null else last.n * 3 }}"})]
    done = Drive(graph([loop("again", "repeat", inner, until="last.n > 20 or index > 8", max=10)])).run()
    assert results(done, "again")["last"] == {"n": 27}


def test_repeat_waits_between_rounds() -> None:
    done = Drive(graph([repeat(wait="5 minutes")])).run()
    ends = {r.path: r.at for r in done.history}
    assert [t.not_before for t in done.taken] == [None, ends["again[0].poll"] + 300, ends["again[1].poll"] + 300]


def test_a_run_waits_between_rounds() -> None:
    drive = Drive(graph([repeat(wait="5 minutes")]))
    drive.progress.take()
    drive.progress.apply(Record("again[0].poll", 1, "succeeded", {"n": 0}, at=START))
    given = drive.progress.take()
    assert (given.status, given.wake_at, len(given.tasks)) == ("waiting", START + 300, 1)


@pytest.mark.parametrize(
    ("config", "says"),
    [({"until": "gone.x"}, "until.*gone"), ({"max": 0}, "max"), ({"wait": "soon"}, "wait")],
)
def test_a_repeat_that_cannot_go_on_fails(config: dict[str, Any], says: str) -> None:
    done = Drive(graph([repeat(**config)])).run()
    assert done.plan.failure is not None
    with pytest.raises(AssertionError, match=says):
        raise AssertionError(done.plan.failure.message)


def test_a_failing_round_ends_the_repeat() -> None:
    done = Drive(graph([repeat()]), broken("again[1].poll")).run()
    assert done.plan.failure is not None
    assert done.plan.failure.message == "Round 2 of “Again” failed: no"


def test_a_group_gives_what_its_last_step_gives_and_hides_nothing() -> None:
    box = loop("box", "group", [node("a", config={"n": 1}), node("b", config={"n": "{{ a.n + 1 }}"})], chain("a", "b"))
    done = Drive(graph([box, node("c", config={"n": "{{ box.n + a.n }}"})], chain("box", "c"))).run()
    assert done.plan.output == {"n": 3}
    assert done.ran >= {"box.a", "box.b", "box"}


def test_a_loop_can_be_passed_over() -> None:
    done = Drive(graph([each(if_="false"), node("z")], chain("each", "z")), inputs={"list": [1]}).run()
    assert done.ran == {"z"}


def test_loops_nest() -> None:
    deepest = loop(
        "again", "repeat", [node("n", config={"v": "{{ row }}{{ cell }}{{ index }}"})], until="index == 1", max=3
    )
    cells = loop("cells", "foreach", [deepest], items="{{ row }}", at_once=2, **{"as": "cell"})
    rows = loop("rows", "foreach", [loop("box", "group", [cells])], items=[[1, 2], [], [3]], at_once=2, **{"as": "row"})
    done = Drive(graph([rows])).run()
    assert "rows[0].box.cells[1].again[0].n" in done.ran
    assert [cell["count"] for cell in results(done, "rows")["results"]] == [2, 0, 1]
    assert results(done, "rows[2].box.cells[0].again")["last"] == {"v": "[3]31"}


def test_retries_inside_loops() -> None:
    inner = [node("fetch", retry=retry(1, "0s"))]

    def behave(task: Task, config: dict[str, Any]) -> Any:
        return Failure("retry", "busy") if task.attempt == 1 else {"item": task.path}

    done = Drive(graph([loop("each", "foreach", inner, items=[1, 2])]), behave).run()
    assert [task.attempt for task in done.taken] == [1, 2, 1, 2]


def test_a_time_limit_ends_a_loop_from_outside() -> None:
    drive = Drive(
        graph([each(at_once=2), node("late")], [edge("each", "late", on="timeout")]), inputs={"list": [1, 2, 3]}
    )
    first, second = drive.progress.take().tasks
    drive.end(first)
    drive.progress.apply(Record("each", 1, "failed", failure=Failure("timeout", "too long"), at=START))
    assert [task.path for task in drive.progress.take().tasks] == ["late"]
    assert not drive.progress.is_due(second.path)
    drive.progress.apply(Record(second.path, 1, "succeeded", {}, at=START))
    drive.progress.apply(Record("late", 1, "succeeded", {}, at=START))
    assert drive.progress.take().status == "succeeded"


def test_an_earlier_runs_result_can_stand_for_a_loop() -> None:
    after = node("after", config={"n": "{{ each.count }}"})
    given = Record("each", 1, "succeeded", {"results": [], "errors": [], "count": 9}, at=START)
    done = Drive(graph([each(), after], chain("each", "after")), inputs={"list": [1]}, journaled=[given]).run()
    assert [task.path for task in done.taken] == ["after"]
    assert done.plan.output == {"n": 9}


def test_an_answer_inside_a_loop_is_the_last_in_the_document() -> None:
    inner = [node("say", "respond", config={"body": "{{ item }}"})]
    built = graph([loop("each", "foreach", inner, items=["a", "b", "c"], at_once=3)])
    done = Drive(built, lambda task, config: {"status": 200, **config}, pick=lambda n: n - 1).run()
    assert done.plan.output == "c"


def test_ten_thousand_items_are_no_burden() -> None:
    built = graph(
        [loop("each", "foreach", [node("x", config={"n": "{{ item }}"})], items="{{ inputs.list }}", at_once=8)]
    )
    inputs = {"list": list(range(10_000))}
    progress = Progress(built, inputs, None, RUN)
    history: list[Record] = []
    begin = time.perf_counter()
    given = progress.take()
    while given.status == "running":
        for task in given.tasks:
            record = Record(task.path, 1, "succeeded", progress.config(task), at=START)
            history.append(record)
            progress.apply(record)
        given = progress.take()
    took_s = time.perf_counter() - begin
    assert given.output["count"] == 10_000
    assert took_s < 5, "about 0.2 s is usual; something scans"
    begin = time.perf_counter()
    again = Progress.resume(built, reversed(history), inputs, None, RUN).take()
    assert (again.status, again.output) == ("succeeded", given.output)
    assert time.perf_counter() - begin < 5
