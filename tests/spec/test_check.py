"""Every finding of the checker: what it says, where, and what it leaves alone."""

from __future__ import annotations

import pytest

from plainwork.errors import Invalid
from plainwork.spec import load, load_json
from plainwork.spec.check import check_flow, check_spec
from plainwork.spec.model import Schedule, Spec, Step
from tests.spec.documents import only, read
from tests.spec.kinds import CATALOGUE

GOOD = """
Fetch | uses: http ;; with: {url: "https://{{ inputs.host }}/posts.json", expect: [200]}
Keep | uses: filter ;; with: {items: "{{ fetch.body.posts }}", where: item.score > inputs.least and index < 9}
Each | uses: foreach ;; with: {items: "{{ keep.items }}", as: post}
# Shorten | uses: llm ;; with: {title: "{{ post.title }}", prompt: "{{ title }} {{ item }} {{ index }} {{ keep.count }}"}
Any | uses: condition
- If `each.count == 0` → stop
- Otherwise → [Mail](#mail)
Mail | uses: email.send ;; with: {to: "{{ inputs.to }}", body: "{{ each.results }} {{ run.date }} {{ vars.sign }}"}
- On error → [Tell](#tell)
"""
FRONT = "inputs: {host: url, least: {type: integer, default: 5}, to: email}"
ERRORS = 'Tell | uses: set ;; with: {why: "{{ error.message }}", what: "{{ mail }}", all: "{{ fetch.status }}"}'


def test_a_good_document_has_no_findings() -> None:
    loaded = read(GOOD, front=FRONT, errors=ERRORS)
    assert [str(finding) for finding in loaded.findings] == []
    assert loaded.is_valid
    assert loaded.valid_flow() == loaded.flow


def test_the_flow_of_a_good_document_has_none_either() -> None:
    assert check_flow(read(GOOD, front=FRONT, errors=ERRORS).valid_flow(), CATALOGUE) == []


