"""The checker on flows from anywhere: what it finds, that it never raises, and that its work is bounded."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainwork.spec.check import check_flow, check_spec
from plainwork.spec.compile import compile
from plainwork.spec.flow import Condition, Edge, Flow, Node
from plainwork.spec.graph import plain_body
from plainwork.spec.model import Example, Input, Limits, Output, Retry, Route, Spec, Step
from plainwork.spec.report import MAX_FINDINGS
from tests.cases import cases
from tests.spec.flows import flows
from tests.spec.kinds import CATALOGUE


def node(node_id: str, type_: str = "set@1", **config: Any) -> Node:
    return Node(id=node_id, type=type_, config=config)


FLOWS: dict[str, tuple[Flow, str, str | None]] = {
    "a circle": (
        Flow(nodes=(node("a"), node("b")), edges=(Edge(from_="a", to="b"), Edge(from_="b", to="a"))),
        "cycle",
        "edges.1",
    ),
    "a circle of one": (Flow(nodes=(node("a"),), edges=(Edge(from_="a", to="a"),)), "cycle", "edges.0"),
    "an edge to nowhere": (Flow(nodes=(node("a"),), edges=(Edge(from_="a", to="x"),)), "unknown-step", "edges.0"),
    "an edge from nowhere": (Flow(nodes=(node("a"),), edges=(Edge(from_="x", to="a"),)), "unknown-step", "edges.0"),
    "one id twice": (Flow(nodes=(node("a"), node("a"))), "duplicate-id", "id"),
    "one name twice": (Flow(nodes=(node("a-b"), node("a_b"))), "duplicate-id", "id"),
    "one id inside and outside": (
        Flow(nodes=(node("a"), node("g", "group@1", flow=plain_body([node("a")], [])))),
        "duplicate-id",
        "id",
    ),
    "a reserved id": (Flow(nodes=(node("inputs"),)), "reserved-id", "id"),
    "an impossible id": (Flow(nodes=(node("a b"),)), "bad-id", "id"),
    "two tests": (
        Flow(
            nodes=(node("a"), node("b")), edges=(Edge(from_="a", to="b", condition=Condition(if_="true", else_=True)),)
        ),
        "bad-condition",
        "edges.0",
    ),
    "an edge into a trigger": (
        Flow(nodes=(node("a"), Node(id="t", type="trigger.chat@1")), edges=(Edge(from_="a", to="t"),)),
        "route-to-trigger",
        None,
    ),
    "an unknown trigger": (Flow(nodes=(Node(id="t", type="trigger.magic@1"),)), "bad-trigger", None),
    "a trigger that cannot be read": (Flow(nodes=(Node(id="t", type="trigger.webhook@1"),)), "bad-trigger", None),
    "a schedule": (
        Flow(nodes=(Node(id="t", type="trigger.schedule@1", config={"cron": "x"}),)),
        "bad-schedule",
        "config",
    ),
    "an inner flow of no shape": (Flow(nodes=(node("g", "group@1", flow={"nodes": [5]}),)), "bad-flow", "config.flow"),
    "steps in what holds none": (Flow(nodes=(node("a", flow=plain_body([node("b")], [])),)), "holds-steps", None),
    "a step nothing reaches": (Flow(nodes=(node("a"), Node(id="e", type="set@1", lane="errors"))), "unreachable", None),
    "a text block without text": (
        Flow(nodes=(Node(id="a", type="set@1", blocks={"prompt": "text"}),)),
        "bad-block",
        "blocks.prompt",
    ),
}


@pytest.mark.parametrize("what", FLOWS)
def test_one_finding_in_a_flow(what: str) -> None:
    flow, code, field = FLOWS[what]
    found = [finding for finding in check_flow(flow, CATALOGUE) if finding.code == code]
    assert [finding.field for finding in found] == [field]


def test_order_in_a_flow_is_free() -> None:
    edges = (Edge(from_="b", to="a"), Edge(from_="t", to="b"))
    trigger = Node(id="t", type="trigger.manual@1")
    assert check_flow(Flow(nodes=(node("a", x="{{ b }}"), node("b"), trigger), edges=edges), CATALOGUE) == []


# Never raises, never hangs

ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["{{ a }}", "{{", "x", "{{ inputs.x }} y", ""]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["url", "flow", "nodes", "a", "labels"]), inner)
    ),
    max_leaves=8,
)


@settings(max_examples=cases(150), deadline=None)
@given(flows)
def test_random_flows_are_checked(flow: Flow) -> None:
    for finding in check_flow(flow, CATALOGUE):
        assert finding.message
        assert finding.code not in ("cycle", "duplicate-id", "unknown-step", "too-deep", "bad-flow")


@settings(max_examples=cases(150), deadline=None)
@given(
    st.dictionaries(st.sampled_from(["url", "labels", "items", "flow", "where", "until", "x"]), ANY),
    st.sampled_from(sorted(CATALOGUE)),
)
def test_any_configuration_is_checked(config: dict[str, Any], kind: str) -> None:
    spec = Spec(title="T", steps=(Step(id="a", name="A", uses=kind, with_=config),))
    check_spec(spec, CATALOGUE)
    check_flow(compile(spec), CATALOGUE)


def strange(count: int) -> Spec:
    routes = tuple(Route(lead="if", test=f"s{i} > (", to=(f"s{i * 7}",)) for i in range(5))
    steps = tuple(
        Step(id=f"s{i}", name="", uses=f"kind{i}", with_={"x": "{{ nobody.knows }}"}, routes=routes, timeout="?")
        for i in range(count)
    )
    return Spec(
        title="",
        steps=steps,
        inputs={"a b": Input(type="x" * 5000, default=1)},
        outputs={"o": Output(value={"a": ["{{ x"]})},
        limits=Limits(cost_per_run_usd=float("nan"), time_per_run=""),
        examples=(Example(name="e", given={"mock": 5, "inputs": []}, expect={"ran": 7, "not_ran": [None]}),),
    )


def test_endless_findings_come_to_an_end() -> None:
    begin = time.process_time()
    assert len(check_spec(strange(2_000), CATALOGUE)) == MAX_FINDINGS
    assert time.process_time() - begin < 5


def chain(count: int, width: int) -> Flow:
    nodes = tuple(node(f"s{i}", x=f"{{{{ s{max(0, i - 50)}.y }}}}" if i else 1) for i in range(count))
    edges = tuple(
        Edge(from_=f"s{i}", to=f"s{i + k}") for i in range(count) for k in range(1, width + 1) if i + k < count
    )
    return Flow(nodes=nodes, edges=edges)


@pytest.mark.parametrize(("count", "width"), [(10_000, 2), (3_000, 30), (400, 200)])
def test_large_flows_take_seconds_at_most(count: int, width: int) -> None:
    flow = chain(count, width)
    begin = time.process_time()
    assert check_flow(flow, CATALOGUE) == []
    assert time.process_time() - begin < 5


def test_flows_beyond_all_bounds_are_refused() -> None:
    assert [f.code for f in check_flow(chain(10_001, 1), CATALOGUE)] == ["too-large"]
    assert [f.code for f in check_flow(chain(2_000, 60), CATALOGUE)] == ["too-large"]


def test_a_large_circle_is_named_briefly() -> None:
    ring = chain(9_000, 1)
    ring = msgspec.structs.replace(ring, edges=(*ring.edges, Edge(from_="s8999", to="s0")))
    found = check_flow(ring, CATALOGUE)
    assert [finding.code for finding in found] == ["cycle"]
    assert len(found[0].message) < 200


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"x": [value]}
    return value


@pytest.mark.parametrize("levels", [25, 400, 50_000])
def test_deep_values_are_refused(levels: int) -> None:
    found = check_flow(Flow(nodes=(node("a", v=deep(levels)),)), CATALOGUE)
    assert [finding.code for finding in found] == ["too-deep"]


def nested(levels: int) -> Step:
    step = Step(id="leaf", name="Leaf", uses="set")
    for level in range(levels):
        step = Step(id=f"g{level}", name="G", uses="group", steps=(step,))
    return step


def test_deep_steps_are_refused() -> None:
    assert check_spec(Spec(title="T", steps=(nested(3),)), CATALOGUE) == []
    for levels in (4, 50, 5_000):
        spec = Spec(title="T", steps=(nested(levels),))
        assert [finding.code for finding in check_spec(spec, CATALOGUE)] == ["too-deep"]


def test_deep_inner_flows_are_refused() -> None:
    inner: dict[str, Any] = {"nodes": [], "edges": []}
    for level in range(60):
        inner = {"nodes": [{"id": f"g{level}", "type": "group@1", "config": {"flow": inner}}], "edges": []}
    assert "too-deep" in [f.code for f in check_flow(Flow(nodes=(node("top", "group@1", flow=inner),)), CATALOGUE)]


def test_a_dense_retry_is_fine() -> None:
    step = Step(id="a", name="A", uses="set", retry=Retry(times=20, backoff=10, wait="1 hour"), timeout="1h30m")
    assert check_spec(Spec(title="T", steps=(step,)), CATALOGUE) == []
