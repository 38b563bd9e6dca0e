"""Commands that serve: up (everything in one process), api, worker, scheduler, migrate."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Coroutine
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from plainwork.cli import output
from plainwork.cli.specs import data_dir_option
from plainwork.errors import Unavailable
from plainwork.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from plainwork.db import Database
    from plainwork.engine.events import Events
    from plainwork.engine.worker import Outside
    from plainwork.queue import Queue
    from plainwork.vault import Vault

_host = click.option("--host", help="The address the API listens on.  [default: 127.0.0.1]")
_port = click.option("--port", type=click.IntRange(0, 65535), help="Where the API listens.  [default: 8700]")


@click.command()
@_host
@_port
@data_dir_option
def up(host: str | None, port: int | None, data_dir: str | None) -> int:
    """Start everything in one process: database, API, worker, scheduler."""
    return _serve(Settings.from_env(port=port, host=host, data_dir=data_dir), {"api", "worker", "scheduler"})


@click.command()
@_host
@_port
@data_dir_option
def api(host: str | None, port: int | None, data_dir: str | None) -> int:
    """Start the API alone."""
    return _serve(Settings.from_env(port=port, host=host, data_dir=data_dir), {"api"})


@click.command()
@click.option("--concurrency", type=click.IntRange(1, 100_000), help="Runs in hand at once.  [default: 2000]")
@data_dir_option
def worker(concurrency: int | None, data_dir: str | None) -> int:
    """Start a worker alone."""
    return _serve(Settings.from_env(concurrency=concurrency, data_dir=data_dir), {"worker"})


@click.command()
@data_dir_option
def scheduler(data_dir: str | None) -> int:
    """Start a scheduler alone: due schedules, wake-ups, the sweeper."""
    return _serve(Settings.from_env(data_dir=data_dir), {"scheduler"})


@click.command()
@data_dir_option
def migrate(data_dir: str | None) -> int:
    """Bring the database's schema up to date."""
    asyncio.run(_migrate(Settings.from_env(data_dir=data_dir)))
    return output.OK


async def _migrate(settings: Settings) -> None:
    from plainwork import db

    async with await db.open(settings) as database:
        click.echo(f"The schema of {database.where} is up to date.")


def _serve(settings: Settings, parts: set[str]) -> int:
    import uvloop

    with _listen(settings) if "api" in parts else nullcontext(None) as listener:
        uvloop.run(_run_parts(settings, parts, listener))
    return output.OK


@contextmanager
def _listen(settings: Settings) -> Iterator[socket.socket]:
    """The API's socket, bound before anything else starts, so that a port in use costs nothing."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as why:
        listener.close()
        raise Unavailable(
            f"Plainwork cannot listen on {settings.host}:{settings.port}: {(why.strerror or str(why)).lower()}.",
            next_step="Choose another with --port, or stop the program that uses it.",
        ) from None
    try:
        yield listener
    finally:
        listener.close()


async def _run_parts(settings: Settings, parts: set[str], listener: socket.socket | None) -> None:
    from plainwork import db, log, queue, vault
    from plainwork.engine.events import Events

    log.configure(settings.log_level)
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with await db.open(settings) as database:
        bell = await queue.open(settings, database)
        if listener is None:
            click.echo(
                f"Plainwork's {' and '.join(sorted(parts))} is at work on {database.where}.\nStop it with Ctrl-C."
            )
        process = _Process(settings, database, bell, vault.open(settings, database), Events(database), stop)
        try:
            await process.run(parts, listener)
        finally:
            await bell.close()


@dataclass(frozen=True, slots=True)
class _Process:
    """What the parts of one process share."""

    settings: Settings
    database: Database
    bell: Queue
    vault: Vault
    events: Events
    stop: asyncio.Event

    async def run(self, parts: set[str], listener: socket.socket | None) -> None:
        """Runs the parts until one of them ends or the process is asked to stop."""
        from plainwork.cli.outside import open_outside

        async with open_outside(self.settings, self.database, self.vault) as outside:
            work = self._background(parts, outside)
            if listener is not None:
                work.append(self._serve_api(listener, outside))
            tasks = [asyncio.ensure_future(part) for part in work]
            stopping = asyncio.ensure_future(self.stop.wait())
            try:
                done, _ = await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
            finally:
                self.stop.set()
                await _wind_down([*tasks, stopping])
            for task in done:
                task.result()

    def _background(self, parts: set[str], outside: Outside) -> list[Coroutine[Any, Any, None]]:
        work: list[Coroutine[Any, Any, None]] = []
        if "worker" in parts:
            from plainwork.engine.worker import Worker

            most = self.settings.concurrency
            work.append(Worker(self.database, self.bell, outside, concurrency=most, events=self.events).run())
        if "scheduler" in parts:
            from plainwork.scheduler import Scheduler

            work.append(Scheduler(self.database, self.bell).run())
        return work

    async def _serve_api(self, listener: socket.socket, outside: Outside) -> None:
        import uvicorn

        from plainwork.api.app import create_app

        class Quiet(uvicorn.Server):
            """uvicorn without its own signal handling: the process has one, for all its parts."""

            def capture_signals(self) -> Any:
                return nullcontext()

        app = create_app(self.settings, self.database, self.vault, self.bell, self.events, outside)
        config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=2)
        server = Quiet(config)
        serving = asyncio.ensure_future(server.serve(sockets=[listener]))
        while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn tells nobody
            await asyncio.sleep(0.01)
        if server.started:
            await _announce(self.database, listener)
            stopping = asyncio.ensure_future(self.stop.wait())
            await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            server.should_exit = True
        await serving


async def _wind_down(tasks: list[asyncio.Future[Any]]) -> None:
    """The API gets a moment to finish answers; the rest is cancelled. What is cut off goes on from the journal."""
    _, late = await asyncio.wait(tasks, timeout=0.2)
    for task in late:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _announce(database: Database, listener: socket.socket) -> None:
    """Prints the address; on a new installation with the one-time token that makes the first owner."""
    from plainwork.db import users

    host, port = listener.getsockname()[:2]
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    token = await users.new_setup_token(database)
    click.echo(f"Plainwork is running: {address}")
    if token is not None:
        click.echo(f"Set it up (this link works once): {address}/setup?token={token}")
    click.echo("Stop it with Ctrl-C.")


COMMANDS = (up, api, worker, scheduler, migrate)
