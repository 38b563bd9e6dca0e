"""Runs the performance suite: prints a table, writes build/bench.json.

Each module here has ``run() -> {name: {value, unit, floor, ratio, ...}}``. Figures are ratios within one run on one
machine: ``floor`` is the same work without us, in the same unit.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
import time
from pathlib import Path
from typing import Any

import benchmarks


def main(wanted: list[str]) -> int:
    """Runs all modules, or those whose name is given."""
    names = [m.name for m in pkgutil.iter_modules(benchmarks.__path__) if not m.name.startswith("_")]
    unknown = sorted(set(wanted) - set(names))
    if unknown:
        print(f"No benchmark named {', '.join(unknown)}. There are: {', '.join(names)}.")
        return 2
    results: dict[str, dict[str, Any]] = {}
    for name in wanted or names:
        started = time.perf_counter()
        print(f"· {name} …", end="", flush=True)
        results |= importlib.import_module(f"benchmarks.{name}").run()
        print(f" {time.perf_counter() - started:.0f} s")
    show(results)
    out = Path("build/bench.json")
    out.parent.mkdir(exist_ok=True)
    known = json.loads(out.read_text()) if wanted and out.exists() else {}
    out.write_text(json.dumps(known | results, indent=2) + "\n")
    print(f"\nwritten: {out}")
    return 0


def show(results: dict[str, dict[str, Any]]) -> None:
    """The table: name, value, unit, floor, ratio."""
    print(f"\n{'name':<34}{'value':>14}  {'unit':<14}{'floor':>14}{'ratio':>8}")
    for name, row in results.items():
        floor, ratio = row.get("floor"), row.get("ratio")
        print(
            f"{name:<34}{row['value']:>14,.2f}  {row['unit']:<14}"
            f"{'' if floor is None else format(floor, ',.2f'):>14}{'' if ratio is None else format(ratio, '.2f'):>8}"
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
