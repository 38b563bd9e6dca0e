"""``plainwork logs`` and ``plainwork recount``: what went wrong, and what is counted, on the machine itself, without the API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from plainwork.cli import output
from plainwork.cli.specs import data_dir_option, json_option
from plainwork.errors import NotFound
from plainwork.settings import Settings
from plainwork.spec.durations import parse_duration

if TYPE_CHECKING:
    from plainwork.db import Database
    from plainwork.db.log_lines import LogLine

_workspace = click.option("--workspace", "-w", metavar="SLUG", help="Only this workspace.  [default: all]")
_COUNTED_AT_ONCE = 500


def _ago(_context: click.Context, _option: click.Parameter, text: str) -> timedelta:
    try:
        return timedelta(seconds=parse_duration(text))
    except ValueError as why:
        raise click.BadParameter(str(why)) from None


@click.command()
@click.argument("text", required=False)
@_workspace
@click.option(
    "--since", default="7d", callback=_ago, metavar="DURATION", help="How far back to look.", show_default=True
)
@click.option("--limit", default=50, type=click.IntRange(1, 1000), help="How many lines at most.", show_default=True)
@json_option
@data_dir_option
def logs(
    text: str | None, workspace: str | None, since: timedelta, limit: int, as_json: bool, data_dir: str | None
) -> int:
    """What runs have failed of, and what was printed. TEXT: words, "phrases", or, -not."""
    lines = asyncio.run(_lines(Settings.from_env(data_dir=data_dir), workspace, text, since, limit))
    if as_json:
        output.print_json({"lines": [_shown(slug, line) for slug, line in lines]})
        return output.OK
    for slug, line in reversed(lines):
        where = f"{slug}/{line.agent}" + (f" {line.path}" if line.path else "")
        click.echo(output.visible(f"{line.at:%Y-%m-%d %H:%M:%S} {line.kind} {where}: {line.message}"))
    return output.OK


async def _lines(
    settings: Settings, slug: str | None, text: str | None, since: timedelta, limit: int
) -> list[tuple[str, LogLine]]:
    """The newest lines, newest first, each with its workspace's slug."""
    from plainwork.db import log_lines

    only = log_lines.Search(text, since=datetime.now(UTC) - since)
    found: list[tuple[str, LogLine]] = []
    async with _places(settings, slug) as (database, places):
        for key, name in places:
            async with database.workspace(key) as connection:
                found += [(name, line) for line in await log_lines.find(connection, only, limit=limit)]
    return sorted(found, key=lambda one: one[1].id, reverse=True)[:limit]


@click.command()
@_workspace
@data_dir_option
def recount(workspace: str | None, data_dir: str | None) -> int:
    """Count what has ended once more, as far back as no run was deleted."""
    asyncio.run(_recount(Settings.from_env(data_dir=data_dir), workspace))
    return output.OK


async def _recount(settings: Settings, slug: str | None) -> None:
    from plainwork.db import tallies

    async with _places(settings, slug) as (database, places):
        for key, name in places:
            async with database.workspace(key) as connection:
                since = await tallies.recount(connection)
            click.echo(output.visible(f"{name}: counted again from {since or 'the beginning'} on"))
        while await tallies.count(database, _COUNTED_AT_ONCE):
            continue


@asynccontextmanager
async def _places(settings: Settings, slug: str | None) -> AsyncIterator[tuple[Database, list[tuple[UUID, str]]]]:
    """The open database, and its workspaces, or the one of that slug. Raises NotFound."""
    from plainwork import db
    from plainwork.db import workspaces

    async with await db.open(settings) as database:
        places = []
        for key in await workspaces.all_ids(database):
            async with database.workspace(key) as connection:
                places.append((key, (await workspaces.get(connection)).slug))
        chosen = [place for place in places if slug in {None, place[1]}]
        if slug is not None and not chosen:
            raise NotFound(f"There is no workspace {slug[:80]!r}.", next_step="Leave out --workspace for all.")
        yield database, chosen


def _shown(slug: str, line: LogLine) -> dict[str, Any]:
    names = ("id", "at", "run_id", "agent_id", "agent", "kind", "path", "message")
    return {"workspace": slug} | {name: getattr(line, name) for name in names}


COMMANDS = (logs, recount)
