"""``sql.query``: one statement on PostgreSQL, parameters bound, in a transaction that only reads unless it may write. And
``sql.new_row``: what is new in a query, by a column that grows."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg
import msgspec

from plainwork import log
from plainwork.connectors.code.sql_values import BadParameter, row_to_json, to_parameter
from plainwork.connectors.declared import Action, Trigger
from plainwork.connectors.opened import Opened
from plainwork.connectors.polled import Found, Item
from plainwork.errors import CallFailed

if TYPE_CHECKING:
    from plainwork.connectors import Reach

_SSL = frozenset({"disable", "prefer", "require", "verify-full"})
_OVERLAP = 100
_MOST_ROWS = 1000
_PASSING = ("08", "53", "55P03", "57P", "40")  # connection, resources, lock, shutdown, serialization: SQLSTATE classes


@dataclass(frozen=True, slots=True)
class _Server:
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str
    ssl: str


class _NamedContext(ssl.SSLContext):
    """Checks the certificate against the server's name although the connection goes to one pinned address."""

    name: str | None = None

    def wrap_bio(
        self, incoming: Any, outgoing: Any, server_side: bool = False, server_hostname: Any = None, session: Any = None
    ) -> Any:
        """As the base class, with the name in place of the address."""
        return super().wrap_bio(incoming, outgoing, server_side, self.name or server_hostname, session)


async def perform(action: Action | Trigger, config: dict[str, Any], account: Opened, reach: Reach) -> dict[str, Any]:
    """``{rows, count, more}``. Raises CallFailed; ``timeout`` when the statement runs longer than the step may."""
    server = _server(account)
    addresses = await reach.net.resolve(server.host, server.port)
    try:
        async with asyncio.timeout(reach.timeout_s):
            connection = await _connect(server, addresses[0], reach.timeout_s)
            try:
                return await _query(connection, config, reach)
            finally:
                connection.terminate()
    except TimeoutError as error:
        raise _slow(reach.timeout_s, config["write"]) from error
    except asyncpg.QueryCanceledError as error:
        raise _slow(reach.timeout_s, config["write"]) from error
    except BadParameter as error:
        raise CallFailed(str(error), failure="rejected", next_step="Check the step's `params`.") from error
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ValueError) as error:
        raise _failure(error, server, config["write"]) from error


async def poll(trigger: Trigger, config: dict[str, Any], account: Opened, cursor: Any, reach: Reach) -> Found:
    """The rows from the ``_OVERLAP``-th before the last one known on (``cursor`` is ``{since}``, its value): a row that was
    committed late is among them. At first, the last rows."""
    column = _quoted(config["column"])
    rows_from = f"select * from ({config['query'].rstrip().rstrip(';')}\n) q where {column} is not null"  # noqa: S608 - his query
    query, params = f"{rows_from} order by {column} limit {_MOST_ROWS}", []
    if cursor is None:
        query = f"{rows_from} order by {column} desc limit {_OVERLAP}"
    elif cursor["since"] is not None:
        query, params = f"{rows_from} and {column} >= $1 order by {column} limit {_MOST_ROWS}", [cursor["since"]]
    asked = {"query": query, "params": params, "limit": _MOST_ROWS, "write": False}
    rows = (await perform(trigger, asked, account, reach))["rows"]
    if cursor is None:
        rows.reverse()
    since = rows[-min(_OVERLAP, len(rows))][config["column"]] if rows else (cursor or {}).get("since")
    is_full = len(rows) == _MOST_ROWS
    if is_full and cursor == {"since": since}:
        message = f"Too many rows have the same {config['column']}."
        raise CallFailed(message, failure="rejected", next_step="Name a column that grows with each row.")
    return Found(tuple(Item(row, _key(config, row)) for row in rows), {"since": since}, more=is_full)


def _key(config: dict[str, Any], row: dict[str, Any]) -> str | None:
    name = config["key"] or ("id" if "id" in row else config["column"])
    value = row.get(name)
    return None if value is None else msgspec.json.encode(value, order="sorted").decode()


def _quoted(name: str) -> str:
    return '"' + name.replace("\x00", "").replace('"', '""') + '"'


def hosts(config: Mapping[str, Any], account: Opened) -> set[str]:
    """The host that a credential is sent to."""
    return {_server(account).host}


def _server(account: Opened) -> _Server:
    url = account.text("url")
    if not url:
        fields = {name: account.text(name) for name in ("host", "user", "password", "database", "ssl")}
        port = int(account.fields.get("port") or 5432)
    else:
        fields, port = _from_url(url)
        account.secrets.append(fields["password"] or url)
    if not fields["host"] or not fields["user"] or (fields["ssl"] or "prefer") not in _SSL:
        raise CallFailed(
            "The database account is not complete.",
            failure="auth",
            next_step="It is postgresql://user:password@host:5432/database, or has host, user, password and database.",
        )
    return _Server(
        fields["host"],
        port,
        fields["user"],
        fields["password"],
        fields["database"] or fields["user"],
        fields["ssl"] or "prefer",
    )


