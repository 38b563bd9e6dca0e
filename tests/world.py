"""The outside world at the wire, for tests: a real web server, a real mail server, real model endpoints, on loopback.

Nothing of ours is replaced: what a test scripts here is what the other side answers. Use ``async with World() as
world`` inside an event loop, or ``with running_world() as world`` to have it in a thread beside subprocesses and sync
code.
"""

from __future__ import annotations

import asyncio
import json as jsonlib
import threading
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast
from urllib.parse import parse_qs

from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return jsonlib.loads(self.body)

    def form(self) -> dict[str, str]:
        return {k: v[-1] for k, v in parse_qs(self.body.decode(), keep_blank_values=True).items()}


@dataclass
class Reply:
    """One answer. ``json`` goes before ``text`` before ``body``. ``chunks``: sent one by one, ``pause_s`` apart.
    ``drop``: the connection is cut after that many bytes of the body (0: before any header)."""

    status: int = 200
    json: Any = None
    text: str | None = None
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    chunks: Sequence[bytes] | None = None
    pause_s: float = 0.0
    drop: int | None = None

    def payload(self) -> tuple[bytes, str | None]:
        if self.json is not None:
            return jsonlib.dumps(self.json).encode(), "application/json"
        if self.text is not None:
            return self.text.encode(), "text/plain; charset=utf-8"
        return self.body, None


Answering = Reply | Callable[[Seen], Reply | Awaitable[Reply]]


class Web:
    """A web server with scripted routes and a log. A route's answers are given in turn; the last one stays."""

    def __init__(self) -> None:
        self.requests: list[Seen] = []
        self.port = 0
        self._routes: dict[tuple[str, str], list[Answering]] = {}
        self._runner: web.AppRunner | None = None

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def on(self, method: str, path: str, *answers: Answering) -> None:
        """Scripts a route; ``path`` is exact, ``*`` as method or path takes any."""
        self._routes[(method, path)] = list(answers)

    def seen(self, path: str) -> list[Seen]:
        return [s for s in self.requests if s.path == path]

    async def start(self) -> None:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{tail:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, auto_decompress=False, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        seen = Seen(
            request.method,
            request.path,
            dict(list(request.query.items())),
            request.headers.copy(),
            await request.read(),
        )
        self.requests.append(seen)
        reply = await self._reply(seen)
        if reply.delay_s:
            await asyncio.sleep(reply.delay_s)
        if reply.drop == 0 and request.transport is not None:
            request.transport.abort()
        if reply.chunks is not None or reply.drop:
            return await self._stream(request, reply)
        body, kind = reply.payload()
        headers = ({"Content-Type": kind} if kind else {}) | dict(reply.headers)
        return web.Response(status=reply.status, body=body, headers=headers)

    async def _stream(self, request: web.Request, reply: Reply) -> web.StreamResponse:
        body, kind = reply.payload()
        response = web.StreamResponse(
            status=reply.status, headers=({"Content-Type": kind} if kind else {}) | dict(reply.headers)
        )
        if reply.drop:
            response.content_length = len(body)
        await response.prepare(request)
        for chunk in reply.chunks if reply.chunks is not None else (body[: reply.drop],):
            await response.write(chunk)
            await asyncio.sleep(reply.pause_s)
        if reply.drop and request.transport is not None:
            request.transport.abort()
        await response.write_eof()
        return response

    async def _reply(self, seen: Seen) -> Reply:
        keys = [(seen.method, seen.path), ("*", seen.path), (seen.method, "*"), ("*", "*")]
        answers = next((self._routes[key] for key in keys if key in self._routes), None)
        if not answers:
            return Reply(404, json={"message": f"nothing at {seen.method} {seen.path}"})
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Reply):
            return answer
        reply = answer(seen)
        return reply if isinstance(reply, Reply) else await reply


@dataclass
class Mail:
    """One delivered mail: the envelope, and the message parsed."""

    sender: str
    recipients: list[str]
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["subject"])

    @property
    def text(self) -> str:
        part = self.message.get_body(("plain",))
        return str(part.get_content()).replace("\r\n", "\n") if part else ""


class Post:
    """A mail server. ``login``: the user name and password it asks for. ``refuse``: recipient → SMTP reply such as
    ``"550 no such user"``. ``on_data``: replies to whole messages in turn (``"451 busy"``), then it accepts."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.refuse: dict[str, str] = {}
        self.on_data: list[str] = []
        self.login: tuple[str, str] | None = None
        self.hello_delay_s = 0.0
        self.port = 0
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self._server = await asyncio.get_running_loop().create_server(self._session, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def _session(self) -> SMTP:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of passwords without encryption, which is the point here
            return SMTP(
                self,
                hostname="mail.example.org",
                enable_SMTPUTF8=True,
                auth_required=self.login is not None,
                auth_require_tls=False,
                authenticator=self._authenticate,
                loop=asyncio.get_running_loop(),
            )

    def _authenticate(self, _server: Any, _session: Any, _envelope: Any, _how: str, given: Any) -> AuthResult:
        wanted = self.login or ("", "")
        pair = cast(LoginPassword, given)
        return AuthResult(success=(pair.login.decode(), pair.password.decode()) == wanted, handled=False)

    async def handle_RCPT(  # noqa: N802 - the name aiosmtpd calls
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        if self.on_data:
            return self.on_data.pop(0)
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        message = message_from_bytes(content, policy=policy.default)
        self.mails.append(Mail(envelope.mail_from or "", list(envelope.rcpt_tos), message))
        return "250 taken"


class World:
    """The web (``web``, and a second site ``other`` for redirects), the post (``post``) and the models (``models``)."""

    def __init__(self) -> None:
        from tests.world_models import Models

        self.web = Web()
        self.other = Web()
        self.post = Post()
        self.models = Models()

    @property
    def allow_hosts(self) -> tuple[str, ...]:
        """What PLAINWORK_ALLOW_HOSTS needs for this world."""
        return (self.web.host, self.other.host, self.models.web.host, f"127.0.0.1:{self.post.port}")

    async def __aenter__(self) -> World:
        for part in (self.web, self.other, self.models.web, self.post):
            await part.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        for part in (self.web, self.other, self.models.web, self.post):
            await part.stop()


@asynccontextmanager
async def world_and_client(**options: Any) -> AsyncIterator[tuple[World, Any]]:
    """A world, and a client that may reach it."""
    from plainwork.net import Client

    async with World() as world, Client(world.allow_hosts, **options) as client:
        yield world, client


@contextmanager
def running_world() -> Iterator[World]:
    """A world in a thread of its own, for tests that block or that talk to it from subprocesses."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="world", daemon=True)
    thread.start()
    world = World()
    asyncio.run_coroutine_threadsafe(world.__aenter__(), loop).result(10)
    try:
        yield world
    finally:
        asyncio.run_coroutine_threadsafe(world.__aexit__(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
