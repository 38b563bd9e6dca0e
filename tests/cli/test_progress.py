"""What a run looks like while it is watched: aligned lines that fit, on terminals of every kind."""

from __future__ import annotations

import io
import re
from typing import Any

from rich.console import Console

from plainwork.cli.progress import Watch
from plainwork.engine.events import Event

STYLE = re.compile(r"\x1b\[[0-9;]*m")
LONG = "each[11].fetch-what-there-is-to-be-read-about-the-thing-that-was-asked-for"


def console(encoding: str = "utf-8", **how: Any) -> tuple[Console, io.TextIOWrapper]:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="replace", newline="\n")
    return Console(file=file, highlight=False, _environ={"TERM": "xterm-256color"}, **how), file


def shown(file: io.TextIOWrapper) -> str:
    file.flush()
    return file.buffer.getvalue().decode(file.encoding)  # type: ignore[attr-defined, no-any-return]


def step(path: str, status: str = "succeeded", **fields: Any) -> Event:
    return Event(type="step", status=status, path=path, attempt=1, **{"seq": 1, "took_ms": 1234.5} | fields)


def lines_of(events: list[Event], steps: list[str], encoding: str = "utf-8", **how: Any) -> list[str]:
    to, file = console(encoding, **how)
    watch = Watch(steps, to)
    for event in events:
        watch.show(event)
    return STYLE.sub("", shown(file)).splitlines()


def test_times_stand_below_each_other() -> None:
    lines = lines_of([step("a"), step("a-much-longer-name", took_ms=65432.1)], ["a", "a-much-longer-name"])
    assert [line.index(" s") for line in lines] == [lines[0].index(" s")] * 2
    assert lines[0].startswith("✓ a ")
    assert lines[1].endswith("65.43 s")


def test_a_line_never_passes_the_edge_of_a_terminal() -> None:
    failure = {"message": "It was refused. " * 30, "next_step": "Ask."}
    events = [step(LONG), step(LONG, "failed", failure=failure), step("a", outcome="label " * 30)]
    for width in (30, 60, 100):
        lines = lines_of(events, [LONG], force_terminal=True, width=width)
        assert len(lines) == 3
        assert max(map(len, lines)) <= width
        assert all(line.startswith(("✓ each[", "✗ each[", "✓ a ")) for line in lines)


def test_a_long_name_keeps_its_two_ends() -> None:
    line = lines_of([step(LONG)], [LONG], force_terminal=True, width=80)[0]
    assert line.startswith("✓ each[11].fetch-what")
    assert "…" in line
    assert "asked-for" in line


def test_nothing_of_a_failure_steers_the_terminal() -> None:
    failure = {"message": "no\x1b[2J\nway\x07", "next_step": "[red]stop[/red]"}
    line = lines_of([step("a", "failed", failure=failure)], ["a"])[0]
    assert line.endswith(r"no\u001b[2J way\u0007 [red]stop[/red]")


def test_a_file_gets_all_of_a_failure() -> None:
    failure = {"message": "It was refused. " * 30, "next_step": "Ask."}
    lines = lines_of([step(LONG, "failed", failure=failure)], [LONG], width=80)
    assert len(lines) == 1
    assert LONG in lines[0]
    assert lines[0].count("It was refused.") == 30
    assert lines[0].endswith("Ask.")


def test_a_terminal_without_these_letters_gets_others() -> None:
    events = [step("a"), step("b", "failed"), step("c", "skipped", took_ms=None)]
    lines = lines_of(events, ["a", "b", "c"], encoding="latin-1")
    assert [line[:3] for line in lines] == ["+ a", "x b", "- c"]


def test_the_living_line_shows_what_is_under_way_and_what_it_cost() -> None:
    to, file = console(force_terminal=True, width=80)
    with Watch(["ask", "tell"], to) as watch:
        watch.show(step("ask", "started", seq=0))
        watch.show(step("tell", "started", seq=0))
        watch.show(step("ask", output={"text": "hi", "cost_usd": 0.0125}))
        watch.show(step("ask", "started", seq=0))  # told late
    drawn = STYLE.sub("", shown(file))
    assert drawn.rindex("tell") > drawn.rindex("ask")
    assert "tell  0.0125 USD" in drawn
    assert drawn.rindex("\x1b[?25h") > drawn.rindex("\x1b[?25l"), "the cursor stays hidden"
