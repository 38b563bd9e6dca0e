"""Failures that start other agents: once each, whoever fails the run, and never in circles."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from plainwork import queue, spec
from plainwork.db import Database, agents, runs, triggers
from plainwork.engine import failures, start
from plainwork.engine.catalogue import load
from plainwork.engine.versions import Version, Versions
from plainwork.engine.worker import Worker
from plainwork.queue import Queue
from plainwork.settings import Settings

BROKEN = """# Broken thing

## Steps

### Break
```yaml step
uses: fail
with: {message: It broke}
```
"""
WATCHER = """---
agentspec: 1
when: {error of: WATCHED}
inputs: {run: text, failure: object, told_of: {type: text, required: false}}
---

# TITLE

## Steps

### Say
```yaml step
uses: USES
with: {message: "{{ inputs.run }}: {{ inputs.failure.message }}"}
```
"""


class Bench:
    """A workspace with agents, a worker at hand, and what the scheduler does about failures."""

    def __init__(self, database: Database, workspace_id: UUID, bell: Queue) -> None:
        self.database = database
        self.workspace_id = workspace_id
        self.bell = bell
        self.versions = Versions(database, load())

    async def agent(self, markdown: str) -> Version:
        loaded = spec.load(markdown, load())
        flow = loaded.valid_flow()
        assert loaded.spec is not None
        async with self.database.workspace(self.workspace_id) as connection:
            made = await agents.create(connection, loaded.spec.title)
            version = await agents.publish(
                connection, made.id, markdown=markdown, spec=spec.to_json(loaded.spec), flow=spec.to_json(flow)
            )
            await agents.set_live(connection, made.id, version.id)
        return await self.versions.get(self.workspace_id, version.id)

    async def fail(self, version: Version, **more: Any) -> UUID:
        started = await start.start(self.database, version, {}, bell=self.bell, **more)
        await self.work()
        return started.run_id

    async def work(self) -> None:
        """Lets a worker end every run there is."""
        worker = Worker(self.database, self.bell, versions=self.versions, drain_s=0.0)
        working = asyncio.create_task(worker.run())
        try:
            async with asyncio.timeout(20):
                while await self._is_busy():  # noqa: ASYNC110 - the worker tells nobody
                    await asyncio.sleep(0.02)
        finally:
            worker.stop()
            await working

    async def _is_busy(self) -> bool:
        async with self.database.workspace(self.workspace_id) as connection:
            return bool(await connection.fetchval("select exists (select from queue where due_at < 'infinity')"))

    async def tell(self) -> int:
        return await failures.tell(self.database, self.versions, self.bell)

    async def runs_of(self, version: Version) -> list[runs.Run]:
        async with self.database.workspace(self.workspace_id) as connection:
            return await runs.find(connection, runs.Filter(agents=[version.agent_id]))


@pytest.fixture
async def bench(database: Database, workspace_id: UUID, settings: Settings) -> Any:
    bell = await queue.open(settings, database)
    yield Bench(database, workspace_id, bell)
    await bell.close()


def watcher(title: str = "Watcher", watched: str = "Broken thing", uses: str = "set") -> str:
    return WATCHER.replace("TITLE", title).replace("WATCHED", watched).replace("USES", uses)


async def test_each_watcher_is_started_once(bench: Bench) -> None:
    broken = await bench.agent(BROKEN)
    by_name, by_slug = await bench.agent(watcher()), await bench.agent(watcher("Second watcher", "broken-thing"))
    unconcerned = await bench.agent(watcher("Third watcher", "Another agent"))
    failed = await bench.fail(broken)
    assert sum(await asyncio.gather(bench.tell(), bench.tell(), bench.tell())) == 2
    assert await bench.tell() == 0
    for one in (by_name, by_slug):
        [run] = await bench.runs_of(one)
        assert run.trigger["kind"] == "error"
        assert (run.trigger["agent"], run.trigger["run"], run.trigger["cause"]) == (
            "broken-thing",
            str(failed),
            "step_failed",
        )
        assert run.inputs["failure"]["message"] == "It broke"
        assert run.inputs["run"] == str(failed)
    assert await bench.runs_of(unconcerned) == []
    await bench.work()
    [run] = await bench.runs_of(by_name)
    assert run.status == "succeeded"


async def test_failures_do_not_go_round_in_circles(bench: Bench) -> None:
    first = await bench.agent(watcher("First", "Second", "fail"))
    second = await bench.agent(watcher("Second", "First", "fail"))
    myself = await bench.agent(watcher("Itself", "Itself", "fail"))
    given = {"run": "x", "failure": {"message": "By hand"}}
    for version in (first, myself):
        await start.start(bench.database, version, given, bell=bench.bell)
    await bench.work()
    assert await bench.tell() == 2
    await bench.work()
    assert await bench.tell() == 0
    assert [len(await bench.runs_of(one)) for one in (first, second, myself)] == [1, 1, 2]


async def test_it_is_told_in_the_commit_in_which_a_run_fails(bench: Bench) -> None:
    """Also when nobody but the sweeper fails it."""
    document = BROKEN.replace("# Broken thing", "---\nagentspec: 1\nlimits: {time per run: 1 s}\n---\n\n# Broken thing")
    broken, watching = await bench.agent(document), await bench.agent(watcher())
    await start.start(bench.database, broken, {}, bell=bench.bell)
    async with bench.database.workspace(bench.workspace_id) as connection:
        await connection.execute("update queue set deadline_at = now() - interval '1 hour'")
    assert (await queue_sweep(bench)).timed_out == 1
    assert await bench.tell() == 1
    [run] = await bench.runs_of(watching)
    assert run.trigger["cause"] == "timed_out"


async def queue_sweep(bench: Bench) -> Any:
    from plainwork.db import queue as rows

    return await rows.sweep(bench.database, 0.0)


async def test_a_paused_watcher_and_another_workspaces_hear_nothing(bench: Bench, database: Database) -> None:
    from tests.conftest import add_workspace

    stranger = Bench(database, await add_workspace(database, "Other"), bench.bell)
    await stranger.agent(watcher())
    broken, watching = await bench.agent(BROKEN), await bench.agent(watcher())
    async with database.workspace(bench.workspace_id) as connection:
        await triggers.pause(connection, watching.agent_id, "trigger-1", paused=True)
    await bench.fail(broken)
    assert await bench.tell() == 0


async def test_a_watcher_that_cannot_be_started_says_why(bench: Bench) -> None:
    broken = await bench.agent(BROKEN)
    watching = await bench.agent(watcher().replace("told_of: {type: text, required: false}", "told_of: integer"))
    failed = await bench.fail(broken)
    assert await bench.tell() == 0
    assert await bench.tell() == 0
    async with bench.database.workspace(bench.workspace_id) as connection:
        trigger = await triggers.get(connection, watching.agent_id, "trigger-1")
        [noted] = await triggers.last(connection, trigger)
    assert (noted.status, noted.run_id) == (422, failed)
    assert "told_of" in str(noted.reason)
