"""Requests that no honest client sends: each is answered with a problem, none with a traceback, none with 500."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from plainwork import log
from plainwork.api.app import MOST_BODY_BYTES
from plainwork.api.auth import Permission
from plainwork.api.http import BoundedHttp
from plainwork.api.routing import Guarded, parse_json
from plainwork.errors import Rejected
from tests.api.people import somebody
from tests.api.seeded import BODIES, World, unknown
from tests.api.support import API, GREETER, SLEEPER, Api, Operation, Place, listening, operations

WITH_BODIES = [one for one in operations() if one.name in BODIES and one.permission is not Permission.PUBLIC]
JSON = {"Content-Type": "application/json"}


FINE: list[tuple[str, Any]] = [
    ("start_run", {"inputs": {"a": {}}}),
    ("put_secret", BODIES["put_secret"] | {"value": {"a": {}}}),
]
FINE += [("test_trigger", {"payload": [[]]}), ("test_trigger", {"payload": {"a": {}}})]
"""Fields that take an object, or anything, of any shape."""


def nested(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


# ── JSON ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
UNREADABLE = {
    "nothing but a brace": b"{",
    "a trailing comma": b'{"a": 1,}',
    "single quotes": b"{'a': 1}",
    "NaN": b'{"a": NaN}',
    "infinity": b'{"a": -Infinity}',
    "beyond a float": b'{"a": 1e999}',
    "beyond any number": b'{"a": ' + b"9" * 5000 + b"}",
    "a comment": b'{"a": 1} // x',
    "two values": b"{}{}",
    "a byte order mark": b"\xef\xbb\xbf{}",
    "Latin-1": b'{"a": "\xe9"}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "half a pair, escaped": b'{"inputs": {"a": "\\ud800"}}',
    "half a pair, raw": b'{"a": "\xed\xa0\x80"}',
    "NUL, escaped": b'{"inputs": {"a": ["x\\u0000y"]}}',
    "NUL in a key": b'{"inputs": {"\\u0000": 1}}',
    "NUL, raw": b'{"a": "\x00"}',
    "a control character": b'{"a": "\x01"}',
    "deep": b'{"inputs": {"a": ' + nested(101) + b"}}",
    "deeper": nested(50_000),
    "deepest": b'{"a":' * 200_000,
    "junk": bytes(range(256)),
    "spaces": b"   ",
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
async def test_what_is_not_json_is_refused_everywhere(place: Place, body: bytes) -> None:
    person = await place.person()
    for operation in WITH_BODIES:
        path = operation.path.format(**unknown()).removeprefix(API)
        refused = await person.refused(operation.method, path, 400, content=body, headers=JSON)
        assert refused["code"] == "Rejected"
        assert refused["next_step"]


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
async def test_nobody_can_send_what_is_not_json_either(api: Api, body: bytes) -> None:
    for path in ("/session", "/setup"):
        await api.client().refused("POST", path, 400, content=body, headers=JSON)


def test_what_is_json_is_read() -> None:
    assert parse_json(nested(100)) is not None
    assert parse_json(b'{"\\\\u0000": "\\\\u0000", "a": "[[[[[["}') == {"\\u0000": "\\u0000", "a": "[[[[[["}
    assert parse_json(b'"\\ud83d\\ude00"') == "😀"
    assert parse_json(b"[" + b"[]," * 500 + b"1]") == [[]] * 500 + [1]
    assert parse_json(str(10**40).encode()) == 10**40
    with pytest.raises(Rejected, match="100 levels"):
        parse_json(nested(101))
    with pytest.raises(Rejected, match="byte 4"):
        parse_json(b"{} x")


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "json", "é"]
)
async def test_bodies_have_to_say_that_they_are_json(place: Place, kind: str) -> None:
    headers = httpx.Headers({"Content-Type": kind}, encoding="utf-8")
    body = json.dumps({"markdown": GREETER}).encode()
    refused = await place.as_owner.refused("POST", "/agents", 415, content=body, headers=headers)
    assert "application/json" in refused["detail"]
    for fine in ("application/json", "Application/JSON; charset=utf-8", "application/vnd.x+json"):
        await place.as_owner.ok("POST", "/specs/parse", 200, content=body, headers={"Content-Type": fine})


@pytest.mark.parametrize("operation", WITH_BODIES, ids=lambda one: one.name)
async def test_bodies_of_another_shape_are_refused(place: Place, operation: Operation) -> None:
    path = operation.path.format(**unknown()).removeprefix(API)
    wrong: list[Any] = [[], "x", 3, True, {"surplus": 1}]
    person = await place.person()
    right = BODIES[operation.name]
    if callable(right):
        right = await right(World(place, await somebody(place.api)))
    wrong += [right | {"surplus": 1}]
    odd: tuple[Any, ...] = ([[]], {"a": {}})
    wrong += [right | {key: value} for key in right for value in odd]
    for body in wrong:
        answer = await person.request(operation.method, API + path, json=body)
        if (operation.name, body) in FINE:
            assert answer.status_code in {200, 404}
            continue
        assert answer.status_code == 422, body
        assert answer.json()["findings"]
        assert answer.json()["code"] == "Invalid"


# ── Size ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
async def address(api: Api) -> AsyncIterator[str]:
    async with listening(api.app) as address:
        yield address


async def _chunks(total: int) -> AsyncIterator[bytes]:
    yield b'{"markdown": "'
    for _ in range(total // 65_536):
        yield b"x" * 65_536
    yield b'"}'


async def test_a_body_over_the_limit_is_refused_declared_or_not(place: Place, address: str) -> None:
    transport = httpx.AsyncHTTPTransport()
    client = place.api.client(token=await place.key(), transport=transport)
    client.base_url = address
    declared = b'{"markdown": "' + b"x" * MOST_BODY_BYTES + b'"}'
    refused = await client.refused("POST", "/specs/parse", 413, content=declared, headers=JSON)
    assert refused["code"] == "TooLarge"
    chunked = _chunks(MOST_BODY_BYTES * 2)
    refused = await client.refused("POST", "/specs/parse", 413, content=chunked, headers=JSON)
    assert refused["code"] == "TooLarge"
    assert str(MOST_BODY_BYTES) in refused["detail"]
    within = _chunks(MOST_BODY_BYTES // 2)
    await client.refused("POST", "/specs/parse", 422, content=within, headers=JSON)
    fitting = {"markdown": GREETER + "\n" + "x" * 1_000_000}
    await client.ok("POST", "/specs/parse", 200, json=fitting)


async def test_nobodys_body_is_not_read(address: str) -> None:
    """The answer comes although the body never ends."""
    host, port = address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST {API}/agents HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    writer.write(head.encode() + b"{")
    await writer.drain()
    line = await asyncio.wait_for(reader.readline(), 10)
    assert b" 401 " in line
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize("is_one_header", [True, False])
async def test_a_head_without_an_end_is_cut_off(address: str, is_one_header: bool) -> None:
    host, port = address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"GET {API}/agents HTTP/1.1\r\nHost: {host}:{port}\r\nX-Long: ".encode())
    piece = b"x" * 1000 if is_one_header else b"x" * 990 + b"\r\nX-More: "
    for _ in range(60):
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.readline(), 0.2)
    writer.write(piece * 10)
    answer = await asyncio.wait_for(reader.read(), 10)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 431 ")
    assert json.loads(body)["status"] == 431
    writer.close()


class Impatient(BoundedHttp):
    MOST_REQUEST_S = 0.3


SLOW = {
    "nothing": "",
    "half a head": "GET /api/v1/agents HTTP/1.1\r\nHost",
    "half a body": "POST /forms/x/y HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\na=",
    "half of a second request": "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /",
}


@pytest.mark.parametrize("sent", SLOW.values(), ids=SLOW)
async def test_who_sends_too_slowly_is_not_waited_for(api: Api, sent: str) -> None:
    async with listening(api.app, Impatient) as address:
        host, port = address.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(sent.encode())
        answer = await asyncio.wait_for(reader.read(), 10)
        assert answer.count(b"HTTP/1.1 408 ") == 1
        assert json.loads(answer.rpartition(b"\r\n\r\n")[2])["status"] == 408
        writer.close()


async def test_who_waits_for_a_slow_answer_is_not_hurried(place: Place, api: Api) -> None:
    agent = await place.as_owner.agent(SLEEPER)
    async with listening(api.app, Impatient) as address, httpx.AsyncClient(base_url=address) as client:
        headers = dict(place.as_owner.headers)
        path = f"{API}/agents/{agent['id']}/runs"
        for _ in range(2):
            assert (await client.post(path, params={"wait": 0.5}, headers=headers)).status_code == 202


async def test_a_connection_is_used_for_many_requests(address: str) -> None:
    """The bound is each request's, not the connection's."""
    async with httpx.AsyncClient(base_url=address, headers={"X-Long": "x" * 20_000}) as client:
        assert [(await client.get(API + "/agents")).status_code for _ in range(6)] == [401] * 6


async def test_a_client_that_hangs_up_is_no_bug(place: Place, address: str, capsys: pytest.CaptureFixture[str]) -> None:
    token = await place.key()
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as raw:
        head = f"POST {API}/agents HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        raw.sendall(head.encode() + b"Content-Length: 1000\r\n\r\n{")
        await asyncio.sleep(0.3)
    await asyncio.sleep(0.3)
    await place.as_owner.ok("GET", "/agents")
    assert "bug" not in capsys.readouterr().err


# ── Addresses and methods ────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("path", ["/nothing", "/api", API, API + "/", API + "/agents/", "/api/v2/agents", "/%00", "/é"])
async def test_an_address_that_leads_nowhere(place: Place, path: str) -> None:
    for client in (place.as_owner, place.api.client()):
        answer = await client.get(path)
        assert answer.status_code == 404
        assert answer.json()["code"] == "NotFound"
        assert answer.json()["next_step"]


async def test_a_method_that_is_not_there_tells_those_that_are(place: Place) -> None:
    for path, allow in (
        ("/agents", "GET, HEAD, OPTIONS, POST"),
        (f"/agents/{unknown()['agent_id']}", "DELETE, GET, HEAD, OPTIONS, PATCH"),
        ("/specs/parse", "OPTIONS, POST"),
        (f"/runs/{unknown()['run_id']}/events", "GET, OPTIONS"),
    ):
        for method in ("TRACE", "PROPFIND", "X" * 500):
            answer = await place.as_owner.request(method, API + path)
            assert (answer.status_code, answer.headers["allow"]) == (405, allow)
        options = await place.api.client().request("OPTIONS", API + path, headers={"Origin": "https://evil.example"})
        assert (options.status_code, options.content, options.headers["allow"]) == (204, b"", allow)
        assert not [name for name in options.headers if name.startswith("access-control")]


async def test_head_is_get_without_a_body(place: Place, address: str) -> None:
    await place.as_owner.agent()
    token = await place.key()
    async with httpx.AsyncClient(base_url=address, headers={"Authorization": f"Bearer {token}"}) as client:
        for path in ("/agents", "/runs", "/kinds", "/schemas/spec.json", "/openapi.json"):
            get, head = await client.get(API + path), await client.head(API + path)
            assert (head.status_code, head.content) == (get.status_code, b"")
            assert head.headers["content-length"] == get.headers["content-length"] == str(len(get.content))
        missing = await client.head(f"{API}/agents/{unknown()['agent_id']}")
        assert (missing.status_code, missing.content) == (404, b"")
        assert (await client.head("/healthz")).status_code == 200
    async with httpx.AsyncClient(base_url=address) as nobody:
        assert (await nobody.head(API + "/agents")).status_code == 401


# ── Headers ──────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_every_answer_has_the_safe_headers(place: Place) -> None:
    answers = [
        await place.as_owner.get(API + "/agents"),
        await place.as_owner.get("/nothing"),
        await place.api.client().get(API + "/agents"),
        await place.as_owner.post(API + "/agents", content=b"{", headers=JSON),
        await place.as_owner.post(API + "/agents", content=b"x" * (MOST_BODY_BYTES + 1), headers=JSON),
        await place.as_owner.get("/"),
        await place.as_owner.get("/healthz"),
    ]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cache-control"] == "no-store"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "strict-transport-security" not in answer.headers
        assert not [name for name in answer.headers if name.startswith("access-control")]


# ── Bugs ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_bug_has_an_id_and_no_traceback(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    async def broken() -> None:
        raise ZeroDivisionError("the secret inside")

    log.configure("info", as_json=True)
    extra = {"x-permission": "public"}
    add = api.app.router.add_api_route
    add("/api/broken", broken, route_class_override=Guarded, openapi_extra=extra, include_in_schema=False)
    try:
        answer = await api.client().get("/api/broken")
    finally:
        api.app.router.routes.pop()
    assert answer.status_code == 500
    body = answer.json()
    assert body["code"] == "Bug"
    assert body["id"] in body["next_step"]
    assert "Error" not in answer.text.replace("Internal Server Error", "")
    assert "inside" not in answer.text.replace("inside Plainwork", "")
    assert answer.headers["x-content-type-options"] == "nosniff"
    written = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    [bug] = [line for line in written if line.get("error_id") == body["id"]]
    assert "ZeroDivisionError" in bug["traceback"]
    assert bug["path"] == "/api/broken"
