"""The one HTTP client: guarded addresses, signed requests, bounded time and size, every failure classified.

A host is resolved, its addresses are checked and the connection goes to exactly those, so an answer of the DNS that
changes in between changes nothing. Each redirect is checked like a first request.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import chain
from types import TracebackType
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from plainwork import log
from plainwork.errors import CallFailed
from plainwork.net.answer import Response
from plainwork.net.guard import Guard, literal, refusal
from plainwork.net.inflate import ACCEPTED, Inflate

MAX_BYTES = 10 * 1024 * 1024
MAX_REDIRECTS = 5
CONNECT_TIMEOUT_S = 10.0
MAX_LINE = 1024 * 1024
_WRAPPING = 64 * 1024  # by so much may data that does not compress grow
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OURS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade"}
)
# What may follow a request to another host; every other header could be a credential under a name of its own.
_HARMLESS = frozenset({"accept", "accept-language", "accept-encoding", "content-type", "user-agent"})
_SINGLE = frozenset({"content-type", "location"})
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(slots=True)
class Outgoing:
    """A request about to leave. ``sign`` callbacks change it in place: the only moment secrets are part of it."""

    method: str
    url: URL
    headers: dict[str, str]
    body: bytes | None = None


Sign = Callable[[Outgoing], None]
Params = Mapping[str, Any] | Iterable[tuple[str, Any]]


@dataclass(slots=True)
class _Call:
    out: Outgoing
    sign: Sign | None
    hosts: Collection[str] | None
    timeout_s: float
    deadline: float


class Client:
    """An async context manager over one connection pool. Create one per process and share it."""

    def __init__(
        self,
        allow_hosts: Iterable[str] = (),
        *,
        user_agent: str = "plainwork/0.1",
        connections: int = 1000,
        lookup: Callable[[str, int], Any] | None = None,
    ) -> None:
        """``allow_hosts``: see ``Guard``. ``lookup(host, port)`` awaits a list of addresses, instead of the
        system's."""
        self.guard = Guard.of(allow_hosts)
        self._user_agent = user_agent
        self._connections = connections
        self._resolver = _Resolver(self.guard, lookup or _system_lookup)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Client:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=self._resolver, limit=self._connections, ttl_dns_cache=10),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            headers={"User-Agent": self._user_agent, "Accept-Encoding": ACCEPTED},
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Params | None = None,
        body: bytes | None = None,
        timeout_s: float = 30.0,
        max_bytes: int = MAX_BYTES,
        sign: Sign | None = None,
        follow: bool = True,
        hosts: Collection[str] | None = None,
    ) -> Response:
        """Sends one request and reads the whole answer, whatever its status.

        ``params``: added to the URL's query, lists repeat, None is left out. ``sign`` puts credentials on; it is not
        asked again after a redirect to another host. ``hosts``: the only hosts this call may reach (None: any the
        guard lets through). Raises CallFailed: ``retry`` for connection trouble, ``timeout`` after ``timeout_s``,
        ``rejected`` for refused addresses, bad URLs and headers, too many redirects and bodies over ``max_bytes``
        (decompressed).
        """
        call = self._call(method, url, headers, params, body, sign, hosts, timeout_s)
        reply = await self._follow(call, follow)
        try:
            content = b"".join([chunk async for chunk in _chunks(reply, max_bytes, call)])
        finally:
            reply.release()
        return Response(reply.status, _flat(reply), content, str(call.out.url))

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Params | None = None,
        body: bytes | None = None,
        timeout_s: float = 120.0,
        max_bytes: int = MAX_BYTES,
        sign: Sign | None = None,
        hosts: Collection[str] | None = None,
    ) -> AsyncIterator[Stream]:
        """As ``request``, but the answer arrives line by line; ``timeout_s`` bounds the whole exchange."""
        call = self._call(method, url, headers, params, body, sign, hosts, timeout_s)
        reply = await self._follow(call, True)
        try:
            yield Stream(reply.status, _flat(reply), str(call.out.url), _chunks(reply, max_bytes, call))
        finally:
            reply.close()

    async def resolve(self, host: str, port: int) -> list[str]:
        """The addresses at which ``host`` may be reached, for protocols other than HTTP: connect to one of these, not
        to the name. Raises CallFailed when there is none."""
        self.guard.check_host(host, port)
        if literal(host) is not None:
            return [str(literal(host))]
        return [found["host"] for found in await self._resolver.resolve(host, port)]

    def _call(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        params: Params | None,
        body: bytes | None,
        sign: Sign | None,
        hosts: Collection[str] | None,
        timeout_s: float,
    ) -> _Call:
        parsed = _parse(url)
        if params:
            parsed = parsed.extend_query(_pairs(params))
        out = Outgoing(method.upper(), parsed.with_fragment(None), dict(headers or {}), body)
        return _Call(out, sign, hosts, timeout_s, asyncio.get_running_loop().time() + timeout_s)

    async def _follow(self, call: _Call, follow: bool) -> aiohttp.ClientResponse:
        sign, visited = call.sign, 0
        while True:
            reply = await self._send(call, sign)
            target = reply.headers.get("Location")
            if not follow or reply.status not in _REDIRECTS or target is None:
                return reply
            reply.release()
            visited += 1
            if visited > MAX_REDIRECTS:
                raise CallFailed(
                    f"{call.out.url.raw_host} redirected more than {MAX_REDIRECTS} times.", failure="rejected"
                )
            before = call.out.url
            call.out = _redirected(call, reply.status, target)
            if not _same_place(before, call.out.url):
                if sign is not None and call.out.body is not None:
                    raise CallFailed(
                        f"{before.raw_host} redirected a request that carries a credential to {call.out.url.raw_host}.",
                        failure="rejected",
                        next_step="Use the final address in the step, if you trust it.",
                    )
                call.out.headers = {k: v for k, v in call.out.headers.items() if k.lower() in _HARMLESS}
                sign = call.sign = None

    async def _send(self, call: _Call, sign: Sign | None) -> aiohttp.ClientResponse:
        if self._session is None:
            raise RuntimeError("the client is used outside its context")
        plain, out = call.out, call.out
        if sign is not None:
            out = Outgoing(plain.method, plain.url, dict(plain.headers), plain.body)
            sign(out)
            if out.url.origin() != plain.url.origin():
                raise RuntimeError("a signature may not change where the request goes")
        self._check(out, call.hosts)
        _check_headers(out.headers)
        async with _Watched(call):
            return await self._session.request(
                out.method,
                out.url,
                headers=out.headers,
                data=out.body,
                allow_redirects=False,
                skip_auto_headers=() if out.body is None else ("Content-Type",),
                middlewares=() if out.method in _READS else (_send_acts_once,),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=min(CONNECT_TIMEOUT_S, call.timeout_s)),
            )

    def _check(self, out: Outgoing, hosts: Collection[str] | None) -> None:
        host, port = out.url.raw_host or "", out.url.port or 0
        if hosts is not None and host.rstrip(".") not in hosts and f"{host}:{port}" not in hosts:
            raise CallFailed(
                f"This account may not be used with {host}.",
                failure="rejected",
                next_step=f"It is bound to {', '.join(sorted(hosts))}.",
            )
        self.guard.check_host(host, port)


