"""What the tests of drafting share: the installed kinds, and a draft as one line."""

from __future__ import annotations

from collections.abc import Iterator

from plainwork.drafting import Draft, draft_by_rules
from plainwork.engine.catalogue import load
from plainwork.spec.model import Spec, Step


def drafted(english: str, zone: str = "UTC") -> Draft:
    return draft_by_rules(english, load(), zone)


def shape(steps: tuple[Step, ...]) -> str:
    """Kinds in order; a loop's steps in brackets: ``http foreach[condition email.send]``."""
    return " ".join(f"{step.uses}[{shape(step.steps)}]" if step.steps else step.uses for step in steps)


def every(steps: tuple[Step, ...]) -> Iterator[Step]:
    for step in steps:
        yield step
        yield from every(step.steps)


def step(spec: Spec, step_id: str) -> Step:
    return next(one for one in every(spec.steps + spec.errors) if one.id == step_id)


def trigger(spec: Spec) -> str:
    """The trigger's kind, lower case; "manual" when there is none."""
    return type(spec.when[0]).__name__.lower() if spec.when else "manual"
