"""People: the first set-up, and users. What they sign in with is in ``passwords``, ``second_factors``, ``identities``."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import asyncpg

from plainwork.db import passwords, workspaces
from plainwork.db.ids import new_id
from plainwork.db.pool import Connection, Database
from plainwork.errors import Conflict, Invalid, NotFound, SignInNeeded

COLUMNS = "id, email, name, created_at, second_factor_at"


@dataclass(frozen=True, slots=True)
class User:
    """A person with a login. ``second_factor_at``: since when signing in asks for a code; None: it does not."""

    id: UUID
    email: str
    name: str
    created_at: datetime
    second_factor_at: datetime | None = None


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
    hashed = await passwords.hash_of(password)
    user_id, workspace_id = new_id(), new_id()
    async with database.workspace(workspace_id, user_id) as connection:
        await _check_set_up(connection, token)
        await connection.execute("update installation set set_up_at = now(), setup_token_hash = null")
        user = await insert(connection, user_id, email, name, hashed, is_verified=True)
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
    hashed = await passwords.hash_of(password)
    user_id = new_id()
    async with database.person(user_id) as connection:
        return await insert(connection, user_id, email, name, hashed)


async def email_of(connection: Connection, user_id: UUID) -> str | None:
    """The e-mail of a member of the workspace."""
    email: str | None = await connection.fetchval("select email from users where id = $1", user_id)
    return email


async def insert(
    connection: Connection, user_id: UUID, email: str, name: str, hashed: str | None, *, is_verified: bool = False
) -> User:
    """Makes a user in a transaction that has declared them. ``hashed`` None: there is no password; ``is_verified``: they
    are known to read that mailbox. Conflict when the e-mail is taken, Invalid when it is none."""
    try:
        row = await connection.fetchrow(
            f"""insert into users (id, email, name, password_hash, email_verified_at)
                values ($1, $2, $3, $4, case when $5 then now() end) returning {COLUMNS}""",  # noqa: S608 - ours
            *(user_id, normal_email(email), workspaces.checked_name(name, "user"), hashed, is_verified),
        )
    except asyncpg.UniqueViolationError:
        raise Conflict(
            "There is a user with that e-mail already.", next_step="Sign in, or use another e-mail."
        ) from None
    return User(**row)


async def get(database: Database, user_id: UUID) -> User:
    """A user by id; NotFound when there is none."""
    async with database.person(user_id) as connection:
        row = await connection.fetchrow(f"select {COLUMNS} from users where id = $1", user_id)  # noqa: S608 - ours
    if row is None:
        raise NotFound("There is no such user.")
    return User(**row)


async def of_email(database: Database, email: str, *, also_disabled: bool = False) -> User | None:
    """The user with this e-mail, unless there is none or they are disabled."""
    email = email.strip().lower()
    async with database.person(email=email) as connection:
        row = await connection.fetchrow(
            f"select {COLUMNS} from users where email = $1 and (disabled_at is null or $2)",  # noqa: S608 - ours
            *(email, also_disabled),
        )
    return User(**row) if row else None


def normal_email(email: str) -> str:
    """The e-mail as it is stored: trimmed, in small letters. Invalid when it cannot be one."""
    email = email.strip().lower()
    name, _, domain = email.rpartition("@")
    known = domain == "localhost" or "." in domain.strip(".")
    if not (name and known) or len(email) > 254 or not email.isprintable() or " " in email:
        raise Invalid("That is not an e-mail address.", next_step="Write it as name@example.org.")
    return email


def _hash(token: str) -> bytes:
    return sha256(token.encode(errors="replace")).digest()
