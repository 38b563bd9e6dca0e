"""A real Plainwork, as a person starts it: its own process, its own Postgres, a port of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.message import Message
from pathlib import Path
from typing import Any

START_S = 60


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def program(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "plainwork", *arguments]


def environment(data: Path, **more: str) -> dict[str, str]:
    """The caller's environment without settings of theirs, and this data folder."""
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith("PLAINWORK_") and k not in {"DATABASE_URL", "QUEUE_URL"}
    }
    return kept | {"PLAINWORK_DATA_DIR": str(data)} | more


class Answer:
    """One HTTP answer."""

    def __init__(self, status: int, headers: Message[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def json(self) -> Any:
        return json.loads(self.body)


class Server:
    """One running ``plainwork up``. ``call`` speaks to it, with the session once ``set_up`` has been done."""

    def __init__(self, process: subprocess.Popen[Any], port: int, token: str | None) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{port}"
        self.token = token
        self.headers: dict[str, str] = {}

    def call(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"Content-Type": "application/json"} | self.headers | dict(headers or {})
        request = urllib.request.Request(self.url + path, data, sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as refused:
            with refused:
                return Answer(refused.code, refused.headers, refused.read())

    def set_up(self) -> dict[str, Any]:
        body = {"token": self.token, "email": "owner@example.org", "password": "correct horse battery"}
        answer = self.call("POST", "/api/v1/setup", body)
        assert answer.status == 201, answer.body
        cookie = answer.headers["set-cookie"].partition(";")[0]
        shown: dict[str, Any] = answer.json()
        self.headers = {"Cookie": cookie, "X-CSRF-Token": shown["csrf_token"]}
        return shown


@contextmanager
def running(data: Path, *, port: int | None = None, **more: str) -> Iterator[Server]:
    """Starts ``plainwork up``, waits until it is ready, and ends it with SIGTERM."""
    port = port or free_port()
    process = subprocess.Popen(
        program("up", "--port", str(port)),
        env=environment(data, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield Server(process, port, _token(process))
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
        assert process.stdout
        process.stdout.close()


def _token(process: subprocess.Popen[str]) -> str | None:
    """Reads what the server prints until it says that it runs; the token of the set-up link if it prints one."""
    assert process.stdout
    token, said = None, []
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        line = process.stdout.readline()
        said.append(line)
        if "?token=" in line:
            token = line.rpartition("?token=")[2].strip()
        if "Stop it with" in line:
            return token
        if not line and process.poll() is not None:
            break
    raise AssertionError("the server did not start: " + "".join(said))
