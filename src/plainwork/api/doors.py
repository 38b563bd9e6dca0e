"""The addresses that this process has met lately, so that a delivery need not look its agent up.

What is kept is a second old at most. Starting a run asks the database again whether the trigger is on and of the live
version, so that nothing starts by what is known here alone.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from plainwork.db import Database, triggers
from plainwork.db.triggers import Address
from plainwork.errors import NotFound, PlainworkError, Unavailable
from plainwork.vault import Use, Vault

KEPT_S = 1.0
_KEPT = 10_000
CONNECTOR = "webhook"
"""What a secret is bound to that only deliveries are verified with."""


@dataclass(slots=True)
class Door:
    """An agent's address as it was a moment ago, with the secrets that its deliveries were verified with."""

    address: Address
    secrets: dict[str, str] = field(default_factory=dict, repr=False)


class Doors:
    """Reads each address once in a while, however many ask for it at the same time."""

    def __init__(self, db: Database, vault: Vault) -> None:
        self._db = db
        self._vault = vault
        self._known: OrderedDict[str, tuple[float, asyncio.Task[Door | None]]] = OrderedDict()

    async def find(self, token: str) -> Door:
        """Where a token leads. Raises NotFound, as for an address that is nobody's."""
        now = asyncio.get_running_loop().time()
        known = self._known.get(token)
        if known is None or known[0] < now or (known[1].done() and known[1].exception() is not None):
            known = self._known[token] = (now + KEPT_S, asyncio.create_task(self._read(token)))
            self._known.move_to_end(token)
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        door = await asyncio.shield(known[1])
        if door is None:
            raise NotFound("There is nothing at this address.", next_step="Ask whoever gave it to you for a new one.")
        return door

    def knows(self, token: str) -> bool:
        """Whether the token led somewhere when it was last looked up here, or is being looked up."""
        known = self._known.get(token)
        if known is None or not known[1].done():
            return known is not None
        return known[1].exception() is None and known[1].result() is not None

    def forget(self, token: str | None) -> None:
        """What was known of the token is not true any more."""
        if token is not None:
            self._known.pop(token, None)

    async def secret(self, door: Door, name: str) -> str:
        """The secret that deliveries to this agent are verified with. Raises Unavailable where it cannot be used; the
        message is for the agent's people, not for whoever sends."""
        known = door.secrets.get(name)
        if known is not None:
            return known
        use = Use(connector=CONNECTOR, agent=door.address.agent_id)
        try:
            found = _text_of(await self._vault.open(door.address.workspace_id, name, use))
        except PlainworkError as error:
            raise _no_secret(name) from error
        if not found:
            raise _no_secret(name)
        door.secrets[name] = found
        return found

    async def _read(self, token: str) -> Door | None:
        workspace_id = triggers.workspace_of(token)
        if workspace_id is None:
            return None
        async with self._db.workspace(workspace_id) as connection:
            address = await triggers.reach(connection, token)
        return None if address is None else Door(address)


def _text_of(value: Any) -> str | None:
    """A secret's value as a text: itself, or what an account of one field holds."""
    if isinstance(value, dict) and len(value) == 1:
        value = next(iter(value.values()))
    return value if isinstance(value, str) else None


def _no_secret(name: str) -> Unavailable:
    return Unavailable(
        f"The secret {name}, which deliveries are verified with, cannot be used.",
        next_step="Its owner has to set it, and bind it to nothing but this agent and the connector webhook.",
    )
