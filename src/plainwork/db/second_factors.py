"""Second factors as they are stored: the sealed secret of an authenticator, the last time step used, recovery codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from plainwork.db.pool import Connection


@dataclass(frozen=True, slots=True)
class Stored:
    """A person's authenticator. ``confirmed_at`` None: begun, and not asked for yet."""

    sealed: bytes
    last_step: int
    confirmed_at: datetime | None


async def get(connection: Connection, user_id: UUID) -> Stored | None:
    """The person's authenticator, confirmed or begun."""
    row = await connection.fetchrow(
        "select sealed, last_step, confirmed_at from second_factors where user_id = $1", user_id
    )
    return Stored(**row) if row else None


async def begin(connection: Connection, user_id: UUID, sealed: bytes) -> bool:
    """Stores an authenticator that is still to be confirmed, in place of another such; False: one is confirmed."""
    done = await connection.execute(
        """insert into second_factors as f (user_id, sealed) values ($1, $2)
           on conflict (user_id) do update set sealed = excluded.sealed, last_step = 0, created_at = now()
           where f.confirmed_at is null""",
        *(user_id, sealed),
    )
    return bool(done == "INSERT 0 1")


async def use_step(connection: Connection, user_id: UUID, step: int) -> bool:
    """Uses a time step up; False when it, or a later one, has been used: each code works once."""
    done = await connection.execute(
        "update second_factors set last_step = $2 where user_id = $1 and last_step < $2", user_id, step
    )
    return bool(done == "UPDATE 1")


async def confirm(connection: Connection, user_id: UUID, session_id: UUID) -> None:
    """From now on signing in asks for a code. The person's other sessions that a password alone has begun end."""
    await connection.execute("update second_factors set confirmed_at = now() where user_id = $1", user_id)
    await connection.execute("update users set second_factor_at = now(), updated_at = now() where id = $1", user_id)
    await connection.execute(
        "delete from sessions where user_id = $1 and id <> $2 and signed_in_by = 'password'", user_id, session_id
    )


async def remove(connection: Connection, user_id: UUID) -> bool:
    """Forgets the authenticator and the recovery codes; whether there was a confirmed one."""
    await connection.execute("delete from second_factors where user_id = $1", user_id)
    await connection.execute("delete from recovery_codes where user_id = $1", user_id)
    done = await connection.execute(
        "update users set second_factor_at = null, updated_at = now() where id = $1 and second_factor_at is not null",
        user_id,
    )
    return bool(done == "UPDATE 1")


async def set_codes(connection: Connection, user_id: UUID, codes: Sequence[str]) -> None:
    """New recovery codes in place of the old ones; only their hashes are stored."""
    await connection.execute("delete from recovery_codes where user_id = $1", user_id)
    await connection.execute(
        "insert into recovery_codes (user_id, code_hash) select $1, unnest($2::bytea[])",
        *(user_id, [_hash(code) for code in codes]),
    )


async def use_code(connection: Connection, user_id: UUID, code: str) -> bool:
    """Uses a recovery code up; False when it is none, or was used."""
    done = await connection.execute(
        "update recovery_codes set used_at = now() where user_id = $1 and code_hash = $2 and used_at is null",
        *(user_id, _hash(code)),
    )
    return bool(done == "UPDATE 1")


async def codes_left(connection: Connection, user_id: UUID) -> int:
    """How many recovery codes are unused."""
    left: int = await connection.fetchval(
        "select count(*) from recovery_codes where user_id = $1 and used_at is null", user_id
    )
    return left


def _hash(code: str) -> bytes:
    return sha256(code.encode(errors="replace")).digest()


# ── The key they are sealed under ────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class WrappedKey:
    """The installation's key for what is sealed for people, wrapped in the master key with this id."""

    wrapped: bytes
    master_key_id: str


async def key(connection: Connection) -> WrappedKey | None:
    """The wrapped key; None before the first use."""
    row = await connection.fetchrow(
        "select people_key, people_master_key_id from installation where people_key is not null"
    )
    return WrappedKey(*row) if row else None


async def add_key(connection: Connection, wrapped: WrappedKey) -> None:
    """Stores the first key, unless somebody else was quicker."""
    await connection.execute(
        "update installation set people_key = $1, people_master_key_id = $2 where people_key is null",
        *(wrapped.wrapped, wrapped.master_key_id),
    )


async def rewrap_key(connection: Connection, wrapped: WrappedKey, before: WrappedKey) -> bool:
    """Puts the key wrapped anew in the place of how it was; False when somebody else has changed it meanwhile."""
    done = await connection.execute(
        "update installation set people_key = $1, people_master_key_id = $2 where people_key = $3",
        *(wrapped.wrapped, wrapped.master_key_id, before.wrapped),
    )
    return bool(done == "UPDATE 1")
