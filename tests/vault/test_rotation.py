"""Rotating keys while they are in use: several processes read, write, make workspaces and second factors meanwhile."""

from __future__ import annotations

import asyncio
import itertools
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from plainwork import db
from plainwork.db import audit, workspaces
from plainwork.db import secrets as rows
from plainwork.errors import Unavailable
from plainwork.settings import Settings
from plainwork.vault import Key, MasterKeys, Use, Vault, rotation
from plainwork.vault.people import people_key
from tests.conftest import add_workspace, in_thread

ANY = Use()
OLD, NEW = Key.new(), Key.new()
BOTH = MasterKeys.of(OLD, NEW)


@pytest.fixture
def safe(database: db.Database) -> Vault:
    return Vault(database, BOTH)


@asynccontextmanager
async def in_use(*works: Callable[[int], Awaitable[None]]) -> Any:
    """Each work again and again with a growing number, all at once, from before the body until after it."""
    is_over = asyncio.Event()
    begun: list[int] = []

    async def go_on(work: Callable[[int], Awaitable[None]]) -> None:
        for number in itertools.count():
            await work(number)
            begun.append(number)
            if is_over.is_set() and number >= 2:
                return

    async with asyncio.TaskGroup() as tasks:
        for work in works:
            tasks.create_task(go_on(work))
        while len(begun) < 2 * len(works):  # noqa: ASYNC110 - works of several kinds, which need not tell
            await asyncio.sleep(0.01)
        yield
        is_over.set()


# ── The master key ───────────────────────────────────────────────────────────────────────────────────────────────────
async def test_under_load_nothing_is_lost_and_nobody_is_refused(database: db.Database) -> None:
    shared = [await add_workspace(database, f"Shared {i}") for i in range(3)]
    kept: dict[tuple[UUID, str], str] = {}
    processes = [Vault(database, BOTH) for _ in range(3)]

    async def write(process: int, number: int) -> None:
        place = (shared[number % 3], f"key {process} {number % 4}")
        value = f"value {process} {number}"
        await processes[process].seal(*place, value)
        kept[place] = value
        assert await processes[process].open(*place, ANY) == value

    async def make_workspace(number: int) -> None:
        place = (await add_workspace(database, f"New {number}"), "first")
        await processes[number % 3].seal(*place, f"first {number}")
        kept[place] = f"first {number}"

    async def read_people(number: int) -> None:
        assert (await people_key(database, BOTH)).secret == people.secret

    people = await people_key(database, BOTH)
    for workspace_id in shared:
        await processes[0].seal(workspace_id, "before", "value")
        kept[workspace_id, "before"] = "value"
    works = [lambda number, process=process: write(process, number) for process in range(3)]
    async with in_use(*works, make_workspace, read_people):
        assert await rotation.rotate_master(database, BOTH, NEW) >= 4

    assert set((await rotation.wrapped(database)).keys) == {NEW.id}
    after = Vault(database, MasterKeys.of(NEW))
    assert {place: await after.open(*place, ANY) for place in kept} == kept
    assert (await people_key(database, after.master)).secret == people.secret
    with pytest.raises(Unavailable, match=f"master key {NEW.id}, and VAULT_KEY holds {OLD.id}"):
        await Vault(database, MasterKeys.of(OLD)).open(shared[0], "key 0 0", ANY)


async def test_who_is_wrapping_a_new_key_is_waited_for(database: db.Database, workspace_id: UUID) -> None:
    """The old key has been chosen and nothing stored yet: the rotation may not pass by."""
    async with asyncio.TaskGroup() as tasks, database.workspace(workspace_id) as connection:
        assert await BOTH.wrapping(connection) == OLD
        rotating = tasks.create_task(rotation.rotate_master(database, BOTH, NEW))
        await asyncio.sleep(0.2)
        assert not rotating.done()
        await Vault(database, BOTH).data_keys.sealing(connection, workspace_id)
    assert rotating.result() == 1
    assert set((await rotation.wrapped(database)).keys) == {NEW.id}


async def test_new_keys_are_wrapped_in_the_new_master_key_by_all(safe: Vault, database: db.Database) -> None:
    await rotation.rotate_master(database, BOTH, NEW)
    fresh = await add_workspace(database, "Fresh")
    await safe.seal(fresh, "key", "value")
    assert await Vault(database, MasterKeys.of(NEW)).open(fresh, "key", ANY) == "value"
    with pytest.raises(Unavailable, match="VAULT_KEY holds"):
        await Vault(database, MasterKeys.of(OLD)).seal(await add_workspace(database, "Late"), "key", "value")


