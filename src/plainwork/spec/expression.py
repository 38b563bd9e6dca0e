"""The expression language: a small part of Python's expressions over JSON values and dates, safe on any input.

Parsed once, compiled to closures, cached. ``a.b`` looks a key up; there are no attributes, no methods and no calls but
those in :data:`FUNCTIONS`. Whatever the source and the data, an evaluation ends within about 50 ms and 16 MB of new
data, with a value or an :class:`ExpressionError`. ``docs/expressions.md`` is the prose.
"""

from __future__ import annotations

import ast
import keyword
import re
import threading
import warnings
from collections.abc import Mapping
from typing import Any

from plainwork.spec import functions_lists as _lists
from plainwork.spec import functions_text as _text
from plainwork.spec import functions_time as _time
from plainwork.spec.closures import Compiler
from plainwork.spec.functions import FUNCTIONS, Function
from plainwork.spec.meter import ExpressionError, Frame, MissingValue, check_result
from plainwork.spec.names import EXPRESSION_WORDS
from plainwork.spec.paths import Closure, Path

MAX_SOURCE = 2_000
MAX_NESTING = 40
_CACHE_CHARACTERS = 256_000
_FOREIGN = (
    (re.compile(r"&&"), "Write “and” instead of &&."),
    (re.compile(r"\|\|"), "Write “or” instead of ||."),
    (re.compile(r"[!=]=="), "Write == or != with two signs."),
    (re.compile(r"\?\."), 'There is no ?. here. Write get(x, "y", default) or default(x.y, 0).'),
    (re.compile(r"\?\?"), "Write default(x, other) instead of ??."),
    (re.compile(r"=>"), "Functions cannot be written here. Use [item.name for item in list]."),
    (re.compile(r"\?"), "Write “a if test else b” instead of test ? a : b."),
    (re.compile(r"!(?!=)"), "Write “not” instead of !."),
    (re.compile(r"\$"), "Names have no $: write trigger.body or the step's name."),
    (re.compile(r"[^=!<>]=[^=]"), "Write == to compare."),
    (re.compile(r"\{\{|\}\}"), "Leave out the {{ }}: this is an expression already."),
)


class Expression:
    """A parsed expression. Immutable, and safe to share between threads."""

    __slots__ = ("_direct", "_run", "_slots", "makes_dates", "references", "source")

    def __init__(self, source: str, run: Closure, compiler: Compiler, direct: bool) -> None:
        self.source = source
        self.references: frozenset[Path] = frozenset(compiler.references)
        """Paths into the scope, each up to its first index or computed key: ``("fetch", "body", "items")``."""
        self.makes_dates = compiler.makes_dates
        """Whether the result may hold dates or durations, which are not JSON."""
        self._run = run
        self._slots = compiler.slots
        self._direct = direct

    def evaluate(self, scope: Mapping[str, Any]) -> Any:
        """The value in ``scope`` (name → JSON value). Parts of the scope are returned as they are: do not change them.

        Raises ExpressionError with the offset, and MissingValue (one of them) when a name, key or index is not there.
        """
        return self.evaluate_in(Frame(scope))

    def evaluate_in(self, frame: Frame) -> Any:
        """As :meth:`evaluate`, on budgets shared with other expressions."""
        if len(frame.locals) < self._slots:
            frame.locals = [None] * self._slots
        try:
            value = self._run(frame)
            if not self._direct:
                check_result(value)
            return value
        except ExpressionError as error:
            if error.source is None:
                error.source = self.source
            raise
        except (RecursionError, MemoryError):
            raise ExpressionError("This expression needs too much memory.", source=self.source) from None

    def __repr__(self) -> str:
        return f"Expression({self.source!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and other.source == self.source

    def __hash__(self) -> int:
        return hash(self.source)

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return parse_expression, (self.source,)


_cache: dict[str, Expression] = {}
_cache_lock = threading.Lock()
_cached_characters = 0


def parse_expression(source: str) -> Expression:
    """The expression written in ``source``: at most 2,000 characters, nested at most 40 deep. Cached.

    Raises ExpressionError with the offset (0-based character) and what to write instead.
    """
    known = _cache.get(source)
    if known is None:
        known = _parse(source)
        _remember(source, known)
    return known


def _remember(source: str, expression: Expression) -> None:
    """Keep it; drop the oldest, so that hostile documents cannot fill memory with expressions."""
    global _cached_characters  # noqa: PLW0603
    weight = 20 + len(source)
    with _cache_lock:
        if source in _cache:
            return
        _cache[source] = expression
        _cached_characters += weight
        while _cached_characters > _CACHE_CHARACTERS:
            oldest = next(iter(_cache))
            del _cache[oldest]
            _cached_characters -= 20 + len(oldest)


