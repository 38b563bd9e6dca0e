"""Waits go by the database's clock, whatever the worker's own says."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from uuid import UUID

import pytest

from plainwork.db import Database
from plainwork.engine.clock import Clock
from tests.engine.flows import chain, node
from tests.engine.running import add_version, in_state, journal_of, working


class Hands:
    """A clock that is set by hand."""

    def __init__(self, at: float) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


def test_the_database_is_believed_as_far_as_it_is_exact() -> None:
    own = Hands(1000.0)
    clock = Clock(own)
    assert clock.now() == 1000.0
    clock.tell(1060.0, 999.0, 1001.0)  # a slow answer is better than none
    assert clock.now() == 1060.0
    clock.tell(1059.5, 999.99, 1000.01)  # a quick one is better
    assert clock.now() == pytest.approx(1059.5)
    clock.tell(1060.0, 999.0, 1001.0)  # a slow one after it tells nothing new
    assert clock.now() == pytest.approx(1059.5)


def test_a_clock_that_was_set_is_noticed_by_the_next_answer_and_drift_by_and_by() -> None:
    own = Hands(1000.0)
    clock = Clock(own)
    clock.tell(1000.0, 999.999, 1000.001)
    own.at = 500.0  # somebody set it back, by 500 s and a bit that passed
    clock.tell(1010.0, 499.5, 500.5)
    assert clock.now() == pytest.approx(1010.0)
    own.at = 4500.0
    clock.tell(5010.3, 4499.9, 4500.1)  # an hour later a less exact answer is better than an old one
    assert clock.now() == pytest.approx(5010.3)


@pytest.mark.parametrize("wrong_s", [3600.0, -3600.0])
async def test_a_worker_whose_clock_is_wrong_waits_as_long_as_others(
    database: Database, workspace_id: UUID, wrong_s: float
) -> None:
    short = node("short", "wait", config={"for": "1 second"})
    version = await add_version(database, workspace_id, [node("a"), short, node("b")], chain("a", "short", "b"))
    long = await add_version(database, workspace_id, [node("long", "wait", config={"for": "1 hour"})])
    async with working(database, clock=Clock(lambda: time.time() + wrong_s)) as running:
        began = time.time()
        run = await running.finish(version)
        assert run.status == "succeeded"
        assert 0.9 < time.time() - began < 12
        started = await running.start(long)
        waiting = await in_state(database, workspace_id, started.run_id, "waiting")
    assert waiting.wake_at is not None
    assert 3500 < (waiting.wake_at - datetime.now(UTC)).total_seconds() < 3601
    for row in await journal_of(database, run):
        assert abs((row.at - datetime.now(UTC)).total_seconds()) < 60
