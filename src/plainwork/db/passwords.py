"""Passwords: which are good enough, hashing (argon2id), checking with a throttle, changing, and links to reset them.

A password that is among the commonest ones of leaks is refused, by a list that is shipped (``common_passwords.txt``).
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from plainwork.db import throttle
from plainwork.db.json import clean_text
from plainwork.db.pool import Connection, Database
from plainwork.db.throttle import Limit
from plainwork.errors import Invalid, NotFound, SignInNeeded

if TYPE_CHECKING:
    from pwdlib import PasswordHash

SHORTEST = 10
LONGEST = 1000
FAILURES_PER_EMAIL = 10
FAILURES_PER_ADDRESS = 50
RESET_LIFE = timedelta(hours=1)
WORK = (3, 64 * 1024, 4)
"""What a hash costs: passes, KiB of memory, lanes. RFC 9106's second choice, about a fifth of a second."""
_COMMON = Path(__file__).with_name("common_passwords.txt")
_A_GOOD_ONE = "A few words are a good one."


# ── Good enough, and hashed ──────────────────────────────────────────────────────────────────────────────────────────
async def hash_of(password: str) -> str:
    """The argon2id hash, made off the event loop. Invalid for a password that is too short, too long or too common."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Invalid(f"A password has {SHORTEST} to {LONGEST} characters.", next_step=_A_GOOD_ONE)
    if len(set(password)) < 4 or is_common(password):
        raise Invalid("That password is too easy to guess.", next_step=_A_GOOD_ONE)
    return await asyncio.to_thread(_hasher().hash, password)


def is_common(password: str) -> bool:
    """Whether it is one of the commonest, in any case, also with digits and signs put before or behind it."""
    plain = password.casefold()
    return bool({plain, re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain)} & _common())


@cache
def _common() -> frozenset[str]:
    lines = _COMMON.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("# "))


@cache
def _hasher() -> PasswordHash:
    from pwdlib import PasswordHash
    from pwdlib.hashers.argon2 import Argon2Hasher

    passes, memory, lanes = WORK
    return PasswordHash((Argon2Hasher(time_cost=passes, memory_cost=memory, parallelism=lanes),))


@cache
def _nobodys_hash() -> str:
    """What a password is checked against when there is no such user, so that the answer takes as long."""
    return _hasher().hash(secrets.token_urlsafe(16))


async def _fits(password: str, known: str | None) -> tuple[bool, str | None]:
    """Whether the password fits, and its hash by today's parameters when the stored one is weaker."""
    given = password[: LONGEST + 1]
    right, better = await asyncio.to_thread(lambda: _hasher().verify_and_update(given, known or _nobodys_hash()))
    return right and known is not None, better


# ── Checking ─────────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Proven:
    """Whose password it was, and the limits that the try was counted against: ``forgive`` them once all is well."""

    user_id: UUID
    own: Sequence[Limit]
    shared: Sequence[Limit]


async def check(database: Database, email: str, password: str, *, address: str | None = None) -> Proven:
    """Whose e-mail and password these are.

    Raises SignInNeeded (the same for an unknown e-mail and a wrong password, after the same work) and LimitReached
    after too many failures in a quarter of an hour, by e-mail and by address.
    """
    email = clean_text(email).strip().lower()[:254]
    own = [Limit(f"email:{email}", FAILURES_PER_EMAIL)]
    # The address first: one that is shut out adds no rows for ever new e-mails.
    shared = [Limit(f"address:{throttle.network_of(address)}", FAILURES_PER_ADDRESS)] if address else []
    await throttle.count(database, [*shared, *own])
    async with database.person(email=email) as connection:
        row = await connection.fetchrow(
            "select id, password_hash from users where email = $1 and disabled_at is null", email
        )
    right, better = await _fits(password, row["password_hash"] if row else None)
    if row is None or not right:
        raise SignInNeeded("The e-mail or the password is wrong.", next_step="Check both and try again.")
    if better:
        async with database.person(row["id"]) as connection:
            await connection.execute("update users set password_hash = $2 where id = $1", row["id"], better)
    return Proven(row["id"], own, shared)


async def check_own(database: Database, user_id: UUID, password: str) -> None:
    """Asks somebody who is signed in for their password again. Invalid when it is wrong, or there is none;
    LimitReached after too many tries."""
    limits = [Limit(f"password:{user_id}", FAILURES_PER_EMAIL)]
    await throttle.count(database, limits, "wrong passwords")
    async with database.person(user_id) as connection:
        known = await connection.fetchval("select password_hash from users where id = $1", user_id)
        if known is None:
            raise Invalid("This account has no password.", next_step="Have a link sent that sets one: reset it.")
    right, _ = await _fits(password, known)
    if not right:
        raise Invalid("That is not your password.", next_step="Try again, or reset it.")
    async with database.transaction() as connection:
        await throttle.forgive(connection, limits)


# ── Changing and resetting ───────────────────────────────────────────────────────────────────────────────────────────
async def change(connection: Connection, user_id: UUID, hashed: str, *, keep_session: UUID | None = None) -> None:
    """Puts a new hash (of ``hash_of``) in, in a transaction that has declared the person; ends their sessions, but for
    one to keep, and every link to reset it."""
    await connection.execute("update users set password_hash = $2, updated_at = now() where id = $1", user_id, hashed)
    await connection.execute(
        "delete from sessions where user_id = $1 and id is distinct from $2", user_id, keep_session
    )
    await connection.execute("delete from password_resets where user_id = $1", user_id)


async def new_reset(database: Database, user_id: UUID, *, by_mail: bool) -> str:
    """The token of a link that sets the person's password once, within the hour; links before it end.

    ``by_mail``: it goes to the person's mailbox and nowhere else, so whoever uses it reads that mailbox.
    """
    token = secrets.token_urlsafe(32)
    async with database.person(user_id) as connection:
        await connection.execute("delete from password_resets where user_id = $1", user_id)
        await connection.execute(
            "insert into password_resets (token_hash, user_id, by_mail, expires_at) values ($1, $2, $3, now() + $4)",
            *(_token_hash(token), user_id, by_mail, RESET_LIFE),
        )
    return token


async def forget_handed_over(connection: Connection, user_id: UUID) -> None:
    """Ends the links that an owner has made, in a transaction that has declared the person: whoever joins another workspace
    would open that one too with them."""
    await connection.execute("delete from password_resets where user_id = $1 and not by_mail", user_id)


async def reset(database: Database, token: str, password: str) -> UUID:
    """Sets the password by a link's token, which is used up; whose it is. NotFound when the link is not valid (any
    more), Invalid for a password that is not good enough."""
    token_hash = _token_hash(token)
    async with database.person(token_hash=token_hash) as connection:
        user_id: UUID | None = await connection.fetchval(
            "select user_id from password_resets where token_hash = $1 and expires_at > now()", token_hash
        )
    if user_id is None:
        raise _used_up()
    hashed = await hash_of(password)
    async with database.person(user_id) as connection:
        by_mail = await connection.fetchval(
            "delete from password_resets where token_hash = $1 and expires_at > now() returning by_mail", token_hash
        )
        if by_mail is None:
            raise _used_up()
        await change(connection, user_id, hashed)
        if by_mail:
            await connection.execute(
                "update users set email_verified_at = coalesce(email_verified_at, now()) where id = $1", user_id
            )
    return user_id


def _used_up() -> NotFound:
    return NotFound("This link is not valid (any more).", next_step="Ask for a new one.")


def _token_hash(token: str) -> bytes:
    return sha256(token.encode(errors="replace")).digest()
