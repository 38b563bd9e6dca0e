"""JSON as the database takes it: fast for ordinary values, and never refusing what a server out there may send.

Postgres' jsonb has no NUL character, UTF-8 has no lone surrogates, orjson no integers beyond 64 bits. Each is mended
here (NUL and surrogates become U+FFFD, big integers are written whole) instead of failing a run long after its step.
"""

from __future__ import annotations

import json
from typing import Any

import orjson

_OPTIONS = orjson.OPT_NON_STR_KEYS
_VERSION = b"\x01"


def encode(value: Any) -> bytes:
    """JSON bytes for columns of type json (NUL is kept). NaN becomes null. Raises TypeError for what is not JSON."""
    try:
        return orjson.dumps(value, option=_OPTIONS)
    except TypeError:
        return _encode_slowly(value)


def decode(data: bytes | str) -> Any:
    """The value of JSON text."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:  # such as nesting or numbers beyond what orjson takes
        return json.loads(data)


def encode_jsonb(value: Any) -> bytes:
    """jsonb's binary wire form: a version byte, then the text."""
    data = encode(value)
    return _VERSION + (_encode_slowly(value) if b"\\u0000" in data else data)


def decode_jsonb(data: bytes) -> Any:
    """The value of jsonb's binary wire form."""
    return decode(bytes(data[1:]))


def clean_text(text: str) -> str:
    """The text without what neither Postgres' text nor UTF-8 can hold."""
    return text.replace("\x00", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _encode_slowly(value: Any) -> bytes:
    try:
        return json.dumps(_clean(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except RecursionError:
        raise TypeError("the value is nested too deeply to be JSON") from None


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {clean_text(str(k)): _clean(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(v) for v in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    if value is None or isinstance(value, bool | int | float):
        return value
    return orjson.loads(orjson.dumps(value, option=_OPTIONS))
