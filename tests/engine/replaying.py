"""What tests of runs that are taken again have in common."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from plainwork.db import Database, agents, audit, runs
from plainwork.db.audit import SYSTEM
from plainwork.db.runs import Run
from plainwork.engine import replay
from plainwork.engine.inbox import Decided, Decision, decide
from plainwork.engine.replay import Again
from plainwork.engine.start import Started
from plainwork.engine.versions import Version, Versions
from plainwork.spec.flow import Flow, Node
from tests.engine.flows import chain, node
from tests.engine.running import Running, ended

FAIL = node("stop", "fail", config={"message": "no"})


async def again(database: Database, run: Run, how: Again | None = None, key: str | None = None) -> Started:
    async with database.workspace(run.workspace_id) as connection:
        return await replay.retry(
            connection, Versions(database), run.workspace_id, run.id, how or Again(), SYSTEM, key=key
        )


async def retried(running: Running, run: Run, how: Again | None = None) -> Run:
    """The run that comes of it, once it is over."""
    started = await again(running.database, run, how)
    await running.bell.ring([started.run_id])
    return await ended(running.database, run.workspace_id, started.run_id)


async def decided(running: Running, run: Run, decision: Decision) -> Decided:
    async with running.database.workspace(run.workspace_id) as connection:
        versions = Versions(running.database)
        done = await decide(connection, versions, run.workspace_id, run.id, decision, SYSTEM)
    await running.bell.ring([run.id])
    return done


async def in_inbox(database: Database, workspace_id: UUID) -> set[UUID]:
    async with database.workspace(workspace_id) as connection:
        return {run.id for run in await runs.find(connection, runs.Filter(is_in_inbox=True))}


async def audited(database: Database, workspace_id: UUID) -> list[str]:
    async with database.workspace(workspace_id) as connection:
        return [entry.action for entry in reversed(await audit.page(connection))]


async def new_version(database: Database, version: Version, *nodes: Node, live: bool = True, **fields: Any) -> Version:
    """Another version of the same agent: a chain of these steps."""
    flow = msgspec.to_builtins(Flow(nodes=nodes, edges=tuple(chain(*(one.id for one in nodes))), **fields))
    async with database.workspace(version.workspace_id) as connection:
        made = await agents.publish(connection, version.agent_id, markdown="# 2", spec={"title": "2"}, flow=flow)
        if live:
            await agents.set_live(connection, version.agent_id, made.id)
    return await Versions(database).get(version.workspace_id, made.id)


async def all_runs(database: Database, workspace_id: UUID) -> list[Run]:
    async with database.workspace(workspace_id) as connection:
        return await runs.find(connection)
