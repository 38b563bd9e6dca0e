"""The HTTP engine: signing, tokens, paging, failures, and what must not leak."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest

from plainwork.connectors import Reach, declared, perform, poll
from plainwork.connectors.engine import perform_action
from plainwork.errors import CallFailed
from plainwork.net import Client
from tests.world import Reply, Seen, World, world_and_client

pytestmark = pytest.mark.anyio
SEND = declared.actions()["sms.send"].kind
TOP = declared.actions()["reddit.top"].kind


def twilio(world: World) -> dict[str, Any]:
    return {"account_sid": "AC1", "auth_token": "very-secret-token", "from": "+1500", "base_url": world.web.url}


def app(world: World, name: str) -> dict[str, Any]:
    """A Reddit app of its own for each test, as tokens are kept in the process."""
    web = world.web.url
    return {"client_id": name, "client_secret": "app-secret", "base_url": web, "token_url": f"{web}/token"}


def post(number: int) -> dict[str, Any]:
    return {"data": {"id": f"p{number}", "title": f"Post {number}", "score": number}}


async def send(world: World, client: Client, **config: Any) -> Any:
    return await perform(SEND, {"to": "+1", "body": "hi"} | config, Reach(client, twilio(world)))


async def test_the_account_signs_and_fills_the_request() -> None:
    async with world_and_client() as (world, client):
        world.web.on("POST", "*", Reply(201, json={"sid": "SM1", "status": "queued", "num_segments": "1"}))
        assert await send(world, client) == {"id": "SM1", "status": "queued", "parts": "1"}
        [seen] = world.web.requests
        assert seen.path == "/2010-04-01/Accounts/AC1/Messages.json"
        assert seen.form() == {"To": "+1", "From": "+1500", "Body": "hi"}
        pair = base64.b64encode(b"AC1:very-secret-token").decode()
        assert seen.headers["Authorization"] == f"Basic {pair}"


@pytest.mark.parametrize(
    ("reply", "failure", "says"),
    [
        (
            Reply(401, json={"code": 20003, "message": "Authenticate"}),
            "auth",
            "SMS refused the credential: Authenticate",
        ),
        (Reply(403, json={"message": "no"}), "auth", r"SMS refused the credential \(status 403\): no"),
        (Reply(400, json={"code": 21211, "message": "bad"}), "rejected", "not a mobile number"),
        (Reply(400, json={"code": 1, "message": "Invalid thing"}), "rejected", "Invalid thing"),
        (Reply(429, json={"message": "slow"}, headers={"Retry-After": "9"}), "retry", "cannot answer now"),
        (Reply(503, text="<html>down</html>"), "retry", "cannot answer now"),
        (Reply(404, text="nope"), "rejected", "status 404"),
    ],
)
async def test_failures_are_classified_by_the_rules_and_then_by_the_status(
    reply: Reply, failure: str, says: str
) -> None:
    async with world_and_client() as (world, client):
        world.web.on("POST", "*", reply)
        with pytest.raises(CallFailed, match=says) as caught:
            await send(world, client)
        assert caught.value.failure == failure
        assert caught.value.retry_after_s == (9.0 if reply.status == 429 else None)


async def test_a_missing_or_wrong_account_is_explained_without_its_secrets() -> None:
    async with world_and_client() as (world, client):
        for account, says in [
            (None, "SMS needs an account"),
            ({}, "SMS needs an account"),
            ({"account_sid": "AC1"}, '"auth_token" is a required property'),
            ({"account_sid": "AC1", "auth_token": ["hidden-thing"]}, "account.auth_token: it is not of the right form"),
            (twilio(world) | {"extra": 1}, "extra"),
        ]:
            with pytest.raises(CallFailed, match=says) as caught:
                await perform(SEND, {"to": "+1", "body": "hi"}, Reach(client, account))
            assert caught.value.failure == "auth"
            assert "hidden-thing" not in str(caught.value)
        assert world.web.requests == []


async def test_a_secret_that_comes_back_is_hidden() -> None:
    async with world_and_client() as (world, client):
        world.web.on("POST", "*", Reply(201, json={"sid": "very-secret-token", "status": "queued"}))
        assert (await send(world, client))["id"] == "[secret]"
        world.web.on("POST", "*", Reply(400, json={"message": "bad token very-secret-token"}))
        with pytest.raises(CallFailed) as caught:
            await send(world, client)
        assert "very-secret-token" not in str(caught.value)
        assert "very-secret-token" not in repr(caught.value)


async def test_a_rendered_configuration_is_checked_before_anything_is_sent() -> None:
    async with world_and_client() as (world, client):
        faulty: list[tuple[dict[str, Any], str]] = [
            ({"body": ""}, "with.body"),
            ({"to": 5}, "with.to: 5 is not of type"),
            ({"x": 1}, "'x'"),
        ]
        for config, says in faulty:
            with pytest.raises(CallFailed, match=says) as caught:
                await send(world, client, **config)
            assert caught.value.failure == "rejected"
        assert world.web.requests == []


async def test_a_token_is_fetched_once_shared_and_renewed_when_refused() -> None:
    good = {"token": 0}

    def token(_seen: Seen) -> Reply:
        good["token"] += 1
        return Reply(json={"access_token": f"token-{good['token']}", "expires_in": 3600})

    def listing(seen: Seen) -> Reply:
        fine = seen.headers["Authorization"] == f"Bearer token-{good['token']}"
        return Reply(json={"data": {"children": [post(1)]}}) if fine else Reply(401, json={"message": "expired"})

    async with world_and_client() as (world, client):
        world.web.on("POST", "/token", token)
        world.web.on("GET", "*", listing)
        account = app(world, "shared")
        config = {"subreddit": "python", "limit": 1}
        results = await asyncio.gather(*(perform(TOP, config, Reach(client, account)) for _ in range(5)))
        assert [r["count"] for r in results] == [1] * 5
        [asked] = world.web.seen("/token")
        assert asked.form() == {"grant_type": "client_credentials"}
        assert asked.headers["Authorization"] == f"Basic {base64.b64encode(b'shared:app-secret').decode()}"
        good["token"] += 1  # the token we hold is revoked
        assert (await perform(TOP, config, Reach(client, account)))["count"] == 1
        assert len(world.web.seen("/token")) == 2


async def test_a_refused_app_and_a_busy_token_server() -> None:
    async with world_and_client() as (world, client):
        for reply, failure, says in [
            (Reply(401, json={"error": "invalid_client"}), "auth", "refused the app's id or secret"),
            (Reply(200, json={"error": "unsupported_grant_type"}), "auth", "refused the app's id or secret"),
            (Reply(503), "retry", "cannot answer now"),
        ]:
            world.web.on("POST", "/token", reply)
            with pytest.raises(CallFailed, match=says) as caught:
                await perform(TOP, {"subreddit": "python"}, Reach(client, app(world, "refused")))
            assert caught.value.failure == failure


async def test_a_token_that_stays_refused_is_an_auth_failure() -> None:
    async with world_and_client() as (world, client):
        world.web.on("POST", "/token", Reply(json={"access_token": "some-token"}))
        world.web.on("GET", "*", Reply(401, json={"message": "Unauthorized"}))
        with pytest.raises(CallFailed) as caught:
            await perform(TOP, {"subreddit": "python"}, Reach(client, app(world, "stale")))
        assert caught.value.failure == "auth"
        assert len(world.web.seen("/r/python/top")) == 2


async def test_pages_are_followed_to_the_wanted_number() -> None:
    def page(seen: Seen) -> Reply:
        start = int(seen.query.get("after", "0"))
        many = int(seen.query["limit"])
        after = str(start + many) if start + many < 230 else None
        return Reply(
            json={"data": {"children": [post(i) for i in range(start, min(start + many, 230))], "after": after}}
        )

    async with world_and_client() as (world, client):
        world.web.on("POST", "/token", Reply(json={"access_token": "some-token"}))
        world.web.on("GET", "*", page)
        reach = Reach(client, app(world, "paged"))
        found = await perform(TOP, {"subreddit": "python", "limit": 150}, reach)
        assert (found["count"], found["posts"][-1]["id"]) == (150, "p149")
        assert [s.query["limit"] for s in world.web.seen("/r/python/top")] == ["100", "50"]
        assert (await perform(TOP, {"subreddit": "python", "limit": 400}, reach))["count"] == 230


async def test_what_goes_into_a_path_stays_in_its_segment() -> None:
    text = """
