"""What a step gave, or why it failed, made fit for the journal: secrets taken out, encoded, too large ones refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import msgspec

from plainwork.connectors import account_kinds
from plainwork.db import json
from plainwork.engine.plan import Failure
from plainwork.errors import CallFailed
from plainwork.log import Redactor

LARGEST = 10 * 1024 * 1024
_SHORTEST_SECRET = 5


def encode(value: Any, redactor: Redactor | None = None) -> bytes:
    """An output as JSON, without secrets. Raises ``CallFailed`` (rejected) for one over 10 MiB, or one that is not JSON."""
    try:
        content = json.encode(value if redactor is None else redactor.scrub_json(value))
    except (TypeError, ValueError) as error:
        raise CallFailed(f"The output cannot be kept as JSON: {error}.", failure="rejected") from error
    if len(content) > LARGEST:
        raise CallFailed(
            f"The output has {len(content) / 1024 / 1024:.1f} MiB; a step may give {LARGEST // 1024 // 1024} MiB at most.",
            failure="rejected",
            next_step="Ask for less, or keep only what later steps need.",
        )
    return content


def presentable(failure: Failure, redactor: Redactor | None) -> Failure:
    """The failure in texts that can be stored, without secrets: the other side's own words may be among them."""
    texts = [failure.message, failure.next_step or ""]
    if redactor is not None:
        texts = [redactor.scrub(text) for text in texts]
    message, next_step = map(json.clean_text, texts)
    return msgspec.structs.replace(failure, message=message, next_step=next_step or None)


def secret_values(account: Mapping[str, Any], fields: Iterable[str]) -> set[str]:
    """The texts in these fields of an opened account: they must never be written down. A password inside an address counts
    by itself too; what is shorter than five characters is found in any text and does not count."""
    found = {value for key in fields if isinstance(value := account.get(key), str)}
    for value in list(found):
        try:
            password = urlsplit(value).password if "://" in value else None
        except ValueError:
            password = None
        if password:
            found.add(password)
    return {value for value in found if len(value) >= _SHORTEST_SECRET}


@cache
def open_fields() -> frozenset[str]:
    """Names of account fields that no connector declares as secret (host, user name …)."""
    is_secret: dict[str, bool] = {}
    for kind in account_kinds().values():
        for name, schema in kind.fields.get("properties", {}).items():
            is_secret[name] = is_secret.get(name, False) or bool(schema.get("x-secret"))
    return frozenset(name for name, secret in is_secret.items() if not secret)
