"""Anthropic messages.

https://docs.anthropic.com/en/api/messages
"""

from __future__ import annotations

from typing import Any

from plainwork.llm.model import Credential, Request, Usage
from plainwork.llm.providers import Provider
from plainwork.llm.wire import Ask, Piece, error_words, schema_words, whole

VERSION = "2023-06-01"
DEFAULT_MAX_TOKENS = 4096  # this format has no default of its own
_FINISH = {"end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length", "refusal": "refused"}


def ask(request: Request, model: str, provider: Provider, credential: Credential, *, stream: bool) -> Ask:
    """``POST /messages``."""
    system = [m.content for m in request.conversation if m.role == "system"]
    if request.schema is not None:
        system.append(schema_words(request.schema))
    body: dict[str, Any] = {
        "model": model,
        "max_tokens": request.max_tokens or DEFAULT_MAX_TOKENS,
        "temperature": request.temperature,
        "messages": [{"role": m.role, "content": m.content} for m in request.conversation if m.role != "system"],
    }
    if system:
        body["system"] = "\n\n".join(system)
    if stream:
        body["stream"] = True
    secret = {"x-api-key": credential.key} if credential.key else {}
    return Ask("/messages", body, secret, headers={"anthropic-version": VERSION})


def read(payload: Any) -> Piece:
    """The text blocks of a message and the usage."""
    text = "".join(block["text"] for block in payload["content"] if block.get("type") == "text")
    reason = payload.get("stop_reason") or "end_turn"
    return Piece(text, _usage(payload.get("usage")), _FINISH.get(reason, reason))


def event(payload: Any) -> Piece:
    """One event. The start carries the input's usage, the last delta the output's."""
    kind = payload.get("type")
    if kind == "error":
        return Piece(error=error_words(payload)[0] or "the stream failed")
    if kind == "message_start":
        return Piece(usage=_usage(payload["message"].get("usage")))
    if kind == "content_block_delta":
        return Piece(payload["delta"].get("text") or "")
    if kind == "message_delta":
        reason = payload["delta"].get("stop_reason")
        return Piece(usage=_usage(payload.get("usage")), finish=_FINISH.get(reason, reason))
    return Piece()


def _usage(found: Any) -> Usage | None:
    """Anthropic counts cached input beside the rest; here it is part of the input."""
    if not isinstance(found, dict):
        return None
    cached = whole(found.get("cache_read_input_tokens"))
    written = whole(found.get("cache_creation_input_tokens"))
    return Usage(
        input=whole(found.get("input_tokens")) + cached + written,
        output=whole(found.get("output_tokens")),
        cached=cached,
    )


words = error_words
