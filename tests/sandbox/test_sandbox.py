"""The sandbox runs honest programs, and bounds hostile ones."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from plainwork.errors import CallFailed, Unavailable
from plainwork.sandbox import Limits, Sandbox

QUICK = Limits(time_s=0.5)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    box = Sandbox()
    yield box
    box.close()


def failure(sandbox: Sandbox, code: str, limits: Limits = QUICK, **names: object) -> CallFailed:
    with pytest.raises(CallFailed) as caught:
        sandbox.run_sync(code, names, limits)
    assert len(str(caught.value)) < 1000
    return caught.value


def test_the_last_expression_is_the_result(sandbox: Sandbox) -> None:
    ran = sandbox.run_sync("total = sum(prices)\nprint('n', len(prices))\ntotal * 2", {"prices": [1, 2.5]})
    assert (ran.result, ran.printed) == (7.0, "n 2\n")


def test_no_expression_gives_nothing(sandbox: Sandbox) -> None:
    assert sandbox.run_sync("x = 1", {}).result is None


def test_results_become_json(sandbox: Sandbox) -> None:
    code = "import datetime\n{'t': (1, 2), 's': {3, 1, 2}, 'd': datetime.date(2026, 3, 1), 1: None, 'n': {'x': [True]}}"
    assert sandbox.run_sync(code, {}).result == {
        "t": [1, 2],
        "s": [1, 2, 3],
        "d": "2026-03-01",
        "1": None,
        "n": {"x": [True]},
    }


def test_programs_do_not_see_each_other(sandbox: Sandbox) -> None:
    sandbox.run_sync("leak = 'secret'", {})
    assert "leak" in failure(sandbox, "leak").message


def test_an_error_names_its_line(sandbox: Sandbox) -> None:
    error = failure(sandbox, "a = 1\nb = 0\na / b")
    assert error.failure == "rejected"
    assert error.message == "Line 3 of the program: ZeroDivisionError: division by zero"


def test_a_syntax_error_names_its_line(sandbox: Sandbox) -> None:
    assert failure(sandbox, "a = 1\nb = = 2").message.startswith("Line 2 of the program: SyntaxError")


def test_the_inner_line_is_named(sandbox: Sandbox) -> None:
    assert failure(sandbox, "def f(x):\n    return x['gone']\n\nf({})").message.startswith("Line 2 of")


@pytest.mark.parametrize(
    "code",
    [
        "while True: pass",
        "sum(range(10**12))",
        "x = 0\nfor i in range(10**11): x += i",
        "[i for i in range(10**7) if i < 0]",
    ],
)
def test_endless_programs_are_stopped(sandbox: Sandbox, code: str) -> None:
    start = time.monotonic()
    assert failure(sandbox, code, Limits(time_s=0.2)).failure == "timeout"
    assert time.monotonic() - start < 5


@pytest.mark.parametrize(
    "code",
    [
        "'a' * 10**10",
        "x = []\nwhile True: x.append('a' * 100000)",
        "[0] * 10**10",
        "list(range(10**9))",
        "9 ** 9 ** 9 ** 9",
        "1 << 10**10",
        "'a'.join(['b' * 10**6] * 10**4)",
        "sorted(range(10**8))",
        "x = 'a'\nwhile True: x += x",
        "def f(n): return f(n + 1)\nf(0)",
        "f = lambda g: g(g)\nf(f)",
        "(" * 5000 + ")" * 5000,
        "import json\njson.loads('[' * 100000)",
        "for i in range(10**9): print('flood ' * 100)",
        "print('a' * 10**6)",
        "raise ValueError('x' * 10**6)",
        "10 ** 100000",
        "x = 1\nfor i in range(200): x = [x]\nx",
        "x = []\nfor i in range(60): x = [x, x]\nx",
        "list(range(300000))",
        "['a' * 1000] * 20000",
    ],
)
def test_bombs_are_bounded(sandbox: Sandbox, code: str) -> None:
    memory, start = psutil.Process().memory_info().rss, time.monotonic()
    error = failure(sandbox, code, Limits(time_s=2.0))
    assert error.failure in ("rejected", "timeout")
    assert time.monotonic() - start < 10
    assert psutil.Process().memory_info().rss - memory < 200 * 2**20


@pytest.mark.parametrize(
    "code",
    [
        "import os\nos.system('id')",
        "import os\nos.environ['PATH']",
        "import os\nos.getenv('PATH')",
        "import os\nos.listdir('/')",
        "open('/etc/passwd').read()",
        "open('/tmp/plainwork-was-here', 'w')",
        "from pathlib import Path\nPath('/etc/passwd').read_text()",
        "import socket",
        "import subprocess",
        "import ctypes",
        "import urllib.request",
        "import sys\nsys.modules['os']",
        "__import__('os').system('id')",
        "().__class__.__bases__[0].__subclasses__()",
        "(lambda: 0).__globals__",
        "input()",
        "exit()",
        "class A: pass\nA()",
        "b'bytes'",
        "float('nan')",
        "2 ** 64",
        "{(1, 2): 3}",
    ],
)
def test_the_outside_is_out_of_reach(sandbox: Sandbox, code: str) -> None:
    assert failure(sandbox, code).failure == "rejected"
    assert not Path("/tmp/plainwork-was-here").exists()


def test_sleeping_takes_no_time(sandbox: Sandbox) -> None:
    start = time.monotonic()
    assert sandbox.run_sync("import time\ntime.sleep(1000)\n1", {}).result == 1
    assert time.monotonic() - start < 5


async def _killed(sandbox: Sandbox) -> BaseException | None:
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    running = asyncio.ensure_future(sandbox.run("while True: pass", {}, Limits(time_s=20)))
    for _ in range(400):
        await asyncio.sleep(0.01)
        new = [child for child in psutil.Process().children(recursive=True) if child.pid not in before]
        if new:
            await asyncio.sleep(0.1)
            for child in new:
                child.kill()
            break
    await asyncio.wait([running])
    return running.exception()


def test_a_process_that_dies_is_a_clean_failure(sandbox: Sandbox) -> None:
    error = asyncio.run(_killed(sandbox))
    assert isinstance(error, CallFailed)
    assert error.failure == "retry"
    assert sandbox.run_sync("1 + 1", {}).result == 2


def test_an_interpreter_that_cannot_start_is_a_clean_failure() -> None:
    box = Sandbox("/nonexistent/interpreter")
    with pytest.raises((CallFailed, Unavailable)) as caught:
        box.run_sync("1", {})
    assert getattr(caught.value, "failure", "retry") == "retry"
    box.close()


def test_the_interpreter_starts_with_nothing_but_its_limits() -> None:
    os.environ["PLAINWORK_TEST_SECRET"] = "hush"
    box = Sandbox()
    try:
        seen = asyncio.run(_environment_of_a_worker(box))
    finally:
        box.close()
        del os.environ["PLAINWORK_TEST_SECRET"]
    assert seen is not None
    environment, limits = seen
    assert environment == {}
    assert limits["RLIMIT_CORE"][0] == 0
    assert limits["RLIMIT_FSIZE"][0] == 0
    assert 0 < limits["RLIMIT_AS"][0] < 2**31


async def _environment_of_a_worker(sandbox: Sandbox) -> tuple[dict[str, str], dict[str, tuple[int, int]]] | None:
    running = asyncio.ensure_future(sandbox.run("while True: pass", {}, Limits(time_s=3)))
    seen = None
    while seen is None and not running.done():
        await asyncio.sleep(0.02)
        for child in psutil.Process().children(recursive=True):
            if child.name() == "monty":
                names = ("RLIMIT_CORE", "RLIMIT_FSIZE", "RLIMIT_AS")
                seen = child.environ(), {name: child.rlimit(getattr(psutil, name)) for name in names}
                child.kill()
    await asyncio.wait([running])
    return seen


def test_many_at_once(sandbox: Sandbox) -> None:
    async def run() -> list[int]:
        ran = await asyncio.gather(*(sandbox.run("n * n", {"n": n}) for n in range(50)))
        return [one.result for one in ran]

    assert asyncio.run(run()) == [n * n for n in range(50)]
