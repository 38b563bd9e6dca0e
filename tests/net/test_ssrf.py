"""No way out leads inside: every spelling of an inner address that is known to have fooled somebody, at every door.

A decoy stands on loopback. All names resolve to it, as the DNS of an attacker would have it; whatever is tried, nothing may
come to it.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import plainwork
from plainwork import connectors
from plainwork.connectors import Reach
from plainwork.connectors.declared import actions, connectable, triggers
from plainwork.connectors.oauth import App, Provider, Refused
from plainwork.errors import CallFailed, PlainworkError
from plainwork.llm import Credential, Gateway, Request
from plainwork.net import Client
from tests.world import Reply, World

pytestmark = pytest.mark.anyio

LOOPBACK = [
    *(
        "127.0.0.1",
        "127.0.0.1.",
        "127.1",
        "127.0.1",
        "127.255.255.254",
        "0.0.0.0",
        "0",
        "localhost",
        "LOCALHOST",
        "localhost.",
    ),
    # Decimal, octal, hexadecimal, padded, mixed, too large.
    *(
        "2130706433",
        "017700000001",
        "0x7f000001",
        "0X7F.1",
        "0x7f.0.0.0x1",
        "0177.0.0.1",
        "127.0.0.01",
        "127.000.000.001",
    ),
    *("127.0.0.0x1", "4294967297", "127.0.0.257", "1.127.0.0.1", "0x7f000001.", "+127.0.0.1", "127.0.0.-1"),
    # IPv6, and IPv4 inside it: compatible, mapped, translated, NAT64, 6to4, Teredo; zones.
    *(
        "[::1]",
        "[::]",
        "[0:0:0:0:0:0:0:1]",
        "[::127.0.0.1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::ffff:0:7f00:1]",
    ),
    *("[0000:0000:0000:0000:0000:ffff:7f00:0001]", "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]"),
    *("[2001:0:7f00:1::80ff:fffe]", "[::1%25lo]", "[fe80::1%25lo]", "[fe80::1]", "[::1%lo]", "[::1].", "[[::1]]"),
    # What other alphabets make of digits, dots and letters (IDNA, UTS 46), and what they leave out.
    *(
        "①②⑦.⓪.⓪.①",
        "127。0。0。1",
        "127．0．0．1",
        "127｡0｡0｡1",
        "１２７.0.0.1",
        "١٢٧.0.0.1",
        "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
        "loc\u00adalhost",
    ),
    *("loca\u200blhost", "xn--localhost-", "0x７f.1"),
    # Names that lead there.
    *("127.0.0.1.nip.io", "inside.example.org", "a.b.c.localtest.me", "metadata.google.internal", "localhost6"),
]
ELSEWHERE_INSIDE = [
    *(
        "169.254.169.254",
        "169.254.170.2",
        "[::ffff:a9fe:a9fe]",
        "2852039166",
        "0xa9fea9fe",
        "[fd00:ec2::254]",
        "[fe80::a9fe:a9fe]",
    ),
    *(
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "100.64.0.1",
        "224.0.0.1",
    ),
    *("255.255.255.255", "[fc00::1]", "[ff02::1]", "[2001:db8::1]"),
]
HOSTS = LOOPBACK + ELSEWHERE_INSIDE
TWISTED = [
    *(
        "http://example.org@HERE/",
        "http://example.org:80@HERE/",
        "http://HERE#@example.org/",
        "http://HERE\\@example.org/",
    ),
    *(
        "http://example.org\\@HERE/",
        "http://HERE%2f@example.org/",
        "http://HERE%00.example.org/",
        "http://HERE%0d%0a.example.org/",
    ),
    *(
        "http://HERE\r\nX: y/",
        "http://HERE\t/",
        " http://HERE/",
        "http:/HERE/",
        "http:HERE/",
        "//HERE/",
        "HERE",
        "http://\x00HERE/",
    ),
    *(
        "gopher://HERE/",
        "file://HERE/etc/passwd",
        "ftp://HERE/",
        "dict://HERE/",
        "javascript:HERE",
        "http+unix://HERE/",
    ),
    *(
        "http://HERE:HERE/",
        "http://[HERE]/",
        "http://HERE,example.org/",
        "http://ex ample.org@HERE/",
        "jar:http://HERE!/",
    ),
]
"""Addresses that parsers disagree about; HERE is the decoy."""


async def ask(client: Client, url: str) -> Any:
    return await client.request("GET", url, timeout_s=2)


async def listen(client: Client, url: str) -> Any:
    async with client.stream("GET", url, timeout_s=2) as stream:
        return await stream.read()


async def http_step(client: Client, url: str) -> Any:
    config = {"url": url, "method": "GET"}
    return await connectors.perform(actions()["http"].kind, config, Reach(client, {"token": "t"}, timeout_s=2))


async def rest_step(client: Client, url: str) -> Any:
    account = {"token": "xoxb-secret", "base_url": url.rstrip("/")}
    config = {"channel": "#a", "text": "b"}
    return await connectors.perform(actions()["slack.post"].kind, config, Reach(client, account, timeout_s=2))


async def token_step(client: Client, url: str) -> Any:
    account = {"client_id": f"id of {url}", "client_secret": "secret", "token_url": url}
    config = {"subreddit": "python"}
    return await connectors.perform(actions()["reddit.top"].kind, config, Reach(client, account, timeout_s=2))


async def feed(client: Client, url: str) -> Any:
    return await connectors.perform(actions()["rss.read"].kind, {"url": url}, Reach(client, timeout_s=2))


async def polled_feed(client: Client, url: str) -> Any:
    kind = triggers()["rss.new_item"].kind
    return await connectors.poll(kind, {"url": url}, None, Reach(client, timeout_s=2))


async def code_for_token(client: Client, url: str) -> Any:
    provider = Provider(connectable()["airtable"], App("id", "secret", {"token_url": url}), client)
    return await provider.exchange("code", "http://plainwork.test/connections/callback", "verifier")


async def revocation(client: Client, url: str) -> Any:
    return await Provider(connectable()["airtable"], App("id", "secret", {"revoke_url": url}), client).revoke("token")


async def model(client: Client, url: str) -> Any:
    async def keys(_provider: str) -> Credential:
        return Credential(key="k", base_url=url.rstrip("/"))

    gateway = Gateway(client, keys, lambda _: None, base_urls={})
    return await gateway.complete(Request(model="openai:gpt-5-mini", prompt="Hello"))


WEB_DOORS = (ask, listen, http_step, rest_step, token_step, feed, polled_feed, code_for_token, revocation, model)
Door = Callable[[Client, str], Awaitable[Any]]


async def anything(_host: str, _port: int) -> list[str]:
    """The attacker's DNS."""
    return ["127.0.0.1"]