class Stream:
    """An answer that is still arriving."""

    def __init__(self, status: int, headers: Mapping[str, str], url: str, chunks: AsyncIterator[bytes]) -> None:
        self.status = status
        self.headers = headers
        self.url = url
        self._chunks = chunks

    async def read(self) -> Response:
        """The rest of the answer, whole."""
        return Response(self.status, self.headers, b"".join([c async for c in self._chunks]), self.url)

    async def lines(self) -> AsyncIterator[str]:
        """The lines without their ends (LF or CRLF), as UTF-8. Raises CallFailed (rejected) for one over 1 MiB."""
        rest = b""
        async for chunk in self._chunks:
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                yield line.removesuffix(b"\r").decode("utf-8", errors="replace")
            if len(rest) > MAX_LINE:
                raise CallFailed("A streamed line is longer than 1 MiB.", failure="rejected", uncertain=True)
        if rest:
            yield rest.decode("utf-8", errors="replace")


class _Resolver(AbstractResolver):
    def __init__(self, guard: Guard, lookup: Callable[[str, int], Any]) -> None:
        self._guard = guard
        self._lookup = lookup

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        try:
            found: list[str] = await self._lookup(host, port)
        except OSError as error:
            raise CallFailed(
                f"The host {host} could not be found ({_words(error)}).",
                next_step="Check its name, and that this server can reach its DNS.",
            ) from error
        fine = [address for address in found if self._guard.permits(host, port, address)]
        if not fine:
            raise refusal(host, port)
        return [_result(host, port, address) for address in fine]

    async def close(self) -> None:
        """Nothing to close: lookups run in the loop's own threads."""


