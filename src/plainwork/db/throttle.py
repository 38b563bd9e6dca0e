"""Counting tries, so that guessing stops: by hashes of what was tried, for a quarter of an hour from the first one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from ipaddress import IPv6Network, ip_address

from plainwork.db.pool import Connection, Database
from plainwork.errors import LimitReached

WINDOW = timedelta(minutes=15)


def network_of(address: str) -> str:
    """What one sender's addresses are counted under: the address, of IPv6 the network of 64 bits that a household has."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return str(parsed)
    return str(parsed.ipv4_mapped or IPv6Network((int(parsed) >> 64 << 64, 64)))


@dataclass(frozen=True, slots=True)
class Limit:
    """How many tries of ``key`` (``email:…``, ``address:…``) the window allows."""

    key: str
    most: int

    @property
    def key_hash(self) -> bytes:
        """What is stored of the key."""
        return sha256(self.key.encode(errors="replace")).digest()


async def count(database: Database, limits: Iterable[Limit], what: str = "failed sign-ins") -> None:
    """Counts one try against each limit, in their order. Raises LimitReached at the first that is passed, saying until
    when; later ones are not counted then. Count before you look: many tries at once do not slip through."""
    for limit in limits:
        async with database.transaction() as connection:
            tries, left_s, until = await connection.fetchrow(
                """insert into sign_in_attempts as a (key_hash, failures, first_at) values ($1, 1, now())
                   on conflict (key_hash) do update set
                       failures = case when a.first_at < now() - $2::interval then 1 else a.failures + 1 end,
                       first_at = case when a.first_at < now() - $2::interval then now() else a.first_at end
                   returning failures, extract(epoch from first_at + $2::interval - now())::float8,
                             date_trunc('minute', first_at + $2::interval + interval '59 seconds')""",
                *(limit.key_hash, WINDOW),
            )
        if tries > limit.most:
            raise LimitReached(
                f"Too many {what}.", next_step=f"Try again after {until:%H:%M} UTC.", retry_after_s=left_s
            )


async def forgive(connection: Connection, limits: Sequence[Limit], shared: Sequence[Limit] = ()) -> None:
    """Forgets the tries counted against ``limits``, and one of those against ``shared``: it was no failure, but others
    may try from there too. Old counts go along."""
    await connection.execute(
        "delete from sign_in_attempts where key_hash = any ($1) or first_at < now() - $2::interval",
        *([limit.key_hash for limit in limits], WINDOW),
    )
    await connection.execute(
        "update sign_in_attempts set failures = failures - 1 where key_hash = any ($1) and failures > 0",
        [limit.key_hash for limit in shared],
    )
