"""Every route, read off the application itself, against everybody who might call it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from starlette.routing import Mount, WebSocketRoute

from plainwork import db
from plainwork.api.auth import CSRF_HEADER, OPEN, ROLES, SCOPES, Permission
from plainwork.api.routing import refuse_undeclared
from plainwork.db import api_keys, workspaces
from tests.api.support import API, GREETER, Api, Client, Operation, Place, an_app, operations
from tests.api.test_approvals import ASKING, asked

OPERATIONS = operations()
GUARDED = [one for one in OPERATIONS if one.permission not in OPEN]
OF_WORKSPACES = [one for one in GUARDED if one.permission is not Permission.ACCOUNT]
BODIES: dict[str, Any] = {
    "create_agent": {"markdown": GREETER},
    "change_agent": {"name": "Renamed"},
    "create_version": {"markdown": GREETER},
    "set_live": {"version": 1},
    "roll_back_agent": {"reason": "A test"},
    "save_agent_draft": {"markdown": GREETER, "revision": 0},
    "shadow_runs": {"markdown": GREETER},
    "start_run": {"inputs": {"name": "you"}},
    "change_trigger": {"paused": True},
    "test_trigger": {"payload": {}},
    "retry_run": {},
    "decide_approval": {"decision": "approved"},
    "replay_run": {},
    "decide": {"action": "discard", "reason": "A test"},
    "decide_many": {"filter": {}, "decision": {"action": "repeat"}},
    "create_draft": {"english": "Every day at 9 fetch https://example.org/a.json and mail it to me@example.org"},
    "parse_spec": {"markdown": GREETER},
    "edit_spec": {"markdown": GREETER, "change": {"op": "rename", "node": "greet", "name": "Say hello"}},
    "diff_specs": {"before": GREETER, "after": GREETER},
    "put_secret": {"value": "another value"},
    "change_schedule": {"paused": True},
    "backfill": {"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"},
    "set_retention": {"days": 30},
    "limit_secret": {"at_once": 1000},
    "change_limits": {"runs_at_once": 1000},
    "create_key": {"name": "k", "scopes": ["keys:manage"]},
    "change_password": {"old_password": "a wrong password", "password": "a new password of mine"},
    "confirm_second_factor": {"code": "000000"},
    "renew_recovery_codes": {"password": "a wrong password"},
    "remove_second_factor": {"password": "a wrong password"},
    "ask_reset": {"email": "a@example.org"},
    "complete_reset": {"token": "nonsense", "password": "a new password of mine"},
    "create_workspace": {"name": "Another"},
    "change_workspace": {"name": "Renamed"},
    "change_role": {"role": "viewer"},
    "invite": {"email": "guest@example.org", "role": "viewer"},
    "look_at_invitation": {"token": "nonsense"},
    "accept_invitation": {"token": "nonsense", "name": "Guest", "password": "a new password of mine"},
    "join_workspace": {"token": "nonsense"},
    "sign_in": {"email": "a@example.org", "password": "a wrong password"},
    "set_up": {"token": "t", "email": "a@example.org", "password": "a long password"},
}


PARAMS: dict[str, dict[str, Any]] = {
    "discard_agent_draft": {"revision": 1},
    "delete_workspace": {"name": "not its name"},
}
WITHOUT_BODY = {"cancel_run", "use_callback", "rotate_address", "begin_second_factor", "make_reset_link"}


FOREIGN = ("agent_id", "run_id", "key_id", "approval_id", "user_id", "invitation_id")


def each(of: list[Operation]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("operation", of, ids=lambda one: one.name)


def unknown() -> dict[str, Any]:
    """Ids that nothing has."""
    key = db.new_id()
    ids = {"agent_id": key, "run_id": key, "key_id": key, "approval_id": key, "number": 1, "token": "nonsense"}
    ids |= {"user_id": key, "invitation_id": key, "workspace_id": key}
    ids["trigger_id"] = "trigger-1"
    return ids | {"name": "NOTHING", "kind_id": "http", "session_id": key, "path": "greet"}


async def call(client: Client, operation: Operation, ids: dict[str, Any] | None = None, **more: Any) -> httpx.Response:
    ids = (unknown() | {"name": "spec"} if operation.name == "get_schema" else unknown()) | (ids or {})
    body = {"json": BODIES[operation.name]} if operation.name in BODIES and "content" not in more else {}
    params = PARAMS.get(operation.name)
    return await client.request(operation.method, operation.path.format(**ids), params=params, **body, **more)


@pytest.fixture(scope="module")
async def standing(api: Api) -> tuple[Place, dict[str, Any]]:
    """A workspace with one of everything, and the ids of it."""
    place = await api.place("Standing")
    agent = await place.as_owner.agent(title="Treasure")
    run = await place.as_owner.run(agent["id"], name="Treasure")
    await place.as_owner.ok("PUT", "/secrets/CHEST", json={"value": "the treasure itself", "about": "treasure"})
    key = await place.as_owner.ok("POST", "/api-keys", json={"name": "Treasure", "scopes": ["runs:read"]})
    asking = await asked(place, ASKING.replace("Pay it?", "Dig for the treasure?"))
    guest = {"email": "treasure@example.org", "role": "viewer"}
    invitation = await place.as_owner.ok("POST", "/invitations", json=guest)
    ids = {"agent_id": agent["id"], "run_id": run["id"], "key_id": key["id"], "number": 1, "name": "CHEST"}
    ids |= {"user_id": str(await place.member("viewer")), "invitation_id": invitation["id"]}
    return place, ids | {"approval_id": asking["id"], "workspace_id": str(place.id)}


async def state(place: Place) -> list[Any]:
    """What a foreign caller must neither see nor change."""
    paths = ("/agents", "/runs", "/approvals", "/secrets", "/workspace", "/members", "/invitations", "/api-keys")
    found = [await place.as_owner.ok("GET", path) for path in paths]
    for key in found[-1]["api_keys"]:
        key.pop("last_used_at")
    return [*found, len(await place.audited())]


# ── Nobody ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_there_are_routes_to_walk() -> None:
    assert len(OPERATIONS) >= 25
    assert {one.name for one in OPERATIONS if one.permission is Permission.PUBLIC} == {
        *("visitor", "setup_needed", "set_up", "sign_in", "begin_sso", "end_sso", "get_schema"),
        *("ask_reset", "complete_reset", "look_at_invitation", "accept_invitation"),
    }
    assert {one.name for one in OPERATIONS if one.permission is Permission.ADDRESS} == {"use_callback"}
    assert {one.name for one in OPERATIONS if one.permission is Permission.ACCOUNT} == {
        *("current_session", "sign_out", "list_sessions", "end_session", "end_other_sessions", "change_password"),
        *("second_factor", "begin_second_factor", "confirm_second_factor", "renew_recovery_codes"),
        *("remove_second_factor", "list_workspaces", "create_workspace", "leave_workspace", "join_workspace"),
    }
    assert set(BODIES) == {one.name for one in OPERATIONS if one.method in {"POST", "PUT", "PATCH"}} - WITHOUT_BODY


@each(GUARDED)
async def test_nobody_is_sent_away(api: Api, standing: tuple[Place, dict[str, Any]], operation: Operation) -> None:
    _, ids = standing
    nobody = api.client()
    answer = await call(nobody, operation, ids)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["next_step"]
    # Before the body is looked at, and whatever the ids are.
    unreadable = await call(nobody, operation, content=b"{", headers={"Content-Type": "application/json"})
    assert unreadable.status_code == 401


@each(GUARDED)
async def test_what_is_no_longer_valid_opens_nothing(api: Api, place: Place, operation: Operation) -> None:
    async with api.database.workspace(place.id) as connection:
        key, revoked = await api_keys.create(connection, "old", SCOPES, created_by=place.owner)
        await api_keys.revoke(connection, key.id)
    yesterday = datetime.now(UTC) - timedelta(days=1)
    tokens = [revoked, await place.key(expires_at=yesterday), "pwk_nonsense", "", "pwk_" + "0" * 32 + "_" + "0" * 64]
    for token in tokens:
        answer = await call(api.client(headers={"Authorization": f"Bearer {token}"}), operation)
        assert answer.status_code == 401, token
    over = await api.signed_in(place.owner, expires="-1 second")
    assert (await call(over, operation)).status_code == 401
    assert (await call(api.client(headers={"Authorization": "Basic YTpi"}), operation)).status_code == 401


# ── Another tenant ───────────────────────────────────────────────────────────────────────────────────────────────────
@each(OF_WORKSPACES)
async def test_another_workspace_gets_nothing(
    api: Api, standing: tuple[Place, dict[str, Any]], other: Place, operation: Operation
) -> None:
    place, ids = standing
    before = await state(place)
    person = await api.signed_in(other.owner)
    callers = [other.as_owner, person] if operation.permission in SCOPES else [person]
    for caller in callers:
        answer = await call(caller, operation, ids)
        if set(FOREIGN) & set(operation.path.replace("}", "{").split("{")):
            assert answer.status_code == 404
        text = answer.text.lower()
        assert "treasure" not in text
        for key in FOREIGN:
            assert ids[key] not in text
    # Naming the foreign workspace does not help.
    for caller in callers:
        for named in (str(place.id), f"w-{place.id.hex[-12:]}", "nonsense"):
            assert (await call(caller, operation, ids, headers={"Plainwork-Workspace": named})).status_code == 403
    assert await state(place) == before


async def test_a_person_of_two_workspaces_says_which(api: Api, place: Place, other: Place) -> None:
    async with api.database.workspace(other.id) as connection:
        await workspaces.add_member(connection, place.owner, "viewer")
    person = await api.signed_in(place.owner)
    mine = await person.ok("POST", "/agents", json={"markdown": GREETER})
    there = {"Plainwork-Workspace": str(other.id)}
    await person.refused("GET", f"/agents/{mine['id']}", 404, headers=there)
    assert (await person.ok("GET", "/agents", headers=there))["agents"] == []
    await person.refused("POST", "/agents", 403, json={"markdown": GREETER}, headers=there)
    assert (await person.ok("GET", f"/agents/{mine['id']}"))["id"] == mine["id"]


async def test_a_person_without_a_workspace_has_only_the_account(api: Api) -> None:
    person = await api.signed_in(await api.user())
    assert (await person.ok("GET", "/session"))["workspaces"] == []
    await person.refused("GET", "/agents", 403)
    await person.ok("DELETE", "/session", 204)


# ── Roles and scopes ─────────────────────────────────────────────────────────────────────────────────────────────────
@each(GUARDED)
async def test_each_role_may_do_what_it_may(place: Place, operation: Operation) -> None:
    for role in workspaces.ROLES:
        person = await place.person(role)
        answer = await call(person, operation)
        allowed = operation.permission in ROLES[role] or operation.permission is Permission.ACCOUNT
        assert (answer.status_code != 403) == allowed, (role, answer.text)
        assert answer.status_code != 401


def test_the_roles_grow_from_viewer_to_owner() -> None:
    ladder = [ROLES[role] for role in reversed(workspaces.ROLES)]
    assert all(lower <= higher for lower, higher in pairwise(ladder))
    approvals = {Permission.APPROVALS_READ, Permission.APPROVALS_DECIDE}
    assert ROLES["viewer"] == {Permission.AGENTS_READ, Permission.RUNS_READ, Permission.WORKSPACE_READ} | approvals
    assert ROLES["owner"] == {Permission(scope) for scope in SCOPES} | approvals


@each([operation for operation in OF_WORKSPACES if operation.permission in SCOPES])
async def test_a_key_needs_the_scope(place: Place, operation: Operation) -> None:
    wrong = await place.program(*(scope for scope in SCOPES if scope != operation.permission))
    refused = await call(wrong, operation)
    assert refused.status_code == 403
    assert operation.permission.value in refused.json()["detail"]
    right = await place.program(operation.permission.value)
    assert (await call(right, operation)).status_code not in {401, 403}


@each([operation for operation in OF_WORKSPACES if operation.permission not in SCOPES])
async def test_no_key_does_what_only_people_do(place: Place, operation: Operation) -> None:
    assert operation.permission is Permission.APPROVALS_DECIDE
    assert (await call(place.as_owner, operation)).status_code == 403


async def test_a_key_has_no_account(place: Place) -> None:
    await place.as_owner.refused("GET", "/session", 403)
    await place.as_owner.refused("DELETE", "/session", 403)


async def test_a_key_can_do_no_more_than_its_maker_can_now(api: Api, place: Place) -> None:
    maker = await place.member("admin")
    program = api.client(token=await place.key(made_by=maker))
    await program.ok("POST", "/agents", json={"markdown": GREETER})
    async with api.database.workspace(place.id) as connection:
        await workspaces.add_member(connection, maker, "viewer")
    await program.refused("POST", "/agents", 403, json={"markdown": GREETER})
    await program.ok("GET", "/agents")
    async with api.database.person(maker) as connection:
        await connection.execute("update users set disabled_at = now() where id = $1", maker)
    assert "left the workspace" in (await program.refused("GET", "/agents", 401))["detail"]
    async with api.database.workspace(place.id) as connection:
        await connection.execute("delete from memberships where user_id = $1", maker)
    await program.refused("GET", "/agents", 401)


# ── Forgery ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@each([one for one in GUARDED if one.changes])
async def test_a_session_changes_nothing_without_its_token(api: Api, place: Place, operation: Operation) -> None:
    person = await place.person("owner")
    right = person.headers.pop(CSRF_HEADER)
    for wrong in ({}, {CSRF_HEADER: ""}, {CSRF_HEADER: "0" * 64}, {CSRF_HEADER: right + "0"}, {CSRF_HEADER: "é"}):
        encoded = {name: value.encode("utf-8") for name, value in wrong.items()}
        assert (await call(person, operation, headers=encoded)).status_code == 403
    foreign = {CSRF_HEADER: right, "Origin": "https://evil.example"}
    assert (await call(person, operation, headers=foreign)).status_code == 403
    assert (await call(person, operation, headers=foreign | {"Origin": "null"})).status_code == 403
    ours = {CSRF_HEADER: right, "Origin": "http://plainwork.test"}
    assert (await call(person, operation, headers=ours)).status_code not in {401, 403}


@each([one for one in OPERATIONS if one.permission is Permission.PUBLIC and one.changes])
async def test_foreign_pages_cannot_sign_anybody_in(api: Api, operation: Operation) -> None:
    answer = await call(api.client(), operation, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403


async def test_reading_needs_no_token(place: Place) -> None:
    person = await place.person("viewer")
    del person.headers[CSRF_HEADER]
    await person.ok("GET", "/agents", headers={"Origin": "https://evil.example"})


# ── Denied by default ────────────────────────────────────────────────────────────────────────────────────────────────
def _included(app: FastAPI) -> None:
    router = APIRouter()
    router.add_api_route("/hole", _hole)
    app.include_router(router)


async def _hole() -> dict[str, str]:
    return {}


@pytest.mark.parametrize(
    "punch",
    [
        lambda app: app.add_api_route("/hole", _hole),
        lambda app: app.add_api_route("/hole", _hole, openapi_extra={"x-permission": "public"}),
        lambda app: app.add_route("/hole", _hole),
        lambda app: app.mount("/hole", FastAPI()),
        lambda app: app.routes.append(Mount("/hole", routes=[])),
        lambda app: app.routes.append(WebSocketRoute("/hole", _hole)),
        _included,
    ],
)
def test_a_route_that_declares_nothing_keeps_the_process_from_starting(punch: Any) -> None:
    app = an_app()
    refuse_undeclared(app)
    punch(app)
    with pytest.raises(RuntimeError, match="declares no permission"):
        refuse_undeclared(app)


async def test_a_route_that_slips_through_admits_nobody(api: Api, place: Place) -> None:
    from plainwork.api.routing import Guarded

    app = an_app()
    app.state.database = api.database
    app.router.add_api_route("/hole", _hole, route_class_override=Guarded)
    app.router.routes.insert(0, app.router.routes.pop())  # before the pages, which have every other address
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://plainwork.test") as client:
        token = await place.key()
        answer = await client.get("/hole", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 403
    assert json.loads(answer.text)["code"] == "Forbidden"


def test_every_operation_is_under_the_version() -> None:
    assert all(one.path.startswith(API + "/") for one in OPERATIONS)
