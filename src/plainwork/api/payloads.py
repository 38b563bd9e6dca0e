"""Bodies that are not the API's own: read up to a bound, and understood by what they say they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.types import Receive

from plainwork.api.routing import parse_json

MOST_FIELDS = 1000
FORM = "application/x-www-form-urlencoded"
_KNOWN = f"JSON, {FORM}, multipart/form-data without files, or text"


async def read(receive: Receive, headers: Mapping[str, str], most: int) -> bytes:
    """The body. Raises HTTPException: 413 over ``most`` bytes, 400 when it was cut off."""
    declared = headers.get("content-length", "0")
    if not declared.isdigit() or len(declared) > 15 or int(declared) > most:
        raise _too_large(most)
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise HTTPException(400, "The body was cut off")
        part = message.get("body", b"")
        size += len(part)
        if size > most:
            raise _too_large(most)
        parts.append(part)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_large(most: int) -> HTTPException:
    return HTTPException(413, f"The body is larger than {most} bytes")


def understood(body: bytes, content_type: str) -> Any:
    """What a body says: JSON's value, a form's fields (a list where a name comes twice), a text; None when it is empty.
    Raises Rejected for JSON that is none, HTTPException 415 for what nobody understands here."""
    if not body:
        return None
    media_type = content_type.partition(";")[0].strip().lower()
    kind, _, subtype = media_type.partition("/")
    if media_type == "application/json" or (kind == "application" and subtype.endswith("+json")):
        return parse_json(body)
    if media_type == FORM:
        return fields_of(_text(body))
    if media_type == "multipart/form-data":
        return _gathered(_parts(body, content_type))
    if kind == "text" and subtype != "html":
        return _text(body)
    raise HTTPException(415, f"The body has to be {_KNOWN}; its Content-Type says {media_type[:80] or 'nothing'}")


def fields_of(text: str) -> dict[str, Any]:
    """The fields of a query string or an encoded form."""
    try:
        return _gathered(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise HTTPException(400, f"There are more than {MOST_FIELDS} fields") from None


def is_text(content_type: str) -> bool:
    """Whether fields come as texts, so that numbers and the like have to be read out of them."""
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type in (FORM, "multipart/form-data")


def _gathered(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if "\x00" in name or "\x00" in value:
            raise HTTPException(400, "The body holds the character NUL, which cannot be stored")
        before = found.get(name)
        found[name] = value if before is None else [*before, value] if isinstance(before, list) else [before, value]
    return found


def _text(body: bytes) -> str:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise HTTPException(400, "The body is not UTF-8") from None
    if "\x00" in text:
        raise HTTPException(400, "The body holds the character NUL, which cannot be stored")
    return text


def _parts(body: bytes, content_type: str) -> Iterable[tuple[str, str]]:
    """The fields of a multipart form (RFC 7578)."""
    header = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    message = BytesParser(policy=HTTP).parsebytes(header + body)
    parts = list(message.iter_parts()) if message.is_multipart() else []
    if len(parts) > MOST_FIELDS:
        raise HTTPException(400, f"There are more than {MOST_FIELDS} fields")
    for part in parts:
        if part.get_filename() is not None:
            raise HTTPException(415, "Files are not taken here: send an address that they can be fetched from")
        name, content = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            yield name, _text(content)
