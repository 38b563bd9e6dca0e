"""Who may do what: the permissions, the roles that have them, and finding out who calls.

A caller is a person with a session cookie or a program with an API key. A person's request that changes something has to
come from our own pages and carry the session's CSRF token, so that a foreign page cannot use the cookie.
"""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import Depends, Request

from plainwork.db import api_keys, sessions, users, workspaces
from plainwork.db.audit import Actor
from plainwork.errors import EnrolmentNeeded, Forbidden, SignInNeeded


class Permission(StrEnum):
    """What a route asks for. ``PUBLIC`` is said out loud, there is no default; ``ADDRESS``: a secret word in the address is all
    that counts, so pages of other sites may use it too; ``ACCOUNT``: a signed-in person, whatever their role, in a
    workspace or in none."""

    PUBLIC = "public"
    ADDRESS = "address"
    ACCOUNT = "account"
    AGENTS_READ = "agents:read"
    AGENTS_WRITE = "agents:write"
    AGENTS_OVERRIDE = "agents:override"
    AGENTS_PROMOTE = "agents:promote"
    RUNS_READ = "runs:read"
    RUNS_WRITE = "runs:write"
    APPROVALS_READ = "approvals:read"
    APPROVALS_DECIDE = "approvals:decide"
    SECRETS_READ = "secrets:read"
    SECRETS_WRITE = "secrets:write"
    KEYS_MANAGE = "keys:manage"
    WORKSPACE_READ = "workspace:read"
    WORKSPACE_MANAGE = "workspace:manage"
    WORKSPACE_OWN = "workspace:own"
    MEMBERS_MANAGE = "members:manage"
    AUDIT_READ = "audit:read"
    LIMITS_WRITE = "limits:write"
    DATA_MANAGE = "data:manage"


OPEN = frozenset({Permission.PUBLIC, Permission.ADDRESS})
"""What nobody has to be signed in for."""
_PEOPLES = {*OPEN, Permission.ACCOUNT, Permission.APPROVALS_DECIDE, Permission.AGENTS_PROMOTE}
SCOPES = tuple(p.value for p in Permission if p not in _PEOPLES)
"""What an API key can be given. No program decides what a person is asked, and a key belongs to one workspace alone."""

MEANINGS: dict[Permission, str] = {
    Permission.AGENTS_READ: "see agents, their versions and drafts",
    Permission.AGENTS_WRITE: "make and change agents, save drafts, publish versions",
    Permission.AGENTS_OVERRIDE: "make a version live that is not ready, giving a reason",
    Permission.AGENTS_PROMOTE: "take versions from or to another workspace of theirs; never an API key",
    Permission.RUNS_READ: "see runs and the inbox",
    Permission.RUNS_WRITE: "start, cancel, retry and decide about runs",
    Permission.APPROVALS_READ: "see what runs ask people",
    Permission.APPROVALS_DECIDE: "decide what a run asks of them; never an API key",
    Permission.SECRETS_READ: "see the names and bindings of secrets, never a value",
    Permission.SECRETS_WRITE: "set and remove secrets",
    Permission.KEYS_MANAGE: "make and revoke API keys",
    Permission.WORKSPACE_READ: "see the workspace's settings and who belongs to it",
    Permission.WORKSPACE_MANAGE: "rename the workspace, change what it asks of its members",
    Permission.MEMBERS_MANAGE: "invite people, change roles, remove members; not those of owners",
    Permission.AUDIT_READ: "read the audit log",
    Permission.LIMITS_WRITE: "set how much the workspace may run at once",
    Permission.DATA_MANAGE: "say how long runs are kept",
    Permission.WORKSPACE_OWN: "make and unmake owners, reset members' passwords, delete the workspace",
}
"""What each permission that a role can have lets people do."""

