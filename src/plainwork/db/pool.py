"""The database's door: connections as the application's role, each transaction declaring what it may see.

``DATABASE_URL`` (or the embedded server) names the owner, who migrates. Work is done as another login, the app role,
which row-level security binds; its password is derived from the owner's, so there is nothing more to keep or hand out.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import os
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit
from uuid import UUID

import asyncpg

from plainwork.db import embedded, json, migrate
from plainwork.db.failures import address, cannot_connect, is_lost, translated
from plainwork.errors import Invalid, PlainworkError, Unavailable

if TYPE_CHECKING:
    from plainwork.settings import Settings

CONNECT_TIMEOUT_S = 10.0
ACQUIRE_TIMEOUT_S = 30.0
COMMAND_TIMEOUT_S = 60.0
_FOREIGN = frozenset({"channel_binding", "pgbouncer", "connection_limit", "pool_timeout", "schema", "sslcompression"})
"""Parameters that hosts and other drivers put into a URL and this driver would send on to the server."""

Connection: TypeAlias = asyncpg.Connection

# Its pool logs a traceback for every vain attempt to reconnect. Whoever asks for a connection is told, and says it in a line.
logging.getLogger("asyncpg").addHandler(logging.NullHandler())


@dataclass(slots=True)
class Database:
    """An open database. Use ``workspace`` for tenants' rows, ``person`` around sign-in, ``connection`` for the rest."""

    pool: asyncpg.Pool
    where: str
    login: Login = field(repr=False)
    server: embedded.Embedded | None = None
    notes: dict[Any, Any] = field(default_factory=dict, repr=False)
    """What its users have lately read in it and may go by for a moment."""

    @asynccontextmanager
    async def workspace(self, workspace_id: UUID, person: UUID | None = None) -> AsyncIterator[Connection]:
        """One transaction that sees one workspace's rows; committed at the end, rolled back by any exception.

        With ``person`` it also sees that person's own rows.
        """
        async with self._declared(("workspace", str(workspace_id)), ("person", str(person or ""))) as connection:
            yield connection

    @asynccontextmanager
    async def person(
        self, person: UUID | None = None, *, email: str | None = None, token_hash: bytes | None = None
    ) -> AsyncIterator[Connection]:
        """One transaction that sees one person's rows across workspaces, as known so far: by id, e-mail or session."""
        known = (("person", str(person or "")), ("email", email or ""), ("token", (token_hash or b"").hex()))
        async with self._declared(*known) as connection:
            yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """One transaction that sees no tenant's rows: for the installation's tables and the dispatcher's functions.

        Connections that the server dropped while they lay in the pool are passed over: nothing was said on them yet.
        """
        for left in reversed(range(self.pool.get_max_size() + 1)):
            begun = False
            try:
                async with self.connection() as connection, connection.transaction():
                    begun = True
                    yield connection
                return
            except Unavailable as error:
                if begun or not left or not is_lost(error.__cause__):
                    raise

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A pooled connection outside any transaction, seeing no tenant's rows."""
        with translated(self.where):
            try:
                connection = await self.pool.acquire(timeout=ACQUIRE_TIMEOUT_S)
            except TimeoutError:
                raise Unavailable("The database had no free connection in time.", next_step="Try again.") from None
            except (OSError, asyncpg.InvalidCatalogNameError, asyncpg.InvalidAuthorizationSpecificationError) as error:
                raise cannot_connect(error, self.where, self.login.source) from error
            try:
                yield connection
            except BaseException as error:
                if is_lost(error):
                    # The driver may still take it for open, in the middle of a statement, or have let go of it already.
                    with suppress(asyncpg.InterfaceError):
                        connection.terminate()
                raise
            finally:
                await self.pool.release(connection)

    async def dedicated(self) -> Connection:
        """A connection of one's own (to LISTEN on); whoever asked closes it."""
        return await _connect(self.login)

    async def close(self) -> None:
        """Ends all connections, and the embedded server if nobody else uses it."""
        try:
            async with asyncio.timeout(10):
                await self.pool.close()
        except TimeoutError:
            self.pool.terminate()
        finally:
            if self.server:
                await asyncio.to_thread(self.server.stop)

    async def __aenter__(self) -> Database:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @asynccontextmanager
    async def _declared(self, *facts: tuple[str, str]) -> AsyncIterator[Connection]:
        calls = ", ".join(f"set_config('plainwork.{name}', ${i}, true)" for i, (name, _) in enumerate(facts, 1))
        async with self.transaction() as connection:
            await connection.execute(f"select {calls}", *(value for _, value in facts))
            yield connection


