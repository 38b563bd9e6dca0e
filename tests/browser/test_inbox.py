"""What waits for a person: an approval is given, a run that failed is taken again, others are discarded."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.support import Visitor
from tests.browser.watch import check_looks
from tests.journeys.server import Server
from tests.world import Reply, World

pytestmark = pytest.mark.xdist_group("browser")

REFUND = """# Refund by hand

## Steps

### Ask the desk
```yaml step
uses: approval
with: {title: Refund 900 EUR?, show: {customer: ada@example.org, amount: 900}}
```

### Note it
```yaml step
uses: set
with: {said: "{{ ask_the_desk.comment }}"}
```
"""
BOOKING = """# Book it once

## Steps

### Read the order
```yaml step
uses: set
with: {order: 17}
```

### Book it
```yaml step
uses: http
with: {url: "WEB/inbox/book", method: POST, json: {order: "{{ read_the_order.order }}"}}
retry: {times: 0}
```
"""


def live(server: Server, markdown: str) -> str:
    return str(answered(server, "POST", "/agents", {"markdown": markdown, "live": True})["id"])


def start(server: Server, agent: str, status: str) -> str:
    """Starts a run and waits until it stands so."""
    run = str(answered(server, "POST", f"/agents/{agent}/runs", {"inputs": {}})["id"])
    reaches(server, run, status)
    return run


def reaches(server: Server, run: str, status: str) -> dict[str, Any]:
    until = time.monotonic() + 20
    while (found := answered(server, "GET", f"/runs/{run}"))["status"] != status:
        assert time.monotonic() < until, f"the run is {found['status']}, not {status}"
        time.sleep(0.1)
    return found


def answered(server: Server, method: str, path: str, body: Any = None) -> dict[str, Any]:
    answer = server.call(method, f"/api/v1{path}", body)
    assert answer.status < 300, answer.body
    found: dict[str, Any] = answer.json()
    return found


def approve(page: Page) -> None:
    card = page.get_by_role("article", name="Refund 900 EUR?")
    expect(card).to_contain_text("ada@example.org")
    expect(card).to_contain_text("An editor, admin or owner decides.")
    check_looks(page)
    card.get_by_label("Comment").fill("As agreed")
    card.get_by_role("button", name="Approve").click()
    expect(card).to_have_count(0)


def test_what_waits_is_decided(visit: Callable[..., Visitor], server: Server, world: World) -> None:
    world.web.on("POST", "/inbox/book", Reply(500, json={"message": "The book is closed."}))
    asked = start(server, live(server, REFUND), "waiting")
    agent = live(server, BOOKING.replace("WEB", world.web.url))
    retried, *others = (start(server, agent, "failed") for _ in range(3))

    # An approval shows what it is about; the run goes on with what was said.
    page = visit(server).go("/")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Inbox").click()
    page.get_by_role("tab", name="Approvals").click()
    approve(page)
    assert reaches(server, asked, "succeeded")["output"] == {"said": "As agreed"}

    # A run that failed says what its step was given, and is taken again from there once the cause is gone.
    world.web.on("POST", "/inbox/book", Reply(json={"booked": True}))
    page.get_by_role("tab", name="Runs that need a person").click()
    page.get_by_role("button", name="Agent").click()
    page.get_by_role("checkbox", name="Book it once", exact=True).click()
    page.keyboard.press("Escape")
    runs = page.get_by_role("link", name=re.compile("Book it once"))
    expect(runs).to_have_count(3)
    runs.last.click()
    expect(page).to_have_url(re.compile(f"/runs/{retried}"))
    page.get_by_role("group", name="What becomes of this run").get_by_role("button", name="Retry").click()
    dialog = page.get_by_role("dialog", name="Retry this run?")
    expect(dialog).to_contain_text("/inbox/book")
    dialog.get_by_role("button", name="Retry", exact=True).click()
    expect(page).not_to_have_url(re.compile(retried))
    again = reaches(server, page.url.rpartition("/")[2], "succeeded")
    assert again["origin_run_id"] == retried

    # The others are discarded together.
    page.goto(f"/inbox?tab=runs&agent={agent}")
    expect(page.get_by_role("link", name=re.compile("Book it once"))).to_have_count(2)
    page.get_by_role("checkbox", name="Choose all").click()
    check_looks(page)
    page.get_by_role("button", name="Discard").click()
    page.get_by_label("Reason").fill("Booked by hand")
    page.get_by_role("dialog").get_by_role("button", name="Discard", exact=True).click()
    expect(page.get_by_role("heading", name="No run is like that")).to_be_visible()
    assert [answered(server, "GET", f"/runs/{run}")["resolution"] for run in others] == ["discarded", "discarded"]
