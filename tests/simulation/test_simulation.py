"""The simulation itself: a few of its seeds, that a seed is always the same history, and that it catches broken engines."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from plainwork.db import Database, queue
from plainwork.engine import journal
from plainwork.engine.journal import Journal, RunJournal
from tests.simulation.__main__ import replay
from tests.simulation.simulation import Outcome, simulate
from tests.simulation.store import Safeguard

SEEDS = 20
ENOUGH = 60
"""Within so many seeds a broken engine has to be caught."""


def test_some_seeds_keep_every_promise() -> None:
    for seed in range(SEEDS):
        outcome = simulate(seed)
        assert not outcome.broken, replay(outcome)


def test_a_seed_is_one_history() -> None:
    seeds = ("7", "11")
    here = [simulate(int(seed)).digest for seed in seeds]
    again = [simulate(int(seed)).digest for seed in seeds]
    command = "import sys; from tests.simulation.simulation import simulate; print(*(simulate(int(s)).digest for s in sys.argv[1:]))"
    there = subprocess.run(
        [sys.executable, "-c", command, *seeds],
        env={"PYTHONHASHSEED": "99", "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        check=True,
    )
    assert here == again == there.stdout.split()


def caught(*promises: str, **how: Any) -> Outcome:
    """The first seed in which one of these promises is broken."""
    for seed in range(ENOUGH):
        outcome = simulate(seed, **how)
        if any(words.startswith(promises) for words in outcome.broken):
            return outcome
    pytest.fail("nothing was noticed")


def test_a_database_without_fencing_is_caught() -> None:
    outcome = caught("no write under a stale epoch", without={"fencing"})
    assert f"--seed {outcome.seed}" in replay(outcome)


def test_what_comes_of_missing_fencing_is_caught_too() -> None:
    """Also where nobody looks at epochs: results are written twice, and after the end."""
    caught("no write after", "each result", "a journal has", "what may happen once", without={"fencing"})


def test_schedulers_that_fire_the_same_tick_are_caught() -> None:
    """A schedule is locked by who fires it, and its ticks have keys: either alone would do."""
    caught("every tick fires once", without={"tick locks", "tick keys"})


@pytest.mark.parametrize("safeguard", ["tick locks", "tick keys"])
def test_ticks_are_kept_apart_twice(safeguard: Safeguard) -> None:
    for seed in range(SEEDS // 2):
        outcome = simulate(seed, without={safeguard})
        assert not outcome.broken, replay(outcome)


def test_leaving_lost_messages_to_their_fate_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nowhere(db: Database, limit: int) -> queue.Outlook:
        """Nobody looks in the database for runs that are due."""
        return queue.Outlook((), None)

    monkeypatch.setattr(queue, "outlook", nowhere)
    caught("every run ends")


def test_journalling_after_the_effect_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(self: Journal, run: RunJournal) -> None:
        """What is to be durable before an act is on its way; the act does not wait for it."""

    monkeypatch.setattr(Journal, "durable", at_once)
    caught("intents come before acts")


def test_sending_again_without_saying_so_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a commit whose answer was lost, the same rows are sent as though they were new."""
    columns = journal._columns
    monkeypatch.setattr(journal, "_columns", lambda parts, again: columns(parts, False))
    caught("")
