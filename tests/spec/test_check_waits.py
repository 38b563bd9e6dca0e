"""Findings about steps that wait for people and other agents."""

from __future__ import annotations

import pytest

from plainwork.spec import load
from plainwork.spec.kinds import Catalogue, Kind
from tests.spec.documents import document
from tests.spec.kinds import CATALOGUE

KINDS = Catalogue(
    [
        *CATALOGUE.values(),
        Kind(id="approval", title="Ask", about="Asks.", waits=True, outcomes=("approved", "rejected")),
        Kind(id="agent.call", title="Call", about="Calls.", waits=True),
    ]
)


def codes(steps: str, front: str = "") -> list[tuple[str, str | None, str | None]]:
    loaded = load(document(steps, front=front), KINDS)
    return [(found.code, found.node, found.field) for found in loaded.findings]


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        ("A | uses: approval\nB | uses: set", [("unused-decision", "a", None)]),
        ("A | uses: approval ;; timeout: 1 day\n- On timeout → fail\nB | uses: set", [("unused-decision", "a", None)]),
        ("A | uses: approval\n- When `approved` → [B](#b)\n- When `rejected` → stop\nB | uses: set", []),
        ("A | uses: approval\n- When `approved` → [B](#b)\n- Otherwise → stop\nB | uses: set", []),
        ('A | uses: approval\nB | uses: set ;; if: a.decision == "approved"', []),
        ("A | uses: approval", []),
        ("A | uses: approval\n- When `approve` → [B](#b)\n- Otherwise → stop\nB | uses: set", [("unknown-label", "a", "routes.0")]),
        ("A | uses: approval\n- When `approved` → [B](#b)\n- Otherwise → stop\n- On timeout → fail\nB | uses: set", [("no-timeout", "a", "routes.2")]),
    ],
)  # fmt: skip
def test_a_decision_has_to_change_something(steps: str, found: list[tuple[str, str | None, str | None]]) -> None:
    assert codes(steps) == found


def test_a_time_limit_for_all_steps_is_none_for_a_person() -> None:
    steps = "A | uses: approval\n- When `approved` → [B](#b)\n- Otherwise → stop\n- On timeout → fail\nB | uses: set"
    assert ("no-timeout", "a", "routes.2") in codes(steps, front="defaults: {timeout: 30s}")


ROUTES = "- When `approved` → [B](#b)\n- Otherwise → stop\n"


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        ("A | uses: approval ;; with: {before: b}\n" + ROUTES + 'B | uses: set ;; with: {x: "{{ inputs.y }}"}', []),
        (
            'Z | uses: set\nA | uses: approval ;; with: {before: c}\n- When `approved` → [B](#b)\n- Otherwise → stop\n'
            'B | uses: set\nC | uses: set ;; with: {x: "{{ z.y }}"}',
            [],
        ),
        (
            "A | uses: approval ;; with: {before: c}\n" + ROUTES + 'B | uses: set\nC | uses: set ;; with: {x: "{{ b.y }} {{ a.by }}"}',
            [("shown-too-early", "a", "with.before")],
        ),
        ("B | uses: set\nA | uses: approval ;; with: {before: b}", [("unknown-step", "a", "with.before")]),
        ("A | uses: approval ;; with: {before: a}", [("unknown-step", "a", "with.before")]),
        ("A | uses: approval ;; with: {before: nobody}\n" + ROUTES + "B | uses: set", [("unknown-step", "a", "with.before")]),
    ],
)  # fmt: skip
def test_what_is_shown_has_to_be_settled(steps: str, found: list[tuple[str, str | None, str | None]]) -> None:
    assert codes(steps, front="inputs: {y: text}") == found


def test_an_agent_that_calls_itself() -> None:
    assert codes("A | uses: agent.call ;; with: {agent: t}") == [("calls-itself", "a", "with.agent")]
    assert codes("A | uses: agent.call ;; with: {agent: me}", front="id: me") == [("calls-itself", "a", "with.agent")]
    assert codes("A | uses: agent.call ;; with: {agent: other}") == []
