from __future__ import annotations

from typing import Any

import pytest

from plainwork.connectors import Reach, declared, perform
from plainwork.errors import CallFailed
from plainwork.net import Client
from tests.world import Reply, World, world_and_client

pytestmark = pytest.mark.anyio
HTTP = declared.actions()["http"].kind


async def call(world: World, client: Client, *, account: Any = None, key: str | None = None, **config: Any) -> Any:
    config.setdefault("url", f"{world.web.url}/x")
    return await perform(HTTP, config, Reach(client, account, idempotency_key=key))


@pytest.mark.parametrize(
    ("config", "body", "kind"),
    [
        ({"json": {"a": [1, None]}}, b'{"a":[1,null]}', "application/json"),
        ({"json": '{"a": 1}'}, b'"{\\"a\\": 1}"', "application/json"),
        ({"json": "plain"}, b'"plain"', "application/json"),
        ({"form": {"a": "x y", "b": [1, 2], "c": None}}, b"a=x+y&b=1&b=2", "application/x-www-form-urlencoded"),
        ({"body": "héllo"}, "héllo".encode(), "text/plain; charset=utf-8"),
        ({"body": [1]}, b"[1]", "application/json"),
        ({"body": "<a/>", "headers": {"content-type": "application/xml"}}, b"<a/>", "application/xml"),
    ],
)
async def test_bodies(config: dict[str, Any], body: bytes, kind: str) -> None:
    async with world_and_client() as (world, client):
        world.web.on("POST", "/x", Reply(201))
        output = await call(world, client, method="POST", **config)
        assert (output["status"], output["body"]) == (201, None)
        [seen] = world.web.requests
        assert (seen.body, seen.headers["Content-Type"]) == (body, kind)


async def test_two_bodies_are_refused() -> None:
    async with world_and_client() as (world, client):
        with pytest.raises(CallFailed, match="json and body"):
            await call(world, client, method="POST", json={}, body="x")
        assert world.web.requests == []


@pytest.mark.parametrize(
    ("reply", "body"),
    [
        (Reply(json={"a": 1}), {"a": 1}),
        (Reply(body=b'{"a"', headers={"Content-Type": "application/json"}), '{"a"'),
        (Reply(body=b'{"a":1}', headers={"Content-Type": "application/problem+json"}), {"a": 1}),
        (Reply(body="grün".encode("latin-1"), headers={"Content-Type": "text/plain; charset=ISO-8859-1"}), "grün"),
        (Reply(text="hi"), "hi"),
        (Reply(body=b"\x89PNG\xff", headers={"Content-Type": "image/png"}), {"base64": "iVBOR/8="}),
        (Reply(204), None),
    ],
)
async def test_answers(reply: Reply, body: Any) -> None:
    async with world_and_client() as (world, client):
        world.web.on("GET", "/x", reply)
        assert (await call(world, client))["body"] == body


@pytest.mark.parametrize(
    ("account", "header", "value"),
    [
        ({"token": "t-secret"}, "Authorization", "Bearer t-secret"),
        ({"value": "t-secret"}, "Authorization", "Bearer t-secret"),
        ({"username": "u", "password": "p"}, "Authorization", "Basic dTpw"),
        ({"header": "X-Api-Key", "value": "t-secret"}, "X-Api-Key", "t-secret"),
    ],
)
async def test_accounts_sign(account: dict[str, str], header: str, value: str) -> None:
    async with world_and_client() as (world, client):
        world.web.on("GET", "/x", Reply(json={}))
        await call(world, client, account=account, headers={header.lower(): "mine"})
        seen = world.web.requests[0].headers
        assert seen.getall(header) == [value]  # type: ignore[attr-defined]


async def test_a_query_credential_and_bound_hosts() -> None:
    async with world_and_client() as (world, client):
        world.web.on("GET", "/x", Reply(json={"you": "sent q-secret-1"}))
        account = {"query": "key", "value": "q-secret-1", "hosts": [world.web.host]}
        output = await call(world, client, account=account, query={"a": 1})
        assert world.web.requests[0].query == {"a": "1", "key": "q-secret-1"}
        assert output["body"] == {"you": "sent [secret]"}
        with pytest.raises(CallFailed, match="may not be used with"):
            await call(world, client, account=account, url=f"{world.other.url}/x")
        assert world.other.requests == []


async def test_writing_methods_carry_the_idempotency_key() -> None:
    async with world_and_client() as (world, client):
        world.web.on("*", "/x", Reply(json={}))
        await call(world, client, key="k1", method="POST")
        await call(world, client, key="k1", method="POST", headers={"idempotency-key": "mine"})
        await call(world, client, key="k1")
        assert [s.headers.get("Idempotency-Key") for s in world.web.requests] == ["k1", "mine", None]


async def test_statuses() -> None:
    async with world_and_client() as (world, client):
        for status, failure in [(404, "rejected"), (401, "auth"), (429, "retry"), (502, "retry")]:
            world.web.on("GET", "/x", Reply(status, json={"error": {"message": "because"}}))
            with pytest.raises(CallFailed, match=r"127\.0\.0\.1:\d+ .*because") as caught:
                await call(world, client)
            assert caught.value.failure == failure
            assert (await call(world, client, expect=[status]))["status"] == status
        world.web.on("GET", "/x", Reply(200, text="fine"))
        with pytest.raises(CallFailed, match="answered with status 200, not 201 or 202"):
            await call(world, client, expect=[201, 202])
        world.web.on("GET", "/x", Reply(302, headers={"Location": "/y"}))
        world.web.on("GET", "/y", Reply(text="there"))
        assert (await call(world, client))["body"] == "there"
        assert (await call(world, client, follow=False))["status"] == 302
