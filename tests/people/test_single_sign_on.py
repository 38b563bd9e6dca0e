"""What a provider may say, and what is refused: forged, foreign, stale and twisted answers, at the wire."""

from __future__ import annotations

import hmac
import json
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from plainwork.errors import Unavailable
from plainwork.people.identity import Begun, NotAdmitted
from plainwork.people.single_sign_on import Provider
from plainwork.settings import SingleSignOn
from tests.world import Reply, Seen, Web

REDIRECT = "https://plainwork.example.org/api/v1/session/sso/callback"
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
NEXT_KEY = ECKey.generate_key("P-256", {"kid": "two", "use": "sig", "alg": "ES256"})


@dataclass
class Double:
    """A provider that says whatever a test has it say. ``claims``: over those of a good ID token (None: left out)."""

    web: Web
    begun: Begun = field(default_factory=Begun.new)
    claims: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=lambda: {"alg": "RS256", "kid": "one"})
    signs_with: Any = field(default_factory=lambda: KEY)
    publishes: list[Any] = field(default_factory=lambda: [KEY])

    @property
    def issuer(self) -> str:
        return self.web.url

    @property
    def provider(self) -> Provider:
        return Provider(SingleSignOn(self.issuer, "plainwork", "s3cret:with/signs"), REDIRECT)

    def said(self) -> dict[str, Any]:
        now = int(time.time())
        good = {"iss": self.issuer, "sub": "ada-1", "aud": "plainwork", "exp": now + 60, "iat": now}
        good |= {"nonce": self.begun.nonce, "email": "Ada@Example.org", "email_verified": True, "name": "Ada  Lovelace"}
        return {name: value for name, value in (good | self.claims).items() if value is not None}

    def token(self, _seen: Seen | None = None) -> Reply:
        algorithms = [self.header["alg"]]
        signed = jwt.encode(self.header, self.said(), self.signs_with, algorithms=algorithms)
        return Reply(json={"access_token": "at", "token_type": "Bearer", "id_token": signed})

    def stand(self) -> None:
        good = {"issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize?tenant=1"}
        good |= {name: f"{self.issuer}/{name}" for name in ("token_endpoint", "jwks_uri", "userinfo_endpoint")}
        self.web.on("GET", "/.well-known/openid-configuration", lambda _: Reply(json=good | self.metadata))
        self.web.on("GET", "/jwks_uri", lambda _: Reply(json=KeySet(self.publishes).as_dict(private=False)))
        self.web.on("POST", "/token_endpoint", self.token)


@pytest.fixture
async def double() -> AsyncIterator[Double]:
    web = Web()
    await web.start()
    double = Double(web)
    double.stand()
    yield double
    await web.stop()


# ── What it is asked ─────────────────────────────────────────────────────────────────────────────────────────────────
async def test_the_browser_is_sent_with_a_challenge_and_the_code_is_exchanged_with_its_proof(double: Double) -> None:
    provider = double.provider
    address = urlsplit(await provider.address(double.begun))
    asked = {name: values[0] for name, values in parse_qs(address.query).items()}
    challenge = _part(sha256(double.begun.verifier.encode()).digest())
    assert asked == {
        "tenant": "1",
        "response_type": "code",
        "client_id": "plainwork",
        "redirect_uri": REDIRECT,
        "scope": "openid email profile",
        "state": double.begun.state,
        "nonce": double.begun.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    identity = await provider.identity(double.begun, "the code")
    assert (identity.subject, identity.email, identity.name) == ("ada-1", "ada@example.org", "Ada Lovelace")
    assert identity.is_email_verified
    (exchange,) = double.web.seen("/token_endpoint")
    assert exchange.form() == {
        "grant_type": "authorization_code",
        "code": "the code",
        "redirect_uri": REDIRECT,
        "code_verifier": double.begun.verifier,
    }
    assert b64decode(exchange.headers["Authorization"].removeprefix("Basic ")) == b"plainwork:s3cret%3Awith%2Fsigns"
    assert len(double.web.seen("/jwks_uri")) == 1, "what it publishes is kept"


async def test_a_provider_that_wants_the_secret_in_the_form_gets_it_there(double: Double) -> None:
    double.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    await double.provider.identity(double.begun, "the code")
    (exchange,) = double.web.seen("/token_endpoint")
    assert exchange.form()["client_secret"] == "s3cret:with/signs"
    assert "Authorization" not in exchange.headers


async def test_a_new_key_of_the_provider_is_fetched(double: Double) -> None:
    provider = double.provider
    await provider.identity(double.begun, "the code")
    double.publishes, double.signs_with, double.header = [KEY, NEXT_KEY], NEXT_KEY, {"alg": "ES256", "kid": "two"}
    assert (await provider.identity(double.begun, "the code")).subject == "ada-1"
    assert len(double.web.seen("/jwks_uri")) == 2


async def test_the_email_may_come_from_the_user_info(double: Double) -> None:
    double.claims = {"email": None, "email_verified": None}
    more = {"sub": "ada-1", "email": "ada@example.org", "email_verified": "true"}
    double.web.on("GET", "/userinfo_endpoint", Reply(json=more))
    identity = await double.provider.identity(double.begun, "the code")
    assert (identity.email, identity.is_email_verified) == ("ada@example.org", True)
    (asked,) = double.web.seen("/userinfo_endpoint")
    assert asked.headers["Authorization"] == "Bearer at"
    double.web.on("GET", "/userinfo_endpoint", Reply(json=more | {"sub": "somebody-else"}))
    with pytest.raises(NotAdmitted, match="two people"):
        await double.provider.identity(double.begun, "the code")


# ── What is refused ──────────────────────────────────────────────────────────────────────────────────────────────────
NOW = int(time.time())
TWISTED: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://evil.example"},
    "no issuer": {"iss": None},
    "for another application": {"aud": "another"},
    "for nobody": {"aud": None},
    "for several, without saying for whom": {"aud": ["plainwork", "another"]},
    "given to another application": {"azp": "another"},
    "over": {"exp": NOW - 3600},
    "without an end": {"exp": None},
    "an end that is no number": {"exp": "tomorrow"},
    "from the future": {"iat": NOW + 3600},
    "not yet": {"nbf": NOW + 3600},
    "of another sign-in": {"nonce": "another"},
    "of no sign-in": {"nonce": None},
    "about nobody": {"sub": None},
    "about a number": {"sub": 5},
}


