"""What changed between two specs, in terms of the agent: its steps, routes, triggers, and what it can reach."""

from __future__ import annotations

import bisect
import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from plainwork.spec.compile import links, trigger_node, with_following
from plainwork.spec.flow import FAIL_TARGET, STOP_TARGET, Condition, Edge
from plainwork.spec.kinds import Catalogue
from plainwork.spec.model import Part, Spec, Step
from plainwork.spec.pairing import Renames, fields_of, flat, pair_steps
from plainwork.spec.reach import Reach, every_step, reach_of


class Change(Part, frozen=True, kw_only=True):
    """One field with another value; ``before`` is absent when it is new, ``after`` when it is gone."""

    field: str
    before: Any = msgspec.UNSET
    after: Any = msgspec.UNSET


class StepChange(Part, frozen=True, kw_only=True):
    """A step that is in both, under its id and name after; ``was``: its id before, when that is another one.

    ``moved``: its place among the others changed (``from_`` and ``to`` name the step it is in, "" for the top).
    """

    id: str
    name: str
    was: str | None = None
    fields: tuple[Change, ...] = ()
    moved: bool = False
    from_: str | None = msgspec.field(name="from", default=None)
    to: str | None = None


class StepName(Part, frozen=True, kw_only=True):
    """A step that is only in one of them."""

    id: str
    name: str
    uses: str


class RouteChange(Part, frozen=True, kw_only=True):
    """A way from one step to another (or ``@stop``, ``@fail``) that came or went; ids as after the change."""

    from_: str = msgspec.field(name="from")
    to: str
    condition: Condition | None = None


