"""``plainwork up`` as a person uses it over HTTP: set it up, publish an agent, run it, and kill it with -9 in between."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.journeys.server import Server, running
from tests.world import Reply, Seen, running_world

RUNS = 500

DOCUMENT = """---
agentspec: 1
inputs:
  number: {type: integer}
outputs:
  number: "{{ tell_the_other_side.body.number }}"
---

# Tell the other side

## Steps

### Make the message
```yaml step
uses: set
with: {number: "{{ inputs.number }}", text: "number {{ inputs.number }}"}
```

### Tell the other side
```yaml step
uses: http
with: {url: "%s/told", method: POST, json: "{{ make_the_message }}"}
retry: {times: 5, wait: 200ms}
```

### Note that it is told
```yaml step
uses: set
with: {told: true}
```

### Tell it again
```yaml step
uses: http
with: {url: "%s/again", method: POST, json: "{{ make_the_message }}"}
retry: {times: 5, wait: 200ms}
```
"""


def publish(server: Server, markdown: str) -> str:
    answer = server.call("POST", "/api/v1/agents", {"markdown": markdown})
    assert answer.status == 201, answer.body
    return str(answer.json()["id"])


def test_set_up_publish_run_and_see_it(data_dir: Path) -> None:
    with running_world() as world, running(data_dir, PLAINWORK_ALLOW_HOSTS="127.0.0.1") as server:
        world.web.on("POST", "*", lambda seen: Reply(json=seen.json()))
        assert server.call("GET", "/api/v1/agents").status == 401
        server.set_up()
        agent = publish(server, DOCUMENT % (world.web.url, world.web.url))
        ran = server.call("POST", f"/api/v1/agents/{agent}/runs?wait=30", {"inputs": {"number": 7}})
        assert ran.status == 200, ran.body
        assert ran.json()["status"] == "succeeded"
        assert ran.json()["output"] == {"number": 7}
        stream = server.call("GET", f"/api/v1/runs/{ran.json()['id']}/events")
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert b"tell-the-other-side" in stream.body
        assert b"succeeded" in stream.body
        assert server.call("POST", f"/api/v1/runs/{ran.json()['id']}/cancel").status == 409
        refused = server.call("POST", f"/api/v1/agents/{agent}/runs", {"inputs": {"number": "many"}})
        assert refused.status == 422
        assert "number" in refused.json()["detail"] + str(refused.json().get("findings"))


def test_kill_9_with_500_runs_in_flight_loses_and_doubles_nothing(data_dir: Path) -> None:
    with running_world() as world:
        told: Counter[str] = Counter()
        keys: dict[tuple[str, int], set[str]] = {}

        killed = threading.Event()

        async def answer(seen: Seen) -> Reply:
            """Until the kill every other run waits for its first answer, the others for their second: all are in flight."""
            body = seen.json()
            told[f"{seen.path} {seen.headers['Idempotency-Key']}"] += 1
            keys.setdefault((seen.path, body["number"]), set()).add(seen.headers["Idempotency-Key"])
            while not killed.is_set() and (seen.path == "/again" or body["number"] % 2):  # noqa: ASYNC110 - a thread's
                await asyncio.sleep(0.05)
            return Reply(json=body)

        world.web.on("POST", "*", answer)
        with running(data_dir, PLAINWORK_ALLOW_HOSTS="127.0.0.1") as server:
            server.set_up()
            headers = server.headers
            agent = publish(server, DOCUMENT % (world.web.url, world.web.url))

            def start(number: int) -> str:
                started = server.call("POST", f"/api/v1/agents/{agent}/runs", {"inputs": {"number": number}})
                assert started.status == 202, started.body
                return str(started.json()["id"])

            with ThreadPoolExecutor(16) as pool:
                ids = list(pool.map(start, range(RUNS)))
            until = time.monotonic() + 60
            while len(journaled := journal(server, ids)) <= 10:
                assert time.monotonic() < until, "nothing came on record"
            server.process.kill()
            server.process.wait()
            killed.set()

        with running(data_dir, PLAINWORK_ALLOW_HOSTS="127.0.0.1") as server:
            server.headers = headers
            statuses = wait_for_all(server, ids)
        assert statuses == {"succeeded": RUNS}
        # Each step of each run kept one key, so the other side could tell a repeat from a new request …
        assert all(len(of_step) == 1 for of_step in keys.values())
        assert len(keys) == 2 * RUNS
        # … and what had been journaled before the kill was not sent again.
        repeated = {key for key, times in told.items() if times > 1}
        assert repeated, "nothing was in flight when the kill came"
        assert not {f"/told {key}" for key in journaled} & repeated


def journal(server: Server, ids: list[str]) -> set[str]:
    """The idempotency keys of first requests whose success is on record."""
    found: set[str] = set()
    for run_id in ids[:60]:
        rows = server.call("GET", f"/api/v1/runs/{run_id}/steps").json()["steps"]
        of_step = [row for row in rows if row["path"] == "tell-the-other-side"]
        if any(row["status"] == "succeeded" for row in of_step):
            found |= {row["idempotency_key"] for row in of_step if row["idempotency_key"]}
    return found


def wait_for_all(server: Server, ids: list[str]) -> dict[str, int]:
    """How many runs ended how, once none is under way (or after two minutes)."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        counted: Counter[Any] = Counter()
        before = ""
        while True:
            page = server.call("GET", f"/api/v1/runs?limit=200{before}").json()
            counted.update(run["status"] for run in page["runs"] if run["id"] in set(ids))
            if page["next"] is None:
                break
            before = f"&before={page['next']}"
        if not set(counted) & {"queued", "running", "waiting"}:
            return dict(counted)
        time.sleep(0.5)
    raise AssertionError(f"not all runs ended: {dict(counted)}")
