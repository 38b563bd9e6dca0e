"""What ``plainwork run`` shows while a run is under way: a line for each step that has ended and, on a terminal, a last
line that lives: the step that is being taken, the time so far, the cost so far."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from plainwork.engine.events import Event

_MARKS = {"succeeded": ("✓", "green"), "failed": ("✗", "red"), "skipped": ("–", "dim"), "waiting": ("…", "yellow")}
_WIDEST = 56


class Watch(AbstractContextManager["Watch"]):
    """Shows events; leaves the terminal as it was, however the run ends. ``steps`` sets the width of the first column."""

    def __init__(self, steps: Iterable[str], console: Console | None = None) -> None:
        self._console = console or Console(highlight=False, soft_wrap=True)
        self._width = min(_WIDEST, max((len(step) for step in steps), default=20) + 2)
        self._cost = 0.0
        self._began: dict[str, float] = {}
        live = self._console.is_terminal and not self._console.is_dumb_terminal
        self._live: Progress | None = None
        if live:
            columns = (SpinnerColumn(style="cyan"), TextColumn("{task.description}"), TimeElapsedColumn())
            self._live = Progress(*columns, console=self._console, transient=True)
            self._task = self._live.add_task("starting")

    def __enter__(self) -> Watch:
        (self._live or nullcontext()).__enter__()
        return self

    def __exit__(self, *why: object) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, event: Event) -> None:
        """Takes in one event of the run."""
        self._cost = event.cost_usd if event.cost_usd is not None else self._cost
        if event.type == "run":
            self._say(event.status)
        elif event.seq == 0 or event.status == "started":
            self._begin(event)
        else:
            self._console.print(self._line(event))

    def _begin(self, event: Event) -> None:
        if event.path:
            self._began.setdefault(event.path, time.monotonic())
            self._say(event.path)

    def _say(self, what: str) -> None:
        if self._live is not None:
            cost = f"  [dim]{self._cost:.4f} USD[/dim]" if self._cost else ""
            self._live.update(self._task, description=f"{what.replace('[', '(').replace(']', ')')}{cost}")

    def _line(self, event: Event) -> Text:
        mark, style = _MARKS.get(event.status, ("·", ""))
        path = event.path or ""
        line = Text()
        line.append(f"{mark} ", style=style)
        line.append(path.ljust(self._width), style="" if "." in path else "bold")
        line.append(f"{event.took_ms / 1000:8.2f} s" if event.took_ms is not None else " " * 10, style="dim")
        if event.attempt is not None and event.attempt > 1:
            line.append(f"  attempt {event.attempt}", style="yellow")
        if event.outcome:
            line.append(f"  → {event.outcome}", style="cyan")
        if event.wake_at:
            line.append(f"  until {event.wake_at}", style="dim")
        if event.failure:
            line.append(f"  {failure_text(event.failure)}", style="red")
        return line


def failure_text(failure: Any) -> str:
    """A failure's message and next step, in one line of at most 600 characters."""
    if isinstance(failure, dict):
        said = " ".join(str(failure[k]) for k in ("message", "next_step") if failure.get(k))
        return said[:600]
    return str(failure)[:600]
