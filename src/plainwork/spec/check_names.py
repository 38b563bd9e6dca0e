"""Checks of every expression: does it parse, and is everything it names known at that point of a run."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

from plainwork.spec.expression import ExpressionError, parse_expression
from plainwork.spec.flow import Flow, Node
from plainwork.spec.kinds import Catalogue, Kind
from plainwork.spec.levels import Book, Level
from plainwork.spec.model import Output
from plainwork.spec.names import expression_name
from plainwork.spec.report import Report, listed
from plainwork.spec.template import parse_template
from plainwork.spec.visibility import ALWAYS, Visibility, described

Path = tuple[str, ...]
_DEEP = 41
"""Deeper values are reported elsewhere and not looked into."""

_EXPRESSION_HINT = "An expression reads like `fetch.body.items[0].title` or `len(fetch.body) > 3`."


@dataclass(frozen=True, slots=True)
class Place:
    """Where an expression stands, and which names it has besides those of the step."""

    level: Level | None
    spot: int
    node: str | None
    field: str
    extra: Collection[str] = ()
    itself: bool = False


class Names:
    """Checks the expressions of one flow."""

    def __init__(self, flow: Flow, book: Book, catalogue: Catalogue, report: Report) -> None:
        self._flow = flow
        self._book = book
        self._catalogue = catalogue
        self._report = report
        self._visible = Visibility(book, flow.on_failure)

    def check(self) -> None:
        """All findings about expressions, in steps, conditions and outputs."""
        for level, spot, node in self._book.steps():
            if node.if_ is not None:
                self._expression(node.if_, Place(level, spot, node.id, "if"))
            self._check_step(level, spot, node)
        for level in self._book.levels:
            self._check_conditions(level)
        for name, output in self._flow.outputs.items():
            self._check_output(name, output)

    def _check_conditions(self, level: Level) -> None:
        for edge, field in zip(level.edges, level.places, strict=True):
            spot = level.positions.get(edge.from_)
            if spot is not None and edge.condition is not None and edge.condition.if_ is not None:
                place = Place(level, spot, edge.from_, field or "routes", itself=True)
                self._expression(edge.condition.if_, place)

    def _check_output(self, name: str, output: Output) -> None:
        for path, text in templates(output.value, f"outputs.{name}"):
            self._template(text, Place(None, 0, None, path))

    def _check_step(self, level: Level, spot: int, node: Node) -> None:
        kind = self._catalogue.get(node.type)
        properties = kind.input.get("properties", {}) if kind is not None else {}
        for key, value in node.config.items():
            if key == "flow" and spot in level.bodies:
                continue
            schema = properties.get(key, {})
            self._check_setting(schema if isinstance(schema, dict) else {}, key, value, level, spot)

    def unseen(self, level: Level, spot: int, target: int) -> list[str]:
        """The names that the settings of the step at ``target`` use and that the one at ``spot``, before it, cannot know."""
        used = sorted(set(self._roots(level, target)))
        return [name for name in used if name not in ALWAYS and not self._visible.sees(level, spot, name)]

    def _roots(self, level: Level, spot: int) -> Iterator[str]:
        node = level.nodes[spot]
        kind = self._catalogue.get(node.type)
        properties = kind.input.get("properties", {}) if kind is not None else {}
        for key, value in node.config.items():
            schema = properties.get(key)
            own = [*node.config, *schema.get("x-names", ())] if isinstance(schema, dict) else ()
            if isinstance(schema, dict) and (schema.get("x-expression") or schema.get("x-no-template")):
                continue
            for _, text in templates(value, key):
                with suppress(ExpressionError):
                    yield from (path[0] for path in parse_template(text).references if path[0] not in own)

    def _check_setting(self, schema: dict[str, Any], key: str, value: Any, level: Level, spot: int) -> None:
        node = level.nodes[spot]
        field = f"{self._report.config}.{key}"
        extra: list[str] = list(schema.get("x-names", ()))
        if "*" in extra:
            extra += node.config
        if schema.get("x-expression"):
            body = level.bodies.get(spot)
            inner = [expression_name(step.id) for step in body.nodes] if body is not None else []
            if isinstance(value, str):
                self._expression(value, Place(level, spot, node.id, field, (*extra, *inner)))
        elif not schema.get("x-no-template"):
            for path, text in templates(value, field):
                self._template(text, Place(level, spot, node.id, path, extra))

    def _expression(self, source: str, place: Place) -> None:
        try:
            found = parse_expression(source)
        except ExpressionError as why:
            self._add_unreadable(why, place)
            return
        self._check_references(found.references, place)

    def _template(self, text: str, place: Place) -> None:
        try:
            found = parse_template(text)
        except ExpressionError as why:
            self._add_unreadable(why, place)
            return
        self._check_references(found.references, place)

    def _add_unreadable(self, why: ExpressionError, place: Place) -> None:
        hint = why.next_step or _EXPRESSION_HINT
        self._report.add("bad-expression", why.message, hint, node=place.node, field=place.field)

    def _check_references(self, references: Collection[Path], place: Place) -> None:
        for path in sorted(references):
            root = path[0]
            if root in place.extra:
                continue
            if root == "secrets":
                hint = "Name it as the `account` of a step: secrets never enter an expression."
                self._report.add(
                    "secret-in-expression", "Secrets cannot be read here.", hint, node=place.node, field=place.field
                )
            elif root == "inputs":
                self._check_input(path, place)
            elif not self._is_known(root, place):
                self._add_unknown(root, place)
            else:
                self._check_keys(path, place)

    def _is_known(self, name: str, place: Place) -> bool:
        if place.level is not None:
            return self._visible.sees(place.level, place.spot, name, itself=place.itself)
        return name in ALWAYS or name in self._end_names

    @cached_property
    def _end_names(self) -> set[str]:
        """What the outputs can use: every step of the top level, and of the groups there."""
        found: set[str] = set()
        stack = [self._book.top]
        while stack:
            level = stack.pop()
            for spot, node in enumerate(level.nodes):
                found.add(expression_name(node.id))
                if spot in level.bodies and node.type.partition("@")[0] == "group":
                    stack.append(level.bodies[spot])
        return found

    def _check_input(self, path: Path, place: Place) -> None:
        if len(path) < 2 or path[1] in self._flow.inputs:
            return
        known = list(self._flow.inputs)
        hint = self._report.did_you_mean(path[1], known, f"Declare it under `inputs:`: {path[1]}: {{type: text}}.")
        message = f"There is no input {path[1]}."
        self._report.add("unknown-input", message, hint, node=place.node, field=place.field)

    def _add_unknown(self, name: str, place: Place) -> None:
        hint = self._report.did_you_mean(name, self._known(place))
        if hint is None:
            hint = f"Known here: {listed(islice(self._known(place), 13), 'and')}."
        if name in ("item", "index"):
            message, hint = f"{name} exists only inside a foreach.", None
        elif place.node is not None and name == expression_name(place.node):
            message, hint = f"{name} is this step itself; its result is not known yet.", None
        else:
            message = described(self._book, name) or f"Nothing before this is called {name}."
        self._report.add("unknown-name", message, hint, node=place.node, field=place.field)

    def _known(self, place: Place) -> Iterator[str]:
        yield from (name for name in place.extra if name != "*")
        if place.level is not None:
            yield from self._visible.names(place.level, place.spot, itself=place.itself)
        else:
            yield from (*ALWAYS, *self._end_names)

    def _check_keys(self, path: Path, place: Place) -> None:
        """Keys that the step's kind says its result does not have."""
        found = self._book.by_name.get(path[0])
        if found is None or (place.level is not None and self._is_shadowed(path[0], place)):
            return
        kind = self._catalogue.get(found[0].nodes[found[1]].type)
        wrong = _unknown_key(kind, path) if kind is not None else None
        if wrong is not None:
            name, known, is_closed = wrong
            self._report.add(
                "unknown-key",
                f"The result of {path[0]} has no {'.'.join(path[1:])}.",
                self._report.did_you_mean(name, known, f"It has {listed(known, 'and')}."),
                node=place.node,
                field=place.field,
                severity="error" if is_closed else "warning",
            )

    def _is_shadowed(self, name: str, place: Place) -> bool:
        """Whether the name means a loop's variable here rather than the step."""
        found = self._book.by_name[name]
        assert place.level is not None
        return not self._visible.sees_step(place.level, place.spot, *found, itself=place.itself)


