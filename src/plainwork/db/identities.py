"""Who people are at the provider of single sign-on: its issuer and the subject it gives them, which never changes."""

from __future__ import annotations

from hashlib import sha256
from uuid import UUID

from plainwork.db.pool import Connection, Database


async def user_of(database: Database, issuer: str, subject: str) -> UUID | None:
    """The user whose identity this is."""
    async with database.person(token_hash=sha256(f"{issuer}\n{subject}".encode()).digest()) as connection:
        found: UUID | None = await connection.fetchval(
            "select user_id from identities where issuer = $1 and subject = $2", issuer, subject
        )
    return found


async def link(connection: Connection, user_id: UUID, issuer: str, subject: str, email: str) -> None:
    """Makes an identity the person's, or notes that they signed in with it; the transaction has declared the person."""
    await connection.execute(
        """insert into identities (issuer, subject, user_id, email) values ($1, $2, $3, $4)
           on conflict (issuer, subject) do update set last_sign_in_at = now(), email = excluded.email""",
        *(issuer, subject, user_id, email),
    )


async def vouch(connection: Connection, user_id: UUID) -> bool:
    """The provider vouches for the person's mailbox. Whether it was unproven until now: then whoever made the account
    may have been somebody else, so its password, second factor and sessions are taken away."""
    unproven: bool = await connection.fetchval(
        "select email_verified_at is null from users where id = $1 for update", user_id
    )
    if unproven:
        await connection.execute(
            """update users set email_verified_at = now(), password_hash = null, second_factor_at = null,
                   updated_at = now() where id = $1""",
            user_id,
        )
        for table in ("sessions", "password_resets", "second_factors", "recovery_codes"):
            await connection.execute(f"delete from {table} where user_id = $1", user_id)  # noqa: S608 - of this list
    return unproven
