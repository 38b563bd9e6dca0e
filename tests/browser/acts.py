"""What is done on a page before a picture of it is taken."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page

from tests.browser.editing import card, state, store, write_at_the_end
from tests.browser.rollout import BETTER, archive
from tests.browser.seed import SLOW
from tests.browser.seed_people import ADA
from tests.browser.support import PASSWORD
from tests.browser.watch import NARROW
from tests.journeys.server import Server

SENTENCE = (
    "Every weekday at 8:30 fetch https://example.org/posts.json, keep posts with score over 100, "
    "summarise them and mail the summary to the team"
)
BROKEN = "\n### A step that is not closed\n```yaml step\nuses: http\nwith: {url: [}\n"

Act = Callable[[Page], None]


def nothing(_page: Page) -> None:
    """As it loads."""


def press(keys: str) -> Act:
    return lambda page: page.keyboard.press(keys)


def click(role: str, name: str) -> Act:
    pattern = re.compile(name, re.IGNORECASE)
    return lambda page: page.get_by_role(role, name=pattern).first.click()  # type: ignore[arg-type]


def then(*acts: Act) -> Act:
    def all_of_them(page: Page) -> None:
        for act in acts:
            act(page)

    return all_of_them


def draft(page: Page) -> None:
    page.get_by_label("What your agent should do").fill(SENTENCE)
    page.keyboard.press("Control+Enter")
    page.get_by_role("button", name="Open it in the editor").wait_for()


def gone(page: Page) -> None:
    """As if the server were gone: every call ends in nothing."""
    page.route("**/api/**", lambda route: route.abort())
    page.route("**/healthz", lambda route: route.abort())


def without_server(page: Page) -> None:
    gone(page)
    page.reload()


def still_loading(page: Page) -> None:
    """No answers but those about the session come."""
    page.add_init_script(
        """const fetched = window.fetch;
        window.fetch = (asked, options) =>
          /session|setup/.test(asked.url ?? asked) ? fetched(asked, options) : new Promise(() => undefined);"""
    )
    page.reload(wait_until="domcontentloaded")
    page.get_by_role("main").wait_for()


def session_ended(page: Page) -> None:
    page.context.clear_cookies()
    page.evaluate("fetch('/api/v1/agents')")
    page.get_by_role("link", name=re.compile("^Runs")).first.click()


def code_asked(page: Page) -> None:
    page.get_by_label("E-mail").fill(ADA)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Confirm").wait_for()


def new_recovery_codes(page: Page) -> None:
    page.get_by_role("button", name="New recovery codes").click()
    page.get_by_label("Your password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Make new codes").click()
    page.get_by_role("list", name="Recovery codes").wait_for()


def not_ready(page: Page) -> None:
    make_live(page)
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Make live").click()
    dialog.get_by_text("It is not ready to go live.").wait_for()


def send_empty(page: Page) -> None:
    page.locator("form").evaluate("form => { form.noValidate = true }")
    page.get_by_role("button", name="Send").click()


def fill_in(page: Page) -> None:
    for label, value in (("Name", "Ada Lovelace"), ("Email", ADA), ("Order", "1843")):
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("radio", name="late").check()
    page.get_by_role("button", name="Send").click()
    page.get_by_role("heading", name="Thank you").wait_for()


def talk(page: Page) -> None:
    for message in (
        "When are you open on Saturdays?",
        "And do you have the papers of 1843? I only need to see them once.",
    ):
        page.get_by_label("Your message").fill(message)
        page.get_by_role("button", name="Send").click()
        page.get_by_text(f"You asked: {message}").wait_for()


def wrong_password(page: Page) -> None:
    page.get_by_label("E-mail").fill("owner@example.org")
    page.get_by_label("Password", exact=True).fill(f"not {PASSWORD}")
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()


def tab(name: str) -> Act:
    """On a narrow screen: shows one of the editor's tabs. On a wide one all is there already."""

    def choose(page: Page) -> None:
        if is_narrow(page):
            page.get_by_role("group", name="View", exact=True).get_by_role("button", name=name).click()

    return choose


def is_narrow(page: Page) -> bool:
    return bool(page.viewport_size and page.viewport_size["width"] == NARROW[0])


def select(title: str) -> Act:
    return lambda page: card(page, title).first.click()


def on_canvas(*keys: str) -> Act:
    """Presses keys with the focus on the canvas; words are typed."""

    def act(page: Page) -> None:
        page.get_by_role("application", name=re.compile("^Canvas")).focus()
        for key in keys:
            page.keyboard.press(key)

    return act


def choose_from(menu: str, item: str) -> Act:
    return then(click("button", menu), click("menuitem", item))


def unfold(words: str) -> Act:
    """Opens a folded part of the dialog."""
    return lambda page: page.get_by_role("dialog").get_by_text(words).click()


def agent_settings(page: Page) -> None:
    if is_narrow(page):
        tab("Settings")(page)
    else:
        page.get_by_role("button", name="Open the panel").click()


def name_a_step(page: Page) -> None:
    on_canvas("/")(page)
    page.get_by_role("combobox").fill("mail")
    page.keyboard.press("Enter")


def edit_condition(page: Page) -> None:
    select("Is there anything to tell?")(page)
    on_canvas("r", "Enter")(page)


def break_text(page: Page) -> None:
    tab("Text")(page)
    write_at_the_end(page, BROKEN)
    page.get_by_role("button", name="Preview").click()
    tab("Canvas")(page)


def open_findings(page: Page) -> None:
    page.get_by_role("region", name="Findings").get_by_role("button").last.click()


def make_live(page: Page) -> None:
    if is_narrow(page):
        choose_from("^more$", "make live")(page)
    else:
        page.get_by_role("button", name="Make live").click()


def type_offline(page: Page) -> None:
    gone(page)
    tab("Text")(page)
    write_at_the_end(page, "\nTyped while Plainwork was away.\n")
    state(page, "Kept here").wait_for()


def two_texts(server: Server, agent: str) -> Act:
    """Somebody else stores the draft while this page has another text."""

    def act(page: Page) -> None:
        theirs = SLOW.replace("Ask the slow archive", "Changed by two")
        store(server, agent, theirs.replace("1998", "2008") + f"\n<!-- {page.viewport_size} -->\n")
        tab("Text")(page)
        write_at_the_end(page, "\n### Tell the archivist\n```yaml step\nuses: set\nwith: {told: true}\n```\n")
        page.get_by_role("dialog", name="The draft was changed elsewhere").wait_for()

    return act


def choose_files(page: Page) -> None:
    """Files of which one agent is there already."""
    page.get_by_label("An archive").set_input_files(archive(sort_the_letters=BETTER, sort_the_post=BETTER))
