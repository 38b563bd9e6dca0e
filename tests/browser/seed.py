"""A workspace that somebody has worked in for a while: agents of several sorts, and runs in every state."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.documents import document

from tests.browser.editing import store
from tests.browser.seed_doors import seed_doors
from tests.browser.seed_people import People, seed_people
from tests.browser.support import ok
from tests.journeys.server import Server
from tests.world import Reply, World

EXAMPLES = Path(__file__).parents[2] / "examples/agents"
POSTS = [
    {"title": "A faster parser", "score": 310, "url": "https://example.org/parser", "by": "ada"},
    {"title": "Lunch is moved", "score": 12, "url": "https://example.org/lunch", "by": "max"},
    {"title": "The outage of Tuesday", "score": 140, "url": "https://example.org/outage", "by": "grace"},
    {
        "title": "What we learnt from ten years of queues",
        "score": 512,
        "url": "https://example.org/queues",
        "by": "edsger",
    },
]
SUMMARY = (
    "Four posts today, three worth your time. **Queues** come first: ten years of running them, told without regret. "
    "The parser got three times faster, and Tuesday's outage was a full disk."
)

REASON = "The lamp came broken, and the second one too.\nI would rather have my money back."

DIGEST = """---
agentspec: 1
when: every weekday at 08:30 in Europe/Berlin
inputs:
  least_score: {type: integer, default: 100, about: Posts below this are left out}
  send_to: {type: email, default: team@example.org, about: Who gets the digest}
limits: {cost per run: 0.05 USD, time per run: 5 minutes}
---

# Morning digest

Reads the posts of the day, keeps the good ones and mails a short summary. On a quiet day nothing is sent.

## Steps