async def _system_lookup(host: str, port: int) -> list[str]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _result(host: str, port: int, address: str) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST)


def place_of(url: str) -> tuple[str, int] | None:
    """The host and port that a request to this address goes to, read as it is read then; None for what is no web address."""
    try:
        parsed = _parse(url)
    except CallFailed:
        return None
    return (parsed.raw_host or "").rstrip("."), parsed.port or 0


def _parse(text: str) -> URL:
    try:
        url = URL(text.strip())
        host = url.raw_host
    except (ValueError, TypeError, UnicodeError) as error:
        raise _bad_url(text, str(error)) from error
    if url.scheme not in {"http", "https"} or not host:
        raise _bad_url(text, "an address starts with http:// or https:// and a host")
    if url.raw_user is not None or url.raw_password is not None:
        raise CallFailed(
            f"The address of {host} holds a user name or password.",
            failure="rejected",
            next_step="Put them into an account and name it with `account:`.",
        )
    return url


def _bad_url(text: str, why: str) -> CallFailed:
    shown = text if len(text) <= 100 else log.excerpt(text, 100) + "…"
    return CallFailed(
        f"{shown!r} is not a web address: {why}.", failure="rejected", next_step="Check the step's `url`."
    )


def _pairs(params: Params) -> list[tuple[str, str]]:
    pairs = params.items() if isinstance(params, Mapping) else params
    return [
        (str(name), _scalar(one))
        for name, value in pairs
        for one in (value if isinstance(value, list | tuple) else (value,))
        if one is not None
    ]


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _check_headers(headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name) or any(c in value for c in "\r\n\0"):
            raise CallFailed(f"The header {name!r} holds characters that headers may not.", failure="rejected")
        if name.lower() in _OURS:
            raise CallFailed(f"The header {name} is set by Plainwork itself.", failure="rejected")


def _redirected(call: _Call, status: int, target: str) -> Outgoing:
    out = call.out
    try:
        url = _parse(str(out.url.join(URL(target)))).with_fragment(None)
    except ValueError as error:
        raise _bad_url(target, "a redirect led there") from error
    changes = status == 303 or (status in {301, 302} and out.method == "POST")
    if not changes or out.method == "HEAD":
        return Outgoing(out.method, url, dict(out.headers), out.body)
    headers = {k: v for k, v in out.headers.items() if k.lower() != "content-type"}
    return Outgoing("GET", url, headers, None)


def _same_place(before: URL, after: URL) -> bool:
    """True when credentials may go along: same host and port, not from https to http (upgrades are fine)."""
    if before.raw_host != after.raw_host:
        return False
    if before.scheme == after.scheme:
        return before.port == after.port
    return after.scheme == "https" and before.port == 80 and after.port == 443


class _BrokenOff(aiohttp.ClientConnectionError):
    """A connection broke in the middle of an act."""


