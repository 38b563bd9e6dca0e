"""A lost password: the mailed link, and the one that an owner hands over. The mail server is a real one."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from plainwork.api import password_resets
from tests.api.people import Person, sign_in, somebody
from tests.api.support import Api, Place, serving
from tests.world import Post

PUBLIC = "https://plainwork.example.org"
NEW = "quite another password"


@pytest.fixture(scope="module")
async def post() -> AsyncIterator[Post]:
    post = Post()
    await post.start()
    yield post
    await post.stop()


@pytest.fixture(scope="module")
async def mailing(tmp_path_factory: pytest.TempPathFactory, module_database_url: str, post: Post) -> AsyncIterator[Api]:
    """An installation with a mail server and a public address."""
    settings = {"smtp_url": f"{post.url}?from=plainwork@example.org", "public_url": PUBLIC}
    folder = Path(tmp_path_factory.mktemp("mailing"))
    async with serving(folder, module_database_url, works=False, settings=settings) as api:
        yield api


def token_in(text: str) -> str:
    """The token of the link in a mail; it leads to the public address, whatever host the request named."""
    found = re.search(rf"^{PUBLIC}/reset-password#token=(\S+)$", text, re.MULTILINE)
    assert found, text
    return found[1]


async def test_a_link_by_mail_sets_a_new_password_once(mailing: Api, post: Post) -> None:
    place = await mailing.place()
    ada = await somebody(mailing, place)
    nobody = mailing.client()
    assert (await nobody.ok("GET", "/visitor"))["mails"]
    asked = await nobody.ok("POST", "/password-resets", 202, json={"email": f" {ada.email.upper()}"})
    mail = post.mails[-1]
    assert mail.recipients == [ada.email]
    token = token_in(mail.text)
    assert token not in str(asked)

    body = {"token": token, "password": NEW}
    await nobody.refused("POST", "/password-resets/complete", 422, json=body | {"password": "password123"})
    await nobody.ok("POST", "/password-resets/complete", 204, json=body)
    await ada.browser.refused("GET", "/session", 401)
    await ada.signs_in(401)
    await ada.signs_in(password=NEW)
    await nobody.refused("POST", "/password-resets/complete", 404, json=body)
    assert "user.password_reset" in [entry.action for entry in await place.audited()]


async def test_the_answer_does_not_tell_who_has_an_account(mailing: Api, post: Post) -> None:
    ada = await somebody(mailing)
    sent = len(post.mails)
    known = await mailing.client().post("/api/v1/password-resets", json={"email": ada.email})
    unknown = await mailing.client().post("/api/v1/password-resets", json={"email": "nobody@example.org"})
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
    assert len(post.mails) == sent + 1


async def test_an_older_link_ends_with_a_newer_one_and_with_the_hour(mailing: Api, post: Post) -> None:
    ada = await somebody(mailing)
    tokens = []
    for _ in range(2):
        await mailing.client().ok("POST", "/password-resets", 202, json={"email": ada.email})
        tokens.append(token_in(post.mails[-1].text))
    for token in (tokens[0], "nonsense"):
        await mailing.client().refused("POST", "/password-resets/complete", 404, json={"token": token, "password": NEW})
    async with mailing.database.person(ada.id) as connection:
        await connection.execute("delete from password_resets where user_id = $1", ada.id)
        await connection.execute(
            "insert into password_resets values (sha256($1), $2, true, now(), now() - interval '1 second')",
            *(tokens[1].encode(), ada.id),
        )
    late = {"token": tokens[1], "password": NEW}
    await mailing.client().refused("POST", "/password-resets/complete", 404, json=late)


async def test_mails_are_not_sent_without_end(mailing: Api, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = await somebody(mailing)
    monkeypatch.setattr(password_resets, "MAILS_PER_ADDRESS", 1000)
    sent = len(post.mails)
    for expected in [202] * password_resets.MAILS_PER_EMAIL + [429]:
        answer = await mailing.client().post("/api/v1/password-resets", json={"email": ada.email})
        assert answer.status_code == expected
    assert len(post.mails) == sent + password_resets.MAILS_PER_EMAIL


async def test_a_mail_server_that_refuses_changes_no_answer(mailing: Api, post: Post) -> None:
    ada = await somebody(mailing)
    post.refuse[ada.email] = "550 no such mailbox"
    await mailing.client().ok("POST", "/password-resets", 202, json={"email": ada.email})
    await ada.signs_in()


# ── Without mail ─────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_without_a_mail_server_an_owner_makes_the_link(api: Api, place: Place) -> None:
    refused = await api.client().refused("POST", "/password-resets", 503, json={"email": "a@example.org"})
    assert "owner" in refused["next_step"]
    owner, ben = await somebody(api, place), await somebody(api, place, "editor")
    made = await owner.browser.ok("POST", f"/members/{ben.id}/password-reset", 201)
    address, _, token = made["link"].partition("#token=")
    assert address == "http://plainwork.test/reset-password"
    await api.client().ok("POST", "/password-resets/complete", 204, json={"token": token, "password": NEW})
    await ben.signs_in(password=NEW)
    admin = await somebody(api, place, "admin")
    await admin.browser.refused("POST", f"/members/{ben.id}/password-reset", 403)
    actions = [entry.action for entry in await place.audited() if entry.action.startswith("user.")]
    assert actions == ["user.reset_link_made", "user.password_reset"]


async def test_an_owner_cannot_take_an_account_into_a_workspace_of_others(api: Api, place: Place, other: Place) -> None:
    """A link for a member of two workspaces would open the one that the owner has no business in."""
    owner = await somebody(api, place)
    ben: Person = await somebody(api, place, "viewer")
    await other.admit(ben.id, "admin")
    await owner.browser.refused("POST", f"/members/{ben.id}/password-reset", 403)
    await place.as_owner.refused("POST", f"/members/{ben.id}/password-reset", 403)
    await other.admit(owner.id, "owner")
    await owner.browser.ok("POST", f"/members/{ben.id}/password-reset", 201)


async def test_a_link_that_was_handed_over_ends_when_its_person_joins_another_workspace(
    api: Api, place: Place, other: Place
) -> None:
    owner, ben = await somebody(api, place), await somebody(api, place, "viewer")
    made = await owner.browser.ok("POST", f"/members/{ben.id}/password-reset", 201)
    invited = await other.as_owner.ok("POST", "/invitations", 201, json={"email": ben.email, "role": "viewer"})
    await ben.browser.ok("POST", "/invitations/join", json={"token": invited["link"].partition("#token=")[2]})
    body = {"token": made["link"].partition("#token=")[2], "password": NEW}
    await api.client().refused("POST", "/password-resets/complete", 404, json=body)


async def test_a_reset_leaves_the_second_factor(api: Api, place: Place) -> None:
    owner, ben = await somebody(api, place), await somebody(api, place, "editor")
    await ben.adds_second_factor()
    made = await owner.browser.ok("POST", f"/members/{ben.id}/password-reset", 201)
    token = made["link"].partition("#token=")[2]
    await api.client().ok("POST", "/password-resets/complete", 204, json={"token": token, "password": NEW})
    _, asked = await sign_in(api, ben.email, 401, password=NEW)
    assert asked["code"] == "CodeNeeded"
