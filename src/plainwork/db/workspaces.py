"""Workspaces, their variables, and a person's role in them. Who belongs to a workspace: ``members``."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args
from uuid import UUID

import asyncpg

from plainwork.db.ids import new_id
from plainwork.db.json import clean_text
from plainwork.db.pool import Connection, Database
from plainwork.errors import Conflict, Invalid, NotFound

Role = Literal["owner", "admin", "editor", "runner", "viewer"]
ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True, slots=True)
class Workspace:
    """A tenant. ``slug`` is its name in addresses, unique in the installation. ``requires_second_factor``: members who
    sign in with a password need a second factor to get in. ``requires_green_examples``: a version goes live only when its
    Examples pass."""

    id: UUID
    slug: str
    name: str
    created_at: datetime
    requires_second_factor: bool = False
    requires_green_examples: bool = True


_COLUMNS = "id, slug, name, created_at, requires_second_factor, requires_green_examples"


@dataclass(frozen=True, slots=True)
class Membership:
    """One person's place in one workspace."""

    workspace_id: UUID
    user_id: UUID
    role: Role


async def create(connection: Connection, workspace_id: UUID, name: str, slug: str | None = None) -> Workspace:
    """Makes a workspace; the transaction must have declared its (new) id. Conflict when the slug is taken."""
    name = checked_name(name, "workspace")
    slug = checked_slug(slug) if slug else slug_of(name)
    try:
        row = await connection.fetchrow(
            f"insert into workspaces (id, slug, name) values ($1, $2, $3) returning {_COLUMNS}",  # noqa: S608 - ours
            *(workspace_id, slug, name),
        )
    except asyncpg.UniqueViolationError:
        raise Conflict(f"There is a workspace {slug!r} already.", next_step="Choose another name.") from None
    return Workspace(**row)


async def get(connection: Connection) -> Workspace:
    """The workspace of the transaction; NotFound when it does not exist, or was deleted."""
    found = await in_use(connection)
    if found is None:
        raise NotFound("There is no such workspace.")
    return found


async def lock(connection: Connection) -> None:
    """Keeps the workspace's settings as they are for everybody else, until the transaction ends."""
    await connection.execute("select from workspaces where id = current_workspace() for no key update")


async def in_use(connection: Connection) -> Workspace | None:
    """The workspace of the transaction, unless it was deleted."""
    row = await connection.fetchrow(
        f"select {_COLUMNS} from workspaces where id = current_workspace() and deleted_at is null"  # noqa: S608 - ours
    )
    return Workspace(**row) if row else None


async def change(
    connection: Connection,
    *,
    name: str | None = None,
    requires_second_factor: bool | None = None,
    requires_green_examples: bool | None = None,
) -> Workspace:
    """Renames the transaction's workspace, or changes what it asks of its members and versions. None: as it is. The slug
    stays, so that addresses go on to work."""
    row = await connection.fetchrow(
        f"""update workspaces set name = coalesce($1, name), updated_at = now(),
                requires_second_factor = coalesce($2, requires_second_factor),
                requires_green_examples = coalesce($3, requires_green_examples)
            where id = current_workspace() and deleted_at is null returning {_COLUMNS}""",  # noqa: S608 - ours
        *(None if name is None else checked_name(name, "workspace"), requires_second_factor, requires_green_examples),
    )
    if row is None:
        raise NotFound("There is no such workspace.")
    return Workspace(**row)


async def delete(connection: Connection) -> None:
    """Takes the transaction's workspace out of use: nobody can enter it, and its agents are paused, so that nothing
    starts any more. All stays on record for a time (``retention.remove``), and its slug is free again."""
    await connection.execute(
        "update agents set paused_at = coalesce(paused_at, now()) where workspace_id = current_workspace()"
    )
    await connection.execute(
        """update workspaces set deleted_at = now(), updated_at = now(), slug = slug || '-' || replace(id::text, '-', '')
           where id = current_workspace() and deleted_at is null"""
    )


async def hold(connection: Connection) -> None:
    """Makes others who change the transaction's workspace, or who belongs to it, wait until the transaction ends."""
    await connection.execute("select 1 from workspaces where id = current_workspace() for update")


async def of_slug(database: Database, slug: str) -> UUID | None:
    """The id of the workspace with this slug."""
    async with database.transaction() as connection:
        found: UUID | None = await connection.fetchval("select workspace_of_slug($1)", slug)
    return found