class Names(Part, frozen=True, kw_only=True):
    """Names that came and went, and those that mean something else now."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


class Diff(Part, frozen=True, kw_only=True):
    """Everything that changed; nothing is set when two specs are the same agent. ``summary``: sentences for people."""

    summary: tuple[str, ...] = ()
    added: tuple[StepName, ...] = ()
    removed: tuple[StepName, ...] = ()
    changed: tuple[StepChange, ...] = ()
    routes_added: tuple[RouteChange, ...] = ()
    routes_removed: tuple[RouteChange, ...] = ()
    triggers: Names = Names()
    inputs: Names = Names()
    outputs: Names = Names()
    examples: Names = Names()
    secrets: Names = Names()
    hosts: Names = Names()
    models: Names = Names()
    agents: Names = Names()
    acts: Names = Names()
    settings: tuple[Change, ...] = ()

    @property
    def is_same(self) -> bool:
        """Whether nothing changed."""
        return self == Diff()


def diff(a: Spec, b: Spec, catalogue: Catalogue) -> Diff:
    """What changed from ``a`` to ``b``. Steps are told apart by id and, when they were renamed, by what they do; a change
    that only follows from a rename (``{{ old.x }}`` → ``{{ new.x }}``) is not listed again."""
    pairs = pair_steps(a, b)
    before, after = reach_of(a, catalogue), reach_of(b, catalogue)
    was_acting = tuple(sorted(pairs.get(step, step) for step in before.acts))
    routes = _routes(a, pairs), _routes(b, {})
    found = Diff(
        added=_only_in(b, set(pairs.values())),
        removed=_only_in(a, set(pairs)),
        changed=tuple(_changed(a, b, pairs)),
        routes_added=tuple(_route(edge) for edge in routes[1] if edge not in routes[0]),
        routes_removed=tuple(_route(edge) for edge in routes[0] if edge not in routes[1]),
        triggers=_names(_triggers(a), _triggers(b)),
        inputs=_names(a.inputs, b.inputs),
        outputs=_names(
            Renames(pairs).apply(msgspec.to_builtins(a.outputs)), Renames({}).apply(msgspec.to_builtins(b.outputs))
        ),
        examples=_names(_examples(a), _examples(b)),
        secrets=_names(_secrets(a, before), _secrets(b, after)),
        hosts=_names(dict.fromkeys(before.hosts), dict.fromkeys(after.hosts)),
        models=_names(dict.fromkeys(before.models), dict.fromkeys(after.models)),
        agents=_names(dict.fromkeys(before.agents), dict.fromkeys(after.agents)),
        acts=_names(dict.fromkeys(was_acting), dict.fromkeys(after.acts)),
        settings=tuple(_settings(a, b)),
    )
    return msgspec.structs.replace(found, summary=tuple(_sentences(found, _titles(a, b))))


def _only_in(spec: Spec, known: set[str]) -> tuple[StepName, ...]:
    return tuple(StepName(id=s.id, name=s.name, uses=s.uses) for s in every_step(spec) if s.id not in known)


# Steps


def _changed(a: Spec, b: Spec, pairs: Mapping[str, str]) -> Iterator[StepChange]:
    before = {step.id: step for step in every_step(a)}
    origin = {new: old for old, new in pairs.items()}
    homes_before, homes_after = dict(_homes(a)), dict(_homes(b))
    moved = _moved(list(homes_before), list(homes_after), pairs)
    renames = Renames(pairs)
    for step in every_step(b):
        if step.id not in origin:
            continue
        old = before[origin[step.id]]
        home, was_home = homes_after[step.id], homes_before[old.id]
        is_elsewhere = home != pairs.get(was_home, was_home)
        change = StepChange(
            id=step.id,
            name=step.name,
            was=old.id if old.id != step.id else None,
            fields=tuple(_compared(renames.apply(fields_of(old)), fields_of(step), name=old.name)),
            moved=is_elsewhere or step.id in moved,
            from_=was_home if is_elsewhere else None,
            to=home if is_elsewhere else None,
        )
        if change.was is not None or change.fields or change.moved:
            yield change


def _compared(before: dict[str, Any], after: dict[str, Any], name: str = "") -> Iterator[Change]:
    """Field by field. ``name``: the name before, on which renaming has no say."""
    if name:
        before = {**before, "name": name}
    for key in dict.fromkeys((*before, *after)):
        old, new = before.get(key, msgspec.UNSET), after.get(key, msgspec.UNSET)
        if old != new:
            yield Change(field=key, before=old, after=new)


def _homes(spec: Spec) -> Iterator[tuple[str, str]]:
    """Each step with the step it is in: "" for the top, "errors" for the section of that kind."""
    stack: list[tuple[Step, str]] = [
        *((s, "errors") for s in reversed(spec.errors)),
        *((s, "") for s in reversed(spec.steps)),
    ]
    while stack:
        step, home = stack.pop()
        yield step.id, home
        stack.extend((inner, step.id) for inner in reversed(step.steps))


def _moved(before: list[str], after: list[str], pairs: Mapping[str, str]) -> set[str]:
    """The steps to take out so that the others stand in the same order as before: as few as possible."""
    place = {step: spot for spot, step in enumerate(after)}
    kept = [pairs[step] for step in before if step in pairs]
    return set(kept) - {kept[spot] for spot in _longest_rise([place[step] for step in kept])}


def _longest_rise(numbers: list[int]) -> list[int]:
    """The positions of a longest rising subsequence (patience sorting)."""
    tops: list[int] = []
    spots: list[int] = []
    previous: list[int] = []
    for spot, number in enumerate(numbers):
        pile = bisect.bisect_left(tops, number)
        previous.append(spots[pile - 1] if pile else -1)
        tops[pile : pile + 1] = [number]
        spots[pile : pile + 1] = [spot]
    found = []
    spot = spots[-1] if spots else -1
    while spot >= 0:
        found.append(spot)
        spot = previous[spot]
    return found[::-1]


# Routes


def _routes(spec: Spec, pairs: Mapping[str, str]) -> dict[Edge, None]:
    """Every edge of a spec, its steps called as they are after the change."""
    renames = Renames(pairs)
    found: dict[Edge, None] = {}
    stack = [spec.steps, spec.errors]
    while stack:
        level = stack.pop()
        for step, following in with_following(level):
            for edge, _ in links(step, following):
                condition = edge.condition
                if condition is not None and condition.if_ is not None:
                    condition = Condition(if_=renames.apply(condition.if_))
                source, target = pairs.get(edge.from_, edge.from_), pairs.get(edge.to, edge.to)
                found[Edge(from_=source, to=target, condition=condition)] = None
            stack.append(step.steps)
    return found


def _route(edge: Edge) -> RouteChange:
    return RouteChange(from_=edge.from_, to=edge.to, condition=edge.condition)


# Names and settings


def _names(before: Mapping[str, Any], after: Mapping[str, Any]) -> Names:
    return Names(
        added=tuple(name for name in after if name not in before),
        removed=tuple(name for name in before if name not in after),
        changed=tuple(name for name in after if name in before and before[name] != after[name]),
    )


def _triggers(spec: Spec) -> dict[str, Any]:
    found = {}
    for number, trigger in enumerate(spec.when, 1):
        node = trigger_node(number, trigger)
        kind = node.type.removeprefix("trigger.").removesuffix("@1")
        found[node.name if node.name == kind else f"{kind} {node.name}"] = node.config
    return found


def _examples(spec: Spec) -> dict[str, Any]:
    return {example.name: example for example in spec.examples}


def _secrets(spec: Spec, reach: Reach) -> dict[str, None]:
    """The secrets it uses; those that are only listed reach nothing."""
    return dict.fromkeys(name for name in (*spec.secrets, *reach.secrets) if name in reach.secrets)


_SETTINGS = ("title", "about", "id", "model", "limits", "defaults", "on_failure", "enabled", "tags", "owner")


def _settings(a: Spec, b: Spec) -> Iterator[Change]:
    before, after = ({}, {})  # type: tuple[dict[str, Any], dict[str, Any]]
    for name in _SETTINGS:
        before.update(flat(name, getattr(a, name)))
        after.update(flat(name, getattr(b, name)))
    yield from _compared(before, after)


# Sentences


def _titles(a: Spec, b: Spec) -> dict[str, str]:
    named = {step.id: f"“{step.name}”" for spec in (a, b) for step in every_step(spec)}
    return {
        **named,
        STOP_TARGET: "the end",
        FAIL_TARGET: "a failure",
        "": "the top level",
        "errors": "When things go wrong",
    }


def _sentences(found: Diff, titles: Mapping[str, str]) -> Iterator[str]:
    """What matters most first: what the agent can newly reach."""
    yield from _reach_sentences(found, titles)
    for word, names in (("trigger", found.triggers), ("input", found.inputs), ("output", found.outputs)):
        yield from _name_sentences(word, names)
    for one in found.added:
        yield f"New step “{one.name}” ({one.uses})."
    for one in found.removed:
        yield f"Step “{one.name}” ({one.uses}) is gone."
    for change in found.changed:
        yield from _step_sentences(change, titles)
    gone, new = {s.id for s in found.removed}, {s.id for s in found.added}
    for route in found.routes_added:
        if route.from_ not in new:
            yield f"After {titles[route.from_]} the run goes to {titles.get(route.to, route.to)}{_when(route.condition)}."
    for route in found.routes_removed:
        if route.from_ not in gone and route.to not in gone:
            target = titles.get(route.to, route.to)
            yield f"After {titles[route.from_]} it no longer goes to {target}{_when(route.condition)}."
    for setting in found.settings:
        yield f"{setting.field.replace('_', ' ').replace('.', ': ')} {_from_to(setting)}."
    yield from _name_sentences("example", found.examples)


def _reach_sentences(found: Diff, titles: Mapping[str, str]) -> Iterator[str]:
    words = (("host", "reaches", found.hosts), ("secret", "uses", found.secrets), ("model", "asks", found.models))
    for word, verb, names in (*words, ("agent", "calls", found.agents)):
        for name in names.added:
            yield f"It newly {verb} the {word} {name}." if name != "any host" else "It may newly reach any host."
        for name in names.removed:
            yield f"It no longer {verb} the {word} {name}." if name != "any host" else "It no longer reaches any host."
    for name in found.acts.added:
        yield f"Step {titles.get(name, name)} newly acts on the outside."


def _name_sentences(word: str, names: Names) -> Iterator[str]:
    for name in names.added:
        yield f"New {word} {name}."
    for name in names.removed:
        yield f"The {word} {name} is gone."
    for name in names.changed:
        yield f"The {word} {name} changed."


def _step_sentences(change: StepChange, titles: Mapping[str, str]) -> Iterator[str]:
    title = f"Step “{change.name}”"
    renamed = next((field for field in change.fields if field.field == "name"), None)
    if renamed is not None:
        yield f"Step “{renamed.before}” is now called “{renamed.after}”."
    elif change.was is not None:
        yield f"{title} has the id {change.id} instead of {change.was}."
    if change.moved:
        there = (
            f" from {titles.get(change.from_ or '')} to {titles.get(change.to or '')}" if change.to is not None else ""
        )
        yield f"{title} moved{there}."
    for field in change.fields:
        if field is not renamed:
            yield f"{title}: {_field(field.field)} {_from_to(field)}."


def _field(name: str) -> str:
    return name.removeprefix("with.").replace("_", " ").replace(".", " ")


def _from_to(change: Change) -> str:
    before, after = change.before, change.after
    if before is msgspec.UNSET:
        return f"is now {_shown(after)}"
    if after is msgspec.UNSET:
        return f"is no longer set (it was {_shown(before)})"
    if isinstance(before, str) and isinstance(after, str) and max(len(before), len(after)) > 60:
        return "has another text"
    return f"was {_shown(before)}, is now {_shown(after)}"


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    flat = " ".join(text.split())
    return flat if len(flat) <= 60 else f"{flat[:57]}…"


def _when(condition: Condition | None) -> str:
    if condition is None:
        return ""
    if condition.if_ is not None:
        return f" if `{condition.if_}`"
    if condition.case is not None:
        return f" when it says {condition.case}"
    if condition.else_:
        return " otherwise"
    return (
        " on a timeout"
        if condition.on == "timeout"
        else f" on an error{f' ({condition.failure})' if condition.failure else ''}"
    )
