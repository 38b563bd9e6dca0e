"""Flow → spec → flow: what comes back is the same flow, in canonical form."""

from __future__ import annotations

import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainwork.errors import Invalid
from plainwork.spec.compile import compile
from plainwork.spec.decompile import canonical, decompile
from plainwork.spec.flow import Condition, Edge, Flow, Node, flow_from_json
from plainwork.spec.graph import plain_body
from plainwork.spec.markdown import parse, render
from plainwork.spec.model import Route
from tests.cases import cases
from tests.spec.flows import as_json, flows, random_flow


def node(node_id: str, **more: object) -> Node:
    return msgspec.convert({"id": node_id, "type": "set@1", "name": node_id.upper(), **more}, Node)


def flow(*ids: str, edges: tuple[tuple[str, str] | tuple[str, str, Condition], ...] = (), **more: object) -> Flow:
    made = tuple(Edge(from_=e[0], to=e[1], condition=e[2] if len(e) > 2 else None) for e in edges)
    return Flow(title="T", nodes=tuple(node(one) for one in ids), edges=made, **more)  # type: ignore[arg-type]


@settings(max_examples=cases(400), deadline=None)
@given(flows)
def test_a_flow_comes_back_as_its_canonical_form(given_flow: Flow) -> None:
    expected = canonical(given_flow)
    assert compile(decompile(given_flow)) == expected
    assert canonical(expected) == expected


@settings(max_examples=cases(150), deadline=None)
@given(flows)
def test_the_canonical_form_keeps_steps_and_edges(given_flow: Flow) -> None:
    after = canonical(given_flow)
    is_step = {n.id for n in given_flow.nodes if not n.type.startswith("trigger.")}

    def wiring(one: Flow) -> set[Edge]:
        plain = {msgspec.structs.replace(e, condition=None) if e.condition == Condition() else e for e in one.edges}
        return {e for e in plain if e.from_ in is_step and (e.condition is not None or e.to != "@stop")}

    assert {n.id for n in after.nodes if not n.type.startswith("trigger.")} == is_step
    assert wiring(after) == wiring(given_flow)
    position = {n.id: spot for spot, n in enumerate(after.nodes)}
    lanes = {n.id: n.lane for n in after.nodes}
    assert all(position[e.from_] < position[e.to] for e in after.edges if lanes.get(e.from_) == lanes.get(e.to))


@settings(max_examples=cases(100), deadline=None)
@given(flows)
def test_a_flow_survives_the_document(given_flow: Flow) -> None:
    spec = decompile(given_flow)
    parsed = parse(render(spec))
    assert parsed.spec == spec
    assert compile(parsed.spec) == canonical(given_flow)


@settings(max_examples=cases(150), deadline=None)
@given(flows)
def test_the_json_of_a_flow_is_the_flow(given_flow: Flow) -> None:
    after = canonical(given_flow)
    assert flow_from_json(as_json(after)) == after


@settings(max_examples=cases(100), deadline=None)
@given(flows, st.randoms(use_true_random=False))
def test_order_of_edges_of_other_steps_does_not_matter(given_flow: Flow, dice: random.Random) -> None:
    by_source: dict[str, list[Edge]] = {}
    for edge in given_flow.edges:
        by_source.setdefault(edge.from_, []).append(edge)
    groups = list(by_source.values())
    dice.shuffle(groups)
    again = msgspec.structs.replace(given_flow, edges=tuple(edge for group in groups for edge in group))
    assert canonical(again) == canonical(given_flow)


def test_a_wide_flow() -> None:
    fan = random_flow(1, 12, 0.9)
    wide = flow(
        "s",
        *(f"m{i}" for i in range(300)),
        "e",
        edges=(*(("s", f"m{i}") for i in range(300)), *((f"m{i}", "e") for i in range(300))),
    )
    for one in (fan, wide):
        assert compile(decompile(one)) == canonical(one)


def test_a_chain_needs_no_words() -> None:
    spec = decompile(flow("a", "b", "c", edges=(("a", "b"), ("b", "c"))))
    assert [step.routes for step in spec.steps] == [(), (), ()]


def test_names_are_made_from_ids() -> None:
    spec = decompile(Flow(nodes=(Node(id="fetch-the_posts", type="http"),)))
    assert (spec.title, spec.steps[0].name, spec.steps[0].uses) == ("Untitled agent", "Fetch the posts", "http")


def test_versions_other_than_the_first_are_kept() -> None:
    spec = decompile(Flow(nodes=(Node(id="a", type="http@2"), Node(id="b", type="http@1"))))
    assert [step.uses for step in spec.steps] == ["http@2", "http"]


def test_a_diamond_says_where_its_first_arm_goes() -> None:
    is_big, otherwise = Condition(if_="x"), Condition(else_=True)
    spec = decompile(
        flow("a", "b", "c", "d", edges=(("a", "b", is_big), ("a", "c", otherwise), ("b", "d"), ("c", "d")))
    )
    assert spec.steps[0].routes == (Route(lead="if", test="x", to=("b",)), Route(lead="otherwise", to=("c",)))
    assert spec.steps[1].routes == (Route(lead="then", to=("d",)),)
    assert spec.steps[2].routes == ()


