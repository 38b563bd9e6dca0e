"""What the planner decides: routes, joins, failures, retries, waiting, recovery."""

from __future__ import annotations

from typing import Any

import pytest

from plainwork.engine.plan import REPEAT, Failure, Progress, Record, Task, plan
from plainwork.errors import Invalid
from tests.engine.flows import RUN, START, Drive, chain, edge, graph, node, retry


def failing(*ids: str, kind: str = "rejected") -> Any:
    def behave(task: Task, config: dict[str, Any]) -> Any:
        return Failure(kind, f"{task.path} broke") if task.node.id in ids else config

    return behave


def order(drive: Drive) -> list[str]:
    return [task.path for task in drive.taken]


def test_steps_follow_each_other_and_see_what_came_before() -> None:
    nodes = [
        node("one", config={"n": "{{ inputs.n }}"}),
        node("the-next", config={"n": "{{ one.n + 1 }}"}),
        node("last", config={"text": "n is {{ the_next.n }} for {{ run.agent }}"}),
    ]
    done = Drive(graph(nodes, chain("one", "the-next", "last")), inputs={"n": 4}).run()
    assert order(done) == ["one", "the-next", "last"]
    assert (done.plan.status, done.plan.output) == ("succeeded", {"text": "n is 5 for test"})


def test_branches_run_at_once_and_join() -> None:
    done = Drive(graph([node(x) for x in "abcd"], [*chain("a", "b", "d"), *chain("a", "c", "d")]))
    done.end(done.progress.take().tasks[0])
    assert [task.path for task in done.progress.take().tasks] == ["b", "c"]
    done.progress.apply(Record("c", 1, "succeeded", {}))
    assert done.progress.take().tasks == ()
    done.progress.apply(Record("b", 1, "succeeded", {}))
    assert [task.path for task in done.progress.take().tasks] == ["d"]


def test_the_first_true_condition_is_taken_with_all_its_targets() -> None:
    edges = [
        edge("a", "b", **{"if": "a.n > 10"}),
        edge("a", "c", **{"if": "a.n > 1"}),
        edge("a", "d", **{"if": "a.n > 1"}),
        edge("a", "e", **{"if": "a.n > 0"}),
        edge("a", "f", **{"else": True}),
    ]
    nodes = [node("a", config={"n": 5}), *(node(x) for x in "bcdef")]
    done = Drive(graph(nodes, edges)).run()
    assert done.ran == {"a", "c", "d"}
    assert done.skipped == {"b", "e", "f"}


def test_otherwise_is_taken_when_nothing_holds() -> None:
    edges = [edge("a", "b", **{"if": "1 > 2"}), edge("a", "c", case="x"), edge("a", "d", **{"else": True})]
    assert Drive(graph([node(x) for x in "abcd"], edges)).run().ran == {"a", "d"}


@pytest.mark.parametrize(("outcome", "ran"), [("yes", "b"), ("no", "c"), (None, "c")])
def test_a_named_outcome_chooses(outcome: str | None, ran: str) -> None:
    edges = [edge("a", "b", case="yes"), edge("a", "c", **{"else": True})]
    done = Drive(graph([node(x) for x in "abc"], edges), lambda task, config: (config, outcome)).run()
    assert done.ran == {"a", ran}


def test_skips_go_down_but_a_join_runs_with_one_route_taken() -> None:
    edges = [
        edge("a", "b", **{"if": "true"}),
        edge("a", "c", **{"else": True}),
        *chain("c", "d", "e"),
        edge("b", "e"),
    ]
    done = Drive(graph([node(x) for x in "abcde"], edges)).run()
    assert done.ran == {"a", "b", "e"}
    assert done.skipped == {"c", "d"}


def test_join_any_runs_once_at_the_first() -> None:
    nodes = [node("a"), node("b"), node("c", join="any")]
    drive = Drive(graph(nodes, [edge("a", "c"), edge("b", "c")]))
    tasks = drive.progress.take().tasks
    drive.end(tasks[1])
    assert [task.path for task in drive.progress.take().tasks] == ["c"]
    drive.end(tasks[0])
    assert drive.progress.take().tasks == ()


def test_what_a_skipped_step_would_have_given_is_null() -> None:
    nodes = [node("a"), node("b"), node("c", config={"b": "{{ b }}", "d": "{{ default(b, 'none') }}"})]
    edges = [edge("a", "b", **{"if": "false"}), edge("a", "c", **{"else": True}), edge("b", "c")]
    assert Drive(graph(nodes, edges)).run().plan.output == {"b": None, "d": "none"}


