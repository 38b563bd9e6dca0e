"""What a run on the command line waits for: asked at the terminal, where somebody sits."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from plainwork import queue
from plainwork.cli import questions
from plainwork.db import Database
from plainwork.db.runs import Run
from plainwork.engine.events import Event
from plainwork.engine.outside import Outside
from plainwork.engine.start import run_here
from plainwork.settings import Settings
from tests.conftest import add_workspace
from tests.engine.flows import edge, node
from tests.engine.running import add_version, journal_of

ASK = node("ask", "approval", config={"title": "Pay?", "show": {"to": "ACME\x1b[2J"}}, timeout="1 hour")


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A terminal as standard input; what is written to it is typed."""
    keys, terminal = os.openpty()
    with os.fdopen(terminal, "r") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield keys
    os.close(keys)


async def ran(database: Database, on_wait: Any = None) -> Run:
    workspace_id = await add_workspace(database)
    ways = [edge("ask", "yes", case="approved"), edge("ask", "no", case="rejected")]
    version = await add_version(database, workspace_id, [ASK, node("yes", config={"went": "yes"}), node("no")], ways)
    bell = await queue.open(Settings(data_dir=Path()), database)
    more: dict[str, Any] = {"on_wait": partial(on_wait, database, workspace_id)} if on_wait else {}
    try:
        return await run_here(database, version, {}, Outside(), bell=bell, **more)
    finally:
        await bell.close()


async def test_who_sits_there_decides(database: Database, keyboard: int, capsys: pytest.CaptureFixture[str]) -> None:
    os.write(keyboard, b"perhaps\ny\n")
    run = await ran(database, questions.ask)
    assert (run.status, run.output) == ("succeeded", {"went": "yes"})
    decided = next(row for row in await journal_of(database, run) if row.path == "ask" and row.status == "succeeded")
    assert (decided.output["by"], decided.source) == ("command line", "taken")
    said = capsys.readouterr().err
    assert said.count("[y/n]") == 2
    assert "ACME\\u001b[2J" in said


async def test_where_nobody_sits_the_run_is_given_back(database: Database) -> None:
    run = await ran(database)
    assert run.status in ("queued", "waiting")
    assert not run.is_over


def test_what_it_waits_for_is_told() -> None:
    event = Event("step", "waiting", path="ask", outcome="approval", output={"title": "Pay?"})
    assert questions.told(event) == "It waits for a person: Pay? (step ask)"
    assert "from outside" in questions.told(Event("step", "waiting", path="hear", outcome="callback"))
