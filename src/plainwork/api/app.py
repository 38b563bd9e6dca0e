"""The application: all resources under ``/api/v1``, health, and the web app elsewhere. Stateless; state is in the database."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from fastapi import FastAPI, Request, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from plainwork import __version__, meters
from plainwork.api import (
    account,
    agent_drafts,
    agent_summaries,
    agents,
    alarms,
    api_keys,
    approvals,
    audit,
    callbacks,
    canaries,
    chat,
    connections,
    drafts,
    forms,
    inbox,
    invitations,
    kinds,
    limits,
    live,
    logs,
    members,
    metrics,
    models,
    operator,
    password_resets,
    polls,
    problems,
    promotions,
    replays,
    retention,
    run_steps,
    runs,
    schedules,
    secrets,
    session,
    setup,
    shadows,
    site,
    specs,
    sso,
    templates,
    transfer,
    triggers,
    workspaces,
)
from plainwork.api.auth import Permission
from plainwork.api.deliveries import Entrance, Rates
from plainwork.api.doors import Doors
from plainwork.api.hooks import Hooks
from plainwork.api.rates import Shares, Turnstile, quota_headers
from plainwork.api.routing import API, Door, Routes, refuse_undeclared
from plainwork.db import Database
from plainwork.engine.catalogue import load as load_catalogue
from plainwork.engine.desk import Desk
from plainwork.engine.versions import Versions
from plainwork.errors import Unavailable

if TYPE_CHECKING:
    from plainwork.engine.events import Events
    from plainwork.engine.outside import Outside
    from plainwork.engine.worker import Worker
    from plainwork.queue import Queue
    from plainwork.settings import Settings
    from plainwork.vault import Vault

MOST_BODY_BYTES = 4 * 1024 * 1024
RESOURCES = (
    *(setup, session, sso, account, password_resets, workspaces, members, invitations),
    *(agent_summaries, agents, live, canaries, promotions, agent_drafts, triggers, polls),
    *(runs, run_steps, replays, shadows, inbox, approvals, callbacks),
    *(drafts, templates, specs, kinds, models, secrets, api_keys, audit, limits),
    *(schedules, alarms, retention, connections, transfer, metrics, logs),
)
"""In the order their routes are tried: the summaries before the agents, whose ids would take their address."""
_HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"cache-control": b"no-store",
    b"content-security-policy": b"default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    b"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
}
_SECURE_HEADERS = {b"strict-transport-security": b"max-age=31536000"}

_own = Routes()


def create_app(
    settings: Settings,
    database: Database,
    vault: Vault,
    bell: Queue,
    events: Events,
    outside: Outside,
    *,
    worker: Worker | None = None,
    rates: Rates | None = None,
    requests_per_minute: int = 60_000,
    beat_s: float = 15.0,
    ready_s: float = 3.0,
    pages: Path = site.INSTALLED,
) -> FastAPI:
    """The application over what the process has opened. ``worker``: the one of this process, which takes the runs
    that deliveries start here; ``rates``: how many of those are taken in; ``requests_per_minute``: of each caller (0:
    any number); ``beat_s``: how often event streams show that they live, and look whether their reader may still
    read; ``ready_s``: how long the database may take to answer ``/readyz``; ``pages``: where the web app's export is.
    Raises RuntimeError when a route declares no permission."""
    app = FastAPI(
        title="Plainwork",
        version=__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.settings = settings
    app.state.database = database
    app.state.vault = vault
    app.state.bell = bell
    app.state.events = events
    app.state.outside = outside
    app.state.versions = Versions(database)
    app.state.entrance = Entrance(
        database, Doors(database, vault), Desk(database, bell, app.state.versions, worker), events, rates or Rates()
    )
    app.state.turnstile = Turnstile(requests_per_minute)
    app.state.shares = Shares(database, [*app.state.turnstile.rates, *app.state.entrance.rates])
    app.state.catalogue = load_catalogue()
    app.state.beat_s = beat_s
    app.state.ready_s = ready_s
    app.state.site = site.Site(pages)
    problems.install(app)
    app.router.routes.append(Door("/hooks/{token}/{path:path}", Hooks(app.state.entrance), Permission.PUBLIC))
    for resource in RESOURCES:
        resource.routes.install(app, API)
    forms.routes.install(app)
    chat.routes.install(app)
    connections.pages.install(app)
    _own.install(app)
    operator.routes.install(app)
    site.routes.install(app)
    refuse_undeclared(app)
    app.add_middleware(problems.BodyLimit, most=MOST_BODY_BYTES)
    app.add_middleware(problems.Bugs)
    app.add_middleware(_Headers)
    return app


@_own.add("GET", "/healthz", Permission.PUBLIC, include_in_schema=False)
async def healthz() -> dict[str, str]:
    """The process lives."""
    return {"status": "ok", "version": __version__}


@_own.add("GET", "/readyz", Permission.PUBLIC, include_in_schema=False)
async def readyz(request: Request) -> dict[str, str]:
    """The database answers; its schema was brought up to date before the process began to listen."""
    database: Database = request.app.state.database
    try:
        async with asyncio.timeout(request.app.state.ready_s), database.connection() as connection:
            await connection.fetchval("select 1")
    except TimeoutError:
        raise Unavailable(
            f"The database at {database.where} does not answer.", next_step="Check that it runs and can be reached."
        ) from None
    return {"status": "ready"}


@_own.add("GET", "/api/v1/openapi.json", Permission.PUBLIC, include_in_schema=False)
async def openapi(request: Request) -> Response:
    """This API, described (OpenAPI 3.1). It is put together when it is first asked for."""
    from plainwork.api.openapi import describe

    state = request.app.state
    if not hasattr(state, "openapi"):
        state.openapi = msgspec.json.encode(await asyncio.to_thread(describe, request.app))
    return Response(state.openapi, media_type="application/json")


def _resource_of(scope: Scope) -> str:
    """What a request was for: a resource of the API, deliveries to hooks, or pages and files."""
    route = scope.get("route")
    tags = getattr(route, "tags", None)
    if tags:
        return str(tags[0])
    return "hooks" if scope["path"].startswith("/hooks/") else "pages"


class _Headers:
    """Counts answers, and adds the headers that keep browsers and proxies from guessing, framing, keeping and leaking (OWASP
    secure headers), and those that tell callers how much more they may ask."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        added = _HEADERS | _SECURE_HEADERS if scope["scheme"] == "https" else _HEADERS

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                meters.REQUESTS.add(_resource_of(scope), str(message["status"]))
                quota = scope.get("state", {}).get("quota")
                wanted = added | quota_headers(*quota) if quota else added
                present = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *((k, v) for k, v in wanted.items() if k not in present)]
            await send(message)

        await self.app(scope, receive, with_headers)
