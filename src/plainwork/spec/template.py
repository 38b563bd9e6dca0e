"""Templates: ``{{ expression }}`` inside any JSON value, parsed once and rendered quickly.

A text that is only one ``{{ }}`` (white space around it aside) becomes the expression's value, whatever its kind. In
mixed text a text stands as it is, null as nothing, a date in ISO 8601, anything else as JSON. ``\\{{`` writes two
braces. Keys are never templates. What comes out is JSON throughout; parts of the scope are passed on as they are, so do
not change them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from plainwork.spec.expression import Expression, ExpressionError, parse_expression
from plainwork.spec.meter import MAX_DEPTH, Frame, json_ready, to_text
from plainwork.spec.paths import Path

Render = Callable[[Frame], Any]
Place = tuple[str | int, ...]
_PAIRS = {")": "(", "]": "[", "}": "{"}


class Template:
    """A parsed template. Immutable, and safe to share between threads."""

    __slots__ = ("_render", "expressions", "references", "value")

    def __init__(self, value: Any, render: Render | None, expressions: tuple[tuple[Place, Expression], ...]) -> None:
        self.value = value
        self.expressions = expressions
        """Each expression with its place in the value: ``("headers", "X-Id")``, list items by index."""
        self.references: frozenset[Path] = frozenset(path for _, one in expressions for path in one.references)
        self._render = render

    @property
    def is_constant(self) -> bool:
        """Whether there is no expression in it."""
        return not self.expressions

    def render(self, scope: Mapping[str, Any]) -> Any:
        """The value with every expression evaluated, all on one budget of time and memory. Raises ExpressionError."""
        return self.value if self._render is None else self._render(Frame(scope))


def parse_template(value: Any) -> Template:
    """The template of a JSON value. Raises ExpressionError whose ``path`` is the place in the value."""
    found: list[tuple[Place, Expression]] = []
    render = _compile(value, (), found)
    return Template(value, render, tuple(found))


def _compile(value: Any, place: Place, found: list[tuple[Place, Expression]]) -> Render | None:
    """What renders ``value``; None when it stays as it is."""
    if isinstance(value, str):
        return _compile_text(value, place, found)
    if len(place) > MAX_DEPTH:
        raise ExpressionError(f"This value is nested more than {MAX_DEPTH} levels deep.", path=place)
    if isinstance(value, Mapping):
        fields = [(key, part, _compile(part, (*place, key), found)) for key, part in value.items()]
        if all(render is None for _, _, render in fields):
            return None
        return lambda frame: {key: part if render is None else render(frame) for key, part, render in fields}
    if isinstance(value, (list, tuple)):
        parts = [(part, _compile(part, (*place, spot), found)) for spot, part in enumerate(value)]
        if all(render is None for _, render in parts):
            return None
        return lambda frame: [part if render is None else render(frame) for part, render in parts]
    return None


def _compile_text(text: str, place: Place, found: list[tuple[Place, Expression]]) -> Render | None:
    if "{{" not in text:
        return None
    pieces = _parse_pieces(text, place)
    found.extend((place, piece) for piece in pieces if isinstance(piece, Expression))
    if len(pieces) == 1 and isinstance(pieces[0], Expression):
        return _whole(pieces[0])
    return _mixed(pieces)


def _whole(expression: Expression) -> Render:
    if expression.makes_dates:
        return lambda frame: json_ready(expression.evaluate_in(frame))
    return expression.evaluate_in


def _mixed(pieces: list[str | Expression]) -> Render:
    def render(frame: Frame) -> str:
        texts = [piece if isinstance(piece, str) else to_text(frame, piece.evaluate_in(frame)) for piece in pieces]
        frame.grow(50 + 4 * sum(map(len, texts)))
        return "".join(texts)

    return render


def _parse_pieces(text: str, place: Place) -> list[str | Expression]:
    pieces: list[str | Expression] = []
    for part, start, is_code in split_template(text, place):
        if not is_code:
            pieces.append(part)
            continue
        try:
            pieces.append(parse_expression(part))
        except ExpressionError as error:
            raise _moved(error, start, place) from None
    whole = [piece for piece in pieces if not isinstance(piece, str) or piece.strip()]
    return whole if len(whole) == 1 and isinstance(whole[0], Expression) else pieces


def _moved(error: ExpressionError, start: int, place: Place) -> ExpressionError:
    """The error with its offset counted in the whole text."""
    return type(error)(
        error.message,
        next_step=error.next_step,
        offset=start + (error.offset or 0),
        path=place,
        source=error.source,
    )


def split_template(text: str, place: Place = ()) -> list[tuple[str, int, bool]]:
    """The parts of ``text``: (content, its offset, whether it is an expression). Escaped braces are resolved.

    Raises ExpressionError when a ``{{`` is never closed.
    """
    parts: list[tuple[str, int, bool]] = []
    literal, literal_start, spot = "", 0, 0
    while True:
        start = text.find("{{", spot)
        if start < 0:
            break
        if start and text[start - 1] == "\\":
            literal += text[spot : start - 1] + "{{"
            spot = start + 2
            continue
        literal += text[spot:start]
        if literal:
            parts.append((literal, literal_start, False))
        end = _closing(text, start + 2, place)
        parts.append((text[start + 2 : end], start + 2, True))
        literal, literal_start, spot = "", end + 2, end + 2
    literal += text[spot:]
    if literal:
        parts.append((literal, literal_start, False))
    return parts


def _closing(text: str, begin: int, place: Place) -> int:
    """Where the ``}}`` of an expression that begins at ``begin`` stands: not in a text, not closing an object."""
    quote, depth, spot = "", 0, begin
    while spot < len(text) and spot - begin <= 2_100:
        letter = text[spot]
        if quote:
            if letter == "\\":
                spot += 1
            elif letter == quote:
                quote = ""
        elif letter in "'\"":
            quote = letter
        elif letter in "([{":
            depth += 1
        elif letter == "}" and depth == 0 and text.startswith("}}", spot):
            return spot
        elif letter in _PAIRS:
            depth = max(0, depth - 1)
        spot += 1
    near = text[begin - 2 : begin + 30].split("\n")[0]
    hint = "A quote inside it is never closed." if quote else "Close it with }}, or write \\{{ for two braces as text."
    raise ExpressionError(f"“{near}” is never closed.", next_step=hint, offset=begin - 2, path=place)


__all__ = ["Template", "parse_template", "split_template"]
