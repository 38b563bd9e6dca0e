"""What a page did that it may not do: errors in the console, exceptions, requests to strangers, inaccessible parts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, WebError

AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
_GRAVE = ("serious", "critical")


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


def accessibility(page: Page) -> list[str]:
    """What axe-core finds in the page that is serious or critical: the rule, what it is about, and where."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{one['id']}: {one['help']}: {node['html'][:200]} {node.get('failureSummary', '')}"
        for one in found["violations"]
        if one["impact"] in _GRAVE
        for node in one["nodes"]
    ]
