"""Secrets: written, listed by name, removed; never read back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from fastapi import Request
from pydantic import BaseModel, Field

from plainwork import vault
from plainwork.api.auth import CallerArg, Permission, Routes

routes = Routes(tags=["secrets"])


class Value(BaseModel):
    """A secret's value, a text or an object of fields, and what it is bound to (null: not bound)."""

    value: str | dict[str, Any]
    about: str = Field(default="", max_length=2000)
    connector: str | None = Field(default=None, max_length=200)
    hosts: list[str] | None = Field(default=None, max_length=100)
    agents: list[UUID] | None = Field(default=None, max_length=1000)


@routes.add("GET", "/secrets", Permission.SECRETS_READ)
async def list_secrets(request: Request, caller: CallerArg) -> dict[str, Any]:
    """The names and bindings of the workspace's secrets; no values."""
    store: vault.Vault = request.app.state.vault
    return {"secrets": msgspec.to_builtins(list(await store.list(caller.workspace_id)))}


@routes.add("PUT", "/secrets/{name}", Permission.SECRETS_WRITE)
async def put_secret(request: Request, caller: CallerArg, name: str, body: Value) -> dict[str, Any]:
    """Seals a value under this name, as its new version. The answer does not hold it."""
    store: vault.Vault = request.app.state.vault
    secret = await store.seal(
        caller.workspace_id,
        name,
        body.value,
        about=body.about,
        connector=body.connector,
        hosts=body.hosts,
        agents=body.agents,
        actor=caller.actor,
    )
    shown: dict[str, Any] = msgspec.to_builtins(secret)
    return shown


@routes.add("DELETE", "/secrets/{name}", Permission.SECRETS_WRITE, status_code=204)
async def delete_secret(request: Request, caller: CallerArg, name: str) -> None:
    """Removes a secret with all its versions."""
    store: vault.Vault = request.app.state.vault
    await store.delete(caller.workspace_id, name, actor=caller.actor)
