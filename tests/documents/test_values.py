"""What goes in, what is made of it, and what comes out: inputs, templates, outputs, large and odd values."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from plainwork.errors import Invalid
from plainwork.net import Client
from tests.documents.stage import Stage, document
from tests.world import Reply

ECHO = '### Echo\n```yaml step\nuses: set\nwith: {value: "{{ inputs.x }}"}\n```\n'


def taking(declared: str, steps: str = ECHO) -> str:
    return document(steps, front=f"inputs:\n  x: {declared}")


@pytest.mark.parametrize(
    ("declared", "given", "value"),
    [
        ("text", "a\nb", "a\nb"),
        ("text", "", ""),
        ("long text", "x" * 5000, "x" * 5000),
        ("number", 1.5, 1.5),
        ("number", 3, 3),
        ("integer", 2**60, 2**60),
        ("integer", 4.0, 4),
        ("yes/no", False, False),
        ("yes/no", "yes", True),
        ("date", "2026-02-28", "2026-02-28"),
        ("time", "07:30", "07:30"),
        ("date and time", "2026-02-28T07:30:00Z", "2026-02-28T07:30:00+00:00"),
        ("duration", "90 minutes", "90 minutes"),
        ("email", "ada@example.org", "ada@example.org"),
        ("url", "https://example.org/a?b=c", "https://example.org/a?b=c"),
        ("file", {"name": "a.txt", "text": "hi"}, {"name": "a.txt", "text": "hi"}),
        ("object", {"a": {"b": [1]}}, {"a": {"b": [1]}}),
        ("list of text", ["a", "b"], ["a", "b"]),
        ("list of list of integer", [[1], []], [[1], []]),
        ("\"one of [red, 2, '3']\"", "red", "red"),
        ("\"one of [red, 2, '3']\"", 2, 2),
        ("\"one of [red, 2, '3']\"", "3", "3"),
        ("any", {"deep": [None]}, {"deep": [None]}),
        ("{type: text, default: hello}", ..., "hello"),
        ("{type: list of text, default: [a, b]}", ..., ["a", "b"]),
        ("{type: integer, default: 0}", ..., 0),
        ("{type: yes/no, default: false}", None, False),
        ("{type: text, required: false}", ..., None),
        ("{type: text, required: false}", None, None),
    ],
)
async def test_inputs(stage: Stage, declared: str, given: Any, value: Any) -> None:
    played = await stage.play(taking(declared), **({} if given is ... else {"x": given}))
    assert played.output == {"value": value}
    assert type(played.output["value"]) is type(value)
    assert played.run.inputs == {"x": value}


@pytest.mark.parametrize(
    ("declared", "given"),
    [
        ("text", 5),
        ("text", None),
        ("text", ...),
        ("number", "1"),
        ("number", True),
        ("integer", 1.5),
        ("yes/no", "perhaps"),
        ("yes/no", 1),
        ("date", "28.02.2026"),
        ("date", "2026-02-30"),
        ("time", "25:00"),
        ("duration", "soon"),
        ("email", "not an address"),
        ("url", "example"),
        ("file", {"text": "no name"}),
        ("object", []),
        ("list of text", "a, b"),
        ("list of integer", [1, "2"]),
        ('"one of [red, 2]"', "2"),
        ('"one of [red, 2]"', "green"),
    ],
)
async def test_inputs_that_do_not_fit_start_nothing(stage: Stage, declared: str, given: Any) -> None:
    version = await stage.publish(taking(declared))
    with pytest.raises(Invalid) as caught:
        await stage.start(version, {} if given is ... else {"x": given})
    assert [finding.field for finding in caught.value.findings] == ["inputs.x"]
    assert "x" in caught.value.message
    with pytest.raises(Invalid, match="There is no input called y"):
        await stage.start(version, {"y": 1})
    async with stage.database.workspace(stage.workspace_id) as connection:
        assert await connection.fetchval("select count(*) from runs where agent_id = $1", version.agent_id) == 0


TEMPLATES: list[tuple[str, Any]] = [
    ("{{ inputs.x.n }}", 7),
    ("  {{ inputs.x.n }}  ", 7),
    ("{{ inputs.x.n }}!", "7!"),
    ("{{ inputs.x.f }}", 1.5),
    ("{{ inputs.x.yes }} and {{ inputs.x.none }}.", "true and ."),
    ("{{ inputs.x.none }}", None),
    ("{{ inputs.x.list }}", [1, "b", None]),
    ("list: {{ inputs.x.list }}", 'list: [1, "b", null]'),
    ("{{ inputs.x.object }}", {"b": 1, "a": {"ü": "é"}}),
    ("object: {{ inputs.x.object }}", 'object: {"b": 1, "a": {"ü": "é"}}'),
    ("{{ inputs.x.text }}", 'quote " and \\ and \n line'),
    ("<{{ inputs.x.text }}>", '<quote " and \\ and \n line>'),
    ("{{ date('2026-03-01') }}", "2026-03-01"),
    ("on {{ date('2026-03-01') }}", "on 2026-03-01"),
    ("{{ datetime('2026-03-01T10:00:00+01:00') }}", "2026-03-01T10:00:00+01:00"),
    ("{{ duration('90 minutes') }}", "1h30m"),
    ("{{ {'a': inputs.x.n, 'b': [inputs.x.f]} }}", {"a": 7, "b": [1.5]}),
    ("{{ '}}' }} {{ \"{{\" }}", "}} {{"),
    ("\\{{ not this }}", "{{ not this }}"),
    ("{{ inputs.x.big }}", 12345678901234567890),
    ("{{ inputs.x.big * inputs.x.big }}", 12345678901234567890**2),
    ("{{ inputs.x.emoji }} ok", "👩‍🚀 ok"),
    ("{{ inputs['x']['two words'] }}", "found"),
    ("{{ default(inputs.x.missing.deeper, 'none') }}", "none"),
    ("{{ inputs.x.items }}", "a key, not a method"),
    ("{{ len(inputs.x.list) > 2 and inputs.x.n != 7 }}", False),
]
GIVEN: dict[str, Any] = {
    "n": 7,
    "f": 1.5,
    "yes": True,
    "none": None,
    "list": [1, "b", None],
    "object": {"b": 1, "a": {"ü": "é"}},
    "text": 'quote " and \\ and \n line',
    "big": 12345678901234567890,
    "emoji": "👩‍🚀",
    "two words": "found",
    "items": "a key, not a method",
}


async def test_templates_of_every_kind_of_value(stage: Stage) -> None:
    settings = "".join(f"  v{i}: {json.dumps(text)}\n" for i, (text, _) in enumerate(TEMPLATES))
    steps = f'### Make\n```yaml step\nuses: set\nwith:\n{settings}  nested: {{deep: [{{er: "{{{{ inputs.x.n }}}}"}}]}}\n```\n'
    played = await stage.play(taking("object", steps), x=GIVEN)
    assert played.status == "succeeded", played.run.failure
    made = dict(played.output)
    assert made.pop("nested") == {"deep": [{"er": 7}]}
    for i, (text, value) in enumerate(TEMPLATES):
        assert made[f"v{i}"] == value, text
    assert list(made["v8"]) == ["b", "a"]


async def test_what_every_expression_knows(stage: Stage) -> None:
    async with stage.database.workspace(stage.workspace_id) as connection:
        await connection.execute(
            "insert into workspace_variables (workspace_id, name, value) values ($1, 'city', $2) on conflict do nothing",
            stage.workspace_id,
            "Berlin",
        )
    steps = '### All\n```yaml step\nuses: set\nwith: {run: "{{ run }}", trigger: "{{ trigger }}", city: "{{ vars.city }}"}\n```\n'
    version = await stage.publish(document(steps))
    started = await stage.start(version, trigger={"kind": "webhook", "body": {"a": 1}})
    played = await stage.end(started.run_id)
    run = played.output["run"]
    assert set(run) == {"id", "started_at", "date", "agent", "version"}
    assert (run["id"], run["version"]) == (str(started.run_id), 1)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", run["started_at"])
    assert run["date"] == run["started_at"][:10]
    assert played.output["trigger"] == {"kind": "webhook", "body": {"a": 1}}
    assert played.output["city"] == "Berlin"


OUTPUTS = """outputs:
  page: "{{ write.text }}"
  count: {value: "{{ len(write.list) }}", about: How many}
  fixed: 5
  mixed: {value: {a: "{{ write.text }}", b: ["{{ write.list }}"]}}
  other: "{{ branch.text }}"
