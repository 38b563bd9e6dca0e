"""Tallies count each ended run once, and what is counted bit by bit is what a recount finds."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plainwork import db
from plainwork.db import Database, agents, llm_calls, log_lines, new_id, retention, tallies
from plainwork.db.ids import first_id_at
from plainwork.db.llm_calls import LlmCall
from plainwork.db.log_lines import Search
from plainwork.db.tallies import Question, Sum, Table
from plainwork.settings import Settings
from tests.conftest import add_workspace, in_thread

NOON = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)
AGENTS = [UUID(int=n) for n in (11, 12)]


@dataclass(frozen=True)
class Ended:
    """A run that has ended: ``hours`` after noon, after so many milliseconds (None: it never began)."""

    agent: int
    version: int
    status: str
    hours: int
    took_ms: int | None
    cost_usd: float = 0.0
    attempts: tuple[str, ...] = ()

    @property
    def at(self) -> datetime:
        return NOON + timedelta(hours=self.hours)


ENDED = st.builds(
    Ended,
    agent=st.integers(0, 1),
    version=st.integers(1, 2),
    status=st.sampled_from(["succeeded", "failed", "cancelled"]),
    hours=st.integers(-60, 60),
    took_ms=st.none() | st.integers(0, 10**7),
    cost_usd=st.sampled_from([0.0, 0.25, 1.5]),
    attempts=st.lists(st.sampled_from(["succeeded", "failed"]), max_size=3).map(tuple),
)


async def add(owner: asyncpg.Connection, workspace_id: UUID, run: Ended) -> UUID:
    """Leaves the run, its journal and its calls as the engine does: it goes from the queue when it is over."""
    run_id = UUID(int=first_id_at(run.at).int | new_id().int & (1 << 62) - 1)
    began = None if run.took_ms is None else run.at - timedelta(milliseconds=run.took_ms)
    failure = '{"kind": "rejected", "message": "The post office is closed."}' if run.status == "failed" else None
    async with owner.transaction():
        await owner.execute(
            """insert into runs (workspace_id, id, agent_id, version_id, tokens, cost_usd, started_at)
               values ($1, $2, $3, $4, 7, $5, $6)""",
            *(workspace_id, run_id, AGENTS[run.agent], UUID(int=run.version), run.cost_usd, began),
        )
        await owner.execute("insert into queue (workspace_id, run_id) values ($1, $2)", workspace_id, run_id)
    async with owner.transaction():
        for seq, status in enumerate(run.attempts, 1):
            await owner.execute(
                """insert into steps (workspace_id, run_id, seq, path, attempt, status, at, took_ms)
                   values ($1, $2, $3, 'each[' || $3::int || '].send', 1, $4, $5, 20)""",
                *(workspace_id, run_id, seq, status, run.at),
            )
        if run.cost_usd:
            await owner.execute(
                """insert into llm_calls (workspace_id, id, at, run_id, step_path, provider, model, status, cost_usd, latency_ms,
                                          input_tokens)
                   values ($1, $2, $3, $4, 'each[0].ask', 'vendor', 'small', 'succeeded', $5, 300, 7)""",
                *(workspace_id, new_id(), run.at, run_id, run.cost_usd),
            )
        await owner.execute(
            "update runs set status = $3, finished_at = $4, failure = $5 where workspace_id = $1 and id = $2",
            *(workspace_id, run_id, run.status, run.at, failure),
        )
        await owner.execute("delete from queue where workspace_id = $1 and run_id = $2", workspace_id, run_id)
    return run_id


async def as_owner(database_url: str) -> asyncpg.Connection:
    owner = await asyncpg.connect(database_url)
    await owner.execute("select set_config('plainwork.upkeep', 'on', false)")
    return owner


async def sums(database: Database, workspace_id: UUID, table: Table = "run_tallies", **asked: Any) -> list[Sum]:
    given = {"since": NOON - timedelta(days=9), "until": NOON + timedelta(days=9), "span": None, "by": ()} | asked
    async with database.workspace(workspace_id) as connection:
        return await tallies.add_up(connection, Question(table, **given), 1000)


async def everything(database: Database, workspace_id: UUID) -> dict[str, list[Sum]]:
    """All that can be asked of the workspace's tallies."""
    tables: Mapping[Table, Sequence[str]] = {
        "run_tallies": ("agent_id", "version_id"),
        "step_tallies": ("agent_id", "version_id", "node"),
        "call_tallies": ("agent_id", "version_id", "node", "provider", "model"),
    }
    return {
        f"{table} {span}": await sums(database, workspace_id, table, span=span, by=tuple(columns))
        for table, columns in tables.items()
        for span in ("hour", "day", None)
    }


