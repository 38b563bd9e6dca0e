"""Every route, read off the application itself, against everybody who might call it: each is let in, sent away (401), refused
(403) or told that there is no such thing (404), just as the permission says that the route declares.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Literal
from uuid import UUID

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from starlette.routing import Mount, Route, WebSocketRoute

from plainwork.api.auth import CSRF_HEADER, OPEN, ROLES, SCOPES, WORKSPACE_HEADER, Permission
from plainwork.api.routing import Guarded, refuse_undeclared
from plainwork.db import api_keys, sessions, workspaces
from tests.api import seeded
from tests.api.people import somebody
from tests.api.seeded import World
from tests.api.support import API, GREETER, Api, Client, Operation, Place, an_app, description, operations

OPERATIONS = operations()
GUARDED = [one for one in OPERATIONS if one.permission not in OPEN]
DOCUMENT = description().document


def each(of: Sequence[Operation]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("operation", of, ids=lambda one: one.name)


# ── Who calls ────────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass
class Caller:
    """One who calls. ``belongs``: to the workspace that is asked about, to another one, to another one while naming this
    one, or nowhere (any more). ``scopes`` None: a person with a session."""

    name: str
    client: Client
    belongs: Literal["here", "elsewhere", "elsewhere, naming it", "nowhere"] = "nowhere"
    role: str = "owner"
    scopes: frozenset[str] | None = None

    def may(self, permission: Permission) -> bool:
        if permission is Permission.ACCOUNT:
            return self.scopes is None
        return permission in ROLES[self.role] and (self.scopes is None or permission.value in self.scopes)


@dataclass
class Callers:
    """Everybody there is to try."""

    world: World
    fixed: list[Caller]

    async def of(self, operation: Operation) -> list[Caller]:
        """Those whom it makes sense to try at an operation."""
        if operation.permission in OPEN:
            return self.fixed[:3]
        if operation.permission is Permission.ACCOUNT and not seeded.is_about_the_world(operation):
            return [one for one in self.fixed if not one.belongs.startswith("elsewhere")]
        if operation.permission.value not in SCOPES:
            return self.fixed
        needed = frozenset({operation.permission.value, *seeded.NEEDED_BESIDE.get(operation.name, ())})
        without = frozenset(SCOPES) - {operation.permission.value}
        return [*self.fixed, await self._key("a key with this scope", needed), await self._key("one without", without)]

    async def _key(self, name: str, scopes: frozenset[str]) -> Caller:
        return Caller(name, await self.world.place.program(*scopes), "here", scopes=scopes)


async def _gone(api: Api, place: Place) -> list[Caller]:
    """Those who are nobody, or nobody any more."""
    ended = await api.signed_in(place.owner)
    session = UUID((await ended.ok("GET", "/session"))["id"])
    assert await sessions.end(api.database, place.owner, session)
    async with api.database.workspace(place.id) as connection:
        key, revoked = await api_keys.create(connection, "old", SCOPES, created_by=place.owner)
        await api_keys.revoke(connection, key.id)
    expired = await place.key(expires_at=datetime.now(UTC) - timedelta(days=1))
    return [
        Caller("nobody", api.client()),
        Caller("an expired session", await api.signed_in(place.owner, expires="-1 second")),
        Caller("a key that never was", api.client(token="pwk_" + "0" * 32 + "_" + "0" * 64)),
        Caller("half a key", api.client(token="pwk_nonsense")),
        Caller("a password in the header", api.client(headers={"Authorization": "Basic YTpi"})),
        Caller("an ended session", ended),
        Caller("a revoked key", api.client(token=revoked)),
        Caller("an expired key", api.client(token=expired)),
    ]


@pytest.fixture(scope="module")
async def world(api: Api) -> World:
    return await seeded.seed(api)


@pytest.fixture(scope="module")
async def callers(api: Api, world: World) -> Callers:
    place, other = world.place, await api.place("Other")
    naming, key = await api.signed_in(other.owner), api.client(token=await other.key())
    naming.headers[WORKSPACE_HEADER] = key.headers[WORKSPACE_HEADER] = str(place.id)
    everything = frozenset(SCOPES)
    return Callers(
        world,
        [
            *await _gone(api, place),
            *[Caller(f"a session of {role}", await place.person(role), "here", role) for role in workspaces.ROLES],
            Caller("another's owner", await api.signed_in(other.owner), "elsewhere"),
            Caller("another's key", other.as_owner, "elsewhere", scopes=everything),
            Caller("another's owner, naming this one", naming, "elsewhere, naming it"),
            Caller("another's key, naming this one", key, "elsewhere, naming it", scopes=everything),
        ],
    )


# ── Everybody at every route ─────────────────────────────────────────────────────────────────────────────────────────
def answer_of(operation: Operation) -> int:
    """What those are answered who may."""
    answers = DOCUMENT["paths"][operation.path][operation.method.lower()]["responses"]
    usual = 201 if "201" in answers else min(int(status) for status in answers)
    return seeded.ANSWERS.get(operation.name, usual)


def expected(caller: Caller, operation: Operation) -> int:
    """What the declared permission says about this caller and a thing of the world's."""
    if operation.permission in OPEN:
        return answer_of(operation)
    if caller.belongs == "nowhere":
        return 401
    is_account = operation.permission is Permission.ACCOUNT
    if not caller.may(operation.permission) or (caller.belongs == "elsewhere, naming it" and not is_account):
        return 403
    if caller.belongs != "here" and seeded.is_about_the_world(operation):
        return 404
    return answer_of(operation)


