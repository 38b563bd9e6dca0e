"""Where documents are played: a real Postgres, a real worker, real web, mail and model servers on loopback.

``Stage.play`` takes a document's text all the way (load, store a version, start, wait for the end, read) and gives what
came out. Documents write ``WEB`` for the web server's address; each play has its own part of it, so that what arrived
there belongs to that play alone.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from plainwork import db, spec, vault
from plainwork.cli.outside import open_outside
from plainwork.db import Database, agents
from plainwork.db.runs import Run, StepRow
from plainwork.engine import catalogue
from plainwork.engine.outside import Outside
from plainwork.engine.start import Started, start
from plainwork.engine.versions import Version, Versions
from plainwork.settings import Settings
from plainwork.vault import Vault
from tests.conftest import add_workspace
from tests.engine.running import Running, ended, in_state, journal_of, working
from tests.world import Answering, Seen, World


def document(steps: str, *, front: str = "", errors: str = "") -> str:
    """A whole document around these steps; ``front``: more lines of front matter."""
    lane = f"\n## When things go wrong\n\n{errors}" if errors else ""
    return f"---\nagentspec: 1\n{front.strip()}\n---\n\n# Played on a stage\n\n## Steps\n\n{steps}\n{lane}"


@dataclass
class Site:
    """One play's part of the web server."""

    world: World
    prefix: str

    @property
    def url(self) -> str:
        return self.world.web.url + self.prefix

    def on(self, method: str, path: str, *answers: Answering) -> None:
        self.world.web.on(method, self.prefix + path, *answers)

    def seen(self, path: str) -> list[Seen]:
        return self.world.web.seen(self.prefix + path)

    @property
    def paths(self) -> list[str]:
        """The paths that were asked for, in the order they arrived."""
        seen = [one.path for one in self.world.web.requests if one.path.startswith(f"{self.prefix}/")]
        return [path.removeprefix(self.prefix) for path in seen]


@dataclass
class Played:
    """A run that is over (or where it waits), with its journal."""

    run: Run
    journal: list[StepRow]
    site: Site

    @property
    def status(self) -> str:
        return self.run.status

    @property
    def output(self) -> Any:
        return self.run.output

    @property
    def failure(self) -> dict[str, Any]:
        assert isinstance(self.run.failure, dict), f"the run did not fail: {self.run.status}, {self.run.output!r}"
        return self.run.failure

    @property
    def rows(self) -> list[tuple[str, int, str]]:
        """Path, attempt and status of each journal row, in order."""
        return [(row.path, row.attempt, row.status) for row in self.journal]

    @property
    def ended(self) -> dict[str, str]:
        """Each path's last status."""
        return {row.path: row.status for row in self.journal}

    def paths(self, status: str) -> set[str]:
        return {path for path, last in self.ended.items() if last == status}

    @property
    def ran(self) -> set[str]:
        return self.paths("succeeded")

    def row(self, path: str) -> StepRow:
        """The last row of a path."""
        return next(row for row in reversed(self.journal) if row.path == path)


@dataclass
class Stage:
    """A database with one workspace, a worker at work in it, and the outside."""

    settings: Settings
    database: Database
    workspace_id: UUID
    world: World
    vault: Vault
    outside: Outside
    running: Running | None = None
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def site(self) -> Site:
        return Site(self.world, f"/play-{next(self._numbers)}")

    async def publish(self, markdown: str, site: Site | None = None) -> Version:
        """The document as the live version of a new agent. Fails when it has findings that are errors."""
        text = markdown.replace("WEB", site.url) if site else markdown
        loaded = spec.load(text, catalogue.load())
        assert loaded.is_valid, [str(finding) for finding in loaded.findings]
        assert loaded.spec is not None
        async with self.database.workspace(self.workspace_id) as connection:
            agent = await agents.create(connection, loaded.spec.title, slug=f"play-{db.new_id().hex}")
            made = await agents.publish(
                connection,
                agent.id,
                markdown=text,
                spec=msgspec.to_builtins(loaded.spec),
                flow=msgspec.to_builtins(loaded.flow),
            )
            await agents.set_live(connection, agent.id, made.id)
        # Read back, as every process but this one would.
        return await Versions(self.database).get(self.workspace_id, made.id)

    async def start(self, version: Version, inputs: Mapping[str, Any] | None = None, **how: Any) -> Started:
        started = await start(self.database, version, inputs or {}, **how)
        await db.queue.ring(self.database)
        return started

    async def play(self, markdown: str, site: Site | None = None, /, timeout_s: float = 15.0, **inputs: Any) -> Played:
        """A document from its text to the end of its run."""
        site = site or self.site()
        version = await self.publish(markdown, site)
        started = await self.start(version, inputs)
        return await self.end(started.run_id, site, timeout_s)

    async def end(self, run_id: UUID, site: Site | None = None, timeout_s: float = 15.0) -> Played:
        run = await ended(self.database, self.workspace_id, run_id, timeout_s)
        return await self.read(run, site)

    async def when(self, run_id: UUID, status: str, site: Site | None = None) -> Played:
        run = await in_state(self.database, self.workspace_id, run_id, status)
        return await self.read(run, site)

    async def read(self, run: Run, site: Site | None = None) -> Played:
        journal = await journal_of(self.database, run)
        while len(journal) < run.steps and len(journal) % 1000 == 0:
            async with self.database.workspace(self.workspace_id) as connection:
                journal += await db.runs.steps(connection, run.id, journal[-1].seq)
        return Played(run, journal, site or self.site())

    @asynccontextmanager
    async def worker(self, **options: Any) -> AsyncIterator[Running]:
        """One more worker."""
        async with working(self.database, self.outside, **options) as running:
            yield running

    async def make_due(self) -> None:
        """The leases of all runs end now."""
        async with self.database.workspace(self.workspace_id) as connection:
            await connection.execute("update queue set due_at = now() where due_at < 'infinity'")
        await db.queue.ring(self.database)

    async def texts(self, run: Run) -> list[str]:
        """Everything the database holds about a run, as text."""
        tables: Sequence[tuple[str, str]] = (
            ("runs", "id"),
            ("steps", "run_id"),
            ("llm_calls", "run_id"),
            ("effects", "run_id"),
        )
        found: list[str] = []
        async with self.database.workspace(self.workspace_id) as connection:
            for table, key in tables:
                rows = await connection.fetch(
                    f"select row_to_json(t)::text as text from {table} t where t.{key} = $1", run.id
                )
                found += [row["text"] for row in rows]
            rows = await connection.fetch(
                "select convert_from(content, 'UTF8') as text from blobs where run_id = $1", run.id
            )
            found += [row["text"] for row in rows]
        return found


@asynccontextmanager
async def opened_stage(url: str, folder: Path, *, works: bool = True) -> AsyncIterator[Stage]:
    """A stage on the database at this URL; ``works`` False: without a worker."""
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(World())
        settings = Settings(data_dir=folder, database_url=url, smtp_url=world.post.url, allow_hosts=("127.0.0.1",))
        database = await stack.enter_async_context(await db.open(settings, migrate=False))
        workspace_id = await add_workspace(database)
        opened = vault.open(settings, database)
        outside = await stack.enter_async_context(open_outside(settings, database, opened))
        stage = Stage(settings, database, workspace_id, world, opened, outside)
        if works:
            stage.running = await stack.enter_async_context(stage.worker())
        yield stage


async def together(*plays: Any) -> list[Any]:
    """Several plays side by side."""
    return list(await asyncio.gather(*plays))
