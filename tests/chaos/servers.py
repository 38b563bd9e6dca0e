"""A Postgres to be crashed and started again, beside the Redis of the queue's tests."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import asyncpg
import psutil

from plainwork.db import embedded


class Postgres:
    """The embedded server's program as a server of its own, which others know by its URL only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._handles = [embedded.start(folder)]
        self.url = self._handles[0].url

    @classmethod
    async def begin(cls, folder: Path) -> Postgres:
        """Starts one in an empty folder."""
        server = await asyncio.to_thread(cls, folder)
        connection = await asyncpg.connect(server.url.replace(f"/{embedded.DATABASE}?", "/postgres?"))
        await connection.execute(f"create database {embedded.DATABASE}")
        await connection.close()
        return server

    def stop(self, how: signal.Signals) -> None:
        """SIGINT ends it in order, SIGQUIT at once: it recovers from its log at the next start."""
        pid = int((self._folder / "postgres" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, how)
        until = time.monotonic() + 30
        while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < until, "Postgres does not stop"
            time.sleep(0.02)

    def start(self) -> None:
        self._handles.append(embedded.start(self._folder))

    def close(self) -> None:
        for handle in self._handles:
            handle.stop()
