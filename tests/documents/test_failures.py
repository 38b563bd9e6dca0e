"""Documents whose steps fail: which failures are tried again, when, how often, and what is told the other side."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from plainwork.engine import execution
from plainwork.engine.plan.retries import fraction
from tests.documents.stage import Stage, document, together
from tests.world import Reply

FETCH = """### Fetch
```yaml step
uses: http
with: {url: WEB/x%s}
%s
```
"""


def fetch(settings: str, *, config: str = "", front: str = "", routes: str = "", errors: str = "") -> str:
    return document(FETCH % (config, settings) + routes, front=front, errors=errors)


POST = ", method: POST, json: {a: 1}"


@pytest.mark.parametrize(
    ("retry", "status", "attempts", "kind"),
    [
        ("", 503, 1, "retry"),
        ("retry: {times: 2, wait: 10ms}", 503, 3, "retry"),
        ("retry: {times: 2, wait: 10ms}", 429, 3, "retry"),
        ("retry: {times: 2, wait: 10ms}", 408, 3, "retry"),
        ("retry: {times: 2, wait: 10ms}", 404, 1, "rejected"),
        ("retry: {times: 2, wait: 10ms}", 401, 1, "auth"),
        ("retry: {times: 0}", 503, 1, "retry"),
        ("retry: {times: 2, wait: 10ms, on: [auth]}", 401, 3, "auth"),
        ("retry: {times: 2, wait: 10ms, on: [auth]}", 503, 1, "retry"),
        ("retry: {times: 1, wait: 10ms, on: [rejected, auth]}", 422, 2, "rejected"),
    ],
)
async def test_attempts_by_kind_of_failure(stage: Stage, retry: str, status: int, attempts: int, kind: str) -> None:
    site = stage.site()
    site.on("GET", "/x", Reply(status, json={"message": "not now"}))
    played = await stage.play(fetch(retry), site)
    assert len(site.seen("/x")) == attempts
    assert played.rows == [("fetch", attempt, "failed") for attempt in range(1, attempts + 1)]
    assert (played.failure["kind"], played.failure["path"]) == (kind, "fetch")
    assert f"(status {status}): not now" in played.failure["message"]


@pytest.mark.parametrize("how", ["dropped", "cut", "refused"])
async def test_connections_that_break_are_tried_again(stage: Stage, how: str) -> None:
    site = stage.site()
    site.on("POST", "/x", Reply(json={"much": "x" * 1000}, drop=0 if how == "dropped" else 50), Reply(json=1))
    text = fetch("retry: {times: 2, wait: 10ms}", config=POST)
    if how == "refused":
        played = await stage.play(text.replace("WEB/x", "http://127.0.0.1:9/x"), site)
        failed = [(row.attempt, row.failure["kind"]) for row in played.journal if row.status == "failed"]
        assert (played.failure["kind"], failed) == ("retry", [(1, "retry"), (2, "retry"), (3, "retry")])
        return
    played = await stage.play(text, site)
    assert (played.output["body"], len(site.seen("/x"))) == (1, 2)
    assert [row.failure["kind"] for row in played.journal if row.status == "failed"] == ["retry"]


@pytest.mark.parametrize("form", ["date", "milliseconds"])
async def test_retry_after_is_obeyed(stage: Stage, form: str) -> None:
    site = stage.site()
    at: list[float] = []
    asked = {
        "milliseconds": {"Retry-After-Ms": "300"},
        "date": {"Retry-After": format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)},
    }[form]

    def answer(_: Any) -> Reply:
        at.append(time.time())
        return Reply(429, headers=asked) if len(at) == 1 else Reply(json=1)

    site.on("GET", "/x", answer)
    played = await stage.play(fetch("retry: {times: 2, wait: 1ms}"), site)
    assert played.status == "succeeded"
    assert 0.29 <= at[1] - at[0] < 3


async def test_backoff_grows_with_jitter_below_its_ceiling(stage: Stage) -> None:
    site = stage.site()
    at: list[float] = []

    def answer(_: Any) -> Reply:
        at.append(time.time())
        return Reply(503)

    site.on("GET", "/x", answer)
    played = await stage.play(fetch("retry: {times: 3, wait: 40ms, backoff: 3}"), site)
    assert played.status == "failed"
    waits = [later - row.at.timestamp() for later, row in zip(at[1:], played.journal[:-1], strict=True)]
    for attempt, wait in enumerate(waits, 1):
        drawn = 0.04 * 3 ** (attempt - 1) * fraction(f"{played.run.id}/fetch/{attempt}")
        assert drawn - 0.005 <= wait <= drawn + 1.0


async def test_a_long_delay_gives_the_run_back_and_the_count_of_attempts_stays(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution, "HOLD_S", 0.2)
    site = stage.site()
    slow_down = Reply(503, headers={"Retry-After-Ms": "400"})
    site.on("POST", "/x", slow_down, slow_down, slow_down, Reply(json=1))
    version = await stage.publish(fetch("retry: {times: 2, wait: 1ms}", config=POST), site)
    started = await stage.start(version)
    waiting = await stage.when(started.run_id, "waiting", site)
    assert waiting.run.wake_at is not None
    assert stage.running is not None
    assert started.run_id not in stage.running.worker.active
    played = await stage.end(started.run_id, site)
    assert (played.status, len(site.seen("/x"))) == ("failed", 3)
    assert len({seen.headers["Idempotency-Key"] for seen in site.seen("/x")}) == 1
    assert [(row[1], row[2]) for row in played.rows] == [(n, s) for n in (1, 2, 3) for s in ("started", "failed")]


async def test_each_step_and_item_has_a_key_of_its_own_that_stays(stage: Stage) -> None:
    text = """### Each
