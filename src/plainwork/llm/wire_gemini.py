"""Gemini generateContent and its streamed form.

https://ai.google.dev/api/generate-content
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from plainwork.llm.model import Credential, Request, Usage
from plainwork.llm.providers import Provider
from plainwork.llm.wire import Ask, Piece, error_words, whole

_FINISH = {"STOP": "stop", "MAX_TOKENS": "length"}


def ask(request: Request, model: str, provider: Provider, credential: Credential, *, stream: bool) -> Ask:
    """``POST /models/{model}:generateContent``, streamed as server-sent events."""
    system = "\n\n".join(m.content for m in request.conversation if m.role == "system")
    contents = [
        {"role": "model" if m.role == "assistant" else "user", "parts": [{"text": m.content}]}
        for m in request.conversation
        if m.role != "system"
    ]
    config: dict[str, Any] = {"temperature": request.temperature}
    if request.max_tokens is not None:
        config["maxOutputTokens"] = request.max_tokens
    if request.schema is not None:
        config |= {"responseMimeType": "application/json", "responseJsonSchema": dict(request.schema)}
    body: dict[str, Any] = {"contents": contents, "generationConfig": config}
    if system:
        body["systemInstruction"] = {"parts": [{"text": system}]}
    verb = "streamGenerateContent" if stream else "generateContent"
    name = quote(model.removeprefix("models/"), safe="")
    secret = {"x-goog-api-key": credential.key} if credential.key else {}
    return Ask(f"/models/{name}:{verb}", body, secret, params={"alt": "sse"} if stream else {})


def read(payload: Any) -> Piece:
    """The text parts of the first candidate (thoughts left out) and the usage."""
    if payload.get("error"):
        return Piece(error=error_words(payload)[0] or "the stream failed")
    candidates = payload.get("candidates") or []
    if not candidates:
        blocked = (payload.get("promptFeedback") or {}).get("blockReason")
        return Piece(usage=_usage(payload.get("usageMetadata")), finish="refused" if blocked else None)
    first = candidates[0]
    parts = (first.get("content") or {}).get("parts") or []
    text = "".join(part.get("text", "") for part in parts if not part.get("thought"))
    reason = first.get("finishReason")
    return Piece(text, _usage(payload.get("usageMetadata")), _FINISH.get(reason, "refused") if reason else None)


event = read


def _usage(found: Any) -> Usage | None:
    """Gemini counts thoughts beside the candidates' tokens; here they are part of the output."""
    if not isinstance(found, dict):
        return None
    thoughts = whole(found.get("thoughtsTokenCount"))
    return Usage(
        input=whole(found.get("promptTokenCount")) + whole(found.get("toolUsePromptTokenCount")),
        output=whole(found.get("candidatesTokenCount")) + thoughts,
        cached=whole(found.get("cachedContentTokenCount")),
        reasoning=thoughts,
    )


def words(payload: Any) -> tuple[str, str]:
    """The message, and as code the most telling reason in ``error.details`` (``API_KEY_INVALID``)."""
    message, code = error_words(payload)
    error = payload.get("error") if isinstance(payload, dict) else None
    details = error.get("details") if isinstance(error, dict) else None
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, dict) and detail.get("reason"):
            return message, str(detail["reason"])
    return message, code