def test_a_step_is_passed_over_and_the_run_goes_on() -> None:
    nodes = [node("a"), node("b", if_="inputs.go"), node("c", config={"b": "{{ b }}"})]
    done = Drive(graph(nodes, chain("a", "b", "c")), inputs={"go": False}).run()
    assert done.ran == {"a", "c"}
    assert [r.outcome for r in done.history if r.path == "b"] == ["passed over"]
    assert Drive(graph(nodes, chain("a", "b", "c")), inputs={"go": True}).run().ran == {"a", "b", "c"}


def test_a_run_whose_last_step_is_passed_over_ends_with_the_step_before() -> None:
    nodes = [node("a", config={"n": 1}), node("b", if_="false")]
    assert Drive(graph(nodes, chain("a", "b"))).run().plan.output == {"n": 1}


def test_stop_ends_a_path_well_and_fail_ends_the_run_badly() -> None:
    edges = [edge("a", "@stop", **{"if": "inputs.n == 1"}), edge("a", "@fail", **{"if": "inputs.n == 2"})]
    edges.append(edge("a", "b", **{"else": True}))
    built = graph([node("a"), node("b")], edges)
    stopped, failed, went_on = (Drive(built, inputs={"n": n}).run() for n in (1, 2, 3))
    assert (stopped.plan.status, stopped.ran) == ("succeeded", {"a"})
    assert failed.plan.status == "failed"
    assert failed.plan.failure is not None
    assert failed.plan.failure.path == "a"
    assert went_on.ran == {"a", "b"}


def test_an_unhandled_failure_fails_the_run_but_other_branches_finish() -> None:
    done = Drive(graph([node(x) for x in "abcd"], [*chain("a", "b"), *chain("c", "d")]), failing("a")).run()
    assert done.plan.status == "failed"
    assert done.plan.failure == Failure("rejected", "a broke", path="a")
    assert (done.ran, done.skipped) == ({"c", "d"}, {"b"})


@pytest.mark.parametrize(
    ("kind", "ran"), [("timeout", {"t"}), ("auth", {"login"}), ("rejected", {"any"}), ("retry", {"any"})]
)
def test_error_edges_by_kind(kind: str, ran: set[str]) -> None:
    edges = [
        edge("a", "next"),
        edge("a", "t", on="timeout"),
        edge("a", "login", on="error", failure="auth"),
        edge("a", "any", on="error"),
    ]
    built = graph([node("a"), node("next"), node("t"), node("login"), node("any")], edges)
    done = Drive(built, failing("a", kind=kind)).run()
    assert done.ran == ran
    assert done.plan.status == "succeeded"


def test_an_error_edge_for_another_kind_does_not_handle() -> None:
    edges = [edge("a", "b", on="error", failure="auth")]
    assert Drive(graph([node("a"), node("b")], edges), failing("a")).run().plan.status == "failed"


def test_the_error_is_a_name_on_its_way() -> None:
    nodes = [
        node("a"),
        node("b", config={"why": "{{ error.message }}"}),
        node("c", config={"kind": "{{ error.kind }}"}),
    ]
    done = Drive(graph(nodes, [edge("a", "b", on="error"), edge("b", "c")]), failing("a")).run()
    outputs = {r.path: r.output for r in done.history if r.status == "succeeded"}
    assert outputs == {"b": {"why": "a broke"}, "c": {"kind": "rejected"}}


def test_on_failure_runs_and_the_run_stays_failed() -> None:
    nodes = [
        node("a"),
        node("alert", lane="errors", config={"text": "{{ error.message }}"}),
        node("tidy", lane="errors"),
    ]
    done = Drive(graph(nodes, chain("alert", "tidy"), on_failure="alert"), failing("a")).run()
    assert done.plan.status == "failed"
    assert done.plan.failure is not None
    assert done.plan.failure.message == "a broke"
    assert done.ran == {"alert", "tidy"}
    assert [r.output for r in done.history if r.path == "alert"] == [{"text": "a broke"}]


def test_the_errors_lane_does_not_run_without_a_failure() -> None:
    nodes = [node("a"), node("alert", lane="errors"), node("tidy", lane="errors")]
    assert Drive(graph(nodes, chain("alert", "tidy"), on_failure="alert")).run().ran == {"a"}


def test_on_failure_revives_what_a_route_had_skipped() -> None:
    nodes = [node("a"), node("b"), node("alert", lane="errors"), node("tidy", lane="errors")]
    edges = [edge("a", "b"), edge("a", "alert", on="error"), edge("alert", "tidy")]
    done = Drive(graph(nodes, edges, on_failure="alert"), failing("b")).run()
    assert done.ran == {"a", "alert", "tidy"}
    assert done.plan.status == "failed"