```yaml step
uses: foreach
with: {items: [1, 2], at_once: 2}
```

#### Tell
```yaml step
uses: http
with: {url: "WEB/{{ item }}", method: POST}
retry: {times: 3, wait: 5ms}
```

### Own key
```yaml step
uses: http
with: {url: WEB/own, method: PUT, headers: {idempotency-key: mine}}
```
"""
    site = stage.site()
    site.on("POST", "/1", Reply(503), Reply(502), Reply(json=1))
    site.on("POST", "/2", Reply(json=2))
    site.on("PUT", "/own", Reply(json=3))
    played, again = [await stage.play(document(text), site) for _ in range(2)]
    assert (played.status, again.status) == ("succeeded", "succeeded")
    first, second = site.seen("/1"), site.seen("/2")
    keys = [one.headers["Idempotency-Key"] for one in first]
    assert keys[0] == keys[1] == keys[2] != keys[3]
    assert len({keys[0], keys[3], *(one.headers["Idempotency-Key"] for one in second)}) == 4
    assert [one.headers["Idempotency-Key"] for one in site.seen("/own")] == ["mine", "mine"]


async def test_a_step_that_takes_too_long(stage: Stage) -> None:
    late = '### Late\n```yaml step\nuses: set\nwith: {why: "{{ error.kind }}"}\n```\n'
    routes = ("", "- On timeout → [Late](#late)", "- On error → [Late](#late)", "- On error `timeout` → [Late](#late)")
    site = stage.site()
    site.on("GET", "/x", Reply(json=1, delay_s=5))
    began = time.monotonic()
    plays = [stage.play(fetch("timeout: 150ms", routes=route, errors=late if route else ""), site) for route in routes]
    failed, *routed = await together(*plays)
    assert time.monotonic() - began < 3
    assert (failed.run.cause, failed.failure["kind"]) == ("timed_out", "timeout")
    assert [(played.status, played.output) for played in routed] == [("succeeded", {"why": "timeout"})] * 3


async def test_a_time_limit_counts_for_each_attempt(stage: Stage) -> None:
    site = stage.site()
    site.on("GET", "/x", Reply(json=1, delay_s=5), Reply(json=1, delay_s=5), Reply(json=2))
    played = await stage.play(fetch("timeout: 150ms\nretry: {times: 2, wait: 1ms}"), site)
    assert (played.output["body"], len(site.seen("/x"))) == (2, 3)


async def test_timeout_goes_before_error(stage: Stage) -> None:
    site = stage.site()
    site.on("GET", "/x", Reply(json=1, delay_s=5))
    errors = "".join(f"### {name}\n```yaml step\nuses: set\n```\n- Then → stop\n\n" for name in ("Late", "Bad"))
    routes = "- On error → [Bad](#bad)\n- On timeout → [Late](#late)"
    played = await stage.play(fetch("timeout: 150ms", routes=routes, errors=errors), site)
    assert (played.ran, played.paths("skipped")) == ({"late"}, {"bad"})
    site.on("GET", "/x", Reply(404))
    played = await stage.play(fetch("timeout: 5s", routes=routes, errors=errors), site)
    assert (played.ran, played.paths("skipped")) == ({"bad"}, {"late"})


async def test_defaults_go_where_a_step_says_nothing(stage: Stage) -> None:
    front = (
        "defaults:\n  retry: {times: 1, wait: 5ms}\n  timeout: 150ms\n  account: API\nsecrets:\n  API: The web service"
    )
    text = """### Own
