"""A server that repeats the secrets it is called with, through whole runs: an answered webhook, an approval, a failure in the
inbox, a model. Afterwards the secrets stand nowhere: not in the database's dump, in any answer of the API, in logs or events.
"""

from __future__ import annotations

import asyncio
import base64
import html
import io
import json
import re
import string
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest

from plainwork import log
from plainwork.db import embedded
from plainwork.scheduler import Poller
from tests.api.sending import Sender
from tests.api.support import Api, Client, Place, description, serving
from tests.engine.running import eventually
from tests.world import Reply, Seen, World

SECRET = 'tok/en+with="signs"&<more>'
PASSWORD = "pass-word/of+the-shop"
KEY = "sk-model-key-4711-0815-abcdef"
HOOK = "what-the-senders-know"
ALL = (SECRET, PASSWORD, KEY, HOOK)

AGENT = """---
agentspec: 1
when: {webhook: /go, verify: HOOK, respond: when done}
secrets: {HOOK: What senders know, API: The service, SHOP: The shop}
---

# Repeats

## Steps

### Fetch
```yaml step
uses: http
account: API
with: {url: WEB/echo, method: POST, json: {n: 1}}
```

### Shop
```yaml step
uses: http
account: SHOP
with: {url: WEB/echo}
```

### Ask
```yaml step
uses: llm
model: openai:gpt-4o-mini
```
```text prompt
Say what you know: {{ fetch.body.plain }}
```

### Answer
```yaml step
uses: respond
with: {body: {api: "{{ fetch.body }}", shop: "{{ shop.body }}", model: "{{ ask.text }}", all: "{{ trigger.headers }}"}}
```
"""
ASKING = """---
agentspec: 1
secrets: {API: The service}
---

# Asks

## Steps

### Fetch
```yaml step
uses: http
account: API
with: {url: WEB/echo}
```

### Ask
```yaml step
uses: approval
with: {title: "Send {{ fetch.body.inside }}?", show: {all: ["{{ fetch.body.plain }}", "{{ fetch.body.json }}", "{{ fetch.body.base64 }}"]}}
```
- When `approved` → [Send](#send)
- When `rejected` → stop

### Send
```yaml step
uses: http
account: API
with: {url: WEB/refuse, method: POST, json: "{{ fetch.body }}"}
retry: {times: 2, wait: 1ms}
```
"""
POLLING = """---
agentspec: 1
secrets: {API: The service}
when: {poll: http.new_item, account: API, remember: all, with: {url: WEB/list, items: found}}
---

# Polls

## Steps

### Keep
```yaml step
uses: set
with: {seen: "{{ trigger.item }}"}
```
"""


def repeated(text: str) -> dict[str, Any]:
    """As servers, proxies and libraries write what they were sent."""
    return {
        "plain": text,
        "inside": f"you sent {text}!",
        text: "as a key",
        "percent": [quote(text), quote(text, safe=""), quote(text, safe="").lower()],
        "base64": [base64.b64encode(f"{before}{text}".encode()).decode() for before in ("", "a:", "me:", "bob:")],
        "urlsafe": base64.urlsafe_b64encode(text.encode()).decode(),
        "hex": text.encode().hex(),
        "json": [json.dumps({"got": text}), json.dumps(json.dumps([text])), json.dumps(text).replace("/", "\\/")],
        "html": f"<p>{html.escape(text)}</p>",
        "large": text + "x" * 300_000,
    }


def sent(seen: Seen) -> str:
    """The credential of a request as it was meant."""
    given = seen.headers.get("Authorization", "")
    scheme, _, value = given.partition(" ")
    return base64.b64decode(value).decode().partition(":")[2] if scheme == "Basic" else value


def echo(seen: Seen) -> Reply:
    return Reply(json=repeated(sent(seen)) | {"header": seen.headers["Authorization"]})


def listed(seen: Seen) -> Reply:
    """Once a list, then a refusal."""
    return Reply(json={"found": [repeated(sent(seen)) | {"id": sent(seen) + str(n), "large": ""} for n in range(2)]})


def refuse(seen: Seen) -> Reply:
    """Says the secret where the message of the failure is cut off, too."""
    return Reply(503, json={"message": "x" * 280 + sent(seen)})


@dataclass
class Scene:
    """The API with the secrets stored, and all that was written to its log."""

    api: Api
    place: Place
    world: World
    lines: io.StringIO

    def text(self, document: str) -> str:
        return document.replace("WEB", self.world.web.url)

    async def told(self, client: Client, agents: list[str], runs: list[str]) -> str:
        """Every answer of the API that can be read about these, events too."""
        names = {"agent_id": agents, "run_id": runs, "trigger_id": ["trigger-1"], "number": ["1"]}
        names["path"] = ["fetch", "shop", "ask", "answer", "send"]
        found = []
        for template, operations in description().document["paths"].items():
            if "get" in operations:
                for path in _filled(template, names):
                    answer = await client.get(path)
                    found.append(answer.text + repr(answer.headers))
        assert len(found) > 60
        return "\n".join(found)


def _filled(template: str, names: dict[str, list[str]]) -> Iterator[str]:
    unknown = next((name for _, name, _, _ in string.Formatter().parse(template) if name), None)
    if unknown is None:
        yield template
    for value in names.get(unknown or "", ()):
        yield from _filled(template.replace(f"{{{unknown}}}", value), names)


