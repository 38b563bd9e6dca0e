"""The database itself keeps workspaces apart: checked for every table there is, so also for one added tomorrow."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from plainwork import db
from plainwork.settings import Settings
from tests.conftest import add_workspace

INSTALLATION_WIDE = {"installation", "schema_migrations", "sign_in_attempts", "rates"}
"""Tables that hold nothing of any tenant."""
BY_PERSON = {"users", "sessions", "second_factors", "recovery_codes", "password_resets", "identities"}
"""Guarded by who the person is: people belong to several workspaces."""
WITHOUT_WORKSPACE = {"workers"}
"""Guarded, and seen by the dispatcher alone."""

TABLES = """
    select c.relname as name, c.relrowsecurity and c.relforcerowsecurity as forced, c.relispartition as partition,
           exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'workspace_id') as of_tenant,
           (select a.attname from pg_index i join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
            where i.indrelid = c.oid and i.indisprimary) as leads
    from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') order by 1"""

_FUNCTIONS = """
    select p.proname as name, p.proargnames as names, p.prosrc ~ 'current_(workspace|person)\\(\\)' as is_bound,
           array(select t.typname::text from unnest(p.proargtypes::oid[]) with ordinality u(o, i)
                 join pg_type t on t.oid = u.o order by u.i) as types
    from pg_proc p where p.pronamespace = 'public'::regnamespace and p.prosecdef
      and p.prorettype <> 'trigger'::regtype order by 1"""


