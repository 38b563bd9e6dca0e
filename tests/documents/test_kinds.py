"""A document for every kind of step, and what it gives."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from plainwork.engine import catalogue
from plainwork.spec import load
from tests.conftest import Cluster
from tests.documents.stage import Stage, document, together
from tests.world import Reply

MODEL = "openai:gpt-4o-mini"


def one(uses: str, rest: str = "", settings: str = "", name: str = "Do it") -> str:
    """A document of one step."""
    return document(f"### {name}\n```yaml step\nuses: {uses}\n{settings}\n```\n{rest}\n")


async def test_set_and_its_types(stage: Stage) -> None:
    text = one(
        "set",
        settings="with: {text: yes, number: 1.50, big: 9007199254740993, no: false, nothing: null, list: [1, {a: b}]}",
    )
    played = await stage.play(text)
    assert played.output == {
        "text": "yes",
        "number": 1.5,
        "big": 9007199254740993,
        "no": False,
        "nothing": None,
        "list": [1, {"a": "b"}],
    }


async def test_filter(stage: Stage) -> None:
    settings = """with:
  items: "{{ inputs.posts }}"
  where: item.score >= 10 and index != 1
  sort_by: item.score
  descending: true
  limit: 2"""
    front = "inputs:\n  posts: list of object\n"
    text = one("filter", settings=settings).replace("agentspec: 1\n", f"agentspec: 1\n{front}")
    posts = [{"score": s} for s in (12, 99, 3, 40, 10)]
    played = await stage.play(text, posts=posts)
    assert played.output == {"items": [{"score": 40}, {"score": 12}], "count": 2, "dropped": 3}
    failed = await stage.play(text, posts=[{"score": 1}, {"scores": 1}])
    assert failed.failure["message"].startswith("where: item 2: ")


async def test_http_in_every_method(stage: Stage) -> None:
    steps, site = "", stage.site()
    for method in ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"):
        site.on(method, "/thing", Reply(json={"did": method}))
        steps += f"### Do {method}\n```yaml step\nuses: http\nwith: {{url: WEB/thing, method: {method}}}\n```\n\n"
    played = await stage.play(document(steps), site)
    assert played.status == "succeeded"
    reads = ("GET", "HEAD", "OPTIONS")
    seen = {one.method: one for one in site.seen("/thing")}
    assert list(seen) == ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]
    assert {method for method, one in seen.items() if "Idempotency-Key" not in one.headers} == set(reads)
    started = {path for path, _, status in played.rows if status == "started"}
    assert started == {"do-post", "do-put", "do-patch", "do-delete"}
    assert played.row("do-patch").output["body"] == {"did": "PATCH"}
    assert played.row("do-head").output["body"] is None


HTTP_SETTINGS = """with:
  url: WEB/search
  method: POST
  query: {tag: [a, b], empty: null, "n": 1}
  headers: {X-Number: 5, X-Flag: true, X-Text: "{{ inputs.word }}"}
  form: {first: "{{ inputs.word }}", second: 2}"""


async def test_http_sends_what_is_said(stage: Stage) -> None:
    site = stage.site()
    site.on("POST", "/search", Reply(201, text="plain words", headers={"X-Served-By": "test"}))
    text = one("http", settings=HTTP_SETTINGS).replace("agentspec: 1", "agentspec: 1\ninputs:\n  word: text")
    played = await stage.play(text, site, word="häppy & co")
    assert (played.output["status"], played.output["body"]) == (201, "plain words")
    assert played.output["headers"]["x-served-by"] == "test"
    [seen] = site.seen("/search")
    assert (seen.query["tag"], seen.query["n"], "empty" in seen.query) == ("b", "1", False)
    assert (seen.headers["X-Number"], seen.headers["X-Flag"]) == ("5", "true")
    assert seen.form() == {"first": "häppy & co", "second": "2"}


@pytest.mark.parametrize(
    ("reply", "settings", "body"),
    [
        (Reply(json=[1, None, {"a": 1.5}]), "", [1, None, {"a": 1.5}]),
        (Reply(text="[1]"), "", "[1]"),
        (Reply(body=b""), "", None),
        (Reply(body=b"\xff\xfe\x00", headers={"Content-Type": "image/png"}), "", {"base64": "//4A"}),
        (Reply(body=b"{broken", headers={"Content-Type": "application/json"}), "", "{broken"),
        (Reply(404, json={"gone": True}), ", expect: [404]", {"gone": True}),
        (Reply(503, json={"busy": True}), ", expect: any", {"busy": True}),
        (Reply(302, headers={"Location": "/elsewhere"}), ", follow: false", None),
    ],
)
async def test_http_answers(stage: Stage, reply: Reply, settings: str, body: Any) -> None:
    site = stage.site()
    site.on("GET", "/x", reply)
    played = await stage.play(one("http", settings=f"with: {{url: WEB/x{settings}}}"), site)
    assert played.status == "succeeded", played.run.failure
    assert (played.output["status"], played.output["body"]) == (reply.status, body)


BLOCK = """### Do it
```yaml step
uses: http
with: {url: WEB/x, method: POST}
```
```json json
%s
```
"""


@pytest.mark.parametrize(
    ("block", "sent"),
    [
        ('{"text": "{{ inputs.t }}", "n": "{{ inputs.n }}"}', {"text": 'He said "hi", "admin": true\n', "n": 7}),
        ('{"text": {{ inputs.t }}, "n": [{{ inputs.n }}, 1]}', {"text": 'He said "hi", "admin": true\n', "n": [7, 1]}),
        ('{"a": "<{{ inputs.t }}> {{ inputs.n }}"}', {"a": '<He said "hi", "admin": true\n> 7'}),
        ('{"a": "{{ join(["x", "y"], "\\", \\"") }}", "b": "\\"{{ inputs.n }}\\\\"}', {"a": 'x", "y', "b": '"7\\'}),
        ('{"a": "\\{{ no }}"}', {"a": "{{ no }}"}),
        ("{{ {'whole': inputs.n} }}", {"whole": 7}),
        ("[]", []),
    ],
)
async def test_json_written_by_hand_is_data_before_it_is_filled_in(stage: Stage, block: str, sent: Any) -> None:
    site = stage.site()
    site.on("POST", "/x", Reply(json=1))
    text = document(BLOCK % block, front="inputs:\n  t: text\n  n: integer")
    played = await stage.play(text, site, t='He said "hi", "admin": true\n', n=7)
    assert played.status == "succeeded", played.run.failure
    [seen] = site.seen("/x")
    assert (seen.json(), seen.headers["Content-Type"]) == (sent, "application/json")


@pytest.mark.parametrize("block", ["{broken", '{"{{ inputs.t }}": 1}', '{"a": NaN}', "{\n  'a': 1\n}", "plain"])
async def test_json_that_is_none_is_found_before_it_runs(stage: Stage, block: str) -> None:
    loaded = load(
        document(BLOCK % block, front="inputs:\n  t: text").replace("WEB", "https://example.org"), catalogue.load()
    )
    [finding] = [one for one in loaded.findings if one.severity == "error"]
    assert (finding.code, finding.field, finding.node) == ("bad-json", "with.json", "do-it")


async def test_a_text_that_looks_like_json_stays_a_text(stage: Stage) -> None:
    site = stage.site()
    site.on("POST", "/x", Reply(json=1))
    settings = "with: {url: WEB/x, method: POST, json: '{{ inputs.t }}'}"
    played = await stage.play(
        one("http", settings=settings).replace("agentspec: 1", "agentspec: 1\ninputs:\n  t: text"), site, t='{"a": 1}'
    )
    assert (played.status, site.seen("/x")[0].json()) == ("succeeded", '{"a": 1}')


async def test_condition_respond_and_group_are_covered_by_a_webhook_like_run(stage: Stage) -> None:
    text = document(
        """### Check
