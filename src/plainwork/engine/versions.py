"""Versions ready to run: each is read once inside its workspace, compiled to a graph and kept. Versions never change, so
what is kept is never stale."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from plainwork.db import Connection, Database, runs
from plainwork.engine import catalogue
from plainwork.engine.plan import Graph
from plainwork.errors import Invalid, NotFound
from plainwork.spec.durations import parse_duration
from plainwork.spec.flow import flow_from_json
from plainwork.spec.kinds import Catalogue
from plainwork.spec.model import Limits

KEPT = 1000


@dataclass(frozen=True, slots=True)
class Version:
    """One version: whose it is, its graph, and the limits of its runs (``time_s``: seconds a run may take)."""

    workspace_id: UUID
    id: UUID
    agent_id: UUID
    agent: str
    number: int
    graph: Graph
    limits: Limits
    time_s: float | None


class Versions:
    """The versions a process has met, the least recently used let go first."""

    def __init__(self, db: Database, kinds: Catalogue | None = None, kept: int = KEPT) -> None:
        self._db = db
        self._kinds = kinds
        self._kept = kept
        self._known: OrderedDict[tuple[UUID, UUID], Version] = OrderedDict()

    def known(self, workspace_id: UUID, version_id: UUID) -> Version | None:
        """The version if it was read before."""
        version = self._known.get((workspace_id, version_id))
        if version is not None:
            self._known.move_to_end((workspace_id, version_id))
        return version

    async def get(self, workspace_id: UUID, version_id: UUID) -> Version:
        """The version. Raises NotFound, or Invalid when its flow cannot be run (a kind is not installed here)."""
        version = self.known(workspace_id, version_id)
        if version is None:
            async with self._db.workspace(workspace_id) as connection:
                await self.read(connection, workspace_id, [version_id])
            version = self.known(workspace_id, version_id)
        if version is None:
            raise NotFound("There is no such version in this workspace.")
        return version

    async def read(self, connection: Connection, workspace_id: UUID, version_ids: Collection[UUID]) -> None:
        """Reads those of the versions that are not known yet. Raises Invalid as ``get``."""
        missing = [key for key in set(version_ids) if (workspace_id, key) not in self._known]
        if not missing:
            return
        for row in await runs.versions(connection, missing):
            self.keep(self._build(workspace_id, row))

    def _build(self, workspace_id: UUID, row: runs.VersionRow) -> Version:
        try:
            return self._built(workspace_id, row)
        except (ValueError, RecursionError) as error:  # of msgspec too
            raise Invalid(f"The flow of version {row.number} of {row.agent} cannot be read: {error}.") from error

    def _built(self, workspace_id: UUID, row: runs.VersionRow) -> Version:
        flow = flow_from_json(row.flow)
        limits = flow.limits or Limits()
        return Version(
            workspace_id=workspace_id,
            id=row.id,
            agent_id=row.agent_id,
            agent=row.agent,
            number=row.number,
            graph=Graph.build(flow, self._kinds or catalogue.load()),
            limits=limits,
            time_s=parse_duration(limits.time_per_run) if limits.time_per_run else None,
        )

    def keep(self, version: Version) -> None:
        """Makes a version known that was read elsewhere."""
        self._known[(version.workspace_id, version.id)] = version
        while len(self._known) > self._kept:
            self._known.popitem(last=False)
