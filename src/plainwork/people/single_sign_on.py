"""Single sign-on with OpenID Connect: authorization code with PKCE, state and nonce (OpenID Connect Core 1.0 §3.1,
RFC 7636, RFC 9207). What the provider says is believed once its ID token's signature and every claim have been checked.
"""

from __future__ import annotations

import json
import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from plainwork.errors import CallFailed, Unavailable
from plainwork.net import Client, Response
from plainwork.people.identity import Begun, Identity, NotAdmitted
from plainwork.settings import SingleSignOn

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA")
"""Signatures by the provider's private key. Never ``none``, nor one under a secret that we know as well."""
SCOPE = "openid email profile"
LEEWAY_S = 60
KEPT_S = 3600.0
"""How long what the provider publishes about itself is used before it is asked again."""
TIMEOUT_S = 10.0
MOST_BYTES = 1024 * 1024


@dataclass(slots=True)
class _Published:
    """What the provider publishes, and until when it is taken for true (monotonic seconds)."""

    metadata: Mapping[str, Any]
    keys: KeySet
    until: float


@dataclass(slots=True)
class Provider:
    """The provider that the operator has named. ``redirect_uri``: where it sends browsers back to."""

    rules: SingleSignOn
    redirect_uri: str
    allow_hosts: tuple[str, ...] = ()
    _published: _Published | None = field(default=None, repr=False)

    async def address(self, begun: Begun) -> str:
        """Where the browser goes to sign in. Raises Unavailable when the provider cannot be asked what it is."""
        async with self._client() as client:
            metadata = (await self._known(client)).metadata
        challenge = urlsafe_b64encode(sha256(begun.verifier.encode()).digest()).decode().rstrip("=")
        query = {
            "response_type": "code",
            "client_id": self.rules.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": SCOPE,
            "state": begun.state,
            "nonce": begun.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        endpoint = metadata["authorization_endpoint"]
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(query, quote_via=quote)}"

    async def identity(self, begun: Begun, code: str, issuer: str | None = None) -> Identity:
        """Whom an authorization code stands for. ``issuer``: the ``iss`` that came with the code, where one came.

        Raises NotAdmitted when the provider refuses the code, or says anything that does not hold, and Unavailable when
        it does not answer.
        """
        if issuer is not None and issuer != self.rules.issuer:
            raise _refused("the answer came from another provider")
        async with self._client() as client:
            known = await self._known(client)
            tokens = await self._exchange(client, known.metadata, begun, code)
            try:
                claims = self._checked(tokens["id_token"], known.keys, begun.nonce)
            except InvalidKeyIdError:  # the provider has taken a new key since
                self._published = None
                claims = self._checked(tokens["id_token"], (await self._known(client)).keys, begun.nonce, last=True)
            if not claims.get("email"):
                claims = await self._with_user_info(client, known.metadata, tokens, claims)
        return Identity(
            issuer=self.rules.issuer,
            subject=claims["sub"],
            email=str(claims.get("email") or "").strip().lower(),
            is_email_verified=claims.get("email_verified") in (True, "true"),
            name=" ".join(str(claims.get("name") or "").split())[:200],
        )

    def _client(self) -> Client:
        """A client that may reach the issuer, wherever it stands: the operator has named it."""
        return Client((*self.allow_hosts, urlsplit(self.rules.issuer).netloc), connections=4)

    # ── What the provider publishes ──────────────────────────────────────────────────────────────────────────────────
    async def _known(self, client: Client) -> _Published:
        if self._published is None or self._published.until < time.monotonic():
            where = f"{self.rules.issuer.rstrip('/')}/.well-known/openid-configuration"
            metadata = _object(await self._ask(client, "GET", where))
            if metadata.get("issuer") != self.rules.issuer:
                raise Unavailable(
                    f"The provider calls itself {metadata.get('issuer')!r}, not {self.rules.issuer!r}.",
                    next_step="Correct PLAINWORK_OIDC_ISSUER.",
                )
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                self._check_address(metadata.get(name), name)
            keys = _object(await self._ask(client, "GET", metadata["jwks_uri"]))
            try:
                self._published = _Published(metadata, KeySet.import_key_set(keys), time.monotonic() + KEPT_S)  # type: ignore[arg-type]
            except (JoseError, KeyError, TypeError, ValueError) as why:
                raise Unavailable("The provider publishes no keys that can be used.", next_step=_LATER) from why
        return self._published

    def _check_address(self, address: object, name: str) -> None:
        """Endpoints are reached over TLS, unless the operator has named an issuer without it."""
        allowed = {"https", urlsplit(self.rules.issuer).scheme}
        if not isinstance(address, str) or urlsplit(address).scheme not in allowed:
            raise Unavailable(f"The provider's {name} is no address that is safe to use.", next_step=_LATER)

    # ── What it says about one person ────────────────────────────────────────────────────────────────────────────────
    async def _exchange(
        self, client: Client, metadata: Mapping[str, Any], begun: Begun, code: str
    ) -> Mapping[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": begun.verifier,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        ways = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if "client_secret_basic" in ways:
            pair = f"{quote(self.rules.client_id, safe='')}:{quote(self.rules.client_secret, safe='')}"
            headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        else:
            form |= {"client_id": self.rules.client_id, "client_secret": self.rules.client_secret}
        body = urlencode(form).encode()
        tokens = _object(await self._ask(client, "POST", metadata["token_endpoint"], headers=headers, body=body))
        if not isinstance(tokens.get("id_token"), str):
            raise _refused("the provider gave no ID token")
        return tokens

    def _checked(self, token: str, keys: KeySet, nonce: str, *, last: bool = False) -> dict[str, Any]:
        """The ID token's claims (OpenID Connect Core §3.1.3.7). InvalidKeyIdError for a key that is not known, unless
        this is the ``last`` try."""
        rules = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_S,
            iss={"essential": True, "value": self.rules.issuer},
            sub={"essential": True},
            aud={"essential": True, "value": self.rules.client_id},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        registry = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
        try:
            claims = jwt.decode(token, keys, algorithms=list(ALGORITHMS), registry=registry).claims
            rules.validate(claims)
        except InvalidKeyIdError:
            if not last:
                raise
            raise _refused("the ID token is signed with an unknown key") from None
        except (JoseError, ValueError) as why:
            raise _refused(f"the ID token does not hold ({type(why).__name__})") from None
        party = claims.get("azp")
        if party not in {None, self.rules.client_id} or (party is None and _is_for_several(claims["aud"])):
            raise _refused("the ID token is for another application")
        return dict(claims)

    async def _with_user_info(
        self, client: Client, metadata: Mapping[str, Any], tokens: Mapping[str, Any], claims: dict[str, Any]
    ) -> dict[str, Any]:
        """The claims with what the user-info endpoint adds (§5.3); it has to speak of the same person."""
        where = metadata.get("userinfo_endpoint")
        if where is None:
            return claims
        self._check_address(where, "userinfo_endpoint")
        headers = {"Authorization": f"Bearer {tokens.get('access_token')}"}
        more = _object(await self._ask(client, "GET", where, headers=headers))
        if more.get("sub") != claims["sub"]:
            raise _refused("the provider speaks of two people")
        return {**more, **claims}

    async def _ask(self, client: Client, method: str, url: str, **more: Any) -> Response:
        """One call, which follows no redirect: nobody but the provider is to answer."""
        headers = {"Accept": "application/json", **more.pop("headers", {})}
        try:
            answer = await client.request(
                method, url, headers=headers, timeout_s=TIMEOUT_S, max_bytes=MOST_BYTES, follow=False, **more
            )
        except CallFailed as why:
            raise Unavailable(
                f"The provider of single sign-on cannot be used: {why.message}", next_step=_LATER
            ) from why
        if method == "POST" and 400 <= answer.status < 500:
            raise _refused("the provider refused the code")
        if answer.status != 200:
            raise Unavailable(
                f"The provider of single sign-on answered with the status {answer.status}.", next_step=_LATER
            )
        return answer


_LATER = "Try again later, or sign in with a password."


def _object(answer: Response) -> dict[str, Any]:
    try:
        value = json.loads(answer.body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise Unavailable("The provider of single sign-on gave an answer that is no JSON object.", next_step=_LATER)
    return value


def _is_for_several(audience: object) -> bool:
    return isinstance(audience, list) and len(audience) > 1


def _refused(why: str) -> NotAdmitted:
    return NotAdmitted(
        "refused", f"The single sign-on was refused: {why}.", next_step="Begin again from the sign-in page."
    )
