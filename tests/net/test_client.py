from __future__ import annotations

import asyncio
import gzip
import time
import zlib
from email.utils import formatdate

import pytest

from plainwork.errors import CallFailed
from plainwork.net import Client, Outgoing, Response, failed, failure_of, retry_after_s
from tests.world import Reply, Seen, world_and_client

pytestmark = pytest.mark.anyio


def bearer(out: Outgoing) -> None:
    out.headers["Authorization"] = "Bearer sesame"


async def test_a_request_arrives_as_written_and_the_answer_comes_back() -> None:
    async with world_and_client() as (world, client):
        world.web.on("POST", "/things", Reply(201, json={"id": 7}, headers={"X-One": "1"}))
        answer = await client.request(
            "post",
            f"{world.web.url}/things?a=1#part",
            headers={"X-Mine": "yes"},
            params={"b": [1, 2], "c": None, "d": True},
            body=b'{"x":1}',
        )
        assert (answer.status, answer.json(), answer.headers["x-one"]) == (201, {"id": 7}, "1")
        seen = world.web.requests[0]
        assert (seen.method, seen.path, seen.body) == ("POST", "/things", b'{"x":1}')
        assert seen.query == {"a": "1", "b": "2", "d": "true"}
        assert seen.headers["X-Mine"] == "yes"
        assert seen.headers["User-Agent"].startswith("plainwork/")


async def test_loopback_is_refused_unless_allowed_also_through_names_and_redirects() -> None:
    async with world_and_client() as (world, client):
        world.web.on("GET", "/", Reply(text="hi"))
        world.web.on("GET", "/away", Reply(302, headers={"Location": "http://169.254.169.254/latest/meta-data"}))
        world.web.on("GET", "/file", Reply(302, headers={"Location": "file:///etc/passwd"}))
        for target, says in (("/away", "169.254.169.254:80 is a private"), ("/file", "not a web address")):
            with pytest.raises(CallFailed, match=says) as caught:
                await client.request("GET", world.web.url + target)
            assert caught.value.failure == "rejected"
        async with Client() as strict:
            for host in ("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"):
                with pytest.raises(CallFailed, match="PLAINWORK_ALLOW_HOSTS"):
                    await strict.request("GET", f"http://{host}:{world.web.port}/")
        assert [s.path for s in world.web.requests] == ["/away", "/file"]


async def test_an_allowed_name_is_reached_at_the_address_that_was_checked() -> None:
    answers = [["127.0.0.1"], ["10.9.9.9"]]

    async def lookup(_host: str, _port: int) -> list[str]:
        return answers.pop(0) if len(answers) > 1 else answers[0]

    async with world_and_client() as (world, _):
        world.web.on("GET", "/", Reply(text="hi"))
        async with Client([f"127.0.0.1:{world.web.port}"], lookup=lookup) as client:
            url = f"http://rebinding.example:{world.web.port}/"
            assert (await client.request("GET", url)).text() == "hi"
            # The DNS has changed to a private address meanwhile; no connection goes there.
            assert (await client.request("GET", url)).text() == "hi"
            with pytest.raises(CallFailed, match="private or local"):
                await client.resolve("rebinding.example", world.web.port)


async def test_a_redirect_to_another_host_loses_every_credential() -> None:
    async with world_and_client() as (world, client):
        world.web.on("GET", "/go", Reply(302, headers={"Location": f"{world.other.url}/end"}))
        world.web.on("GET", "/same", Reply(307, headers={"Location": "/end"}))
        world.web.on("GET", "/end", Reply(text="here"))
        world.other.on("GET", "/end", Reply(text="there"))
        headers = {"X-Api-Key": "k", "Cookie": "c=1", "Accept": "text/plain"}
        assert (await client.request("GET", f"{world.web.url}/go", headers=headers, sign=bearer)).text() == "there"
        far = world.other.requests[0].headers
        assert "Authorization" not in far
        assert "X-Api-Key" not in far
        assert "Cookie" not in far
        assert far["Accept"] == "text/plain"
        assert (await client.request("GET", f"{world.web.url}/same", headers=headers, sign=bearer)).text() == "here"
        near = world.web.requests[-1].headers
        assert near["Authorization"] == "Bearer sesame"
        assert near["X-Api-Key"] == "k"


async def test_a_signed_body_is_not_carried_to_another_host() -> None:
    async with world_and_client() as (world, client):
        world.web.on("POST", "/go", Reply(307, headers={"Location": f"{world.other.url}/end"}))
        with pytest.raises(CallFailed, match="carries a credential"):
            await client.request("POST", f"{world.web.url}/go", body=b"x", sign=bearer)
        assert world.other.requests == []


