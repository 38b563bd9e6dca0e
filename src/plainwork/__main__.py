"""``python -m plainwork`` and the ``plainwork`` program."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the command line and ends the process with its exit code (``docs/operations.md`` lists them)."""
    if sys.argv[1:] == ["--version"]:
        from plainwork import __version__

        print(f"plainwork {__version__}")  # noqa: T201
        return
    from plainwork.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
