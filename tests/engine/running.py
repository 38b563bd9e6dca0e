"""Real runs for tests: versions in a real database, workers on the test's event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from plainwork import queue
from plainwork.db import Database, agents, new_id, runs
from plainwork.db.runs import Run, StepRow
from plainwork.engine.outside import Outside
from plainwork.engine.start import Started, read, start
from plainwork.engine.versions import Version, Versions
from plainwork.engine.worker import Worker
from plainwork.queue import Queue
from plainwork.settings import Settings
from plainwork.spec.flow import Edge, Flow, Node


async def add_version(
    database: Database, workspace_id: UUID, nodes: Sequence[Node], edges: Sequence[Edge] = (), **fields: Any
) -> Version:
    """A new agent with this flow as its live version."""
    flow = msgspec.to_builtins(Flow(nodes=tuple(nodes), edges=tuple(edges), **fields))
    async with database.workspace(workspace_id) as connection:
        agent = await agents.create(connection, "Test agent", slug=f"test-{new_id().hex}")
        made = await agents.publish(connection, agent.id, markdown="# Test", spec={"title": "Test"}, flow=flow)
        await agents.set_live(connection, agent.id, made.id)
    return await Versions(database).get(workspace_id, made.id)


@dataclass
class Running:
    """A worker at work."""

    database: Database
    bell: Queue
    worker: Worker
    task: asyncio.Task[None]

    async def start(self, version: Version, inputs: Mapping[str, Any] | None = None, **how: Any) -> Started:
        return await start(self.database, version, inputs or {}, bell=self.bell, **how)

    async def finish(self, version: Version, inputs: Mapping[str, Any] | None = None, **how: Any) -> Run:
        started = await self.start(version, inputs, **how)
        return await ended(self.database, version.workspace_id, started.run_id)

    async def die(self) -> None:
        """The worker vanishes as though its process had been killed: nothing is given back, nothing more is written."""
        worker = self.worker
        for execution in list(worker.active.values()):
            execution.records.is_lost = True
            execution.lost()
        await self.stop()

    async def stop(self) -> None:
        self.worker.stop()
        await asyncio.wait_for(asyncio.gather(self.task, return_exceptions=True), 20)


@asynccontextmanager
async def working(database: Database, outside: Outside | None = None, **options: Any) -> AsyncIterator[Running]:
    """A worker in the background; stopped at the end, and its errors raised."""
    bell = await queue.open(Settings(data_dir=Path()), database)
    worker = Worker(database, bell, outside, **{"drain_s": 0.0, **options})
    running = Running(database, bell, worker, asyncio.create_task(worker.run()))
    try:
        yield running
    finally:
        await running.stop()
        await bell.close()
        if not running.task.cancelled():
            running.task.result()


async def eventually(holds: Callable[[], Any], timeout_s: float = 15.0) -> Any:
    """Waits until ``holds`` (which may be async) gives something true, and returns that."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout_s
    while True:
        found = holds()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return found
        assert loop.time() < deadline, "it never came to that"
        await asyncio.sleep(0.01)


async def ended(database: Database, workspace_id: UUID, run_id: UUID, timeout_s: float = 15.0) -> Run:
    """The run once it is over."""

    async def over() -> Run | None:
        run = await read(database, workspace_id, run_id)
        return run if run.is_over else None

    found: Run = await eventually(over, timeout_s)
    return found


async def in_state(database: Database, workspace_id: UUID, run_id: UUID, status: str) -> Run:
    """The run once it has this status."""

    async def there() -> Run | None:
        run = await read(database, workspace_id, run_id)
        return run if run.status == status else None

    found: Run = await eventually(there)
    return found


async def journal_of(database: Database, run: Run | Version, run_id: UUID | None = None) -> list[StepRow]:
    """The journal of a run."""
    async with database.workspace(run.workspace_id) as connection:
        return await runs.steps(connection, run_id or run.id)
