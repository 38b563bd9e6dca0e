"""Which step of one spec is which of another: by id, else by what it does, so that a renamed step is not a new one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from plainwork.spec.compile import STEP_FIELDS
from plainwork.spec.model import Spec, Step
from plainwork.spec.names import expression_name
from plainwork.spec.reach import every_step

_MOST_COMPARED = 250_000
_ALIKE = 0.6
_OTHERS = ("about", "account", "model", "retry")


def pair_steps(a: Spec, b: Spec) -> dict[str, str]:
    """Ids of ``a`` → ids of ``b``, for every step that is in both. Equal ids belong together; of the others those with the
    same content, then the same name, then enough in common, if they are of the same kind."""
    before = {step.id: step for step in every_step(a)}
    after = {step.id: step for step in every_step(b)}
    pairs = {step_id: step_id for step_id in before if step_id in after}
    old = [step for step_id, step in before.items() if step_id not in after]
    new = [step for step_id, step in after.items() if step_id not in before]
    if len(old) * len(new) > _MOST_COMPARED:
        return pairs
    scored = [(_likeness(one, two), i, j) for i, one in enumerate(old) for j, two in enumerate(new)]
    taken_old: set[int] = set()
    taken_new: set[int] = set()
    for score, i, j in sorted(scored, key=lambda entry: (-entry[0], *sorted((old[entry[1]].id, new[entry[2]].id)))):
        if score >= _ALIKE and i not in taken_old and j not in taken_new:
            taken_old.add(i)
            taken_new.add(j)
            pairs[old[i].id] = new[j].id
    return pairs


def _likeness(one: Step, two: Step) -> float:
    """From 0 to 1: how much two steps have in common."""
    if one.uses != two.uses:
        return 0.0
    same_name = one.name == two.name
    keys = one.with_.keys() | two.with_.keys()
    same = sum(1 for key in keys if one.with_.get(key) == two.with_.get(key))
    share = same / len(keys) if keys else 1.0
    other = sum(1 for name in _OTHERS if getattr(one, name) == getattr(two, name)) / len(_OTHERS)
    inner = 1.0 if {s.id for s in one.steps} == {s.id for s in two.steps} else 0.0
    likeness = 0.55 * share + 0.2 * other + 0.25 * inner if one.steps or two.steps else 0.75 * share + 0.25 * other
    if not (keys or one.steps or two.steps or one.about or two.about):
        likeness = 0.5  # nothing to go by but the kind and the name
    return min(1.0, likeness + 0.25 * same_name)


class Renames:
    """How expressions change when steps are renamed, all at once (so two steps may swap their names)."""

    def __init__(self, pairs: Mapping[str, str]) -> None:
        names = {expression_name(old): expression_name(new) for old, new in pairs.items()}
        self._names = {old: new for old, new in names.items() if old != new}
        longest_first = sorted(self._names, key=len, reverse=True)
        self._pattern = re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")

    def apply(self, value: Any) -> Any:
        """A value with the new names in all its texts."""
        if not self._names:
            return value
        if isinstance(value, str):
            return self._pattern.sub(lambda found: self._names[found.group()], value)
        if isinstance(value, dict):
            return {key: self.apply(part) for key, part in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.apply(part) for part in value]
        return value


def fields_of(step: Step) -> dict[str, Any]:
    """Everything about a step that can be compared and is set, flat: ``with.url``, ``retry.times``, ``name`` …"""
    found: dict[str, Any] = {"name": step.name, "uses": step.uses}
    for name in STEP_FIELDS:
        if name != "blocks":
            found.update(flat(name.rstrip("_"), getattr(step, name)))
    return found | {f"with.{key}": value for key, value in step.with_.items()}


def flat(name: str, value: Any) -> dict[str, Any]:
    """A field, or the fields of the struct it holds, by their paths; those that are not set are left out."""
    if isinstance(value, msgspec.Struct):
        found: dict[str, Any] = {}
        for field in value.__struct_fields__:
            found.update(flat(f"{name}.{field}", getattr(value, field)))
        return found
    return {} if value is None else {name: list(value) if isinstance(value, tuple) else value}
