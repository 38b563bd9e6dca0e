"""The two functions that write journals for people: what they are asked to write where it does not belong, they refuse."""

from __future__ import annotations

from uuid import UUID

import asyncpg
import pytest

from plainwork.db import Database, new_id, queue, replays, runs
from plainwork.db.runs import NewRun
from plainwork.engine.start import start
from plainwork.engine.versions import Version
from tests.conftest import add_workspace
from tests.engine.flows import node
from tests.engine.running import add_version, ended, journal_of, working


async def done(database: Database, workspace_id: UUID) -> tuple[Version, UUID]:
    """A run of one step that has ended."""
    version = await add_version(database, workspace_id, [node("a", config={"secret": "treasure"})])
    async with working(database) as running:
        return version, (await running.finish(version)).id


async def fresh(database: Database, version: Version, origin: UUID | None) -> UUID:
    """A new run that nobody has had, which comes of another."""
    made = NewRun(new_id(), {}, {})
    async with database.workspace(version.workspace_id) as connection:
        await runs.insert(connection, version.workspace_id, version.agent_id, version.id, [made])
        if origin is not None:
            await replays.name_origin(connection, made.id, origin, None)
    return made.id


async def carried(database: Database, inside: UUID, workspace_id: UUID, origin: UUID, run_id: UUID) -> int:
    async with database.workspace(inside) as connection:
        return await replays.carry_over(connection, workspace_id, origin, run_id, [1])


async def test_rows_go_into_a_new_run_of_that_origin_once(database: Database) -> None:
    mine, theirs = await add_workspace(database), await add_workspace(database, "Other")
    (own, first), (foreign, second) = await done(database, mine), await done(database, theirs)
    run, other, plain = (
        await fresh(database, own, first),
        await fresh(database, foreign, second),
        await fresh(database, own, None),
    )
    for inside, workspace, origin, target in (
        (mine, theirs, second, other),  # another workspace than the declared one
        (mine, mine, second, run),  # not the origin that the run names
        (mine, mine, first, other),
        (mine, mine, first, plain),  # a run that names none
        (mine, mine, first, first),  # one that has a journal of its own
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await carried(database, inside, workspace, origin, target)
    smuggling = await fresh(database, own, second)  # it names a run of another workspace as its origin
    assert await carried(database, mine, mine, second, smuggling) == 0
    assert await carried(database, mine, mine, first, run) == 1
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await carried(database, mine, mine, first, run)
    [row] = await journal_of(database, own, run)
    assert (row.source, row.output) == ("carried", {"secret": "treasure"})


async def test_a_run_that_a_worker_has_is_not_written_to(database: Database) -> None:
    mine = await add_workspace(database)
    version, origin = await done(database, mine)
    run = await fresh(database, version, origin)
    assert [claim.run_id for claim in await queue.claim(database, 5, None, 30.0)] == [run]
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await carried(database, mine, mine, origin, run)
    assert await journal_of(database, version, run) == []


async def test_what_a_person_says_stays_in_the_workspace(database: Database) -> None:
    mine, theirs = await add_workspace(database), await add_workspace(database, "Other")
    version, origin = await done(database, theirs)
    run = await fresh(database, version, origin)
    plain = (await start(database, version, {})).run_id
    async with database.workspace(mine) as connection:
        for workspace in (mine, theirs):
            assert await replays.note_decision(connection, workspace, run, "a", 1, "skipped") is None
    async with database.workspace(theirs) as connection:
        for ordinary in (plain, origin, new_id()):
            assert await replays.note_decision(connection, theirs, ordinary, "a", 1, "skipped") is None
        assert await replays.note_decision(connection, theirs, run, "a", 1, "succeeded", output=b'"said"') == 1
    async with working(database):
        found = await ended(database, theirs, run)
        await ended(database, theirs, plain)
    assert found.output == "said"
    assert [row.source for row in await journal_of(database, found)] == ["given"]
