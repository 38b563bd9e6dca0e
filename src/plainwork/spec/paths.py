"""Key paths (``fetch.body.items[0].title``): read off the syntax, followed at full speed, slowly only to explain."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from plainwork.spec.functions import FUNCTIONS
from plainwork.spec.meter import ExpressionError, Frame, MissingValue, nearest
from plainwork.spec.operators import Key, walk

Closure = Callable[[Frame], Any]
Path = tuple[str, ...]


def placed(error: ExpressionError, offset: int | None) -> ExpressionError:
    """``error`` with its offset, unless it has a closer one."""
    if error.offset is None:
        error.offset = offset
    return error


def static_path(node: ast.AST) -> tuple[Key, ...]:
    """The keys of a node that is a plain path, from its name on; else nothing."""
    if isinstance(node, ast.Name):
        return (node.id,)
    if isinstance(node, (ast.Attribute, ast.Subscript)):
        key = node.attr if isinstance(node, ast.Attribute) else constant_key(node.slice)
        base = static_path(node.value)
        return (*base, key) if base and key is not None else ()
    return ()


def constant_key(node: ast.AST) -> Key | None:
    """The key that a node writes out: a text or a whole number; None for anything computed."""
    sign = 1
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node, sign = node.operand, -1
    value = node.value if isinstance(node, ast.Constant) else None
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() < 63:
        return sign * value
    return value if isinstance(value, str) and sign == 1 else None


def leading_texts(keys: tuple[Key, ...]) -> Path:
    """The keys up to the first index."""
    texts: list[str] = []
    for key in keys:
        if not isinstance(key, str):
            break
        texts.append(key)
    return tuple(texts)


def scope_path(name: str, keys: tuple[Key, ...], offset: int | None) -> Closure:
    """A path from a name of the scope."""

    def run(frame: Frame) -> Any:
        try:
            value = frame.scope[name]
            for key in keys:
                value = value[key]
            return value
        except (KeyError, IndexError, TypeError):
            return slowly(frame)

    def slowly(frame: Frame) -> Any:
        if name not in frame.scope:
            raise _unknown_name(frame, name, offset)
        try:
            return walk(frame.scope[name], keys, (name,))
        except ExpressionError as error:
            raise placed(error, offset) from None

    return run


def _unknown_name(frame: Frame, name: str, offset: int | None) -> MissingValue:
    near = nearest(name, frame.scope)
    hint = (
        f"Did you mean {near}?" if near else f"There are: {', '.join(list(frame.scope)[:12])}." if frame.scope else None
    )
    if name in FUNCTIONS:
        hint = f"{name} is a function: {FUNCTIONS[name].signature}."
    return MissingValue(f"There is no {name[:60]} here.", next_step=hint, offset=offset, path=(name,))


def local_path(slot: int, name: str, keys: tuple[Key, ...], offset: int | None) -> Closure:
    """A path from a loop variable."""
    if not keys:
        return lambda frame: frame.locals[slot]

    def run(frame: Frame) -> Any:
        try:
            value = frame.locals[slot]
            for key in keys:
                value = value[key]
            return value
        except (KeyError, IndexError, TypeError):
            pass
        try:
            return walk(frame.locals[slot], keys, (name,))
        except ExpressionError as error:
            raise placed(error, offset) from None

    return run
