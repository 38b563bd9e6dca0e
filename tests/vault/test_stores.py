"""What every place for secrets' values promises, tried on each: the database, and AWS Secrets Manager as moto's server
speaks it; and a master key in KMS, from the same server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from aiobotocore.session import get_session

from plainwork import db, vault
from plainwork.db import secrets as rows
from plainwork.errors import Forbidden, Invalid, LimitReached, NotFound, Unavailable
from plainwork.settings import Settings
from plainwork.vault import Key, MasterKeys, Use, Vault, envelope, rotation
from plainwork.vault.people import people_key
from plainwork.vault.store import Values, store_of
from tests.conftest import add_workspace
from tests.queue.servers import AWS_ENVIRONMENT, Sqs, free_port

pytestmark = pytest.mark.xdist_group("aws")
ANY = Use()
PLACES = ["postgres", "aws-secrets-manager:acme/prod"]


@pytest.fixture(scope="module")
def amazon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server's address."""
    server = Sqs(tmp_path_factory.mktemp("amazon"))
    server.start()
    server.ready()
    yield f"http://127.0.0.1:{server.port}"
    server.kill()


@pytest.fixture(autouse=True)
def _environment(amazon: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in AWS_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", amazon)


@pytest.fixture(params=PLACES, ids=lambda place: place.partition(":")[0])
def place(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    return replace(settings, vault_store=request.param)


@pytest.fixture
def safe(place: Settings, database: db.Database) -> Vault:
    return vault.open(place, database)


async def amazon_keeps() -> dict[str, Any]:
    """What Secrets Manager lists, by description."""
    async with get_session().create_client("secretsmanager") as client:
        listed = (await client.list_secrets())["SecretList"]
    return {one["Description"]: one["Name"] for one in listed if one["Name"].startswith("acme/prod/")}


# ── The contract ─────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("value", ["a text ☃", {"user": "bob", "password": "x\0y"}, "x" * 65_000, "\\u0000"])
async def test_what_is_sealed_opens(
    safe: Vault, place: Settings, workspace_id: UUID, database: db.Database, value: Any
) -> None:
    await safe.seal(workspace_id, "Team mailbox", value)
    for process in (safe, vault.open(place, database)):
        assert await process.open(workspace_id, "Team mailbox", ANY) == value
        assert (await process.read(workspace_id, "Team mailbox") or [None])[-1] == value


async def test_a_new_value_takes_the_place_of_the_old_everywhere(
    safe: Vault, place: Settings, workspace_id: UUID, database: db.Database
) -> None:
    other = vault.open(place, database)
    for number, process in enumerate((safe, other, safe, other)):
        secret = await process.seal(workspace_id, "key", f"value {number}")
        assert [await one.open(workspace_id, "key", ANY) for one in (safe, other)] == [f"value {number}"] * 2
    assert secret.current_version == 4


async def test_many_at_once_lose_nothing(safe: Vault, workspace_id: UUID) -> None:
    await asyncio.gather(*(safe.seal(workspace_id, f"key {i}", f"value {i}") for i in range(8)))
    await asyncio.gather(*(safe.seal(workspace_id, f"key {i % 4}", f"newer {i % 4}") for i in range(8)))
    assert [await safe.open(workspace_id, f"key {i}", ANY) for i in (0, 3, 4, 7)] == [
        "newer 0",
        "newer 3",
        "value 4",
        "value 7",
    ]


async def test_a_binding_holds_and_limits_too(safe: Vault, workspace_id: UUID) -> None:
    await safe.seal(workspace_id, "key", "value", connector="sms")
    assert await safe.open(workspace_id, "key", Use(connector="sms")) == "value"
    with pytest.raises(Forbidden, match="'key' is bound to"):
        await safe.open(workspace_id, "key", ANY)
    with pytest.raises(LimitReached, match="64 KiB"):
        await safe.seal(workspace_id, "key", "x" * 70_000)


async def test_deleted_is_gone_and_may_be_set_again(safe: Vault, workspace_id: UUID) -> None:
    await safe.seal(workspace_id, "key", "value")
    await safe.delete(workspace_id, "key")
    with pytest.raises(NotFound):
        await safe.open(workspace_id, "key", ANY)
    await safe.seal(workspace_id, "key", "again")
    assert await safe.open(workspace_id, "key", ANY) == "again"


async def test_another_workspace_has_others(safe: Vault, workspace_id: UUID, database: db.Database) -> None:
    other = await add_workspace(database, "Other")
    await safe.seal(workspace_id, "key", "mine")
    await safe.seal(other, "key", "theirs")
    assert [await safe.open(one, "key", ANY) for one in (workspace_id, other)] == ["mine", "theirs"]


async def test_what_was_moved_does_not_open(
    safe: Vault, workspace_id: UUID, database: db.Database, database_url: str
) -> None:
    await safe.seal(workspace_id, "a", "value of a")
    await safe.seal(workspace_id, "b", "value of b")
    owner = await asyncpg.connect(database_url)
    await owner.execute(
        "update secret_versions set sealed = (select sealed from secret_versions where name = 'b') where name = 'a'"
    )
    await owner.close()
    with pytest.raises(Unavailable, match="does not open"):
        await safe.open(workspace_id, "a", ANY)
    await safe.seal(workspace_id, "a", "mended")
    assert await safe.open(workspace_id, "a", ANY) == "mended"


async def test_data_keys_are_rotated(safe: Vault, place: Settings, workspace_id: UUID, database: db.Database) -> None:
    for i in range(3):
        await safe.seal(workspace_id, f"key {i}", f"value {i}")
    assert await rotation.rotate_data_key(database, safe.data_keys, workspace_id) == 3
    again = vault.open(place, database)
    assert [await again.open(workspace_id, f"key {i}", ANY) for i in range(3)] == ["value 0", "value 1", "value 2"]


# ── Secrets Manager ──────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def away(settings: Settings, database: db.Database) -> Vault:
    return vault.open(replace(settings, vault_store=PLACES[1]), database)


async def test_values_lie_there_and_not_in_the_database(away: Vault, workspace_id: UUID, database: db.Database) -> None:
    await away.seal(workspace_id, "Where is it?", "extraordinary-value")
    name = (await amazon_keeps())["Where is it?"]
    assert name.startswith(f"acme/prod/{workspace_id}/")
    async with database.workspace(workspace_id) as connection:
        _, sealed, key = await rows.get(connection, "Where is it?") or pytest.fail("it is not there")
    opened = envelope.open(await away.data_keys.unwrap(workspace_id, key), workspace_id, sealed)
    assert name.encode() in opened
    assert b"extraordinary" not in opened
    await away.delete(workspace_id, "Where is it?")
    assert "Where is it?" not in await amazon_keeps()


async def test_the_place_is_changed_secret_by_secret(
    away: Vault, workspace_id: UUID, settings: Settings, database: db.Database
) -> None:
    here = vault.open(settings, database)
    await here.seal(workspace_id, "was here", "first")
    await away.seal(workspace_id, "was away", "second")
    for process in (here, away):
        assert await process.open(workspace_id, "was here", ANY) == "first"
        assert await process.open(workspace_id, "was away", ANY) == "second"
    await away.seal(workspace_id, "was here", "third")
    await here.seal(workspace_id, "was away", "fourth")
    assert {"was here", "was away"} & (await amazon_keeps()).keys() == {"was here"}
    for process in (here, away):
        assert await process.open(workspace_id, "was here", ANY) == "third"
        assert await process.open(workspace_id, "was away", ANY) == "fourth"


async def test_without_the_server_nothing_changes(
    away: Vault,
    workspace_id: UUID,
    settings: Settings,
    database: db.Database,
    amazon: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await away.seal(workspace_id, "key", "value")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    fresh = Vault(database, away.master, Values(store_of(PLACES[1])))
    with pytest.raises(Unavailable, match="AWS Secrets Manager cannot be used"):
        await fresh.seal(workspace_id, "key", "another")
    with pytest.raises(Unavailable, match="AWS Secrets Manager cannot be used"):
        await fresh.open(workspace_id, "key", ANY)
    assert await away.open(workspace_id, "key", ANY) == "value", "what was read once needs no server"
    await fresh.delete(workspace_id, "key")
    with pytest.raises(NotFound):
        await away.open(workspace_id, "key", ANY)
    monkeypatch.setenv("AWS_ENDPOINT_URL", amazon)
    assert "key" in await amazon_keeps()


def test_a_place_that_is_none() -> None:
    for setting in ("vault", "postgres:x", ""):
        with pytest.raises(Invalid, match="no place for secrets"):
            store_of(setting)


# ── KMS ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
async def kms_key() -> str:
    """The ARN of a new key."""
    async with get_session().create_client("kms") as client:
        return str((await client.create_key())["KeyMetadata"]["Arn"])


async def test_a_master_key_that_never_leaves_kms(
    kms_key: str, settings: Settings, database: db.Database, workspace_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")  # the ARN says it
    by_kms = replace(settings, vault_key=f"aws-kms:{kms_key}")
    await vault.open(by_kms, database).seal(workspace_id, "key", "value")
    assert await vault.open(by_kms, database).open(workspace_id, "key", ANY) == "value"
    assert set((await rotation.wrapped(database)).keys) == {f"aws-kms:{kms_key}"}
    with pytest.raises(Unavailable, match=r"under the master key aws-kms:arn:\S+, and VAULT_KEY holds \w{16}\."):
        await vault.open(settings, database).open(workspace_id, "key", ANY)


async def test_from_a_file_to_kms_and_back(
    kms_key: str, settings: Settings, database: db.Database, workspace_id: UUID
) -> None:
    key = Key.new()
    [kms] = vault.master_keys(f"aws-kms:{kms_key}", settings.data_dir).keys
    both = MasterKeys.of(key, kms)
    people = await people_key(database, both)
    await Vault(database, both).seal(workspace_id, "key", "value")
    for to in (kms, key):
        assert await rotation.rotate_master(database, both, to) == 2
        alone = MasterKeys.of(to)
        assert await Vault(database, alone).open(workspace_id, "key", ANY) == "value"
        assert await people_key(database, alone) == people


async def test_what_kms_wrapped_opens_in_its_place_only(
    kms_key: str, settings: Settings, database: db.Database, workspace_id: UUID, database_url: str
) -> None:
    safe = vault.open(replace(settings, vault_key=f"aws-kms:{kms_key}"), database)
    other = await add_workspace(database, "Other")
    for one in (workspace_id, other):
        await safe.seal(one, "key", "value")
    owner = await asyncpg.connect(database_url)
    await owner.execute(
        "update data_keys set wrapped = (select wrapped from data_keys where workspace_id = $1) where workspace_id = $2",
        *(other, workspace_id),
    )
    await owner.close()
    with pytest.raises(Unavailable, match="data key does not open"):
        await vault.open(replace(settings, vault_key=f"aws-kms:{kms_key}"), database).open(workspace_id, "key", ANY)


async def test_a_key_that_kms_does_not_have(settings: Settings, database: db.Database, workspace_id: UUID) -> None:
    unknown = vault.open(replace(settings, vault_key="aws-kms:alias/nobodys"), database)
    with pytest.raises(Unavailable, match="AWS KMS refused"):
        await unknown.seal(workspace_id, "key", "value")
