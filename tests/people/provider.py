"""A real OpenID Connect provider in a process of its own, on loopback; and what a person does on its page."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import httpx


@dataclass
class RealProvider:
    """``oidc-provider-mock``, which signs its ID tokens with a key of its own."""

    issuer: str

    async def knows(self, subject: str, **claims: Any) -> None:
        """Makes a user with these claims (``email``, ``email_verified``, ``name``)."""
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.put(f"{self.issuer}/users/{subject}", json=claims)
            assert answer.is_success, answer.text

    async def register(self, redirect_uri: str) -> tuple[str, str]:
        """A client of the provider: its id and secret."""
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.post(f"{self.issuer}/oauth2/clients", json={"redirect_uris": [redirect_uri]})
            assert answer.status_code == 201, answer.text
        return answer.json()["client_id"], answer.json()["client_secret"]

    async def agree(self, address: str, subject: str | None) -> str:
        """The person signs in as ``subject`` on the provider's page, or refuses (None); where they are sent to."""
        form = {"sub": subject} if subject else {"action": "deny"}
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.post(address, data=form)
        assert answer.status_code in {302, 303}, answer.text
        return urljoin(address, answer.headers["location"])


def program(port: int) -> list[str]:
    """What starts the provider there."""
    command = ("-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port))
    return [sys.executable, *command, "--require-registration", "--require-nonce"]


@asynccontextmanager
async def real_provider() -> AsyncIterator[RealProvider]:
    """The provider's process, until the end of the block."""
    port = await _free_port()
    process = await asyncio.create_subprocess_exec(
        *program(port), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    provider = RealProvider(f"http://localhost:{port}")
    try:
        await _answers(provider)
        yield provider
    finally:
        process.terminate()
        await process.wait()


async def _answers(provider: RealProvider) -> None:
    async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(20):
        while True:
            try:
                metadata = (await client.get(f"{provider.issuer}/.well-known/openid-configuration")).json()
                assert metadata["issuer"] == provider.issuer
                return
            except (httpx.TransportError, json.JSONDecodeError):
                await asyncio.sleep(0.05)


async def _free_port() -> int:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port
