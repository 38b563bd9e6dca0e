"""The first set-up, signing in and out, the cookie, the throttle."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest

from plainwork.api.auth import COOKIE, CSRF_HEADER, SECURE_COOKIE
from plainwork.db import audit, passwords, sessions, users
from tests.api.support import GREETER, Api, Client, serving

PASSWORD = "correct horse battery"
OWNER = {"email": "Owner@Example.org", "password": PASSWORD}


@pytest.fixture
async def fresh(tmp_path: Path, database_url: str) -> AsyncIterator[Api]:
    """An installation that nobody has set up."""
    async with serving(tmp_path, database_url, works=False) as api:
        yield api


async def set_up(api: Api, **more: Any) -> tuple[Client, dict[str, Any]]:
    token = await users.new_setup_token(api.database)
    client = api.client()
    shown = await client.ok("POST", "/setup", 201, json={"token": token} | OWNER | more)
    client.headers[CSRF_HEADER] = shown["csrf_token"]
    return client, shown


# ── Set-up ───────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_the_token_makes_the_first_owner_once(fresh: Api) -> None:
    nobody = fresh.client()
    assert await nobody.ok("GET", "/setup") == {"needed": True}
    ways = {"single_sign_on": False, "mails": False}
    assert await nobody.ok("GET", "/visitor") == {"is_set_up": False, "session": None} | ways
    first = await users.new_setup_token(fresh.database)
    newest = await users.new_setup_token(fresh.database)
    for wrong in ("nonsense", first):
        refused = await nobody.refused("POST", "/setup", 401, json={"token": wrong} | OWNER)
        assert "newest" in refused["next_step"]
    assert await nobody.ok("GET", "/setup") == {"needed": True}

    body = {"token": newest, "name": "Olga", "workspace": "Works"} | OWNER
    shown = await nobody.ok("POST", "/setup", 201, json=body)
    assert shown["user"] == {
        "id": shown["user"]["id"],
        "email": "owner@example.org",
        "name": "Olga",
        "second_factor_at": None,
    }
    assert [(w["name"], w["slug"], w["role"]) for w in shown["workspaces"]] == [("Works", "works", "owner")]
    nobody.headers[CSRF_HEADER] = shown["csrf_token"]
    assert (await nobody.ok("GET", "/session"))["user"]["name"] == "Olga"
    await nobody.ok("POST", "/agents", 201, json={"markdown": GREETER})

    assert await nobody.ok("GET", "/setup") == {"needed": False}
    assert (
        await nobody.ok("GET", "/visitor")
        == {
            "is_set_up": True,
            "session": await nobody.ok("GET", "/session"),
        }
        | ways
    )
    assert await fresh.client().ok("GET", "/visitor") == {"is_set_up": True, "session": None} | ways
    for token in (newest, "nonsense"):
        await nobody.refused("POST", "/setup", 409, json=body | {"token": token})
    assert await users.new_setup_token(fresh.database) is None
    async with fresh.database.workspace(shown["workspaces"][0]["id"]) as connection:
        actions = [entry.action for entry in reversed(await audit.page(connection))]
    assert actions == ["workspace.created", "session.started", "agent.created", "version.published", "agent.live"]


WRONG: tuple[dict[str, Any], ...] = (
    {"password": "short"},
    {"password": "aaaaaaaaaaaaaaa"},
    {"password": "x" * 1001},
    {"email": "a@b@"},
    {"email": "x" * 250 + "@example.org"},
    {"workspace": ""},
    {"unknown": 1},
)


async def test_a_set_up_that_cannot_be_leaves_the_token(fresh: Api) -> None:
    token = await users.new_setup_token(fresh.database)
    for wrong in WRONG:
        refused = await fresh.client().refused("POST", "/setup", 422, json={"token": token} | OWNER | wrong)
        assert wrong.get("password", PASSWORD) not in str(refused)
    await fresh.client().ok("POST", "/setup", 201, json={"token": token} | OWNER)


async def test_two_set_ups_at_once_make_one_owner(fresh: Api) -> None:
    token = await users.new_setup_token(fresh.database)
    tries = [
        fresh.client().post("/api/v1/setup", json={"token": token, "password": PASSWORD, "email": f"{n}@example.org"})
        for n in range(2)
    ]
    assert sorted(answer.status_code for answer in await asyncio.gather(*tries)) == [201, 409]


# ── Sessions ─────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_session_from_beginning_to_end(fresh: Api) -> None:
    first, _ = await set_up(fresh)
    client = fresh.client()
    answer = await client.post("/api/v1/session", json={"email": " owner@example.ORG", "password": PASSWORD})
    assert answer.status_code == 201
    morsel = SimpleCookie(answer.headers["set-cookie"])[COOKIE]
    assert (morsel["httponly"], morsel["samesite"], morsel["path"], morsel["secure"]) == (True, "lax", "/", "")
    assert int(morsel["max-age"]) == sessions.LIFE.total_seconds()
    assert morsel.value not in answer.text
    assert answer.headers["cache-control"] == "no-store"

    shown = await client.ok("GET", "/session")
    assert shown == answer.json()
    client.headers[CSRF_HEADER] = shown["csrf_token"]
    signed_out = await client.request("DELETE", "/api/v1/session")
    assert signed_out.status_code == 204
    ended = SimpleCookie("; ".join(signed_out.headers.get_list("set-cookie")))
    assert ended[COOKIE]["max-age"] == "0"
    # The cookie is worth nothing any more, also where somebody kept it.
    kept = fresh.client(cookies={COOKIE: morsel.value}, headers={CSRF_HEADER: shown["csrf_token"]})
    await kept.refused("GET", "/session", 401)
    await kept.refused("GET", "/agents", 401)
    await kept.refused("DELETE", "/session", 401)
    await first.ok("GET", "/session")
    async with fresh.database.workspace(shown["workspaces"][0]["id"]) as connection:
        actions = [entry.action for entry in await audit.page(connection)]
    assert actions[:2] == ["session.ended", "session.started"]


async def test_over_tls_the_cookie_is_bound_to_the_host(fresh: Api) -> None:
    await set_up(fresh)
    client = fresh.client()
    client.base_url = "https://plainwork.test"
    answer = await client.post("/api/v1/session", json=OWNER)
    morsel = SimpleCookie(answer.headers["set-cookie"])[SECURE_COOKIE]
    assert (morsel["secure"], morsel["path"], morsel["domain"]) == (True, "/", "")
    assert "max-age" in answer.headers["strict-transport-security"]
    await client.ok("GET", "/session")
    tossed = fresh.client(cookies={COOKIE: morsel.value})  # as any page of plainwork.test's neighbours could set it
    tossed.base_url = client.base_url
    await tossed.refused("GET", "/session", 401)


async def test_behind_a_proxy_that_does_not_tell_of_tls(tmp_path: Path, database_url: str) -> None:
    """What the operator has named as the public address is believed to be what the browser sees."""
    async with serving(tmp_path, database_url, works=False, settings={"public_url": "https://plainwork.test"}) as api:
        await set_up(api)
        answer = await api.client().post("/api/v1/session", json=OWNER)
        assert SECURE_COOKIE in SimpleCookie(answer.headers["set-cookie"])
        inside = api.client()
        inside.base_url = "http://10.0.0.7:8700"
        shown = await inside.post("/api/v1/session", json=OWNER, headers={"Origin": "https://plainwork.test"})
        assert (shown.status_code, list(SimpleCookie(shown.headers["set-cookie"]))) == (201, [COOKIE])
        await inside.refused("POST", "/session", 403, json=OWNER, headers={"Origin": "https://evil.example"})


async def test_a_wrong_password_and_an_unknown_person_look_the_same(fresh: Api) -> None:
    await set_up(fresh)
    client = fresh.client()
    wrong = await client.refused("POST", "/session", 401, json=OWNER | {"password": "another password"})
    unknown = await client.refused("POST", "/session", 401, json={"email": "no@example.org", "password": PASSWORD})
    odd = await client.refused("POST", "/session", 401, json={"email": "é\n;'--", "password": ""})
    assert wrong == unknown == odd
    assert not client.cookies


async def test_too_many_wrong_passwords_are_stopped(fresh: Api) -> None:
    client, wrong = fresh.client(), {"email": "victim@example.org", "password": "wrong"}
    tries = [client.post("/api/v1/session", json=wrong) for _ in range(passwords.FAILURES_PER_EMAIL + 3)]
    answers = [answer.status_code for answer in await asyncio.gather(*tries)]
    assert sorted(answers) == [401] * passwords.FAILURES_PER_EMAIL + [429] * 3
    stopped = await client.refused("POST", "/session", 429, json=wrong | {"email": "Victim@example.org "})
    assert stopped["code"] == "LimitReached"
    again = await client.post("/api/v1/session", json=wrong)
    assert 0 < int(again.headers["retry-after"]) <= 900
    await client.refused("POST", "/session", 401, json=wrong | {"email": "somebody@else.example"})


async def test_a_forged_cookie_is_nobody(fresh: Api) -> None:
    for value in ("x", "%00", "é", "a" * 4000):
        client = fresh.client(headers={"Cookie": f"{COOKIE}={value}".encode()})
        await client.refused("GET", "/session", 401)