def test_going_on_into_a_branch_is_said_aloud() -> None:
    spec = decompile(
        flow("a", "b", "c", edges=(("a", "b", Condition(if_="x")), ("a", "c", Condition(else_=True)), ("b", "c")))
    )
    assert spec.steps[1].routes == (Route(lead="then", to=("c",)),)


def test_a_step_may_go_on_to_where_its_own_error_leads() -> None:
    given_flow = flow("a", "b", edges=(("a", "b"), ("a", "b", Condition(on="error"))))
    spec = decompile(given_flow)
    assert spec.steps[0].routes == (Route(lead="error", to=("b",)),)
    assert compile(spec) == given_flow


def test_an_end_in_the_middle_is_a_stop() -> None:
    spec = decompile(flow("a", "b", edges=()))
    assert spec.steps[0].routes == (Route(lead="then", to=("stop",)),)
    assert spec.steps[1].routes == ()


def test_branches_to_several_targets_are_one_route() -> None:
    test = Condition(if_="x")
    spec = decompile(
        flow("a", "b", "c", edges=(("a", "b", test), ("a", "c", test), ("b", "@stop", test), ("b", "@fail", test)))
    )
    assert spec.steps[0].routes == (Route(lead="if", test="x", to=("b", "c")),)
    assert spec.steps[1].routes == (
        Route(lead="if", test="x", to=("stop",)),
        Route(lead="if", test="x", to=("fail",)),
    )


def test_steps_are_sorted_but_stay_where_they_can() -> None:
    given_flow = flow("d", "c", "x", "a", edges=(("a", "c"), ("c", "d")))
    assert [step.id for step in decompile(given_flow).steps] == ["x", "a", "c", "d"]


def test_triggers_lead_to_the_first_step() -> None:
    chat = Node(id="t", type="trigger.chat@1")
    given_flow = msgspec.structs.replace(
        flow("a", "b", edges=(("t", "b"), ("a", "b"))), nodes=(node("b"), chat, node("a"))
    )
    after = canonical(given_flow)
    assert [n.id for n in after.nodes] == ["trigger-1", "a", "b"]
    assert after.edges[0] == Edge(from_="trigger-1", to="a")


def test_a_phrase_that_lies_about_its_cron_is_dropped() -> None:
    start = Node(id="t", type="trigger.schedule@1", config={"phrase": "every day at 09:00", "cron": "1 2 3 * *"})
    spec = decompile(Flow(nodes=(start,)))
    assert spec.when[0] == msgspec.convert({"kind": "schedule", "cron": "1 2 3 * *"}, type(spec.when[0]))


def test_a_step_of_the_errors_lane_may_lead_back() -> None:
    given_flow = Flow(
        title="T",
        nodes=(node("b"), node("fix", lane="errors"), node("a")),
        edges=(
            Edge(from_="a", to="fix", condition=Condition(on="error")),
            Edge(from_="fix", to="b"),
            Edge(from_="a", to="b"),
        ),
    )
    spec = decompile(given_flow)
    assert ([s.id for s in spec.steps], [s.id for s in spec.errors]) == (["a", "b"], ["fix"])
    assert compile(spec) == canonical(given_flow)


def nested(depth: int) -> Node:
    if depth == 0:
        return node("leaf")
    return node(f"loop{depth}", type="foreach@1", config={"flow": plain_body([nested(depth - 1)], [])})


BROKEN = {
    "a circle": flow("a", "b", edges=(("a", "b"), ("b", "a"))),
    "a step into itself": flow("a", edges=(("a", "a"),)),
    "one id twice": flow("a", "a"),
    "an edge to nowhere": flow("a", edges=(("a", "b"),)),
    "an edge from nowhere": flow("a", edges=(("b", "a"),)),
    "an id that is a word": flow("stop"),
    "an id of a trigger": flow("trigger-1"),
    "a condition with two tests": flow("a", "b", edges=(("a", "b", Condition(if_="x", case="y")),)),
    "a failure without error": flow("a", "b", edges=(("a", "b", Condition(on="timeout", failure="auth")),)),
    "an unknown trigger": Flow(nodes=(Node(id="t", type="trigger.magic@1"),)),
    "a trigger with an unknown key": Flow(nodes=(Node(id="t", type="trigger.chat@1", config={"x": 1}),)),
    "steps too deep": Flow(nodes=(nested(4),)),
    "an inner flow of no shape": Flow(nodes=(node("a", config={"flow": {"nodes": [1]}}),)),
    "a circle inside": Flow(
        nodes=(node("l", config={"flow": plain_body([node("a")], [Edge(from_="a", to="a")])}),),
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_cannot_be_written_down_is_refused(what: str) -> None:
    with pytest.raises(Invalid):
        decompile(BROKEN[what])


def test_as_deep_as_headings_go() -> None:
    given_flow = Flow(title="T", nodes=(nested(3),))
    assert compile(decompile(given_flow)) == canonical(given_flow)
