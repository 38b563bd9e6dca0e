"""Data keys: one or more for each workspace, wrapped in a master key; the newest seals, each opens what it has sealed.

What is sealed names its place (workspace, name, version), so that it opens nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from plainwork.db import secrets as rows
from plainwork.db.pool import Connection
from plainwork.errors import Unavailable
from plainwork.vault.keys import DoesNotOpen, Key
from plainwork.vault.masters import MasterKey, MasterKeys

_CACHED_KEYS = 4096


@dataclass(slots=True)
class DataKeys:
    """The data keys that this process has unwrapped."""

    master: MasterKeys
    _unwrapped: dict[tuple[UUID, int, bytes], Key] = field(default_factory=dict, repr=False)

    async def sealing(self, connection: Connection, workspace_id: UUID) -> tuple[int, Key]:
        """The workspace's newest data key, with its version; makes the first one. Of two processes that do, one wins and
        both use it."""
        while True:
            found = await rows.sealing_key(connection)
            if found is not None:
                return found.version, await self.unwrap(workspace_id, found)
            master = await self.master.wrapping(connection)
            await rows.add_first_key(connection, await wrapped(master, Key.new(), workspace_id, 1))

    async def unwrap(self, workspace_id: UUID, key: rows.DataKey) -> Key:
        """A data key of the workspace. Raises Unavailable when its master key is not held, or it is not what was stored."""
        cached = (workspace_id, key.version, key.wrapped)
        if cached not in self._unwrapped:
            if len(self._unwrapped) >= _CACHED_KEYS:
                self._unwrapped.clear()
            self._unwrapped[cached] = await self._unwrap(workspace_id, key)
        return self._unwrapped[cached]

    async def _unwrap(self, workspace_id: UUID, key: rows.DataKey) -> Key:
        master = self.master.named(key.master_key_id, "The workspace's secrets")
        try:
            return await master.unwrap(key.wrapped, *_place_of_key(workspace_id, key.version))
        except DoesNotOpen:
            raise damaged("The workspace's data key") from None


async def wrapped(master: MasterKey, key: Key, workspace_id: UUID, version: int) -> rows.DataKey:
    """The row of a data key under a master key."""
    return rows.DataKey(version, await master.wrap(key, *_place_of_key(workspace_id, version)), master.id)


def seal(key: Key, value: bytes, workspace_id: UUID, name: str, version: int) -> bytes:
    """The ciphertext of a version of a secret."""
    return key.seal(value, *_place(workspace_id, name, version))


def open(key: Key, workspace_id: UUID, sealed: rows.Sealed) -> bytes:
    """What was sealed as this version of this secret. Raises Unavailable for anything else."""
    try:
        return key.open(sealed.sealed, *_place(workspace_id, sealed.name, sealed.version))
    except DoesNotOpen:
        raise damaged(f"The secret {sealed.name!r}") from None


def damaged(what: str) -> Unavailable:
    """The error for what is in its place but does not open."""
    return Unavailable(
        f"{what} does not open: what is stored is not what was sealed for this place.",
        next_step="Set the secret again, or restore the database from a backup.",
    )


def _place(workspace_id: UUID, name: str, version: int) -> tuple[str, str, str, int]:
    return "secret", str(workspace_id), name, version


def _place_of_key(workspace_id: UUID, version: int) -> tuple[str, str, int]:
    return "data key", str(workspace_id), version
