"""One's own account over HTTP: the list of sessions, the password, the second factor."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from plainwork.api.auth import COOKIE, CSRF_HEADER
from plainwork.db import passwords
from plainwork.people import second_factor
from tests.api.people import PASSWORD, Person, code_of, sign_in, somebody
from tests.api.support import Api, Place

NEW = "quite another password"


@pytest.fixture
async def ada(api: Api, place: Place) -> Person:
    """The second owner of a workspace, so that the audit log is hers too."""
    return await somebody(api, place)


# ── Sessions ─────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_sessions_are_listed_and_ended(api: Api, ada: Person) -> None:
    phone, _ = await ada.signs_in()
    phone.headers["User-Agent"] = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/604.1"
    phone, shown = await sign_in(api, ada.email)
    listed = (await ada.browser.ok("GET", "/account/sessions"))["sessions"]
    assert [one["is_current"] for one in listed].count(True) == 1
    assert {one["signed_in_by"] for one in listed} == {"password"}
    assert len(listed) == 3
    await ada.browser.ok("DELETE", f"/account/sessions/{shown['id']}", 204)
    await phone.refused("GET", "/session", 401)
    await ada.browser.refused("DELETE", f"/account/sessions/{shown['id']}", 404)
    assert await ada.browser.ok("DELETE", "/account/sessions") == {"ended": 1}
    assert [one["is_current"] for one in (await ada.browser.ok("GET", "/account/sessions"))["sessions"]] == [True]


async def test_nobody_sees_or_ends_anothers_session(api: Api, ada: Person) -> None:
    eve = await somebody(api)
    (mine,) = (await ada.browser.ok("GET", "/account/sessions"))["sessions"]
    assert [one["id"] for one in (await eve.browser.ok("GET", "/account/sessions"))["sessions"]] != [mine["id"]]
    await eve.browser.refused("DELETE", f"/account/sessions/{mine['id']}", 404)
    await ada.browser.ok("GET", "/session")


async def test_signing_in_again_takes_the_place_of_the_session(api: Api, ada: Person) -> None:
    """A cookie that somebody planted before the sign-in is worth nothing after it (session fixation)."""
    before = ada.browser.cookies[COOKIE]
    await ada.browser.ok("POST", "/session", json={"email": ada.email, "password": PASSWORD})
    assert ada.browser.cookies[COOKIE] != before
    await api.client(cookies={COOKIE: before}).refused("GET", "/session", 401)


# ── Password ─────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_changed_password_ends_the_other_sessions(api: Api, place: Place, ada: Person) -> None:
    phone, _ = await ada.signs_in()
    before = ada.browser.cookies[COOKIE]
    body = {"old_password": PASSWORD, "password": NEW}
    shown = await ada.browser.ok("PUT", "/account/password", json=body)
    ada.browser.headers[CSRF_HEADER] = shown["csrf_token"]
    await phone.refused("GET", "/session", 401)
    await api.client(cookies={COOKIE: before}).refused("GET", "/session", 401)
    assert await ada.browser.ok("GET", "/session") == shown
    await ada.signs_in(401)
    await ada.signs_in(password=NEW)
    actions = [entry.action for entry in await place.audited()]
    assert actions.count("user.password_changed") == 1


async def test_the_old_password_is_asked_for(ada: Person) -> None:
    for old, new in (("wrong wrong wrong", NEW), (PASSWORD, "short"), (PASSWORD, "Password12345")):
        await ada.browser.refused("PUT", "/account/password", 422, json={"old_password": old, "password": new})
    await ada.signs_in()


async def test_guessing_the_old_password_is_stopped(ada: Person) -> None:
    body = {"old_password": "wrong wrong wrong", "password": NEW}
    tries = [ada.browser.put("/api/v1/account/password", json=body) for _ in range(passwords.FAILURES_PER_EMAIL + 2)]
    answers = [answer.status_code for answer in await asyncio.gather(*tries)]
    assert sorted(answers) == [422] * passwords.FAILURES_PER_EMAIL + [429] * 2
    stopped = await ada.browser.refused("PUT", "/account/password", 429, json=body | {"old_password": PASSWORD})
    assert "UTC" in stopped["next_step"]


# ── Second factor ────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_second_factor_from_beginning_to_end(api: Api, place: Place, ada: Person) -> None:
    assert await ada.browser.ok("GET", "/account/second-factor") == {"enabled_at": None, "recovery_codes_left": 0}
    token = ada.browser.cookies[COOKIE]
    secret, recovery = await ada.adds_second_factor()
    assert ada.browser.cookies[COOKIE] != token
    await api.client(cookies={COOKIE: token}).refused("GET", "/session", 401)
    standing = await ada.browser.ok("GET", "/account/second-factor")
    assert standing["enabled_at"]
    assert standing["recovery_codes_left"] == len(recovery) == len(set(recovery)) == 10
    await ada.browser.refused("POST", "/account/second-factor", 409)

    _, asked = await ada.signs_in(401)
    assert asked["code"] == "CodeNeeded"
    assert (await ada.signs_in(401, password="wrong wrong wrong"))[1]["code"] == "SignInNeeded"
    assert (await ada.signs_in(401, code="000000"))[1]["code"] == "CodeNeeded"
    await ada.signs_in(code=code_of(secret, 1))

    body = {"password": "wrong wrong wrong"}
    await ada.browser.refused("POST", "/account/second-factor/remove", 422, json=body)
    shown = await ada.browser.ok("POST", "/account/second-factor/remove", json={"password": PASSWORD})
    ada.browser.headers[CSRF_HEADER] = shown["csrf_token"]
    await ada.signs_in()
    await ada.signs_in(code="")
    await ada.browser.refused("POST", "/account/second-factor/remove", 409, json={"password": PASSWORD})
    actions = [entry.action for entry in await place.audited() if entry.action.startswith("user.")]
    assert actions == ["user.second_factor_added", "user.second_factor_removed"]


async def test_sessions_that_began_without_a_code_end_with_it(api: Api, place: Place, ada: Person) -> None:
    stolen, _ = await ada.signs_in()
    await ada.adds_second_factor()
    await stolen.refused("GET", "/account/sessions", 401)
    [session] = (await ada.browser.ok("GET", "/account/sessions"))["sessions"]
    assert session["is_current"]


async def test_a_code_works_once(ada: Person) -> None:
    secret, _ = await ada.adds_second_factor()
    code = code_of(secret, 1)
    answers = await asyncio.gather(
        *(ada.api.client().post("/api/v1/session", json=_given(ada, code)) for _ in range(3))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 401, 401]
    # Nor does the one of the step before, which was used to confirm.
    await ada.signs_in(401, code=code_of(secret))


def _given(person: Person, code: str) -> dict[str, str]:
    return {"email": person.email, "password": PASSWORD, "code": code}


async def test_a_recovery_code_works_once_and_can_be_renewed(ada: Person) -> None:
    _, recovery = await ada.adds_second_factor()
    await ada.signs_in(code=f" {recovery[0].upper()} ")
    await ada.signs_in(401, code=recovery[0])
    assert (await ada.browser.ok("GET", "/account/second-factor"))["recovery_codes_left"] == 9
    renewed = await ada.browser.ok("POST", "/account/second-factor/recovery-codes", json={"password": PASSWORD})
    await ada.signs_in(401, code=recovery[1])
    await ada.signs_in(code=renewed["recovery_codes"][1].replace("-", ""))


async def test_guessing_codes_is_stopped(ada: Person) -> None:
    secret, _ = await ada.adds_second_factor()
    for _ in range(second_factor.FAILURES):
        await ada.signs_in(401, code="000000")
    stopped = (await ada.signs_in(429, code=code_of(secret, 1)))[1]
    assert stopped["code"] == "LimitReached"


async def test_nothing_changes_before_it_is_confirmed(ada: Person) -> None:
    await ada.browser.refused("POST", "/account/second-factor/confirm", 409, json={"code": "000000"})
    await ada.browser.ok("POST", "/account/second-factor", 201)
    await ada.browser.refused("POST", "/account/second-factor/confirm", 422, json={"code": "000000"})
    await ada.signs_in()
    await ada.browser.refused("POST", "/account/second-factor/recovery-codes", 409, json={"password": PASSWORD})


async def test_neither_secret_nor_codes_are_stored_in_clear(ada: Person, module_database_url: str) -> None:
    secret, recovery = await ada.adds_second_factor()
    owner = await asyncpg.connect(module_database_url)
    try:
        tables = ("second_factors", "recovery_codes", "users", "audit_log", "installation")
        stored = repr([await owner.fetch(f"select t::text from {table} t") for table in tables])
        sealed = await owner.fetchval("select sealed from second_factors where user_id = $1", ada.id)
    finally:
        await owner.close()
    assert secret not in sealed
    assert secret.hex() not in stored
    assert recovery[0].replace("-", "") not in stored


async def test_a_sealed_secret_opens_for_its_person_only(api: Api, ada: Person) -> None:
    eve = await somebody(api)
    secret, _ = await ada.adds_second_factor()
    await eve.adds_second_factor()
    async with api.database.person(ada.id) as connection:
        sealed = await connection.fetchval("select sealed from second_factors where user_id = $1", ada.id)
    async with api.database.person(eve.id) as connection:
        await connection.execute("update second_factors set sealed = $2 where user_id = $1", eve.id, sealed)
    answer = await api.client().post("/api/v1/session", json=_given(eve, code_of(secret, 1)))
    assert answer.status_code == 503


# ── A workspace that asks for one ────────────────────────────────────────────────────────────────────────────────────
async def test_a_workspace_can_ask_for_a_second_factor(api: Api, place: Place, ada: Person) -> None:
    rule = {"requires_second_factor": True}
    refused = await ada.browser.refused("PATCH", "/workspace", 409, json=rule)
    assert "Enrol" in refused["next_step"]
    await ada.adds_second_factor()
    assert (await ada.browser.ok("PATCH", "/workspace", json=rule))["requires_second_factor"]
    await ada.browser.ok("GET", "/agents")

    ben = await somebody(api, place, "editor")
    assert (await ben.browser.ok("GET", "/session"))["workspaces"][0]["enrolment_needed"]
    for method, path in (("GET", "/agents"), ("GET", "/runs"), ("GET", "/workspace"), ("DELETE", "/secrets/X")):
        refused = await ben.browser.refused(method, path, 403)
        assert refused["code"] == "EnrolmentNeeded"
        assert "second-factor" in refused["next_step"]
    await ben.adds_second_factor()
    await ben.browser.ok("GET", "/agents")
    assert not (await ben.browser.ok("GET", "/session"))["workspaces"][0]["enrolment_needed"]
    # Programs have no second factor; what they may do was given to them by somebody who had one.
    await place.as_owner.ok("GET", "/agents")


async def test_a_disabled_person_is_out(api: Api, ada: Person) -> None:
    async with api.database.person(ada.id) as connection:
        await connection.execute("update users set disabled_at = now() where id = $1", ada.id)
    await ada.browser.refused("GET", "/session", 401)
    await ada.signs_in(401)
