"""Changes on one hand-written document with comments, block and flow style: which lines change, and how."""

from __future__ import annotations

import difflib
from typing import Any

import pytest

from plainwork.errors import Invalid
from plainwork.spec.edit import edit
from plainwork.spec.markdown import parse

TEXT = """---
agentspec: 1
# when it starts
when: every day at 7   # in the morning
inputs:
  topic: text
limits: { cost per run: 0.05 USD }
---

# Digest

Intro.

## Steps

### Fetch
```yaml step
uses: http     # the web
with:
  url: 'http://x.y/'   # where
  # headers follow
  headers: {A: "1",   B: "2"}
  list:
    - one
    - two
timeout: 20s
```

### Decide
Look first.
```yaml step
uses: condition
```
- If `len(fetch.body) == 0` → stop
- Otherwise → [Write](#write)

### Write
```yaml step
uses: llm
```
```text prompt
Say it.
```
- On error → [Rescue](#rescue)

### Each
```yaml step
uses: foreach
with: {items: "{{ write.data }}"}
```

#### Mail
```yaml step
uses: email.send
with: {to: a@b.c}
```

## When things go wrong

### Rescue
```yaml step
uses: todo
```
"""


def changes(change: dict[str, Any], text: str = TEXT) -> list[str]:
    """The lines that went and came."""
    after = edit(text, change).markdown
    lines = difflib.unified_diff(text.split("\n"), after.split("\n"), n=0, lineterm="")
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def put(node: str | None, path: str, *value: Any) -> dict[str, Any]:
    return {"op": "set", "node": node, "path": path} | ({"value": value[0]} if value else {})


def deep() -> Any:
    value: Any = 1
    for _ in range(100_000):
        value = [value]
    return value