async def refused(door: Door, client: Client, url: str) -> PlainworkError:
    with pytest.raises(PlainworkError) as caught:
        await door(client, url)
    return caught.value


@pytest.mark.parametrize("door", WEB_DOORS, ids=lambda door: door.__name__)
async def test_nothing_on_the_web_is_reached_inside(door: Door) -> None:
    async with World() as world, Client(lookup=anything) as client:
        world.web.on("*", "*", Reply(json={"ok": True, "access_token": "a"}))
        for host in HOSTS:
            error = await refused(door, client, f"http://{host}:{world.web.port}/")
            assert getattr(error, "failure", "rejected") == "rejected", (host, str(error))
        for url in TWISTED:
            await refused(door, client, url.replace("HERE", world.web.host))
        assert world.web.requests == []


@pytest.mark.parametrize("door", [ask, listen, http_step, feed, polled_feed], ids=lambda door: door.__name__)
async def test_no_redirect_leads_inside(door: Door) -> None:
    """The first stop is allowed; the decoy stands on the other port."""
    async with World() as world, Client([world.web.host], lookup=anything) as client:
        world.other.on("*", "*", Reply(text="inside"))
        for host in [host for host in HOSTS if host.isascii()]:
            for status in (301, 302, 303, 307, 308):
                world.web.on("GET", "/", Reply(status, headers={"Location": f"http://{host}:{world.other.port}/"}))
                error = await refused(door, client, world.web.url + "/")
                assert getattr(error, "failure", "rejected") == "rejected", (host, str(error))
        for url in (f"//{world.other.host}/", f"\\\\{world.other.host}\\", f"http:{world.other.host}"):
            world.web.on("GET", "/", Reply(302, headers={"Location": url}))
            with suppress(PlainworkError):  # some are taken for a place on the same server
                await door(client, world.web.url + "/")
        assert world.other.requests == []


