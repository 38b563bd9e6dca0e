"""What is older than its workspace keeps it goes, and nothing else does."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from plainwork.db import Database, new_id, rates, retention, tallies
from plainwork.db.ids import first_id_at
from plainwork.db.queue import make_partitions
from plainwork.scheduler import upkeep
from tests.conftest import add_workspace

NOW = datetime.now(UTC)
OLD = NOW - timedelta(days=40)


def id_at(at: datetime) -> UUID:
    """A fresh key made then."""
    return UUID(int=first_id_at(at).int | new_id().int & (1 << 62) - 1)


async def add_run(owner: asyncpg.Connection, workspace_id: UUID, at: datetime, **fields: Any) -> UUID:
    """A run that ended at ``at``, with a step, a blob and a wait."""
    run_id = id_at(at)
    row = {"status": "succeeded", "finished_at": at, "cause": None, "resolved_at": None} | fields
    await owner.execute(
        """insert into runs (workspace_id, id, agent_id, version_id, status, created_at, finished_at, cause, resolved_at)
           values ($1, $2, $1, $1, $3, $4, $5, $6, $7)""",
        *(workspace_id, run_id, row["status"], at, row["finished_at"], row["cause"], row["resolved_at"]),
    )
    if row["finished_at"] is None:
        await owner.execute("insert into queue (workspace_id, run_id) values ($1, $2)", workspace_id, run_id)
    await owner.execute(
        "insert into steps (workspace_id, run_id, seq, path, attempt, status, at) values ($1, $2, 1, 'a', 1, 'succeeded', $3)",
        *(workspace_id, run_id, at),
    )
    await owner.execute(
        "insert into blobs (workspace_id, id, run_id, content) values ($1, $2, $3, '')", workspace_id, new_id(), run_id
    )
    await owner.execute(
        "insert into waits (workspace_id, run_id, path, attempt, kind, asked) values ($1, $2, 'a', 1, 'approval', '{}')",
        *(workspace_id, run_id),
    )
    return run_id


async def as_owner(database_url: str) -> asyncpg.Connection:
    """The tables' owner, who says that this is upkeep."""
    owner = await asyncpg.connect(database_url)
    await owner.execute("select set_config('plainwork.upkeep', 'on', false)")
    return owner


async def kept(owner: asyncpg.Connection, workspace_id: UUID) -> dict[str, set[UUID]]:
    """Of which runs there is something left, by table."""
    tables = {"runs": "id", "steps": "run_id", "blobs": "run_id", "waits": "run_id"}
    return {
        table: {row[0] for row in await owner.fetch(f"select {key} from {table} where workspace_id = $1", workspace_id)}
        for table, key in tables.items()
    }


async def keep_days(database: Database, workspace_id: UUID, days: int | None) -> None:
    async with database.workspace(workspace_id) as connection:
        await retention.set_days(connection, days)
        assert await retention.days(connection) == days


async def test_runs_go_when_their_workspace_says_so(database: Database, database_url: str, workspace_id: UUID) -> None:
    other = await add_workspace(database, "Keeps everything")
    await make_partitions(database, OLD, 3)
    owner = await as_owner(database_url)
    stays = {
        await add_run(owner, workspace_id, NOW - timedelta(days=29)),
        await add_run(owner, workspace_id, OLD, status="waiting", finished_at=None),
        await add_run(owner, workspace_id, OLD, finished_at=NOW),
        await add_run(owner, workspace_id, OLD, status="failed", cause="step_failed"),
    }
    for fields in ({}, {"status": "failed", "cause": "step_failed", "resolved_at": OLD}, {"status": "cancelled"}):
        await add_run(owner, workspace_id, OLD, **fields)
    others = {await add_run(owner, other, OLD)}
    assert await tallies.count(database, 500) == 7
    await upkeep.keep_up(database, NOW)
    assert len((await kept(owner, workspace_id))["runs"]) == 7
    await keep_days(database, workspace_id, 30)
    turns = await asyncio.gather(*(upkeep.keep_up(database, NOW) for _ in range(3)))
    assert sum(turn.runs for turn in turns) == 3
    assert await kept(owner, workspace_id) == dict.fromkeys(("runs", "steps", "blobs", "waits"), stays)
    assert await kept(owner, other) == dict.fromkeys(("runs", "steps", "blobs", "waits"), others)
    await owner.close()


async def test_a_turn_deletes_so_much_and_no_more(database: Database, database_url: str, workspace_id: UUID) -> None:
    await keep_days(database, workspace_id, 30)
    owner = await as_owner(database_url)
    for _ in range(5):
        await add_run(owner, workspace_id, OLD)
    await tallies.count(database, 500)
    assert [await retention.prune_runs(database, workspace_id, 2) for _ in range(4)] == [2, 2, 1, 0]
    await owner.close()


