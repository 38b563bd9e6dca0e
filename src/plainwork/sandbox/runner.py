"""Starts an interpreter for a program, waits for it in a thread, and says in plain words how it ended."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import shlex
import shutil
import tempfile
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plainwork.errors import CallFailed, Unavailable
from plainwork.sandbox.limits import Limits, Walk

if TYPE_CHECKING:
    import pydantic_monty

_AT_ONCE = max(2, os.cpu_count() or 2)
_ADDRESS_SPACE_KIB = 1_500_000
_LONGEST_MESSAGE = 500
_LAUNCHER = """#!/bin/sh
ulimit -c 0 2>/dev/null
ulimit -f 0 2>/dev/null
ulimit -n 64 2>/dev/null
ulimit -t {cpu_s} 2>/dev/null
ulimit -v {address_kib} 2>/dev/null
exec env -i {binary} "$@" 2>/dev/null
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """A program that ended well: the value of its last expression (JSON), and what it printed."""

    result: Any
    printed: str


class Sandbox:
    """Runs programs, a few at once; others wait their turn. ``binary``: the interpreter (None: the installed one)."""

    def __init__(self, binary: str | Path | None = None) -> None:
        self._binary = binary
        self._lock = threading.Lock()
        self._pool: pydantic_monty.Monty | None = None
        self._threads: ThreadPoolExecutor | None = None
        self._folder: str | None = None

    async def run(self, code: str, names: Mapping[str, Any], limits: Limits | None = None) -> Ran:
        """As ``run_sync``, without holding the event loop."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor(), self.run_sync, code, names, limits)

    def run_sync(self, code: str, names: Mapping[str, Any], limits: Limits | None = None) -> Ran:
        """Runs ``code`` with ``names`` as its variables (JSON values).

        Raises ``CallFailed``: ``rejected`` when the program fails (the message names the line), returns what is not
        data or passes a limit of memory or output; ``timeout`` when it passes its time; ``retry`` when its process
        died.
        """
        import pydantic_monty as monty

        limits = limits or Limits()
        printed = monty.CollectString(limits.printed)
        try:
            with self._started().checkout(
                script_name="code", limits=_resource_limits(limits), os_policy={"sleep": "zero"}
            ) as session:
                result = session.feed_run(code, inputs=dict(names), print_callback=printed)
        except Unavailable:
            raise
        except monty.MontyCrashedError as error:
            raise _crashed(error, limits) from None
        except monty.MontyError as error:
            raise _explained(error, limits) from None
        except TimeoutError:
            raise CallFailed("The sandbox was busy for too long.", failure="retry") from None
        except Exception as error:  # noqa: BLE001, RUF100 - a value from the program that does not convert
            message = f"The result cannot be taken over: {_cut(str(error))}"
            raise CallFailed(message, failure="rejected") from None
        return Ran(Walk(limits).copy(result), printed.output)

    def close(self) -> None:
        """Ends the interpreters; running programs fail."""
        with self._lock:
            pool, threads, folder = self._pool, self._threads, self._folder
            self._pool = self._threads = self._folder = None
        if threads is not None:
            threads.shutdown(wait=False, cancel_futures=True)
        if pool is not None:
            with contextlib.suppress(Exception):
                pool.__exit__(None, None, None)
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    def _executor(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._threads is None:
                self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="sandbox")
            return self._threads

    def _started(self) -> pydantic_monty.Monty:
        """The pool. Its interpreters start through a launcher that empties the environment and sets the limits."""
        import pydantic_monty as monty
        from pydantic_monty._binary import find_monty_binary

        with self._lock:
            if self._pool is not None:
                return self._pool
            try:
                self._folder = tempfile.mkdtemp(prefix="plainwork-sandbox-")
                launcher = _write_launcher(Path(self._folder), self._binary or find_monty_binary())
            except OSError as error:
                raise Unavailable(
                    f"The sandbox cannot be started: {error.strerror or error}.",
                    next_step="Install pydantic-monty's interpreter and give the process a temporary folder.",
                ) from error
            pool = monty.Monty(
                binary_path=launcher,
                min_processes=0,
                max_processes=_AT_ONCE,
                checkout_timeout=120.0,
                request_timeout=90.0,
                max_checkouts_per_worker=1,
            )
            pool.__enter__()
            self._pool = pool
            return pool


@cache
def shared() -> Sandbox:
    """The process's own sandbox, closed when the process ends."""
    sandbox = Sandbox()
    atexit.register(sandbox.close)
    return sandbox


def _write_launcher(folder: Path, binary: str | Path) -> Path:
    launcher = folder / "interpreter"
    text = _LAUNCHER.format(cpu_s=120, address_kib=_ADDRESS_SPACE_KIB, binary=shlex.quote(str(binary)))
    launcher.write_text(text)
    launcher.chmod(0o700)
    return launcher


def _resource_limits(limits: Limits) -> pydantic_monty.ResourceLimits:
    return {
        "max_feed_duration_secs": limits.time_s,
        "max_memory": limits.memory,
        "max_recursion_depth": 200,
        "max_suspensions": 1000,
        "max_total_sleep_secs": 0.0,
    }


def _crashed(error: pydantic_monty.MontyCrashedError, limits: Limits) -> CallFailed:
    if error.timed_out:
        return _too_slow(limits)
    return CallFailed("The program's process ended unexpectedly.", failure="retry", next_step="Run it again.")


def _too_slow(limits: Limits) -> CallFailed:
    message = f"The program ran longer than {limits.time_s:g} seconds."
    return CallFailed(message, failure="timeout", next_step="Make it do less, or raise the step's `timeout`.")


def _explained(error: pydantic_monty.MontyError, limits: Limits) -> CallFailed:
    inner = error.exception()
    if isinstance(inner, TimeoutError) and "time limit" in str(inner):
        return _too_slow(limits)
    frames = error.traceback() if hasattr(error, "traceback") else []
    line = f"Line {frames[-1].line} of the program: " if frames else ""
    if isinstance(inner, MemoryError):
        message = f"{line}it needs or prints more than it may."
        next_step = f"{limits.memory // 2**20} MiB of memory and {limits.printed // 2**10} KiB of output are allowed."
        return CallFailed(message[0].upper() + message[1:], failure="rejected", next_step=next_step)
    message = f"{line}{type(inner).__name__}: {_cut(str(inner))}"
    return CallFailed(message, failure="rejected")


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_MESSAGE else f"{text[:_LONGEST_MESSAGE]} …"
