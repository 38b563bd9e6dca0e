"""Connections to the outside follow the runs in hand, as far as the system lets the process have open files."""

from __future__ import annotations

import subprocess
import sys

import pytest

_PROGRAM = """
import resource, sys
from plainwork.cli.outside import _connections
soft, hard, *concurrencies = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
print(*map(_connections, concurrencies), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def connections(soft: int, hard: int, *concurrencies: int) -> list[int]:
    """What a process with these limits has for each, in turn, and its limits from then on."""
    command = [sys.executable, "-c", _PROGRAM, *map(str, (soft, hard, *concurrencies))]
    return [int(one) for one in subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()]


@pytest.mark.parametrize(
    ("soft", "hard", "concurrency", "expected"),
    [
        (1024, 4096, 200, [200, 1024, 4096]),
        (1024, 4096, 2000, [2000, 2400, 4096]),
        (1024, 4096, 10_000, [3696, 4096, 4096]),
        (256, 256, 2000, [100, 256, 256]),
        (1024, 4096, 1, [100, 1024, 4096]),
    ],
)
def test_the_limit_of_open_files_is_raised_as_far_as_it_goes(
    soft: int, hard: int, concurrency: int, expected: list[int]
) -> None:
    assert connections(soft, hard, concurrency) == expected
