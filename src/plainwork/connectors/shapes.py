"""Values against JSON Schemas, with problems told in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MOST_WORDS = 300  # the message quotes the value, which may be large
_validators: dict[int, tuple[Mapping[str, Any], Any]] = {}


def problem_in(schema: Mapping[str, Any], value: Any, root: str) -> str | None:
    """What is first wrong with a value: ``with.limit: 0 is less than the minimum of 1``; None when it fits.

    A value under ``"x-secret"`` is never quoted.
    """
    import jsonschema_rs

    kept = _validators.get(id(schema))
    if kept is None or kept[0] is not schema:
        # The declarations live as long as the process, so their identity is a sound and cheap key.
        kept = _validators[id(schema)] = (schema, jsonschema_rs.validator_for(dict(schema)))
    error = next(iter(kept[1].iter_errors(value)), None)
    if error is None:
        return None
    place = ".".join([root, *map(str, error.instance_path)])
    top = str(error.instance_path[0]) if error.instance_path else ""
    secret = schema.get("properties", {}).get(top, {}).get("x-secret")
    return f"{place}: {'it is not of the right form' if secret else error.message[:_MOST_WORDS]}"


def with_defaults(schema: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with every declared key: those absent have their default, or null."""
    declared = {name: part.get("default") for name, part in schema.get("properties", {}).items()}
    return declared | dict(config)
