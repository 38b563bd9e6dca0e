"""Fixtures that every part shares: one real Postgres for the whole run, and a fresh database for each test that asks.

All workers of pytest-xdist share one embedded cluster, in memory where the machine has room for it. A migrated template
is made once; ``database`` is a copy of it. The last worker to leave stops the server and removes its files.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import settings as properties
from xdist.scheduler import LoadGroupScheduling

from plainwork import db
from plainwork.db import embedded, passwords
from plainwork.settings import Settings

# One commit gives one verdict: `make test` draws the same cases each time. `make properties` draws new ones.
properties.register_profile("steady", derandomize=True, database=None, print_blob=True)
properties.register_profile("search", print_blob=True)
properties.load_profile("steady")

T = TypeVar("T")
_PREFIX = "plainwork-tests-"
_TEMPLATE = "plainwork_template"
_FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "300",
    "max_wal_size": "128MB",
}
_MEMORY = Path("/dev/shm")
_ROOM = 2 * 1024**3


def in_thread(work: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine to its end on a loop of its own, whatever loop the test has."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


class Cluster:
    """The run's Postgres. ``create`` makes a migrated database and gives its owner's URL; ``drop`` removes it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = embedded.start(folder, _FAST)
        in_thread(self._make_template())

    def url(self, name: str) -> str:
        return self.server.url.replace(f"/{embedded.DATABASE}?", f"/{name}?")

    def create(self, *, empty: bool = False) -> str:
        name = f"test_{uuid4().hex}"
        self.run(f"create database {name}" + ("" if empty else f" template {_TEMPLATE} strategy file_copy"))
        return self.url(name)

    def drop(self, url: str) -> None:
        found = re.search(r"/(test_\w+)\?", url)
        assert found
        self.run(f"drop database if exists {found[1]} with (force)")

    def run(self, sql: str, database: str = "postgres") -> None:
        in_thread(_execute(self.url(database), sql))

    def leave(self) -> None:
        self.server.stop()
        if not (self.folder / "postgres" / "postmaster.pid").exists():
            shutil.rmtree(self.folder, ignore_errors=True)

    async def _make_template(self) -> None:
        connection = await asyncpg.connect(self.url("postgres"))
        try:
            await connection.execute("select pg_advisory_lock(1)")
            found = await connection.fetchval("select datistemplate from pg_database where datname = $1", _TEMPLATE)
            if found is None:
                await connection.execute(f"create database {_TEMPLATE}")
            if not found:
                await (await db.open(Settings(data_dir=self.folder, database_url=self.url(_TEMPLATE)))).close()
                await connection.execute(f"alter database {_TEMPLATE} is_template true allow_connections false")
        finally:
            await connection.close()


async def _execute(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


def _quickest_folder() -> Path:
    """Where databases are made: in memory a copy of the template costs a quarter of what it costs on a disk."""
    in_memory = _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free >= _ROOM
    return _MEMORY if in_memory else Path(tempfile.gettempdir())


def _sweep(parent: Path) -> None:
    """Ends what killed test runs have left: folders an hour old that no living process holds."""
    for folder in parent.glob(f"{_PREFIX}*"):
        if folder.stat().st_uid == os.getuid() and time.time() - folder.stat().st_mtime > 3600:
            server = folder / "postgres"
            embedded.Embedded(server, server, os.open(folder / "postgres.users", os.O_RDWR | os.O_CREAT)).stop()
            if not (server / "postmaster.pid").exists():
                shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def _quick_hashes() -> Iterator[None]:
    """Passwords are hashed with the least work that argon2id takes. Other processes, and one test, do all of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "WORK", (1, 8, 1))
        yield


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The shared Postgres. Its durability is off: what is tested is never a power cut."""
    parent = _quickest_folder()
    _sweep(parent)
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or f"{os.getpid()}-{uuid4().hex[:8]}"
    cluster = Cluster(parent / f"{_PREFIX}{run}")
    yield cluster
    cluster.leave()


@pytest.fixture
def database_url(cluster: Cluster) -> Iterator[str]:
    """The owner's URL of a fresh, migrated database."""
    url = cluster.create()
    yield url
    cluster.drop(url)


@pytest.fixture(scope="module")
def module_database_url(cluster: Cluster) -> Iterator[str]:
    """As ``database_url``, one for a whole module."""
    url = cluster.create()
    yield url
    cluster.drop(url)


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data folder to start an embedded server in; not under ``tmp_path``.

    Run by root, the server is another user, and any pytest that starts meanwhile shuts its temporary folders to others.
    """
    with tempfile.TemporaryDirectory(prefix="plainwork-data-") as root:
        yield Path(root) / "data"


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Settings on a fresh database and a fresh data folder."""
    return Settings(data_dir=tmp_path / "data", database_url=database_url)


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[db.Database]:
    """An open fresh database, as the app role."""
    async with await db.open(settings, migrate=False) as database:
        yield database


@pytest.fixture
async def workspace_id(database: db.Database) -> UUID:
    """A workspace in it."""
    return await add_workspace(database)


async def add_workspace(database: db.Database, name: str = "Acme") -> UUID:
    """One more workspace, with a slug of its own."""
    key = db.new_id()
    async with database.workspace(key) as connection:
        await connection.execute("insert into workspaces (id, slug, name) values ($1, $2, $3)", key, str(key), name)
    return key


# ── How the tests are dealt to the workers of pytest-xdist ────────────────────────────────────────────────────────────
_DATABASE_EACH = ("tests/db/", "tests/engine/", "tests/people/", "tests/scheduler/", "tests/vault/")
"""Where nearly every test makes a database of its own: these share nothing that is dear, and are dealt one by one."""


class ByFile(LoadGroupScheduling):  # type: ignore[misc]
    """Gives a whole file to one worker, so that what the file's tests share is made once. Single tests come last: with
    them, all workers end together."""

    def _split_scope(self, nodeid: str) -> str:
        group: str = super()._split_scope(nodeid)
        is_alone = group == nodeid and not nodeid.startswith(_DATABASE_EACH)
        return nodeid.partition("::")[0] if is_alone else group


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadGroupScheduling | None:
    return ByFile(config, log) if config.getvalue("dist") == "loadgroup" else None


_LOUD = {
    "tests/browser": "BROWSER JOURNEYS WERE SKIPPED",
    "tests/queue": "QUEUES WERE NOT TRIED ON THEIR SERVERS",
    "tests/chaos": "NOTHING WAS KILLED UNDER RUNS",
}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says loudly when nobody looked at the web app, or a queue's server is missing."""
    for folder, what in _LOUD.items():
        skipped = [one for one in terminalreporter.stats.get("skipped", []) if one.nodeid.startswith(folder)]
        if skipped:
            reasons = sorted({one.longrepr[2].removeprefix("Skipped: ") for one in skipped})
            terminalreporter.section(what, red=True)
            terminalreporter.line(f"{len(skipped)} tests in {folder} did not run: {'; '.join(reasons)}.", red=True)
