"""Webhooks over HTTP: who gets in, what a run sees, what comes back, and that nothing starts twice."""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from plainwork.api.deliveries import Rates
from plainwork.db import new_id
from tests.api.sending import SECRET, Sender, doubler, refused, sending, step
from tests.api.support import API, Api, Client, Place, listening, serving
from tests.engine.running import eventually


@pytest.fixture
async def sender(place: Place) -> Sender:
    """Of an agent with every sort of webhook."""
    return Sender(place, await doubler(place))


# ── Answers ──────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_delivery_is_answered_with_what_the_run_responds(sender: Sender) -> None:
    answer = await sender.post("/double", json={"n": 21, "more": True}, headers={"Cookie": "a=b", "X-Mine": "1"})
    assert answer.status_code == 201
    assert answer.json() == {"n": 42, "note": None}
    assert answer.headers["x-twice"] == "yes"
    [run] = await sender.runs()
    assert (run["status"], run["inputs"]) == ("succeeded", {"n": 21, "note": None})
    trigger = run["trigger"]
    assert (trigger["kind"], trigger["id"], trigger["method"], trigger["path"]) == (
        "webhook",
        "trigger-1",
        "POST",
        "/double",
    )
    assert trigger["body"] == {"n": 21, "more": True}
    assert trigger["headers"]["x-mine"] == "1"
    assert "cookie" not in trigger["headers"]
    whole = await sender.run(run["id"])
    assert [row["path"] for row in whole["journal"]] == ["double", "answer"]
    assert whole["journal"][0]["output"]["seen"] == trigger


async def test_an_agent_cannot_undo_what_keeps_browsers_safe(sender: Sender) -> None:
    answer = await sender.post("/double", json={"n": 1})
    assert "set-cookie" not in answer.headers
    assert answer.headers["x-frame-options"] == "DENY"
    assert "x-sendfile" not in answer.headers
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "default-src *" not in answer.headers["content-security-policy"]


async def test_at_once_is_202_with_the_run(sender: Sender) -> None:
    answer = await sender.post("/later", json={"n": 2, "note": "hi"})
    assert answer.status_code == 202
    told = answer.json()
    assert answer.headers["location"] == f"{API}/runs/{told['run']}"

    async def over() -> dict[str, Any] | None:
        run = await sender.run(told["run"])
        return run if run["finished_at"] else None

    assert (await eventually(over))["output"] == {"n": 4, "note": "hi"}


async def test_without_a_respond_step_the_output_is_the_answer(place: Place) -> None:
    sender = Sender(place, await place.as_owner.agent(sending("Plain", step("Say", "set", "{text: hello}"))))
    answer = await sender.post("/go")
    assert (answer.status_code, answer.json()) == (200, {"text": "hello"})


async def test_a_text_is_answered_as_text(place: Place) -> None:
    steps = step("Say", "respond", "{body: <b>hello</b>}")
    sender = Sender(place, await place.as_owner.agent(sending("Text", steps)))
    answer = await sender.post("/go")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text == "<b>hello</b>"


async def test_a_large_answer_comes_whole(place: Place) -> None:
    steps = step("Say", "respond", '{body: "{{ trigger.body }}"}')
    sender = Sender(place, await place.as_owner.agent(sending("Large", steps)))
    text = "x" * 400_000
    answer = await sender.post("/go", content=text, headers={"Content-Type": "text/plain"})
    assert answer.text == text


async def test_a_failed_run_is_our_fault_and_says_no_more(place: Place) -> None:
    steps = step("Break", "fail", "{message: the password is hunter2}")
    sender = Sender(place, await place.as_owner.agent(sending("Broken", steps)))
    problem = refused(await sender.post("/go"), 500)
    assert problem["code"] == "RunFailed"
    assert "hunter2" not in json.dumps(problem)
    assert (await sender.run(problem["run"]))["status"] == "failed"


async def test_a_run_that_takes_longer_is_told_of_with_202(place: Place) -> None:
    sender = Sender(place, await place.as_owner.agent(sending("Slow", step("Sleep", "wait", "{for: 1h}"))))
    began = time.monotonic()
    answer = await sender.post("/go", headers={"Prefer": "respond-async, wait=1"})
    assert time.monotonic() - began < 6
    assert answer.status_code == 202
    assert answer.json()["status"] == "running"
    assert (await sender.run(answer.json()["run"]))["status"] == "waiting"


