"""``plainwork run`` ended from outside, three at once on one data folder: nothing is shown that is not meant for people,
and ``plainwork up`` goes on with every run where it was."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.journeys.server import environment, program, running
from tests.world import Reply, World, running_world

DOCUMENT = """---
agentspec: 1
inputs:
  name: {type: text}
---

# Three steps

## Steps

### Begin
```yaml step
uses: http
with: {url: "%(url)s/begun/{{ inputs.name }}", method: POST, json: {}}
```

### Ask
```yaml step
uses: http
with: {url: "%(url)s/slow/{{ inputs.name }}"}
timeout: 5 minutes
```

### Tell
```yaml step
uses: http
with: {url: "%(url)s/told/{{ inputs.name }}", method: POST, json: {}}
```
"""
ENDS = {"INT": (signal.SIGINT, 130), "TERM": (signal.SIGTERM, 130), "KILL": (signal.SIGKILL, -signal.SIGKILL)}


def eventually(true: Callable[[], object], what: str) -> None:
    until = time.monotonic() + 60
    while not true():
        assert time.monotonic() < until, what
        time.sleep(0.05)


def test_runs_that_are_ended_from_outside_go_on(data_dir: Path, tmp_path: Path) -> None:
    with running_world() as world:
        document = tmp_path / "three.md"
        document.write_text(DOCUMENT % {"url": world.web.url})
        world.web.on("POST", "*", Reply(json={}))
        for name in ENDS:
            world.web.on("GET", f"/slow/{name}", Reply(delay_s=300), Reply(json={}))
        processes = {name: start(document, name, data_dir) for name in ENDS}
        try:
            for name, process in processes.items():
                eventually(partial(has_come_to, world, f"/slow/{name}", process), f"{name} did not come that far")
            for name, process in processes.items():
                end(name, process)
        finally:
            for process in processes.values():
                process.kill()
                process.communicate()
        with running(data_dir, PLAINWORK_ALLOW_HOSTS="127.0.0.1"):
            for name in ENDS:
                eventually(partial(world.web.seen, f"/told/{name}"), f"nobody went on with {name}")
        check_each_step_was_taken_once(world)


def has_come_to(world: World, path: str, process: subprocess.Popen[str]) -> bool:
    if process.poll() is not None:
        raise AssertionError(f"it has ended: {process.communicate()}")
    return bool(world.web.seen(path))


def start(document: Path, name: str, data: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        program("run", str(document), "--input", f"name={name}", "--json"),
        env=environment(data, PLAINWORK_ALLOW_HOSTS="127.0.0.1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(name: str, process: subprocess.Popen[str]) -> None:
    """Ends the process by the signal; what it then says, people and programs understand."""
    number, code = ENDS[name]
    process.send_signal(number)
    shown, said = process.communicate(timeout=60)
    assert process.returncode == code
    if name == "KILL":
        return
    assert json.loads(shown)["error"]["code"] == "Interrupted"
    assert said.startswith("plainwork: Interrupted: the run is given back, not lost.")
    assert said.count("\n") == 1


def check_each_step_was_taken_once(world: World) -> None:
    for name in ENDS:
        assert len(world.web.seen(f"/begun/{name}")) == 1, "a journaled step ran again"
        assert len(world.web.seen(f"/slow/{name}")) == 2
        assert len(world.web.seen(f"/told/{name}")) == 1
