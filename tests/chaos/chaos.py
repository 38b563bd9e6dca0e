"""Everything at once: real programs on a real Postgres and a real Redis, killed while they work, and what came of it."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from random import Random
from uuid import UUID

from plainwork import db
from plainwork.db import Database
from plainwork.errors import Unavailable
from plainwork.settings import Settings
from tests.chaos.agents import AGENTS
from tests.chaos.callers import Callers
from tests.chaos.judge import Verdict, judge
from tests.chaos.ledger import Ledger
from tests.chaos.servers import Postgres
from tests.chaos.storm import Storm
from tests.engine.running import eventually
from tests.engine.test_kill9 import all_ended
from tests.processes.programs import installation
from tests.queue.servers import Redis
from tests.world import running_world

QUIET_S = 150.0
"""How long the last runs may take to their end when nothing is broken any more."""


async def chaos(folder: Path, runs: int, seed: int, *, workers: int, per_s: float, kill_every_s: float) -> Verdict:
    """One storm over so many runs, started ``per_s`` a second, in an empty folder; then people decide about those in doubt."""
    began = time.monotonic()
    async with AsyncExitStack() as stack:
        world = stack.enter_context(running_world())
        ledger = Ledger(world)
        postgres = await Postgres.begin(folder / "database")
        stack.callback(postgres.close)
        redis = Redis(folder / "redis")
        stack.callback(redis.kill)
        redis.start()
        settings = Settings(data_dir=folder / "data", database_url=postgres.url)
        here = stack.enter_context(installation(settings, world, folder / "logs", QUEUE_URL=redis.url("chaos")))
        database = await stack.enter_async_context(await db.open(settings))
        await asyncio.to_thread(redis.ready)

        storm = Storm(Random(seed), here, postgres, redis, workers)
        callers = await stack.enter_async_context(Callers.of(await asyncio.to_thread(storm.ready)))
        agents = {await callers.publish(agent.markdown % {"url": world.web.url}): agent for agent in AGENTS}
        progress = partial(share_done, database, callers.workspace_id, runs)
        async with asyncio.TaskGroup() as group:
            starting = group.create_task(callers.start(list(agents), runs, per_s))
            group.create_task(storm.rage(progress, kill_every_s))

        are_over = partial(all_ended, database, callers.workspace_id)
        look = partial(judge, database, callers.workspace_id, agents)
        await eventually(are_over, QUIET_S)
        verdict = await look(starting.result(), ledger.read())
        decided = await callers.decide(ledger)
        await eventually(are_over, QUIET_S)
        verdict.add_last(await look(starting.result(), ledger.read(), decided.next_runs))
        verdict.promises["programs that did not end in peace"] = len(await storm.calm())
        verdict.promises["errors of ours in the logs"] = here.said().count('"event": "bug"')
        verdict.figures |= storm.counts | decided.counts
    verdict.figures |= {"API calls made again": callers.repeated, "seconds": round(time.monotonic() - began)}
    return verdict


async def share_done(database: Database, workspace_id: UUID, runs: int) -> float:
    """How much of the work is over, or a person's; nothing while the database is away."""
    try:
        async with database.workspace(workspace_id) as connection:
            done: float = await connection.fetchval(_DONE)
    except Unavailable:
        return 0.0
    return done / runs


_DONE = "select (count(*) filter (where status = 'succeeded' or cause is not null))::float8 from runs"
