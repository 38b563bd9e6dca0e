"""Holds what is on record in the database against what arrived outside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from plainwork.db import Database
from tests.chaos.agents import Agent
from tests.chaos.ledger import Act, Arrivals

NAMED = {"effect_uncertain", "crash_loop"}
"""Why runs of this suite may need a person: their worker died at the wrong moment, or too many did."""
OVER = {"succeeded", "failed", "cancelled"}
CLOCK_S = 0.05
"""By how much the clocks of the receiving server and of the database may differ."""
IN_INBOX = "runs in the inbox: "


@dataclass
class Verdict:
    """Figures, and those of them that have to be nought."""

    figures: dict[str, int] = field(default_factory=dict)
    promises: dict[str, int] = field(default_factory=dict)

    @property
    def broken(self) -> list[str]:
        return [name for name, figure in self.promises.items() if figure]

    def add_last(self, last: Verdict) -> None:
        """The look that was taken when people had decided about everything: the same promises hold, and no question is left."""
        for name, figure in last.promises.items():
            self.promises[name] = max(figure, self.promises[name])
        self.promises["runs left when people had decided"] = sum(
            n for name, n in last.figures.items() if name.startswith(IN_INBOX)
        )


Row = Mapping[str, Any]


async def judge(
    database: Database,
    workspace_id: UUID,
    agents: Mapping[str, Agent],
    accepted: Collection[str],
    arrived: Mapping[Act, Arrivals],
    again: Collection[str] = (),
) -> Verdict:
    """What became of the accepted runs, and of those that people had taken ``again``. ``agents``: by id."""
    async with database.workspace(workspace_id) as connection:
        runs = await connection.fetch(
            """select id::text, agent_id::text, status, ask, case when resolved_at is null then cause end as cause from runs"""
        )
        done = await connection.fetch(
            """select run_id::text, path, count(*) as times, min(extract(epoch from at))::float8 as at
               from steps where status = 'succeeded' group by 1, 2"""
        )
    return weigh(runs, done, agents, accepted, arrived, again)


def weigh(
    runs: Sequence[Row],
    done: Sequence[Row],
    agents: Mapping[str, Agent],
    accepted: Collection[str],
    arrived: Mapping[Act, Arrivals],
    again: Collection[str] = (),
) -> Verdict:
    """``runs``: their rows; ``done``: for each step that succeeded how many times it did, and when first (epoch s)."""
    effects = {Act(run["id"], path): effect for run in runs for path, effect in agents[run["agent_id"]].acts.items()}
    states = Counter((run["status"], run["cause"]) for run in runs)
    known = {run["id"] for run in runs}
    # A run that was taken again begins with what the one before it had done.
    whole = {run["id"] for run in runs if run["status"] == "succeeded" and run["id"] not in again}
    figures = {
        "runs accepted": len(accepted),
        "runs succeeded": states["succeeded", None],
        **{IN_INBOX + cause: n for (_, cause), n in sorted(states.items(), key=str) if cause},
    }
    promises = {
        "accepted runs that are not there": len(set(accepted) - known),
        "runs that nobody accepted": len(known - {*accepted, *again}),
        "runs neither over nor in the inbox": sum(r["status"] not in OVER and r["cause"] is None for r in runs),
        "runs in the inbox for another cause": sum(r["cause"] is not None and r["cause"] not in NAMED for r in runs),
        "questions about acts that may be repeated": sum(
            run["ask"] is not None and effects.get(Act(run["id"], run["ask"])) != "once" for run in runs
        ),
        "steps that succeeded twice": sum(row["times"] > 1 for row in done),
        "acts begun again after their result was on record": _late(done, arrived),
        "once effects doubled": sum(effects.get(act) == "once" and len(a.at) > 1 for act, a in arrived.items()),
        "keyed effects under more than one key": sum(
            effects.get(act) == "keyed" and (len(a.keys) > 1 or None in a.keys) for act, a in arrived.items()
        ),
        "keys of more than one effect": _shared_keys(arrived),
        "effects of nobody's": sum(act not in effects for act in arrived),
        "effects of succeeded runs lost": sum(act.run_id in whole and act not in arrived for act in effects),
    }
    return Verdict(figures | _repeats(effects, arrived), promises)


def _repeats(effects: Mapping[Act, str], arrived: Mapping[Act, Arrivals]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for act, arrivals in arrived.items():
        effect = effects.get(act, "unknown")
        sums[f"{effect} effects arrived"] += 1
        sums[f"{effect} effects repeated"] += len(arrivals.at) - 1
    return dict(sorted(sums.items()))


def _late(done: Sequence[Row], arrived: Mapping[Act, Arrivals]) -> int:
    ended_at = {Act(row["run_id"], row["path"]): row["at"] for row in done}
    return sum(max(arrivals.at) > ended_at.get(act, float("inf")) + CLOCK_S for act, arrivals in arrived.items())


def _shared_keys(arrived: Mapping[Act, Arrivals]) -> int:
    of = Counter(key for arrivals in arrived.values() for key in arrivals.keys if key is not None)
    return sum(times > 1 for times in of.values())
