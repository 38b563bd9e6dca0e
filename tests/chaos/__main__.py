"""``python -m tests.chaos --runs 5000``: one storm, a table of what came of it, and 1 when a promise was broken."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import tempfile
from pathlib import Path
from random import SystemRandom

from tests.chaos.chaos import chaos
from tests.chaos.judge import Verdict


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--runs", type=int, default=5000, help="how many")
    parser.add_argument("--seed", type=int, help="plans the same faults again (what they hit is up to the clock)")
    parser.add_argument("--workers", type=int, default=3, help="processes that work at a time")
    parser.add_argument("--per-second", type=float, default=50.0, help="runs started, at most")
    parser.add_argument("--kill-every", type=float, default=1.0, help="seconds between two kills of a worker")
    asked = parser.parse_args()
    seed = SystemRandom().randrange(10**6) if asked.seed is None else asked.seed
    os.environ["PLAINWORK_SERVERS"] = "required"
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever stops this stops all that it has started
    with tempfile.TemporaryDirectory(prefix="plainwork-chaos-") as folder:
        print(f"{asked.runs} runs, seed {seed}; the programs' logs are in {folder}/logs meanwhile", flush=True)
        made = chaos(
            Path(folder), asked.runs, seed, workers=asked.workers, per_s=asked.per_second, kill_every_s=asked.kill_every
        )
        verdict = asyncio.run(made)
    show(verdict)
    return 1 if verdict.broken else 0


def show(verdict: Verdict) -> None:
    """The figures, then those that have to be nought."""
    for name, figure in verdict.figures.items():
        print(f"  {name:<52}{figure:>8,}")
    print("\nthese have to be 0")
    for name, figure in verdict.promises.items():
        print(f"  {name:<52}{figure:>8,}{'   BROKEN' if figure else ''}")


if __name__ == "__main__":
    sys.exit(main())
