"""Rows of the vault: wrapped data keys, secrets with their bindings, sealed versions. Nothing here is in clear."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import asyncpg

from plainwork.db.pool import Connection

T = TypeVar("T")
KEPT_VERSIONS = 2


@dataclass(frozen=True, slots=True)
class Secret:
    """What is known of a secret without opening it. A binding that is None does not bind. ``at_once``: how many steps may
    use it at the same time; ``per_minute``: how often it may be used, spread evenly over the minute."""

    name: str
    about: str
    connector: str | None
    hosts: tuple[str, ...] | None
    agents: tuple[UUID, ...] | None
    current_version: int
    created_by: UUID | None
    created_at: datetime
    updated_at: datetime
    at_once: int | None = None
    per_minute: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a secret stands at the moment. ``in_use``: how many steps use it now, where that is bounded; ``last_used_at``: as the
    audit log has it (None: not since it is there); ``is_connection``: it holds the tokens of one."""

    in_use: int
    last_used_at: datetime | None
    is_connection: bool


UNUSED = Standing(0, None, is_connection=False)


@dataclass(frozen=True, slots=True)
class AgentUse:
    """An agent whose live version (``is_live``), canary or newest version names a secret."""

    agent_id: UUID
    name: str
    is_live: bool


@dataclass(frozen=True, slots=True)
class DataKey:
    """A workspace's data key, wrapped by the master key that ``master_key_id`` tells."""

    version: int
    wrapped: bytes
    master_key_id: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """One ciphertext and where it belongs."""

    name: str
    version: int
    data_key_version: int
    sealed: bytes


async def sealing_key(connection: Connection) -> DataKey | None:
    """The data key that seals now, kept from rotation until the transaction ends; None when there is none."""
    row = await connection.fetchrow(
        """select version, wrapped, master_key_id from data_keys where workspace_id = current_workspace()
           order by version desc limit 1 for key share"""
    )
    return _record(DataKey, row) if row else None


async def keys(connection: Connection) -> list[DataKey]:
    """All data keys of the workspace, kept from other rotations until the transaction ends; sealing goes on."""
    rows = await connection.fetch(
        """select version, wrapped, master_key_id from data_keys where workspace_id = current_workspace()
           order by version for no key update"""
    )
    return [_record(DataKey, row) for row in rows]


async def wait_for_seals(connection: Connection) -> None:
    """Waits for what is being sealed, and has others wait to seal until the transaction ends."""
    await connection.execute(
        "select from data_keys where workspace_id = current_workspace() order by version for update"
    )


async def add_first_key(connection: Connection, key: DataKey) -> None:
    """Adds the workspace's first data key, unless it has one by now."""
    await connection.execute(
        """insert into data_keys (workspace_id, version, wrapped, master_key_id)
           select current_workspace(), $1, $2, $3
           where not exists (select from data_keys where workspace_id = current_workspace()) on conflict do nothing""",
        *(key.version, key.wrapped, key.master_key_id),
    )


async def add_key(connection: Connection, key: DataKey) -> None:
    """Adds a data key, which seals from now on."""
    await connection.execute(
        """insert into data_keys (workspace_id, version, wrapped, master_key_id)
           values (current_workspace(), $1, $2, $3)""",
        *(key.version, key.wrapped, key.master_key_id),
    )


async def rewrap_key(connection: Connection, key: DataKey) -> None:
    """Stores a data key under another master key."""
    await connection.execute(
        """update data_keys set wrapped = $2, master_key_id = $3
           where workspace_id = current_workspace() and version = $1""",
        *(key.version, key.wrapped, key.master_key_id),
    )


async def delete_unused_keys(connection: Connection) -> bool:
    """Removes data keys but the newest that seal nothing any more; whether only that one is left."""
    await connection.execute(
        """delete from data_keys k where k.workspace_id = current_workspace()
               and k.version < (select max(version) from data_keys where workspace_id = current_workspace())
               and not exists (select from secret_versions v where v.workspace_id = k.workspace_id
                                                               and v.data_key_version = k.version)"""
    )
    return bool(
        await connection.fetchval("select count(*) = 1 from data_keys where workspace_id = current_workspace()")
    )


async def wrapping_key_id(connection: Connection) -> str | None:
    """The id of the master key that new keys of the installation are wrapped in, which stays so until the transaction
    ends; None before the first rotation."""
    key_id: str | None = await connection.fetchval("select master_key_id from installation for no key update")
    return key_id


