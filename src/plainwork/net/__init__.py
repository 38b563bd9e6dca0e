"""Everything Plainwork sends over HTTP leaves through ``Client``: guarded, signed, bounded, classified."""

from __future__ import annotations

from plainwork.net.answer import Response, failed, failure_of, is_json, may_have_acted, retry_after_s
from plainwork.net.client import MAX_BYTES, Client, Outgoing, Sign, Stream, place_of
from plainwork.net.guard import Guard

__all__ = [
    "MAX_BYTES",
    "Client",
    "Guard",
    "Outgoing",
    "Response",
    "Sign",
    "Stream",
    "failed",
    "failure_of",
    "is_json",
    "may_have_acted",
    "place_of",
    "retry_after_s",
]
