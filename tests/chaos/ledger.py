"""What arrives outside: the receiving servers' own book, kept by processes that nobody kills."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.world import Reply, Seen, World

BUSY_ONE_IN = 12


class Act(NamedTuple):
    """Something that a step of a run does outside."""

    run_id: str
    path: str


@dataclass
class Arrivals:
    """How often an act arrived: when (epoch s), and under which idempotency keys."""

    at: list[float] = field(default_factory=list)
    keys: set[str | None] = field(default_factory=set)


class Ledger:
    """Books what comes to the world's web server and its mailbox. The web server takes its time, and is busy for some keys
    when they come for the first time (it says so and does nothing)."""

    def __init__(self, world: World) -> None:
        self.refused = 0
        self._busy_for: set[str] = set()
        self._acts: dict[Act, Arrivals] = defaultdict(Arrivals)
        self._world = world
        for method in ("GET", "POST"):
            world.web.on(method, "*", self._answer)

    def read(self) -> dict[Act, Arrivals]:
        """Everything that has arrived so far."""
        found = dict(self._acts)
        for mail in list(self._world.post.mails):
            found.setdefault(Act(mail.subject, "letter"), Arrivals()).at.append(0.0)
        return found

    def _answer(self, seen: Seen) -> Reply:
        told = seen.json() if seen.method == "POST" else seen.query
        key = seen.headers.get("Idempotency-Key")
        if key is not None and told["act"] not in _TRIED_ONCE and self._is_busy(key):
            self.refused += 1
            return Reply(503, json={"message": "busy"}, headers={"Retry-After": "0"})
        arrivals = self._acts[Act(told["run"], told["act"])]
        arrivals.at.append(time.time())
        arrivals.keys.add(key)
        return Reply(json={}, delay_s=(0.02, 0.1, 0.4)[len(self._acts) % 3])

    def _is_busy(self, key: str) -> bool:
        if key in self._busy_for or int(key[:8], 16) % BUSY_ONE_IN:
            return False
        self._busy_for.add(key)
        return True


_TRIED_ONCE = frozenset({"charge", "invoice", "remind"})
"""The acts that may happen once: their steps do not try again."""
