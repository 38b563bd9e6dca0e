"""OpenAI chat completions, which nearly every provider and local server speaks.

https://platform.openai.com/docs/api-reference/chat
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plainwork.llm.model import Credential, Request, Usage
from plainwork.llm.providers import Provider
from plainwork.llm.wire import Ask, Piece, error_words, schema_words, whole

_REASONING = ("gpt-5", "o1", "o3", "o4")


def ask(request: Request, model: str, provider: Provider, credential: Credential, *, stream: bool) -> Ask:
    """``POST /chat/completions``."""
    messages = [{"role": m.role, "content": m.content} for m in request.conversation]
    body: dict[str, Any] = {"model": model, "messages": messages}
    # OpenAI's reasoning models refuse any temperature but their own.
    if not (provider.prices == "openai" and model.startswith(_REASONING)):
        body["temperature"] = request.temperature
    if request.max_tokens is not None:
        body[provider.tokens] = request.max_tokens
    if request.schema is not None:
        _ask_for_json(body, request.schema, provider)
    if stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    secret = {"Authorization": f"Bearer {credential.key}"} if credential.key else {}
    return Ask("/chat/completions", body, secret)


def _ask_for_json(body: dict[str, Any], schema: Mapping[str, Any], provider: Provider) -> None:
    if provider.json == "schema":
        named = {"name": "answer", "schema": schema, "strict": is_strict(schema)}
        body["response_format"] = {"type": "json_schema", "json_schema": named}
        return
    body["messages"] = [{"role": "system", "content": schema_words(schema)}, *body["messages"]]
    if provider.json == "object":
        body["response_format"] = {"type": "json_object"}


def is_strict(schema: Any) -> bool:
    """True when OpenAI's strict mode takes the schema: every object closed, every property required."""
    if isinstance(schema, list | tuple):
        return all(is_strict(part) for part in schema)
    if not isinstance(schema, Mapping):
        return True
    if schema.get("type") == "object" or "properties" in schema:
        names = set(schema.get("properties", {}))
        if schema.get("additionalProperties") is not False or set(schema.get("required", ())) != names:
            return False
    return all(is_strict(part) for key, part in schema.items() if key not in {"enum", "const", "default", "examples"})


def read(payload: Any) -> Piece:
    """``choices[0].message.content`` and the usage. A refusal counts as the text, marked by the finish."""
    choice = payload["choices"][0]
    message = choice["message"]
    refusal = message.get("refusal")
    text = message.get("content") or refusal or ""
    if not isinstance(text, str):
        raise TypeError("content is not a text")
    finish = "refused" if refusal else choice.get("finish_reason") or "stop"
    return Piece(text, usage(payload.get("usage")), finish)


def event(payload: Any) -> Piece:
    """One ``chat.completion.chunk``; the last one of a call holds the usage and no choice."""
    if payload.get("error"):
        return Piece(error=error_words(payload)[0] or "the stream failed")
    choices = payload.get("choices") or [{}]
    delta = choices[0].get("delta") or {}
    text = delta.get("content") or delta.get("refusal") or ""
    finish = "refused" if delta.get("refusal") else choices[0].get("finish_reason")
    return Piece(text, usage(payload.get("usage")), finish)


def usage(found: Any) -> Usage | None:
    """Tokens as this format counts them: cached are part of the prompt's, reasoning of the completion's."""
    if not isinstance(found, dict):
        return None
    prompt_details = found.get("prompt_tokens_details") or {}
    completion_details = found.get("completion_tokens_details") or {}
    return Usage(
        input=whole(found.get("prompt_tokens")),
        output=whole(found.get("completion_tokens")),
        # DeepSeek counts cache hits under a name of its own.
        cached=whole(prompt_details.get("cached_tokens") or found.get("prompt_cache_hit_tokens")),
        reasoning=whole(completion_details.get("reasoning_tokens")),
    )


words = error_words
