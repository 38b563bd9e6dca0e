"""Declaring and serving routes. Each says its permission and the errors it may answer with; who calls is settled before a
byte of the body is read, and bodies are strict JSON within bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope

from plainwork.api.auth import Permission, address_of, admit
from plainwork.api.conditions import IF_MATCH, tagged
from plainwork.api.rates import Turnstile
from plainwork.errors import Rejected, SignInNeeded

API = "/api/v1"
DEEPEST = 100
"""How deep JSON in a body may nest."""

_PERMISSION = "x-permission"
_ERRORS = "x-errors"
_DECODER = msgspec.json.Decoder()

Endpoint = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class _Declared:
    method: str
    path: str
    endpoint: Endpoint
    permission: Permission
    errors: tuple[int, ...]
    options: dict[str, Any]


@dataclass(slots=True)
class Routes:
    """The routes of one resource: declared where the endpoint stands, served once ``install`` adds them to an app."""

    tag: str | None = None
    declared: list[_Declared] = field(default_factory=list)

    def add(
        self, method: str, path: str, permission: Permission, *, errors: Iterable[int] = (), **options: Any
    ) -> Callable[[Endpoint], Endpoint]:
        """Decorates an endpoint: ``@routes.add("GET", "/agents", Permission.AGENTS_READ)``.

        ``errors``: statuses it may answer with beyond those that follow from its permission, parameters and body;
        ``options``: what FastAPI's routes take. A GET also serves HEAD, unless it streams (``stream=True``).
        """

        def decorate(endpoint: Endpoint) -> Endpoint:
            self.declared.append(_Declared(method, path, endpoint, permission, tuple(errors), options))
            return endpoint

        return decorate

    def install(self, app: FastAPI, prefix: str = "") -> None:
        """Adds the routes to ``app`` under ``prefix``."""
        for one in self.declared:
            options = dict(one.options)
            is_stream = options.pop("stream", False)
            self._serve(app, prefix, one, one.method, one.endpoint.__name__, options)
            if one.method == "GET" and not is_stream:
                options["include_in_schema"] = False
                self._serve(app, prefix, one, "HEAD", f"{one.endpoint.__name__}_head", options)

    def _serve(
        self, app: FastAPI, prefix: str, one: _Declared, method: str, name: str, options: dict[str, Any]
    ) -> None:
        app.router.add_api_route(
            prefix + one.path,
            one.endpoint,
            methods=[method],
            operation_id=name,
            tags=[self.tag] if self.tag else None,
            openapi_extra={_PERMISSION: one.permission.value, _ERRORS: list(one.errors)},
            route_class_override=Guarded,
            **options,
        )


class Guarded(APIRoute):
    """A route that admits a request before it reads its body. One that declares no permission admits nobody."""

    @property
    def permission(self) -> Permission | None:
        """What it asks for; None when it declares nothing."""
        declared = (self.openapi_extra or {}).get(_PERMISSION)
        return Permission(declared) if declared else None

    @property
    def errors(self) -> tuple[int, ...]:
        """The statuses it declares to answer with."""
        return tuple((self.openapi_extra or {}).get(_ERRORS, ()))

    @property
    def has_tag(self) -> bool:
        """Whether its answers have an entity tag: what is read, and what can be changed if it is still the same."""
        return self.is_guarded_by_tag or bool({"GET", "HEAD"} & (self.methods or set()))

    @property
    def is_guarded_by_tag(self) -> bool:
        """Whether it takes ``If-Match``."""
        return any(parameter.alias == IF_MATCH for parameter in self.dependant.header_params)

    @property
    def passing(self) -> frozenset[str]:
        """The fields of its answers that pass by."""
        found: frozenset[str] = getattr(self.response_model, "PASSING", frozenset())
        return found

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, behind the guard."""
        serve = super().get_route_handler()
        permission = self.permission
        takes_body = self.body_field is not None
        is_counted = self.path.startswith(API + "/")
        has_tag, passing = is_counted and self.has_tag, self.passing

        async def guarded(request: Request) -> Response:
            try:
                await admit(request, permission)
            except SignInNeeded:
                _count(request, address_of(request))
                raise
            if is_counted:
                _count(request, _caller_of(request))
            answer = await serve(await _read(request) if takes_body else request)
            return tagged(request, answer, passing) if has_tag else answer

        return guarded