_VIEWER = {
    *(Permission.AGENTS_READ, Permission.RUNS_READ, Permission.WORKSPACE_READ),
    *(Permission.APPROVALS_READ, Permission.APPROVALS_DECIDE),
}
_RUNNER = _VIEWER | {Permission.RUNS_WRITE}
_EDITOR = _RUNNER | {Permission.AGENTS_WRITE, Permission.AGENTS_PROMOTE, Permission.SECRETS_READ}
_ADMIN = _EDITOR | {
    *(Permission.SECRETS_WRITE, Permission.KEYS_MANAGE, Permission.MEMBERS_MANAGE),
    *(Permission.WORKSPACE_MANAGE, Permission.AUDIT_READ, Permission.LIMITS_WRITE, Permission.AGENTS_OVERRIDE),
}
_OWNER = _ADMIN | {Permission.WORKSPACE_OWN, Permission.DATA_MANAGE}
ROLES: dict[str, set[Permission]] = {
    "owner": _OWNER,
    "admin": _ADMIN,
    "editor": _EDITOR,
    "runner": _RUNNER,
    "viewer": _VIEWER,
}
"""The permission matrix: role → what it may do in its workspace. Whom an approval is for, its step says.
``docs/security.md`` shows it."""

COOKIE = "plainwork_session"
SECURE_COOKIE = "__Host-plainwork_session"
WORKSPACE_HEADER = "Plainwork-Workspace"
CSRF_HEADER = "X-CSRF-Token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes this request, in which workspace. ``scopes`` None: everything the role allows (a session)."""

    actor: Actor
    workspace_id: UUID
    role: str
    user_id: UUID | None = None
    scopes: frozenset[str] | None = None

    def may(self, permission: Permission) -> bool:
        """Whether role and scopes both allow it."""
        return permission in ROLES.get(self.role, set()) and (self.scopes is None or permission.value in self.scopes)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session with its token, for the routes of the person's own account."""

    session: sessions.Session
    token: str = field(repr=False)
    actor: Actor

    @property
    def user(self) -> users.User:
        """The person."""
        return self.session.user


async def admit(request: Request, permission: Permission | None) -> None:
    """Lets the request pass and notes who makes it (``request.state.caller``, ``.signed_in``), or raises.

    SignInNeeded: nobody, or a key or session that is not valid (any more). Forbidden: it lacks the permission, or
    the request may have been made by another site's page.
    """
    if permission is None:
        raise Forbidden("This address declares no permission, so nobody may use it.")
    if permission is Permission.ADDRESS:
        return
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    is_program = scheme.lower() == "bearer"
    if not is_program:
        _check_origin(request)
    if permission is Permission.PUBLIC:
        return
    if is_program:
        caller = await _program(request, credential.strip())
    else:
        signed_in = request.state.signed_in = await _person(request)
        if permission is Permission.ACCOUNT:
            return
        caller = await _member(request, signed_in, request.headers.get(WORKSPACE_HEADER))
    if not caller.may(permission):
        raise Forbidden(f"This needs the permission {permission.value}.", next_step="Ask an owner of the workspace.")
    request.state.caller = caller


async def caller_in(request: Request, workspace: str) -> Caller:
    """The signed-in person who makes this request, as a member of the workspace with that id or slug. Raises as ``admit``
    for one where they may not act."""
    return await _member(request, await _person(request), workspace)


async def _program(request: Request, credential: str) -> Caller:
    """The caller that an API key is. It can do what its scopes say and the role that its maker has now."""
    database = request.app.state.database
    found = await api_keys.find(database, credential)
    if found is None:
        raise SignInNeeded("This API key is not valid.", next_step="Make a new key: POST /api/v1/api-keys.")
    workspace_id, key = found
    role: str | None = "owner"
    async with database.workspace(workspace_id) as connection:
        workspace = await workspaces.in_use(connection)
        if workspace is None:
            raise SignInNeeded("The workspace of this API key has been deleted.", next_step="Use another workspace's.")
        if key.created_by is not None:
            role = await workspaces.role_of(connection, key.created_by)
        if request.headers.get(WORKSPACE_HEADER) not in {None, str(workspace_id), workspace.slug}:
            raise Forbidden("This API key belongs to another workspace.", next_step=f"Leave out {WORKSPACE_HEADER}.")
    if role is None:
        raise SignInNeeded(
            "Whoever made this API key has left the workspace.", next_step="Have one of its owners make a new key."
        )
    actor = Actor("api_key", str(key.id), address_of(request))
    return Caller(actor, workspace_id, role, key.created_by, frozenset(key.scopes))


