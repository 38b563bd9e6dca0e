"""What a poll finds: the items as a service lists them, and where the next poll goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a poll found. ``value``: as its run sees it, plain JSON; ``key``: what tells it apart from every
    other one of the same trigger, however often it is listed (None: all that is in it does); ``order``: what grows from
    each to the next one, where the service says so."""

    value: Any
    key: str | None
    order: Any = None


@dataclass(frozen=True, slots=True)
class Found:
    """``items``: oldest first, those that were found before among them or not; ``cursor``: plain JSON that the next poll
    is handed once all of these items are settled (None: nothing); ``more``: there is more to be had at once."""

    items: tuple[Item, ...]
    cursor: Any = None
    more: bool = False
