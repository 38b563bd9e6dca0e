"""The API in this process over a real database, with a real worker; and every answer held against its description."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import secrets
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import httpx
import jsonschema_rs
import uvicorn
from fastapi import FastAPI

from plainwork import db, queue, vault
from plainwork.api.app import create_app
from plainwork.api.auth import COOKIE, CSRF_HEADER, SCOPES, Permission
from plainwork.api.http import BoundedHttp
from plainwork.api.openapi import describe
from plainwork.api.routing import Guarded
from plainwork.cli.outside import open_outside
from plainwork.db import api_keys, audit, sessions, workspaces
from plainwork.engine.events import Events
from plainwork.engine.outside import Outside
from plainwork.engine.worker import Worker
from plainwork.settings import Settings

API = "/api/v1"
PROBLEM = "application/problem+json"
PAGES = ("/forms/", "/chat/", "/connections/")
"""Where people are answered, with pages."""
GREETER = """---
agentspec: 1
inputs:
  name: {type: text, about: Who is greeted}
---

# Greeter

Says hello.

## Steps

### Greet
```yaml step
uses: set
with: {text: "Hello {{ inputs.name }}"}
```
"""
SLEEPER = """# Sleeper

## Steps

### Sleep
```yaml step
uses: wait
with: {for: 1h}
```
"""


def titled(title: str, document: str = GREETER) -> str:
    """The same document under another title."""
    return re.sub(r"^# .*$", f"# {title}", document, count=1, flags=re.MULTILINE)


def an_app() -> FastAPI:
    """The application over nothing, to look at its routes."""
    nothing: Any = None
    return create_app(nothing, nothing, nothing, nothing, nothing, nothing)


@dataclass(frozen=True)
class Operation:
    """One documented operation."""

    name: str
    method: str
    path: str
    permission: Permission

    @property
    def changes(self) -> bool:
        return self.method not in {"GET", "HEAD"}


@cache
def operations() -> tuple[Operation, ...]:
    """Every operation of the API, read off the application itself."""
    routes = [route for route in an_app().routes if isinstance(route, Guarded) and route.path.startswith(API + "/")]
    return tuple(
        Operation(str(route.operation_id), method, route.path, cast(Permission, route.permission))
        for route in routes
        for method in route.methods or ()
        if route.include_in_schema
    )


class Description:
    """The OpenAPI document, which every JSON answer is held against."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self._validators: dict[str, jsonschema_rs.Draft202012Validator] = {}
        self._paths = [
            (re.compile(re.sub(r"\{\w+\}", "[^/]+", re.escape(path).replace(r"\{", "{").replace(r"\}", "}"))), path)
            for path in document["paths"]
        ]

    def operation(self, method: str, path: str) -> dict[str, Any] | None:
        found = next((template for pattern, template in self._paths if pattern.fullmatch(path)), None)
        operation: dict[str, Any] | None = self.document["paths"].get(found, {}).get(method.lower())
        return operation

    def validate(self, schema: Mapping[str, Any], value: Any) -> None:
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            whole = {**schema, "components": self.document["components"]}
            self._validators[key] = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
        self._validators[key].validate(value)

    async def check(self, response: httpx.Response) -> None:
        """Asserts that the answer is one of those that the operation documents."""
        method, path = response.request.method, response.request.url.path
        kind = response.headers.get("content-type", "").partition(";")[0]
        if response.status_code >= 400 and method != "HEAD" and not path.startswith(PAGES):
            assert kind == PROBLEM, (response.status_code, kind)
        operation = self.operation(method, path)
        if operation is None or kind == "text/event-stream":
            return
        answers = operation["responses"]
        if response.status_code == 405:
            return
        assert str(response.status_code) in answers, f"{method} {path} does not document {response.status_code}"
        content = answers[str(response.status_code)].get("content", {})
        await response.aread()
        if not content:
            assert response.content == b""
            return
        assert kind in content, f"{method} {path}: {kind}"
        if kind not in {"application/json", PROBLEM}:
            return
        self.validate(content[kind]["schema"], response.json())


@cache
def description() -> Description:
    """The application's own description, whatever it runs over."""
    return Description(describe(an_app()))


class Client(httpx.AsyncClient):
    """Speaks to the API; what it gets back is checked against the description."""

    async def ok(
        self, method: str, path: str, status: int | tuple[int, ...] = (200, 201, 202, 204), **more: Any
    ) -> Any:
        """The JSON of an answer that has to have this status."""
        response = await self.request(method, API + path, **more)
        assert response.status_code in ((status,) if isinstance(status, int) else status), response.text
        return response.json() if response.content else None

    async def refused(self, method: str, path: str, status: int, **more: Any) -> dict[str, Any]:
        """The problem that has to come back with this status."""
        response = await self.request(method, API + path, **more)
        assert response.status_code == status, (response.status_code, response.text[:2000])
        found: dict[str, Any] = response.json()
        assert found["status"] == status
        assert found["code"]
        assert found["detail"]
        return found

    async def agent(self, document: str = GREETER, title: str | None = None, **more: Any) -> dict[str, Any]:
        """A new agent."""
        text = titled(title or f"Agent {secrets.token_hex(4)}", document)
        made: dict[str, Any] = await self.ok("POST", "/agents", 201, json={"markdown": text, **more})
        return made

    async def run(self, agent_id: str, status: int = 200, wait: float = 20, **inputs: Any) -> dict[str, Any]:
        """A run of an agent, as it ended."""
        path = f"/agents/{agent_id}/runs"
        ran: dict[str, Any] = await self.ok("POST", path, status, params={"wait": wait}, json={"inputs": inputs})
        return ran


