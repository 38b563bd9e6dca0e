"""Spec → flow, rule by rule, and that nothing is lost on the way."""

from __future__ import annotations

import time

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from plainwork.spec.check import check_flow, check_spec
from plainwork.spec.compile import compile
from plainwork.spec.decompile import canonical, decompile
from plainwork.spec.flow import Condition, Edge, Flow
from plainwork.spec.model import Chat, Poll, Route, Schedule, Spec, Step, Webhook, spec_from_json, to_json
from tests.cases import cases
from tests.spec import strategies
from tests.spec.flows import flows
from tests.spec.kinds import CATALOGUE


def step(step_id: str, *routes: Route, inner: tuple[Step, ...] = (), uses: str = "set") -> Step:
    return Step(id=step_id, name=step_id.title(), uses=uses, routes=routes, steps=inner)


def edges(*steps: Step, errors: tuple[Step, ...] = ()) -> list[tuple[object, ...]]:
    flow = compile(Spec(title="T", steps=steps, errors=errors))
    return [(e.from_, e.to, e.condition) if e.condition else (e.from_, e.to) for e in flow.edges]


def test_a_step_continues_with_the_next_of_its_level() -> None:
    assert edges(step("a"), step("b"), step("c")) == [("a", "b"), ("b", "c")]


def test_the_main_section_does_not_continue_into_errors() -> None:
    assert edges(step("a"), errors=(step("x"), step("y"))) == [("x", "y")]
    flow = compile(Spec(title="T", steps=(step("a"),), errors=(step("x"),)))
    assert [node.lane for node in flow.nodes] == ["main", "errors"]


@pytest.mark.parametrize("lead", ["if", "when", "otherwise", "then"])
def test_a_route_that_says_where_to_go_replaces_the_next_step(lead: str) -> None:
    route = Route(lead=lead, test="x", to=("c",))  # type: ignore[arg-type]
    assert ("a", "b") not in edges(step("a", route), step("b"), step("c"))


@pytest.mark.parametrize("lead", ["error", "timeout"])
def test_a_route_for_failures_does_not(lead: str) -> None:
    found = edges(step("a", Route(lead=lead, to=("c",))), step("b"), step("c"))  # type: ignore[arg-type]
    assert found[0] == ("a", "b")
    assert len(found) == 3


def test_conditions() -> None:
    routes = (
        Route(lead="if", test="x > 1", to=("b", "c")),
        Route(lead="when", test="yes", to=("b",)),
        Route(lead="otherwise", to=("stop",)),
        Route(lead="error", test="auth", to=("fail",)),
        Route(lead="error", to=("c",)),
        Route(lead="timeout", to=("b",)),
    )
    assert edges(step("a", *routes), step("b", Route(lead="then", to=("stop",))), step("c")) == [
        ("a", "b", Condition(if_="x > 1")),
        ("a", "c", Condition(if_="x > 1")),
        ("a", "b", Condition(case="yes")),
        ("a", "@stop", Condition(else_=True)),
        ("a", "@fail", Condition(on="error", failure="auth")),
        ("a", "c", Condition(on="error")),
        ("a", "b", Condition(on="timeout")),
    ]


def test_then_to_several_is_parallel_and_then_stop_is_nothing() -> None:
    assert edges(
        step("a", Route(lead="then", to=("b", "c"))), step("b", Route(lead="then", to=("stop",))), step("c")
    ) == [
        ("a", "b"),
        ("a", "c"),
    ]
    assert edges(step("a", Route(lead="then", to=("fail",)))) == [("a", "@fail")]


def test_a_loop_holds_its_steps() -> None:
    flow = compile(Spec(title="T", steps=(step("each", inner=(step("x"), step("y")), uses="foreach"), step("z"))))
    assert [node.id for node in flow.nodes] == ["each", "z"]
    assert flow.nodes[0].type == "foreach@1"
    assert flow.nodes[0].config["flow"] == {
        "nodes": [{"id": "x", "type": "set@1", "name": "X"}, {"id": "y", "type": "set@1", "name": "Y"}],
        "edges": [{"from": "x", "to": "y"}],
    }


