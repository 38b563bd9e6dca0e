from __future__ import annotations

import asyncio

import pytest

from plainwork.errors import CallFailed
from plainwork.llm import Credential, Gateway, Message, Request, Usage, keys_from_env
from plainwork.llm.providers import opened, providers
from tests.llm.support import bench
from tests.world import Reply, world_and_client

pytestmark = pytest.mark.anyio
MODELS = ["openai:gpt-5-mini", "mistral:mistral-small-latest", "gemini:gemini-2.5-flash", "anthropic:claude-haiku-4-5"]
CAT = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0}},
    "required": ["name", "age"],
    "additionalProperties": False,
}


@pytest.mark.parametrize("model", MODELS)
async def test_a_text_with_its_tokens_price_and_times(model: str) -> None:
    async with bench() as b:
        b.world.models.say("Red and blue.", tokens_in=1000, tokens_out=200, cached=400)
        request = Request(
            model=model, prompt="Name two colours.", system="Be brief.", max_tokens=50, run="r1", node="n1"
        )
        answer = await b.gateway.complete(request)
        assert (answer.text, answer.model, answer.finish, answer.weak) == ("Red and blue.", model, "stop", False)
        assert answer.usage == Usage(input=1000, output=200, cached=400)
        assert answer.cost_usd is not None
        assert 0.00001 < answer.cost_usd < 0.01
        assert answer.latency_s > 0
        [row] = b.ledger
        assert f"{row.provider}:{row.model}" == model
        assert (row.usage, row.cost_usd, row.failure, row.run, row.node) == (
            answer.usage, answer.cost_usd, None, "r1", "n1",
        )  # fmt: skip
        assert "Be brief." in str(b.asked[0])
        assert "Name two colours." in str(b.asked[0])


@pytest.mark.parametrize("model", MODELS)
async def test_a_streamed_answer_arrives_in_pieces_and_ends_in_the_whole(model: str) -> None:
    async with bench() as b:
        b.world.models.say("one two three", tokens_in=7, tokens_out=6, pause_s=0.02)
        pieces, answer = await b.spoken(Request(model=model, prompt="Count."))
        assert pieces == ["one", " two", " three"]
        assert (answer.text, answer.usage) == ("one two three", Usage(input=7, output=6))
        assert answer.first_token_s is not None
        assert 0 < answer.first_token_s < answer.latency_s
        assert b.ledger[0].first_token_s == answer.first_token_s


@pytest.mark.parametrize("model", [*MODELS, "groq:llama-3.3-70b-versatile"])
async def test_an_answer_by_schema_is_parsed_and_checked(model: str) -> None:
    async with bench() as b:
        b.world.models.say('```json\n{"name": "Luna", "age": 3}\n```')
        answer = await b.gateway.complete(Request(model=model, prompt="A cat.", schema=CAT))
        assert answer.data == {"name": "Luna", "age": 3}
        assert len(b.ledger) == 1


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("streamed", [False, True])
async def test_a_misfit_is_sent_back_once(model: str, streamed: bool) -> None:
    async with bench() as b:
        b.world.models.say('{"name": "Luna", "age": -1}', '{"name": "Luna", "age": 3}', tokens_in=10, tokens_out=4)
        request = Request(model=model, prompt="A cat.", schema=CAT)
        answer = (await b.spoken(request))[1] if streamed else await b.gateway.complete(request)
        assert answer.data == {"name": "Luna", "age": 3}
        assert answer.usage == Usage(input=20, output=8)
        assert answer.cost_usd == pytest.approx(sum(row.cost_usd or 0 for row in b.ledger))
        assert len(b.ledger) == 2
        assert "-1 is less than the minimum of 0" in str(b.asked[1])
        assert "mended" in answer.notes[-1]


