"""Running a document's Examples: what passes, what fails and how it says so."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from plainwork.engine.catalogue import load as load_catalogue
from plainwork.engine.examples import ExampleResult, run_examples
from plainwork.engine.expectations import differences
from plainwork.errors import Invalid
from plainwork.spec import load

AGENTS = sorted((Path(__file__).parents[2] / "examples" / "agents").glob("*.md"))

AGENT = """---
agentspec: 1
inputs:
  orders: {type: list of object}
  who: {type: email, default: team@example.org}
limits: {cost per run: 0.05 USD}
---

# Orders

## Steps

### Keep the large
```yaml step
uses: filter
with: {items: "{{ inputs.orders }}", where: item.total > 100}
```

### What kind of day is it?
```yaml step
uses: llm.classify
with: {text: "{{ keep_the_large.items }}", labels: [busy, quiet]}
```
- When `busy` → [Tell each](#tell-each)
- Otherwise → [Look again](#look-again)

### Tell each
```yaml step
uses: foreach
with: {items: "{{ keep_the_large.items }}", as: order, on_item_error: collect}
```
- Then → stop

#### Mail it
```yaml step
uses: email.send
with: {to: "{{ inputs.who }}", subject: "Order {{ order.id }} on {{ run.date }}", body: "{{ order.total }}"}
retry: {times: 2, wait: 1 hour}
```

### Look again
```yaml step
uses: repeat
with: {until: ask.status == 200, max: 4, wait: 1 day}
```

#### Ask
```yaml step
uses: http
with: {url: "https://shop.example/state"}
```

### Done
```yaml step
uses: set
with: {text: "seen {{ look_again.count }} times"}
```

## Examples

"""


def example(given: str, expect: str) -> ExampleResult:
    text = f"{AGENT}### One\n```yaml given\n{given}\n```\n```yaml expect\n{expect}\n```\n"
    catalogue = load_catalogue()
    return run_examples(load(text, catalogue), catalogue).examples[0]


ORDERS = "inputs: {orders: [{id: 1, total: 500}, {id: 2, total: 5}, {id: 3, total: 101}]}"
BUSY = f"{ORDERS}\nmock: {{what_kind_of_day_is_it: {{label: busy}}}}\nnow: 2026-03-01T09:00:00Z"
QUIET = "inputs: {orders: []}\nmock: {what_kind_of_day_is_it: {label: quiet, cost_usd: 0.02}"


def test_what_is_mocked_decides_the_route_and_the_rest_is_faked() -> None:
    result = example(
        BUSY,
        "ran: [keep-the-large, mail_it]\nnot_ran: look-again\nsent:\n"
        "  - {to: team@example.org, subject: Order 1 on 2026-03-01}\n  - {step: mail_it, body: 101}",
    )
    assert result.problems == []
    assert result.passed
    assert result.took_ms < 2000


def test_nothing_but_what_is_expected_may_be_sent() -> None:
    assert example(BUSY, "sent: []").problems == [
        'mail_it sent {"to": "team@example.org", "subject": "Order 1 on 2026-03-01", "body": 500}, which was not expected.',
        'mail_it sent {"to": "team@example.org", "subject": "Order 3 on 2026-03-01", "body": 101}, which was not expected.',
    ]
    missing = example(BUSY, "sent: [{body: 500}, {body: 101}, {body: 7}]").problems
    assert missing == ['sent[2]: {"body": 7} was expected, and nothing more was sent.']
    other = example(BUSY, "sent: [{body: 500}, {body: 102}]").problems
    assert other == ["sent[1].body is 101, expected 102."]


def test_the_clock_jumps_and_mocks_may_take_turns() -> None:
    begin = time.perf_counter()
    given = QUIET + ", ask: {in turn: [{status: 503}, {status: 503}, {status: 200}]}}"
    result = example(given, 'outputs: {text: "seen 3 times"}\ncost_at_most: 0.02 USD')
    assert result.problems == []
    assert time.perf_counter() - begin < 10


def test_what_differs_is_said() -> None:
    given = QUIET + ", ask: {status: 200}}"
    result = example(
        given, "ran: [mail_it]\nnot_ran: [done]\noutputs: {text: seen twice, more: 1}\ncost_at_most: $0.01"
    )
    assert not result.passed
    assert result.problems == [
        "mail_it did not run. It ran: keep_the_large, what_kind_of_day_is_it, ask, look_again, done.",
        "done ran, and should not have.",
        'outputs.text is "seen 1 times", expected "seen twice".',
        "outputs.more is not there.",
        "It would cost 0.02 USD, more than 0.01 USD.",
    ]


def test_a_mock_may_fail_and_retries_follow() -> None:
    failing = f"{ORDERS}\nmock: {{what_kind_of_day_is_it: {{label: busy}}, mail_it: {{error: refused, kind: retry}}}}"
    result = example(failing, "ran: [mail_it]\nsent: []\noutputs: {results: []}")
    assert result.problems == []
    assert result.seen is not None
    assert [error["message"] for error in result.seen.output["errors"]] == ["refused", "refused"]
    turns = "{in turn: [{error: busy, kind: retry}, {message_id: a, accepted: []}]}"
    second = f"{ORDERS}\nmock: {{what_kind_of_day_is_it: {{label: busy}}, mail_it: {turns}}}"
    assert example(second, "outputs: {errors: []}").problems == []


def test_a_run_that_fails_unexpectedly_is_a_problem() -> None:
    given = QUIET + ", ask: {error: no answer}}"
    failed = example(given, "ran: [ask]").problems
    assert failed == ["The run failed (step look-again[0].ask): Round 1 of “Look again” failed: no answer"]
    assert example(given, "status: failed").problems == []
    succeeded = example(QUIET + ", ask: {status: 200}}", "status: failed").problems
    assert succeeded == ["status is succeeded"]


@pytest.mark.parametrize(
    ("given", "expect", "says"),
    [
        ("inputs: {}", "ran: []", "orders"),
        (ORDERS + "\nmock: {mail_at: {}}", "ran: []", "mail_at"),
        (ORDERS, "ran: [mail_at]", "Did you mean mail_it"),
        (ORDERS, "happened: [mail_it]", "expect does not know happened"),
        (ORDERS, "cost_at_most: little", "not an amount"),
        (ORDERS + "\nnow: yesterday", "ran: []", "not a moment"),
        (ORDERS + "\nmock: [1]", "ran: []", "mapping"),
    ],
)
def test_an_example_that_makes_no_sense_says_so(given: str, expect: str, says: str) -> None:
    result = example(given, expect)
    assert not result.passed
    assert any(says in problem for problem in result.problems), result.problems


def test_the_same_every_time() -> None:
    one, two = (example(ORDERS, "sent: []") for _ in range(2))
    assert (one.problems, one.seen) == (two.problems, two.seen)


def test_a_document_that_cannot_be_read_has_no_examples() -> None:
    catalogue = load_catalogue()
    with pytest.raises(Invalid):
        run_examples(load("no front matter", catalogue), catalogue)


@pytest.mark.parametrize(
    ("wanted", "seen", "lines"),
    [
        ({"a": 1}, {"a": 1.0, "b": 2}, []),
        ({"a": True}, {"a": 1}, ["x.a is 1, expected true."]),
        ([1, {"a": 2}], [1, {"a": 3}], ["x[1].a is 3, expected 2."]),
        ([1], [1, 2], ["x is [1, 2], expected [1]."]),
        ({"a": 1}, [1], ['x is [1], expected {"a": 1}.']),
        (None, None, []),
        (None, 0, ["x is 0, expected null."]),
    ],
)
def test_differences(wanted: Any, seen: Any, lines: list[str]) -> None:
    assert differences(wanted, seen, "x") == lines


@pytest.mark.parametrize("path", AGENTS, ids=lambda path: path.stem)
def test_the_agents_we_ship_do_what_their_examples_say(path: Path) -> None:
    catalogue = load_catalogue()
    report = run_examples(load(path.read_text(), catalogue), catalogue)
    assert [result.problems for result in report.examples if not result.passed] == []
    assert report.passed >= 2


def test_examples_that_there_is_no_time_for_have_not_passed() -> None:
    catalogue = load_catalogue()
    report = run_examples(load(AGENTS[0].read_text(), catalogue), catalogue, longest_s=-1)
    assert report.failed == len(report.examples) >= 2
    assert {tuple(result.problems) for result in report.examples} == {("There was no time left for it.",)}