@dataclass
class Place:
    """One workspace with an owner. ``as_owner`` speaks with an API key that may do everything."""

    api: Api
    id: UUID
    owner: UUID
    as_owner: Client

    async def key(self, *scopes: str, made_by: UUID | None = None, expires_at: datetime | None = None) -> str:
        async with self.api.database.workspace(self.id) as connection:
            _, token = await api_keys.create(
                connection, "key", scopes or SCOPES, created_by=made_by or self.owner, expires_at=expires_at
            )
        return token

    async def program(self, *scopes: str) -> Client:
        """A client with an API key of these scopes."""
        return self.api.client(token=await self.key(*scopes))

    async def person(self, role: workspaces.Role = "owner") -> Client:
        """A client with the session of a new member."""
        return await self.api.signed_in(await self.member(role))

    async def member(self, role: workspaces.Role) -> UUID:
        user = await self.api.user()
        await self.admit(user, role)
        return user

    async def admit(self, user: UUID, role: workspaces.Role) -> None:
        async with self.api.database.workspace(self.id) as connection:
            await workspaces.add_member(connection, user, role)

    async def audited(self) -> list[audit.Entry]:
        """The audit log, oldest first; its chain has to hold."""
        async with self.api.database.workspace(self.id) as connection:
            assert (await audit.verify(connection)).broken_at is None
            return list(reversed(await audit.page(connection, limit=500)))


@dataclass
class Api:
    """The application, its database, and clients of every sort."""

    app: FastAPI
    database: db.Database
    bell: queue.Queue
    events: Events
    clients: list[Client] = field(default_factory=list)

    def client(
        self, *, token: str | None = None, transport: httpx.AsyncBaseTransport | None = None, **more: Any
    ) -> Client:
        """A client as nobody, or with an API key."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        made = Client(
            transport=transport or httpx.ASGITransport(self.app),
            base_url="http://plainwork.test",
            headers=headers | more.pop("headers", {}),
            event_hooks={"response": [description().check]},
            trust_env=False,
            **more,
        )
        self.clients.append(made)
        return made

    async def user(self) -> UUID:
        """A person without a password."""
        user = db.new_id()
        async with self.database.person(user) as connection:
            await connection.execute(
                "insert into users (id, email, name) values ($1, $2, 'Somebody')", user, f"{user.hex}@example.org"
            )
        return user

    async def signed_in(self, user: UUID, expires: str = "1 day") -> Client:
        """A client with a session of this person, as a browser has it."""
        token = secrets.token_urlsafe(32)
        async with self.database.person(user) as connection:
            await connection.execute(
                """insert into sessions (id, user_id, token_hash, expires_at)
                   values ($1, $2, $3, now() + $4::text::interval)""",
                *(db.new_id(), user, sha256(token.encode()).digest(), expires),
            )
        return self.client(cookies={COOKIE: token}, headers={CSRF_HEADER: sessions.csrf_token(token)})

    async def place(self, name: str = "Acme") -> Place:
        """A new workspace."""
        key, owner = db.new_id(), await self.user()
        async with self.database.workspace(key) as connection:
            await workspaces.create(connection, key, name, slug=f"w-{key.hex[-12:]}")
            await workspaces.add_member(connection, owner, "owner")
        made = Place(self, key, owner, self.client())
        made.as_owner.headers["Authorization"] = f"Bearer {await made.key()}"
        return made

    async def close(self) -> None:
        for client in self.clients:
            await client.aclose()


@asynccontextmanager
async def serving(
    folder: Path,
    url: str,
    *,
    works: bool = True,
    allow_hosts: Sequence[str] = (),
    settings: Mapping[str, Any] | None = None,
    **options: Any,
) -> AsyncIterator[Api]:
    """The API over an open database, with a worker in the background. ``settings``: those that differ from a plain one."""
    given = Settings(data_dir=folder, database_url=url, allow_hosts=tuple(allow_hosts), **(settings or {}))
    async with await db.open(given, migrate=False) as database:
        bell = await queue.open(given, database)
        safe = vault.open(given, database)
        events = Events(database)
        async with (
            open_outside(given, database, safe) as outside,
            _worker(works, database, bell, outside, events) as worker,
        ):
            options = {"pages": folder / "site", "worker": worker} | options
            api = Api(create_app(given, database, safe, bell, events, outside, **options), database, bell, events)
            try:
                yield api
            finally:
                await api.close()
        await bell.close()


@asynccontextmanager
async def _worker(
    works: bool, database: db.Database, bell: queue.Queue, outside: Outside, events: Events
) -> AsyncIterator[Worker | None]:
    worker = Worker(database, bell, outside, events=events, drain_s=0.0)
    working = asyncio.create_task(worker.run()) if works else None
    try:
        yield worker if works else None
    finally:
        if working is not None:
            worker.stop()
            await asyncio.wait_for(working, 20)


class _Server(uvicorn.Server):
    def capture_signals(self) -> Any:
        return contextlib.nullcontext()


@asynccontextmanager
async def listening(app: FastAPI, http: type[BoundedHttp] = BoundedHttp) -> AsyncIterator[str]:
    """The application on a real socket; its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            app, http=http, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1
        )
        server = _Server(config)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:  # noqa: ASYNC110 - uvicorn tells nobody
            await asyncio.sleep(0.005)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await task