@dataclass(frozen=True, slots=True)
class Login:
    """Where and as whom to connect. ``source`` names the setting to correct; user and password override the URL's.

    ``pgbouncer=true`` in the URL says that a pooler stands in front that does not keep prepared statements.
    """

    url: str = field(repr=False)  # it may hold a password
    source: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def arguments(self) -> dict[str, Any]:
        """What the driver takes."""
        parts = urlsplit(self.url)
        known = parse_qsl(parts.query, keep_blank_values=True)
        kept = urlencode([(name, value) for name, value in known if name not in _FOREIGN])
        return {
            "dsn": urlunsplit(parts._replace(query=kept)),
            "timeout": CONNECT_TIMEOUT_S,
            "command_timeout": COMMAND_TIMEOUT_S,
            "statement_cache_size": 0 if ("pgbouncer", "true") in known else 512,
            "max_cached_statement_lifetime": 0,
            **({"user": self.user, "password": self.password} if self.user else {}),
        }


async def open(
    settings: Settings, *, migrate: bool = True, size: int = 16, tuning: dict[str, str] | None = None
) -> Database:
    """Opens the database of the settings, starting the embedded one when there is no ``DATABASE_URL``.

    ``migrate``: apply missing migrations first; else Unavailable is raised when some are missing. ``size``: most
    connections at a time. ``tuning``: settings of the embedded server that differ from ``embedded.TUNING``.
    """
    async with AsyncExitStack() as undo:
        server = None
        if settings.database_url:
            owner = Login(_checked(settings.database_url, "DATABASE_URL"), "DATABASE_URL")
        else:
            server = await asyncio.to_thread(embedded.start, settings.data_dir, tuning)
            undo.push_async_callback(asyncio.to_thread, server.stop)
            owner = Login(server.url, "the data folder")
            await _make_database(owner)
        login = await _prepare(owner, settings.database_app_url, migrate)
        pool = await _pool(login, size)
        undo.pop_all()
        return Database(pool, address(owner.url), login, server)


async def _prepare(owner: Login, app_url: str | None, apply: bool) -> Login:
    """Migrates (or checks) as the owner; the app role's login, which works and which row-level security binds."""
    given = Login(_checked(app_url, "DATABASE_APP_URL"), "DATABASE_APP_URL") if app_url else None
    given_role = _user(given.url) if given else None
    connection = await _connect(owner)
    try:
        with translated(address(owner.url)):
            if apply:
                await migrate.migrate(connection, app_role=given_role)
            else:
                await migrate.require_current(connection)
            names = await migrate.roles(connection)
            if names is None:
                raise Unavailable("The database is not set up.", next_step="Run plainwork migrate.")
            if given_role not in (None, names.app):
                raise Invalid(
                    f"This database works as the role {names.app}, not as {given_role}.",
                    next_step="Name that role in DATABASE_APP_URL.",
                )
            login = given or await _app_login(connection, owner, names.app)
            await _require_bound(connection, names.app)
            return login
    finally:
        await connection.close()


async def _app_login(connection: Connection, owner: Login, role: str) -> Login:
    """The login of the app role. Sets its password anew when it is refused: first use, or the owner's has changed."""
    password = _derived_password(owner, role)
    # Some hosts' poolers want "user.project" where the server knows "user".
    suffix = _user(owner.url).removeprefix(await connection.fetchval("select current_user"))
    login = Login(owner.url, owner.source, role + (suffix if suffix.startswith(".") else ""), password)
    try:
        await (await _connect(login)).close()
    except Unavailable as error:
        if password is None or not isinstance(error.__cause__, asyncpg.InvalidAuthorizationSpecificationError):
            raise
        await _set_password(connection, role, password)
        await (await _connect(login)).close()
    return login


