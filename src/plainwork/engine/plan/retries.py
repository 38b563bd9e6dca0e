"""When a failed attempt is made again: exponential backoff with full jitter that the run itself determines."""

from __future__ import annotations

import hashlib

from plainwork.engine.plan.graph import RetryPlan
from plainwork.engine.plan.records import Failure

LONGEST_WAIT_S = 3600.0


def retry_at(policy: RetryPlan | None, failure: Failure, attempt: int, at: float, seed: str) -> float | None:
    """The time (epoch s) of the attempt after ``attempt``, which failed at ``at``; None when there is none.

    The wait is drawn evenly between nothing and ``wait * backoff ** (attempt - 1)`` (at most an hour), the same each
    time for the same ``seed``; a longer ``retry_after_s`` of the other side is obeyed.
    """
    if policy is None or attempt > policy.times or failure.kind not in policy.on:
        return None
    try:
        ceiling = min(LONGEST_WAIT_S, policy.wait_s * policy.backoff ** (attempt - 1))
    except OverflowError:
        ceiling = LONGEST_WAIT_S
    return at + max(ceiling * fraction(f"{seed}/{attempt}"), failure.retry_after_s or 0.0)


def fraction(seed: str) -> float:
    """A number in [0, 1), evenly spread over seeds."""
    return int.from_bytes(hashlib.blake2b(seed.encode(), digest_size=7).digest(), "big") / (1 << 56)