@pytest.mark.parametrize("claims", TWISTED.values(), ids=TWISTED)
async def test_a_twisted_token_is_refused(double: Double, claims: dict[str, Any]) -> None:
    double.claims = claims
    with pytest.raises(NotAdmitted) as caught:
        await double.provider.identity(double.begun, "the code")
    assert caught.value.reason == "refused"


async def test_several_audiences_are_fine_when_it_says_that_it_is_for_us(double: Double) -> None:
    double.claims = {"aud": ["plainwork", "another"], "azp": "plainwork"}
    assert (await double.provider.identity(double.begun, "the code")).subject == "ada-1"


def _by_hand(header: dict[str, Any], claims: dict[str, Any], secret: bytes | None) -> str:
    """A token that no library would make."""
    signed = ".".join(_part(json.dumps(part).encode()) for part in (header, claims))
    return f"{signed}.{_part(hmac.digest(secret, signed.encode(), 'sha256')) if secret else ''}"


def _part(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def _unsigned(double: Double) -> str:
    return _by_hand({"alg": "none"}, double.said(), None)


def _with_public_key_as_secret(double: Double) -> str:
    return _by_hand({"alg": "HS256", "kid": "one"}, double.said(), KEY.as_pem(private=False))


def _with_client_secret(double: Double) -> str:
    return _by_hand({"alg": "HS256", "kid": "one"}, double.said(), b"s3cret:with/signs")


def _by_another_key(double: Double) -> str:
    return jwt.encode({"alg": "RS256", "kid": "one"}, double.said(), OTHER_KEY)


def _by_an_unknown_key(double: Double) -> str:
    return jwt.encode({"alg": "ES256", "kid": "two"}, double.said(), NEXT_KEY)


def _altered(double: Double) -> str:
    head, _, signature = jwt.encode({"alg": "RS256", "kid": "one"}, double.said(), KEY).split(".")
    body = _part(json.dumps(double.said() | {"sub": "root"}).encode())
    return f"{head}.{body}.{signature}"


FORGERIES: tuple[Callable[[Double], Any], ...] = (
    *(_unsigned, _with_public_key_as_secret, _with_client_secret, _by_another_key, _by_an_unknown_key, _altered),
    *(lambda _: "nonsense", lambda _: "", lambda _: None, lambda _: 5),
)


@pytest.mark.parametrize("forge", FORGERIES)
async def test_a_forged_token_is_refused(double: Double, forge: Callable[[Double], Any]) -> None:
    double.web.on("POST", "/token_endpoint", Reply(json={"access_token": "at", "id_token": forge(double)}))
    with pytest.raises(NotAdmitted) as caught:
        await double.provider.identity(double.begun, "the code")
    assert caught.value.reason == "refused"


async def test_an_answer_of_another_provider_is_not_even_exchanged(double: Double) -> None:
    """Mix-up: the browser brings a code of somebody else's provider (RFC 9207)."""
    with pytest.raises(NotAdmitted, match="another provider"):
        await double.provider.identity(double.begun, "the code", issuer="https://evil.example")
    assert double.web.seen("/token_endpoint") == []
    await double.provider.identity(double.begun, "the code", issuer=double.issuer)


async def test_a_refused_code(double: Double) -> None:
    double.web.on("POST", "/token_endpoint", Reply(400, json={"error": "invalid_grant"}))
    with pytest.raises(NotAdmitted, match="refused the code"):
        await double.provider.identity(double.begun, "the code")


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "ftp://evil.example"},
        {"jwks_uri": None},
        {"authorization_endpoint": 5},
    ],
)
async def test_what_it_publishes_has_to_be_its_own(double: Double, metadata: dict[str, Any]) -> None:
    double.metadata = metadata
    with pytest.raises(Unavailable):
        await double.provider.address(double.begun)


async def test_a_provider_that_is_away_or_sends_us_elsewhere(double: Double) -> None:
    elsewhere = Reply(302, headers={"Location": "http://169.254.169.254/latest/meta-data"})
    for answer in (Reply(500), elsewhere, Reply(text="<html>"), Reply(json=[]), Reply(drop=0)):
        double.web.on("GET", "/.well-known/openid-configuration", answer)
        with pytest.raises(Unavailable):
            await double.provider.address(double.begun)


async def test_its_endpoints_pass_the_address_guard(double: Double) -> None:
    """The operator has named the issuer's host, and no other private one."""
    double.metadata = {"token_endpoint": "http://169.254.169.254/token"}
    with pytest.raises(Unavailable, match="private or local"):
        await double.provider.identity(double.begun, "the code")
    strict = replace(double.provider.rules, issuer=double.issuer)
    assert Provider(strict, REDIRECT).allow_hosts == ()
