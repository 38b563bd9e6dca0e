"""``python -m plainwork`` and the ``plainwork`` program."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the command line and ends the process with its exit code (``docs/operations.md`` lists them)."""
    try:
        from plainwork.cli import run, streams

        streams.prepare()
        sys.exit(run(sys.argv[1:]))
    except KeyboardInterrupt:  # before the command has begun, or after it
        sys.exit(130)


if __name__ == "__main__":
    main()