async def test_a_second_misfit_fails_for_good() -> None:
    async with bench() as b:
        b.world.models.say("no json here")
        with pytest.raises(CallFailed, match="did not answer in the form") as caught:
            await b.gateway.complete(Request(model=MODELS[0], prompt="A cat.", schema=CAT))
        assert caught.value.failure == "rejected"
        assert len(b.ledger) == 2


async def test_a_schema_that_is_no_object_travels_in_one() -> None:
    async with bench() as b:
        b.world.models.say('{"value": ["a", "b"]}')
        answer = await b.gateway.complete(
            Request(
                model=MODELS[0],
                prompt="List.",
                schema={"type": "array", "items": {"$ref": "#/$defs/x"}, "$defs": {"x": {"type": "string"}}},
            )
        )
        assert answer.data == ["a", "b"]
        sent = b.asked[0]["response_format"]["json_schema"]["schema"]
        assert sent["type"] == "object"
        assert sent["$defs"] == {"x": {"type": "string"}}


@pytest.mark.parametrize(
    "schema", [{"type": "nonsense"}, {"type": "object", "properties": {"a": {"$ref": "http://127.0.0.1/x"}}}]
)
async def test_an_unusable_schema_is_refused_before_any_call(schema: dict[str, object]) -> None:
    async with bench() as b:
        with pytest.raises(CallFailed, match="not a usable JSON Schema"):
            await b.gateway.complete(Request(model=MODELS[0], prompt="x", schema=schema))
        assert b.asked == []


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("streamed", [False, True])
async def test_failures_are_classified(model: str, streamed: bool) -> None:
    cases = [
        (429, {"retry_after": "7"}, "retry", 7.0),
        (500, {}, "retry", None),
        (529, {}, "retry", None),
        (401, {}, "auth", None),
        (402, {}, "auth", None),
        (400, {}, "rejected", None),
        (404, {}, "rejected", None),
    ]
    async with bench() as b:
        for status, headers, failure, wait in cases:
            b.world.models.fail(status, "because", **headers)
            request = Request(model=model, prompt="x")
            with pytest.raises(CallFailed) as caught:
                await (b.spoken(request) if streamed else b.gateway.complete(request))
            b.world.models.answer(Reply(500))
            b.world.models._script.clear()
            assert (caught.value.failure, caught.value.retry_after_s) == (failure, wait), status
            assert b.ledger[-1].failure == failure
            assert b.world.models.key not in str(caught.value)


async def test_vendors_words_for_an_empty_account_and_a_long_prompt() -> None:
    def error(code: str, **more: object) -> Reply:
        return Reply(429, json={"error": {"message": "m", "code": code, **more}})

    async with bench() as b:
        for reply, failure, says in [
            (error("insufficient_quota"), "auth", "no credit left"),
            (Reply(400, json={"error": {"message": "m", "code": "context_length_exceeded"}}), "rejected", "too long"),
            (Reply(400, json={"error": {"message": "m", "code": "invalid_api_key"}}), "auth", "refused the key"),
            (Reply(200, text="<html>"), "retry", "not one of its format"),
            (Reply(200, json={"choices": []}), "retry", "not one of its format"),
            (Reply(200, json=[1]), "retry", "not one of its format"),
        ]:
            b.world.models._script.clear()
            b.world.models.answer(reply)
            with pytest.raises(CallFailed, match=says) as caught:
                await b.gateway.complete(Request(model=MODELS[0], prompt="x"))
            assert caught.value.failure == failure
        b.world.models._script.clear()
        bad = {"error": {"code": 400, "message": "API key not valid", "details": [{"reason": "API_KEY_INVALID"}]}}
        b.world.models.answer(Reply(400, json=bad))
        with pytest.raises(CallFailed, match="Gemini refused the key"):
            await b.gateway.complete(Request(model="gemini:gemini-2.5-flash", prompt="x"))


