"""What runs may use outside, put together for one process: the guarded client, opened secrets, models, the mail server."""

from __future__ import annotations

import json
import os
import resource
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any
from uuid import UUID

from plainwork.errors import NotFound

if TYPE_CHECKING:
    from plainwork.db import Database
    from plainwork.engine.outside import Holder, Outside
    from plainwork.llm import CallRecord, Gateway
    from plainwork.settings import Settings
    from plainwork.spec.kinds import Kind
    from plainwork.vault import Vault

SECRET_PREFIX = "PLAINWORK_SECRET_"  # noqa: S105 - a name, not a secret
_OTHER_FILES = 400
_FEWEST_CONNECTIONS = 100


@asynccontextmanager
async def open_outside(
    settings: Settings, database: Database, vault: Vault, *, secrets: Mapping[str, Any] | None = None
) -> AsyncIterator[Outside]:
    """The outside of this process. ``secrets`` (name → value) go before the vault's; they are used, never stored."""
    from plainwork import llm
    from plainwork.connections import CALLBACK, Connections, Held
    from plainwork.connectors import connector_of, hosts_of
    from plainwork.engine.outside import Outside
    from plainwork.net import Client
    from plainwork.vault import Use

    given = secrets or {}

    async def open_account(
        holder: Holder, name: str, kind: Kind, config: Mapping[str, Any], *refused: str
    ) -> Mapping[str, Any]:
        if name in given:
            return _fields(given[name])
        run = getattr(holder, "run_id", None)  # a poll is for no run yet
        use = Use(connector=connector_of(kind), agent=holder.agent_id, run=run)
        value = await vault.open(holder.workspace_id, name, use, lambda opened: hosts_of(kind, config, _fields(opened)))
        held = Held.of(value)
        return _fields(value) if held is None else await accounts.account(holder.workspace_id, name, held, *refused)

    made: Gateway | None = None
    async with Client(settings.allow_hosts, connections=_connections(settings.concurrency)) as client:
        accounts = Connections(database, vault, client, settings.oauth_apps, f"{settings.address}{CALLBACK}")

        def gateway(workspace_id: UUID, record: Callable[[CallRecord], None]) -> Gateway:
            nonlocal made
            made = llm.Gateway(client, provider_keys(vault, workspace_id), record)
            return made

        try:
            yield Outside(client, open_account, gateway, settings.smtp_url, settings.address)
        finally:
            if made:  # all share the embedded model's process, which is all there is to close
                await made.close()
            await vault.uses.flush()


def _connections(concurrency: int) -> int:
    """How many connections to the outside there may be at once: one for each run in hand, as far as the system lets this
    process have open files. Requests beyond that wait for others, and their time limits go on."""
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = concurrency + _OTHER_FILES
    if 0 <= allowed < wanted:  # below 0: there is no limit
        with suppress(ValueError, OSError):  # some systems state more than they allow
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted if most < 0 else min(wanted, most), most))
        allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        concurrency = min(concurrency, allowed - _OTHER_FILES)
    return max(_FEWEST_CONNECTIONS, concurrency)


def _fields(value: Any) -> Mapping[str, Any]:
    """A secret as an account: a bare text is its ``value``, of a connection its token counts."""
    from plainwork.connections.held import Held

    held = Held.of(value)
    if held is not None:
        return held.account
    return value if isinstance(value, dict) else {"value": value}


def provider_keys(vault: Vault, workspace_id: UUID) -> Any:
    """A provider's key: the workspace's secret of the provider's name, else the operator's environment variable."""
    from plainwork import llm
    from plainwork.vault import Use

    operators = llm.keys_from_env(os.environ)

    async def keys(provider: str) -> Any:
        try:
            use = Use(connector="llm")
            return await vault.open(
                workspace_id, provider, use, lambda value: llm.hosts_of(provider, value, os.environ)
            )
        except NotFound:
            return await operators(provider)

    return keys


def secrets_from_env() -> dict[str, Any]:
    """``PLAINWORK_SECRET_<NAME>`` variables: the secret ``<NAME>``, JSON where it is an object, else text."""
    found: dict[str, Any] = {}
    for name, text in os.environ.items():
        if name.startswith(SECRET_PREFIX) and text:
            try:
                value = json.loads(text) if text.lstrip().startswith("{") else text
            except json.JSONDecodeError:
                value = text
            found[name.removeprefix(SECRET_PREFIX)] = value
    return found
