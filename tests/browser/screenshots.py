"""Pictures of every screen and state, wide and narrow, light and dark: ``python -m tests.browser.screenshots [NAME…]``.

They land in build/screenshots as NAME.WIDTH.THEME.png, for people to look at.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.browser.seed import Seeded, seed
from tests.browser.support import PASSWORD, Visitor, chromium_path, launched, serving
from tests.browser.watch import AT_REST, NARROW, THEMES, WIDE
from tests.journeys.server import Server
from tests.world import running_world

FOLDER = Path(__file__).parents[2] / "build/screenshots"
SENTENCE = (
    "Every weekday at 8:30 fetch https://example.org/posts.json, keep posts with score over 100, "
    "summarise them and mail the summary to the team"
)
BROKEN = "\n### A step that is not closed\n```yaml step\nuses: http\nwith: {url: [}\n"

Act = Callable[[Page], None]


def nothing(_page: Page) -> None:
    """As it loads."""


@dataclass(frozen=True)
class Shot:
    """One state of one screen: where it is, and what is done there before the picture is taken."""

    name: str
    path: str
    act: Act = nothing
    signed_in: bool = True
    is_new: bool = False
    """On a server that has no agents yet."""


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


def without_server(page: Page) -> None:
    """As if the server were gone: every call ends in nothing."""
    page.route("**/api/**", lambda route: route.abort())
    page.route("**/healthz", lambda route: route.abort())
    page.reload()


def still_loading(page: Page) -> None:
    """No answers but those about the session come."""
    page.add_init_script(
        """const fetched = window.fetch;
        window.fetch = (asked, options) =>
          /session|setup/.test(asked.url ?? asked) ? fetched(asked, options) : new Promise(() => undefined);"""
    )
    page.reload(wait_until="domcontentloaded")


def session_ended(page: Page) -> None:
    page.context.clear_cookies()
    page.evaluate("fetch('/api/v1/agents')")
    page.get_by_role("link", name=re.compile("^Runs")).first.click()


def wrong_password(page: Page) -> None:
    page.get_by_label("E-mail").fill("owner@example.org")
    page.get_by_label("Password", exact=True).fill(f"not {PASSWORD}")
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()


def shots(seeded: Seeded) -> Iterator[Shot]:
    """All of them."""
    yield Shot("sign-in", "/sign-in", signed_in=False)
    yield Shot("sign-in-refused", "/sign-in", wrong_password, signed_in=False)
    yield Shot("agents-none", "/", is_new=True)
    yield Shot("agents", "/")
    yield Shot("agents-loading", "/", still_loading)
    yield Shot("agents-menu", "/", click("button", "^(more|actions|menu)|: more|of morning digest"))
    yield Shot("palette", "/", press("Control+k"))
    yield Shot("person-menu", "/", click("button", "theme and sign out|you"))
    yield Shot("server-gone", "/", without_server)
    yield Shot("session-ended", "/", session_ended)
    yield Shot("not-found", "/nowhere")
    yield Shot("new-agent", "/agents/new")
    yield Shot("new-agent-draft", "/agents/new", draft)
    editor = f"/agents/{seeded.agents['Morning digest']}"
    yield Shot("editor", editor)
    yield Shot("editor-loading", editor, still_loading)
    yield Shot("editor-preview", editor, click("button", "^preview$"))
    yield Shot("editor-foreach", f"/agents/{seeded.agents['Book the orders']}")
    yield Shot("editor-missing", "/agents/00000000-0000-7000-8000-000000000000")
    yield Shot("runs-none", "/runs", is_new=True)
    yield Shot("runs", "/runs")
    yield Shot("runs-loading", "/runs", still_loading)
    yield Shot("runs-failed", "/runs?status=failed")
    yield Shot("runs-no-match", "/runs?status=queued")
    for status, run in seeded.runs.items():
        yield Shot(f"run-{status}", f"/runs/{run}")
    yield Shot("run-missing", "/runs/00000000-0000-7000-8000-000000000000")


def take(browser: Browser, server: Server, shot: Shot) -> None:
    """The four pictures of one state."""
    for size in (WIDE, NARROW):
        visitor = Visitor.of(browser, server, size=size, signed_in=shot.signed_in, has_touch=size == NARROW)
        page = visitor.go(shot.path)
        shot.act(page)
        page.wait_for_timeout(700)
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)
            page.evaluate(AT_REST)
            page.screenshot(path=FOLDER / f"{shot.name}.{size[0]}.{theme}.png")
        visitor.context.close()


def main(wanted: list[str]) -> int:
    """Takes the pictures whose names begin with one of ``wanted``, or all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = chromium_path()
    if path is None:
        print("Pictures need Chromium.")
        return 1
    failures = 0
    with (
        running_world() as world,
        launched(path) as browser,
        serving() as fresh,
        serving(PLAINWORK_SMTP_URL=world.post.url) as server,
    ):
        if is_wanted("set-up", wanted):
            take(browser, fresh, Shot("set-up", f"/setup?token={fresh.token}", signed_in=False))
        fresh.set_up()
        server.set_up()
        for shot in shots(seed(server, world)):
            if not is_wanted(shot.name, wanted):
                continue
            try:
                take(browser, fresh if shot.is_new else server, shot)
            except Exception as why:
                failures += 1
                print(f"{shot.name}: {str(why).splitlines()[0]}")
    return 1 if failures else 0


def is_wanted(name: str, wanted: list[str]) -> bool:
    return not wanted or name.startswith(tuple(wanted))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