async def test_a_stream_that_breaks_off_says_so() -> None:
    events = b'data: {"choices":[{"index":0,"delta":{"content":"one"}}]}\n\n'
    broken = b'data: {"error":{"message":"overloaded"}}\n\n'
    async with bench() as b:
        b.world.models.answer(Reply(chunks=[events, broken]))
        heard: list[object] = []

        async def listen() -> None:
            async for piece in b.gateway.stream(Request(model=MODELS[0], prompt="x")):
                heard.append(piece)  # noqa: PERF401 - what came before the failure counts

        with pytest.raises(CallFailed, match="broke its answer off: overloaded"):
            await listen()
        assert heard == ["one"]
        assert b.ledger[0].failure == "retry"


async def test_a_chain_goes_on_to_the_next_model() -> None:
    async with bench("mistral") as b:
        chain = ("mistral:mistral-small-latest", "openai:gpt-5-mini", "gemini:gemini-2.5-flash")
        b.world.models.fail(500)
        b.world.models.say("here")
        answer = await b.gateway.complete(Request(model=chain, prompt="x"))
        assert (answer.text, answer.model) == ("here", "gemini:gemini-2.5-flash")
        assert [row.failure for row in b.ledger] == ["retry", None]
        b.world.models._script.clear()
        b.world.models.fail(503)
        b.world.models.say("one two")
        pieces, _ = await b.spoken(Request(model=chain, prompt="x"))
        assert pieces == ["one", " two"]
        b.world.models._script.clear()
        b.world.models.fail(429, retry_after="3")
        with pytest.raises(CallFailed, match=r"None of the models answered\. There is no key for Mistral\.") as caught:
            await b.gateway.complete(Request(model=chain, prompt="x"))
        assert (caught.value.failure, caught.value.retry_after_s) == ("retry", 3.0)


async def test_without_a_model_the_first_provider_with_a_key_answers() -> None:
    async with bench("openai") as b:
        b.world.models.say("hi")
        assert (await b.gateway.complete(Request(prompt="x"))).model == "gemini:gemini-2.5-flash"
        chosen = Gateway(b.gateway._net, b.gateway._keys, default="anthropic:claude-haiku-4-5", base_urls={})
        assert (await chosen.complete(Request(prompt="x"))).model == "anthropic:claude-haiku-4-5"


async def test_any_compatible_endpoint_by_its_address() -> None:
    async with world_and_client() as (world, client):
        secret = f'{{"key": "{world.models.key}", "base_url": "{world.models.openai_url}/"}}'

        async def keys(_provider: str) -> str:
            return secret

        world.models.say("hi")
        answer = await Gateway(client, keys, base_urls={}).complete(Request(model="house:llama", prompt="x"))
        assert (answer.text, answer.cost_usd) == ("hi", None)
        assert answer.notes == ("The price of house:llama is not known.",)
        moved = Gateway(
            client, keys_from_env({"OPENAI_API_KEY": world.models.key}), base_urls={"openai": world.models.openai_url}
        )
        assert (await moved.complete(Request(model="openai:gpt-5-mini", prompt="x"))).text == "hi"


async def test_addresses_of_models_pass_the_guard_too() -> None:
    async with world_and_client() as (_, client):
        with pytest.raises(CallFailed, match=r"PLAINWORK_ALLOW_HOSTS=127\.0\.0\.1:11434"):
            await Gateway(client, base_urls={}).complete(Request(model="ollama:llama3.2", prompt="x"))


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ("gpt-5", "provider:model"),
        (":x", "provider:model"),
        ("nobody:x", "no model provider 'nobody'"),
        ("openai:x", "no key for OpenAI"),
    ],
)
async def test_names_that_lead_nowhere(model: str, says: str) -> None:
    async with world_and_client() as (_, client):
        with pytest.raises(CallFailed, match=says):
            await Gateway(client, base_urls={}).complete(Request(model=model, prompt="x"))


