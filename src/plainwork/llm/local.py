"""The embedded model, in a process of its own: started on first use, ended when it has been idle for a while.

A child process keeps the model's memory and its native code's crashes out of the server, and leaves the event loop
free. One question is answered at a time; the others wait in line within their own time limits.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any

from plainwork.errors import CallFailed
from plainwork.llm.model import Message, Request, Usage

MODEL = "smollm2-135m"
IDLE_S = 120.0
START_TIMEOUT_S = 60.0
WEAK = "Written by the small embedded model: fit for trying things out, not for judgement."
_LINE_LIMIT = 4 * 1024 * 1024
_ENVIRONMENT = frozenset(
    {"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME"}
    | {"LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "OMP_NUM_THREADS"}
)
"""What the child is told of our environment: none of the operator's secrets reach the model's native code."""


class Local:
    """The child process and the line in front of it."""

    def __init__(self, *, idle_s: float = IDLE_S) -> None:
        self._idle_s = idle_s
        self._turn = asyncio.Lock()
        self._child: asyncio.subprocess.Process | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._leaving: asyncio.Task[None] | None = None
        self._at_loop_end: AsyncGenerator[None, None] | None = None

    @property
    def pid(self) -> int | None:
        """The child's process id while it runs."""
        return self._child.pid if self._child is not None and self._child.returncode is None else None

    async def ask(self, question: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """What the child says to one question, message by message; the last holds ``done`` or ``error``.

        Raises CallFailed (retry) when the child dies. A question that is given up ends the child, as nothing else
        interrupts a model that is reading a long prompt.
        """
        async with self._turn:
            finished = False
            child = await self._started()
            try:
                await _write(child, question)
                while not finished:
                    said = await _read(child)
                    finished = "done" in said or "error" in said
                    yield said
            finally:
                if not finished:
                    await self._end()
                self._rest()

    async def close(self) -> None:
        """Ends the child."""
        if self._idle is not None:
            self._idle.cancel()
        await self._end()
        if self._leaving is not None:
            await self._leaving

    async def _started(self) -> asyncio.subprocess.Process:
        if self._idle is not None:
            self._idle.cancel()
        if self._child is not None and self._child.returncode is None:
            return self._child
        self._child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "plainwork.llm.local_child",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=_LINE_LIMIT,
            env={name: value for name, value in os.environ.items() if name in _ENVIRONMENT},
        )
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                ready = await _read(self._child)
        except TimeoutError as error:
            await self._end()
            raise CallFailed("The embedded model did not start in time.") from error
        except BaseException:
            await self._end()
            raise
        if "error" in ready:
            await self._end()
            raise CallFailed(
                f"The embedded model cannot start: {ready['error']}.",
                failure="rejected",
                next_step="Reinstall Plainwork, or name another model.",
            )
        await self._bind_to_loop()
        return self._child

    async def _bind_to_loop(self) -> None:
        """Sees to it that the child ends with the event loop: ``asyncio.run`` closes every generator still
        suspended."""

        async def until_the_end() -> AsyncGenerator[None, None]:
            try:
                yield
            finally:
                await self._end()

        if self._at_loop_end is None:
            self._at_loop_end = until_the_end()
            await anext(self._at_loop_end)

    def _rest(self) -> None:
        if self._child is not None:
            loop = asyncio.get_running_loop()
            self._idle = loop.call_later(self._idle_s, self._release)

    def _release(self) -> None:
        if not self._turn.locked():
            self._leaving = asyncio.get_running_loop().create_task(self._end())

    async def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        with suppress(ProcessLookupError):
            child.kill()
        await child.wait()
        if child.stdin is not None:
            child.stdin.close()


class LocalCall:
    """One call to the embedded model."""

    def __init__(self, local: Local, request: Request, model: str) -> None:
        if model != MODEL:
            raise CallFailed(
                f"There is no embedded model {model!r}.", failure="rejected", next_step=f"Use local:{MODEL}."
            )
        self.began = time.monotonic()
        self.text = ""
        self.usage = Usage()
        self.finish = "stop"
        self.first_token_s: float | None = None
        self.notes: tuple[str, ...] = (WEAK,)
        self._local = local
        self._request = request

    async def complete(self) -> None:
        """Waits for the whole answer."""
        async for _ in self.stream():
            continue

    async def stream(self) -> AsyncGenerator[str, None]:
        """The answer's pieces as the model writes them."""
        request = self._request
        question = {
            "messages": [_turn(m) for m in request.conversation],
            "schema": request.schema,
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
        }
        said = self._local.ask(question)
        deadline = asyncio.get_running_loop().time() + request.timeout_s
        try:
            while True:
                async with asyncio.timeout_at(deadline):
                    message = await anext(said, None)
                if message is None:
                    return
                piece = self._take(message)
                if piece:
                    yield piece
        except TimeoutError as error:
            raise CallFailed(
                f"The embedded model did not finish within {request.timeout_s:g} s.",
                failure="timeout",
                next_step="Give it less text or more time, or use a model behind a provider.",
            ) from error
        finally:
            await said.aclose()

    def _take(self, said: dict[str, Any]) -> str:
        if "error" in said:
            raise CallFailed(f"The embedded model cannot answer this: {said['error']}.", failure="rejected")
        if "done" in said:
            done = said["done"]
            self.finish = done["finish"]
            self.usage = Usage(input=done["input"], output=done["output"])
            if done["left_out"]:
                self.notes += (f"{done['left_out']} characters from the middle of the prompt were left out.",)
            return ""
        piece = str(said["text"])
        if self.first_token_s is None:
            self.first_token_s = time.monotonic() - self.began
        self.text += piece
        return piece


_shared: dict[asyncio.AbstractEventLoop, Local] = {}


def shared() -> Local:
    """The one embedded model of this event loop, however many gateways there are."""
    loop = asyncio.get_running_loop()
    for other in [known for known in _shared if known.is_closed()]:
        del _shared[other]
    return _shared.setdefault(loop, Local())


async def close_shared() -> None:
    """Ends this event loop's embedded model, if it runs; the next use starts it again."""
    local = _shared.get(asyncio.get_running_loop())
    if local is not None:
        await local.close()


def _turn(message: Message) -> dict[str, str]:
    return {"role": message.role, "content": message.content}


async def _write(child: asyncio.subprocess.Process, question: dict[str, Any]) -> None:
    if child.stdin is None:
        raise RuntimeError("the child was started without a pipe")
    try:
        child.stdin.write(json.dumps(question).encode() + b"\n")
        await child.stdin.drain()
    except (BrokenPipeError, ConnectionResetError) as error:
        raise _died() from error


async def _read(child: asyncio.subprocess.Process) -> dict[str, Any]:
    line = await child.stdout.readline() if child.stdout is not None else b""
    if not line:
        raise _died()
    said: dict[str, Any] = json.loads(line)
    return said


def _died() -> CallFailed:
    return CallFailed("The embedded model's process ended unexpectedly.", next_step="Try again.")
