"""The step kinds that are installed: the engine's own and those the connectors declare."""

from __future__ import annotations

from functools import cache
from importlib import resources

import msgspec
import yaml

from plainwork.spec.kinds import Catalogue, Kind

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def load() -> Catalogue:
    """Every installed kind. Read once per process; raises ``msgspec.ValidationError`` for a wrong declaration."""
    from plainwork.connectors import catalogue_kinds, trigger_kinds

    return Catalogue([*engine_kinds(), *catalogue_kinds()], trigger_kinds())


@cache
def engine_kinds() -> tuple[Kind, ...]:
    """The kinds that the engine itself performs."""
    # Not files("plainwork.engine.kinds"): that would import the performers, which `check` has no use for.
    folder = resources.files("plainwork.engine") / "kinds"
    found: list[Kind] = []
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if file.name.endswith(".yaml"):
            found += msgspec.convert(yaml.load(file.read_bytes(), _LOADER), list[Kind])  # noqa: S506 - the safe loader
    return tuple(found)