def _count(request: Request, caller: str | None) -> None:
    turnstile: Turnstile = request.app.state.turnstile
    turnstile.count(request, caller)


def _caller_of(request: Request) -> str | None:
    """The key or person that was admitted, else the address."""
    for name in ("caller", "signed_in"):
        if admitted := getattr(request.state, name, None):
            return str(admitted.actor.id)
    return address_of(request)


class Door(Route):
    """An ASGI application at a path, for every method: for what comes from outside so often, or in so many forms, that it
    does without what the API's own routes do for it. It admits for itself whoever it admits."""

    def __init__(self, path: str, serve: ASGIApp, permission: Permission) -> None:
        super().__init__(path, serve, include_in_schema=False)
        self.permission = permission


def refuse_undeclared(app: FastAPI) -> None:
    """Raises RuntimeError when ``app`` has anything that was not declared with a permission: denied by default."""
    for route in app.routes:
        if not isinstance(route, Guarded | Door) or route.permission is None:
            raise RuntimeError(f"{getattr(route, 'path', route)} declares no permission")


# ── Bodies ───────────────────────────────────────────────────────────────────────────────────────────────────────────
class _JsonRequest(Request):
    """A request whose body has been read already."""

    def __init__(self, scope: Scope, receive: Receive, data: bytes, value: Any) -> None:
        super().__init__(scope, receive)
        self._data = data
        self._value = value

    async def body(self) -> bytes:
        """The bytes."""
        return self._data

    async def json(self) -> Any:
        """The value they say."""
        return self._value


async def _read(request: Request) -> Request:
    try:
        data = await request.body()
    except ClientDisconnect:
        raise HTTPException(400, "The body was cut off") from None
    if data and not _says_json(request.headers.get("content-type", "")):
        raise HTTPException(415, "The body has to be JSON: send Content-Type: application/json")
    return _JsonRequest(request.scope, request.receive, data, parse_json(data) if data else None)


def _says_json(content_type: str) -> bool:
    kind, _, subtype = content_type.partition(";")[0].strip().lower().partition("/")
    return kind == "application" and (subtype == "json" or subtype.endswith("+json"))


def parse_json(data: bytes) -> Any:
    """The value of strict JSON (RFC 8259). Raises Rejected for what is none (NaN, half a surrogate pair, a second value),
    nests more than 100 deep, or holds the character NUL, which Postgres cannot keep."""
    try:
        value = _DECODER.decode(data)
    except RecursionError:
        raise _too_deep() from None
    except (msgspec.DecodeError, UnicodeDecodeError) as why:
        reason = str(why).removeprefix("JSON is malformed: ")
        raise Rejected(f"The body is not JSON: {reason}.", next_step="Send a JSON document in UTF-8.") from None
    if data.count(b"[") + data.count(b"{") > DEEPEST:
        _check_depth(value)
    if b"\\u0000" in data:
        _check_characters(value)
    return value


def _too_deep() -> Rejected:
    return Rejected(f"The body nests more than {DEEPEST} levels deep.", next_step="Send it flatter.")


def _check_depth(value: Any) -> None:
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise _too_deep()
        level = [inner for one in level for inner in _inside(one) if isinstance(inner, dict | list)]


def _check_characters(value: Any) -> None:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str) and "\x00" in one:
            raise Rejected(
                "The body holds the character NUL (\\u0000), which cannot be stored.", next_step="Take it out."
            )
        waiting.extend(_inside(one))
        if isinstance(one, dict):
            waiting.extend(one)


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
