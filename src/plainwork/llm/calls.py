"""One call to a provider over the network: sent once, whole or streamed, its failures put into words."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import astuple
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

import msgspec

from plainwork import log
from plainwork.errors import CallFailed
from plainwork.llm.model import Credential, Request, Usage
from plainwork.llm.providers import Provider
from plainwork.llm.wire import Ask, Piece, Wire, events
from plainwork.net import Outgoing, Response, Stream, failed

if TYPE_CHECKING:
    from plainwork.net import Client

_MODULES = {"openai": "wire_openai", "gemini": "wire_gemini", "anthropic": "wire_anthropic"}
# What vendors call the same three misfortunes.
_BROKE = {"insufficient_quota", "billing_not_active", "insufficient_balance", "BILLING_DISABLED"}
_BAD_KEY = {"invalid_api_key", "API_KEY_INVALID", "authentication_error"}
_UNREADABLE = (ValueError, KeyError, IndexError, TypeError, AttributeError)
_TOO_LONG = {"context_length_exceeded", "string_above_max_length", "exceed_context_size_error"}


class Call(Protocol):
    """One call that is under way or done; ``began`` is monotonic seconds."""

    began: float
    text: str
    usage: Usage
    finish: str
    first_token_s: float | None
    notes: tuple[str, ...]

    async def complete(self) -> None:
        """Sends it and waits for the whole answer. Raises CallFailed."""

    def stream(self) -> AsyncGenerator[str, None]:
        """Sends it; the answer's pieces. Raises CallFailed."""


class WireCall:
    """A call in one of the wire formats."""

    def __init__(
        self, net: Client, request: Request, model: str, provider: Provider, name: str, credential: Credential
    ) -> None:
        self.began = time.monotonic()
        self.text = ""
        self.usage = Usage()
        self.finish = "stop"
        self.first_token_s: float | None = None
        self.notes: tuple[str, ...] = ()
        self._is_finished = False
        self._net = net
        self._request = request
        self._model = model
        self._provider = provider
        self._who = provider.title or name
        self._credential = credential
        self._wire = cast(Wire, import_module(f"plainwork.llm.{_MODULES[provider.wire]}"))

    async def complete(self) -> None:
        """Sends the request and reads the answer."""
        reply = await self._net.request("POST", **self._sending(stream=False))
        if self._minds_temperature(reply):
            reply = await self._net.request("POST", **self._sending(stream=False, temperature=False))
        if reply.status != 200:
            raise self._failure(reply)
        try:
            self._add(self._wire.read(reply.json()))
        except _UNREADABLE as error:
            raise self._unreadable() from error

    async def stream(self) -> AsyncGenerator[str, None]:
        """Sends the request and yields the text as it arrives."""
        for temperature in (True, False):
            async with self._net.stream("POST", **self._sending(stream=True, temperature=temperature)) as reply:
                if reply.status != 200:
                    refusal = await reply.read()
                    if temperature and self._minds_temperature(refusal):
                        continue
                    raise self._failure(refusal)
                async for piece in self._pieces(reply):
                    if piece.error is not None:
                        raise CallFailed(
                            f"{self._who} broke its answer off: {log.excerpt(piece.error, 300)}.", uncertain=True
                        )
                    self._add(piece)
                    if piece.text:
                        yield piece.text
                if not self._is_finished:
                    raise CallFailed(f"{self._who} broke its answer off.", uncertain=True)
                return

    def _minds_temperature(self, reply: Response) -> bool:
        """True when the request was refused for its temperature, as models that reason do; which ones is their
        affair."""
        return reply.status == 400 and self._provider.wire != "gemini" and "temperature" in self._words(reply)[0]

    async def _pieces(self, reply: Stream) -> AsyncIterator[Piece]:
        try:
            async for payload in events(reply.lines()):
                yield self._wire.event(payload)
        except _UNREADABLE as error:
            raise self._unreadable() from error

    def _add(self, piece: Piece) -> None:
        if piece.text and self.first_token_s is None:
            self.first_token_s = time.monotonic() - self.began
        self.text += piece.text
        if piece.finish:
            self.finish, self._is_finished = piece.finish, True
        if piece.usage is not None:
            # Counts arrive as totals so far, some events naming only a part of them.
            self.usage = Usage(*map(max, astuple(self.usage), astuple(piece.usage)))

    def _sending(self, *, stream: bool, temperature: bool = True) -> dict[str, Any]:
        ask = self._wire.ask(self._request, self._model, self._provider, self._credential, stream=stream)
        if not temperature:
            ask.body.pop("temperature", None)
        base = (self._credential.base_url or self._provider.base_url).rstrip("/")
        return {
            "url": base + ask.path,
            "headers": {"Content-Type": "application/json", **ask.headers},
            "params": ask.params,
            "body": msgspec.json.encode(ask.body),
            "timeout_s": self._request.timeout_s,
            "sign": _signer(ask),
        }

    def _unreadable(self) -> CallFailed:
        return CallFailed(f"{self._who} sent an answer that is not one of its format.", uncertain=True)

    def _words(self, reply: Response) -> tuple[str, str]:
        try:
            return self._wire.words(reply.json())
        except ValueError:
            return log.excerpt(reply.text(), 200), ""

    def _failure(self, reply: Response) -> CallFailed:
        message, code = self._words(reply)
        if code in _BROKE or reply.status == 402:
            return CallFailed(
                f"The {self._who} account has no credit left.",
                failure="auth",
                next_step=f"Add credit at {self._who}, or use another model.",
            )
        if code in _BAD_KEY or reply.status == 401:
            return CallFailed(
                f"{self._who} refused the key.",
                failure="auth",
                next_step=f"Store a valid {self._who} key.",
            )
        if code in _TOO_LONG:
            return CallFailed(
                f"The text is too long for {self._model}.",
                failure="rejected",
                next_step="Shorten it, work through it with foreach, or use a model with a longer context.",
            )
        if reply.status == 404:
            return CallFailed(
                f"{self._who} has no model {self._model!r}" + (f": {log.excerpt(message, 200)}" if message else "."),
                failure="rejected",
                next_step="Check the model's name.",
            )
        return failed(reply, self._who, message)


def _signer(ask: Ask) -> Any:
    def sign(out: Outgoing) -> None:
        out.headers.update(ask.secret_headers)

    return sign
