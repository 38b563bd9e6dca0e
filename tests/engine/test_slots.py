"""Secrets with a limit: never used by more steps than allowed, by all workers together, nor more often."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from plainwork.db import Database, queue, secrets
from plainwork.engine import slots
from plainwork.engine.outside import Outside
from plainwork.engine.start import Start, start, start_many
from plainwork.spec.kinds import Kind
from tests.engine.flows import node
from tests.engine.gauge import Gauge
from tests.engine.running import add_version, ended, in_state, journal_of, working
from tests.world import Reply, Seen, Web

TOKEN = {"token": "t0p-secret"}


@pytest.fixture
def holding(outside: Outside) -> Outside:
    """An outside whose every secret is a token."""

    async def open_account(_claim: Any, _name: str, _kind: Kind, _config: Mapping[str, Any]) -> Mapping[str, Any]:
        return TOKEN

    return replace(outside, open_account=open_account)


async def add_secret(database: Database, workspace_id: UUID, **limits: int) -> None:
    async with database.workspace(workspace_id) as connection:
        await connection.execute(
            "insert into secrets (workspace_id, name, current_version) values ($1, 'KEY', 1)", workspace_id
        )
        await secrets.set_limits(connection, "KEY", limits.get("at_once"), limits.get("per_minute"))


async def version_that_asks(database: Database, workspace_id: UUID, web: Web) -> Any:
    ask = node("ask", "http", config={"method": "GET", "url": web.url + "/"}, account="KEY")
    return await add_version(database, workspace_id, [ask])


async def test_many_workers_never_use_a_secret_more_often_at_once(
    database: Database, workspace_id: UUID, holding: Outside, web: Web
) -> None:
    gauge = Gauge(web)
    await add_secret(database, workspace_id, at_once=2)
    version = await version_that_asks(database, workspace_id, web)
    async with working(database, holding) as first, working(database, holding), working(database, holding):
        started = await start_many(database, version, [Start({})] * 30, bell=first.bell)
        for one in started:
            assert (await ended(database, workspace_id, one.run_id, 30)).status == "succeeded"
    assert (gauge.total, gauge.most) == (30, 2)


async def test_uses_are_spread_over_the_minute(
    database: Database, workspace_id: UUID, holding: Outside, web: Web
) -> None:
    at: list[float] = []

    def answer(_: Seen) -> Reply:
        at.append(time.monotonic())
        return Reply(json={})

    web.on("GET", "/", answer)
    await add_secret(database, workspace_id, per_minute=300)
    version = await version_that_asks(database, workspace_id, web)
    async with working(database, holding) as first, working(database, holding):
        started = await start_many(database, version, [Start({})] * 8, bell=first.bell)
        for one in started:
            await ended(database, workspace_id, one.run_id)
    assert len(at) == 8
    assert at[-1] - at[0] >= 7 * 0.2 - 0.05


async def test_a_step_that_waits_long_holds_no_worker(
    database: Database, workspace_id: UUID, holding: Outside, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "HOLD_S", 0.1)
    monkeypatch.setattr("plainwork.engine.execution.HOLD_S", 0.05)
    let_go = asyncio.Event()

    async def answer(_: Seen) -> Reply:
        await let_go.wait()
        return Reply(json={})

    web.on("GET", "/", answer)
    await add_secret(database, workspace_id, at_once=1)
    version = await version_that_asks(database, workspace_id, web)
    async with working(database, holding) as running:
        first = await running.start(version)
        await in_state(database, workspace_id, first.run_id, "running")
        second = await running.start(version)
        waiting = await in_state(database, workspace_id, second.run_id, "waiting")
        assert waiting.wake_at is not None
        assert second.run_id not in running.worker.active
        let_go.set()
        for one in (first, second):
            assert (await ended(database, workspace_id, one.run_id)).status == "succeeded"
        statuses = [row.status for row in await journal_of(database, version, second.run_id)]
        assert statuses[0] == "waiting"
        assert statuses[-1] == "succeeded"


async def test_a_step_that_acts_notes_its_intent_when_it_has_its_slot(
    database: Database, workspace_id: UUID, holding: Outside, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "HOLD_S", 0.1)
    monkeypatch.setattr("plainwork.engine.execution.HOLD_S", 0.05)
    gauge = Gauge(web, takes_s=0.5)
    web.on("POST", "/", gauge.answer)
    await add_secret(database, workspace_id, at_once=1)
    send = node("send", "http", config={"method": "POST", "url": web.url + "/"}, account="KEY", effect="once")
    version = await add_version(database, workspace_id, [send])
    async with working(database, holding) as running:
        started = await start_many(database, version, [Start({})] * 2, bell=running.bell)
        rows = []
        for one in started:
            assert (await ended(database, workspace_id, one.run_id)).status == "succeeded"
            rows.append([row.status for row in await journal_of(database, version, one.run_id)])
    assert sorted(rows)[0] == ["started", "succeeded"]
    assert sorted(rows)[1][-2:] == ["started", "succeeded"]
    assert "waiting" in sorted(rows)[1][:-2]
    assert (gauge.total, gauge.most) == (2, 1)


async def test_the_slot_of_a_worker_that_died_is_free(database: Database, workspace_id: UUID, web: Web) -> None:
    await add_secret(database, workspace_id, at_once=1)
    version = await version_that_asks(database, workspace_id, web)
    session = await database.dedicated()
    number = await queue.register(session, "doomed")
    await start(database, version, {})
    [doomed] = await queue.claim(database, 1, number, 60.0)
    await start(database, version, {})
    [other] = await queue.claim(database, 1, None, 60.0)

    async def take(claim: queue.Claim) -> float:
        async with database.workspace(workspace_id) as connection:
            return await secrets.take_slot(connection, "KEY", (claim.run_id, "ask", claim.epoch), 5.0)

    assert await take(doomed) == 0
    assert await take(other) < 0
    await session.close()
    await asyncio.sleep(1.1)  # a worker younger than a second is not taken for lost
    await queue.sweep(database, 30.0)
    assert await take(other) == 0