def _derived_password(owner: Login, role: str) -> str | None:
    """The app role's password: an HMAC under the owner's. None where the owner needs none (a trusted socket)."""
    secret = unquote(urlsplit(owner.url).password or "") or os.environ.get("PGPASSWORD")
    if not secret:
        return None
    digest = hmac.digest(secret.encode(), f"plainwork app role {role}".encode(), "sha256")
    return urlsafe_b64encode(digest).decode().rstrip("=")


async def _set_password(connection: Connection, role: str, password: str) -> None:
    statement = await connection.fetchval(
        "select format('alter role %I login password %L', $1::text, $2::text)", role, password
    )
    async with connection.transaction():
        # Where the server logs statements, this one is not to be among them; some hosts forbid the setting.
        if await connection.fetchval("select current_setting('is_superuser') = 'on'"):
            await connection.execute("set local log_statement = 'none'")
        await connection.execute(statement)


async def _require_bound(connection: Connection, role: str) -> None:
    """Refuses to work as a role that row-level security does not bind."""
    free = await connection.fetchval(
        """select rolsuper or rolbypassrls
             or exists (select from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
                        and pg_has_role(r.oid, c.relowner, 'member'))
             or exists (select from installation i where pg_has_role(r.oid, i.dispatcher_role, 'member'))
           from pg_roles r where rolname = $1""",
        role,
    )
    if free is None or free:
        raise Invalid(
            f"The role {role} {'does not exist' if free is None else 'is not bound by row-level security'}; "
            "Plainwork does not keep workspaces' data under it.",
            next_step="Take superuser, bypassrls and memberships from it, or name another role in DATABASE_APP_URL.",
        )


async def _make_database(owner: Login) -> None:
    """Makes the embedded server's database at the first start."""
    connection = await _connect(Login(owner.url, owner.source), database="postgres")
    try:
        if not await connection.fetchval(
            "select exists (select from pg_database where datname = $1)", embedded.DATABASE
        ):
            await connection.execute(f"create database {embedded.DATABASE}")
    except (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
        return  # another process was quicker
    finally:
        await connection.close()


async def _connect(login: Login, **overrides: str) -> Connection:
    """One connection; waits for a server that is just starting or recovering."""
    deadline = asyncio.get_running_loop().time() + embedded.START_TIMEOUT_S
    while True:
        try:
            return await asyncpg.connect(**login.arguments, **overrides)
        except asyncpg.CannotConnectNowError as error:
            if asyncio.get_running_loop().time() > deadline:
                raise cannot_connect(error, address(login.url), login.source) from error
            await asyncio.sleep(0.1)
        except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise cannot_connect(error, address(login.url), login.source) from error


async def _pool(login: Login, size: int) -> asyncpg.Pool:
    """The pool. Connections carry no session state (all settings are local to a transaction), so nothing is reset."""
    return await asyncpg.create_pool(
        **login.arguments,
        min_size=1,
        max_size=size,
        max_inactive_connection_lifetime=120,
        connection_class=_PooledConnection,
        init=_init,
        server_settings={"application_name": "plainwork"},
    )


class _PooledConnection(asyncpg.Connection):  # type: ignore[misc]
    def get_reset_query(self) -> str:
        """Nothing: one round trip saved at every release."""
        return ""


async def _init(connection: Connection) -> None:
    encoders: dict[str, tuple[Callable[[Any], bytes], Callable[[bytes], Any]]] = {
        "jsonb": (json.encode_jsonb, json.decode_jsonb),
        "json": (json.encode, json.decode),
    }
    for name, (encoder, decoder) in encoders.items():
        await connection.set_type_codec(name, schema="pg_catalog", format="binary", encoder=encoder, decoder=decoder)


def _user(url: str) -> str:
    return unquote(urlsplit(url).username or "")


def _checked(url: str, source: str) -> str:
    """The URL; Invalid, never showing it, if it is none."""
    try:
        parts, readable = urlsplit(url), urlsplit(url).port != 0  # reading a port that is no number raises
    except ValueError:
        raise _not_a_url(source) from None
    if not readable or parts.scheme not in ("postgres", "postgresql") or not parts.path.strip("/"):
        raise _not_a_url(source)
    return url


def _not_a_url(source: str) -> PlainworkError:
    return Invalid(
        f"{source} is not a Postgres address.", next_step="Write postgresql://user:password@host:5432/database."
    )
