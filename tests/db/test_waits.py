"""The functions for waits write only what belongs where they were asked to write it."""

from __future__ import annotations

import asyncpg
import pytest

from plainwork.db import Database, new_id, waits
from plainwork.db.waits import Wait
from tests.conftest import add_workspace
from tests.engine.flows import node
from tests.engine.running import add_version, ended, eventually, in_state, working

ASK = node("ask", "approval", config={"title": "Go on?"})


async def test_an_answer_stays_in_its_workspace(database: Database) -> None:
    mine, theirs = await add_workspace(database), await add_workspace(database, "Other")
    version = await add_version(database, theirs, [ASK])
    async with working(database) as running:
        started = await running.start(version)
        await in_state(database, theirs, started.run_id, "waiting")

        async def wait() -> Wait | None:
            async with database.workspace(theirs) as connection:
                return next(iter(await waits.open_of(connection, started.run_id)), None)

        found = await eventually(wait)
        for named in (mine, theirs):
            async with database.workspace(mine) as connection:
                assert not await waits.answer(connection, named, found, "approved", b"{}", new_id())
                assert await waits.approval(connection, found.id) is None
                assert await waits.open_of(connection, started.run_id) == []
        async with database.workspace(theirs) as connection:
            assert await waits.answer(connection, theirs, found, "approved", b'{"decision": "approved"}', new_id())
        assert (await ended(database, theirs, started.run_id)).status == "succeeded"


@pytest.mark.parametrize(
    "call",
    [
        "deliver_answers($1, $1)",
        "hand_over($1, $1, 'a')",
        "stop_child($1, $1)",
        "close_waits($1, $1)",
        "tell_parent(null::runs)",
    ],
)
async def test_what_is_inside_cannot_be_called(database: Database, call: str) -> None:
    async with database.connection() as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetchval(
                f"select {call}" if "$1" in call else f"select {call} where $1::uuid is not null", new_id()
            )
