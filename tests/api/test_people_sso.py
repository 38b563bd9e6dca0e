"""Single sign-on in the browser, with a real provider in a process of its own."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from plainwork.api import sso
from plainwork.api.auth import COOKIE, CSRF_HEADER
from plainwork.settings import SingleSignOn
from tests.api.people import PASSWORD, somebody
from tests.api.support import Api, Client, serving
from tests.people.provider import RealProvider, real_provider

PUBLIC = "http://plainwork.test"
logging.getLogger("httpx").setLevel(logging.WARNING)


@dataclass
class Site:
    """An installation with single sign-on, and its provider."""

    api: Api
    provider: RealProvider

    async def begin(self, **params: Any) -> tuple[Client, str]:
        """A browser on its way, and the provider's page it was sent to."""
        browser = self.api.client()
        answer = await browser.get("/api/v1/session/sso", params=params)
        assert answer.status_code == 303, answer.text
        return browser, answer.headers["location"]

    async def arrive(self, subject: str | None, **params: Any) -> tuple[Client, str]:
        """A browser that has been to the provider and back, and the page it ended on."""
        browser, page = await self.begin(**params)
        back = await self.provider.agree(page, subject)
        assert back.startswith(f"{PUBLIC}{sso.CALLBACK}")
        answer = await browser.get(back)
        assert answer.status_code == 303, answer.text
        return browser, answer.headers["location"]


@pytest.fixture(scope="module")
async def provider() -> AsyncIterator[RealProvider]:
    async with real_provider() as provider:
        yield provider


async def _site(folder: Path, url: str, provider: RealProvider, **rules: Any) -> AsyncIterator[Site]:
    client_id, secret = await provider.register(f"{PUBLIC}{sso.CALLBACK}")
    named = SingleSignOn(provider.issuer, client_id, secret, **rules)
    settings = {"public_url": PUBLIC, "single_sign_on": named}
    async with serving(folder, url, works=False, settings=settings) as api:
        yield Site(api, provider)


@pytest.fixture
async def site(tmp_path: Path, database_url: str, provider: RealProvider) -> AsyncIterator[Site]:
    """Where people of example.org get an account and join the workspace ``team`` as runners."""
    rules = {"domains": ("example.org",), "join_workspace": "team", "join_role": "runner"}
    async for site in _site(tmp_path, database_url, provider, **rules):
        yield site


@pytest.fixture(scope="module")
async def closed(
    tmp_path_factory: pytest.TempPathFactory, module_database_url: str, provider: RealProvider
) -> AsyncIterator[Site]:
    """Where only those sign in who have an account."""
    folder = Path(tmp_path_factory.mktemp("closed"))
    async for site in _site(folder, module_database_url, provider):
        yield site


async def team(site: Site) -> Any:
    place = await site.api.place("Team")
    async with site.api.database.workspace(place.id) as connection:
        await connection.execute("update workspaces set slug = 'team'")
    return place


async def test_somebody_new_gets_in_and_comes_back(site: Site) -> None:
    place = await team(site)
    await site.provider.knows("ben-7", email="Ben@Example.org", email_verified=True, name="Ben")
    assert (await site.api.client().ok("GET", "/visitor"))["single_sign_on"] is True
    browser, page = await site.arrive("ben-7", return_to="/runs?status=failed")
    assert page == "/runs?status=failed"
    shown = await browser.ok("GET", "/session")
    assert (shown["user"]["email"], shown["user"]["name"], shown["signed_in_by"]) == ("ben@example.org", "Ben", "sso")
    assert [(one["id"], one["role"]) for one in shown["workspaces"]] == [(str(place.id), "runner")]
    await browser.ok("GET", "/agents")
    # The same person under another address, as the provider says later.
    await site.provider.knows("ben-7", email="ben.new@example.org", email_verified=True)
    again, _ = await site.arrive("ben-7")
    assert (await again.ok("GET", "/session"))["user"]["id"] == shown["user"]["id"]
    actions = [entry.action for entry in await place.audited()]
    assert actions == ["member.joined", "session.started", "session.started"]


async def test_an_account_is_found_by_the_verified_address(site: Site) -> None:
    place = await team(site)
    ada = await somebody(site.api, place)
    async with site.api.database.person(ada.id) as connection:
        await connection.execute("update users set email_verified_at = now() where id = $1", ada.id)
    await site.provider.knows("ada-1", email=ada.email, email_verified=True)
    browser, page = await site.arrive("ada-1")
    assert page == "/"
    assert (await browser.ok("GET", "/session"))["user"]["id"] == str(ada.id)
    await ada.signs_in()


