"""What crosses workspaces checks every row itself: the app role tries to write through it what does not belong."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from plainwork import db
from plainwork.db import audit, queue, schedules
from plainwork.db.schedules import Schedule
from plainwork.engine.journal import RunJournal, _columns, _Part
from plainwork.engine.start import start
from tests.conftest import add_workspace
from tests.engine.flows import node
from tests.engine.running import add_version
from tests.scheduler.clockwork import on

DUE = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)


class Nobody:
    def lost(self) -> None:
        raise AssertionError("told by nobody")

    def committed(self) -> None:
        raise AssertionError("told by nobody")


async def scheduled(database: db.Database, workspace_id: UUID) -> Schedule:
    """The schedule of an agent of this workspace."""
    version = await add_version(database, workspace_id, [on(), node("a")])
    async with database.workspace(workspace_id) as connection:
        [schedule] = await schedules.of_agent(connection, version.agent_id)
    return schedule


async def fired(database: db.Database, *ticks: tuple[UUID, UUID, UUID, UUID, UUID]) -> list[UUID]:
    """What ``fire_ticks`` says to (workspace, schedule, run, agent, version)."""
    workspaces, ids, runs, agents, versions = (list(column) for column in zip(*ticks, strict=True))
    many: list[Any] = [{}] * len(ticks)
    none: list[Any] = [None] * len(ticks)
    async with database.transaction() as connection:
        made: list[UUID] = await connection.fetchval(
            "select fire_ticks($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
            *(workspaces, ids, [DUE] * len(ticks), [DUE] * len(ticks), ["fired"] * len(ticks), none),
            *(runs, agents, versions, many, many, none, none),
        )
    return made


async def runs_of(database: db.Database, workspace_id: UUID) -> list[UUID]:
    async with database.workspace(workspace_id) as connection:
        return [row["id"] for row in await connection.fetch("select id from runs")]


async def test_a_tick_starts_its_own_schedules_agent_and_no_other(database: db.Database) -> None:
    mine, theirs = await add_workspace(database), await add_workspace(database, "Other")
    own, other = await scheduled(database, mine), await scheduled(database, theirs)
    run = db.new_id()
    for wrong in (
        (theirs, db.new_id(), run, other.agent_id, other.version_id),
        (theirs, own.id, run, own.agent_id, own.version_id),
        (mine, other.id, run, other.agent_id, other.version_id),
        (mine, own.id, run, other.agent_id, own.version_id),
        (mine, own.id, run, own.agent_id, other.version_id),
    ):
        assert await fired(database, wrong) == []
    good = (mine, own.id, run, own.agent_id, own.version_id)
    smuggled = (theirs, db.new_id(), run, other.agent_id, other.version_id)
    renamed = (mine, own.id, run, other.agent_id, own.version_id)
    assert await fired(database, smuggled, good, renamed) == [run]
    assert await runs_of(database, mine) == [run]
    assert await runs_of(database, theirs) == []
    assert await fired(database, good) == []


async def test_a_flush_writes_only_for_the_run_that_it_names(database: db.Database) -> None:
    mine, theirs = await add_workspace(database), await add_workspace(database, "Other")
    own = await start(database, await add_version(database, mine, [node("a")]), {})
    other = await start(database, await add_version(database, theirs, [node("a")]), {})
    claims = {claim.run_id: claim for claim in await queue.claim(database, 9, None, 60.0)}
    claim = claims[own.run_id]
    victim = claims[other.run_id]
    for workspace_id, run_id in ((mine, victim.run_id), (theirs, claim.run_id), (theirs, db.new_id())):
        forged = RunJournal(claim, Nobody())
        forged.add("a", 1, "succeeded", 1e9, output=b"1")
        forged.apart(b'"' + b"x" * 300_000 + b'"')
        part = _Part(forged.end("succeeded", None, None))
        part.head = (workspace_id, run_id, *part.head[2:])
        assert await queue.flush(database, _columns([part], False)) == set()
        assert await queue.renew(database, [(workspace_id, run_id, claim.epoch)], 60.0) == set()
    for workspace_id in (mine, theirs):
        async with database.workspace(workspace_id) as connection:
            assert [tuple(row) for row in await connection.fetch("select status, steps from runs")] == [("queued", 0)]
            for table in ("steps", "blobs"):
                assert await connection.fetchval(f"select count(*) from {table}") == 0


async def test_effects_are_seen_in_their_own_workspace_alone(database: db.Database) -> None:
    mine, theirs = await add_workspace(database), await add_workspace(database, "Other")
    await start(database, await add_version(database, theirs, [node("a")]), {})
    [claim] = await queue.claim(database, 9, None, 60.0)
    intent = RunJournal(claim, Nobody())
    intent.add("a", 1, "started", 1e9, key="k")
    assert await queue.flush(database, _columns([_Part(intent)], False)) == {0}
    seen: dict[UUID | None, int] = {}
    for workspace_id in (mine, theirs):
        async with database.workspace(workspace_id) as connection:
            seen[workspace_id] = await connection.fetchval("select count(*) from effects")
    async with database.transaction() as connection:
        seen[None] = await connection.fetchval("select count(*) from effects")
    assert seen == {mine: 0, theirs: 1, None: 0}


async def test_months_made_later_are_guarded_too(database: db.Database, database_url: str) -> None:
    month = datetime(2032, 5, 1, tzinfo=UTC)
    assert await queue.make_partitions(database, month, 1) == 2
    owner = await asyncpg.connect(database_url)
    rows = await owner.fetch(
        "select relrowsecurity and relforcerowsecurity as forced from pg_class where relname like '%_2032_05'"
        " and relkind = 'r'"
    )
    await owner.close()
    assert [row["forced"] for row in rows] == [True, True]
    async with database.transaction() as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("select * from runs_2032_05")


@pytest.mark.parametrize(("year", "months"), [(2026, 61), (1500, 1), (9000, 1)])
async def test_nobody_fills_the_database_with_months(database: db.Database, year: int, months: int) -> None:
    with pytest.raises(asyncpg.InvalidParameterValueError):
        await queue.make_partitions(database, datetime(year, 1, 1, tzinfo=UTC), months)


async def test_what_a_session_makes_for_itself_does_not_stand_in_for_ours(database: db.Database) -> None:
    """Temporary tables go before all others where a search path does not say otherwise."""
    workspace_id = await add_workspace(database)
    async with database.connection() as connection:
        for table in ("audit_log", "audit_heads", "queue", "runs"):
            await connection.execute(f"create temporary table {table} (like public.{table})")
        async with connection.transaction():
            await connection.execute("select set_config('plainwork.workspace', $1, true)", str(workspace_id))
            await audit.append(connection, audit.SYSTEM, "a.b", ("a", "b"))
            assert await connection.fetchval("select count(*) from pg_temp.audit_log") == 0
            assert await connection.fetchval("select count(*) from public.audit_log") == 1
            await connection.execute("select * from claim_runs(10, 1, null, 60)")
        await connection.execute("discard temp")


async def test_the_log_is_neither_written_around_nor_for_nobody(database: db.Database) -> None:
    workspace_id = await add_workspace(database)
    async with database.transaction() as connection:
        with pytest.raises(asyncpg.PostgresError):
            await audit.append(connection, audit.SYSTEM, "a.b", ("a", "b"))
    for statement in (
        "insert into audit_log select * from audit_log",
        "insert into audit_heads values (current_workspace(), 9, '')",
        "update audit_heads set seq = 0",
        "delete from audit_heads",
        "alter table audit_log disable trigger never_change",
    ):
        async with database.workspace(workspace_id) as connection:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