@pytest.fixture
async def owner(module_database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(module_database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def shared(module_database_url: str, tmp_path: Any) -> AsyncIterator[db.Database]:
    settings = Settings(data_dir=tmp_path, database_url=module_database_url)
    async with await db.open(settings, migrate=False) as database:
        yield database


async def test_every_table_forces_row_level_security(owner: asyncpg.Connection) -> None:
    tables = await owner.fetch(TABLES)
    assert len(tables) > 20
    assert {t["name"] for t in tables if not t["forced"]} == INSTALLATION_WIDE
    without = {t["name"] for t in tables if not t["of_tenant"]} - {"workspaces"}
    assert without == INSTALLATION_WIDE | BY_PERSON | WITHOUT_WORKSPACE


async def test_every_tenant_table_leads_its_key_with_the_workspace(owner: asyncpg.Connection) -> None:
    tables = await owner.fetch(TABLES)
    assert {t["leads"] for t in tables if t["of_tenant"]} == {"workspace_id"}


async def test_views_do_not_go_around_it(owner: asyncpg.Connection) -> None:
    views = await owner.fetch(
        "select relname, reloptions from pg_class where relnamespace = 'public'::regnamespace and relkind in ('v', 'm')"
    )
    assert all("security_invoker=true" in (v["reloptions"] or ()) for v in views), views


async def test_the_application_is_bound(shared: db.Database) -> None:
    async with shared.connection() as connection:
        role = await connection.fetchrow(
            "select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb from pg_roles where rolname = current_user"
        )
        assert set(role) == {False}
        for statement in ("set row_security = off; select count(*) from agents", "create table mine (x int)"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
        for role_name in ("postgres", "plainwork_dispatcher"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"set role {role_name}")


async def test_functions_that_cross_are_few_and_pinned(owner: asyncpg.Connection) -> None:
    rows = await owner.fetch(
        """select p.proname, p.proconfig, r.rolname, r.rolsuper, p.proacl::text[] as acl
           from pg_proc p join pg_roles r on r.oid = p.proowner
           where p.pronamespace = 'public'::regnamespace and p.prosecdef"""
    )
    for row in rows:
        assert any(setting.startswith("search_path=") for setting in row["proconfig"] or ()), row["proname"]
        # An entry without a name before the "=" would be a grant to everybody.
        assert row["acl"] is not None, row["proname"]
        assert not any(entry.startswith("=") for entry in row["acl"]), row["proname"]
    owned_otherwise = {row["proname"] for row in rows if row["rolname"] != "plainwork_dispatcher"}
    assert owned_otherwise == {"audit_append", "make_partitions", "drop_partitions", "remove_workspace"}


CROSSING = {
    # Workers have the runs of all workspaces in hand,
    *(
        "register_worker",
        "keep_claims",
        "claim_runs",
        "claim_run",
        "lease_runs",
        "due_lanes",
        "free_slots",
        "queue_outlook",
    ),
    *(
        "renew_leases",
        "excuse_claims",
        "flush_journal",
        "sweep_queue",
        "settle_waits",
        "start_delivered",
        "claim_failures",
    ),
    # the scheduler their schedules,
    *("claim_due_schedules", "claim_waiting_schedules", "next_fires_at", "fire_ticks", "set_next_ticks", "ready_ticks"),
    *(
        "runs_since",
        "schedule_loads",
        "raise_alarms",
        "note_alarms",
        "claim_alarm_mails",
        "claim_polls",
        "canaries_to_judge",
    ),
    "resume_connected",
    # upkeep what is old;
    *("workspaces_to_prune", "prune_runs", "prune_rest", "make_partitions", "drop_partitions", "workspace_ids"),
    *("workspaces_to_remove", "remove_workspace", "kept_workspace_ids"),
    # and counts what has ended;
    "count_ended_runs",
    # the operator is told how much stands where, and nothing of whom;
    "operator_figures",
    # and these are told a workspace by a word that only it has.
    *("use_callback", "workspace_of_slug"),
}
"""Functions that act for workspaces other than the one that was declared. Nothing that a request names gets to them."""


async def test_whoever_crosses_is_known_by_name(owner: asyncpg.Connection) -> None:
    """A function with its owner's rights acts in ``current_workspace()`` alone, or stands in ``CROSSING`` with a reason."""
    rows = await owner.fetch(_FUNCTIONS)
    found = {row["name"] for row in rows if not row["is_bound"]}
    assert found - CROSSING == set(), "have it act in current_workspace() alone, or say in CROSSING whom it serves"
    assert CROSSING - found == set()


async def test_functions_that_are_bound_do_nothing_to_another_workspace(
    shared: db.Database, owner: asyncpg.Connection
) -> None:
    mine, theirs, thing = await add_workspace(shared), await add_workspace(shared, "Other"), db.new_id()
    tables = [t["name"] for t in await owner.fetch(TABLES) if t["of_tenant"] and not t["partition"]]
    for table in tables:
        await fill(owner, table, theirs, thing)
    before = await rows_of(owner, tables, theirs)
    for function in [row for row in await owner.fetch(_FUNCTIONS) if row["is_bound"]]:
        given = [
            theirs if name == "p_workspace" else thing if kind == "uuid" else BY_TYPE.get(kind)
            for name, kind in zip(function["names"] or (), function["types"], strict=False)
        ]
        marks = ", ".join(f"${place}::{kind}" for place, kind in enumerate(function["types"], 1))
        with suppress(asyncpg.PostgresError):
            async with shared.workspace(mine) as connection:
                await connection.execute(f"select {function['name']}({marks})", *given)
        assert await rows_of(owner, tables, theirs) == before, function["name"]


async def rows_of(owner: asyncpg.Connection, tables: list[str], workspace_id: UUID) -> dict[str, list[str]]:
    return {
        table: [
            row[0] for row in await owner.fetch(f"select t::text from {table} t where workspace_id = $1", workspace_id)
        ]
        for table in tables
    }


# ── Two tenants, table by table ──────────────────────────────────────────────────────────────────────────────────────
SPECIAL: dict[str, Any] = {
    "actor_kind": "user",
    "kind": {"triggers": "webhook", "alarms": "did_not_fire"},
    "how": "set",
    "role": "viewer",
    "slug": "a-slug",
    "hash": b"x",
    "span": "hour",
    "detail": "{}",
    "status": {"llm_calls": "succeeded", "runs": "queued", "steps": "succeeded"},
}
BY_TYPE: dict[str, Any] = {
    "text": "x", "int4": 1, "int8": 1, "int2": 1, "bytea": b"x", "bool": True, "json": "{}", "jsonb": "{}", "_text": ["x"],
    "float4": 1.0, "float8": 1.0, "numeric": 1,
}  # fmt: skip


async def fill(owner: asyncpg.Connection, table: str, workspace_id: UUID, thing: UUID | None = None) -> None:
    """One row of the workspace in a table, whatever its columns are; foreign keys aside. Every other id in it is ``thing``'s,
    if one is given."""
    columns = await owner.fetch(
        """select a.attname as name, t.typname as type from pg_attribute a join pg_type t on t.oid = a.atttypid
           where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped and a.attidentity = ''
           and a.attgenerated = '' and (a.attname = 'workspace_id' or a.attnotnull and not a.atthasdef)""",
        table,
    )
    ids = {c["name"]: thing for c in columns if thing and c["type"] == "uuid"} | {"workspace_id": workspace_id}
    values = [ids.get(c["name"]) or await _value(owner, table, c) for c in columns]
    names, marks = ", ".join(c["name"] for c in columns), ", ".join(f"${i}" for i in range(1, len(columns) + 1))
    async with owner.transaction():
        await owner.execute("set local session_replication_role = replica")  # foreign keys and triggers rest
        await owner.execute(f"insert into {table} ({names}) values ({marks})", *values)


async def _value(owner: asyncpg.Connection, table: str, column: asyncpg.Record) -> Any:
    special = SPECIAL.get(column["name"])
    if isinstance(special, dict):
        special = special.get(table)
    if special is not None:
        return special
    if column["type"] == "uuid":
        return db.new_id()
    if column["name"] == "token_hash":
        return db.new_id().bytes
    if column["type"] in ("timestamptz", "date"):
        return await owner.fetchval("select now()")
    return BY_TYPE[column["type"]]


def _tenant_tables(names: list[asyncpg.Record]) -> Iterator[str]:
    return (t["name"] for t in names if t["of_tenant"])


async def test_no_table_shows_or_takes_another_workspaces_rows(shared: db.Database, owner: asyncpg.Connection) -> None:
    mine, theirs = await add_workspace(shared), await add_workspace(shared, "Other")
    tables = [t for t in await owner.fetch(TABLES) if t["of_tenant"] and not t["partition"]]
    for table in _tenant_tables(tables):
        await fill(owner, table, theirs)
        assert await _count(shared, table, None) in (0, "refused"), table
        assert await _count(shared, table, mine) in (0, "refused"), table
        assert await _count(shared, table, theirs) in (1, "refused"), table
        for statement in (
            f"update {table} set workspace_id = workspace_id",
            f"update {table} set workspace_id = '{mine}' where workspace_id = '{theirs}'",
            f"delete from {table}",
        ):
            assert await _attempt(shared, mine, statement) in ("UPDATE 0", "DELETE 0", "refused"), statement
        columns = await owner.fetchval(
            """select string_agg(quote_ident(attname), ', ') from pg_attribute
               where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = ''""",
            table,
        )
        copied = f"insert into {table} ({columns}) select {columns} from {table}_copy"
        await owner.execute(
            f"create table {table}_copy as select * from {table}; grant select on {table}_copy to public"
        )
        assert await _attempt(shared, mine, copied) == "refused", copied
        await owner.execute(f"drop table {table}_copy")
        left = await owner.fetchval(f"select count(*) from {table} where workspace_id = $1", theirs)
        assert left == 1, table


async def _count(database: db.Database, table: str, workspace_id: UUID | None) -> int | str:
    try:
        if workspace_id is None:
            async with database.transaction() as connection:
                return int(await connection.fetchval(f"select count(*) from {table}"))
        async with database.workspace(workspace_id) as connection:
            return int(await connection.fetchval(f"select count(*) from {table}"))
    except asyncpg.InsufficientPrivilegeError:
        return "refused"


async def _attempt(database: db.Database, workspace_id: UUID, statement: str) -> str:
    """What a statement does inside a workspace: its tag, or that the database refused it."""
    try:
        async with database.workspace(workspace_id) as connection:
            return str(await connection.execute(statement))
    except asyncpg.InsufficientPrivilegeError:
        return "refused"


async def test_workspaces_and_people_are_kept_apart_too(shared: db.Database, owner: asyncpg.Connection) -> None:
    mine, theirs = await add_workspace(shared), await add_workspace(shared, "Other")
    stranger = db.new_id()
    await owner.execute(
        "insert into users (id, email, name) values ($1, $2, 'Eve')", stranger, f"{stranger}@example.org"
    )
    await owner.execute(
        "insert into memberships (workspace_id, user_id, role) values ($1, $2, 'viewer')", theirs, stranger
    )
    await owner.execute(
        "insert into sessions (id, user_id, token_hash, expires_at) values ($1, $1, $2, now() + interval '1 day')",
        *(stranger, stranger.bytes),
    )
    async with shared.workspace(mine, db.new_id()) as connection:
        assert [r["id"] for r in await connection.fetch("select id from workspaces")] == [mine]
        assert await connection.fetch("select id from users") == []
        assert await connection.fetch("select id from sessions") == []
        assert await connection.execute("update users set name = 'x'") == "UPDATE 0"
        assert await connection.execute("delete from sessions") == "DELETE 0"
        assert (
            await connection.execute("update workspaces set name = 'x' where id <> current_workspace()") == "UPDATE 0"
        )
    async with shared.workspace(theirs) as connection:
        assert [r["id"] for r in await connection.fetch("select id from users")] == [stranger]
        assert await connection.fetch("select id from sessions") == []
    async with shared.person(stranger) as connection:
        assert [r["id"] for r in await connection.fetch("select id from workspaces")] == [theirs]


async def test_what_is_a_persons_own_is_nobody_elses(shared: db.Database, owner: asyncpg.Connection) -> None:
    workspace, me, stranger = await add_workspace(shared), db.new_id(), db.new_id()
    for user in (me, stranger):
        email = f"{user}@example.org"
        await owner.execute("insert into users (id, email, name) values ($1, $2, 'Eve')", user, email)
        await owner.execute("insert into memberships values ($1, $2, 'viewer')", workspace, user)
    for table in sorted(BY_PERSON - {"users", "sessions"}):
        columns = {"second_factors": "sealed", "recovery_codes": "code_hash", "password_resets": "token_hash"}
        if table == "identities":
            statement = "insert into identities (issuer, subject, user_id, email) values ('i', 's', $1, 'e')"
        elif table == "password_resets":
            statement = "insert into password_resets values ('x', $1, true, now(), now())"
        else:
            statement = f"insert into {table} (user_id, {columns[table]}) values ($1, 'x')"
        await owner.execute(statement, stranger)
        # Not even a colleague in the same workspace.
        async with shared.workspace(workspace, me) as connection:
            assert await connection.fetch(f"select * from {table}") == [], table
            assert await connection.execute(f"delete from {table}") == "DELETE 0", table
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with shared.workspace(workspace, me) as connection:
                await connection.execute(statement.replace("'x'", "'y'").replace("'s'", "'t'"), stranger)
        async with shared.person(stranger) as connection:
            assert len(await connection.fetch(f"select * from {table}")) == 1, table


async def test_nobody_makes_himself_a_member(shared: db.Database) -> None:
    theirs, me = await add_workspace(shared), db.new_id()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with shared.person(me) as connection:
            await connection.execute(
                "insert into memberships (workspace_id, user_id, role) values ($1, $2, 'owner')", theirs, me
            )


async def test_only_the_owner_can_declare_upkeep(shared: db.Database, workspace: UUID) -> None:
    async with shared.transaction() as connection:
        await connection.execute("set local plainwork.upkeep = 'on'")
        assert await connection.fetchval("select count(*) from workspaces") == 0


async def test_what_a_transaction_declared_ends_with_it(shared: db.Database, workspace: UUID) -> None:
    async with shared.connection() as connection:
        async with connection.transaction():
            await connection.execute("select set_config('plainwork.workspace', $1, true)", str(workspace))
            assert await connection.fetchval("select count(*) from workspaces") == 1
        assert await connection.fetchval("select count(*) from workspaces") == 0


@pytest.fixture
async def workspace(shared: db.Database) -> UUID:
    return await add_workspace(shared)


# ── Rows that are written once ───────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("table", ["agent_versions", "audit_log"])
async def test_versions_and_audit_never_change_for_the_owner_either(owner: asyncpg.Connection, table: str) -> None:
    workspace_id = db.new_id()
    await owner.execute("insert into workspaces (id, slug, name) values ($1, $2, 'x')", workspace_id, str(workspace_id))
    await fill(owner, table, workspace_id)
    column = "note" if table == "agent_versions" else "action"
    for statement in (
        f"update {table} set {column} = 'edited'",
        f"delete from {table} where workspace_id = '{workspace_id}'",
        f"truncate {table} cascade",
    ):
        with pytest.raises(asyncpg.PostgresError, match="never change") as caught:
            await owner.execute(statement)
        assert caught.value.sqlstate == "PW001"
