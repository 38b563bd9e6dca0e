"""Hostile documents: each is answered in under a second of work, in little memory, with findings, never an exception."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from plainwork.spec.markdown import parse
from tests.spec.attacks import ATTACKS, FORM, YAML

ROOT = Path(__file__).parents[2]
VALID = {
    "one line of a megabyte",
    "many blank lines",
    "many blank lines in a step",
    "blanks before a line end",
    "blank lines of blanks",
    "two thousand steps",
    "growing closed fences",
    "a byte order mark in the middle",
    "mixed line ends",
    "line separators",
    "a scalar of a megabyte",
    "odd words",
    "escapes",
    "folded lines",
}
"""Large or odd, but nothing is wrong with them."""


@pytest.fixture(scope="module")
def rows() -> dict[str, dict[str, Any]]:
    command = [sys.executable, "-m", "tests.spec.attacks"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    return {row["name"]: row for row in map(json.loads, done.stdout.splitlines())}


def test_there_are_enough() -> None:
    assert len(ATTACKS) >= 80


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_answered_quickly(name: str, rows: dict[str, dict[str, Any]]) -> None:
    row = rows[name]
    assert row["seconds"] < 1
    assert row["extra_mb"] < 64
    assert row["spec"] == (name in VALID)
    assert bool(row["codes"]) != (name in VALID)
    assert len(row["codes"]) <= 101


@pytest.mark.parametrize("name", [*FORM, *YAML])
def test_every_finding_says_where_and_what_to_do(name: str) -> None:
    for finding in parse(ATTACKS[name]()).findings:
        assert finding.line is not None
        assert finding.line >= 1
        assert finding.next_step
        assert len(str(finding)) < 2_000
