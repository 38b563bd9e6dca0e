"""The HTTP server's ear: uvicorn on llhttp's parser, which is fast but sets no bound to a request's head; here it has one."""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD_BYTES = 64 * 1024
_SAID = (
    b'{"type":"about:blank","title":"Request Header Fields Too Large","status":431,'
    b'"detail":"The address and headers of a request may have 64 KB.","next_step":"Send fewer or shorter headers."}'
)
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: application/problem+json\r\nconnection: close\r\n"
    b"content-length: " + str(len(_SAID)).encode() + b"\r\n\r\n" + _SAID
)


class BoundedHttp(HttpToolsProtocol):
    """Answers 431 (RFC 6585, 5) and closes once ``MOST_HEAD_BYTES`` have come in and the head has no end yet."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._head_bytes = 0
        self._is_in_body = False

    def data_received(self, data: bytes) -> None:
        """Takes what has come in."""
        self._head_bytes += 0 if self._is_in_body else len(data)
        super().data_received(data)
        if self._head_bytes > MOST_HEAD_BYTES and not self._is_in_body and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_headers_complete(self) -> None:
        """The head has ended."""
        self._is_in_body = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request has ended; the next one's head may follow."""
        self._is_in_body = False
        self._head_bytes = 0
        super().on_message_complete()
