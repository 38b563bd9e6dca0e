"""The vault: secrets sealed so that the database alone does not give them away.

A master key wraps one data key for each workspace; a data key seals each version of each secret, for its workspace,
name and version: a ciphertext that was moved does not open. Values come out of ``open`` only, for a use that is bound.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

import asyncpg

from plainwork.db import audit
from plainwork.db import secrets as rows
from plainwork.db.json import clean_text, decode, encode
from plainwork.db.secrets import Secret
from plainwork.errors import Conflict, Forbidden, Invalid, LimitReached, NotFound, Unavailable
from plainwork.vault import envelope
from plainwork.vault.binding import Use, check, checked_hosts, goes_further
from plainwork.vault.envelope import DataKeys
from plainwork.vault.keys import Key
from plainwork.vault.masters import MasterKeys, master_keys
from plainwork.vault.store import Values, store_of
from plainwork.vault.uses import Uses

if TYPE_CHECKING:
    from plainwork.db.pool import Connection, Database
    from plainwork.settings import Settings

__all__ = ["Guard", "Key", "MasterKeys", "Secret", "Use", "Vault", "check", "master_keys", "open"]

Guard: TypeAlias = "Callable[[Connection], Awaitable[None]]"
"""Asked first, in the transaction that changes a secret: it raises where that must not be."""

LARGEST_VALUE = 64 * 1024
_LONGEST_NAME = 100


@dataclass(slots=True)
class Vault:
    """The vault of an installation, under its master keys."""

    database: Database
    master: MasterKeys
    values: Values = field(default_factory=Values)
    data_keys: DataKeys = field(init=False, repr=False)
    uses: Uses = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.data_keys = DataKeys(self.master)
        self.uses = Uses(self.database)

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
        event: str = "secret.sealed",
        guard: Guard | None = None,
    ) -> Secret:
        """Stores a value (a text, or a JSON object such as an account's fields) as the secret's new current version.

        The bindings given replace the former ones. The value is sealed before it leaves this process and is never
        given back but by ``open``. ``event``: what the audit log calls it.
        Raises Invalid for a bad name or binding, LimitReached over 64 KiB.
        """
        name, hosts = _checked_name(name), checked_hosts(tuple(hosts) if hosts is not None else None)
        data = encode(value)
        if value is None or value in ("", {}):
            raise Invalid(f"The secret {name!r} has no value.", next_step="Give it one, or delete it.")
        if len(data) > LARGEST_VALUE:
            raise LimitReached(f"The secret {name!r} is larger than 64 KiB.", next_step="Store less in it.")
        by = UUID(actor.id) if actor.kind == "user" else None
        async with self.database.workspace(workspace_id) as connection:
            if guard is not None:
                await guard(connection)
            version, key = await self.data_keys.sealing(connection, workspace_id)
            number = await rows.next_version(connection, name)
            before = await self._kept(connection, workspace_id, name)
            kept = await self.values.put(workspace_id, name, data, before)
            sealed = rows.Sealed(name, number, version, envelope.seal(key, kept, workspace_id, name, number))
            try:
                bound = {"connector": connector, "hosts": hosts, "agents": agents}
                stored = await rows.put(connection, sealed, about=clean_text(about), by=by, **bound)  # type: ignore[arg-type]
            except asyncpg.UniqueViolationError:
                raise Conflict(f"Somebody else is setting {name!r} right now.", next_step="Try again.") from None
            detail = {"version": number, "connector": connector, "hosts": hosts, "agents": agents and len(agents)}
            await audit.append(connection, actor, event, ("secret", name), detail)
        if self.values.store is None:  # it may have lain elsewhere
            await self.values.delete(before)
        return stored

    async def open(
        self,
        workspace_id: UUID,
        name: str,
        use: Use,
        hosts_of: Callable[[Any], Collection[str]] | None = None,
    ) -> Any:
        """The current value of a secret, for one use. ``hosts_of`` tells of the value to which hosts this use sends it,
        where only the value itself can say so: the binding has to cover each of them. The use goes on record (``uses``).

        Raises NotFound when the workspace has no such secret, Forbidden when it is not bound to this use, Unavailable
        when it was sealed under another master key or its ciphertext is not what was stored.
        """
        async with self.database.workspace(workspace_id) as connection:
            found = await rows.get(connection, name)
        if found is None:
            raise NotFound(f"There is no secret {name!r}.", next_step=f"Add {name!r} under Secrets.")
        secret, sealed, key = found
        hosts: Collection[str] = ()
        try:
            check(secret if hosts_of is None else replace(secret, hosts=None), use)
            value = await self._value(workspace_id, sealed, key)
            if hosts_of is not None:
                hosts = hosts_of(value)
                if secret.hosts is not None:
                    for host in hosts or (None,):
                        check(secret, replace(use, host=host))
        except Forbidden:
            self.uses.note(workspace_id, name, use, hosts, refused=True)
            raise
        self.uses.note(workspace_id, name, use, hosts)
        return value

    async def read(self, workspace_id: UUID, name: str) -> tuple[Secret, Any] | None:
        """A secret with its value, for what keeps it up rather than uses it (the tokens of a connection): no binding is
        asked. None: there is no such. Raises Unavailable as ``open``."""
        async with self.database.workspace(workspace_id) as connection:
            found = await rows.get(connection, name)
        if found is None:
            return None
        secret, sealed, key = found
        return secret, await self._value(workspace_id, sealed, key)

    async def list(self, workspace_id: UUID) -> Sequence[Secret]:
        """The secrets by name, with their bindings; never a value."""
        async with self.database.workspace(workspace_id) as connection:
            return await rows.all_of(connection)

    async def bind(
        self, connection: Connection, name: str, change: Mapping[str, Any], *, actor: audit.Actor = audit.SYSTEM
    ) -> Secret:
        """Changes what a secret is for (``about``) and its bindings, inside the caller's transaction; what is left out stays.

        Without its value, a secret can only be kept closer: raises Forbidden for hosts or a connector by which it could be
        sent where it may not go now. Raises NotFound when there is none, Invalid for a bad binding."""
        await rows.lock(connection, name)
        secret = await rows.find(connection, name)
        if secret is None:
            raise NotFound(f"There is no secret {name!r}.", next_step=f"Add {name!r} under Secrets.")
        bound = replace(secret, **change)
        bound = replace(bound, about=clean_text(bound.about), hosts=checked_hosts(bound.hosts))
        if goes_further(bound, secret):
            raise Forbidden(
                f"That would let {name!r} be sent where it may not go now.",
                next_step="Say so with its value: PUT /api/v1/secrets/{name}.",
            )
        stored = await rows.bind(connection, bound)
        detail = {"connector": stored.connector, "hosts": stored.hosts, "agents": stored.agents and len(stored.agents)}
        await audit.append(connection, actor, "secret.bound", ("secret", name), detail)
        return stored

    async def delete(
        self, workspace_id: UUID, name: str, *, actor: audit.Actor = audit.SYSTEM, guard: Guard | None = None
    ) -> None:
        """Removes a secret with all its versions. NotFound when there is none."""
        async with self.database.workspace(workspace_id) as connection:
            if guard is not None:
                await guard(connection)
            kept = await self._kept(connection, workspace_id, name)
            if not await rows.delete(connection, name):
                raise NotFound(f"There is no secret {name!r}.")
            await audit.append(connection, actor, "secret.deleted", ("secret", name))
        await self.values.delete(kept)

    async def clear(self, workspace_id: UUID) -> None:
        """Removes all secrets of a workspace, wherever their values lie."""
        for secret in await self.list(workspace_id):
            with suppress(NotFound):  # another process may be at it
                await self.delete(workspace_id, secret.name)

    async def _value(self, workspace_id: UUID, sealed: rows.Sealed, key: rows.DataKey) -> Any:
        opened = envelope.open(await self.data_keys.unwrap(workspace_id, key), workspace_id, sealed)
        return decode(await self.values.get(opened))

    async def _kept(self, connection: Connection, workspace_id: UUID, name: str) -> bytes | None:
        """What is sealed as the current version, which may say that the value lies elsewhere. None: nothing that opens."""
        found = await rows.get(connection, name)
        if found is None:
            return None
        _, sealed, key = found
        try:
            return envelope.open(await self.data_keys.unwrap(workspace_id, key), workspace_id, sealed)
        except Unavailable:
            return None  # it is about to be replaced or removed


def open(settings: Settings, database: Database) -> Vault:
    """The vault of the settings' master keys; makes the default key file on first use."""
    master = master_keys(settings.vault_key, settings.data_dir)
    return Vault(database, master, Values(store_of(settings.vault_store)))


def _checked_name(name: str) -> str:
    name = name.strip()
    if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
        raise Invalid(
            f"{name[:40]!r} cannot name a secret.", next_step=f"Use 1 to {_LONGEST_NAME} printable characters."
        )
    return name
