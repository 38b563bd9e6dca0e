"""A new password for somebody who has lost theirs: by a link in a mail, or one that an owner hands over."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from fastapi import BackgroundTasks, Request
from pydantic import Field

from plainwork import log
from plainwork.api.auth import CallerArg, Permission, address_of
from plainwork.api.links import public_address
from plainwork.api.routing import Routes
from plainwork.api.session import Password, record
from plainwork.api.shapes import Body, Shape
from plainwork.db import Database, audit, members, passwords, throttle, users, workspaces
from plainwork.db.throttle import Limit
from plainwork.errors import CallFailed, Forbidden, Unavailable
from plainwork.people.mail import Post, post_of, reset_link

routes = Routes("password-resets")

MAILS_PER_EMAIL = 3
MAILS_PER_ADDRESS = 20
_logger = log.get("people")


class LostPassword(Body):
    """Whose password is lost."""

    email: str = Field(max_length=254)


class Asked(Shape):
    """A mail is on its way, if there is an account with this e-mail."""

    mailed_if_known: bool


class Reset(Body):
    """The token of a link, and the new password."""

    token: str = Field(min_length=1, max_length=200)
    password: Password


class ResetLink(Shape):
    """A link that sets a member's password once. Hand it to them and to nobody else; it is shown here and never again."""

    link: str
    expires_at: datetime


@routes.add("POST", "/password-resets", Permission.PUBLIC, status_code=202, errors=(429,))
async def ask_reset(request: Request, later: BackgroundTasks, body: LostPassword) -> Asked:
    """Sends a link that sets a new password. The answer is the same, and takes as long, whether there is such an account or
    not. 503 where no mail server is set up: ask an owner, or whoever runs the machine."""
    state = request.app.state
    post = post_of(state.settings)
    if post is None:
        raise Unavailable(
            "This installation sends no mails.",
            next_step="Ask an owner of your workspace for a link, or run plainwork reset-password on the machine.",
        )
    email = body.email.strip().lower()
    limits = [Limit(f"reset-email:{email}", MAILS_PER_EMAIL)]
    if address := address_of(request):
        limits.insert(0, Limit(f"reset-address:{throttle.network_of(address)}", MAILS_PER_ADDRESS))
    await throttle.count(state.database, limits, "requests for a new password")
    later.add_task(_send, state.database, post, email)
    return Asked(mailed_if_known=True)


async def _send(database: Database, post: Post, email: str) -> None:
    """After the answer: looks whether there is such an account, and mails it a link."""
    try:
        user = await users.of_email(database, email)
        if user is not None:
            await post.reset(user.email, await passwords.new_reset(database, user.id, by_mail=True))
    except (CallFailed, Unavailable) as why:
        _logger.warning("a link for a new password was not mailed", error=str(why))


@routes.add("POST", "/password-resets/complete", Permission.PUBLIC, status_code=204, errors=(404,))
async def complete_reset(request: Request, body: Reset) -> None:
    """Sets the new password by a link's token and ends all sessions; then sign in. 404 when the link is over, 422 when the
    password is too easy to guess."""
    database: Database = request.app.state.database
    user_id = await passwords.reset(database, body.token, body.password)
    actor = audit.Actor("user", str(user_id), address_of(request))
    await record(database, actor, user_id, "user.password_reset", ("user", user_id))


@routes.add("POST", "/members/{user_id}/password-reset", Permission.WORKSPACE_OWN, status_code=201)
async def make_reset_link(request: Request, caller: CallerArg, user_id: UUID) -> ResetLink:
    """Makes a link that sets a member's password, for installations without mail. 403 when the member also belongs to a
    workspace that the caller does not own: the link opens all of them."""
    database: Database = request.app.state.database
    async with database.workspace(caller.workspace_id) as connection:
        member = await members.get(connection, user_id)
    theirs = await workspaces.of_person(database, member.id)
    owned = await workspaces.of_person(database, caller.user_id) if caller.user_id else []
    if {one.id for one, _ in theirs} - {one.id for one, role in owned if role == "owner"}:
        raise Forbidden(
            f"{member.name} also belongs to workspaces that you do not own.",
            next_step="Let them ask for a mail, or run plainwork reset-password on the machine.",
        )
    token = await passwords.new_reset(database, member.id, by_mail=False)
    await record(database, caller.actor, member.id, "user.reset_link_made", ("user", member.id))
    return ResetLink(
        link=reset_link(public_address(request), token), expires_at=datetime.now(UTC) + passwords.RESET_LIFE
    )
