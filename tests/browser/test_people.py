"""People: an invitation that is accepted, a second factor that is added, asked for at sign-in and by the workspace, a
password that was lost."""

from __future__ import annotations

import re
import time
from base64 import b32decode
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from plainwork.people import totp
from tests.browser.support import Visitor
from tests.browser.test_sign_in import REFUSED, sign_in
from tests.browser.watch import NARROW, check_looks
from tests.journeys.server import Server

pytestmark = pytest.mark.xdist_group("browser")

ADA, ADAS_PASSWORD = "ada@example.org", "a quiet engine of brass"


def code_of(key: str, steps_later: int = 0) -> str:
    """What an authenticator with that key shows now, or so many steps later."""
    plain = key.replace(" ", "")
    return totp.code_at(b32decode(plain + "=" * (-len(plain) % 8)), int(time.time()) // totp.STEP_S + steps_later)


def add_authenticator(page: Page) -> tuple[str, list[str]]:
    """Goes through with it; the key, and the recovery codes that were shown."""
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    key = page.locator("p:has-text('Key') + p code").inner_text()
    page.get_by_role("textbox", name="Code", exact=True).fill(code_of(key))
    page.get_by_role("button", name="Add the authenticator").click()
    codes = page.get_by_role("list", name="Recovery codes").get_by_role("listitem")
    expect(codes).to_have_count(10)
    shown = codes.all_inner_texts()
    expect(page.get_by_role("button", name="Done")).to_be_disabled()
    page.get_by_role("checkbox", name="I have put them away").click()
    page.get_by_role("button", name="Done").click()
    return key, shown


def test_somebody_invited_joins_and_guards_their_account(visit: Callable[..., Visitor], fresh_server: Server) -> None:
    fresh_server.set_up()
    owner = visit(fresh_server).go("/workspace/members")
    owner.get_by_role("button", name="Invite somebody").click()
    owner.get_by_label("E-mail").fill(ADA)
    owner.get_by_role("combobox", name="Role").click()
    owner.get_by_role("option", name=re.compile("^admin")).click()
    owner.get_by_role("button", name="Invite", exact=True).click()
    link = owner.get_by_label("Link", exact=True).inner_text()
    owner.get_by_role("button", name="Done").click()
    expect(owner.get_by_role("list", name="Invitations")).to_contain_text(ADA)
    owner.close()

    visitor = visit(fresh_server, signed_in=False)
    page = visitor.go(link.removeprefix(fresh_server.url))
    expect(page.get_by_role("heading", name="Join Main")).to_be_visible()
    check_looks(page)
    page.get_by_label("Your name").fill("Ada Lovelace")
    page.get_by_label("Password", exact=True).fill(ADAS_PASSWORD)
    page.get_by_role("button", name="Create account and join").click()
    expect(page).to_have_url(f"{fresh_server.url}/")

    visitor.go("/account")
    page.get_by_role("button", name="Add an authenticator").click()
    key, recovery = add_authenticator(page)
    expect(page.get_by_text("10 recovery codes are left")).to_be_visible()

    with visitor.watch.but(REFUSED):
        page.get_by_role("button", name="sign out").click()
        page.get_by_role("menuitem", name="Sign out").click()
        sign_in(page, ADAS_PASSWORD, ADA)
        page.get_by_role("textbox", name="Code", exact=True).fill("000000")
        page.get_by_role("button", name="Confirm").click()
        expect(page.get_by_text("That code is wrong")).to_be_visible()
        check_looks(page)
        page.get_by_role("textbox", name="Code", exact=True).fill(code_of(key, 1))
        page.get_by_role("button", name="Confirm").click()
        expect(page.get_by_role("heading", name="Where you are signed in")).to_be_visible()

        page.get_by_role("button", name="sign out").click()
        page.get_by_role("menuitem", name="Sign out").click()
        sign_in(page, ADAS_PASSWORD, ADA)
        page.get_by_role("button", name="Use a recovery code").click()
        page.get_by_label("Recovery code").fill(recovery[0])
        page.get_by_role("button", name="Confirm").click()
        expect(page.get_by_role("heading", name="Where you are signed in")).to_be_visible()

    visitor.go("/workspace")
    asks = page.get_by_role("switch", name="Second factor for everybody")
    asks.click()
    expect(asks).to_be_checked()
    visitor = visit(fresh_server, size=NARROW)
    with visitor.watch.but("status of 403"):
        page = visitor.go("/runs")
        expect(page.get_by_role("heading", name="Add a second factor")).to_be_visible()
        check_looks(page)
        add_authenticator(page)
        expect(page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()


def test_a_lost_password_is_set_anew(visit: Callable[..., Visitor], server: Server) -> None:
    visitor = visit(server, signed_in=False)
    page = visitor.go("/sign-in")
    page.get_by_role("link", name="Forgot your password?").click()
    expect(page.get_by_text("This installation sends no mails")).to_be_visible()
    check_looks(page)

    with visitor.watch.but("status of 404"):
        visitor.go("/reset-password#token=made-up")
        page.get_by_label("New password").fill(ADAS_PASSWORD)
        page.get_by_role("button", name="Set the password").click()
        expect(page.get_by_text("That link is over.")).to_be_visible()


@pytest.mark.parametrize(
    "path",
    ["/account", "/workspace", "/workspace/members", "/workspace/api-keys", "/workspace/limits", "/workspace/audit"],
)
def test_the_settings_by_their_address(onlooker: Visitor, path: str) -> None:
    page = onlooker.go(path)
    expect(page.get_by_role("navigation", name="Settings").locator("[aria-current=page]")).to_have_count(1)
    check_looks(page)


def test_a_key_is_shown_once_and_works_until_it_is_ended(visit: Callable[..., Visitor], server: Server) -> None:
    page = visit(server).go("/workspace/api-keys")
    page.get_by_role("button", name="New key").click()
    page.get_by_role("textbox", name="Name").fill("Nightly export")
    page.get_by_role("button", name="Make the key").click()
    key = page.get_by_label("Key", exact=True).inner_text()
    page.get_by_role("button", name="Done").click()
    headers = {"Authorization": f"Bearer {key}", "Cookie": "", "X-CSRF-Token": ""}
    assert server.call("GET", "/api/v1/agents", headers=headers).status == 200
    page.get_by_role("button", name="End the key Nightly export").click()
    page.get_by_role("button", name="End the key", exact=True).click()
    expect(page.get_by_role("list", name="API keys")).to_contain_text("Ended")
    assert server.call("GET", "/api/v1/agents", headers=headers).status == 401
