"""The second factor: an authenticator's codes (TOTP), each of which works once, and recovery codes for when it is lost.

The authenticator's secret is sealed for its person and never leaves again after it was begun.
"""

from __future__ import annotations

import secrets
import time
from base64 import b32encode
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from plainwork.db import second_factors as rows
from plainwork.db import sessions, throttle
from plainwork.db.pool import Connection, Database
from plainwork.db.sessions import Session
from plainwork.db.throttle import Limit
from plainwork.db.users import User
from plainwork.errors import Conflict, Invalid, Unavailable
from plainwork.people import totp
from plainwork.vault import Key, MasterKeys
from plainwork.vault.keys import DoesNotOpen
from plainwork.vault.people import people_key

FAILURES = 5
RECOVERY_CODES = 10
_PLACE = "totp"


@dataclass(frozen=True, slots=True)
class Begun:
    """A new authenticator: the secret to type in, and the same as the address that a QR code holds."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether signing in asks for a code, since when, and how many recovery codes are left."""

    enabled_at: datetime | None
    recovery_codes_left: int


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """The second factors of an installation, under its master key."""

    database: Database
    master: MasterKeys

    async def standing(self, user: User) -> Standing:
        """How it stands with a person's second factor."""
        async with self.database.person(user.id) as connection:
            return Standing(user.second_factor_at, await rows.codes_left(connection, user.id))

    async def begin(self, user: User) -> Begun:
        """A new authenticator, which counts once ``confirm`` gets a code of it. Conflict when there is one already."""
        key = await people_key(self.database, self.master)
        secret = secrets.token_bytes(totp.SECRET_BYTES)
        async with self.database.person(user.id) as connection:
            if not await rows.begin(connection, user.id, key.seal(secret, _PLACE, str(user.id))):
                raise Conflict("You have a second factor already.", next_step="Remove it before you add another.")
        return Begun(totp.base32(secret), totp.uri(secret, user.email))

    async def confirm(self, session: Session, code: str) -> tuple[list[str], str]:
        """Makes signing in ask for a code from now on: the recovery codes, and a new token of the session; both are shown
        here and never again. Conflict when nothing was begun, Invalid for a wrong code."""
        user_id = session.user.id
        key = await people_key(self.database, self.master)
        async with self.database.person(user_id) as connection:
            stored = await rows.get(connection, user_id)
            if stored is None or stored.confirmed_at is not None:
                raise Conflict("There is no second factor to confirm.", next_step="Begin with a new one.")
            if not await _use(connection, key, user_id, stored, code.strip()):
                raise Invalid("That code is wrong.", next_step="Type the one your authenticator shows now.")
            await rows.confirm(connection, user_id, session.id)
            codes = await _renewed(connection, user_id)
            return codes, await sessions.rotate(connection, user_id, session.id)

    async def renew_codes(self, user: User) -> list[str]:
        """New recovery codes in place of the old ones. Conflict without a second factor."""
        if user.second_factor_at is None:
            raise Conflict("You have no second factor.", next_step="Add one first.")
        async with self.database.person(user.id) as connection:
            return await _renewed(connection, user.id)

    async def remove(self, session: Session) -> str:
        """Signing in asks for no code any more; a new token of the session. Conflict without a second factor."""
        async with self.database.person(session.user.id) as connection:
            if not await rows.remove(connection, session.user.id):
                raise Conflict("You have no second factor.", next_step="There is nothing to remove.")
            return await sessions.rotate(connection, session.user.id, session.id)

    async def passes(self, user_id: UUID, code: str) -> bool:
        """Whether a code (the authenticator's, or a recovery code) is right; it is used up by that. LimitReached after
        too many wrong ones."""
        limits = [Limit(f"code:{user_id}", FAILURES)]
        await throttle.count(self.database, limits, "wrong codes")
        key = await people_key(self.database, self.master)
        plain = "".join(code.split()).replace("-", "").lower()
        async with self.database.person(user_id) as connection:
            stored = await rows.get(connection, user_id)
            right = stored is not None and (
                await _use(connection, key, user_id, stored, plain) or await rows.use_code(connection, user_id, plain)
            )
            if right:
                await throttle.forgive(connection, limits)
        return right


async def _use(connection: Connection, key: Key, user_id: UUID, stored: rows.Stored, code: str) -> bool:
    """Uses an authenticator's code up; False when it is wrong, or was used."""
    try:
        secret = key.open(stored.sealed, _PLACE, str(user_id))
    except DoesNotOpen:
        raise Unavailable(
            "Your second factor does not open: what is stored is not what was sealed for you.",
            next_step="Ask whoever runs this installation: plainwork reset-password --without-second-factor.",
        ) from None
    step = totp.step_of(secret, code, time.time())
    return step is not None and await rows.use_step(connection, user_id, step)


async def _renewed(connection: Connection, user_id: UUID) -> list[str]:
    codes = [b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(RECOVERY_CODES)]
    await rows.set_codes(connection, user_id, codes)
    return ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in codes]
