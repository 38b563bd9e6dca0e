"""The gateway: chooses the model, makes the call, reads the answer, prices and records it.

It holds no secret: keys are asked for call by call. It does not retry either: what failed is classified and raised, and
only a chain of models named in the request is walked here.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from plainwork import log, meters
from plainwork.errors import CallFailed
from plainwork.llm.model import DEFAULT_MODEL, Answer, CallRecord, Credential, Message, Request
from plainwork.llm.providers import Keys, Provider, find, keys_from_env, opened, providers, split

if TYPE_CHECKING:
    from plainwork.llm.calls import Call
    from plainwork.llm.local import Local
    from plainwork.llm.structured import Form
    from plainwork.net import Client

Record = Callable[[CallRecord], None]
Hear = Callable[[str | None], None]
__all__ = ["Gateway", "keys_from_env"]


@dataclass(frozen=True, slots=True)
class _Target:
    """One model of a chain, with what is needed to call it."""

    name: str
    provider_name: str
    provider: Provider
    model: str
    credential: Credential


class Gateway:
    """One per process. ``keys(provider)`` awaits a provider's opened secret (see ``providers.opened``) or None;
    ``record`` is told of every call on the wire; ``default`` is used for requests that name no model (else: the first
    provider that has a key, else the embedded model); ``base_urls`` moves providers elsewhere (provider → URL; None:
    what ``OPENAI_BASE_URL``, ``GEMINI_BASE_URL`` … say)."""

    def __init__(
        self,
        net: Client,
        keys: Keys | None = None,
        record: Record | None = None,
        *,
        default: str | tuple[str, ...] | None = None,
        base_urls: Mapping[str, str] | None = None,
        local: Local | None = None,
    ) -> None:
        self._net = net
        self._keys = keys
        self._record = record
        self._default = default
        self._base_urls = _base_urls(os.environ) if base_urls is None else dict(base_urls)
        self._local = local

    async def complete(self, request: Request, hear: Hear | None = None) -> Answer:
        """The whole answer. With a schema, ``data`` satisfies it: a misfit is sent back once to be mended.

        ``hear`` is told the pieces of the answer as they arrive, and None when a model of a chain breaks off and the
        next one begins; what comes of the request is the same with and without it.

        Raises CallFailed: ``auth`` for a missing or refused key, ``retry``/``timeout`` for what may pass, ``rejected``
        for what will not. Of a chain, the last failure names them all.
        """
        failures: list[CallFailed] = []
        for name in await self._chain(request):
            try:
                return await self._complete_one(name, request, hear)
            except CallFailed as failure:
                failures.append(failure)
                if hear is not None:
                    hear(None)
        raise _of_chain(failures)

    async def stream(self, request: Request) -> AsyncGenerator[str | Answer, None]:
        """The answer piece by piece, ended by the ``Answer`` itself. A chain is walked until a first piece arrives.

        Raises as ``complete``. With a schema the pieces are the raw JSON text, and a misfit is mended before the end.
        """
        failures: list[CallFailed] = []
        for name in await self._chain(request):
            begun = False
            try:
                async with aclosing(self._stream_one(name, request)) as pieces:
                    async for piece in pieces:
                        begun = True
                        yield piece
                return
            except CallFailed as failure:
                if begun:
                    raise
                failures.append(failure)
        raise _of_chain(failures)

    async def require(self, name: str) -> None:
        """Raises CallFailed when the model of this name cannot even be asked: there is no such provider, or no key."""
        await self._target(name)

    async def close(self) -> None:
        """Ends the embedded model's process; whoever asks it next starts it again."""
        if self._local is not None:
            await self._local.close()
        elif "plainwork.llm.local" in sys.modules:
            from plainwork.llm.local import close_shared

            await close_shared()

    async def _chain(self, request: Request) -> tuple[str, ...]:
        named = request.model or self._default
        if named:
            return (named,) if isinstance(named, str) else tuple(named)
        for name, provider in providers().items():
            if provider.default and opened(await self._keys(name) if self._keys else None):
                return (f"{name}:{provider.default}",)
        return (DEFAULT_MODEL,)

    async def _target(self, name: str) -> _Target:
        provider_name, model = split(name)
        credential = opened(await self._keys(provider_name) if self._keys else None) or Credential()
        log.hide([credential.key or ""])
        if not credential.base_url and provider_name in self._base_urls:
            credential = replace(credential, base_url=self._base_urls[provider_name])
        provider = find(provider_name, credential)
        if provider.key == "required" and not credential.key:
            raise CallFailed(
                f"There is no key for {provider.title or provider_name}.",
                failure="auth",
                next_step=f"Store one as the secret `{provider_name}`, or use the embedded {DEFAULT_MODEL}.",
            )
        return _Target(name, provider_name, provider, model, credential)

    async def _complete_one(self, name: str, request: Request, hear: Hear | None) -> Answer:
        target = await self._target(name)
        form, sent = _form(request)
        answer = await self._answer(target, sent, hear)
        return await self._fitted(target, sent, form, answer) if form else answer

    async def _stream_one(self, name: str, request: Request) -> AsyncGenerator[str | Answer, None]:
        target = await self._target(name)
        form, sent = _form(request)
        call = self._call(target, sent)
        hidden, held = log.Redactor([target.credential.key or ""]), ""
        try:
            async with aclosing(call.stream()) as pieces:
                async for piece in pieces:
                    said, held = hidden.settle(held + piece)
                    if said:
                        yield said
                if held:
                    yield hidden.scrub(held)
        except BaseException as error:
            self._note(target, sent, call, None, _failure(error))
            raise
        answer = await self._recorded(target, sent, call)
        yield await self._fitted(target, sent, form, answer) if form else answer

    async def _answer(self, target: _Target, request: Request, hear: Hear | None = None) -> Answer:
        call = self._call(target, request)
        try:
            if hear is None:
                await call.complete()
            else:
                async with aclosing(call.stream()) as pieces:
                    async for piece in pieces:
                        hear(piece)
        except BaseException as error:
            self._note(target, request, call, None, _failure(error))
            raise
        return await self._recorded(target, request, call)

    async def _fitted(self, target: _Target, request: Request, form: Form, first: Answer) -> Answer:
        data, problem = form.read(first.text)
        if problem is None:
            return replace(first, data=data)
        from plainwork.llm.structured import repair_words

        turns = (*request.messages, *((Message("user", request.prompt),) if request.prompt is not None else ()))
        turns += (Message("assistant", first.text or "(nothing)"), Message("user", repair_words(problem)))
        second = await self._answer(target, replace(request, prompt=None, messages=turns))
        data, problem = form.read(second.text)
        if problem is not None:
            raise CallFailed(
                f"{target.name} did not answer in the form that was asked for: {problem}.",
                failure="rejected",
                next_step="Simplify the schema, give the answer more tokens, or use a stronger model.",
            )
        cost = None if first.cost_usd is None or second.cost_usd is None else first.cost_usd + second.cost_usd
        return replace(
            second,
            data=data,
            usage=first.usage + second.usage,
            cost_usd=cost,
            latency_s=first.latency_s + second.latency_s,
            first_token_s=first.first_token_s,
            notes=(*second.notes, "The first answer did not fit the schema and was mended."),
        )

    def _call(self, target: _Target, request: Request) -> Call:
        if target.provider.wire == "local":
            from plainwork.llm.local import LocalCall, shared

            return LocalCall(self._local or shared(), request, target.model)
        from plainwork.llm.calls import WireCall

        return WireCall(self._net, request, target.model, target.provider, target.provider_name, target.credential)

    async def _recorded(self, target: _Target, request: Request, call: Call) -> Answer:
        from plainwork.llm.prices import cost_usd

        cost = await cost_usd(target.provider, target.model, call.usage)
        latency = self._note(target, request, call, cost, None)
        notes = call.notes if cost is not None else (*call.notes, f"The price of {target.name} is not known.")
        if call.finish == "length":
            notes += ("The answer was cut off at its token limit.",)
        return Answer(
            text=log.Redactor([target.credential.key or ""]).scrub(call.text),
            model=target.name,
            usage=call.usage,
            cost_usd=cost,
            latency_s=latency,
            first_token_s=call.first_token_s,
            finish=call.finish,
            weak=target.provider.wire == "local",
            notes=notes,
        )

    def _note(
        self,
        target: _Target,
        request: Request,
        call: Call,
        cost: float | None,
        failure: str | None,
    ) -> float:
        latency = time.monotonic() - call.began
        meters.CALLS.add(target.provider.wire, "failed" if failure else "succeeded")
        if self._record is not None:
            self._record(
                CallRecord(
                    provider=target.provider_name,
                    model=target.model,
                    usage=call.usage,
                    cost_usd=cost,
                    latency_s=latency,
                    first_token_s=call.first_token_s,
                    failure=failure,
                    run=request.run,
                    node=request.node,
                    agent=request.agent,
                    version=request.version,
                )
            )
        return latency


