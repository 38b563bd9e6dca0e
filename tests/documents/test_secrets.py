"""Documents with accounts: what is sent with them, and that nothing of them is ever written down."""

from __future__ import annotations

import base64
import json
from contextlib import aclosing
from typing import Any
from urllib.parse import quote

import pytest

from plainwork.engine.events import Event
from tests.documents.stage import Played, Site, Stage, document
from tests.world import Reply, Seen

SECRET = "s3cret/token+with=signs&more"
HIDDEN = ("[secret]", "•••")


async def played_and_watched(stage: Stage, text: str, site: Site, **inputs: Any) -> tuple[Played, list[Event]]:
    version = await stage.publish(text, site)
    assert stage.running is not None
    started = await stage.start(version, inputs)
    async with aclosing(stage.running.worker.events.watch(stage.workspace_id, started.run_id)) as stream:
        events = [event async for event in stream]
    return await stage.end(started.run_id, site), events


def forms(secret: str) -> list[str]:
    """How a secret may look: as it is, in JSON, in a URL, in base64."""
    pair = base64.b64encode(f"user:{secret}".encode()).decode()
    return [secret, json.dumps(secret)[1:-1], quote(secret, safe=""), pair]


async def assert_nowhere(stage: Stage, played: Played, events: list[Event], secret: str, captured: str) -> None:
    everything = "\n".join([*(await stage.texts(played.run)), *map(str, events), captured])
    assert len(everything) > 500
    for form in forms(secret):
        assert form not in everything


def echo(seen: Seen) -> Reply:
    """Repeats what was sent, in every way a server might."""
    given = seen.headers.get("Authorization") or seen.headers.get("X-Key") or seen.query.get("key", "")
    bare = given.removeprefix("Bearer ")
    body = {
        "plain": given,
        "inside": f"you sent {bare}!",
        bare: "as a key",
        "list": [[bare]],
        "encoded": quote(bare, safe=""),
        "base64": base64.b64encode(bare.encode()).decode(),
        "json": json.dumps({"token": bare}),
        "large": bare + "x" * 300_000,
        "query": str(seen.query),
    }
    headers = {"X-Echo": quote(bare), "X-Pair": seen.headers.get("Authorization", "")}
    return Reply(json=body, headers={name: value for name, value in headers.items() if value.isascii()})


STEPS = """### Fetch
```yaml step
uses: http
account: API
with: {url: WEB/echo, method: %s}
```

### Use it
```yaml step
uses: set
with: {all: "{{ fetch.body }}", text: "It said {{ fetch.body.inside }}", headers: "{{ fetch.headers }}"}
```

### Send on
```yaml step
uses: http
with: {url: WEB/on, method: POST, json: "{{ use_it }}"}
```
"""
FRONT = "secrets:\n  API: The web service"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "account",
    [
        {"token": SECRET},
        {"username": "user", "password": SECRET},
        {"header": "X-Key", "value": SECRET},
        {"query": "key", "value": SECRET},
        SECRET,
    ],
    ids=["token", "basic", "header", "query", "bare"],
)
async def test_an_account_is_sent_and_written_nowhere(
    stage: Stage, capsys: pytest.CaptureFixture[str], method: str, account: Any
) -> None:
    await stage.vault.seal(stage.workspace_id, "API", account)
    site = stage.site()
    site.on(method, "/echo", echo)
    site.on("POST", "/on", lambda seen: Reply(json=seen.json()))
    played, events = await played_and_watched(stage, document(STEPS % method, front=FRONT), site)
    assert played.status == "succeeded", played.run.failure
    [seen] = site.seen("/echo")
    pair = f"Basic {base64.b64encode(f'user:{SECRET}'.encode()).decode()}"
    sent = (seen.headers.get("Authorization"), seen.headers.get("X-Key"), seen.query.get("key"))
    assert SECRET in sent or f"Bearer {SECRET}" in sent or pair in sent
    told = [event.path for event in events if event.type == "step" and event.status == "succeeded"]
    assert told == ["fetch", "use-it", "send-on"]
    captured = capsys.readouterr()
    passed_on = site.seen("/on")[0].body.decode()
    assert any(mark in passed_on for mark in HIDDEN)
    await assert_nowhere(stage, played, events, SECRET, captured.out + captured.err + passed_on)


