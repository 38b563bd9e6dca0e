"""A small storm: one fault of each kind. ``make chaos`` makes a large one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.chaos import chaos

FAULTS = (
    "workers killed -9",
    "APIs killed -9",
    "schedulers killed -9",
    "Postgres crashed",
    "Postgres restarted",
    "Redis killed -9",
    "Redis emptied",
)


@pytest.mark.xdist_group("chaos")
async def test_a_small_storm(data_dir: Path) -> None:
    verdict = await chaos(data_dir, 80, seed=1, workers=2, per_s=100, kill_every_s=1.5)
    assert verdict.broken == []
    assert all(verdict.figures[fault] >= 1 for fault in FAULTS), verdict.figures
    assert verdict.figures["runs accepted"] == 80
    assert verdict.figures["runs succeeded"] > 40
    hit = verdict.figures["keyed effects repeated"] + verdict.figures.get("runs in the inbox: effect_uncertain", 0)
    assert hit > 0, "nothing was in flight when it was killed"
