"""Many ``plainwork run`` that begin at the same moment on an empty database."""

from __future__ import annotations

import asyncio
from pathlib import Path

from plainwork.cli import runs
from plainwork.cli.specs import read
from plainwork.db import Database
from tests.cli.test_bad_input import GOOD


async def test_all_make_the_workspace_the_agent_and_the_version_once(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "good.md"
    path.write_text(GOOD)
    document = read(str(path))
    made = await asyncio.gather(*(runs._store(database, document) for _ in range(10)))
    assert len({version.id for version in made}) == 1
    assert made[0].number == 1
