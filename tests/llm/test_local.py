"""The embedded model itself: real weights, a real child process."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psutil
import pytest

from plainwork.errors import CallFailed
from plainwork.llm import Answer, CallRecord, Gateway, Request
from plainwork.llm.local import Local
from plainwork.net import Client

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def embedded(idle_s: float = 60.0) -> AsyncIterator[tuple[Gateway, Local, list[CallRecord]]]:
    ledger: list[CallRecord] = []
    local = Local(idle_s=idle_s)
    async with Client() as net:
        gateway = Gateway(net, None, ledger.append, base_urls={}, local=local)
        try:
            yield gateway, local, ledger
        finally:
            await gateway.close()


async def test_it_answers_streams_and_keeps_to_a_schema_with_no_key_at_all() -> None:
    async with embedded() as (gateway, local, ledger):
        request = Request(prompt="Say hello.", max_tokens=12)
        first = await gateway.complete(request)
        assert first.text.strip()
        assert (first.model, first.weak, first.cost_usd, first.finish) == (
            "local:smollm2-135m",
            True,
            0.0,
            first.finish,
        )
        assert 0 < first.usage.output <= 12
        assert first.usage.input > 10
        heard = [piece async for piece in gateway.stream(request)]
        last = heard.pop()
        assert isinstance(last, Answer)
        assert "".join(map(str, heard)) == last.text == first.text
        assert len(heard) > 3

        labels = ["complaint", "praise"]
        schema = {"type": "object", "properties": {"label": {"enum": labels}}, "required": ["label"]}
        answer = await gateway.complete(Request(prompt="Classify: I love it!", schema=schema, max_tokens=40))
        assert answer.data["label"] in labels
        assert [row.failure for row in ledger] == [None] * 3
        assert local.pid is not None
        for ours in psutil.Process(local.pid).net_connections():
            assert ours.laddr.ip in {"127.0.0.1", "::1"}


async def test_a_long_prompt_loses_its_middle_and_says_so() -> None:
    async with embedded() as (gateway, _, _):
        text = "begin " + "lorem ipsum " * 20_000 + " end"
        answer = await gateway.complete(Request(prompt=text, schema={"enum": ["yes", "no"]}, max_tokens=1900))
        assert answer.data in {"yes", "no"}
        assert "characters from the middle" in answer.notes[-1]
        assert answer.usage.input < 300


async def test_giving_up_ends_the_child_and_the_next_question_starts_another() -> None:
    async with embedded() as (gateway, local, _):
        with pytest.raises(CallFailed) as caught:
            await gateway.complete(Request(prompt="Write a long story.", timeout_s=0.05))
        assert caught.value.failure == "timeout"
        assert await _pid(local) is None
        answer = await gateway.complete(Request(prompt="Say hello.", max_tokens=3))
        before = await _pid(local)
        assert answer.text
        assert before is not None
        os.kill(before, signal.SIGKILL)
        with pytest.raises(CallFailed, match="ended unexpectedly") as caught:
            await gateway.complete(Request(prompt="Say hello.", max_tokens=3))
        assert caught.value.failure == "retry"


async def _pid(local: Local) -> int | None:
    return local.pid


async def test_an_idle_child_goes_away() -> None:
    async with embedded(idle_s=0.1) as (gateway, local, _):
        async for _ in gateway.stream(Request(prompt="Say hello.", max_tokens=2)):
            pid = local.pid
        assert pid is not None
        for _ in range(100):
            if not psutil.pid_exists(pid):
                break
            await asyncio.sleep(0.05)
        else:
            pytest.fail("the child is still there")
        again = await gateway.complete(Request(prompt="Say hello.", max_tokens=2))
        assert again.text
        assert local.pid not in {None, pid}


async def test_an_unknown_embedded_model_is_named() -> None:
    async with embedded() as (gateway, local, _):
        with pytest.raises(CallFailed, match="no embedded model 'llama-70b'"):
            await gateway.complete(Request(model="local:llama-70b", prompt="x"))
        assert local.pid is None


async def test_the_child_is_told_no_secret_of_the_operator(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VAULT_KEY", "DATABASE_URL", "OPENAI_API_KEY", "PLAINWORK_SECRET_SHOP"):
        monkeypatch.setenv(name, "t0p-s3cret")
    async with embedded() as (gateway, local, _):
        await gateway.complete(Request(prompt="Say hello.", max_tokens=2))
        assert local.pid is not None
        told = psutil.Process(local.pid).environ()
    assert "PATH" in told
    assert "t0p-s3cret" not in told.values()
