"""Turns a parsed expression into nested Python closures, and finds statically what it refers to.

Only the syntax named here has a meaning; every other node is refused. A closure takes the evaluation's ``Frame``.
Time is charged where it can pile up: per turn of a loop, and by operators and functions by the size of their data.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable
from typing import Any, NoReturn

from plainwork.spec.functions import FUNCTIONS
from plainwork.spec.loops import Assign, build_loop, collect_list, collect_object
from plainwork.spec.meter import (
    ExpressionError,
    Frame,
    MissingValue,
    check_number,
    kind_of,
    nearest,
    to_text,
)
from plainwork.spec.operators import (
    ARITHMETIC,
    COMPARISONS,
    Key,
    Operator,
    affirm,
    cut,
    look_up,
    negate,
    walk,
)
from plainwork.spec.paths import (
    Closure,
    Path,
    constant_key,
    leading_texts,
    local_path,
    placed,
    scope_path,
    static_path,
)

CONSTANTS: dict[str, Any] = {"null": None, "true": True, "false": False}
_FORMAT = re.compile(r"[<>^]?0?\d{0,2},?(\.\d{1,2})?[dfe%s]?", re.ASCII)
_OTHER_NAMES = {
    "length": "len(x)",
    "size": "len(x)",
    "tostring": "str(x)",
    "touppercase": "upper(x)",
    "tolowercase": "lower(x)",
    "strip": "trim(x)",
    "includes": "contains(x, part)",
    "startswith": "starts_with(x, part)",
    "endswith": "ends_with(x, part)",
    "substring": "x[0:10]",
    "substr": "x[0:10]",
    "slice": "x[0:10]",
    "map": "[item.name for item in x]",
    "filter": "[item for item in x if item.ready]",
    "now": "run.started_at",
    "today": "date(run.started_at)",
    "list": "[item for item in x]",
    "regex": "matches(x, pattern)",
    "stringify": "json(x)",
    "parse": "parse_json(x)",
    "loads": "parse_json(x)",
    "dumps": "json(x)",
    "number": "float(x)",
}
_UNKNOWN_SYNTAX = {
    "Lambda": ("Functions cannot be written here.", "Use a loop in brackets: [item.name for item in list]."),
    "NamedExpr": ("Nothing can be assigned here.", "Use == to compare."),
    "Tuple": ("A list is written in square brackets.", "Write [a, b] instead of (a, b)."),
    "Set": ("These braces have no meaning here.", 'Write [a, b] for a list, {"key": value} for an object.'),
    "SetComp": ("These braces have no meaning here.", "Use unique([… for … in …])."),
    "Starred": ("The star has no meaning here.", "Add lists with +."),
    "GeneratorExp": ("A loop needs brackets here.", "Write [… for … in …]."),
    "BitAnd": ("& has no meaning here.", "Write “and”."),
    "BitOr": ("| has no meaning here.", "Write “or”, or call a function: upper(x)."),
    "Invert": ("~ has no meaning here.", "Write “not”."),
    "MatMult": ("@ has no meaning here.", None),
}


class Compiler:
    """Compiles one expression; holds its loop variables and gathers its references."""

    def __init__(self, offset_of: Callable[[ast.AST], int | None]) -> None:
        self.references: set[Path] = set()
        self.makes_dates = False
        self.slots = 0
        self._loops: list[dict[str, int]] = []
        self._offset_of = offset_of

    def compile(self, node: ast.AST) -> Closure:
        """The closure of ``node``. Raises ExpressionError for what has no meaning in this language."""
        name = type(node).__name__
        method: Callable[[Any], Closure] | None = getattr(self, f"_on_{name.lower()}", None)
        if method is None:
            message, hint = _UNKNOWN_SYNTAX.get(name, ("This has no meaning in an expression.", None))
            self._refuse(node, message, hint)
        return method(node)

    def _refuse(self, node: ast.AST, message: str, hint: str | None = None) -> NoReturn:
        raise ExpressionError(message, next_step=hint, offset=self._offset_of(node))

    # Values

    def _on_constant(self, node: ast.Constant) -> Closure:
        value: Any = node.value
        if value is not None and not isinstance(value, (str, int, float)):
            self._refuse(node, f"{ast.unparse(node)[:40]} is not a value of this language.")
        if isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value):
            self._refuse(node, "This text holds half a character (a lone surrogate).")
        try:
            check_number(value)
        except ExpressionError as error:
            self._refuse(node, error.message)
        return lambda frame: value

    def _on_name(self, node: ast.Name) -> Closure:
        return self._path(node, node.id, ())

    def _on_attribute(self, node: ast.Attribute) -> Closure:
        return self._chain(node)

    def _on_subscript(self, node: ast.Subscript) -> Closure:
        return self._chain(node)

    def _chain(self, node: ast.Attribute | ast.Subscript) -> Closure:
        keys: list[Key] = []
        here: ast.AST = node
        while isinstance(here, (ast.Attribute, ast.Subscript)):
            key = here.attr if isinstance(here, ast.Attribute) else constant_key(here.slice)
            if key is None:
                break
            keys.insert(0, key)
            here = here.value
        if isinstance(here, ast.Name):
            return self._path(node, here.id, tuple(keys))
        if not keys:
            return self._computed(node)
        return self._followed(self.compile(here), tuple(keys), self._offset_of(node))

    def _followed(self, base: Closure, keys: tuple[Key, ...], offset: int | None) -> Closure:
        def run(frame: Frame) -> Any:
            try:
                return walk(base(frame), keys, ())
            except ExpressionError as error:
                raise placed(error, offset) from None

        return run

    def _computed(self, node: ast.AST) -> Closure:
        assert isinstance(node, ast.Subscript)  # a chain of attributes always has keys
        base, offset = self.compile(node.value), self._offset_of(node)
        if isinstance(node.slice, ast.Slice):
            return self._slice(base, node.slice, offset)
        key, path = self.compile(node.slice), static_path(node.value)

        def run(frame: Frame) -> Any:
            value, wanted = base(frame), key(frame)
            try:
                return look_up(value, wanted, path)
            except ExpressionError as error:
                raise placed(error, offset) from None

        return run

    def _slice(self, base: Closure, node: ast.Slice, offset: int | None) -> Closure:
        start, stop, step = (
            self.compile(part) if part is not None else _nothing for part in (node.lower, node.upper, node.step)
        )

        def run(frame: Frame) -> Any:
            value = base(frame)
            try:
                return cut(frame, value, slice(start(frame), stop(frame), step(frame)))
            except ExpressionError as error:
                raise placed(error, offset) from None

        return run

    def _path(self, node: ast.AST, name: str, keys: tuple[Key, ...]) -> Closure:
        slot = next((names[name] for names in reversed(self._loops) if name in names), None)
        if slot is not None:
            return local_path(slot, name, keys, self._offset_of(node))
        if name in CONSTANTS:
            if keys:
                self._refuse(node, f"{name} has no parts.")
            value = CONSTANTS[name]
            return lambda frame: value
        self.references.add((name, *leading_texts(keys)))
        return scope_path(name, keys, self._offset_of(node))

    def _on_list(self, node: ast.List) -> Closure:
        parts = [self.compile(part) for part in node.elts]
        size = 56 + 8 * len(parts)

        def run(frame: Frame) -> list[Any]:
            frame.grow(size)
            return [part(frame) for part in parts]

        return run

    def _on_dict(self, node: ast.Dict) -> Closure:
        if any(key is None for key in node.keys):
            self._refuse(node, "** has no meaning here.", "Use merge(first, second).")
        pairs = [
            (self.compile(key), self.compile(value))
            for key, value in zip(node.keys, node.values, strict=True)
            if key is not None
        ]
        size, offset = 232 + 60 * len(pairs), self._offset_of(node)

        def run(frame: Frame) -> dict[str, Any]:
            frame.grow(size)
            result = {}
            for key, value in pairs:
                name = key(frame)
                if not isinstance(name, str):
                    raise placed(ExpressionError(f"A key is a text, not {kind_of(name)}."), offset)
                result[name] = value(frame)
            return result

        return run

    def _on_joinedstr(self, node: ast.JoinedStr) -> Closure:
        parts = [self.compile(part) for part in node.values]

        def run(frame: Frame) -> str:
            texts = [to_text(frame, part(frame)) for part in parts]
            frame.grow(50 + 4 * sum(map(len, texts)))
            return "".join(texts)

        return run

    def _on_formattedvalue(self, node: ast.FormattedValue) -> Closure:
        value, offset = self.compile(node.value), self._offset_of(node)
        if node.conversion != -1:
            self._refuse(node, "!r, !s and !a have no meaning here.", "Use str(…) or json(…).")
        if node.format_spec is None:
            return value
        spec = "".join(str(part.value) for part in ast.walk(node.format_spec) if isinstance(part, ast.Constant))
        plain = all(isinstance(part, (ast.JoinedStr, ast.Constant)) for part in ast.walk(node.format_spec))
        if not plain or not _FORMAT.fullmatch(spec):
            self._refuse(node, f"The format {spec[:20]} is not supported.", "Use .2f, ,.2f, d, % or a width up to 99.")

        def run(frame: Frame) -> str:
            found = value(frame)
            frame.grow(500)
            try:
                return format(check_number(found) if isinstance(found, (int, float)) else to_text(frame, found), spec)
            except (ValueError, OverflowError):
                raise ExpressionError(f"{kind_of(found)} cannot be written as {spec}.", offset=offset) from None

        return run

    # Operators

    def _on_binop(self, node: ast.BinOp) -> Closure:
        known = ARITHMETIC.get(type(node.op).__name__)
        if known is None:
            message, hint = _UNKNOWN_SYNTAX.get(type(node.op).__name__, ("This operator has no meaning here.", None))
            self._refuse(node, message, hint)
        return self._binary(node, known[1], self.compile(node.left), self.compile(node.right))

    def _binary(self, node: ast.AST, action: Operator, left: Closure, right: Closure) -> Closure:
        offset = self._offset_of(node)

        def run(frame: Frame) -> Any:
            first, second = left(frame), right(frame)
            try:
                return action(frame, first, second)
            except ExpressionError as error:
                raise placed(error, offset) from None

        return run

    def _on_unaryop(self, node: ast.UnaryOp) -> Closure:
        value, offset = self.compile(node.operand), self._offset_of(node)
        if isinstance(node.op, ast.Not):
            return lambda frame: not value(frame)
        if isinstance(node.op, ast.Invert):
            self._refuse(node, *_UNKNOWN_SYNTAX["Invert"])
        action = negate if isinstance(node.op, ast.USub) else affirm

        def run(frame: Frame) -> Any:
            found = value(frame)
            try:
                return action(frame, found)
            except ExpressionError as error:
                raise placed(error, offset) from None

        return run

    def _on_boolop(self, node: ast.BoolOp) -> Closure:
        parts = [self.compile(part) for part in node.values]
        stops_at = isinstance(node.op, ast.Or)

        def run(frame: Frame) -> Any:
            value = None
            for part in parts:
                value = part(frame)
                if bool(value) is stops_at:
                    break
            return value

        return run

    def _on_ifexp(self, node: ast.IfExp) -> Closure:
        test, yes, no = self.compile(node.test), self.compile(node.body), self.compile(node.orelse)
        return lambda frame: yes(frame) if test(frame) else no(frame)

    def _on_compare(self, node: ast.Compare) -> Closure:
        steps = [
            (self._comparison(sign, right), self.compile(right))
            for sign, right in zip(node.ops, node.comparators, strict=True)
        ]
        left, offset = self.compile(node.left), self._offset_of(node)
        if len(steps) == 1:
            return self._binary(node, steps[0][0], left, steps[0][1])

        def run(frame: Frame) -> bool:
            first = left(frame)
            for action, right in steps:
                second = right(frame)
                try:
                    if not action(frame, first, second):
                        return False
                except ExpressionError as error:
                    raise placed(error, offset) from None
                first = second
            return True

        return run

    def _comparison(self, sign: ast.cmpop, right: ast.expr) -> Operator:
        if not isinstance(sign, (ast.Is, ast.IsNot)):
            return COMPARISONS[type(sign).__name__]
        constant = right.value if isinstance(right, ast.Constant) else CONSTANTS.get(getattr(right, "id", ""), ...)
        if constant is not None and not isinstance(constant, bool):
            self._refuse(right, "“is” compares with null, true or false only.", "Write == instead.")
        wanted = isinstance(sign, ast.Is)
        return lambda frame, first, second: (first is second) is wanted

    # Calls and loops

    def _on_call(self, node: ast.Call) -> Closure:
        if not isinstance(node.func, ast.Name):
            self._refuse_method(node)
        name = node.func.id
        entry = FUNCTIONS.get(name)
        if entry is None:
            self._refuse_function(node, name)
        self._check_arguments(node, name)
        self.makes_dates |= name in ("date", "datetime", "duration", "add_time", "in_zone")
        values = [self._argument(part) for part in node.args]
        named = [(part.arg, self._argument(part.value)) for part in node.keywords if part.arg is not None]
        if name in ("default", "exists") and values:
            values[0] = _forgiving(values[0])
        return _call(name, entry.call, values, named, self._offset_of(node))

    def _argument(self, node: ast.expr) -> Closure:
        return self._listed(node, node.elt) if isinstance(node, ast.GeneratorExp) else self.compile(node)

    def _refuse_method(self, node: ast.Call) -> NoReturn:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        hint = f"Write {name}(…) with the value in front of the other arguments." if name in FUNCTIONS else None
        other = _OTHER_NAMES.get(name.lower())
        self._refuse(node, "Values have no methods to call.", f"Write {other}." if other else hint)

    def _refuse_function(self, node: ast.Call, name: str) -> NoReturn:
        other = _OTHER_NAMES.get(name.lower())
        near = nearest(name, FUNCTIONS)
        hint = f"Write {other}." if other else f"Did you mean {FUNCTIONS[near].signature}?" if near else None
        self._refuse(node, f"There is no function {name[:40]}.", hint)

    def _check_arguments(self, node: ast.Call, name: str) -> None:
        signature = FUNCTIONS[name].signature
        if any(isinstance(part, ast.Starred) for part in node.args) or any(part.arg is None for part in node.keywords):
            self._refuse(node, "The star has no meaning here.", f"Call it as {signature}.")
        try:
            inspect.signature(FUNCTIONS[name].call).bind(
                None, *node.args, **{part.arg: part.value for part in node.keywords if part.arg}
            )
        except TypeError:
            self._refuse(node, f"{name} is called with the wrong arguments.", f"It takes {signature}.")

    def _on_listcomp(self, node: ast.ListComp) -> Closure:
        return self._listed(node, node.elt)

    def _listed(self, node: ast.ListComp | ast.GeneratorExp, element: ast.expr) -> Closure:
        return collect_list(*self._loop(node, lambda: self.compile(element)))

    def _on_dictcomp(self, node: ast.DictComp) -> Closure:
        keys: list[Closure] = []

        def body() -> Closure:
            keys.append(self.compile(node.key))
            return self.compile(node.value)

        run, value = self._loop(node, body)
        return collect_object(run, keys[0], value)

    def _loop(
        self, node: ast.ListComp | ast.GeneratorExp | ast.DictComp, body: Callable[[], Closure]
    ) -> tuple[Any, Closure]:
        depth, rounds = len(self._loops), []
        cost = 1 + sum(1 for _ in ast.walk(node)) // 8
        for part in node.generators:
            if part.is_async:
                self._refuse(node, "“async” has no meaning here.")
            source = self.compile(part.iter)
            self._loops.append({})
            assign = self._target(part.target)
            rounds.append((source, assign, [self.compile(test) for test in part.ifs], self._offset_of(part.iter)))
        element = body()
        del self._loops[depth:]
        return build_loop(rounds, cost), element

    def _target(self, node: ast.expr) -> Assign:
        if isinstance(node, ast.Name):
            slot = self._bind(node, node.id)
            return lambda frame, item: frame.locals.__setitem__(slot, item)
        if not isinstance(node, (ast.Tuple, ast.List)) or not all(isinstance(part, ast.Name) for part in node.elts):
            self._refuse(node, "A loop names its items: for item in list, or for key, value in items(x).")
        slots = [self._bind(part, part.id) for part in node.elts if isinstance(part, ast.Name)]
        offset = self._offset_of(node)

        def assign(frame: Frame, item: Any) -> None:
            if not isinstance(item, (list, tuple)) or len(item) != len(slots):
                raise ExpressionError(f"This loop takes lists of {len(slots)} values apart.", offset=offset)
            for slot, part in zip(slots, item, strict=True):
                frame.locals[slot] = part

        return assign

    def _bind(self, node: ast.AST, name: str) -> int:
        if name in CONSTANTS:
            self._refuse(node, f"{name} cannot name an item.")
        self._loops[-1][name] = self.slots
        self.slots += 1
        return self.slots - 1


def _nothing(frame: Frame) -> None:
    return None


def _forgiving(value: Closure) -> Closure:
    def run(frame: Frame) -> Any:
        try:
            return value(frame)
        except MissingValue:
            return None

    return run


def _call(
    name: str, action: Callable[..., Any], values: list[Closure], named: list[tuple[str, Closure]], offset: int | None
) -> Closure:
    def run(frame: Frame) -> Any:
        given = [value(frame) for value in values]
        extra = {key: value(frame) for key, value in named}
        try:
            return action(frame, *given, **extra)
        except ExpressionError as error:
            raise placed(error, offset) from None
        except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
            raise ExpressionError(f"{name} cannot work on these values.", offset=offset) from error

    return run
