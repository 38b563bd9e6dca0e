"""The whole way, in one browser: from setting up and a sentence to a run that failed, was mended, and ran again."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.editing import card, draft, run, run_ends, saved, text_of, write_at_the_end
from tests.browser.support import PASSWORD, Visitor
from tests.browser.watch import check_looks
from tests.journeys.server import Server
from tests.world import Reply, World

pytestmark = pytest.mark.xdist_group("browser")

POSTS = [{"title": "A faster parser", "score": 310}, {"title": "Lunch is moved", "score": 12}]
SCHEDULE = "every day at 07:30 in Europe/Berlin"
TYPED = """
### Tell the board
```yaml step
uses: http
with: {url: "WEB/bord", method: POST, json: {kept: 1}}
retry: {times: 0}
```
"""


def draft_of(server: Server, page: Page) -> str:
    """The draft as the server keeps it, once it does."""
    saved(page)
    return str(draft(server, page.url.rpartition("/")[2])["markdown"])


def changed_lines(before: str, after: str) -> list[str]:
    """The lines that went and came, as a diff has them."""
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line for line in lines if line.startswith(("- ", "+ "))]


def set_up(visitor: Visitor, server: Server) -> None:
    """Makes the owner by the printed link; the visitor is signed in, and the server's own calls are too."""
    page = visitor.go(f"/setup?token={server.token}")
    page.get_by_label("Your name").fill("Ada Lovelace")
    page.get_by_label("E-mail").fill("ada@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page).to_have_url(f"{server.url}/")
    [cookie] = visitor.context.cookies()
    server.headers = {"Cookie": f"{cookie['name']}={cookie['value']}"}


def test_from_a_sentence_to_a_run_that_was_mended(
    visit: Callable[..., Visitor], fresh_server: Server, world: World
) -> None:
    server, visitor = fresh_server, visit(fresh_server, signed_in=False)
    world.web.on("GET", "/posts.json", Reply(json=POSTS, delay_s=1))
    world.web.on("POST", "/board", Reply(json={"told": True}))
    with visitor.watch.but("status of 401"):
        set_up(visitor, server)
    page = visitor.page

    # A sentence becomes a draft, and an answer another one.
    page.get_by_role("main").get_by_role("link", name="New agent").first.click()
    page.get_by_label("What your agent should do").fill(
        f"Every morning fetch {world.web.url}/posts.json, keep posts with score over 100, and mail them to team@example.org"
    )
    page.keyboard.press("Control+Enter")
    page.get_by_role("textbox", name="At what time should it run?").fill(SCHEDULE)
    check_looks(page)
    page.get_by_role("button", name="Draft again with my answers").click()
    expect(page.get_by_text("You answered")).to_be_visible()
    page.get_by_role("button", name="Open it in the editor").click()
    expect(page).to_have_url(re.compile(r"/agents/[0-9a-f-]{36}$"))
    drafted = draft_of(server, page)
    assert f"when: {SCHEDULE}" in drafted

    # A name that is changed on the canvas changes no more of the text than it has to.
    card(page, "Fetch the posts").click()
    page.keyboard.press("F2")
    page.keyboard.type("Get the news")
    page.keyboard.press("Enter")
    expect(card(page, "Get the news")).to_be_visible()
    expect(text_of(page)).to_contain_text("Get the news")
    renamed = draft_of(server, page)
    assert changed_lines(drafted, renamed) == ["- ### Fetch the posts", "+ ### Get the news", "+ id: fetch-the-posts"]

    # A step that is written in the text stands on the canvas.
    write_at_the_end(page, TYPED.replace("WEB", world.web.url))
    expect(card(page, "Tell the board")).to_be_visible()
    assert draft_of(server, page).endswith(TYPED.replace("WEB", world.web.url))

    # A run is watched while it goes on, and the step that failed is mended where it failed.
    run(page)
    steps = page.get_by_role("region", name="Run").get_by_role("list", name="Steps")
    expect(steps.get_by_role("button", name="Get the news")).to_be_visible()
    run_ends(page, "Failed")
    check_looks(page)
    page.get_by_role("button", name="Open in settings").first.click()
    address = page.get_by_role("textbox", name=re.compile("^Address"))
    expect(address).to_contain_text("/bord")
    address.fill(f"{world.web.url}/board")
    page.keyboard.press("Tab")
    expect(text_of(page)).to_contain_text("/board")
    run(page)
    run_ends(page, "Succeeded")
    assert [seen.json() for seen in world.web.seen("/board")] == [{"kept": 1}]

    # Both runs are in the list.
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Runs").click()
    rows = page.get_by_role("row").filter(has_text="Fetch the posts and mail the posts")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("Succeeded")
    expect(rows.nth(1)).to_contain_text("Failed")
