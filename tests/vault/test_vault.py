"""The vault against a real database: sealing, bindings, moved and changed ciphertexts."""

from __future__ import annotations

import asyncio
from uuid import UUID

import asyncpg
import pytest

from plainwork import db, vault
from plainwork.db import audit
from plainwork.errors import Forbidden, Invalid, LimitReached, NotFound, Unavailable
from plainwork.settings import Settings
from plainwork.vault import Key, MasterKeys, Use, Vault
from tests.conftest import add_workspace

ANY = Use()


@pytest.fixture
def safe(settings: Settings, database: db.Database) -> Vault:
    return vault.open(settings, database)


async def test_what_is_sealed_opens(safe: Vault, workspace_id: UUID) -> None:
    await safe.seal(workspace_id, "Team mailbox", {"user": "bob", "password": "hunter2 ☃"})
    assert await safe.open(workspace_id, "Team mailbox", ANY) == {"user": "bob", "password": "hunter2 ☃"}


async def test_a_new_value_takes_the_place_of_the_old(safe: Vault, workspace_id: UUID) -> None:
    for value in ("first", "second", "third"):
        secret = await safe.seal(workspace_id, "key", value)
    assert secret.current_version == 3
    assert await safe.open(workspace_id, "key", ANY) == "third"


async def test_many_at_once_lose_nothing(safe: Vault, workspace_id: UUID) -> None:
    await asyncio.gather(*(safe.seal(workspace_id, f"key {i}", f"value {i}") for i in range(12)))
    assert [await safe.open(workspace_id, f"key {i}", ANY) for i in range(12)] == [f"value {i}" for i in range(12)]


async def test_the_list_tells_names_and_bindings_but_no_value(safe: Vault, workspace_id: UUID) -> None:
    await safe.seal(workspace_id, "key", "extraordinary", connector="sms", hosts=["API.example.org"])
    listed = await safe.list(workspace_id)
    assert [(s.name, s.connector, s.hosts) for s in listed] == [("key", "sms", ("api.example.org",))]
    assert "extraordinary" not in repr(listed)


async def test_no_value_stands_in_the_database_in_clear(
    safe: Vault, workspace_id: UUID, settings: Settings, database_url: str
) -> None:
    await safe.seal(workspace_id, "key", "extraordinary-value")
    owner = await asyncpg.connect(database_url)
    try:
        dump = [
            await owner.fetch(f"select t::text from {table} t") for table in ("secrets", "secret_versions", "audit_log")
        ]
    finally:
        await owner.close()
    text = repr(dump)
    assert "key" in text
    assert "extraordinary" not in text
    assert b"extraordinary".hex() not in text


async def test_another_workspace_cannot_open_it(safe: Vault, workspace_id: UUID, database: db.Database) -> None:
    await safe.seal(workspace_id, "key", "value")
    with pytest.raises(NotFound, match="no secret 'key'"):
        await safe.open(await add_workspace(database, "Other"), "key", ANY)


async def test_a_deleted_secret_is_gone(safe: Vault, workspace_id: UUID) -> None:
    await safe.seal(workspace_id, "key", "value")
    await safe.delete(workspace_id, "key")
    with pytest.raises(NotFound):
        await safe.open(workspace_id, "key", ANY)
    with pytest.raises(NotFound):
        await safe.delete(workspace_id, "key")


@pytest.mark.parametrize(
    ("bound", "use", "allowed"),
    [
        ({"connector": "sms"}, Use(connector="sms"), True),
        ({"connector": "sms"}, Use(connector="http"), False),
        ({"connector": "sms"}, ANY, False),
        ({"hosts": ["api.example.org"]}, Use(host="API.example.org"), True),
        ({"hosts": ["api.example.org"]}, Use(host="api.example.org.evil.test"), False),
        ({"hosts": ["*.example.org"]}, Use(host="api.example.org"), True),
        ({"hosts": ["*.example.org"]}, Use(host="example.org"), False),
        ({"hosts": ["*.example.org"]}, Use(host="evilexample.org"), False),
        ({"hosts": ["api.example.org"]}, ANY, False),
        ({"hosts": []}, Use(host="api.example.org"), False),
        ({"agents": [UUID(int=1)]}, Use(agent=UUID(int=1)), True),
        ({"agents": [UUID(int=1)]}, Use(agent=UUID(int=2)), False),
        ({"agents": [UUID(int=1)]}, ANY, False),
        ({}, ANY, True),
    ],
)
async def test_a_binding_holds(
    safe: Vault, workspace_id: UUID, bound: dict[str, object], use: Use, allowed: bool
) -> None:
    await safe.seal(workspace_id, "key", "value", **bound)  # type: ignore[arg-type]
    if allowed:
        assert await safe.open(workspace_id, "key", use) == "value"
    else:
        with pytest.raises(Forbidden, match="'key' is bound to"):
            await safe.open(workspace_id, "key", use)


