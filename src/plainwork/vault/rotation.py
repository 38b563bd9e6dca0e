"""Rotation: another master key for the installation, a new data key for a workspace, while both are in use.

Both go in small transactions and can be interrupted anywhere: what is left to do stands in the database, and doing it
again goes on from there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from plainwork.db import audit, workspaces
from plainwork.db import secrets as rows
from plainwork.db.pool import Connection, Database
from plainwork.vault import envelope, people
from plainwork.vault.envelope import DataKeys
from plainwork.vault.keys import Key
from plainwork.vault.masters import MasterKey, MasterKeys

_BATCH = 100
_LOOKED_AT = 200


@dataclass(frozen=True, slots=True)
class Wrapped:
    """How many keys each master key wraps, by its id, and which one wraps new ones (None: the first that is held)."""

    keys: Mapping[str, int]
    wrapping: str | None


async def wrapped(database: Database, most: int | None = None) -> Wrapped:
    """What the installation's master keys wrap: data keys of workspaces (of the ``most`` oldest; None: of all), and the key of
    second factors."""
    counted: Counter[str] = Counter()
    async with database.transaction() as connection:
        wrapping = await rows.wrapping_key_id(connection)
        if (of_people := await people.wrapped_by(connection)) is not None:
            counted[of_people] += 1
    for workspace_id in (await workspaces.kept_ids(database))[:most]:
        async with database.workspace(workspace_id) as connection:
            counted.update(key.master_key_id for key in await rows.keys(connection))
    return Wrapped(counted, wrapping)


async def not_held(database: Database, held: MasterKeys) -> list[str]:
    """The ids of master keys under which something lies that does not open here, so that a start with the wrong key is noticed
    at once and not at the first use. The oldest workspaces are enough to tell."""
    return sorted((await wrapped(database, _LOOKED_AT)).keys.keys() - set(held.ids))


async def rotate_master(database: Database, held: MasterKeys, to: MasterKey, actor: audit.Actor = audit.SYSTEM) -> int:
    """Wraps every key of the installation in the master key ``to``; how many were under another one. Nothing is re-sealed.

    Every process has to hold ``to`` beside the old one before. Whatever wraps a new key meanwhile is either seen here or
    wraps it in ``to``. Raises Unavailable, with nothing changed, when a key is under a master key that is not held.
    """
    for key_id in (await wrapped(database)).keys:
        MasterKeys.of(to, *held.keys).named(key_id, "Keys of the installation")
    async with database.transaction() as connection:
        await rows.name_wrapping_key(connection, to.id)
    count = 0
    data_keys = DataKeys(MasterKeys.of(to, *held.keys))
    for workspace_id in await workspaces.kept_ids(database):
        async with database.workspace(workspace_id) as connection:
            count += await _rewrap(connection, workspace_id, data_keys, to, actor)
    return count + await people.rotate(database, data_keys.master, to)


async def _rewrap(
    connection: Connection, workspace_id: UUID, data_keys: DataKeys, to: MasterKey, actor: audit.Actor
) -> int:
    stale = [key for key in await rows.keys(connection) if key.master_key_id != to.id]
    for key in stale:
        data_key = await data_keys.unwrap(workspace_id, key)
        await rows.rewrap_key(connection, await envelope.wrapped(to, data_key, workspace_id, key.version))
    if stale:
        detail = {"master_key_id": to.id}
        await audit.append(connection, actor, "vault.master_key_rotated", ("vault", workspace_id), detail)
    return len(stale)


async def rotate_data_key(
    database: Database, data_keys: DataKeys, workspace_id: UUID, actor: audit.Actor = audit.SYSTEM
) -> int:
    """Gives a workspace a new data key and seals its secrets anew under it, a hundred at a time; how many ciphertexts.

    A rotation that was interrupted is gone on with instead. Raises Unavailable at a ciphertext that does not open.
    """
    newest = await _begin(database, data_keys, workspace_id)
    count, is_done = 0, newest is None
    while not is_done:
        async with database.workspace(workspace_id) as connection:
            await rows.wait_for_seals(connection)
            batch = await _reseal(connection, data_keys, workspace_id)
            count += batch
            is_done = batch < _BATCH and await rows.delete_unused_keys(connection)
            if is_done:
                detail = {"version": newest, "resealed": count}
                await audit.append(connection, actor, "vault.data_key_rotated", ("vault", workspace_id), detail)
    return count


async def _begin(database: Database, data_keys: DataKeys, workspace_id: UUID) -> int | None:
    """Adds the new data key, unless an earlier rotation has left one; its version. None: there is nothing to rotate."""
    async with database.workspace(workspace_id) as connection:
        await rows.wait_for_seals(connection)
        versions = [key.version for key in await rows.keys(connection)]
        if len(versions) == 1:
            master = await data_keys.master.wrapping(connection)
            versions.append(versions[0] + 1)
            await rows.add_key(connection, await envelope.wrapped(master, Key.new(), workspace_id, versions[1]))
    return max(versions, default=None)


async def _reseal(connection: Connection, data_keys: DataKeys, workspace_id: UUID) -> int:
    keys = {key.version: await data_keys.unwrap(workspace_id, key) for key in await rows.keys(connection)}
    newest = max(keys)
    batch = await rows.sealed_before(connection, newest, _BATCH)
    for sealed in batch:
        value = envelope.open(keys[sealed.data_key_version], workspace_id, sealed)
        again = envelope.seal(keys[newest], value, workspace_id, sealed.name, sealed.version)
        await rows.reseal(connection, replace(sealed, sealed=again, data_key_version=newest))
    return len(batch)
