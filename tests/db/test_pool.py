"""Opening, migrating, transactions and the translation of the driver's errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from plainwork import db
from plainwork.db import embedded, migrate, pool
from plainwork.db.failures import address
from plainwork.errors import Conflict, Invalid, Unavailable
from plainwork.settings import Settings
from tests.conftest import Cluster


@pytest.fixture
async def empty_url(cluster: Cluster) -> AsyncIterator[str]:
    url = cluster.create(empty=True)
    yield url
    cluster.drop(url)


# ── Opening ──────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_the_embedded_database_opens_and_keeps_what_it_is_given(data_dir: Path) -> None:
    settings, key = Settings(data_dir=data_dir), db.new_id()
    async with await db.open(settings) as first, await db.open(settings) as second:
        async with first.workspace(key) as connection:
            await connection.execute("insert into workspaces (id, slug, name) values ($1, 'acme', 'Acme')", key)
        async with second.workspace(key) as connection:
            assert await connection.fetchval("select name from workspaces") == "Acme"
    assert not (data_dir / "postgres" / "postmaster.pid").exists()
    async with await db.open(settings, migrate=False) as again, again.workspace(key) as connection:
        assert await connection.fetchval("select current_user || name from workspaces") == "plainwork_appAcme"


async def test_a_failed_opening_lets_the_server_go(data_dir: Path) -> None:
    with pytest.raises(Unavailable, match="lacks"):
        await db.open(Settings(data_dir=data_dir), migrate=False)
    assert not (data_dir / "postgres" / "postmaster.pid").exists()


async def test_a_file_for_a_data_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(Invalid, match="is a file"):
        await db.open(Settings(data_dir=tmp_path / "file"))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:s3cret@db.example.org/app", "db.example.org:5432/app"),
        ("postgresql://u:s3cret@[::1]:7000/app", "::1:7000/app"),
        ("postgresql://u@/app?host=/run/pg&password=s3cret", "/run/pg:5432/app"),
        ("postgresql://u:s3cret@host:port/app", "an address that cannot be read"),
    ],
)
def test_an_address_shows_no_password(url: str, shown: str) -> None:
    assert address(url) == shown


# ── Migrating ────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_several_processes_migrate_once(empty_url: str, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url=empty_url)
    opened = await asyncio.gather(*(db.open(settings) for _ in range(4)))
    for database in opened:
        await database.close()
    owner = await asyncpg.connect(empty_url)
    try:
        names = [r["name"] for r in await owner.fetch("select name from schema_migrations order by number")]
        assert names == [m.name for m in migrate.migrations()]
        assert await migrate.migrate(owner) == []
    finally:
        await owner.close()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("update schema_migrations set checksum = 'other' where number = 1", "not the one that was applied"),
        ("insert into schema_migrations values (9999, '9999_later', 'x')", r"newer Plainwork \(9999_later\)"),
    ],
)
async def test_a_database_of_another_plainwork_is_refused(settings: Settings, change: str, message: str) -> None:
    owner = await asyncpg.connect(settings.database_url)
    try:
        await owner.execute(change)
    finally:
        await owner.close()
    for apply in (True, False):
        with pytest.raises(Invalid, match=message):
            await db.open(settings, migrate=apply)


async def test_a_failing_migration_leaves_what_was_before_it(empty_url: str, tmp_path: Path) -> None:
    (tmp_path / "0001_one.sql").write_text((migrate.FOLDER / "0001_foundation.sql").read_text())
    (tmp_path / "0002_two.sql").write_text("create table half (x int); select 1 / 0;")
    owner = await asyncpg.connect(empty_url)
    try:
        with pytest.raises(asyncpg.DivisionByZeroError):
            await migrate.migrate(owner, folder=tmp_path)
        assert [r["name"] for r in await owner.fetch("select name from schema_migrations")] == ["0001_one"]
        assert await owner.fetchval("select to_regclass('half') is null")
    finally:
        await owner.close()


def test_a_missing_migration_file_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "0002_two.sql").write_text("select 1")
    with pytest.raises(Invalid, match="not numbered"):
        migrate.migrations(tmp_path)


# ── Transactions ─────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_an_exception_undoes_everything(database: db.Database, workspace_id: UUID) -> None:
    class Stop(Exception):
        pass

    async def fail(error: Exception) -> None:
        async with database.workspace(workspace_id) as connection:
            await connection.execute("update workspaces set name = 'changed'")
            raise error

    for error in (Stop(), TimeoutError("mine"), OSError("mine")):
        with pytest.raises(type(error)) as caught:
            await fail(error)
        assert caught.value is error
    async with database.workspace(workspace_id) as connection:
        assert await connection.fetchval("select name from workspaces") == "Acme"


async def test_a_cancelled_transaction_gives_its_connection_back(settings: Settings) -> None:
    async with await db.open(settings, migrate=False, size=1) as database:
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(_sleep(database), 0.05)
        async with database.transaction() as connection:
            assert await connection.fetchval("select 1") == 1


async def _sleep(database: db.Database) -> None:
    async with database.transaction() as connection:
        await connection.execute("select pg_sleep(5)")


async def test_what_exists_already_is_a_conflict(database: db.Database, workspace_id: UUID) -> None:
    with pytest.raises(Conflict, match="already exists"):
        async with database.workspace(workspace_id) as connection:
            await connection.execute("insert into workspaces (id, slug, name) values ($1, 'x', 'x')", workspace_id)


@pytest.mark.parametrize("text", ["nul \0", "half \ud800"])
async def test_a_text_that_cannot_be_stored_is_refused(database: db.Database, workspace_id: UUID, text: str) -> None:
    with pytest.raises(Invalid, match="cannot be stored"):
        async with database.workspace(workspace_id) as connection:
            await connection.execute("update workspaces set name = $1", text)


async def test_a_bug_of_ours_stays_visible(database: db.Database) -> None:
    with pytest.raises(asyncpg.UndefinedTableError):
        async with database.transaction() as connection:
            await connection.execute("select * from nowhere")


async def test_a_lost_connection_is_told_and_replaced(database: db.Database, cluster: Cluster) -> None:
    async def lose_it() -> None:
        async with database.transaction() as connection:
            pid = await connection.fetchval("select pg_backend_pid()")
            cluster.run(f"select pg_terminate_backend({pid}, 5000)")
            await connection.execute("select 1")

    with pytest.raises(Unavailable, match=r"connection to the database at .* was lost"):
        await lose_it()
    async with database.transaction() as connection:
        assert await connection.fetchval("select 1") == 1


async def test_a_deadlock_asks_to_try_again(database: db.Database, workspace_id: UUID) -> None:
    first_locked = asyncio.Event()

    async def lock(first: int, second: int) -> None:
        async with database.transaction() as connection:
            await connection.execute("set local deadlock_timeout = '20ms'") if first == 0 else None
            await connection.execute("select pg_advisory_xact_lock($1)", first)
            if first_locked.is_set():
                await connection.execute("select pg_advisory_xact_lock($1)", second)
            else:
                first_locked.set()
                await asyncio.sleep(0.1)
                await connection.execute("select pg_advisory_xact_lock($1)", second)

    results = await asyncio.gather(lock(1, 2), lock(2, 1), return_exceptions=True)
    assert sorted(type(r).__name__ for r in results) == ["NoneType", "Unavailable"]
    assert any("Try again" in str(r) for r in results)


async def test_waiting_for_a_connection_has_an_end(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "ACQUIRE_TIMEOUT_S", 0.05)
    async with await db.open(settings, migrate=False, size=1) as database, database.connection():
        with pytest.raises(Unavailable, match="no free connection"):
            async with database.connection():
                raise AssertionError("there was one")


async def test_a_stopped_server_is_told(data_dir: Path) -> None:
    database = await db.open(Settings(data_dir=data_dir), tuning={"fsync": "off"})
    assert database.server
    embedded._run("pg_ctl", "-D", str(data_dir / "postgres"), "-m", "immediate", "-w", "stop")
    with pytest.raises(Unavailable, match=r"postgres:5432/plainwork (cannot be reached|was lost)"):
        async with database.transaction() as connection:
            await connection.execute("select 1")
    await database.close()


def test_a_login_does_not_show_its_password() -> None:
    login = pool.Login("postgresql://owner:s3cret@db/app", "DATABASE_URL", "app", "dérived")
    assert "s3cret" not in repr(login)
    assert "dérived" not in repr(login)
