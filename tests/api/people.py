"""People with passwords, and their browsers, for the tests of how one gets in."""

from __future__ import annotations

import secrets
import time
from base64 import b32decode
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from plainwork.api.auth import COOKIE, CSRF_HEADER
from plainwork.db import passwords, sessions, users
from plainwork.db.ids import new_id
from plainwork.people import totp
from tests.api.support import Api, Client, Place

PASSWORD = "correct horse battery"


@dataclass
class Person:
    """Somebody who signs in with a password. ``browser`` has their session."""

    api: Api
    id: UUID
    email: str
    browser: Client

    async def signs_in(self, status: int = 201, **more: Any) -> tuple[Client, dict[str, Any]]:
        """Another browser, after its sign-in; and what it was answered."""
        return await sign_in(self.api, self.email, status, **more)

    async def begins_second_factor(self) -> bytes:
        """The secret of an authenticator that no code has confirmed yet."""
        begun = await self.browser.ok("POST", "/account/second-factor", 201)
        return b32decode(begun["secret"] + "=" * (-len(begun["secret"]) % 8))

    async def adds_second_factor(self) -> tuple[bytes, list[str]]:
        """The secret of a new authenticator, and the recovery codes."""
        secret = await self.begins_second_factor()
        added = await self.browser.ok("POST", "/account/second-factor/confirm", json={"code": code_of(secret)})
        self.browser.headers[CSRF_HEADER] = added["session"]["csrf_token"]
        return secret, added["recovery_codes"]


def code_of(secret: bytes, drift: int = 0) -> str:
    """What the authenticator shows now, or so many steps before or after."""
    return totp.code_at(secret, int(time.time()) // totp.STEP_S + drift)


async def sign_in(api: Api, email: str, status: int = 201, **more: Any) -> tuple[Client, dict[str, Any]]:
    client = api.client()
    given = {"email": email, "password": PASSWORD} | more
    answer = await client.ok("POST", "/session", status, json=given)
    if status == 201:
        client.headers[CSRF_HEADER] = answer["csrf_token"]
    return client, answer


async def somebody(api: Api, place: Place | None = None, role: Any = "owner") -> Person:
    """A new person with a password, a member of ``place`` if one is given, signed in."""
    email, key = f"{secrets.token_hex(6)}@example.org", new_id()
    async with api.database.person(key) as connection:
        await users.insert(connection, key, email, "Somebody", await _hashed())
        _, token = await sessions.begin(connection, key)
    if place is not None:
        await place.admit(key, role)
    browser = api.client(headers={CSRF_HEADER: sessions.csrf_token(token)})
    browser.cookies.set(COOKIE, token, domain="plainwork.test")
    return Person(api, key, email, browser)


_hashes: list[str] = []


async def _hashed() -> str:
    """The password's hash, made once: that takes a tenth of a second."""
    if not _hashes:
        _hashes.append(await passwords.hash_of(PASSWORD))
    return _hashes[0]
