"""What a run that is taken again from one of its steps begins with: property tests of the choice, and what is refused."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainwork.engine.plan import Failure, Graph, Record, Side, Task, carry_over, step_at
from plainwork.engine.plan.stand import Stand
from plainwork.errors import Conflict, Invalid
from plainwork.spec.flow import Edge
from tests.cases import cases
from tests.engine.flows import RUN, Behave, Drive, chain, echo, edge, graph, loop, node, retry
from tests.engine.test_plan_properties import INPUTS, fate, graphs

MODEST = settings(max_examples=cases(80), deadline=None)
NAMES = (INPUTS, None, RUN, None)


def side(built: Graph, name: str = "the version that ran") -> Side:
    return Side(built, NAMES, name)


def kept(
    history: Sequence[Record],
    was: Graph,
    now: Graph | None = None,
    *,
    start: str | None = None,
    given: Sequence[Record] = (),
) -> list[Record]:
    """The records that are carried over."""
    target = side(now, "version 2") if now else side(was)
    return [history[position] for position in carry_over(side(was), target, history, given, start)]


def reached(built: Graph, history: Sequence[Record]) -> list[str]:
    return sorted(Stand(built, history, *NAMES).reached)


def again(built: Graph, carried: Sequence[Record], behave: Behave) -> Drive:
    return Drive(built, behave, INPUTS, journaled=carried).run()


def acting(task: Task, config: Mapping[str, Any]) -> Any:
    return {"did": task.path}


# ── For every flow ───────────────────────────────────────────────────────────────────────────────────────────────────
@MODEST
@given(graphs(), st.integers(0, 999), st.randoms(use_true_random=False))
def test_a_run_taken_again_from_any_step_ends_as_the_first(built: Graph, seed: int, dice: random.Random) -> None:
    """Where every step gives what it gave, nothing that is kept or left out makes a difference."""
    first = Drive(built, fate(seed), INPUTS).run()
    for start in (None, *dice.sample(reached(built, first.history), min(3, len(reached(built, first.history))))):
        carried = kept(first.history, built, start=start)
        second = again(built, carried, fate(seed))
        assert second.end_state == first.end_state
        if start in {task.path for task in first.taken}:
            assert start in {task.path for task in second.taken}


@MODEST
@given(graphs(), st.integers(0, 999), st.randoms(use_true_random=False))
def test_what_is_kept_is_whole_and_is_not_taken_again(built: Graph, seed: int, dice: random.Random) -> None:
    first = Drive(built, fate(seed), INPUTS, pick=dice.randrange).run()
    start = dice.choice([None, *reached(built, first.history)])
    carried = kept(first.history, built, start=start)
    paths = {record.path for record in carried}
    assert all(record.attempt for record in carried)
    assert carried == [record for record in first.history if record.attempt and record.path in paths]
    second = again(built, carried, fate(seed))
    assert paths.isdisjoint(task.path for task in second.taken)
    assert start not in paths


@MODEST
@given(graphs(), st.integers(0, 999), st.randoms(use_true_random=False))
def test_a_run_cut_off_anywhere_goes_on_and_doubles_nothing(built: Graph, seed: int, dice: random.Random) -> None:
    """It passed its time limit, say: what had come to its end is kept, but for what had doomed it."""
    whole = Drive(built, fate(seed), INPUTS).run()
    history = whole.history[: dice.randint(0, len(whole.history))]
    stand = Stand(built, history, *NAMES)
    carried = kept(history, built)
    second = again(built, carried, fate(seed))
    assert second.end_state == whole.end_state
    if not stand.failed():
        done = {record.path for record in history if record.attempt and record.status == "succeeded"}
        lost = done & {task.path for task in second.taken}
        assert lost <= {path for path in done if "alert" in path or "tidy" in path}


@MODEST
@given(graphs(), st.integers(0, 999), st.randoms(use_true_random=False))
def test_a_given_output_stands_in_for_its_step(built: Graph, seed: int, dice: random.Random) -> None:
    first = Drive(built, fate(seed), INPUTS).run()
    leaves = [path for path in reached(built, first.history) if step_at(built, path).body is None]  # type: ignore[union-attr]
    if not leaves:
        return
    path = dice.choice(leaves)
    said = Record(path, 1, "succeeded", {"given": True})
    carried = kept(first.history, built, start=path, given=[said])
    second = again(built, [*carried, said], fate(seed))
    assert path not in {task.path for task in second.taken}
    assert path not in {record.path for record in carried}


# ── One by one ───────────────────────────────────────────────────────────────────────────────────────────────────────
def failing(*paths: str) -> Behave:
    def behave(task: Task, config: dict[str, Any]) -> Any:
        return Failure("rejected", "no") if task.path in paths else {"did": task.path}

    return behave


def history_of(built: Graph, behave: Behave = acting) -> list[Record]:
    return Drive(built, behave, INPUTS).run().history


def paths(records: Sequence[Record]) -> list[str]:
    return list(dict.fromkeys(record.path for record in records))


DIAMOND = [edge("a", "b"), edge("a", "c"), edge("b", "d"), edge("c", "d")]


def diamond(**more: Any) -> Graph:
    return graph([node("a"), node("b"), node("c", **more), node("d")], DIAMOND)


def test_a_branch_beside_is_kept() -> None:
    built = diamond()
    assert paths(kept(history_of(built), built, start="b")) == ["a", "c"]
    assert paths(kept(history_of(built, failing("b")), built)) == ["a", "c"]


def test_every_step_that_doomed_the_run_is_taken_again() -> None:
    built = diamond()
    history = history_of(built, failing("b", "c"))
    assert paths(kept(history, built)) == ["a"]
    assert paths(kept(history, built, start="b")) == ["a"]


def test_a_failure_that_a_route_handled_is_kept() -> None:
    built = graph([node("a"), node("b"), node("c")], [edge("a", "b", on="error"), edge("b", "c")])
    history = history_of(built, failing("a", "c"))
    carried = kept(history, built)
    assert [(record.path, record.status) for record in carried] == [("a", "failed"), ("b", "succeeded")]


def test_steps_for_a_failed_run_are_taken_again_when_it_fails_again() -> None:
    built = graph([node("a"), node("b"), node("alert", lane="errors")], chain("a", "b"), on_failure="alert")
    history = history_of(built, failing("b"))
    assert paths(history) == ["a", "b", "alert"]
    carried = kept(history, built)
    assert paths(carried) == ["a"]
    assert again(built, carried, failing("b")).ran == {"a", "alert"}
    assert again(built, carried, acting).ran == {"a", "b"}


def test_a_step_that_went_ahead_by_another_route_is_kept() -> None:
    """``d`` takes the first route that leads to it: ``c`` led there while ``b`` was still at work."""
    nodes = [node("a"), node("b"), node("c"), node("d", join="any")]
    built = graph(nodes, DIAMOND)
    did = [Record(path, 1, "succeeded", 1, at=1.0) for path in ("a", "c", "d")]
    history = [*did, Record("b", 1, "failed", failure=Failure("rejected", "no"))]
    assert paths(kept(history, built)) == ["a", "c", "d"]
    after = [*did[:2], Record("b", 1, "succeeded", 1), did[2]]
    assert paths(kept(after, built, start="b")) == ["a", "c"]


class TestLoops:
    def foreach(self, **more: Any) -> Graph:
        each = loop("each", "foreach", [node("x"), node("y")], chain("x", "y"), items=[1, 2, 3], **more)
        return graph([node("a"), each, node("z")], chain("a", "each", "z"))

    def test_other_items_are_kept(self) -> None:
        built = self.foreach()
        history = history_of(built)
        others = ["a", "each[0].x", "each[0].y", "each[2].x", "each[2].y"]
        assert paths(kept(history, built, start="each[1].x")) == others
        assert paths(kept(history, built, start="each[1].y")) == [*others[:3], "each[1].x", *others[3:]]
        assert paths(kept(history, built, start="each")) == ["a"]

    def test_an_item_is_not_taken_again_because_an_earlier_one_is(self) -> None:
        built = self.foreach(on_item_error="collect")
        history = history_of(built, failing("each[0].x"))
        second = again(built, kept(history, built, start="each[0].x"), acting)
        assert {task.path for task in second.taken} == {"each[0].x", "each[0].y", "z"}

    def test_the_step_inside_that_failed_is_found(self) -> None:
        built = self.foreach()
        carried = kept(history_of(built, failing("each[1].y")), built)
        assert paths(carried) == ["a", "each[0].x", "each[0].y", "each[1].x"]
        assert "each[2].y" in again(built, carried, acting).ran

    def test_a_failed_item_that_the_loop_passed_over_is_kept(self) -> None:
        built = self.foreach(on_item_error="collect")
        carried = kept(history_of(built, failing("each[1].y", "z")), built)
        assert [(r.path, r.status) for r in carried if r.status == "failed"] == [("each[1].y", "failed")]

    def test_rounds_follow_from_those_before(self) -> None:
        body = loop("poll", "repeat", [node("x")], max=4)
        built = graph([body, node("z")], chain("poll", "z"))
        assert paths(kept(history_of(built), built, start="poll[2].x")) == ["poll[0].x", "poll[1].x"]

    def test_a_loop_inside_a_group(self) -> None:
        inner = loop("each", "foreach", [node("x")], items=[1, 2])
        box = loop("box", "group", [node("p"), inner, node("q")], chain("p", "each", "q"))
        built = graph([box, node("z")], chain("box", "z"))
        history = history_of(built, failing("box.each[1].x"))
        assert paths(kept(history, built)) == ["box.p", "box.each[0].x"]
        given_ = Record("box.each", 1, "succeeded", {"results": [], "errors": [], "count": 0})
        assert paths(kept(history, built, given=[given_])) == ["box.p"]


class TestAnotherVersion:
    def test_a_mended_step_is_taken_with_what_came_before(self) -> None:
        was = graph([node("a"), node("b")], chain("a", "b"))
        now = graph([node("a", about="Another text"), node("b", config={"mended": True})], chain("a", "b"))
        history = history_of(was, failing("b"))
        carried = kept(history, was, now)
        assert paths(carried) == ["a"]
        assert again(now, carried, echo).end_state[1] == {"mended": True}

    def test_a_step_put_in_between_is_taken(self) -> None:
        was = graph([node("a"), node("b")], chain("a", "b"))
        now = graph([node("a"), node("new"), node("b")], chain("a", "new", "b"))
        carried = kept(history_of(was, failing("b")), was, now)
        assert again(now, carried, acting).ran == {"a", "new", "b"}

    @pytest.mark.parametrize(
        ("changed", "edges"),
        [
            ({"config": {"n": 2}}, DIAMOND),
            ({"if_": "true"}, DIAMOND),
            ({"join": "any"}, DIAMOND),
            ({}, [edge("a", "c", **{"if": "true"}), *DIAMOND[:1], *DIAMOND[2:]]),
        ],
    )
    def test_a_step_that_is_another_now_is_not_carried_over(self, changed: dict[str, Any], edges: list[Edge]) -> None:
        now = graph([node("a"), node("b"), node("c", **changed), node("d")], edges)
        history = history_of(diamond(), failing("b"))
        with pytest.raises(Conflict, match="What c gave would be carried over, but version 2 has another c"):
            kept(history, diamond(), now)
        said = Record("c", 1, "succeeded", {"did": "c"})
        assert paths(kept(history, diamond(), now, given=[said])) == ["a"]
        assert paths(kept(history, diamond(), now, start="a")) == []

    def test_a_loop_around_that_is_another_counts(self) -> None:
        def build(items: list[int]) -> Graph:
            each = loop("each", "foreach", [node("x")], items=items)
            return graph([each, node("z")], chain("each", "z"))

        with pytest.raises(Conflict, match=r"has another each\[0\]\.x"):
            kept(history_of(build([1, 2]), failing("z")), build([1, 2]), build([3, 4]))

    def test_retries_and_texts_change_nothing(self) -> None:
        now = diamond(retry=retry(), about="Another text", note="why", timeout="5s")
        assert paths(kept(history_of(diamond(), failing("b")), diamond(), now)) == ["a", "c"]

    def test_what_it_needs_has_to_be_there(self) -> None:
        was = graph([node("a"), node("b"), node("c")], chain("a", "b", "c"))
        now = graph([node("a"), node("c")], chain("a", "c"))
        with pytest.raises(Conflict, match="version 2 does not have b"):
            kept(history_of(was, failing("c")), was, now)
        with pytest.raises(Invalid, match="Version 2 has no step at b"):
            kept(history_of(was, failing("b")), was, now)
        with pytest.raises(Invalid, match="Version 2 has no step at b"):
            kept(history_of(was), was, now, start="b")

    def test_a_branch_beside_may_be_gone(self) -> None:
        now = graph([node("a"), node("b"), node("d")], chain("a", "b", "d"))
        was = graph([node("a"), node("b"), node("c"), node("d")], [*DIAMOND[:3]])
        assert paths(kept(history_of(was, failing("b")), was, now)) == ["a"]


class TestRefused:
    def test_paths_that_mean_nothing(self) -> None:
        built = diamond()
        history = history_of(built)
        for start in ("nothing", "a[0]", "a.x", "", "a[1].x"):
            with pytest.raises(Invalid, match="has no step"):
                kept(history, built, start=start)
            with pytest.raises(Invalid, match="has no step"):
                kept(history, built, given=[Record(start, 1, "succeeded", 1)])

    def test_a_step_that_the_run_never_came_to(self) -> None:
        built = diamond()
        with pytest.raises(Conflict, match="never came to d"):
            kept([Record("a", 1, "succeeded", 1)], built, start="d")

    def test_a_group_gives_what_its_last_step_gives(self) -> None:
        built = graph([loop("box", "group", [node("x")])])
        with pytest.raises(Invalid, match="is a group"):
            kept(history_of(built), built, given=[Record("box", 1, "succeeded", 1)])

    def acts(self, **more: Any) -> tuple[Graph, list[Record]]:
        built = graph([node("a"), node("mail", **more), node("b")], chain("a", "mail", "b"))
        return built, [Record("a", 1, "succeeded", 1), Record("mail", 1, "started")]

    @pytest.mark.parametrize("effect", ["keyed", "once"])
    def test_an_act_in_doubt_is_not_repeated_unasked(self, effect: str) -> None:
        built, history = self.acts(effect=effect)
        with pytest.raises(Conflict, match="not known whether mail has acted"):
            kept(history, built)
        assert paths(kept(history, built, start="mail")) == ["a"]
        assert paths(kept(history, built, start="a")) == []
        assert paths(kept(history, built, given=[Record("mail", 1, "succeeded", 1)])) == ["a"]

    def test_what_only_looks_or_may_be_repeated_is(self) -> None:
        for more in ({"effect": "read"}, {"effect": "once", "on_uncertain": "repeat"}):
            built, history = self.acts(**more)
            assert paths(kept(history, built)) == ["a"]

    def test_an_act_whose_failure_is_known_is_repeated(self) -> None:
        built, history = self.acts(effect="once")
        history.append(Record("mail", 1, "failed", failure=Failure("rejected", "no")))
        assert paths(kept(history, built)) == ["a"]
        history[-1] = Record("mail", 1, "failed", failure=Failure("timeout", "no answer"))
        with pytest.raises(Conflict, match="not known"):
            kept(history, built)
