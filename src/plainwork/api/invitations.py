"""Inviting people into the workspace, and accepting an invitation as somebody new or as who is signed in."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import Request, Response
from pydantic import Field

from plainwork import log
from plainwork.api.auth import CallerArg, Permission, SignedInArg, Tenant, address_of
from plainwork.api.links import public_address
from plainwork.api.members import check_owners
from plainwork.api.routing import Routes
from plainwork.api.session import Password, Session, browser_of, carry, enter, shown
from plainwork.api.shapes import Body, Limit, Shape
from plainwork.db import Database, audit, invitations, passwords, sessions, throttle, users, workspaces
from plainwork.db.audit import Actor
from plainwork.db.ids import new_id
from plainwork.db.workspaces import Role
from plainwork.errors import CallFailed
from plainwork.people.mail import invitation_link, post_of

routes = Routes("invitations")

INVITATIONS_PER_WINDOW = 100
_logger = log.get("people")


class NewInvitation(Body):
    """Whom to invite, and the role they will have."""

    email: str = Field(max_length=254)
    role: Role


class Invitation(Shape):
    """An invitation that nobody has accepted yet."""

    id: UUID
    email: str
    role: Role
    invited_by: UUID | None
    created_at: datetime
    expires_at: datetime


class InvitationMade(Invitation):
    """A new invitation. ``link`` is shown here and never again; ``mailed``: it was also sent to the address."""

    link: str
    mailed: bool


class InvitationPage(Shape):
    """Open invitations, newest first. ``next``: what to send as ``before`` for the next page; null: the last."""

    invitations: list[Invitation]
    next: UUID | None


class InvitationToken(Body):
    """The token of an invitation's link."""

    token: str = Field(min_length=1, max_length=200)


class InvitationShown(Shape):
    """What an invitation is for, to whoever holds its link."""

    workspace: str
    email: str
    role: Role
    expires_at: datetime


class Newcomer(InvitationToken):
    """Somebody new, who accepts an invitation: their account has the e-mail that was invited."""

    name: str = Field(min_length=1, max_length=200)
    password: Password


@routes.add("GET", "/invitations", Permission.MEMBERS_MANAGE)
async def list_invitations(tenant: Tenant, before: UUID | None = None, limit: Limit = 50) -> InvitationPage:
    """The invitations that are open."""
    found = await invitations.page(tenant, before=before, limit=limit + 1)
    page = [Invitation.model_validate(one) for one in found[:limit]]
    return InvitationPage(invitations=page, next=page[-1].id if len(found) > limit else None)


@routes.add("POST", "/invitations", Permission.MEMBERS_MANAGE, status_code=201, errors=(409, 429))
async def invite(request: Request, caller: CallerArg, body: NewInvitation) -> InvitationMade:
    """Invites somebody for seven days, by mail where there is a mail server; the link is in this answer and never again. An
    earlier invitation of the same address ends. 403 where somebody who is no owner invites one, 409 for a member."""
    check_owners(caller, body.role)
    state = request.app.state
    database: Database = state.database
    limit = throttle.Limit(f"invitations:{caller.workspace_id}", INVITATIONS_PER_WINDOW)
    await throttle.count(database, [limit], "invitations at a time")
    async with database.workspace(caller.workspace_id) as connection:
        made, token = await invitations.create(connection, body.email, body.role, invited_by=caller.user_id)
        detail = {"email": made.email, "role": made.role}
        await audit.append(connection, caller.actor, "member.invited", ("invitation", made.id), detail)
        workspace = await workspaces.get(connection)
    return InvitationMade(
        **Invitation.model_validate(made).model_dump(),
        link=invitation_link(public_address(request), token),
        mailed=await _mailed(request, made.email, token, workspace.name, caller.user_id),
    )


async def _mailed(request: Request, email: str, token: str, workspace: str, inviter: UUID | None) -> bool:
    state = request.app.state
    post = post_of(state.settings)
    if post is None:
        return False
    name = (await users.get(state.database, inviter)).name if inviter else workspace
    try:
        await post.invitation(email, token, workspace, name)
    except CallFailed as why:
        _logger.warning("an invitation was not mailed", error=str(why))
        return False
    return True


@routes.add("DELETE", "/invitations/{invitation_id}", Permission.MEMBERS_MANAGE, status_code=204)
async def revoke_invitation(tenant: Tenant, caller: CallerArg, invitation_id: UUID) -> None:
    """Ends an invitation before somebody accepts it."""
    gone = await invitations.revoke(tenant, invitation_id)
    target = ("invitation", gone.id)
    await audit.append(tenant, caller.actor, "member.invitation_revoked", target, {"email": gone.email})


@routes.add("POST", "/invitations/look", Permission.PUBLIC, errors=(404,))
async def look_at_invitation(request: Request, body: InvitationToken) -> InvitationShown:
    """What an invitation is for. 404 when it is over."""
    found, workspace = await invitations.find(request.app.state.database, body.token)
    return InvitationShown(workspace=workspace, email=found.email, role=found.role, expires_at=found.expires_at)


@routes.add("POST", "/invitations/accept", Permission.PUBLIC, status_code=201, errors=(404, 409))
async def accept_invitation(request: Request, response: Response, body: Newcomer) -> Session:
    """Accepts an invitation as somebody new, who is then signed in. 409 when there is an account with this e-mail: sign in
    and join with it instead."""
    database: Database = request.app.state.database
    invitation, _ = await invitations.find(database, body.token)
    hashed = await passwords.hash_of(body.password)
    user_id, browser = new_id(), browser_of(request)
    async with database.workspace(invitation.workspace_id, user_id) as connection:
        await users.insert(connection, user_id, invitation.email, body.name, hashed)
        await invitations.accept(connection, invitation, user_id, invitation.email)
        session, token = await sessions.begin(
            connection, user_id, address=browser.address, user_agent=browser.user_agent
        )
        actor = Actor("user", str(user_id), address_of(request))
        await _joined(connection, actor, user_id, invitation)
    return await enter(request, response, session, token)


@routes.add("POST", "/invitations/join", Permission.ACCOUNT, errors=(404, 409))
async def join_workspace(
    request: Request, response: Response, signed_in: SignedInArg, body: InvitationToken
) -> Session:
    """Accepts an invitation as who is signed in; it has to be for their e-mail, else 403."""
    database: Database = request.app.state.database
    invitation, _ = await invitations.find(database, body.token)
    user = signed_in.user
    async with database.workspace(invitation.workspace_id, user.id) as connection:
        await invitations.accept(connection, invitation, user.id, user.email)
        await _joined(connection, signed_in.actor, user.id, invitation)
        token = await sessions.rotate(connection, user.id, signed_in.session.id)
    carry(request, response, token)
    return await shown(database, signed_in.session, token)


async def _joined(connection: Tenant, actor: Actor, user_id: UUID, invitation: invitations.Invitation) -> None:
    detail = {"email": invitation.email, "role": invitation.role, "invited_by": str(invitation.invited_by or "")}
    await audit.append(connection, actor, "member.joined", ("user", user_id), detail)
