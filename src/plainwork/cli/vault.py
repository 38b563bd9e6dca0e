"""``plainwork vault``: rotates keys on the machine itself, while everything else goes on."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from plainwork.cli import output
from plainwork.cli.specs import data_dir_option, json_option
from plainwork.errors import Invalid, NotFound
from plainwork.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from plainwork.db import Database
    from plainwork.vault.masters import MasterKey, MasterKeys
    from plainwork.vault.rotation import Wrapped


@click.group()
def vault() -> None:
    """The vault: which keys it is under, and other ones."""


@vault.command()
@json_option
@data_dir_option
def status(as_json: bool, data_dir: str | None) -> int:
    """Say how many keys each master key wraps, and whether VAULT_KEY holds it."""
    found, held = asyncio.run(_status(Settings.from_env(data_dir=data_dir)))
    ids = sorted({*found.keys, *held})
    if as_json:
        shown = [{"id": one, "keys": found.keys.get(one, 0), "is_held": one in held} for one in ids]
        output.print_json({"master_keys": shown, "wrapping": found.wrapping or held[0]})
    else:
        for one in ids:
            standing = "held" if one in held else "NOT HELD: what it wraps does not open"
            wraps = ", wraps new ones" if one == (found.wrapping or held[0]) else ""
            click.echo(f"{one}: {_keys(found.keys.get(one, 0))}, {standing}{wraps}")
    return output.OK if found.keys.keys() <= set(held) else output.NOT_RIGHT


async def _status(settings: Settings) -> tuple[Wrapped, list[str]]:
    from plainwork import db
    from plainwork.vault import master_keys, rotation

    async with await db.open(settings) as database:
        return await rotation.wrapped(database), master_keys(settings.vault_key, settings.data_dir).ids


@vault.command("rotate-master")
@click.option(
    "--to", metavar="KEY", help="The new key, written as in VAULT_KEY; a file is made.  [default: VAULT_KEY's last]"
)
@data_dir_option
def rotate_master(to: str | None, data_dir: str | None) -> int:
    """Wrap every key of the vault in another master key. No secret is sealed anew, and nothing has to stop.

    Before: start every process with both keys, VAULT_KEY=OLD,NEW. After: start them with VAULT_KEY=NEW alone, and keep
    the old key for as long as you keep backups from before.
    """
    settings = Settings.from_env(data_dir=data_dir)
    held, new = _keys_to_rotate(settings, to)
    count = asyncio.run(_rotate_master(settings, held, new))
    click.echo(f"{_keys(count)} wrapped anew; all are under the master key {new.id} now.")
    click.echo("Start every process with that key as its VAULT_KEY.")
    return output.OK


def _keys_to_rotate(settings: Settings, to: str | None) -> tuple[MasterKeys, MasterKey]:
    from plainwork.vault import master_keys, masters

    held = master_keys(settings.vault_key, settings.data_dir)
    if to is None:
        if len(held.keys) < 2:
            raise Invalid(
                "There is no master key to rotate to.", next_step="Name it with --to, or as the last of VAULT_KEY."
            )
        return held, held.keys[-1]
    kind, _, path = to.partition(":")
    if kind == "file" and path:
        masters.made(Path(path).expanduser())
    return held, masters.master_key(output.given_text(to, "--to"), settings.data_dir)


async def _rotate_master(settings: Settings, held: MasterKeys, new: MasterKey) -> int:
    from plainwork import db
    from plainwork.vault import rotation

    async with await db.open(settings) as database:
        return await rotation.rotate_master(database, held, new)


@vault.command("rotate-data-keys")
@click.option("--workspace", "-w", metavar="SLUG", help="Only this workspace.  [default: all]")
@data_dir_option
def rotate_data_keys(workspace: str | None, data_dir: str | None) -> int:
    """Give workspaces new data keys and seal their secrets anew, a hundred at a time. Nothing has to stop.

    Interrupted, it is gone on with when you start it again.
    """
    done = asyncio.run(_rotate_data_keys(Settings.from_env(data_dir=data_dir), workspace))
    for slug, count in done.items():
        click.echo(f"{slug}: {count} {'ciphertext' if count == 1 else 'ciphertexts'} sealed anew")
    return output.OK


async def _rotate_data_keys(settings: Settings, slug: str | None) -> Mapping[str, int]:
    from plainwork import db
    from plainwork import vault as vaults
    from plainwork.db import workspaces
    from plainwork.vault import rotation

    done = {}
    async with await db.open(settings) as database:
        data_keys = vaults.open(settings, database).data_keys
        for key in await workspaces.all_ids(database):
            found = await _slug(database, key)
            if slug in {None, found}:
                done[found] = await rotation.rotate_data_key(database, data_keys, key)
    if slug is not None and not done:
        raise NotFound(f"There is no workspace {slug[:80]!r}.", next_step="Leave out --workspace to visit all.")
    return done


async def _slug(database: Database, workspace_id: UUID) -> str:
    from plainwork.db import workspaces

    async with database.workspace(workspace_id) as connection:
        return (await workspaces.get(connection)).slug


def _keys(count: int) -> str:
    return f"{count} {'key' if count == 1 else 'keys'}"


COMMANDS = (vault,)
