"""Connections: accounts that somebody lets Plainwork use (OAuth), made by agreeing on the provider's own page.

Whoever sets out gets an address and a state that works once, in their session, for ten minutes. The provider sends them back
to a page that says what came of it; the web app hears of it by the channel ``plainwork-connections``.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import Field

from plainwork import log
from plainwork.api.auth import ROLES, CallerArg, Permission, SignedIn, Tenant, address_of, token_of
from plainwork.api.conditions import IfMatch, require_unchanged
from plainwork.api.pages import notice
from plainwork.api.routing import Routes
from plainwork.api.shapes import Body, Limit, Shape
from plainwork.connections import CALLBACK, Connections, Start, workspace_of
from plainwork.connectors.declared import connectable
from plainwork.db import Connection as Transaction
from plainwork.db import Database, agents, sessions, workspaces
from plainwork.db import connections as rows
from plainwork.db.audit import Actor
from plainwork.errors import Forbidden, Invalid, NotFound, PlainworkError, Rejected, SignInNeeded, Unavailable
from plainwork.settings import Settings

routes = Routes("connections")
pages = Routes()

SERVICES = "services"
"""The one name below ``/connections`` that is none of a connection."""
CHANNEL = "plainwork-connections"
_TELL = f"""new BroadcastChannel("{CHANNEL}").postMessage("done"); window.close();"""
_log = log.get("connections")

Scope = Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[\x21\x23-\x5B\x5D-\x7E]+$")]


class NewConnection(Body):
    """What is to be connected: ``name`` is what steps call the account. ``scopes``: in place of those that the connector asks
    for; ``app``: the secret that holds the app's client_id and client_secret (null: the operator's app); ``agents``: who
    alone may use it (null: all). A connection of this name and connector is connected anew."""

    connector: str = Field(max_length=200)
    name: str = Field(min_length=1, max_length=100, pattern=r"^\S(.*\S)?$")
    scopes: list[Scope] = Field(default_factory=list, max_length=100)
    app: str | None = Field(default=None, max_length=100)
    about: str = Field(default="", max_length=2000)
    agents: list[UUID] | None = Field(default=None, max_length=1000)


class Connection(Shape):
    """One connected account. ``status``: ``expired`` when nothing works until somebody connects it anew, because of
    ``trouble``; ``expires_at``: of the token used now, which is renewed before; ``whose``: the account's name, where the
    provider has told it; ``hosts``: the only ones that the token is sent to."""

    PASSING: ClassVar = frozenset({"refreshed_at", "expires_at"})

    name: str
    connector: str
    app: str | None
    status: Literal["connected", "expired"]
    scopes: list[str]
    whose: str | None
    about: str
    hosts: list[str] | None
    agents: list[UUID] | None
    connected_by: UUID | None
    connected_at: datetime
    refreshed_at: datetime | None
    expires_at: datetime | None
    expired_at: datetime | None
    trouble: str | None


class ConnectionPage(Shape):
    """Connections by name. ``next``: what to send as ``after`` for the next page; null: the last."""

    connections: list[Connection]
    next: str | None


class Connecting(Shape):
    """What is to be done: open ``authorize_url`` in the browser, before ``expires_at``; or nothing, where an app that speaks
    for itself is connected already."""

    authorize_url: str | None
    expires_at: datetime | None
    connection: Connection | None


class ConnectionService(Shape):
    """A connector whose accounts can be connected. ``grant``: ``authorization_code`` takes a person who agrees;
    ``has_app``: the operator has registered an app, so none is needed; ``redirect_uri``: what to register one for."""

    connector: str
    title: str
    grant: Literal["authorization_code", "client_credentials"]
    scopes: list[str]
    about: str
    has_app: bool
    redirect_uri: str


class ConnectionServices(Shape):
    """The connectors whose accounts can be connected, by id."""

    services: list[ConnectionService]


class Disconnected(Shape):
    """A connection is gone. ``revoked``: its provider was told, and took it in."""

    revoked: bool


@routes.add("GET", "/connections", Permission.SECRETS_READ)
async def list_connections(
    tenant: Tenant, after: Annotated[str, Query(max_length=100)] = "", limit: Limit = 50
) -> ConnectionPage:
    """The workspace's connected accounts and how they stand; no tokens."""
    found = await rows.page(tenant, after=after, limit=limit + 1)
    following = found[limit - 1].name if len(found) > limit else None
    return ConnectionPage(connections=[_shown(one) for one in found[:limit]], next=following)


@routes.add("GET", f"/connections/{SERVICES}", Permission.SECRETS_READ)
async def list_connection_services(request: Request, caller: CallerArg) -> ConnectionServices:
    """What can be connected, and what an app for it has to be registered with."""
    settings: Settings = request.app.state.settings
    return ConnectionServices(
        services=[
            ConnectionService(
                connector=key,
                title=connector.title,
                grant=oauth.grant,
                scopes=list(oauth.scopes),
                about=oauth.about,
                has_app=key in settings.oauth_apps,
                redirect_uri=f"{settings.address}{CALLBACK}",
            )
            for key, connector in sorted(connectable().items())
            if (oauth := connector.auth.connect) is not None
        ]
    )


@routes.add("GET", "/connections/{name}", Permission.SECRETS_READ)
async def get_connection(tenant: Tenant, name: str) -> Connection:
    """One of them."""
    found = await rows.get(tenant, name)
    if found is None:
        raise NotFound(f"There is no connection {name!r}.", next_step="GET /api/v1/connections lists them.")
    return _shown(found)


