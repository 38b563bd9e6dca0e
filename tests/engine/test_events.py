"""Watching runs: from the start or from where one left off, in this process or from another."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from uuid import UUID

import pytest

from plainwork.db import Database
from plainwork.engine import events as events_module
from plainwork.engine.events import Event, Events
from plainwork.engine.outside import Outside
from plainwork.engine.start import cancel, wait_for
from plainwork.errors import NotFound
from plainwork.net import Client
from tests.conftest import add_workspace
from tests.engine.flows import chain, loop, node
from tests.engine.running import add_version, in_state, working
from tests.world import Reply, Web


async def collected(events: Events, workspace_id: UUID, run_id: UUID, after: int = 0) -> list[Event]:
    async with aclosing(events.watch(workspace_id, run_id, after)) as stream:
        return [event async for event in stream]


async def test_watchers_here_and_elsewhere_see_the_same(database: Database, workspace_id: UUID, web: Web) -> None:
    web.on("GET", "/a", Reply(json=1, delay_s=0.3))
    nodes = [node("x"), node("a", "http", config={"url": web.url + "/a"}), node("b")]
    version = await add_version(database, workspace_id, nodes, chain("x", "a", "b"))
    elsewhere = Events(database)
    async with Client((web.host,)) as client, working(database, Outside(net=client)) as running:
        started = await running.start(version)
        here, there, late = await asyncio.gather(
            collected(running.worker.events, workspace_id, started.run_id),
            collected(elsewhere, workspace_id, started.run_id),
            collected(elsewhere, workspace_id, started.run_id, after=2),
        )
    steps = [("x", 1), ("a", 2), ("b", 3)]
    assert [(e.path, e.seq) for e in here if e.seq and e.type == "step"] == steps
    assert [(e.path, e.seq) for e in there if e.type == "step"] == steps
    assert [(e.path, e.seq) for e in late if e.type == "step"] == steps[2:]
    for seen in (here, there, late):
        assert seen[-1].type == "run"
        assert seen[-1].status == "succeeded"
        assert seen[-1].seq == 3
    assert not running.worker.events.is_watched(started.run_id)


async def test_a_long_journal_is_read_in_pages(
    database: Database, workspace_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events_module, "_ROWS", 10)
    each = loop("each", "foreach", [node("x")], items="{{ range(25) }}")
    version = await add_version(database, workspace_id, [each])
    async with working(database) as running:
        run = await running.finish(version)
        seen = await collected(Events(database), workspace_id, run.id)
    assert [e.seq for e in seen if e.type == "step"] == list(range(1, 27))
    assert [e.status for e in seen if e.type == "run"] == ["succeeded"]


async def test_a_cancelled_run_ends_the_watch(database: Database, workspace_id: UUID) -> None:
    version = await add_version(database, workspace_id, [node("pause", "wait", config={"for": "1 hour"})])
    async with working(database) as running:
        started = await running.start(version)
        watching = asyncio.create_task(collected(Events(database), workspace_id, started.run_id))
        await in_state(database, workspace_id, started.run_id, "waiting")
        await asyncio.sleep(0.2)
        await cancel(database, workspace_id, started.run_id)
        seen = await asyncio.wait_for(watching, 5)
    assert [e.status for e in seen if e.type == "run"][-2:] == ["waiting", "cancelled"]


async def test_wait_for_gives_the_run_when_it_is_over_or_time_is_up(database: Database, workspace_id: UUID) -> None:
    quick = await add_version(database, workspace_id, [node("a", config={"n": 1})])
    slow = await add_version(database, workspace_id, [node("pause", "wait", config={"for": "1 hour"})])
    async with working(database) as running:
        events = running.worker.events
        one, two = await running.start(quick), await running.start(slow)
        assert (await wait_for(events, database, workspace_id, one.run_id, 10)).output == {"n": 1}
        assert not (await wait_for(events, database, workspace_id, two.run_id, 0.3)).is_over


async def test_nobody_watches_another_workspaces_run(database: Database, workspace_id: UUID) -> None:
    other = await add_workspace(database, "Other")
    version = await add_version(database, workspace_id, [node("a")])
    async with working(database) as running:
        run = await running.finish(version)
    with pytest.raises(NotFound):
        await collected(Events(database), other, run.id)
