"""Who may do what: every route declares a permission, and a route without one does not start.

A caller is a person with a session cookie or a program with an API key. A cookie caller that changes something also sends
the session's CSRF token, so that a foreign page cannot use the cookie.
"""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.routing import APIRoute

from plainwork.db import api_keys, users, workspaces
from plainwork.db.audit import Actor
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


WORKSPACE_HEADER = "Plainwork-Workspace"
CSRF_HEADER = "X-CSRF-Token"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes this request, in which workspace. ``scopes`` None: everything the role allows (a session)."""

    actor: Actor
    workspace_id: UUID
    role: str
    user_id: UUID | None = None
    session_id: UUID | None = None
    scopes: frozenset[str] | None = None

    def may(self, permission: Permission) -> bool:
        """Whether role and scopes both allow it."""
        return permission in ROLES.get(self.role, set()) and (self.scopes is None or permission.value in self.scopes)


def session_token(request: Request) -> str | None:
    """The session's token from either cookie."""
    return request.cookies.get(SECURE_COOKIE) or request.cookies.get(COOKIE)


def address_of(request: Request) -> str | None:
    """The address the request came from."""
    return request.client.host if request.client else None


def _check_forgery(request: Request, token: str) -> None:
    """Refuses a cookie request that another site's page made: it lacks the token that only our pages can read, or its
    origin is not ours (OWASP Cross-Site Request Forgery Prevention)."""
    if request.method in {"GET", "HEAD", "OPTIONS"}:
        return
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host", ""):
        raise Forbidden(
            f"This request came from {origin[:200]}.", next_step="Use Plainwork's own pages, or an API key."
        )
    given = request.headers.get(CSRF_HEADER, "")
    if not hmac.compare_digest(given.encode(), users.csrf_token(token).encode()):
        raise Forbidden(
            f"The header {CSRF_HEADER} is missing or wrong.",
            next_step="Send the csrf_token that GET /api/v1/session gives, or use an API key.",
        )


async def identify(request: Request) -> Caller | None:
    """The caller, or None for nobody. Raises SignInNeeded when a key is given but not valid, Forbidden for forgery."""
    database = request.app.state.database
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        found = await api_keys.find(database, credential.strip())
        if found is None:
            raise SignInNeeded("This API key is not valid.", next_step="Make a new key: POST /api/v1/api-keys.")
        workspace_id, key = found
        actor = Actor("api_key", str(key.id), address_of(request))
        return Caller(actor, workspace_id, "owner", key.created_by, scopes=frozenset(key.scopes))
    token = session_token(request)
    session = await users.session(database, token) if token else None
    if token is None or session is None:
        return None
    _check_forgery(request, token)
    workspace_id, role = await _workspace(request, session.user.id)
    actor = Actor("user", str(session.user.id), address_of(request))
    return Caller(actor, workspace_id, role, session.user.id, session.id)


async def _workspace(request: Request, user_id: UUID) -> tuple[UUID, str]:
    """The workspace that the header names, else the person's first. Raises Forbidden where the person has none."""
    theirs = await workspaces.of_person(request.app.state.database, user_id)
    named = request.headers.get(WORKSPACE_HEADER)
    for workspace, role in theirs:
        if named in {None, str(workspace.id), workspace.slug}:
            return workspace.id, role
    raise Forbidden("You do not belong to this workspace.", next_step="Ask one of its owners to invite you.")


def _guard(permission: Permission) -> Callable[..., Any]:
    async def allowed(request: Request) -> None:
        caller = await identify(request)
        if caller is None:
            raise SignInNeeded(
                "Sign in first.", next_step="POST /api/v1/session, or send an API key as a bearer token."
            )
        if not caller.may(permission):
            raise Forbidden(
                f"This needs the permission {permission.value}.", next_step="Ask an owner of the workspace."
            )
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
