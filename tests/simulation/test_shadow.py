"""Shadow replay against what simulated runs went through: through the flow that ran, every run comes out as it did."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from plainwork.db.runs import ENDED
from plainwork.engine.shadow import Past, compare
from tests.simulation.machine import EPOCH
from tests.simulation.promises import _record
from tests.simulation.rows import RunRow
from tests.simulation.simulation import Simulation

SEEDS = 10


def past(simulation: Simulation, row: RunRow) -> Past:
    steps = simulation.server.store.steps[row.id]
    began_at = datetime.fromtimestamp(row.started_at or EPOCH, UTC)
    run: Any = SimpleNamespace(
        **{name: getattr(row, name) for name in ("id", "status", "trigger", "inputs", "output", "failure")},
        **{"version": 1, "started_at": began_at, "created_at": began_at},
    )
    brought = {step.path for step in steps.values() if step.source != "taken"}
    history = [_record(steps[seq]) for seq in sorted(steps)]
    return Past(run, simulation.watch.versions[row.version_id], {}, history, brought, {})


def test_every_run_comes_out_as_it_did() -> None:
    taken = 0
    for seed in range(SEEDS):
        simulation = Simulation(seed)
        with simulation.under_way():
            simulation.run()
        for run in simulation.server.store.runs.values():
            if run.status in ENDED - {"cancelled"} and run.cause in (None, "step_failed"):
                told = past(simulation, run)
                shadow = compare(told, told.version.graph, 5.0)
                assert shadow.verdict == "same", (seed, shadow)
                taken += 1
    assert taken > 2 * SEEDS
