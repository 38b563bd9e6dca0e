"""Agents, immutable versions, the live pointer, drafts, the ledger of model calls and the audit chain."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from plainwork import db
from plainwork.db import agent_drafts, agents, audit, llm_calls
from plainwork.errors import Conflict, Invalid, NotFound
from tests.conftest import add_workspace

FLOW = {"nodes": [{"id": "b", "config": {"zeta": 1, "alpha": {"y": 1, "x": 2}}}], "edges": []}


def _content(text: str = "# Digest") -> dict[str, Any]:
    return {"markdown": text, "spec": {"title": "Digest", "about": "x"}, "flow": FLOW}


# ── Agents ───────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_an_agents_life(database: db.Database, workspace_id: UUID) -> None:
    async with database.workspace(workspace_id) as connection:
        agent = await agents.create(connection, " Morning  digest ", about="Mails it.", tags=["mail"])
        assert (agent.slug, agent.name, agent.last_version) == ("morning-digest", "Morning digest", 0)
        assert await agents.get(connection, agent.id) == agent
        assert await agents.by_slug(connection, "morning-digest") == agent
        assert await agents.by_slug(connection, "other") is None
        changed = await agents.change(connection, agent.id, name="Evening digest", paused=True)
        assert (changed.name, changed.about, changed.tags) == ("Evening digest", "Mails it.", ("mail",))
        assert changed.paused_at
        assert (await agents.change(connection, agent.id, about="")).paused_at == changed.paused_at
        assert (await agents.change(connection, agent.id, paused=False)).paused_at is None
        await agents.delete(connection, agent.id)
        for gone in (
            agents.get(connection, agent.id),
            agents.change(connection, agent.id),
            agents.delete(connection, agent.id),
        ):
            with pytest.raises(NotFound):
                await gone
        assert (await agents.create(connection, "Morning digest")).slug == agent.slug


async def test_a_slug_is_taken_once_in_a_workspace(database: db.Database, workspace_id: UUID) -> None:
    other = await add_workspace(database, "Other")
    for key in (workspace_id, other):
        async with database.workspace(key) as connection:
            await agents.create(connection, "Digest")
    with pytest.raises(Conflict, match="'digest' already"):
        async with database.workspace(workspace_id) as connection:
            await agents.create(connection, "Digest!")


async def test_agents_come_in_pages(database: db.Database, workspace_id: UUID) -> None:
    async with database.workspace(workspace_id) as connection:
        made = [await agents.create(connection, f"Agent {i}") for i in range(5)]
        first = await agents.page(connection, limit=3)
        second = await agents.page(connection, limit=3, before=first[-1].id)
    assert [a.id for a in first + second] == [a.id for a in reversed(made)]


@pytest.mark.parametrize("name", ["", " \n ", "x" * 201])
async def test_a_name_is_needed(database: db.Database, workspace_id: UUID, name: str) -> None:
    with pytest.raises(Invalid, match="name of the agent"):
        async with database.workspace(workspace_id) as connection:
            await agents.create(connection, name)


# ── Versions ─────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_versions_count_up_and_keep_the_order_of_keys(database: db.Database, workspace_id: UUID) -> None:
    async with database.workspace(workspace_id) as connection:
        agent = await agents.create(connection, "Digest")
        first = await agents.publish(connection, agent.id, **_content(), note="First")
        second = await agents.publish(connection, agent.id, **_content("# Digest 2"))
        assert (first.number, second.number) == (1, 2)
        read = await agents.version(connection, first.id)
        assert read == first
        assert list(read.flow["nodes"][0]["config"]) == ["zeta", "alpha"]
        assert read.content_hash == agents.content_hash(**_content())
        assert await agents.version_numbered(connection, agent.id, 2) == second
        assert [v.number for v in await agents.versions(connection, agent.id)] == [2, 1]
        assert [v.number for v in await agents.versions(connection, agent.id, before=2)] == [1]
        assert (await agents.get(connection, agent.id)).last_version == 2
        for missing in (agents.version(connection, db.new_id()), agents.version_numbered(connection, agent.id, 3)):
            with pytest.raises(NotFound):
                await missing


async def test_publishing_the_same_again_gives_the_same_version(database: db.Database, workspace_id: UUID) -> None:
    async with database.workspace(workspace_id) as connection:
        agent = await agents.create(connection, "Digest")
        first = await agents.publish(connection, agent.id, **_content())
        assert await agents.publish(connection, agent.id, **_content(), note="Again") == first
        await agents.publish(connection, agent.id, **_content("# Other"))
        assert (await agents.publish(connection, agent.id, **_content())).number == 3


async def test_publishing_at_once_numbers_without_gaps(database: db.Database, workspace_id: UUID) -> None:
    async with database.workspace(workspace_id) as connection:
        agent = await agents.create(connection, "Digest")

    async def publish(i: int) -> int:
        async with database.workspace(workspace_id) as connection:
            return (await agents.publish(connection, agent.id, **_content(f"# {i}"))).number

    assert sorted(await asyncio.gather(*(publish(i) for i in range(8)))) == list(range(1, 9))


async def test_the_live_pointer_points_at_own_versions_only(database: db.Database, workspace_id: UUID) -> None:
    async with database.workspace(workspace_id) as connection:
        one, two = await agents.create(connection, "One"), await agents.create(connection, "Two")
        version = await agents.publish(connection, one.id, **_content())
        assert (await agents.set_live(connection, one.id, version.id)).live_version_id == version.id
        assert (await agents.set_live(connection, one.id, None)).live_version_id is None
        with pytest.raises(NotFound):
            await agents.set_live(connection, db.new_id(), None)
    with pytest.raises(NotFound, match="no such version"):
        async with database.workspace(workspace_id) as connection:
            await agents.set_live(connection, two.id, version.id)


async def test_the_application_cannot_change_a_version(database: db.Database, workspace_id: UUID) -> None:
    async with database.workspace(workspace_id) as connection:
        agent = await agents.create(connection, "Digest")
        await agents.publish(connection, agent.id, **_content())
    for statement in (
        "update agent_versions set markdown = ''",
        "delete from agent_versions",
        "truncate agent_versions",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with database.workspace(workspace_id) as connection:
                await connection.execute(statement)


# ── Drafts ───────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_nobodys_edit_is_lost(database: db.Database, workspace_id: UUID) -> None:
    async with database.workspace(workspace_id) as connection:
        agent = await agents.create(connection, "Digest")
        nothing = await agent_drafts.read(connection, agent.id)
        assert (nothing.revision, nothing.markdown, nothing.base_version) == (0, "", None)
        first = await agent_drafts.save(connection, agent.id, "# A", revision=0, layout={"b": [1, 2], "a": [0, 0]})
        assert list(first.layout) == ["b", "a"]
        second = await agent_drafts.save(connection, agent.id, "# B\0", revision=1)
        assert (second.revision, second.markdown, second.layout) == (2, "# B\ufffd", first.layout)
        for stale in (0, 1, 3):
            with pytest.raises(Conflict, match="changed this draft"):
                await agent_drafts.save(connection, agent.id, "# C", revision=stale)
            with pytest.raises(Conflict, match="changed this draft"):
                await agent_drafts.discard(connection, agent.id, revision=stale)
        assert await agent_drafts.read(connection, agent.id) == second
        assert await agent_drafts.discard(connection, agent.id, revision=2)
        assert not await agent_drafts.discard(connection, agent.id, revision=2)
        assert await agent_drafts.read(connection, agent.id) == nothing
        with pytest.raises(NotFound, match="no version 7"):
            await agent_drafts.save(connection, agent.id, "# A", revision=0, base_version=7)
    with pytest.raises(NotFound):
        async with database.workspace(workspace_id) as connection:
            await agent_drafts.save(connection, db.new_id(), "# A", revision=0)


async def test_a_draft_begins_with_the_live_version_else_the_newest(database: db.Database, workspace_id: UUID) -> None:
    async with database.workspace(workspace_id) as connection:
        agent = await agents.create(connection, "Digest")
        first = await agents.publish(connection, agent.id, **_content("# One"))
        await agents.publish(connection, agent.id, **_content("# Two"))
        begun = await agent_drafts.read(connection, agent.id)
        assert (begun.markdown, begun.base_version) == ("# Two", 2)
        await agents.set_live(connection, agent.id, first.id)
        begun = await agent_drafts.read(connection, agent.id)
        assert (begun.markdown, begun.base_version, begun.updated_at) == ("# One", 1, None)
        saved = await agent_drafts.save(connection, agent.id, "# Three", revision=0, base_version=1)
        kept = await agent_drafts.save(connection, agent.id, "# Four", revision=saved.revision)
        assert (kept.markdown, kept.base_version) == ("# Four", 1)


# ── Model calls ──────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_the_ledger_sums_up(database: db.Database, workspace_id: UUID) -> None:
    now, run = datetime.now(UTC), db.new_id()
    call = llm_calls.LlmCall(
        id=db.new_id(), at=now, provider="openai", model="gpt", status="succeeded", latency_ms=900, run_id=run,
        input_tokens=100, output_tokens=20, cost_usd=Decimal("0.000012345"),
    )  # fmt: skip
    old = replace(
        call, id=db.new_id(), at=now - timedelta(days=2), run_id=None, cost_usd=None, status="failed", failure="retry"
    )
    async with database.workspace(workspace_id) as connection:
        await llm_calls.record(connection, [call, old])
        await llm_calls.record(connection, [call])
        assert await llm_calls.spent(connection) == llm_calls.Spent(2, 200, 40, Decimal("0.000012345"))
        today = await llm_calls.spent(connection, since=now - timedelta(days=1))
        assert today == llm_calls.Spent(1, 100, 20, Decimal("0.000012345"))
        assert (await llm_calls.spent(connection, run_id=run)).calls == 1


# ── Audit ────────────────────────────────────────────────────────────────────────────────────────────────────────────
ACTOR = audit.Actor("user", "u1", "10.0.0.1")


async def _write(database: db.Database, workspace_id: UUID, count: int) -> None:
    for i in range(count):
        async with database.workspace(workspace_id) as connection:
            await audit.append(connection, ACTOR, "agent.published", ("agent", "a1"), {"n": i, "text": "é\0"})


async def _verdict(database: db.Database, workspace_id: UUID) -> audit.Verdict:
    async with database.workspace(workspace_id) as connection:
        return await audit.verify(connection)


async def test_the_audit_chain_holds_for_each_workspace_apart(database: db.Database, workspace_id: UUID) -> None:
    other = await add_workspace(database, "Other")
    await asyncio.gather(
        _write(database, workspace_id, 5), _write(database, workspace_id, 5), _write(database, other, 3)
    )
    for workspace, count in ((workspace_id, 10), (other, 3)):
        verdict = await _verdict(database, workspace)
        assert (verdict.entries, verdict.broken_at) == (count, None)
    assert await _verdict(database, await add_workspace(database, "Empty")) == audit.Verdict(0)
    async with database.workspace(workspace_id) as connection:
        page = await audit.page(connection, limit=4)
        assert [e.seq for e in page] == [10, 9, 8, 7]
        assert [e.seq for e in await audit.page(connection, before=3)] == [2, 1]
        assert (page[0].actor, page[0].detail["text"]) == (ACTOR, "é\ufffd")


async def test_the_hash_does_not_depend_on_the_sessions_zone(database: db.Database, workspace_id: UUID) -> None:
    await _write(database, workspace_id, 2)
    async with database.workspace(workspace_id) as connection:
        await connection.execute("set local timezone = 'Asia/Kathmandu'; set local datestyle = 'German'")
        verdict = await audit.verify(connection)
        assert (verdict.entries, verdict.broken_at) == (2, None)


@pytest.mark.parametrize(
    ("change", "broken_at"),
    [
        ("update audit_log set action = 'agent.deleted' where seq = 3", 3),
        ("update audit_log set at = at + interval '1 microsecond' where seq = 3", 3),
        ("update audit_log set address = null where seq = 1", 1),
        ("delete from audit_log where seq = 3", 4),
        ("delete from audit_log where seq = 1", 2),
        ("delete from audit_log where seq = 5", 5),
        ("delete from audit_log", 1),
        ("update audit_log set seq = 99 where seq = 3; update audit_log set seq = 3 where seq = 4; "
         "update audit_log set seq = 4 where seq = 99", 3),
        ("update audit_log e set action = 'x', hash = audit_hash(row(e.workspace_id, e.seq, e.at, e.actor_kind, e.actor_id, "
         "'x', e.target_kind, e.target_id, e.detail, e.address, e.prev_hash, null)::audit_log) where seq = 3", 4),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "unlocked",
    [
        "set session_replication_role = replica",
        "set plainwork.upkeep = 'on'; alter table audit_log disable trigger user",
    ],
    ids=["as a superuser", "as the owner, triggers disabled"],
)
async def test_a_meddled_chain_shows_where(
    database: db.Database, workspace_id: UUID, database_url: str, change: str, broken_at: int, unlocked: str
) -> None:
    await _write(database, workspace_id, 5)
    owner = await asyncpg.connect(database_url)
    try:
        with pytest.raises(asyncpg.PostgresError, match="rows never change"):
            await owner.execute("delete from audit_log")
        await owner.execute(unlocked)
        await owner.execute(change)
    finally:
        await owner.close()
    verdict = await _verdict(database, workspace_id)
    assert verdict.broken_at == broken_at, verdict
    assert verdict.reason


async def test_the_application_cannot_write_the_chain_itself(database: db.Database, workspace_id: UUID) -> None:
    await _write(database, workspace_id, 1)
    for statement in (
        "insert into audit_log select * from audit_log",
        "update audit_log set action = 'x'",
        "delete from audit_log",
        "update audit_heads set seq = 0",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with database.workspace(workspace_id) as connection:
                await connection.execute(statement)
    with pytest.raises(asyncpg.NotNullViolationError):
        async with database.transaction() as connection:
            await audit.append(connection, ACTOR, "x", ("agent", "a"))
