"""Values between JSON and PostgreSQL: parameters by the type the server wants, columns as JSON can hold them."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Collection
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID


class BadParameter(ValueError):
    """A parameter that cannot become what the statement wants; the message names its number and the type."""


def to_parameter(value: Any, kind: Any, number: int) -> Any:
    """One parameter (``kind``: asyncpg's type) from its JSON form. Raises BadParameter."""
    if value is None:
        return None
    name = kind.name
    try:
        if name.endswith("[]"):
            if not isinstance(value, list):
                raise TypeError("a list is wanted")
            return [None if item is None else _scalar(item, name[:-2].lstrip("_")) for item in value]
        return _scalar(value, name)
    except (ValueError, TypeError, AttributeError, InvalidOperation) as error:
        raise BadParameter(f"Parameter ${number} is of type {name} and cannot be {str(value)[:60]!r}.") from error


def row_to_json(row: Any, json_columns: Collection[str]) -> dict[str, Any]:
    """One row; what the server calls json arrives as text and is parsed."""
    return {
        name: json.loads(value) if name in json_columns and isinstance(value, str) else to_json(value)
        for name, value in row.items()
    }


def to_json(value: Any) -> Any:
    """One column as JSON holds it: dates in ISO 8601, numerics as numbers, bytes in base64, anything else as text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    if hasattr(value, "items"):
        return {str(name): to_json(part) for name, part in value.items()}
    return str(value)


def _number(value: Decimal) -> int | float | None:
    if not value.is_finite():
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def _scalar(value: Any, kind: str) -> Any:
    return _CONVERT.get(kind, _as_is)(value)


def _as_is(value: Any) -> Any:
    return value


def _whole(value: Any) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise ValueError("no whole number")
    return int(value)


def _truth(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in {"true", "false", "yes", "no"}:
        return value.strip().lower() in {"true", "yes"}
    raise ValueError("neither true nor false")


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")  # PostgreSQL's texts cannot hold it
    return json.dumps(value, ensure_ascii=False)


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool):
        raise ValueError("no number")
    return Decimal(str(value))


def _seconds(value: Any) -> timedelta:
    return timedelta(seconds=float(value))


_CONVERT: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("int2", "int4", "int8", "oid", "smallint", "integer", "bigint"), _whole),
    **dict.fromkeys(("float4", "float8", "real", "double precision"), float),
    **dict.fromkeys(("text", "varchar", "bpchar", "name", "citext", "unknown", "xml"), _text),
    **dict.fromkeys(("json", "jsonb"), json.dumps),
    **dict.fromkeys(("timestamp", "timestamptz"), datetime.fromisoformat),
    **dict.fromkeys(("bool", "boolean"), _truth),
    "numeric": _decimal,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "timetz": time.fromisoformat,
    "interval": _seconds,
    "uuid": UUID,
    "bytea": base64.b64decode,
}
