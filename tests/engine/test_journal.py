"""The group-committing journal against the real database: fencing, refused rows, an outage, sizes of groups."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import pytest

from plainwork.db import Database, queue
from plainwork.db.queue import Claim
from plainwork.engine import journal as journal_module
from plainwork.engine import worker as worker_module
from plainwork.engine.journal import Journal, LeaseLost, RunJournal
from plainwork.engine.plan import Failure
from plainwork.engine.start import Start, read, start_many
from plainwork.engine.versions import Version
from plainwork.settings import Settings
from tests.conftest import add_workspace
from tests.engine.flows import node
from tests.engine.running import add_version, ended, eventually, journal_of, working


class Owner:
    def __init__(self) -> None:
        self.told: list[str] = []

    def lost(self) -> None:
        self.told.append("lost")

    def committed(self) -> None:
        self.told.append("committed")


@asynccontextmanager
async def flushing(database: Database) -> AsyncIterator[Journal]:
    journal = Journal(database)
    task = asyncio.create_task(journal.run())
    yield journal
    journal.close()
    await asyncio.wait_for(task, 10)


async def claimed(database: Database, version: Version, count: int = 1) -> list[RunJournal]:
    await start_many(database, version, [Start({})] * count)
    claims = await queue.claim(database, count, None, 60.0)
    assert len(claims) == count
    return [RunJournal(claim, Owner()) for claim in claims]


def told(run: RunJournal) -> list[str]:
    assert isinstance(run.owner, Owner)
    return run.owner.told


async def test_a_group_is_one_commit_for_many_runs_of_many_workspaces(database: Database) -> None:
    versions = [await add_version(database, await add_workspace(database), [node("a")]) for _ in range(3)]
    runs = [run for version in versions for run in await claimed(database, version, 20)]
    async with flushing(database) as journal:
        for run in runs:
            run.add("a", 1, "succeeded", 1e9, output=b'{"n": 1}')
            run.output = b'"done"'
            journal.submit(run.end("succeeded", None, None))
        await asyncio.gather(*(journal.durable(run) for run in runs))
        assert journal.commits == 1
    assert {tuple(told(run)) for run in runs} == {("committed",)}
    for version in versions:
        async with database.workspace(version.workspace_id) as connection:
            rows = await connection.fetch("select status, output, steps from runs")
            assert [tuple(row) for row in rows] == [("succeeded", "done", 1)] * 20
            assert await connection.fetchval("select count(*) from steps") == 20


async def test_a_stale_epoch_writes_nothing_and_does_not_hold_up_its_group(
    database: Database, workspace_id: UUID
) -> None:
    version = await add_version(database, workspace_id, [node("a")])
    stale, fine, ended = await claimed(database, version, 3)
    async with database.workspace(workspace_id) as connection:
        await connection.execute("update queue set epoch = 2 where run_id = $1", stale.claim.run_id)
    async with flushing(database) as journal:
        for run in (stale, fine, ended):
            run.add("a", 1, "succeeded", 1e9, output=b"1")
        stale.touch = fine.touch = True
        for run in (stale, fine, ended.end("failed", "step_failed", Failure("rejected", "no"))):
            journal.submit(run)
        with pytest.raises(LeaseLost):
            await journal.durable(stale)
        await journal.durable(fine)
        journal.submit(stale)
        stale.add("b", 1, "succeeded", 1e9)
    assert (told(stale), told(fine), told(ended)) == (["lost"], ["committed"], ["committed"])
    states = {}
    for run in (stale, fine, ended):
        found = await read(database, workspace_id, run.claim.run_id)
        states[run] = (found.status, len(await journal_of(database, found)))
    assert list(states.values()) == [("queued", 0), ("running", 1), ("failed", 1)]


async def test_a_claim_of_another_workspace_writes_nothing(database: Database, workspace_id: UUID) -> None:
    """The function checks the workspace itself: a run named under the wrong one is not held."""
    version = await add_version(database, workspace_id, [node("a")])
    other = await add_workspace(database, "Other")
    (run,) = await claimed(database, version)
    mixed: Claim = run.claim
    mixed.workspace_id = other
    async with flushing(database) as journal:
        run.add("a", 1, "succeeded", 1e9)
        journal.submit(run.end("succeeded", None, None))
        with pytest.raises(LeaseLost):
            await journal.durable(run)
    assert (await read(database, workspace_id, mixed.run_id)).status == "queued"


async def test_the_application_cannot_write_journals_past_the_function(database: Database, workspace_id: UUID) -> None:
    async with database.workspace(workspace_id) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("delete from steps")
    async with database.workspace(workspace_id) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(
                """insert into steps (workspace_id, run_id, seq, path, attempt, status, at)
                   values ($1, $1, 1, 'a', 1, 'x', now())""",
                workspace_id,
            )


async def test_what_the_database_refuses_costs_only_its_own_run(database: Database, workspace_id: UUID) -> None:
    version = await add_version(database, workspace_id, [node("a")])
    runs = await claimed(database, version, 5)
    async with flushing(database) as journal:
        for run in runs:
            run.add("a", 1, "succeeded", 1e9, output=b"not json" if run is runs[2] else b"1")
            journal.submit(run.end("succeeded", None, None))
        done = await asyncio.gather(*(journal.durable(run) for run in runs), return_exceptions=True)
    assert [isinstance(each, LeaseLost) for each in done] == [False, False, True, False, False]
    statuses = [(await read(database, workspace_id, run.claim.run_id)).status for run in runs]
    assert statuses == ["succeeded", "succeeded", "queued", "succeeded", "succeeded"]


async def test_an_outage_is_waited_out_and_nothing_is_written_twice(
    database: Database, workspace_id: UUID, settings: Settings
) -> None:
    """Connections are cut while groups are under way: whether a commit got through or not, each row is there once."""
    version = await add_version(database, workspace_id, [node("a")])
    runs = await claimed(database, version, 30)
    owner = await asyncpg.connect(settings.database_url)
    cut = """select pg_terminate_backend(pid) from pg_stat_activity
             where datname = current_database() and pid <> pg_backend_pid() and application_name = 'plainwork'"""

    async def write(run: RunJournal, journal: Journal) -> None:
        for i in range(8):
            run.add(f"s{i}", 1, "succeeded", 1e9, output=b"1")
            journal.submit(run)
            await journal.durable(run)
        journal.submit(run.end("succeeded", None, None))
        await journal.durable(run)

    async with flushing(database) as journal, asyncio.timeout(60):
        work = asyncio.gather(*(write(run, journal) for run in runs), return_exceptions=True)
        for _ in range(5):
            await asyncio.sleep(0.02)
            await owner.execute(cut)
        results = await work
    await owner.close()
    # A final commit whose answer was cut off looks like a lost lease to the worker; the run has ended all the same.
    assert {type(result) for result in results} <= {type(None), LeaseLost}
    for run in runs:
        found = await read(database, workspace_id, run.claim.run_id)
        assert found.status == "succeeded"
        assert [row.path for row in await journal_of(database, found)] == [f"s{i}" for i in range(8)]


async def test_sending_a_group_again_changes_nothing(database: Database, workspace_id: UUID) -> None:
    version = await add_version(database, workspace_id, [node("a")])
    (run,) = await claimed(database, version)
    run.add("a", 1, "succeeded", 1e9, output=b"1")
    assert run.apart(b'"' + b"x" * 300_000 + b'"')[0] is None
    parts = [journal_module._Part(run)]
    for again in (False, True, True):
        assert await queue.flush(database, journal_module._columns(parts, again)) == {0}
    found = await read(database, workspace_id, run.claim.run_id)
    assert [row.path for row in await journal_of(database, found)] == ["a"]
    async with database.workspace(workspace_id) as connection:
        assert await connection.fetchval("select count(*) from blobs") == 1


async def test_groups_are_bounded(database: Database, workspace_id: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "GROUP_RUNS", 4)
    monkeypatch.setattr(journal_module, "GROUP_BYTES", 1_000_000)
    version = await add_version(database, workspace_id, [node("a")])
    runs = await claimed(database, version, 10)
    large = await claimed(database, version, 3)
    async with flushing(database) as journal:
        for run in runs:
            journal.submit(run.end("succeeded", None, None))
        await asyncio.gather(*(journal.durable(run) for run in runs))
        assert journal.commits == 3
        for run in large:
            run.apart(b"1" * 600_000)
            journal.submit(run.end("succeeded", None, None))
        await asyncio.gather(*(journal.durable(run) for run in large))
        assert journal.commits == 5


async def test_who_waits_for_a_commit_that_was_broken_off_does_not_act(
    database: Database, workspace_id: UUID, settings: Settings
) -> None:
    """Nobody knows whether the intent was written: to go on would be to act without one."""
    version = await add_version(database, workspace_id, [node("a")])
    [run] = await claimed(database, version)
    journal = Journal(database)
    flushing = asyncio.create_task(journal.run())
    async with database.workspace(workspace_id) as connection:
        await connection.execute("select from queue for update")  # the flush has to wait
        run.add("a", 1, "started", 1e9, key="k")
        journal.submit(run)
        waiting = asyncio.create_task(journal.durable(run))
        await asyncio.sleep(0.2)
        assert not waiting.done()
        flushing.cancel()
        with pytest.raises(LeaseLost):
            await asyncio.wait_for(waiting, 5)
    assert flushing.cancelled()


async def test_a_worker_takes_no_more_runs_than_the_journal_can_write(
    database: Database, database_url: str, workspace_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "GROUP_RUNS", 10)
    monkeypatch.setattr(worker_module, "CLAIM_AT_ONCE", 10)
    version = await add_version(database, workspace_id, [node("a")])
    started = await start_many(database, version, [Start({})] * 200)
    owner = await asyncpg.connect(database_url)
    blocked = owner.transaction()
    await blocked.start()
    await owner.execute("lock table steps in access exclusive mode")
    async with working(database) as running:
        await eventually(lambda: running.worker.journal.is_behind)
        await asyncio.sleep(0.5)
        taken = len(running.worker.active)
        assert 10 * journal_module.GROUPS_AHEAD <= taken <= 10 * (journal_module.GROUPS_AHEAD + 3)
        await blocked.rollback()
        for one in started:
            assert (await ended(database, workspace_id, one.run_id, 30)).status == "succeeded"
    await owner.close()
