"""Webhooks answered with what a five-step pure flow gives, everything persisted: request → answer at 1, 16 and 64 clients.

The floor is the same HTTP server with one route that writes the same rows in as many commits: requests that come together
share a commit there too, and there is no engine, no check and nothing to look up. The clients are another process, which
counts only what was answered rightly. Both sides take turns and the medians count.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import socket
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.durable_runs import FLOW, INPUTS, Shape, add_version, rows_of_one_run, work
from plainwork import db, queue, vault
from plainwork.api.app import create_app
from plainwork.api.deliveries import Rates
from plainwork.api.http import BoundedHttp
from plainwork.db import Connection, Database, triggers
from plainwork.db.json import encode
from plainwork.engine.events import Events
from plainwork.engine.outside import Outside
from plainwork.engine.versions import Version
from plainwork.engine.worker import Worker
from plainwork.settings import Settings

CLIENTS = (1, 16, 64)
ROUNDS = 3
SECONDS = 3.0
_TRIGGER = {"id": "trigger-1", "type": "trigger.webhook@1", "config": {"path": "/bench", "respond": "when done"}}
_HOOKED = FLOW | {"nodes": [_TRIGGER, *FLOW["nodes"]], "edges": [{"from": "trigger-1", "to": "posts"}, *FLOW["edges"]]}
_UNBOUNDED = Rates(10**9, 10**9)


def run() -> dict[str, dict[str, Any]]:
    """Measures ``webhook_N`` for each number of clients."""
    return uvloop.run(_measure())


async def _measure() -> dict[str, dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="plainwork-bench-") as folder:
        settings = Settings(data_dir=Path(folder) / "data")
        async with await db.open(settings) as database:
            version = await add_version(database, _HOOKED)
            await work(database, version, 1)
            shape = await rows_of_one_run(database, version)
            async with _plainwork(settings, database, version) as ours, _floor(database, version, shape) as bare:
                results: dict[str, dict[str, Any]] = {}
                await load(ours, 16, 1.0)
                await load(bare, 16, 1.0)
                for clients in CLIENTS:
                    results[f"webhook_{clients}"] = await _compare(ours, bare, clients)
                return results


async def _compare(ours: str, bare: str, clients: int) -> dict[str, Any]:
    worked, floors = [], []
    for _ in range(ROUNDS):
        gc.collect()
        floors.append(await load(bare, clients, SECONDS))
        gc.collect()
        worked.append(await load(ours, clients, SECONDS))
    value, floor = (statistics.median(one["per_s"] for one in some) for some in (worked, floors))
    latency = {f"{name}_ms": statistics.median(one[name] for one in worked) for name in ("p50", "p99")}
    return {"value": value, "unit": "runs/s", "floor": floor, "ratio": value / floor} | latency


async def load(
    url: str, clients: int, seconds: float, body: bytes = encode(INPUTS), key: str | None = None
) -> dict[str, float]:
    """What a process of clients sees that send one request after the other; with an API ``key``, where one is given."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks._http_clients", url, str(clients), str(seconds)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, **({"PLAINWORK_BENCH_KEY": key} if key else {})},
    )
    said, _ = await process.communicate(body)
    if process.returncode:
        raise RuntimeError("the clients failed")
    found: dict[str, float] = msgspec.json.decode(said)
    return found


# ── Plainwork ────────────────────────────────────────────────────────────────────────────────────────────────────────
@asynccontextmanager
async def _plainwork(settings: Settings, database: Database, version: Version) -> AsyncIterator[str]:
    """API and worker in this process, as ``plainwork up`` has them; the address of the webhook."""
    async with database.workspace(version.workspace_id) as connection:
        await connection.execute("update agents set live_version_id = $1", version.id)
        token = await triggers.token_of(connection, version.agent_id)
    bell = await queue.open(settings, database)
    events, outside = Events(database), Outside()
    worker = Worker(database, bell, outside, events=events)
    working = asyncio.create_task(worker.run())
    safe = vault.open(settings, database)
    app = create_app(settings, database, safe, bell, events, outside, worker=worker, rates=_UNBOUNDED)
    try:
        async with listening(app) as address:
            yield f"{address}/hooks/{token}/bench"
    finally:
        worker.stop()
        await working
        await bell.close()