id: t
title: T
base_url: https://t.example
hosts: [t.example]
account: {kind: t, fields: {type: object, properties: {token: {type: string, x-secret: true}}}}
auth: {method: bearer}
actions:
  get:
    title: G
    about: G.
    input: {type: object, properties: {name: {type: string}}}
    request: {path: "/things/{{ name }}/x", query: {q: "{{ name }}"}}
"""
    [action] = declared.read(text, "t").actions
    async with world_and_client() as (world, client):
        world.web.on("GET", "*", Reply(json={"ok": True}))
        reach = Reach(client, {"token": "t-secret", "base_url": world.web.url})
        for name in ("a/b?c#d", "ü %2F", "../up"):
            await perform_action(action, {"name": name}, reach)
            assert world.web.requests[-1].path == f"/things/{name}/x"
            assert world.web.requests[-1].query == {"q": name}
        with pytest.raises(CallFailed, match="cannot be part of an address"):
            await perform_action(action, {"name": ".."}, reach)


async def test_a_connector_reaches_only_its_own_hosts() -> None:
    async with world_and_client() as (world, client):
        world.web.on("POST", "*", Reply(302, headers={"Location": f"{world.other.url}/x"}))
        with pytest.raises(CallFailed, match="may not be used with"):
            await send(world, client)
        assert world.other.requests == []


async def test_the_steps_time_covers_all_pages() -> None:
    async with world_and_client() as (world, client):
        world.web.on("POST", "/token", Reply(json={"access_token": "some-token"}))
        page = {"data": {"children": [post(1)], "after": "more"}}
        world.web.on("GET", "*", Reply(json=page, delay_s=0.1))
        with pytest.raises(CallFailed) as caught:
            await perform(TOP, {"subreddit": "python", "limit": 500}, Reach(client, app(world, "slow"), timeout_s=0.35))
        assert caught.value.failure == "timeout"
        assert len(world.web.seen("/r/python/top")) < 6


def no(status: int = 200, headers: dict[str, str] | None = None, **body: Any) -> Reply:
    return Reply(status, json=body, headers=headers or {})


@pytest.mark.parametrize(
    ("name", "reply", "failure", "says"),
    [
        ("slack.post", no(ok=False, error="invalid_auth"), "auth", "Slack refused the token. Renew the Slack account"),
        ("slack.post", no(ok=False, error="ratelimited"), "retry", "cannot answer now: ratelimited"),
        ("slack.post", no(ok=False, error="not_in_channel"), "rejected", "invite the app"),
        ("slack.post", no(ok=False, error="msg_too_long"), "rejected", "refused the request: msg_too_long"),
        ("slack.post", no(429, {"Retry-After": "3"}, ok=False, error="x"), "retry", "cannot answer now"),
        ("telegram.send", no(404, ok=False, description="Not Found"), "auth", "does not know this bot"),
        ("telegram.send", no(403, ok=False, description="blocked"), "rejected", "unblock it"),
        ("telegram.send", no(429, {"Retry-After": "3"}, ok=False, description="slow"), "retry", "slow"),
        ("discord.send", no(403, message="Missing Access"), "rejected", "bot cannot post there"),
        ("github.list_releases", no(403, {"x-ratelimit-remaining": "0"}), "retry", "rate limit"),
        ("github.list_releases", no(403, message="Resource not accessible"), "rejected", "not accessible"),
        ("notion.query", no(400, code="validation_error", message="bad filter"), "rejected", "bad filter"),
        ("airtable.list", no(404, error="NOT_FOUND"), "rejected", "does not find it"),
        ("google-sheets.read", no(403, error={"status": "PERMISSION_DENIED"}), "rejected", "Share it"),
    ],
)
async def test_what_each_service_says_when_it_says_no(name: str, reply: Reply, failure: str, says: str) -> None:
    action = declared.actions()[name]
    assert action.connector.account
    async with world_and_client() as (world, client):
        world.web.on("*", "*", reply)
        account = action.connector.account.example | {"base_url": world.web.url}
        with pytest.raises(CallFailed) as caught:
            await perform(action.kind, action.kind.example["with"], Reach(client, account))
        assert (caught.value.failure, says in str(caught.value)) == (failure, True), str(caught.value)
        for secret in action.connector.account.example.values():
            assert secret not in str(caught.value)


async def test_links_are_followed_to_the_next_page() -> None:
    async with world_and_client() as (world, client):
        link = f'<{world.web.url}/page2?per_page=100&page=2>; rel="next", <{world.web.url}/last>; rel="last"'
        world.web.on("GET", "/repos/o/r/releases", Reply(json=[{"id": 1}, {"id": 2}], headers={"Link": link}))
        world.web.on("GET", "/page2", Reply(json=[{"id": 3}]))
        kind = declared.actions()["github.list_releases"].kind
        account = {"token": "gh-token-1", "base_url": world.web.url}
        output = await perform(kind, {"repo": "o/r", "limit": 100}, Reach(client, account))
        assert [release["id"] for release in output["releases"]] == [1, 2, 3]
        assert world.web.requests[1].query == {"per_page": "100", "page": "2"}
        assert world.web.requests[1].headers["Authorization"] == "Bearer gh-token-1"


# ── Polls ────────────────────────────────────────────────────────────────────────────────────────────────────────────
NEW_POST = declared.triggers()["reddit.new_post"].kind


def listing(*posts: tuple[str, float], after: str | None = None) -> Reply:
    """A page of posts, each with its id and its time."""
    children = [{"data": {"id": name, "created_utc": created}} for name, created in posts]
    return Reply(json={"data": {"after": after, "children": children}})


async def found(world: World, client: Client, cursor: Any, *pages: Reply) -> tuple[list[str | None], Any, list[Seen]]:
    """The keys that a poll finds, the next cursor, and what was asked."""
    world.web.on("POST", "/token", Reply(json={"access_token": "fetched-token", "expires_in": 3600}))
    world.web.on("GET", "/r/python/new", *pages)
    before = len(world.web.seen("/r/python/new"))
    polled = await poll(NEW_POST, {"subreddit": "python"}, cursor, Reach(client, app(world, "polled")))
    return [item.key for item in polled.items], polled.cursor, world.web.seen("/r/python/new")[before:]


async def test_the_first_poll_reads_one_page_and_later_ones_as_far_as_is_known() -> None:
    async with world_and_client() as (world, client):
        keys, cursor, asked = await found(world, client, None, listing(("b", 2.0), ("a", 1.0), after="more"))
        assert (keys, len(asked)) == (["a", "b"], 1)
        first = listing(("f", 6.0), ("e", 5.0), after="p2")
        keys, cursor, asked = await found(
            world, client, cursor, first, listing(("d", 4.0), ("c", 3.0), after="p3"), listing(("b", 2.0), ("a", 1.0))
        )
        assert keys == ["b", "c", "d", "e", "f"]
        assert [one.query.get("after") for one in asked] == [None, "p2", "p3"]
        keys, _, asked = await found(world, client, cursor, first)
        assert (keys, len(asked)) == (["e", "f"], 1)


async def test_what_was_there_before_the_first_poll_does_not_come_up_when_newer_things_go() -> None:
    async with world_and_client() as (world, client):
        _, cursor, _ = await found(world, client, None, listing(("c", 3.0), ("b", 2.0)))
        keys, cursor, _ = await found(world, client, cursor, listing(("b", 2.0), ("a", 1.0)))
        assert keys == []
        keys, cursor, _ = await found(world, client, cursor, listing(("d", 3.0), ("a", 1.0)))
        assert keys == ["d"], "as late as the last one known is late enough"
        keys, _, _ = await found(world, client, cursor, listing(("z", 9.0), ("late", 3.5), ("a", 1.0)))
        assert keys == ["late", "z"]


async def test_a_poll_fails_as_a_step_does() -> None:
    async with world_and_client() as (world, client):
        with pytest.raises(CallFailed, match="status 503") as caught:
            await found(world, client, None, Reply(503, headers={"Retry-After": "40"}))
        assert (caught.value.failure, caught.value.retry_after_s) == ("retry", 40.0)
        with pytest.raises(CallFailed, match="subreddit"):
            await poll(NEW_POST, {"subreddit": "no such/name"}, None, Reach(client, app(world, "polled")))
        with pytest.raises(CallFailed, match="needs an account"):
            await poll(NEW_POST, {"subreddit": "python"}, None, Reach(client))


async def test_what_comes_after_an_empty_first_poll_is_all_found() -> None:
    async with world_and_client() as (world, client):
        keys, cursor, _ = await found(world, client, None, listing())
        assert (keys, cursor) == ([], {"mark": None, "floor": None})
        keys, _, asked = await found(world, client, cursor, listing(("b", 2.0), after="p2"), listing(("a", 1.0)))
        assert (keys, len(asked)) == (["a", "b"], 2)


async def test_rows_of_a_sheet_are_named_by_the_first() -> None:
    rows = [["Name", "", "Score"], ["Ada", 1], [], ["Bob", 2, 3, 4], ["Ada", 1]]
    sheets = declared.triggers()["google-sheets.new_row"].kind
    async with world_and_client() as (world, client):
        world.web.on(
            "GET", "*", Reply(json={"values": rows}), Reply(json={"values": rows}), Reply(json={"range": "A1"})
        )
        reach = Reach(client, {"token": "ya29.example-token", "base_url": world.web.url})
        config = {"spreadsheet": "s1", "range": "Sheet1"}
        polled = await poll(sheets, config, None, reach)
        ada = {"Name": "Ada", "column 2": 1, "Score": None, "column 4": None}
        bob = {"Name": "Bob", "column 2": 2, "Score": 3, "column 4": 4}
        assert [item.value for item in polled.items] == [ada, bob, ada]
        plain = await poll(sheets, config | {"header": False}, polled.cursor, reach)
        assert [item.value for item in plain.items] == [{"cells": row} for row in rows if row]
        assert (await poll(sheets, config, polled.cursor, reach)).items == ()
