"""Commands that serve: up (everything in one process), api, worker, scheduler, migrate."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Coroutine, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from plainwork.cli import output
from plainwork.cli.processes import Keeper, Processes, Stop, first
from plainwork.cli.specs import data_dir_option
from plainwork.errors import Unavailable
from plainwork.settings import MOST_PROCESSES, Settings
from plainwork.spec.durations import parse_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from plainwork.db import Database
    from plainwork.engine.events import Events
    from plainwork.engine.outside import Outside
    from plainwork.engine.worker import Worker
    from plainwork.queue import Queue
    from plainwork.vault import Vault

_host = click.option("--host", help="The address the API listens on.  [default: 127.0.0.1]")
_port = click.option("--port", type=click.IntRange(0, 65535), help="Where the API listens.  [default: 8700]")
_processes = click.option(
    "--processes", type=click.IntRange(1, MOST_PROCESSES), help="Processes that work on runs.  [default: 1]"
)


def _seconds(_context: click.Context, _option: click.Parameter, text: str | None) -> float | None:
    try:
        return None if text is None else parse_duration(text)
    except ValueError as why:
        raise click.BadParameter(str(why)) from None


_drain = click.option(
    "--drain",
    callback=_seconds,
    metavar="DURATION",
    help="When stopped: how long runs in hand may go on to their end.  [default: 20s]",
)


@click.command()
@_host
@_port
@_processes
@_drain
@data_dir_option
def up(host: str | None, port: int | None, processes: int | None, drain: float | None, data_dir: str | None) -> int:
    """Start everything: database, API, worker, scheduler. In one process, or with more that only work on runs."""
    settings = Settings.from_env(port=port, host=host, processes=processes, drain_s=drain, data_dir=data_dir)
    return _serve(settings, {"api", "worker", "scheduler"}, more=settings.processes - 1)


@click.command()
@_host
@_port
@data_dir_option
def api(host: str | None, port: int | None, data_dir: str | None) -> int:
    """Start the API alone."""
    return _serve(Settings.from_env(port=port, host=host, data_dir=data_dir), {"api"})


@click.command()
@_processes
@click.option(
    "--concurrency", type=click.IntRange(1, 100_000), help="Runs in hand at once, each process.  [default: 2000]"
)
@_drain
@click.option("--kept", is_flag=True, hidden=True, help="Standard input leads to the process that keeps this one.")
@data_dir_option
def worker(
    processes: int | None, concurrency: int | None, drain: float | None, kept: bool, data_dir: str | None
) -> int:
    """Start a worker alone."""
    settings = Settings.from_env(processes=processes, concurrency=concurrency, drain_s=drain, data_dir=data_dir)
    if kept:
        return _serve(settings, {"worker"}, keeper=Keeper())
    if settings.processes > 1:
        return _serve(settings, set(), more=settings.processes)
    return _serve(settings, {"worker"})


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


def _serve(settings: Settings, parts: set[str], *, more: int = 0, keeper: Keeper | None = None) -> int:
    """Runs the parts in this process, and ``more`` worker processes beside it; ``keeper``: of whom this is one."""
    import uvloop

    with _listen(settings) if "api" in parts else nullcontext(None) as listener:
        uvloop.run(_run_parts(settings, parts, listener, more, keeper))
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


async def _run_parts(
    settings: Settings, parts: set[str], listener: socket.socket | None, more: int, keeper: Keeper | None
) -> None:
    from plainwork import db, log, queue, vault
    from plainwork.engine.events import Events

    log.configure(settings.log_level)
    stop = Stop()
    stop.listen(is_kept=keeper is not None)
    workers = _workers(settings, more, stop) if more else None
    if workers and not parts:
        await asyncio.gather(workers.run(), _announce_workers(workers, more, stop))
        return
    async with await db.open(settings) as database:
        bell = await queue.open(settings, database)
        if keeper is not None:
            keeper.tell_at_work(stop)
        elif listener is None:
            click.echo(
                f"Plainwork's {' and '.join(sorted(parts))} is at work on {database.where}.\nStop it with Ctrl-C."
            )
        safe = vault.open(settings, database)
        if keeper is None:
            await _warn_of_wrong_key(database, safe)
        process = _Process(settings, database, bell, safe, Events(database), stop, workers)
        try:
            await process.run(parts, listener)
        finally:
            await bell.close()


async def _warn_of_wrong_key(database: Database, safe: Vault) -> None:
    from plainwork.vault import rotation

    if missing := await rotation.not_held(database, safe.master):
        click.echo(
            f"Secrets of this installation are sealed under the master key {', '.join(missing)}, which VAULT_KEY does not "
            f"hold (it has {', '.join(safe.master.ids)}). They do not open until it does.",
            err=True,
        )


def _workers(settings: Settings, count: int, stop: Stop) -> Processes:
    """Processes that only work on runs, with the settings of this one."""
    given = {"concurrency": settings.concurrency, "drain": f"{settings.drain_s}s", "data-dir": settings.data_dir}
    return Processes(
        ["worker", "--kept", *(f"--{name}={value}" for name, value in given.items())], count, stop, settings.drain_s
    )


async def _announce_workers(workers: Processes, count: int, stop: Stop) -> None:
    await first(workers.begun, stop.asked)
    if workers.begun.is_set():
        click.echo(f"Plainwork's {count} worker processes are at work.\nStop them with Ctrl-C.")


@dataclass(frozen=True, slots=True)
class _Process:
    """What the parts of one process share."""

    settings: Settings
    database: Database
    bell: Queue
    vault: Vault
    events: Events
    stop: Stop
    workers: Processes | None

    async def run(self, parts: set[str], listener: socket.socket | None) -> None:
        """Runs the parts until one of them ends or the process is asked to stop."""
        from plainwork.cli.outside import open_outside

        async with open_outside(self.settings, self.database, self.vault) as outside:
            worker = self._worker(outside) if "worker" in parts else None
            brief = [asyncio.ensure_future(part) for part in self._brief(parts, listener, outside, worker)]
            lasting = [asyncio.ensure_future(part) for part in self._lasting(worker)]
            try:
                await first(self.stop.asked, *brief, *lasting)
            finally:
                ended = [part for part in (*brief, *lasting) if part.done()]
                self.stop.asked.set()
                await _wind_down(brief)
                await asyncio.gather(*lasting, return_exceptions=True)
            for part in (*ended, *lasting):
                part.result()

    def _brief(
        self, parts: set[str], listener: socket.socket | None, outside: Outside, worker: Worker | None
    ) -> Iterator[Coroutine[Any, Any, None]]:
        """Parts that end as soon as they are told."""
        if listener is not None:
            yield self._serve_api(listener, outside, worker)
        if "scheduler" in parts:
            from plainwork.scheduler import Poller, Remover, Scheduler

            yield Scheduler(self.database, self.bell).run()
            yield Poller(self.database, self.bell, outside).run()
            yield Remover(self.database, self.vault, timedelta(days=self.settings.deleted_kept_days)).run()
        yield self._watch(outside)

    def _lasting(self, worker: Worker | None) -> Iterator[Coroutine[Any, Any, None]]:
        """Parts that end by themselves after the stop, when what they have in hand is done."""
        if worker is not None:
            yield self._work(worker)
        if self.workers is not None:
            yield self.workers.run()

    async def _watch(self, outside: Outside) -> None:
        """Every process sees to it that somebody notices when no scheduler is at work."""
        from plainwork.scheduler import AlarmWatch, mailer

        mail = mailer(outside.net, self.settings.smtp_url) if outside.net and self.settings.smtp_url else None
        await AlarmWatch(self.database, mail).run()

    def _worker(self, outside: Outside) -> Worker:
        from plainwork.engine.worker import Worker

        most, drain_s = self.settings.concurrency, self.settings.drain_s
        return Worker(self.database, self.bell, outside, concurrency=most, events=self.events, drain_s=drain_s)

    async def _work(self, worker: Worker) -> None:
        working = asyncio.ensure_future(worker.run())
        await first(self.stop.asked, working)
        worker.stop()
        if worker.active and not working.done():
            click.echo(
                f"In hand: {len(worker.active)} runs, which may go on for {self.settings.drain_s:g} s unless it is stopped again."
            )
        await first(self.stop.hurried, working)
        worker.stop(at_once=True)
        await working

    async def _serve_api(self, listener: socket.socket, outside: Outside, worker: Worker | None) -> None:
        import uvicorn

        from plainwork.api.app import create_app
        from plainwork.api.deliveries import Rates
        from plainwork.api.http import BoundedHttp

        class Quiet(uvicorn.Server):
            """uvicorn without its own signal handling: the process has one, for all its parts."""

            def capture_signals(self) -> Any:
                return nullcontext()

        rates = Rates(self.settings.hooks_per_minute, self.settings.deliveries_per_minute)
        shared = (self.settings, self.database, self.vault, self.bell, self.events, outside)
        bound = self.settings.requests_per_minute
        app = create_app(*shared, worker=worker, rates=rates, requests_per_minute=bound)
        config = uvicorn.Config(
            app, http=BoundedHttp, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=2
        )
        server = Quiet(config)
        serving = asyncio.ensure_future(server.serve(sockets=[listener]))
        sharing = asyncio.ensure_future(app.state.shares.run())
        while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn tells nobody
            await asyncio.sleep(0.01)
        if server.started:
            await _announce(self.database, listener)
            await first(serving, self.stop.asked)
            server.should_exit = True
        try:
            await serving
        finally:
            sharing.cancel()


async def _wind_down(parts: Sequence[asyncio.Future[Any]]) -> None:
    """The API gets a moment to finish answers; what is late is cancelled."""
    if parts:
        _, late = await asyncio.wait(parts, timeout=0.2)
        for part in late:
            part.cancel()
        await asyncio.gather(*parts, return_exceptions=True)


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