@pytest.mark.parametrize(
    "door", [rest_step, token_step, code_for_token, revocation, model], ids=lambda door: door.__name__
)
async def test_what_carries_a_credential_takes_it_nowhere_else(door: Door) -> None:
    async with World() as world, Client([world.web.host, world.other.host]) as client:
        world.other.on("*", "*", Reply(json={"ok": True, "access_token": "a"}))
        for status in (301, 302, 303, 307, 308):
            world.web.on("*", "*", Reply(status, headers={"Location": world.other.url + "/"}))
            with suppress(PlainworkError, Refused):  # whatever it makes of the answer
                await door(client, world.web.url + "/")
        for seen in world.other.requests:
            assert "Authorization" not in seen.headers
            assert b"secret" not in seen.body


async def mail(client: Client, host: str, port: int) -> Any:
    account = {"host": host, "port": port, "from": "a@example.org", "security": "none"}
    config = {"to": "b@example.org", "subject": "c", "body": "d"}
    return await connectors.perform(actions()["email.send"].kind, config, Reach(client, account, timeout_s=2))


async def mail_by_url(client: Client, host: str, port: int) -> Any:
    account = {"url": f"smtp://user:secret@{host}:{port}", "from": "a@example.org"}
    config = {"to": "b@example.org", "subject": "c", "body": "d"}
    return await connectors.perform(actions()["email.send"].kind, config, Reach(client, account, timeout_s=2))


async def database(client: Client, host: str, port: int) -> Any:
    account = {"host": host, "port": port, "user": "u", "password": "secret", "database": "d", "ssl": "disable"}
    return await connectors.perform(
        actions()["sql.query"].kind, {"query": "select 1"}, Reach(client, account, timeout_s=2)
    )


async def database_by_url(client: Client, host: str, port: int) -> Any:
    account = {"url": f"postgresql://u:secret@{host}:{port}/d"}
    return await connectors.perform(
        actions()["sql.query"].kind, {"query": "select 1"}, Reach(client, account, timeout_s=2)
    )


async def mailbox(client: Client, host: str, port: int) -> Any:
    account = {"host": host, "port": port, "username": "u", "password": "secret", "security": "none"}
    return await connectors.poll(triggers()["mailbox.new_mail"].kind, {}, None, Reach(client, account, timeout_s=2))


PLAIN_DOORS = (mail, mail_by_url, database, database_by_url, mailbox)


@pytest.mark.parametrize("door", PLAIN_DOORS, ids=lambda door: door.__name__)
async def test_no_server_of_another_kind_is_reached_inside(door: Callable[[Client, str, int], Awaitable[Any]]) -> None:
    async with World() as world, Client(lookup=anything) as client:
        world.web.on("*", "*", Reply(text="inside"))
        for host in HOSTS:
            bare = host if "_by_url" in door.__name__ else host.strip("[]").replace("%25", "%")
            with pytest.raises(PlainworkError) as caught:
                await door(client, bare, world.post.port)
            # What is no host at all makes the account a wrong one.
            allowed = {"rejected"} if host == "127.0.0.1" else {"rejected", "auth"}
            assert getattr(caught.value, "failure", "rejected") in allowed, (host, str(caught.value))
        for path in ("/var/run/postgresql", "/tmp", "@abstract", "127.0.0.1,127.0.0.1", "", "\x00"):
            with pytest.raises(PlainworkError):
                await door(client, path, world.post.port)
        assert (world.post.mails, world.web.requests) == ([], [])


