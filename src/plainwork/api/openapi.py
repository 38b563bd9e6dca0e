"""The API's description (OpenAPI 3.1): FastAPI's, with how to sign in, every error that a route may answer with, and the
schemas of the spec language in place of the ``x-struct`` marks. Good enough to generate a typed client from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import StreamingResponse

from plainwork.api.auth import COOKIE, CSRF_HEADER, OPEN, SAFE_METHODS, SECURE_COOKIE, WORKSPACE_HEADER, Permission
from plainwork.api.problems import MEDIA_TYPE
from plainwork.api.routing import Guarded
from plainwork.drafting.result import Draft
from plainwork.engine.events import Event
from plainwork.errors import Finding, Where
from plainwork.spec.diff import Diff
from plainwork.spec.flow import Flow
from plainwork.spec.kinds import Kind
from plainwork.spec.model import Spec
from plainwork.spec.places import StepPlace
from plainwork.spec.source import Span

Schema = dict[str, Any]
EXAMPLES = Path(__file__).with_name("examples.json")
"""What each operation was sent and answered when it was tried: ``make examples`` records it."""

_ABOUT = """Agents, their versions, runs and secrets.

Programs send an API key as a bearer token; browsers have a session cookie and send the session's CSRF token with
everything that changes something. Errors are problem details (RFC 9457): match on `code`, show `detail` and
`next_step`. Times are ISO 8601 in UTC; ids are UUIDs; lists are paged by `next`. Every answer says in `RateLimit` how many
more requests you may make now."""

_MEANINGS = {
    400: "The body is not JSON, is cut off, nests too deep, or holds characters that cannot be stored.",
    401: "Nobody is signed in, or the key or session is not valid (any more).",
    402: "A budget that stops would be passed.",
    403: "The role or the key's scopes do not allow it, or the request may come from another site.",
    404: "There is no such thing in this workspace.",
    409: "It exists already, has ended already, or somebody else changed it first.",
    410: "It was there, and its time has passed.",
    412: "It is no longer what `If-Match` says: somebody else changed it first.",
    413: "The body is too large.",
    415: "The body's content type is not JSON.",
    422: "The request or the document is not valid; `findings` says what and where.",
    429: "A limit on rate, count or size was passed.",
    500: "A bug, logged under `id`.",
    502: "A service that was called failed.",
    503: "The database, or something else outside, is not available; try again.",
}

_PROBLEM: Schema = {
    "title": "Problem",
    "description": "An error (RFC 9457). `code` is stable and for programs; `detail` and `next_step` are for people.",
    "type": "object",
    "required": ["code", "status", "title", "detail"],
    "properties": {
        "code": {"type": "string", "examples": ["NotFound", "Invalid", "Conflict"]},
        "status": {"type": "integer"},
        "title": {"type": "string"},
        "detail": {"type": "string"},
        "next_step": {"type": "string"},
        "where": {"$ref": "#/components/schemas/Where"},
        "findings": {"type": "array", "items": {"$ref": "#/components/schemas/Finding"}},
        "id": {"type": "string", "description": "Of a bug: under what it was logged."},
    },
}

_SECURITY: Schema = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An API key (`pwk_…`), limited to its scopes."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": f"Set by `POST /api/v1/session`; over TLS it is called `{SECURE_COOKIE}`.",
    },
    "csrf": {
        "type": "apiKey",
        "in": "header",
        "name": CSRF_HEADER,
        "description": "The session's `csrf_token`, with every request of a session that changes something.",
    },
}

_WORKSPACE: Schema = {
    "name": WORKSPACE_HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "The id or slug of the workspace to act in; without it, the person's first or the key's own.",
}

_HEADERS: dict[str, Schema] = {
    "RetryAfter": {
        "description": "In how many seconds to try again, where waiting helps (RFC 9110).",
        "schema": {"type": "integer", "minimum": 1},
    },
    "ETag": {
        "description": "Names this very answer: for `If-None-Match`, and for `If-Match` where a change takes it.",
        "schema": {"type": "string"},
        "example": '"0f343b0931126a20f133d67c2b018a3b"',
    },
    "RateLimit": {
        "description": "How many requests are left (`r`), and in how many seconds all are there again (`t`).",
        "schema": {"type": "string"},
        "example": '"caller";r=59987;t=1',
    },
    "RateLimitPolicy": {
        "description": "How many requests (`q`) a caller may make in how many seconds (`w`).",
        "schema": {"type": "string"},
        "example": '"caller";q=60000;w=60',
    },
}
_NAMES = {"Retry-After": "RetryAfter", "RateLimit": "RateLimit", "RateLimit-Policy": "RateLimitPolicy"}


def describe(app: FastAPI, *, with_examples: bool = True) -> Schema:
    """The document for ``app``. Made anew at each call."""
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=_ABOUT,
        routes=app.routes,
        servers=[{"url": "/"}],
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    schemas = document["components"]["schemas"]
    for ours in ("HTTPValidationError", "ValidationError"):
        schemas.pop(ours, None)
    for name, schema in ({"Problem": _PROBLEM} | _structs()).items():
        if schemas.setdefault(name, schema) is not schema:
            raise RuntimeError(f"two schemas are called {name}")
    document["components"]["securitySchemes"] = _SECURITY
    document["components"]["parameters"] = {"Workspace": _WORKSPACE}
    document["components"]["headers"] = _HEADERS
    for route in app.routes:
        if isinstance(route, Guarded) and route.include_in_schema:
            for method in route.methods or ():
                _complete(document["paths"][route.path_format][method.lower()], route, method)
    if with_examples:
        _illustrate(document)
    described: Schema = msgspec.json.decode(msgspec.json.encode(_walked(document, _finished)))
    return described


def _illustrate(document: Schema) -> None:
    """Puts the examples that were recorded to the bodies and answers that they are of."""
    examples = msgspec.json.decode(EXAMPLES.read_bytes())
    for item in document["paths"].values():
        for operation in item.values():
            example = examples.get(operation["operationId"], {})
            if "body" in example and "requestBody" in operation:
                operation["requestBody"]["content"]["application/json"]["example"] = example["body"]
            for status, answer in operation["responses"].items():
                if status < "300" and "answer" in example and "application/json" in answer.get("content", {}):
                    answer["content"]["application/json"]["example"] = example["answer"]


def _complete(operation: Schema, route: Guarded, method: str) -> None:
    """Adds who may use the operation, and every error that it may answer with."""
    permission = route.permission or Permission.PUBLIC
    operation.pop("x-errors", None)
    operation["summary"] = _summary(route.description)
    operation["security"] = list(_security(permission, method))
    if permission not in {*OPEN, Permission.ACCOUNT}:
        operation.setdefault("parameters", []).append({"$ref": "#/components/parameters/Workspace"})
    answers = operation["responses"]
    answers.pop("422", None)
    for status in sorted({*_errors(route, permission, operation), *route.errors}):
        answers[str(status)] = {
            "description": _MEANINGS[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    answers["429"]["headers"] = {name: {"$ref": f"#/components/headers/{kept}"} for name, kept in _NAMES.items()}
    if route.has_tag and (told := answers.get("200")) and "application/json" in told.get("content", {}):
        told["headers"] = {"ETag": {"$ref": "#/components/headers/ETag"}}
        if method == "GET":
            answers["304"] = {"description": "It is still what `If-None-Match` names."}
    if route.response_class is StreamingResponse:
        events = {"type": "string", "contentMediaType": "application/json", "contentSchema": {"x-struct": "Event"}}
        answers["200"] = {
            "description": "Server-sent events; the `data` of each is an `Event`.",
            "content": {"text/event-stream": {"schema": events}},
        }


def _security(permission: Permission, method: str) -> Iterator[Schema]:
    if permission in OPEN:
        return
    yield {"session": []} if method in SAFE_METHODS else {"session": [], "csrf": []}
    if permission is not Permission.ACCOUNT:
        yield {"bearer": [permission.value]}


def _errors(route: Guarded, permission: Permission, operation: Schema) -> Iterator[int]:
    if permission not in OPEN:
        yield from (401, 403)
    elif permission is Permission.PUBLIC and not SAFE_METHODS & (route.methods or set()):
        yield 403
    if route.is_guarded_by_tag:
        yield 412
    if route.param_convertors:
        yield 404
    if "requestBody" in operation:
        yield from (400, 413, 415, 422)
    if route.dependant.path_params or route.dependant.query_params or route.dependant.header_params:
        yield 422
    yield from (429, 500, 503)


# ── Schemas of the spec language ─────────────────────────────────────────────────────────────────────────────────────
_HOME = "#/components/schemas/"
_STRUCTS = (Spec, Flow, Finding, Where, Span, StepPlace, Kind, Event, Diff, Draft)


def _structs() -> dict[str, Schema]:
    """Name → schema of every struct that answers hold, and of what these hold."""
    _, parts = msgspec.json.schema_components(_STRUCTS, ref_template=_HOME + "{name}")
    return parts


def _finished(node: Schema) -> Schema:
    """A reference in place of a mark, prose in place of a docstring."""
    if "x-struct" in node:
        return {"$ref": _HOME + node["x-struct"]}
    text = node.get("description")
    return node | {"description": _plain(text)} if isinstance(text, str) else node


def _walked(node: Any, change: Callable[[Schema], Schema]) -> Any:
    """The document with every object changed, from the outside in."""
    if isinstance(node, dict):
        return {key: _walked(inner, change) for key, inner in change(node).items()}
    if isinstance(node, list):
        return [_walked(inner, change) for inner in node]
    return node


def _plain(text: str) -> str:
    """A docstring as a description: single backquotes, and lines that were only broken for width joined."""
    paragraphs = text.replace("``", "`").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _summary(text: str) -> str:
    return _plain(text).partition(". ")[0].partition("\n")[0].rstrip(".")