def test_on_failure_does_not_run_twice() -> None:
    nodes = [node("a"), node("b"), node("alert", lane="errors")]
    edges = [edge("a", "alert", on="error"), edge("alert", "b")]
    done = Drive(graph(nodes, edges, on_failure="alert"), failing("a", "b")).run()
    assert order(done) == ["a", "alert", "b"]
    assert done.plan.status == "failed"


def test_a_condition_that_cannot_be_worked_out_fails_its_step() -> None:
    edges = [edge("a", "b", **{"if": "a.gone.x > 1"}), edge("a", "c", **{"else": True})]
    done = Drive(graph([node(x) for x in "abc"], edges)).run()
    assert done.plan.status == "failed"
    assert done.plan.failure is not None
    assert "`a.gone.x > 1`" in done.plan.failure.message
    assert "a.gone" in done.plan.failure.message
    handled = Drive(graph([node(x) for x in "abc"], [*edges[:1], edge("a", "c", on="error")])).run()
    assert "c" in handled.ran
    assert handled.plan.status == "succeeded"


def test_an_if_that_cannot_be_worked_out_fails_its_step() -> None:
    done = Drive(graph([node("a", if_="inputs.gone")])).run()
    assert done.plan.status == "failed"
    assert done.plan.failure is not None
    assert "gone" in done.plan.failure.message


def test_a_setting_that_cannot_be_rendered_names_its_field() -> None:
    drive = Drive(graph([node("a", config={"fine": 1, "text": "{{ inputs.gone }}"})]))
    with pytest.raises(Invalid, match=r"^text: .*gone"):
        drive.progress.config(drive.progress.take().tasks[0])


class TestRetries:
    def test_only_kinds_it_names_and_only_so_often(self) -> None:
        built = graph([node("a", retry=retry(2))])
        assert len(Drive(built, failing("a", kind="retry")).run().taken) == 3
        assert len(Drive(built, failing("a", kind="rejected")).run().taken) == 1
        assert len(Drive(graph([node("a")]), failing("a", kind="retry")).run().taken) == 1

    def test_the_defaults_of_the_flow_count(self) -> None:
        from plainwork.spec.model import Defaults

        built = graph([node("a")], defaults=Defaults(retry=retry(1), timeout="5s"))
        assert len(Drive(built, failing("a", kind="retry")).run().taken) == 2
        assert built.level.steps[0].timeout_s == 5

    def test_waits_grow_and_are_the_same_every_time(self) -> None:
        built = graph([node("a", retry=retry(4, "10s", 2))])
        waits: list[list[float]] = []
        for _ in range(2):
            done = Drive(built, failing("a", kind="retry")).run()
            ends = {r.attempt: r.at for r in done.history}
            waits.append([(t.not_before or 0) - ends[t.attempt - 1] for t in done.taken[1:]])
        assert waits[0] == waits[1]
        assert len(set(waits[0])) == 4
        assert all(0 <= wait <= 10 * 2**n for n, wait in enumerate(waits[0]))

    def test_the_other_sides_wish_is_obeyed(self) -> None:
        drive = Drive(graph([node("a", retry=retry(1, "1s"))]))
        drive.progress.take()
        drive.progress.apply(Record("a", 1, "failed", failure=Failure("retry", "busy", retry_after_s=90), at=START))
        given = drive.progress.take()
        assert (given.status, given.wake_at) == ("waiting", START + 90)
        assert [(t.attempt, t.not_before) for t in given.tasks] == [(2, START + 90)]

    def test_a_once_step_that_timed_out_is_not_blindly_repeated(self) -> None:
        built = graph([node("a", effect="once", retry=retry(3, "0s")), node("b")], chain("a", "b"))
        asked = Drive(built, failing("a", kind="timeout")).run()
        assert (asked.plan.status, asked.plan.ask) == ("waiting", "a")
        assert len(Drive(built, failing("a", kind="retry")).run().taken) == 4
        repeated = graph([node("a", effect="once", retry=retry(3, "0s"), on_uncertain="repeat")])
        assert len(Drive(repeated, failing("a", kind="timeout")).run().taken) == 4

    def test_the_run_waits_only_when_all_is_delayed(self) -> None:
        drive = Drive(graph([node("a", retry=retry(1)), node("b")]))
        drive.progress.take()
        drive.progress.apply(Record("a", 1, "failed", failure=Failure("retry", "busy", retry_after_s=50), at=START))
        assert drive.progress.take().status == "running"
        drive.progress.apply(Record("b", 1, "succeeded", {}, at=START))
        assert drive.progress.take().status == "waiting"
        drive.progress.apply(Record("a", 2, "started", at=START + 50))
        assert drive.progress.take().status == "running"


