"""The HTTP server's ear: uvicorn on llhttp's parser, which is fast but sets no bound to a request's head, nor to the time that a
request takes to come in; here both have one.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD_BYTES = 64 * 1024


def _answer(status: int, title: str, detail: str, next_step: str) -> bytes:
    said = f'{{"type":"about:blank","title":"{title}","status":{status},"detail":"{detail}","next_step":"{next_step}"}}'
    head = f"HTTP/1.1 {status} {title}\r\ncontent-type: application/problem+json\r\nconnection: close\r\n"
    return f"{head}content-length: {len(said)}\r\n\r\n{said}".encode()


_TOO_LARGE = _answer(
    *(431, "Request Header Fields Too Large"),
    *("The address and headers of a request may have 64 KB.", "Send fewer or shorter headers."),
)
_TOO_SLOW = _answer(408, "Request Timeout", "The request took too long to come in.", "Send it again, faster.")


class BoundedHttp(HttpToolsProtocol):
    """Answers 431 (RFC 6585, 5) and closes once ``MOST_HEAD_BYTES`` have come in and the head has no end yet; and 408 (RFC
    9110, 15.5.9) when a request, or the first one of a connection, is not there whole after ``MOST_REQUEST_S``."""

    MOST_REQUEST_S = 60.0

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._head_bytes = 0
        self._is_in_body = False
        self._is_whole = False
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody has connected."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """They have gone."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Takes what has come in."""
        self._head_bytes += 0 if self._is_in_body else len(data)
        super().data_received(data)
        if self._head_bytes > MOST_HEAD_BYTES and not self._is_in_body:
            self._refuse(_TOO_LARGE)
        elif not self._is_whole:
            self._wait()

    def on_message_begin(self) -> None:
        """The first bytes of a request."""
        self._is_whole = False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head has ended."""
        self._is_in_body = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request has ended; the next one's head may follow."""
        self._is_in_body = False
        self._head_bytes = 0
        self._is_whole = True
        self._stop_waiting()
        super().on_message_complete()

    def _wait(self) -> None:
        if self._patience is None:
            self._patience = self.loop.call_later(self.MOST_REQUEST_S, self._refuse, _TOO_SLOW)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _refuse(self, answer: bytes) -> None:
        """Answers, unless the application has begun to, and closes."""
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            self.transport.write(answer)
        self.transport.close()