async def test_a_run_that_waits_a_moment_is_still_answered(place: Place) -> None:
    steps = step("Sleep", "wait", "{for: 100ms}") + step("Say", "respond", "{status: 203, body: {woken: true}}")
    sender = Sender(place, await place.as_owner.agent(sending("Dozing", steps)))
    answer = await sender.post("/go")
    assert (answer.status_code, answer.json()) == (203, {"woken": True})


async def test_a_stream_tells_the_run_and_keeps_what_steps_gave(sender: Sender) -> None:
    answer = await sender.post("/watch", json={"n": 4})
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = [block.split("\n") for block in answer.text.strip().split("\n\n")]
    told = [(lines[0].removeprefix("event: "), json.loads(lines[1].removeprefix("data: "))) for lines in events]
    assert told[0][0] == "started"
    assert told[-1][1]["status"] == "succeeded"
    assert told[-1][1]["output"] == {"n": 8, "note": None}
    steps = [data for kind, data in told if kind == "step"]
    assert {data["path"] for data in steps} == {"double", "answer"}
    assert all("output" not in data for data in steps)


async def test_a_process_without_a_worker_waits_for_those_of_others(
    tmp_path: Path, api: Api, sender: Sender, module_database_url: str
) -> None:
    async with serving(tmp_path, module_database_url, works=False) as door:
        client = door.client()
        answer = await client.post(await sender.address() + "/double", json={"n": 5, "note": "far"})
    assert (answer.status_code, answer.json()) == (201, {"n": 10, "note": "far"})


# ── What comes in ────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_bodies_of_every_sort(sender: Sender) -> None:
    for more in (
        {"data": {"n": "7", "note": "ü"}},
        {"files": {"n": (None, "7"), "note": (None, "ü")}},
        {"json": {"n": 7, "note": "ü"}},
        {
            "content": b'{"n": 7, "note": "\xc3\xbc"}',
            "headers": {"Content-Type": "application/vnd.me+json; charset=utf-8"},
        },
    ):
        answer = await sender.post("/double", **more)
        assert answer.json() == {"n": 14, "note": "ü"}, more
    asked = await sender.client.get(await sender.address() + "/ask", params={"n": "8"})
    assert asked.json()["n"] == 16
    mapped = await sender.post("/mapped", json={"order": {"n": 9, "id": 4711}})
    assert mapped.json()["n"] == 18


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"content": b"{", "headers": {"Content-Type": "application/json"}}, 400),
        ({"content": b"[" * 200 + b"]" * 200, "headers": {"Content-Type": "application/json"}}, 400),
        ({"content": b"\xff", "headers": {"Content-Type": "text/plain"}}, 400),
        ({"content": b"n=%00", "headers": {"Content-Type": "application/x-www-form-urlencoded"}}, 400),
        ({"content": b"<n>1</n>", "headers": {"Content-Type": "application/xml"}}, 415),
        ({"content": b"1"}, 415),
        ({"files": {"n": ("n.txt", b"1")}}, 415),
        ({"json": {"n": "x" * 1024 * 1024}}, 413),
        ({"json": {"n": "seven"}}, 422),
        ({"json": {}}, 422),
        ({"json": [1]}, 422),
        ({}, 422),
    ],
)
async def test_what_cannot_be_is_refused_and_noted(sender: Sender, more: dict[str, Any], status: int) -> None:
    problem = refused(await sender.post("/double", **more), status)
    assert problem["detail"]
    [delivery] = await sender.noted(1)
    assert (delivery["status"], delivery["run_id"]) == (status, None)
    assert delivery["reason"]
    assert await sender.runs() == []


async def test_a_body_that_hides_its_length_is_bounded(sender: Sender) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 64 * 1024

    refused(await sender.post("/double", content=endless(), headers={"Content-Type": "text/plain"}), 413)


async def test_only_what_is_there_is_reached(sender: Sender, other: Place) -> None:
    address = await sender.address()
    token = address.rpartition("/")[2]
    stranger = Sender(other, await doubler(other, "Theirs"))
    theirs = (await stranger.address()).rpartition("/")[2]
    crossed = token[:21] + theirs[21:]
    for path in (
        f"{address}/nothing",
        f"{address}/",
        "/hooks/x/double",
        f"/hooks/{token[:-1]}A/double",
        f"/hooks/{crossed}/double",
    ):
        refused(await sender.client.post(path, json={"n": 1}), 404)
    wrong = await sender.client.put(f"{address}/double", json={"n": 1})
    refused(wrong, 405)
    assert wrong.headers["allow"] == "POST"
    assert len(token) == 48
    assert await sender.runs() == []


