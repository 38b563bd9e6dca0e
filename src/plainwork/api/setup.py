"""The first set-up: the one-time token makes the first owner and workspace."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel, Field

from plainwork.api.auth import Permission, Routes, address_of
from plainwork.api.session import signed_in
from plainwork.db import audit, users

routes = Routes(tags=["setup"])


class FirstOwner(BaseModel):
    """The first owner, and the token that was printed at the start."""

    token: str = Field(min_length=1, max_length=200)
    email: str = Field(max_length=254)
    password: str = Field(max_length=1000)
    name: str = Field(default="", max_length=200)
    workspace: str = Field(default="Main", min_length=1, max_length=200)


@routes.add("GET", "/setup", Permission.PUBLIC)
async def setup_needed(request: Request) -> dict[str, bool]:
    """Whether the first owner is still to be made."""
    return {"needed": not await users.is_set_up(request.app.state.database)}


@routes.add("POST", "/setup", Permission.PUBLIC, status_code=201)
async def set_up(request: Request, response: Response, body: FirstOwner) -> dict[str, Any]:
    """Makes the first owner, signs them in, and uses up the token. 409 when that has been done, 401 for a wrong token."""
    database = request.app.state.database
    name = body.name or body.email.partition("@")[0]
    user, workspace = await users.set_up(
        database, body.token, email=body.email, name=name, password=body.password, workspace=body.workspace
    )
    async with database.workspace(workspace.id) as connection:
        actor = audit.Actor("user", str(user.id), address_of(request))
        await audit.append(
            connection, actor, "workspace.created", ("workspace", workspace.id), {"name": workspace.name}
        )
    return await signed_in(request, response, body.email, body.password)