async def name_wrapping_key(connection: Connection, key_id: str) -> None:
    """Has new keys wrapped in this master key from now on; waits for those that are being wrapped in another."""
    await connection.execute("update installation set master_key_id = $1", key_id)


async def next_version(connection: Connection, name: str) -> int:
    """The number of the version to be sealed next, with the secret's row locked."""
    current = await connection.fetchval(
        "select current_version from secrets where workspace_id = current_workspace() and name = $1 for update", name
    )
    return int(current or 0) + 1


async def put(
    connection: Connection,
    sealed: Sealed,
    *,
    about: str,
    connector: str | None,
    hosts: Sequence[str] | None,
    agents: Sequence[UUID] | None,
    by: UUID | None,
) -> Secret:
    """Stores a sealed version as the current one, with the secret's bindings; older versions but one are removed.

    A UniqueViolation says that another transaction has stored this version first.
    """
    row = await connection.fetchrow(
        """insert into secrets (workspace_id, name, about, connector, hosts, agents, current_version, created_by)
           values (current_workspace(), $1, $2, $3, $4, $5, $6, $7)
           on conflict (workspace_id, name) do update set about = excluded.about, connector = excluded.connector,
               hosts = excluded.hosts, agents = excluded.agents, current_version = excluded.current_version,
               updated_at = now()
           returning *""",
        *(sealed.name, about, connector, hosts, agents, sealed.version, by),
    )
    await connection.execute(
        """insert into secret_versions (workspace_id, name, version, data_key_version, sealed, created_by)
           values (current_workspace(), $1, $2, $3, $4, $5)""",
        *(sealed.name, sealed.version, sealed.data_key_version, sealed.sealed, by),
    )
    await connection.execute(
        "delete from secret_versions where workspace_id = current_workspace() and name = $1 and version <= $2",
        *(sealed.name, sealed.version - KEPT_VERSIONS),
    )
    return _secret(row)


async def get(connection: Connection, name: str) -> tuple[Secret, Sealed, DataKey] | None:
    """A secret with its current ciphertext and the data key to open it with, in one query; None: there is no such."""
    row = await connection.fetchrow(
        """select s.*, v.version, v.sealed, v.data_key_version, k.wrapped, k.master_key_id
           from secrets s
           join secret_versions v
               on v.workspace_id = s.workspace_id and v.name = s.name and v.version = s.current_version
           join data_keys k on k.workspace_id = v.workspace_id and k.version = v.data_key_version
           where s.workspace_id = current_workspace() and s.name = $1""",
        name,
    )
    if row is None:
        return None
    key = DataKey(row["data_key_version"], row["wrapped"], row["master_key_id"])
    return _secret(row), _record(Sealed, row), key


async def all_of(connection: Connection) -> list[Secret]:
    """The workspace's secrets by name, never their values."""
    rows = await connection.fetch("select * from secrets where workspace_id = current_workspace() order by name")
    return [_secret(row) for row in rows]


async def page(connection: Connection, *, after: str = "", limit: int) -> list[Secret]:
    """Secrets by name, those after this one."""
    rows = await connection.fetch(
        "select * from secrets where workspace_id = current_workspace() and name > $1 order by name limit $2",
        after,
        limit,
    )
    return [_secret(row) for row in rows]


async def find(connection: Connection, name: str) -> Secret | None:
    """What is known of one secret; None: there is no such."""
    row = await connection.fetchrow(
        "select * from secrets where workspace_id = current_workspace() and name = $1", name
    )
    return _secret(row) if row else None


async def lock(connection: Connection, name: str) -> None:
    """Keeps the secret as it is for everybody else, until the transaction ends."""
    await connection.execute(
        "select from secrets where workspace_id = current_workspace() and name = $1 for update", name
    )


async def bind(connection: Connection, secret: Secret) -> Secret:
    """Stores what a secret is for and what it is bound to; its value stays."""
    row = await connection.fetchrow(
        """update secrets set about = $2, connector = $3, hosts = $4, agents = $5, updated_at = now()
           where workspace_id = current_workspace() and name = $1 returning *""",
        *(secret.name, secret.about, secret.connector, secret.hosts, secret.agents),
    )
    return _secret(row)


async def delete(connection: Connection, name: str) -> bool:
    """Removes a secret and its ciphertexts; False when there was none."""
    done: str = await connection.execute(
        "delete from secrets where workspace_id = current_workspace() and name = $1", name
    )
    return done != "DELETE 0"


