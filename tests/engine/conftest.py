"""The outside of an engine under test: a real HTTP server, and a client that may reach it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from plainwork.engine.outside import Outside
from plainwork.net import Client
from tests.world import Web


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    web = Web()
    await web.start()
    yield web
    await web.stop()


@pytest.fixture
async def outside(web: Web) -> AsyncIterator[Outside]:
    async with Client((web.host,)) as client:
        yield Outside(net=client)
