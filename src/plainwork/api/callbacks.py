"""The addresses that a run makes for one answer each. Whoever has one may use it; nobody learns more than that it is used.

A GET only says how: mail programs and chat apps follow links to look at them, which must answer nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from plainwork.api import problems
from plainwork.api.auth import Permission
from plainwork.api.routing import Routes, parse_json
from plainwork.api.runs import answer
from plainwork.api.shapes import Shape
from plainwork.db import json, waits
from plainwork.engine.waiting import token_hash
from plainwork.errors import Conflict, Gone, NotFound, Rejected

routes = Routes("callbacks")
MOST_BYTES = 256 * 1024
MOST_FIELDS = 1000
_KEPT_HEADERS = ("content-type", "user-agent")


class Taken(Shape):
    """The answer has arrived."""

    status: str


@routes.add("POST", "/callbacks/{token}", Permission.ADDRESS, errors=(400, 409, 410, 413, 415), response_model=Taken)
async def use_callback(request: Request, token: str) -> Response:
    """Takes the one answer: JSON or a form, at most 256 KiB, or nothing. 409 when it was used, 410 when it came too late."""
    state = request.app.state
    content = json.encode(
        {
            "body": await _body(request),
            "query": {name: _text(value) for name, value in request.query_params.items()},
            "headers": {name: _text(value) for name in _KEPT_HEADERS if (value := request.headers.get(name))},
            "at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }
    )
    how, run_id = await waits.use_callback(state.database, token_hash(token), content)
    if how == "unknown":
        raise NotFound("There is nothing at this address.")
    if how == "used":
        raise Conflict("This address takes one answer, and it was given.")
    if how == "gone":
        raise Gone("This address takes no answers any more.")
    await state.bell.ring([run_id])
    return answer({"status": "taken"})


@routes.add("GET", "/callbacks/{token}", Permission.ADDRESS, include_in_schema=False)
async def look_at_callback(token: str) -> Response:
    """Says how the address is used, the same for every word."""
    detail = "This address takes one answer, sent with POST. Looking at it does nothing."
    return problems.problem(405, "MethodNotAllowed", detail, headers={"Allow": "POST"})


async def _body(request: Request) -> Any:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    data = await _read(request)
    if not data:
        return None
    if kind == "application/json" or kind.endswith("+json"):
        return parse_json(data)
    if kind == "application/x-www-form-urlencoded":
        return _form(data)
    raise HTTPException(415, "An answer has to be JSON or a form")


async def _read(request: Request) -> bytes:
    data = bytearray()
    try:
        async for piece in request.stream():
            data += piece
            if len(data) > MOST_BYTES:
                raise HTTPException(413, f"An answer has {MOST_BYTES} bytes at most")
    except ClientDisconnect:
        raise HTTPException(400, "The body was cut off") from None
    return bytes(data)


def _form(data: bytes) -> dict[str, str]:
    """A form's fields as texts; of fields of one name the last."""
    try:
        pairs = parse_qsl(data.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="replace")
    except ValueError:
        raise Rejected("The form cannot be read.", next_step=f"Send UTF-8, and {MOST_FIELDS} fields at most.") from None
    return {_text(name): _text(value) for name, value in pairs}


def _text(text: str) -> str:
    return json.clean_text(text)
