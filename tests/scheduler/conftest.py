"""The scheduler's tests: a bell over the fresh database, a web to poll, and what may be reached of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from plainwork import queue
from plainwork.db import Database
from plainwork.queue import Queue
from plainwork.settings import Settings
from tests.engine.conftest import outside, web

__all__ = ["bell", "outside", "web"]


@pytest.fixture
async def bell(database: Database, settings: Settings) -> AsyncIterator[Queue]:
    bell = await queue.open(settings, database)
    yield bell
    await bell.close()
