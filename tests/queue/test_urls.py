"""A QUEUE_URL that cannot be meant, or whose server cannot be used, is one clear error that shows no password."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from plainwork import queue
from plainwork.db import Database
from plainwork.errors import Invalid, Unavailable
from plainwork.queue.nats import NatsWire
from plainwork.queue.redis import RedisWire
from plainwork.queue.sqs import SqsWire
from plainwork.settings import Settings
from tests.queue.conftest import Place
from tests.queue.servers import AWS_ENVIRONMENT, Nats, Redis, free_port

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("nonsense", "no adapter"),
        ("kafka://host", "no adapter"),
        ("://", "no adapter"),
        (f"redis://:{SECRET}@", "names no host"),
        (f"redis://:{SECRET}@[::1", "not a URL"),
        (f"redis://:{SECRET}@host:port", "not a URL"),
        (f"redis://:{SECRET}@host:99999", "not a URL"),
        (f"redis://:{SECRET}@a,b", "names 2 hosts"),
        (f"redis://:{SECRET}@host/queue", "not a number"),
        (f"redis://:{SECRET}@host/1\n", "not a URL"),
        (f"redis://:{SECRET}@host?ssl_cert_reqs=none", "option 'ssl_cert_reqs'"),
        (f"redis://:{SECRET}@host?name", "not a URL"),
        (f"redis://:{SECRET}@host?name=a.b", "name that is not made of"),
        (f"redis://:{SECRET}@host?name=", "name that is not made of"),
        (f"nats://u:{SECRET}@a,,b", "names no host"),
        (f"nats://u:{SECRET}@a/path", "has a path"),
        (f"nats://u:{SECRET}@a?replicas=9", "replicas"),
        (f"nats://u:{SECRET}@" + ",".join(["a"] * 40), "40 hosts"),
        ("sqs://plainwork", "needs the name"),
        ("sqs://eu-west-1/queue.fifo", "needs the name"),
        ("sqs://eu-west-1:80/queue", "region"),
        (f"sqs://key:{SECRET}@eu-west-1/queue", "AWS_ACCESS_KEY_ID"),
        ("sqs://eu-west-1/queue?endpoint=file:///etc/passwd", "endpoint"),
        (f"sqs://eu-west-1/queue?endpoint=http://user:{SECRET}@host", "endpoint"),
        ("redis://" + "x" * 100_000 + "?" + "y" * 100_000 + "=1", "has the option"),
    ],
)
def test_what_cannot_be_meant_is_refused(url: str, says: str) -> None:
    with pytest.raises(Invalid, match="QUEUE_URL") as caught:
        queue.wire(url)
    assert says in str(caught.value)
    assert "database is the queue" in str(caught.value)
    assert SECRET not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_urls_are_understood() -> None:
    redis = queue.wire(f"rediss://me:{SECRET}%40@[::1]:7000/3?name=blue")
    assert isinstance(redis, RedisWire)
    assert (redis.address.user, redis.address.password, redis.address.name) == ("me", f"{SECRET}@", "blue")
    assert str(redis.address) == "rediss://[::1]:7000/3"
    assert SECRET not in repr(redis.address)
    nats = queue.wire("nats://token@a:1,b,c:3")
    assert isinstance(nats, NatsWire)
    assert nats.address.hosts == (("a", 1), ("b", 0), ("c", 3))
    sqs = queue.wire("sqs://eu-west-1/work?endpoint=http://127.0.0.1:4566")
    assert isinstance(sqs, SqsWire)
    assert (sqs.address.path, sqs.address.options["endpoint"]) == ("work", "http://127.0.0.1:4566")


@asynccontextmanager
async def listener(greeting: bytes, *, is_endless: bool = False) -> AsyncIterator[int]:
    """Something that is no queue: says its greeting, for ever if ``is_endless``, then nothing."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(greeting)
            while await reader.read(65536) or is_endless:
                writer.write(greeting if is_endless else b"")
                await writer.drain()
        except (OSError, asyncio.CancelledError):
            return
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def urls(port: int) -> list[str]:
    return [
        f"redis://:{SECRET}@127.0.0.1:{port}",
        f"nats://us:{SECRET}@127.0.0.1:{port}",
        f"nats://{SECRET}@127.0.0.1:{port},127.0.0.1:{port}",
        f"sqs://eu-west-1/queue?endpoint=http://127.0.0.1:{port}",
    ]


async def refusal(settings: Settings, database: Database, url: str) -> str:
    """Opens a queue that cannot be opened; what was said."""
    began = time.monotonic()
    with pytest.raises(Unavailable) as caught:
        await queue.open(replace(settings, queue_url=url), database)
    assert time.monotonic() - began < 8
    said = str(caught.value)
    assert said.startswith(f"The queue {url.partition(':')[0]}://"), said
    assert SECRET not in said
    assert "QUEUE_URL" in said
    assert len(said) < 600
    return said


async def test_servers_that_are_none_are_one_clear_error(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody there; a name that does not exist; one that listens and is silent; web servers; one that never stops."""
    for name, value in AWS_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    web = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
    async with listener(b"") as silent, listener(web) as other, listener(b"x" * 65536, is_endless=True) as endless:
        tried = [url for port in (free_port(), silent, other, endless) for url in urls(port)]
        tried += ["redis://no-such-host.invalid", "nats://no-such-host.invalid", f"rediss://127.0.0.1:{silent}"]
        await asyncio.gather(*(refusal(settings, database, url) for url in tried))


@pytest.mark.parametrize(
    "place",
    [pytest.param(kind, marks=pytest.mark.xdist_group(f"queue-{kind}")) for kind in ("redis", "nats")],
    indirect=True,
)
async def test_a_wrong_password_is_said(database: Database, settings: Settings, place: Place) -> None:
    right = Redis.password if isinstance(place.server, Redis) else Nats.password
    url = place.url.replace(right, SECRET)
    # Now and then the system tells of NATS hanging up before it hands over what NATS said.
    said = " ".join([await refusal(settings, database, url) for _ in range(3)])
    assert "password" in said or "Authorization" in said


def test_libraries_are_loaded_only_when_chosen() -> None:
    seen = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from plainwork import queue; import plainwork.queue.doorbell; import plainwork.cli\n"
            "print({'redis', 'nats', 'aiobotocore', 'botocore'} & sys.modules.keys())\n"
            "queue.wire('nats://127.0.0.1'); print('nats' in sys.modules, 'redis' in sys.modules)",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert seen.stdout.split("\n")[:2] == ["set()", "True False"]
