"""How many cases a property is tried on."""

from __future__ import annotations

from hypothesis import settings


def cases(many: int) -> int:
    """As many in `make properties`, which draws new ones; a third of them in `make test`, which draws the same each time."""
    return many if settings.get_current_profile_name() == "search" else many // 3
