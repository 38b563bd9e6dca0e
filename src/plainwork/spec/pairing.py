"""Which step of one spec is which of another: by id, else by what it does, so that a renamed step is not a new one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
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
    for score, i, j in sorted(scored, key=lambda entry: -entry[0]):
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
    if not keys and not one.steps and not one.about:
        likeness = 0.5  # nothing to go by but the kind and the name
    return min(1.0, likeness + 0.25 * same_name)


def renamed_text(pairs: Mapping[str, str]) -> Sequence[tuple[re.Pattern[str], str]]:
    """How expressions change when steps are renamed: patterns for the old names, and the new ones."""
    names = [(expression_name(old), expression_name(new)) for old, new in pairs.items() if old != new]
    return [(re.compile(rf"(?<![\w.]){re.escape(old)}(?!\w)"), new) for old, new in names if old != new]


def rename(value: Any, patterns: Sequence[tuple[re.Pattern[str], str]]) -> Any:
    """A value with renamed steps in the expressions of its texts."""
    if not patterns:
        return value
    if isinstance(value, str):
        for pattern, new in patterns:
            value = pattern.sub(new, value)
        return value
    if isinstance(value, dict):
        return {key: rename(part, patterns) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [rename(part, patterns) for part in value]
    return value


def fields_of(step: Step) -> dict[str, Any]:
    """Everything about a step that can be compared, flat: ``with.url``, ``retry.times``, ``name`` …"""
    found: dict[str, Any] = {"name": step.name, "uses": step.uses}
    for name in STEP_FIELDS:
        value = getattr(step, name)
        if name == "blocks":
            continue
        plain = msgspec.to_builtins(value)
        if isinstance(plain, dict):
            found.update({f"{name}.{key}": part for key, part in plain.items()})
        else:
            found[name.rstrip("_")] = list(plain) if isinstance(plain, tuple) else plain
    found.update({f"with.{key}": value for key, value in step.with_.items()})
    return found
