"""Looking at a million runs: pages of runs by rare and common filters, metrics, lines; and requests a second of the routes
that are asked most.

The floor of a page is the same SQL sent by the tables' owner, whom row-level security does not bind. That of the metrics is
the same answer worked out from the runs themselves. That of the routes is the function below them, called one after the other.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import uvloop

from benchmarks.stored_runs import Store, store_of
from benchmarks.webhook_vs_floor import listening, load
from plainwork import db, queue, vault
from plainwork.api.app import create_app
from plainwork.db import Connection, api_keys, log_lines, runs, tallies
from plainwork.db.log_lines import Search
from plainwork.db.runs import Filter
from plainwork.db.tallies import Question
from plainwork.engine.events import Events
from plainwork.engine.outside import Outside
from plainwork.settings import Settings

STORED = 1_000_000
TIMES = 60
CLIENTS = 16
SECONDS = 3.0

Ask = Callable[[], Awaitable[Any]]
PAGES: Mapping[str, tuple[Filter, str]] = {
    "cause": (Filter(causes=["timed_out"]), "cause = 'timed_out'"),
    "cancelled": (Filter(statuses=["cancelled"]), "status = 'cancelled'"),
    "trigger": (Filter(triggers=["form"]), "trigger->>'kind' = 'form'"),
    "slow": (Filter(took_s=(3600, None)), "finished_at - started_at >= interval '1 hour'"),
    "costly": (Filter(cost_usd=(2, None)), "cost_usd >= 2"),
    "text": (Filter(text="parcel torn"), "failure->>'message' like '%parcel%torn%'"),
}
"""Filters that few of the runs pass, and the condition that says the same of the bare rows."""


def run() -> dict[str, dict[str, Any]]:
    """Measures ``find_runs_<filter>_p50`` and ``_p99``, ``metrics_<what>_…``, ``logs_…`` (ms), ``api_<route>`` (requests/s)
    and ``counted_runs`` (runs/s)."""
    with tempfile.TemporaryDirectory(prefix="plainwork-bench-") as folder:
        return uvloop.run(_measure(Settings(data_dir=Path(folder) / "data")))


async def _measure(settings: Settings) -> dict[str, dict[str, Any]]:
    async with await db.open(settings) as server, store_of(server, STORED) as store:
        assert server.server is not None
        owner = await asyncpg.connect(server.server.url.replace("@/plainwork?", f"@/stored_{STORED}?"))
        try:
            await _vary(owner)
            rows = {"counted_runs": await _count(store)}
            await owner.execute("vacuum analyze")
            rows |= await _pages(store, owner) | await _metrics(store, owner) | await _lines(store)
            return rows | await _routes(settings, store)
        finally:
            await owner.close()


async def _vary(owner: Connection) -> None:
    """Durations, costs, triggers, causes and failures of many sorts; of each, few runs have the rarest."""
    await owner.execute("set session_replication_role = replica")  # what watches for failures has nothing to do here
    await owner.execute(_VARIED)
    await owner.execute("set session_replication_role = origin")
    await owner.execute("vacuum full runs")


_VARIED = """update runs set
    started_at = finished_at - make_interval(secs => exp(random() * 6 - 2) * case when random() < 0.0002 then 1000 else 1 end),
    cost_usd = case when random() < 0.0002 then 2 when random() < 0.3 then random() / 100 else 0 end,
    trigger = case when random() < 0.0002 then '{"kind":"form"}' when random() < 0.3 then '{"kind":"webhook"}'
                   else '{"kind":"schedule"}' end::json,
    cause = case when cause is not null and random() < 0.01 then 'timed_out' else cause end,
    failure = case when cause is not null then json_build_object('kind', 'rejected', 'message',
                        case when random() < 0.01 then 'The parcel is torn' else 'The office is closed' end) end,
    status = case when cause is null and random() < 0.0005 then 'cancelled' else status end"""


async def _count(store: Store) -> dict[str, Any]:
    """Counts all that is stored; the first fifth tells how fast."""
    began, counted = time.perf_counter(), 0
    while counted < STORED // 5:
        counted += await tallies.count(store.database, 500)
    row = {"value": counted / (time.perf_counter() - began), "unit": "runs/s"}
    while await tallies.count(store.database, 10_000):
        continue
    return row


async def _took(ask: Ask, times: int = TIMES) -> list[float]:
    """Milliseconds of each asking, sorted; the first is not among them."""
    took = []
    for _ in range(times + 1):
        began = time.perf_counter()
        await ask()
        took.append((time.perf_counter() - began) * 1000)
    return sorted(took[1:])


def _rows(name: str, took: list[float], floor: list[float] | None) -> dict[str, dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for centile in (50, 99):
        row: dict[str, Any] = {"value": took[len(took) * centile // 100], "unit": "ms"}
        if floor:
            bare = floor[len(floor) * centile // 100]
            row |= {"floor": bare, "ratio": bare / row["value"]}
        rows[f"{name}_p{centile}"] = row
    return rows


# Pages


async def _pages(store: Store, owner: Connection) -> dict[str, dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for name, (only, condition) in PAGES.items():

        async def ours(only: Filter = only) -> None:
            async with store.database.workspace(store.version.workspace_id) as connection:
                assert await runs.find(connection, only)

        async def bare(condition: str = condition) -> None:
            assert await owner.fetch(_PAGE.format(condition), store.version.workspace_id)

        rows |= _rows(f"find_runs_{name}", await _took(ours), await _took(bare, TIMES // 4))
    return rows


_PAGE = """select r.*, a.name, v.number
    from (select * from runs where workspace_id = $1 and {} order by id desc limit 50) r
    join agents a on a.workspace_id = r.workspace_id and a.id = r.agent_id
    join agent_versions v on v.workspace_id = r.workspace_id and v.id = r.version_id order by r.id desc"""


# Metrics and lines


async def _metrics(store: Store, owner: Connection) -> dict[str, dict[str, Any]]:
    now = datetime.now(UTC)
    asked = {
        "week": Question("run_tallies", now - timedelta(days=7), now, "hour", ()),
        "agents": Question("run_tallies", now - timedelta(days=170), now, None, ("agent_id",)),
        "days": Question("run_tallies", now - timedelta(days=170), now, "day", ()),
        "steps": Question("step_tallies", now - timedelta(days=30), now, None, ("agent_id", "node")),
    }
    rows: dict[str, dict[str, Any]] = {}
    for name, question in asked.items():

        async def ours(question: Question = question) -> None:
            async with store.database.workspace(store.version.workspace_id) as connection:
                assert await tallies.add_up(connection, question, 5000)

        async def bare(question: Question = question) -> None:
            key = f"date_trunc('{question.span}', finished_at)" if question.span else "agent_id"
            assert await owner.fetch(_ADDED.format(key), store.version.workspace_id, question.since)

        floor = await _took(bare, 3) if question.table == "run_tallies" else None
        rows |= _rows(f"metrics_{name}", await _took(ours, TIMES // 2), floor)
    return rows


_ADDED = """select {}, count(*), count(*) filter (where status = 'failed'), sum(cost_usd),
           percentile_disc(array[0.5, 0.95]) within group (order by finished_at - started_at)
    from runs where workspace_id = $1 and finished_at >= $2 group by 1"""


async def _lines(store: Store) -> dict[str, dict[str, Any]]:
    async def ours() -> None:
        async with store.database.workspace(store.version.workspace_id) as connection:
            assert await log_lines.find(connection, Search("parcel -office"))

    return _rows("logs", await _took(ours), None)


# Routes


async def _routes(settings: Settings, store: Store) -> dict[str, dict[str, Any]]:
    """Requests a second of 16 clients, each with its API key looked up and its permission checked."""
    workspace_id = store.version.workspace_id
    async with store.database.workspace(workspace_id) as connection:
        _, key = await api_keys.create(connection, "bench", ["runs:read", "agents:read"], created_by=None)
        [newest] = await runs.find(connection, limit=1)

    async def page() -> None:
        async with store.database.workspace(workspace_id) as connection:
            await runs.find(connection)

    async def one() -> None:
        async with store.database.workspace(workspace_id) as connection:
            await runs.read(connection, newest.id)
            await runs.steps(connection, newest.id)

    bell = await queue.open(settings, store.database)
    parts = (settings, store.database, vault.open(settings, store.database), bell, Events(store.database), Outside())
    app = create_app(*parts, requests_per_minute=0)
    rows: dict[str, dict[str, Any]] = {}
    async with listening(app) as address:
        for name, path, below in (("runs", "/runs", page), ("run", f"/runs/{newest.id}", one)):
            found = await load(f"{address}/api/v1{path}", CLIENTS, SECONDS, b"", key)
            floor = 1000 / statistics.median(await _took(below, 200))
            rows[f"api_{name}"] = {
                "value": found["per_s"],
                "unit": "requests/s",
                "floor": floor,
                "ratio": found["per_s"] / floor,
                "p50_ms": found["p50"],
                "p99_ms": found["p99"],
            }
    await bell.close()
    return rows
