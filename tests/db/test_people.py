"""Set-up, users, workspaces and API keys, against a real database."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from plainwork import db
from plainwork.db import api_keys, users, workspaces
from plainwork.errors import Conflict, Invalid, NotFound, SignInNeeded

PASSWORD = "correct horse battery"


async def _set_up(database: db.Database) -> tuple[users.User, workspaces.Workspace]:
    token = await users.new_setup_token(database)
    assert token
    return await users.set_up(
        database, token, email="Ada@Example.org ", name="Ada", password=PASSWORD, workspace="Acme & Søn"
    )


# ── Set-up ───────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_setting_up_makes_an_owner_and_happens_once(database: db.Database) -> None:
    assert not await users.is_set_up(database)
    user, workspace = await _set_up(database)
    assert (user.email, workspace.slug) == ("ada@example.org", "acme-sn")
    assert await workspaces.of_person(database, user.id) == [(workspace, "owner")]
    assert await users.is_set_up(database)
    assert await users.new_setup_token(database) is None
    with pytest.raises(Conflict, match="set up already"):
        await users.set_up(database, None, email="b@example.org", name="B", password=PASSWORD, workspace="B")


async def test_only_the_newest_token_sets_up(database: db.Database) -> None:
    old, new = await users.new_setup_token(database), await users.new_setup_token(database)
    assert old
    assert new
    for wrong in (old, "", "guess"):
        with pytest.raises(SignInNeeded):
            await users.set_up(database, wrong, email="a@example.org", name="A", password=PASSWORD, workspace="A")
    await users.set_up(database, new, email="a@example.org", name="A", password=PASSWORD, workspace="A")


async def test_a_wrong_token_costs_no_hashing(database: db.Database) -> None:
    """A password that could never be hashed is not even looked at."""
    await users.new_setup_token(database)
    with pytest.raises(SignInNeeded):
        await users.set_up(database, "guess", email="a@example.org", name="A", password="", workspace="A")


async def test_of_two_set_ups_at_once_one_wins(database: db.Database) -> None:
    token = await users.new_setup_token(database)
    tries = [
        users.set_up(database, token, email=f"{i}@example.org", name="A", password=PASSWORD, workspace=f"W{i}")
        for i in range(3)
    ]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(r).__name__ for r in results) == ["Conflict", "Conflict", "tuple"]


async def test_a_refused_set_up_leaves_nothing(database: db.Database) -> None:
    token = await users.new_setup_token(database)
    for email, password in (("no-address", PASSWORD), ("a@example.org", "short"), ("a@example.org", "a" * 20)):
        with pytest.raises(Invalid):
            await users.set_up(database, token, email=email, name="A", password=password, workspace="A")
    assert await workspaces.all_ids(database) == []
    await users.set_up(database, token, email="a@example.org", name="A", password=PASSWORD, workspace="A")
    assert len(await workspaces.all_ids(database)) == 1


# ── Users ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_an_email_is_taken_once_in_any_case(database: db.Database) -> None:
    user = await users.create(database, email="b@example.org", name="B", password=PASSWORD)
    assert await users.get(database, user.id) == user
    with pytest.raises(Conflict, match="that e-mail"):
        await users.create(database, email="B@EXAMPLE.ORG", name="B", password=PASSWORD)
    with pytest.raises(NotFound):
        await users.get(database, db.new_id())


@pytest.mark.parametrize(
    "email", ["", "a", "@example.org", "a@", "a@b", "a b@example.org", "a@example.org\n.x", "a" * 300 + "@b.c"]
)
async def test_what_is_no_email(email: str) -> None:
    with pytest.raises(Invalid, match="e-mail"):
        users.normal_email(email)


# ── Workspaces ───────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_members_roles_and_variables(database: db.Database) -> None:
    user, workspace = await _set_up(database)
    other = await users.create(database, email="b@example.org", name="B", password=PASSWORD)
    async with database.workspace(workspace.id) as connection:
        assert await workspaces.get(connection) == workspace
        assert await workspaces.role_of(connection, other.id) is None
        await workspaces.add_member(connection, other.id, "viewer")
        await workspaces.add_member(connection, other.id, "editor")
        assert await workspaces.role_of(connection, other.id) == "editor"
        assert await workspaces.role_of(connection, user.id) == "owner"
        await workspaces.set_variable(connection, "limit", {"a": [1, None]})
        await workspaces.set_variable(connection, "limit", 5)
        assert await workspaces.variables(connection) == {"limit": 5}
        await workspaces.delete_variable(connection, "limit")
        with pytest.raises(NotFound):
            await workspaces.delete_variable(connection, "limit")
        with pytest.raises(Invalid, match="cannot name a variable"):
            await workspaces.set_variable(connection, "not a name", 1)
    async with database.workspace(db.new_id()) as connection:
        with pytest.raises(NotFound):
            await workspaces.get(connection)


async def test_a_slug_is_taken_once(database: db.Database) -> None:
    for expected in ("made", "refused"):
        key = db.new_id()
        try:
            async with database.workspace(key) as connection:
                await workspaces.create(connection, key, "Acme")
            assert expected == "made"
        except Conflict:
            assert expected == "refused"


def test_slugs() -> None:
    assert workspaces.slug_of("  Ünïcode & Co. ") == "unicode-co"
    assert workspaces.slug_of("日本").startswith("n-")
    assert len(workspaces.slug_of("x" * 500)) == 60
    assert workspaces.checked_slug("a-1") == "a-1"
    for slug in ("", "-a", "a-", "A", "a_b", "x" * 61, "a/b"):
        with pytest.raises(Invalid):
            workspaces.checked_slug(slug)


# ── API keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_an_api_key_lives_until_it_is_revoked(
    database: db.Database, workspace_id: UUID, database_url: str
) -> None:
    async with database.workspace(workspace_id) as connection:
        key, token = await api_keys.create(connection, "CI", ["runs:write", "runs:read", "runs:read"])
    assert key.scopes == ("runs:read", "runs:write")
    assert key.hint == token[-4:]
    found = await api_keys.find(database, token)
    assert found is not None
    assert (found[0], found[1].id) == (workspace_id, key.id)
    owner = await asyncpg.connect(database_url)
    try:
        assert token[-40:] not in repr(await owner.fetch("select t::text from api_keys t"))
    finally:
        await owner.close()
    async with database.workspace(workspace_id) as connection:
        assert [k.last_used_at is not None for k in await api_keys.page(connection, limit=50)] == [True]
        assert (await api_keys.revoke(connection, key.id)).revoked_at
        with pytest.raises(NotFound):
            await api_keys.revoke(connection, db.new_id())
    assert await api_keys.find(database, token) is None


async def test_an_api_key_expires(database: db.Database, workspace_id: UUID) -> None:
    async with database.workspace(workspace_id) as connection:
        soon, late = (datetime.now(UTC) + timedelta(seconds=s) for s in (-1, 60))
        _, expired = await api_keys.create(connection, "CI", ["all"], expires_at=soon)
        _, valid = await api_keys.create(connection, "CI", ["all"], expires_at=late)
        with pytest.raises(Invalid, match="scope"):
            await api_keys.create(connection, "CI", [])
    assert await api_keys.find(database, expired) is None
    assert await api_keys.find(database, valid) is not None


async def test_what_is_no_api_key_is_not_found(database: db.Database, workspace_id: UUID) -> None:
    async with database.workspace(workspace_id) as connection:
        _, token = await api_keys.create(connection, "CI", ["all"])
    elsewhere = token.replace(workspace_id.hex, db.new_id().hex)
    for text in (
        "",
        "pwk_",
        token[:-1],
        token + "0",
        token.upper(),
        elsewhere,
        "pwk_" + "0" * 32 + "_" + "0" * 64,
        "é\0",
    ):
        assert await api_keys.find(database, text) is None