def _form(request: Request) -> tuple[Form | None, Request]:
    """The schema in the shape that travels, and the request that carries it."""
    if not any(m.content for m in request.conversation if m.role != "system"):
        raise CallFailed("The model is asked nothing.", failure="rejected", next_step="Give the step a `prompt`.")
    if request.schema is None:
        return None, request
    from plainwork.llm.structured import Form

    form = Form.of(request.schema)
    return form, replace(request, schema=form.schema)


def _failure(error: BaseException) -> str:
    return error.failure if isinstance(error, CallFailed) else "cancelled"


def _base_urls(env: Mapping[str, str]) -> dict[str, str]:
    return {p: env[n] for p in providers() if env.get(n := f"{p.upper()}_BASE_URL")}


def _of_chain(failures: list[CallFailed]) -> Any:
    if len(failures) == 1:
        return failures[0]
    kinds = [f.failure for f in failures]
    kind = next((k for k in ("retry", "timeout", "auth") if k in kinds), "rejected")
    waits = [f.retry_after_s for f in failures if f.retry_after_s is not None]
    return CallFailed(
        "None of the models answered. " + " ".join(f.message for f in failures),
        failure=kind,  # type: ignore[arg-type]
        retry_after_s=min(waits, default=None),
        next_step=failures[-1].next_step,
    )
