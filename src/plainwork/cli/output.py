"""What the command line prints: findings, errors, JSON; and how it reads the files it is given."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from plainwork.errors import Finding, Invalid, Rejected, Unavailable, Where

MOST_BYTES = 1_048_576
OK, NOT_RIGHT, USAGE, UNAVAILABLE, BUG = 0, 1, 2, 3, 70


class Unreadable(Rejected):
    """A file that the command was given cannot be read as what it should be."""


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
    except RecursionError:
        raise Unreadable("This JSON is nested too deeply.", where=Where(file=name), next_step="Flatten it.") from None


def write_text(name: str | None, text: str) -> None:
    """To standard output, or whole or not at all to a file (written beside it, then renamed)."""
    if name is None:
        sys.stdout.write(text)
        return
    path = Path(name)
    try:
        handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(beside).replace(path)
    except OSError as why:
        reason = (why.strerror or "unknown reason").lower()
        raise Unreadable(
            f"It cannot be written: {reason}.", where=Where(file=name), next_step="Choose another --out."
        ) from None


def print_json(value: Any) -> None:
    """One JSON document on standard output, indented."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2).decode() + "\n")


def print_findings(findings: Sequence[Finding], file: str) -> None:
    """One line a finding, ``file:line: error: message``, with its next step below."""
    for finding in findings:
        line = f":{finding.line}" if finding.line is not None else ""
        named = ", ".join(p for p in (finding.node and f"step {finding.node}", finding.field) if p)
        click.echo(f"{file}{line}: {finding.severity}: {finding.message}{f' ({named})' if named else ''}", err=True)
        if finding.next_step:
            click.echo(f"    → {finding.next_step}", err=True)


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
    click.echo(f"plainwork: {why}", err=True)
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