_QUOTED = r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\""""
_WORDS = re.compile(rf"{_QUOTED}|(?P<key>(?<!\d)\.\s*)?(?<!\w)(?P<word>{'|'.join(keyword.kwlist)})(?!\w)")


def _as_name(found: re.Match[str]) -> str:
    """A key or a step may be called ``from`` or ``import``: words of Python's that are none of ours. The first letter in
    its full-width form makes a name of it, as long as before, which Python itself normalises back (PEP 3131)."""
    word, key = found["word"], found["key"]
    if word is None or (key is None and word in EXPRESSION_WORDS):
        return found[0]
    return f"{key or ''}{chr(ord(word[0]) + 0xFEE0)}{word[1:]}"


class _Source:
    """The text of an expression, and where in it a syntax node stands."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lead = len(text) - len(text.lstrip())
        self.clean = text.strip()
        self.wrapped = "\n" in self.clean or "\r" in self.clean
        code = _WORDS.sub(_as_name, self.clean)
        self.code = f"({code}\n)" if self.wrapped else code

    def offset(self, node: ast.AST) -> int | None:
        line, column = getattr(node, "lineno", None), getattr(node, "col_offset", None)
        if line is None or column is None:
            return None
        lines = re.split("\r\n|\r|\n", self.code)
        text = lines[line - 1] if line <= len(lines) else ""
        inside = len(text.encode("utf-8", "replace")[:column].decode("utf-8", "ignore"))
        return self.at(line, inside, lines)

    def at(self, line: int, column: int, lines: list[str]) -> int:
        """The offset in the original text of a 1-based line and 0-based column of the code."""
        before = sum(len(text) + 1 for text in lines[: line - 1])
        return max(0, min(self.lead + before + column - self.wrapped, len(self.text)))


def _parse(text: str) -> Expression:
    if not isinstance(text, str):
        raise ExpressionError("An expression is a text.", next_step="Put it in quotes.")
    if len(text) > MAX_SOURCE:
        raise ExpressionError(
            f"This expression has {len(text)} characters; {MAX_SOURCE} is the most.",
            next_step="Split it over several set steps, or use a code step.",
        )
    source = _Source(text)
    if not source.clean:
        raise ExpressionError("The expression is empty.", source=text, offset=0)
    try:
        tree = _read(source)
        _check_nesting(tree, source)
        compiler = Compiler(source.offset)
        run = compiler.compile(tree)
    except ExpressionError as error:
        error.source = text
        raise
    return Expression(text, run, compiler, _is_direct(tree, frozenset()))


def _read(source: _Source) -> ast.expr:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source.code, mode="eval").body
    except SyntaxError as error:
        raise _unreadable(source, error) from None
    except (MemoryError, RecursionError):
        raise ExpressionError(f"This expression is nested more than {MAX_NESTING} levels deep.") from None
    except (ValueError, UnicodeError):
        raise ExpressionError("This expression holds characters that cannot be read.") from None
    if source.wrapped and (tree.lineno, tree.col_offset) == (1, 0):
        raise ExpressionError("The brackets do not match, or a comma stands between two values.", offset=0)
    return tree


def _unreadable(source: _Source, error: SyntaxError) -> ExpressionError:
    lines = re.split("\r\n|\r|\n", source.code)
    column = max(0, (error.offset or 1) - 1)
    offset = source.at(error.lineno, column, lines) if error.lineno and error.offset else len(source.text)
    bare = re.sub(r"'[^']*'|\"[^\"]*\"", "''", source.clean)
    hint = next((advice for sign, advice in _FOREIGN if sign.search(bare)), None)
    near = source.text[offset : offset + 20].split("\n")[0].strip()
    said = error.msg or ""
    if "string literal" in said:
        message = "A quote is never closed"
    elif "never closed" in said or "unmatched" in said or "does not match" in said:
        message = "The brackets do not match"
    elif "digit" in said or "integer" in said or "decimal" in said:
        message = "A number cannot be read"
    else:
        message = "This expression cannot be read" if near else "This expression ends too early"
    return ExpressionError(f"{message}{f' near “{near}”' if near else ''}.", next_step=hint, offset=offset)


def _check_nesting(tree: ast.expr, source: _Source) -> None:
    stack: list[tuple[ast.AST, int]] = [(tree, 1)]
    while stack:
        node, depth = stack.pop()
        if depth > MAX_NESTING:
            raise ExpressionError(
                f"This expression is nested more than {MAX_NESTING} levels deep.",
                next_step="Split it over several set steps.",
                offset=source.offset(node),
            )
        stack.extend((child, depth + 1) for child in ast.iter_child_nodes(node) if not isinstance(child, ast.Load))


def _is_direct(node: ast.AST, items: frozenset[str]) -> bool:
    """Whether the value holds parts of the scope each at most once, so that it cannot outgrow the scope."""
    if isinstance(node, (ast.Name, ast.Constant)):
        return True
    if isinstance(node, (ast.Attribute, ast.Subscript)):
        return _is_direct(node.value, items)
    if isinstance(node, ast.IfExp):
        return _is_direct(node.body, items) and _is_direct(node.orelse, items)
    if isinstance(node, ast.BoolOp):
        return all(_is_direct(part, items) for part in node.values)
    if isinstance(node, (ast.Compare, ast.UnaryOp)):
        return True
    if isinstance(node, ast.ListComp) and len(node.generators) == 1:
        return _is_direct(node.generators[0].iter, items) and _names(node.elt) == _names(node.generators[0].target)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        plain = all(isinstance(part, ast.Constant) for part in (*node.args[1:], *(k.value for k in node.keywords)))
        entry = FUNCTIONS.get(node.func.id)
        return plain and entry is not None and entry.selects and bool(node.args) and _is_direct(node.args[0], items)
    return False


def _names(node: ast.AST) -> str | None:
    """The name of a plain path."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


__all__ = [
    "FUNCTIONS",
    "MAX_NESTING",
    "MAX_SOURCE",
    "Expression",
    "ExpressionError",
    "Frame",
    "Function",
    "MissingValue",
    "parse_expression",
]

_MODULES = (_lists, _text, _time)
"""Imported for what they enter into FUNCTIONS."""