ONE: dict[str, tuple[str, str, str, str | None, str | None]] = {
    # what: (steps, code, severity, node, field)
    "an unknown kind": ("A | uses: htp", "unknown-kind", "error", "a", "uses"),
    "another version": ("A | uses: set@7", "unknown-version", "error", "a", "uses"),
    "a missing setting": ("A | uses: http", "missing-setting", "error", "a", "with.url"),
    "an unknown setting": (
        "A | uses: http ;; with: {url: u, metod: GET}",
        "unknown-setting",
        "error",
        "a",
        "with.metod",
    ),
    "a setting where there is none": (
        "A | uses: group ;; with: {x: 1}\n# B | uses: set",
        "unknown-setting",
        "error",
        "a",
        "with.x",
    ),
    "a number for a text": ("A | uses: http ;; with: {url: 5}", "bad-setting", "error", "a", "with.url"),
    "a wrong item": (
        "A | uses: http ;; with: {url: u, expect: [200, x]}",
        "bad-setting",
        "error",
        "a",
        "with.expect.1",
    ),
    "a wrong word": ("A | uses: http ;; with: {url: u, method: PUT}", "bad-setting", "error", "a", "with.method"),
    "an empty text": ("A | uses: http ;; with: {url: ''}", "bad-setting", "error", "a", "with.url"),
    "text around a template for a list": (
        "A | uses: filter ;; with: {items: 'x {{ inputs }}'}",
        "bad-setting",
        "error",
        "a",
        "with.items",
    ),
    "too much at once": ("A | uses: wait ;; with: {for: 5s, until: x}", "bad-setting", "error", "a", "with"),
    "a wrong duration": ("A | uses: wait ;; with: {for: 5 apples}", "bad-duration", "error", "a", "with.for"),
    "a wrong time limit": ("A | uses: set ;; timeout: soon", "bad-duration", "error", "a", "timeout"),
    "no time at all": ("A | uses: set ;; timeout: 0s", "bad-duration", "error", "a", "timeout"),
    "a wrong wait": ("A | uses: set ;; retry: {times: 2, wait: x}", "bad-duration", "error", "a", "retry.wait"),
    "too many retries": ("A | uses: set ;; retry: {times: 1000}", "bad-retry", "error", "a", "retry.times"),
    "a shrinking backoff": ("A | uses: set ;; retry: {backoff: 0.5}", "bad-retry", "error", "a", "retry.backoff"),
    "retries of what": ("A | uses: set ;; retry: {on: [timeuot]}", "bad-retry", "error", "a", "retry.on"),
    "a wrong model": ("A | uses: set ;; model: gpt", "bad-model", "error", "a", "model"),
    "no limit": ("A | uses: set ;; limits: {tokens per run: 0}", "bad-limit", "error", "a", "limits.tokens_per_run"),
    "runs of a step": ("A | uses: set ;; limits: {runs per day: 3}", "no-use", "warning", "a", "limits.runs_per_day"),
    "an order on a step": ("A | uses: set ;; limits: {priority: low}", "no-use", "warning", "a", "limits.priority"),
    "a time limit of a loop": (
        "A | uses: foreach ;; with: {items: []} ;; timeout: 5s\n# B | uses: set",
        "no-use",
        "warning",
        "a",
        "timeout",
    ),
    "memory of an act": (
        "A | uses: http ;; with: {url: u, method: POST} ;; cache: 5m",
        "no-use",
        "warning",
        "a",
        "cache",
    ),
    "a missing account": ("A | uses: sql.query ;; with: {query: q}", "needs-account", "warning", "a", "account"),
    "a secret that is not listed": (
        "A | uses: http ;; account: API ;; with: {url: u}",
        "unlisted-secret",
        "error",
        "a",
        "account",
    ),
    "an open step": ("A | uses: todo", "todo", "warning", "a", None),
    "a loop around nothing": ("A | uses: group", "empty-loop", "error", "a", None),
    "an expression that cannot be read": (
        "A | uses: set ;; with: {x: '{{ 1 + }}'}",
        "bad-expression",
        "error",
        "a",
        "with.x",
    ),
    "an open brace": ("A | uses: set ;; with: {x: {y: ['{{ 1']}}", "bad-expression", "error", "a", "with.x.y.0"),
    "an unknown function": ("A | uses: set ;; with: {x: '{{ shout(1) }}'}", "bad-expression", "error", "a", "with.x"),
    "a broken where": (
        "A | uses: filter ;; with: {items: [], where: 'item.'}",
        "bad-expression",
        "error",
        "a",
        "with.where",
    ),
    "a broken if": ("A | uses: set ;; if: 'a b'", "bad-expression", "error", "a", "if"),
    "a name nobody has": ("A | uses: set ;; with: {x: '{{ b.c }}'}", "unknown-name", "error", "a", "with.x"),
    "its own result": ("A | uses: set ;; with: {x: '{{ a.c }}'}", "unknown-name", "error", "a", "with.x"),
    "a later step": ("A | uses: set ;; with: {x: '{{ b.c }}'}\nB | uses: set", "unknown-name", "error", "a", "with.x"),
    "an item outside a loop": ("A | uses: set ;; with: {x: '{{ item }}'}", "unknown-name", "error", "a", "with.x"),
    "a trouble that cannot be": (
        "A | uses: set ;; with: {x: '{{ error.message }}'}",
        "unknown-name",
        "error",
        "a",
        "with.x",
    ),
    "a secret in an expression": (
        "A | uses: set ;; with: {x: '{{ secrets.API }}'}",
        "secret-in-expression",
        "error",
        "a",
        "with.x",
    ),
    "an input that is not declared": (
        "A | uses: set ;; with: {x: '{{ inputs.topic }}'}",
        "unknown-input",
        "error",
        "a",
        "with.x",
    ),
    "a key a result does not have": (
        "A | uses: http ;; with: {url: u}\nB | uses: set ;; with: {x: '{{ a.bdoy }}'}",
        "unknown-key",
        "error",
        "b",
        "with.x",
    ),
    "a key a result will hardly have": (
        "A | uses: filter ;; with: {items: []}\nB | uses: set ;; with: {x: '{{ a.itms }}'}",
        "unknown-key",
        "warning",
        "b",
        "with.x",
    ),
    "a step inside a loop from outside": (
        "A | uses: foreach ;; with: {items: []}\n# B | uses: set\nC | uses: set ;; with: {x: '{{ b.y }}'}",
        "unknown-name",
        "error",
        "c",
        "with.x",
    ),
    "another arm": (
        "A | uses: condition\n- If `true` → [B](#b)\n- Otherwise → [C](#c)\nB | uses: set\n- Then → stop\n"
        "C | uses: set ;; with: {x: '{{ b.y }}'}",
        "unknown-name",
        "error",
        "c",
        "with.x",
    ),
    "a condition over what comes later": (
        "A | uses: condition\n- If `b.x` → [B](#b)\n- Otherwise → stop\nB | uses: set",
        "unknown-name",
        "error",
        "a",
        "routes.0",
    ),
    "no otherwise": ("A | uses: condition\n- If `true` → [B](#b)\nB | uses: set", "no-otherwise", "warning", "a", None),
    "an otherwise alone": (
        "A | uses: condition\n- Otherwise → [B](#b)\nB | uses: set",
        "lonely-otherwise",
        "warning",
        "a",
        None,
    ),
    "a label that does not exist": (
        "A | uses: llm.classify ;; with: {text: t, labels: [yes_, no_]}\n- When `yess` → stop\n- Otherwise → stop",
        "unknown-label",
        "error",
        "a",
        "routes.0",
    ),
    "a label of a kind without": (
        "A | uses: set\n- When `x` → stop\n- Otherwise → stop",
        "unknown-label",
        "error",
        "a",
        "routes.0",
    ),
    "a failure that does not exist": (
        "A | uses: set\n- On error `atuh` → stop",
        "unknown-failure",
        "warning",
        "a",
        "routes.0",
    ),
    "a timeout without limit": ("A | uses: set\n- On timeout → stop", "no-timeout", "warning", "a", "routes.0"),
    "a join of one": ("A | uses: set\nB | uses: set ;; join: any", "needless-join", "warning", "b", "join"),
    "falling into a branch": (
        "A | uses: condition\n- If `true` → [B](#b)\n- Otherwise → [C](#c)\nB | uses: set\nC | uses: set",
        "falls-into-branch",
        "error",
        "b",
        None,
    ),
    "falling into the arm of an error": (
        "A | uses: set\n- On error → [C](#c)\nB | uses: set\nC | uses: set",
        "falls-into-branch",
        "error",
        "b",
        None,
    ),
    "a way back": ("A | uses: set\nB | uses: set\n- Then → [A](#a)", "backward-route", "error", "b", "routes.0"),
    "a step into itself": (
        "A | uses: set\n- If `true` → [A](#a)\n- Otherwise → stop",
        "backward-route",
        "error",
        "a",
        "routes.0",
    ),
    "a way out of a loop": (
        "A | uses: group\n# B | uses: set\n- Then → [C](#c)\nC | uses: set",
        "route-leaves-loop",
        "error",
        "b",
        "routes.0",
    ),
    "a way into a loop": (
        "A | uses: set\n- If `true` → [C](#c)\n- Otherwise → [B](#b)\nB | uses: group\n# C | uses: set",
        "route-enters-loop",
        "error",
        "a",
        "routes.0",
    ),
    "a step nothing leads to": (
        "A | uses: set\n- Then → stop\nB | uses: set",
        "starts-by-itself",
        "warning",
        "b",
        None,
    ),
}


