"""What stands around a worker that is measured: its process, and a web server that keeps everybody waiting."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from plainwork.db import Database

_ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{"news":"no"}'


@contextmanager
def part(name: str, database: Database, folder: Path, *options: str, **environment: str) -> Iterator[psutil.Process]:
    """``plainwork worker`` (or another part) as a process on the same embedded database; killed at the end."""
    assert database.server is not None
    command = [sys.executable, "-m", "plainwork", name, *options, "--data-dir", str(database.server.folder.parent)]
    with (folder / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(command, env=os.environ | environment, stdout=log, stderr=log)
        try:
            yield psutil.Process(process.pid)
        finally:
            process.kill()
            process.wait()


class SlowServer:
    """A web server that answers nobody before all have come: ``gate`` lets every request go at once.

    ``waiting``: how many requests wait for their answer now; ``asked``: how many have come since it is there.
    """

    def __init__(self) -> None:
        self.waiting = 0
        self.asked = 0
        self.port = 0
        self.gate = asyncio.Event()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}/"

    async def __aenter__(self) -> SlowServer:
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _Connection(self), "127.0.0.1", 0, backlog=4096
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()

    def came(self) -> None:
        """One more request waits."""
        self.waiting += 1
        self.asked += 1


class _Connection(asyncio.Protocol):
    """One connection: a request, without a body, is over at the first empty line."""

    def __init__(self, server: SlowServer) -> None:
        self._server = server
        self._transport: Any = None
        self._begun = b""
        self._is_waiting = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._begun += data
        if self._begun.endswith(b"\r\n\r\n"):
            self._begun = b""
            self._is_waiting = True
            self._server.came()
            self._answering = asyncio.ensure_future(self._answer())

    def connection_lost(self, _: Exception | None) -> None:
        if self._is_waiting:
            self._is_waiting = False
            self._server.waiting -= 1

    async def _answer(self) -> None:
        await self._server.gate.wait()
        if self._is_waiting:
            self._is_waiting = False
            self._server.waiting -= 1
            self._transport.write(_ANSWER)
