"""Edges as the text has them: routes, and the fall-through from a step without a plain route to the next of its level."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import msgspec

from plainwork.spec.model import FAIL, STOP, Route, Spec, Step
from plainwork.spec.render import walk
from plainwork.spec.tree import find, levels, place_of, replace

FORWARD: Final = frozenset({"if", "when", "otherwise", "then"})
END: Final = Route(lead="then", to=(STOP,))
_ENDS = frozenset({STOP, FAIL})
_ORDER: Final = {"if": 0, "when": 0, "otherwise": 1, "then": 2, "error": 3, "timeout": 3}


def has_forward(step: Step) -> bool:
    """Whether the step says where a run goes after it; if not, it continues with the next step of its level."""
    return any(route.lead in FORWARD for route in step.routes)


def following(spec: Spec, step_id: str) -> str | None:
    """The id of the next step on the same level."""
    place = place_of(spec, step_id)
    rest = levels(spec)[place.holder][place.at + 1 :]
    return rest[0].id if rest else None


def preceding(spec: Spec, step_id: str) -> Step | None:
    """The step before it on the same level."""
    place = place_of(spec, step_id)
    return levels(spec)[place.holder][place.at - 1] if place.at else None


def branched_to(spec: Spec, step_id: str) -> bool:
    """Whether some step leads there on a condition: then nothing may fall through into it silently."""
    return any(r.lead != "then" and step_id in r.to for step in walk(spec) for r in step.routes)


def without(route: Route, gone: Collection[str]) -> Route | None:
    """The route without those targets; None when none is left."""
    to = tuple(target for target in route.to if target not in gone)
    return route if to == route.to else msgspec.structs.replace(route, to=to) if to else None


def connect(spec: Spec, step: Step, route: Route) -> Spec:
    """The spec with one edge more. Edges that were only implicit stay, written out where they have to be."""
    target, implicit = route.to[0], None if has_forward(step) else following(spec, step.id)
    if route.lead == "then" and target == implicit:
        return spec
    routes = list(step.routes)
    if implicit and route.lead in FORWARD and target not in (implicit, *_ENDS):
        routes.append(Route(lead="then", to=(implicit,)))
    spec = replace(spec, msgspec.structs.replace(step, routes=_joined(routes, route)))
    if route.lead == "then":
        return _shortened(spec, step.id)
    return _written_out(spec, step.id, target)


def _joined(routes: list[Route], new: Route) -> tuple[Route, ...]:
    """The routes with a new one: as one more target of its like, or as a line of its own where the order wants it."""
    for index, old in enumerate(routes):
        if (old.lead, old.test) == (new.lead, new.test):
            alone = _ENDS.intersection(old.to + new.to)
            to = new.to if alone else (*old.to, *(t for t in new.to if t not in old.to))
            return (*routes[:index], msgspec.structs.replace(old, to=to), *routes[index + 1 :])
    ahead = [i for i, old in enumerate(routes) if _ORDER[old.lead] <= _ORDER[new.lead]]
    spot = ahead[-1] + 1 if ahead else 0
    return (*routes[:spot], new, *routes[spot:])


def _shortened(spec: Spec, step_id: str) -> Spec:
    """A lone ``Then`` to the next step says nothing that the order does not say."""
    step = find(spec, step_id)
    after = following(spec, step_id)
    if step is None or after is None or branched_to(spec, after):
        return spec
    forward = [route for route in step.routes if route.lead in FORWARD]
    if forward != [Route(lead="then", to=(after,))]:
        return spec
    return replace(spec, msgspec.structs.replace(step, routes=tuple(r for r in step.routes if r.lead not in FORWARD)))


def _written_out(spec: Spec, source: str, target: str) -> Spec:
    """Now that a branch starts at the target, the step above it has to say that it continues there."""
    if target in _ENDS:
        return spec
    before = preceding(spec, target)
    if before is None or before.id == source or has_forward(before):
        return spec
    return replace(spec, msgspec.structs.replace(before, routes=(Route(lead="then", to=(target,)), *before.routes)))


def disconnect(spec: Spec, step: Step, target: str, lead: str | None, test: str | None) -> Spec | None:
    """The spec without the edges from a step to a target; None when there is none."""
    after = following(spec, step.id)
    if not has_forward(step) and target == after and lead in (None, "then"):
        return replace(spec, msgspec.structs.replace(step, routes=(END, *step.routes)))

    def meant(route: Route) -> bool:
        return target in route.to and lead in (None, route.lead) and test in (None, route.test)

    if not any(meant(route) for route in step.routes):
        return None
    kept = [r for r in (without(r, {target}) if meant(r) else r for r in step.routes) if r]
    if has_forward(step) and after and not any(r.lead in FORWARD for r in kept):
        kept.insert(0, END)
    return replace(spec, msgspec.structs.replace(step, routes=tuple(kept)))
