"""Documents of every sort, opened in the editor and not touched, stay what they are byte for byte."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from plainwork.engine.catalogue import load
from tests.browser.editing import draft, new_agent, open_editor, saved, state, store, text_of
from tests.browser.seed import DIGEST, NIGHTLY, ORDERS, SLOW
from tests.browser.support import Visitor
from tests.journeys.server import Server

pytestmark = pytest.mark.xdist_group("browser")

EXAMPLES = {path.stem: path.read_text(encoding="utf-8") for path in Path("examples/agents").glob("*.md")}
SEEDED = {"digest": DIGEST, "orders": ORDERS, "nightly": NIGHTLY, "slow": SLOW}
BASE = EXAMPLES["reading-list"]
NASTY = {
    "windows": BASE.replace("\n", "\r\n"),
    "old mac": BASE.replace("\n", "\r"),
    "mixed ends": BASE.replace("\n", "\r\n", 7).replace("\n\r\n", "\n\n"),
    "byte order mark": "\ufeff" + BASE,
    "no final newline": BASE.rstrip("\n"),
    "many final newlines": BASE + "\n\n\n",
    "trailing spaces": BASE.replace("\n", "  \n"),
    "tabs": BASE.replace("  ", "\t"),
    "unicode line ends": BASE.replace("one that is closed", "one\u2028that\u2029is\u0085closed\x0b\x0c"),
    "astral": BASE.replace("Morning", "🌅 𝔐orning 👩‍👩‍👧 e\u0301"),
    "not closed": BASE + "\n### Open\n```yaml step\nuses: http\nwith: {url: [",
    "only spaces": " \t \r\n  ",
    "html": BASE.replace("Two at a time", "<b onclick='x'>Two</b> &amp; <!-- at a --> time"),
    "zero width": BASE.replace("title", "ti\u200btle\u202e"),
    "controls": BASE.replace("worth", "wor\x01\x1fth"),
}
CHANGED_AND_UNDONE = ("reading-list", "windows", "mixed ends", "byte order mark", "unicode line ends")


def every_kind() -> str:
    """A document with a step of each kind, with the settings that it asks for."""
    steps = []
    for kind in load().values():
        settings = "".join(f"  {name}: '{{{{ inputs.{name} }}}}'\n" for name in kind.input.get("required", []))
        block = f"uses: {kind.id}\n" + (f"with:\n{settings}" if settings else "")
        steps.append(f"### {kind.title}\n```yaml step\n{block}```\n")
    return "---\nagentspec: 1\n---\n\n# Of every kind\n\n## Steps\n\n" + "\n".join(steps)


def downloaded(page: Page) -> bytes:
    """The text that is open, as the editor gives it out."""
    page.get_by_role("button", name="More", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="Download as markdown").click()
    return download.value.path().read_bytes()


def test_documents_that_nobody_touches_stay_as_they_are(visit: Callable[..., Visitor], server: Server) -> None:
    texts = EXAMPLES | SEEDED | NASTY | {"every kind": every_kind()}
    assert len(texts) >= 25
    visitor = visit(server)
    agent = new_agent(server, BASE.replace("Morning reading list", "Untouched"))
    for name, text in texts.items():
        store(server, agent, text)
        before = draft(server, agent)
        page = open_editor(visitor, agent)
        assert downloaded(page) == text.encode(), name
        page.keyboard.press("Control+s")
        saved(page)
        after = draft(server, agent)
        assert (after["markdown"], after["revision"]) == (text, before["revision"]), name


@pytest.mark.parametrize("name", CHANGED_AND_UNDONE)
def test_a_change_that_is_undone_leaves_nothing(visit: Callable[..., Visitor], server: Server, name: str) -> None:
    text = (EXAMPLES | NASTY)[name]
    agent = new_agent(server, BASE.replace("Morning reading list", f"Undone {name}"))
    store(server, agent, text)
    page = open_editor(visit(server), agent)
    page.get_by_role("button", name="Source").click()
    text_of(page).focus()
    page.keyboard.press("Control+End")
    page.keyboard.type("x")
    expect(state(page, "Editing")).to_be_visible()
    saved(page)
    assert draft(server, agent)["markdown"] == text + "x"
    page.keyboard.press("Control+z")
    expect(state(page, "Editing")).to_be_visible()
    saved(page)
    assert draft(server, agent)["markdown"] == text
