"""Scripted model endpoints: OpenAI chat completions, Gemini generateContent and Anthropic messages, whole and streamed.

A test says what the model says (``models.say("…")``, ``models.fail(429, …)``); each wire format is spoken by its own
rules, and an address, header or field that the vendor would refuse is refused here too.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from tests.world import Reply, Seen, Web


@dataclass
class Said:
    """One scripted turn: a text, or a failure."""

    text: str = ""
    tokens_in: int = 12
    tokens_out: int = 5
    cached: int = 0
    reasoning: int = 0
    finish: str = "stop"
    reply: Reply | None = None
    pause_s: float = 0.0


class Models:
    """One server for three wire formats: ``openai_url``, ``gemini_url``, ``anthropic_url``. ``key`` is the only one
    taken."""

    def __init__(self) -> None:
        self.web = Web()
        self.key = "test-key"
        self.asked: list[dict[str, Any]] = []
        self._script: list[Said] = []
        self.web.on("POST", "*", self._answer)

    @property
    def openai_url(self) -> str:
        return f"{self.web.url}/v1"

    @property
    def gemini_url(self) -> str:
        return f"{self.web.url}/v1beta"

    @property
    def anthropic_url(self) -> str:
        return f"{self.web.url}/anthropic/v1"

    def say(self, *texts: str, **usage: Any) -> None:
        """The next answers, in turn; the last one stays."""
        self._script += [Said(text, **usage) for text in texts]

    def forget(self) -> None:
        """Nothing is scripted any more."""
        self._script.clear()

    def fail(self, status: int, message: str = "no", **headers: str) -> None:
        """The next answer is an error."""
        error = {"error": {"message": message, "type": "error", "code": status, "status": "ERROR"}}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._script.append(Said(reply=Reply(status, json=error, headers=named)))

    def answer(self, reply: Reply) -> None:
        """The next answer, byte for byte."""
        self._script.append(Said(reply=reply))

    def _answer(self, seen: Seen) -> Reply:
        asked = seen.json()
        self.asked.append(asked)
        speak = self._wire(seen)
        if speak is None:
            return Reply(404, json={"error": {"message": f"no such address: {seen.path}"}})
        if not self._signed(seen):
            return Reply(401, json={"error": {"message": "Incorrect API key provided"}})
        if not self._script:
            return Reply(500, json={"error": {"message": "nothing is scripted"}})
        said = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        return said.reply or speak(asked, said, seen)

    def _wire(self, seen: Seen) -> Any:
        if seen.path == "/v1/chat/completions":
            return _chat
        if re.fullmatch(r"/v1beta/models/[^/:]+:(generateContent|streamGenerateContent)", seen.path):
            return _gemini
        return _anthropic if seen.path == "/anthropic/v1/messages" else None

    def _signed(self, seen: Seen) -> bool:
        given = (
            seen.headers.get("Authorization", "").removeprefix("Bearer "),
            seen.headers.get("x-goog-api-key"),
            seen.headers.get("x-api-key"),
        )
        return self.key in given


def _pieces(text: str) -> list[str]:
    return re.findall(r"\s*\S+|\s+$", text) or [""]


def _sse(events: list[Any], *, named: bool = False, done: bool = False, pause_s: float = 0.0) -> Reply:
    chunks = []
    for event in events:
        name = f"event: {event['type']}\n" if named else ""
        chunks.append(f"{name}data: {json.dumps(event)}\n\n".encode())
    if done:
        chunks.append(b"data: [DONE]\n\n")
    return Reply(chunks=chunks, headers={"Content-Type": "text/event-stream"}, pause_s=pause_s)


def _chat(asked: dict[str, Any], said: Said, _seen: Seen) -> Reply:
    usage = {
        "prompt_tokens": said.tokens_in,
        "completion_tokens": said.tokens_out,
        "total_tokens": said.tokens_in + said.tokens_out,
        "prompt_tokens_details": {"cached_tokens": said.cached},
        "completion_tokens_details": {"reasoning_tokens": said.reasoning},
    }
    base = {"id": "chatcmpl-1", "created": 1_790_000_000, "model": asked["model"]}
    if not asked.get("stream"):
        choice = {"index": 0, "message": {"role": "assistant", "content": said.text}, "finish_reason": said.finish}
        return Reply(json=base | {"object": "chat.completion", "choices": [choice], "usage": usage})
    base["object"] = "chat.completion.chunk"
    events: list[Any] = [
        base | {"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}]}
    ]
    events += [
        base | {"choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]}
        for piece in _pieces(said.text)
    ]
    events.append(base | {"choices": [{"index": 0, "delta": {}, "finish_reason": said.finish}]})
    if asked.get("stream_options", {}).get("include_usage"):
        events.append(base | {"choices": [], "usage": usage})
    return _sse(events, done=True, pause_s=said.pause_s)


def _gemini(asked: dict[str, Any], said: Said, seen: Seen) -> Reply:
    if not asked.get("contents"):
        return Reply(400, json={"error": {"code": 400, "message": "contents is not specified", "status": "INVALID"}})
    usage = {
        "promptTokenCount": said.tokens_in,
        "candidatesTokenCount": said.tokens_out - said.reasoning,
        "thoughtsTokenCount": said.reasoning,
        "cachedContentTokenCount": said.cached,
        "totalTokenCount": said.tokens_in + said.tokens_out,
    }
    finish = {"stop": "STOP", "length": "MAX_TOKENS", "content_filter": "SAFETY"}[said.finish]

    def part(text: str, last: bool) -> dict[str, Any]:
        candidate: dict[str, Any] = {"content": {"role": "model", "parts": [{"text": text}]}, "index": 0}
        if last:
            candidate["finishReason"] = finish
        return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "scripted"}

    if not seen.path.endswith(":streamGenerateContent"):
        return Reply(json=part(said.text, True))
    pieces = _pieces(said.text)
    return _sse([part(p, i == len(pieces) - 1) for i, p in enumerate(pieces)], pause_s=said.pause_s)


def _anthropic(asked: dict[str, Any], said: Said, seen: Seen) -> Reply:
    if "max_tokens" not in asked or not seen.headers.get("anthropic-version"):
        return Reply(400, json={"type": "error", "error": {"type": "invalid_request_error", "message": "incomplete"}})
    finish = {"stop": "end_turn", "length": "max_tokens", "content_filter": "refusal"}[said.finish]
    usage = {
        "input_tokens": said.tokens_in - said.cached,
        "cache_read_input_tokens": said.cached,
        "cache_creation_input_tokens": 0,
        "output_tokens": said.tokens_out,
    }
    base = {"id": "msg_1", "type": "message", "role": "assistant", "model": asked["model"], "stop_sequence": None}
    if not asked.get("stream"):
        whole = {"content": [{"type": "text", "text": said.text}], "stop_reason": finish, "usage": usage}
        return Reply(json=base | whole)
    events: list[Any] = [
        {"type": "message_start", "message": base | {"content": [], "stop_reason": None, "usage": usage}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "ping"},
        *(
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}
            for piece in _pieces(said.text)
        ),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": finish}, "usage": {"output_tokens": said.tokens_out}},
        {"type": "message_stop"},
    ]
    return _sse(events, named=True, pause_s=said.pause_s)
