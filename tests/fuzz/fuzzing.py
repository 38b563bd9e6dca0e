"""Requests made up from the API's own description (schemathesis), sent to the real application on a real Postgres. Whatever
is asked, right or wrong, the answer has to be one that the description declares, with a body as it declares, and never a 5xx.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from plainwork.api.auth import COOKIE, CSRF_HEADER, WORKSPACE_HEADER, Permission
from plainwork.api.http import MOST_HEAD_BYTES
from plainwork.api.openapi import describe
from tests.api import seeded
from tests.api.people import somebody
from tests.api.seeded import World
from tests.api.support import Operation, listening, operations, serving

T = TypeVar("T")
OPERATIONS = operations()
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    allow_header_conformance,
]
OF_BODIES = [response_schema_conformance]
"""What is not asked of an event stream: OpenAPI 3.1 has no schema for a single event, only for the whole text."""
SETTINGS = {"smtp_url": "smtp://127.0.0.1:9", "public_url": "http://127.0.0.1:8700"}
"""Mails are to be sent, and nobody takes them: that is no reason for a 5xx."""
OF_THE_WHOLE = {"change_limits", "change_workspace", "delete_workspace", "set_retention"}
"""What would change the world for all that follows: sent to another workspace."""
_LONGEST_S = 30


@dataclass
class Target:
    """The application, listening in a thread of its own, and a world that is seeded in it."""

    loop: asyncio.AbstractEventLoop
    address: str
    world: World

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Does something where the application lives."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)


@contextmanager
def target(folder: Path, url: str) -> Iterator[Target]:
    """The application over an open database."""
    begun, found, over = threading.Event(), list[Target](), asyncio.Event()

    async def live() -> None:
        async with _opened(folder, url) as it:
            found.append(it)
            begun.set()
            await over.wait()

    thread = threading.Thread(target=asyncio.run, args=(live(),), daemon=True)
    thread.start()
    assert begun.wait(60), "the application did not start"
    try:
        yield found[0]
    finally:
        found[0].loop.call_soon_threadsafe(over.set)
        thread.join(60)


@asynccontextmanager
async def _opened(folder: Path, url: str) -> AsyncIterator[Target]:
    async with serving(folder, url, settings=SETTINGS) as api, listening(api.app) as address:
        yield Target(asyncio.get_running_loop(), address, await seeded.seed(api))


@dataclass
class Report:
    """What was sent and what came of it. ``problems``: operation and failure → the first case that showed it."""

    sent: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    problems: dict[tuple[str, str], str] = field(default_factory=dict)

    def __str__(self) -> str:
        answers = ", ".join(f"{count} × {status}" for status, count in sorted(self.statuses.items()))
        found = "".join(f"\n\n{operation}: {title}\n{text}" for (operation, title), text in self.problems.items())
        return f"{self.sent} cases, answered with {answers}. {len(self.problems)} problems.{found}"


class Fuzzer:
    """Sends made-up requests to a target, as an owner with a session and as a program with a key, in turns."""

    def __init__(self, it: Target) -> None:
        self._target = it
        generation = GenerationConfig(with_security_parameters=False)
        config = schemathesis.Config(projects=ProjectsConfig(default=ProjectConfig(generation=generation)))
        self._document = describe(it.world.api.app)
        self._schema = schemathesis.openapi.from_dict(self._document, config=config)
        self._person = it.do(it.world.api.signed_in(it.world.place.owner))
        self._program = it.do(it.world.place.program())
        self.report = Report()

    def send(self, cases: int, *, seed_: int, each: int) -> Report:
        """So many cases: of every operation, ``each`` at a time, first what the description allows and then what it does not,
        about things that are there and then about such as are not, and so on."""
        for turn in count():
            is_allowed, is_there = turn % 2 == 0, turn // 2 % 2 == 0
            mode = GenerationMode.POSITIVE if is_allowed else GenerationMode.NEGATIVE
            for operation in Random(seed_ + turn).sample(OPERATIONS, len(OPERATIONS)):
                if self.report.sent >= cases:
                    return self.report
                if not is_allowed and not self._takes_anything(operation, is_there):
                    continue
                things = self._target.do(self._things(operation)) if is_there else None
                self._send(operation, mode, things, seed_ + turn, each)
        raise AssertionError("turns never end")

    def _takes_anything(self, operation: Operation, is_there: bool) -> bool:
        """Whether there is anything in a request that could be wrong."""
        described = self._described(operation)
        places = {one.get("in") for one in described.get("parameters", ())} - ({"path"} if is_there else set())
        return "requestBody" in described or bool(places & {"path", "query"})

    def _described(self, operation: Operation) -> dict[str, Any]:
        found: dict[str, Any] = self._document["paths"][operation.path][operation.method.lower()]
        return found

    async def _things(self, operation: Operation) -> dict[str, str]:
        """What an address leads to; made for the occasion if it may be gone afterwards."""
        return await seeded.things(self._target.world, operation, fresh=operation.changes)

    def _send(
        self, operation: Operation, mode: GenerationMode, things: dict[str, str] | None, seed_: int, each: int
    ) -> None:
        described = self._schema[operation.path][operation.method]

        @seed(seed_)
        @settings(
            max_examples=each,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=described.as_strategy(generation_mode=mode, path_parameters=things or None))
        def one(case: Case[Any]) -> None:
            self._try(operation, case)

        with suppress(Unsatisfiable):  # nothing wrong can be sent to a route that takes nothing
            one()

    def _try(self, operation: Operation, case: Case[Any]) -> None:
        headers = self._credentials(operation)
        answer = case.call(base_url=self._target.address, headers=headers, timeout=_LONGEST_S)
        self.report.sent += 1
        self.report.statuses[answer.status_code] += 1
        if len(answer.request.url or "") > MOST_HEAD_BYTES:
            return  # the server refuses it before it comes to any route
        left_out = OF_BODIES if answer.headers.get("content-type", [""])[0].startswith("text/event-stream") else []
        if answer.status_code == 502 and "502" in self._described(operation)["responses"]:
            left_out = [not_a_server_error]  # a service that it calls for the caller has failed
        try:
            case.validate_response(answer, checks=[one for one in CHECKS if one not in left_out])
        except FailureGroup as found:
            for failure in found.exceptions:
                place = f"{case.method} {case.formatted_path} {case.query} {str(case.body)[:1500]}"
                text = f"{failure.message}\n{place}\n{answer.status_code} {answer.text[:1500]}"
                self.report.problems.setdefault((operation.name, failure.title), text)

    def _credentials(self, operation: Operation) -> dict[str, str]:
        """Of the program and the person in turns. Who may lose their account or workspace by it is somebody new."""
        world = self._target.world
        place = world.place
        if operation.name in OF_THE_WHOLE:
            place = self._target.do(world.api.place("Another"))
            client = place.as_owner
        elif operation.permission is Permission.ACCOUNT:
            client = self._target.do(somebody(world.api, place)).browser
        else:
            client = self._person if self.report.sent % 2 else self._program
        kept = {name: value for name, value in client.headers.items() if name in {"authorization", CSRF_HEADER.lower()}}
        token = client.cookies.get(COOKIE)
        workspace = {WORKSPACE_HEADER: str(place.id)}
        return kept | workspace | ({"Cookie": f"{COOKIE}={token}"} if token else {})
