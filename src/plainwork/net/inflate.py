"""Decompression that never makes more than it is asked to: gzip and deflate, chunk by chunk."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

ACCEPTED = "gzip, deflate"
_STEP = 256 * 1024


class Inflate:
    """Turns compressed chunks into plain ones of at most 256 KiB, so that a small bomb cannot fill the memory.

    Raises ValueError for damaged data or an encoding it does not know.
    """

    def __init__(self, encoding: str) -> None:
        self._name = encoding.strip().lower()
        if self._name not in {"", "identity", "gzip", "x-gzip", "deflate"}:
            raise ValueError(f"content encoding {encoding!r} was not asked for")
        self._plain = self._name in {"", "identity"}
        # 15 + 32: zlib finds out by itself whether the header is gzip's or its own.
        self._inflater = zlib.decompressobj(zlib.MAX_WBITS | 32)
        self._begun = False

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The plain chunks in this compressed one."""
        if self._plain:
            yield chunk
            return
        while chunk:
            plain = self._step(chunk)
            if plain:
                yield plain
            chunk = self._rest()

    def _step(self, chunk: bytes) -> bytes:
        begun, self._begun = self._begun, True
        try:
            return self._inflater.decompress(chunk, _STEP)
        except zlib.error as error:
            if begun or self._name != "deflate":
                raise ValueError("damaged compressed data") from error
        # Many servers mean raw deflate (RFC 1951) when they say deflate (RFC 1950).
        self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            return self._inflater.decompress(chunk, _STEP)
        except zlib.error as error:
            raise ValueError("damaged compressed data") from error

    def _rest(self) -> bytes:
        if self._inflater.eof and self._inflater.unused_data and self._name in {"gzip", "x-gzip"}:
            rest = self._inflater.unused_data  # a further gzip member (RFC 1952 §2.2)
            self._inflater = zlib.decompressobj(zlib.MAX_WBITS | 32)
            return rest
        return self._inflater.unconsumed_tail
