"""``docs/api.md``: its commands run as they stand, and its tables say what the application does."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Any

import httpx
import pytest

from plainwork.api.auth import ROLES
from plainwork.api.problems import _CODES
from plainwork.db import users
from plainwork.errors import PlainworkError
from tests.api.support import API, Api, listening, operations, serving

ROOT = Path(__file__).parents[2]
MANUAL = (ROOT / "docs" / "api.md").read_text()
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", MANUAL, re.DOTALL) for line in block.splitlines()]


@dataclass
class Shell:
    """Reads the manual's commands as a shell would: variables, quotes, ``jq -Rs`` on a file, and curl with its options."""

    client: httpx.AsyncClient
    variables: dict[str, str]
    cookies: dict[str, str] = field(default_factory=dict)

    async def run(self, command: str) -> httpx.Response:
        words = shlex.split(Template(command).substitute(self.variables))
        sent = None
        if words[0] == "jq":
            _, how, program, file, pipe, *words = words
            assert (how, pipe) == ("-Rs", "|")
            extra = re.fullmatch(r'\{markdown: \.(?:, note: ("[^"]*"))?\}', program)
            assert extra, program
            sent = {"markdown": (ROOT / file).read_text()} | ({"note": json.loads(extra[1])} if extra[1] else {})
        assert words.pop(0) == "curl"
        return await self._curl(words, sent)

    async def _curl(self, words: list[str], piped: Any) -> httpx.Response:
        method, url, headers, content, keep = "", "", {}, None, False
        waiting = iter(words)
        for word in waiting:
            if word == "-X":
                method = next(waiting)
            elif word == "-H":
                name, value = next(waiting).split(": ", 1)
                headers[name] = value
            elif word == "--json":
                given = next(waiting)
                content = json.dumps(piped) if given == "@-" else given
                headers |= {"Content-Type": "application/json", "Accept": "application/json"}
            elif word == "-b":
                assert next(waiting) == "cookies"
                headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            elif word == "-c":
                keep = next(waiting) == "cookies"
            elif word != "-N":
                assert not url, word
                url = word
        method = method or ("POST" if content is not None else "GET")
        answer = await self.client.request(method, url, headers=headers, content=content)
        if keep:
            self.cookies = dict(answer.cookies)
        return answer


@pytest.fixture
async def fresh(tmp_path: Path, database_url: str) -> AsyncIterator[Api]:
    async with serving(tmp_path, database_url) as api:
        yield api


async def test_the_commands_run_in_the_order_of_the_manual(fresh: Api) -> None:
    token = await users.new_setup_token(fresh.database)
    assert token
    statuses, seen = [], []
    async with listening(fresh.app) as address, httpx.AsyncClient(timeout=40, trust_env=False) as client:
        shell = Shell(client, {"URL": address + API, "TOKEN": token})
        for command in COMMANDS:
            answer = await shell.run(command)
            client.cookies.clear()
            statuses.append(answer.status_code)
            seen.append(answer)
            shell.variables |= _learnt(command, answer)
    # The last one asks for a schedule, which the manual's agent does not have.
    assert statuses == [201, 200, 201, 201, 200, 201, *[200] * 9, 404], [a.text[:500] for a in seen]
    draft, parsed, started, run, events, failed, secret, bulk = (seen[n].text for n in (3, 4, 8, 9, 10, 11, 12, 13))
    assert json.loads(draft)["drafted_by"] == "rules"
    assert json.loads(parsed)["valid"] is True
    assert json.loads(started)["status"] == "succeeded"
    assert json.loads(run)["id"] == json.loads(started)["id"]
    assert events.rstrip().endswith("}")
    assert "event: run" in events
    assert json.loads(failed)["runs"] == []
    assert "t0p" not in secret
    assert json.loads(bulk) == {"results": [], "more": False}


def _learnt(command: str, answer: httpx.Response) -> dict[str, str]:
    """What the reader of the manual takes from an answer for the commands that follow."""
    end = command.rstrip('"').rpartition("$URL")[2].partition("?")[0]
    if end == "/session":
        return {"CSRF": answer.json()["csrf_token"]}
    if end == "/api-keys":
        return {"KEY": answer.json()["key"]}
    if end == "/agents":
        return {"AGENT": answer.json()["id"]}
    if end == "/agents/$AGENT/runs":
        return {"RUN": answer.json()["id"]}
    return {}


def test_there_are_ten_common_calls() -> None:
    section = MANUAL.partition("## Ten common calls")[2].partition("\n## ")[0]
    assert section.count("```sh") == 10


def test_the_table_lists_every_route_with_its_permission() -> None:
    table = MANUAL.partition("## All routes")[2]
    listed = re.findall(r"^\| `([A-Z]+) (/\S*)` \| `(\S+)` \| \S", table, re.MULTILINE)
    assert len(listed) == len(set(listed))
    assert set(listed) == {(one.method, one.path.removeprefix(API), one.permission.value) for one in operations()}


def test_every_call_that_is_mentioned_exists() -> None:
    patterns = [(one.method, re.sub(r"\{\w+\}", "[^/]+", one.path.removeprefix(API))) for one in operations()]
    patterns += [("GET", "/healthz"), ("GET", "/readyz")]
    mentioned = re.findall(r"\b(GET|POST|PUT|PATCH|DELETE) (?:/api/v1)?(/[\w{}./-]*)", MANUAL)
    assert len(mentioned) > 35
    for method, path in mentioned:
        assert any(method == known and re.fullmatch(pattern, path) for known, pattern in patterns), (method, path)


def test_the_roles_are_those_of_the_application() -> None:
    table = MANUAL.partition("| role | may |")[2].partition("\n\n")[0]
    told: set[str] = set()
    for line in table.splitlines()[2:]:
        names, may = [cell.strip() for cell in line.strip("|").split("|")]
        told |= set(re.findall(r"`([\w:]+)`", may))
        for name in names.split(", "):
            assert {permission.value for permission in ROLES[name]} == told, name


def test_every_code_is_explained() -> None:
    table = MANUAL.partition("## Errors")[2].partition("\n## ")[0]
    told = {code: int(status) for status, code in re.findall(r"^\| (\d{3}) \| `(\w+)` \|", table, re.MULTILINE)}
    kinds = {kind.__name__: kind.status for kind in _family(PlainworkError) if kind.__module__ == "plainwork.errors"}
    for one in ("PlainworkError", "ConnectionExpired"):  # the base, and one that only runs meet
        del kinds[one]
    assert told == kinds | {code: status for status, code in _CODES.items()} | {"Bug": 500}


def _family(kind: type[PlainworkError]) -> Iterator[type[PlainworkError]]:
    yield kind
    for inner in kind.__subclasses__():
        yield from _family(inner)
