"""What is shown of our own records in tracebacks and logs: nothing that opens something."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import plainwork

OPENING = {
    "password",
    "secret",
    "secrets",
    "token",
    "access_token",
    "refresh_token",
    "client_secret",
    "verifier",
    "nonce",
}
EXTRAS = {"plainwork.vault.aws", "plainwork.queue.sqs"}
"""They need packages that not everybody installs."""


def records() -> Iterator[type]:
    """Every dataclass of the package."""
    for found in pkgutil.walk_packages(plainwork.__path__, "plainwork."):
        if found.name in EXTRAS or found.name.endswith("__main__"):
            continue
        module = importlib.import_module(found.name)
        for one in vars(module).values():
            if inspect.isclass(one) and dataclasses.is_dataclass(one) and one.__module__ == module.__name__:
                yield one


def test_no_record_shows_what_opens_something() -> None:
    shown = [
        f"{record.__module__}.{record.__qualname__}.{field.name}"
        for record in records()
        for field in dataclasses.fields(record)
        if field.name in OPENING and field.repr and field.type not in {"bool", "int"}
    ]
    assert shown == []