async def call(world: World, caller: Caller, operation: Operation) -> httpx.Response:
    """The caller's request: about what stands, where nothing can come of it; else about something made for it. Their own
    account is that of somebody in their place, for they may be signed out by it."""
    client, is_let_in = caller.client, expected(caller, operation) == answer_of(operation)
    if is_let_in and operation.permission is Permission.ACCOUNT:
        world.person = await somebody(world.api, world.place, caller.role)
        client = world.person.browser
    if operation.permission in OPEN:  # it may sign them in
        client = world.api.client(headers=dict(client.headers), cookies=client.cookies)
    fresh = is_let_in and operation.changes
    return await client.request(**await seeded.request(world, operation, fresh=fresh))


def shows(world: World, operation: Operation, answer: httpx.Response) -> list[str]:
    """What of the world's can be seen in an answer to somebody else."""
    hidden = [str(world.place.id), *(value for value in world.standing.values() if len(value) > 20)]
    if not operation.changes:  # others may send the word themselves
        hidden.append("treasure")
    return [one for one in hidden if one in answer.text.lower()]


async def changes(world: World) -> tuple[int, ...]:
    """How much has happened in the workspace: every change is in the audit log, and runs are there themselves."""
    async with world.api.database.workspace(world.place.id) as connection:
        row = await connection.fetchrow("select (select count(*) from audit_log), (select count(*) from runs)")
    return tuple(row)


def test_every_route_is_described_for_these_tests() -> None:
    """Fails by name for a route that was added without telling ``tests/api/seeded.py`` what its address and body are."""
    routes = [route for route in an_app().routes if isinstance(route, Guarded)]
    assert seeded.undescribed(OPERATIONS, {str(one.operation_id) for one in routes if one.body_field is not None}) == []