async def test_a_name_that_changes_its_mind_between_check_and_connection_is_held_to_the_check() -> None:
    """Rebinding: 127.0.0.2 is allowed and nobody listens there; what is asked for next is the decoy."""
    answers = ["127.0.0.2", "127.0.0.1"]
    asked: list[str] = []

    async def rebinding(host: str, _port: int) -> list[str]:
        asked.append(host)
        return [answers[min(len(asked) - 1, 1)]]

    async with World() as world, Client([f"127.0.0.2:{world.web.port}"], lookup=rebinding) as client:
        with pytest.raises(CallFailed, match="cannot be reached") as caught:
            await client.request("GET", f"http://rebind.example.org:{world.web.port}/")
        assert caught.value.failure == "retry"
        assert asked == ["rebind.example.org"]
        with pytest.raises(CallFailed, match="private or local"):
            await client.request("GET", f"http://rebind2.example.org:{world.web.port}/")
        with pytest.raises(CallFailed, match="private or local"):
            await client.resolve("rebind.example.org", world.web.port)
        assert world.web.requests == []


async def test_of_several_addresses_only_the_public_ones_are_tried() -> None:
    async def mixed(_host: str, _port: int) -> list[str]:
        return ["127.0.0.1", "::1", "::ffff:127.0.0.1", "127.0.0.2", "169.254.169.254"]

    async with World() as world, Client([f"127.0.0.2:{world.web.port}"], lookup=mixed) as client:
        assert await client.resolve("mixed.example.org", world.web.port) == ["127.0.0.2"]
        with pytest.raises(CallFailed, match="cannot be reached"):
            await client.request("GET", f"http://mixed.example.org:{world.web.port}/")
        assert world.web.requests == []


async def test_one_port_that_is_allowed_opens_no_other() -> None:
    async with World() as world, Client([world.web.host], lookup=anything) as client:
        world.web.on("GET", "/", Reply(text="hi"))
        assert (await client.request("GET", f"http://any.example.org:{world.web.port}/")).text() == "hi"
        with pytest.raises(CallFailed, match="private or local"):
            await client.request("GET", f"http://any.example.org:{world.other.port}/")
        assert world.other.requests == []


WAYS_OUT = {
    "connectors/code/email.py": "connects to what net.Client.resolve gives, or to the operator's own mail server",
    "connectors/code/imap.py": "connects to what net.Client.resolve gives",
    "connectors/code/sql.py": "connects to what net.Client.resolve gives",
    "connectors/sockets.py": "connects to addresses that whoever calls it has checked",
    "net/client.py": "the guard itself",
    "db": "the operator's own database",
    "queue": "the operator's own queue",
    "vault": "the operator's own keys",
    "cli": "this installation itself",
    "engine/worker.py": "its own host's name",
    "llm/local_child.py": "asks the embedded model, in its own process",
}
_OPENING = {
    "socket",
    "aiohttp",
    "httpx",
    "requests",
    "urllib.request",
    "http.client",
    "smtplib",
    "aiosmtplib",
    "imaplib",
    "asyncpg",
}
_OPENING |= {
    "ftplib",
    "poplib",
    "telnetlib",
    "websockets",
    "boto3",
    "botocore",
    "aiobotocore",
    "redis",
    "nats",
    "urllib3",
    "paramiko",
}


_OPENS = re.compile(
    rf"^\s*(?:import|from) (?:{'|'.join(map(re.escape, sorted(_OPENING)))})\b"
    r"|\.(?:open_connection|create_connection|sock_connect)\(",
    re.MULTILINE,
)


def test_every_way_out_is_known_by_name() -> None:
    """Whoever opens a connection elsewhere adds it here with the reason why that passes the guard, and a door above."""
    root = Path(plainwork.__file__).parent
    found = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if _OPENS.search(path.read_text(encoding="utf-8"))
    }
    unknown = {path for path in found if not any(path == way or path.startswith(f"{way}/") for way in WAYS_OUT)}
    assert unknown == set()
    assert {way for way in WAYS_OUT if not any(path == way or path.startswith(f"{way}/") for path in found)} == set()
