"""The command line. Each command imports what it needs when it runs, so that ``check`` starts in a fraction of a second.

Exit codes: 0 done · 1 what was asked about is not right (findings, a failed run, a failed example) · 2 the request
cannot be understood (usage, a file that cannot be read) · 3 something outside is unavailable (database, port, folder,
host) · 70 a bug of ours · 130 interrupted.
"""

from __future__ import annotations

import sys
from typing import Annotated

import click
import typer

from plainwork.cli import runs, serve, specs
from plainwork.cli.output import report_bug, report_error
from plainwork.errors import PlainworkError

app = typer.Typer(
    name="plainwork",
    help="Say in plain English what an agent should do; read it, run it, trust it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    if version:
        from plainwork import __version__

        typer.echo(f"plainwork {__version__}")
        raise typer.Exit


specs.register(app)
runs.register(app)
serve.register(app)


def run(arguments: list[str]) -> int:
    """Runs one command line; returns its exit code. Never shows a traceback."""
    as_json = "--json" in arguments
    try:
        code = app(arguments, standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except click.exceptions.NoArgsIsHelpError as shown:
        typer.echo(shown.format_message())
        return 2
    except click.ClickException as why:
        place = f" {why.ctx.command_path}" if isinstance(why, click.UsageError) and why.ctx else " plainwork"
        typer.echo(f"{why.format_message()}\nSee:{place} --help", err=True)
        return 2
    except (click.Abort, KeyboardInterrupt):
        typer.echo("Interrupted.", err=True)
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except PlainworkError as why:
        return report_error(why, as_json=as_json)
    except Exception as why:
        return report_bug(why, as_json=as_json)