async def test_buckets_go_that_are_full_again(database: Database, database_url: str) -> None:
    levels = await rates.take(database, [rates.Taken(name, 1, 60) for name in (b"old", b"new")])
    assert levels == [59, 59]
    owner = await as_owner(database_url)
    await owner.execute("update rates set at = now() - interval '61 minutes' where key_hash = 'old'")
    await upkeep.keep_up(database, NOW)
    assert [row[0] for row in await owner.fetch("select key_hash from rates")] == [b"new"]
    await owner.close()


async def test_keys_ticks_and_calls_go_when_nobody_needs_them(
    database: Database, database_url: str, workspace_id: UUID
) -> None:
    long = await add_workspace(database, "Keeps a year")
    await keep_days(database, long, 365)
    await keep_days(database, workspace_id, 10)
    owner = await as_owner(database_url)
    for workspace in (workspace_id, long):
        for days in (29, 31, 91, 500):
            at = NOW - timedelta(days=days)
            await owner.execute(
                "insert into run_keys (workspace_id, agent_id, key, run_id, created_at) values ($1, $1, $2, $1, $3)",
                *(workspace, str(days), at),
            )
            await owner.execute(
                "insert into schedule_ticks (workspace_id, schedule_id, due_at, noted_at) values ($1, $1, $2, $2)",
                *(workspace, at),
            )
            await owner.execute(
                """insert into llm_calls (workspace_id, id, at, provider, model, status, latency_ms)
                   values ($1, $2, $3, 'p', 'm', 'succeeded', 1)""",
                *(workspace, new_id(), at),
            )
    for age in (0.5, 3):
        await owner.execute(
            "insert into sign_in_attempts (key_hash, failures, first_at) values ($1, 1, $2)",
            *(str(age).encode(), NOW - timedelta(days=age)),
        )

    async def count(table: str, workspace: UUID) -> int:
        found: int = await owner.fetchval(f"select count(*) from {table} where workspace_id = $1", workspace)
        return found

    async def left(workspace: UUID) -> list[int]:
        return [await count(table, workspace) for table in ("run_keys", "schedule_ticks", "llm_calls")]

    done = await upkeep.keep_up(database, NOW)
    assert await left(workspace_id) == [1, 2, 3]
    assert await left(long) == [3, 3, 3]
    assert done.rows == 9
    assert await owner.fetchval("select count(*) from sign_in_attempts") == 1
    assert (await upkeep.keep_up(database, NOW)).rows == 0
    await owner.close()


async def test_months_that_hold_nothing_any_more_are_dropped(
    database: Database, database_url: str, workspace_id: UUID
) -> None:
    await make_partitions(database, datetime(2025, 1, 5, tzinfo=UTC), 3)
    owner = await as_owner(database_url)
    await add_run(owner, workspace_id, datetime(2025, 2, 10, tzinfo=UTC))
    await tallies.count(database, 500)

    async def months() -> list[str]:
        rows = await owner.fetch("select relname from pg_class where relname ~ '^(runs|steps)_2025_0[123]$' order by 1")
        return [row["relname"] for row in rows]

    turns = await asyncio.gather(*(upkeep.keep_up(database, NOW) for _ in range(3)))
    assert sum(turn.dropped for turn in turns) == 4
    assert await months() == ["runs_2025_02", "steps_2025_02"]
    await keep_days(database, workspace_id, 30)
    await upkeep.keep_up(database, NOW)
    assert await months() == []
    assert await owner.fetchval("select to_regclass($1) is not null", f"runs_{NOW:%Y_%m}")
    await owner.close()


async def test_rows_whose_month_was_missing_move_there(
    database: Database, database_url: str, workspace_id: UUID
) -> None:
    at = datetime(2024, 7, 9, tzinfo=UTC)
    owner = await as_owner(database_url)
    run_id = await add_run(owner, workspace_id, at, status="waiting", finished_at=None)
    assert await owner.fetchval("select count(*) from runs_default") == 1
    assert (await upkeep.keep_up(database, NOW)).partitions == 2
    for table, key in (("runs", "id"), ("steps", "run_id")):
        assert await owner.fetchval(f"select count(*) from {table}_default") == 0
        assert await owner.fetchval(f"select {key} from {table}_2024_07") == run_id
    async with database.workspace(workspace_id) as connection:
        assert await connection.fetchval("select status from runs where id = $1", run_id) == "waiting"
    async with database.workspace(await add_workspace(database, "Other")) as connection:
        assert await connection.fetch("select * from runs") == []
    await owner.close()


async def test_nobody_deletes_by_naming_another_workspace(
    database: Database, database_url: str, workspace_id: UUID
) -> None:
    """The function reads for itself how long a workspace keeps its runs."""
    owner = await as_owner(database_url)
    await add_run(owner, workspace_id, OLD)
    await tallies.count(database, 500)
    assert await retention.prune_runs(database, workspace_id, 100) == 0
    assert await retention.prune_runs(database, new_id(), 100) == 0
    await owner.close()
