"""The servers of a test run: each kind is started when a test first asks for it, and shared."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from uuid import uuid4

import pytest

from plainwork import queue
from plainwork.db import Database
from plainwork.queue import Queue
from plainwork.settings import Settings
from tests.queue.servers import AWS_ENVIRONMENT, KINDS, Cluster, Server

ON_SERVERS = [pytest.param(kind, marks=pytest.mark.xdist_group(f"queue-{kind}")) for kind in KINDS]
ALL = ["postgres", *ON_SERVERS]


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Server | Cluster]]:
    started: dict[str, Server | Cluster] = {}

    def server(kind: str) -> Server | Cluster:
        if kind not in started:
            started[kind] = KINDS[kind](tmp_path_factory.mktemp(kind))
            started[kind].start()
            started[kind].ready()
        return started[kind]

    yield server
    for one in started.values():
        one.kill()


@dataclass(frozen=True)
class Place:
    """A queue of its own for one test. ``server`` is None for the database."""

    url: str
    name: str
    server: Server | Cluster | None

    async def lose(self) -> None:
        """Every message that nobody has taken yet."""
        if self.server is not None:
            await self.server.lose(self.name)

    def fail(self) -> None:
        if self.server is not None:
            self.server.fail(self.name)

    def recover(self) -> None:
        if self.server is not None:
            self.server.recover()


@pytest.fixture
def place(
    request: pytest.FixtureRequest, servers: Callable[[str], Server | Cluster], monkeypatch: pytest.MonkeyPatch
) -> Place:
    """Made for a kind of server: ``parametrize("place", …, indirect=True)``."""
    for name, value in AWS_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    name = f"test-{uuid4().hex[:12]}"
    if request.param == "postgres":
        return Place("postgres:", name, None)
    server = servers(request.param)
    return Place(server.url(name), name, server)


Open = Callable[[], Awaitable[Queue]]


@pytest.fixture
async def open_bell(place: Place, settings: Settings, database: Database) -> AsyncIterator[Open]:
    """Opens the queue as one more process would."""
    async with AsyncExitStack() as opened:

        async def open() -> Queue:
            bell = await queue.open(replace(settings, queue_url=place.url), database)
            opened.push_async_callback(bell.close)
            return bell

        yield open
