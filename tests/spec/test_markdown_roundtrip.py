"""render and parse are each other's inverse, for every spec that has a text form."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings

from plainwork.spec import model
from plainwork.spec.markdown import parse, problems, render
from tests.spec.strategies import specs

MANY = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def exact(value: Any) -> Any:
    """The value with the type of every number, for Python says that 1, 1.0 and True are equal."""
    if isinstance(value, msgspec.Struct):
        return {name: exact(one) for name, one in msgspec.structs.asdict(value).items()}
    if isinstance(value, dict):
        return {key: exact(one) for key, one in value.items()}
    return [exact(one) for one in value] if isinstance(value, list | tuple) else (type(value).__name__, value)


@MANY
@given(specs())
def test_what_is_rendered_reads_back_the_same(spec: model.Spec) -> None:
    assert problems(spec) == []
    text = render(spec)
    parsed = parse(text)
    assert [str(f) for f in parsed.findings] == []
    assert parsed.spec == spec
    assert exact(parsed.spec) == exact(spec)
    assert render(parsed.spec) == text
