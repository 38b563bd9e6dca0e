"""What a step gave, or why it failed, made fit for the journal: secrets taken out, encoded, too large ones refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from plainwork.connectors import account_kinds
from plainwork.db import json
from plainwork.engine.plan import Failure
from plainwork.errors import CallFailed
from plainwork.log import Redactor

LARGEST = 10 * 1024 * 1024
_SHORTEST_SECRET = 5
_SHORTEST_IN_ADDRESS = 16
"""Shorter words of an address may well be ordinary ones."""


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


def presentable(failure: Failure, redactor: Redactor) -> Failure:
    """The failure in texts that can be stored, without secrets: the other side's own words may be among them."""
    texts = [failure.message, failure.next_step or ""]
    message, next_step = (json.clean_text(redactor.scrub(text)) for text in texts)
    return msgspec.structs.replace(failure, message=message, next_step=next_step or None)


def secret_values(account: Mapping[str, Any]) -> set[str]:
    """The texts of an opened account that must never be written down: all but in fields like a host or a user name. Parts of
    an address count by themselves too. What is shorter than five characters is found in any text and does not count."""
    found: set[str] = set()
    for name, value in account.items():
        is_open = name in open_fields()
        for text in _texts(value):
            found |= _parts(text, is_open)
    return {text for text in found if len(text) >= _SHORTEST_SECRET}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)
    elif isinstance(value, str | int) and not isinstance(value, bool):
        yield str(value)


def _parts(text: str, is_open: bool) -> set[str]:
    """The text itself, unless it is an open one, and what is secret in it by itself should it be an address: the password,
    and of a web address the path (Slack's and Discord's webhooks are known by it) and what the query says."""
    found = set() if is_open else {text}
    try:
        address = urlsplit(text) if "://" in text else None
        password = address.password if address else None
    except ValueError:
        return found
    if password:
        found |= {password, unquote(password)}
    if address and not is_open and address.scheme in ("http", "https"):
        words = [*address.path.split("/"), *(value for _, value in parse_qsl(address.query))]
        found |= {word for word in words if len(word) >= _SHORTEST_IN_ADDRESS}
    return found


@cache
def open_fields() -> frozenset[str]:
    """Names of account fields that no connector declares as secret (host, user name …)."""
    is_secret: dict[str, bool] = {}
    for kind in account_kinds().values():
        for name, schema in kind.fields.get("properties", {}).items():
            is_secret[name] = is_secret.get(name, False) or bool(schema.get("x-secret"))
    return frozenset(name for name, secret in is_secret.items() if not secret)
