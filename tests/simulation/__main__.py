"""``python -m tests.simulation --seeds 2000``: runs many seeds, tells which break a promise and how to see one again."""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections import Counter

from tests.simulation.simulation import Outcome, simulate


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=2000, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--seed", type=int, help="this one alone")
    parser.add_argument("--trace", action="store_true", help="tell everything that happened")
    asked = parser.parse_args()
    if asked.seed is not None:
        return show(simulate(asked.seed), asked.trace)
    return run_many(range(asked.first, asked.first + asked.seeds))


def show(outcome: Outcome, with_history: bool) -> int:
    """One seed in full."""
    for at, words in outcome.history if with_history else ():
        print(f"{at:9.4f}  {words}")
    print(f"seed {outcome.seed}: {outcome.turns} turns, {outcome.virtual_s:.0f} s, history {outcome.digest}")
    print(*(f"  broken: {one}" for one in outcome.broken), sep="\n")
    return 1 if outcome.broken else 0


def run_many(seeds: range) -> int:
    """Many seeds; the sums of what happened in them."""
    began = time.perf_counter()
    sums: Counter[str] = Counter()
    bad = 0
    for done, seed in enumerate(seeds, 1):
        outcome = simulate(seed)
        sums.update(outcome.counts)
        sums["turns"] += outcome.turns
        sums["virtual hours"] += round(outcome.virtual_s)
        if outcome.broken:
            bad += 1
            print(replay(outcome), flush=True)
        if not done % 100:
            gc.collect()
            print(f"{done} seeds, {bad} broken, {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    sums["virtual hours"] //= 3600
    took_s = time.perf_counter() - began
    print(f"{len(seeds)} seeds in {took_s:.0f} s, {bad} broken. " + ", ".join(f"{n} {v}" for n, v in sums.items()))
    return 1 if bad else 0


def replay(outcome: Outcome) -> str:
    """What a seed has broken, and the command that does it again."""
    broken = "\n".join(f"  {one}" for one in outcome.broken[:3])
    return f"seed {outcome.seed} breaks:\n{broken}\n  again: python -m tests.simulation --seed {outcome.seed} --trace"


if __name__ == "__main__":
    sys.exit(main())
