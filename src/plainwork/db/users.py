"""People: the first set-up, passwords (argon2id), signing in with a throttle, sessions.

Tokens are 256 random bits; only their SHA-256 is stored. A session's CSRF token is derived from it, so it needs no row.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg

from plainwork.db import workspaces
from plainwork.db.ids import new_id
from plainwork.db.json import clean_text
from plainwork.db.pool import Connection, Database
from plainwork.errors import Conflict, Invalid, LimitReached, NotFound, SignInNeeded

if TYPE_CHECKING:
    from pwdlib import PasswordHash

SESSION_LIFE = timedelta(days=30)
SEEN_EVERY = timedelta(minutes=5)
THROTTLE_WINDOW = timedelta(minutes=15)
FAILURES_PER_EMAIL = 10
FAILURES_PER_ADDRESS = 50
SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 1000


@dataclass(frozen=True, slots=True)
class User:
    """A person with a login."""

    id: UUID
    email: str
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser."""

    id: UUID
    user: User
    created_at: datetime
    expires_at: datetime


# ── First set-up ─────────────────────────────────────────────────────────────────────────────────────────────────────
async def new_setup_token(database: Database) -> str | None:
    """A fresh one-time token that lets its holder make the first user; the one before becomes invalid. None: set up."""
    token = secrets.token_urlsafe(24)
    async with database.transaction() as connection:
        done = await connection.fetchval(
            "update installation set setup_token_hash = $1 where set_up_at is null returning true", _hash(token)
        )
    return token if done else None


async def is_set_up(database: Database) -> bool:
    """Whether the first user has been made."""
    async with database.transaction() as connection:
        done: bool = await connection.fetchval("select set_up_at is not null from installation")
        return done


async def set_up(
    database: Database, token: str | None, *, email: str, name: str, password: str, workspace: str
) -> tuple[User, workspaces.Workspace]:
    """Makes the first user, owner of the first workspace; ``token`` is used up. None: asked for on the machine itself.

    Raises Conflict when that has been done, SignInNeeded for a wrong token, Invalid for a bad e-mail or password.
    """
    async with database.transaction() as connection:  # hashing takes time and memory, which not everybody may ask for
        await _check_set_up(connection, token)
    hashed = await hash_password(password)
    user_id, workspace_id = new_id(), new_id()
    async with database.workspace(workspace_id, user_id) as connection:
        await _check_set_up(connection, token)
        await connection.execute("update installation set set_up_at = now(), setup_token_hash = null")
        user = await _insert(connection, user_id, email, name, hashed)
        made = await workspaces.create(connection, workspace_id, workspace)
        await workspaces.add_member(connection, user.id, "owner")
    return user, made


async def _check_set_up(connection: Connection, token: str | None) -> None:
    """Raises Conflict, or SignInNeeded for a wrong token; holds off other set-ups until the transaction ends."""
    row = await connection.fetchrow("select set_up_at, setup_token_hash from installation for update")
    if row["set_up_at"]:
        raise Conflict("This installation is set up already.", next_step="Sign in, or ask its owner to invite you.")
    if token is not None and not hmac.compare_digest(row["setup_token_hash"] or b"", _hash(token)):
        raise SignInNeeded(
            "That set-up token is not valid.", next_step="Use the newest one, printed at the last start."
        )


# ── Users ────────────────────────────────────────────────────────────────────────────────────────────────────────────
async def create(database: Database, *, email: str, name: str, password: str) -> User:
    """Makes a user who belongs to no workspace yet. Conflict when the e-mail is taken, Invalid when it is none."""
    hashed = await hash_password(password)
    user_id = new_id()
    async with database.person(user_id) as connection:
        return await _insert(connection, user_id, email, name, hashed)


async def get(database: Database, user_id: UUID) -> User:
    """A user by id; NotFound when there is none."""
    async with database.person(user_id) as connection:
        row = await connection.fetchrow("select id, email, name, created_at from users where id = $1", user_id)
    if row is None:
        raise NotFound("There is no such user.")
    return User(**row)