async def test_redirects_change_the_method_as_browsers_do_and_end() -> None:
    async with world_and_client() as (world, client):
        world.web.on("POST", "/303", Reply(303, headers={"Location": "/end"}))
        world.web.on("PUT", "/308", Reply(308, headers={"Location": "/end"}))
        world.web.on("*", "/end", Reply(text="ok"))
        world.web.on("GET", "/loop", Reply(302, headers={"Location": "/loop"}))
        await client.request("POST", f"{world.web.url}/303", body=b"x")
        await client.request("PUT", f"{world.web.url}/308", body=b"y")
        assert [(s.method, s.body) for s in world.web.seen("/end")] == [("GET", b""), ("PUT", b"y")]
        with pytest.raises(CallFailed, match="more than 5 times"):
            await client.request("GET", f"{world.web.url}/loop")
        raw = await client.request("GET", f"{world.web.url}/loop", follow=False)
        assert (raw.status, raw.headers["location"]) == (302, "/loop")


async def test_a_call_bound_to_hosts_reaches_no_other() -> None:
    async with world_and_client() as (world, client):
        world.web.on("GET", "/go", Reply(302, headers={"Location": f"{world.other.url}/end"}))
        bound = {"hosts": {world.web.host}, "sign": bearer}
        with pytest.raises(CallFailed, match="may not be used with"):
            await client.request("GET", f"{world.web.url}/go", **bound)
        assert world.other.requests == []


async def test_time_is_bounded() -> None:
    async with world_and_client() as (world, client):
        world.web.on("GET", "/slow", Reply(delay_s=5))
        world.web.on("GET", "/drip", Reply(chunks=[b"x"] * 50, pause_s=0.1))
        began = time.monotonic()
        for path in ("/slow", "/drip"):
            with pytest.raises(CallFailed, match=r"did not answer within 0\.2 s") as caught:
                await client.request("GET", world.web.url + path, timeout_s=0.2)
            assert caught.value.failure == "timeout"
            assert caught.value.uncertain
        assert time.monotonic() - began < 2


async def test_size_is_bounded_also_of_what_unpacks() -> None:
    bomb = gzip.compress(b"\0" * 30_000_000)
    assert len(bomb) < 40_000
    async with world_and_client() as (world, client):
        world.web.on("GET", "/bomb", Reply(body=bomb, headers={"Content-Encoding": "gzip"}))
        world.web.on("GET", "/big", Reply(body=b"x" * 200_000))
        with pytest.raises(CallFailed, match="larger than 10 MiB"):
            await client.request("GET", f"{world.web.url}/bomb")
        with pytest.raises(CallFailed, match=r"larger than 0\.0953674 MiB"):
            await client.request("GET", f"{world.web.url}/big", max_bytes=100_000)


async def test_compressed_answers_are_unpacked() -> None:
    plain = b"hello " * 1000
    raw = zlib.compressobj(wbits=-15)
    forms = {
        "gzip": gzip.compress(plain[:3000]) + gzip.compress(plain[3000:]),
        "deflate": zlib.compress(plain),
        "Deflate": raw.compress(plain) + raw.flush(),
        "identity": plain,
    }
    async with world_and_client() as (world, client):
        for encoding, body in forms.items():
            half = len(body) // 2
            world.web.on("GET", "/", Reply(chunks=[body[:half], body[half:]], headers={"Content-Encoding": encoding}))
            assert (await client.request("GET", world.web.url)).body == plain, encoding
        for encoding, body in (("gzip", b"not gzip"), ("br", b"x"), ("deflate", b"\xff\xff\xff")):
            world.web.on("GET", "/", Reply(body=body, headers={"Content-Encoding": encoding}))
            with pytest.raises(CallFailed, match="cannot be read"):
                await client.request("GET", world.web.url)


async def test_broken_connections_may_be_tried_again() -> None:
    async with world_and_client() as (world, client):
        world.web.on("POST", "/gone", Reply(drop=0))
        world.web.on("GET", "/half", Reply(body=b"x" * 1000, drop=10))
        for method, path in (("POST", "/gone"), ("GET", "/half")):
            with pytest.raises(CallFailed, match=r"broke off|connection") as caught:
                await client.request(method, world.web.url + path, body=b"{}" if method == "POST" else None)
            assert caught.value.failure == "retry"
            assert caught.value.uncertain
        port = world.other.port
        await world.other.stop()
        with pytest.raises(CallFailed, match=f"127.0.0.1:{port} cannot be reached: connection refused") as caught:
            await client.request("GET", f"{world.other.url}/")
        assert (caught.value.failure, caught.value.uncertain) == ("retry", False)