class _Server(uvicorn.Server):
    def capture_signals(self) -> Any:
        return contextlib.nullcontext()


@asynccontextmanager
async def listening(app: Any) -> AsyncIterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = _Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", http=BoundedHttp))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:  # noqa: ASYNC110 - uvicorn tells nobody
            await asyncio.sleep(0.005)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await task


# ── The floor ────────────────────────────────────────────────────────────────────────────────────────────────────────
class _Writer:
    """Commits what has come together since its last commit."""

    def __init__(self, connection: Connection, write: Any) -> None:
        self._connection = connection
        self._write = write
        self._waiting: list[tuple[Any, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def put(self, item: Any) -> None:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all())
        await done

    async def _write_all(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            await self._write(self._connection, [item for item, _ in group])
            for _, done in group:
                done.set_result(None)
        self._writing = None


_START = """
    with made as (
        insert into runs (workspace_id, id, agent_id, version_id, inputs, trigger)
        select $1, u.id, $2, $3, convert_from(u.inputs, 'UTF8')::json, convert_from(u.trigger, 'UTF8')::json
        from unnest($4::uuid[], $5::bytea[], $6::bytea[]) as u(id, inputs, trigger))
    insert into queue (workspace_id, run_id, due_at, epoch, claims, worker)
    select $1, u.id, now() + interval '30 s', 1, 1, 1 from unnest($4::uuid[]) as u(id)"""
_END = """
    with taken as (
        insert into steps (workspace_id, run_id, seq, path, attempt, status, output, at, took_ms)
        select $1, u.run_id, u.seq, u.path, u.attempt, u.status, convert_from(u.output, 'UTF8')::json, now(), 0.1
        from unnest($2::uuid[], $3::int[], $4::text[], $5::smallint[], $6::text[], $7::bytea[])
             as u(run_id, seq, path, attempt, status, output)
    ), ended as (
        update runs set status = 'succeeded', output = convert_from($9, 'UTF8')::json, started_at = now(),
               finished_at = now(), steps = 5
        where workspace_id = $1 and id = any ($8))
    delete from queue where workspace_id = $1 and run_id = any ($8)"""


@asynccontextmanager
async def _floor(database: Database, version: Version, shape: Shape) -> AsyncIterator[str]:
    """A route that writes the rows of a start, commits, writes those of the end, commits, and answers."""
    assert database.server is not None
    first, second = [await asyncpg.connect(database.server.url) for _ in range(2)]

    async def write_starts(connection: Connection, items: list[tuple[UUID, bytes, bytes]]) -> None:
        whose = (version.workspace_id, version.agent_id, version.id)
        await connection.execute(_START, *whose, *zip(*items, strict=True))

    async def write_ends(connection: Connection, ids: list[UUID]) -> None:
        rows = [(run_id, *step) for run_id in ids for step in shape.steps]
        await connection.execute(_END, version.workspace_id, *zip(*rows, strict=True), ids, shape.output)

    starts, ends = _Writer(first, write_starts), _Writer(second, write_ends)

    async def serve(request: Request) -> Response:
        body = await request.body()
        inputs = encode(msgspec.json.decode(body))
        key = db.new_id()
        await starts.put((key, inputs, b'{"kind":"webhook","body":%s}' % body))
        await ends.put(key)
        return Response(shape.output, media_type="application/json")

    try:
        async with listening(Starlette(routes=[Route("/bench", serve, methods=["POST"])])) as address:
            yield f"{address}/bench"
    finally:
        await first.close()
        await second.close()