async def test_once_is_enough_and_back_again_works(safe: Vault, workspace_id: UUID, database: db.Database) -> None:
    await safe.seal(workspace_id, "key", "value")
    assert await rotation.rotate_master(database, BOTH, NEW) == 1
    assert await rotation.rotate_master(database, BOTH, NEW) == 0
    assert await rotation.rotate_master(database, BOTH, OLD) == 1
    assert await Vault(database, MasterKeys.of(OLD)).open(workspace_id, "key", ANY) == "value"
    async with database.workspace(workspace_id) as connection:
        entries = await audit.page(connection, audit.Filter(action="vault."))
    assert [(e.action, e.detail) for e in entries] == [
        ("vault.master_key_rotated", {"master_key_id": OLD.id}),
        ("vault.master_key_rotated", {"master_key_id": NEW.id}),
    ]


async def test_a_deleted_workspace_follows_the_master_key(
    safe: Vault, workspace_id: UUID, database: db.Database
) -> None:
    """It can still be brought back, or its values have to be found when it is removed for good."""
    await safe.seal(workspace_id, "key", "value")
    async with database.workspace(workspace_id) as connection:
        await workspaces.delete(connection)
    assert await rotation.rotate_master(database, BOTH, NEW) == 1
    assert await Vault(database, MasterKeys.of(NEW)).open(workspace_id, "key", ANY) == "value"


async def test_a_key_that_is_not_held_stops_it_before_anything_changes(
    workspace_id: UUID, safe: Vault, database: db.Database
) -> None:
    await safe.seal(workspace_id, "key", "value")
    lost = Key.new()
    other = await add_workspace(database, "Other")
    await Vault(database, MasterKeys.of(lost)).seal(other, "key", "value")
    with pytest.raises(Unavailable, match=f"Keys of the installation are sealed under the master key {lost.id}"):
        await rotation.rotate_master(database, BOTH, NEW)
    found = await rotation.wrapped(database)
    assert (found.keys, found.wrapping) == ({OLD.id: 1, lost.id: 1}, None)


# ── Data keys ────────────────────────────────────────────────────────────────────────────────────────────────────────
async def _versions(database: db.Database, workspace_id: UUID) -> list[int]:
    async with database.workspace(workspace_id) as connection:
        return [key.version for key in await rows.keys(connection)]


async def test_secrets_are_sealed_anew_while_they_are_used(
    safe: Vault, workspace_id: UUID, database: db.Database
) -> None:
    kept = {f"old {i}": f"value {i}" for i in range(130)}
    for name, value in kept.items():
        await safe.seal(workspace_id, name, value)

    async def write(kind: str, number: int) -> None:
        name = f"{kind} {number % 5}"
        await safe.seal(workspace_id, name, f"value {number}")
        kept[name] = f"value {number}"

    async def read(number: int) -> None:
        assert await safe.open(workspace_id, f"old {number % 130}", ANY) == f"value {number % 130}"

    async def remove(number: int) -> None:
        await safe.seal(workspace_id, "passing", f"{number}")
        await safe.delete(workspace_id, "passing")

    async with in_use(partial(write, "one"), partial(write, "other"), read, remove):
        assert await rotation.rotate_data_key(database, safe.data_keys, workspace_id) >= 130
    assert await _versions(database, workspace_id) == [2]
    again = Vault(database, BOTH)
    assert {name: await again.open(workspace_id, name, ANY) for name in kept} == kept


async def test_an_interrupted_one_is_gone_on_with(safe: Vault, workspace_id: UUID, database: db.Database) -> None:
    for i in range(230):
        await safe.seal(workspace_id, f"key {i}", f"value {i}")
    rotating = asyncio.create_task(rotation.rotate_data_key(database, safe.data_keys, workspace_id))
    async with asyncio.timeout(20):
        while not await _resealed(database, workspace_id):  # noqa: ASYNC110 - what is stored is what counts
            await asyncio.sleep(0)
    rotating.cancel()
    await asyncio.gather(rotating, return_exceptions=True)
    assert await _versions(database, workspace_id) == [1, 2]
    assert await safe.open(workspace_id, "key 0", ANY) == "value 0"
    left = await rotation.rotate_data_key(database, Vault(database, BOTH).data_keys, workspace_id)
    assert 0 < left < 230
    assert await _versions(database, workspace_id) == [2]
    assert [await safe.open(workspace_id, f"key {i}", ANY) for i in range(230)] == [f"value {i}" for i in range(230)]


