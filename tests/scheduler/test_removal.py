"""A deleted workspace is removed for good: everything of it, after its time, and nothing of anybody else's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from plainwork import vault
from plainwork.db import Database, audit, retention, workspaces
from plainwork.scheduler.removal import Remover
from plainwork.settings import Settings
from plainwork.vault import Vault
from tests.conftest import add_workspace
from tests.db.test_tenants import TABLES, fill, rows_of

GRACE = timedelta(days=30)


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url)
    await connection.execute("select set_config('plainwork.upkeep', 'on', false)")
    yield connection
    await connection.close()


@pytest.fixture
def safe(database: Database, tmp_path: Path) -> Vault:
    return vault.open(Settings(data_dir=tmp_path), database)


async def delete(database: Database, owner: asyncpg.Connection, workspace_id: UUID, ago: timedelta) -> None:
    async with database.workspace(workspace_id) as connection:
        await workspaces.delete(connection)
    await owner.execute("update workspaces set deleted_at = now() - $2::interval where id = $1", workspace_id, ago)


async def test_nothing_of_it_is_left_in_any_table(
    database: Database, owner: asyncpg.Connection, workspace_id: UUID, safe: Vault
) -> None:
    other = await add_workspace(database, "Stays")
    tables = [row["name"] for row in await owner.fetch(TABLES) if row["of_tenant"] and not row["partition"]]
    for table in tables:
        await fill(owner, table, workspace_id)
        await fill(owner, table, other)
    theirs = await rows_of(owner, tables, other)
    await delete(database, owner, workspace_id, GRACE)
    assert await Remover(database, safe, GRACE).remove() == 1
    assert await rows_of(owner, tables, workspace_id) == {table: [] for table in tables}
    assert await rows_of(owner, tables, other) == theirs
    row = await owner.fetchrow("select name, slug, removed_at from workspaces where id = $1", workspace_id)
    assert (row["name"], row["slug"]) == ("removed", str(workspace_id))
    assert row["removed_at"] is not None
    assert await Remover(database, safe, GRACE).remove() == 0


async def test_it_stays_for_its_time(
    database: Database, owner: asyncpg.Connection, workspace_id: UUID, safe: Vault
) -> None:
    await safe.seal(workspace_id, "KEY", "value")
    assert await retention.remove(database, workspace_id, GRACE, 10) is None, "it is in use"
    await delete(database, owner, workspace_id, GRACE - timedelta(minutes=1))
    remover = Remover(database, safe, GRACE)
    assert await remover.remove() == 0
    assert [secret.name for secret in await safe.list(workspace_id)] == ["KEY"]
    deleted_at = await owner.fetchval("select deleted_at from workspaces where id = $1", workspace_id)
    await owner.execute(
        "update workspaces set deleted_at = null where id = $1", workspace_id
    )  # and can be brought back
    async with database.workspace(workspace_id) as connection:
        assert (await workspaces.get(connection)).id == workspace_id
    assert await Remover(database, safe, timedelta()).remove() == 0
    await owner.execute("update workspaces set deleted_at = $2 where id = $1", workspace_id, deleted_at)
    await owner.execute(
        "update workspaces set deleted_at = deleted_at - interval '1 minute' where id = $1", workspace_id
    )
    assert await remover.remove() == 1
    assert await safe.list(workspace_id) == []


async def test_a_piece_is_bounded_and_others_do_theirs(
    database: Database, owner: asyncpg.Connection, workspace_id: UUID, safe: Vault
) -> None:
    for _ in range(10):
        await fill(owner, "deliveries", workspace_id)
    await delete(database, owner, workspace_id, GRACE)
    assert [await retention.remove(database, workspace_id, GRACE, 4) for _ in range(3)] == [4, 4, 2]
    async with database.transaction() as connection:  # somebody is at it
        await connection.execute("select remove_workspace($1, $2, 1)", workspace_id, GRACE)
        assert await retention.remove(database, workspace_id, GRACE, 4) is None
    assert sum(await asyncio.gather(*(Remover(database, safe, timedelta()).remove() for _ in range(3)))) == 0


async def test_rows_that_never_change_stay_for_everybody_else(
    database: Database, owner: asyncpg.Connection, workspace_id: UUID, safe: Vault
) -> None:
    other = await add_workspace(database, "Stays")
    for key in (workspace_id, other):
        async with database.workspace(key) as connection:
            await audit.append(connection, audit.SYSTEM, "agent.changed", ("agent", "x"))
    await delete(database, owner, workspace_id, GRACE)
    assert await Remover(database, safe, GRACE).remove() == 1
    await owner.execute("select set_config('plainwork.removed', $1, false)", str(workspace_id))
    with pytest.raises(asyncpg.PostgresError, match="rows never change"):
        await owner.execute("delete from audit_log where workspace_id = $1", other)
    async with database.workspace(other) as connection:
        assert (await audit.verify(connection)).broken_at is None
        assert len(await audit.page(connection)) == 1
