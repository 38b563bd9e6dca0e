"""Documents: parse and compile a spec of 200 steps; the floor is PyYAML's C loader over the same blocks alone."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import yaml

from plainwork import spec
from plainwork.engine.catalogue import load as load_catalogue
from plainwork.spec.compile import compile as compile_spec
from plainwork.spec.markdown import parse

STEPS = 200
ROUNDS = 20


def document(steps: int = STEPS) -> str:
    """A document of ``steps`` steps as people write them: prose, settings, a prompt here and there, routes."""
    parts = ["---\nagentspec: 1\nwhen: every weekday at 07:30 in Europe/Berlin\ninputs:\n  topic: {type: text}\n---\n"]
    parts.append("\n# A long agent\n\nReads, filters and writes, many times over.\n\n## Steps\n")
    for number in range(steps // 4):
        before = f"keep_the_good_ones_{number - 1}.items" if number else "[]"
        parts.append(f"""
### Fetch page {number}
The server is slow, so try again.
```yaml step
uses: http
with: {{url: "https://example.org/{{{{ inputs.topic }}}}/{number}", query: {{seen: "{{{{ len({before}) }}}}"}}}}
retry: {{times: 3, wait: 2s, backoff: 2}}
timeout: 20s
```

### Keep the good ones {number}
```yaml step
uses: filter
with: {{items: "{{{{ fetch_page_{number}.body }}}}", where: item.score > {number}}}
```

### Sum up {number}
```yaml step
uses: llm
with: {{max_tokens: 200}}
```
```text prompt
Write one sentence about these posts.

{{{{ keep_the_good_ones_{number}.items }}}}
```

### Note {number}
```yaml step
uses: set
with: {{text: "{{{{ sum_up_{number}.text }}}}", number: {number}, tags: [a, b]}}
```
""")
    return "".join(parts)


def best(work: Callable[[], Any], rounds: int = ROUNDS) -> float:
    """The quickest of several rounds, in milliseconds."""
    took = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        took.append(time.perf_counter() - started)
    return min(took) * 1000


def run() -> dict[str, dict[str, Any]]:
    """Milliseconds; the ratio is the floor's share of ours (1: as quick as loading the YAML alone)."""
    text = document()
    catalogue = load_catalogue()
    blocks = re.findall(r"```yaml step\n(.*?)```", text, re.DOTALL)
    loaded = spec.load(text, catalogue)
    if not loaded.is_valid or loaded.spec is None or len(loaded.spec.steps) != STEPS:
        raise SystemExit(f"the benchmark's document is not valid: {loaded.findings[:3]}")

    def parse_and_compile() -> None:
        parsed = parse(text).spec
        if parsed is not None:
            compile_spec(parsed)

    floor = best(lambda: [yaml.load(b, yaml.CSafeLoader) for b in blocks])
    whole = best(parse_and_compile)
    checked = best(lambda: spec.load(text, catalogue), 5)
    size = {"steps": STEPS, "bytes": len(text)}
    return {
        "parse_and_compile_200_steps": {"value": whole, "unit": "ms", "floor": floor, "ratio": floor / whole, **size},
        "parse_check_compile_200_steps": {
            "value": checked,
            "unit": "ms",
            "floor": floor,
            "ratio": floor / checked,
            **size,
        },
    }
