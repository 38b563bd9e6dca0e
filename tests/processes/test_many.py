"""Two of everything, each a process of its own, on one database: every run is done once, and seen from anywhere."""

from __future__ import annotations

import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from plainwork.settings import Settings
from tests.journeys.server import Server
from tests.processes.programs import installation
from tests.world import Reply, Seen, running_world

RUNS = 120
DOCUMENT = """---
agentspec: 1
inputs:
  number: {type: integer}
---

# Tell and wait

## Steps

### Tell
```yaml step
uses: http
with: {url: "%(url)s/tell", method: POST, json: {number: "{{ inputs.number }}"}}
```

### Rest
```yaml step
uses: wait
with: {for: 1500ms}
```

### Tell again
```yaml step
uses: http
with: {url: "%(url)s/again", method: POST, json: {number: "{{ inputs.number }}"}}
```
"""


def test_two_of_everything(settings: Settings, database_url: str, tmp_path: Path) -> None:
    told: Counter[tuple[str, int]] = Counter()

    def tell(seen: Seen) -> Reply:
        told[seen.path, seen.json()["number"]] += 1
        return Reply(json={})

    with running_world() as world, installation(settings, world, tmp_path) as here:
        world.web.on("POST", "*", tell)
        others = [here.start(part) for part in ("worker", "worker", "scheduler", "scheduler")]
        apis = [here.start_api(), here.start_api()]
        set_up(apis)
        for other in others:
            other.ready()
        made = apis[0].call("POST", "/api/v1/agents", {"markdown": DOCUMENT % {"url": world.web.url}})
        assert made.status == 201, made.body
        agent = made.json()["id"]

        def start(number: int, api: Server) -> str:
            """Every tenth number is told to both, as two senders that know nothing of each other would."""
            headers = {"Idempotency-Key": f"number-{number}"}
            run = api.call("POST", f"/api/v1/agents/{agent}/runs", {"inputs": {"number": number}}, headers)
            assert run.status == 202, run.body
            return str(run.json()["id"])

        with ThreadPoolExecutor(8) as pool:
            asked = [(number, apis[number % 2]) for number in range(RUNS)]
            asked += [(number, apis[1 - number % 2]) for number in range(0, RUNS, 10)]
            ids = list(pool.map(lambda one: start(*one), asked))
        assert len(set(ids)) == RUNS
        check_watching(apis, agent, start)
        ends: Any = Counter(wait_for(apis[n % 2], run_id) for n, run_id in enumerate(ids[:RUNS]))
        assert ends == {"succeeded": RUNS}
        assert len(told) == 2 * (RUNS + 1)
        assert set(told.values()) == {1}


def set_up(apis: list[Server]) -> None:
    """The first owner signs up at the one that was started last, whose link is the valid one, and is signed in at all."""
    apis[-1].set_up()
    for api in apis:
        api.headers = apis[-1].headers


def check_watching(apis: list[Server], agent: str, start: Any) -> None:
    """What a worker does is seen at the API that did not start the run, as it happens and to the end."""
    run_id = start(RUNS, apis[0])
    began = time.monotonic()
    seen = apis[1].call("GET", f"/api/v1/runs/{run_id}/events").body.decode()
    assert time.monotonic() - began < 15
    sent = [json.loads(line[6:]) for line in seen.splitlines() if line.startswith("data: ")]
    ends = [(one.get("path"), one["status"]) for one in sent if one.get("status") == "succeeded"]
    assert ends == [("tell", "succeeded"), ("rest", "succeeded"), ("tell-again", "succeeded"), (None, "succeeded")]


def wait_for(api: Server, run_id: str) -> str:
    """How the run ended."""
    until = time.monotonic() + 60
    while (status := str(api.call("GET", f"/api/v1/runs/{run_id}").json()["status"])) in {
        "queued",
        "running",
        "waiting",
    }:
        assert time.monotonic() < until, f"{run_id} is {status}"
        time.sleep(0.05)
    return status