class TestWaiting:
    def test_a_waiting_step_is_handed_out_again_for_its_time(self) -> None:
        drive = Drive(graph([node("a", "wait", config={"for": "1h"})]))
        drive.progress.take()
        drive.progress.apply(Record("a", 1, "waiting", wake_at=START + 3600, at=START))
        given = drive.progress.take()
        assert (given.status, given.wake_at) == ("waiting", START + 3600)
        assert [(t.path, t.not_before, t.woken) for t in given.tasks] == [("a", START + 3600, START + 3600)]
        drive.progress.apply(Record("a", 1, "succeeded", {}, at=START + 3600))
        assert drive.progress.take().status == "succeeded"

    def test_waiting_for_something_outside_hands_nothing_out(self) -> None:
        drive = Drive(graph([node("a"), node("b")], chain("a", "b")))
        drive.progress.take()
        drive.progress.apply(Record("a", 1, "waiting", at=START))
        given = drive.progress.take()
        assert (given.status, given.wake_at, given.tasks) == ("waiting", None, ())
        drive.progress.apply(Record("a", 1, "succeeded", {}, at=START))
        assert [t.path for t in drive.progress.take().tasks] == ["b"]

    def test_the_earliest_wake_up_counts(self) -> None:
        drive = Drive(graph([node("a", "wait"), node("b", "wait")]))
        drive.progress.take()
        drive.progress.apply(Record("a", 1, "waiting", wake_at=START + 9, at=START))
        drive.progress.apply(Record("b", 1, "waiting", wake_at=START + 5, at=START))
        assert drive.progress.take().wake_at == START + 5
        drive.progress.apply(Record("b", 1, "succeeded", {}, at=START + 5))
        assert drive.progress.take().wake_at == START + 9


class TestRecovery:
    STARTED = (Record("a", 1, "started", at=START),)

    def recovered(self, effect: Any, **fields: Any) -> Any:
        built = graph([node("a", effect=effect, **fields), node("b")], chain("a", "b"))
        return plan(built, self.STARTED, {}, None, RUN)

    @pytest.mark.parametrize("effect", ["none", "read"])
    def test_what_only_reads_is_simply_taken_again(self, effect: str) -> None:
        assert [(t.path, t.attempt, t.repeat_of_uncertain) for t in self.recovered(effect).tasks] == [("a", 1, False)]

    def test_a_keyed_step_is_taken_again_under_its_key(self) -> None:
        assert [(t.attempt, t.repeat_of_uncertain) for t in self.recovered("keyed").tasks] == [(1, True)]

    def test_a_once_step_asks(self) -> None:
        given = self.recovered("once")
        assert (given.status, given.ask, given.tasks, given.wake_at) == ("waiting", "a", (), None)

    def test_a_once_step_may_repeat_or_skip(self) -> None:
        repeated = self.recovered("once", on_uncertain="repeat")
        assert [(t.attempt, t.repeat_of_uncertain) for t in repeated.tasks] == [(1, True)]
        skipped = self.recovered("once", on_uncertain="skip")
        assert [t.path for t in skipped.tasks] == ["b"]
        assert [(r.path, r.status) for r in skipped.records] == [("a", "skipped")]

    @pytest.mark.parametrize(
        ("answer", "tasks"),
        [
            (Record("a", 1, "succeeded", {"sent": True}), [("b", 1)]),
            (Record("a", 1, "skipped"), [("b", 1)]),
            (Record("a", 1, "failed", failure=Failure(REPEAT, "again")), [("a", 2)]),
        ],
    )
    def test_a_person_answers(self, answer: Record, tasks: list[tuple[str, int]]) -> None:
        built = graph([node("a", effect="once"), node("b")], chain("a", "b"))
        progress = Progress.resume(built, self.STARTED, {}, None, RUN)
        progress.take()
        progress.apply(answer)
        given = progress.take()
        assert ([(t.path, t.attempt) for t in given.tasks], given.ask) == (tasks, None)
        again = plan(built, [*self.STARTED, answer], {}, None, RUN)
        assert [(t.path, t.attempt) for t in again.tasks] == tasks

    def test_an_uncertain_step_that_was_skipped_stays_so_with_what_followed(self) -> None:
        nodes = [node("a", effect="once", on_uncertain="skip"), node("b", effect="once"), node("c")]
        history = [*self.STARTED, Record("b", 1, "started", at=START + 1)]
        given = plan(graph(nodes, chain("a", "b", "c")), history, {}, None, RUN)
        assert (given.status, given.ask) == ("waiting", "b")

    def test_the_http_method_decides_what_kind_of_effect_it_is(self) -> None:
        built = graph([node(m, "http", config={"url": "x", "method": m}) for m in ("GET", "post", "{{ inputs.m }}")])
        assert [step.effect for step in built.level.steps] == ["read", "keyed", "keyed"]

    def test_records_out_of_place_change_nothing(self) -> None:
        drive = Drive(graph([node("a"), node("b")], chain("a", "b"))).run()
        before = drive.progress.take()
        for record in [*drive.history, Record("zzz", 1, "succeeded"), Record("a", 0, "skipped")]:
            drive.progress.apply(record)
        assert drive.progress.take() == before