UNUSUAL = """---
agentspec: 1
---

# Digest

## Steps

### Fetch
```yaml step
uses: http
with:
  # looks odd, is YAML
  ? "a: b"
  : 1
  items:
  - one
```
"""


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        (put("fetch", "with.url", "x"), ["+  url: x"]),
        (put("fetch", "with.items", None), ["-  items:", "-  - one", "+  items: null"]),
        ({"op": "set", "node": "fetch", "path": ["with", "a: b"], "value": {"c": [1]}}, ["-  : 1", "+  : {c: [1]}"]),
        ({"op": "set", "node": "fetch", "path": ["with", "a: b"]}, ['-  ? "a: b"', "-  : 1"]),
    ],
)
def test_layouts_that_few_people_use_stay_too(change: dict[str, Any], lines: list[str]) -> None:
    assert sorted(changes(change, UNUSUAL)) == sorted(lines)


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        (put("fetch", "with.url", "http://z/"), ["-  url: 'http://x.y/'   # where", "+  url: 'http://z/'   # where"]),
        (put("fetch", "with.url", 5), ["-  url: 'http://x.y/'   # where", "+  url: 5   # where"]),
        (
            put("fetch", "with.headers.B", "it's"),
            ['-  headers: {A: "1",   B: "2"}', '+  headers: {A: "1",   B: "it\'s"}'],
        ),
        (put("fetch", "with.headers.C", 3), ['-  headers: {A: "1",   B: "2"}', '+  headers: {A: "1",   B: "2", C: 3}']),
        (put("fetch", "with.headers.A"), ['-  headers: {A: "1",   B: "2"}', '+  headers: {B: "2"}']),
        (put("fetch", "with.list.1", "zwei"), ["-    - two", "+    - zwei"]),
        (put("fetch", "with.list.2", "three"), ["+    - three"]),
        (put("fetch", "with.list", None), ["-  list:", "-    - one", "-    - two", "+  list: null"]),
        (put("fetch", "with.expect", [200]), ["+  expect: [200]"]),
        (put("fetch", "with.body", "a\nb"), ["+  body: |-", "+    a", "+    b"]),
        (put("fetch", "with.url"), ["-  url: 'http://x.y/'   # where"]),
        (put("fetch", "uses", "set"), ["-uses: http     # the web", "+uses: set     # the web"]),
        (put("fetch", "timeout"), ["-timeout: 20s"]),
        (put("fetch", "retry.times", 2), ["+retry: {times: 2, wait: 1s, backoff: 2}"]),
        (put("fetch", "note", "yes"), ['+note: "yes"']),
        (put("fetch", "about", "Why."), ["+Why."]),
        (put("decide", "about", "Look twice."), ["-Look first.", "+Look twice."]),
        (put("write", "with.prompt", "Say more."), ["-Say it.", "+Say more."]),
        (put("write", "with.model", "x"), ["+with: {model: x}"]),
        (
            put(None, "when", [{"kind": "chat"}]),
            ["-when: every day at 7   # in the morning", "+when: chat   # in the morning"],
        ),
        (
            put(None, "limits.runs_per_day", 3),
            ["-limits: { cost per run: 0.05 USD }", "+limits: { cost per run: 0.05 USD, runs per day: 3 }"],
        ),
        (put(None, "inputs.topic.about", "What"), ["-  topic: text", "+  topic: {type: text, about: What}"]),
        (put(None, "title", "News"), ["-# Digest", "+# News"]),
        (put(None, "about", "In\ntwo."), ["-Intro.", "+In", "+two."]),
        (put(None, "secrets.MAIL", "Mails"), ["+secrets:", "+  MAIL: Mails"]),
        (
            {"op": "rename", "node": "write", "name": "Compose"},
            [
                "-- Otherwise → [Write](#write)",
                "+- Otherwise → [Compose](#write)",
                "-### Write",
                "+### Compose",
                "+id: write",
            ],
        ),
        (
            {"op": "condition", "node": "decide", "route": 0, "test": "x"},
            ["-- If `len(fetch.body) == 0` → stop", "+- If `x` → stop"],
        ),
        ({"op": "connect", "from": "fetch", "to": "decide"}, []),
        ({"op": "connect", "from": "write", "to": "each"}, []),
        ({"op": "connect", "from": "each", "to": "stop"}, ["+- Then → stop"]),
        (
            {"op": "connect", "from": "fetch", "to": "each"},
            ["+- Then → [Decide](#decide) and [Each](#each)"],
        ),
        ({"op": "connect", "from": "fetch", "to": "rescue", "lead": "error"}, ["+- On error → [Rescue](#rescue)"]),
        ({"op": "disconnect", "from": "fetch", "to": "decide"}, ["+- Then → stop"]),
        ({"op": "disconnect", "from": "write", "to": "rescue"}, ["-- On error → [Rescue](#rescue)"]),
        (
            {"op": "connect", "from": "decide", "to": "each", "lead": "when", "test": "late"},
            ["+- When `late` → [Each](#each)", "+- Then → [Each](#each)"],
        ),
        ({"op": "delete", "node": "fetch"}, None),
        ({"op": "move", "node": "rescue", "after": "mail"}, None),
        (
            {"op": "add", "step": {"name": "Log", "uses": "set"}, "after": "fetch"},
            ["+```", "+", "+### Log", "+```yaml step", "+uses: set"],
        ),
    ],
)
def test_only_the_lines_concerned_change(change: dict[str, Any], lines: list[str] | None) -> None:
    found = changes(change)
    if lines is not None:
        assert found == lines
    assert parse(edit(TEXT, change).markdown).spec is not None


def test_deleting_a_step_takes_its_lines_and_the_routes_to_it() -> None:
    after = edit(TEXT, {"op": "delete", "node": "rescue"}).markdown
    assert "Rescue" not in after
    assert "When things go wrong" not in after
    assert after.endswith("with: {to: a@b.c}\n```\n")


def test_a_step_inherits_where_the_deleted_one_led() -> None:
    text = TEXT.replace("timeout: 20s\n```\n", "timeout: 20s\n```\n- Then → [Write](#write)\n", 1).replace(
        "### Fetch", "### First\n```yaml step\nuses: set\n```\n\n### Fetch"
    )
    after = edit(text, {"op": "delete", "node": "fetch"}).markdown
    assert "### First\n```yaml step\nuses: set\n```\n- Then → [Write](#write)\n" in after


def test_the_places_of_what_changed_are_told() -> None:
    edited = edit(TEXT, put("fetch", "timeout", "30s"))
    (span,) = edited.changed
    assert edited.markdown[span.start : span.end] == "3"
    assert edited.markdown.split("\n")[span.line - 1] == "timeout: 30s"