@pytest.mark.parametrize(
    "change",
    [
        "update secret_versions set name = 'b' where name = 'a'",
        "update secret_versions set version = 7 where name = 'a'; update secrets set current_version = 7",
        "update secret_versions set sealed = (select sealed from secret_versions where name = 'b') where name = 'a'",
        "update secret_versions set sealed = set_byte(sealed, 30, get_byte(sealed, 30) # 1)",
        "update secret_versions set sealed = set_byte(sealed, 0, 9)",
        "update secret_versions set sealed = ''",
        "update data_keys set wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1)",
    ],
)
async def test_a_moved_or_changed_ciphertext_does_not_open(
    safe: Vault, workspace_id: UUID, settings: Settings, database: db.Database, database_url: str, change: str
) -> None:
    await safe.seal(workspace_id, "a", "value of a")
    await safe.seal(workspace_id, "b", "value of b")
    owner = await asyncpg.connect(database_url)
    try:
        if "set name = 'b'" in change:
            await owner.execute("delete from secret_versions where name = 'b'")
        await owner.execute(change)
    finally:
        await owner.close()
    name = "b" if "set name = 'b'" in change else "a"
    with pytest.raises(Unavailable, match="does not open"):
        await vault.open(settings, database).open(workspace_id, name, ANY)


async def test_a_ciphertext_of_another_workspace_does_not_open(
    safe: Vault, workspace_id: UUID, database: db.Database, database_url: str
) -> None:
    other = await add_workspace(database, "Other")
    await safe.seal(workspace_id, "key", "mine")
    await safe.seal(other, "key", "theirs")
    owner = await asyncpg.connect(database_url)
    try:
        await owner.execute(
            "update secret_versions set sealed = (select sealed from secret_versions where workspace_id = $1) "
            "where workspace_id = $2",
            *(other, workspace_id),
        )
    finally:
        await owner.close()
    with pytest.raises(Unavailable, match="does not open"):
        await safe.open(workspace_id, "key", ANY)


async def test_a_data_key_of_another_workspace_or_version_does_not_open(
    safe: Vault, workspace_id: UUID, settings: Settings, database: db.Database, database_url: str
) -> None:
    """Nor with all that it has sealed: whoever can write rows cannot have one workspace read what is another's."""
    other = await add_workspace(database, "Other")
    await safe.seal(workspace_id, "key", "mine")
    await safe.seal(other, "key", "theirs")
    owner = await asyncpg.connect(database_url)
    try:
        for table, column in (("data_keys", "wrapped"), ("secret_versions", "sealed")):
            moved = f"update {table} set {column} = (select {column} from {table} where workspace_id = $1)"
            await owner.execute(f"{moved} where workspace_id = $2", other, workspace_id)
    finally:
        await owner.close()
    again = vault.open(settings, database)
    with pytest.raises(Unavailable, match="data key does not open"):
        await again.open(workspace_id, "key", ANY)
    assert await again.open(other, "key", ANY) == "theirs"


async def test_another_master_key_is_named(safe: Vault, workspace_id: UUID, database: db.Database) -> None:
    await safe.seal(workspace_id, "key", "value")
    key = Key.new()
    other = Vault(database, MasterKeys.of(key))
    with pytest.raises(Unavailable, match=f"master key {safe.master.ids[0]}.*VAULT_KEY holds {key.id}"):
        await other.open(workspace_id, "key", ANY)
    with pytest.raises(Unavailable, match="VAULT_KEY"):
        await other.seal(workspace_id, "second", "value")


async def test_changes_are_audited_without_the_value(safe: Vault, workspace_id: UUID, database: db.Database) -> None:
    actor = audit.Actor("user", str(UUID(int=5)))
    await safe.seal(workspace_id, "key", "extraordinary", actor=actor)
    await safe.delete(workspace_id, "key", actor=actor)
    async with database.workspace(workspace_id) as connection:
        entries = await audit.page(connection)
    assert [(e.action, e.target_id, e.actor) for e in entries] == [
        ("secret.deleted", "key", actor),
        ("secret.sealed", "key", actor),
    ]
    assert "extraordinary" not in repr(entries)


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 101, "nul\0"])
async def test_a_bad_name_is_refused(safe: Vault, workspace_id: UUID, name: str) -> None:
    with pytest.raises(Invalid, match="cannot name a secret"):
        await safe.seal(workspace_id, name, "value")


@pytest.mark.parametrize("host", ["https://example.org", "a/b", "*", "*.", "user@host", "host:443"])
async def test_a_bad_host_is_refused(safe: Vault, workspace_id: UUID, host: str) -> None:
    with pytest.raises(Invalid, match="is not a host"):
        await safe.seal(workspace_id, "key", "value", hosts=[host])


async def test_an_empty_or_huge_value_is_refused(safe: Vault, workspace_id: UUID) -> None:
    with pytest.raises(Invalid, match="no value"):
        await safe.seal(workspace_id, "key", "")
    with pytest.raises(LimitReached, match="64 KiB"):
        await safe.seal(workspace_id, "key", "x" * 70_000)
    assert await safe.list(workspace_id) == []