def test_triggers_are_nodes_that_lead_to_the_first_step() -> None:
    when = (
        Schedule(phrase="every weekday at 08:30 in Europe/Berlin"),
        Schedule(phrase="every day at 9:00", timezone="Asia/Tokyo"),
        Schedule(cron="0 8 1 * *", timezone="UTC"),
        Webhook(path="/orders", respond="when done"),
        Poll(uses="rss.new_item", with_={"url": "https://example.org"}),
        Chat(),
    )
    flow = compile(Spec(title="T", when=when, steps=(step("a"),)))
    assert [(node.id, node.type) for node in flow.nodes[:-1]] == [
        ("trigger-1", "trigger.schedule@1"),
        ("trigger-2", "trigger.schedule@1"),
        ("trigger-3", "trigger.schedule@1"),
        ("trigger-4", "trigger.webhook@1"),
        ("trigger-5", "trigger.poll@1"),
        ("trigger-6", "trigger.chat@1"),
    ]
    assert flow.nodes[0].config == {
        "phrase": "every weekday at 08:30 in Europe/Berlin",
        "cron": "30 8 * * 1-5",
        "timezone": "Europe/Berlin",
    }
    assert flow.nodes[1].config["timezone"] == "Asia/Tokyo"
    assert flow.nodes[3].config == {"path": "/orders", "respond": "when done"}
    assert flow.edges == tuple(Edge(from_=f"trigger-{n}", to="a") for n in range(1, 7))
    assert decompile(flow).when == when


def test_a_phrase_nobody_understands_still_compiles() -> None:
    flow = compile(Spec(title="T", when=(Schedule(phrase="when the moon is blue"),), steps=(step("a"),)))
    assert flow.nodes[0].config == {"phrase": "when the moon is blue"}


@settings(max_examples=cases(150), deadline=None)
@given(flows)
def test_a_compiled_spec_is_canonical_and_comes_back(given_flow: Flow) -> None:
    spec = decompile(given_flow)
    flow = compile(spec)
    assert canonical(flow) == flow
    assert decompile(flow) == spec
    assert spec_from_json(to_json(spec)) == spec


@settings(max_examples=cases(60), deadline=None)
@given(flows)
def test_the_same_spec_gives_the_same_bytes(given_flow: Flow) -> None:
    spec = decompile(given_flow)
    again = spec_from_json(msgspec.json.decode(msgspec.json.encode(spec)))
    assert msgspec.json.encode(compile(spec)) == msgspec.json.encode(compile(again))


def test_what_is_normalised() -> None:
    """Routes that say nothing new go; two routes of one test that stand together become one."""
    spec = Spec(
        title="T",
        steps=(
            step("a", Route(lead="then", to=("b",))),
            step("b", Route(lead="if", test="x", to=("c",)), Route(lead="if", test="x", to=("d", "c"))),
            step("c", Route(lead="then", to=("d", "stop"))),
            step("d", Route(lead="error", to=("stop",)), Route(lead="then", to=("stop",))),
        ),
    )
    a, b, c, d = decompile(compile(spec)).steps
    assert a.routes == ()
    assert b.routes == (Route(lead="if", test="x", to=("c", "d")),)
    assert c.routes == (Route(lead="then", to=("d",)),)
    assert d.routes == (Route(lead="error", to=("stop",)),)


def test_two_hundred_steps_compile_in_a_moment() -> None:
    steps = tuple(
        step(f"s{i}", Route(lead="error", to=("stop",)), inner=(step(f"i{i}"),) if i % 5 == 0 else ())
        for i in range(200)
    )
    spec = Spec(title="T", when=(Schedule(phrase="every day at 09:00"),), steps=steps)
    compile(spec)
    took = []
    for _ in range(5):
        begin = time.perf_counter()
        compile(spec)
        took.append(time.perf_counter() - begin)
    assert min(took) < 0.005


def bare(spec: Spec) -> Spec:
    """A spec without what its flow does not keep: the wording of its routes and triggers, examples, other sections."""

    def plain(one: Step) -> Step:
        return msgspec.structs.replace(one, routes=(), steps=tuple(map(plain, one.steps)))

    steps, errors = (tuple(map(plain, lane)) for lane in (spec.steps, spec.errors))
    return msgspec.structs.replace(spec, when=(), steps=steps, errors=errors, examples=(), sections=())


IN_THE_WAY = {"cycle", "backward-route", "route-leaves-loop", "route-enters-loop", "unknown-step", "bad-schedule"}


@settings(max_examples=cases(120), deadline=None, suppress_health_check=list(HealthCheck))
@given(strategies.specs())
def test_any_spec_is_checked_compiled_and_comes_back(spec: Spec) -> None:
    """All but the wording of routes and triggers comes back as it was; those mean the same, and stay from then on."""
    codes = {finding.code for finding in check_spec(spec, CATALOGUE) if finding.severity == "error"}
    flow = compile(spec)
    check_flow(flow, CATALOGUE)
    if codes & IN_THE_WAY:
        return
    again = decompile(flow)
    assert bare(again) == bare(spec)
    assert compile(again) == flow == canonical(flow)
    assert decompile(compile(again)) == again