@pytest.mark.parametrize("what", ONE)
def test_one_finding(what: str) -> None:
    steps, code, severity, node, field = ONE[what]
    loaded = read(steps)
    found = only(loaded, code)
    assert (found.severity, found.node, found.field) == (severity, node, field)
    assert [f for f in loaded.findings if f.severity == "error"] == ([found] if severity == "error" else [])
    assert loaded.source is not None
    lines = loaded.source.text.splitlines()
    assert found.line is not None
    begin = next(spot for spot, line in enumerate(lines, 1) if line.endswith(f" {str(node).upper()}"))
    end = next((spot for spot, line in enumerate(lines, 1) if spot > begin and line.startswith("###")), len(lines))
    assert begin <= found.line <= end


FRONTS: dict[str, tuple[str, str, str, str, str]] = {
    # what: (front matter, code, severity, field, what its line holds)
    "a phrase": ("when: every now and then", "bad-schedule", "error", "when.0", "now and then"),
    "a second phrase": (
        "when:\n- every day at 09:00\n- each blue moon",
        "bad-schedule",
        "error",
        "when.1",
        "blue moon",
    ),
    "a cron": ("when: {cron: '99 * * * *', timezone: UTC}", "bad-schedule", "error", "when.0", "99"),
    "a zone": ("when: {cron: '0 9 * * *', timezone: Mars/Base}", "bad-schedule", "error", "when.0", "Mars"),
    "missed times": ("when: {schedule: every hour, missed: some}", "bad-schedule", "error", "when.0.missed", "some"),
    "a spread": ("when: {schedule: every hour, jitter: 3 moons}", "bad-schedule", "error", "when.0.jitter", "3 moons"),
    "a path": ("when: {webhook: orders}", "bad-webhook", "error", "when.0.path", "orders"),
    "a method": ("when: {webhook: /orders, method: FETCH}", "bad-webhook", "error", "when.0.method", "FETCH"),
    "what it is once per": (
        'when: {webhook: /orders, once per: "{{ trigger.body. }}"}',
        "bad-expression",
        "error",
        "when.0.once_per",
        "trigger.body",
    ),
    "what a trigger does not know": (
        'when: {webhook: /orders, once per: "{{ inputs.id }}"}',
        "unknown-name",
        "error",
        "when.0.once_per",
        "inputs",
    ),
    "a mapping": (
        "when: {webhook: /orders, map: {topic: body.topic}}",
        "unknown-input",
        "error",
        "when.0.map.topic",
        "topic",
    ),
    "a mailbox": ("when: {email: true, account: BOX}", "unlisted-secret", "error", "when.0.account", "BOX"),
    "a key": ("when: {webhook: /orders, verify: HOOK_KEY}", "unlisted-secret", "error", "when.0.verify", "HOOK_KEY"),
    "a type": ("inputs:\n  n: {type: nmber}", "bad-type", "error", "inputs.n.type", "nmber"),
    "a default": ("inputs:\n  n: {type: integer, default: many}", "bad-default", "error", "inputs.n.default", "many"),
    "an input's name": ("inputs:\n  from: text", "bad-input-name", "warning", "inputs.from", "from"),
    "a secret for nothing": ("secrets:\n  MAIL: for mail", "unused-secret", "warning", "secrets.MAIL", "MAIL"),
    "a model": ("model: gpt", "bad-model", "error", "model", "gpt"),
    "a limit of runs at once": ("limits: {runs at once: 0}", "bad-limit", "error", "limits.runs_at_once", "0"),
    "a limit": ("limits: {runs per day: -1}", "bad-limit", "error", "limits.runs_per_day", "-1"),
    "a time limit": ("limits: {time per run: long}", "bad-duration", "error", "limits.time_per_run", "long"),
    "a default retry": ("defaults: {retry: {times: 99}}", "bad-retry", "error", "defaults.retry.times", "99"),
    "a default account": ("defaults: {account: API}", "unlisted-secret", "error", "defaults.account", "API"),
    "an output": ("outputs:\n  x: '{{ b.y }}'", "unknown-name", "error", "outputs.x", "b.y"),
    "an output that cannot be read": ("outputs:\n  x: '{{ 1 + }}'", "bad-expression", "error", "outputs.x", "1 +"),
    "a helper": ("on failure: tell", "unknown-step", "error", "on_failure", "tell"),
}


