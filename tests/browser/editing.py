"""What tests do in the editor: open an agent, find its parts, wait until it is saved."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.support import Visitor
from tests.journeys.server import Server


def new_agent(server: Server, markdown: str) -> str:
    """An agent that is not live; its id."""
    answer = server.call("POST", "/api/v1/agents", {"markdown": markdown, "live": False})
    assert answer.status == 201, answer.body
    return str(answer.json()["id"])


def open_editor(visitor: Visitor, agent: str, tab: Page | None = None) -> Page:
    """The agent's editor, with its text loaded: in the visitor's page, or in another tab of theirs."""
    page = tab or visitor.page
    page.goto(f"/agents/{agent}")
    expect(text_of(page)).to_be_visible()
    saved(page)
    return page


def draft(server: Server, agent: str) -> dict[str, Any]:
    """The draft as the server keeps it."""
    found: dict[str, Any] = server.call("GET", f"/api/v1/agents/{agent}/draft").json()
    return found


def store(server: Server, agent: str, markdown: str) -> None:
    """Puts another draft in place, as somebody else would."""
    body = {"markdown": markdown, "revision": draft(server, agent)["revision"]}
    answer = server.call("PUT", f"/api/v1/agents/{agent}/draft", body)
    assert answer.status == 200, answer.body


def card(page: Page, title: str) -> Locator:
    """A step's card on the canvas."""
    return page.locator(".react-flow__node").filter(has_text=title)


def text_of(page: Page) -> Locator:
    """The text side of the editor."""
    return page.get_by_role("textbox", name="The agent as text")


def state(page: Page, word: str) -> Locator:
    """How the draft stands, once it stands so: Saved, Editing, Kept here, Not saved."""
    return page.get_by_role("main").locator("header").get_by_role("status").filter(has_text=re.compile(f"^{word}$"))


def saved(page: Page) -> None:
    """Waits until the draft is on the server."""
    expect(state(page, "Saved")).to_be_visible()


def write_at_the_end(page: Page, text: str) -> None:
    """Pastes text after everything in the editor's text."""
    page.get_by_role("button", name="Source").click()
    text_of(page).focus()
    page.keyboard.press("Control+End")
    paste(page, text)


def paste(page: Page, text: str) -> None:
    """Pastes text where the cursor is."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    page.keyboard.press("Control+v")


def run(page: Page) -> None:
    """Presses the editor's Run."""
    page.get_by_role("main").locator("header").get_by_role("button", name=re.compile("^Run")).first.click()


def run_ends(page: Page, status: str) -> None:
    """Waits for the end of the run that the editor shows."""
    head = page.get_by_role("region", name="Run").locator("header")
    expect(head.get_by_text(status, exact=True)).to_be_visible()
