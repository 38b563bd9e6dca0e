"""Plainwork's programs as processes of their own, on one database: started, signalled, killed."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

from plainwork.settings import Settings
from tests.journeys.server import Server, environment, free_port, program
from tests.world import World

AT_WORK = "Stop"
"""What the last line that a program prints when it is at work begins with."""


class Program:
    """One ``plainwork`` command; what it says goes to a file."""

    def __init__(self, arguments: tuple[str, ...], env: Mapping[str, str], folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.arguments = arguments
        self.log = folder / f"{arguments[0]}-{time.monotonic_ns()}.log"
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(program(*arguments), env=env, stdout=output, stderr=output)

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    @property
    def is_at_work(self) -> bool:
        """Whether it has said so."""
        return any(line.startswith(AT_WORK) for line in self.said().splitlines())

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    @property
    def set_up_token(self) -> str | None:
        """The token of the set-up link, if it has printed one."""
        found = re.search(r"\?token=(\S+)", self.said())
        return found[1] if found else None

    def ready(self, timeout_s: float = 60.0) -> Program:
        """Waits until it says that it is at work."""
        until = time.monotonic() + timeout_s
        while not self.is_at_work:
            assert self.is_alive, f"{self.arguments} ended: {self.said()}"
            assert time.monotonic() < until, f"{self.arguments} did not start: {self.said()}"
            time.sleep(0.02)
        return self

    def signal(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def wait(self, timeout_s: float = 60.0) -> int:
        """Its exit code, once it has ended."""
        return self.process.wait(timeout_s)

    def children(self) -> list[psutil.Process]:
        """The living processes that it keeps."""
        return [child for child in psutil.Process(self.pid).children() if child.status() != psutil.STATUS_ZOMBIE]


class Installation:
    """The programs of one installation: the same database, the same outside."""

    def __init__(self, settings: Settings, world: World, folder: Path, **more: str) -> None:
        known = {"PLAINWORK_ALLOW_HOSTS": ",".join(world.allow_hosts), "PLAINWORK_SMTP_URL": world.post.url}
        if settings.database_url:
            known["DATABASE_URL"] = settings.database_url
        self._env = environment(settings.data_dir, PYTHONWARNINGS="ignore", **(known | more))
        self._folder = folder
        self._started = ExitStack()

    def start(self, *arguments: str) -> Program:
        """Starts a command, which is killed at the end if it still lives."""
        started = Program(arguments, self._env, self._folder)
        self._started.callback(_end, started)
        return started

    def start_api(self) -> Server:
        """Starts an API and waits until it answers; of those started before the set-up the last has the valid token."""
        port = free_port()
        api = self.start("api", "--port", str(port)).ready()
        return Server(api.process, port, api.set_up_token)

    def said(self) -> str:
        """What all programs said, also those that are gone."""
        return "".join(log.read_text(errors="replace") for log in sorted(self._folder.glob("*.log")))

    def close(self) -> None:
        self._started.close()


def _end(one: Program) -> None:
    family = one.children() if one.is_alive else []
    one.kill()
    for child in family:
        child.kill()


@contextmanager
def installation(settings: Settings, world: World, folder: Path, **more: str) -> Iterator[Installation]:
    """An installation whose programs end with the block."""
    made = Installation(settings, world, folder, **more)
    try:
        yield made
    finally:
        made.close()
