"""The web app's weight: the script that a browser loads for the first page and for the editor, gzipped.

Counted from what Chromium asks for until the page has come to rest, lazy parts and workers included. ``limit``: what we
hold ourselves to; ``ratio`` is against it.
"""

from __future__ import annotations

import gzip
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser
from tests.browser.support import Visitor, chromium_path, launched, serving
from tests.journeys.server import Server

from benchmarks.documents import document
from plainwork.api.site import INSTALLED

FIRST_PAGE_KB = 200
EDITOR_KB = 600


def run() -> dict[str, dict[str, Any]]:
    """Opens both pages, each in a browser that has nothing kept."""
    path = chromium_path()
    if path is None:
        raise SystemExit("The web benchmarks need Chromium: see `make chromium`.")
    with serving() as server, launched(path) as browser:
        server.set_up()
        agent = server.call("POST", "/api/v1/agents", {"markdown": document(12)}).json()["id"]
        return {
            "web_first_page": _row(_weight(browser, server, "/"), FIRST_PAGE_KB),
            "web_editor": _row(_weight(browser, server, f"/agents/{agent}"), EDITOR_KB),
        }


def _row(kilobytes: float, limit: int) -> dict[str, Any]:
    return {"value": kilobytes, "unit": "KB of script", "floor": limit, "ratio": kilobytes / limit}


def _weight(browser: Browser, server: Server, address: str) -> float:
    """Kilobytes (1,000 bytes) of script that the page asks for, each file gzipped once."""
    visitor = Visitor.of(browser, server)
    scripts: set[str] = set()
    visitor.context.on("request", lambda request: scripts.add(urlsplit(request.url).path))
    visitor.go(address)
    visitor.page.wait_for_timeout(1_000)  # what is loaded lazily once the page is idle
    visitor.context.close()
    files = [INSTALLED / name.lstrip("/") for name in scripts if name.endswith(".js")]
    return sum(len(gzip.compress(file.read_bytes(), 9)) for file in files) / 1000
