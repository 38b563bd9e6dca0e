"""Commands for whoever runs the machine: a new password for somebody who cannot get in."""

from __future__ import annotations

import asyncio
import sys

import click

from plainwork.cli import output
from plainwork.cli.specs import data_dir_option
from plainwork.errors import NotFound
from plainwork.settings import Settings


@click.command("reset-password")
@click.argument("email")
@click.option("--without-second-factor", is_flag=True, help="Also remove their second factor, if it is lost too.")
@data_dir_option
def reset_password(email: str, without_second_factor: bool, data_dir: str | None) -> int:
    """Set a new password for somebody, and end their sessions.

    The password is asked for, or read from standard input when that is no terminal.
    """
    settings = Settings.from_env(data_dir=data_dir)
    if sys.stdin.isatty():
        password = click.prompt("New password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    asyncio.run(_reset(settings, email, password, without_second_factor))
    click.echo(f"{email} has a new password and is signed out everywhere.")
    return output.OK


async def _reset(settings: Settings, email: str, password: str, without_second_factor: bool) -> None:
    from plainwork import db
    from plainwork.db import audit, passwords, second_factors, users, workspaces

    async with await db.open(settings) as database:
        user = await users.of_email(database, email)
        if user is None:
            raise NotFound(f"There is no account for {email}.", next_step="Check how the address is written.")
        hashed = await passwords.hash_of(password)
        async with database.person(user.id) as connection:
            await passwords.change(connection, user.id, hashed)
            removed = without_second_factor and await second_factors.remove(connection, user.id)
        detail = {"second_factor_removed": True} if removed else {}
        for workspace, _ in await workspaces.of_person(database, user.id):
            async with database.workspace(workspace.id) as connection:
                await audit.append(connection, audit.SYSTEM, "user.password_reset", ("user", user.id), detail)


COMMANDS = (reset_password,)