@each(OPERATIONS)
async def test_everybody_is_answered_as_the_permission_says(
    world: World, callers: Callers, operation: Operation
) -> None:
    everybody = await callers.of(operation)
    refused = [one for one in everybody if expected(one, operation) != answer_of(operation)]
    let_in = [one for one in everybody if one not in refused]
    wrong: dict[str, str] = {}
    await seeded.request(world, operation)  # what stands is made now, so that nothing happens while others are refused
    before = await changes(world)
    for caller in refused + let_in:
        if let_in and caller is let_in[0]:
            assert await changes(world) == before, "somebody who was refused changed something"
        answer = await call(world, caller, operation)
        if answer.status_code != expected(caller, operation):
            wrong[caller.name] = f"{answer.status_code}, not {expected(caller, operation)}: {answer.text[:300]}"
        elif caller.belongs.startswith("elsewhere") and (seen := shows(world, operation, answer)):
            wrong[caller.name] = f"sees {seen}"
        elif answer.status_code == 401 and operation in GUARDED:
            assert answer.headers["www-authenticate"] == "Bearer"
            assert answer.json()["next_step"]
    assert wrong == {}


@each([one for one in GUARDED if one.changes])
async def test_nobody_is_sent_away_before_the_body_is_looked_at(api: Api, operation: Operation) -> None:
    path = operation.path.replace("{", "").replace("}", "")
    answer = await api.client().request(
        operation.method, path, content=b"{", headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 401


def test_what_nobody_has_to_be_signed_in_for_is_said_here_once_more() -> None:
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
    beside = {
        route.path for route in an_app().routes if isinstance(route, Route) and not route.path.startswith(API + "/")
    }
    assert beside == {
        *("/hooks/{token}/{path:path}", "/forms/{token}/{trigger_id}", "/chat/{token}"),
        *("/connections/callback", "/healthz", "/readyz", "/metrics", "/{path:elsewhere}"),
    }


def test_head_asks_for_what_get_asks_for() -> None:
    routes = [route for route in an_app().routes if isinstance(route, Guarded)]
    asked = {(method, route.path): route.permission for route in routes for method in route.methods or ()}
    heads = [path for method, path in asked if method == "HEAD"]
    assert len(heads) > 25
    assert [path for path in heads if asked["HEAD", path] is not asked["GET", path]] == []


# ── Another tenant ───────────────────────────────────────────────────────────────────────────────────────────────────
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
def test_the_roles_grow_from_viewer_to_owner() -> None:
    ladder = [ROLES[role] for role in reversed(workspaces.ROLES)]
    assert all(lower <= higher for lower, higher in pairwise(ladder))
    approvals = {Permission.APPROVALS_READ, Permission.APPROVALS_DECIDE}
    peoples = {Permission.APPROVALS_DECIDE, Permission.AGENTS_PROMOTE}
    assert ROLES["viewer"] == {Permission.AGENTS_READ, Permission.RUNS_READ, Permission.WORKSPACE_READ} | approvals
    assert ROLES["owner"] == {Permission(scope) for scope in SCOPES} | peoples


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
async def test_a_session_changes_nothing_without_its_token(world: World, operation: Operation) -> None:
    person = await world.place.person("owner")
    right = person.headers.pop(CSRF_HEADER)
    asked, before = await seeded.request(world, operation), await changes(world)
    for wrong in ({}, {CSRF_HEADER: ""}, {CSRF_HEADER: "0" * 64}, {CSRF_HEADER: right + "0"}, {CSRF_HEADER: "é"}):
        encoded = httpx.Headers(wrong, encoding="utf-8")
        assert (await person.request(**asked, headers=encoded)).status_code == 403
    for origin in ("https://evil.example", "null"):
        foreign = {CSRF_HEADER: right, "Origin": origin}
        assert (await person.request(**asked, headers=foreign)).status_code == 403
    assert await changes(world) == before


async def test_our_own_pages_send_the_token(place: Place) -> None:
    person = await place.person("owner")
    await person.ok("POST", "/agents", json={"markdown": GREETER}, headers={"Origin": "http://plainwork.test"})


@each([one for one in OPERATIONS if one.permission is Permission.PUBLIC and one.changes])
async def test_foreign_pages_cannot_sign_anybody_in(world: World, operation: Operation) -> None:
    asked = await seeded.request(world, operation)
    answer = await world.api.client().request(**asked, headers={"Origin": "https://evil.example"})
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
