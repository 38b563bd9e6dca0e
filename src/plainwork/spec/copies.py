"""Copies of steps: fresh ids for the step and all inside it, and what names one of them inside names its copy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from plainwork.spec.meter import ExpressionError
from plainwork.spec.model import Route, Spec, Step
from plainwork.spec.names import expression_name, is_reserved, slug
from plainwork.spec.render import walk
from plainwork.spec.template import split_template

_BARE: Final = frozenset({"where", "sort_by", "until"})
"""Settings that are an expression without braces."""
_WORD = re.compile(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\.\s*[^\W\d]\w*)|([^\W\d]\w*)""", re.DOTALL)
"""A text or a key after a dot, which stay as they are; or a name."""


def free_id(spec: Spec, name: str) -> str:
    """The id of a name, made unique in the document."""
    return _free({expression_name(step.id) for step in walk(spec)}, name)


def _free(taken: set[str], name: str) -> str:
    wanted = slug(name) or "step"
    number, found = 1, wanted
    while expression_name(found) in taken or is_reserved(found):
        number += 1
        found = f"{wanted}-{number}"
    return found


def copy_of(spec: Spec, step: Step) -> Step:
    """The step again, called ``X copy``. Its inner steps keep their names."""
    name = f"{step.name} copy"
    taken = {expression_name(one.id) for one in walk(spec)}
    ids: dict[str, str] = {}
    for one in walk(Spec(title="", steps=(step,))):
        ids[one.id] = _free(taken, name if one is step else one.name)
        taken.add(expression_name(ids[one.id]))
    names = {expression_name(old): expression_name(new) for old, new in ids.items()}
    return msgspec.structs.replace(_copied(step, ids, names), name=name)


def _copied(step: Step, ids: Mapping[str, str], names: Mapping[str, str]) -> Step:
    return msgspec.structs.replace(
        step,
        id=ids[step.id],
        with_={
            key: _expression(value, names) if key in _BARE and isinstance(value, str) else _templates(value, names)
            for key, value in step.with_.items()
        },
        if_=_expression(step.if_, names) if step.if_ else step.if_,
        routes=tuple(_route(route, ids, names) for route in step.routes),
        steps=tuple(_copied(inner, ids, names) for inner in step.steps),
    )


def _route(route: Route, ids: Mapping[str, str], names: Mapping[str, str]) -> Route:
    test = _expression(route.test, names) if route.lead == "if" and route.test else route.test
    return msgspec.structs.replace(route, to=tuple(ids.get(target, target) for target in route.to), test=test)


def _templates(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _templates(inner, names) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_templates(inner, names) for inner in value]
    return _template(value, names) if isinstance(value, str) and "{{" in value else value


def _template(text: str, names: Mapping[str, str]) -> str:
    try:
        parts = split_template(text)
    except ExpressionError:
        return text  # it has a finding already; a copy does not make it worse
    for content, offset, is_expression in reversed(parts):
        if is_expression:
            text = text[:offset] + _expression(content, names) + text[offset + len(content) :]
    return text


def _expression(text: str, names: Mapping[str, str]) -> str:
    return _WORD.sub(lambda found: found[1] or names.get(found[2], found[2]), text)