async def count_all(database: Database, most: int = 500) -> int:
    counted = 0
    while more := await tallies.count(database, most):
        counted += more
    return counted


# ── Counting ─────────────────────────────────────────────────────────────────────────────────────────────────────────
@given(st.lists(st.lists(ENDED, max_size=6), min_size=1, max_size=4), st.integers(1, 4))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_counting_bit_by_bit_is_recounting(module_database_url: str, turns: list[list[Ended]], most: int) -> None:
    in_thread(_counted_twice(module_database_url, turns, most))


async def _counted_twice(url: str, turns: list[list[Ended]], most: int) -> None:
    owner = await as_owner(url)
    async with await db.open(Settings(data_dir=Path("/nonexistent"), database_url=url), migrate=False) as database:
        workspace_id = await add_workspace(database)
        for turn in turns:
            for run in turn:
                await add(owner, workspace_id, run)
            await count_all(database, most)
        await owner.close()
        runs = [run for turn in turns for run in turn]
        first = await everything(database, workspace_id)
        _check(first, runs)
        async with database.workspace(workspace_id) as connection:
            assert await tallies.recount(connection) is None
        assert await count_all(database, most) == len(runs)
        assert await everything(database, workspace_id) == first


def _check(found: dict[str, list[Sum]], runs: list[Ended]) -> None:
    """The tallies against the runs, added up by hand."""
    by_hour = Counter((run.at.replace(minute=0), AGENTS[run.agent], UUID(int=run.version)) for run in runs)
    assert {(one.at, *one.key): one.measures["runs"] for one in found["run_tallies hour"]} == by_hour
    by_day = Counter((run.at.replace(hour=0, minute=0), AGENTS[run.agent], UUID(int=run.version)) for run in runs)
    assert {(one.at, *one.key): one.measures["runs"] for one in found["run_tallies day"]} == by_day
    total = found["run_tallies None"]
    for status in ("succeeded", "failed", "cancelled"):
        assert sum(one.measures[status] for one in total) == sum(run.status == status for run in runs)
    assert math.isclose(sum(one.measures["cost_usd"] for one in total), sum(run.cost_usd for run in runs))
    assert sum(one.measures["tokens"] for one in total) == 7 * len(runs)
    for one in total:
        took = sorted(
            run.took_ms
            for run in runs
            if (AGENTS[run.agent], UUID(int=run.version)) == one.key and run.took_ms is not None
        )
        _near(one.p50_ms, took, 0.5)
        _near(one.p95_ms, took, 0.95)
    attempts = [status for run in runs for status in run.attempts]
    steps = found["step_tallies None"]
    assert {one.key[2] for one in steps} <= {"each.send"}
    assert sum(one.measures["attempts"] for one in steps) == len(attempts)
    assert sum(one.measures["failed"] for one in steps) == attempts.count("failed")
    calls = found["call_tallies None"]
    assert {one.key[2:] for one in calls} <= {("each.ask", "vendor", "small")}
    assert math.isclose(sum(one.measures["cost_usd"] for one in calls), sum(run.cost_usd for run in runs))


