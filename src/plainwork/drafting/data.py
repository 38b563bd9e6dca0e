"""The data files of this package: verbs, apps and sets of words. Read once, on first use."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any


@cache
def data(name: str) -> Any:
    """A YAML data file of this package, as plain values. Shared: do not change it."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load((files(__package__) / name).read_bytes(), loader)  # noqa: S506 - the safe loader


def words(name: str) -> frozenset[str]:
    """The set of words called ``name`` in ``words.yaml``."""
    return frozenset(str(data("words.yaml")[name]).split())