async def test_an_unknown_host_is_named() -> None:
    async def lookup(_host: str, _port: int) -> list[str]:
        raise OSError(-2, "Name or service not known")

    async with Client(lookup=lookup) as client:
        with pytest.raises(CallFailed, match=r"The host nowhere\.example could not be found") as caught:
            await client.request("GET", "https://nowhere.example/x")
        assert caught.value.failure == "retry"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "ftp://example.com/",
        "http://",
        "http:///x",
        "http://[::1",
        "http://a\\@b/",
        "http://h:99999/",
        "//x/y",
    ],
)
async def test_what_is_not_a_web_address_is_said(url: str) -> None:
    async with Client() as client:
        with pytest.raises(CallFailed, match="not a web address") as caught:
            await client.request("GET", url)
        assert caught.value.failure == "rejected"


async def test_credentials_in_addresses_and_smuggled_headers_are_refused() -> None:
    async with world_and_client() as (world, client):
        with pytest.raises(CallFailed, match="user name or password"):
            await client.request("GET", f"http://me:secret@{world.web.host}/")
        for headers in ({"X": "a\r\nEvil: 1"}, {"A b": "c"}, {"Host": "other"}, {"Content-Length": "0"}):
            with pytest.raises(CallFailed, match="header"):
                await client.request("GET", world.web.url, headers=headers)
        assert world.web.requests == []


async def test_lines_arrive_while_the_answer_is_still_being_written() -> None:
    async with world_and_client() as (world, client):
        world.web.on("GET", "/", Reply(chunks=[b"one\r\ntw", b"o\n", b"\n", "drei ü".encode()], pause_s=0.05))
        began, times, lines = time.monotonic(), [], []
        async with client.stream("GET", world.web.url) as stream:
            async for line in stream.lines():
                lines.append(line)
                times.append(time.monotonic() - began)
        assert lines == ["one", "two", "", "drei ü"]
        assert times[-1] - times[0] > 0.1
        world.web.on("GET", "/", Reply(503, json={"why": "busy"}))
        async with client.stream("GET", world.web.url) as stream:
            assert (stream.status, (await stream.read()).json()) == (503, {"why": "busy"})


async def test_a_cancelled_call_leaves_nothing_behind() -> None:
    async with world_and_client() as (world, client):
        world.web.on("GET", "/", Reply(delay_s=5))
        task = asyncio.create_task(client.request("GET", world.web.url))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_cookies_of_one_call_do_not_reach_the_next() -> None:
    def echo(seen: Seen) -> Reply:
        return Reply(text=seen.headers.get("Cookie", "none"), headers={"Set-Cookie": "a=1"})

    async with world_and_client() as (world, client):
        world.web.on("GET", "/", echo)
        await client.request("GET", world.web.url)
        assert (await client.request("GET", world.web.url)).text() == "none"


async def test_statuses_are_classified() -> None:
    kinds = {s: failure_of(s) for s in (200, 304, 400, 401, 403, 404, 408, 409, 422, 425, 429, 500, 503, 599)}
    assert kinds == {
        **dict.fromkeys((200, 304)),
        **dict.fromkeys((400, 404, 409, 422), "rejected"),
        **dict.fromkeys((401, 403), "auth"),
        **dict.fromkeys((408, 425, 429, 500, 503, 599), "retry"),
    }
    busy = failed(Response(429, {"retry-after": "7"}, b"", "x"), "Slack", "slow down")
    assert (busy.failure, busy.retry_after_s, busy.uncertain) == ("retry", 7.0, False)
    assert "Slack cannot answer now (status 429): slow down" in str(busy)
    assert failed(Response(502, {}, b"", "x"), "Slack").uncertain
    refused = failed(Response(401, {}, b"", "x"), "Slack")
    assert refused.failure == "auth"
    assert "renew the account" in str(refused)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("12", 12.0),
        ("1.5", 1.5),
        ("999999", 3600.0),
        ("-1", None),
        ("soon", None),
        ("", None),
        ("9" * 40, None),
        (formatdate(1_000_030, usegmt=True), 30.0),
        (formatdate(999_000, usegmt=True), 0.0),
    ],
)
async def test_retry_after_is_read_and_bounded(text: str, seconds: float | None) -> None:
    assert retry_after_s({"retry-after": text}, now=1_000_000) == seconds
    assert retry_after_s({}) is None
    assert retry_after_s({"retry-after-ms": "250", "retry-after": "9"}) == 0.25


@pytest.mark.parametrize("encoding", ["deflate", "gzip"])
async def test_what_follows_compressed_data_is_not_collected(encoding: str) -> None:
    """Bytes behind the end, or empty members, make no plain byte; they are bounded all the same."""
    body = zlib.compress(b"hello") if encoding == "deflate" else gzip.compress(b"hello")
    more = b"\0" * 65536 if encoding == "deflate" else gzip.compress(b"") * 3000
    async with world_and_client() as (world, client):
        world.web.on("GET", "/", Reply(chunks=[body, *[more] * 8], headers={"Content-Encoding": encoding}))
        with pytest.raises(CallFailed, match="larger than"):
            await client.request("GET", world.web.url, max_bytes=10_000)
        assert (await client.request("GET", world.web.url)).body == b"hello"
