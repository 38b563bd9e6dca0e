"""``plainwork audit``: checks the audit log's chain on the machine itself, without the API."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import click

from plainwork.cli import output
from plainwork.cli.specs import data_dir_option, json_option
from plainwork.errors import NotFound
from plainwork.settings import Settings

if TYPE_CHECKING:
    from plainwork.db.audit import Mark, Verdict
    from plainwork.db.workspaces import Workspace

_MARK = re.compile(r"(\d{1,18}):([0-9a-f]{64})")


@click.group()
def audit() -> None:
    """The audit log: who did what."""


@audit.command()
@click.option("--workspace", "-w", metavar="SLUG", help="Only this workspace.  [default: all]")
@click.option(
    "--head", metavar="SEQ:HASH", help="The last entry as an earlier check printed it: the chain must go through it."
)
@json_option
@data_dir_option
def verify(workspace: str | None, head: str | None, as_json: bool, data_dir: str | None) -> int:
    """Check that no entry was edited, removed, moved or cut off.

    Keep the printed head somewhere else. Who owns the database could write the whole log anew; the head shows that too.
    """
    mark = _mark(head, workspace)
    found = asyncio.run(_verify(Settings.from_env(data_dir=data_dir), workspace, mark))
    if as_json:
        output.print_json({"workspaces": [_shown(place, verdict) for place, verdict in found]})
    else:
        for place, verdict in found:
            click.echo(output.visible(_line(place, verdict)))
    return output.OK if all(verdict.broken_at is None for _, verdict in found) else output.NOT_RIGHT


def _mark(head: str | None, workspace: str | None) -> Mark | None:
    from plainwork.db.audit import Mark

    if head is None:
        return None
    matched = _MARK.fullmatch(head)
    if matched is None or workspace is None:
        what = "--head is not SEQ:HASH." if matched is None else "--head belongs to one workspace."
        raise output.Unreadable(
            what, next_step="Write --workspace SLUG --head SEQ:HASH, as an earlier check printed it."
        )
    return Mark(int(matched[1]), bytes.fromhex(matched[2]))


async def _verify(settings: Settings, slug: str | None, mark: Mark | None) -> list[tuple[Workspace, Verdict]]:
    from plainwork import db
    from plainwork.db import audit as log
    from plainwork.db import workspaces

    found = []
    async with await db.open(settings) as database:
        for key in await workspaces.all_ids(database):
            async with database.workspace(key) as connection:
                place = await workspaces.get(connection)
                if slug in {None, place.slug}:
                    found.append((place, await log.verify(connection, mark)))
    if slug is not None and not found:
        raise NotFound(f"There is no workspace {slug[:80]!r}.", next_step="Leave out --workspace to check all.")
    return found


def _shown(place: Workspace, verdict: Verdict) -> dict[str, object]:
    head = verdict.head and f"{verdict.head.seq}:{verdict.head.hash.hex()}"
    said = {"workspace": place.slug, "is_whole": verdict.broken_at is None, "entries": verdict.entries}
    return said | {"broken_at": verdict.broken_at, "reason": verdict.reason, "head": head}


def _line(place: Workspace, verdict: Verdict) -> str:
    if verdict.broken_at is not None:
        return f"{place.slug}: BROKEN: entry {verdict.broken_at} {verdict.reason}."
    head = f", head {verdict.head.seq}:{verdict.head.hash.hex()}" if verdict.head else ""
    return f"{place.slug}: whole, {verdict.entries} {'entry' if verdict.entries == 1 else 'entries'}{head}"


COMMANDS = (audit,)
