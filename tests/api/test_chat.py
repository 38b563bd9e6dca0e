"""Chats: as JSON, and as a page."""

from __future__ import annotations

import httpx
import pytest

from tests.api.support import Place
from tests.api.test_forms import Page, form_of

CHAT = """---
agentspec: 1
when: chat
inputs: {message: text, history: {type: list, default: []}}
---

# Parrot

Says it <again>.

## Steps

### Answer
```yaml step
uses: respond
with: {body: {text: "{{ len(inputs.history) }}: {{ inputs.message }}"}}
```
"""


@pytest.fixture
async def address(place: Place) -> str:
    agent = await place.as_owner.agent(CHAT)
    return await form_of(place, agent["id"])


async def test_a_session_remembers_what_was_said(place: Place, address: str) -> None:
    client = place.api.client()
    first = await client.post(address, json={"message": "hello"})
    assert first.status_code == 200
    told = first.json()
    assert told["answer"] == {"text": "0: hello"}
    second = (await client.post(address, json={"message": "and?", "session": told["session"]})).json()
    assert second["answer"] == {"text": "2: and?"}
    run = await place.as_owner.ok("GET", f"/runs/{second['run']}")
    assert run["trigger"]["kind"] == "chat"
    assert run["trigger"]["history"] == [{"role": "user", "text": "hello"}, {"role": "agent", "text": "0: hello"}]
    other = (await client.post(address, json={"message": "alone"})).json()
    assert other["answer"] == {"text": "0: alone"}
    assert other["session"] != told["session"]


async def test_a_session_is_of_one_agent(place: Place, other: Place, address: str) -> None:
    client = place.api.client()
    session = (await client.post(address, json={"message": "hello"})).json()["session"]
    theirs = await form_of(other, (await other.as_owner.agent(CHAT))["id"])
    answer = (await client.post(theirs, json={"message": "what did I say?", "session": session})).json()
    assert answer["answer"] == {"text": "0: what did I say?"}


async def test_a_message_sent_twice_is_answered_once(place: Place, address: str) -> None:
    client, key = place.api.client(), {"Idempotency-Key": "m-1"}
    session = "a-session-of-mine"
    answers = [
        (await client.post(address, json={"message": "hi", "session": session}, headers=key)).json() for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert len((await place.as_owner.ok("GET", "/runs"))["runs"]) == 1


async def test_a_key_counts_within_its_session(place: Place, address: str) -> None:
    """Programs number their messages from 1; what one was answered is not for another."""
    client, key = place.api.client(), {"Idempotency-Key": "1"}
    told = {}
    for name in ("anna", "bert"):
        message = {"message": f"I am {name}", "session": f"session-of-{name}"}
        told[name] = (await client.post(address, json=message, headers=key)).json()["answer"]["text"]
    assert told == {"anna": "0: I am anna", "bert": "0: I am bert"}


@pytest.mark.parametrize(
    "body",
    [{}, {"message": ""}, {"message": 1}, {"message": "x" * 16_001}, {"message": "x", "session": "a b"}, []],
    ids=repr,
)
async def test_what_is_no_message_is_refused(place: Place, address: str, body: object) -> None:
    answer = await place.api.client().post(address, json=body)
    assert answer.status_code == 422
    assert answer.json()["code"] == "Invalid"


async def test_the_page_shows_the_conversation(place: Place, address: str) -> None:
    client = place.api.client()
    empty = await client.get(address)
    page = Page(empty)
    assert "Says it <again>." in page.text
    fields = {name: str(page.fields[name]["value"]) for name in ("session", "_once")}
    talked = await client.post(address, data=fields | {"message": "<b>hi</b>"})
    page = Page(talked)
    assert "0: <b>hi</b>" in page.text
    assert page.fields["session"]["value"] == fields["session"]
    assert page.fields["_once"]["value"] != fields["_once"]
    again = await client.post(address, data={"session": fields["session"], "message": "more"})
    assert "2: more" in Page(again).text
    assert "default-src 'none'" in again.headers["content-security-policy"]
    sorry = await client.post(address, data={"message": ""})
    assert (sorry.status_code, sorry.headers["content-type"]) == (422, "text/html; charset=utf-8")


async def test_another_sites_page_cannot_talk(place: Place, address: str) -> None:
    foreign: httpx.Response = await place.api.client().post(
        address, json={"message": "hi"}, headers={"Origin": "https://evil.example"}
    )
    assert foreign.status_code == 403
