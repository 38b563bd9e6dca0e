"""The vendors' own SDKs are the judges: their types take what we send and what our scripted servers answer."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from plainwork.llm import Request
from tests.llm.support import bench
from tests.world import World

pytestmark = pytest.mark.anyio
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"], "additionalProperties": False}


async def test_openai_takes_what_we_send_and_reads_what_is_answered() -> None:
    from openai.types.chat import ChatCompletion, ChatCompletionChunk
    from openai.types.chat.completion_create_params import (
        CompletionCreateParamsNonStreaming,
        CompletionCreateParamsStreaming,
    )

    async with bench() as b:
        b.world.models.say('{"a": 1}', cached=2, reasoning=3)
        request = Request(model="openai:gpt-4.1-mini", prompt="x", system="s", schema=SCHEMA, max_tokens=9)
        await b.gateway.complete(request)
        await b.spoken(request)
        whole, streamed = b.asked
        TypeAdapter(CompletionCreateParamsNonStreaming).validate_python(whole, strict=False)
        TypeAdapter(CompletionCreateParamsStreaming).validate_python(streamed, strict=False)
        assert whole["response_format"]["json_schema"]["strict"] is True
        completion = ChatCompletion.model_validate(await _answer(b.world, "/v1/chat/completions", whole), strict=True)
        assert completion.usage is not None
        assert completion.usage.prompt_tokens_details is not None
        assert completion.usage.prompt_tokens_details.cached_tokens == 2
        assert ChatCompletionChunk.model_fields.keys() >= {"choices", "usage", "id", "created", "model", "object"}


async def test_the_openai_client_itself_understands_the_scripted_server() -> None:
    from openai import AsyncOpenAI, RateLimitError

    async with (
        World() as world,
        AsyncOpenAI(api_key=world.models.key, base_url=world.models.openai_url, max_retries=0) as openai,
    ):
        world.models.say("one two")
        messages: Any = [{"role": "user", "content": "x"}]
        stream = await openai.chat.completions.create(
            model="m", messages=messages, stream=True, stream_options={"include_usage": True}
        )
        chunks = [chunk async for chunk in stream]
        assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "one two"
        assert chunks[-1].usage is not None
        world.models._script.clear()
        world.models.fail(429, "slow down", retry_after="1")
        with pytest.raises(RateLimitError, match="slow down"):
            await openai.chat.completions.create(model="m", messages=messages)


async def test_gemini_takes_what_we_send_and_reads_what_is_answered() -> None:
    from google.genai import types

    async with bench() as b:
        b.world.models.say('{"a": 1}', cached=2, reasoning=3, tokens_out=8)
        request = Request(model="gemini:gemini-2.5-flash", prompt="x", system="s", schema=SCHEMA, max_tokens=9)
        answer = await b.gateway.complete(request)
        await b.spoken(request)
        for asked in b.asked:
            assert set(asked) <= {"contents", "generationConfig", "systemInstruction"}
            [types.Content.model_validate(content) for content in asked["contents"]]
            types.Content.model_validate(asked["systemInstruction"])
            config = types.GenerationConfig.model_validate(asked["generationConfig"])
            assert config.response_json_schema == SCHEMA
            assert config.max_output_tokens == 9
        seen = b.world.models.web.requests
        assert [s.path.rpartition(":")[2] for s in seen] == ["generateContent", "streamGenerateContent"]
        assert seen[1].query == {"alt": "sse"}
        payload = await _answer(b.world, "/v1beta/models/m:generateContent", b.asked[0])
        response = types.GenerateContentResponse.model_validate(payload)
        assert response.text == '{"a": 1}'
        assert response.usage_metadata is not None
        assert (answer.usage.output, answer.usage.reasoning) == (8, 3)
        assert response.usage_metadata.thoughts_token_count == 3


async def _answer(world: World, path: str, asked: dict[str, Any]) -> Any:
    import json

    from plainwork.net import Client

    async with Client(world.allow_hosts) as client:

        def key(out: Any) -> None:
            out.headers["Authorization"] = f"Bearer {world.models.key}"

        reply = await client.request("POST", world.models.web.url + path, body=json.dumps(asked).encode(), sign=key)
        return reply.json()
