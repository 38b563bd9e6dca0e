"""``plainwork export`` and ``plainwork import``: a workspace as a folder for Git, on the machine itself, without the API."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import click
import msgspec

from plainwork.cli import output
from plainwork.cli.specs import data_dir_option, json_option
from plainwork.errors import NotFound, Where
from plainwork.settings import Settings

if TYPE_CHECKING:
    from plainwork.db import Database
    from plainwork.releases.files import Bundle
    from plainwork.releases.transfer import AgentPlan, Plan

workspace_option = click.option("--workspace", "-w", metavar="SLUG", help="Which workspace, where there are several.")
_MARKS = {"new": "+", "changed": "~", "same": "="}


@click.command("export")
@click.argument("folder", type=click.Path(path_type=Path))
@workspace_option
@data_dir_option
def export_workspace(folder: Path, workspace: str | None, data_dir: str | None) -> int:
    """Write a workspace to a folder: documents, variables, what is paused, the names of secrets.

    The same workspace always gives the same bytes. Documents of agents that are gone are removed from FOLDER/agents.
    """
    from plainwork.releases import files

    written = files.write(asyncio.run(_export(Settings.from_env(data_dir=data_dir), workspace)))
    try:
        _write(folder, written)
    except OSError as why:
        raise output.Unreadable(f"{why.strerror}.", where=Where(file=str(why.filename))) from None
    documents = sum(path.startswith(files.FOLDER) for path in written)
    click.echo(output.visible(f"{folder}: {documents} {'agent' if documents == 1 else 'agents'}"))
    return output.OK


@click.command("import")
@click.argument("folder", type=click.Path(path_type=Path))
@workspace_option
@click.option("--plan", "plan_only", is_flag=True, help="Only say what would change.")
@json_option
@data_dir_option
def import_workspace(folder: Path, workspace: str | None, plan_only: bool, as_json: bool, data_dir: str | None) -> int:
    """Bring a workspace to what a folder says. Nothing is taken away from it.

    Versions are made where a document differs; one that is not ready does not go live.
    """
    from plainwork.releases import files

    bundle = files.read(_read(folder))
    found = asyncio.run(_import(Settings.from_env(data_dir=data_dir), workspace, bundle, plan_only))
    if as_json:
        output.print_json({"applied": not plan_only} | msgspec.to_builtins(found))
    else:
        for line in _lines(found):
            click.echo(output.visible(line))
    return output.OK


async def _export(settings: Settings, slug: str | None) -> Bundle:
    from plainwork import db
    from plainwork.releases import transfer

    async with await db.open(settings) as database, database.workspace(await _workspace(database, slug)) as connection:
        return await transfer.export(connection)


async def _import(settings: Settings, slug: str | None, bundle: Bundle, plan_only: bool) -> Plan:
    from plainwork import db
    from plainwork.db.audit import SYSTEM
    from plainwork.engine.catalogue import load as load_catalogue
    from plainwork.releases import transfer

    async with await db.open(settings) as database:
        place = (database, await _workspace(database, slug), bundle, load_catalogue())
        return await transfer.plan(*place) if plan_only else await transfer.apply(*place, SYSTEM)


async def _workspace(database: Database, slug: str | None) -> UUID:
    """The workspace of that slug, or the only one there is."""
    from plainwork.db import workspaces

    if slug is not None:
        found = await workspaces.of_slug(database, slug)
        if found is None:
            raise NotFound(f"There is no workspace {slug[:80]!r}.", next_step="Look at its address for its slug.")
        return found
    known = await workspaces.all_ids(database)
    if len(known) != 1:
        count = "no workspace" if not known else f"{len(known)} workspaces"
        raise output.Unreadable(f"There are {count} here.", next_step="Say which one with --workspace SLUG.")
    return known[0]


# ── The folder ───────────────────────────────────────────────────────────────────────────────────────────────────────
def _write(folder: Path, written: Mapping[str, str]) -> None:
    """Writes what differs, and removes the documents that there are no agents for."""
    from plainwork.releases import files

    documents = folder / files.FOLDER
    documents.mkdir(parents=True, exist_ok=True)
    for stale in documents.glob("*.md"):
        if f"{files.FOLDER}{stale.name}" not in written:
            stale.unlink()
    for path, text in written.items():
        target, data = folder / path, text.encode()
        if not target.is_file() or target.read_bytes() != data:
            target.write_bytes(data)


def _read(folder: Path) -> dict[str, str]:
    """The files of the folder that a workspace has; others beside them are nobody's business. Links are not followed."""
    from plainwork.releases import files

    if not folder.is_dir():
        raise output.Unreadable("There is no such folder.", where=Where(file=str(folder)))
    names = [name for name in (files.MANIFEST, files.VARIABLES, files.SECRETS) if (folder / name).exists()]
    names += sorted(f"{files.FOLDER}{path.name}" for path in (folder / files.FOLDER).glob("*.md"))
    if not names:
        raise output.Unreadable(
            "There is no workspace in this folder.",
            where=Where(file=str(folder)),
            next_step="plainwork export makes one.",
        )
    if len(names) > files.MOST_AGENTS + 3:
        raise output.Unreadable(f"There are more than {files.MOST_AGENTS} agents.", where=Where(file=str(folder)))
    for name in names:
        if (folder / name).is_symlink() or (folder / files.FOLDER).is_symlink():
            raise output.Unreadable("This is a link; files are expected.", where=Where(file=str(folder / name)))
    return {name: output.read_text(str(folder / name)) for name in names}


def _lines(plan: Plan) -> list[str]:
    lines = [line for agent in plan.agents for line in _agent_lines(agent)]
    lines += [f"{_MARKS[one.action]} variable {one.name}" for one in plan.variables if one.action != "same"]
    lines += [f"! secret {name} is not there" for name in plan.missing_secrets]
    lines += [f"  {slug}: not in the folder, stays as it is" for slug in plan.left_alone]
    return lines or ["Nothing to do."]


def _agent_lines(agent: AgentPlan) -> list[str]:
    said = [agent.action, *(["goes live"] if agent.goes_live else [])]
    lines = [f"{_MARKS[agent.action]} {agent.slug}: {', '.join(said)}"]
    lines += [f"    {change}" for change in agent.changes]
    return lines + [f"  ! not live: {finding.message}" for finding in agent.unmet]


COMMANDS = (export_workspace, import_workspace)
