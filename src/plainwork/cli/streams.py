"""The process's own streams: always open, UTF-8 unless a terminal says otherwise, and honest about what they lose.

Documents and JSON are UTF-8 by definition, so what goes to a file or a pipe is, whatever the locale. A terminal of
another encoding gets ``?`` for what it cannot show.
"""

from __future__ import annotations

import io
import os
import sys
from typing import TextIO

from plainwork.errors import Unavailable


class Unwritable(Unavailable):
    """Standard output takes no more: the disk is full, or it is closed."""


class _Output(io.TextIOWrapper):
    """Standard output that says in words that it cannot be written. A broken pipe stays one."""

    def write(self, text: str, /) -> int:
        try:
            return super().write(text)
        except OSError as why:
            raise _unwritable(why) from None

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as why:
            raise _unwritable(why) from None


def _unwritable(why: OSError) -> Exception:
    if isinstance(why, BrokenPipeError):
        return why
    reason = (why.strerror or "unknown reason").lower()
    return Unwritable(f"Standard output cannot be written: {reason}.", next_step="Send it somewhere else.")


def prepare() -> None:
    """Called once, when the process starts and before anything is printed or opened."""
    # A closed descriptor would be given to the next file or socket that is opened, and our messages would go there.
    for descriptor, flags in ((0, os.O_WRONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(descriptor)
        except OSError:
            os.dup2(os.open(os.devnull, flags), descriptor)
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = _text(_Output, 1, sys.stdout, "surrogateescape")
    sys.stderr = _text(io.TextIOWrapper, 2, sys.stderr, "backslashreplace", line_buffering=True)


def _text(
    kind: type[io.TextIOWrapper],
    descriptor: int,
    was: TextIO | None,
    errors: str,
    *,
    line_buffering: bool = False,
) -> io.TextIOWrapper:
    file = open(descriptor, "wb", closefd=False)  # noqa: SIM115
    if file.isatty():
        return kind(file, getattr(was, "encoding", None) or "utf-8", "replace", line_buffering=True)
    return kind(file, "utf-8", errors, line_buffering=line_buffering)


def abandon() -> None:
    """Sends what is still to be written nowhere, so that the interpreter ends in silence."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        if not _takes(descriptor):
            os.dup2(nowhere, descriptor)


def _takes(descriptor: int) -> bool:
    """Whether what is left in the stream's buffer can be written."""
    stream = sys.stdout if descriptor == 1 else sys.stderr
    try:
        stream.flush()
    except (OSError, ValueError, Unwritable):
        return False
    return True
