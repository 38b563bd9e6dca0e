"""Errors as HTTP answers: RFC 9457 problem details with our stable ``code``, the place and the next step."""

from __future__ import annotations

import uuid
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from plainwork.errors import PlainworkError

MEDIA_TYPE = "application/problem+json"
_TITLES = {404: "NotFound", 405: "MethodNotAllowed", 413: "TooLarge"}


def problem(status: int, code: str, message: str, **more: Any) -> Response:
    """One problem document: ``{code, status, message, next_step?, where?, findings?, id?}``."""
    body = {"code": code, "status": status, "title": code, "message": message} | more
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return JSONResponse(body, status, headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Makes every error of ``app`` a problem document."""

    @app.exception_handler(PlainworkError)
    async def ours(_request: Request, why: PlainworkError) -> Response:
        details = why.as_json()
        return problem(why.status, details.pop("code"), details.pop("message"), **details)

    @app.exception_handler(RequestValidationError)
    async def bad_request(_request: Request, why: RequestValidationError) -> Response:
        findings = [
            {"code": e["type"], "field": ".".join(str(p) for p in e["loc"]), "message": e["msg"]} for e in why.errors()
        ]
        first = findings[0]
        message = f"The request is not valid: {first['field']}: {first['message']}."
        return problem(422, "Invalid", message, findings=findings, next_step="See /api/v1/openapi.json for its shape.")

    @app.exception_handler(HTTPException)
    async def plain(_request: Request, why: HTTPException) -> Response:
        code = _TITLES.get(why.status_code, "Rejected")
        return problem(why.status_code, code, str(why.detail) + ".", next_step="See /api/v1/openapi.json.")

    @app.exception_handler(Exception)
    async def bug(request: Request, why: Exception) -> Response:
        number = uuid.uuid4().hex[:12]
        structlog.get_logger().error("bug", id=number, path=request.url.path, exc_info=why)
        message = "Something went wrong inside Plainwork; it was logged."
        return problem(500, "Bug", message, id=number, next_step=f"Report it with the id {number}.")


class BodyLimit:
    """Refuses bodies over ``most`` bytes, whether their length is declared or not (RFC 9110 §15.5.14)."""

    def __init__(self, app: Any, most: int) -> None:
        self.app = app
        self.most = most

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The ASGI call: counts the body as it arrives."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        refusal = problem(413, "TooLarge", f"The body is larger than {self.most} bytes.", next_step="Send less.")
        if not declared.isdigit() or int(declared) > self.most:
            await refusal(scope, receive, send)
            return
        seen = 0
        started = False

        async def counted() -> Any:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.most:
                raise _TooLarge
            return message

        async def watched(message: Any) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, counted, watched)
        except _TooLarge:
            if not started:
                await refusal(scope, receive, send)


class _TooLarge(Exception):
    """The body passed the limit while it was read."""