def test_a_new_step_gets_a_free_id_and_its_place_in_a_loop() -> None:
    edited = edit(TEXT, {"op": "add", "step": {"name": "Mail", "uses": "set"}, "into": "each"})
    (loop,) = [step for step in edited.spec.steps if step.id == "each"]
    assert [step.id for step in loop.steps] == ["mail", "mail-2"]
    assert "#### Mail\n```yaml step\nid: mail-2\nuses: set\n```\n" in edited.markdown


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"op": "explode"},
        {"op": ["set"]},
        put("nobody", "timeout", "1s"),
        put("fetch", "id", "x"),
        put("fetch", "steps", []),
        put("fetch", "colour", "red"),
        put("fetch", "retry.times", "often"),
        put("fetch", "", 1),
        put("fetch", "about", "### Heading"),
        put("fetch", "with.list.9", 1),
        put(None, "title", ""),
        put(None, "agentspec", 2),
        {"op": "set", "node": "fetch"},
        put("fetch", "with.x", deep()),
        {"op": "set", "node": "fetch", "path": [[]], "value": 1},
        {"op": "rename", "node": "fetch", "name": "a\nb"},
        {"op": "rename", "node": "fetch"},
        {"op": "connect", "from": "fetch", "to": "nobody"},
        {"op": "connect", "from": "fetch", "to": "each", "lead": "if"},
        {"op": "connect", "from": "fetch", "to": "each", "lead": "maybe"},
        {"op": "disconnect", "from": "fetch", "to": "each"},
        {"op": "condition", "node": "decide", "route": 7, "test": "x"},
        {"op": "condition", "node": "decide", "route": 0, "test": ""},
        {"op": "move", "node": "each", "into": "each"},
        {"op": "move", "node": "each", "after": "mail"},
        {"op": "move", "node": "mail", "into": "write"},
        {"op": "add", "step": {"uses": "set"}},
        {"op": "add", "step": {"name": "X"}},
        {"op": "add", "step": {"name": "X", "uses": "set"}, "lane": "fast"},
        {"op": "add", "step": {"name": "X", "uses": "set", "id": "fetch"}},
    ],
)
def test_a_change_that_does_not_fit_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        edit(TEXT, change)


def test_a_document_with_errors_is_not_edited() -> None:
    with pytest.raises(Invalid) as caught:
        edit("no title", put("a", "timeout", "1s"))
    assert {finding.code for finding in caught.value.findings} == {"missing-version", "missing-title"}


def test_a_tilde_fence_becomes_one_that_can_grow() -> None:
    text = TEXT.replace("```text prompt\nSay it.\n```", "~~~text prompt\nSay it.\n~~~")
    assert "````text prompt\n```\n````\n" in edit(text, put("write", "with.prompt", "```")).markdown


@pytest.mark.parametrize(
    ("node", "path", "value", "line"),
    [
        (None, ["when", 0, "phrase"], "every day at 8", "when: every day at 8   # in the morning"),
        ("decide", ["routes", 0, "test"], "fetch.body == []", "- If `fetch.body == []` → stop"),
        ("decide", ["routes", 1], {"lead": "otherwise", "to": ["stop"]}, "- Otherwise → stop"),
        ("fetch", ["routes", 0], {"lead": "error", "to": ["stop"]}, "- On error → stop"),
        (None, ["tags", 0], "daily", "tags: [daily]"),
    ],
)
def test_items_of_lists_are_set_by_their_number(node: str | None, path: list[Any], value: Any, line: str) -> None:
    edited = edit(TEXT, {"op": "set", "node": node, "path": path, "value": value})
    assert line in edited.markdown.split("\n")


def test_items_of_lists_are_taken_away_by_their_number() -> None:
    assert "- If" not in edit(TEXT, {"op": "set", "node": "decide", "path": ["routes", 0]}).markdown
    assert "when:" not in edit(TEXT, {"op": "set", "node": None, "path": ["when", 0]}).markdown
    with pytest.raises(Invalid, match="no item 5 in a list of 2"):
        edit(TEXT, {"op": "set", "node": "decide", "path": ["routes", 5]})