### Fetch the posts
The server is slow on Mondays, so try again.
```yaml step
uses: http
with: {url: "WEB/posts.json"}
retry: {times: 3, wait: 1s, backoff: 2}
timeout: 20s
```
- On error → [Tell the operators](#tell-the-operators)

### Keep the good ones
```yaml step
uses: filter
with: {items: "{{ fetch_the_posts.body }}", where: item.score > inputs.least_score}
```

### Is there anything to tell?
```yaml step
uses: condition
```
- If `len(keep_the_good_ones.items) == 0` → stop
- Otherwise → [Sum them up](#sum-them-up)

### Sum them up
```yaml step
uses: llm
with: {model: "openai:gpt-4o-mini", posts: "{{ keep_the_good_ones.items }}", max_tokens: 300}
```
```text prompt
Sum up these posts in three sentences, the most interesting first.

{{ posts }}
```

### Mail the summary
```yaml step
uses: email.send
with: {to: "{{ inputs.send_to }}", subject: "The digest of {{ run.date }}", body: "{{ sum_them_up.text }}"}
```

## When things go wrong

### Tell the operators
```yaml step
uses: email.send
with: {to: ops@example.org, subject: The digest could not read the posts, body: "{{ error.message }}"}
```
"""

ORDERS = """---
agentspec: 1
when:
  webhook: /orders
inputs:
  orders: {type: list of object, about: What was ordered}
---

# Book the orders

Books each order with the warehouse and tells the desk about those that are refused.

## Steps

### Book each order
```yaml step
uses: foreach
with: {items: "{{ inputs.orders }}", as: order, at_once: 3}
```

#### Check the stock
```yaml step
uses: http
with: {url: "WEB/stock/{{ order.article }}"}
retry: {times: 1, wait: 100ms}
```

#### Book it
```yaml step
uses: http
with: {url: "WEB/book", method: POST, json: "{{ order }}"}
retry: {times: 2, wait: 100ms}
```

### Note what was booked
```yaml step
uses: set
with: {booked: "{{ len(book_each_order.results) }}"}
```
"""

NIGHTLY = """---
agentspec: 1
when: every day at 02:00 in Europe/Berlin
---

# Nightly import

Asks for the export, waits until it is made, and reads it.

## Steps

### Ask for the export
```yaml step
uses: http
with: {url: "WEB/export", method: POST, json: {of: yesterday}}
```

### Wait for it
```yaml step
uses: wait
with: {for: 2h}
```

### Read it
```yaml step
uses: http
with: {url: "WEB/slow"}
```
"""

PUBLISH = """# Publish the newsletter

## Steps

### Show it to the team
```yaml step
uses: approval
with: {title: "Publish “Ten years of queues”?", show: "Ten years of running queues, told without regret.\n\nTo 1,204 readers.", who: editor}
timeout: 2 days
```

### Note who let it go
```yaml step
uses: set
with: {by: "{{ show_it_to_the_team.by }}"}
```
"""

CLOSING = """# Close the day

## Steps

### Have the import made
```yaml step
uses: agent.call
with: {agent: nightly-import}
timeout: 6 hours
```
"""

SLOW = """# Ask the slow archive

## Steps

### Note the question
```yaml step
uses: set
with: {question: Where are the minutes of 1998?}
```

### Ask the archive
```yaml step
uses: http
with: {url: "WEB/slow"}
timeout: 10 minutes
```

### Keep the answer
```yaml step
uses: set
with: {answer: "{{ ask_the_archive.body }}"}
```
"""

SCRATCH = ("Broken while typing", "Changed by two", "Typed while offline")
"""Agents whose drafts are spoilt on purpose."""
EMPTY = "# A blank page\n\n## Steps\n"

UNFINISHED = """---
agentspec: 1
when: every Monday at 09:00
---

# Greet the newcomers

## Steps

### Read who is new
```yaml step
uses: http
with: {method: GET}
```

### Greet them
```yaml step
uses: foreach
with: {items: "{{ read_who_is_new.body }}", as: person}
```

#### Write to them
```yaml step
uses: email.send
with: {to: "{{ persn.email }}", subject: Welcome, body: Good to have you here.}
```
"""


@dataclass
class Seeded:
    """The agents by title, one run for each state, who else belongs here, and the pages for those who do not."""

    people: People
    agents: dict[str, str] = field(default_factory=dict)
    runs: dict[str, str] = field(default_factory=dict)
    doors: dict[str, str] = field(default_factory=dict)


def script(world: World) -> None:
    """What the outside world answers to the agents here."""
    world.web.on("GET", "/posts.json", Reply(json=POSTS))
    world.web.on("GET", "/slow", Reply(json={}, delay_s=600))
    world.web.on("POST", "/export", Reply(202, json={"export": 17}))
    world.web.on("POST", "/book", Reply(json={"booked": True}))
    for article in ("tea", "ink", "paper"):
        world.web.on("GET", f"/stock/{article}", Reply(json={"article": article, "left": 12}))
    world.web.on("GET", "/stock/lamp", Reply(500, json={"message": "The warehouse lost its list."}))
    world.models.say(SUMMARY, tokens_in=412, tokens_out=58)


def seed(server: Server, world: World) -> Seeded:
    """Fills the workspace of a server that has been set up."""
    script(world)
    key = {"key": world.models.key, "base_url": world.models.openai_url}
    ok(server, "PUT", "/secrets/openai", {"value": key, "about": "The key of the team"})
    made = Seeded(seed_people(server))
    for text in (EMPTY, document(500)):
        _publish(server, made, text, live=False)
    for name in (*SCRATCH, "Remind of invoices", "Greet the newcomers"):
        _publish(server, made, SLOW.replace("Ask the slow archive", name), live=False)
    store(server, made.agents["Greet the newcomers"], UNFINISHED)
    for text in (DIGEST, ORDERS, NIGHTLY, SLOW, PUBLISH, CLOSING):
        _publish(server, made, text.replace("WEB", world.web.url))
    for name in ("support-triage", "website-watch", "refund-with-approval"):
        _publish(server, made, (EXAMPLES / f"{name}.md").read_text(encoding="utf-8"))

    seed_accounts(server, world)
    _publish(server, made, (EXAMPLES / "weekly-sales-report.md").read_text(encoding="utf-8"), live=False)
    made.doors = seed_doors(server, world, made.agents)
    for _ in range(5):
        made.runs["succeeded"] = _run(server, made.agents["Morning digest"], wait=20)
    good = [{"article": name, "count": n + 1} for n, name in enumerate(("tea", "ink", "paper"))]
    _run(server, made.agents["Book the orders"], wait=20, orders=good)
    bad = [*good, {"article": "lamp", "count": 1}]
    made.runs["failed"] = _run(server, made.agents["Book the orders"], wait=20, orders=bad)
    made.runs["cancelled"] = _run(server, made.agents["Nightly import"])
    _until(server, made.runs["cancelled"], "waiting")
    ok(server, "POST", f"/runs/{made.runs['cancelled']}/cancel")
    made.runs["waiting"] = _run(server, made.agents["Nightly import"])
    _until(server, made.runs["waiting"], "waiting")
    refund: dict[str, Any] = {"customer": "ada@example.org", "amount": 900, "reason": REASON}
    made.runs["asking"] = _run(server, made.agents["Refund with approval"], **refund)
    made.runs["deciding"] = _run(server, made.agents["Publish the newsletter"])
    made.runs["calling"] = _run(server, made.agents["Close the day"])
    for name in ("asking", "deciding", "calling"):
        _until(server, made.runs[name], "waiting")
    made.runs["running"] = _run(server, made.agents["Ask the slow archive"])
    return made


def seed_accounts(server: Server, world: World) -> None:
    """A login that only some may use, and an account that is connected."""
    world.web.on("POST", "/token", Reply(json={"access_token": "a token", "token_type": "bearer", "expires_in": 86400}))
    login = {"host": "db.example.org", "user": "reports", "password": "a long password", "database": "shop"}
    about = {"about": "The shop's Postgres, read only", "connector": "sql", "hosts": ["db.example.org"]}
    ok(server, "PUT", "/secrets/SHOP_DB", {"value": login, **about})
    ok(server, "PUT", "/secrets/SHOP_DB/limits", {"at_once": 4, "per_minute": 60})
    app = {"client_id": "plainwork", "client_secret": "the app's secret"}
    moved = {"base_url": world.web.url, "token_url": f"{world.web.url}/token"}
    ok(server, "PUT", "/secrets/Reader%20app", {"value": app | moved, "connector": "reddit"})
    wanted = {"connector": "reddit", "name": "READER", "app": "Reader app", "about": "Reads what is new"}
    ok(server, "POST", "/connections", wanted)


def _publish(server: Server, made: Seeded, markdown: str, *, live: bool = True) -> None:
    agent = ok(server, "POST", "/agents", {"markdown": markdown, "live": live})
    made.agents[agent["name"]] = agent["id"]


def _run(server: Server, agent: str, wait: float = 0, **inputs: Any) -> str:
    run: dict[str, Any] = ok(server, "POST", f"/agents/{agent}/runs?wait={wait}", {"inputs": inputs})
    return str(run["id"])


def _until(server: Server, run: str, status: str) -> None:
    until = time.monotonic() + 20
    while ok(server, "GET", f"/runs/{run}")["status"] != status:
        assert time.monotonic() < until, f"the run is not {status}"
        time.sleep(0.1)
