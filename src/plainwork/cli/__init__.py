"""The command line. Each command imports what it needs when it runs, so that ``check`` starts in a fraction of a second.

Exit codes: 0 done · 1 what was asked about is not right (findings, a failed run, a failed example) · 2 the request
cannot be understood (usage, a file that cannot be read) · 3 something outside is unavailable (database, port, folder,
host) · 70 a bug of ours · 130 interrupted.
"""

from __future__ import annotations

import sys

import click

from plainwork import __version__
from plainwork.cli import runs, serve, specs
from plainwork.cli.output import report_bug, report_error
from plainwork.errors import PlainworkError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="plainwork", message="%(prog)s %(version)s")
def program() -> None:
    """Say in plain English what an agent should do; read it, run it, trust it."""


for _module in (specs, runs, serve):
    for _command in _module.COMMANDS:
        program.add_command(_command)


def run(arguments: list[str]) -> int:
    """Runs one command line; returns its exit code. Never shows a traceback."""
    as_json = "--json" in arguments
    try:
        code = program(arguments, prog_name="plainwork", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except click.exceptions.NoArgsIsHelpError as shown:
        click.echo(shown.format_message())
        return 2
    except click.ClickException as why:
        context = why.ctx if isinstance(why, click.UsageError) else None
        place = context.command_path if context else "plainwork"
        click.echo(f"{why.format_message()}\nSee: {place} --help", err=True)
        return 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except PlainworkError as why:
        return report_error(why, as_json=as_json)
    except Exception as why:
        return report_bug(why, as_json=as_json)
