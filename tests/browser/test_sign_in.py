"""The way in: the first owner by the printed link, signing out and in, and coming back to where one was going."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.support import PASSWORD, Visitor
from tests.browser.watch import NARROW, check_looks
from tests.journeys.server import Server

pytestmark = pytest.mark.xdist_group("browser")

REFUSED = r"status of 401"
"""Chromium notes each answer of 401 in the console: that nobody is signed in, or that a password is wrong."""


def sign_in(page: Page, password: str = PASSWORD, email: str = "owner@example.org") -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_the_printed_link_makes_the_first_owner(visit: Callable[..., Visitor], fresh_server: Server) -> None:
    visitor = visit(fresh_server, signed_in=False)
    with visitor.watch.but(REFUSED):
        page = visitor.go("/runs")
        expect(page).to_have_url(f"{fresh_server.url}/setup")
        expect(page.get_by_label("Set-up token")).to_be_visible()

        visitor.go(f"/setup?token={fresh_server.token}")
        expect(page.get_by_label("Set-up token")).to_have_count(0)
        check_looks(page)
        page.get_by_label("Your name").fill("Ada Lovelace")
        page.get_by_label("E-mail").fill("owner@example.org")
        page.get_by_label("Password", exact=True).fill("too short")
        page.get_by_label("Workspace").fill("Analytical Engines")
        page.get_by_role("button", name="Create account").click()
        expect(page).to_have_url(f"{fresh_server.url}/setup?token={fresh_server.token}")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Create account").click()

        expect(page).to_have_url(f"{fresh_server.url}/")
        expect(page.get_by_role("heading", name="What should your first agent do?")).to_be_visible()
        expect(page.get_by_text("Analytical Engines").first).to_be_visible()
        page.wait_for_load_state("networkidle")
        check_looks(page)

        later = visit(fresh_server, signed_in=False)
        with later.watch.but(REFUSED):
            later.go(f"/setup?token={fresh_server.token}")
            expect(later.page).to_have_url(f"{fresh_server.url}/sign-in")


def test_signing_in_leads_to_where_one_was_going(visit: Callable[..., Visitor], server: Server) -> None:
    visitor = visit(server, signed_in=False)
    with visitor.watch.but(REFUSED):
        page = visitor.go("/runs?status=failed")
        expect(page).to_have_url(f"{server.url}/sign-in?next=%2Fruns%3Fstatus%3Dfailed")
        check_looks(page)
        sign_in(page, "not the password")
        expect(page.get_by_role("alert")).to_be_visible()
        sign_in(page)
        expect(page).to_have_url(f"{server.url}/runs?status=failed")


def test_signing_out_leaves_nothing_behind(visit: Callable[..., Visitor], server: Server) -> None:
    visitor = visit(server, signed_in=False)
    with visitor.watch.but(REFUSED):
        page = visitor.go("/sign-in")
        sign_in(page)
        expect(page).to_have_url(f"{server.url}/")
        page.get_by_role("button", name="sign out").click()
        page.get_by_role("menuitem", name="Sign out").click()
        expect(page).to_have_url(f"{server.url}/sign-in")
        visitor.go("/runs")
        expect(page).to_have_url(f"{server.url}/sign-in?next=%2Fruns")


@pytest.mark.parametrize("elsewhere", ["//evil.example/", "https://evil.example/", "/\\evil.example"])
def test_signing_in_leads_to_no_other_site(visit: Callable[..., Visitor], server: Server, elsewhere: str) -> None:
    visitor = visit(server, signed_in=False, size=NARROW)
    with visitor.watch.but(REFUSED):
        page = visitor.go(f"/sign-in?next={elsewhere}")
        sign_in(page)
        expect(page).to_have_url(f"{server.url}/")
