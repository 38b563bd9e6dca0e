"""Buckets that fill again evenly, from which several processes take: how full each is, told from one to the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from plainwork.db.pool import Database


@dataclass(frozen=True, slots=True)
class Taken:
    """What a process has taken from a bucket that holds ``most``, as much as flows in in a minute."""

    key_hash: bytes
    count: int
    most: int


async def take(database: Database, taken: Sequence[Taken]) -> list[float]:
    """Takes it from the buckets that all share; how full each is then, below 0 when all took more together than there was.
    Each bucket may be named once."""
    async with database.transaction() as connection:
        rows = await connection.fetch(
            """insert into rates as r (key_hash, most, level, at)
               select t.key_hash, t.most, t.most - t.count, now()
               from unnest($1::bytea[], $2::float8[], $3::float8[]) as t(key_hash, count, most) order by t.key_hash
               on conflict (key_hash) do update set most = excluded.most, at = greatest(r.at, excluded.at),
                   level = least(excluded.most, r.level + excluded.most / 60
                                                * greatest(0, extract(epoch from excluded.at - r.at)::float8))
                           - (excluded.most - excluded.level)
               returning key_hash, level""",
            [one.key_hash for one in taken],
            [float(one.count) for one in taken],
            [float(one.most) for one in taken],
        )
    levels = {row["key_hash"]: row["level"] for row in rows}
    return [levels[one.key_hash] for one in taken]