async def set_limits(connection: Connection, name: str, at_once: int | None, per_minute: int | None) -> Secret | None:
    """Bounds how a secret is used (None: no bound); None when there is no such secret."""
    row = await connection.fetchrow(
        """update secrets set at_once = $2, per_minute = $3, updated_at = now()
           where workspace_id = current_workspace() and name = $1 returning *""",
        *(name, at_once, per_minute),
    )
    return _secret(row) if row else None


async def is_limited(connection: Connection, name: str) -> bool:
    """Whether its use is bounded."""
    return bool(
        await connection.fetchval(
            """select coalesce(at_once, per_minute) is not null from secrets
               where workspace_id = current_workspace() and name = $1""",
            name,
        )
    )


async def take_slot(connection: Connection, name: str, holder: tuple[UUID, str, int], most_s: float) -> float:
    """Takes a slot for a step (run, path, epoch of its lease), to be used in so many seconds, at most ``most_s``. Less than 0:
    there is none now, and it is worth asking again in that many."""
    wait_s: float = await connection.fetchval("select take_slot($1, $2, $3, $4, $5)", name, *holder, most_s)
    return wait_s


async def free_slot(connection: Connection, name: str, holder: tuple[UUID, str, int]) -> None:
    """Gives a slot back."""
    await connection.execute(
        """delete from secret_slots where workspace_id = current_workspace() and name = $1 and run_id = $2 and path = $3
           and epoch = $4""",
        *(name, *holder),
    )


async def standings(connection: Connection, names: Sequence[str]) -> dict[str, Standing]:
    """How these secrets stand, by name."""
    rows = await connection.fetch(
        """select s.name,
               (select count(*) from secret_slots t
                join queue q on q.workspace_id = t.workspace_id and q.run_id = t.run_id and q.epoch = t.epoch
                             and q.worker is not null and q.due_at > now()
                where t.workspace_id = s.workspace_id and t.name = s.name) as in_use,
               (select (e.detail->>'last_at')::timestamptz from audit_log e
                where e.workspace_id = s.workspace_id and e.target_kind = 'secret' and e.target_id = s.name
                      and e.action = 'secret.used' and e.at >= s.created_at
                order by e.seq desc limit 1) as last_used_at,
               exists (select from connections c where c.workspace_id = s.workspace_id and c.name = s.name) as is_connection
           from secrets s where s.workspace_id = current_workspace() and s.name = any($1)""",
        list(names),
    )
    return {row["name"]: _record(Standing, row) for row in rows}


async def agents_using(connection: Connection, name: str, limit: int) -> list[AgentUse]:
    """The agents that name a secret in a version that starts or could start runs, by name."""
    rows = await connection.fetch(
        """select a.id as agent_id, a.name, bool_or(coalesce(v.id = a.live_version_id, false)) as is_live
           from agents a
           join agent_versions v on v.workspace_id = a.workspace_id and v.agent_id = a.id
               and (v.id = a.live_version_id or v.number = a.last_version
                    or v.id in (select c.version_id from canaries c where c.workspace_id = a.workspace_id
                                                                      and c.agent_id = a.id and c.ended_at is null))
           where a.workspace_id = current_workspace() and a.deleted_at is null and v.flow->'secrets'->$1 is not null
           group by a.id, a.name order by a.name, a.id limit $2""",
        *(name, limit),
    )
    return [_record(AgentUse, row) for row in rows]


async def sealed_before(connection: Connection, data_key_version: int, limit: int) -> list[Sealed]:
    """Ciphertexts still under older data keys, locked."""
    rows = await connection.fetch(
        """select name, version, data_key_version, sealed from secret_versions
           where workspace_id = current_workspace() and data_key_version < $1
           order by name, version limit $2 for update""",
        *(data_key_version, limit),
    )
    return [_record(Sealed, row) for row in rows]


async def reseal(connection: Connection, sealed: Sealed) -> None:
    """Replaces a ciphertext by the same value under another data key."""
    await connection.execute(
        """update secret_versions set sealed = $3, data_key_version = $4
           where workspace_id = current_workspace() and name = $1 and version = $2""",
        *(sealed.name, sealed.version, sealed.sealed, sealed.data_key_version),
    )


def _record(kind: type[T], row: asyncpg.Record) -> T:
    return kind(**{f.name: row[f.name] for f in fields(kind)})  # type: ignore[arg-type]


def _secret(row: asyncpg.Record) -> Secret:
    lists = {n: tuple(row[n]) if row[n] is not None else None for n in ("hosts", "agents")}
    return Secret(**{f.name: row[f.name] for f in fields(Secret)} | lists)
