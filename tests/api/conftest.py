"""One API for each module of tests; each test makes workspaces of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.support import Api, Place, serving


@pytest.fixture(scope="module")
async def api(tmp_path_factory: pytest.TempPathFactory, module_database_url: str) -> AsyncIterator[Api]:
    """The API with a worker."""
    async with serving(Path(tmp_path_factory.mktemp("api")), module_database_url) as api:
        yield api


@pytest.fixture
async def place(api: Api) -> Place:
    """A fresh workspace."""
    return await api.place()


@pytest.fixture
async def other(api: Api) -> Place:
    """Another workspace, which nothing of the first may reach."""
    return await api.place("Other")