def _from_url(url: str) -> tuple[dict[str, str], int]:
    try:
        parts = urlsplit(url)
        port = parts.port or 5432
    except ValueError:
        parts, port = urlsplit(""), 5432
    if parts.scheme not in {"postgres", "postgresql"}:
        return {"host": "", "user": "", "password": "", "database": "", "ssl": ""}, port
    mode = parse_qs(parts.query).get("sslmode", [""])[0]
    return {
        "host": parts.hostname or "",
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "database": unquote(parts.path.lstrip("/")),
        "ssl": {"allow": "prefer", "verify-ca": "verify-full"}.get(mode, mode),
    }, port


async def _connect(server: _Server, address: str, timeout_s: float) -> Any:
    # Every value is given, for what is left out would be taken from the operator's own environment and files.
    return await asyncpg.connect(
        host=address,
        port=server.port,
        user=server.user,
        password=server.password,
        database=server.database,
        ssl=_tls(server),
        timeout=timeout_s,
        statement_cache_size=0,
        server_settings={"application_name": "plainwork", "statement_timeout": str(max(1, int(timeout_s * 1000)))},
    )


def _tls(server: _Server) -> Any:
    if server.ssl in {"disable", "prefer"}:
        return server.ssl
    context = _NamedContext(ssl.PROTOCOL_TLS_CLIENT)
    if server.ssl == "require":  # as libpq has it: encrypted, to whomever
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context.load_default_certs()
        context.name = server.host
    return context


async def _query(connection: Any, config: dict[str, Any], reach: Reach) -> dict[str, Any]:
    limit, given = config["limit"], config["params"]
    async with connection.transaction(readonly=not config["write"]):
        # A prepared statement is exactly one statement, so nothing can follow the first.
        statement = await connection.prepare(config["query"])
        wanted = statement.get_parameters()
        if len(wanted) != len(given):
            raise BadParameter(f"The statement has {len(wanted)} parameters, and {len(given)} are given.")
        params = [to_parameter(value, kind, i) for i, (value, kind) in enumerate(zip(given, wanted, strict=True), 1)]
        if not statement.get_attributes():
            await statement.fetch(*params)
            return {"rows": [], "count": _changed(statement.get_statusmsg()), "more": False}
        cursor = await statement.cursor(*params)
        rows = await cursor.fetch(limit + 1)
        json_columns = {column.name for column in statement.get_attributes() if column.type.name in {"json", "jsonb"}}
        found = [row_to_json(row, json_columns) for row in rows[:limit]]
    size = len(msgspec.json.encode(found))
    if size > reach.max_bytes:
        raise CallFailed(
            f"The rows are {size / 1048576:.1f} MiB, more than a step may take in.",
            failure="rejected",
            uncertain=config["write"],
            next_step="Select fewer columns, or set a lower limit.",
        )
    return {"rows": found, "count": len(found), "more": len(rows) > limit}


def _changed(status: str) -> int:
    """The number in a command tag such as ``INSERT 0 3``."""
    last = status.rpartition(" ")[2]
    return int(last) if last.isdigit() else 0


def _slow(timeout_s: float, wrote: bool) -> CallFailed:
    return CallFailed(
        f"The database did not answer within {timeout_s:g} s.",
        failure="timeout",
        uncertain=wrote,
        next_step="Give the step a longer `timeout`, or make the query faster.",
    )


def _failure(error: Exception, server: _Server, wrote: bool) -> CallFailed:
    state = getattr(error, "sqlstate", None) or ""
    words = log.excerpt(" ".join(str(error).split()), 300).rstrip(".")
    if state.startswith("28"):
        return CallFailed(
            f"The database at {server.host} refused the login.", failure="auth", next_step="Correct the account."
        )
    if state == "25006":
        return CallFailed(
            "This statement would change data, and the step may only read.",
            failure="rejected",
            next_step="Set `write: true` if that is meant.",
        )
    if state.startswith(_PASSING) or isinstance(error, OSError | asyncpg.InternalClientError):
        return CallFailed(
            f"The database at {server.host}:{server.port} cannot answer now: {words}.",
            uncertain=wrote and not state.startswith(("40", "53", "55")),
        )
    return CallFailed(
        f"The database refused the statement: {words}.", failure="rejected", next_step="Check the query and its params."
    )
