"""Signing in and out. The session is a cookie that scripts cannot read; its CSRF token is given to our own pages."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Request, Response
from pydantic import Field

from plainwork.api.auth import COOKIE, SECURE_COOKIE, Permission, SignedInArg, address_of, token_of
from plainwork.api.routing import Routes
from plainwork.api.shapes import Body, Shape
from plainwork.db import Database, audit, users, workspaces
from plainwork.db.audit import Actor

routes = Routes("session")


class Credentials(Body):
    """E-mail and password."""

    email: str = Field(max_length=254)
    password: Annotated[str, Field(max_length=1000, json_schema_extra={"format": "password"})]


class User(Shape):
    """A person with a login."""

    id: UUID
    email: str
    name: str


class Membership(Shape):
    """A workspace that the person belongs to, and their role in it."""

    id: UUID
    slug: str
    name: str
    role: str


class Session(Shape):
    """Who is signed in. Requests that change something send ``csrf_token`` in the header ``X-CSRF-Token``."""

    user: User
    workspaces: list[Membership]
    csrf_token: str
    expires_at: datetime


class Visitor(Shape):
    """Who asks. ``is_set_up``: the first owner has been made; ``session`` null: nobody is signed in."""

    is_set_up: bool
    session: Session | None


@routes.add("POST", "/session", Permission.PUBLIC, status_code=201, errors=(401, 429))
async def sign_in(request: Request, response: Response, body: Credentials) -> Session:
    """Signs in: sets the cookie, gives the user, the workspaces and the CSRF token. 401 when wrong, 429 when too often."""
    return await begin(request, response, body.email, body.password)


async def begin(request: Request, response: Response, email: str, password: str) -> Session:
    """Begins a session and sets its cookie; ``__Host-`` (RFC 6265bis §4.1.3.2) wherever the connection is secure."""
    database: Database = request.app.state.database
    agent = request.headers.get("user-agent")
    session, token = await users.sign_in(database, email, password, address=address_of(request), user_agent=agent)
    secure = request.url.scheme == "https"
    response.set_cookie(
        SECURE_COOKIE if secure else COOKIE,
        token,
        max_age=int(users.SESSION_LIFE.total_seconds()),
        httponly=True,
        secure=secure,
        samesite="lax",
        path="/",
    )
    actor = Actor("user", str(session.user.id), address_of(request))
    await _record(database, actor, session, "session.started")
    return await _shown(database, session, token)


async def _record(database: Database, actor: Actor, session: users.Session, action: str) -> None:
    """Writes it into the audit log of each workspace that the person can now, or could, act in."""
    for workspace, _ in await workspaces.of_person(database, session.user.id):
        async with database.workspace(workspace.id) as connection:
            await audit.append(connection, actor, action, ("session", session.id))


async def _shown(database: Database, session: users.Session, token: str) -> Session:
    theirs = await workspaces.of_person(database, session.user.id)
    return Session(
        user=User.model_validate(session.user),
        workspaces=[Membership(id=w.id, slug=w.slug, name=w.name, role=role) for w, role in theirs],
        csrf_token=users.csrf_token(token),
        expires_at=session.expires_at,
    )


@routes.add("GET", "/visitor", Permission.PUBLIC)
async def visitor(request: Request) -> Visitor:
    """What a page asks first: whether there is an owner yet, and who is signed in. It is no error when nobody is."""
    database: Database = request.app.state.database
    token = token_of(request)
    session = await users.session(database, token) if token else None
    if token is None or session is None:
        return Visitor(is_set_up=await users.is_set_up(database), session=None)
    return Visitor(is_set_up=True, session=await _shown(database, session, token))


@routes.add("GET", "/session", Permission.ACCOUNT)
async def current_session(request: Request, signed_in: SignedInArg) -> Session:
    """Who is signed in, with the CSRF token. 401 when nobody is."""
    return await _shown(request.app.state.database, signed_in.session, signed_in.token)


@routes.add("DELETE", "/session", Permission.ACCOUNT, status_code=204)
async def sign_out(request: Request, response: Response, signed_in: SignedInArg) -> None:
    """Ends this session at once, wherever its cookie still is."""
    database: Database = request.app.state.database
    await _record(database, signed_in.actor, signed_in.session, "session.ended")
    await users.sign_out(database, signed_in.session.user.id, signed_in.session.id)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")
    response.delete_cookie(SECURE_COOKIE, path="/", secure=True, httponly=True, samesite="lax")
