"""The first set-up: the one-time token makes the first owner and workspace."""

from __future__ import annotations

from fastapi import Request, Response
from pydantic import Field

from plainwork.api.auth import Permission, address_of
from plainwork.api.routing import Routes
from plainwork.api.session import Password, Session, browser_of, enter
from plainwork.api.shapes import Body, Shape
from plainwork.db import Database, audit, sessions, users
from plainwork.errors import Conflict

routes = Routes("setup")


class FirstOwner(Body):
    """The first owner, and the token that was printed at the start."""

    token: str = Field(min_length=1, max_length=200)
    email: str = Field(max_length=254)
    password: Password
    name: str = Field(default="", max_length=200)
    workspace: str = Field(default="Main", min_length=1, max_length=200)


class SetUp(Shape):
    """Whether the first owner is still to be made."""

    needed: bool


@routes.add("GET", "/setup", Permission.PUBLIC)
async def setup_needed(request: Request) -> SetUp:
    """Whether the first owner is still to be made."""
    return SetUp(needed=not await users.is_set_up(request.app.state.database))


@routes.add("POST", "/setup", Permission.PUBLIC, status_code=201, errors=(401, 409))
async def set_up(request: Request, response: Response, body: FirstOwner) -> Session:
    """Makes the first owner, signs them in, and uses up the token. 409 when that has been done, 401 for a wrong token."""
    database: Database = request.app.state.database
    if await users.is_set_up(database):  # before a password is hashed, which costs time and memory
        raise Conflict("This installation is set up already.", next_step="Sign in: POST /api/v1/session.")
    name = body.name or body.email.partition("@")[0]
    user, workspace = await users.set_up(
        database, body.token, email=body.email, name=name, password=body.password, workspace=body.workspace
    )
    actor = audit.Actor("user", str(user.id), address_of(request))
    async with database.workspace(workspace.id) as connection:
        target = ("workspace", workspace.id)
        await audit.append(connection, actor, "workspace.created", target, {"name": workspace.name})
    browser = browser_of(request)
    async with database.person(user.id) as connection:
        begun, token = await sessions.begin(connection, user.id, address=browser.address, user_agent=browser.user_agent)
    return await enter(request, response, begun, token)
