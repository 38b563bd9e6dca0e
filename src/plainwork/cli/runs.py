"""``plainwork run``: one document, run durably in this process, watched live."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click
import msgspec

from plainwork.cli import output
from plainwork.cli.specs import Document, data_dir_option, file_argument, json_option, read
from plainwork.errors import Finding, Invalid, Where

if TYPE_CHECKING:
    from plainwork.cli.progress import Watch
    from plainwork.db import Database
    from plainwork.db.agents import Version
    from plainwork.db.runs import Run, StepRow
    from plainwork.engine.events import Event
    from plainwork.llm import Gateway
    from plainwork.queue import Queue
    from plainwork.settings import Settings
    from plainwork.spec.flow import Flow, Node
    from plainwork.vault import Vault

LOCAL_WORKSPACE = UUID("0197f000-0000-7000-8000-000000000001")
"""The workspace of what is run from the command line."""


@click.command()
@file_argument
@click.option("--input", "-i", "inputs", multiple=True, metavar="K=V", help="One input; may be given several times.")
@json_option
@data_dir_option
def run(file: str, inputs: tuple[str, ...], as_json: bool, data_dir: str | None) -> int:
    """Run a document here, durably, and watch it."""
    from plainwork.settings import Settings

    document = read(file)
    _, flow = document.require_valid()
    given = _inputs(flow, inputs)
    settings = Settings.from_env(data_dir=data_dir)
    if as_json:
        ended, steps = _to_the_end(_Running(settings, document, given))
        output.print_json(_answer(ended, steps))
    else:
        from plainwork.cli.progress import Watch

        with Watch(_paths(flow.nodes)) as watch:
            ended, _ = _to_the_end(_Running(settings, document, given, watch))
        _tell_end(ended)
    return output.OK if ended.status == "succeeded" else output.NOT_RIGHT


def _paths(nodes: Iterable[Node], before: str = "") -> Iterator[str]:
    """The paths of the steps as a journal writes them, of loops those of the first round."""
    from plainwork.spec.graph import body_of

    for node in nodes:
        yield before + node.id
        inner = body_of(node)
        if inner is not None:
            yield from _paths(inner.nodes, f"{before}{node.id}[0].")


def _pairs(texts: tuple[str, ...]) -> dict[str, str]:
    """``k=v`` texts as a dict. Raises Unreadable for one without ``=`` and for a name given twice."""
    found: dict[str, str] = {}
    for given in texts:
        text = output.given_text(given, "An --input")
        name, equals, value = text.partition("=")
        if not equals or not name or name in found:
            what = "is given twice" if name in found else "is not NAME=VALUE"
            raise output.Unreadable(f"--input {text[:80]!r} {what}.", next_step="Write --input name=value.")
        found[name] = value
    return found


def _inputs(flow: Flow, texts: tuple[str, ...]) -> dict[str, Any]:
    """The inputs as declared. Raises Invalid and Unreadable that say what to write on the command line."""
    from plainwork.spec.inputs import coerce

    try:
        return coerce(flow.inputs, _pairs(texts), from_text=True)
    except Invalid as why:
        findings = tuple(_for_the_command_line(finding) for finding in why.findings)
        raise Invalid(why.message, findings=findings, where=Where(file="--input")) from None


def _for_the_command_line(finding: Finding) -> Finding:
    name = (finding.field or "").removeprefix("inputs.")
    next_step = f"Add --input {name}=…" if finding.code == "missing-input" else finding.next_step
    return msgspec.structs.replace(finding, field=None, next_step=next_step)


def _to_the_end(running: _Running) -> tuple[Run, list[StepRow]]:
    """Raises Interrupted when somebody ends the process before the run."""
    import uvloop

    try:
        return uvloop.run(running.run())
    except (KeyboardInterrupt, asyncio.CancelledError):
        if not running.has_begun:
            raise output.Interrupted("Interrupted before the run began.") from None
        raise output.Interrupted(
            "Interrupted: the run is given back, not lost.", next_step="plainwork up goes on with it where it was."
        ) from None


@dataclass(slots=True)
class _Running:
    """One run of the command line."""

    settings: Settings
    document: Document
    inputs: dict[str, Any]
    watch: Watch | None = None
    has_begun: bool = False

    async def run(self) -> tuple[Run, list[StepRow]]:
        """Works on the run to its end; how it ended, and its journal."""
        from plainwork import db, queue, vault
        from plainwork.db import runs

        me = asyncio.current_task()
        assert me is not None
        for name in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(name, me.cancel)
        async with await db.open(self.settings) as database:
            stored = await _store(database, self.document)
            bell = await queue.open(self.settings, database)
            try:
                ended = await self._run(database, bell, vault.open(self.settings, database), stored.id)
            finally:
                await bell.close()
            async with database.workspace(LOCAL_WORKSPACE) as connection:
                return ended, await runs.steps(connection, ended.id, limit=100_000)

    async def _run(self, database: Database, bell: Queue, store: Vault, version_id: UUID) -> Run:
        from plainwork.cli.outside import open_outside, secrets_from_env
        from plainwork.engine.start import run_here
        from plainwork.engine.versions import Versions

        versions = Versions(database)
        version = await versions.get(LOCAL_WORKSPACE, version_id)
        async with open_outside(self.settings, database, store, secrets=secrets_from_env()) as outside:
            work = run_here(
                *(database, version, self.inputs, outside),
                bell=bell,
                versions=versions,
                on_event=self._show,
                on_wait=partial(self._answer, database),
            )
            running = asyncio.ensure_future(work)
            try:
                return await asyncio.shield(running)
            except asyncio.CancelledError:
                if self.watch is not None:
                    self.watch.say("stopping: what is being sent may finish, for a few seconds")
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
                raise

    async def _answer(self, database: Database, run_id: UUID, event: Event) -> bool:
        """Has whoever sits here decide, where somebody does."""
        from plainwork.cli import questions

        if self.watch is not None and event.outcome == "approval" and questions.can_ask():
            with self.watch.paused():
                if await questions.ask(database, LOCAL_WORKSPACE, run_id, event):
                    return True
        click.echo(output.visible(questions.told(event)), err=True)
        return False

    def _show(self, event: Event) -> None:
        self.has_begun = True
        if self.watch is not None:
            self.watch.show(event)


async def _store(database: Database, document: Document) -> Version:
    """The document as a version of its agent in the command line's workspace; the same text is the same version."""
    from plainwork.errors import Conflict

    for _ in range(2):  # another process may be making the workspace, then the agent; it is found the next time
        with contextlib.suppress(Conflict):
            return await _store_once(database, document)
    return await _store_once(database, document)


async def _store_once(database: Database, document: Document) -> Version:
    from plainwork.db import agents, workspaces
    from plainwork.errors import NotFound
    from plainwork.spec.markdown import render

    spec, flow = document.require_valid()
    async with database.workspace(LOCAL_WORKSPACE) as connection:
        try:
            await workspaces.get(connection)
        except NotFound:
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
        "took_ms": None if row.took_ms is None else round(row.took_ms, 3),
    }


def _tell_end(ended: Run) -> None:

    from plainwork.cli.progress import failure_text

    began = ended.started_at or ended.created_at
    took = f" in {(ended.finished_at - began).total_seconds():.2f} s" if ended.finished_at else ""
    click.echo(f"{ended.status}{took}, {ended.cost_usd:.4f} USD, run {ended.id}")
    if ended.failure:
        click.echo(output.visible(f"  {failure_text(ended.failure)}"), err=True)
    if ended.ask:
        click.echo(f"  It waits for a person: what happened to the step {ended.ask}?", err=True)
    if ended.status == "succeeded" and ended.output is not None:
        if isinstance(ended.output, str):
            output.write_text(None, ended.output.rstrip("\n") + "\n")
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
