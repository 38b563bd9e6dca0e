"""One's own account: sessions, password, second factor. Whatever changes how one signs in gives the session a new token."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from fastapi import Request, Response

from plainwork.api.auth import Permission, SignedIn, SignedInArg
from plainwork.api.routing import Routes
from plainwork.api.session import Code, Password, Session, carry, record, shown
from plainwork.api.shapes import Body, Limit, Shape
from plainwork.db import Database, passwords, sessions
from plainwork.errors import NotFound, SignInNeeded
from plainwork.people.devices import device_of
from plainwork.people.second_factor import SecondFactor

routes = Routes("account")


class OpenSession(Shape):
    """One of the person's sessions. ``device``: ``Firefox on Linux``; ``address``: where it signed in from; ``last_seen_at``
    is right to five minutes; ``is_current``: the one that asks."""

    id: UUID
    device: str
    address: str | None
    user_agent: str | None
    signed_in_by: Literal["password", "sso"]
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    is_current: bool


class OpenSessionPage(Shape):
    """The person's sessions, the newest first. ``next``: what to send as ``before`` for the next page; null: the last."""

    sessions: list[OpenSession]
    next: UUID | None


class EndedSessions(Shape):
    """How many sessions were ended."""

    ended: int


class NewPassword(Body):
    """The password as it is, and as it is to be."""

    old_password: Password
    password: Password


class PasswordAgain(Body):
    """The password once more, for what a borrowed session must not do."""

    password: Password


class EnrolmentCode(Body):
    """A code of the authenticator that is being added."""

    code: Code


class SecondFactorStanding(Shape):
    """Whether signing in takes a code (``enabled_at`` null: no), and how many recovery codes are left."""

    enabled_at: datetime | None
    recovery_codes_left: int


class SecondFactorBegun(Shape):
    """A new authenticator: ``uri`` for a QR code, ``secret`` to type in. It counts once a code of it is confirmed."""

    secret: str
    uri: str


class SecondFactorAdded(Shape):
    """The recovery codes, which are shown here and never again, and the session with its new CSRF token."""

    recovery_codes: list[str]
    session: Session


class RecoveryCodes(Shape):
    """New recovery codes, which are shown here and never again. Those before are worth nothing any more."""

    recovery_codes: list[str]


# ── Sessions ─────────────────────────────────────────────────────────────────────────────────────────────────────────
@routes.add("GET", "/account/sessions", Permission.ACCOUNT)
async def list_sessions(
    request: Request, signed_in: SignedInArg, before: UUID | None = None, limit: Limit = 50
) -> OpenSessionPage:
    """Where one is signed in."""
    found = await sessions.page(request.app.state.database, signed_in.user, before=before, limit=limit + 1)
    page = [
        OpenSession(
            id=one.id,
            device=device_of(one.user_agent),
            address=one.address,
            user_agent=one.user_agent,
            signed_in_by=one.signed_in_by,
            created_at=one.created_at,
            last_seen_at=one.last_seen_at,
            expires_at=one.expires_at,
            is_current=one.id == signed_in.session.id,
        )
        for one in found[:limit]
    ]
    return OpenSessionPage(sessions=page, next=page[-1].id if len(found) > limit else None)


@routes.add("DELETE", "/account/sessions/{session_id}", Permission.ACCOUNT, status_code=204)
async def end_session(request: Request, signed_in: SignedInArg, session_id: UUID) -> None:
    """Ends one of one's sessions at once."""
    if not await sessions.end(request.app.state.database, signed_in.user.id, session_id):
        raise NotFound("You have no such session.", next_step="GET /api/v1/account/sessions lists them.")
    await _note(request, signed_in, "session.ended", ("session", session_id))


@routes.add("DELETE", "/account/sessions", Permission.ACCOUNT)
async def end_other_sessions(request: Request, signed_in: SignedInArg) -> EndedSessions:
    """Ends all of one's sessions but this one."""
    ended = await sessions.end_others(request.app.state.database, signed_in.user.id, signed_in.session.id)
    if ended:
        await _note(request, signed_in, "session.others_ended")
    return EndedSessions(ended=ended)


