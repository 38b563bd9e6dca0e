"""Errors as HTTP answers: RFC 9457 problem details with our stable ``code``, the place and the next step; and the two
layers around the app that make sure of it: the limit on bodies, and the answer to a bug.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from plainwork import log
from plainwork.errors import LimitReached, PlainworkError

MEDIA_TYPE = "application/problem+json"
_logger = log.get("api")
_CODES = {404: "NotFound", 405: "MethodNotAllowed", 413: "TooLarge", 415: "UnsupportedMediaType"}
_DESCRIPTION = "The description of all routes is at /api/v1/openapi.json."


def document(status: int, code: str, detail: str, **more: Any) -> dict[str, Any]:
    """One problem: RFC 9457's ``status``, ``title`` and ``detail``, our ``code``, and ``more`` (``next_step``, ``where``,
    ``findings``, ``id``) where there is any."""
    body = {"code": code, "status": status, "title": HTTPStatus(status).phrase, "detail": detail}
    return body | {name: value for name, value in more.items() if value is not None}


def of(why: PlainworkError) -> dict[str, Any]:
    """The problem that an error of ours is."""
    said = why.as_json()
    return document(why.status, said.pop("code"), said.pop("message"), **said)


def problem(status: int, code: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> Response:
    """The answer that is a problem."""
    return _answer(document(status, code, detail, **more), headers)


def _answer(body: dict[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    extra = {"WWW-Authenticate": "Bearer"} if body["status"] == 401 else {}
    return JSONResponse(body, body["status"], extra | dict(headers or {}), media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Makes every error of ``app`` a problem document."""

    @app.exception_handler(PlainworkError)
    async def ours(_request: Request, why: PlainworkError) -> Response:
        if why.status >= 500:
            _logger.warning("unavailable", error=str(why))
        return _answer(of(why), _when_again(why))

    @app.exception_handler(RequestValidationError)
    async def not_valid(_request: Request, why: RequestValidationError) -> Response:
        findings = [
            {"code": one["type"], "field": ".".join(map(str, one["loc"]))[:300], "message": one["msg"][:300]}
            for one in why.errors()[:50]
        ]
        first = findings[0]
        detail = f"The request is not valid: {first['field']}: {first['message']}."
        return problem(422, "Invalid", detail, findings=findings, next_step=_DESCRIPTION)

    @app.exception_handler(HTTPException)
    async def plain(request: Request, why: HTTPException) -> Response:
        return _plain(request, why)


def _when_again(why: PlainworkError) -> dict[str, str]:
    """When trying again may help, in whole seconds (RFC 9110 §10.2.3)."""
    if not isinstance(why, LimitReached) or why.retry_after_s is None:
        return {}
    return {"Retry-After": str(max(1, math.ceil(why.retry_after_s)))}


def _plain(request: Request, why: HTTPException) -> Response:
    """What routing and reading the body refuse."""
    code, path = _CODES.get(why.status_code, "Rejected"), request.url.path[:200]
    if why.status_code == 405:
        allow = {"Allow": ", ".join(sorted(_methods(request) | {"OPTIONS"}))}
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=allow)
        detail = f"{request.method[:20]} is not possible at {path}, only {allow['Allow']}."
        return problem(405, code, detail, headers=allow, next_step=_DESCRIPTION)
    if why.status_code == 404:
        return problem(404, code, f"There is nothing at {path}.", next_step=_DESCRIPTION)
    return problem(why.status_code, code, f"{why.detail}.", next_step=_DESCRIPTION)


def _methods(request: Request) -> set[str]:
    """Every method that the request's path takes (RFC 9110 §10.2.1)."""
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    found = [route.methods or set() for route in routes if route.matches(request.scope)[0] is not Match.NONE]
    return set().union(*found)


class Bugs:
    """Answers what nobody meant to raise with 500 and the id under which it was logged; no traceback leaves the process.

    When the answer has begun, the exception goes on, so that the server cuts the connection.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI call."""
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as why:
            key = _logger.bug(why, path=scope.get("path"))
            if started:
                raise
            detail = "Something went wrong inside Plainwork; it was logged."
            answer = problem(500, "Bug", detail, id=key, next_step=f"Report it with the id {key}.")
            await answer(scope, receive, send)


class BodyLimit:
    """Refuses bodies over ``most`` bytes, whether their length is declared or not (RFC 9110 §15.5.14)."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self.app = app
        self.most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI call: counts the body as it arrives."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if not declared.isdigit() or len(declared) > 15 or int(declared) > self.most:
            detail = f"The body is larger than {self.most} bytes."
            await problem(413, "TooLarge", detail, next_step="Send less at once.")(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.most:
                raise HTTPException(413, f"The body is larger than {self.most} bytes")
            return message

        await self.app(scope, counted, send)
