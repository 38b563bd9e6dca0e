"""What processes take of the machine: seconds of processor and memory, as the operating system counts them.

On a machine that others use too, a clock on the wall measures them as well; processor seconds hardly do.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import psutil

from plainwork.db import Database


@dataclass(frozen=True, slots=True)
class Took:
    """What some work took: ``wall_s`` by the clock, ``own_s`` and ``postgres_s`` of processor time."""

    wall_s: float
    own_s: float
    postgres_s: float

    @property
    def cpu_s(self) -> float:
        """Processor time on both sides."""
        return self.own_s + self.postgres_s


class Meter:
    """Measures from its making on, for this process and the embedded Postgres that it uses."""

    def __init__(self, database: Database) -> None:
        assert database.server is not None
        self._postgres = postgres_process(database)
        self._began = self._now()

    def read(self) -> Took:
        """What was taken until now."""
        return Took(*(now - then for now, then in zip(self._now(), self._began, strict=True)))

    def _now(self) -> tuple[float, float, float]:
        return time.perf_counter(), time.process_time(), cpu_s(self._postgres)


def postgres_process(database: Database) -> psutil.Process:
    """The first process of the embedded server, of which the others are children."""
    assert database.server is not None
    return psutil.Process(int((database.server.folder / "postmaster.pid").read_text().split(maxsplit=1)[0]))


def cpu_s(process: psutil.Process) -> float:
    """Processor time of a process, of its children that live, and of those that have ended."""
    total = 0.0
    for one in (process, *process.children(recursive=True)):
        try:
            times = one.cpu_times()
        except psutil.NoSuchProcess:
            continue  # it ended just now: its parent counts it
        total += times.user + times.system
        if one is process:
            total += getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
    return total


def memory(process: psutil.Process) -> int:
    """Bytes of memory that a process has in use."""
    resident: int = process.memory_info().rss
    return resident
