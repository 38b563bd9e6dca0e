"""The editor without a mouse: from the palette to an agent, through its canvas, settings and text, to a run that was mended."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.editing import card, draft, new_agent, run_ends, saved, text_of
from tests.browser.support import Visitor
from tests.journeys.server import Server
from tests.world import Reply, World

pytestmark = pytest.mark.xdist_group("browser")

MOST_TABS = 80
AGENT = """# Keys alone

## Steps

### Note the score
```yaml step
uses: set
with: {score: 120}
```

### Is it high?
```yaml step
uses: condition
```
- If `note_the_score.score > 500` → stop
- Otherwise → [Praise it](#praise-it)

### Praise it
```yaml step
uses: set
with: {words: well done}
```

### Say so
```yaml step
uses: set
with: {said: yes}
```
"""


def tab_to(page: Page, wanted: Locator) -> None:
    """Goes there with the Tab key, as somebody does who has no mouse."""
    for _ in range(MOST_TABS):
        if wanted.count() and wanted.first.evaluate("one => one === document.activeElement"):
            return
        if page.evaluate("document.activeElement.closest('.cm-editor') !== null"):
            page.keyboard.press("Escape")
        page.keyboard.press("Tab")
    where = page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
    raise AssertionError(f"Tab does not lead to {wanted}, but to {where}")


def to_canvas(page: Page) -> None:
    tab_to(page, page.get_by_role("application", name=re.compile("^Canvas")))


def selected(page: Page, title: str) -> None:
    """Waits until the canvas has told that this step is selected."""
    expect(
        page.get_by_role("application").get_by_role("status").filter(has_text=re.compile(f"^{re.escape(title)},"))
    ).to_have_count(1)


def write(page: Page, text: str) -> None:
    """Types in place of what stands in the field."""
    page.keyboard.press("Control+a")
    page.keyboard.type(text)


def open_from_palette(page: Page, name: str) -> None:
    page.goto("/")
    expect(page.get_by_role("main").get_by_role("link", name=name)).to_be_visible()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.type(name)
    expect(page.get_by_role("option", name=re.compile(name)).first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(text_of(page)).to_be_visible()
    saved(page)


def test_the_editor_by_keyboard_alone(visit: Callable[..., Visitor], server: Server, world: World) -> None:
    world.web.on("GET", "/praise", Reply(json={"praised": True}))
    agent = new_agent(server, AGENT)
    page = visit(server).page
    open_from_palette(page, "Keys alone")
    keys = page.keyboard

    # Along the canvas to a step, and a new one after it, with its name and its address.
    to_canvas(page)
    keys.press("ArrowRight")
    selected(page, "Note the score")
    keys.press("a")
    expect(page.get_by_role("combobox", name="Add a step")).to_be_focused()
    keys.type("http")
    expect(page.get_by_role("option").first).to_contain_text("web address")
    keys.press("Enter")
    expect(page.get_by_role("form", name="New step").get_by_role("textbox", name="Name of the step")).to_be_focused()
    write(page, "Ask the judge")
    keys.press("Enter")
    expect(card(page, "Ask the judge")).to_be_visible()
    selected(page, "Ask the judge")
    keys.press("Enter")
    tab_to(page, page.get_by_role("textbox", name=re.compile("^Address")))
    write(page, f"{world.web.url}/prise")
    keys.press("Tab")
    expect(text_of(page)).to_contain_text("/prise")

    # A further arrow, and another condition on the one that is there.
    to_canvas(page)
    keys.press("ArrowDown")
    selected(page, "Is it high?")
    keys.press("c")
    keys.press("ArrowDown")
    hint = page.get_by_role("application").get_by_role("status")
    expect(hint.filter(has_text="→ Say so")).to_be_visible()
    keys.press("Enter")
    expect(page.get_by_role("form", name="Is it high? → Say so")).to_be_visible()
    tab_to(page, page.get_by_role("textbox", name="Test"))
    keys.type("note_the_score.score < 10")
    keys.press("Enter")
    expect(text_of(page)).to_contain_text("< 10")
    keys.press("r")
    keys.press("Enter")
    expect(page.get_by_role("form", name="Is it high? → Stop")).to_be_visible()
    tab_to(page, page.get_by_role("textbox", name="Test"))
    write(page, "note_the_score.score > 900")
    keys.press("Enter")
    expect(text_of(page)).to_contain_text("> 900")

    # A name, and the way back and forth over what was done in either view.
    for _ in range(3):
        keys.press("r")
    keys.press("ArrowDown")
    selected(page, "Praise it")
    keys.press("F2")
    keys.type("Applaud")
    keys.press("Enter")
    expect(card(page, "Applaud")).to_be_visible()
    selected(page, "Applaud")
    saved(page)
    changed = str(draft(server, agent)["markdown"])
    tab_to(page, text_of(page))
    keys.press("Control+End")
    keys.insert_text("The end.")  # at once, so that it is one step of the history however slow the machine is
    saved(page)
    assert draft(server, agent)["markdown"] == f"{changed}The end."
    keys.press("Control+z")
    keys.press("Control+z")
    expect(card(page, "Praise it")).to_be_visible()
    to_canvas(page)
    keys.press("Control+z")
    expect(text_of(page)).not_to_contain_text("> 900")
    for _ in range(3):
        keys.press("Control+Shift+z")
    saved(page)
    assert draft(server, agent)["markdown"] == f"{changed}The end."

    # A run fails, is looked at, mended where it failed, and done again.
    keys.press("Control+Enter")
    run_ends(page, "Failed")
    steps = page.get_by_role("region", name="Run").get_by_role("list", name="Steps")
    tab_to(page, steps.get_by_role("button", name="Ask the judge"))
    keys.press("Enter")
    tab_to(page, steps.get_by_role("button", name="Open in settings"))
    keys.press("Enter")
    tab_to(page, page.get_by_role("textbox", name=re.compile("^Address")))
    write(page, f"{world.web.url}/praise")
    keys.press("Tab")
    expect(text_of(page)).to_contain_text("/praise")
    keys.press("Control+Enter")
    run_ends(page, "Succeeded")
    assert len(world.web.seen("/praise")) == 1
