"""Secrets: written, listed by name, removed; never read back."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Request
from pydantic import Field

from plainwork.api.auth import Caller, CallerArg, Permission, Tenant
from plainwork.api.routing import Routes
from plainwork.api.shapes import Body, Shape
from plainwork.db import Database, agents, audit, connections
from plainwork.db import secrets as rows
from plainwork.errors import Conflict, NotFound
from plainwork.vault import Vault

routes = Routes("secrets")

Most = Annotated[int, Field(ge=1, le=1_000_000)]


class SecretValue(Body):
    """A secret's value, a text or an object of fields, and what it is bound to (null: not bound)."""

    value: Annotated[str | dict[str, Any], Field(json_schema_extra={"writeOnly": True})]
    about: str = Field(default="", max_length=2000)
    connector: str | None = Field(default=None, max_length=200)
    hosts: list[Annotated[str, Field(max_length=300)]] | None = Field(default=None, max_length=100)
    agents: list[UUID] | None = Field(default=None, max_length=1000)


class SecretLimits(Body):
    """How a secret may be used: by ``at_once`` steps at the same time, ``per_minute`` times a minute, spread evenly (null:
    no bound)."""

    at_once: Most | None = None
    per_minute: Most | None = None


class Secret(Shape):
    """What is known of a secret without opening it. Only the connector, hosts and agents named may use it; null: any.
    ``in_use``: how many steps use it now, of ``at_once``; it is counted where there is such a bound."""

    name: str
    about: str
    connector: str | None
    hosts: list[str] | None
    agents: list[UUID] | None
    current_version: int
    created_by: UUID | None
    created_at: datetime
    updated_at: datetime
    at_once: int | None
    per_minute: int | None
    in_use: int


class Secrets(Shape):
    """The workspace's secrets, by name."""

    secrets: list[Secret]


@routes.add("GET", "/secrets", Permission.SECRETS_READ)
async def list_secrets(tenant: Tenant) -> Secrets:
    """The names, bindings and limits of the workspace's secrets; no values."""
    taken = await rows.slots_taken(tenant)
    return Secrets(secrets=[_shown(one, taken.get(one.name, 0)) for one in await rows.all_of(tenant)])


def _shown(secret: rows.Secret, in_use: int) -> Secret:
    return Secret.model_validate({**asdict(secret), "in_use": in_use})


@routes.add("PUT", "/secrets/{name}", Permission.SECRETS_WRITE, errors=(404, 409, 429))
async def put_secret(request: Request, caller: CallerArg, name: str, body: SecretValue) -> Secret:
    """Seals a value under this name, as its new version. The answer does not hold it."""
    database: Database = request.app.state.database
    if body.agents:
        async with database.workspace(caller.workspace_id) as connection:
            if unknown := await agents.unknown(connection, body.agents):
                raise NotFound(f"There is no agent {unknown[0]}.", next_step="Name agents of this workspace.")
    await _check_is_none_of_a_connection(database, caller, name)
    vault: Vault = request.app.state.vault
    sealed = await vault.seal(
        caller.workspace_id,
        name,
        body.value,
        about=body.about,
        connector=body.connector,
        hosts=body.hosts,
        agents=body.agents,
        actor=caller.actor,
    )
    async with database.workspace(caller.workspace_id) as connection:
        taken = await rows.slots_taken(connection)
    return _shown(sealed, taken.get(name, 0))


@routes.add("PUT", "/secrets/{name}/limits", Permission.SECRETS_WRITE, errors=(404,))
async def limit_secret(tenant: Tenant, caller: CallerArg, name: str, body: SecretLimits) -> Secret:
    """Bounds how often steps may use a secret, and how many at the same time. Those over it wait; nothing fails for it."""
    secret = await rows.set_limits(tenant, name, body.at_once, body.per_minute)
    if secret is None:
        raise NotFound(f"There is no secret {name!r}.", next_step="PUT /api/v1/secrets/{name} stores one.")
    await audit.append(tenant, caller.actor, "secret.limited", ("secret", name), body.model_dump())
    return _shown(secret, (await rows.slots_taken(tenant)).get(name, 0))


@routes.add("DELETE", "/secrets/{name}", Permission.SECRETS_WRITE, status_code=204, errors=(409,))
async def delete_secret(request: Request, caller: CallerArg, name: str) -> None:
    """Removes a secret with all its versions."""
    await _check_is_none_of_a_connection(request.app.state.database, caller, name)
    vault: Vault = request.app.state.vault
    await vault.delete(caller.workspace_id, name, actor=caller.actor)


async def _check_is_none_of_a_connection(database: Database, caller: Caller, name: str) -> None:
    async with database.workspace(caller.workspace_id) as connection:
        if await connections.get(connection, name) is not None:
            raise Conflict(
                f"{name!r} holds the tokens of a connection.", next_step=f"DELETE /api/v1/connections/{name}."
            )