async def _resealed(database: db.Database, workspace_id: UUID) -> int:
    async with database.workspace(workspace_id) as connection:
        count: int = await connection.fetchval("select count(*) from secret_versions where data_key_version = 2")
    return count


async def test_two_at_once_help_each_other(safe: Vault, workspace_id: UUID, database: db.Database) -> None:
    for i in range(20):
        await safe.seal(workspace_id, f"key {i}", f"value {i}")
    counts = await asyncio.gather(
        *(rotation.rotate_data_key(database, Vault(database, BOTH).data_keys, workspace_id) for _ in range(2))
    )
    assert sum(counts) >= 20
    assert len(await _versions(database, workspace_id)) == 1
    assert [await safe.open(workspace_id, f"key {i}", ANY) for i in range(20)] == [f"value {i}" for i in range(20)]


async def test_a_workspace_without_secrets_has_nothing_to_rotate(
    safe: Vault, workspace_id: UUID, database: db.Database
) -> None:
    assert await rotation.rotate_data_key(database, safe.data_keys, workspace_id) == 0
    assert await _versions(database, workspace_id) == []


async def test_master_and_data_keys_at_once(safe: Vault, workspace_id: UUID, database: db.Database) -> None:
    for i in range(20):
        await safe.seal(workspace_id, f"key {i}", f"value {i}")
    await asyncio.gather(
        rotation.rotate_master(database, BOTH, NEW),
        rotation.rotate_data_key(database, safe.data_keys, workspace_id),
    )
    assert await _versions(database, workspace_id) == [2]
    after = Vault(database, MasterKeys.of(NEW))
    assert [await after.open(workspace_id, f"key {i}", ANY) for i in range(20)] == [f"value {i}" for i in range(20)]


# ── The command ──────────────────────────────────────────────────────────────────────────────────────────────────────
def command(settings: Settings, *arguments: str, key: str | None = None) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"DATABASE_URL": settings.database_url or "", "PLAINWORK_DATA_DIR": str(settings.data_dir)}
    if key is not None:
        env["VAULT_KEY"] = key
    run = [sys.executable, "-m", "plainwork", "vault", *arguments]
    return subprocess.run(run, env=env, capture_output=True, text=True, timeout=60, check=False)


async def _sealed(settings: Settings) -> UUID:
    from plainwork import vault

    async with await db.open(settings, migrate=False) as database:
        workspace_id = await add_workspace(database)
        await vault.open(settings, database).seal(workspace_id, "key", "value")
        return workspace_id


async def _opened(settings: Settings, workspace_id: UUID) -> Any:
    from plainwork import vault

    async with await db.open(settings, migrate=False) as database:
        return await vault.open(settings, database).open(workspace_id, "key", ANY)


def test_the_command_moves_from_the_default_file_to_another(settings: Settings, tmp_path: Path) -> None:
    workspace_id = in_thread(_sealed(settings))
    new = f"file:{tmp_path / 'new.key'}"
    assert "no master key to rotate to" in command(settings, "rotate-master").stderr
    done = command(settings, "rotate-master", "--to", new)
    assert done.returncode == 0, done.stderr
    assert "1 key wrapped anew" in done.stdout
    assert (tmp_path / "new.key").stat().st_mode & 0o777 == 0o600
    assert command(settings, "status").returncode == 1
    assert "NOT HELD" in command(settings, "status").stdout
    assert "1 key, held, wraps new ones" in command(settings, "status", key=new).stdout
    changed = Settings(settings.data_dir, settings.database_url, vault_key=new)
    assert in_thread(_opened(changed, workspace_id)) == "value"
    assert "1 ciphertext sealed anew" in command(settings, "rotate-data-keys", key=new).stdout
    assert in_thread(_opened(changed, workspace_id)) == "value"


async def test_a_key_that_is_not_held_is_noticed_before_anything_is_opened(database: db.Database, safe: Vault) -> None:
    assert await rotation.not_held(database, BOTH) == []
    await safe.seal(await add_workspace(database), "A", "a value")
    await people_key(database, MasterKeys.of(NEW))
    assert await rotation.not_held(database, BOTH) == []
    assert await rotation.not_held(database, MasterKeys.of(NEW)) == [OLD.id]
    assert await rotation.not_held(database, MasterKeys.of(Key.new())) == sorted([OLD.id, NEW.id])