@pytest.mark.parametrize("what", FRONTS)
def test_one_finding_above_the_steps(what: str) -> None:
    front, code, severity, field, holds = FRONTS[what]
    loaded = read("A | uses: set", front=front)
    found = only(loaded, code)
    assert (found.severity, found.field) == (severity, field)
    assert loaded.source is not None
    assert found.line is not None
    assert holds in loaded.source.text.splitlines()[found.line - 1]


def test_an_account_that_the_kind_has_no_use_for() -> None:
    loaded = read("A | uses: set ;; account: MAIL", front="secrets: {MAIL: for mail}")
    assert [(f.code, f.severity, f.field) for f in loaded.findings] == [("needless-account", "warning", "account")]


def test_unknown_names_get_the_nearest_known() -> None:
    loaded = read("Fetch posts | uses: http ;; with: {url: u}\nB | uses: set ;; with: {x: '{{ fetch_post.body }}'}")
    assert only(loaded, "unknown-name").next_step == "Did you mean fetch_posts?"
    assert only(read("A | uses: htp"), "unknown-kind").next_step == "Did you mean http?"
    assert (
        only(read("A | uses: http ;; with: {url: u, metod: GET}"), "unknown-setting").next_step
        == "Did you mean method?"
    )


def test_a_bad_phrase_comes_with_three_that_work() -> None:
    found = only(read("A | uses: set", front="when: on blue moons"), "bad-schedule")
    assert found.next_step is not None
    phrases = found.next_step.split("“")[1:]
    assert len(phrases) == 3
    for phrase in phrases:
        spec = Spec(
            title="T", when=(Schedule(phrase=phrase.partition("”")[0]),), steps=(Step(id="a", name="A", uses="set"),)
        )
        assert check_spec(spec, CATALOGUE) == []