@routes.add("POST", "/connections", Permission.SECRETS_WRITE, status_code=201, errors=(404, 409, 502))
async def connect(request: Request, caller: CallerArg, body: NewConnection) -> Connecting:
    """Sets out to connect an account, anew too: the answer says where the person agrees. An app that speaks for itself (grant
    ``client_credentials``) is connected at once. 403 for an API key where somebody has to agree, or when the provider
    refuses the app."""
    if body.name == SERVICES:
        raise Invalid(f"A connection cannot be called {SERVICES!r}.", next_step="Choose another name.")
    if body.agents:
        async with request.app.state.database.workspace(caller.workspace_id) as connection:
            if unknown := await agents.unknown(connection, body.agents):
                raise NotFound(f"There is no agent {unknown[0]}.", next_step="Name agents of this workspace.")
    connector = connectable().get(body.connector)
    oauth = connector.auth.connect if connector else None
    if oauth is None:
        raise NotFound(
            f"No connector {body.connector!r} can be connected.", next_step="GET /connections/services lists those."
        )
    accounts = _accounts(request)
    if oauth.grant == "client_credentials":
        made = await accounts.connect_app(caller.workspace_id, _start(body, None), caller.actor)
        return Connecting(authorize_url=None, expires_at=None, connection=_shown(made))
    signed_in: SignedIn | None = getattr(request.state, "signed_in", None)
    if signed_in is None:
        raise Forbidden("An API key cannot agree to anything.", next_step="Connect the account in the web app.")
    begun = await accounts.begin(caller.workspace_id, _start(body, signed_in), signed_in.token)
    return Connecting(authorize_url=begun.authorize_url, expires_at=begun.expires_at, connection=None)


@routes.add("DELETE", "/connections/{name}", Permission.SECRETS_WRITE, errors=(404,))
async def disconnect(request: Request, caller: CallerArg, name: str, if_match: IfMatch = None) -> Disconnected:
    """Removes a connection with its tokens, and tells its provider that they are not used any more, where it takes that."""
    guard = partial(_check_unchanged, if_match, name)
    is_revoked = await _accounts(request).disconnect(caller.workspace_id, name, caller.actor, guard)
    return Disconnected(revoked=is_revoked)


async def _check_unchanged(if_match: str | None, name: str, tenant: Transaction) -> None:
    await require_unchanged(if_match, partial(rows.lock, tenant, name), partial(get_connection, tenant, name))


# ── Back from the provider ───────────────────────────────────────────────────────────────────────────────────────────
@pages.add("GET", CALLBACK, Permission.PUBLIC, include_in_schema=False, stream=True)
async def come_back(
    request: Request,
    state: Annotated[str, Query(max_length=500)] = "",
    code: Annotated[str, Query(max_length=5000)] = "",
    error: Annotated[str, Query(max_length=500)] = "",
) -> Response:
    """Where the provider sends the browser back to: connects the account, and says what came of it."""
    try:
        signed_in = await _signed_in(request)
        await _check_role(request, signed_in, workspace_of(state))
        accounts = _accounts(request)
        if error or not code:
            start = await accounts.called_off(state, signed_in.session.id)
            title = connectable()[start.connector].title
            return notice("Not connected", f"Nobody has agreed at {title}. You can close this window.", script=_TELL)
        made = await accounts.finish(state, code, signed_in.session.id, signed_in.token, signed_in.actor)
    except (Rejected, Unavailable, PlainworkError) as why:
        _log.warning("an account was not connected", error=str(why), address=address_of(request))
        text = f"{why.message} {why.next_step or ''} You can close this window."
        return notice("Not connected", text, why.status, script=_TELL)
    title, whose = connectable()[made.connector].title, f" ({made.whose})" if made.whose else ""
    text = f"Steps can use it as “{made.name}”{whose}. You can close this window."
    return notice(f"{title} is connected", text, script=_TELL)


async def _signed_in(request: Request) -> SignedIn:
    token = token_of(request)
    session = await sessions.find(request.app.state.database, token) if token else None
    if token is None or session is None:
        raise SignInNeeded("You are not signed in any more.", next_step="Sign in, and begin again under Connections.")
    return SignedIn(session, token, Actor("user", str(session.user.id), address_of(request)))


async def _check_role(request: Request, signed_in: SignedIn, workspace_id: UUID) -> None:
    """Whoever set out may do it still."""
    database: Database = request.app.state.database
    async with database.workspace(workspace_id, signed_in.user.id) as connection:
        role = await workspaces.role_of(connection, signed_in.user.id)
    if Permission.SECRETS_WRITE not in ROLES.get(role or "", set()):
        raise Forbidden("You may not connect accounts in that workspace.", next_step="Ask one of its owners.")


def _accounts(request: Request) -> Connections:
    """The process's connections."""
    state = request.app.state
    if not hasattr(state, "connections"):
        if state.outside.net is None:
            raise Unavailable("There is no network here.", next_step="Try again later.")
        settings: Settings = state.settings
        redirect_uri = f"{settings.address}{CALLBACK}"
        state.connections = Connections(
            state.database, state.vault, state.outside.net, settings.oauth_apps, redirect_uri
        )
    made: Connections = state.connections
    return made


def _start(body: NewConnection, signed_in: SignedIn | None) -> Start:
    return Start(
        session_id=signed_in.session.id if signed_in else None,
        user_id=signed_in.user.id if signed_in else None,
        name=body.name,
        connector=body.connector,
        app=body.app,
        scopes=tuple(body.scopes),
        about=body.about,
        agents=None if body.agents is None else tuple(body.agents),
    )


def _shown(one: rows.Connection) -> Connection:
    return Connection.model_validate({**asdict(one), "status": "expired" if one.expired_at else "connected"})