@pytest.fixture
async def scene(tmp_path: Path, database_url: str) -> AsyncIterator[Scene]:
    lines = io.StringIO()
    log.configure("debug", as_json=True, stream=lines)
    async with World() as world, serving(tmp_path, database_url, allow_hosts=world.allow_hosts) as api:
        place = await api.place()
        world.web.on("*", "/echo", echo)
        world.web.on("POST", "/refuse", refuse)
        world.web.on("GET", "/list", listed, refuse)
        world.models.key = KEY
        world.models.say(f"I know {KEY}, and {quote(SECRET, safe='')}. " + "And so on. " * 50)
        for name, value in {
            "HOOK": HOOK,
            "API": {"token": SECRET},
            "SHOP": {"username": "robot", "password": PASSWORD},
            "openai": {"key": KEY, "base_url": world.models.openai_url},
        }.items():
            await place.as_owner.ok("PUT", f"/secrets/{name}", json={"value": value})
        yield Scene(api, place, world, lines)
    log.configure()


def dumped(url: str) -> str:
    """All that the database holds, as its own tool writes it, with bytes also as the texts that they are."""
    done = subprocess.run(
        [embedded.programs() / "pg_dump", "--dbname", url], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    raw = [
        bytes.fromhex(digits).decode(errors="replace")
        for digits in re.findall(r"\\x((?:[0-9a-f]{2}){4,})", done.stdout)
    ]
    return "\n".join([done.stdout, *raw])


def forms(secret: str) -> list[str]:
    """Whole, or so much of it that the rest could be guessed: none of these may be found."""
    data = secret.encode()
    encoded = {secret, quote(secret), quote(secret, safe=""), quote(secret, safe="").lower(), data.hex()}
    encoded |= {json.dumps(secret)[1:-1], json.dumps(secret)[1:-1].replace("/", "\\/"), html.escape(secret)}
    inner = {base64.b64encode(data[at:])[:-6].decode() for at in range(3)}
    return sorted(encoded | inner | {secret[:12]})


def assert_nowhere(place: str, text: str) -> None:
    for secret in ALL:
        for form in forms(secret):
            at = text.find(form)
            assert at < 0, f"{form!r} stands in {place}: …{text[max(0, at - 300) : at + 100]}…"


async def test_what_a_called_server_repeats_stands_nowhere(scene: Scene, database_url: str) -> None:
    place, owner = scene.place, scene.place.as_owner
    told: dict[str, str] = {}

    # A webhook that is answered with everything.
    repeating = await owner.agent(scene.text(AGENT))
    sender = Sender(place, repeating)
    answer = await sender.post("/go", headers={"Authorization": f"Bearer {HOOK}"}, json={})
    assert answer.status_code == 200, answer.text
    assert "you sent" in answer.text
    assert [
        log.MASK in answer.json()[part]["large"] or "[secret]" in answer.json()[part]["large"]
        for part in ("api", "shop")
    ]
    told["the webhook's answer"] = answer.text + repr(answer.headers)
    refused = await sender.post("/go", headers={"Authorization": "Bearer no"}, json={})
    assert refused.status_code == 401
    told["the webhook's refusal"] = refused.text
    [first] = await sender.runs()

    # A person who is shown it, and a step that then fails with it.
    asking = await owner.agent(scene.text(ASKING))
    second = await owner.ok("POST", f"/agents/{asking['id']}/runs", 202, json={})
    watching = asyncio.create_task(_watched(scene, second["id"]))

    async def asked() -> dict[str, Any] | None:
        found = (await owner.ok("GET", "/approvals"))["approvals"]
        return found[0] if found else None

    approval = await eventually(asked)
    told["the approval"] = json.dumps(await owner.ok("GET", f"/approvals/{approval['id']}"), ensure_ascii=False)
    person = await place.person("admin")
    await person.ok("POST", f"/approvals/{approval['id']}", json={"decision": "approved"})

    async def failed() -> dict[str, Any] | None:
        run: dict[str, Any] = await owner.ok("GET", f"/runs/{second['id']}")
        return run if run["status"] == "failed" else None

    run = await eventually(failed)
    assert "xxx" in run["failure"]["message"]
    told["the live events"] = await watching

    # A poll that finds it, and one that fails with it.
    polling = await owner.agent(scene.text(POLLING))
    poller = Poller(scene.api.database, scene.api.bell, scene.api.app.state.outside)
    assert await poller.poll_due() == 2
    async with scene.api.database.workspace(place.id) as connection:
        await connection.execute("update polls set due_at = now()")
    assert await poller.poll_due() == 0
    third = (await owner.ok("GET", f"/agents/{polling['id']}/runs"))["runs"][0]

    told["the API"] = await scene.told(
        owner, [repeating["id"], asking["id"], polling["id"]], [first["id"], second["id"], third["id"]]
    )
    assert "you sent" in told["the API"]
    assert "And so on." in told["the API"]
    told["the dump"] = await asyncio.to_thread(dumped, database_url)
    assert "you sent" in told["the dump"]
    assert "x" * 200_000 in told["the dump"]
    assert "a poll failed" in scene.lines.getvalue()
    told["the log"] = scene.lines.getvalue()
    for what, text in told.items():
        assert_nowhere(what, text)

    assert {sent(seen) for seen in scene.world.web.requests} == {SECRET, PASSWORD}


async def _watched(scene: Scene, run_id: str) -> str:
    """What somebody sees who watches the run while it is under way."""
    async with aclosing(scene.api.events.watch(scene.place.id, UUID(run_id))) as events:
        return "\n".join([str(event) async for event in events])


@pytest.mark.parametrize("secret", [SECRET, PASSWORD])
def test_the_forms_are_found_in_which_it_is_repeated(secret: str) -> None:
    for value in repeated(secret).values():
        for text in value if isinstance(value, list) else [value]:
            if text != "as a key":
                with pytest.raises(AssertionError, match="stands in"):
                    assert_nowhere("the echo", text)