def _near(found: float | None, took: list[int], share: float) -> None:
    """A quantile is within 5 % of the exact one, from a microsecond on."""
    assert (found is None) == (not took)
    if found is not None:
        exact = took[math.ceil(share * len(took)) - 1]
        assert abs(found - exact) <= 0.05 * exact + 0.002


async def test_a_run_counts_once_however_many_count(database: Database, database_url: str, workspace_id: UUID) -> None:
    owner = await as_owner(database_url)
    for number in range(40):
        await add(owner, workspace_id, Ended(0, 1, "succeeded", 0, number))
    counted = await asyncio.gather(*(count_all(database, 3) for _ in range(4)))
    assert sum(counted) + await count_all(database) == 40
    [total] = await sums(database, workspace_id)
    assert total.measures["runs"] == 40
    await owner.close()


async def test_what_did_not_commit_is_counted_later(database: Database, database_url: str, workspace_id: UUID) -> None:
    """A run that ended long before the last count, in a transaction that committed after it."""
    owner, late = await as_owner(database_url), await as_owner(database_url)
    transaction = late.transaction()
    await transaction.start()
    await add(late, workspace_id, Ended(0, 1, "succeeded", -5, 100))
    await add(owner, workspace_id, Ended(0, 1, "failed", 0, 100))
    assert await count_all(database) == 1
    await transaction.commit()
    assert await count_all(database) == 1
    assert [one.measures["runs"] for one in await sums(database, workspace_id, span="hour")] == [1, 1]
    await owner.close()
    await late.close()


async def test_calls_of_no_run_count_at_once(database: Database, workspace_id: UUID) -> None:
    call = LlmCall(
        id=new_id(), at=NOON, provider="vendor", model="large", status="failed", latency_ms=9, failure="retry"
    )
    async with database.workspace(workspace_id) as connection:
        await llm_calls.record(connection, [call])
        await llm_calls.record(connection, [call])
    for _ in range(2):
        [total] = await sums(database, workspace_id, "call_tallies", by=("agent_id", "node", "model"))
        assert total.key == (tallies.NOBODY, "", "large")
        assert (total.measures["calls"], total.measures["failed"], total.measures["unpriced"]) == (1, 1, 1)
        async with database.workspace(workspace_id) as connection:
            await tallies.recount(connection)


# ── Asking ───────────────────────────────────────────────────────────────────────────────────────────────────────────
@given(st.integers(1, 10**13))
@settings(max_examples=200, deadline=None)
def test_a_bucket_stands_for_what_is_near(microseconds: int) -> None:
    found = tallies.middle_of(math.floor(8 * math.log2(microseconds)))
    assert abs(found - microseconds / 1000) <= 0.05 * microseconds / 1000


@pytest.mark.parametrize("hours", [(-30, 40), (-50, -2), (0, 1), (-36, 12), (-13, 60), (-12, -12)])
async def test_days_and_hours_add_up_to_the_time_asked(
    database: Database, database_url: str, workspace_id: UUID, hours: tuple[int, int]
) -> None:
    owner = await as_owner(database_url)
    for hour in range(-55, 55, 3):
        await add(owner, workspace_id, Ended(0, 1, "succeeded", hour, 100))
    await count_all(database)
    noon = NOON.replace(minute=0)
    since, until = (noon + timedelta(hours=h) for h in hours)
    wanted = sum(1 for hour in range(-55, 55, 3) if hours[0] <= hour < hours[1])
    for span in ("hour", "day", None):
        found = await sums(database, workspace_id, since=since, until=until, span=span)
        assert sum(one.measures["runs"] for one in found) == wanted, span
    await owner.close()


async def test_tallies_and_lines_are_the_workspaces_own(
    database: Database, database_url: str, workspace_id: UUID
) -> None:
    owner, other = await as_owner(database_url), await add_workspace(database, "Other")
    await add(owner, other, Ended(0, 1, "failed", 0, 100, 1.5, ("failed",)))
    await count_all(database)
    assert all(not found for found in (await everything(database, workspace_id)).values())
    async with database.workspace(workspace_id) as connection:
        assert await log_lines.find(connection, Search("post office")) == []
        assert await connection.fetch("select runs_saying('post office')") == []
        assert await connection.fetch("select find_log_lines(null, null, null, null, null, null, 10)") == []
        await tallies.recount(connection)
    assert (await sums(database, other))[0].measures["runs"] == 1
    await owner.close()


