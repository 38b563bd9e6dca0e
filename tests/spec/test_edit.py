"""Random canvas changes on random documents: the text says what was meant, and hardly anything else moves."""

from __future__ import annotations

import difflib
import re
import statistics
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plainwork.errors import Invalid
from plainwork.spec import model
from plainwork.spec.edit import apply, edit, rewrite
from plainwork.spec.keys import CONTAINERS
from plainwork.spec.markdown import parse, problems, render
from plainwork.spec.render import walk
from plainwork.spec.tree import find
from plainwork.spec.yaml_edit import same
from plainwork.spec.yaml_read import read
from tests.cases import cases
from tests.spec import strategies

MANY = settings(
    max_examples=cases(120),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
_values = st.one_of(strategies.json_values, st.just("plain"), st.integers(0, 9))


def touched(before: str, after: str) -> int:
    """How many lines were changed, added or taken away."""
    blocks = difflib.SequenceMatcher(None, before.split("\n"), after.split("\n"), autojunk=False).get_opcodes()
    return sum(max(b - a, d - c) for tag, a, b, c, d in blocks if tag != "equal")


def _set(draw: st.DrawFn, step: model.Step) -> dict[str, Any]:
    fields = {
        "timeout": strategies.durations,
        "note": strategies.texts,
        "if": strategies.texts,
        "account": strategies.texts,
        "join": st.sampled_from(["all", "any"]),
        "retry.times": st.integers(0, 9),
        "model": st.one_of(strategies.texts, st.just(["a", "b"])),
        "about": strategies.prose("step"),
        "limits.cost_per_run_usd": st.floats(0, 9),
    }
    keys = [
        *fields,
        *(("with", key) for key in step.with_),
        ("with", draw(strategies.texts)),
        ("with", "new", "deeper"),
    ]
    path = draw(st.sampled_from(keys))
    value = draw(fields[path] if isinstance(path, str) else _values)
    if path[1:2] and path[1] in step.blocks:
        value = str(value) if isinstance(value, str) and parse_safe(value) else "other\ntext ```\n```"
    change = {"op": "set", "node": step.id, "path": path if isinstance(path, str) else list(path), "value": value}
    if draw(st.integers(0, 5)) == 0:
        del change["value"]
    return change


def parse_safe(text: str) -> bool:
    return all(c >= " " or c in "\t\n" for c in text) and "\x7f" not in text


def _front(draw: st.DrawFn) -> dict[str, Any]:
    path, value = draw(
        st.sampled_from(
            [
                ("title", strategies.one_line()),
                ("about", strategies.prose("document")),
                ("limits.cost_per_run_usd", st.floats(0, 9)),
                ("limits.runs_per_day", st.integers(0, 9)),
                ("model", strategies.texts),
                ("enabled", st.booleans()),
                ("tags", st.lists(strategies.texts, max_size=3)),
                ("inputs.topic", st.fixed_dictionaries({"type": st.just("text"), "default": strategies.json_values})),
                ("secrets.MAIL", strategies.texts),
                ("on_failure", strategies.texts),
                ("when", st.just([{"kind": "manual"}, {"kind": "schedule", "phrase": "every day at 7"}])),
            ]
        )
    )
    return {"op": "set", "node": None, "path": path, "value": draw(value)}


@st.composite
def edits(draw: st.DrawFn) -> tuple[model.Spec, dict[str, Any]]:
    """A spec and a change that fits it."""
    spec = draw(strategies.specs(max_steps=4))
    steps = list(walk(spec))
    step, other = draw(st.sampled_from(steps)), draw(st.sampled_from(steps))
    op = draw(
        st.sampled_from(
            [
                *("set", "set", "set", "front", "rename", "add", "delete", "move", "duplicate"),
                *("connect", "disconnect", "condition"),
            ]
        )
    )
    if op == "set":
        return spec, _set(draw, step)
    if op == "front":
        return spec, _front(draw)
    if op == "rename":
        return spec, {"op": op, "node": step.id, "name": draw(strategies.one_line())}
    if op in ("delete", "duplicate"):
        return spec, {"op": op, "node": step.id}
    if op == "connect":
        lead = draw(st.sampled_from(["then", "then", "if", "when", "otherwise", "error", "timeout"]))
        test = {"test": draw(strategies.tests)} if lead in ("if", "when") else {}
        return spec, {
            "op": op,
            "from": step.id,
            "to": draw(st.sampled_from([other.id, "stop", "fail"])),
            "lead": lead,
            **test,
        }
    if op == "disconnect":
        targets = [t for r in step.routes for t in r.to] or ["stop"]
        return spec, {"op": op, "from": step.id, "to": draw(st.sampled_from(targets))}
    if op == "condition":
        return spec, {"op": op, "node": step.id, "route": draw(st.integers(0, 1)), "test": draw(strategies.tests)}
    place = {draw(st.sampled_from(["after", "before", "into"])): other.id}
    if "into" in place and other.uses not in CONTAINERS:
        place = {"lane": draw(st.sampled_from(["main", "errors"]))}
    if op == "move":
        return spec, {"op": op, "node": step.id, **place}
    new = {"name": draw(strategies.one_line()), "uses": "set", "with": draw(strategies.configs)}
    return spec, {"op": op, "step": new, **place}


def _meant(spec: model.Spec, change: dict[str, Any]) -> model.Spec | None:
    """What the change makes of the spec; None when it does not fit, or no text could say it."""
    try:
        meant = apply(spec, change)
    except Invalid:
        return None
    return meant if not problems(meant) else None


@MANY
@given(edits())
def test_the_text_says_what_the_change_means(case: tuple[model.Spec, dict[str, Any]]) -> None:
    spec, change = case
    text = render(spec)
    meant = _meant(spec, change)
    if meant is None:
        with pytest.raises(Invalid):
            edit(text, change)
        return
    edited = edit(text, change)
    assert same(parse(edited.markdown).spec, meant)
    if same(meant, spec):
        assert edited.markdown == text


@MANY
@given(edits())
def test_other_steps_stay_byte_for_byte(case: tuple[model.Spec, dict[str, Any]]) -> None:
    spec, change = case
    meant = _meant(spec, change)
    if meant is None or change["op"] in ("move", "rename"):
        return
    text = render(spec)
    edited = edit(text, change).markdown
    before, after = parse(text).source, parse(edited).source
    for step in walk(meant):
        old = find(spec, step.id)
        if old is None or not same(old, step):
            continue
        a, b = before.places[step.id], after.places[step.id]
        assert text[a.start : a.end].rstrip() == edited[b.start : b.end].rstrip()


@MANY
@given(edits())
def test_line_ends_and_the_byte_order_mark_stay(case: tuple[model.Spec, dict[str, Any]]) -> None:
    spec, change = case
    text = render(spec)
    if _meant(spec, change) is None:
        return
    expected = edit(text, change).markdown
    assert edit(text.replace("\n", "\r\n"), change).markdown == expected.replace("\n", "\r\n")
    assert edit("\ufeff" + text, change).markdown == "\ufeff" + expected


def untidy(spec: model.Spec, flow: bool | None) -> str:
    """A text that says the same as the rendered one in another layout, with comments between the lines."""

    def other(match: re.Match[str]) -> str:
        value = read(match[2]).value
        lines = yaml.safe_dump(value, default_flow_style=flow, allow_unicode=True, width=60, sort_keys=False).split(
            "\n"
        )
        commented = (f"# kept\n{line}" if re.match(r"[a-z]+( [a-z]+)*:", line) else line for line in lines)
        return match[1] + "\n".join(commented) + match[3]

    text = re.sub(r"(?ms)^(```yaml step\n|\A---\n)(.*?)(^(?:```|---)$)", other, render(spec))
    return text if same(parse(text).spec, spec) else render(spec)


@MANY
@given(edits(), st.sampled_from([None, False]))
def test_any_layout_can_be_edited(case: tuple[model.Spec, dict[str, Any]], flow: bool | None) -> None:
    spec, change = case
    meant = _meant(spec, change)
    text = untidy(spec, flow)
    if meant is None:
        return
    edited = edit(text, change).markdown
    assert same(parse(edited).spec, meant)
    if change["op"] == "set":
        assert edited.count("# kept") >= text.count("# kept") - 1


@MANY
@given(strategies.specs(max_steps=3), strategies.specs(max_steps=3))
def test_any_spec_can_be_written_over_any_other(one: model.Spec, other: model.Spec) -> None:
    other = msgspec.structs.replace(other, examples=one.examples, sections=one.sections)
    if problems(other):
        return
    assert same(parse(rewrite(render(one), other).markdown).spec, other)


def test_a_setting_touches_one_line_at_the_median() -> None:
    counts: list[int] = []

    @settings(max_examples=80, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(edits())
    def gather(case: tuple[model.Spec, dict[str, Any]]) -> None:
        spec, change = case
        if change["op"] == "set" and _meant(spec, change) is not None:
            text = render(spec)
            counts.append(touched(text, edit(text, change).markdown))

    gather()
    assert len(counts) > 10
    assert statistics.median(counts) <= 1
