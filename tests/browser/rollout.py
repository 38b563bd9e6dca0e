"""An agent that is changed with care: a live version, one that could take its place, and one that fails."""

from __future__ import annotations

import io
import time
import zipfile
from typing import Any

from playwright.sync_api import FilePayload

from tests.browser.editing import store
from tests.journeys.server import Server

LETTERS = """---
agentspec: 1
inputs:
  letter: {type: text, default: Where is my parcel?, about: What somebody wrote}
---

# Sort the letters

Says which desk a letter belongs to.

## Steps

### Read the letter
```yaml step
uses: set
with: {words: "{{ lower(inputs.letter) }}"}
```

### Choose the desk
```yaml step
uses: set
with: {desk: "{{ 'parcels' if 'parcel' in read_the_letter.words else 'all others' }}"}
```
"""
BETTER = LETTERS.replace("'all others'", "'letters'").replace(
    "### Choose the desk",
    """### Count the words
```yaml step
uses: set
with: {count: "{{ len(read_the_letter.words) }}"}
```

### Choose the desk""",
)
BROKEN = (
    LETTERS
    + '\n### Hand it over\n```yaml step\nuses: fail\nwith: {message: "Nobody sits at the desk of {{ run.version }}."}\n```\n'
)


def changed_agent(server: Server, name: str = "Sort the letters") -> str:
    """Version 1 is live, version 2 says more, and the draft goes beyond it; its id."""
    document = LETTERS.replace("Sort the letters", name)
    agent = str(_ok(server, "POST", "/agents", {"markdown": document, "note": "As agreed on Monday"})["id"])
    better = BETTER.replace("Sort the letters", name)
    _ok(server, "POST", f"/agents/{agent}/versions", {"markdown": better, "note": "Counts the words"})
    store(server, agent, better.replace("'letters'", "'the post room'"))
    return agent


def run(server: Server, agent: str, **more: Any) -> dict[str, Any]:
    """A run that has ended."""
    found: dict[str, Any] = _ok(server, "POST", f"/agents/{agent}/runs?wait=20", more)
    return found


def run_until(server: Server, agent: str, *, candidate: int, live: int) -> None:
    """Runs the agent until so many runs have fallen to the candidate of its canary, and so many to its live version."""
    fallen = {True: 0, False: 0}
    while fallen[True] < candidate or fallen[False] < live:
        fallen[bool(run(server, agent)["canary"])] += 1


def begun_canary(server: Server, name: str = "Sort the bills") -> str:
    """An agent with a canary under way that has fared well so far; its id."""
    agent = changed_agent(server, name)
    _ok(server, "POST", f"/agents/{agent}/canary", {"version": 2, "share": 30})
    run_until(server, agent, candidate=22, live=30)
    return agent


def failing_canary(server: Server, name: str = "Answer the post") -> str:
    """An agent whose canary was rolled back because it failed; its id."""
    agent = changed_agent(server, name)
    broken = BROKEN.replace("Sort the letters", name)
    _ok(server, "POST", f"/agents/{agent}/versions", {"markdown": broken, "note": "Hands it over"})
    begun = {"version": 3, "share": 50, "least_runs": 3}
    path = f"/agents/{agent}/canary"
    _ok(server, "POST", path, begun)
    run_until(server, agent, candidate=3, live=2)
    until = time.monotonic() + 30
    while _ok(server, "GET", path)["outcome"] is None:
        assert time.monotonic() < until, "the canary is not rolled back"
        time.sleep(0.2)
    return agent


def archive(**documents: str) -> FilePayload:
    """An archive with documents of agents, as somebody chooses one from their disk."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("acme/README.md", "What our agents do")
        for name, text in documents.items():
            archive.writestr(f"acme/agents/{name.replace('_', '-')}.md", text)
    return FilePayload(name="acme.zip", mimeType="application/zip", buffer=packed.getvalue())


def another_workspace(server: Server, name: str) -> str:
    """A workspace of the owner's, with nothing in it; its id."""
    return str(_ok(server, "POST", "/workspaces", {"name": name})["id"])


def _ok(server: Server, method: str, path: str, body: Any = None) -> Any:
    answer = server.call(method, f"/api/v1{path}", body)
    assert answer.status < 300, answer.body
    return answer.json()