"""


async def test_declared_outputs(stage: Stage) -> None:
    steps = """### Write
```yaml step
uses: set
with: {text: hello, list: [1, 2]}
```
- If `inputs.go` → [Branch](#branch)
- Otherwise → stop

### Branch
```yaml step
uses: set
with: {text: taken}
```
"""
    text = document(steps, front=f"inputs:\n  go: yes/no\n{OUTPUTS}")
    wanted = {"page": "hello", "count": 2, "fixed": 5, "mixed": {"a": "hello", "b": [[1, 2]]}}
    assert (await stage.play(text, go=True)).output == wanted | {"other": "taken"}
    assert (await stage.play(text, go=False)).output == wanted | {"other": None}
    wrong = await stage.play(
        document(steps, front="inputs:\n  go: yes/no\noutputs:\n  bad: '{{ write.text + 1 }}'"), go=True
    )
    assert wrong.failure["message"].startswith("The output “bad” cannot be worked out: ")


async def test_large_outputs_are_kept_apart(stage: Stage) -> None:
    site = stage.site()
    large = "ä" * 150_000  # 300 kB
    site.on("GET", "/large", Reply(json={"text": large}))
    steps = """### Fetch
```yaml step
uses: http
with: {url: WEB/large}
```

### Use
```yaml step
uses: set
with: {length: "{{ len(fetch.body.text) }}", again: "{{ fetch.body.text }}"}
```
"""
    played = await stage.play(document(steps), site)
    assert played.output == {"length": 150_000, "again": large}
    assert played.row("fetch").output["body"]["text"] == large
    async with stage.database.workspace(stage.workspace_id) as connection:
        rows = await connection.fetch("select output is null as apart from steps where run_id = $1", played.run.id)
        blobs = await connection.fetchval("select count(*) from blobs where run_id = $1", played.run.id)
    assert [row["apart"] for row in rows] == [True, True]
    assert blobs == 3


async def test_too_large_an_answer_is_a_clear_error(stage: Stage) -> None:
    site = stage.site()
    site.on("GET", "/large", Reply(body=b"x" * (11 * 1024 * 1024), headers={"Content-Type": "text/plain"}))
    site.on("GET", "/four", Reply(text="y" * (4 * 1024 * 1024)))
    fetch = "### Fetch\n```yaml step\nuses: http\nwith: {url: WEB/%s}\n```\n"
    played = await stage.play(document(fetch % "large"), site)
    assert played.failure["kind"] == "rejected"
    assert "larger than 10 MiB" in played.failure["message"]
    three = '### Thrice\n```yaml step\nuses: set\nwith: {all: ["{{ fetch.body }}", "{{ fetch.body }}", "{{ fetch.body }}"]}\n```\n'
    played = await stage.play(document(fetch % "four" + three), site)
    assert (played.failure["kind"], played.failure["path"]) == ("rejected", "thrice")
    assert "a step may give 10 MiB at most" in played.failure["message"]


async def test_too_large_a_loop_is_a_clear_error(stage: Stage) -> None:
    site = stage.site()
    site.on("GET", "/two", Reply(text="z" * (2 * 1024 * 1024)))
    each = """### Each
```yaml step
uses: foreach
with: {items: "{{ range(6) }}", at_once: 6}
```

#### Fetch
```yaml step
uses: http
with: {url: WEB/two}
```

### After
```yaml step
uses: http
with: {url: WEB/after}
```
"""
    played = await stage.play(document(each), site)
    assert (played.failure["kind"], played.failure["path"]) == ("rejected", "each")
    assert "12.0 MiB; a step may give 10 MiB at most" in played.failure["message"]
    assert site.seen("/after") == []


ODD = b'{"nul": "a\\u0000b", "lone": "x\\ud800y\\udc00", "pair": "\\ud83d\\ude00", "key\\u0000\\ud801": 1, "big": 123456789012345678901234567890}'


async def test_odd_characters_go_through_the_journal(stage: Stage) -> None:
    """A lone surrogate cannot be written as UTF-8: from its step on, everybody sees U+FFFD in its place."""
    site = stage.site()
    site.on("GET", "/odd", Reply(body=ODD, headers={"Content-Type": "application/json"}))
    site.on("POST", "/echo", lambda seen: Reply(body=seen.body, headers={"Content-Type": "application/json"}))
    steps = """### Fetch
```yaml step
uses: http
with: {url: WEB/odd}
```

### Send on
```yaml step
uses: http
with: {url: WEB/echo, method: POST, json: "{{ fetch.body }}", query: {q: "{{ fetch.body.lone }}"}, headers: {X-Length: "{{ len(fetch.body.lone) }}"}}
```

### Send text
```yaml step
uses: http
with: {url: WEB/echo, method: POST, body: "{{ fetch.body.lone }}"}
```

### Count
```yaml step
uses: code
with: {text: "{{ fetch.body.lone }}", nul: "{{ fetch.body.nul }}"}
```
```python code
[len(text), len(nul), text]
```

### Mail
```yaml step
uses: email.send
with: {to: odd@example.org, subject: "{{ fetch.body.lone }}", body: "{{ fetch.body.lone }}"}
```

### Keep
```yaml step
uses: set
with: {fetched: "{{ fetch.body }}", echoed: "{{ send_on.body }}", counted: "{{ count.result }}"}
```
"""
    played = await stage.play(document(steps), site)
    assert played.status == "succeeded", played.run.failure
    whole = {
        "nul": "a\x00b",
        "lone": "x\ufffdy\ufffd",
        "pair": "😀",
        "key\x00\ufffd": 1,
        "big": 123456789012345678901234567890,
    }
    assert played.output == {"fetched": whole, "echoed": whole, "counted": [4, 3, "x\ufffdy\ufffd"]}
    assert played.row("fetch").output["body"] == whole
    assert json.loads(site.seen("/echo")[0].body) == whole
    assert site.seen("/echo")[0].query == {"q": "x\ufffdy\ufffd"}


async def test_an_error_with_odd_characters_is_told(stage: Stage) -> None:
    site = stage.site()
    site.on(
        "GET",
        "/odd",
        Reply(422, body=b'{"message": "bad \\ud800\\u0000 value"}', headers={"Content-Type": "application/json"}),
    )
    fetch = "### Fetch\n```yaml step\nuses: http\nwith: {url: WEB/odd}\n```\n"
    played = await stage.play(document(fetch), site)
    assert (played.failure["kind"], played.failure["path"]) == ("rejected", "fetch")
    assert "bad \ufffd" in played.failure["message"]
    caught = fetch + "- On error → [Tell](#tell)\n"
    tell = '### Tell\n```yaml step\nuses: set\nwith: {why: "{{ error.message }}"}\n```\n'
    told = await stage.play(document(caught, errors=tell), site)
    assert "bad \ufffd" in told.output["why"]


async def test_numbers_that_are_none(stage: Stage) -> None:
    """``NaN`` and the infinities are no JSON, whoever sends them: they become null at once, not only in the journal."""
    site = stage.site()
    site.on(
        "GET",
        "/odd",
        Reply(body=b'{"a": NaN, "b": [Infinity], "c": 1e999}', headers={"Content-Type": "application/json"}),
    )
    steps = """### Fetch
```yaml step
uses: http
with: {url: WEB/odd}
```

### Look
```yaml step
uses: set
with: {a: "{{ fetch.body.a is null }}", b: "{{ fetch.body.b }}", text: "{{ fetch.body.a }}."}
```
"""
    played = await stage.play(document(steps), site)
    assert played.row("fetch").output["body"] == {"a": None, "b": [None], "c": None}
    assert played.row("look").output == {"a": True, "b": [None], "text": "."}
    infinite = await stage.play(document('### Sum\n```yaml step\nuses: set\nwith: {sum: "{{ 1e308 * 10 }}"}\n```\n'))
    assert "not a finite number" in infinite.failure["message"]


async def test_names_of_all_kinds(stage: Stage) -> None:
    steps = """### Import
```yaml step
uses: set
with: {n: 1}
```

### Größe prüfen
```yaml step
uses: set
with: {n: "{{ import.n + 1 }}"}
```

### 日本語
```yaml step
uses: set
with: {n: "{{ größe_prüfen.n + 1 }}"}
```

### 2nd try
```yaml step
uses: set
with: {n: "{{ 日本語.n + 1 }}"}
```

### In
```yaml step
uses: set
with: {n: "{{ _2nd_try.n + 1 }}"}
```

### What's *up* with `this`, then?
```yaml step
uses: set
with: {n: "{{ in_.n + 1 }}"}
```

### Other
```yaml step
id: Own-Id_1
uses: set
with: {n: "{{ whats_up_with_this_then.n + 1 }}"}
```

### Last
```yaml step
uses: set
with: {n: "{{ Own_Id_1.n + 1 }}"}
```
"""
    played = await stage.play(document(steps))
    assert played.output == {"n": 8}
    assert [row.path for row in played.journal] == [
        *("import", "größe-prüfen", "日本語", "2nd-try", "in", "whats-up-with-this-then", "Own-Id_1", "last")
    ]


async def test_odd_inputs_triggers_and_keys(stage: Stage) -> None:
    version = await stage.publish(taking("{type: text, default: a}"))
    odd = "a\x00b\ud800"
    one = await stage.start(version, {"x": odd}, trigger={"kind": "webhook", "body": odd})
    assert (await stage.end(one.run_id)).output == {"value": "a\x00b\ufffd"}
    with pytest.raises(Invalid, match="cannot be stored"):
        await stage.start(version, key=odd)


async def test_the_client_is_the_guarded_one(stage: Stage) -> None:
    """What documents reach goes through the guard: the stage allows loopback, and nothing else that is private."""
    assert isinstance(stage.outside.net, Client)
    steps = '### Fetch\n```yaml step\nuses: http\nwith: {url: "http://169.254.169.254/latest/meta-data"}\n```\n'
    played = await stage.play(document(steps))
    assert played.failure["kind"] == "rejected"
    assert "private or local" in played.failure["message"]