class TestOutputs:
    def test_declared_outputs(self) -> None:
        built = graph([node("a", config={"n": 2})], outputs={"n": "{{ a.n }}", "text": "n={{ a.n }}"})
        assert Drive(built).run().plan.output == {"n": 2, "text": "n=2"}

    def test_an_output_of_a_step_that_did_not_run_is_null(self) -> None:
        edges = [edge("a", "b", **{"if": "false"})]
        built = graph([node("a"), node("b", config={"n": 1})], edges, outputs={"n": "{{ b.n }}"})
        assert Drive(built).run().plan.output == {"n": None}

    def test_an_output_that_cannot_be_worked_out_fails_the_run(self) -> None:
        done = Drive(graph([node("a")], outputs={"n": "{{ a.gone }}"})).run()
        assert done.plan.status == "failed"
        assert done.plan.failure is not None
        assert "“n”" in done.plan.failure.message

    def test_the_answer_of_a_respond_step(self) -> None:
        nodes = [node("a", "respond", config={"body": {"ok": True}}), node("b")]
        behave = lambda task, config: {"status": 200, "body": config["body"]} if task.path == "a" else {}  # noqa: E731
        assert Drive(graph(nodes, chain("a", "b")), behave).run().plan.output == {"ok": True}

    def test_several_ends_are_named(self) -> None:
        nodes = [node("a"), node("b-b", config={"n": 1}), node("c", config={"n": 2})]
        done = Drive(graph(nodes, [edge("a", "b-b"), edge("a", "c")])).run()
        assert done.plan.output == {"b_b": {"n": 1}, "c": {"n": 2}}

    def test_an_empty_flow_succeeds(self) -> None:
        assert Drive(graph([])).run().plan.status == "succeeded"


class TestGraph:
    @pytest.mark.parametrize(
        ("nodes", "edges", "says"),
        [
            ([node("a", "nothing")], [], "nothing@1"),
            ([node("a"), node("b")], [edge("a", "b"), edge("b", "a")], "circle"),
            ([node("a")], [edge("a", "zz")], "zz"),
            ([node("a", if_="1 +")], [], "step a"),
            ([node("a", config={"x": "{{ oops"})], [], "x: "),
            ([node("a", timeout="soon")], [], "step a"),
            ([node("a"), node("b")], [edge("a", "b", **{"if": "=="})], "step a: A condition after it"),
        ],
    )
    def test_what_cannot_run_is_refused(self, nodes: list[Any], edges: list[Any], says: str) -> None:
        with pytest.raises(Invalid, match=says.replace("(", r"\(")):
            graph(nodes, edges)

    def test_triggers_are_no_steps(self) -> None:
        from plainwork.spec.flow import Node

        trigger = Node(id="trigger-1", type="trigger.schedule@1")
        assert Drive(graph([trigger, node("a")], [edge("trigger-1", "a")])).run().ran == {"a"}

    def test_programs_are_not_templates(self) -> None:
        drive = Drive(graph([node("a", "code", config={"code": "f'{{x}}'", "x": "{{ 1 + 1 }}"})]))
        assert drive.progress.config(drive.progress.take().tasks[0]) == {"code": "f'{{x}}'", "x": 2}

    def test_a_prompt_sees_the_steps_other_settings(self) -> None:
        config = {"posts": "{{ inputs.posts }}", "prompt": "Read {{ len(posts) }} posts by {{ inputs.who }}."}
        drive = Drive(graph([node("a", "llm", config=config)]), inputs={"posts": [1, 2], "who": "Ada"})
        assert drive.progress.config(drive.progress.take().tasks[0])["prompt"] == "Read 2 posts by Ada."
