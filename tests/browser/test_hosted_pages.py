"""Forms and chats in a real browser: what anybody who has the address can send, without an account and without scripts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.support import Visitor
from tests.browser.test_triggers import live
from tests.browser.watch import check_looks
from tests.journeys.server import Server

pytestmark = pytest.mark.xdist_group("browser")

FORM = """---
agentspec: 1
when: {form: Ask <i>us</i>}
inputs:
  question: {type: long text, about: "What <script>document.title = 'taken'</script> is it?"}
  topic: {type: "one of [tea, ink]"}
---

# Ask us

## Steps

### Answer
```yaml step
uses: respond
with: {body: "{{ inputs.topic }}: {{ inputs.question }}"}
```
"""
CHAT = """---
agentspec: 1
when: chat
inputs: {message: text}
---

# Parrot

## Steps

### Answer
```yaml step
uses: respond
with: {body: "You said {{ inputs.message }}"}
```
"""
HOSTILE = "<img src=x onerror=\"document.title = 'taken'\">"


def address(server: Server, agent: str) -> str:
    [trigger] = server.call("GET", f"/api/v1/agents/{agent}/triggers").json()["triggers"]
    return str(trigger["url"])


def test_a_form_is_filled_in(visit: Callable[..., Visitor], server: Server) -> None:
    visitor = visit(server, signed_in=False)
    page = visitor.page
    page.goto(address(server, live(server, FORM)))
    expect(page.get_by_role("heading", name="Ask <i>us</i>")).to_be_visible()
    check_looks(page)
    page.get_by_label("Question").fill(HOSTILE)
    page.get_by_label("ink").check()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text(f"ink: {HOSTILE}")).to_be_visible()
    expect(page).to_have_title("Thank you")


def test_one_talks_in_a_chat(visit: Callable[..., Visitor], server: Server) -> None:
    visitor = visit(server, signed_in=False)
    page = visitor.page
    page.goto(address(server, live(server, CHAT)))
    for message in ("hello", HOSTILE):
        page.get_by_label("Your message").fill(message)
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_text(f"You said {message}")).to_be_visible()
    expect(page.get_by_role("listitem")).to_have_count(4)
    expect(page).to_have_title("Parrot")
    check_looks(page)
