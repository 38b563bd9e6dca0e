"""Canvas changes applied to the spec, purely: what the document has to say afterwards. ``edit`` then changes the text.

A change is a JSON object with ``op`` and the fields that its function's docstring names. All raise ``Invalid`` for what
cannot be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from plainwork.errors import Finding, Invalid
from plainwork.spec import links
from plainwork.spec.copies import copy_of, free_id
from plainwork.spec.keys import CONTAINERS
from plainwork.spec.model import Route, Spec, Step, spec_from_json, to_json
from plainwork.spec.names import nearest
from plainwork.spec.render import walk
from plainwork.spec.tree import Place, find, insert, place_of, remove, replace

_MISSING: Final = object()
_NOT_SET: Final = frozenset({"id", "steps", "errors", "examples", "sections"})


def apply(spec: Spec, change: Mapping[str, Any]) -> Spec:
    """The spec after one change. Raises ``Invalid``."""
    op = change.get("op")
    make = OPERATIONS.get(op) if isinstance(op, str) else None
    if make is None:
        raise _wrong(f'There is no change "{str(op)[:80]}".', f"Known: {', '.join(OPERATIONS)}.")
    try:
        return make(spec, change)
    except msgspec.ValidationError as error:
        raise _wrong(f"This change does not fit: {error}.", "Look at the field's type.") from None
    except RecursionError:
        raise _wrong("This change is nested too deeply.") from None


def _wrong(message: str, next_step: str | None = None, **place: Any) -> Invalid:
    finding = Finding(code="bad-change", message=message, next_step=next_step, **place)
    return Invalid(message, findings=(finding,), next_step=next_step)


def _step(spec: Spec, change: Mapping[str, Any], key: str = "node") -> Step:
    step_id = change.get(key)
    step = find(spec, step_id) if isinstance(step_id, str) else None
    if step is None:
        close = nearest(str(step_id), [step.id for step in walk(spec)])
        raise _wrong(f'There is no step "{str(step_id)[:80]}".', f"Did you mean {close}?" if close else None, field=key)
    return step


def set_value(spec: Spec, change: Mapping[str, Any]) -> Spec:
    """``{op: set, node: id | null, path: "with.url" | [..], value}``: one field; without ``value`` it is taken away.
    ``node`` null: a field of the document (``limits.cost_per_run_usd``, ``title``). Names are those of the JSON spec."""
    path = change.get("path")
    parts: list[Any] = (
        path.split(".") if isinstance(path, str) else list(path) if isinstance(path, list | tuple) else []
    )
    if not parts or not all(isinstance(part, str | int) for part in parts) or parts[0] in _NOT_SET:
        raise _wrong(f"{path} cannot be set.", "Use rename, add, delete or move for steps.", field="path")
    value = change.get("value", _MISSING)
    if change.get("node") is None:
        return spec_from_json(_put(to_json(spec), parts, value))
    step = _step(spec, change)
    data = _put(to_json(step), parts, value)
    _keep_blocks(data)
    return replace(spec, msgspec.convert(data, Step))


def _put(data: Any, parts: list[Any], value: Any) -> Any:
    """The JSON data with the value at a path; mappings on the way are made, and lists where a number asks for one."""
    head, rest = parts[0], parts[1:]
    if isinstance(data, list | tuple):
        return _put_item(list(data), head, rest, value)
    if data is None and isinstance(head, int):
        return _put_item([], head, rest, value)
    if not isinstance(data, dict):
        data = {}
    old = data.get(head)
    if not rest and value is _MISSING:
        return {key: one for key, one in data.items() if key != head}
    if value is _MISSING and not isinstance(old, dict | list | tuple):
        return data
    return data | {head: value if not rest else _put(old, rest, value)}


def _put_item(data: list[Any], head: Any, rest: list[Any], value: Any) -> list[Any]:
    index = int(head) if str(head).isdecimal() and len(str(head)) < 9 else -1
    if not 0 <= index <= len(data) or (index == len(data) and value is _MISSING):
        raise _wrong(f"There is no item {head} in a list of {len(data)}.", field="path")
    if not rest and value is _MISSING:
        return data[:index] + data[index + 1 :]
    old = data[index] if index < len(data) else None
    return [*data[:index], _put(old, rest, value) if rest else value, *data[index + 1 :]]


def _keep_blocks(data: dict[str, Any]) -> None:
    """A text block stays one only while its setting is a text."""
    config, blocks = data.get("with"), data.get("blocks")
    if isinstance(config, dict) and isinstance(blocks, dict):
        data["blocks"] = {key: language for key, language in blocks.items() if isinstance(config.get(key), str)}
    elif isinstance(blocks, dict) and "with" not in data:
        data["blocks"] = {}


def rename(spec: Spec, change: Mapping[str, Any]) -> Spec:
    """``{op: rename, node, name}``: another heading. The id stays (an ``id:`` line keeps it), so expressions, links and
    the history of runs go on working."""
    name = change.get("name")
    if not isinstance(name, str):
        raise _wrong("A rename needs a name.", field="name")
    return replace(spec, msgspec.structs.replace(_step(spec, change), name=name.strip(" \t")))


def add(spec: Spec, change: Mapping[str, Any]) -> Spec:
    """``{op: add, step: {name, uses, …}, after | before | into: id, or lane: main | errors, connect?: {from, lead?,
    test?}}``: a new step. Without an ``id`` it gets its name's, made unique. It continues with the step that
    follows, unless that is the start of a branch."""
    data = change.get("step")
    if not isinstance(data, Mapping) or not isinstance(data.get("name"), str):
        raise _wrong("A new step needs a name and what it uses.", "Write step: {name, uses}.", field="step")
    step = msgspec.convert({"id": free_id(spec, data["name"]), **data}, Step)
    spec = insert(spec, step, _destination(spec, change))
    following = links.following(spec, step.id)
    if following and not links.has_forward(step) and links.branched_to(spec, following):
        spec = replace(spec, msgspec.structs.replace(step, routes=(*step.routes, links.END)))
    connect = change.get("connect")
    return links_connect(spec, {"to": step.id, **connect}) if isinstance(connect, Mapping) else spec


def _destination(spec: Spec, change: Mapping[str, Any]) -> Place:
    for key in ("after", "before", "into"):
        if change.get(key) is not None:
            other = _step(spec, change, key)
            if key == "into":
                if other.uses not in CONTAINERS:
                    raise _wrong(f"{other.id} holds no steps.", "Only foreach, repeat and group do.", field=key)
                return Place(other.id, len(other.steps))
            place = place_of(spec, other.id)
            return Place(place.holder, place.at + (key == "after"))
    lane = {"main": "steps", "errors": "errors"}.get(str(change.get("lane", "main")))
    if lane is None:
        raise _wrong("The lane is main or errors.", field="lane")
    return Place(f"#{lane}", len(getattr(spec, lane)))


def delete(spec: Spec, change: Mapping[str, Any]) -> Spec:
    """``{op: delete, node}``: the step, its inner steps, and all routes to them. What fell through into it now goes where
    it went."""
    step = _step(spec, change)
    gone = {step.id, *(inner.id for inner in walk(Spec(title="", steps=step.steps)))}
    before, after = links.preceding(spec, step.id), links.following(spec, step.id)
    spec = remove(spec, step.id)
    for other in list(walk(spec)):
        kept = tuple(r for r in (links.without(route, gone) for route in other.routes) if r)
        if kept == other.routes:
            continue
        lost = links.has_forward(other) and not any(r.lead in links.FORWARD for r in kept)
        ends = (links.END,) if lost and links.following(spec, other.id) else ()
        spec = replace(spec, msgspec.structs.replace(other, routes=(*kept, *ends)))
    if before and not links.has_forward(before):
        spec = _heal(spec, before.id, step, gone, after)
    return msgspec.structs.replace(spec, on_failure=None) if spec.on_failure in gone else spec


def _heal(spec: Spec, before: str, gone_step: Step, gone: set[str], after: str | None) -> Spec:
    """The step that fell into the deleted one inherits its plain routes; where there was a choice, it ends."""
    forward = [route for route in gone_step.routes if route.lead in links.FORWARD]
    step = find(spec, before)
    if not forward or not after or step is None:
        return spec
    plain = all(route.lead == "then" for route in forward)
    to = tuple(dict.fromkeys(t for route in forward for t in route.to if t not in gone)) if plain else ()
    if to == (after,) and not links.branched_to(spec, after):
        return spec
    route = Route(lead="then", to=to) if to else links.END
    return replace(spec, msgspec.structs.replace(step, routes=(*step.routes, route)))


def move(spec: Spec, change: Mapping[str, Any]) -> Spec:
    """``{op: move, node, after | before | into: id, or lane}``: another place in the document, with its inner steps."""
    step = _step(spec, change)
    inside = {inner.id for inner in walk(Spec(title="", steps=step.steps))}
    if any(change.get(key) in inside | {step.id} for key in ("after", "before", "into")):
        raise _wrong("A step cannot be moved into or beside itself.")
    _destination(spec, change)
    rest = remove(spec, step.id)
    return insert(rest, step, _destination(rest, change))


def duplicate(spec: Spec, change: Mapping[str, Any]) -> Spec:
    """``{op: duplicate, node}``: a copy of a step right after it, called ``X copy``, with its inner steps. It leads where
    the step leads; no route is led to it."""
    step = _step(spec, change)
    place = place_of(spec, step.id)
    return insert(spec, copy_of(spec, step), Place(place.holder, place.at + 1))


def links_connect(spec: Spec, change: Mapping[str, Any]) -> Spec:
    """``{op: connect, from, to: id | stop | fail, lead?: then | if | when | otherwise | error | timeout, test?}``."""
    step, route = _step(spec, change, "from"), _route(spec, change)
    return links.connect(spec, step, route)


def _route(spec: Spec, change: Mapping[str, Any]) -> Route:
    target = change.get("to")
    if target not in ("stop", "fail"):
        _step(spec, change, "to")
    data = {"lead": change.get("lead", "then"), "to": [target], "test": change.get("test")}
    return msgspec.convert(data, Route)


def disconnect(spec: Spec, change: Mapping[str, Any]) -> Spec:
    """``{op: disconnect, from, to, lead?, test?}``: the routes from one step to another (of that lead and test). An edge
    that only follows from the order of the steps is taken away by ``- Then → stop``."""
    step = _step(spec, change, "from")
    found = links.disconnect(spec, step, str(change.get("to")), change.get("lead"), change.get("test"))
    if found is None:
        raise _wrong(f"{step.id} does not lead to {change.get('to')}.", field="to")
    return found


def condition(spec: Spec, change: Mapping[str, Any]) -> Spec:
    """``{op: condition, node, route: index, test, lead?}``: another condition (and lead) for one of a step's routes."""
    step, index = _step(spec, change), change.get("route")
    if type(index) is not int or not 0 <= index < len(step.routes):
        raise _wrong(f"{step.id} has no route {index}.", field="route")
    data = to_json(step.routes[index]) | {key: change[key] for key in ("test", "lead") if key in change}
    routes = list(step.routes)
    routes[index] = msgspec.convert(data, Route)
    return replace(spec, msgspec.structs.replace(step, routes=tuple(routes)))


OPERATIONS: Final[dict[str, Callable[[Spec, Mapping[str, Any]], Spec]]] = {
    "set": set_value,
    "rename": rename,
    "add": add,
    "delete": delete,
    "move": move,
    "duplicate": duplicate,
    "connect": links_connect,
    "disconnect": disconnect,
    "condition": condition,
}
