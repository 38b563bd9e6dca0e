"""The wire to Amazon SQS: a standard queue, read by long polls, written and acknowledged in batches of ten.

Who may use it is looked for where AWS' own tools look: environment, profile, the role of the container or machine.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from aiohttp import ClientError as HttpError
from botocore.exceptions import BotoCoreError, ClientError

from plainwork.queue.addresses import Address, invalid, parse
from plainwork.queue.doorbell import REDELIVER_S, Message, all_of

EXAMPLE = "sqs://eu-central-1/plainwork (with ?endpoint=http://host:port for a server that is not Amazon's)"
_REGION = re.compile(r"[a-z0-9-]{1,40}")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")
_BATCH = 10
_CONNECTIONS = 20
_KEPT_S = 3600
_NOT_THERE = ("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue")


def at(url: str) -> Address:
    """The address in an ``sqs://`` URL: the region stands where the host does. Raises Invalid."""
    address = parse(url, options=("endpoint",), example=EXAMPLE)
    if not _REGION.fullmatch(address.hosts[0][0]) or address.hosts[0][1]:
        raise invalid("does not begin with a region", EXAMPLE)
    if not _NAME.fullmatch(address.path):
        raise invalid("needs the name of a standard queue: up to 80 letters, digits, _ and -", EXAMPLE)
    if address.user is not None:
        raise invalid("holds a key; AWS' keys belong in its own settings (AWS_ACCESS_KEY_ID …)", EXAMPLE)
    endpoint = address.options.get("endpoint")
    if endpoint is not None and not _is_web_address(endpoint):
        raise invalid("gives an endpoint that is not http://host:port or https://host", EXAMPLE)
    return address


class SqsWire:
    """See ``plainwork.queue.doorbell.Wire``."""

    poll_s = 20.0
    at_once = 100

    def __init__(self, address: Address, redeliver_s: float = REDELIVER_S) -> None:
        self.address = address
        self._redeliver_s = max(1, round(redeliver_s))
        self._open = AsyncExitStack()
        self._client: Any = None
        self._queue = ""

    async def prepare(self) -> None:
        """Finds the queue, or makes it."""
        async with self._asking():
            if self._client is None:
                self._client = await self._open.enter_async_context(
                    get_session().create_client(
                        "sqs",
                        region_name=self.address.hosts[0][0],
                        endpoint_url=self.address.options.get("endpoint"),
                        config=AioConfig(
                            connect_timeout=3,
                            read_timeout=self.poll_s + 5,
                            retries={"total_max_attempts": 1},
                            max_pool_connections=_CONNECTIONS,
                        ),
                    )
                )
            try:
                found = await self._client.get_queue_url(QueueName=self.address.path)
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") not in _NOT_THERE:
                    raise
                found = await self._client.create_queue(
                    QueueName=self.address.path, Attributes={"MessageRetentionPeriod": str(_KEPT_S)}
                )
            self._queue = found["QueueUrl"]

    async def send(self, bodies: Sequence[str]) -> None:
        """Ten a request, several requests at once."""

        async def send(ten: Sequence[str]) -> None:
            entries = [{"Id": str(i), "MessageBody": body} for i, body in enumerate(ten)]
            answer = await self._client.send_message_batch(QueueUrl=self._queue, Entries=entries)
            for failure in answer.get("Failed", ()):
                raise self.address.unavailable(failure.get("Message") or failure["Code"])

        async with self._asking():
            await all_of(send, _tens(bodies))

    async def receive(self, limit: int, timeout_s: float) -> Sequence[Message]:
        """Waits for the first messages; when they fill a request, takes more in a few requests at once."""
        async with self._asking():
            messages = await self._receive(min(limit, _BATCH), int(timeout_s))
            room = min(limit, self.at_once) - _BATCH
            if len(messages) == _BATCH and room > 0:
                sizes = [min(_BATCH, room - start) for start in range(0, room, _BATCH)]
                for some in await all_of(self._receive, sizes):
                    messages += some
            return messages

    async def acknowledge(self, receipts: Sequence[str]) -> None:
        """Deletes the messages, ten a request."""

        async def delete(ten: Sequence[str]) -> None:
            entries = [{"Id": str(i), "ReceiptHandle": one} for i, one in enumerate(ten)]
            await self._client.delete_message_batch(QueueUrl=self._queue, Entries=entries)

        async with self._asking():
            await all_of(delete, _tens(receipts))

    async def close(self) -> None:
        """Disconnects."""
        self._client = None
        await self._open.aclose()

    async def _receive(self, limit: int, wait_s: int = 0) -> list[Message]:
        answer = await self._client.receive_message(
            QueueUrl=self._queue,
            MaxNumberOfMessages=limit,
            WaitTimeSeconds=wait_s,
            VisibilityTimeout=self._redeliver_s,
        )
        return [Message(one.get("Body", ""), one["ReceiptHandle"]) for one in answer.get("Messages", ())]

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[None]:
        try:
            yield
        except ClientError as error:
            raise self.address.unavailable(error.response.get("Error", {}).get("Message") or error) from error
        except (BotoCoreError, HttpError, OSError) as error:
            raise self.address.unavailable(error) from error


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and not parts.username
    except ValueError:
        return False


def _tens(items: Sequence[str]) -> Iterable[Sequence[str]]:
    return (items[at : at + _BATCH] for at in range(0, len(items), _BATCH))