@pytest.mark.parametrize("status", [401, 422, 503])
async def test_an_error_that_repeats_a_secret(stage: Stage, capsys: pytest.CaptureFixture[str], status: int) -> None:
    await stage.vault.seal(stage.workspace_id, "API", {"username": "user", "password": SECRET})
    site = stage.site()

    def answer(seen: Seen) -> Reply:
        return Reply(status, json={"message": f"{SECRET} in {seen.headers['Authorization']} is wrong"})

    site.on("GET", "/echo", answer)
    text = """### Each
```yaml step
uses: foreach
with: {items: [1], on_item_error: collect}
```

#### Fetch
```yaml step
uses: http
account: API
with: {url: WEB/echo}
retry: {times: 1, wait: 1ms}
```

### Tell
```yaml step
uses: fail
with: {message: "{{ each.errors[0].message }}"}
```
"""
    played, events = await played_and_watched(stage, document(text, front=FRONT), site)
    assert f"(status {status})" in played.failure["message"]
    captured = capsys.readouterr()
    await assert_nowhere(stage, played, events, SECRET, captured.out + captured.err)


async def test_a_mail_account_and_a_model_key(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    post, models = stage.world.post, stage.world.models
    password = "mail-pass-word-4711"
    url = f"smtp://robot:{password}@127.0.0.1:{post.port}"
    await stage.vault.seal(stage.workspace_id, "MAIL", url)
    post.login = ("robot", "another password")
    steps = (
        "### Tell\n```yaml step\nuses: email.send\naccount: MAIL\nwith: {to: a@example.org, subject: S, body: B}\n```\n"
    )
    text = document(steps, front="secrets:\n  MAIL: The robot's mailbox")
    refused, events = await played_and_watched(stage, text, stage.site())
    assert refused.failure["kind"] == "auth"
    post.login = ("robot", password)
    sent, more = await played_and_watched(stage, text, stage.site())
    post.login = None
    assert sent.status == "succeeded"
    captured = capsys.readouterr()
    for played in (refused, sent):
        await assert_nowhere(stage, played, events + more, password, captured.out + captured.err)
    await stage.vault.seal(
        stage.workspace_id, "openai", {"key": models.key + "-wrong-5678", "base_url": models.openai_url}
    )
    models.fail(401, f"Incorrect API key provided: {models.key}-wrong-5678.")
    models.key += "-wrong-5678"
    ask = "### Ask\n```yaml step\nuses: llm\nmodel: openai:gpt-4o-mini\n```\n```text prompt\nHello.\n```\n"
    played, events = await played_and_watched(stage, document(ask), stage.site())
    assert played.failure["kind"] == "auth"
    await assert_nowhere(stage, played, events, models.key, capsys.readouterr().err)


@pytest.mark.parametrize(
    ("bound", "works"),
    [
        ({}, True),
        ({"hosts": ["127.0.0.1"]}, True),
        ({"hosts": ["*.example.org", "api.example.org"]}, False),
        ({"connector": "http"}, True),
        ({"connector": "slack"}, False),
        ({"agents": []}, False),
    ],
)
async def test_a_secret_is_used_only_where_it_is_bound_to(stage: Stage, bound: dict[str, Any], works: bool) -> None:
    await stage.vault.seal(stage.workspace_id, "API", {"token": "a-bound-token"}, **bound)
    site = stage.site()
    site.on("GET", "/echo", Reply(json={"inside": "fine"}))
    site.on("POST", "/on", Reply(json=1))
    played = await stage.play(document(STEPS % "GET", front=FRONT), site)
    assert (played.status == "succeeded") == works, played.run.failure
    if not works:
        assert played.failure["path"] == "fetch"
        assert "API" in played.failure["message"]
        assert site.paths == []


async def test_a_secret_does_not_follow_a_redirect_elsewhere(stage: Stage) -> None:
    await stage.vault.seal(stage.workspace_id, "API", {"token": "a-token-to-keep"})
    site = stage.site()
    other = stage.world.other
    other.on("GET", "/caught", Reply(json={"inside": "caught"}))
    site.on("GET", "/echo", Reply(302, headers={"Location": f"{other.url}/caught"}))
    site.on("POST", "/on", Reply(json=1))
    played = await stage.play(document(STEPS % "GET", front=FRONT), site)
    assert played.status == "succeeded", played.run.failure
    assert "Authorization" in site.seen("/echo")[0].headers
    assert "Authorization" not in other.seen("/caught")[0].headers


async def test_a_secret_that_is_not_there(stage: Stage) -> None:
    text = document((STEPS % "GET").replace("API", "NOBODYS"), front="secrets:\n  NOBODYS: Missing")
    played = await stage.play(text)
    assert "There is no secret 'NOBODYS'" in played.failure["message"]
    assert played.failure["next_step"]
