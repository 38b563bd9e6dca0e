"""Uses of secrets in the audit log: all of them, few entries, none lost while the database is away."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from plainwork import db, vault
from plainwork.db import audit, new_id
from plainwork.errors import Forbidden
from plainwork.settings import Settings
from plainwork.vault import Use, Vault
from plainwork.vault.uses import MOST_RUNS, Uses
from tests.engine.running import eventually


@pytest.fixture
async def safe(settings: Settings, database: db.Database, workspace_id: UUID) -> Vault:
    safe = vault.open(settings, database)
    await safe.seal(workspace_id, "KEY", {"token": "t"}, connector="slack", hosts=["slack.com"])
    return safe


async def uses(database: db.Database, workspace_id: UUID) -> list[audit.Entry]:
    async with database.workspace(workspace_id) as connection:
        assert (await audit.verify(connection)).broken_at is None
        found = await audit.page(connection, audit.Filter(action="secret."), limit=200)
    return [entry for entry in reversed(found) if entry.action != "secret.sealed"]


async def test_uses_are_on_record_together_with_their_runs(
    safe: Vault, database: db.Database, workspace_id: UUID
) -> None:
    agent, runs = new_id(), [new_id() for _ in range(3)]
    for run in (*runs, runs[0]):
        await safe.open(workspace_id, "KEY", Use("slack", agent=agent, run=run), lambda _: {"slack.com"})
    await safe.open(workspace_id, "KEY", Use("slack", host="slack.com"))
    assert await uses(database, workspace_id) == []  # nobody waited for that
    await safe.uses.flush()
    first, second = await uses(database, workspace_id)
    assert (first.action, first.target_kind, first.target_id, first.actor) == (
        *("secret.used", "secret", "KEY"),
        audit.SYSTEM,
    )
    assert first.detail["uses"] == 4
    assert first.detail["runs"] == [str(run) for run in runs]
    assert (first.detail["connector"], first.detail["hosts"], first.detail["agent"]) == (
        *("slack", ["slack.com"]),
        str(agent),
    )
    assert first.detail["first_at"] <= first.detail["last_at"]
    assert (second.detail["uses"], second.detail["runs"], second.detail["agent"]) == (1, [], None)
    await safe.uses.flush()
    assert len(await uses(database, workspace_id)) == 2


async def test_a_use_that_is_refused_is_on_record_too(safe: Vault, database: db.Database, workspace_id: UUID) -> None:
    run = new_id()
    with pytest.raises(Forbidden):
        await safe.open(workspace_id, "KEY", Use("http", run=run))
    with pytest.raises(Forbidden):
        await safe.open(workspace_id, "KEY", Use("slack"), lambda _: {"evil.example.org"})
    await safe.uses.flush()
    first, second = await uses(database, workspace_id)
    assert (first.action, first.detail["connector"], first.detail["runs"]) == ("secret.refused", "http", [str(run)])
    assert (second.action, second.detail["hosts"]) == ("secret.refused", ["evil.example.org"])


async def test_they_are_written_by_themselves(safe: Vault, database: db.Database, workspace_id: UUID) -> None:
    safe.uses = Uses(database, every_s=0.05)
    await safe.open(workspace_id, "KEY", Use("slack", host="slack.com"))

    async def written() -> Any:
        return await uses(database, workspace_id)

    [entry] = await eventually(written)
    assert entry.detail["hosts"] == ["slack.com"]


async def test_thousands_make_few_entries_and_no_run_is_left_out(database: db.Database, workspace_id: UUID) -> None:
    noted, runs = Uses(database, every_s=60), [new_id() for _ in range(3 * MOST_RUNS)]
    began = time.perf_counter()
    for run in runs:
        for _ in range(10):
            noted.note(workspace_id, "KEY", Use("slack", run=run), {"slack.com"})
    assert (time.perf_counter() - began) / (10 * len(runs)) < 0.000_2
    await noted.flush()
    entries = await uses(database, workspace_id)
    assert len(entries) <= 4
    assert sum(entry.detail["uses"] for entry in entries) == 10 * len(runs)
    assert {run for entry in entries for run in entry.detail["runs"]} == {str(run) for run in runs}


async def test_what_cannot_be_written_is_kept(
    safe: Vault, database: db.Database, database_url: str, workspace_id: UUID
) -> None:
    await safe.open(workspace_id, "KEY", Use("slack", host="slack.com"))
    owner = await asyncpg.connect(database_url)
    try:
        await owner.execute("alter table audit_log rename to gone")
        await safe.uses.flush()
        await owner.execute("alter table gone rename to audit_log")
    finally:
        await owner.close()
    await safe.uses.flush()
    [entry] = await uses(database, workspace_id)
    assert entry.detail["uses"] == 1
