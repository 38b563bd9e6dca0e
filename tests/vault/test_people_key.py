"""The key that second factors are sealed under: made once, wrapped in the master key, wrapped anew when that changes."""

from __future__ import annotations

import asyncio

import pytest

from plainwork import db
from plainwork.errors import Unavailable
from plainwork.vault import Key, MasterKeys
from plainwork.vault.keys import DoesNotOpen
from plainwork.vault.people import people_key, rotate

OLD_KEY, NEW_KEY = Key.new(), Key.new()
OLD, NEW = MasterKeys.of(OLD_KEY), MasterKeys.of(NEW_KEY)


async def test_of_several_that_make_it_at_once_one_wins(database: db.Database) -> None:
    found = await asyncio.gather(*(people_key(database, OLD) for _ in range(4)))
    assert len({key.secret for key in found}) == 1


async def test_it_is_wrapped_anew_and_stays_the_same(database: db.Database) -> None:
    assert not await rotate(database, OLD, NEW_KEY)
    before = await people_key(database, OLD)
    sealed = before.seal(b"a secret", "totp", "somebody")
    assert await rotate(database, OLD, NEW_KEY)
    assert not await rotate(database, OLD, NEW_KEY)
    assert (await people_key(database, NEW)).open(sealed, "totp", "somebody") == b"a secret"
    with pytest.raises(Unavailable, match="VAULT_KEY holds"):
        await people_key(database, OLD)


async def test_what_is_sealed_for_one_person_opens_for_no_other(database: db.Database) -> None:
    key = await people_key(database, OLD)
    sealed = key.seal(b"a secret", "totp", "ada")
    for place in (("totp", "bob"), ("totp",), ("other", "ada")):
        with pytest.raises(DoesNotOpen):
            key.open(sealed, *place)


async def test_the_database_holds_it_only_wrapped(database: db.Database) -> None:
    key = await people_key(database, OLD)
    async with database.transaction() as connection:
        stored = await connection.fetchrow("select people_key, people_master_key_id from installation")
    assert key.secret not in stored["people_key"]
    assert stored["people_master_key_id"] == OLD_KEY.id
