"""What goes wrong while somebody edits: nothing that they typed is lost, and each time they are told."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from benchmarks.documents import document
from playwright.sync_api import expect

from tests.browser.editing import card, draft, new_agent, open_editor, paste, saved, state, text_of, write_at_the_end
from tests.browser.support import PASSWORD, Visitor
from tests.browser.watch import check_looks
from tests.journeys.server import Server, free_port, running

pytestmark = pytest.mark.xdist_group("browser")

AGENT = """# {name}

## Steps

### Greet
```yaml step
uses: set
with: {{text: Hello}}
```
"""
MORE = "\n### {name}\n```yaml step\nuses: set\nwith: {{text: typed}}\n```\n"
GONE = (r"ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET|Failed to load resource",)


def test_a_text_that_cannot_be_read_keeps_the_canvas(visit: Callable[..., Visitor], server: Server) -> None:
    agent = new_agent(server, AGENT.format(name="Broken while typing"))
    page = open_editor(visit(server), agent)
    expect(card(page, "Greet")).to_be_visible()
    write_at_the_end(page, "\n### Farewell\n```yaml step\nuses: set\nwith: {text: [\n```\n")
    expect(page.get_by_text("The text cannot be read at present")).to_be_visible()
    expect(card(page, "Greet")).to_be_visible()
    saved(page)
    check_looks(page)
    page.keyboard.press("Control+z")
    write_at_the_end(page, MORE.format(name="Farewell"))
    expect(page.get_by_text("The text cannot be read at present")).to_have_count(0)
    expect(card(page, "Farewell")).to_be_visible()


def test_a_paste_of_a_megabyte_is_taken_and_more_is_refused(visit: Callable[..., Visitor], server: Server) -> None:
    agent = new_agent(server, AGENT.format(name="A large paste"))
    page = open_editor(visit(server), agent)
    line = "All work and no play makes a long document. " * 2 + "\n"
    large = "\n" + line * (1_000_000 // len(line))
    write_at_the_end(page, large)
    expect(state(page, "Saved")).to_be_visible()
    kept = AGENT.format(name="A large paste") + large
    assert draft(server, agent)["markdown"] == kept
    paste(page, line * 1_000)
    expect(page.get_by_text("a document has at most 1,048,576 characters")).to_be_visible()
    assert draft(server, agent)["markdown"] == kept


def test_five_hundred_steps_can_be_edited(visit: Callable[..., Visitor], server: Server) -> None:
    agent = new_agent(server, document(500).replace("# A long agent", "# Five hundred steps"))
    page = open_editor(visit(server), agent)
    expect(card(page, "Fetch page 0").first).to_be_visible()
    card(page, "Fetch page 0").first.click()
    page.keyboard.press("F2")
    page.keyboard.type("Read the first page")
    page.keyboard.press("Enter")
    expect(card(page, "Read the first page")).to_be_visible()
    saved(page)
    assert "### Read the first page\n" in draft(server, agent)["markdown"]


def test_a_session_that_ends_keeps_what_was_typed(visit: Callable[..., Visitor], server: Server) -> None:
    visitor = visit(server)
    agent = new_agent(server, AGENT.format(name="Signed out while editing"))
    page = open_editor(visitor, agent)
    visitor.context.clear_cookies()
    typed = MORE.format(name="Typed while signed out")
    with visitor.watch.but("status of 401"):
        write_at_the_end(page, typed)
        dialog = page.get_by_role("dialog", name="Your session has ended")
        expect(dialog).to_be_visible()
        dialog.get_by_label("Password", exact=True).fill(PASSWORD)
        dialog.get_by_role("button", name="Sign in").click()
        expect(dialog).to_have_count(0)
        saved(page)
    assert draft(server, agent)["markdown"] == AGENT.format(name="Signed out while editing") + typed


def test_two_people_on_one_draft(visit: Callable[..., Visitor], server: Server) -> None:
    one, other = visit(server), visit(server)
    agent = new_agent(server, AGENT.format(name="Two people"))
    first, second = open_editor(one, agent), open_editor(other, agent)
    mine, theirs = MORE.format(name="Mine"), MORE.format(name="Theirs")
    write_at_the_end(first, theirs)
    saved(first)
    with other.watch.but("status of 409"):
        write_at_the_end(second, mine)
        dialog = second.get_by_role("dialog", name="The draft was changed elsewhere")
        expect(dialog).to_be_visible()
        assert draft(server, agent)["markdown"] == AGENT.format(name="Two people") + theirs
        check_looks(second)
        dialog.get_by_role("button", name="Take theirs").click()
    expect(text_of(second)).to_contain_text("Theirs")
    expect(text_of(second)).not_to_contain_text("Mine")
    saved(second)
    second.keyboard.press("Control+z")
    expect(text_of(second)).to_contain_text("Mine")
    saved(second)
    assert draft(server, agent)["markdown"] == AGENT.format(name="Two people") + mine


def test_two_tabs_of_one_browser(visit: Callable[..., Visitor], server: Server) -> None:
    visitor = visit(server)
    agent = new_agent(server, AGENT.format(name="Two tabs"))
    first, second = open_editor(visitor, agent), open_editor(visitor, agent, visitor.context.new_page())
    early, mine, theirs = (MORE.format(name=name) for name in ("Early", "Mine", "Theirs"))

    # A tab without edits of its own follows the other one.
    write_at_the_end(first, early)
    expect(text_of(second)).to_contain_text("Early")
    expect(card(second, "Early")).to_be_visible()
    saved(second)

    # A tab with edits that could not be stored yet asks what shall become of the two texts.
    with visitor.watch.but("status of 409", *GONE):
        second.route("**/draft", lambda route: route.abort() if route.request.method == "PUT" else route.continue_())
        write_at_the_end(second, mine)
        expect(state(second, "Kept here")).to_be_visible()
        write_at_the_end(first, theirs)
        saved(first)
        expect(text_of(second)).to_contain_text("Mine")
        second.unroute_all()
        dialog = second.get_by_role("dialog", name="The draft was changed elsewhere")
        expect(dialog).to_be_visible()
        assert draft(server, agent)["markdown"] == AGENT.format(name="Two tabs") + early + theirs
        dialog.get_by_role("button", name="Keep mine").click()
    saved(second)
    assert draft(server, agent)["markdown"] == AGENT.format(name="Two tabs") + early + mine
    expect(text_of(first)).to_contain_text("Mine")


def test_a_server_that_goes_and_comes_back(visit: Callable[..., Visitor], chromium: object) -> None:
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="plainwork-data-") as root:
        data = Path(root) / "data"
        with running(data, port=port) as server:
            server.set_up()
            visitor = visit(server)
            agent = new_agent(server, AGENT.format(name="Gone and back"))
            page = open_editor(visitor, agent)
            headers = server.headers
            server.process.send_signal(signal.SIGKILL)
            server.process.wait(10)
        typed = MORE.format(name="Typed while it was gone")
        with visitor.watch.but(*GONE):
            write_at_the_end(page, typed)
            expect(state(page, "Kept here")).to_be_visible()
            expect(page.get_by_text("Plainwork cannot be reached").first).to_be_visible()
            with running(data, port=port) as again:
                again.headers = headers
                expect(state(page, "Saved")).to_be_visible(timeout=40_000)
                expect(page.get_by_text("Plainwork cannot be reached")).to_have_count(0)
                assert draft(again, agent)["markdown"] == AGENT.format(name="Gone and back") + typed
                page.goto("about:blank")