def _unknown_key(kind: Kind, path: Path) -> tuple[str, list[str], bool] | None:
    """The first key of a path that the result does not have, the keys there are, and whether the schema is closed.

    At the top a schema that names properties and says nothing of others most likely names them all.
    """
    schema: Any = kind.output
    for depth, key in enumerate(path[1:]):
        known = schema.get("properties") if isinstance(schema, dict) else None
        if not isinstance(known, dict) or not known:
            return None
        if key not in known:
            is_closed = schema.get("additionalProperties") is False
            likely = depth == 0 and "additionalProperties" not in schema
            return (key, list(known), is_closed) if is_closed or likely else None
        schema = known[key]
    return None


def templates(value: Any, field: str) -> Iterator[tuple[str, str]]:
    """Every text with a template in a value, with its field path, in order."""
    stack: list[tuple[Any, str, int]] = [(value, field, 0)]
    while stack:
        one, path, depth = stack.pop()
        if isinstance(one, str):
            if "{{" in one:
                yield path, one
        elif depth < _DEEP and isinstance(one, dict):
            stack.extend((part, f"{path}.{key}", depth + 1) for key, part in reversed(one.items()))
        elif depth < _DEEP and isinstance(one, (list, tuple)):
            stack.extend((part, f"{path}.{spot}", depth + 1) for spot, part in reversed(list(enumerate(one))))
