"""API keys: scoped, hashed, shown once, expiring."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from pydantic import BaseModel, Field

from plainwork.api.auth import CallerArg, Permission, Routes, Tenant
from plainwork.db import api_keys, audit
from plainwork.errors import Forbidden, Invalid

routes = Routes(tags=["api-keys"])

SCOPES = [p.value for p in Permission if p not in {Permission.PUBLIC, Permission.ACCOUNT}]


class NewKey(BaseModel):
    """A key to make. ``scopes``: permissions such as ``agents:read``; a key can never do more than its maker."""

    name: str = Field(min_length=1, max_length=200)
    scopes: list[str] = Field(min_length=1, max_length=50)
    expires_in_days: int | None = Field(default=None, ge=1, le=3650)


@routes.add("GET", "/api-keys", Permission.KEYS_MANAGE)
async def list_keys(tenant: Tenant) -> dict[str, Any]:
    """The workspace's keys, without their values."""
    return {"api_keys": msgspec.to_builtins(await api_keys.all_of(tenant))}


@routes.add("POST", "/api-keys", Permission.KEYS_MANAGE, status_code=201)
async def create_key(tenant: Tenant, caller: CallerArg, body: NewKey) -> dict[str, Any]:
    """Makes a key; ``key`` is in this answer and never again."""
    unknown = sorted(set(body.scopes) - set(SCOPES))
    if unknown:
        raise Invalid(f"There is no scope {unknown[0]}.", next_step=f"Choose from: {', '.join(SCOPES)}.")
    beyond = [s for s in body.scopes if not caller.may(Permission(s))]
    if beyond:
        raise Forbidden(f"You may not give {beyond[0]}: you do not have it yourself.", next_step="Leave it out.")
    days = body.expires_in_days
    expires_at = datetime.now(UTC) + timedelta(days=days) if days else None
    key, token = await api_keys.create(tenant, body.name, body.scopes, created_by=caller.user_id, expires_at=expires_at)
    detail = {"name": key.name, "scopes": key.scopes}
    await audit.append(tenant, caller.actor, "api_key.created", ("api_key", key.id), detail)
    return msgspec.to_builtins(key) | {"key": token}


@routes.add("DELETE", "/api-keys/{key_id}", Permission.KEYS_MANAGE)
async def revoke_key(tenant: Tenant, caller: CallerArg, key_id: UUID) -> dict[str, Any]:
    """Ends a key at once."""
    key = await api_keys.revoke(tenant, key_id)
    await audit.append(tenant, caller.actor, "api_key.revoked", ("api_key", key.id), {"name": key.name})
    found: dict[str, Any] = msgspec.to_builtins(key)
    return found
