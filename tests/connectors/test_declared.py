"""Every declaration is sound, and every example holds on the wire."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from plainwork import connectors
from plainwork.connectors import Reach, account_kinds, catalogue_kinds, trigger_kinds
from plainwork.connectors.declared import Action, Trigger, actions, read, triggers
from plainwork.connectors.engine import perform_action, poll_trigger
from plainwork.spec.kinds import Catalogue
from plainwork.spec.template import parse_template
from tests.world import Reply, Seen, world_and_client

EVERY = list(actions().values())
EVERY_TRIGGER = list(triggers().values())
MANUAL = Path(__file__).parents[2] / "docs" / "connectors.md"
DOCUMENTED = read(MANUAL.read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0], "docs/connectors.md")
WITH_EXCHANGE = [action for action in (*EVERY, *DOCUMENTED.actions) if action.exchange]
WITH_REQUEST: list[Action | Trigger] = [one for one in EVERY if one.request]
WITH_REQUEST += [one for one in EVERY_TRIGGER if one.request]
POLLED = [trigger for trigger in (*EVERY_TRIGGER, *DOCUMENTED.triggers) if trigger.exchange]


def named(action: Action | Trigger) -> str:
    return action.kind.id


@pytest.mark.parametrize("declared", [*EVERY, *EVERY_TRIGGER], ids=named)
def test_a_declaration_is_complete_and_agrees_with_itself(declared: Action | Trigger) -> None:
    kind = declared.kind
    assert kind.title
    assert kind.about.endswith(".")
    assert kind.words
    assert kind.group
    assert kind.input["additionalProperties"] is False
    wanted, given = jsonschema_rs.validator_for(kind.input), jsonschema_rs.validator_for(kind.output)
    assert list(wanted.iter_errors(kind.example["with"])) == []
    assert list(given.iter_errors(kind.example["output"])) == []
    assert list(given.iter_errors(kind.fake)) == []
    for name, schema in kind.input["properties"].items():
        assert schema.get("title"), f"{name} has no title"
        if "default" in schema:
            assert list(jsonschema_rs.validator_for(schema).iter_errors(schema["default"])) == []
    assert set(kind.blocks) <= set(kind.input["properties"])
    assert declared.connector.code or declared.request
    if declared.connector.account and declared.connector.base_url:
        assert declared.connector.hosts or "{{" in declared.connector.base_url
    if isinstance(declared, Trigger):
        assert kind.effect == "read"
        assert declared.connector.code or declared.exchange


@pytest.mark.parametrize("declared", WITH_REQUEST, ids=named)
def test_a_requests_templates_name_only_what_is_there(declared: Action | Trigger) -> None:
    request = declared.request
    assert request
    account = declared.connector.account.fields["properties"] if declared.connector.account else {}
    more = {"cursor", "polled_at"} if isinstance(declared, Trigger) else {"key"}
    fine = {*declared.kind.input["properties"], "input", "account", *more}
    for part in (request.path, request.query, request.json, request.form, request.headers):
        for path in parse_template(part).references:
            assert path[0] in fine, path
            if path[0] == "account" and len(path) > 1:
                assert path[1] in account
                assert not account[path[1]].get("x-secret"), "secrets are signed in, never rendered"


def test_kinds_are_catalogue_entries_and_accounts_have_names() -> None:
    catalogue = Catalogue(catalogue_kinds())
    assert {"http", "email.send", "sql.query", "reddit.top", "sms.send"} <= set(catalogue)
    every = [*catalogue.values(), *trigger_kinds()]
    assert {kind.account for kind in every if kind.account} == set(account_kinds())
    assert catalogue["http"].effect_of({"url": "x"}) == "read"
    assert catalogue["http"].effect_of({"url": "x", "method": "POST"}) == "keyed"
    assert catalogue["sql.query"].effect_of({"query": "x"}) == "read"
    assert catalogue["sql.query"].effect_of({"query": "x", "write": True}) == "once"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("id: x", "missing required field `title`"),
        ("id: x\ntitle: X\nbogus: 1", "bogus"),
        ("id: x\ntitle: X\nactions: {a: {title: A, about: a, request: {method: GET}}}", "`path`"),
        ("id: [", "connector it"),
        ("id: x\ntitle: X\ntriggers: {a: {title: A, about: a}}", "no `request`"),
        ("id: x\ntitle: X\ntriggers: {a: {title: A, about: a, request: {path: /}, key: 'a['}}", "Invalid jmespath"),
        ("id: x\ntitle: X\ntriggers: {a: {title: A, about: a, request: {path: /}, paging: {link: true}}}", "`order`"),
    ],
)
def test_a_faulty_file_is_named_with_the_place(text: str, says: str) -> None:
    with pytest.raises(ValueError, match="connector it") as caught:
        read(text, "it")
    assert says in str(caught.value)


@pytest.mark.anyio
@pytest.mark.parametrize("action", WITH_EXCHANGE, ids=named)
async def test_an_example_holds_on_the_wire(action: Action) -> None:
    async with world_and_client() as (world, client):
        account = _account(action, world.web.url)
        for exchange in action.exchange:
            wanted, answer = exchange.request, exchange.response
            reply = Reply(answer["status"], json=answer.get("body"), headers=answer.get("headers", {}))
            world.web.on(wanted["method"], wanted["path"], reply)
        world.web.on("POST", "/token", Reply(json={"access_token": "fetched-token", "expires_in": 3600}))
        config = dict(action.kind.example["with"])
        if action.connector.code == "http":
            config["url"] = config["url"].replace("https://api.example.com", world.web.url)
        output = await perform_action(action, config, Reach(client, account, idempotency_key="key-1"))
        if action.connector.code == "http":
            output["headers"] = {"content-type": output["headers"]["content-type"]}
        assert output == action.kind.example["output"]
        seen = [s for s in world.web.requests if s.path != "/token"]
        assert len(seen) == len(action.exchange)
        for request, exchange in zip(seen, action.exchange, strict=True):
            _check(request, exchange.request)


@pytest.mark.anyio
@pytest.mark.parametrize("trigger", POLLED, ids=named)
async def test_a_triggers_example_holds_on_the_wire(trigger: Trigger) -> None:
    """The first exchange is the first poll, which finds the example; the next ones are sent what that has led to."""
    async with world_and_client() as (world, client):
        account = _account(trigger, world.web.url)
        config = {
            name: value.replace("https://api.example.com", world.web.url) if isinstance(value, str) else value
            for name, value in trigger.kind.example["with"].items()
        }
        world.web.on("POST", "/token", Reply(json={"access_token": "fetched-token", "expires_in": 3600}))
        cursor: Any = None
        for place, exchange in enumerate(trigger.exchange):
            wanted, answer = exchange.request, exchange.response
            reply = Reply(answer["status"], json=answer.get("body"), headers=answer.get("headers", {}))
            world.web.on(wanted["method"], wanted["path"], reply)
            found = await poll_trigger(trigger, config, cursor, Reach(client, account))
            cursor = found.cursor
            _check(world.web.seen(wanted["path"])[-1], wanted)
            if not place:
                assert found.items[-1].value == trigger.kind.example["output"]
                assert (found.items[-1].key is None) is (trigger.key is None and trigger.request is not None)
                assert (found.items[-1].order is None) is (trigger.order is None)


def _check(request: Seen, wanted: dict[str, Any]) -> None:
    assert (request.method, request.path) == (wanted["method"], wanted["path"])
    query = wanted.get("query", {})
    assert request.query == {name: request.query.get(name) if text == "*" else text for name, text in query.items()}
    if "json" in wanted:
        assert request.json() == wanted["json"]
    if "form" in wanted:
        assert request.form() == wanted["form"]
    for name, value in wanted.get("headers", {}).items():
        assert request.headers[name] == value


def _account(action: Action | Trigger, url: str) -> dict[str, Any] | None:
    declared = action.connector.account
    if declared is None or not declared.example:
        return None
    moved = {"base_url": url, "token_url": f"{url}/token"}
    return declared.example | {k: v for k, v in moved.items() if k in declared.fields["properties"]}


def test_the_manual_lists_every_kind_and_account() -> None:
    text = MANUAL.read_text(encoding="utf-8")
    for action in EVERY:
        connector, _, name = action.kind.id.partition(".")
        assert f"`{action.kind.id}`" in text or (f"`{connector}." in text and f"`.{name}`" in text), action.kind.id
    for kind in account_kinds():
        assert f"`{kind}`" in text


def test_the_package_lists_what_it_offers() -> None:
    assert set(connectors.__all__) <= set(dir(connectors))


def test_the_manual_lists_every_trigger() -> None:
    text = MANUAL.read_text(encoding="utf-8")
    for trigger in EVERY_TRIGGER:
        connector, _, name = trigger.kind.id.partition(".")
        assert f"`{trigger.kind.id}`" in text or (f"`{connector}." in text and f"`.{name}`" in text), trigger.kind.id
