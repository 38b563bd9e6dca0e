"""Signing in with a password: the throttle, sessions and their tokens, passwords that are good enough."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from plainwork import db
from plainwork.db import passwords, sessions, throttle, users
from plainwork.errors import Invalid, LimitReached, SignInNeeded
from plainwork.people import signing_in
from plainwork.people.signing_in import Browser
from plainwork.vault import Key, MasterKeys

PASSWORD = "correct horse battery"
SHIPPED = passwords.WORK  # read before the tests lessen it
MASTER = MasterKeys.of(Key.new())


async def _set_up(database: db.Database) -> users.User:
    user, _ = await users.set_up(
        database, None, email="ada@example.org", name="Ada", password=PASSWORD, workspace="Acme"
    )
    return user


async def sign_in(database: db.Database, email: str, password: str, **more: Any) -> tuple[sessions.Session, str]:
    return await signing_in.with_password(database, MASTER, email, password, browser=Browser(**more))


async def set_password(database: db.Database, user_id: UUID, password: str) -> None:
    hashed = await passwords.hash_of(password)
    async with database.person(user_id) as connection:
        await passwords.change(connection, user_id, hashed)


async def _expire(url: str, table: str) -> None:
    owner = await asyncpg.connect(url)
    try:
        await owner.execute(f"update {table} set expires_at = now() - interval '1 second'")
    finally:
        await owner.close()


# ── Signing in ───────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_signing_in_gives_a_session_until_it_is_ended(database: db.Database) -> None:
    user = await _set_up(database)
    session, token = await sign_in(database, " ADA@example.org", PASSWORD, address="10.0.0.1", user_agent="x" * 999)
    found = await sessions.find(database, token)
    assert found == session
    assert found.user == user
    assert await sessions.find(database, token + "x") is None
    await sessions.end(database, db.new_id(), session.id)
    assert await sessions.find(database, token) is not None
    await sessions.end(database, user.id, session.id)
    assert await sessions.find(database, token) is None


async def test_an_expired_session_is_over(database: db.Database, database_url: str) -> None:
    await _set_up(database)
    _, token = await sign_in(database, "ada@example.org", PASSWORD)
    await _expire(database_url, "sessions")
    assert await sessions.find(database, token) is None


async def test_neither_password_nor_token_is_stored(database: db.Database, database_url: str) -> None:
    await _set_up(database)
    _, token = await sign_in(database, "ada@example.org", PASSWORD)
    owner = await asyncpg.connect(database_url)
    try:
        stored = repr([await owner.fetch(f"select t::text from {t} t") for t in ("users", "sessions", "installation")])
    finally:
        await owner.close()
    assert "$argon2id$" in stored
    assert PASSWORD not in stored
    assert token not in stored


async def test_a_wrong_password_and_an_unknown_person_look_the_same(database: db.Database) -> None:
    await _set_up(database)
    said = set()
    for email, password in (("ada@example.org", "wrong"), ("nobody@example.org", PASSWORD), ("", ""), ("a\0b", "\0")):
        with pytest.raises(SignInNeeded) as caught:
            await sign_in(database, email, password)
        said.add(str(caught.value))
    assert len(said) == 1


async def test_guessing_is_stopped_even_at_once(database: db.Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "FAILURES_PER_EMAIL", 3)
    await _set_up(database)
    guesses = [sign_in(database, "ada@example.org", f"guess {i}") for i in range(8)]
    results = await asyncio.gather(*guesses, return_exceptions=True)
    assert sorted(type(r).__name__ for r in results) == ["LimitReached"] * 5 + ["SignInNeeded"] * 3
    with pytest.raises(LimitReached):
        await sign_in(database, "ada@example.org", PASSWORD)


async def test_one_address_cannot_try_everybody(database: db.Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "FAILURES_PER_ADDRESS", 2)
    for i in range(2):
        with pytest.raises(SignInNeeded):
            await sign_in(database, f"{i}@example.org", PASSWORD, address="10.0.0.1")
    with pytest.raises(LimitReached):
        await sign_in(database, "2@example.org", PASSWORD, address="10.0.0.1")


async def test_success_forgets_the_failures(database: db.Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "FAILURES_PER_EMAIL", 2)
    await _set_up(database)
    for _ in range(3):
        with pytest.raises(SignInNeeded):
            await sign_in(database, "ada@example.org", "wrong")
        await sign_in(database, "ada@example.org", PASSWORD)


async def test_a_new_password_ends_all_sessions(database: db.Database) -> None:
    user = await _set_up(database)
    _, token = await sign_in(database, "ada@example.org", PASSWORD)
    await set_password(database, user.id, "another good one")
    assert await sessions.find(database, token) is None
    with pytest.raises(SignInNeeded):
        await sign_in(database, "ada@example.org", PASSWORD)
    await sign_in(database, "ada@example.org", "another good one")


def test_csrf_tokens_belong_to_their_session() -> None:
    assert sessions.csrf_token("a") == sessions.csrf_token("a") != sessions.csrf_token("b")


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("a socket", "a socket"),
    ],
)
def test_who_has_many_addresses_is_one_sender(address: str, counted: str) -> None:
    assert throttle.network_of(address) == counted


async def test_signing_in_does_not_count_against_a_shared_address(database: db.Database) -> None:
    await _set_up(database)
    for _ in range(3):
        await sign_in(database, "ada@example.org", PASSWORD, address="10.0.0.1")
    with pytest.raises(SignInNeeded):
        await sign_in(database, "ada@example.org", "wrong wrong wrong", address="10.0.0.1")
    await sign_in(database, "ada@example.org", PASSWORD, address="10.0.0.1")
    async with database.transaction() as connection:
        assert [row[0] for row in await connection.fetch("select failures from sign_in_attempts")] == [1]


async def test_an_address_that_is_shut_out_fills_no_table(
    database: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "FAILURES_PER_ADDRESS", 0)
    for number in range(5):
        with pytest.raises(LimitReached):
            await sign_in(database, f"{number}@example.org", "wrong wrong wrong", address="10.0.0.1")
    async with database.transaction() as connection:
        assert await connection.fetchval("select count(*) from sign_in_attempts") == 1


# ── Passwords ────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "password",
    ["qwertyuiop", "QwertyUiop", "1234567890", "password123", "Football2024!", "!!!dragon!!!"],
)
async def test_a_common_password_is_refused(password: str) -> None:
    assert passwords.is_common(password)
    with pytest.raises(Invalid, match="easy to guess"):
        await passwords.hash_of(password)


@pytest.mark.parametrize(
    "password", [PASSWORD, "a football in the garden", "k7#Vw1pQ9z", "пароль моего кота", "# The commonest"]
)
async def test_others_are_taken(password: str) -> None:
    assert (await passwords.hash_of(password)).startswith("$argon2id$")


async def test_a_hash_costs_what_the_standard_advises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "WORK", SHIPPED)
    passwords._hasher.cache_clear()
    try:
        assert (await passwords.hash_of(PASSWORD)).startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    finally:
        passwords._hasher.cache_clear()


async def test_a_password_that_was_reset_by_a_mailed_link_proves_the_mailbox(database: db.Database) -> None:
    user = await users.create(database, email="b@example.org", name="B", password=PASSWORD)
    for by_mail, proven in ((False, False), (True, True)):
        token = await passwords.new_reset(database, user.id, by_mail=by_mail)
        assert await passwords.reset(database, token, "another good one") == user.id
        async with database.person(user.id) as connection:
            found = await connection.fetchval("select email_verified_at is not null from users where id = $1", user.id)
        assert found == proven


async def test_the_work_is_the_same_for_an_unknown_person(
    database: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hash is what takes the time: it is made for an e-mail that nobody has, too."""
    user = await _set_up(database)
    seen: list[bool] = []
    verify = passwords._hasher().verify_and_update

    def counted(password: str, known: str) -> tuple[bool, str | None]:
        seen.append(known.startswith("$argon2id$"))
        return verify(password, known)

    monkeypatch.setattr(type(passwords._hasher()), "verify_and_update", lambda _self, *given: counted(*given))
    for email in (user.email, "nobody@example.org"):
        with pytest.raises(SignInNeeded):
            await sign_in(database, email, "wrong wrong wrong")
    assert seen == [True, True]
