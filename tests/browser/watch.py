"""What a page did that it may not do: errors in the console, exceptions, requests to strangers, inaccessible parts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, WebError

Theme = Literal["light", "dark"]
AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
AT_REST = """() => new Promise(requestAnimationFrame).then(() => Promise.allSettled(document.getAnimations()
  .filter(one => one.effect.getComputedTiming().iterations !== Infinity).map(one => one.finished)))"""
"""Waits for what moves or changes its colour, but not for what never ends."""
_GRAVE = ("serious", "critical")
WIDE = (1440, 900)
NARROW = (390, 844)
THEMES: tuple[Theme, ...] = ("light", "dark")


class Watch:
    """Notes what every page of a browser context does wrong. ``but`` says what is expected while something is broken on
    purpose."""

    def __init__(self, context: BrowserContext, origin: str) -> None:
        self.origin = origin
        self.wrongs: list[str] = []
        self._expected: list[re.Pattern[str]] = []
        context.on("console", self._console)
        context.on("weberror", self._error)
        context.on("request", self._request)

    @contextmanager
    def but(self, *patterns: str) -> Iterator[None]:
        """Within the block, wrongs that one of the patterns is found in are right."""
        was = self._expected
        self._expected = [*was, *map(re.compile, patterns)]
        try:
            yield
        finally:
            self._expected = was

    def check(self) -> None:
        """Fails with everything that went wrong."""
        assert not self.wrongs, "\n".join(self.wrongs)

    def _note(self, what: str) -> None:
        if not any(pattern.search(what) for pattern in self._expected):
            self.wrongs.append(what)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self._note(f"console {message.type}: {message.text} ({message.location.get('url', '')})")

    def _error(self, error: WebError) -> None:
        self._note(f"uncaught: {error.error}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.origin}/", "data:", "blob:")):
            self._note(f"request to a stranger: {request.url}")


def check_looks(page: Page) -> None:
    """Fails when the page, wide or narrow, light or dark, scrolls sideways or is not accessible to somebody."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for size in (WIDE, NARROW):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (
            f"it scrolls sideways at {size[0]} px"
        )
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)
            page.evaluate(AT_REST)
            check_accessibility(page)
    page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    page.emulate_media(color_scheme="light")


def check_accessibility(page: Page) -> None:
    """Fails with what axe-core finds that is serious or critical: the rule, what it is about, and where."""
    found: dict[str, Any] = page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")
    grave = [
        f"{one['id']}: {one['help']}: {node['target']} {node['html'][:200]}"
        for one in found["violations"]
        if one["impact"] in _GRAVE
        for node in one["nodes"]
    ]
    assert not grave, "\n".join(grave)