async def email_of(connection: Connection, user_id: UUID) -> str | None:
    """The e-mail of a member of the workspace."""
    email: str | None = await connection.fetchval("select email from users where id = $1", user_id)
    return email


async def set_password(database: Database, user_id: UUID, password: str) -> None:
    """Changes the password and ends all of the user's sessions."""
    hashed = await hash_password(password)
    async with database.person(user_id) as connection:
        await connection.execute(
            "update users set password_hash = $2, updated_at = now() where id = $1", user_id, hashed
        )
        await connection.execute("delete from sessions where user_id = $1", user_id)


async def _insert(connection: Connection, user_id: UUID, email: str, name: str, hashed: str) -> User:
    try:
        row = await connection.fetchrow(
            "insert into users (id, email, name, password_hash) values ($1, $2, $3, $4) "
            "returning id, email, name, created_at",
            *(user_id, normal_email(email), workspaces.checked_name(name, "user"), hashed),
        )
    except asyncpg.UniqueViolationError:
        raise Conflict(
            "There is a user with that e-mail already.", next_step="Sign in, or use another e-mail."
        ) from None
    return User(**row)


def normal_email(email: str) -> str:
    """The e-mail as it is stored: trimmed, in small letters. Invalid when it cannot be one."""
    email = email.strip().lower()
    name, _, domain = email.rpartition("@")
    known = domain == "localhost" or "." in domain.strip(".")
    if not (name and known) or len(email) > 254 or not email.isprintable() or " " in email:
        raise Invalid("That is not an e-mail address.", next_step="Write it as name@example.org.")
    return email


# ── Passwords ────────────────────────────────────────────────────────────────────────────────────────────────────────
async def hash_password(password: str) -> str:
    """The argon2id hash, made off the event loop. Invalid for a password that is too short, too long or too plain."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise Invalid(
            f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.",
            next_step="A few words are a good one.",
        )
    if len(set(password)) < 4:
        raise Invalid("That password is too easy to guess.", next_step="A few words are a good one.")
    return await asyncio.to_thread(_hasher().hash, password)


@cache
def _hasher() -> PasswordHash:
    from pwdlib import PasswordHash
    from pwdlib.hashers.argon2 import Argon2Hasher

    return PasswordHash((Argon2Hasher(),))


@cache
def _nobodys_hash() -> str:
    """What a password is checked against when there is no such user, so that the answer takes as long."""
    return _hasher().hash(secrets.token_urlsafe(16))


# ── Signing in ───────────────────────────────────────────────────────────────────────────────────────────────────────
async def sign_in(
    database: Database, email: str, password: str, *, address: str | None = None, user_agent: str | None = None
) -> tuple[Session, str]:
    """A new session and its token, which is shown here and never again.

    Raises SignInNeeded (the same for an unknown e-mail and a wrong password) and LimitReached after too many failures
    in a quarter of an hour, by e-mail and by address.
    """
    email, user_agent = clean_text(email).strip().lower()[:254], clean_text(user_agent or "")[:400] or None
    # The address first: one that is shut out adds no rows for ever new e-mails.
    keys = [(f"address:{address}", FAILURES_PER_ADDRESS)] if address else []
    keys += [(f"email:{email}", FAILURES_PER_EMAIL)]
    # Counted before the password is looked at: many tries at once do not slip through.
    await _count_attempt(database, keys)
    async with database.person(email=email) as connection:
        row = await connection.fetchrow(
            "select id, password_hash from users where email = $1 and disabled_at is null", email
        )
    known = row["password_hash"] if row else None
    right, better = await asyncio.to_thread(_verify, password[: LONGEST_PASSWORD + 1], known)
    if row is None or not right:
        raise SignInNeeded("The e-mail or the password is wrong.", next_step="Check both and try again.")
    return await _begin(database, row["id"], keys, better, address, user_agent)


def _verify(password: str, known: str | None) -> tuple[bool, str | None]:
    """Whether the password fits, and its hash by today's parameters when the stored one is weaker."""
    right, better = _hasher().verify_and_update(password, known or _nobodys_hash())
    return right and known is not None, better


