"""The engine's own step kinds: declarations that hold together, and what each does."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import jsonschema_rs
import pytest

from plainwork.engine.catalogue import engine_kinds, load
from plainwork.engine.fakes import fake, sample
from plainwork.engine.kinds import Call, Done, Reach, Waiting, failure_of, is_pure, perform, perform_pure
from plainwork.engine.kinds.llm import shortened
from plainwork.engine.plan import GraphStep
from plainwork.errors import CallFailed, ConnectionExpired, NotFound, Unavailable
from plainwork.llm import Answer, Request, Usage
from plainwork.spec.flow import Flow
from plainwork.spec.kinds import Kind
from tests.engine.flows import node

LOADED = load()


def call(uses: str, config: dict[str, Any], scope: Mapping[str, Any] | None = None, **fields: Any) -> Call:
    kind = LOADED[uses]
    step = GraphStep(node("it", uses, **fields.pop("node", {})), 0, kind, Flow())
    return Call(kind, step, config, scope or {}, **fields)


def pure(uses: str, config: dict[str, Any], scope: Mapping[str, Any] | None = None, **fields: Any) -> Any:
    return perform_pure(call(uses, config, scope, **fields))


def run(uses: str, config: dict[str, Any], **fields: Any) -> Any:
    return asyncio.run(_perform(call(uses, config, **fields)))


async def _perform(one: Call) -> Any:
    return await perform(one)


# declarations


def test_all_kinds_are_there() -> None:
    wanted = "set filter condition foreach repeat group code llm llm.classify llm.extract wait respond fail todo"
    people = "approval callback callback.url agent.call"
    assert {kind.id for kind in engine_kinds()} == {*wanted.split(), *people.split()}
    assert {"http", "email.send", "sql.query"} <= set(LOADED)


@pytest.mark.parametrize("kind", engine_kinds(), ids=lambda kind: kind.id)
def test_a_declaration_holds_together(kind: Kind) -> None:
    jsonschema_rs.meta.validate(kind.input)
    jsonschema_rs.meta.validate(kind.output)
    properties = kind.input.get("properties", {})
    assert set(kind.blocks) <= set(properties)
    assert kind.outcomes_from is None or kind.outcomes_from in properties
    assert not kind.outcomes or kind.output["properties"][kind.outcome_in]["enum"] == list(kind.outcomes)
    assert kind.about.endswith(".")
    assert kind.words
    if "with" in kind.example:
        jsonschema_rs.validator_for(kind.input).validate(kind.example["with"])
    if kind.fake is not None:
        jsonschema_rs.validator_for(kind.output).validate(kind.fake)


@pytest.mark.parametrize(
    "kind", [k for k in engine_kinds() if "output" in k.example and k.id != "condition"], ids=lambda kind: kind.id
)
def test_examples_come_out_as_declared(kind: Kind) -> None:
    assert run(kind.id, kind.example["with"]) == kind.example["output"]
    jsonschema_rs.validator_for(kind.output).validate(kind.example["output"])


@pytest.mark.parametrize("kind", [kind for kind in LOADED.values() if not kind.holds], ids=lambda kind: kind.id)
def test_every_kind_has_a_fake_that_fits_its_output(kind: Kind) -> None:
    config = kind.example.get("with", {})
    given = fake(call(kind.id, config))
    output = given.output if isinstance(given, Done) else given
    if kind.output:
        jsonschema_rs.validator_for(kind.output).validate(output)


# data


def test_filter_sees_item_index_and_the_scope() -> None:
    config = {"items": [5, 1, 9, 7], "where": "item > least and index != 3"}
    assert pure("filter", config, {"least": 2}) == {"items": [5, 9], "count": 2, "dropped": 2}


def test_filter_sorts_stably_with_missing_last() -> None:
    items = [{"n": 1, "k": "a"}, {"n": None}, {"n": 3}, {"n": 1, "k": "b"}]
    up = pure("filter", {"items": items, "sort_by": "item.n"})["items"]
    assert [item.get("k", item["n"]) for item in up] == ["a", "b", 3, None]
    down = pure("filter", {"items": items, "sort_by": "item.n", "descending": True, "limit": 2})
    assert (down["items"], down["dropped"]) == ([{"n": 3}, {"n": 1, "k": "a"}], 2)


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"items": {}}, "items"),
        ({"items": [{}], "where": "item.n > 1"}, "where: item 1: .*n"),
        ({"items": [1], "where": "1 +"}, "where"),
        ({"items": [1, "a"], "sort_by": "item"}, "no order"),
        ({"items": [1], "limit": -1}, "limit"),
        ({"items": [1], "limit": "x"}, "limit"),
    ],
)
def test_a_filter_that_cannot_work_says_why(config: dict[str, Any], says: str) -> None:
    with pytest.raises(CallFailed, match=says) as caught:
        pure("filter", config)
    assert caught.value.failure == "rejected"


# flow


def test_wait_waits_and_is_finished_when_woken() -> None:
    assert pure("wait", {"for": "10 minutes"}, now=1000.0) == Waiting(1600.0)
    assert pure("wait", {"for": "10 minutes"}, now=1700.0, woken=1600.0) == {"waited_until": "1970-01-01T00:26:40Z"}
    assert pure("wait", {"until": "1970-01-01T01:00:00+01:00"}, now=0.0) == {"waited_until": "1970-01-01T00:00:00Z"}
    assert pure("wait", {"until": "2026-03-01T00:00:00Z"}, now=1772323000.0) == Waiting(1772323200.0)


@pytest.mark.parametrize(
    "config", [{}, {"for": "1s", "until": "2026-01-01"}, {"for": "soon"}, {"until": "soon"}, {"for": "900 days"}]
)
def test_a_wait_that_makes_no_sense_is_rejected(config: dict[str, Any]) -> None:
    with pytest.raises(CallFailed) as caught:
        pure("wait", config, now=0.0)
    assert caught.value.failure == "rejected"


def test_respond_fail_and_todo() -> None:
    assert pure("respond", {"body": 1, "headers": {"A": "b"}}) == {"status": 200, "body": 1, "headers": {"A": "b"}}
    with pytest.raises(CallFailed, match="no orders"):
        pure("fail", {"message": "no orders"})
    with pytest.raises(CallFailed, match="not decided yet: book it"):
        pure("todo", {"text": "book it"})


# code


def test_code_has_the_other_settings_as_variables() -> None:
    assert run("code", {"code": "print(a)\na + b", "a": 1, "b": 2}) == {"result": 3, "printed": "1\n"}


def test_code_errors_are_failures() -> None:
    with pytest.raises(CallFailed, match="Line 1"):
        run("code", {"code": "1 / 0"})
    with pytest.raises(CallFailed, match="variable"):
        run("code", {"code": "1", "not-a-name": 1})
    with pytest.raises(CallFailed) as caught:
        run("code", {"code": "while True: pass"}, timeout_s=0.2)
    assert caught.value.failure == "timeout"


# models


class Scripted:
    """Stands where the gateway stands: remembers what it is asked and answers from a list."""

    def __init__(self, *answers: Any) -> None:
        self.asked: list[Request] = []
        self._answers = list(answers)

    async def complete(self, request: Request, hear: Any = None) -> Answer:
        self.asked.append(request)
        answer = self._answers.pop(0)
        return Answer(text=str(answer), model="test:one", usage=Usage(3, 4), data=answer, cost_usd=0.25)


def ask(uses: str, config: dict[str, Any], *answers: Any, **fields: Any) -> tuple[Any, Request]:
    gateway = Scripted(*answers)
    reach = Reach(llm=gateway)  # type: ignore[arg-type]
    result = run(uses, config, reach=reach, run={"id": "r1", "agent": "a", "version": 3}, **fields)
    return result, gateway.asked[0]


def test_llm_asks_and_accounts() -> None:
    config = {"prompt": "Hi", "system": "Be brief", "max_tokens": 9, "temperature": 0.5, "model": ["x:1", "y:2"]}
    result, asked = ask("llm", config, "Hello")
    assert result == {
        "text": "Hello",
        "model": "test:one",
        "usage": {"input": 3, "output": 4, "cached": 0, "reasoning": 0},
        "cost_usd": 0.25,
    }
    assert (asked.model, asked.prompt, asked.system, asked.max_tokens) == (("x:1", "y:2"), "Hi", "Be brief", 9)
    assert (asked.temperature, asked.run, asked.node, asked.agent, asked.version) == (0.5, "r1", "it", "a", "3")


def test_llm_gives_data_for_a_schema_and_takes_the_steps_model() -> None:
    result, asked = ask("llm", {"prompt": "x", "schema": {"type": "object"}}, {"a": 1}, node={"model": "z:3"})
    assert (result["data"], asked.model, asked.schema) == ({"a": 1}, "z:3", {"type": "object"})


def test_classify_has_the_label_as_outcome() -> None:
    config = {"text": "It burns", "labels": ["outage", "billing"], "instructions": "Fire is an outage."}
    result, asked = ask("llm.classify", config, {"label": " Outage "})
    assert isinstance(result, Done)
    assert (result.outcome, result.output["label"]) == ("outage", "outage")
    assert asked.schema is not None
    assert asked.schema["properties"]["label"]["enum"] == ["outage", "billing"]
    assert asked.prompt is not None
    for words in ("It burns", "Fire is an outage.", "- outage\n- billing"):
        assert words in asked.prompt


def test_classify_with_meanings_and_a_wrong_label() -> None:
    labels = {"hot": "burns", "cold": "freezes"}
    _, asked = ask("llm.classify", {"text": "x", "labels": labels}, {"label": "hot"})
    assert "- hot: burns" in (asked.prompt or "")
    with pytest.raises(CallFailed, match="'warm'") as caught:
        ask("llm.classify", {"text": "x", "labels": labels}, {"label": "warm"})
    assert caught.value.failure == "retry"


def test_extract_makes_a_schema_of_words() -> None:
    fields = {"no": "text", "due": "date", "tags": "list of text", "size": "one of [s, m]", "raw": {"type": "number"}}
    result, asked = ask("llm.extract", {"text": {"a": 1}, "fields": fields}, {"no": "1"})
    assert result["data"] == {"no": "1"}
    assert asked.schema is not None
    assert asked.schema["required"] == list(fields)
    properties = asked.schema["properties"]
    assert properties["due"] == {"type": ["string", "null"], "description": "A date like 2026-03-01"}
    assert properties["tags"]["items"] == {"type": "string"}
    assert not jsonschema_rs.is_valid(properties["size"], "large")
    assert properties["raw"] == {"type": ["number", "null"]}
    assert '{"a": 1}' in (asked.prompt or "")
    for name, part in properties.items():
        assert jsonschema_rs.is_valid(part, None), f"{name} may be missing in the text"


def test_extract_refuses_unknown_types() -> None:
    with pytest.raises(CallFailed, match=r"fields\.no"):
        ask("llm.extract", {"text": "x", "fields": {"no": "gibberish of zeal"}}, {})


def test_long_texts_lose_their_middle() -> None:
    text = shortened("a" * 600 + "b" * 1000 + "c" * 400, 1000)
    assert text.startswith("a" * 600)
    assert text.endswith("c" * 400)
    assert "1000 characters left out" in text
    _, asked = ask("llm.classify", {"text": "x" * 50_000, "labels": ["a", "b"], "model": "local:small"}, {"label": "a"})
    assert len(asked.prompt or "") < 9_000


def test_without_a_gateway_or_a_network_the_step_fails_cleanly() -> None:
    for uses, config in (("llm", {"prompt": "x"}), ("http", {"url": "http://127.0.0.1/"})):
        with pytest.raises(CallFailed):
            run(uses, config)


# failures and fakes


def test_errors_become_failures() -> None:
    wish = failure_of(CallFailed("busy", failure="retry", retry_after_s=7, next_step="Wait."))
    assert (wish.kind, wish.message, wish.next_step, wish.retry_after_s) == ("retry", "busy", "Wait.", 7)
    kinds = [
        failure_of(error).kind
        for error in (NotFound("x"), ConnectionExpired("x", connection="a"), Unavailable("x"), TimeoutError())
    ]
    assert kinds == ["rejected", "auth", "retry", "timeout"]
    ours = failure_of(KeyError("secret value"))
    assert ours.kind == "rejected"
    assert "secret" not in ours.message


def test_samples_fit_their_schema() -> None:
    schema = {
        "type": "object",
        "properties": {
            "at": {"type": "string", "format": "date-time"},
            "n": {"type": ["null", "integer"], "minimum": 5},
            "kind": {"enum": ["x", "y"]},
            "rows": {
                "type": "array",
                "minItems": 2,
                "items": {"type": "object", "properties": {"ok": {"type": "boolean"}}},
            },
            "either": {"anyOf": [{"type": "number"}, {"type": "null"}]},
        },
    }
    assert sample(schema) == {
        "at": "2026-01-01T00:00:00Z",
        "n": 5,
        "kind": "x",
        "rows": [{"ok": True}, {"ok": True}],
        "either": 1,
    }


def test_which_kinds_are_pure() -> None:
    assert is_pure("set")
    assert not any(is_pure(kind) for kind in ("code", "llm", "http", "email.send"))
