"""English → AgentSpec. ``draft`` is the door: rules always, a model on top when there is one that can.

Whatever is drafted is valid, says what it assumed and what it needs, and asks at most three questions. Nothing is run,
fetched or started.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plainwork.drafting.result import Assumption, Draft, Estimate, Need, Question
    from plainwork.drafting.rules import draft_by_rules
    from plainwork.llm import Gateway
    from plainwork.spec.kinds import Catalogue

__all__ = ["Assumption", "Draft", "Estimate", "Need", "Question", "draft", "draft_by_rules"]

_HEADING = re.compile(r"^#{2,6} ", re.MULTILINE)
_DOORS = {
    "Assumption": "result",
    "Draft": "result",
    "Estimate": "result",
    "Need": "result",
    "Question": "result",
    "draft_by_rules": "rules",
}


def __getattr__(name: str) -> Any:
    import importlib

    module = _DOORS.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{module}"), name)


async def draft(
    english: str,
    catalogue: Catalogue,
    *,
    gateway: Gateway | None = None,
    model: str | None = None,
    zone: str = "UTC",
    rules: bool = False,
    answers: Mapping[str, str] | None = None,
    watch: Callable[[str], None] | None = None,
) -> Draft:
    """A draft of the description ``english`` (up to 20,000 characters) for the workspace's time zone ``zone``.

    With a ``gateway`` and without ``rules``, ``model`` (``provider:model``; None: the gateway's default) drafts and the
    rules' draft is its first guess; the small embedded model is never asked to. ``answers``: question → answer, to those
    of an earlier draft of the same description. ``watch`` is told the markdown so far whenever more of it is there.
    Raises Invalid when there is nothing to draft: the text is empty, is no text, or is too long.
    """
    from plainwork.drafting.rules import read

    ruled = await asyncio.to_thread(read, english, catalogue, zone, answers or {})
    if rules or gateway is None or (model or "").startswith("local:"):
        tell_growing(ruled.draft.markdown, watch)
        return ruled.draft
    from plainwork.drafting.by_model import draft_by_model

    return await draft_by_model(english, catalogue, ruled, gateway, model, answers or {}, watch)


def tell_growing(markdown: str, watch: Callable[[str], None] | None) -> None:
    """Tells a whole text as if it grew, a section at a time."""
    if watch is not None:
        for heading in _HEADING.finditer(markdown):
            watch(markdown[: heading.start()])
        watch(markdown)
