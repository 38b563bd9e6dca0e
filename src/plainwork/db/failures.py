"""What the driver raises, in Plainwork's words. Passwords never appear: only host, port and database name are told."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg

from plainwork.errors import Conflict, Invalid, PlainworkError, Unavailable

NEVER_CHANGES = "PW001"
"""SQLSTATE of the triggers that guard rows which are written once."""

_GONE = (
    ConnectionError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.InternalClientError,  # a statement on a connection that was cut in the middle of another
)
_TRY_AGAIN = (
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
)


def address(url: str) -> str:
    """Where a database URL leads, fit to be shown: ``host:port/database``, no user and no password."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    try:
        host, port = parts.hostname or query.get("host", ["localhost"])[0], parts.port or query.get("port", ["5432"])[0]
    except ValueError:
        return "an address that cannot be read"
    return f"{host}:{port}/{unquote(parts.path.lstrip('/')) or 'postgres'}"


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Turns the driver's exceptions into Plainwork's; ``where`` is the database's address. Ours pass unchanged."""
    try:
        yield
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, ConnectionError) as error:
        known = translate(error, where)
        if known is None:
            raise
        raise known from error


def translate(error: BaseException, where: str) -> PlainworkError | None:
    """The error to show instead, or None when it is a bug of ours and has to be seen as one."""
    if isinstance(error, asyncpg.UniqueViolationError):
        return Conflict("That already exists.", next_step="Choose another name, or read the one that is there.")
    if isinstance(error, asyncpg.PostgresError) and error.sqlstate == NEVER_CHANGES:
        return Conflict("What is published or audited never changes.", next_step="Publish a new version instead.")
    if _cannot_be_stored(error):
        return Invalid(
            "A value cannot be stored: it holds a NUL character or half a pair, or is nested too deeply.",
            next_step="Take that out.",
        )
    if isinstance(error, asyncpg.DiskFullError):
        return Unavailable(f"The disk of the database at {where} is full.", next_step="Free some space on it.")
    if isinstance(error, asyncpg.ReadOnlySQLTransactionError):
        return Unavailable(
            f"The database at {where} only takes reads now.", next_step="Point DATABASE_URL at the primary server."
        )
    if is_lost(error):
        return Unavailable(
            f"The connection to the database at {where} was lost.", next_step="Check that it runs, then try again."
        )
    if isinstance(error, _TRY_AGAIN):
        return Unavailable("The database was too busy with the same rows.", next_step="Try again in a moment.")
    return None


def _cannot_be_stored(error: BaseException) -> bool:
    if isinstance(error, asyncpg.CharacterNotInRepertoireError | asyncpg.UntranslatableCharacterError):
        return True
    said = str(error) if isinstance(error, asyncpg.DataError) else ""
    return "surrogates not allowed" in said or "nested too deeply" in said


def is_lost(error: BaseException | None) -> bool:
    """Whether the connection that this came from can no longer be used."""
    return isinstance(error, _GONE) or (isinstance(error, asyncpg.InterfaceError) and "clos" in str(error))


def is_outage(error: BaseException) -> bool:
    """Whether the database was not there, or too busy, so that the same may work a moment later."""
    return isinstance(error, OSError | Unavailable) or isinstance(translate(error, ""), Unavailable)


def cannot_connect(error: BaseException, where: str, source: str) -> PlainworkError:
    """The error for a first connection that failed; ``source`` says which setting named the database."""
    check = f"Check {source}."
    if isinstance(error, asyncpg.InvalidPasswordError | asyncpg.InvalidAuthorizationSpecificationError):
        return Unavailable(f"The database at {where} refused the user or the password.", next_step=check)
    if isinstance(error, asyncpg.InvalidCatalogNameError):
        return Unavailable(f"There is no such database at {where}.", next_step=f"Create it, or correct {source}.")
    if isinstance(error, ssl.SSLError):
        return Unavailable(f"No safe (TLS) connection to the database at {where}: {error.reason}.", next_step=check)
    if isinstance(error, asyncpg.CannotConnectNowError):
        return Unavailable(f"The database at {where} is starting or stopping.", next_step="Try again in a moment.")
    if isinstance(error, asyncpg.TooManyConnectionsError):
        return Unavailable(
            f"The database at {where} has no free connection.",
            next_step="Raise its max_connections, or run fewer workers.",
        )
    if isinstance(error, TimeoutError):
        return Unavailable(
            f"The database at {where} did not answer in time.", next_step=f"Check that it can be reached. {check}"
        )
    if isinstance(error, asyncpg.ClientConfigurationError | ValueError):
        return Invalid(
            f"{source} is not a usable Postgres address.", next_step="Write postgresql://user:password@host:5432/name."
        )
    return Unavailable(
        f"The database at {where} cannot be reached.", next_step=f"Check that Postgres runs there. {check}"
    )
