"""Secrets: written, listed by name, removed; never read back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Annotated, Any, ClassVar
from uuid import UUID

from fastapi import Query, Request
from pydantic import Field

from plainwork.api.auth import Caller, CallerArg, Permission, Tenant
from plainwork.api.conditions import IfMatch, require_unchanged
from plainwork.api.routing import Routes
from plainwork.api.shapes import Body, Limit, Shape
from plainwork.db import Database, agents, audit, connections
from plainwork.db import secrets as rows
from plainwork.db.pool import Connection
from plainwork.errors import Conflict, NotFound
from plainwork.vault import Vault

routes = Routes("secrets")

Most = Annotated[int, Field(ge=1, le=1_000_000)]
Hosts = list[Annotated[str, Field(max_length=300)]]
MOST_SHOWN = 200
"""So many of those that use a secret are named."""


class SecretValue(Body):
    """A secret's value, a text or an object of fields, and what it is bound to (null: not bound)."""

    value: Annotated[str | dict[str, Any], Field(json_schema_extra={"writeOnly": True})]
    about: str = Field(default="", max_length=2000)
    connector: str | None = Field(default=None, max_length=200)
    hosts: Hosts | None = Field(default=None, max_length=100)
    agents: list[UUID] | None = Field(default=None, max_length=1000)


class SecretChange(Body):
    """What is to change of a secret besides its value; what is left out stays. Without the value, ``connector`` and ``hosts``
    can only be narrowed."""

    about: str = Field(default="", max_length=2000)
    connector: str | None = Field(default=None, max_length=200)
    hosts: Hosts | None = Field(default=None, max_length=100)
    agents: list[UUID] | None = Field(default=None, max_length=1000)


class SecretLimits(Body):
    """How a secret may be used: by ``at_once`` steps at the same time, ``per_minute`` times a minute, spread evenly (null:
    no bound)."""

    at_once: Most | None = None
    per_minute: Most | None = None


class Secret(Shape):
    """What is known of a secret without opening it. Only the connector, hosts and agents named may use it; null: any.
    ``in_use``: how many steps use it now, of ``at_once``; it is counted where there is such a bound. ``last_used_at``: null
    when it has not been used since it is there; ``is_connection``: it holds the tokens of one, which is changed as such."""

    PASSING: ClassVar = frozenset({"in_use", "last_used_at"})

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
    last_used_at: datetime | None
    is_connection: bool


class SecretPage(Shape):
    """Secrets by name. ``next``: what to send as ``after`` for the next page; null: the last."""

    secrets: list[Secret]
    next: str | None


class SecretAgent(Shape):
    """An agent that names a secret: in the version that is live, or only in its canary or its newest one."""

    agent_id: UUID
    name: str
    is_live: bool


class SecretUses(Shape):
    """Who would miss a secret, 200 of each at most: agents that name it, and connections whose app it is."""

    agents: list[SecretAgent]
    connections: list[str]


@routes.add("GET", "/secrets", Permission.SECRETS_READ)
async def list_secrets(
    tenant: Tenant, after: Annotated[str, Query(max_length=100)] = "", limit: Limit = 50
) -> SecretPage:
    """The names, bindings and limits of the workspace's secrets; no values."""
    found = await rows.page(tenant, after=after, limit=limit + 1)
    following = found[limit - 1].name if len(found) > limit else None
    return SecretPage(secrets=await _shown(tenant, *found[:limit]), next=following)


@routes.add("GET", "/secrets/{name}", Permission.SECRETS_READ)
async def get_secret(tenant: Tenant, name: str) -> Secret:
    """The bindings and limits of one secret; not its value."""
    secret = await rows.find(tenant, name)
    if secret is None:
        raise _none(name)
    return (await _shown(tenant, secret))[0]


async def _shown(tenant: Connection, *secrets: rows.Secret) -> list[Secret]:
    standings = await rows.standings(tenant, [one.name for one in secrets])
    return [Secret.model_validate(asdict(one) | asdict(standings.get(one.name, rows.UNUSED))) for one in secrets]


