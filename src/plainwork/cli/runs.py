"""``plainwork run``: one document, run durably in this process, watched live."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from plainwork.cli import output
from plainwork.cli.specs import Document, file_argument, json_option, read
from plainwork.errors import Where

if TYPE_CHECKING:
    from plainwork.db import Database
    from plainwork.db.agents import Version
    from plainwork.db.runs import Run, StepRow
    from plainwork.engine.events import Event
    from plainwork.llm import Gateway
    from plainwork.settings import Settings

LOCAL_WORKSPACE = UUID("0197f000-0000-7000-8000-000000000001")
"""The workspace of what is run from the command line."""


@click.command()
@file_argument
@click.option("--input", "-i", "inputs", multiple=True, metavar="K=V", help="One input; may be given several times.")
@json_option
@click.option("--data-dir", type=click.Path(path_type=Path), help="Where the embedded Postgres and the keys live.")
def run(file: str, inputs: tuple[str, ...], as_json: bool, data_dir: Path | None) -> int:
    """Run a document here, durably, and watch it."""
    import uvloop

    from plainwork.settings import Settings
    from plainwork.spec.inputs import coerce

    document = read(file)
    _, flow = document.require_valid()
    given = coerce(flow.inputs, _pairs(inputs), from_text=True)
    settings = Settings.from_env(data_dir=data_dir)
    if as_json:
        ended, steps = uvloop.run(_run(settings, document, given, _silent))
        output.print_json(_answer(ended, steps))
    else:
        from plainwork.cli.progress import Watch

        with Watch(node.id for node in flow.nodes) as watch:
            ended, _ = uvloop.run(_run(settings, document, given, watch.show))
        _tell_end(ended)
    return output.OK if ended.status == "succeeded" else output.NOT_RIGHT


def _pairs(texts: tuple[str, ...]) -> dict[str, str]:
    """``k=v`` texts as a dict. Raises Unreadable for one without ``=`` and for a name given twice."""
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name or name in found:
            what = "is given twice" if name in found else "is not NAME=VALUE"
            raise output.Unreadable(
                f"--input {text[:80]!r} {what}.", where=Where(field="--input"), next_step="Write --input name=value."
            )
        found[name] = value
    return found


async def _run(
    settings: Settings, document: Document, inputs: dict[str, Any], show: Callable[[Event], None]
) -> tuple[Run, list[StepRow]]:
    from plainwork import db, queue, vault
    from plainwork.cli.outside import open_outside, secrets_from_env
    from plainwork.db import runs
    from plainwork.engine.start import run_here
    from plainwork.engine.versions import Versions

    async with await db.open(settings) as database:
        stored = await _store(database, document)
        versions = Versions(database)
        version = await versions.get(LOCAL_WORKSPACE, stored.id)
        bell = await queue.open(settings, database)
        store = vault.open(settings, database)
        try:
            async with open_outside(settings, database, store, secrets=secrets_from_env()) as outside:
                ended = await run_here(database, version, inputs, outside, bell=bell, versions=versions, on_event=show)
        finally:
            await bell.close()
        async with database.workspace(LOCAL_WORKSPACE) as connection:
            return ended, await runs.steps(connection, ended.id, limit=100_000)


async def _store(database: Database, document: Document) -> Version:
    """The document as a version of its agent in the command line's workspace; the same text is the same version."""
    import msgspec

    from plainwork.db import agents, workspaces
    from plainwork.errors import Conflict, NotFound
    from plainwork.spec.markdown import render

    spec, flow = document.require_valid()
    async with database.workspace(LOCAL_WORKSPACE) as connection:
        try:
            await workspaces.get(connection)
        except NotFound:
            with contextlib.suppress(Conflict):
                await workspaces.create(connection, LOCAL_WORKSPACE, "Command line")
        slug = spec.id or workspaces.slug_of(spec.title)
        agent = await agents.by_slug(connection, slug)
        if agent is None:
            agent = await agents.create(connection, spec.title, slug=slug, about=spec.about, tags=spec.tags)
        return await agents.publish(
            connection,
            agent.id,
            markdown=document.markdown or render(spec),
            spec=msgspec.to_builtins(spec),
            flow=msgspec.to_builtins(flow),
        )


def _answer(ended: Run, steps: list[StepRow]) -> dict[str, Any]:
    """The contract of ``run --json``."""
    return {
        "run_id": str(ended.id),
        "status": ended.status,
        "output": ended.output,
        "failure": ended.failure,
        "cause": ended.cause,
        "steps": [_step(row) for row in steps if row.status not in {"started", "waiting"}],
        "cost_usd": ended.cost_usd,
    }


def _step(row: StepRow) -> dict[str, Any]:
    return {
        "path": row.path,
        "id": row.path.rpartition(".")[2],
        "attempt": max(row.attempt, 1),
        "status": row.status,
        "outcome": row.outcome,
        "output": row.output,
        "failure": row.failure,
        "took_ms": row.took_ms,
    }


def _silent(_event: Event) -> None:
    """For programs: only the answer is printed."""


def _tell_end(ended: Run) -> None:
    from plainwork.cli.progress import failure_text

    began = ended.started_at or ended.created_at
    took = f" in {(ended.finished_at - began).total_seconds():.2f} s" if ended.finished_at else ""
    click.echo(f"{ended.status}{took}, {ended.cost_usd:.4f} USD, run {ended.id}")
    if ended.failure:
        click.echo(f"  {failure_text(ended.failure)}", err=True)
    if ended.ask:
        click.echo(f"  It waits for a person: what happened to the step {ended.ask}?", err=True)
    if ended.status == "succeeded" and ended.output is not None:
        text = ended.output if isinstance(ended.output, str) else None
        if text is not None:
            click.echo(text)
        else:
            output.print_json(ended.output)


@asynccontextmanager
async def local_gateway() -> AsyncIterator[Gateway]:
    """A gateway without a database, for ``draft --model``: keys come from the environment alone."""
    from plainwork import llm
    from plainwork.net import Client
    from plainwork.settings import Settings

    async with Client(Settings.from_env().allow_hosts) as client:
        gateway = llm.Gateway(client, llm.keys_from_env(os.environ))
        try:
            yield gateway
        finally:
            await gateway.close()


COMMANDS = (run,)
