"""What starts an agent: its address, a test, a pause, other addresses; and what keeps a version from going live."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.editing import open_editor, store
from tests.browser.support import Visitor
from tests.browser.watch import check_looks
from tests.journeys.server import Server

pytestmark = pytest.mark.xdist_group("browser")

ORDERS = """---
agentspec: 1
when:
  - every weekday at 08:30 in Europe/Berlin
  - {webhook: /orders, respond: at once}
inputs:
  article: {type: text, about: What is ordered}
---

# Take the orders

## Steps

### Note it
```yaml step
uses: set
with: {noted: "{{ inputs.article }}"}
```
"""
TRIED = """

## Examples

### Tea
```yaml given
inputs: {article: tea}
```
```yaml expect
not_ran: [note-it]
```
"""


def live(server: Server, markdown: str) -> str:
    """A live agent; its id."""
    answer = server.call("POST", "/api/v1/agents", {"markdown": markdown})
    assert answer.status == 201, answer.body
    return str(answer.json()["id"])


def deliver(server: Server, url: str, body: object) -> int:
    """Sends something to the webhook, as anybody may; the status."""
    return server.call("POST", url.removeprefix(server.url), body, {"Cookie": "", "X-CSRF-Token": ""}).status


def test_what_starts_an_agent_is_seen_tried_and_paused(visit: Callable[..., Visitor], server: Server) -> None:
    agent = live(server, ORDERS)
    visitor = visit(server)
    page = visitor.go(f"/agents/{agent}/triggers")
    expect(page.get_by_role("list", name="Next times").get_by_role("listitem")).to_have_count(10)
    url = page.locator("code", has_text="/hooks/").inner_text()
    assert deliver(server, url, {"article": "tea"}) == 202
    assert deliver(server, url, {"article": ["tea"]}) == 422
    page.reload()
    deliveries = page.get_by_role("list", name="Last deliveries").get_by_role("listitem")
    expect(deliveries).to_have_count(2)
    expect(deliveries.first).to_contain_text("Refused with 422")
    check_looks(page)

    page.get_by_role("button", name="Try it").click()
    page.get_by_role("textbox", name="Body").fill('{"article": "ink"}')
    page.get_by_role("button", name="See what it gives").click()
    expect(page.get_by_role("dialog")).to_contain_text("ink")
    page.keyboard.press("Escape")

    page.get_by_role("button", name="Pause: webhook /orders").click()
    expect(page.get_by_role("button", name="Resume: webhook /orders")).to_be_visible()
    assert deliver(server, url, {"article": "tea"}) == 503
    page.get_by_role("button", name="Resume: webhook /orders").click()
    expect(page.get_by_role("button", name="Pause: webhook /orders")).to_be_visible()

    page.get_by_role("button", name="Give it other addresses").click()
    page.get_by_role("button", name="Give it others").click()
    expect(page.locator("code", has_text="/hooks/")).not_to_have_text(url)
    assert deliver(server, url, {"article": "tea"}) == 404

    page.get_by_role("button", name="Fill in").click()
    page.get_by_role("button", name="See which").click()
    expect(page.get_by_role("list", name="Times without a run")).to_be_visible()


def test_a_version_that_is_not_ready_goes_live_with_a_reason_only(
    visit: Callable[..., Visitor], server: Server
) -> None:
    document = ORDERS.replace("Take the orders", "Count the orders")
    agent = live(server, document)
    store(server, agent, document + TRIED)
    visitor = visit(server)
    page = open_editor(visitor, agent)
    with visitor.watch.but("status of 409"):
        page.get_by_role("button", name="Make live").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name="Make live").click()
        expect(dialog).to_contain_text("It is not ready to go live.")
        check_looks(page)
        dialog.get_by_role("textbox", name=re.compile("^Why it should go live")).fill("The example is to be mended")
        dialog.get_by_role("button", name="Make live all the same").click()
    expect(page.get_by_text("Live: version 2")).to_be_visible()

    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Versions").click()
    page.get_by_role("tab", name="What was live").click()
    expect(page.get_by_role("list", name="What was live")).to_contain_text("The example is to be mended")
    page.get_by_role("button", name="Go back to the one before").click()
    page.get_by_role("button", name="Go back", exact=True).click()
    expect(page.get_by_role("list", name="What was live")).to_contain_text("Gone back to")
    page.get_by_role("link", name="Open in the editor").click()
    expect(page.get_by_text("Live: version 1")).to_be_attached()
