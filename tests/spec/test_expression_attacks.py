"""No hostile expression or template hangs, crashes, escapes or passes 64 MB. Each runs in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from plainwork.spec.expression import ExpressionError, parse_expression
from tests.spec.expression_attacks import CASES, ESCAPES, SCOPE

MOST_CPU_S = 0.5
"""Ten times the promise, because the machine that tests run on may be slow and shared."""
MOST_GROWN_KB = 64 * 1024


@pytest.fixture(scope="module")
def outcomes() -> list[dict[str, Any]]:
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "tests.spec.expression_attacks"],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_every_case_ran(outcomes: list[dict[str, Any]]) -> None:
    assert len(outcomes) == len(CASES) >= 80


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda n: f"{n}:{str(CASES[n][1])[:40]!a}")
def test_attack_is_bounded(number: int, outcomes: list[dict[str, Any]]) -> None:
    outcome = outcomes[number]
    assert outcome["ended"] in ("value", "refused"), outcome
    assert outcome["cpu_s"] < MOST_CPU_S, outcome
    assert outcome["grown_kb"] < MOST_GROWN_KB, outcome


@pytest.mark.parametrize("source", ESCAPES)
def test_nothing_but_data_can_be_reached(source: str) -> None:
    with pytest.raises(ExpressionError):
        parse_expression(source).evaluate(SCOPE)


def test_a_dunder_is_only_a_key() -> None:
    assert parse_expression("small.__class__").evaluate(SCOPE) == "just a key"
