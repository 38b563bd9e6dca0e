"""Sessions: signed-in browsers. A token is 256 random bits, of which only the SHA-256 is stored; its CSRF token is derived
from it, so it needs no row.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Literal
from uuid import UUID

import asyncpg

from plainwork.db.ids import new_id
from plainwork.db.json import clean_text
from plainwork.db.pool import Connection, Database
from plainwork.db.users import COLUMNS as USER
from plainwork.db.users import User

LIFE = timedelta(days=30)
SEEN_EVERY = timedelta(minutes=5)
_OWN = "id, created_at, last_seen_at, expires_at, address, user_agent, signed_in_by"


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser. ``address`` and ``user_agent`` are those it signed in from."""

    id: UUID
    user: User
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    address: str | None
    user_agent: str | None
    signed_in_by: Literal["password", "sso"]

    @property
    def is_strong(self) -> bool:
        """Whether more than a password stands behind it: a second factor, or the provider of single sign-on."""
        return self.signed_in_by == "sso" or self.user.second_factor_at is not None


async def begin(
    connection: Connection,
    user_id: UUID,
    *,
    by: Literal["password", "sso"] = "password",
    address: str | None = None,
    user_agent: str | None = None,
) -> tuple[Session, str]:
    """A new session and its token, which is shown here and never again; the transaction has declared the person."""
    user = await connection.fetchrow(
        f"update users set last_sign_in_at = now() where id = $1 returning {USER}",  # noqa: S608 - columns of ours
        user_id,
    )
    token = secrets.token_urlsafe(32)
    row = await connection.fetchrow(
        f"""insert into sessions (id, user_id, token_hash, address, user_agent, signed_in_by, expires_at)
            values ($1, $2, $3, $4, $5, $6, now() + $7) returning {_OWN}""",  # noqa: S608 - as above
        *(new_id(), user_id, _hash(token), address, clean_text(user_agent or "")[:400] or None, by, LIFE),
    )
    return _record(row, User(**user)), token


async def find(database: Database, token: str) -> Session | None:
    """The session that a token belongs to; None when it is unknown, expired, or its user disabled."""
    token_hash = _hash(token)
    async with database.person(token_hash=token_hash) as connection:
        row = await connection.fetchrow(
            f"""select {_OWN}, user_id, last_seen_at < now() - $2::interval as stale from sessions
                where token_hash = $1 and expires_at > now()""",  # noqa: S608 - as above
            *(token_hash, SEEN_EVERY),
        )
        if row is None:
            return None
        await connection.execute("select set_config('plainwork.person', $1, true)", str(row["user_id"]))
        user = await connection.fetchrow(
            f"select {USER} from users where id = $1 and disabled_at is null",  # noqa: S608 - as above
            row["user_id"],
        )
        if user and row["stale"]:
            await connection.execute("update sessions set last_seen_at = now() where id = $1", row["id"])
    return _record(row, User(**user)) if user else None


async def page(database: Database, user: User, *, before: UUID | None = None, limit: int) -> list[Session]:
    """A person's sessions that are not over, newest first, those begun before this one."""
    async with database.person(user.id) as connection:
        rows = await connection.fetch(
            f"""select {_OWN} from sessions where user_id = $1 and expires_at > now() and ($2::uuid is null or id < $2)
                order by id desc limit $3""",  # noqa: S608 - as above
            *(user.id, before, limit),
        )
    return [_record(row, user) for row in rows]


async def rotate(connection: Connection, user_id: UUID, session_id: UUID) -> str:
    """A new token for a session whose rights change; the one before is worth nothing any more."""
    token = secrets.token_urlsafe(32)
    await connection.execute(
        "update sessions set token_hash = $3 where user_id = $1 and id = $2", user_id, session_id, _hash(token)
    )
    return token


async def end(database: Database, user_id: UUID, session_id: UUID) -> bool:
    """Ends one session of a person; whether there was one."""
    async with database.person(user_id) as connection:
        done = await connection.execute("delete from sessions where user_id = $1 and id = $2", user_id, session_id)
    return bool(done != "DELETE 0")


async def end_others(database: Database, user_id: UUID, session_id: UUID) -> int:
    """Ends all sessions of a person but one; how many."""
    async with database.person(user_id) as connection:
        done: str = await connection.execute(
            "delete from sessions where user_id = $1 and id <> $2", user_id, session_id
        )
    return int(done.removeprefix("DELETE "))


def csrf_token(token: str) -> str:
    """The CSRF token that belongs to a session token: an HMAC, so it proves the session without giving it away."""
    return hmac.new(token.encode(), b"plainwork csrf", "sha256").hexdigest()


def _record(row: asyncpg.Record, user: User) -> Session:
    return Session(
        *(row["id"], user, row["created_at"], row["last_seen_at"], row["expires_at"]),
        *(row["address"], row["user_agent"], row["signed_in_by"]),
    )


def _hash(token: str) -> bytes:
    return sha256(token.encode(errors="replace")).digest()
