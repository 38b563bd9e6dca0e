"""JSON as the database takes it: fast for ordinary values, and never refusing what a server out there may send.

Postgres' jsonb has no NUL character, UTF-8 has no lone surrogates, orjson no integers beyond 64 bits. Each is mended
here (NUL and surrogates become U+FFFD, big integers stay whole) instead of failing a run long after its step.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import orjson

_OPTIONS = orjson.OPT_NON_STR_KEYS
_VERSION = b"\x01"
_DECODER = msgspec.json.Decoder()  # as fast as orjson, which reads integers beyond 64 bits as floats


def encode(value: Any) -> bytes:
    """JSON bytes for columns of type json (NUL is kept). NaN becomes null. Raises TypeError for what is not JSON."""
    try:
        return orjson.dumps(value, option=_OPTIONS)
    except TypeError:
        return _encode_slowly(value, _mend_pairs)


def decode(data: bytes | str) -> Any:
    """The value of JSON text, integers of any size whole."""
    try:
        return _DECODER.decode(data)
    except msgspec.MsgspecError:  # numbers such as 1e999, which are JSON all the same
        return json.loads(data)


def encode_jsonb(value: Any) -> bytes:
    """jsonb's binary wire form: a version byte, then the text."""
    data = encode(value)
    return _VERSION + (_encode_slowly(value, clean_text) if b"\\u0000" in data else data)


def decode_jsonb(data: bytes) -> Any:
    """The value of jsonb's binary wire form."""
    return decode(bytes(data[1:]))


def clean_text(text: str) -> str:
    """The text without what neither Postgres' text nor UTF-8 can hold."""
    return _mend_pairs(text.replace("\x00", "\ufffd"))


def _mend_pairs(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _encode_slowly(value: Any, mend: Callable[[str], str]) -> bytes:
    try:
        return json.dumps(_clean(value, mend), ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except RecursionError:
        raise TypeError("the value is nested too deeply to be JSON") from None


def _clean(value: Any, mend: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return mend(value)
    if isinstance(value, dict):
        return {mend(_key(k)): _clean(v, mend) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(v, mend) for v in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    if value is None or isinstance(value, bool | int | float):
        return value
    return orjson.loads(orjson.dumps(value, option=_OPTIONS))


def _key(key: Any) -> str:
    return key if isinstance(key, str) else str(orjson.loads(orjson.dumps({key: None}, option=_OPTIONS)).popitem()[0])
