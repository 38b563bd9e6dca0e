"""Conditional requests (RFC 9110 §13): what has not changed is not sent again, and what has changed meanwhile is not written
over. The tag of an answer is a digest of its bytes; where fields pass by (``Shape.PASSING``), a digest of all the others stands
before it, and that one alone says whether anything was changed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from hashlib import blake2b
from typing import Annotated

import msgspec
from fastapi import Header, Request, Response

from plainwork.api.shapes import Shape
from plainwork.errors import PreconditionFailed

IF_MATCH = "If-Match"
IfMatch = Annotated[
    str | None,
    Header(alias=IF_MATCH, max_length=1000, description="The `ETag` of what is to be changed, as it was read."),
]


def tag_of(body: bytes, passing: Collection[str] = ()) -> str:
    """The entity tag of the bytes of JSON, a strong one. ``passing``: the fields of it that pass by."""
    whole = _digest(body)
    if not passing:
        return f'"{whole}"'
    lasting = {name: value for name, value in msgspec.json.decode(body).items() if name not in passing}
    return f'"{_digest(msgspec.json.encode(lasting, order="sorted"))}.{whole}"'


def _digest(body: bytes) -> str:
    return blake2b(body, digest_size=16).hexdigest()


def is_named(header: str, tag: str) -> bool:
    """Whether a list of entity tags names this one, or any. A proxy that compresses may have weakened them."""
    return header.strip() == "*" or tag in _tags(header)


def is_unchanged(header: str, tag: str) -> bool:
    """Whether a list names this tag, any, or one that differs from it only by what passes by."""
    return is_named(header, tag) or _lasting(tag) in {_lasting(one) for one in _tags(header)}


def _tags(header: str) -> set[str]:
    return {one.strip().removeprefix("W/") for one in header.split(",")}


def _lasting(tag: str) -> str:
    return tag.partition(".")[0]


def tagged(request: Request, response: Response, passing: Collection[str] = ()) -> Response:
    """The answer with its tag; 304 without a body when the caller named it in ``If-None-Match``."""
    if response.status_code != 200 or not isinstance(getattr(response, "body", None), bytes):
        return response
    tag = tag_of(bytes(response.body), passing)
    known = request.headers.get("if-none-match")
    if known and request.method in {"GET", "HEAD"} and is_named(known, tag):
        return Response(status_code=304, headers={"ETag": tag})
    response.headers["ETag"] = tag
    return response


async def require_unchanged(
    if_match: str | None, lock: Callable[[], Awaitable[object]], read: Callable[[], Awaitable[Shape]]
) -> None:
    """Raises PreconditionFailed when the caller named a tag and what is read now has another. ``lock`` keeps it from changing
    for the rest of the transaction."""
    if if_match is None:
        return
    await lock()
    now = await read()
    if not is_unchanged(if_match, tag_of(now.model_dump_json(by_alias=True).encode(), now.PASSING)):
        raise PreconditionFailed(
            "Somebody else has changed it since you read it.", next_step="Read it again, and decide anew."
        )
