"""Puts the figures of build/bench.json into the tables of docs/performance.md: ``python -m benchmarks._figures``.

A row whose first cell names a figure gets its value, floor and ratio in the last three cells. Nothing else is touched.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PAGE = Path("docs/performance.md")
RESULTS = Path("build/bench.json")
_ROW = re.compile(r"^\| `(?P<name>\w+)` \|(?P<about>[^|\n]*)\|[^|\n]*\|[^|\n]*\|[^|\n]*\|$", re.MULTILINE)


def filled(page: str, results: Mapping[str, Mapping[str, Any]]) -> str:
    """The page with the figures that there are; rows of others stay as they are."""

    def row(found: re.Match[str]) -> str:
        result = results.get(found["name"])
        if result is None:
            return found[0]
        floor, ratio = result.get("floor"), result.get("ratio")
        cells = (
            f"{_number(result['value'])} {result['unit']}",
            "" if floor is None else _number(floor),
            "" if ratio is None else f"{ratio:.3f}" if ratio < 0.1 else f"{ratio:.2f}",
        )
        return f"| `{found['name']}` |{found['about']}| {' | '.join(cells)} |"

    return _ROW.sub(row, page)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(), json.loads(RESULTS.read_text())))
