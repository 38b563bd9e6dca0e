"""The history of live pointers, in a database that was there before it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from plainwork import db
from plainwork.db import agents, audit, live, migrate
from plainwork.settings import Settings
from tests.conftest import Cluster

BEFORE = 11
"""The last migration without a history."""


@pytest.fixture
def empty_url(cluster: Cluster) -> Iterator[str]:
    url = cluster.create(empty=True)
    yield url
    cluster.drop(url)


async def _grow_old(url: str, folder: Path) -> tuple[UUID, UUID]:
    """Migrates as far as it went then, and makes an agent whose only version is live."""
    for one in migrate.FOLDER.glob("*.sql"):
        if int(one.name.partition("_")[0]) <= BEFORE:
            shutil.copy(one, folder)
    workspace, agent, version = db.new_id(), db.new_id(), db.new_id()
    owner = await asyncpg.connect(url)
    try:
        await migrate.migrate(owner, folder=folder)
        async with owner.transaction():
            await owner.execute("set local plainwork.upkeep = 'on'")
            await owner.execute("insert into workspaces (id, slug, name) values ($1, 'acme', 'Acme')", workspace)
            await owner.execute(
                "insert into agents (workspace_id, id, slug, name, last_version) values ($1, $2, 'a', 'A', 1)",
                *(workspace, agent),
            )
            await owner.execute(
                """insert into agent_versions (workspace_id, id, agent_id, number, content_hash, markdown, spec, flow)
                   values ($1, $2, $3, 1, '', '# A', '{}', '{}')""",
                *(workspace, version, agent),
            )
            await owner.execute("update agents set live_version_id = $1", version)
    finally:
        await owner.close()
    return workspace, agent


async def test_agents_that_were_live_before_have_a_first_move(empty_url: str, tmp_path: Path) -> None:
    (folder := tmp_path / "then").mkdir()
    workspace, agent = await _grow_old(empty_url, folder)
    opened = await db.open(Settings(data_dir=tmp_path, database_url=empty_url))
    async with opened as database, database.workspace(workspace) as connection:
        [move] = await live.history(connection, agent)
    assert (move.seq, move.number, move.how, move.actor) == (1, 1, "set", ("system", "plainwork"))


async def test_moves_never_change(database: db.Database, workspace_id: UUID) -> None:
    async with database.workspace(workspace_id) as connection:
        agent = await agents.create(connection, "A")
        await live.point(connection, agent.id, None, live.Change(audit.SYSTEM, reason="To begin with"))
    for statement in ("update live_changes set reason = ''", "delete from live_changes"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with database.workspace(workspace_id) as connection:
                await connection.execute(statement)
