"""Tallies: what has ended, counted by the hour and the day, by agent, version, node and model.

Counting takes each ended run once, in the transaction that writes its tallies. What is asked for reads whole days where it
can and hours at the ends, never the runs themselves; all but ``count`` works inside one workspace's transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from plainwork.db.pool import Connection, Database

Span = Literal["hour", "day"]
Table = Literal["run_tallies", "step_tallies", "call_tallies"]
Key = tuple[Any, ...]

NOBODY = UUID(int=0)
"""Stands for the agent and the version of calls that belong to no run."""
MEASURES: Mapping[Table, Sequence[str]] = {
    "run_tallies": ("runs", "succeeded", "failed", "cancelled", "tokens", "cost_usd"),
    "step_tallies": ("attempts", "failed"),
    "call_tallies": (
        *("calls", "failed", "unpriced", "input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens"),
        "cost_usd",
    ),
}
"""What each table counts."""
_BUCKETS_AN_OCTAVE = 8
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Question:
    """What to add up: of which time (widened to whole hours), for each ``span`` apart or all together (None), for each value of
    the columns ``by`` apart, of which agents (none named: all)."""

    table: Table
    since: datetime
    until: datetime
    span: Span | None
    by: tuple[str, ...]
    agents: Collection[UUID] = ()


@dataclass(frozen=True, slots=True)
class Sum:
    """One line of the answer. ``at``: the beginning of its hour or day (None: not asked for); ``key``: the values of the
    columns asked by; ``measures``: as ``MEASURES`` names them; ``p50_ms``, ``p95_ms``: None when nothing was timed."""

    at: datetime | None
    key: Key
    measures: Mapping[str, Any]
    p50_ms: float | None
    p95_ms: float | None


async def count(db: Database, most: int) -> int:
    """Counts runs that have ended since, of whichever workspaces, at most so many; returns how many. While another process
    counts there is nothing to do."""
    async with db.transaction() as connection:
        counted: int = await connection.fetchval("select count_ended_runs($1)", most)
    return counted


async def recount(connection: Connection) -> datetime | None:
    """Throws the workspace's tallies away as far back as they can be made anew, and has its runs counted again (by the
    ``count``s that follow). Returns from when on; None: from the beginning."""
    since: datetime | None = await connection.fetchval("select nullif(recount_runs(), '-infinity')")
    return since


async def add_up(connection: Connection, asked: Question, most: int) -> list[Sum]:
    """The sums, by time and then by key, at most so many."""
    since, until = whole_hours(asked.since, asked.until)
    columns = [f"date_trunc('{asked.span}', at, 'UTC')" if asked.span else "null::timestamptz", *asked.by]
    keys = ", ".join(str(place) for place in range(1, len(columns) + 1))
    names = MEASURES[asked.table]
    within, given = _range(since, until, asked.span), [since, until, list(asked.agents) or None]
    sums = await connection.fetch(
        f"""select {", ".join(columns)}, {", ".join(f"sum({name})::{_type(name)}" for name in names)}
            from {asked.table} where {within} group by {keys} order by {keys} limit $4""",  # noqa: S608
        *(*given, most),
    )
    timed = await _quantiles(connection, asked, columns, keys, within, given)
    width = len(columns)
    return [
        Sum(row[0], row[1:width], dict(zip(names, row[width:], strict=True)), *timed.get(row[:width], (None, None)))
        for row in map(tuple, sums)
    ]


async def _quantiles(
    connection: Connection, asked: Question, columns: Sequence[str], keys: str, within: str, given: Sequence[Any]
) -> Mapping[Key, tuple[float, float]]:
    """Half of them and 95 of 100 took at most that many milliseconds, by the same keys; keys without durations are not there."""
    columns = [f"{column} as key_{place}" for place, column in enumerate(columns)]
    named = ", ".join(f"key_{place}" for place in range(len(columns)))
    rows = await connection.fetch(
        f"""select {named}, min(bucket) filter (where up_to >= 0.5 * every), min(bucket) filter (where up_to >= 0.95 * every)
            from (
                select {named}, bucket, sum(n) over (partition by {named} order by bucket) as up_to,
                       sum(n) over (partition by {named}) as every
                from (
                    select {", ".join(columns)}, h.bucket, sum(h.n) as n
                    from {asked.table} cross join lateral unnest((took).buckets, (took).counts) as h(bucket, n)
                    where {within} group by {keys}, h.bucket
                ) histogram
            ) summed group by {named}""",  # noqa: S608
        *given,
    )
    return {tuple(row)[:-2]: (middle_of(row[-2]), middle_of(row[-1])) for row in rows}


async def names(
    connection: Connection, agents: Collection[UUID], versions: Collection[UUID]
) -> tuple[Mapping[UUID, tuple[str, str]], Mapping[UUID, int]]:
    """The names and slugs that agents have now, also those out of use, and the numbers of versions."""
    named = await connection.fetch(
        "select id, name, slug from agents where workspace_id = current_workspace() and id = any ($1)", list(agents)
    )
    numbered = await connection.fetch(
        "select id, number from agent_versions where workspace_id = current_workspace() and id = any ($1)",
        list(versions),
    )
    return {row["id"]: (row["name"], row["slug"]) for row in named}, {row["id"]: row["number"] for row in numbered}


def _range(since: datetime, until: datetime, span: Span | None) -> str:
    """The condition that chooses the rows: each hour of the time once, by days where whole ones lie in it."""
    mine = "workspace_id = current_workspace() and at >= $1 and at < $2 and ($3::uuid[] is null or agent_id = any ($3))"
    first, last = (since + _DAY - timedelta(hours=1)).replace(hour=0), until.replace(hour=0)
    if span == "hour" or first >= last:
        return f"{mine} and span = 'hour'"
    whole = f"at >= '{first.isoformat()}' and at < '{last.isoformat()}'"
    return f"{mine} and (span = 'day' and {whole} or span = 'hour' and not ({whole}))"


def whole_hours(since: datetime, until: datetime) -> tuple[datetime, datetime]:
    """The time widened to the hours (UTC) that it begins and ends in."""
    first, last = (_hour_of(at) for at in (since, until))
    return first, last if last == until else last + timedelta(hours=1)


def _hour_of(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _type(measure: str) -> str:
    return "float8" if measure == "cost_usd" else "int8"


def middle_of(bucket: int) -> float:
    """The duration in milliseconds that a histogram's bucket stands for: none in it is further away than 5 %."""
    return float(2.0 ** ((bucket + 0.5) / _BUCKETS_AN_OCTAVE) / 1000)