async def test_an_empty_question_is_not_sent() -> None:
    async with bench() as b:
        with pytest.raises(CallFailed, match="asked nothing"):
            await b.gateway.complete(Request(model=MODELS[0], prompt="", system="s"))
        assert b.asked == []


async def test_time_runs_out_and_giving_up_is_recorded() -> None:
    async with bench() as b:
        b.world.models.answer(Reply(delay_s=5))
        with pytest.raises(CallFailed) as caught:
            await b.gateway.complete(Request(model=MODELS[0], prompt="x", timeout_s=0.1))
        assert caught.value.failure == "timeout"
        task = asyncio.create_task(b.gateway.complete(Request(model=MODELS[0], prompt="x")))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert [row.failure for row in b.ledger] == ["timeout", "cancelled"]


async def test_a_slow_listener_is_not_cancelled_by_the_calls_own_deadline() -> None:
    async with bench() as b:
        b.world.models.say("one two three " * 10, pause_s=0.05)
        heard: list[object] = []

        async def listen() -> None:
            async for piece in b.gateway.stream(Request(model=MODELS[0], prompt="x", timeout_s=0.2)):
                if not heard:
                    await asyncio.sleep(0.4)
                heard.append(piece)

        with pytest.raises(CallFailed, match="did not answer within"):
            await listen()
        assert heard[0] == "one"


async def test_secrets_open_to_credentials() -> None:
    assert opened("  sk-1 ") == Credential(key="sk-1")
    assert opened('{"api_key": "k", "base_url": "http://x/v1"}') == Credential(key="k", base_url="http://x/v1")
    assert opened({"value": "k"}) == Credential(key="k")
    assert opened(None) is None
    assert opened("") is None
    for bad in ("{", "{}", '{"key": 1}'):
        with pytest.raises(CallFailed, match="cannot be read"):
            opened(bad)
    env = keys_from_env({"GOOGLE_API_KEY": "g", "MISTRAL_API_KEY": "m", "OPENAI_BASE_URL": "http://h/v1", "OTHER": "x"})
    assert await env("gemini") == Credential(key="g")
    assert await env("openai") == Credential(base_url="http://h/v1")
    assert await env("groq") is None


async def test_providers_are_complete_data() -> None:
    for name, provider in providers().items():
        assert provider.title, name
        assert provider.wire == "local" or provider.base_url.startswith("http"), name
    assert list(providers())[-1] == "local"


async def test_a_conversation_keeps_its_turns() -> None:
    async with bench() as b:
        b.world.models.say("ok")
        turns = (Message("user", "a"), Message("assistant", "b"))
        for model in MODELS:
            await b.gateway.complete(Request(model=model, messages=turns, prompt="c", system="s"))
        assert [m["role"] for m in b.asked[0]["messages"]] == ["system", "user", "assistant", "user"]
        assert [c["role"] for c in b.asked[2]["contents"]] == ["user", "model", "user"]
        assert [m["role"] for m in b.asked[3]["messages"]] == ["user", "assistant", "user"]
        assert b.asked[3]["system"] == "s"


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_model_that_minds_its_temperature_is_asked_without_one(streamed: bool) -> None:
    async with bench() as b:
        b.world.models.fail(400, "Unsupported value: 'temperature' does not support 0 with this model.")
        b.world.models.say("fine", finish="length")
        request = Request(model="anthropic:claude-haiku-4-5", prompt="x")
        answer = (await b.spoken(request))[1] if streamed else await b.gateway.complete(request)
        assert answer.text == "fine"
        assert ["temperature" in asked for asked in b.asked] == [True, False]
        assert answer.notes == ("The answer was cut off at its token limit.",)


async def test_a_model_that_goes_on_minding_is_believed() -> None:
    async with bench() as b:
        b.world.models.fail(400, "temperature is wrong")
        with pytest.raises(CallFailed, match="temperature is wrong"):
            await b.gateway.complete(Request(model=MODELS[1], prompt="x"))
        assert len(b.asked) == 2
