"""The application: all resources under ``/api/v1``, health, and the page at ``/``. Stateless; state is in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from fastapi import FastAPI, Response

from plainwork import __version__
from plainwork.api import (
    agents,
    api_keys,
    auth,
    drafts,
    home,
    kinds,
    problems,
    runs,
    secrets,
    session,
    setup,
    specs,
)
from plainwork.api.auth import Permission, Routes
from plainwork.engine.catalogue import load as load_catalogue
from plainwork.engine.versions import Versions

if TYPE_CHECKING:
    from plainwork.db import Database
    from plainwork.engine.events import Events
    from plainwork.engine.worker import Outside
    from plainwork.queue import Queue
    from plainwork.settings import Settings
    from plainwork.vault import Vault

MOST_BODY_BYTES = 4 * 1024 * 1024
_HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"content-security-policy": b"default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    b"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
}

health = Routes()


@health.add("GET", "/healthz", Permission.PUBLIC, include_in_schema=False)
async def healthz() -> dict[str, str]:
    """The process lives."""
    return {"status": "ok", "version": __version__}


def create_app(
    settings: Settings, database: Database, vault: Vault, bell: Queue, events: Events, outside: Outside
) -> FastAPI:
    """The application over what the process has opened. Raises RuntimeError when a route declares no permission."""
    app = FastAPI(
        title="Plainwork",
        version=__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,
    )
    app.state.settings = settings
    app.state.database = database
    app.state.vault = vault
    app.state.bell = bell
    app.state.events = events
    app.state.outside = outside
    app.state.versions = Versions(database)
    app.state.catalogue = load_catalogue()
    problems.install(app)
    for resource in (setup, session, agents, runs, drafts, specs, kinds, secrets, api_keys):
        app.include_router(resource.routes, prefix="/api/v1")
    app.include_router(health)
    app.include_router(_ready(database))
    app.include_router(_documents(app))
    app.include_router(home.routes)
    auth.refuse_undeclared(app)
    app.add_middleware(problems.BodyLimit, most=MOST_BODY_BYTES)
    app.add_middleware(_SafeHeaders)
    return app


def _ready(database: Database) -> Routes:
    routes = Routes()

    @routes.add("GET", "/readyz", Permission.PUBLIC, include_in_schema=False)
    async def readyz() -> dict[str, str]:
        """The database answers and its schema is up to date."""
        async with database.connection() as connection:
            await connection.fetchval("select 1")
        return {"status": "ready"}

    return routes


def _documents(app: FastAPI) -> Routes:
    routes = Routes()
    cache: dict[str, bytes] = {}

    @routes.add("GET", "/api/v1/openapi.json", Permission.PUBLIC, include_in_schema=False)
    async def openapi() -> Response:
        """This API, described (OpenAPI 3.1)."""
        if "openapi" not in cache:
            cache["openapi"] = orjson.dumps(app.openapi())
        return Response(cache["openapi"], media_type="application/json")

    return routes


class _SafeHeaders:
    """Adds the headers that keep browsers from guessing, framing and leaking (OWASP secure headers)."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *((k, v) for k, v in _HEADERS.items() if k not in present)]
            await send(message)

        await self.app(scope, receive, with_headers)
