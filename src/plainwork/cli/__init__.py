"""The command line. Each command imports what it needs when it runs, so that ``check`` starts in a fraction of a second.

Exit codes: 0 done · 1 what was asked about is not right (findings, a failed run, a failed example) · 2 the request
cannot be understood (usage, a file that cannot be read) · 3 something outside is unavailable (database, port, folder,
host) · 70 a bug of ours · 130 interrupted · 141 whoever read the output has left.
"""

from __future__ import annotations

import sys

import click

from plainwork import __version__
from plainwork.cli import audit, logs, people, runs, serve, specs, streams, transfer, vault
from plainwork.cli.output import (
    GONE,
    OK,
    UNAVAILABLE,
    USAGE,
    Interrupted,
    print_json,
    report_bug,
    report_error,
    visible,
)
from plainwork.errors import PlainworkError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="plainwork", message="%(prog)s %(version)s")
def program() -> None:
    """Say in plain English what an agent should do; read it, run it, trust it."""


for _module in (specs, runs, serve, people, audit, logs, transfer, vault):
    for _command in _module.COMMANDS:
        program.add_command(_command)


def run(arguments: list[str]) -> int:
    """Runs one command line; returns its exit code. Never shows a traceback."""
    try:
        code = _run(arguments, as_json="--json" in arguments)
        sys.stdout.flush()
        sys.stderr.flush()
        return code
    except (BrokenPipeError, SystemExit):  # click makes the one of the other
        streams.abandon()
        return GONE
    except streams.Unwritable as why:
        streams.abandon()
        return report_error(why, as_json=False)
    except OSError:  # not even standard error can be written
        streams.abandon()
        return UNAVAILABLE


def _run(arguments: list[str], *, as_json: bool) -> int:
    try:
        code = program(arguments, prog_name="plainwork", standalone_mode=False)
        return code if isinstance(code, int) else OK
    except click.exceptions.NoArgsIsHelpError as shown:
        click.echo(shown.format_message())
        return USAGE
    except click.ClickException as why:
        return _report_usage(why, as_json=as_json)
    except (click.Abort, KeyboardInterrupt):
        return report_error(Interrupted("Interrupted."), as_json=as_json)
    except (BrokenPipeError, streams.Unwritable):
        raise
    except PlainworkError as why:
        return report_error(why, as_json=as_json)
    except Exception as why:
        return report_bug(why, as_json=as_json)


def _report_usage(why: click.ClickException, *, as_json: bool) -> int:
    context = why.ctx if isinstance(why, click.UsageError) else None
    next_step = f"See: {context.command_path if context else 'plainwork'} --help"
    if as_json:
        error = {"code": "Usage", "message": why.format_message(), "next_step": next_step}
        print_json({"error": error})
    click.echo(visible(f"{why.format_message()}\n{next_step}"), err=True)
    return USAGE
