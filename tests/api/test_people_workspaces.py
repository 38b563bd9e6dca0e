"""Who belongs to a workspace over HTTP: invitations, members and their roles, making, changing and deleting workspaces."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from plainwork import db
from plainwork.api import invitations as invitation_routes
from plainwork.api import workspaces as workspace_routes
from plainwork.api.auth import COOKIE, CSRF_HEADER
from plainwork.db import invitations
from tests.api.people import PASSWORD, somebody
from tests.api.support import GREETER, SLEEPER, Api, Client, Place, serving
from tests.world import Post


def guest(name: str, role: str = "editor") -> dict[str, str]:
    return {"email": f"{name}-{db.new_id().hex[-8:]}@example.org", "role": role}


def token_of(made: dict[str, Any]) -> str:
    address, _, token = made["link"].partition("#token=")
    assert address == "http://plainwork.test/invitation"
    return str(token)


async def accept(api: Api, token: str, status: int = 201, **more: Any) -> tuple[Client, dict[str, Any]]:
    client = api.client()
    body = {"token": token, "name": "Guest", "password": PASSWORD} | more
    answer = await client.ok("POST", "/invitations/accept", status, json=body)
    if status == 201:
        client.headers[CSRF_HEADER] = answer["csrf_token"]
    return client, answer


# ── Invitations ──────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_somebody_new_accepts_an_invitation(api: Api, place: Place) -> None:
    made = await place.as_owner.ok("POST", "/invitations", 201, json=guest("Ben"))
    assert made["mailed"] is False
    (listed,) = (await place.as_owner.ok("GET", "/invitations"))["invitations"]
    assert listed == {name: made[name] for name in listed}
    assert token_of(made) not in str(listed)
    shown = await api.client().ok("POST", "/invitations/look", json={"token": token_of(made)})
    assert (shown["workspace"], shown["email"], shown["role"]) == ("Acme", made["email"], "editor")

    await accept(api, token_of(made), 422, password="password123")
    browser, session = await accept(api, token_of(made))
    assert [(one["id"], one["role"]) for one in session["workspaces"]] == [(str(place.id), "editor")]
    assert session["user"]["email"] == made["email"]
    await browser.ok("POST", "/agents", 201, json={"markdown": GREETER})
    assert (await place.as_owner.ok("GET", "/invitations"))["invitations"] == []
    await accept(api, token_of(made), 404)
    actions = [entry.action for entry in await place.audited()]
    assert [action for action in actions if action.startswith("member.")] == ["member.invited", "member.joined"]


async def test_who_is_signed_in_joins_with_their_own_address(api: Api, place: Place, other: Place) -> None:
    ben, eve = await somebody(api, other), await somebody(api, other)
    made = await place.as_owner.ok("POST", "/invitations", 201, json={"email": ben.email.upper(), "role": "runner"})
    await accept(api, token_of(made), 409)
    await eve.browser.refused("POST", "/invitations/join", 403, json={"token": token_of(made)})
    before = ben.browser.cookies[COOKIE]
    session = await ben.browser.ok("POST", "/invitations/join", json={"token": token_of(made)})
    ben.browser.headers[CSRF_HEADER] = session["csrf_token"]
    await api.client(cookies={COOKIE: before}).refused("GET", "/session", 401)
    assert {one["id"] for one in session["workspaces"]} == {str(place.id), str(other.id)}
    await ben.browser.refused("POST", "/invitations/join", 404, json={"token": token_of(made)})
    there = {"Plainwork-Workspace": str(place.id)}
    assert await ben.browser.ok("GET", "/agents", headers=there)


async def test_an_invitation_ends(api: Api, place: Place) -> None:
    ben = guest("Ben")
    first = await place.as_owner.ok("POST", "/invitations", 201, json=ben)
    second = await place.as_owner.ok("POST", "/invitations", 201, json=ben)
    await accept(api, token_of(first), 404)
    await place.as_owner.ok("DELETE", f"/invitations/{second['id']}", 204)
    await place.as_owner.refused("DELETE", f"/invitations/{second['id']}", 404)
    await accept(api, token_of(second), 404)
    third = await place.as_owner.ok("POST", "/invitations", 201, json=ben)
    async with api.database.workspace(place.id) as connection:
        await connection.execute("update invitations set expires_at = now() - interval '1 second'")
    assert (await place.as_owner.ok("GET", "/invitations"))["invitations"] == []
    await accept(api, token_of(third), 404)
    await api.client().refused("POST", "/invitations/look", 404, json={"token": token_of(third)})


async def test_an_invitation_is_accepted_once_even_at_once(api: Api, place: Place) -> None:
    made = await place.as_owner.ok("POST", "/invitations", 201, json=guest("Ben"))
    body = {"token": token_of(made), "name": "Guest", "password": PASSWORD}
    answers = await asyncio.gather(*(api.client().post("/api/v1/invitations/accept", json=body) for _ in range(3)))
    first, *others = sorted(answer.status_code for answer in answers)
    assert first == 201
    assert set(others) <= {404, 409}  # whoever comes when it is done finds no invitation any more
    assert len((await place.as_owner.ok("GET", "/members"))["members"]) == 2


async def test_who_may_invite_whom(api: Api, place: Place) -> None:
    admin, editor = await somebody(api, place, "admin"), await somebody(api, place, "editor")
    await admin.browser.refused("POST", "/invitations", 403, json=guest("Olga", "owner"))
    await admin.browser.ok("POST", "/invitations", 201, json=guest("Ann", "admin"))
    await editor.browser.refused("POST", "/invitations", 403, json=guest("Ann", "viewer"))
    await place.as_owner.ok("POST", "/invitations", 201, json=guest("Olga", "owner"))
    await place.as_owner.refused("POST", "/invitations", 409, json={"email": editor.email, "role": "viewer"})
    await place.as_owner.refused("POST", "/invitations", 422, json={"email": "nonsense", "role": "viewer"})
    # A key can be given less than its maker: this one may not make owners.
    program = await place.program("members:manage")
    await program.refused("POST", "/invitations", 403, json=guest("Olga", "owner"))


async def test_invitations_have_bounds(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invitations, "MOST_OPEN", 1)
    await place.as_owner.ok("POST", "/invitations", 201, json=guest("Ben"))
    await place.as_owner.refused("POST", "/invitations", 429, json=guest("Ann"))
    monkeypatch.setattr(invitations, "MOST_OPEN", 500)
    monkeypatch.setattr(invitation_routes, "INVITATIONS_PER_WINDOW", 2)
    stopped = await place.as_owner.refused("POST", "/invitations", 429, json=guest("Ann"))
    assert "UTC" in stopped["next_step"]


async def test_an_invitation_is_mailed(tmp_path: Path, database_url: str) -> None:
    post = Post()
    await post.start()
    settings = {"smtp_url": post.url, "public_url": "https://plainwork.example.org"}
    async with serving(tmp_path, database_url, works=False, settings=settings) as api:
        place = await api.place("Acme & Sons")
        owner = await somebody(api, place)
        made = await owner.browser.ok("POST", "/invitations", 201, json={"email": "ben@example.org", "role": "viewer"})
        assert made["mailed"] is True
        (mail,) = post.mails
        assert mail.recipients == ["ben@example.org"]
        assert mail.subject == "Somebody invites you to Acme & Sons on Plainwork"
        assert made["link"].startswith("https://plainwork.example.org/invitation#token=")
        assert made["link"] in mail.text
        post.refuse["ann@example.org"] = "550 no such mailbox"
        again = await owner.browser.ok("POST", "/invitations", 201, json={"email": "ann@example.org", "role": "viewer"})
        assert again["mailed"] is False
    await post.stop()


# ── Members ──────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_members_are_listed_changed_and_removed(api: Api, place: Place) -> None:
    owner, ben = await somebody(api, place), await somebody(api, place, "viewer")
    listed = (await ben.browser.ok("GET", "/members"))["members"]
    assert [one["role"] for one in listed] == ["owner", "owner", "viewer"]
    changed = await owner.browser.ok("PATCH", f"/members/{ben.id}", json={"role": "editor"})
    assert (changed["email"], changed["role"]) == (ben.email, "editor")
    made = await ben.browser.ok("POST", "/agents", 201, json={"markdown": GREETER})
    key = await place.key("agents:read", made_by=ben.id)
    await api.client(token=key).ok("GET", f"/agents/{made['id']}")
    await owner.browser.ok("DELETE", f"/members/{ben.id}", 204)
    await ben.browser.refused("GET", "/agents", 403)
    await api.client(token=key).refused("GET", "/agents", 401)
    await owner.browser.refused("DELETE", f"/members/{ben.id}", 404)
    actions = [entry.action for entry in await place.audited() if entry.action.startswith("member.")]
    assert actions == ["member.role_changed", "member.removed"]


async def test_an_admin_neither_makes_nor_unmakes_owners(api: Api, place: Place) -> None:
    admin, ben = await somebody(api, place, "admin"), await somebody(api, place, "viewer")
    await admin.browser.refused("PATCH", f"/members/{ben.id}", 403, json={"role": "owner"})
    await admin.browser.refused("PATCH", f"/members/{admin.id}", 403, json={"role": "owner"})
    await admin.browser.refused("PATCH", f"/members/{place.owner}", 403, json={"role": "viewer"})
    await admin.browser.refused("DELETE", f"/members/{place.owner}", 403)
    await admin.browser.ok("PATCH", f"/members/{ben.id}", json={"role": "admin"})


async def test_a_workspace_keeps_an_owner(api: Api, place: Place) -> None:
    await place.as_owner.refused("PATCH", f"/members/{place.owner}", 409, json={"role": "admin"})
    await place.as_owner.refused("DELETE", f"/members/{place.owner}", 409)
    owner = await api.signed_in(place.owner)
    refused = await owner.refused("DELETE", f"/account/memberships/{place.id}", 409)
    assert "owner" in refused["detail"]
    ben = await somebody(api, place)
    async with api.database.person(ben.id) as connection:  # a disabled owner is nobody who could act
        await connection.execute("update users set disabled_at = now() where id = $1", ben.id)
    await owner.refused("DELETE", f"/account/memberships/{place.id}", 409)


async def test_of_two_owners_who_leave_at_once_one_stays(api: Api, place: Place) -> None:
    owners = [await api.signed_in(place.owner), (await somebody(api, place)).browser]
    answers = await asyncio.gather(*(one.delete(f"/api/v1/account/memberships/{place.id}") for one in owners))
    assert sorted(answer.status_code for answer in answers) == [204, 409]


async def test_leaving(api: Api, place: Place, other: Place) -> None:
    ben = await somebody(api, place, "viewer")
    await ben.browser.refused("DELETE", f"/account/memberships/{other.id}", 404)
    await ben.browser.ok("DELETE", f"/account/memberships/{place.id}", 204)
    assert (await ben.browser.ok("GET", "/workspaces"))["workspaces"] == []
    assert [entry.action for entry in await place.audited()][-1] == "member.left"


# ── Workspaces ───────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_workspace_from_beginning_to_end(api: Api) -> None:
    ada = await somebody(api)
    slug = f"works-{db.new_id().hex[-8:]}"
    made = await ada.browser.ok("POST", "/workspaces", 201, json={"name": "Works", "slug": slug})
    await ada.browser.refused("POST", "/workspaces", 409, json={"name": "Works", "slug": slug})
    await ada.browser.refused("POST", "/workspaces", 422, json={"name": "Works", "slug": "No Slug"})
    listed = await ada.browser.ok("GET", "/workspaces")
    assert listed["may_create"] is True
    assert [(one["id"], one["role"]) for one in listed["workspaces"]] == [(made["id"], "owner")]
    renamed = await ada.browser.ok("PATCH", "/workspace", json={"name": " Better  works "})
    assert (renamed["name"], renamed["slug"]) == ("Better works", slug)
    assert await ada.browser.ok("GET", "/workspace") == renamed

    agent = await ada.browser.ok("POST", "/agents", 201, json={"markdown": GREETER})
    key = (await ada.browser.ok("POST", "/api-keys", 201, json={"name": "k", "scopes": ["agents:read"]}))["key"]
    await ada.browser.refused("DELETE", "/workspace", 422, params={"name": "Works"})
    await ada.browser.ok("DELETE", "/workspace", 204, params={"name": "Better works"})
    await ada.browser.refused("GET", "/agents", 403)
    await api.client(token=key).refused("GET", "/agents", 401)
    assert (await ada.browser.ok("GET", "/workspaces"))["workspaces"] == []
    async with api.database.workspace(made["id"]) as connection:
        assert await connection.fetchval("select paused_at is not null from agents where id = $1", agent["id"])
    # The slug is free again.
    await ada.browser.ok("POST", "/workspaces", 201, json={"name": "Works", "slug": slug})


async def test_nothing_of_a_deleted_workspace_goes_on(api: Api, place: Place) -> None:
    owner, agent = await place.person(), await place.as_owner.agent(SLEEPER)
    path = f"/agents/{agent['id']}/runs"
    slept = await place.as_owner.ok("POST", path, 202, params={"wait": 0})
    ended = await place.as_owner.run((await place.as_owner.agent())["id"], name="Ada")
    await owner.ok("DELETE", "/workspace", 204, params={"name": "Acme"})
    async with api.database.workspace(place.id) as connection:
        found = dict(await connection.fetch("select id, status from runs"))
        assert await connection.fetchval("select count(*) from queue") == 0
        assert await connection.fetchval("select count(*) from waits where closed_at is null") == 0
    assert found == {UUID(slept["id"]): "cancelled", UUID(ended["id"]): "succeeded"}
    assert (await place.audited())[-1].detail == {"name": "Acme", "cancelled": 1}


async def test_nobody_makes_workspaces_without_end(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace_routes, "MOST_AT_A_TIME", 1)
    ada = await somebody(api)
    await ada.browser.ok("POST", "/workspaces", 201, json={"name": f"Mine {ada.id}"})
    await ada.browser.refused("POST", "/workspaces", 429, json={"name": f"Mine too {ada.id}"})


@pytest.fixture
async def strict(tmp_path: Path, database_url: str) -> AsyncIterator[Api]:
    async with serving(tmp_path, database_url, works=False, settings={"new_workspaces": "owners"}) as api:
        yield api


async def test_the_operator_says_who_makes_workspaces(strict: Api) -> None:
    place = await strict.place()
    owner, editor = await somebody(strict, place), await somebody(strict, place, "editor")
    assert (await editor.browser.ok("GET", "/workspaces"))["may_create"] is False
    await editor.browser.refused("POST", "/workspaces", 403, json={"name": "Mine"})
    await owner.browser.ok("POST", "/workspaces", 201, json={"name": "Mine"})
