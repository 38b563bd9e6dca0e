"""Who may do what: every route declares a permission, and a route without one does not start.

A caller is a person with a session cookie or a program with an API key. Cookie callers also prove that the request comes
from our own pages (``Origin``/``Sec-Fetch-Site``), so a foreign page cannot use their cookie.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.routing import APIRoute

from plainwork.errors import Forbidden, SignInNeeded


class Permission(StrEnum):
    """What a route asks for. ``PUBLIC`` is said out loud; there is no default."""

    PUBLIC = "public"
    ACCOUNT = "account"
    AGENTS_READ = "agents:read"
    AGENTS_WRITE = "agents:write"
    RUNS_READ = "runs:read"
    RUNS_WRITE = "runs:write"
    SECRETS_READ = "secrets:read"
    SECRETS_WRITE = "secrets:write"
    KEYS_MANAGE = "keys:manage"


_READ = {Permission.ACCOUNT, Permission.AGENTS_READ, Permission.RUNS_READ}
_RUN = _READ | {Permission.RUNS_WRITE}
_EDIT = _RUN | {Permission.AGENTS_WRITE, Permission.SECRETS_READ}
_ALL = _EDIT | {Permission.SECRETS_WRITE, Permission.KEYS_MANAGE}
ROLES: dict[str, set[Permission]] = {"owner": _ALL, "admin": _ALL, "editor": _EDIT, "runner": _RUN, "viewer": _READ}
"""The permission matrix: role → what it may do."""

COOKIE = "plainwork_session"
SECURE_COOKIE = "__Host-plainwork_session"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes this request, in which workspace. ``scopes`` None: everything the role allows (a session)."""

    user_id: uuid.UUID
    workspace_id: uuid.UUID
    role: str
    scopes: frozenset[str] | None = None

    def may(self, permission: Permission) -> bool:
        """Whether role and scopes both allow it."""
        return permission in ROLES.get(self.role, set()) and (self.scopes is None or permission.value in self.scopes)


def session_token(request: Request) -> str | None:
    """The session's token from either cookie."""
    return request.cookies.get(SECURE_COOKIE) or request.cookies.get(COOKIE)


def _check_origin(request: Request) -> None:
    """Refuses a cookie request that another site's page made (OWASP: verify origin with standard headers)."""
    if request.method in {"GET", "HEAD", "OPTIONS"}:
        return
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise Forbidden("This request came from another site's page.", next_step="Use Plainwork's own pages.")
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host", ""):
        raise Forbidden(f"This request came from {origin}.", next_step="Use Plainwork's own pages, or an API key.")


async def identify(request: Request) -> Caller | None:
    """The caller, or None for nobody. Raises SignInNeeded when a key or session is given but not valid."""
    from plainwork.db import users

    database = request.app.state.database
    header = request.headers.get("authorization", "")
    scheme, _, credential = header.partition(" ")
    if scheme.lower() == "bearer" and credential:
        key = await users.find_api_key(database, credential.strip())
        if key is None:
            raise SignInNeeded("This API key is not valid.", next_step="Make a new key under API keys.")
        return Caller(key.user_id, key.workspace_id, key.role, frozenset(key.scopes))
    token = session_token(request)
    if token is None:
        return None
    session = await users.find_session(database, token)
    if session is None:
        return None
    _check_origin(request)
    return Caller(session.user_id, session.workspace_id, session.role)


def _guard(permission: Permission) -> Callable[..., Any]:
    async def allowed(request: Request) -> None:
        caller = await identify(request)
        if caller is None:
            raise SignInNeeded("Sign in first.", next_step="POST /api/v1/session, or send an API key as a bearer token.")
        if not caller.may(permission):
            raise Forbidden(f"This needs the permission {permission.value}.", next_step="Ask an owner of the workspace.")
        request.state.caller = caller

    return allowed


class Routes(APIRouter):
    """A router whose routes cannot be added without a permission."""

    def add(self, method: str, path: str, permission: Permission, **options: Any) -> Callable[..., Any]:
        """Decorates an endpoint: ``@routes.add("GET", "/agents", Permission.AGENTS_READ)``."""
        guards = [] if permission is Permission.PUBLIC else [Depends(_guard(permission))]

        def decorate(endpoint: Callable[..., Any]) -> Callable[..., Any]:
            self.add_api_route(
                path,
                endpoint,
                methods=[method],
                dependencies=guards,
                openapi_extra={"x-permission": permission.value},
                **options,
            )
            return endpoint

        return decorate


def permission_of(route: APIRoute) -> Permission | None:
    """The permission a route declares; None when it declares none (which ``refuse_undeclared`` does not let pass)."""
    declared = (route.openapi_extra or {}).get("x-permission")
    return Permission(declared) if declared else None


def refuse_undeclared(app: FastAPI) -> None:
    """Raises RuntimeError at start when a route has no permission: denied by default."""
    for route in app.routes:
        if isinstance(route, APIRoute) and permission_of(route) is None:
            raise RuntimeError(f"{route.path} declares no permission")


async def _caller(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


async def _tenant(request: Request) -> AsyncIterator[Any]:
    """A connection inside the caller's workspace: one request, one transaction, committed before the answer is sent."""
    caller: Caller = request.state.caller
    async with request.app.state.database.workspace(caller.workspace_id) as connection:
        yield connection


CallerArg = Annotated[Caller, Depends(_caller)]
Tenant = Annotated[Any, Depends(_tenant, scope="function")]