```yaml step
uses: condition
```
- If `inputs.n > 0` → [Yes](#yes)
- Otherwise → [No](#no)

### Yes
```yaml step
uses: respond
with: {status: 201, body: {n: "{{ inputs.n }}"}, headers: {X-Kind: yes}}
```
- Then → [Later](#later)

### No
```yaml step
uses: respond
with: {status: 400}
```
```text body
Nothing for {{ inputs.n }}.
```
- Then → stop

### Later
```yaml step
uses: set
with: {after: answer}
```
""",
        front="inputs:\n  n: integer",
    )
    yes, no = await together(stage.play(text, n=1), stage.play(text, n=0))
    assert yes.output == {"n": 1}
    assert yes.row("yes").output == {"status": 201, "body": {"n": 1}, "headers": {"X-Kind": "yes"}}
    assert (no.output.strip(), no.row("no").output["status"]) == ("Nothing for 0.", 400)


async def test_fail_and_todo_say_why(stage: Stage) -> None:
    settings = 'with: {message: "The report for {{ run.date }} is empty."}'
    failed = await stage.play(one("fail", settings=settings))
    today = datetime.now(UTC).date().isoformat()
    assert failed.failure == {"kind": "rejected", "message": f"The report for {today} is empty.", "path": "do-it"}
    todo = await stage.play(one("todo", settings="with: {text: Put the row into the accounting system}"))
    assert "not decided yet: Put the row into the accounting system" in todo.failure["message"]


@pytest.mark.parametrize(
    ("code", "settings", "result", "printed"),
    [
        ("total = sum(prices)\nprint('items:', len(prices))\ntotal", "with: {prices: [3, 4.5]}", 7.5, "items: 2\n"),
        ("{'a': (1, 2), 'b': {3}, 5: None}", "", {"a": [1, 2], "b": [3], "5": None}, ""),
        ("x = 1", "", None, ""),
        ("def f(n):\n    return n if n < 2 else f(n - 1) + f(n - 2)\nf(15)", "", 610, ""),
        (
            "[w.title() for w in words if '{{' not in w]",
            'with: {words: ["{{ run.agent[0:4] }}", b]}',
            ["Play", "B"],
            "",
        ),
    ],
)
async def test_code_that_works(stage: Stage, code: str, settings: str, result: Any, printed: str) -> None:
    played = await stage.play(one("code", f"```python code\n{code}\n```", settings))
    assert played.status == "succeeded", played.run.failure
    assert played.output == {"result": result, "printed": printed}


@pytest.mark.parametrize(
    ("code", "kind", "says"),
    [
        ("1 / 0", "rejected", "Line 1 of the program: ZeroDivisionError"),
        ("rows = 1\n\nmissing + 1", "rejected", "Line 3 of the program: NameError"),
        ("def (", "rejected", "Syntax"),
        ("import os\nos.environ", "rejected", "program"),
        ("open('/etc/passwd').read()", "rejected", "program"),
        ("while True:\n    pass", "timeout", "longer than"),
        ("'x' * (200 * 1024 * 1024)", "rejected", "needs or prints more than it may"),
        ("float('inf')", "rejected", "infinite"),
        ("10 ** 30", "rejected", "64 bits"),
    ],
)
async def test_code_that_does_not(stage: Stage, code: str, kind: str, says: str) -> None:
    played = await stage.play(one("code", f"```python code\n{code}\n```", "timeout: 500ms"))
    assert says in played.failure["message"]
    assert played.failure["kind"] == kind
    assert played.run.cause == ("timed_out" if kind == "timeout" else "step_failed")


async def test_waits(stage: Stage) -> None:
    began = datetime.now(UTC)
    text = document(
        """### For
```yaml step
uses: wait
with: {for: 250ms}
```

### Until
```yaml step
uses: wait
with: {until: "2020-01-01T00:00:00Z"}
```

### Said
```yaml step
uses: set
with: {for: "{{ for_.waited_until }}", until: "{{ until.waited_until }}"}
```
"""
    )
    played = await stage.play(text)
    waited = datetime.fromisoformat(played.output["for"])
    assert 0.24 < (waited - began).total_seconds() < 3
    assert played.output["until"] == "2020-01-01T00:00:00Z"
    assert [status for path, _, status in played.rows if path == "for"] == ["waiting", "succeeded"]
    bad = await stage.play(one("wait", settings='with: {for: "{{ 0 - 5 }} parsecs"}'))
    assert "is not a duration" in bad.failure["message"]


async def test_mail(stage: Stage) -> None:
    settings = """with:
  to: [ada@example.org, "Bob <bob@example.org>"]
  cc: carl@example.org
  subject: "Two\\nlines {{ run.agent }}"
  body: [{title: One, score: 1}, {title: Two, score: 2}]"""
    played = await stage.play(one("email.send", settings=settings))
    assert played.status == "succeeded", played.run.failure
    assert sorted(played.output["accepted"]) == ["ada@example.org", "bob@example.org", "carl@example.org"]
    mail = next(m for m in stage.world.post.mails if m.message["Message-ID"] == played.output["message_id"])
    assert mail.subject.startswith("Two lines play-")
    assert "One" in mail.text
    assert played.rows == [("do-it", 1, "started"), ("do-it", 1, "succeeded")]


async def test_models(stage: Stage) -> None:
    await seal_model(stage)
    front = f"inputs:\n  text: long text\nmodel: {MODEL}"
    text = document(
        """### Write
```yaml step
uses: llm
with: {system: Be brief., rows: "{{ [1, 2] }}", max_tokens: 50}
```
```text prompt
Sum up {{ inputs.text }} and {{ rows }}.
```

### Judge
```yaml step
uses: llm.classify
with: {text: "{{ write.text }}", labels: {good: it is fine, bad: it is not}}
```

### Find
```yaml step
uses: llm.extract
with: {text: "{{ inputs.text }}", fields: {invoice: text, amount: number, due: date}}
```

### All
```yaml step
uses: set
with: {text: "{{ write.text }}", label: "{{ judge.label }}", data: "{{ find.data }}"}
```
""",
        front=front,
    )
    stage.world.models.say(
        "A summary.", '{"label": "good"}', '{"invoice": "4711", "amount": 12.5, "due": null}', "rest"
    )
    before = len(stage.world.models.asked)
    played = await stage.play(text, text="Invoice 4711 over 12.50")
    assert played.status == "succeeded", played.run.failure
    assert played.output == {
        "text": "A summary.",
        "label": "good",
        "data": {"invoice": "4711", "amount": 12.5, "due": None},
    }
    asked = stage.world.models.asked[before:]
    assert [one["model"] for one in asked] == ["gpt-4o-mini"] * 3
    assert "Invoice 4711 over 12.50 and [1, 2]." in str(asked[0]["messages"])
    assert played.run.tokens == 3 * 17
    assert played.run.cost_usd > 0


async def seal_model(stage: Stage) -> None:
    models = stage.world.models
    await stage.vault.seal(stage.workspace_id, "openai", {"key": models.key, "base_url": models.openai_url})


@asynccontextmanager
async def over_tcp(cluster: Cluster) -> AsyncIterator[int]:
    """A port of loopback that leads to the Postgres server's socket."""
    socket_path = str(cluster.server.socket_folder / ".s.PGSQL.5432")
    tasks: set[asyncio.Task[None]] = set()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_unix_connection(socket_path)
        tasks.update(asyncio.create_task(pump(*pair)) for pair in ((reader, far_writer), (far_reader, writer)))

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    await asyncio.gather(*tasks)
    await server.wait_closed()


async def test_sql(stage: Stage, cluster: Cluster) -> None:
    url = cluster.create(empty=True)
    found = re.search(r"/(test_\w+)\?", url)
    assert found
    cluster.run("create table orders (id int primary key, customer text)", found[1])
    text = document(
        """### Add
```yaml step
uses: sql.query
account: SHOP
with: {params: [1, "{{ inputs.customer }}"], write: true}
```
```sql query
insert into orders values ($1, $2)
```

### Read
```yaml step
uses: sql.query
account: SHOP
with: {query: "select id, customer from orders where customer = $1", params: ["{{ inputs.customer }}"]}
```
""",
        front="inputs:\n  customer: text\nsecrets:\n  SHOP: The shop's database",
    )
    async with over_tcp(cluster) as port:
        account = {"host": "127.0.0.1", "port": port, "user": "postgres", "database": found[1], "ssl": "disable"}
        await stage.vault.seal(stage.workspace_id, "SHOP", account)
        played = await stage.play(text, customer="Robert'); drop table orders;--")
    cluster.drop(url)
    assert played.status == "succeeded", played.run.failure
    assert played.output["rows"] == [{"id": 1, "customer": "Robert'); drop table orders;--"}]
    assert played.rows[:2] == [("add", 1, "started"), ("add", 1, "succeeded")]
    assert [row for row in played.rows if row[0] == "read"] == [("read", 1, "succeeded")]


async def test_declared_connectors(stage: Stage) -> None:
    site = stage.site()
    account = {"account_sid": "AC1", "auth_token": "twilio-token", "from": "+1500", "base_url": site.url}
    await stage.vault.seal(stage.workspace_id, "SMS", account)
    site.on(
        "POST",
        "/2010-04-01/Accounts/AC1/Messages.json",
        Reply(201, json={"sid": "SM1", "status": "queued", "num_segments": "1"}),
    )
    text = one("sms.send", settings='account: SMS\nwith: {to: "+4912345", body: "It is {{ run.date }}."}')
    played = await stage.play(text.replace("agentspec: 1", "agentspec: 1\nsecrets:\n  SMS: Texts"), site)
    assert played.output == {"id": "SM1", "status": "queued", "parts": "1"}
    [seen] = site.seen("/2010-04-01/Accounts/AC1/Messages.json")
    assert seen.form()["Body"].startswith("It is 20")
    assert played.rows[0] == ("do-it", 1, "started")
