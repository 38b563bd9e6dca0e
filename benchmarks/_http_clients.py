"""Clients in a process of their own: each sends one POST after the other on a kept connection and reads the whole answer.
Without a body they send GETs; with an API key in ``PLAINWORK_BENCH_KEY``, that.

Usage: python -m benchmarks._http_clients URL CLIENTS SECONDS <body; prints requests a second and latencies as JSON. They speak
only as much HTTP as they need, so that they cost far less than the server they measure. Fails unless all is answered 200.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import time
from functools import partial
from typing import cast
from urllib.parse import urlsplit

import uvloop


class Client(asyncio.Protocol):
    """One connection. ``took``: seconds of each answered request."""

    def __init__(self, request: bytes, until: float, is_over: asyncio.Future[None]) -> None:
        self._request = request
        self._until = until
        self._is_over = is_over
        self._began = 0.0
        self._answer = b""
        self.took: list[float] = []
        self.body = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def _send(self) -> None:
        self._began = time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, found, body = self._answer.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        if len(body) < length:
            return
        if not head.startswith(b"HTTP/1.1 200"):
            self._is_over.set_exception(RuntimeError(self._answer[:500].decode()))
            return
        now = time.perf_counter()
        self.took.append(now - self._began)
        self.body, self._answer = body, b""
        if now < self._until:
            self._send()
        else:
            self._transport.close()
            self._is_over.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._is_over.done():
            self._is_over.set_exception(exc or RuntimeError("the server closed the connection"))


def _itself(client: Client) -> Client:
    return client


async def load(url: str, clients: int, seconds: float, body: bytes) -> dict[str, float | str]:
    """Requests a second, and the median and 99th percentile of their milliseconds."""
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    key = os.environ.get("PLAINWORK_BENCH_KEY")
    request = (
        f"{'POST' if body else 'GET'} {target} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        + (f"Authorization: Bearer {key}\r\n" if key else "")
        + (f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n" if body else "\r\n")
    ).encode() + body
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    made: list[Client] = []
    ends: list[asyncio.Future[None]] = []
    for _ in range(clients):
        end = loop.create_future()
        client = Client(request, began + seconds, end)
        await loop.create_connection(partial(_itself, client), parts.hostname or "", parts.port or 80)
        made.append(client)
        ends.append(end)
    await asyncio.gather(*ends)
    wall_s = time.perf_counter() - began
    took_ms = [each * 1000 for client in made for each in client.took]
    centiles = statistics.quantiles(took_ms, n=100) if len(took_ms) > 1 else took_ms * 99
    answers = {client.body for client in made}
    return {
        "per_s": len(took_ms) / wall_s,
        "p50": centiles[49],
        "p99": centiles[98],
        "answer": " or ".join(sorted(answer.decode() for answer in answers)),
    }


if __name__ == "__main__":
    url, clients, seconds = sys.argv[1:]
    print(json.dumps(uvloop.run(load(url, int(clients), float(seconds), sys.stdin.buffer.read()))))
