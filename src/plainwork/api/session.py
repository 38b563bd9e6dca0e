"""Signing in and out. The session is a cookie that scripts cannot read; its CSRF token is given to our own pages."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel, Field

from plainwork.api.auth import COOKIE, SECURE_COOKIE, CallerArg, Permission, Routes, address_of, session_token
from plainwork.db import users, workspaces
from plainwork.errors import SignInNeeded

routes = Routes(tags=["session"])


class Credentials(BaseModel):
    """E-mail and password."""

    email: str = Field(max_length=254)
    password: str = Field(max_length=1000)


@routes.add("POST", "/session", Permission.PUBLIC, status_code=201)
async def sign_in(request: Request, response: Response, body: Credentials) -> dict[str, Any]:
    """Signs in: sets the cookie, gives the user, the workspaces and the CSRF token. 401 when wrong, 429 when too often."""
    return await signed_in(request, response, body.email, body.password)


async def signed_in(request: Request, response: Response, email: str, password: str) -> dict[str, Any]:
    """Begins a session and sets its cookie; ``__Host-`` (RFC 6265bis §4.1.3.2) wherever the connection is secure."""
    database = request.app.state.database
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
    return await _shown(request, session, token)


async def _shown(request: Request, session: users.Session, token: str) -> dict[str, Any]:
    theirs = await workspaces.of_person(request.app.state.database, session.user.id)
    return {
        "user": {"id": session.user.id, "email": session.user.email, "name": session.user.name},
        "workspaces": [{"id": w.id, "slug": w.slug, "name": w.name, "role": role} for w, role in theirs],
        "csrf_token": users.csrf_token(token),
        "expires_at": session.expires_at,
    }


@routes.add("GET", "/session", Permission.PUBLIC)
async def current_session(request: Request) -> dict[str, Any]:
    """Who is signed in, with the CSRF token. 401 when nobody is."""
    token = session_token(request)
    session = await users.session(request.app.state.database, token) if token else None
    if token is None or session is None:
        raise SignInNeeded("Nobody is signed in.", next_step="POST /api/v1/session with e-mail and password.")
    return await _shown(request, session, token)


@routes.add("DELETE", "/session", Permission.ACCOUNT, status_code=204)
async def sign_out(request: Request, response: Response, caller: CallerArg) -> None:
    """Ends this session."""
    if caller.session_id and caller.user_id:
        await users.sign_out(request.app.state.database, caller.user_id, caller.session_id)
    response.delete_cookie(COOKIE, path="/")
    response.delete_cookie(SECURE_COOKIE, path="/", secure=True)
