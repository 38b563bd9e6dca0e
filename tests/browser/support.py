"""Starting what browser tests need: Chromium, a server, somebody who visits it."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, TimeoutError, expect, sync_playwright

from tests.browser.watch import WIDE, Theme, Watch
from tests.journeys.server import Server, running

STREAMING_MS = 3_000
PATIENCE_MS = 30_000
"""So long a page may take for anything on a machine that has much else to do."""
PASSWORD = "correct horse battery"
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
expect.set_options(timeout=PATIENCE_MS)


def chromium_path() -> str | None:
    """The Chromium of this machine."""
    return os.environ.get("PLAINWORK_CHROMIUM") or next(filter(None, map(shutil.which, PROGRAMS)), None)


@contextmanager
def launched(path: str, *more: str) -> Iterator[Browser]:
    """Chromium, headless."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS, *more])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def serving(**settings: Any) -> Iterator[Server]:
    """One Plainwork in a data folder of its own, whose agents may call this machine."""
    settings = {"PLAINWORK_ALLOW_HOSTS": "127.0.0.1"} | settings
    with tempfile.TemporaryDirectory(prefix="plainwork-data-") as root, running(Path(root) / "data", **settings) as one:
        yield one


def ok(server: Server, method: str, path: str, body: Any = None) -> Any:
    """What the API answers to a call that has to succeed."""
    answer = server.call(method, f"/api/v1{path}", body)
    assert answer.status < 300, answer.body
    return json.loads(answer.body) if answer.body else None


@dataclass
class Visitor:
    """Somebody with a browser window; signed in as the owner once the server is set up, unless ``signed_in`` is False."""

    server: Server
    context: BrowserContext
    page: Page
    watch: Watch

    @classmethod
    def of(
        cls,
        browser: Browser,
        server: Server,
        *,
        signed_in: bool = True,
        size: tuple[int, int] = WIDE,
        theme: Theme = "light",
        **more: Any,
    ) -> Visitor:
        """A new window of that size, and an empty page in it."""
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=theme, base_url=server.url, **more
        )
        context.set_default_timeout(PATIENCE_MS)
        if signed_in and "Cookie" in server.headers:
            name, _, value = server.headers["Cookie"].partition("=")
            context.add_cookies([{"name": name, "value": value, "url": server.url, "httpOnly": True}])
        watch = Watch(context, server.url)
        return cls(server, context, context.new_page(), watch)

    def go(self, path: str) -> Page:
        """Loads an address and waits until the page has come to rest, but not for streams that stay open."""
        self.page.goto(path)
        with suppress(TimeoutError):
            self.page.wait_for_load_state("networkidle", timeout=STREAMING_MS)
        return self.page
