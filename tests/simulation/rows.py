"""The rows of the doubled database's tables, and its transactions. Times are epoch seconds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(slots=True)
class RunRow:
    """A row of ``runs``."""

    workspace_id: UUID
    id: UUID
    agent_id: UUID
    version_id: UUID
    trigger: Any
    inputs: Any
    created_at: float
    deadline_at: float | None = None
    status: str = "queued"
    cause: str | None = None
    output: Any = None
    failure: Any = None
    ask: str | None = None
    started_at: float | None = None
    finished_at: float | None = None
    wake_at: float | None = None
    steps: int = 0
    tokens: int = 0
    cost_usd: float = 0.0
    origin_run_id: UUID | None = None
    origin_step: str | None = None
    resolved_at: float | None = None
    resolution: str | None = None
    parent_run_id: UUID | None = None
    parent_path: str | None = None
    canary: bool = False
    depth: int = 0
    waits: int = 0


@dataclass(slots=True)
class Entry:
    """A row of ``queue``. ``owner``: the open transaction that has locked it."""

    workspace_id: UUID
    run_id: UUID
    due_at: float
    deadline_at: float | None
    epoch: int = 0
    claims: int = 0
    worker: int | None = None
    priority: int = 0
    owner: Transaction | None = None


@dataclass(slots=True)
class Step:
    """A row of ``steps``."""

    seq: int
    path: str
    attempt: int
    status: str
    outcome: str | None
    output: Any
    blob: UUID | None
    failure: Any
    wake_at: float | None
    key: str | None
    at: float
    took_ms: float | None
    written_at: float
    epoch: int
    source: str = "taken"


@dataclass(slots=True)
class Tick:
    """A row of ``schedules``."""

    workspace_id: UUID
    id: UUID
    agent_id: UUID
    version_id: UUID
    cron: str
    missed: str
    created_at: float
    next_at: float | None = None
    owner: Transaction | None = None


@dataclass(slots=True)
class WaitRow:
    """A row of ``waits``. ``owner``: the open transaction that has changed it."""

    run_id: UUID
    path: str
    attempt: int
    id: UUID
    kind: str
    asked: Any
    since: float
    until: float | None
    child_run_id: UUID | None = None
    callback_id: UUID | None = None
    closed_at: float | None = None
    status: str | None = None
    outcome: str | None = None
    output: Any = None
    failure: Any = None
    is_settled: bool = False
    owner: Transaction | None = None


@dataclass(slots=True)
class Address:
    """A row of ``callbacks``."""

    id: UUID
    run_id: UUID
    is_used: bool = False
    content: Any = None


class Transaction:
    """One open transaction: what it has locked, what it does when it commits, and which rows it has ``made``, ``queued`` and
    ``written`` that nobody else sees yet."""

    def __init__(self, now: float) -> None:
        self.now = now
        self.at_commit: list[Callable[[], object]] = []
        self.at_end: list[Callable[[], object]] = []
        self.at_rollback: list[Callable[[], object]] = []
        self.cancelled: set[UUID] = set()
        self.made: dict[UUID, RunRow] = {}
        self.queued: dict[UUID, Entry] = {}
        self.written: dict[UUID, list[Step]] = {}
        self.is_over = False

    def end(self, *, commits: bool) -> None:
        """Commits or rolls back, and lets go of what it has locked."""
        if not self.is_over:
            self.is_over = True
            for act in self.at_commit if commits else reversed(self.at_rollback):
                act()
            for act in self.at_end:
                act()


class Locked(Exception):
    """The statement has to wait for a row that another transaction has locked."""
