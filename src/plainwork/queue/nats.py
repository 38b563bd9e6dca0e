"""The wire to NATS JetStream: a work-queue stream, kept in memory on as many servers as asked for, and one pull consumer.

A lost connection is never mended: ``prepare`` makes a new one, to whichever server of the cluster answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.api import ConsumerConfig, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError

from plainwork.errors import Unavailable
from plainwork.queue.addresses import Address, bracketed, invalid, parse
from plainwork.queue.doorbell import MOST_ON_SERVER, REDELIVER_S, Message, all_of

EXAMPLE = "nats://user:password@host1:4222,host2:4222,host3:4222?name=plainwork&replicas=3"
_CONSUMER = "workers"
_CONNECT_S = 2
_ANSWER_S = 3.0
_MOST_HOSTS = 32
_MOST_REPLICAS = 5
_IS_OVER = ("404", "408")
"""A pull has ended: there is nothing more, or its time is up."""


def at(url: str) -> Address:
    """The address in a ``nats://`` URL. Raises Invalid."""
    address = parse(url, options=("name", "replicas"), example=EXAMPLE, most_hosts=_MOST_HOSTS)
    if address.path:
        raise invalid("has a path, which means nothing to NATS", EXAMPLE)
    if address.options.get("replicas", "1") not in map(str, range(1, _MOST_REPLICAS + 1)):
        raise invalid(f"asks for replicas that are not a number from 1 to {_MOST_REPLICAS}", EXAMPLE)
    return address


class NatsWire:
    """See ``plainwork.queue.doorbell.Wire``."""

    poll_s = 2.0
    at_once = 500

    def __init__(self, address: Address, redeliver_s: float = REDELIVER_S) -> None:
        self.address = address
        self._redeliver_s = redeliver_s
        self._replicas = int(address.options.get("replicas", 3 if len(address.hosts) > 2 else 1))
        self._subject = f"{address.name}.runs"
        self._pull_subject = f"$JS.API.CONSUMER.MSG.NEXT.{address.name}.{_CONSUMER}"
        self._client: Client | None = None
        self._patience: set[asyncio.Timeout] = set()

    async def prepare(self) -> None:
        """Connects if need be; makes the stream and its consumer. Those that are there stay as their owner made them."""
        async with self._asking():
            if self._client is None or not self._client.is_connected:
                await self.close()
                self._client = await self._connect()
            stream = self._client.jetstream(timeout=_ANSWER_S)
            try:
                await stream.stream_info(self.address.name)
            except NotFoundError:
                await stream.add_stream(
                    StreamConfig(
                        name=self.address.name,
                        subjects=[self._subject],
                        retention=RetentionPolicy.WORK_QUEUE,
                        storage=StorageType.MEMORY,
                        num_replicas=self._replicas,
                        max_msgs=MOST_ON_SERVER,
                    )
                )
            try:
                await stream.consumer_info(self.address.name, _CONSUMER)
            except NotFoundError:
                await stream.add_consumer(
                    self.address.name,
                    ConsumerConfig(durable_name=_CONSUMER, ack_wait=self._redeliver_s, max_ack_pending=MOST_ON_SERVER),
                )

    async def send(self, bodies: Sequence[str]) -> None:
        """All at once; each is confirmed."""
        async with self._asking():
            stream = self._connected().jetstream(timeout=_ANSWER_S)
            await all_of(lambda body: stream.publish(self._subject, body.encode()), bodies, self.at_once)

    async def receive(self, limit: int, timeout_s: float) -> Sequence[Message]:
        """Waits for one message, then takes what else is there."""
        async with self._asking():
            messages = await self._pull({"batch": 1, "expires": int(timeout_s * 1e9)}, timeout_s)
            if messages and limit > 1:
                messages += await self._pull({"batch": limit - 1, "no_wait": True}, 0.0)
            return messages

    async def acknowledge(self, receipts: Sequence[str]) -> None:
        """Unconfirmed: what gets lost comes again."""
        async with self._asking():
            client = self._connected()
            for receipt in receipts:
                await client.publish(receipt, b"+ACK")
            await client.flush()

    async def close(self) -> None:
        """Disconnects."""
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(NatsError, OSError, TimeoutError):
                await client.close()

    async def _connect(self) -> Client:
        """To the first server that answers. Raises Unavailable with what the last one said."""
        hosts = random.sample(self.address.hosts, len(self.address.hosts))
        for host, port in hosts[:-1]:
            with contextlib.suppress(Unavailable):
                return await self._connect_to(host, port)
        return await self._connect_to(*hosts[-1])

    async def _connect_to(self, host: str, port: int) -> Client:
        said: list[Exception] = []

        async def note(error: Exception) -> None:
            said.append(error)

        client = Client()
        try:
            await client.connect(
                f"nats://{bracketed(host)}:{port or 4222}",
                allow_reconnect=False,
                max_reconnect_attempts=1,
                reconnect_time_wait=0,
                connect_timeout=_CONNECT_S,
                error_cb=note,
                closed_cb=self._lost,
                **self._login(),
            )
        except BaseException as error:
            with contextlib.suppress(NatsError, OSError, TimeoutError):
                await client.close()
            if isinstance(
                error, (NatsError, OSError, TimeoutError, ValueError)
            ):  # ValueError: it speaks another language
                raise self.address.unavailable(said[-1] if said else error) from error
            raise
        return client

    def _login(self) -> Mapping[str, Any]:
        if self.address.user and self.address.password is None:
            return {"token": self.address.user}
        return {"user": self.address.user, "password": self.address.password}

    def _connected(self) -> Client:
        if self._client is None:
            raise self.address.unavailable("there is no connection")
        return self._client

    async def _pull(self, request: Mapping[str, object], timeout_s: float) -> list[Message]:
        client = self._connected()
        inbox = client.new_inbox()
        messages: list[Message] = []
        subscription = await client.subscribe(inbox)
        try:
            await client.publish(self._pull_subject, json.dumps(request).encode(), reply=inbox)
            while len(messages) < int(str(request["batch"])):
                message = await subscription.next_msg(timeout_s + _ANSWER_S)
                status = (message.headers or {}).get("Status")
                if status in _IS_OVER:
                    break
                if status:
                    raise self.address.unavailable((message.headers or {}).get("Description") or f"status {status}")
                messages.append(Message(message.data.decode(errors="replace"), message.reply))
        finally:
            with contextlib.suppress(NatsError):
                await subscription.unsubscribe()
        return messages

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[None]:
        """Around whatever is asked of the server; given up when the connection ends, for then no answer will come."""
        try:
            async with asyncio.timeout(None) as patience:
                self._patience.add(patience)
                yield
        except (NatsError, OSError, TimeoutError) as error:
            raise self.address.unavailable("the connection was lost" if patience.expired() else error) from error
        finally:
            self._patience.discard(patience)

    async def _lost(self) -> None:
        for patience in self._patience:
            if not patience.expired():
                patience.reschedule(asyncio.get_running_loop().time())
