"""OAuth on the wire, as each declared provider wants it; and accounts that are connections, in the engine of connectors."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from plainwork.connectors import Reach, declared, perform
from plainwork.connectors.oauth import App, Provider, Refused, Tokens, challenge
from plainwork.errors import CallFailed, ConnectionExpired, Invalid
from plainwork.net import Client
from tests.world import Reply, Seen, World, world_and_client

pytestmark = pytest.mark.anyio
BACK = "https://plainwork.example.org/connections/callback"
POST = declared.actions()["slack.post"].kind


def provider(world: World, client: Client, connector: str, **moved: str) -> Provider:
    addresses = {"token_url": f"{world.web.url}/token", "revoke_url": f"{world.web.url}/revoke"} | moved
    return Provider(declared.connectable()[connector], App("an id", "s3cret/&", addresses), client)


def gives(world: World, **fields: Any) -> None:
    world.web.on("POST", "/token", Reply(json={"access_token": "a-token", "token_type": "bearer", **fields}))


@pytest.mark.parametrize("connector", sorted(declared.connectable()))
def test_every_declared_provider_is_reached_over_tls_and_says_where_apps_are_made(connector: str) -> None:
    oauth = declared.connectable()[connector].auth.connect
    assert oauth is not None
    assert oauth.about
    assert oauth.token_url.startswith("https://")
    for address in (oauth.authorize_url, oauth.revoke_url):
        assert not address or address.startswith("https://")
    assert bool(oauth.authorize_url) == (oauth.grant == "authorization_code")


async def test_the_person_is_sent_with_all_that_the_provider_has_to_know() -> None:
    async with world_and_client() as (world, client):
        url = provider(world, client, "google-sheets").authorize_url(BACK, "the state", "v" * 43, ["one", "two"])
        parts = urlsplit(url)
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://accounts.google.com/o/oauth2/v2/auth"
        assert {name: value for name, [value] in parse_qs(parts.query).items()} == {
            "response_type": "code",
            "client_id": "an id",
            "redirect_uri": BACK,
            "state": "the state",
            "scope": "one two",
            "code_challenge": challenge("v" * 43),
            "code_challenge_method": "S256",
            "access_type": "offline",
            "prompt": "consent",
        }
        slack = parse_qs(urlsplit(provider(world, client, "slack").authorize_url(BACK, "s", "v", ["a", "b"])).query)
        assert slack["scope"] == ["a,b"]
        assert "code_challenge" not in slack
        moved = provider(world, client, "github", authorize_url="https://git.example.org/auth?tenant=7#x")
        assert moved.authorize_url(BACK, "s", "v", []).startswith(
            "https://git.example.org/auth?tenant=7&response_type=code&"
        )
        for wrong in ("javascript:alert(1)", "git.example.org", "https://me:pw@git.example.org/", "file:///etc/passwd"):
            with pytest.raises(Invalid, match="no web address to agree at"):
                provider(world, client, "github", authorize_url=wrong).authorize_url(BACK, "s", "v", [])


def test_a_challenge_is_the_one_of_the_standard() -> None:
    """RFC 7636, appendix B."""
    assert challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


async def test_each_provider_is_asked_in_its_own_way() -> None:
    async with world_and_client() as (world, client):
        gives(world)
        await provider(world, client, "google-sheets").exchange("c", BACK, "v")
        await provider(world, client, "airtable").exchange("c", BACK, "v")
        await provider(world, client, "notion").exchange("c", BACK, "v")
        google, airtable, notion = world.web.requests
        asked = {"grant_type": "authorization_code", "code": "c", "redirect_uri": BACK}
        app = {"client_id": "an id", "client_secret": "s3cret/&"}
        assert google.form() == asked | app | {"code_verifier": "v"}
        assert "Authorization" not in google.headers
        assert airtable.form() == asked | {"code_verifier": "v"}
        assert b64decode(airtable.headers["Authorization"].removeprefix("Basic ")) == b"an%20id:s3cret%2F%26"
        assert json.loads(notion.body) == asked
        assert notion.headers["Content-Type"] == "application/json"
        assert all(seen.headers["Accept"] == "application/json" for seen in world.web.requests)


@pytest.mark.parametrize(
    ("connector", "fields", "expected"),
    [
        ("airtable", {}, (None, None, None, None)),
        ("airtable", {"refresh_token": "r", "expires_in": 3600, "scope": "a b"}, ("r", 3600.0, ("a", "b"), None)),
        ("slack", {"scope": "a,b", "team": {"name": " The\n team "}}, (None, None, ("a", "b"), "The team")),
        ("notion", {"workspace_name": "Ours", "expires_in": None}, (None, None, None, "Ours")),
        ("airtable", {"expires_in": "60", "refresh_token": ""}, (None, 60.0, None, None)),
        ("airtable", {"expires_in": "soon", "refresh_token": 7, "scope": 7}, (None, None, None, None)),
        ("airtable", {"expires_in": -1}, (None, None, None, None)),
        ("slack", {"team": {"name": {"odd": 1}}}, (None, None, None, None)),
    ],
)
async def test_what_providers_give_is_read_as_it_comes(connector: str, fields: dict[str, Any], expected: Any) -> None:
    async with world_and_client() as (world, client):
        gives(world, **fields)
        tokens = await provider(world, client, connector).refresh("before")
        assert tokens == Tokens("a-token", *expected)
        assert "a-token" not in repr(tokens)


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (Reply(400, json={"error": "invalid_grant", "error_description": "the code c0de is used"}), "invalid_grant"),
        (Reply(401, json={"error": "invalid_client"}), "invalid_client"),
        (Reply(200, json={"ok": False, "error": "bad_redirect_uri"}), "bad_redirect_uri"),  # Slack, GitHub
        (Reply(200, json={"token_type": "bearer"}), "status 200"),
        (Reply(200, text="<html>"), "status 200"),
        (Reply(400, json=["c0de"]), "status 400"),
        (Reply(400, json={"error": "c0de of yours: <b>"}), "status 400"),
        (Reply(302, headers={"Location": "/elsewhere"}), "status 302"),
    ],
)
async def test_a_refusal_says_why_and_repeats_nothing(reply: Reply, why: str) -> None:
    async with world_and_client() as (world, client):
        world.web.on("POST", "/token", reply)
        with pytest.raises(Refused) as caught:
            await provider(world, client, "airtable").exchange("c0de", BACK, "v")
        assert caught.value.why == why
        assert [seen.path for seen in world.web.requests] == ["/token"]


async def test_a_provider_that_is_away_is_not_taken_for_one_that_refuses() -> None:
    async with world_and_client() as (world, client):
        for reply in (Reply(503), Reply(429, json={"error": "slow_down"}), Reply(drop=0)):
            world.web.on("POST", "/token", reply)
            with pytest.raises(CallFailed) as caught:
                await provider(world, client, "airtable").refresh("r")
            assert caught.value.failure == "retry"


async def test_revoking_where_that_is_known() -> None:
    async with world_and_client() as (world, client):
        world.web.on("POST", "/revoke", Reply(200), Reply(400))
        assert await provider(world, client, "airtable").revoke("t")
        assert world.web.requests[0].form() == {"token": "t"}
        assert not await provider(world, client, "airtable").revoke("t")
        assert not await Provider(declared.connectable()["github"], App("i"), client).revoke("t")


# ── Accounts that are connections ────────────────────────────────────────────────────────────────────────────────────
def service(world: World, *good: str, refusal: Reply) -> None:
    def answer(seen: Seen) -> Reply:
        token = seen.headers.get("Authorization", "").removeprefix("Bearer ")
        return Reply(json={"ok": True, "ts": "1", "channel": "C1"}) if token in good else refusal

    world.web.on("POST", "/api/chat.postMessage", answer)


@pytest.mark.parametrize(
    "refusal",
    [Reply(401, json={"error": "who?"}), Reply(200, json={"ok": False, "error": "token_expired"})],
    ids=["by status", "by a rule"],
)
async def test_a_refused_token_is_renewed_once_and_the_call_repeated(refusal: Reply) -> None:
    refused: list[str] = []
    async with world_and_client() as (world, client):
        service(world, "second-token", refusal=refusal)

        async def renew(token: str) -> Mapping[str, Any]:
            refused.append(token)
            return {"access_token": "second-token", "base_url": world.web.url}

        account = {"access_token": "first-token", "base_url": world.web.url}
        reach = Reach(client, account, renew=renew)
        assert await perform(POST, {"channel": "#a", "text": "hi"}, reach) == {"id": "1", "channel": "C1"}
        assert refused == ["first-token"]
        assert len(world.web.requests) == 2
        service(world, "third-token", refusal=refusal)
        with pytest.raises(CallFailed) as caught:
            await perform(POST, {"channel": "#a", "text": "hi"}, reach)
        assert caught.value.failure == "auth"
        assert len(world.web.requests) == 4  # one renewal and one repetition, and no more


async def test_an_expired_connection_and_repeated_tokens_do_not_leak() -> None:
    async with world_and_client() as (world, client):

        async def renew(token: str) -> Mapping[str, Any]:
            raise ConnectionExpired("Gone.", connection="TEAM")

        service(world, refusal=Reply(401))
        account = {"access_token": "first-token", "base_url": world.web.url}
        with pytest.raises(ConnectionExpired):
            await perform(POST, {"channel": "#a", "text": "hi"}, Reach(client, account, renew=renew))
        world.web.on("POST", "/api/chat.postMessage", Reply(200, json={"ok": False, "error": "odd: first-token"}))
        with pytest.raises(CallFailed) as failed:
            await perform(POST, {"channel": "#a", "text": "hi"}, Reach(client, account, renew=renew))
        assert "first-token" not in str(failed.value)