async def _begin(
    database: Database,
    user_id: UUID,
    keys: list[tuple[str, int]],
    better: str | None,
    address: str | None,
    user_agent: str | None,
) -> tuple[Session, str]:
    token = secrets.token_urlsafe(32)
    async with database.person(user_id) as connection:
        row = await connection.fetchrow(
            """update users set last_sign_in_at = now(), password_hash = coalesce($2, password_hash)
                where id = $1 returning id, email, name, created_at""",
            *(user_id, better),
        )
        made = await connection.fetchrow(
            """insert into sessions (id, user_id, token_hash, address, user_agent, expires_at)
               values ($1, $2, $3, $4, $5, now() + $6) returning id, created_at, expires_at""",
            *(new_id(), user_id, _hash(token), address, user_agent, SESSION_LIFE),
        )
        await connection.execute(
            "delete from sign_in_attempts where key_hash = $1 or first_at < now() - $2::interval",
            *(_hash(keys[-1][0]), THROTTLE_WINDOW),
        )
        await connection.execute(  # it was no failure: many people may share an address
            "update sign_in_attempts set failures = failures - 1 where key_hash = any ($1) and failures > 0",
            [_hash(key) for key, _ in keys[:-1]],
        )
    return Session(made["id"], User(**row), made["created_at"], made["expires_at"]), token


async def _count_attempt(database: Database, keys: list[tuple[str, int]]) -> None:
    for key, most in keys:
        async with database.transaction() as connection:
            failures, left_s = await connection.fetchrow(
                """insert into sign_in_attempts as a (key_hash, failures, first_at) values ($1, 1, now())
                   on conflict (key_hash) do update set
                       failures = case when a.first_at < now() - $2::interval then 1 else a.failures + 1 end,
                       first_at = case when a.first_at < now() - $2::interval then now() else a.first_at end
                   returning failures, extract(epoch from first_at + $2::interval - now())::float8""",
                *(_hash(key), THROTTLE_WINDOW),
            )
        if failures > most:
            raise LimitReached(
                "Too many failed sign-ins.",
                next_step="Wait a quarter of an hour, then try again.",
                retry_after_s=left_s,
            )


# ── Sessions ─────────────────────────────────────────────────────────────────────────────────────────────────────────
async def session(database: Database, token: str) -> Session | None:
    """The session that a token belongs to; None when it is unknown, expired, or its user disabled."""
    token_hash = _hash(token)
    async with database.person(token_hash=token_hash) as connection:
        row = await connection.fetchrow(
            """select id, user_id, created_at, expires_at, last_seen_at < now() - $2::interval as stale from sessions
               where token_hash = $1 and expires_at > now()""",
            *(token_hash, SEEN_EVERY),
        )
        if row is None:
            return None
        await connection.execute("select set_config('plainwork.person', $1, true)", str(row["user_id"]))
        user = await connection.fetchrow(
            "select id, email, name, created_at from users where id = $1 and disabled_at is null", row["user_id"]
        )
        if user and row["stale"]:
            await connection.execute("update sessions set last_seen_at = now() where id = $1", row["id"])
    return Session(row["id"], User(**user), row["created_at"], row["expires_at"]) if user else None


async def sign_out(database: Database, user_id: UUID, session_id: UUID) -> None:
    """Ends one session of a user; ending one that is over is fine."""
    async with database.person(user_id) as connection:
        await connection.execute("delete from sessions where user_id = $1 and id = $2", user_id, session_id)


def csrf_token(token: str) -> str:
    """The CSRF token that belongs to a session token: an HMAC, so it proves the session without giving it away."""
    return hmac.new(token.encode(), b"plainwork csrf", "sha256").hexdigest()


def _hash(token: str) -> bytes:
    return sha256(token.encode(errors="replace")).digest()
