"""The stage that documents are played on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.documents.stage import Stage, opened_stage


@pytest.fixture(scope="module")
async def stage(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """A stage with a worker, one for a whole module."""
    async with opened_stage(module_database_url, tmp_path_factory.mktemp("stage")) as stage:
        yield stage


@pytest.fixture
async def own_stage(database_url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    """A stage of the test's own, without a worker: the test brings them and lets them die."""
    async with opened_stage(database_url, tmp_path, works=False) as stage:
        yield stage