```yaml step
uses: http
with: {url: WEB/own}
retry: {times: 2, wait: 5ms, on: [rejected]}
timeout: 10s
account: OTHER
```
- On error → [Common](#common)

### Common
```yaml step
uses: http
with: {url: WEB/common}
```
- On error → [Slow](#slow)

### Slow
```yaml step
uses: http
with: {url: WEB/slow}
```
"""
    await stage.vault.seal(stage.workspace_id, "API", {"token": "the-default-token"})
    await stage.vault.seal(stage.workspace_id, "OTHER", {"token": "another-token-of-its-own"})
    site = stage.site()
    site.on("GET", "/own", Reply(404, delay_s=0.3))
    site.on("GET", "/common", Reply(503))
    site.on("GET", "/slow", Reply(json=1, delay_s=3))
    played = await stage.play(document(text, front=f"{front}\n  OTHER: Another"), site)
    assert site.paths == ["/own"] * 3 + ["/common"] * 2 + ["/slow"] * 2
    signed = {path: site.seen(path)[0].headers["Authorization"] for path in ("/own", "/common")}
    assert signed == {"/own": "Bearer another-token-of-its-own", "/common": "Bearer the-default-token"}
    assert (played.status, played.failure["kind"]) == ("failed", "timeout")


async def test_a_setting_that_cannot_be_worked_out(stage: Stage) -> None:
    site = stage.site()
    site.on("GET", "/x", Reply(json={"posts": []}))
    text = (
        FETCH % ("", "")
        + '### Next\n```yaml step\nuses: http\nwith: {url: WEB/y, query: {first: "{{ fetch.body.posts[0].id }}"}}\n```\n'
    )
    played = await stage.play(document(text), site)
    assert (played.failure["kind"], played.failure["path"]) == ("rejected", "next")
    assert played.failure["message"].startswith("query: ")
    wrong = await stage.play(document(FETCH % (', method: "{{ 1 }}"', "")), site)
    assert (wrong.failure["kind"], "method" in wrong.failure["message"]) == ("rejected", True)
    assert site.seen("/y") == []


async def test_mail_that_is_refused_busy_or_in_doubt(stage: Stage) -> None:
    text = document(
        """### Tell
```yaml step
uses: email.send
with: {to: "{{ inputs.to }}", subject: Hello, body: Hello}
retry: {times: 2, wait: 5ms}
```
""",
        front="inputs:\n  to: email",
    )
    post = stage.world.post
    post.refuse["nobody@example.org"] = "550 no such user"
    refused = await stage.play(text, to="nobody@example.org")
    assert (refused.failure["kind"], len(refused.rows)) == ("rejected", 2)
    post.on_data = ["451 busy", "451 busy"]
    before = len(post.mails)
    busy = await stage.play(text, to="ada@example.org")
    assert (busy.status, len(post.mails) - before) == ("succeeded", 1)
    assert [row for row in busy.rows if row[2] == "failed"] == [("tell", 1, "failed"), ("tell", 2, "failed")]


BROKEN_OFF = """### Before
```yaml step
uses: http
with: {url: WEB/before}
```

### Act
```yaml step
uses: http
with: {url: WEB/act, method: %s}
effect: once
%s
```
%s

### After
```yaml step
uses: set
with: {was: "{{ act }}"}
```
"""
"""The first step leaves a connection open, on which the second breaks off."""


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("retry", ["retry: {times: 2, wait: 5ms}", ""])
async def test_an_act_in_doubt_is_put_to_a_person(stage: Stage, method: str, retry: str) -> None:
    """With attempts left or without: nobody knows whether it took place, so nobody may say that it failed."""
    site = stage.site()
    site.on("GET", "/before", Reply(json=1))
    site.on(method, "/act", Reply(json=1, drop=0), Reply(json=2))
    version = await stage.publish(document(BROKEN_OFF % (method, retry, "")), site)
    started = await stage.start(version)
    waiting = await stage.when(started.run_id, "waiting", site)
    assert (waiting.run.cause, waiting.run.ask, waiting.run.wake_at) == ("effect_uncertain", "act", None)
    assert len(site.seen("/act")) == 1


@pytest.mark.parametrize(("setting", "sent"), [("skip", 1), ("repeat", 2)])
async def test_what_the_document_says_of_acts_in_doubt(stage: Stage, setting: str, sent: int) -> None:
    site = stage.site()
    site.on("GET", "/before", Reply(json=1))
    site.on("POST", "/act", Reply(json=1, drop=0), Reply(json=2))
    settings = f"retry: {{times: 2, wait: 5ms}}\non uncertain: {setting}"
    played = await stage.play(document(BROKEN_OFF % ("POST", settings, "")), site)
    assert (played.status, len(site.seen("/act"))) == ("succeeded", sent)
    assert (played.output["was"] and played.output["was"]["body"]) == (None if setting == "skip" else 2)
    assert played.ended["act"] == ("skipped" if setting == "skip" else "succeeded")
    assert len({seen.headers["Idempotency-Key"] for seen in site.seen("/act")}) == 1


@pytest.mark.parametrize("lead", ["On error", "On timeout"])
async def test_a_route_for_an_act_in_doubt_goes_before_asking(stage: Stage, lead: str) -> None:
    site = stage.site()
    site.on("GET", "/before", Reply(json=1))
    site.on("POST", "/act", Reply(json=1, drop=0))
    text = BROKEN_OFF % ("POST", "retry: {times: 2, wait: 5ms}", f"- {lead} → [Look](#look)")
    look = '### Look\n```yaml step\nuses: set\nwith: {why: "{{ error.kind }}"}\n```\n'
    played = await stage.play(document(text, errors=look), site)
    assert (played.output, len(site.seen("/act"))) == ({"why": "timeout"}, 1)