TEMPLATES = [
    "{items: '{{ inputs.x }}'}",
    "{items: '  {{ inputs.x }}  '}",
]


@pytest.mark.parametrize("config", TEMPLATES)
def test_a_template_may_stand_for_any_type(config: str) -> None:
    assert read(f"A | uses: filter ;; with: {config}", front="inputs: {x: list of text}").is_valid


def test_a_template_is_not_held_against_words_and_choices() -> None:
    front = "inputs: {x: text, y: list}"
    assert read(
        "A | uses: http ;; with: {url: 'https://{{ inputs.x }}', method: '{{ upper(inputs.x) }}'}", front=front
    ).is_valid
    assert read("A | uses: llm.classify ;; with: {text: t, labels: '{{ inputs.y }}'}", front=front).is_valid


def test_code_is_not_a_template() -> None:
    assert read("A | uses: code ;; with: {code: 'f\"{{x}}\" + {{'}").is_valid


def test_names_in_loops_groups_and_repeats() -> None:
    steps = """
    Box | uses: group
    # Inner | uses: set ;; with: {v: 1}
    # Second | uses: set ;; with: {v: "{{ inner.v }}"}
    Poll | uses: repeat ;; with: {max: 3, until: "ask.status == 200 or last.status == 404 or index > 1"}
    # Ask | uses: http ;; with: {url: "https://x.example/{{ second.v }}/{{ index }}"}
    Each | uses: foreach ;; with: {items: "{{ poll.results }}", as: one}
    # Deep | uses: foreach ;; with: {items: "{{ one }}", as: two}
    ## Deepest | uses: set ;; with: {a: "{{ one }}", b: "{{ two }}", c: "{{ inner.v }}", d: "{{ index }}", e: "{{ item }}"}
    """
    loaded = read(steps, front="outputs: {x: '{{ inner.v }}', y: '{{ each.count }}'}")
    assert [str(finding) for finding in loaded.findings] == []


