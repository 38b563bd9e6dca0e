"""A real Chromium in front of a real ``plainwork up``, both started once. Without Chromium, or without the built web app,
the journeys are skipped, or fail where PLAINWORK_BROWSER=required.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from plainwork.api.site import INSTALLED
from tests.browser.support import Visitor, chromium_path, launched, serving
from tests.journeys.server import Server
from tests.world import World, running_world


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The browser. It is closed with the last of these tests: while Playwright is open, its own event loop runs in this
    thread, and tests that need one could not begin."""
    path = chromium_path()
    if path is None or not (INSTALLED / "index.html").exists():
        missing = "Chromium is not installed" if path is None else "the web app is not built: run `make web`"
        (pytest.fail if os.environ.get("PLAINWORK_BROWSER") == "required" else pytest.skip)(missing)
    with launched(path) as browser:
        yield browser


@pytest.fixture(scope="package")
def world() -> Iterator[World]:
    """The outside world that the agents of these tests call."""
    with running_world() as world:
        yield world


@pytest.fixture
def visitors() -> list[Visitor]:
    """Whoever visits in this test."""
    return []


@pytest.fixture
def fresh_server(chromium: Browser, world: World, visitors: list[Visitor]) -> Iterator[Server]:
    """A Plainwork that nobody has set up. Its visitors leave before it stops."""
    with serving(PLAINWORK_SMTP_URL=world.post.url) as server:
        yield server
        leave(visitors)


@pytest.fixture(scope="package")
def server(chromium: Browser, world: World) -> Iterator[Server]:
    """A Plainwork with an owner, which the tests share: each makes agents of its own."""
    with serving(PLAINWORK_SMTP_URL=world.post.url) as server:
        server.set_up()
        yield server


@pytest.fixture
def visit(chromium: Browser, visitors: list[Visitor]) -> Iterator[Callable[..., Visitor]]:
    """Opens a browser window for somebody (as ``Visitor`` does); what their pages did wrong fails the test at its end."""

    def come(server: Server, **options: Any) -> Visitor:
        visitors.append(Visitor.of(chromium, server, **options))
        return visitors[-1]

    yield come
    leave(visitors)
    for visitor in visitors:
        visitor.watch.check()


@pytest.fixture(scope="module")
def window(chromium: Browser, server: Server) -> Iterator[Visitor]:
    visitor = Visitor.of(chromium, server)
    yield visitor
    leave([visitor])
    visitor.watch.check()


@pytest.fixture
def onlooker(window: Visitor) -> Iterator[Visitor]:
    """The owner in a window that a module's tests share, for those that load a page, look and do nothing else: a new
    window compiles all scripts anew, which takes longer than the look."""
    yield window
    wrongs = "\n".join(window.watch.wrongs)
    window.watch.wrongs.clear()
    assert not wrongs, wrongs


def leave(visitors: list[Visitor]) -> None:
    for visitor in visitors:
        visitor.context.close()