async def _person(request: Request) -> SignedIn:
    token = token_of(request)
    session = await sessions.find(request.app.state.database, token) if token else None
    if token is None or session is None:
        raise SignInNeeded("Sign in first.", next_step="POST /api/v1/session, or send an API key as a bearer token.")
    _check_csrf(request, token)
    return SignedIn(session, token, Actor("user", str(session.user.id), address_of(request)))


async def _member(request: Request, signed_in: SignedIn, named: str | None) -> Caller:
    """The person in the workspace of that id or slug; None: in their first. Raises Forbidden where they have none, and
    EnrolmentNeeded where the workspace asks for a second factor that they do not have."""
    user = signed_in.user
    for workspace, role in await workspaces.of_person(request.app.state.database, user.id):
        if named in {None, str(workspace.id), workspace.slug}:
            if workspace.requires_second_factor and not signed_in.session.is_strong:
                raise EnrolmentNeeded(
                    f"{workspace.name} asks its members for a second factor, and you have none.",
                    next_step="Enrol one under your account: POST /api/v1/account/second-factor.",
                )
            return Caller(signed_in.actor, workspace.id, role, user.id)
    raise Forbidden("You do not belong to this workspace.", next_step="Ask one of its owners to invite you.")


def _check_origin(request: Request) -> None:
    """Refuses what another site's page sends, signing in included (OWASP Cross-Site Request Forgery Prevention)."""
    origin = request.headers.get("origin")
    if request.method in SAFE_METHODS or origin is None:
        return
    own = {
        request.headers.get("host", "").lower(),
        urlsplit(request.app.state.settings.public_url or "").netloc.lower(),
    }
    if not (netloc := urlsplit(origin).netloc.lower()) or netloc not in own:
        raise Forbidden(
            f"This request came from {origin[:200]}.", next_step="Use Plainwork's own pages, or an API key."
        )


def _check_csrf(request: Request, token: str) -> None:
    if request.method in SAFE_METHODS:
        return
    given = request.headers.get(CSRF_HEADER, "")
    if not hmac.compare_digest(given.encode(), sessions.csrf_token(token).encode()):
        raise Forbidden(
            f"The header {CSRF_HEADER} is missing or wrong.",
            next_step="Send the csrf_token that GET /api/v1/session gives, or use an API key.",
        )


def token_of(request: Request) -> str | None:
    """The session token that the request's cookie holds. Where the connection is secure only the ``__Host-`` cookie counts,
    because any page of a neighbouring host could have set the other one."""
    return request.cookies.get(SECURE_COOKIE if is_secure(request) else COOKIE)


def is_secure(request: Request) -> bool:
    """Whether the browser speaks TLS to us, or to a proxy at the address that the operator has named."""
    if request.url.scheme == "https":
        return True
    public = urlsplit(request.app.state.settings.public_url or "")
    return public.scheme == "https" and public.netloc.lower() == request.headers.get("host", "").lower()


def address_of(request: Request) -> str | None:
    """The address the request came from."""
    return request.client.host if request.client else None


# ── What an endpoint asks for ────────────────────────────────────────────────────────────────────────────────────────
async def _caller(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


async def _signed_in(request: Request) -> SignedIn:
    signed_in: SignedIn = request.state.signed_in
    return signed_in


async def _tenant(request: Request) -> AsyncIterator[Any]:
    """A connection inside the caller's workspace: one request, one transaction, committed before the answer is sent."""
    caller: Caller = request.state.caller
    async with request.app.state.database.workspace(caller.workspace_id) as connection:
        yield connection


CallerArg = Annotated[Caller, Depends(_caller)]
SignedInArg = Annotated[SignedIn, Depends(_signed_in)]
Tenant = Annotated[Any, Depends(_tenant, scope="function")]