async def test_an_account_that_nobody_has_proven_is_reclaimed(site: Site) -> None:
    """Whoever made an account under somebody else's address is thrown out when its owner comes."""
    place = await team(site)
    squatter = await somebody(site.api, place, "viewer")
    await squatter.adds_second_factor()
    await site.provider.knows("real-1", email=squatter.email, email_verified=True)
    browser, _ = await site.arrive("real-1")
    assert (await browser.ok("GET", "/session"))["user"]["second_factor_at"] is None
    await squatter.browser.refused("GET", "/session", 401)
    await squatter.signs_in(401)
    assert "user.reclaimed" in [entry.action for entry in await place.audited()]
    shown = await browser.ok("GET", "/session")
    body = {"old_password": PASSWORD, "password": "quite another password"}
    await browser.refused("PUT", "/account/password", 422, json=body, headers={CSRF_HEADER: shown["csrf_token"]})


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"email": "eve@example.org"}, "unverified"),
        ({"email": "eve@example.org", "email_verified": False}, "unverified"),
        ({"email_verified": True}, "unverified"),
        ({"email": "eve@evil.example", "email_verified": True}, "domain"),
        ({"email": "eve@evil.example@example.org.evil.example", "email_verified": True}, "domain"),
    ],
)
async def test_who_is_not_let_in(site: Site, claims: dict[str, Any], reason: str) -> None:
    await site.provider.knows("eve-9", **claims)
    browser, page = await site.arrive("eve-9")
    assert page == f"/sign-in?sso={reason}"
    await browser.refused("GET", "/session", 401)


async def test_without_domains_only_those_with_an_account(closed: Site) -> None:
    ada = await somebody(closed.api)
    await closed.provider.knows("ada-2", email=ada.email, email_verified=True)
    await closed.provider.knows("eve-2", email="eve@elsewhere.example", email_verified=True)
    assert (await closed.arrive("ada-2"))[1] == "/"
    assert (await closed.arrive("eve-2"))[1] == "/sign-in?sso=unknown"
    ben = await somebody(closed.api)
    await closed.provider.knows("ben-2", email=ben.email, email_verified=True)
    for disabled, subject in ((ada, "ada-2"), (ben, "ben-2")):  # known already, and not yet
        async with closed.api.database.person(disabled.id) as connection:
            await connection.execute("update users set disabled_at = now() where id = $1", disabled.id)
        assert (await closed.arrive(subject))[1] == "/sign-in?sso=disabled"


async def test_who_changes_their_mind(closed: Site) -> None:
    browser, page = await closed.arrive(None)
    assert page == "/sign-in?sso=cancelled"
    assert COOKIE not in browser.cookies


async def test_only_the_browser_that_began_can_end_it(closed: Site) -> None:
    ada = await somebody(closed.api)
    await closed.provider.knows("ada-3", email=ada.email, email_verified=True)
    browser, page = await closed.begin()
    back = await closed.provider.agree(page, "ada-3")
    # Somebody else's browser, which was sent the link (login forgery), one with a forged cookie, a wrong state.
    other = closed.api.client()
    assert (await other.get(back)).headers["location"] == "/sign-in?sso=refused"
    for forged in ("x", "é", "A" * 200):
        other = closed.api.client(headers={"Cookie": f"{sso.COOKIE}={forged}".encode()})
        assert (await other.get(back)).headers["location"] == "/sign-in?sso=refused"
    wrong = back.replace("state=", "state=x")
    elsewhere, _ = await closed.begin()
    assert (await elsewhere.get(back)).headers["location"] == "/sign-in?sso=refused"
    assert (await browser.get(wrong)).headers["location"] == "/sign-in?sso=refused"


async def test_a_code_works_once(closed: Site) -> None:
    ada = await somebody(closed.api)
    await closed.provider.knows("ada-4", email=ada.email, email_verified=True)
    browser, page = await closed.begin()
    kept = dict(browser.cookies)
    back = await closed.provider.agree(page, "ada-4")
    assert (await browser.get(back)).headers["location"] == "/"
    thief = closed.api.client(cookies=kept)
    assert (await thief.get(back)).headers["location"] == "/sign-in?sso=refused"


async def test_nobody_is_sent_to_another_site(closed: Site) -> None:
    for page in ("https://evil.example", "//evil.example", "/\\evil.example", "evil", "/a\\..\\b", "/\n"):
        assert sso._own_page(page) == "/"
    assert sso._own_page("/agents/1?tab=runs#x") == "/agents/1?tab=runs#x"
    ada = await somebody(closed.api)
    await closed.provider.knows("ada-5", email=ada.email, email_verified=True)
    assert (await closed.arrive("ada-5", return_to="https://evil.example"))[1] == "/"


async def test_a_provider_that_is_away(tmp_path: Path, database_url: str) -> None:
    rules = SingleSignOn("http://localhost:9", "id", "secret")
    settings = {"public_url": PUBLIC, "single_sign_on": rules}
    async with serving(tmp_path, database_url, works=False, settings=settings) as api:
        await api.client().refused("GET", "/session/sso", 503)


async def test_without_a_provider_there_is_none(api: Api) -> None:
    await api.client().refused("GET", "/session/sso", 404)
    await api.client().refused("GET", "/session/sso/callback", 404)


async def test_single_sign_on_is_strong_enough_for_a_workspace_that_asks(site: Site) -> None:
    place = await team(site)
    async with site.api.database.workspace(place.id) as connection:
        await connection.execute("update workspaces set requires_second_factor = true")
    await site.provider.knows("cleo-1", email="cleo@example.org", email_verified=True)
    browser, _ = await site.arrive("cleo-1")
    await browser.ok("GET", "/agents")


async def test_a_workspace_that_does_not_exist_keeps_nobody_out(site: Site) -> None:
    await site.provider.knows("dora-1", email="dora@example.org", email_verified=True)
    browser, page = await site.arrive("dora-1")
    assert page == "/"
    assert (await browser.ok("GET", "/session"))["workspaces"] == []
