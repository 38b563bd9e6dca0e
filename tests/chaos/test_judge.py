"""The judge of the chaos: finds nothing where nothing is wrong, and each thing that can be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.chaos.agents import AGENTS, Agent
from tests.chaos.judge import Verdict, weigh
from tests.chaos.ledger import Act, Arrivals


@dataclass
class Records:
    """Two runs of the first agent: one has succeeded, one waits to hear whether it has charged."""

    agents: dict[str, Agent] = field(default_factory=lambda: {"agent": AGENTS[0]})
    runs: list[dict[str, Any]] = field(
        default_factory=lambda: [
            {"id": "whole", "agent_id": "agent", "status": "succeeded", "cause": None, "ask": None},
            {"id": "doubt", "agent_id": "agent", "status": "waiting", "cause": "effect_uncertain", "ask": "charge"},
        ]
    )
    done: list[dict[str, Any]] = field(
        default_factory=lambda: [
            {"run_id": run, "path": path, "times": 1, "at": 20.0}
            for run, path in (("whole", "charge"), ("doubt", "reserve"))
        ]
    )
    arrived: dict[Act, Arrivals] = field(
        default_factory=lambda: {
            Act("whole", "stock"): Arrivals([1.0, 2.0], {None}),
            Act("whole", "reserve"): Arrivals([2.0, 3.0], {"a"}),
            Act("whole", "charge"): Arrivals([4.0], {"b"}),
            Act("whole", "ship"): Arrivals([5.0], {"c"}),
            Act("doubt", "reserve"): Arrivals([2.0], {"d"}),
        }
    )

    def verdict(self) -> Verdict:
        return weigh(self.runs, self.done, self.agents, ["whole", "doubt"], self.arrived)


def test_nothing_is_wrong() -> None:
    verdict = Records().verdict()
    assert verdict.broken == []
    assert verdict.figures == {
        "runs accepted": 2,
        "runs succeeded": 1,
        "runs in the inbox: effect_uncertain": 1,
        "keyed effects arrived": 3,
        "keyed effects repeated": 1,
        "once effects arrived": 1,
        "once effects repeated": 0,
        "read effects arrived": 1,
        "read effects repeated": 1,
    }


WRONGS: dict[str, Callable[[Records], Any]] = {
    "accepted runs that are not there": lambda r: r.runs.pop(),
    "runs that nobody accepted": lambda r: r.runs.append(r.runs[0] | {"id": "more", "status": "failed"}),
    "runs neither over nor in the inbox": lambda r: r.runs[0].update(status="queued"),
    "runs in the inbox for another cause": lambda r: r.runs[0].update(status="failed", cause="undeliverable"),
    "questions about acts that may be repeated": lambda r: r.runs[1].update(ask="ship"),
    "steps that succeeded twice": lambda r: r.done[0].update(times=2),
    "acts begun again after their result was on record": lambda r: r.arrived[Act("doubt", "reserve")].at.append(21.0),
    "once effects doubled": lambda r: r.arrived[Act("whole", "charge")].at.append(4.5),
    "keyed effects under more than one key": lambda r: r.arrived[Act("whole", "ship")].keys.add("e"),
    "keys of more than one effect": lambda r: r.arrived.update({Act("doubt", "ship"): Arrivals([6.0], {"c"})}),
    "effects of nobody's": lambda r: r.arrived.update({Act("nobody", "ship"): Arrivals([6.0], {"f"})}),
    "effects of succeeded runs lost": lambda r: r.arrived.pop(Act("whole", "stock")),
}


@pytest.mark.parametrize("what", WRONGS)
def test_what_is_wrong_is_found(what: str) -> None:
    records = Records()
    WRONGS[what](records)
    assert what in records.verdict().broken


def test_every_promise_can_be_broken() -> None:
    assert set(Records().verdict().promises) == set(WRONGS)