# ── Password ─────────────────────────────────────────────────────────────────────────────────────────────────────────
@routes.add("PUT", "/account/password", Permission.ACCOUNT, errors=(429,))
async def change_password(request: Request, response: Response, signed_in: SignedInArg, body: NewPassword) -> Session:
    """Changes the password and ends all other sessions. 422 when the old one is wrong or the new one is too easy to
    guess."""
    database: Database = request.app.state.database
    session = signed_in.session
    await passwords.check_own(database, session.user.id, body.old_password)
    hashed = await passwords.hash_of(body.password)
    async with database.person(session.user.id) as connection:
        await passwords.change(connection, session.user.id, hashed, keep_session=session.id)
        token = await sessions.rotate(connection, session.user.id, session.id)
    await _note(request, signed_in, "user.password_changed")
    return await _carried_on(request, response, token)


# ── Second factor ────────────────────────────────────────────────────────────────────────────────────────────────────
@routes.add("GET", "/account/second-factor", Permission.ACCOUNT)
async def second_factor(request: Request, signed_in: SignedInArg) -> SecondFactorStanding:
    """Whether one has a second factor."""
    return SecondFactorStanding.model_validate(await _of(request).standing(signed_in.user))


@routes.add("POST", "/account/second-factor", Permission.ACCOUNT, status_code=201, errors=(409,))
async def begin_second_factor(request: Request, signed_in: SignedInArg) -> SecondFactorBegun:
    """Begins to add an authenticator app (TOTP). Nothing changes until a code of it is confirmed."""
    return SecondFactorBegun.model_validate(await _of(request).begin(signed_in.user))


@routes.add("POST", "/account/second-factor/confirm", Permission.ACCOUNT, errors=(409,))
async def confirm_second_factor(
    request: Request, response: Response, signed_in: SignedInArg, body: EnrolmentCode
) -> SecondFactorAdded:
    """Adds the authenticator: from now on signing in takes a code. 422 when the code is wrong."""
    codes, token = await _of(request).confirm(signed_in.session, body.code)
    await _note(request, signed_in, "user.second_factor_added")
    return SecondFactorAdded(recovery_codes=codes, session=await _carried_on(request, response, token))


@routes.add("POST", "/account/second-factor/recovery-codes", Permission.ACCOUNT, errors=(409, 429))
async def renew_recovery_codes(request: Request, signed_in: SignedInArg, body: PasswordAgain) -> RecoveryCodes:
    """Makes new recovery codes in place of the old ones. 422 when the password is wrong."""
    await passwords.check_own(request.app.state.database, signed_in.user.id, body.password)
    codes = await _of(request).renew_codes(signed_in.user)
    await _note(request, signed_in, "user.recovery_codes_renewed")
    return RecoveryCodes(recovery_codes=codes)


@routes.add("POST", "/account/second-factor/remove", Permission.ACCOUNT, errors=(409, 429))
async def remove_second_factor(
    request: Request, response: Response, signed_in: SignedInArg, body: PasswordAgain
) -> Session:
    """Removes the second factor with its recovery codes. 422 when the password is wrong."""
    await passwords.check_own(request.app.state.database, signed_in.user.id, body.password)
    token = await _of(request).remove(signed_in.session)
    await _note(request, signed_in, "user.second_factor_removed")
    return await _carried_on(request, response, token)


def _of(request: Request) -> SecondFactor:
    return SecondFactor(request.app.state.database, request.app.state.vault.master)


async def _note(
    request: Request, signed_in: SignedIn, action: str, target: tuple[str, str | UUID] | None = None
) -> None:
    user_id = signed_in.user.id
    await record(request.app.state.database, signed_in.actor, user_id, action, target or ("user", user_id))


async def _carried_on(request: Request, response: Response, token: str) -> Session:
    """The same session under its new token."""
    database: Database = request.app.state.database
    carry(request, response, token)
    session = await sessions.find(database, token)
    if session is None:
        raise SignInNeeded("This session was ended meanwhile.", next_step="Sign in again.")
    return await shown(database, session, token)