# ── Retention ────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_tallies_stay_when_their_runs_go(database: Database, database_url: str, workspace_id: UUID) -> None:
    owner = await as_owner(database_url)
    old, new = (round((datetime.now(UTC) - NOON) / timedelta(hours=1)) - 24 * days for days in (40, 2))
    async with database.workspace(workspace_id) as connection:
        await retention.set_days(connection, 30)
    for hours in (old, old, new):
        await add(owner, workspace_id, Ended(0, 1, "failed", hours, 100, 0.25, ("succeeded",)))
    await owner.execute("update runs set resolved_at = now() where workspace_id = $1", workspace_id)
    assert await retention.prune_runs(database, workspace_id, 100) == 0, "what is not counted stays"
    await count_all(database)
    asked: dict[str, Any] = {
        "since": NOON - timedelta(days=9),
        "until": datetime.now(UTC) + timedelta(days=1),
        "span": "day",
    }
    before = await sums(database, workspace_id, **asked)
    assert [one.measures["runs"] for one in before] == [2, 1]
    assert await retention.prune_runs(database, workspace_id, 100) == 2
    assert await sums(database, workspace_id, **asked) == before
    async with database.workspace(workspace_id) as connection:
        assert await connection.fetchval("select count(*) from log_lines") == 1
        await retention.set_days(connection, 365)  # what is gone already is not asked for again
        since = await tallies.recount(connection)
    assert since is not None
    assert datetime.now(UTC) - timedelta(days=31) < since < datetime.now(UTC)
    assert await count_all(database) == 1
    assert await sums(database, workspace_id, **asked) == before
    await owner.close()


# ── Lines ────────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_lines_are_found_by_their_words(database: Database, database_url: str, workspace_id: UUID) -> None:
    owner = await as_owner(database_url)
    async with database.workspace(workspace_id) as connection:
        agent = await agents.create(connection, "Postman")
    await owner.execute("update agents set id = $2 where id = $1", agent.id, AGENTS[0])
    runs = [await add(owner, workspace_id, Ended(0, 1, "failed", hour, 100)) for hour in range(5)]
    await owner.execute(
        """insert into steps (workspace_id, run_id, seq, path, attempt, status, output, failure, at)
           values ($1, $2, 1, 'each[2].add-up', 1, 'succeeded', '{"result":1,"printed":"Seven of nine"}', null, $3),
                  ($1, $2, 2, 'send', 1, 'failed', null, '{"message": "No such mailbox"}', $3)""",
        *(workspace_id, runs[0], NOON),
    )
    await count_all(database)
    await owner.close()

    async def found(text: str | None = None, **only: Any) -> list[str]:
        async with database.workspace(workspace_id) as connection:
            return [line.message for line in await log_lines.find(connection, Search(text, **only))]

    assert await found("seven") == ["Seven of nine"]
    assert await found("add-up") == ["Seven of nine"]
    assert await found('"such mailbox" or nine', kinds=["step_failed"]) == ["No such mailbox"]
    assert await found("such -mailbox") == []
    assert await found("  !&|() ") == []
    assert len(await found()) == 7
    assert len(await found("office closed")) == 5
    assert len(await found("office", since=NOON + timedelta(hours=1), until=NOON + timedelta(hours=3))) == 2
    assert len(await found(run=runs[0])) == 3
    assert await found(agents=[AGENTS[1]]) == []
    async with database.workspace(workspace_id) as connection:
        first = await log_lines.find(connection, Search("office"), limit=2)
        rest = await log_lines.find(connection, Search("office"), before=first[-1].id)
    assert [line.run_id for line in (*first, *rest)] == runs[::-1]
