"""Everything behind one address, for work on the web app: Next.js with hot reload, and the API under /api.

The browser's Host and Origin reach the API as they are, so that its checks hold as they will in production.
Usage: python scripts/dev.py [--port 3000] [--data-dir FOLDER]
"""

import argparse
import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import aiohttp
from aiohttp import web
from yarl import URL

ROOT = Path(__file__).resolve().parent.parent
OF_THE_API = ("/api/", "/hooks/", "/forms/", "/chat/", "/healthz", "/readyz")
ONE_CONNECTION = {"connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"}
"""Headers that belong to one connection and are not passed on (RFC 9110 §7.6.1)."""
NO_BODY = {"GET", "HEAD"}


class Proxy:
    """Sends each request to the API or to Next.js, websockets included."""

    def __init__(self, session: aiohttp.ClientSession, api: str, pages: str) -> None:
        self.session = session
        self.api = api
        self.pages = pages

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One request."""
        base = self.api if request.path.startswith(OF_THE_API) else self.pages
        address = URL(base + request.raw_path, encoded=True)
        if request.headers.get("upgrade", "").lower() == "websocket":
            return await self._websocket(request, address)
        body = None if request.method in NO_BODY else request.content
        try:
            async with self.session.request(
                request.method, address, headers=_passed_on(request.headers), data=body, allow_redirects=False
            ) as answer:
                return await _stream(request, answer)
        except aiohttp.ClientConnectionError:
            raise web.HTTPBadGateway(text=f"{base} does not answer yet. Load this page again in a moment.") from None

    async def _websocket(self, request: web.Request, address: URL) -> web.StreamResponse:
        ours = web.WebSocketResponse()
        async with self.session.ws_connect(address, headers={"Origin": self.pages}) as theirs:
            await ours.prepare(request)
            ways = [asyncio.ensure_future(_pump(ours, theirs)), asyncio.ensure_future(_pump(theirs, ours))]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
        await ours.close()
        return ours


def _passed_on(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers.items() if name.lower() not in ONE_CONNECTION]


async def _stream(request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, reason=answer.reason)
    for name, value in _passed_on(answer.headers):
        response.headers.add(name, value)
    await response.prepare(request)
    async for part in answer.content.iter_any():
        await response.write(part)
    await response.write_eof()
    return response


Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


async def _pump(source: Socket, target: Socket) -> None:
    async for message in source:
        if message.type is aiohttp.WSMsgType.TEXT:
            await target.send_str(message.data)
        elif message.type is aiohttp.WSMsgType.BINARY:
            await target.send_bytes(message.data)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextlib.asynccontextmanager
async def running(*command: str, folder: Path = ROOT, own: str, shown: str) -> AsyncIterator[asyncio.Task[int]]:
    """A program that ends with the block; the task ends with it. In what it prints, its ``own`` address is ``shown`` as
    the one that people use."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, start_new_session=True
    )
    task = asyncio.create_task(_watch(process, own, shown))
    try:
        yield task
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        await task


async def _watch(process: asyncio.subprocess.Process, own: str, shown: str) -> int:
    assert process.stdout
    async for line in process.stdout:
        print(line.decode(errors="replace").replace(own, shown), end="", flush=True)
    return await process.wait()


async def serve(port: int, data_dir: str | None) -> None:
    """Runs the parts until one ends or somebody presses Ctrl-C."""
    api, pages, ours = f"http://127.0.0.1:{free_port()}", f"http://127.0.0.1:{free_port()}", f"http://127.0.0.1:{port}"
    more = ["--data-dir", data_dir] if data_dir else []
    plainwork = [sys.executable, "-m", "plainwork", "up", "--port", api.rpartition(":")[2], *more]
    next_js = ["node_modules/.bin/next", "dev", "--hostname", "127.0.0.1", "--port", pages.rpartition(":")[2]]
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with aiohttp.ClientSession(auto_decompress=False, timeout=aiohttp.ClientTimeout(total=None)) as session:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", Proxy(session, api, pages).handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        try:
            async with (
                running(*plainwork, own=api, shown=ours) as one,
                running(*next_js, folder=ROOT / "web", own=pages, shown=ours) as other,
            ):
                await asyncio.wait([one, other, asyncio.ensure_future(stop.wait())], return_when="FIRST_COMPLETED")
        finally:
            await runner.cleanup()


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=3000, help="where everything is reached")
    parser.add_argument("--data-dir", help="the data folder of Plainwork")
    given = parser.parse_args()
    asyncio.run(serve(given.port, given.data_dir))


if __name__ == "__main__":
    main()
