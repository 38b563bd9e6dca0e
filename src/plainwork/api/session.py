"""Signing in and out. The session is a cookie that scripts cannot read; its CSRF token is given to our own pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Request, Response
from pydantic import Field

from plainwork.api.auth import COOKIE, SECURE_COOKIE, Permission, SignedInArg, address_of, is_secure, token_of
from plainwork.api.routing import Routes
from plainwork.api.shapes import Body, Shape
from plainwork.db import Database, audit, sessions, users, workspaces
from plainwork.db.audit import Actor
from plainwork.people import signing_in
from plainwork.people.mail import post_of
from plainwork.people.signing_in import Browser

routes = Routes("session")

Password = Annotated[str, Field(max_length=1000, json_schema_extra={"format": "password"})]
Code = Annotated[str, Field(max_length=50)]


class Credentials(Body):
    """E-mail and password; and where the person has a second factor, the code it shows now, or a recovery code."""

    email: str = Field(max_length=254)
    password: Password
    code: Code | None = None


class User(Shape):
    """A person with a login. ``second_factor_at``: since when signing in with a password takes a code; null: it does not."""

    id: UUID
    email: str
    name: str
    second_factor_at: datetime | None


class Membership(Shape):
    """A workspace that the person belongs to, and their role in it. ``enrolment_needed``: it asks for a second factor,
    and they have none: until then it answers them with ``EnrolmentNeeded``."""

    id: UUID
    slug: str
    name: str
    role: str
    enrolment_needed: bool


class Session(Shape):
    """Who is signed in. Requests that change something send ``csrf_token`` in the header ``X-CSRF-Token``."""

    id: UUID
    user: User
    workspaces: list[Membership]
    csrf_token: str
    signed_in_by: Literal["password", "sso"]
    expires_at: datetime


class Visitor(Shape):
    """Who asks, and how they can sign in. ``is_set_up``: the first owner has been made; ``session`` null: nobody is signed
    in; ``single_sign_on``: there is a provider, at ``GET /api/v1/session/sso``; ``mails``: a new password can be had by
    mail."""

    is_set_up: bool
    session: Session | None
    single_sign_on: bool
    mails: bool


@routes.add("POST", "/session", Permission.PUBLIC, status_code=201, errors=(401, 429))
async def sign_in(request: Request, response: Response, body: Credentials) -> Session:
    """Signs in: sets the cookie, gives the user, the workspaces and the CSRF token. 401 when wrong (``CodeNeeded``: send
    it again with a code of the second factor), 429 when too often."""
    state = request.app.state
    session, token = await signing_in.with_password(
        state.database, state.vault.master, body.email, body.password, body.code, browser=browser_of(request)
    )
    return await enter(request, response, session, token)


def browser_of(request: Request) -> Browser:
    """Where a sign-in comes from."""
    return Browser(address_of(request), request.headers.get("user-agent"))


async def enter(request: Request, response: Response, session: sessions.Session, token: str) -> Session:
    """Hands a new session to the browser, in place of the one that it had; what is shown of it."""
    database: Database = request.app.state.database
    before = token_of(request)
    if before and (old := await sessions.find(database, before)):
        await sessions.end(database, old.user.id, old.id)
    actor = Actor("user", str(session.user.id), address_of(request))
    detail = {} if session.signed_in_by == "password" else {"by": session.signed_in_by}
    await record(database, actor, session.user.id, "session.started", ("session", session.id), detail)
    carry(request, response, token)
    return await shown(database, session, token)


def carry(request: Request, response: Response, token: str) -> None:
    """Sets the session's cookie; ``__Host-`` (RFC 6265bis §4.1.3.2) wherever the connection is secure."""
    secure = is_secure(request)
    response.set_cookie(
        SECURE_COOKIE if secure else COOKIE,
        token,
        max_age=int(sessions.LIFE.total_seconds()),
        httponly=True,
        secure=secure,
        samesite="lax",
        path="/",
    )


async def record(
    database: Database,
    actor: Actor,
    user_id: UUID,
    action: str,
    target: tuple[str, str | UUID],
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Writes what happened to a person's account into the audit log of each workspace that they can act in."""
    for workspace, _ in await workspaces.of_person(database, user_id):
        async with database.workspace(workspace.id) as connection:
            await audit.append(connection, actor, action, target, detail)


async def shown(database: Database, session: sessions.Session, token: str) -> Session:
    """What is shown of a session to whom it belongs."""
    return Session(
        id=session.id,
        user=User.model_validate(session.user),
        workspaces=await memberships(database, session),
        csrf_token=sessions.csrf_token(token),
        signed_in_by=session.signed_in_by,
        expires_at=session.expires_at,
    )


async def memberships(database: Database, session: sessions.Session) -> list[Membership]:
    """The workspaces of whom the session belongs to, oldest first."""
    return [
        Membership(
            id=workspace.id,
            slug=workspace.slug,
            name=workspace.name,
            role=role,
            enrolment_needed=workspace.requires_second_factor and not session.is_strong,
        )
        for workspace, role in await workspaces.of_person(database, session.user.id)
    ]


@routes.add("GET", "/visitor", Permission.PUBLIC)
async def visitor(request: Request) -> Visitor:
    """What a page asks first: whether there is an owner yet, who is signed in, and how one can. It is no error when nobody
    is."""
    database: Database = request.app.state.database
    settings = request.app.state.settings
    ways = {"single_sign_on": settings.single_sign_on is not None, "mails": post_of(settings) is not None}
    token = token_of(request)
    session = await sessions.find(database, token) if token else None
    if token is None or session is None:
        return Visitor(is_set_up=await users.is_set_up(database), session=None, **ways)
    return Visitor(is_set_up=True, session=await shown(database, session, token), **ways)


@routes.add("GET", "/session", Permission.ACCOUNT)
async def current_session(request: Request, signed_in: SignedInArg) -> Session:
    """Who is signed in, with the CSRF token. 401 when nobody is."""
    return await shown(request.app.state.database, signed_in.session, signed_in.token)


@routes.add("DELETE", "/session", Permission.ACCOUNT, status_code=204)
async def sign_out(request: Request, response: Response, signed_in: SignedInArg) -> None:
    """Ends this session at once, wherever its cookie still is."""
    database: Database = request.app.state.database
    session = signed_in.session
    await record(database, signed_in.actor, session.user.id, "session.ended", ("session", session.id))
    await sessions.end(database, session.user.id, session.id)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")
    response.delete_cookie(SECURE_COOKIE, path="/", secure=True, httponly=True, samesite="lax")
