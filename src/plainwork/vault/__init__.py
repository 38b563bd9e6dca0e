"""The vault: secrets sealed so that the database alone does not give them away.

A master key wraps one data key for each workspace; a data key seals each version of each secret, for its workspace,
name and version: a ciphertext that was moved does not open. Values come out of ``open`` only, for a use that is bound.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg

from plainwork.db import audit
from plainwork.db import secrets as rows
from plainwork.db.json import clean_text, decode, encode
from plainwork.db.secrets import Secret
from plainwork.errors import Conflict, Invalid, LimitReached, NotFound, Unavailable
from plainwork.vault.binding import Use, check, checked_hosts
from plainwork.vault.keys import DoesNotOpen, Key, master_key

if TYPE_CHECKING:
    from plainwork.db.pool import Connection, Database
    from plainwork.settings import Settings

__all__ = ["Key", "Secret", "Use", "Vault", "check", "master_key", "open"]

LARGEST_VALUE = 64 * 1024
_LONGEST_NAME = 100
_CACHED_KEYS = 4096


@dataclass(slots=True)
class Vault:
    """The vault of an installation, under one master key."""

    database: Database
    master: Key
    _unwrapped: dict[tuple[UUID, int, bytes], Key] = field(default_factory=dict, repr=False)

    async def seal(
        self,
        workspace_id: UUID,
        name: str,
        value: Any,
        *,
        about: str = "",
        connector: str | None = None,
        hosts: Sequence[str] | None = None,
        agents: Sequence[UUID] | None = None,
        actor: audit.Actor = audit.SYSTEM,
    ) -> Secret:
        """Stores a value (a text, or a JSON object such as an account's fields) as the secret's new current version.

        The bindings given replace the former ones. The value is sealed before it leaves this process and is never
        given back but by ``open``. Raises Invalid for a bad name or binding, LimitReached over 64 KiB.
        """
        name, hosts = _checked_name(name), checked_hosts(tuple(hosts) if hosts is not None else None)
        data = encode(value)
        if value is None or value in ("", {}):
            raise Invalid(f"The secret {name!r} has no value.", next_step="Give it one, or delete it.")
        if len(data) > LARGEST_VALUE:
            raise LimitReached(f"The secret {name!r} is larger than 64 KiB.", next_step="Store less in it.")
        by = UUID(actor.id) if actor.kind == "user" else None
        async with self.database.workspace(workspace_id) as connection:
            version, key = await self._sealing_key(connection, workspace_id)
            number = await rows.next_version(connection, name)
            sealed = rows.Sealed(name, number, version, key.seal(data, *_place(workspace_id, name, number)))
            try:
                bound = {"connector": connector, "hosts": hosts, "agents": agents}
                stored = await rows.put(connection, sealed, about=clean_text(about), by=by, **bound)  # type: ignore[arg-type]
            except asyncpg.UniqueViolationError:
                raise Conflict(f"Somebody else is setting {name!r} right now.", next_step="Try again.") from None
            detail = {"version": number, "connector": connector, "hosts": hosts, "agents": agents and len(agents)}
            await audit.append(connection, actor, "secret.sealed", ("secret", name), detail)
        return stored

    async def open(
        self,
        workspace_id: UUID,
        name: str,
        use: Use,
        hosts_of: Callable[[Any], Collection[str]] | None = None,
    ) -> Any:
        """The current value of a secret, for one use. ``hosts_of`` tells of the value to which hosts this use sends it,
        where only the value itself can say so: the binding has to cover each of them.

        Raises NotFound when the workspace has no such secret, Forbidden when it is not bound to this use, Unavailable
        when it was sealed under another master key or its ciphertext is not what was stored.
        """
        async with self.database.workspace(workspace_id) as connection:
            found = await rows.get(connection, name)
        if found is None:
            raise NotFound(f"There is no secret {name!r}.", next_step=f"Add {name!r} under Secrets.")
        secret, sealed, key = found
        check(secret if hosts_of is None else replace(secret, hosts=None), use)
        value = decode(self._opened(workspace_id, sealed, key))
        if hosts_of is not None and secret.hosts is not None:
            for host in hosts_of(value) or (None,):
                check(secret, replace(use, host=host))
        return value

    async def list(self, workspace_id: UUID) -> Sequence[Secret]:
        """The secrets by name, with their bindings; never a value."""
        async with self.database.workspace(workspace_id) as connection:
            return await rows.all_of(connection)

    async def delete(self, workspace_id: UUID, name: str, *, actor: audit.Actor = audit.SYSTEM) -> None:
        """Removes a secret with all its versions. NotFound when there is none."""
        async with self.database.workspace(workspace_id) as connection:
            if not await rows.delete(connection, name):
                raise NotFound(f"There is no secret {name!r}.")
            await audit.append(connection, actor, "secret.deleted", ("secret", name))

    async def rotate_master(self, workspace_id: UUID, new: Key, *, actor: audit.Actor = audit.SYSTEM) -> int:
        """Wraps a workspace's data keys in another master key; how many. Keys that are under it already are left.

        Do it for every workspace (``workspaces.all_ids``), then start with the new ``VAULT_KEY``. Nothing is re-sealed.
        """
        async with self.database.workspace(workspace_id) as connection:
            stale = [key for key in await rows.keys(connection) if key.master_key_id != new.id]
            for key in stale:
                data_key = self._unwrap(workspace_id, key)
                await rows.rewrap_key(connection, _wrapped(new, data_key, workspace_id, key.version))
            if stale:
                await audit.append(
                    connection, actor, "vault.master_key_rotated", ("vault", workspace_id), {"master_key_id": new.id}
                )
        return len(stale)

    async def rotate_data_key(self, workspace_id: UUID, *, actor: audit.Actor = audit.SYSTEM) -> int:
        """Gives a workspace a new data key and seals all of its secrets anew under it; how many ciphertexts."""
        async with self.database.workspace(workspace_id) as connection:
            old = {key.version: self._unwrap(workspace_id, key) for key in await rows.keys(connection)}
            version, key = max(old, default=0) + 1, Key.new()
            if not await rows.add_key(connection, _wrapped(self.master, key, workspace_id, version)):
                raise Conflict("The workspace's data key is being rotated already.", next_step="Wait for that to end.")
            count = 0
            while batch := await rows.sealed_before(connection, version):
                for sealed in batch:
                    place = _place(workspace_id, sealed.name, sealed.version)
                    value = _open(old[sealed.data_key_version], sealed, place)
                    again = replace(sealed, sealed=key.seal(value, *place), data_key_version=version)
                    await rows.reseal(connection, again)
                count += len(batch)
            await rows.delete_keys_before(connection, version)
            await audit.append(
                connection,
                actor,
                "vault.data_key_rotated",
                ("vault", workspace_id),
                {"version": version, "resealed": count},
            )
        return count

    async def _sealing_key(self, connection: Connection, workspace_id: UUID) -> tuple[int, Key]:
        """The workspace's newest data key; makes the first one. Of two processes that do, one wins and both use it."""
        while True:
            found = await rows.sealing_key(connection)
            if found is not None:
                return found.version, self._unwrap(workspace_id, found)
            await rows.add_first_key(connection, _wrapped(self.master, Key.new(), workspace_id, 1))

    def _opened(self, workspace_id: UUID, sealed: rows.Sealed, key: rows.DataKey) -> bytes:
        return _open(self._unwrap(workspace_id, key), sealed, _place(workspace_id, sealed.name, sealed.version))

    def _unwrap(self, workspace_id: UUID, key: rows.DataKey) -> Key:
        cached = (workspace_id, key.version, key.wrapped)
        if cached not in self._unwrapped:
            if len(self._unwrapped) >= _CACHED_KEYS:
                self._unwrapped.clear()
            self._unwrapped[cached] = self._unwrap_now(workspace_id, key)
        return self._unwrapped[cached]

    def _unwrap_now(self, workspace_id: UUID, key: rows.DataKey) -> Key:
        if key.master_key_id != self.master.id:
            raise Unavailable(
                f"The workspace's secrets are sealed under the master key {key.master_key_id}, "
                f"and VAULT_KEY holds {self.master.id}.",
                next_step="Start with the VAULT_KEY (or the vault.key file) that they were sealed under.",
            )
        try:
            return Key(self.master.open(key.wrapped, "data key", str(workspace_id), key.version))
        except DoesNotOpen:
            raise _damaged("The workspace's data key") from None


def open(settings: Settings, database: Database) -> Vault:
    """The vault of the settings' master key; makes the default key file on first use."""
    return Vault(database, master_key(settings.vault_key, settings.data_dir))


def _place(workspace_id: UUID, name: str, version: int) -> tuple[str, str, str, int]:
    return "secret", str(workspace_id), name, version


def _wrapped(master: Key, key: Key, workspace_id: UUID, version: int) -> rows.DataKey:
    return rows.DataKey(version, master.seal(key.secret, "data key", str(workspace_id), version), master.id)


def _open(key: Key, sealed: rows.Sealed, place: tuple[str | int, ...]) -> bytes:
    try:
        return key.open(sealed.sealed, *place)
    except DoesNotOpen:
        raise _damaged(f"The secret {sealed.name!r}") from None


def _damaged(what: str) -> Unavailable:
    return Unavailable(
        f"{what} does not open: what is stored is not what was sealed for this place.",
        next_step="Set the secret again, or restore the database from a backup.",
    )


def _checked_name(name: str) -> str:
    name = name.strip()
    if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
        raise Invalid(
            f"{name[:40]!r} cannot name a secret.", next_step=f"Use 1 to {_LONGEST_NAME} printable characters."
        )
    return name