def test_the_error_is_known_after_an_error_route_only() -> None:
    steps = """
    A | uses: http ;; with: {url: u}
    - On error → [C](#c)
    B | uses: set ;; with: {x: "{{ error.message }}"}
    - Then → stop
    C | uses: set ;; with: {x: "{{ error.kind }}"}
    D | uses: set ;; with: {x: "{{ error.step }}"}
    """
    assert [(f.code, f.node) for f in read(steps).findings] == [("unknown-name", "b")]


def test_every_label_covered_needs_no_otherwise() -> None:
    steps = "A | uses: llm.classify ;; with: {text: t, labels: [good, bad]}\n- When `good` → stop\n- When `bad` → stop"
    assert read(steps).findings == []


def test_the_errors_lane() -> None:
    loaded = read("A | uses: set", errors="X | uses: set\nY | uses: set")
    assert [(f.code, f.severity, f.node) for f in loaded.findings] == [
        ("unreachable", "warning", "x"),
        ("unreachable", "warning", "y"),
    ]
    assert read("A | uses: set", errors="X | uses: set\nY | uses: set", front="on failure: x").findings == []


EXAMPLE = """
### One
```yaml given
inputs: {topik: x}
mock: {b: {}}
```
```yaml expect
ran: [a, c]
not_ran: [d-e]
```
"""


def test_examples_name_what_there_is() -> None:
    loaded = read("A | uses: set\nD-e | uses: set", front="inputs: {topic: text}", examples=EXAMPLE)
    found = [(f.code, f.field) for f in loaded.findings if f.severity == "error"]
    assert found == [
        ("unknown-step", "examples.0.expect.ran"),
        ("unknown-step", "examples.0.given.mock"),
        ("unknown-input", "examples.0.given.inputs.topik"),
    ]
    lines = (loaded.source.text if loaded.source else "").splitlines()
    assert {lines[(f.line or 1) - 1] for f in loaded.findings if f.severity == "error"} == {"### One"}


def test_findings_stand_in_the_order_of_the_lines() -> None:
    loaded = read(
        "A | uses: htp\nB | uses: http\nC | uses: set ;; timeout: x\nD | uses: todo", front="when: never ever"
    )
    lines = [finding.line or 0 for finding in loaded.findings]
    assert lines == sorted(lines)
    assert len(set(lines)) >= 5


def test_what_cannot_be_parsed_has_findings_and_no_spec() -> None:
    loaded = load("# T\n\n## Steps\n\n### A\n```yaml step\nuses: [\n```\n", CATALOGUE)
    assert (loaded.spec, loaded.flow, loaded.is_valid) == (None, None, False)
    with pytest.raises(Invalid) as caught:
        loaded.valid_flow()
    assert caught.value.findings == tuple(loaded.findings)


def test_json_is_checked_alike() -> None:
    assert load_json({"title": "T", "steps": [{"id": "a", "name": "A", "uses": "set"}]}, CATALOGUE).is_valid
    assert [f.code for f in load_json({"title": "T", "stps": []}, CATALOGUE).findings] == ["bad-json"]
    assert [f.code for f in load_json([], CATALOGUE).findings] == ["bad-json"]
    twice = {"title": "T", "steps": [{"id": "a", "name": "A", "uses": "set"}, {"id": "a", "name": "B", "uses": "htp"}]}
    assert sorted({f.code for f in load_json(twice, CATALOGUE).findings}) == ["duplicate-id", "unknown-kind"]
    assert not load_json({"title": "T", "steps": [{"id": "a", "name": "A\nB", "uses": "set"}]}, CATALOGUE).is_valid
