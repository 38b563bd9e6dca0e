"""What the simulation has found, as scenes of their own: one fault at one moment, and all else calm."""

from __future__ import annotations

import pytest

from plainwork.spec.flow import Flow, Node
from tests.engine.flows import chain, node
from tests.simulation.promises import check
from tests.simulation.simulation import Simulation, version_of
from tests.simulation.web import HOST


def act(id: str, method: str = "POST", **fields: object) -> Node:
    told = {"run": "{{ run.id }}", "step": id}
    return node(id, "http", config={"url": f"http://{HOST}/", "method": method, "json": told}, **fields)


def scene(*nodes: Node) -> Simulation:
    """One flow, its steps one after the other; a worker and whoever has a run started come to it."""
    ids = [one.id for one in nodes]
    return Simulation(1, versions=[version_of(Flow(nodes=nodes, edges=tuple(chain(*ids))), 0)])


def ended(simulation: Simulation, after_s: float) -> list[tuple[str, str | None]]:
    """How the runs have ended by then; every promise was kept."""
    simulation.machine.run(after_s)
    check(simulation.watch, simulation.server.store, simulation.accepted)
    assert not simulation.outcome().broken, simulation.outcome().broken
    return [(run.status, run.cause) for run in simulation.server.store.runs.values()]


@pytest.mark.parametrize("statement", ["select v.id", "select run_id, seq", "select set_config"])
def test_a_connection_that_breaks_while_a_run_is_read_is_not_the_runs_fault(statement: str) -> None:
    simulation = scene(act("a"), node("b", "wait", config={"for": 8}), act("c"))
    with simulation.under_way():
        simulation.worker()
        simulation.client(0)
        simulation.machine.run(4.0)
        simulation.machine.kill(simulation.machine.processes[0])
        simulation.server.traps[statement] = None
        assert ended(simulation, 60.0) == [("succeeded", None)]
        assert not simulation.server.traps, "nobody stepped into it"


def test_a_tick_waits_for_the_database() -> None:
    simulation = scene(act("a"))
    with simulation.under_way():
        simulation.add_schedule()
        simulation.server.traps["select v.id"] = None
        simulation.scheduler()
        simulation.worker()
        assert ended(simulation, 70.0) == [("succeeded", None)] * len(simulation.server.store.ticks)
        assert simulation.server.store.ticks
        assert not simulation.server.traps, "nobody stepped into it"


def test_a_run_that_its_own_worker_takes_again_is_let_go_of_first() -> None:
    simulation = scene(act("a"))
    simulation.web.traffic.hangs = 1.0
    with simulation.under_way():
        simulation.worker(concurrency=50)
        simulation.client(0)
        worker = simulation.machine.processes[0]
        for third in range(3):  # each of the renewals that there would be before the lease ends
            simulation.server.traps["select renew_leases"] = None
            simulation.machine.run(2.1 + third * simulation.lease_s / 3)
        simulation.machine.run(1.9 * simulation.lease_s)
        [claims] = simulation.watch.claims.values()
        assert [who for _, who in claims] == ["worker1", "worker1"]
        taking = [task for task in worker.tasks if not task.done() and "Execution._take" in repr(task)]
        assert len(taking) == 1


def test_a_worker_whose_statement_hangs_claims_nothing_meanwhile() -> None:
    simulation = scene(act("a"))
    with simulation.under_way():
        simulation.worker(concurrency=50)
        simulation.client(0)
        simulation.server.traps["select flush_journal"] = 5 * simulation.lease_s
        assert ended(simulation, 10 * simulation.lease_s) == [("succeeded", None)]
        [claims] = simulation.watch.claims.values()
        assert claims == [(1, "worker1")], "nobody else wanted the run, and it was not counted against it"


def test_a_run_is_not_begun_on_what_was_read_too_late() -> None:
    simulation = scene(act("a", "GET"))
    with simulation.under_way():
        simulation.server.traps["select v.id"] = 4.0 + simulation.lease_s
        simulation.worker(lease_s=simulation.lease_s)
        simulation.client(0)
        simulation.machine.run(4.0)
        [[first]] = simulation.watch.claims.values()
        simulation.worker(lease_s=simulation.lease_s)
        assert ended(simulation, 60.0) == [("succeeded", None)]
        [acts] = simulation.watch.acts.values()
        [second] = [one.sent_by.name for one in acts]
        assert second != first[1]