# ── Who sends ────────────────────────────────────────────────────────────────────────────────────────────────────────
def signed(body: bytes, at: int | None = None, secret: str = SECRET) -> dict[str, str]:
    at = int(time.time()) if at is None else at
    signature = hmac.digest(secret.encode(), f"{at}.".encode() + body, "sha256").hex()
    return {"X-Plainwork-Signature": f"t={at},v1={signature}", "Content-Type": "application/json"}


async def test_a_signed_delivery_is_taken_once(sender: Sender) -> None:
    body = b'{"n": 3}'
    headers = signed(body)
    assert (await sender.post("/signed", content=body, headers=headers)).status_code == 201
    assert "has come before" in refused(await sender.post("/signed", content=body, headers=headers), 409)["detail"]
    with_a_key = headers | {"Idempotency-Key": "another"}
    refused(await sender.post("/signed", content=body, headers=with_a_key), 409)
    again = signed(body, int(time.time()) - 60)
    assert (await sender.post("/signed", content=body, headers=again)).status_code == 201
    assert len(await sender.runs()) == 2
    run = (await sender.runs())[0]
    assert "x-plainwork-signature" not in run["trigger"]["headers"]


async def test_a_signed_delivery_under_a_key_can_be_sent_again(sender: Sender) -> None:
    body = b'{"n": 3}'
    headers = signed(body) | {"Idempotency-Key": "order-1"}
    first, again = [await sender.post("/signed", content=body, headers=headers) for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["idempotent-replayed"] == "true"
    assert len(await sender.runs()) == 1


@pytest.mark.parametrize("proof", [{}, {"Authorization": "Bearer nope"}, {"X-Hub-Signature-256": "sha256=00"}], ids=str)
async def test_who_proves_nothing_starts_nothing(sender: Sender, proof: dict[str, str]) -> None:
    problem = refused(await sender.post("/signed", json={"n": 1}, headers=proof), 401)
    assert "secret" in problem["next_step"]
    refused(await sender.post("/signed", content=b"{}", headers=signed(b"{}", int(time.time()) - 400)), 401)
    refused(await sender.post("/signed", content=b"{}", headers=signed(b"{}", secret="other")), 401)
    found = await sender.noted(3, "trigger-5")
    assert {one["status"] for one in found} == {401}
    assert any("5 minutes" in one["reason"] for one in found)
    assert await sender.runs() == []


async def test_the_secret_as_a_token_lets_in_and_stays_unseen(sender: Sender) -> None:
    answer = await sender.post("/signed", json={"n": 6}, headers={"Authorization": f"Bearer {SECRET}"})
    assert answer.json()["n"] == 12
    [run] = await sender.runs()
    assert SECRET not in json.dumps(await sender.run(run["id"]))


async def test_a_secret_that_is_not_there_is_nobodys_way_in(place: Place) -> None:
    sender = Sender(place, await doubler(place))
    await place.as_owner.ok("DELETE", "/secrets/HOOK_KEY", 204)
    problem = refused(await sender.post("/signed", json={"n": 6}), 503)
    assert "HOOK_KEY" not in json.dumps(problem)
    [delivery] = await sender.noted(1, "trigger-5")
    assert "HOOK_KEY" in delivery["reason"]


async def _until_refused(client: Client, address: str, before: int) -> httpx.Response:
    """The first answer that says to come back later; until then there is the status ``before``."""
    while True:
        answer = await client.post(address, json={"n": 1})
        if answer.status_code != before:
            return answer


async def test_strangers_who_guess_are_not_listened_to_for_a_while(
    tmp_path: Path, sender: Sender, module_database_url: str
) -> None:
    """But they keep nobody out of a place that is known: GitHub sends for all its people from a few addresses."""
    address = await sender.address()
    async with serving(tmp_path, module_database_url) as fresh:
        client = fresh.client()
        assert (await client.post(f"{address}/double", json={"n": 1})).status_code == 201
        wait = await _until_refused(client, "/hooks/guessed/double", 404)
        refused(wait, 429)
        assert int(wait.headers["retry-after"]) >= 1
        assert (await client.post(f"{address}/double", json={"n": 1})).status_code == 201


async def test_who_proves_nothing_is_kept_out_of_that_place_alone(sender: Sender, place: Place) -> None:
    other = Sender(place, await doubler(place))
    refused(await _until_refused(other.client, f"{await other.address()}/signed", 401), 429)
    assert (await sender.post("/double", json={"n": 1})).status_code == 201


async def test_a_trigger_and_an_address_have_their_bounds(
    tmp_path: Path, sender: Sender, module_database_url: str
) -> None:
    address = await sender.address()
    for rates in (Rates(per_trigger=3), Rates(per_address=3)):
        async with serving(tmp_path, module_database_url, rates=rates) as slow:
            answers = [await slow.client().post(f"{address}/double", json={"n": 1}) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [201, 201, 201, 429]
        assert int(answers[3].headers["retry-after"]) >= 1


# ── Once ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_doubles_that_come_together_start_one_run(sender: Sender) -> None:
    answers = await asyncio.gather(
        *(sender.post("/double", json={"n": n}, headers={"Idempotency-Key": "same"}) for n in range(1, 21))
    )
    assert len({answer.text for answer in answers}) == 1
    assert {answer.status_code for answer in answers} == {201}
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 19
    assert len(await sender.runs()) == 1
    repeats = [one for one in await sender.noted(20) if one["reason"]]
    assert {one["run_id"] for one in repeats} == {(await sender.runs())[0]["id"]}


async def test_senders_own_names_for_a_delivery(sender: Sender) -> None:
    for headers, path, body in (
        ({"X-GitHub-Delivery": str(new_id())}, "/later", {"n": 1}),
        ({}, "/mapped", {"order": {"n": 1, "id": "o-1"}}),
    ):
        before = len(await sender.runs())
        for _ in range(2):
            assert (await sender.post(path, json=body, headers=headers)).status_code < 300
        assert len(await sender.runs()) == before + 1
    assert (await sender.post("/mapped", json={"order": {"n": 1, "id": "o-2"}})).status_code == 201
    refused(await sender.post("/mapped", json={"order": {"n": 1, "id": ""}}), 422)


async def test_events_that_stripe_and_slack_send_again(sender: Sender) -> None:
    now = int(time.time())
    for delay in (0, 1):
        body = b'{"id": "evt_1", "n": 1}'
        headers = signed(body, now - delay)
        stripe = {"Stripe-Signature": headers["X-Plainwork-Signature"], "Content-Type": "application/json"}
        assert (await sender.post("/signed", content=body, headers=stripe)).status_code == 201
        body = b'{"event_id": "Ev1", "n": 1}'
        signature = hmac.digest(SECRET.encode(), f"v0:{now - delay}:".encode() + body, "sha256").hex()
        slack = {"X-Slack-Signature": f"v0={signature}", "X-Slack-Request-Timestamp": str(now - delay)}
        slack |= {"Content-Type": "application/json", "X-Slack-Retry-Num": str(delay)}
        assert (await sender.post("/signed", content=body, headers=slack)).status_code == 201
    assert len(await sender.runs()) == 2


async def test_keys_of_one_trigger_are_not_those_of_another_nor_of_the_api(sender: Sender) -> None:
    key = {"Idempotency-Key": "k"}
    path = f"/agents/{sender.agent['id']}/runs"
    await sender.place.as_owner.ok("POST", path, 202, json={"inputs": {"n": 1}}, headers=key)
    assert "idempotent-replayed" not in (await sender.post("/double", json={"n": 1}, headers=key)).headers
    assert "idempotent-replayed" not in (await sender.post("/later", json={"n": 1}, headers=key)).headers
    assert len(await sender.runs()) == 3


# ── Over a socket ────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_many_at_once_over_a_real_socket(api: Api, sender: Sender) -> None:
    address = await sender.address()
    async with listening(api.app) as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:
        answers = await asyncio.gather(*(client.post(f"{address}/double", json={"n": n}) for n in range(60)))
    assert [answer.json()["n"] for answer in answers] == [2 * n for n in range(60)]
    assert len(await sender.deliveries()) == 60
