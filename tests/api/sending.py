"""Somebody outside who sends to an agent's webhooks."""

from __future__ import annotations

from typing import Any

import httpx

from tests.api.support import PROBLEM, Client, Place
from tests.engine.running import eventually

SECRET = "a shared secret"
DOUBLER = """---
agentspec: 1
when:
  - {webhook: /double, respond: when done}
  - {webhook: /later}
  - {webhook: /ask, method: GET, respond: when done}
  - {webhook: /mapped, respond: when done, once per: "{{ trigger.body.order.id }}", map: {n: "{{ trigger.body.order.n }}"}}
  - {webhook: /signed, verify: HOOK_KEY, respond: when done}
  - {webhook: /watch, respond: stream}
inputs:
  n: {type: integer}
  note: {type: text, required: false}
secrets: {HOOK_KEY: What the senders sign with}
---

# Doubler

## Steps

### Double
```yaml step
uses: set
with: {n: "{{ inputs.n * 2 }}", note: "{{ inputs.note }}", seen: "{{ trigger }}"}
```

### Answer
```yaml step
uses: respond
with:
  status: 201
  headers: {X-Twice: "yes", Set-Cookie: "a=b", Content-Security-Policy: "default-src *", X-Frame-Options: ALLOWALL, X-Sendfile: /etc/passwd}
  body: {n: "{{ double.n }}", note: "{{ double.note }}"}
```
"""


def sending(title: str, steps: str, when: str = "{webhook: /go, respond: when done}", inputs: str = "{}") -> str:
    return f"---\nagentspec: 1\nwhen: {when}\ninputs: {inputs}\n---\n\n# {title}\n\n## Steps\n\n{steps}\n"


def step(name: str, uses: str, given: str) -> str:
    return f"### {name}\n```yaml step\nuses: {uses}\nwith: {given}\n```\n"


async def doubler(place: Place, title: str | None = None) -> dict[str, Any]:
    """The agent with every sort of webhook, and the secret that one of them is signed with."""
    await place.as_owner.ok("PUT", "/secrets/HOOK_KEY", json={"value": SECRET})
    return await place.as_owner.agent(DOUBLER, title)


class Sender:
    """Somebody outside who knows an agent's address."""

    def __init__(self, place: Place, agent: dict[str, Any]) -> None:
        self.place = place
        self.agent = agent
        self.client: Client = place.api.client()

    async def triggers(self) -> list[dict[str, Any]]:
        listed = await self.place.as_owner.ok("GET", f"/agents/{self.agent['id']}/triggers")
        return list(listed["triggers"])

    async def address(self) -> str:
        url = httpx.URL((await self.triggers())[0]["url"])
        return "/".join(url.path.split("/")[:3])

    async def post(self, path: str, **more: Any) -> httpx.Response:
        return await self.client.post(await self.address() + path, **more)

    async def run(self, run_id: str) -> dict[str, Any]:
        run: dict[str, Any] = await self.place.as_owner.ok("GET", f"/runs/{run_id}")
        return run

    async def runs(self) -> list[dict[str, Any]]:
        return list((await self.place.as_owner.ok("GET", f"/agents/{self.agent['id']}/runs"))["runs"])

    async def deliveries(self, trigger: str = "trigger-1") -> list[dict[str, Any]]:
        found = await self.place.as_owner.ok("GET", f"/agents/{self.agent['id']}/triggers/{trigger}")
        return list(found["deliveries"])

    async def noted(self, count: int, trigger: str = "trigger-1") -> list[dict[str, Any]]:
        """The deliveries, once there are so many: those that start nothing are noted while nobody waits."""

        async def enough() -> list[dict[str, Any]] | None:
            found = await self.deliveries(trigger)
            return found if len(found) >= count else None

        noted: list[dict[str, Any]] = await eventually(enough)
        return noted


def refused(response: httpx.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, (response.status_code, response.text[:500])
    assert response.headers["content-type"] == PROBLEM
    problem: dict[str, Any] = response.json()
    return problem
