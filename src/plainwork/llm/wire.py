"""What the wire formats have in common: what goes out, what comes back, and how server-sent events are cut."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from plainwork.llm.model import Credential, Request, Usage
from plainwork.llm.providers import Provider


@dataclass(frozen=True, slots=True)
class Ask:
    """One call: the address below the provider's base URL, the body, and the headers that carry the key."""

    path: str
    body: dict[str, Any]
    secret_headers: Mapping[str, str]
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Piece:
    """What one answer, or one event of a stream, adds. ``usage`` counts the whole call so far."""

    text: str = ""
    usage: Usage | None = None
    finish: str | None = None
    error: str | None = None


class Wire(Protocol):
    """One wire format: pure functions between our data and the vendor's JSON."""

    def ask(self, request: Request, model: str, provider: Provider, credential: Credential, *, stream: bool) -> Ask:
        """The call for a request."""

    def read(self, payload: Any) -> Piece:
        """A whole answer. Raises KeyError, IndexError, TypeError or ValueError when it is not one."""

    def event(self, payload: Any) -> Piece:
        """One event of a streamed answer; raises as ``read``."""

    def words(self, payload: Any) -> tuple[str, str]:
        """The vendor's own message and code in the body of a failure; empty where there is none."""


async def events(lines: AsyncIterator[str]) -> AsyncIterator[Any]:
    """The JSON of each server-sent event (WHATWG HTML §9.2), until ``[DONE]`` or the end. Raises ValueError on broken
    JSON; comments, event names and retry hints are passed over."""
    data: list[str] = []
    async for line in lines:
        if line.startswith("data:"):
            data.append(line[5:].removeprefix(" "))
        elif not line and data:
            text, data = "\n".join(data), []
            if text.strip() == "[DONE]":
                return
            yield json.loads(text)
    if data and "\n".join(data).strip() != "[DONE]":
        yield json.loads("\n".join(data))


def whole(value: Any) -> int:
    """A token count that may be absent, null or, from some servers, a float."""
    return int(value) if isinstance(value, int | float) and value > 0 else 0


def error_words(payload: Any) -> tuple[str, str]:
    """Message and code from ``{"error": {"message", "code" | "type" | "status"}}`` and its common variations."""
    error = payload.get("error", payload) if isinstance(payload, dict) else payload
    if isinstance(error, list) and error:
        error = error[0]
    if not isinstance(error, dict):
        return (error if isinstance(error, str) else ""), ""
    message = error.get("message") or error.get("detail") or ""
    code = error.get("code") or error.get("type") or error.get("status") or ""
    return str(message), str(code)


def schema_words(schema: Mapping[str, Any]) -> str:
    """The instruction for a model whose provider takes no schema."""
    ask = "Answer with one JSON value only, without any other text, that satisfies this JSON Schema:"
    return f"{ask}\n{json.dumps(schema)}"
