"""``make fuzz``: thousands of made-up requests against a fresh installation. The exit code is 1 when an answer was wrong."""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
from pathlib import Path

from tests.conftest import Cluster
from tests.fuzz.fuzzing import Fuzzer, target


def main() -> int:
    """Fuzzes, says what it came to, and how to do the same again."""
    parser = argparse.ArgumentParser(prog="make fuzz")
    parser.add_argument("--cases", type=int, default=3000, help="how many requests at least")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="plainwork-fuzz-") as root:
        cluster = Cluster(Path(root) / "cluster")
        try:
            with target(Path(root), cluster.create()) as it:
                report = Fuzzer(it).send(given.cases, seed_=given.seed, each=10)
        finally:
            cluster.leave()
    print(f"{report}\nThe same again: make fuzz CASES={given.cases} SEED={given.seed}")
    return 1 if report.problems else 0


if __name__ == "__main__":
    sys.exit(main())
