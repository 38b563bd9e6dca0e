"""Every page by its address: it loads, hydrates without a complaint, keeps to our origin and to the content security policy."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.support import Visitor
from tests.browser.watch import check_looks
from tests.journeys.server import Server

pytestmark = pytest.mark.xdist_group("browser")

MISSING = "00000000-0000-7000-8000-000000000000"
PAGES = ("/", "/?name=mail", "/agents/new", "/runs", "/runs?status=failed", "/inbox", "/inbox?tab=runs")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_by_its_address(onlooker: Visitor, path: str) -> None:
    page = onlooker.go(path)
    expect(page.get_by_role("main")).to_be_visible()
    check_looks(page)


@pytest.mark.parametrize("path", [f"/agents/{MISSING}", f"/runs/{MISSING}"])
def test_what_is_not_there_is_said_on_its_own_page(onlooker: Visitor, path: str) -> None:
    with onlooker.watch.but("404"):
        page = onlooker.go(path)
        expect(page.get_by_role("main")).to_be_visible()
        check_looks(page)


def test_an_unknown_address_has_a_page_that_says_so(onlooker: Visitor) -> None:
    with onlooker.watch.but("404"):
        answer = onlooker.page.goto("/nowhere/at/all", wait_until="networkidle")
    assert answer is not None
    assert answer.status == 404
    expect(onlooker.page.get_by_role("main")).to_be_visible()


def test_the_policy_lets_no_script_of_a_page_run(visit: Callable[..., Visitor], server: Server) -> None:
    """The pages themselves have none, else the watch would have told."""
    visitor = visit(server)
    page = visitor.go("/")
    with visitor.watch.but("Content Security Policy"):
        ran = page.evaluate(
            """() => {
              const script = document.createElement("script");
              script.textContent = "window.ran = true";
              document.body.append(script);
              return window.ran === true;
            }"""
        )
    assert not ran
