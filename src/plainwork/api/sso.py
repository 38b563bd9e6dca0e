"""Single sign-on in the browser: off to the provider, and back with a code. What we have to remember meanwhile is sealed in
a cookie, so that only the browser that began a sign-in can end it.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlencode

import msgspec
from fastapi import Query, Request
from starlette.responses import RedirectResponse

from plainwork import log
from plainwork.api.auth import Permission, address_of, is_secure
from plainwork.api.routing import Routes
from plainwork.api.session import browser_of, enter, record
from plainwork.db import Database, audit
from plainwork.db.audit import Actor
from plainwork.errors import NotFound, Unavailable
from plainwork.people import signing_in
from plainwork.people.identity import Begun, NotAdmitted
from plainwork.people.signing_in import Entered
from plainwork.settings import Settings, SingleSignOn
from plainwork.vault.keys import DoesNotOpen
from plainwork.vault.people import people_key

if TYPE_CHECKING:
    from plainwork.people.single_sign_on import Provider

routes = Routes("session")

CALLBACK = "/api/v1/session/sso/callback"
COOKIE = "plainwork_sso"
COOKIE_LIFE_S = 600
_PLACE = "single sign-on"
_HOME = "/"
_SIGN_IN_PAGE = "/sign-in"
_logger = log.get("people")


class _Kept(msgspec.Struct, frozen=True):
    """What the cookie holds, sealed: the sign-in on its way, and the page it is for."""

    begun: Begun
    return_to: str


@routes.add(
    *("GET", "/session/sso", Permission.PUBLIC),
    status_code=303,
    response_class=RedirectResponse,
    errors=(404,),
    stream=True,
)
async def begin_sso(
    request: Request,
    return_to: Annotated[str, Query(max_length=2000, description="The page to come back to.")] = _HOME,
) -> RedirectResponse:
    """Sends the browser to the provider of single sign-on. 404 where none is set up."""
    provider, begun = _provider(request), Begun.new()
    answer = RedirectResponse(await provider.address(begun), 303)
    key = await people_key(request.app.state.database, request.app.state.vault.master)
    kept = msgspec.json.encode(_Kept(begun, _own_page(return_to)))
    _set_cookie(request, answer, urlsafe_b64encode(key.seal(kept, _PLACE)).decode(), COOKIE_LIFE_S)
    return answer


@routes.add(
    *("GET", "/session/sso/callback", Permission.PUBLIC),
    status_code=303,
    response_class=RedirectResponse,
    errors=(404,),
    stream=True,
)
async def end_sso(
    request: Request,
    state: Annotated[str, Query(max_length=500)] = "",
    code: Annotated[str, Query(max_length=5000)] = "",
    iss: Annotated[str | None, Query(max_length=2000)] = None,
    error: Annotated[str, Query(max_length=500)] = "",
) -> RedirectResponse:
    """Where the provider sends the browser back to: signs in and goes on to the page that it was for; or back to the
    sign-in page, with ``sso`` saying why not (``refused``, ``unverified``, ``domain``, ``unknown``, ``disabled``,
    ``cancelled``, ``unavailable``)."""
    provider = _provider(request)
    if error:
        return _ended(request, f"{_SIGN_IN_PAGE}?{urlencode({'sso': 'cancelled'})}")
    kept = await _kept(request)
    try:
        if kept is None or kept.begun.state != state:
            raise NotAdmitted("refused", "This browser did not begin that sign-in.", next_step="Begin again.")
        identity = await provider.identity(kept.begun, code, iss)
        answer = _ended(request, kept.return_to)
        entered = await signing_in.with_identity(
            request.app.state.database, provider.rules, identity, browser=browser_of(request)
        )
    except (NotAdmitted, Unavailable) as why:
        _logger.warning("a single sign-on did not end well", error=str(why), address=address_of(request))
        reason = why.reason if isinstance(why, NotAdmitted) else "unavailable"
        return _ended(request, f"{_SIGN_IN_PAGE}?{urlencode({'sso': reason})}")
    await _let_in(request, provider.rules, entered)
    await enter(request, answer, entered.session, entered.token)
    return answer


async def _let_in(request: Request, rules: SingleSignOn, entered: Entered) -> None:
    """Makes the person a member where the operator wants that, and writes down what became of their account."""
    database: Database = request.app.state.database
    user = entered.session.user
    actor = Actor("user", str(user.id), address_of(request))
    try:
        joined = await signing_in.join(database, rules, user)
    except NotFound as why:
        _logger.error("nobody can join by single sign-on", error=str(why))
        joined = None
    if joined is not None:
        async with database.workspace(joined.id) as connection:
            detail = {"email": user.email, "role": rules.join_role, "by": "sso"}
            await audit.append(connection, actor, "member.joined", ("user", user.id), detail)
    if entered.is_reclaimed:
        await record(database, actor, user.id, "user.reclaimed", ("user", user.id), {"by": "sso"})


def _provider(request: Request) -> Provider:
    """The process's provider, which remembers what the provider publishes."""
    state = request.app.state
    settings: Settings = state.settings
    if settings.single_sign_on is None:
        raise NotFound("There is no single sign-on here.", next_step="Sign in with a password.")
    if not hasattr(state, "sso_provider"):
        from plainwork.people.single_sign_on import Provider

        redirect_uri = f"{settings.public_url}{CALLBACK}"
        state.sso_provider = Provider(settings.single_sign_on, redirect_uri, settings.allow_hosts)
    provider: Provider = state.sso_provider
    return provider


async def _kept(request: Request) -> _Kept | None:
    """What this browser's cookie holds; None when there is none that we have sealed."""
    key = await people_key(request.app.state.database, request.app.state.vault.master)
    try:
        sealed = urlsafe_b64decode(request.cookies.get(_cookie_name(request), "").encode())
        return msgspec.json.decode(key.open(sealed, _PLACE), type=_Kept)
    except (DoesNotOpen, ValueError):
        return None


def _ended(request: Request, page: str) -> RedirectResponse:
    """To a page, with the cookie's work done."""
    answer = RedirectResponse(page, 303)
    _set_cookie(request, answer, "", 0)
    return answer


def _set_cookie(request: Request, answer: RedirectResponse, value: str, life_s: int) -> None:
    answer.set_cookie(
        *(_cookie_name(request), value),
        max_age=life_s,
        httponly=True,
        secure=is_secure(request),
        samesite="lax",
        path="/",
    )


def _cookie_name(request: Request) -> str:
    return f"__Host-{COOKIE}" if is_secure(request) else COOKIE


def _own_page(path: str) -> str:
    """The page to come back to, if it is one of ours: other sites' addresses would make us send people there."""
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and "\\" not in path
    return path if is_ours else _HOME
