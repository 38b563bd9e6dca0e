"""What the command line prints: findings, errors, JSON; and how it reads the files it is given."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
import traceback
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from plainwork.errors import Finding, Invalid, PlainworkError, Rejected, Unavailable, Where

MOST_BYTES = 1_048_576
OK, NOT_RIGHT, USAGE, UNAVAILABLE, BUG, INTERRUPTED, GONE = 0, 1, 2, 3, 70, 130, 141


class Unreadable(Rejected):
    """A file that the command was given cannot be read as what it should be."""


class Interrupted(PlainworkError):
    """Somebody pressed Ctrl-C, or asked the process to end."""


_HIDDEN = {
    code: f"\\u{code:04x}"
    for code in (*range(9), *range(11, 32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
}
"""What a terminal would obey or misread: control characters but tabs and line ends, turns of the writing direction."""


def visible(text: str) -> str:
    """The text with whatever would steer a terminal spelled out: no step, host or file name may paint over the screen.
    What is JSON stays the same JSON."""
    return text.translate(_HIDDEN)


def given_text(text: str, what: str) -> str:
    """A text from the command line, which Python keeps as bytes in disguise where the locale is no UTF-8 one. Raises
    Unreadable when it is not UTF-8."""
    try:
        return os.fsencode(text).decode("utf-8")
    except UnicodeError:
        raise Unreadable(
            f"{what} is not UTF-8 text.", next_step="Use a terminal that speaks UTF-8, or put it into a file."
        ) from None


def read_text(name: str) -> str:
    """The text of a file (``-``: standard input), at most 1 MiB of UTF-8. Raises Unreadable with the next step."""
    where = Where(file=name)
    try:
        data = sys.stdin.buffer.read(MOST_BYTES + 1) if name == "-" else _read(Path(name), where)
    except OSError as why:
        raise Unreadable(_reason(why), where=where, next_step="Check the path and its permissions.") from None
    except ValueError:
        raise Unreadable("This is not a file name.", where=where, next_step="Check the path.") from None
    if len(data) > MOST_BYTES:
        raise Unreadable(
            "This is larger than 1 MiB.", where=where, next_step="A document may have up to 1 MiB of text."
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as why:
        line = data.count(b"\n", 0, why.start) + 1
        raise Unreadable(
            "This is not UTF-8 text.", where=Where(file=name, line=line), next_step="Save it as UTF-8 text."
        ) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise Unreadable(
            "This holds NUL bytes: it is binary, not text.",
            where=Where(file=name, line=line),
            next_step="Give a text file.",
        )
    return text


def _read(path: Path, where: Where) -> bytes:
    if path.is_dir():
        raise Unreadable("This is a folder, not a file.", where=where, next_step="Name a file inside it.")
    with path.open("rb") as file:
        return file.read(MOST_BYTES + 1)


def _reason(why: OSError) -> str:
    if isinstance(why, FileNotFoundError):
        return "There is no such file."
    return f"It cannot be read: {(why.strerror or 'unknown reason').lower()}."


def read_json(name: str) -> Any:
    """A file's JSON. Raises Unreadable naming line and column where it is not JSON."""
    import json

    text = read_text(name)
    try:
        return json.loads(text)
    except json.JSONDecodeError as why:
        raise Unreadable(
            f"This is not JSON: {why.msg.lower()}.",
            where=Where(file=name, line=why.lineno, column=why.colno),
            next_step="Mend the JSON there.",
        ) from None
    except ValueError:
        raise Unreadable(
            "This JSON holds a number of thousands of digits.", where=Where(file=name), next_step="Shorten it."
        ) from None
    except RecursionError:
        raise Unreadable("This JSON is nested too deeply.", where=Where(file=name), next_step="Flatten it.") from None


def write_text(name: str | None, text: str) -> None:
    """To standard output, or whole or not at all to a file (written beside it, then renamed)."""
    if name is None:
        sys.stdout.write(visible(text) if sys.stdout.isatty() else text)
        return
    if not name:
        raise Unreadable("--out names no file.", next_step="Write --out and a file name.")
    path = Path(name)
    try:
        if path.exists() and not path.is_file():
            path.write_text(text, encoding="utf-8")  # a device or a pipe
        else:
            _replace(path.resolve(), text)
    except (OSError, ValueError) as why:
        reason = (getattr(why, "strerror", None) or "this is not a file name").lower()
        raise Unreadable(
            f"It cannot be written: {reason}.", where=Where(file=name), next_step="Choose another --out."
        ) from None


def _replace(path: Path, text: str) -> None:
    """Writes the file beside its place and moves it there, with the permissions that it had or that new files get."""
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=".plainwork-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        mask = os.umask(0)
        os.umask(mask)
        Path(beside).chmod(stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o666 & ~mask)
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def print_json(value: Any, *, err: bool = False) -> None:
    """One JSON document on standard output, indented; ``err``: beside it, for a person."""
    try:
        data = msgspec.json.encode(value, enc_hook=str)
    except UnicodeEncodeError:
        data = msgspec.json.encode(_whole(msgspec.to_builtins(value, enc_hook=str)))
    (sys.stderr if err else sys.stdout).write(visible(msgspec.json.format(data, indent=2).decode()) + "\n")


def _whole(value: Any) -> Any:
    """The value with half characters (of file names that are not UTF-8) spelled out: JSON cannot hold them."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_whole(name): _whole(item) for name, item in value.items()}
    return [_whole(item) for item in value] if isinstance(value, list | tuple) else value


def print_findings(findings: Sequence[Finding], file: str) -> None:
    """One line a finding, ``file:line: error: message``, with its next step below."""
    for finding in findings:
        line = f":{finding.line}" if finding.line is not None else ""
        named = ", ".join(p for p in (finding.node and f"step {finding.node[:80]}", finding.field) if p)
        said = f"{file}{line}: {finding.severity}: {finding.message}{f' ({named})' if named else ''}"
        click.echo(visible(said), err=True)
        if finding.next_step:
            click.echo(visible(f"    → {finding.next_step}"), err=True)


def has_errors(findings: Sequence[Finding]) -> bool:
    """Whether any finding is more than a warning."""
    return any(f.severity == "error" for f in findings)


def report_error(why: Any, *, as_json: bool) -> int:
    """Prints a PlainworkError for people (standard error) and programs (``--json``); returns the exit code."""
    if as_json:
        print_json({"error": why.as_json()})
    if isinstance(why, Invalid) and why.findings:
        file = (why.where.file if why.where else None) or "plainwork"
        print_findings(why.findings, file)
        return NOT_RIGHT
    click.echo(visible(f"plainwork: {why}"), err=True)
    if isinstance(why, Interrupted):
        return INTERRUPTED
    if isinstance(why, Unreadable | Invalid):
        return USAGE
    return UNAVAILABLE if isinstance(why, Unavailable) else NOT_RIGHT


def report_bug(why: Exception, *, as_json: bool) -> int:
    """Keeps the traceback in a file and prints its name: people see what to send, not Python's insides."""
    name = f"plainwork-bug-{uuid.uuid4().hex[:8]}.txt"
    path = Path(tempfile.gettempdir()) / name
    try:
        path.write_text("".join(traceback.format_exception(why)), encoding="utf-8")
    except OSError:
        path = Path(name)
    message = f"Plainwork met a bug of its own ({type(why).__name__})."
    if as_json:
        print_json({"error": {"code": "Bug", "message": message, "next_step": f"Report it with {path}."}})
    click.echo(f"plainwork: {message} The details are in {path}; please report it with that file.", err=True)
    return BUG
