"""API keys: scoped, hashed, shown once, expiring."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field

from plainwork.api.auth import SCOPES, CallerArg, Permission, Tenant
from plainwork.api.routing import Routes
from plainwork.api.shapes import Body, Limit, Shape
from plainwork.db import api_keys, audit
from plainwork.errors import Forbidden

routes = Routes("api-keys")


def _known(scope: str) -> str:
    if scope not in SCOPES:
        raise ValueError(f"it has to be one of {', '.join(SCOPES)}")
    return scope


Scope = Annotated[str, AfterValidator(_known), Field(json_schema_extra={"enum": list(SCOPES)})]


class NewKey(Body):
    """A key to make. A key can never do more than its maker, now and later."""

    name: str = Field(min_length=1, max_length=200)
    scopes: list[Scope] = Field(min_length=1, max_length=50)
    expires_in_days: int | None = Field(default=None, ge=1, le=3650)


class ApiKey(Shape):
    """What is known of a key; ``hint`` are its last four characters."""

    id: UUID
    name: str
    hint: str
    scopes: list[str]
    created_by: UUID | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class ApiKeyMade(ApiKey):
    """A new key; ``key`` is shown here and never again."""

    key: str


class ApiKeyPage(Shape):
    """Keys of the workspace, newest first, revoked ones too. ``next``: what to send as ``before`` for the next page; null:
    the last."""

    api_keys: list[ApiKey]
    next: UUID | None


@routes.add("GET", "/api-keys", Permission.KEYS_MANAGE)
async def list_keys(tenant: Tenant, before: UUID | None = None, limit: Limit = 50) -> ApiKeyPage:
    """The workspace's keys, without their values."""
    found = await api_keys.page(tenant, before=before, limit=limit + 1)
    page = [ApiKey.model_validate(key) for key in found[:limit]]
    return ApiKeyPage(api_keys=page, next=page[-1].id if len(found) > limit else None)


@routes.add("POST", "/api-keys", Permission.KEYS_MANAGE, status_code=201)
async def create_key(tenant: Tenant, caller: CallerArg, body: NewKey) -> ApiKeyMade:
    """Makes a key; ``key`` is in this answer and never again. 403 for a scope that the caller does not have."""
    beyond = [scope for scope in body.scopes if not caller.may(Permission(scope))]
    if beyond:
        raise Forbidden(f"You may not give {beyond[0]}: you do not have it yourself.", next_step="Leave it out.")
    days = body.expires_in_days
    expires_at = datetime.now(UTC) + timedelta(days=days) if days else None
    key, token = await api_keys.create(tenant, body.name, body.scopes, created_by=caller.user_id, expires_at=expires_at)
    detail = {"name": key.name, "scopes": key.scopes}
    await audit.append(tenant, caller.actor, "api_key.created", ("api_key", key.id), detail)
    return ApiKeyMade(**ApiKey.model_validate(key).model_dump(), key=token)


@routes.add("DELETE", "/api-keys/{key_id}", Permission.KEYS_MANAGE)
async def revoke_key(tenant: Tenant, caller: CallerArg, key_id: UUID) -> ApiKey:
    """Ends a key at once; it stays in the list. Revoking it again changes nothing."""
    key = await api_keys.revoke(tenant, key_id)
    await audit.append(tenant, caller.actor, "api_key.revoked", ("api_key", key.id), {"name": key.name})
    return ApiKey.model_validate(key)
