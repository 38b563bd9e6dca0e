"""render and parse are each other's inverse, for every spec that has a text form."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plainwork.spec import model
from plainwork.spec.markdown import parse, problems, render
from tests.cases import cases
from tests.spec.strategies import specs
from tests.spec.test_edit_examples import TEXT

MANY = settings(
    max_examples=cases(150), deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
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


SNIPPETS = [
    *(
        "# X",
        "## Y",
        "## Steps",
        "### Z",
        "#### Z",
        "```",
        "```yaml step",
        "uses: set",
        "~~~",
        "<!--",
        "-->",
        "- If `x` → stop",
    ),
    *(
        "- Then → [Write](#write)",
        "- If x → y",
        "---",
        "id: x",
        "  a: [1",
        "with: {a: 1}",
        "```text prompt",
        "",
        "   ",
        "\t",
        "a: b",
    ),
    *("```yaml given", "## Examples", "when: [chat", "retry: {times: 2}", "\u00a0", "\x00", "\r", "&a *a", "text"),
]


@st.composite
def broken(draw: st.DrawFn) -> str:
    """A document with lines lost, doubled, swapped and put in."""
    lines = TEXT.split("\n")
    for _ in range(draw(st.integers(1, 6))):
        spot = draw(st.integers(0, len(lines) - 1))
        what = draw(st.sampled_from(["lose", "double", "put", "put", "swap", "cut"]))
        if what == "lose" and len(lines) > 1:
            del lines[spot]
        elif what == "double":
            lines.insert(spot, lines[spot])
        elif what == "put":
            lines.insert(spot, draw(st.sampled_from(SNIPPETS)))
        elif what == "swap":
            other = draw(st.integers(0, len(lines) - 1))
            lines[spot], lines[other] = lines[other], lines[spot]
        else:
            lines[spot] = lines[spot][: draw(st.integers(0, 20))]
    return "\n".join(lines)


@settings(MANY, max_examples=cases(300))
@given(broken())
def test_whatever_can_be_read_can_be_written(text: str) -> None:
    parsed = parse(text)
    if parsed.spec is None:
        assert any(finding.severity == "error" for finding in parsed.findings)
        assert all(finding.line and finding.next_step for finding in parsed.findings)
        return
    assert problems(parsed.spec) == []
    canonical = render(parsed.spec)
    assert exact(parse(canonical).spec) == exact(parsed.spec)
    assert render(parse(canonical).spec or parsed.spec) == canonical
