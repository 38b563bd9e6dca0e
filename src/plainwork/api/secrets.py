"""Secrets: written, listed by name, removed; never read back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Request
from pydantic import Field

from plainwork.api.auth import CallerArg, Permission
from plainwork.api.routing import Routes
from plainwork.api.shapes import Body, Shape
from plainwork.db import Database, agents
from plainwork.errors import NotFound
from plainwork.vault import Vault

routes = Routes("secrets")


class SecretValue(Body):
    """A secret's value, a text or an object of fields, and what it is bound to (null: not bound)."""

    value: Annotated[str | dict[str, Any], Field(json_schema_extra={"writeOnly": True})]
    about: str = Field(default="", max_length=2000)
    connector: str | None = Field(default=None, max_length=200)
    hosts: list[Annotated[str, Field(max_length=300)]] | None = Field(default=None, max_length=100)
    agents: list[UUID] | None = Field(default=None, max_length=1000)


class Secret(Shape):
    """What is known of a secret without opening it. Only the connector, hosts and agents named may use it; null: any."""

    name: str
    about: str
    connector: str | None
    hosts: list[str] | None
    agents: list[UUID] | None
    current_version: int
    created_by: UUID | None
    created_at: datetime
    updated_at: datetime


class Secrets(Shape):
    """The workspace's secrets, by name."""

    secrets: list[Secret]


@routes.add("GET", "/secrets", Permission.SECRETS_READ)
async def list_secrets(request: Request, caller: CallerArg) -> Secrets:
    """The names and bindings of the workspace's secrets; no values."""
    vault: Vault = request.app.state.vault
    return Secrets(secrets=[Secret.model_validate(one) for one in await vault.list(caller.workspace_id)])


@routes.add("PUT", "/secrets/{name}", Permission.SECRETS_WRITE, errors=(404, 409, 429))
async def put_secret(request: Request, caller: CallerArg, name: str, body: SecretValue) -> Secret:
    """Seals a value under this name, as its new version. The answer does not hold it."""
    database: Database = request.app.state.database
    if body.agents:
        async with database.workspace(caller.workspace_id) as connection:
            if unknown := await agents.unknown(connection, body.agents):
                raise NotFound(f"There is no agent {unknown[0]}.", next_step="Name agents of this workspace.")
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
    return Secret.model_validate(sealed)


@routes.add("DELETE", "/secrets/{name}", Permission.SECRETS_WRITE, status_code=204)
async def delete_secret(request: Request, caller: CallerArg, name: str) -> None:
    """Removes a secret with all its versions."""
    vault: Vault = request.app.state.vault
    await vault.delete(caller.workspace_id, name, actor=caller.actor)