@routes.add("GET", "/secrets/{name}/uses", Permission.SECRETS_READ, errors=(404,))
async def get_secret_uses(tenant: Tenant, name: str) -> SecretUses:
    """Which agents and connections would miss a secret if it were gone."""
    if not await connections.is_taken(tenant, name):
        raise _none(name)
    users = await rows.agents_using(tenant, name, MOST_SHOWN)
    return SecretUses(
        agents=[SecretAgent.model_validate(one) for one in users],
        connections=await connections.made_with(tenant, name, MOST_SHOWN),
    )


def _none(name: str) -> NotFound:
    return NotFound(f"There is no secret {name!r}.", next_step="PUT /api/v1/secrets/{name} stores one.")


async def _check_unchanged(if_match: str | None, name: str, tenant: Connection) -> None:
    await require_unchanged(if_match, partial(rows.lock, tenant, name), partial(get_secret, tenant, name))


@routes.add("PUT", "/secrets/{name}", Permission.SECRETS_WRITE, errors=(404, 409, 429))
async def put_secret(
    request: Request, caller: CallerArg, name: str, body: SecretValue, if_match: IfMatch = None
) -> Secret:
    """Seals a value under this name, as its new version. The answer does not hold it."""
    database: Database = request.app.state.database
    async with database.workspace(caller.workspace_id) as connection:
        await _check_agents(connection, body.agents)
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
        guard=partial(_check_unchanged, if_match, name),
    )
    async with database.workspace(caller.workspace_id) as connection:
        return (await _shown(connection, sealed))[0]


@routes.add("PATCH", "/secrets/{name}", Permission.SECRETS_WRITE, errors=(404, 409))
async def change_secret(
    tenant: Tenant, request: Request, caller: CallerArg, name: str, body: SecretChange, if_match: IfMatch = None
) -> Secret:
    """Changes what a secret is for and who may use it; its value stays. 403 for hosts or a connector by which it could be sent
    where it may not go now: that takes the value. Where a connection's tokens go, the connection says (409)."""
    change = body.model_dump(exclude_unset=True)
    await _check_agents(tenant, body.agents)
    is_connection = await connections.lock(tenant, name) is not None  # whoever renews its tokens is waited for
    await _check_unchanged(if_match, name, tenant)
    if is_connection and change.keys() & {"connector", "hosts"}:
        raise Conflict(f"Where the tokens of {name!r} go, the connection says.", next_step="Leave that out.")
    vault: Vault = request.app.state.vault
    return (await _shown(tenant, await vault.bind(tenant, name, change, actor=caller.actor)))[0]


@routes.add("PUT", "/secrets/{name}/limits", Permission.SECRETS_WRITE, errors=(404,))
async def limit_secret(
    tenant: Tenant, caller: CallerArg, name: str, body: SecretLimits, if_match: IfMatch = None
) -> Secret:
    """Bounds how often steps may use a secret, and how many at the same time. Those over it wait; nothing fails for it."""
    await _check_unchanged(if_match, name, tenant)
    secret = await rows.set_limits(tenant, name, body.at_once, body.per_minute)
    if secret is None:
        raise _none(name)
    await audit.append(tenant, caller.actor, "secret.limited", ("secret", name), body.model_dump())
    return (await _shown(tenant, secret))[0]


@routes.add("DELETE", "/secrets/{name}", Permission.SECRETS_WRITE, status_code=204, errors=(409,))
async def delete_secret(request: Request, caller: CallerArg, name: str, if_match: IfMatch = None) -> None:
    """Removes a secret with all its versions."""
    await _check_is_none_of_a_connection(request.app.state.database, caller, name)
    vault: Vault = request.app.state.vault
    guard = partial(_check_unchanged, if_match, name)
    await vault.delete(caller.workspace_id, name, actor=caller.actor, guard=guard)


async def _check_agents(connection: Connection, wanted: Sequence[UUID] | None) -> None:
    if wanted and (unknown := await agents.unknown(connection, wanted)):
        raise NotFound(f"There is no agent {unknown[0]}.", next_step="Name agents of this workspace.")


async def _check_is_none_of_a_connection(database: Database, caller: Caller, name: str) -> None:
    async with database.workspace(caller.workspace_id) as connection:
        if await connections.get(connection, name) is not None:
            raise Conflict(
                f"{name!r} holds the tokens of a connection.", next_step=f"DELETE /api/v1/connections/{name}."
            )
