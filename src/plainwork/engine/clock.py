"""What time it is in the database, as a worker knows it: every claim that it makes tells.

Waits are compared with the database's clock, which all workers share. A worker whose own clock is wrong must neither end
them early nor let them go on too long, nor write times into the journal that no other worker would.
"""

from __future__ import annotations

import time
from collections.abc import Callable

_DRIFT = 0.001
"""How far, in seconds a second, two clocks may come apart after they were compared."""


class Clock:
    """Until the database has told the time, ``own`` (epoch seconds) is taken at its word."""

    __slots__ = ("_behind_s", "_doubt_s", "_own", "_told_at")

    def __init__(self, own: Callable[[], float] = time.time) -> None:
        self._own = own
        self._behind_s = 0.0
        self._doubt_s = float("inf")
        self._told_at = 0.0

    def own(self) -> float:
        """What this machine takes the time to be."""
        return self._own()

    def now(self) -> float:
        """The database's time, epoch seconds."""
        return self._own() + self._behind_s

    def tell(self, at: float, asked: float, answered: float) -> None:
        """The database said ``at`` to a question asked and answered at these times by ``own``. What it says counts when it
        is at least as exact as what is known, or cannot be true together with that: somebody has set a clock."""
        behind_s, doubt_s = at - (asked + answered) / 2, max(0.0, answered - asked) / 2
        known_s = self._doubt_s + max(0.0, answered - self._told_at) * _DRIFT
        if doubt_s <= known_s or abs(behind_s - self._behind_s) > doubt_s + known_s:
            self._behind_s, self._doubt_s, self._told_at = behind_s, doubt_s, answered
