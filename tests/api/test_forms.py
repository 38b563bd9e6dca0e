"""Forms as a browser without scripts sees and sends them."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest

from tests.api.support import Client, Place

FORM = """---
agentspec: 1
when: {form: "Ask <us> something", map: {source: "{{ trigger.kind }}"}}
inputs:
  your_name: {type: text, about: As we should call you}
  email: email
  how_many: {type: integer, default: 2}
  colour: "one of [red, green]"
  topics: {type: list of text, default: [one, two]}
  urgent: {type: yes/no, default: yes}
  more: {type: long text, required: false}
  source: text
---

# Questions

Answers <questions>.

## Steps

### Answer
```yaml step
uses: respond
with: {body: "Dear {{ inputs.your_name }}, {{ inputs.how_many }} {{ inputs.colour }} & {{ inputs.source }}"}
```
"""


class Page(HTMLParser):
    """The fields of a page, and its text."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__()
        self.fields: dict[str, dict[str, Any]] = {}
        self.labels: set[str] = set()
        self.described: set[str] = set()
        self.ids: set[str] = set()
        self.tags: list[str] = []
        self.text = ""
        self.feed(answer.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value if value is not None else True for name, value in attrs}
        self.tags.append(tag)
        if "id" in given:
            self.ids.add(str(given["id"]))
        if tag == "label":
            self.labels.add(str(given["for"]))
        if tag in {"input", "textarea", "select"} and "name" in given:
            self.fields.setdefault(str(given["name"]), given | {"tag": tag})
            self.described.update(str(given.get("aria-describedby", "")).split())

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
async def address(place: Place) -> str:
    agent = await place.as_owner.agent(FORM)
    return await form_of(place, agent["id"])


async def form_of(place: Place, agent_id: str) -> str:
    listed = await place.as_owner.ok("GET", f"/agents/{agent_id}/triggers")
    return httpx.URL(listed["triggers"][0]["url"]).path


GOOD = {"your_name": "Ada", "email": "ada@example.org", "how_many": "3", "colour": "green", "topics": "a\r\nb, c\r\n"}


async def sent(client: Client, address: str, fields: dict[str, str], **more: Any) -> httpx.Response:
    return await client.post(address, data=fields, **more)


async def test_a_form_asks_for_the_inputs(place: Place, address: str) -> None:
    answer = await place.api.client().get(address)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = Page(answer)
    assert "Ask <us> something" in page.text
    assert "Answers <questions>." in page.text
    assert "As we should call you" in page.text
    assert "source" not in page.fields  # the trigger maps it
    assert (page.fields["your_name"]["required"], page.fields["email"]["type"]) == (True, "email")
    assert (page.fields["how_many"]["type"], page.fields["how_many"]["value"]) == ("number", "2")
    assert page.fields["topics"]["tag"] == page.fields["more"]["tag"] == "textarea"
    assert page.fields["urgent"]["checked"] is True
    assert "required" not in page.fields["more"]
    for name in ("your_name", "email", "how_many", "topics", "urgent", "more", "colour-0", "colour-1"):
        assert name in page.labels
        assert name in page.ids
    assert page.described <= page.ids


async def test_no_script_runs_and_nobody_frames_it(place: Place, address: str) -> None:
    answer = await place.api.client().get(address)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert "unsafe" not in policy
    assert "form-action 'self'" in policy
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "same-origin"
    style = re.search(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert style
    assert b64encode(sha256(style[1].encode()).digest()).decode() in policy
    assert not {"script", "link", "img", "iframe"} & set(Page(answer).tags)
    assert " style=" not in answer.text
    assert not re.search(r" on\w+=", answer.text)


async def test_what_is_sent_starts_a_run_and_the_answer_is_shown(place: Place, address: str) -> None:
    client = place.api.client()
    answer = await sent(client, address, GOOD | {"colour": "green"})
    assert answer.status_code == 200
    assert "Dear Ada, 3 green & form" in Page(answer).text
    assert "Dear Ada, 3 green &amp; form" in answer.text
    [run] = (await place.as_owner.ok("GET", "/runs?trigger=form"))["runs"]
    wanted = {"your_name": "Ada", "email": "ada@example.org", "how_many": 3, "colour": "green", "topics": ["a", "b, c"]}
    assert run["inputs"] == wanted | {"urgent": False, "more": None, "source": "form"}
    assert run["trigger"]["fields"]["your_name"] == "Ada"


async def test_what_is_wrong_is_said_beside_its_field(place: Place, address: str) -> None:
    answer = await sent(place.api.client(), address, GOOD | {"how_many": "three<b>", "your_name": " "})
    assert answer.status_code == 422
    page = Page(answer)
    assert page.fields["how_many"]["aria-invalid"] == "true"
    assert page.fields["how_many"]["value"] == "three<b>"
    assert page.fields["how_many"]["aria-describedby"] == "how_many-wrong"
    assert {"how_many-wrong", "your_name-wrong"} <= page.ids
    assert page.fields["email"]["value"] == "ada@example.org"
    assert "aria-invalid" not in page.fields["email"]
    assert "This should be a whole number" in page.text
    assert "This is needed." in page.text
    assert "your_name" not in page.text
    assert 'role="alert"' in answer.text
    assert (await place.as_owner.ok("GET", "/runs"))["runs"] == []


async def test_the_same_page_sent_twice_starts_one_run(place: Place, address: str) -> None:
    client = place.api.client()
    once = {"_once": Page(await client.get(address)).fields["_once"]["value"]}
    first, again = [await sent(client, address, GOOD | once) for _ in range(2)]
    assert first.text == again.text
    assert len((await place.as_owner.ok("GET", "/runs"))["runs"]) == 1
    another = Page(await client.get(address)).fields["_once"]["value"]
    assert another != once["_once"]


async def test_another_sites_page_cannot_send_it(place: Place, address: str) -> None:
    answer = await sent(place.api.client(), address, GOOD, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    own = await sent(place.api.client(), address, GOOD, headers={"Origin": "http://plainwork.test"})
    assert own.status_code == 200


async def test_without_an_answer_it_says_thank_you(place: Place) -> None:
    document = "---\nagentspec: 1\nwhen: {form: Sign up}\n---\n\n# Sign up\n\n## Steps\n\n### Keep\n```yaml step\nuses: set\nwith: {secret: 1}\n```\n"
    agent = await place.as_owner.agent(document)
    answer = await sent(place.api.client(), await form_of(place, agent["id"]), {})
    assert (answer.status_code, "secret" in answer.text) == (200, False)
    assert "Thank you" in answer.text


async def test_what_is_not_there_or_closed_says_so_as_a_page(place: Place, address: str) -> None:
    client = place.api.client()
    missing = await client.get("/forms/nothing/trigger-1")
    assert (missing.status_code, missing.headers["content-type"]) == (404, "text/html; charset=utf-8")
    agents = (await place.as_owner.ok("GET", "/agents"))["agents"]
    await place.as_owner.ok("PATCH", f"/agents/{agents[0]['id']}/triggers/trigger-1", json={"paused": True})
    closed = await client.get(address)
    assert closed.status_code == 503
    assert "closed" in closed.text
