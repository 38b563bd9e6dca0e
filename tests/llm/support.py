"""A gateway in front of the scripted models."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from plainwork.llm import Answer, CallRecord, Credential, Gateway, Request
from tests.world import World, world_and_client


@dataclass
class Bench:
    world: World
    gateway: Gateway
    ledger: list[CallRecord]
    urls: dict[str, str]

    @property
    def asked(self) -> list[dict[str, Any]]:
        return self.world.models.asked

    async def spoken(self, request: Request) -> tuple[list[str], Answer]:
        """The pieces of a streamed answer, and its end."""
        pieces: list[str] = []
        answer: Answer | None = None
        async for piece in self.gateway.stream(request):
            if isinstance(piece, Answer):
                answer = piece
            else:
                pieces.append(piece)
        assert answer is not None
        return pieces, answer


@asynccontextmanager
async def bench(*without_key: str) -> AsyncIterator[Bench]:
    """Every provider is at the scripted server, with its key, but those named."""
    async with world_and_client() as (world, client):
        models = world.models
        urls = {"openai": models.openai_url, "gemini": models.gemini_url, "anthropic": models.anthropic_url}
        ledger: list[CallRecord] = []

        async def keys(provider: str) -> Credential | None:
            if provider in without_key:
                return None
            return Credential(key=models.key, base_url=urls.get(provider, models.openai_url))

        yield Bench(world, Gateway(client, keys, ledger.append, base_urls={}), ledger, urls)
