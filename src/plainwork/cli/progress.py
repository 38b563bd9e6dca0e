"""What ``plainwork run`` shows while a run is under way: a line for each step that has ended and, on a terminal, a last
line that lives: the step that is being taken, the time so far, the cost so far."""

from __future__ import annotations

from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from plainwork.cli.output import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from plainwork.engine.events import Event

_MARKS = {"succeeded": ("✓", "green"), "failed": ("✗", "red"), "skipped": ("–", "dim"), "waiting": ("…", "yellow")}
_ASCII = {"✓": "+", "✗": "x", "–": "-", "…": "."}
_WIDEST = 56
_REST = 32
"""How many columns of a terminal are kept for what comes after a step's name."""


class Watch(AbstractContextManager["Watch"]):
    """Shows events; leaves the terminal as it was, however the run ends. ``steps`` sets the width of the first column."""

    def __init__(self, steps: Iterable[str], console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        self._is_utf8 = self._console.encoding.lower().replace("-", "") in ("utf8", "")
        self._width = min(_WIDEST, max((len(step) for step in steps), default=20) + 2)
        if self._console.is_terminal:
            self._width = max(min(self._width, self._console.width - _REST), 8)
        self._cost = 0.0
        self._under_way: dict[str, None] = {}
        self._ended: set[tuple[str, int | None]] = set()
        live = self._console.is_terminal and not self._console.is_dumb_terminal
        self._live: Progress | None = None
        if live:
            spinner = SpinnerColumn("dots" if self._is_utf8 else "line", style="cyan")
            columns = (spinner, TextColumn("{task.description}", markup=False), TimeElapsedColumn())
            self._live = Progress(*columns, console=self._console, transient=True)
            self._task = self._live.add_task("starting")

    def __enter__(self) -> Watch:
        (self._live or nullcontext()).__enter__()
        return self

    def __exit__(self, *why: object) -> None:
        if self._live is not None:
            self._live.stop()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leaves the terminal to others for a while."""
        if self._live is not None:
            self._live.stop()
        try:
            yield
        finally:
            if self._live is not None:
                self._live.start()

    def show(self, event: Event) -> None:
        """Takes in one event of the run."""
        self._cost = event.cost_usd if event.cost_usd is not None else self._cost
        if event.type == "run":
            if not self._under_way:
                self.say(event.status)
        elif event.seq == 0 or event.status == "started":
            self._begin(event)
        else:
            self._end(event)

    def say(self, what: str) -> None:
        """What the living line says until the next event."""
        if self._live is not None:
            cost = f"  {self._cost:.4f} USD" if self._cost else ""
            self._live.update(self._task, description=f"{_flat(what)}{cost}")

    def _begin(self, event: Event) -> None:
        # A step's beginning is told as it happens, its end as it is journaled: of a quick one the end may come first.
        if event.path and (event.path, event.attempt) not in self._ended:
            self._under_way[event.path] = None
            self._say_under_way()

    def _end(self, event: Event) -> None:
        if event.path and event.status == "waiting":
            self._under_way[event.path] = None
        elif event.path:
            self._under_way.pop(event.path, None)
            self._ended.add((event.path, event.attempt))
        if isinstance(event.output, dict) and isinstance(spent := event.output.get("cost_usd"), int | float):
            self._cost += spent
        if self._console.is_terminal:
            self._console.print(self._line(event), no_wrap=True, overflow="ellipsis")
        else:
            self._console.print(self._line(event), soft_wrap=True)
        self._say_under_way()

    def _say_under_way(self) -> None:
        if self._under_way:
            first, *others = self._under_way
            self.say(self._name(first).rstrip() + (f" and {len(others)} more" if others else ""))

    def _line(self, event: Event) -> Text:
        mark, style = _MARKS.get(event.status, (".", ""))
        path = event.path or ""
        line = Text()
        line.append(f"{mark if self._is_utf8 else _ASCII.get(mark, mark)} ", style=style)
        line.append(self._name(path), style="" if "." in path else "bold")
        line.append(f"{event.took_ms / 1000:8.2f} s" if event.took_ms is not None else " " * 10, style="dim")
        if event.attempt is not None and event.attempt > 1:
            line.append(f"  attempt {event.attempt}", style="yellow")
        if event.outcome:
            line.append(f"  → {_flat(event.outcome)}", style="cyan")
        if event.wake_at:
            local = datetime.fromisoformat(event.wake_at).astimezone()
            line.append(f"  until {local:%Y-%m-%d %H:%M:%S}", style="dim")
        if event.failure:
            line.append(f"  {_flat(failure_text(event.failure))}", style="red")
        return line

    def _name(self, path: str) -> str:
        """A step's path, as wide as the column; on a terminal a long one loses its middle."""
        path = _flat(path)
        if self._console.is_terminal and len(path) > self._width:
            head = self._width * 2 // 3
            path = f"{path[:head]}…{path[head + 1 - self._width :]}"
        return path.ljust(self._width)


def _flat(text: str) -> str:
    """Fit to stand in one line of a terminal."""
    return visible(" ".join(text.split("\n")))


def failure_text(failure: Any) -> str:
    """A failure's message and next step, in one line of at most 600 characters."""
    if isinstance(failure, dict):
        said = " ".join(str(failure[k]) for k in ("message", "next_step") if failure.get(k))
        return said[:600]
    return str(failure)[:600]
