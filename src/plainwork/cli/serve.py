"""Commands that serve: up (everything in one process), api, worker, scheduler, migrate."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plainwork.cli import output
from plainwork.errors import Unavailable
from plainwork.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from plainwork.db import Database

Port = Annotated[int | None, typer.Option("--port", min=0, max=65535, help="Where the API listens (8700).")]
Host = Annotated[str | None, typer.Option("--host", help="The address the API listens on (127.0.0.1).")]
DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Where the embedded Postgres and the keys live.")]


def register(app: typer.Typer) -> None:
    """Adds this module's commands to the program."""
    for command in (up, api, worker, scheduler, migrate):
        app.command(name=command.__name__)(command)


def up(port: Port = None, host: Host = None, data_dir: DataDir = None) -> int:
    """Start everything in one process: database, API, worker, scheduler."""
    return _serve(Settings.from_env(port=port, host=host, data_dir=data_dir), {"api", "worker", "scheduler"})


def api(port: Port = None, host: Host = None, data_dir: DataDir = None) -> int:
    """Start the API alone."""
    return _serve(Settings.from_env(port=port, host=host, data_dir=data_dir), {"api"})


def worker(
    concurrency: Annotated[int | None, typer.Option("--concurrency", min=1, help="Runs in hand at once.")] = None,
    data_dir: DataDir = None,
) -> int:
    """Start a worker alone."""
    return _serve(Settings.from_env(concurrency=concurrency, data_dir=data_dir), {"worker"})


def scheduler(data_dir: DataDir = None) -> int:
    """Start a scheduler alone: due schedules, wake-ups, the sweeper."""
    return _serve(Settings.from_env(data_dir=data_dir), {"scheduler"})


def migrate(data_dir: DataDir = None) -> int:
    """Bring the database's schema up to date."""
    asyncio.run(_migrate(Settings.from_env(data_dir=data_dir)))
    return output.OK


async def _migrate(settings: Settings) -> None:
    from plainwork import db

    async with await db.open(settings) as database:
        typer.echo(f"The schema is at version {await database.schema_version()}.")


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
    from plainwork import db

    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with await db.open(settings) as database, _parts(settings, database, parts) as work:
        if listener is not None:
            work.append(_serve_api(settings, database, listener, stop))
        tasks = [asyncio.ensure_future(part) for part in work]
        tasks.append(asyncio.ensure_future(stop.wait()))
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop.set()
            await _wind_down(tasks)
        for task in done:
            task.result()


async def _wind_down(tasks: list[asyncio.Future[Any]]) -> None:
    """The API gets a moment to finish answers; the rest is cancelled. What is cut off goes on from the journal."""
    _, late = await asyncio.wait(tasks, timeout=0.2)
    for task in late:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def _parts(
    settings: Settings, database: Database, parts: set[str]
) -> AsyncIterator[list[Coroutine[Any, Any, None]]]:
    """The parts that work in the background, with what they share."""
    work: list[Coroutine[Any, Any, None]] = []
    if not parts & {"worker", "scheduler"}:
        yield work
        return
    from plainwork import queue
    from plainwork.cli.runs import reach

    async with queue.open(settings, database) as doorbell, reach(settings, database) as outside:
        if "worker" in parts:
            from plainwork.engine.worker import Worker

            work.append(Worker(database, doorbell, outside, settings).run())
        if "scheduler" in parts:
            from plainwork.scheduler import Scheduler

            work.append(Scheduler(database, doorbell).run())
        yield work


async def _serve_api(settings: Settings, database: Database, listener: socket.socket, stop: asyncio.Event) -> None:
    import uvicorn

    from plainwork.api.app import create_app

    class Quiet(uvicorn.Server):
        """uvicorn without its own signal handling: the process has one, for all its parts."""

        def capture_signals(self) -> Any:
            return nullcontext()

    app = await create_app(settings, database)
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=2)
    server = Quiet(config)
    serving = asyncio.ensure_future(server.serve(sockets=[listener]))
    while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn tells nobody
        await asyncio.sleep(0.01)
    if server.started:
        await _announce(database, listener)
        waiting = asyncio.ensure_future(stop.wait())
        await asyncio.wait([serving, waiting], return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        server.should_exit = True
    await serving


async def _announce(database: Database, listener: socket.socket) -> None:
    """Prints the address; on a new installation with the one-time token that makes the first owner."""
    from plainwork.db import users

    host, port = listener.getsockname()[:2]
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    token = await users.new_setup_token(database)
    typer.echo(f"Plainwork is running: {address}")
    if token is not None:
        typer.echo(f"Set it up (this link works once): {address}/setup?token={token}")
    typer.echo("Stop it with Ctrl-C.")