async def of_person(database: Database, user_id: UUID) -> list[tuple[Workspace, Role]]:
    """The workspaces that a person belongs to, with the role in each, oldest first."""
    async with database.person(user_id) as connection:
        rows = await connection.fetch(
            """select w.id, w.slug, w.name, w.created_at, w.requires_second_factor,
                      w.requires_green_examples, m.role
               from memberships m join workspaces w on w.id = m.workspace_id
               where m.user_id = $1 and w.deleted_at is null order by w.id""",
            user_id,
        )
    return [(Workspace(*list(row)[:-1]), row["role"]) for row in rows]


async def all_ids(database: Database) -> list[UUID]:
    """The ids of all workspaces, for upkeep that visits each in turn."""
    async with database.transaction() as connection:
        return [row[0] for row in await connection.fetch("select workspace_ids()")]


async def kept_ids(database: Database) -> list[UUID]:
    """The ids of all workspaces, also of those that are deleted and can still be brought back."""
    async with database.transaction() as connection:
        return [row[0] for row in await connection.fetch("select kept_workspace_ids()")]


async def add_member(connection: Connection, user_id: UUID, role: Role) -> Membership:
    """Gives a person a role in the transaction's workspace, or changes it."""
    row = await connection.fetchrow(
        """insert into memberships (workspace_id, user_id, role) values (current_workspace(), $1, $2)
           on conflict (workspace_id, user_id) do update set role = excluded.role
           returning workspace_id, user_id, role""",
        *(user_id, role),
    )
    return Membership(**row)


async def role_of(connection: Connection, user_id: UUID) -> Role | None:
    """A person's role in the transaction's workspace; None: not a member, or disabled."""
    role: Role | None = await connection.fetchval(
        """select m.role from memberships m join users u on u.id = m.user_id
           where m.workspace_id = current_workspace() and m.user_id = $1 and u.disabled_at is null""",
        user_id,
    )
    return role


async def owners(connection: Connection) -> list[str]:
    """The mail addresses of those who own the transaction's workspace."""
    rows = await connection.fetch(
        """select u.email from memberships m join users u on u.id = m.user_id
           where m.workspace_id = current_workspace() and m.role = 'owner' and u.disabled_at is null order by u.email"""
    )
    return [row["email"] for row in rows]


async def variables(connection: Connection) -> dict[str, Any]:
    """The workspace's variables: what expressions see as ``vars``."""
    rows = await connection.fetch(
        "select name, value from workspace_variables where workspace_id = current_workspace() order by name"
    )
    return {row["name"]: row["value"] for row in rows}


async def set_variable(connection: Connection, name: str, value: Any) -> None:
    """Sets a variable to a JSON value. Invalid for a name that expressions could not write."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,63}", name):
        raise Invalid(f"{name!r} cannot name a variable.", next_step="Use letters, digits and _, up to 64.")
    await connection.execute(
        """insert into workspace_variables (workspace_id, name, value) values (current_workspace(), $1, $2)
           on conflict (workspace_id, name) do update set value = excluded.value, updated_at = now()""",
        *(name, value),
    )


async def delete_variable(connection: Connection, name: str) -> None:
    """Removes a variable; NotFound when there is none."""
    done = await connection.execute(
        "delete from workspace_variables where workspace_id = current_workspace() and name = $1", name
    )
    if done == "DELETE 0":
        raise NotFound(f"There is no variable {name!r}.")


def slug_of(name: str) -> str:
    """A slug made from a name: small ASCII letters, digits and dashes; a random one when nothing of it is left."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-") or f"n-{new_id().hex[-8:]}"


def checked_slug(slug: str) -> str:
    """The slug, or Invalid when it is not one."""
    if not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?", slug):
        raise Invalid(
            f"{slug!r} cannot stand in an address.", next_step="Use small letters, digits and dashes, up to 60."
        )
    return slug


def checked_name(name: str, of: str) -> str:
    """A name for people, trimmed and cleaned; Invalid when it is empty or longer than 200 characters."""
    name = " ".join(clean_text(name).split())
    if not 0 < len(name) <= 200:
        raise Invalid(f"The name of the {of} has to have 1 to 200 characters.", next_step="Give it a name.")
    return name
