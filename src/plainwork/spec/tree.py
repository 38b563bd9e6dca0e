"""Steps in their tree: find one, take it out, put it in elsewhere. Specs are frozen, so each gives a new spec."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from plainwork.spec.model import Spec, Step
from plainwork.spec.render import walk

Level = tuple[Step, ...]


class Place(NamedTuple):
    """A position in a level: ``holder`` is a container's id, or ``#steps`` / ``#errors`` for the two lanes."""

    holder: str
    at: int


def find(spec: Spec, step_id: str) -> Step | None:
    """The step with an id."""
    return next((step for step in walk(spec) if step.id == step_id), None)


def levels(spec: Spec) -> dict[str, Level]:
    """Every level's steps by holder, containers without steps included."""
    return {"#steps": spec.steps, "#errors": spec.errors} | {step.id: step.steps for step in walk(spec)}


def place_of(spec: Spec, step_id: str) -> Place:
    """Where a step stands. Raises ``KeyError``."""
    for holder, steps in levels(spec).items():
        for index, step in enumerate(steps):
            if step.id == step_id:
                return Place(holder, index)
    raise KeyError(step_id)


def _mapped(steps: Level, change: Callable[[Step], Step | None]) -> Level:
    """The level with every step changed, inner ones first; those that become None are left out."""
    found = []
    for step in steps:
        inner = _mapped(step.steps, change)
        made = change(step if inner == step.steps else msgspec.structs.replace(step, steps=inner))
        if made is not None:
            found.append(made)
    return tuple(found)


def _changed(spec: Spec, change: Callable[[Step], Step | None]) -> Spec:
    return msgspec.structs.replace(spec, steps=_mapped(spec.steps, change), errors=_mapped(spec.errors, change))


def replace(spec: Spec, step: Step) -> Spec:
    """The spec with this step instead of the one of the same id."""
    return _changed(spec, lambda old: step if old.id == step.id else old)


def remove(spec: Spec, step_id: str) -> Spec:
    """The spec without a step (and those inside it)."""
    return _changed(spec, lambda old: None if old.id == step_id else old)


def insert(spec: Spec, step: Step, place: Place) -> Spec:
    """The spec with a step more, at a place."""

    def into(steps: Level) -> Level:
        return (*steps[: place.at], step, *steps[place.at :])

    if place.holder.startswith("#"):
        lane = place.holder[1:]
        return msgspec.structs.replace(spec, **{lane: into(getattr(spec, lane))})
    holder = find(spec, place.holder)
    if holder is None:
        raise KeyError(place.holder)
    return replace(spec, msgspec.structs.replace(holder, steps=into(holder.steps)))
