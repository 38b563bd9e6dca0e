"""Steps that only reshape data: ``set`` and ``filter``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from plainwork.engine.kinds.call import Call
from plainwork.engine.plan import Scope
from plainwork.errors import CallFailed, PlainworkError
from plainwork.spec.expression import Expression, parse_expression


def set_values(call: Call) -> dict[str, Any]:
    """The configuration itself, rendered."""
    return call.config


def filter_items(call: Call) -> dict[str, Any]:
    """``{items, count, dropped}``: the items for which ``where`` holds, sorted by ``sort_by`` if given (equal ones keep
    their order, missing values go last), the first ``limit`` of them."""
    items = call.config["items"]
    if not isinstance(items, (list, tuple)):
        raise CallFailed("items: a list is needed.", failure="rejected", next_step="Name a list, such as `fetch.body`.")
    kept = list(items)
    if (where := call.config.get("where")) is not None:
        holds = _per_item(call, "where", where)
        kept = [item for index, item in enumerate(items) if holds(index, item)]
    if (sort_by := call.config.get("sort_by")) is not None:
        kept = _sorted(kept, _per_item(call, "sort_by", sort_by), call.config.get("descending") is True)
    if (limit := call.config.get("limit")) is not None:
        kept = kept[: _whole(limit)]
    return {"items": kept, "count": len(kept), "dropped": len(items) - len(kept)}


def _per_item(call: Call, field: str, source: str) -> Callable[[int, Any], Any]:
    expression = _parsed(source, field)
    names = Scope({}, call.scope)

    def value(index: int, item: Any) -> Any:
        names["item"], names["index"] = item, index
        try:
            return expression.evaluate(names)
        except PlainworkError as error:
            message = f"{field}: item {index + 1}: {error.message}"
            raise CallFailed(message, failure="rejected", next_step=error.next_step) from error

    return value


def _parsed(source: str, field: str) -> Expression:
    try:
        return parse_expression(source)
    except PlainworkError as error:
        raise CallFailed(f"{field}: {error.message}", failure="rejected", next_step=error.next_step) from error


def _sorted(items: list[Any], key: Callable[[int, Any], Any], descending: bool) -> list[Any]:
    keyed = [(key(index, item), item) for index, item in enumerate(items)]
    known = [pair for pair in keyed if pair[0] is not None]
    try:
        known.sort(key=lambda pair: pair[0], reverse=descending)
    except TypeError:
        kinds = sorted({type(value).__name__ for value, _ in known})
        raise CallFailed(
            f"sort_by: values of different types ({', '.join(kinds)}) have no order.", failure="rejected"
        ) from None
    return [item for _, item in known] + [item for value, item in keyed if value is None]


def _whole(limit: Any) -> int:
    if isinstance(limit, bool) or not isinstance(limit, (int, float)) or limit != int(limit) or limit < 0:
        raise CallFailed(f"limit: a whole number is needed, this is {limit!r}.", failure="rejected")
    return int(limit)
