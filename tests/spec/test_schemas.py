"""The JSON Schemas hold for every spec and every flow, and for nothing that could not be read."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plainwork.spec.compile import compile
from plainwork.spec.decompile import decompile
from plainwork.spec.flow import Flow, flow_from_json
from plainwork.spec.model import Example, Section, Spec, spec_from_json
from plainwork.spec.schemas import flow_schema, spec_schema
from tests.cases import cases
from tests.spec import strategies
from tests.spec.flows import as_json, flows

SPEC = jsonschema_rs.validator_for(spec_schema())
FLOW = jsonschema_rs.validator_for(flow_schema())


@pytest.mark.parametrize("schema", [spec_schema(), flow_schema()])
def test_they_are_schemas_with_names_and_words(schema: dict[str, Any]) -> None:
    jsonschema_rs.meta.validate(schema)
    assert schema["$id"].startswith("urn:plainwork:")
    described = [part for part in schema["$defs"].values() if part.get("description")]
    assert len(described) >= 8
    assert all("``" not in part["description"] and "\n" not in part["description"] for part in described)


@settings(max_examples=cases(150), deadline=None)
@given(flows)
def test_every_flow_and_spec_holds(flow: Flow) -> None:
    spec = decompile(flow)
    extra = msgspec.structs.replace(
        spec, examples=(Example(name="e", given={"inputs": {}}),), sections=(Section(title="S"),)
    )
    for one in (spec, extra):
        SPEC.validate(msgspec.json.decode(msgspec.json.encode(one)))
    for other in (flow, compile(spec)):
        FLOW.validate(as_json(other))


@settings(max_examples=cases(80), deadline=None, suppress_health_check=list(HealthCheck))
@given(strategies.specs())
def test_every_spec_of_a_document_holds(spec: Spec) -> None:
    SPEC.validate(msgspec.json.decode(msgspec.json.encode(spec)))
    FLOW.validate(msgspec.json.decode(msgspec.json.encode(compile(spec))))


@settings(max_examples=cases(200), deadline=None)
@given(flows, st.data())
def test_what_is_refused_here_is_refused_there(flow: Flow, data: st.DataObject) -> None:
    """A change to the JSON: whenever the schema holds, it can be read, and the other way round."""
    spec = msgspec.json.decode(msgspec.json.encode(decompile(flow)))
    place: Any = spec
    for _ in range(data.draw(st.integers(0, 3))):
        inner = [
            part
            for part in (place.values() if isinstance(place, dict) else place)
            if isinstance(part, (dict, list)) and part
        ]
        if not inner:
            break
        place = data.draw(st.sampled_from(inner))
    junk: Any = data.draw(st.sampled_from([None, 5, "x", [], {}, True]))
    if isinstance(place, list):
        place[data.draw(st.integers(0, len(place) - 1))] = junk
    else:
        place[data.draw(st.sampled_from([*sorted(place), "stranger"]))] = junk
    try:
        spec_from_json(spec)
        readable = True
    except msgspec.ValidationError:
        readable = False
    assert SPEC.is_valid(spec) == readable


def test_the_inner_flow_is_described_too() -> None:
    good = {
        "nodes": [
            {"id": "g", "type": "group@1", "config": {"flow": {"nodes": [{"id": "a", "type": "set@1"}], "edges": []}}}
        ]
    }
    bad = {"nodes": [{"id": "g", "type": "group@1", "config": {"flow": {"nodes": [{"id": "a"}], "edges": []}}}]}
    assert FLOW.is_valid(good)
    assert not FLOW.is_valid(bad)
    assert flow_from_json(good).nodes[0].id == "g"


def test_a_spec_needs_its_title() -> None:
    assert SPEC.is_valid({"title": "T"})
    assert not SPEC.is_valid({})
    assert spec_from_json({"title": "T"}) == Spec(title="T")
