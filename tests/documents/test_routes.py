"""Documents that branch: where a run goes after each step, what joins, what is passed over, how it ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.documents.stage import Stage, document
from tests.world import Reply


@dataclass
class Case:
    """A document, its inputs, and what has to come out. ``ran``: ids of the steps that succeeded."""

    name: str
    markdown: str
    ran: set[str]
    output: Any = None
    status: str = "succeeded"
    inputs: dict[str, Any] = field(default_factory=dict)
    skipped: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    failure: dict[str, Any] = field(default_factory=dict)


def note(name: str, routes: str = "", **extra: str) -> str:
    """A step that only notes that it ran."""
    more = "".join(f"{key.rstrip('_')}: {value}\n" for key, value in extra.items())
    return f"### {name}\n```yaml step\nuses: set\nwith: {{at: {name}}}\n{more}```\n{routes}\n"


BROKEN = '### {name}\n```yaml step\nuses: fail\nwith: {{message: "{name} broke"}}\n```\n{routes}\n'


def broken(name: str, routes: str = "") -> str:
    return BROKEN.format(name=name, routes=routes)


BY_SIZE = document(
    note("A", "- If `inputs.n > 10` → [B](#b)\n- If `inputs.n > 5` → [C](#c)\n- Otherwise → [D](#d)")
    + note("B", "- Then → stop")
    + note("C", "- Then → stop")
    + note("D"),
    front="inputs:\n  n: integer",
)

FAN_OUT = document(
    note("A", "- Then → [B](#b) and [C](#c), [D](#d)")
    + note("B", "- Then → [E](#e)")
    + note("C", "- Then → [E](#e)")
    + note("D", "- Then → [E](#e)")
    + note("E")
)

IN_DOUBT = document(
    note("A", "- If `inputs.go` → [B](#b)\n- If `inputs.go == null` → fail\n- Otherwise → stop") + note("B"),
    front="inputs:\n  go: {type: yes/no, required: false}",
)

PASSED = document(
    note("A") + note("B", if_="inputs.go") + '### C\n```yaml step\nuses: set\nwith: {b: "{{ B }}"}\n```\n',
    front="inputs:\n  go: yes/no",
).replace("{{ B }}", "{{ b }}")

CAUGHT = document(
    broken("A", "- On error → [Z](#z)") + note("B"),
    errors='### Z\n```yaml step\nuses: set\nwith: {why: "{{ error.message }}", kind: "{{ error.kind }}", at: "{{ error.step }}"}\n```\n',
)

FALL_BACK = document(
    "### A\n```yaml step\nuses: condition\n```\n- If `inputs.x` → [B](#b)\n- Otherwise → [B](#b)\n- On error → [Z](#z)\n"
    + '### B\n```yaml step\nuses: set\njoin: any\nwith: {z: "{{ z }}"}\n```\n',
    front="inputs:\n  x: {type: any, required: false}",
    errors=note("Z", "- Then → [B](#b)"),
)

ERROR_IN_SIGHT = document(
    "### Each\n```yaml step\nuses: foreach\nwith: {items: [5]}\n```\n\n"
    "#### Inner\n```yaml step\nuses: fail\nwith: {message: 'no {{ item }}'}\n```\n",
    front="on failure: first",
    errors=note("First")
    + '### Second\n```yaml step\nuses: set\nwith: {why: "{{ error.message }}", at: "{{ error.step }}"}\n```\n'
    + broken("Third")
    + note("Fourth"),
)

CASES = [
    Case("first-if", BY_SIZE, {"a", "b"}, {"at": "B"}, inputs={"n": 11}, skipped={"c", "d"}),
    Case("second-if", BY_SIZE, {"a", "c"}, {"at": "C"}, inputs={"n": 6}, skipped={"b", "d"}),
    Case("otherwise", BY_SIZE, {"a", "d"}, {"at": "D"}, inputs={"n": 5}, skipped={"b", "c"}),
    Case("fan-out-and-join-all", FAN_OUT, {"a", "b", "c", "d", "e"}, {"at": "E"}),
    Case("if-to-a-step", IN_DOUBT, {"a", "b"}, {"at": "B"}, inputs={"go": True}),
    Case("otherwise-stop", IN_DOUBT, {"a"}, {"at": "A"}, inputs={"go": False}, skipped={"b"}),
    Case(
        "if-to-fail",
        IN_DOUBT,
        {"a"},
        status="failed",
        skipped={"b"},
        failure={"kind": "rejected", "path": "a"},
    ),
    Case("step-if-holds", PASSED, {"a", "b", "c"}, {"b": {"at": "B"}}, inputs={"go": True}),
    Case("step-if-does-not-hold", PASSED, {"a", "c"}, {"b": None}, inputs={"go": False}, skipped={"b"}),
    Case(
        "on-error",
        CAUGHT,
        {"z"},
        {"why": "A broke", "kind": "rejected", "at": "a"},
        failed={"a"},
        skipped={"b"},
    ),
    Case(
        "no-on-error",
        document(broken("A") + note("B")),
        set(),
        status="failed",
        failed={"a"},
        skipped={"b"},
        failure={"kind": "rejected", "message": "A broke", "path": "a"},
    ),
    Case(
        "on-error-fail-and-then-go-on",
        document(broken("A", "- On error → fail") + note("B")),
        set(),
        status="failed",
        failed={"a"},
        skipped={"b"},
        failure={"message": "A broke"},
    ),
    Case(
        "on-error-stop-ends-well",
        document(broken("A", "- On error → stop") + note("B")),
        set(),
        failed={"a"},
        skipped={"b"},
    ),
    Case(
        "on-error-of-another-kind-does-not-catch",
        document(broken("A", "- On error `auth` → [Z](#z)") + note("B"), errors=note("Z")),
        set(),
        status="failed",
        failed={"a"},
        skipped={"b", "z"},
        failure={"message": "A broke"},
    ),
    Case(
        "on-error-of-its-kind-goes-before-any",
        document(
            broken("A", "- On error → [Y](#y)\n- On error `rejected` → [Z](#z)") + note("B"),
            errors=note("Y", "- Then → stop") + note("Z"),
        ),
        {"z"},
        {"at": "Z"},
        failed={"a"},
        skipped={"b", "y"},
    ),
    Case(
        "on-failure-runs-and-the-run-stays-failed",
        document(
            broken("A") + note("B"),
            front="on failure: tell",
            errors='### Tell\n```yaml step\nuses: set\nwith: {was: "{{ error.message }} in {{ error.step }}"}\n```\n'
            + note("After"),
        ),
        {"tell", "after"},
        status="failed",
        failed={"a"},
        skipped={"b"},
        failure={"message": "A broke", "path": "a"},
    ),
    Case(
        "on-failure-does-not-run-when-all-is-well",
        document(note("A"), front="on failure: tell", errors=note("Tell")),
        {"a"},
        {"at": "A"},
    ),
    Case(
        "on-failure-after-a-route-to-fail",
        document(note("A", "- If `1 == 1` → fail\n- Otherwise → stop"), front="on failure: tell", errors=note("Tell")),
        {"a", "tell"},
        status="failed",
        failure={"path": "a"},
    ),
    Case(
        "a-branch-goes-on-while-another-fails",
        document(note("A", "- Then → [B](#b) and [C](#c)") + broken("B", "- Then → stop") + note("C") + note("D")),
        {"a", "c", "d"},
        status="failed",
        failed={"b"},
        failure={"path": "b"},
    ),
    Case(
        "a-condition-that-cannot-be-worked-out",
        document(note("A", "- If `a.nothing > 1` → stop\n- Otherwise → [B](#b)") + note("B")),
        set(),
        status="failed",
        failed={"a"},
        skipped={"b"},
        failure={"kind": "rejected", "path": "a"},
    ),
    Case(
        "two-open-ends-give-both",
        document(note("A", "- Then → [B](#b) and [C](#c)") + note("B", "- Then → stop") + note("C")),
        {"a", "b", "c"},
        {"b": {"at": "B"}, "c": {"at": "C"}},
    ),
    Case("condition-goes-on", FALL_BACK, {"a", "b"}, {"z": None}, inputs={"x": 1}, skipped={"z"}),
    Case(
        "a-step-after-an-error-route-leads-back",
        FALL_BACK.replace("`inputs.x`", "`inputs.x.y > 1`"),
        {"z", "b"},
        {"z": {"at": "Z"}},
        inputs={"x": 1},
        failed={"a"},
    ),
    Case(
        "if-that-cannot-be-worked-out-is-caught",
        document(
            note("A", "- On error → [Z](#z)", if_="inputs.nothing.at.all"),
            front="inputs:\n  nothing: {type: any, required: false}",
            errors=note("Z"),
        ),
        {"z"},
        {"at": "Z"},
        failed={"a"},
    ),
    Case(
        "items-that-cannot-be-worked-out-are-caught",
        document(
            "### A\n```yaml step\nuses: foreach\nwith: {items: '{{ inputs.n }}'}\n```\n- On error → [Z](#z)\n\n#### B\n```yaml step\nuses: set\n```\n",
            front="inputs:\n  n: {type: any, required: false}",
            errors=note("Z"),
        ),
        {"z"},
        {"at": "Z"},
        failed={"a"},
    ),
    Case(
        "on-failure-sees-the-error-and-may-fail-itself",
        ERROR_IN_SIGHT,
        {"first", "second"},
        status="failed",
        skipped={"fourth"},
        failed={"each", "each[0].inner", "third"},
        failure={"message": "Item 1 of “Each” failed: no 5", "path": "each[0].inner"},
    ),
    Case("arrow-in-ascii", document(note("A", "- Then -> [B](#b)") + note("B")), {"a", "b"}, {"at": "B"}),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_where_a_run_goes(stage: Stage, case: Case) -> None:
    played = await stage.play(case.markdown, **case.inputs)
    assert played.status == case.status, played.run.failure
    assert played.ran == case.ran
    assert played.paths("skipped") == case.skipped
    assert played.paths("failed") == case.failed
    assert played.output == case.output
    if case.status == "failed":
        assert case.failure.items() <= played.failure.items()
        assert played.run.cause == "step_failed"
    else:
        assert (played.run.failure, played.run.cause) == (None, None)


JOIN = """### Start
```yaml step
uses: set
```
- Then → [Quick](#quick) and [Slow](#slow)

### Quick
```yaml step
uses: http
with: {url: WEB/quick}
```
- Then → [Both](#both)

### Slow
```yaml step
uses: http
with: {url: WEB/slow}
```
- Then → [Both](#both)

### Both
```yaml step
uses: set
join: %s
with: {quick: "{{ quick }}", slow: "{{ slow?}}"}
```

### After
```yaml step
uses: http
with: {url: WEB/after}
```
"""


@pytest.mark.parametrize(
    ("join", "order"), [("all", ["/quick", "/slow", "/after"]), ("any", ["/quick", "/after", "/slow"])]
)
async def test_joins(stage: Stage, join: str, order: list[str]) -> None:
    site = stage.site()
    site.on("GET", "/quick", Reply(json=1))
    site.on("GET", "/slow", Reply(json=2, delay_s=0.3))
    site.on("GET", "/after", Reply(json=3))
    text = JOIN.replace("{{ slow?}}", "{{ default(slow.body, 'not yet') }}").replace("%s", join)
    played = await stage.play(document(text), site)
    assert played.status == "succeeded"
    succeeded = [row.path for row in played.journal if row.status == "succeeded"]
    assert sorted(succeeded) == ["after", "both", "quick", "slow", "start"]
    assert [path for path in succeeded if path in ("quick", "slow", "after")] == [path[1:] for path in order]
    assert played.row("both").output["slow"] == (2 if join == "all" else "not yet")


async def test_named_outcomes_lead_on(stage: Stage) -> None:
    text = document(
        """### What is it about?
```yaml step
uses: llm.classify
model: openai:gpt-4o-mini
with: {text: "{{ inputs.message }}", labels: [outage, billing, praise]}
```
- When `outage` → [Wake](#wake) and [Answer](#answer)
- If `len(inputs.message) < 10` → stop
- Otherwise → [Answer](#answer)

### Wake
```yaml step
uses: set
```
- Then → stop

### Answer
```yaml step
uses: respond
join: any
with: {status: 202, body: "{{ what_is_it_about.label }}"}
```
""",
        front="inputs:\n  message: text",
    )
    await stage.vault.seal(
        stage.workspace_id, "openai", {"key": stage.world.models.key, "base_url": stage.world.models.openai_url}
    )
    for said, message, ran in [
        ("outage", "Nothing works since noon", {"what-is-it-about", "wake", "answer"}),
        ("billing", "The bill is wrong", {"what-is-it-about", "answer"}),
        ("praise", "Thanks", {"what-is-it-about"}),
        ("outage", "Down", {"what-is-it-about", "wake", "answer"}),  # the outcome leads on, and so does the `If`
    ]:
        stage.world.models.say(f'{{"label": "{said}"}}', "unused")
        played = await stage.play(text, message=message)
        assert (played.status, played.row("what-is-it-about").outcome) == ("succeeded", said)
        assert played.ran == ran, (said, message)
