"""The key for what is sealed for people (the secrets of their authenticators): one for the installation, wrapped in the
master key. It lies in no workspace, because people belong to several.
"""

from __future__ import annotations

from plainwork.db import second_factors as rows
from plainwork.db.pool import Database
from plainwork.db.second_factors import WrappedKey
from plainwork.errors import Conflict, Unavailable
from plainwork.vault.keys import DoesNotOpen, Key

_PLACE = "people key"


async def people_key(database: Database, master: Key) -> Key:
    """The key; made at the first use. Raises Unavailable when it was wrapped in another master key."""
    async with database.transaction() as connection:
        found = await rows.key(connection)
        if found is None:
            await rows.add_key(connection, _wrapped(master, Key.new()))
            found = await rows.key(connection)
    if found is None:
        raise Unavailable("The installation's own row is missing.", next_step="Restore the database from a backup.")
    return _unwrapped(master, found)


async def rotate(database: Database, master: Key, new: Key) -> bool:
    """Wraps the key in another master key; False when there is none, or it is under that one already. Nothing that is
    sealed under it changes."""
    async with database.transaction() as connection:
        found = await rows.key(connection)
        if found is None or found.master_key_id == new.id:
            return False
        if not await rows.rewrap_key(connection, _wrapped(new, _unwrapped(master, found)), found):
            raise Conflict("The master key is being rotated already.", next_step="Wait for that to end.")
    return True


def _wrapped(master: Key, key: Key) -> WrappedKey:
    return WrappedKey(master.seal(key.secret, _PLACE), master.id)


def _unwrapped(master: Key, found: WrappedKey) -> Key:
    try:
        return Key(master.open(found.wrapped, _PLACE))
    except DoesNotOpen:
        raise Unavailable(
            f"Second factors are sealed under the master key {found.master_key_id}, and VAULT_KEY holds {master.id}.",
            next_step="Start with the VAULT_KEY (or the vault.key file) that they were sealed under.",
        ) from None
