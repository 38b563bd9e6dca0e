"""Agents that others start: pages for people without an account, polls, a mailbox, deliveries; and one that may not go live."""

from __future__ import annotations

from typing import Any

from tests.browser.support import ok
from tests.journeys.server import Server
from tests.world import Reply, World

REFUND = """---
agentspec: 1
when: {form: Ask for your money back}
inputs:
  name: {type: text, about: As it stands on the order}
  email: {type: email, about: Where the answer goes}
  order: {type: integer, about: The number on the slip}
  reason: {type: "one of [broken, late, not as shown, other]", about: What was wrong}
  what_happened: {type: long text, default: "", about: A few words are enough}
  is_sent_back: {type: yes/no, default: false, about: Whether it is on its way back to us}
---

# Ask for your money back

Tell us which order it was and what went wrong. You have an answer within two working days.

## Steps

### Thank them
```yaml step
uses: respond
with: {body: "Thank you, {{ inputs.name }}. We look into order {{ inputs.order }}, and write to {{ inputs.email }}."}
```
"""

TALK = """---
agentspec: 1
when: chat
inputs:
  message: {type: long text, about: What somebody asks}
---

# Ask the library

Ask what the library has, and when it is open.

## Steps

### Answer
```yaml step
uses: respond
with: {body: "The reading room is open from 9 to 18, on Saturdays until 13. You asked: {{ inputs.message }}"}
```
"""

WATCH = """---
agentspec: 1
when:
  - {poll: http.new_item, every: 10 minutes, with: {url: "WEB/orders.json", key: number}, remember: all}
  - {poll: rss.new_item, every: 1 hour, with: {url: "WEB/feed"}}
inputs:
  number: {type: integer, default: 0}
---

# Watch for orders

## Steps

### Note it
```yaml step
uses: set
with: {order: "{{ inputs.number }}"}
```
"""

GATED = """---
agentspec: 1
inputs:
  article: {type: text}
---

# Reserve what is asked for

## Steps

### Note it
```yaml step
uses: set
with: {noted: "{{ inputs.article }}"}
```

## Examples

### Tea is noted
```yaml given
inputs: {article: tea}
```
```yaml expect
ran: [note-it]
```

### Ink is left out
```yaml given
inputs: {article: ink}
```
```yaml expect
not_ran: [note-it]
```
"""


def seed_doors(server: Server, world: World, agents: dict[str, str]) -> dict[str, str]:
    """Makes them, adds them to ``agents``, and sends two deliveries; the path of each page by its kind."""
    world.web.on("GET", "/orders.json", Reply(json=[{"number": number} for number in (17, 18, 19)]))
    world.web.on("GET", "/feed", Reply(503, json={"message": "Closed for the night."}))
    for markdown, live in ((REFUND, True), (TALK, True), (WATCH.replace("WEB", world.web.url), True), (GATED, False)):
        agent = ok(server, "POST", "/agents", {"markdown": markdown, "live": live})
        agents[agent["name"]] = agent["id"]
    hook = _address(server, agents["Book the orders"])
    for orders in ([{"article": "tea", "count": 2}], "tea"):
        server.call("POST", hook, {"orders": orders}, {"Cookie": "", "X-CSRF-Token": ""})
    pages = {"form": "Ask for your money back", "chat": "Ask the library"}
    return {kind: _address(server, agents[name]) for kind, name in pages.items()}


def _address(server: Server, agent: str) -> str:
    triggers: list[dict[str, Any]] = ok(server, "GET", f"/agents/{agent}/triggers")["triggers"]
    return next(str(one["url"]) for one in triggers if one["url"]).removeprefix(server.url)
