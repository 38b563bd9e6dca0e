"""Forward-only migrations: numbered SQL files, each applied once, in its own transaction, under an advisory lock.

A file that has been applied must not change (its checksum is kept). The files name two roles: ``{{app}}``, as which the
application logs in, and ``{{dispatcher}}``, which owns the functions that cross workspaces. Which roles these are in
this cluster is chosen at the first migration and kept in the table ``installation``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

import asyncpg

from plainwork.errors import Invalid, Unavailable

FOLDER = Path(__file__).parent / "migrations"
_LOCK = 7_526_173_004  # any number that nobody else in the database uses
_OLDEST = 150000


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: ``0001_foundation.sql``."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 (hex) of the text, however its line ends are written."""
        return sha256(self.sql.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Roles:
    """The two roles' names in this cluster."""

    app: str
    dispatcher: str


@cache
def migrations(folder: Path = FOLDER) -> tuple[Migration, ...]:
    """All migrations in order. Numbers run from 1 without a gap: a missing file is a broken installation."""
    found = sorted(folder.glob("[0-9]*.sql"))
    files = tuple(Migration(int(p.name.split("_", 1)[0]), p.stem, p.read_text(encoding="utf-8")) for p in found)
    if [m.number for m in files] != list(range(1, len(files) + 1)):
        raise Invalid(f"The migrations in {folder} are not numbered 1, 2, 3 ….", next_step="Install Plainwork again.")
    return files


async def migrate(owner: asyncpg.Connection, app_role: str | None = None, folder: Path = FOLDER) -> list[str]:
    """Applies what is missing and tells the names. ``app_role``: an existing role to use as the application's.

    Any number of processes may call it at once. Raises Invalid for a server older than Postgres 15, a changed file, or
    a database that a newer Plainwork has migrated, and for a user who may not do it.
    """
    if owner.get_server_version().major * 10000 < _OLDEST:
        raise Invalid("Plainwork needs Postgres 15 or newer.", next_step="Upgrade the server behind DATABASE_URL.")
    try:
        return await _migrate(owner, app_role, folder)
    except asyncpg.InsufficientPrivilegeError as why:
        raise Invalid(
            f"The user in DATABASE_URL may not set this database up: {why}.",
            next_step="Name the user who owns the database and its tables.",
        ) from None


async def _migrate(owner: asyncpg.Connection, app_role: str | None, folder: Path) -> list[str]:
    done: list[str] = []
    while True:
        async with owner.transaction():
            await owner.execute("set local lock_timeout = '120s'")
            await owner.execute("select pg_advisory_xact_lock($1)", _LOCK)
            pending = await _pending(owner, folder)
            if not pending:
                return done
            await _apply(owner, pending[0], await roles(owner) or await _choose_roles(owner, app_role))
        done.append(pending[0].name)


async def require_current(owner: asyncpg.Connection) -> None:
    """Raises Unavailable when migrations are missing, Invalid when the database is ahead of this program."""
    if missing := await _pending(owner, FOLDER):
        raise Unavailable(
            f"The database lacks {len(missing)} migration{'s' * (len(missing) > 1)}, from {missing[0].name} on.",
            next_step="Run plainwork migrate.",
        )


async def roles(owner: asyncpg.Connection) -> Roles | None:
    """The installation's roles; None before the first migration."""
    if await owner.fetchval("select to_regclass('installation') is null"):
        return None
    row = await owner.fetchrow("select app_role, dispatcher_role from installation")
    return Roles(row["app_role"], row["dispatcher_role"]) if row else None


async def _pending(owner: asyncpg.Connection, folder: Path) -> Sequence[Migration]:
    known = migrations(folder)
    if await owner.fetchval("select to_regclass('schema_migrations') is null"):
        return known
    applied = await owner.fetch("select number, name, checksum from schema_migrations order by number")
    for row in applied:
        _compare(known, row)
    return known[len(applied) :]


def _compare(known: Sequence[Migration], row: asyncpg.Record) -> None:
    if row["number"] > len(known):
        raise Invalid(
            f"The database was migrated by a newer Plainwork ({row['name']}).",
            next_step="Run that version, or a newer one.",
        )
    if known[row["number"] - 1].checksum != row["checksum"]:
        raise Invalid(
            f"Migration {row['name']} is not the one that was applied to this database.",
            next_step="Install the Plainwork that made the database, or a newer one.",
        )


async def _apply(owner: asyncpg.Connection, migration: Migration, names: Roles) -> None:
    sql = migration.sql.replace("{{app}}", names.app).replace("{{dispatcher}}", names.dispatcher)
    if migration.number == 1:
        await owner.execute(
            "create table schema_migrations (number integer primary key, name text not null, checksum text not null, "
            "applied_at timestamptz not null default now())"
        )
    await owner.execute(sql)
    await owner.execute(
        "insert into schema_migrations (number, name, checksum) values ($1, $2, $3)",
        *(migration.number, migration.name, migration.checksum),
    )


async def _choose_roles(owner: asyncpg.Connection, app_role: str | None) -> Roles:
    """Makes the roles of a new installation. The plain names if they are free in this cluster, else numbered ones."""
    taken = {r[0] for r in await owner.fetch("select rolname from pg_roles where rolname like 'plainwork%'")}
    number = next(n for n in range(1, 10_000) if not {_numbered("app", n), _numbered("dispatcher", n)} & taken)
    names = Roles(app_role or _numbered("app", number), _numbered("dispatcher", number))
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", names.app):
        raise Invalid(
            f"The role name {names.app!r} in DATABASE_APP_URL is not made of small letters, digits and _.",
            next_step="Use a role with such a name.",
        )
    try:
        if app_role is None:
            await owner.execute(f"create role {names.app} login")
        await owner.execute(f"create role {names.dispatcher} nologin")
        # To give functions to the dispatcher, the owner has to be a member of it.
        await owner.execute(f"grant {names.dispatcher} to current_user")
    except asyncpg.InsufficientPrivilegeError:
        raise Invalid(
            "The user in DATABASE_URL may not create roles, and Plainwork needs one to keep workspaces apart.",
            next_step="Let an administrator grant it createrole, or make the role and name it in DATABASE_APP_URL.",
        ) from None
    return names


def _numbered(role: str, number: int) -> str:
    return f"plainwork_{role}" + (f"_{number}" if number > 1 else "")
