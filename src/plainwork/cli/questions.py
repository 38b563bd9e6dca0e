"""Asking at the terminal what a run on the command line waits for: there is nobody else in its workspace."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from plainwork.cli import output

if TYPE_CHECKING:
    from plainwork.db import Database
    from plainwork.engine.approvals import Choice
    from plainwork.engine.events import Event

_ANSWERS: dict[str, Choice] = {"y": "approved", "yes": "approved", "n": "rejected", "no": "rejected"}


def can_ask() -> bool:
    """Whether somebody sits here who can answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


async def ask(database: Database, workspace_id: UUID, run_id: UUID, event: Event) -> bool:
    """Shows what an approval is about and decides as the person at the terminal says; False when they close the input."""
    from plainwork.engine import approvals

    asked = event.output
    click.echo(output.visible(f"\n{asked['title']}"), err=True)
    if asked["show"] is not None:
        output.print_json(asked["show"], err=True)
    choice = None
    while choice is None:
        click.echo("Approve it? [y/n] ", nl=False, err=True)
        line = await _line()
        if not line:
            return False
        choice = _ANSWERS.get(line.strip().lower())
    await approvals.decide_here(database, workspace_id, run_id, event.path or "", event.attempt or 1, choice)
    return True


async def _line() -> str:
    """The next line that is typed. Cancelled (Ctrl-C), it leaves nothing behind that waits for the keyboard."""
    loop = asyncio.get_running_loop()
    typed: asyncio.Future[str] = loop.create_future()

    def read() -> None:
        if not typed.done():
            typed.set_result(sys.stdin.readline())

    loop.add_reader(sys.stdin, read)
    try:
        return await typed
    finally:
        loop.remove_reader(sys.stdin)


def told(event: Any) -> str:
    """What a run waits for that nobody here can answer, in one sentence."""
    if event.outcome == "approval":
        return f"It waits for a person: {event.output['title']} (step {event.path})"
    return f"It waits for an answer from outside (step {event.path})."