async def _send_acts_once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """The library sends a PUT or DELETE a second time by itself when a connection breaks; whether an act is repeated is
    for the planner to decide."""
    try:
        return await send(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        if isinstance(error, aiohttp.ClientConnectorError):
            raise
        raise _BrokenOff(str(error)) from error


class _Watched:
    """Holds one wait to the call's deadline and translates what can go wrong. Never around a ``yield`` to the caller: a
    deadline that ran out there would cancel the caller's own work. Thousands wait at once, each in one of these."""

    __slots__ = ("_call", "_limit")

    def __init__(self, call: _Call) -> None:
        self._call = call
        self._limit = asyncio.timeout_at(call.deadline)

    async def __aenter__(self) -> None:
        await self._limit.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._limit.__aexit__(kind, error, trace)
        except TimeoutError as late:
            error = late
        if isinstance(error, aiohttp.ClientError | OSError):
            raise _failed_wait(error, self._call) from error


def _failed_wait(error: aiohttp.ClientError | OSError, call: _Call) -> CallFailed:
    host = call.out.url.raw_host or ""
    if isinstance(error, aiohttp.ClientError):
        return _connection_failure(error, call)
    if isinstance(error, TimeoutError):
        return CallFailed(
            f"{host} did not answer within {call.timeout_s:g} s.",
            failure="timeout",
            uncertain=True,
            next_step="Give the step a longer `timeout`, or try again later.",
        )
    return CallFailed(f"The connection to {host} failed: {_words(error)}.", uncertain=True)


async def _chunks(reply: aiohttp.ClientResponse, max_bytes: int, call: _Call) -> AsyncIterator[bytes]:
    size = arrived = 0
    try:
        inflate = Inflate(reply.headers.get("Content-Encoding", "") if reply.method != "HEAD" else "")
        while True:
            async with _Watched(call):
                raw = await reply.content.readany()
            if not raw:
                return
            # What arrives counts too: behind the end of compressed data anything may follow that makes no plain byte.
            arrived += len(raw)
            for chunk in chain(inflate.feed(raw), (b"",)):
                size += len(chunk)
                if max(size, arrived - _WRAPPING) > max_bytes:
                    reply.close()
                    raise CallFailed(
                        f"The answer of {call.out.url.raw_host} is larger than {max_bytes / 1048576:g} MiB.",
                        failure="rejected",
                        uncertain=True,
                        next_step="Ask for less, for example with a limit or a page size.",
                    )
                if chunk:
                    yield chunk
    except ValueError as error:
        reply.close()
        raise CallFailed(
            f"{call.out.url.raw_host} sent an answer that cannot be read: {error}.", uncertain=True
        ) from error


def _flat(reply: aiohttp.ClientResponse) -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in reply.headers.items():
        key = name.lower()
        if key not in flat:
            flat[key] = value
        elif key not in _SINGLE:
            flat[key] += f", {value}"
    return flat


def _connection_failure(error: aiohttp.ClientError, call: _Call) -> CallFailed:
    host, port = call.out.url.raw_host or "", call.out.url.port
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError | ssl.SSLError):
        return CallFailed(
            f"No trusted connection to {host} could be made: {_words(error)}.",
            failure="rejected",
            next_step="Check the host's certificate.",
        )
    if isinstance(error, aiohttp.ClientConnectorError):
        return CallFailed(
            f"{host}:{port} cannot be reached: {_words(error.os_error)}.",
            next_step="Check that it is running and reachable from this server.",
        )
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return CallFailed(f"No connection to {host}:{port} within {CONNECT_TIMEOUT_S:g} s.")
    if isinstance(error, aiohttp.InvalidURL):
        return CallFailed(f"{host!r} cannot be called.", failure="rejected", next_step="Check the step's `url`.")
    return CallFailed(f"The connection to {host}:{port} broke off before the answer was complete.", uncertain=True)


def _words(error: BaseException) -> str:
    if isinstance(error, OSError) and not isinstance(error, socket.gaierror) and (error.errno or 0) > 0:
        return os.strerror(error.errno or 0).lower()  # asyncio's own text is "Connect call failed" and a tuple
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text).rstrip(".")
