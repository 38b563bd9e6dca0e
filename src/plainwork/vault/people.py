"""The key for what is sealed for people (the secrets of their authenticators): one for the installation, wrapped in the
master key. It lies in no workspace, because people belong to several.
"""

from __future__ import annotations

from plainwork.db import second_factors as rows
from plainwork.db.pool import Connection, Database
from plainwork.db.second_factors import WrappedKey
from plainwork.errors import Conflict, Unavailable
from plainwork.vault.keys import DoesNotOpen, Key
from plainwork.vault.masters import MasterKey, MasterKeys

_PLACE = "people key"


async def people_key(database: Database, master: MasterKeys) -> Key:
    """The key; made at the first use. Raises Unavailable when it was wrapped in a master key that is not held."""
    async with database.transaction() as connection:
        found = await rows.key(connection)
        if found is None:
            await rows.add_key(connection, await _wrapped(await master.wrapping(connection), Key.new()))
            found = await rows.key(connection)
    if found is None:
        raise Unavailable("The installation's own row is missing.", next_step="Restore the database from a backup.")
    return await _unwrapped(master, found)


async def wrapped_by(connection: Connection) -> str | None:
    """The id of the master key that wraps the key; None before its first use."""
    found = await rows.key(connection)
    return None if found is None else found.master_key_id


async def rotate(database: Database, master: MasterKeys, new: MasterKey) -> bool:
    """Wraps the key in another master key; False when there is none, or it is under that one already. Nothing that is
    sealed under it changes."""
    async with database.transaction() as connection:
        found = await rows.key(connection)
        if found is None or found.master_key_id == new.id:
            return False
        if not await rows.rewrap_key(connection, await _wrapped(new, await _unwrapped(master, found)), found):
            raise Conflict("The master key is being rotated already.", next_step="Wait for that to end.")
    return True


async def _wrapped(master: MasterKey, key: Key) -> WrappedKey:
    return WrappedKey(await master.wrap(key, _PLACE), master.id)


async def _unwrapped(master: MasterKeys, found: WrappedKey) -> Key:
    try:
        return await master.named(found.master_key_id, "Second factors").unwrap(found.wrapped, _PLACE)
    except DoesNotOpen:
        raise Unavailable(
            "The key of the second factors does not open: what is stored is not what was sealed for this place.",
            next_step="Restore the database from a backup.",
        ) from None
