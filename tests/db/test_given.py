"""A Postgres of the operator's own, over TCP and with passwords, whose owner is no superuser: as managed hosts give it."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from plainwork import db
from plainwork.db import audit, embedded, workspaces
from plainwork.errors import Invalid, PlainworkError, Unavailable
from plainwork.settings import Settings

PASSWORD = "0wner's secret/@:?"
QUOTED = "0wner%27s%20secret%2F%40%3A%3F"


@dataclass(frozen=True)
class Server:
    port: int

    def url(self, user: str, password: str, database: str) -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    async def admin(self, *statements: str, database: str = "postgres") -> None:
        connection = await asyncpg.connect(f"postgresql://postgres:admin@127.0.0.1:{self.port}/{database}")
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def ask(self, query: str, database: str) -> list[str]:
        connection = await asyncpg.connect(f"postgresql://postgres:admin@127.0.0.1:{self.port}/{database}")
        try:
            return [row[0] for row in await connection.fetch(query)]
        finally:
            await connection.close()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server with password authentication on a free port of loopback."""
    root = Path(tempfile.mkdtemp(prefix="plainwork-given-"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    root.chmod(0o755)
    folder, password = root / "data", root / "password"
    folder.mkdir(mode=0o700)
    password.write_text("admin")
    if user := embedded._server_user():
        shutil.chown(folder, user, user)
    embedded._run("initdb", "-D", str(folder), "-U", "postgres", "-A", "scram-sha-256", "--pwfile", str(password))
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c fsync=off -k {shlex.quote(str(folder))}"
    embedded._run("pg_ctl", "-D", str(folder), "-l", str(folder / "log"), "-o", options, "-w", "start")
    yield Server(port)
    embedded._run("pg_ctl", "-D", str(folder), "-m", "immediate", "-w", "stop")
    shutil.rmtree(root)


@dataclass(frozen=True)
class Place:
    """A fresh database with an owner of its own."""

    server: Server
    name: str
    settings: Settings

    @property
    def url(self) -> str:
        return self.server.url(self.owner, QUOTED, self.name)

    @property
    def owner(self) -> str:
        return f"owner_{self.name}"


@pytest.fixture
async def place(server: Server, tmp_path: Path) -> AsyncIterator[Place]:
    name = f"d{uuid4().hex[:10]}"
    quoted = PASSWORD.replace("'", "''")
    await server.admin(
        f"create role owner_{name} login createrole password '{quoted}'", f"create database {name} owner owner_{name}"
    )
    url = server.url(f"owner_{name}", QUOTED, name)
    yield Place(server, name, Settings(data_dir=tmp_path, database_url=url))
    await server.admin(f"drop database {name} with (force)")


async def _whoami(settings: Settings) -> str:
    async with await db.open(settings) as database, database.connection() as connection:
        return str(await connection.fetchval("select current_user"))


async def test_the_application_gets_a_role_of_its_own(place: Place) -> None:
    first = await _whoami(place.settings)
    assert first.startswith("plainwork_app")
    assert await _whoami(place.settings) == first
    async with await db.open(place.settings, migrate=False) as database:
        assert database.where == f"127.0.0.1:{place.server.port}/{place.name}"
        workspace_id = db.new_id()
        async with database.workspace(workspace_id) as connection:
            await connection.execute(
                "insert into workspaces (id, slug, name) values ($1, 'acme', 'Acme')", workspace_id
            )
        async with database.workspace(db.new_id()) as connection:
            assert await connection.fetch("select * from workspaces") == []


async def test_the_owner_is_bound_too(place: Place) -> None:
    async with await db.open(place.settings) as database:
        workspace_id = db.new_id()
        async with database.workspace(workspace_id) as connection:
            await connection.execute(
                "insert into workspaces (id, slug, name) values ($1, 'acme', 'Acme')", workspace_id
            )
            await connection.execute(
                "insert into agents (workspace_id, id, slug, name) values ($1, $1, 'agent', 'Agent')", workspace_id
            )
    owner = await asyncpg.connect(place.settings.database_url)
    try:
        assert await owner.fetch("select * from agents") == []
    finally:
        await owner.close()


async def test_an_owner_who_meddles_with_the_audit_log_is_found_out(place: Place) -> None:
    """No superuser, only the owner: triggers off, row-level security lifted, a row changed, and the tail cut off."""
    key = db.new_id()
    async with await db.open(place.settings) as database:
        async with database.workspace(key) as connection:
            await workspaces.create(connection, key, f"W {key.hex}")
            for number in range(4):
                await audit.append(connection, audit.SYSTEM, f"a.{number}", ("agent", "a"))
        owner = await asyncpg.connect(place.settings.database_url)
        try:
            await owner.execute("set plainwork.upkeep = 'on'; alter table audit_log disable trigger user")
            for change, broken_at in (
                ("delete from audit_log where seq = 4", 4),
                ("update audit_log set actor_id = 'somebody else' where seq = 2", 2),
                ("delete from audit_log where seq = 1", 2),
            ):
                await owner.execute(change)
                async with database.workspace(key) as connection:
                    verdict = await audit.verify(connection)
                assert verdict.broken_at == broken_at, change
        finally:
            await owner.close()


async def test_the_owner_backs_up_and_restores(place: Place, server: Server, tmp_path: Path) -> None:
    keys = [db.new_id(), db.new_id()]
    async with await db.open(place.settings) as database:
        for key in keys:
            async with database.workspace(key) as connection:
                await workspaces.create(connection, key, f"W {key.hex}")
                await audit.append(connection, audit.SYSTEM, "x", ("agent", "a"))
    _as_owner("pg_dump", "--enable-row-security", "-Fc", "-f", str(tmp_path / "dump"), place.url)
    restored = f"{place.name}_restored"
    url = server.url(place.owner, QUOTED, restored)
    await server.admin(f"create database {restored} owner {place.owner}")
    roles = await server.ask("select rolname from pg_roles where rolname like 'plainwork_dispatcher%'", place.name)
    await server.admin(*(f"grant create on schema public to {role}" for role in roles), database=restored)
    _as_owner("pg_restore", "--exit-on-error", "-d", url, str(tmp_path / "dump"))
    async with await db.open(replace(place.settings, database_url=url), migrate=False) as database:
        assert await workspaces.all_ids(database) == keys
        async with database.workspace(keys[0]) as connection:
            verdict = await audit.verify(connection)
            assert (verdict.entries, verdict.broken_at) == (1, None)
            assert await connection.fetchval("select count(*) from workspaces") == 1
    await server.admin(f"drop database {restored} with (force)")


def _as_owner(program: str, *args: str) -> None:
    environment = {**os.environ, "PGOPTIONS": "-c plainwork.upkeep=on"}
    subprocess.run([embedded.programs() / program, *args], env=environment, check=True)


async def test_two_installations_share_a_server_but_no_role(place: Place, server: Server, tmp_path: Path) -> None:
    second = f"{place.name}_second"
    await server.admin(f"create database {second} owner {place.owner}")
    url = server.url(place.owner, QUOTED, second)
    try:
        assert await _whoami(place.settings) != await _whoami(Settings(data_dir=tmp_path, database_url=url))
    finally:
        await server.admin(f"drop database {second} with (force)")


async def test_a_changed_owner_password_is_followed(place: Place) -> None:
    await _whoami(place.settings)
    await place.server.admin(f"alter role {place.owner} password 'another'")
    changed = Settings(
        data_dir=place.settings.data_dir, database_url=place.server.url(place.owner, "another", place.name)
    )
    assert (await _whoami(changed)).startswith("plainwork_app")
    assert (await _whoami(changed)).startswith("plainwork_app")


async def test_migrating_is_asked_for(place: Place) -> None:
    with pytest.raises(Unavailable, match=r"lacks .* migration.*plainwork migrate"):
        await db.open(place.settings, migrate=False)


async def test_an_owner_who_may_not_create_roles_is_told_so(place: Place) -> None:
    await place.server.admin(f"alter role {place.owner} nocreaterole")
    with pytest.raises(Invalid, match="may not create roles"):
        await db.open(place.settings)


async def test_a_user_who_does_not_own_the_database_is_told_so(place: Place) -> None:
    await _whoami(place.settings)
    stranger = f"stranger_{place.name}"
    await place.server.admin(f"create role {stranger} login password 'other'")
    url = place.server.url(stranger, "other", place.name)
    with pytest.raises(Invalid, match="may not set this database up: permission denied"):
        await db.open(replace(place.settings, database_url=url))


async def test_a_role_made_by_an_administrator_is_taken(place: Place) -> None:
    role = f"app_{place.name}"
    await place.server.admin(f"create role {role} login password 'app'")
    assert await _whoami(_with_role(place, role)) == role
    with pytest.raises(Invalid, match=f"works as the role {role}, not as somebody"):
        await db.open(_with_role(place, "somebody"))


def _with_role(place: Place, role: str) -> Settings:
    return replace(place.settings, database_app_url=place.server.url(role, "app", place.name))


@pytest.mark.parametrize("power", ["superuser", "bypassrls"])
async def test_a_role_that_is_not_bound_is_refused(place: Place, power: str) -> None:
    await _whoami(place.settings)
    async with await db.open(place.settings) as database:
        role = database.login.user
    await place.server.admin(f"alter role {role} {power}")
    try:
        with pytest.raises(Invalid, match="not bound by row-level security"):
            await db.open(place.settings)
    finally:
        await place.server.admin(f"alter role {role} no{power}")


async def test_a_role_that_may_become_the_owner_is_refused(place: Place) -> None:
    role = f"app_{place.name}"
    await place.server.admin(f"create role {role} login password 'app'", f"grant {place.owner} to {role}")
    with pytest.raises(Invalid, match="not bound by row-level security"):
        await db.open(_with_role(place, role))


# ── What is wrong is told, and no password with it ───────────────────────────────────────────────────────────────────
async def _failure(url: str, tmp_path: Path) -> PlainworkError:
    with pytest.raises(PlainworkError) as caught:
        await db.open(Settings(data_dir=tmp_path, database_url=url))
    assert "s3cret" not in str(caught.value)
    assert caught.value.next_step
    return caught.value


async def test_a_wrong_password(server: Server, tmp_path: Path) -> None:
    error = await _failure(server.url("postgres", "s3cret", "postgres"), tmp_path)
    assert isinstance(error, Unavailable)
    assert f"127.0.0.1:{server.port}/postgres refused the user or the password" in str(error)


async def test_a_missing_database(server: Server, tmp_path: Path) -> None:
    error = await _failure(server.url("postgres", "admin", "nowhere"), tmp_path)
    assert f"no such database at 127.0.0.1:{server.port}/nowhere" in str(error)


async def test_nobody_listening(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    error = await _failure(f"postgresql://user:s3cret@127.0.0.1:{port}/plainwork", tmp_path)
    assert isinstance(error, Unavailable)
    assert f"127.0.0.1:{port}/plainwork cannot be reached" in str(error)
    assert "DATABASE_URL" in str(error)


async def test_a_name_that_does_not_resolve(tmp_path: Path) -> None:
    error = await _failure("postgresql://user:s3cret@nowhere.invalid/plainwork", tmp_path)
    assert isinstance(error, Unavailable)
    assert "nowhere.invalid:5432/plainwork" in str(error)


@pytest.mark.parametrize(
    "url",
    [
        "mysql://user:s3cret@host/db",
        "s3cret",
        "postgresql://user:s3cret@host",
        "postgresql://user:s3cret@host:port/db",
        "postgresql://user:s3cret@[::1/db",
        "postgresql://user:s3cret@host:99999/db",
    ],
)
async def test_an_address_that_is_none(url: str, tmp_path: Path) -> None:
    assert isinstance(await _failure(url, tmp_path), Invalid)


async def test_parameters_of_other_drivers_are_left_out(place: Place) -> None:
    url = f"{place.settings.database_url}?channel_binding=require&sslmode=prefer&pgbouncer=true"
    assert (await _whoami(Settings(data_dir=place.settings.data_dir, database_url=url))).startswith("plainwork_app")
